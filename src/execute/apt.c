/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/apt.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "execute/apt_call.h"
#include "execute/record.h"

void oi_apt_clear(struct oi_apt *apt)
{
	oi_apt_staged_clear(&apt->staged);
	free(apt->address);
	free(apt->incomplete);
	oi_strv_clear(&apt->names);
	oi_strv_clear(&apt->fresh);
	oi_strv_clear(&apt->replaced);
	memset(apt, 0, sizeof(*apt));
}

/* Where the fetched artefact lies, as a child sees it; owned by the caller. */
static char *artefact_of(const struct oi_execution *run, const struct oi_step *step)
{
	const struct oi_root *root = &run->host->change;

	return oi_mem_printf("%s" OI_STAGING_DIR "/%s", oi_root_is_real(root) ? "" : root->path,
			     step->path);
}

int oi_apt_stage_package(struct oi_execution *run, const struct oi_step *step,
			 struct oi_err *err)
{
	OI_FREE char *artefact = artefact_of(run, step);

	return oi_apt_stage(run->host, step, artefact, &run->apt.staged, err);
}

int oi_apt_add(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	OI_FREE char *artefact = artefact_of(run, step);
	OI_APT_CALL_AUTO call = { 0 };
	OI_FREE char *package = oi_apt_staged_package(run->host);

	if (package && oi_record_note_repository(&run->host->change, package, err))
		return -1;
	oi_apt_call_init(&call, run, OI_TOOL_DPKG);
	call.child.level = OI_LOG_INFO;
	oi_apt_call_settings(&call.child.args);
	oi_strv_add(&call.child.args, "--install");
	oi_strv_add(&call.child.args, artefact);
	return oi_apt_call_dpkg(run, &call, err);
}

/* --- installation --- */

int oi_apt_record(const struct oi_execution *run, struct oi_err *err)
{
	if (oi_record_note_packages(&run->host->change, &run->apt.fresh, err))
		return -1;
	return oi_record_note_replaced(&run->host->change, &run->apt.replaced, err);
}

/*
 * May dpkg leave out the fsync of each file (what that means: apt_lost.h). Only if nothing is
 * replaced, since an old file would be gone and its new one not there yet; and only if after a
 * power cut the next run can tell, so not in one that mends what an earlier one has left.
 */
static bool may_hurry(const struct oi_execution *run)
{
	return run->journal.boot && !run->journal.carried && run->apt.fresh.n &&
		!run->apt.replaced.n;
}

static int hurry(struct oi_execution *run, struct oi_apt_call *call, struct oi_err *err)
{
	if (oi_journal_hurry(&run->host->change, &run->journal, &run->apt.fresh, err))
		return -1;
	oi_strv_add(&call->child.args, "-o");
	oi_strv_add(&call->child.args, "DPkg::Options::=--force-unsafe-io");
	return 0;
}

int oi_apt_install(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	OI_APT_CALL_AUTO call = { 0 };

	/* Nothing is installed that has not been looked at. */
	if (!run->apt.simulated && oi_apt_simulate(run, step, err))
		return -1;
	if (oi_apt_record(run, err))
		return -1;
	oi_apt_call_install(&call, run, NULL, &run->apt.names);
	oi_apt_call_wait(&call);
	call.child.level = OI_LOG_INFO;
	if ((may_hurry(run) && hurry(run, &call, err)) || oi_apt_call_dpkg(run, &call, err))
		return -1;
	oi_apt_forget(run->host);
	return 0;
}
