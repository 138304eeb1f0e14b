/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Step initramfs-renew: the image's initramfs holds the modules that are in place. */
#include "base/mem.h"
#include "execute/modules/baked.h"
#include "execute/modules/depmod.h"
#include "execute/modules/initramfs.h"
#include "execute/state/record.h"
#include "execute/steps/steps.h"
#include "model/reasons.h"

/*
 * Its time alone does not tell: one that was being made while modules were still put in place is
 * newer than they are, and has the old ones. A bake that came to its end made it after them.
 */
static bool is_of_a_bake(const struct oi_host *host, const char *kernel, const char *path)
{
	return oi_bake_is_marked(host, kernel) && !oi_depmod_since(host, kernel, path);
}

int oi_step_initramfs_renew(struct oi_execution *run, const struct oi_step *step OI_UNUSED,
			    struct oi_err *err)
{
	const struct oi_host *host = run->ctx.host;
	const char *kernel = run->ctx.verdict->driver.kernel;
	OI_FREE char *path = kernel ? oi_initramfs_path(host, kernel) : NULL;

	if (!kernel)
		return oi_err_set(err, OI_R_INITRAMFS, "the kernel's release is not known");
	if (path && is_of_a_bake(host, kernel, path)) {
		oi_log_info(&host->log, "initramfs: %s was made after the modules by an earlier bake: it stays",
			    path);
		return 0;
	}
	/* Until this has come to its end the image is not baked. */
	if (path && (oi_root_remove(&host->change, OI_BAKED_MARKER, err) ||
		     oi_record_note_initramfs(&host->change, kernel, err)))
		return -1;
	return oi_initramfs_renew(host, kernel, true, err);
}
