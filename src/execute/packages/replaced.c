/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an installation may take away from a machine. */
#include <fnmatch.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "execute/packages/packages.h"

/*
 * RDMA's userland, its drivers and their tools: what one stack replaces of another.
 * Source: binary packages of Debian's and Fedora's rdma-core, perftest, opensm, mstflint and ucx; the
 *         vendor's own (catalog notes, "Packages and modules")
 */
static const char *const stack[] = {
	"rdma-core*", "rdmacm-utils", "libibverbs*", "ibverbs-*", "librdmacm*", "libibumad*",
	"libibmad*", "libibnetdisc*", "infiniband-diags*", "ibutils*", "ibacm", "iwpmd", "ibsim*",
	"srptools", "srp_daemon", "python3-pyverbs", "libmlx4*", "libmlx5*", "libmthca*", "perftest*",
	"opensm*", "libopensm*", "libosm*", "mstflint*", "mft", "mft-*", "dpcp*", "ucx", "ucx-*",
	"libucx*", "sharp", "sharp-*", "hcoll", "hcoll-*", "libvma*", "rshim",
	"mlnx-*", "ofed-*", "doca-*", "libdoca-*", "knem*", "xpmem*", "libxpmem*", "kernel-mft*",
	"iser-*", "isert-*", "srp-*", "kmod-mlnx-*", "kmod-kernel-mft-*", "kmod-knem*", "kmod-xpmem*",
	"kmod-iser*", "kmod-isert*", "kmod-srp*", "iser", "isert", "srp",
	"*-dkms", /* sources only: the vendor's, or what a set of built modules stands for */
};

bool oi_packages_may_go(const struct oi_config *config, const char *name)
{
	OI_FREE char *bare = oi_mem_ndup(name, strcspn(name, ":"));

	for (size_t i = 0; i < OI_ARRAY_SIZE(stack); i++)
		if (!fnmatch(stack[i], bare, 0))
			return true;
	for (size_t i = 0; i < config->may_remove.n; i++)
		if (!fnmatch(config->may_remove.v[i], bare, 0))
			return true;
	return false;
}

void oi_packages_note_removed(struct oi_packages *p, const struct oi_strv *replaced)
{
	for (size_t i = 0; i < replaced->n; i++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv fields = { 0 };

		oi_strv_split(&fields, replaced->v[i], " ");
		if (fields.n == 3 && !strcmp(fields.v[2], "-"))
			oi_strv_addf(&p->removed, "%s %s", fields.v[0], fields.v[1]);
	}
}
