/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/apt/install.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "execute/apt/call.h"
#include "execute/state/record.h"

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
 * May dpkg leave out the fsync of each file (what that means: lost.h). Only if nothing is
 * replaced, since an old file would be gone and its new one not there yet; and only if after a
 * power cut the next run can tell, so not in one that mends what an earlier one has left.
 */
static bool may_hurry(const struct oi_execution *run)
{
	return run->journal.boot && !run->journal.carried && run->apt.fresh.n &&
		!run->apt.replaced.n;
}

/* Once for all calls: it is told which packages, not when. */
static int plan_to_hurry(struct oi_execution *run, bool *hurries, struct oi_err *err)
{
	*hurries = may_hurry(run);
	return *hurries ? oi_journal_hurry(&run->host->change, &run->journal, &run->apt.fresh, err) : 0;
}

/* @automatic: they are only there for others: the call that names them all says whose wish each is */
static int install(struct oi_execution *run, const struct oi_strv *names, bool automatic,
		   bool hurries, struct oi_err *err)
{
	OI_APT_CALL_AUTO call = { 0 };

	oi_apt_call_install(&call, run, NULL, names);
	oi_apt_call_wait(&call);
	call.child.level = OI_LOG_INFO;
	if (automatic) {
		oi_strv_add(&call.child.args, "-o");
		oi_strv_add(&call.child.args, "APT::Get::Mark-Auto=true");
	}
	if (hurries) {
		oi_strv_add(&call.child.args, "-o");
		oi_strv_add(&call.child.args, "DPkg::Options::=--force-unsafe-io");
	}
	return oi_apt_call_dpkg(run, &call, err);
}

/* --- what compiling needs, before the rest --- */

/* Of what will be installed: what compiles, and what there is to compile. */
static void choose_first(const struct oi_apt *apt, struct oi_strv *names)
{
	for (size_t i = 0; i < apt->names.n; i++)
		if (oi_apt_compiles(apt->names.v[i]))
			oi_strv_add(names, apt->names.v[i]);
	for (size_t i = 0; i < apt->fresh.n; i++) {
		OI_FREE char *name = oi_mem_ndup(apt->fresh.v[i], strcspn(apt->fresh.v[i], " "));

		if (oi_early_is_source(name) && !oi_strv_has(names, name))
			oi_strv_add(names, name);
	}
}

/*
 * Do they by themselves bring nothing that the whole would not bring; and less than it? What
 * one package needs may be had from several, of which another one rules some out.
 */
static bool are_part(const struct oi_execution *run, const struct oi_strv *names)
{
	OI_APT_CALL_AUTO call = { 0 };
	struct oi_err ignored; /* then all are installed together */

	if (oi_apt_preview(run, &call, names, &ignored))
		return false;
	for (size_t i = 0; i < call.changes.n; i++) {
		const struct oi_apt_change *c = &call.changes.v[i];
		OI_FREE char *entry = oi_mem_printf("%s %s", c->name, c->after ?: "");

		if (c->before || !oi_strv_has(&run->apt.fresh, entry))
			return false;
	}
	return call.changes.n && call.changes.n < run->apt.fresh.n;
}

/* Compile as soon as that can be, and install the others meanwhile. */
static int install_deferred(struct oi_execution *run, bool hurries, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv first = { 0 };

	if (oi_early_defer(run->host, err))
		return -1;
	choose_first(&run->apt, &first);
	if (are_part(run, &first)) {
		if (install(run, &first, true, hurries, err))
			return -1;
		oi_early_begin(run, &run->apt.fresh);
	}
	return install(run, &run->apt.names, false, hurries, err);
}

int oi_apt_install(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	bool hurries;
	int ret;

	/* Nothing is installed that has not been looked at. */
	if (!run->apt.simulated && oi_apt_simulate(run, step, err))
		return -1;
	if (oi_apt_record(run, err) || plan_to_hurry(run, &hurries, err))
		return -1;
	if (oi_early_may(run, &run->apt.fresh)) {
		ret = install_deferred(run, hurries, err);
		oi_early_allow(run->host);
	} else {
		ret = install(run, &run->apt.names, false, hurries, err);
	}
	if (!ret)
		oi_apt_forget(run->host);
	return ret;
}
