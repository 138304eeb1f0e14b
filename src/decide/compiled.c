/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of the vendor's modules are compiled. The fabric wants one set of sources; the packages
 * bring others too, and dkms takes them one after the other while the user waits: storage over
 * RDMA, tools for firmware that a virtual function does not show, ways around the network within
 * a node. And one of them that does not fit a new kernel would fail the whole.
 *
 * Source: catalog notes, "Packages and modules"; the vendor's install.pl, its list of kernel packages
 */
#include "decide/compiled.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FOLDER "/etc/dkms"

/*
 * What is excluded ends dkms with 77. A script of the vendor's that dpkg runs takes that for a failure, and so does the
 * hook of a kernel's package in dkms 3.0.10: there it is compiled rather than that a package fails. The driver's
 * POST_INSTALL, which would compile it beside the driver for each later kernel, goes on after it.
 * Source: dkms(8), "/etc/dkms/MODULE.conf": read after the module's own dkms.conf, as shell, by dkms 2.8 to 3.2;
 *         mlnx-ofed-kernel 24.07, common.postinst, dkms_build_ulps.sh; dkms 3.0.10, autoinstall()
 */
static const char left_out[] =
	"# Written by ofed-init: the stanza does not say modules: all.\n"
	"AUTOINSTALL=\"\"\n"
	"case ${DPKG_MAINTSCRIPT_PACKAGE:-}:${action:-} in\n"
	"\"${module:-none}:\"* | \"${module:-none}-dkms:\"* | ?*:autoinstall) ;;\n"
	"*) BUILD_EXCLUSIVE_KERNEL=\"^none$\" ;;\n"
	"esac\n";

/*
 * As dkms knows them. Those from FIRST_NEW on came with 24.07 (fwctl) and 25.x (virtiofs), and no bundle's
 * installer knows them. The vendor writes mlx5_fwctl where it builds it, and no Debian package can be
 * called so: both spellings.
 * Source: dkms_build_ulps.sh of 24.07; public lists of what 25.x installs
 */
static const char *const others[] = {
	"iser", "isert", "srp", "mlnx-nvme", "mlnx-nfsrdma", "knem", "xpmem", "kernel-mft-dkms",
	"fwctl", "mlx5-fwctl", "mlx5_fwctl", "virtiofs",
};
#define FIRST_NEW 8

void oi_plan_choose_modules(struct oi_decision *d)
{
	struct oi_step *step = oi_verdict_step(d->verdict, OI_ACTION_MODULES_CHOOSE,
					       "choose-modules", "%s", "");
	bool all = d->config->all_modules;
	struct oi_strv *list = all ? &step->choice.allowed : &step->choice.left_out;
	OI_FREE char *names = NULL;

	oi_mem_set(&step->choice.folder, FOLDER);
	oi_mem_set(&step->choice.settings, left_out);
	for (size_t i = 0; i < OI_ARRAY_SIZE(others); i++)
		oi_strv_add(list, others[i]);
	names = oi_strv_join(list, ", ");
	free(step->detail);
	step->detail = oi_mem_printf("the driver's own are compiled, %s %s", all ? "and" : "not",
				     names);
}

void oi_plan_add_chosen(const struct oi_decision *d, struct oi_step *step)
{
	for (size_t i = 0; d->config->all_modules && i < OI_ARRAY_SIZE(others); i++)
		oi_strv_add(&step->built.optional, others[i]);
}

void oi_plan_leave_out(const struct oi_decision *d, struct oi_strv *arguments)
{
	static const char suffix[] = "-dkms";

	for (size_t i = 0; !d->config->all_modules && i < FIRST_NEW; i++)
		oi_strv_addf(arguments, "--without-%s%s", others[i],
			     strstr(others[i], suffix) ? "" : suffix);
}
