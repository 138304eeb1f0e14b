/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modules built by dkms: are they really there. */
#ifndef OI_EXECUTE_MODULES_DKMS_H
#define OI_EXECUTE_MODULES_DKMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/verdict.h"
#include "sys/host.h"

struct oi_dkms_module {
	char *name;
	char *version;
	bool installed; /* for the kernel that was asked for */
	bool differs; /* what is installed is not what was built, by dkms' own word */
};

/* Zeroed is empty. */
struct oi_dkms_modules {
	struct oi_dkms_module *v;
	size_t n;
};

/**
 * oi_dkms_parse() - understand the output of dkms status
 * @text: all of it; of dkms 3 ("name/version, kernel, arch: state") or of dkms 2
 *        ("name, version, kernel, arch: state")
 * @kernel: the release that counts
 * A module in several versions comes once, an installed version before a newer one; oi_dkms_list() takes first that
 * whose source a package has brought.
 */
void oi_dkms_parse(const char *text, const char *kernel, struct oi_dkms_modules *modules);
void oi_dkms_modules_clear(struct oi_dkms_modules *modules);

/**
 * oi_dkms_list() - all that dkms knows, and what of it is installed for @kernel
 * @modules: zeroed, or used before; cleared by oi_dkms_modules_clear()
 * Return: 0, or -1 with OI_R_TOOL_MISSING, OI_R_CHILD_FAILED.
 */
OI_MUST_CHECK
int oi_dkms_list(const struct oi_host *host, const char *kernel, struct oi_dkms_modules *modules,
		 struct oi_err *err);

/**
 * oi_dkms_build() - compile what a step names
 * @step: names only; their source is below /usr/src, where their packages put it
 * @install: and install it
 * What came of it is for oi_dkms_check() to judge; what fails is in the log.
 */
void oi_dkms_build(const struct oi_host *host, const char *kernel, const struct oi_step *step,
		   bool install);

/**
 * oi_dkms_check() - every module installed for @kernel and known to depmod; one that is not
 * installed is built once
 * @step: names must be known to dkms, optional ones are looked at when they are;
 *        without any names every module counts, and there must be one
 * Return: 0, or -1 with OI_R_DKMS_FAILED, the end of make.log in the status log; or as
 *         oi_depmod_check().
 */
OI_MUST_CHECK
int oi_dkms_check(const struct oi_host *host, const char *kernel, const struct oi_step *step,
		  struct oi_err *err);

/**
 * oi_dkms_remove() - take out of @kernel, and out of dkms, what a step's modules are
 * @step: as of oi_dkms_check(); without names nothing is removed
 * Out of dkms too: it would install them again at the next boot. Their source stays, and
 * oi_dkms_check() makes them known again. What fails is in the log.
 */
void oi_dkms_remove(const struct oi_host *host, const char *kernel, const struct oi_strv *names,
		    const struct oi_strv *others);

/**
 * oi_dkms_blame() - say that an installation failed for its modules
 * @text: the package manager's words
 * The end of make.log of each module that is not installed goes into the status log.
 * Return: true with OI_R_DKMS_FAILED; false, with @err untouched, for a plan
 *         that builds no modules.
 */
bool oi_dkms_blame(const struct oi_host *host, const struct oi_verdict *verdict,
		   const char *text, struct oi_err *err);

#endif
