/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What differs between package managers as far as a plan is concerned: values, one row each. */
#ifndef OI_MODEL_MANAGER_H
#define OI_MODEL_MANAGER_H

#include <stdbool.h>

struct oi_manager {
	const char *method; /* "apt", as in the catalog */
	const char *format; /* of its packages: "deb" or "rpm" */
	const char *driver; /* dkms' name of the vendor's main module, in packages of this format */
	bool prebuilt; /* the vendor had packages of built modules, before DOCA 3.2 */
	bool shares_modules; /* built modules can be packed and shared: execute/cache/modset.h */
	bool suse_kernels; /* kernel packages are named as SUSE names them */
	bool plus_in_release; /* a plus in a release is part of its version and no flavour */
};

/** oi_manager_find() - the row of a method; of another, and of NULL, that of an rpm system; never NULL */
const struct oi_manager *oi_manager_find(const char *method);

/** oi_manager_methods() - of all rows, with ", " between them; owned by the caller */
char *oi_manager_methods(void);

#endif
