/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/heal.h"

#include "base/mem.h"
#include "execute/bundle/bundle.h"
#include "execute/modules/depmod.h"
#include "execute/modules/dkms_heal.h"
#include "execute/managers.h"
#include "execute/modules/background.h"
#include "execute/state/journal.h"
#include "execute/tools/mandb.h"
#include "execute/state/record.h"
#include "execute/reload/note.h"
#include "model/reasons.h"

#define JOURNAL_AUTO OI_CLEANUP(oi_journal_clear) struct oi_journal
#define RECORD_AUTO OI_CLEANUP(oi_record_clear) struct oi_record

/* --- packages --- */

/* Return: 0, 1 when not all of it could be (the log says why), -1 when no time is left. */
static int heal_packages(const struct oi_host *host, const struct oi_config *config,
			 struct oi_journal *journal, const struct oi_record *record,
			 struct oi_err *err)
{
	const struct oi_packages_ops *ops = oi_managers_find(journal->manager);
	/* All that is known of the interrupted plan. */
	const struct oi_verdict verdict = { .driver = { .manager = journal->manager,
							.kernel = journal->kernel } };
	const struct oi_context ctx = { .host = host, .config = config, .verdict = &verdict };
	struct oi_packages packages;
	int ret;

	oi_managers_begin(&packages, &ctx, ops, journal);
	ret = ops && ops->heal ? ops->heal(&packages, record, journal, err) : 0;
	oi_managers_end(&packages);
	if (!ret || err->code == OI_R_DEADLINE || err->code == OI_R_PACKAGES_DAMAGED)
		return ret;
	oi_log_warn(&host->log, "packages: %s", err->text);
	return 1;
}

/*
 * What an installer that was cut off has brought. Now, when nothing else has come since:
 * should this run find that all is there, the next one to ask is uninstall, and by then
 * others have installed things, which would go too.
 */
static void note_bundle(const struct oi_host *host)
{
	struct oi_err err;

	if (oi_bundle_note_after(host, &err))
		oi_log_warn(&host->log, "what an earlier bundle has installed: %s", err.text);
}

/* --- the whole --- */

/* After the packages, whose scripts call it too. It does not sync its lists. */
static void heal_lists(const struct oi_host *host, const char *kernel, bool lost)
{
	OI_FREE char *list = oi_mem_printf("/lib/modules/%s/modules.dep", kernel ?: "");
	struct oi_err err;

	if (!kernel)
		return;
	oi_depmod_heal(host, kernel);
	/* What never had a list is not booted from here. */
	if (lost && oi_root_exists(&host->change, list) && oi_depmod_renew(host, kernel, &err))
		oi_log_warn(&host->log, "depmod: %s", err.text);
}

static void tell(const struct oi_host *host, const struct oi_journal *journal)
{
	const struct oi_journal_step *cut = oi_journal_cut(journal);

	if (journal->damaged)
		oi_log_warn(&host->log, OI_JOURNAL_PATH " is damaged: healing whatever may be half-done");
	else
		oi_log_warn(&host->log, "an earlier run did not get past step %s: healing what that may have left",
			    cut ? cut->id : "0");
}

bool oi_heal_needs_switches(const struct oi_host *host)
{
	return oi_mandb_are_off(host) || oi_build_is_off(host);
}

void oi_heal_switches(const struct oi_host *host)
{
	oi_mandb_allow(host);
	oi_build_allow(host);
}

int oi_heal(const struct oi_host *host, const struct oi_config *config, bool *cut,
	    struct oi_err *err)
{
	JOURNAL_AUTO journal = { 0 };
	RECORD_AUTO record = { 0 };
	const struct oi_packages_ops *ops;
	bool lost;
	unsigned int heals;
	int left = 0;
	int got = oi_journal_read(&host->change, &journal, err);

	*cut = !got;
	oi_heal_switches(host);
	if (got)
		return got < 0 ? -1 : 0;
	tell(host, &journal);
	heals = oi_journal_heals(&journal);
	ops = oi_managers_find(journal.manager);
	if (oi_record_read(&host->change, &record, err) < 0)
		return -1;
	/* Before anything that may wait: without a network nothing goes on. */
	oi_reload_heal(host, config);
	oi_bundle_forget(host);
	lost = oi_journal_lost(&host->change, &journal);
	if (heals & OI_HEAL_MODULES)
		oi_dkms_heal(host, &record.dkms, journal.kernel, lost);
	/* After the modules: to configure a package is to build what it lacks, unless dkms still
	 * waits for the run that was cut off: then this one compiles, with its choice and options. */
	if (heals & OI_HEAL_PACKAGES)
		left = heal_packages(host, config, &journal, &record, err);
	if (left < 0)
		return -1;
	if (!left)
		note_bundle(host);
	if (heals & OI_HEAL_MODULES)
		heal_lists(host, journal.kernel, lost);
	if (ops)
		ops->shrink(host);
	return 0;
}
