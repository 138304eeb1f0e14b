/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/apt/install.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "execute/apt/call.h"
#include "execute/apt/session.h"
#include "execute/modules/background.h"
#include "execute/state/journal.h"
#include "execute/state/record.h"

/* Where the fetched artefact lies, as a child sees it; owned by the caller. */
static char *artefact_of(const struct oi_packages *p, const struct oi_step *step)
{
	OI_FREE char *staged = oi_mem_printf(OI_STAGING_DIR "/%s", step->repository.name);

	return oi_root_name(&p->ctx->host->change, staged);
}

int oi_apt_stage_package(struct oi_packages *p, const struct oi_step *step,
			 struct oi_err *err)
{
	OI_FREE char *artefact = artefact_of(p, step);

	return oi_apt_stage(p->ctx->host, step, artefact, &oi_apt_of(p)->staged, err);
}

int oi_apt_add(struct oi_packages *p, const struct oi_step *step, struct oi_err *err)
{
	OI_FREE char *artefact = artefact_of(p, step);
	OI_APT_CALL_AUTO call = { 0 };
	OI_FREE char *package = oi_apt_staged_package(p->ctx->host);

	if (package && oi_record_note_repository(&p->ctx->host->change, package, err))
		return -1;
	oi_apt_call_init(&call, p, OI_TOOL_DPKG);
	call.child.level = OI_LOG_INFO;
	oi_apt_call_settings(&call.child.args);
	oi_strv_add(&call.child.args, "--install");
	oi_strv_add(&call.child.args, artefact);
	return oi_apt_call_dpkg(p, &call, err);
}

/* --- installation --- */

/*
 * May dpkg leave out the fsync of each file (what that means: lost.h). Only if nothing is
 * replaced, since an old file would be gone and its new one not there yet; and only if after a
 * power cut the next run can tell, so not in one that mends what an earlier one has left.
 */
static bool may_hurry(const struct oi_packages *p)
{
	return p->journal->boot && !p->journal->carried && oi_apt_of(p)->fresh.n &&
		!oi_apt_of(p)->replaced.n;
}

/* Once for all calls: it is told which packages, not when. */
static int plan_to_hurry(struct oi_packages *p, bool *hurries, struct oi_err *err)
{
	*hurries = may_hurry(p);
	return *hurries ? oi_journal_hurry(&p->ctx->host->change, p->journal, &oi_apt_of(p)->fresh, err) : 0;
}

/* @automatic: they are only there for others: the call that names them all says whose wish each is */
static int install(struct oi_packages *p, const struct oi_strv *names, bool automatic,
		   bool hurries, struct oi_err *err)
{
	OI_APT_CALL_AUTO call = { 0 };

	oi_apt_call_install(&call, p, names);
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
	return oi_apt_call_dpkg(p, &call, err);
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

		if (oi_dkms_is_source(name) && !oi_strv_has(names, name))
			oi_strv_add(names, name);
	}
}

/*
 * Do they by themselves bring nothing that the whole would not bring; and less than it? What
 * one package needs may be had from several, of which another one rules some out.
 */
static bool are_part(const struct oi_packages *p, const struct oi_strv *names)
{
	OI_APT_CALL_AUTO call = { 0 };
	struct oi_err ignored; /* then all are installed together */

	if (oi_apt_preview(p, &call, names, &ignored))
		return false;
	for (size_t i = 0; i < call.changes.n; i++) {
		const struct oi_apt_change *c = &call.changes.v[i];
		OI_FREE char *entry = oi_mem_printf("%s %s", c->name, c->after ?: "");

		if (c->before || !oi_strv_has(&oi_apt_of(p)->fresh, entry))
			return false;
	}
	return call.changes.n && call.changes.n < oi_apt_of(p)->fresh.n;
}

/* Compile as soon as that can be, and install the others meanwhile. */
static int install_deferred(struct oi_packages *p, bool hurries, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv first = { 0 };

	if (oi_apt_defer(p, &oi_apt_of(p)->fresh, err))
		return -1;
	choose_first(oi_apt_of(p), &first);
	if (are_part(p, &first)) {
		if (install(p, &first, true, hurries, err))
			return -1;
		oi_build_begin(p->ctx, &p->build, &oi_apt_of(p)->fresh);
	}
	return install(p, &oi_apt_of(p)->names, false, hurries, err);
}

int oi_apt_install(struct oi_packages *p, const struct oi_step *step, struct oi_err *err)
{
	bool hurries;
	int ret;

	/* Nothing is installed that has not been looked at. */
	if (!oi_apt_of(p)->simulated && oi_apt_simulate(p, step, err))
		return -1;
	if (oi_apt_record(p, err) || plan_to_hurry(p, &hurries, err))
		return -1;
	if (!p->modules_given && oi_build_may(p->ctx, &oi_apt_of(p)->fresh))
		ret = install_deferred(p, hurries, err);
	else
		ret = install(p, &oi_apt_of(p)->names, false, hurries, err);
	if (!ret)
		oi_apt_forget(p->ctx->host);
	if (!ret)
		oi_packages_note_removed(p, &oi_apt_of(p)->replaced);
	return ret;
}
