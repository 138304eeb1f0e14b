/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Back to where the machine was: undoes what the record says, and nothing else. */
#ifndef OI_EXECUTE_UNINSTALL_H
#define OI_EXECUTE_UNINSTALL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "sys/host.h"

/* What came of it. Zeroed is the beginning. */
struct oi_uninstalled {
	/* NULL: nobody; called when nothing stands in the way any more, before anything changes */
	void (*on_begin)(void *data);
	void *data; /* borrowed */
	bool nothing; /* there was no record */
	size_t packages; /* removed */
	size_t files; /* removed, or put back as they were */
	struct oi_strv left; /* files that somebody has changed since */
};

void oi_uninstalled_clear(struct oi_uninstalled *what);

/**
 * oi_uninstall() - services, packages with the repository, dkms, files, state; the record last
 * @what: zeroed but for on_begin; filled, owned by the caller
 * One that was cut off is finished by another. A removal that would take along a
 * package that ofed-init did not install is refused before anything is changed.
 * Return: 0, or -1 with OI_R_REMOVAL_FOREIGN, OI_R_PACKAGES_*, OI_R_RECORD_MALFORMED,
 *         OI_R_WRITE_FAILED.
 */
OI_MUST_CHECK
int oi_uninstall(const struct oi_host *host, struct oi_uninstalled *what, struct oi_err *err);

#endif
