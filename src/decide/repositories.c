/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Repositories that a plain image has not enabled, and the vendor's packages need.
 * Said and not refused: a site may have what is in them elsewhere, and the simulation
 * judges that before anything is changed.
 */
#include "decide/repositories.h"

#include <fnmatch.h>
#include <string.h>

#include "base/mem.h"

/*
 * Source: EPEL's "Getting started" page (dkms is in EPEL, whose packages may need CRB);
 * Azure/azhpc-images alma/alma-8.x/common/install_utils.sh; ids of RHUI (RHEL on Azure),
 * AlmaLinux and Rocky ("crb", "powertools"), Oracle ("ol9_codeready_builder",
 * "ol9_developer_EPEL")
 */
static const struct {
	const char *word; /* as in the catalog */
	const char *name;
	const char *ids[4]; /* globs, without regard to case */
	const char *why;
	const char *remedy;
} table[] = {
	{ "epel", "EPEL", { "epel", "*_epel", "*-epel", "epel-*" },
	  "dkms, which builds the modules, is there",
	  "dnf install epel-release (Oracle: oracle-epel-release-elN; RHEL: epel-release's address "
	  "is on EPEL's page)" },
	{ "crb", "CRB", { "*crb*", "*powertools*", "*codeready*" },
	  "EPEL's packages may need some of it",
	  "dnf config-manager --set-enabled crb (EL 8: powertools; RHEL and Oracle: codeready-builder)" },
};

static const char *find(const struct oi_strv *ids, size_t row)
{
	for (size_t i = 0; i < ids->n; i++)
		for (size_t g = 0; g < OI_ARRAY_SIZE(table[row].ids) && table[row].ids[g]; g++)
			if (!fnmatch(table[row].ids[g], ids->v[i], FNM_CASEFOLD))
				return ids->v[i];
	return NULL;
}

static void judge(struct oi_decision *d, size_t row)
{
	const char *id = find(&d->facts->os.repositories, row);
	OI_FREE char *rule = oi_mem_printf("repository-%s", table[row].word);

	if (id) {
		oi_verdict_rule(d->verdict, rule, OI_RESULT_PASS, "%s is enabled as %s",
				table[row].name, id);
		return;
	}
	oi_strv_add(&d->needs, table[row].name);
	oi_strv_add(&d->remedies, table[row].remedy);
	oi_verdict_rule(d->verdict, rule, OI_RESULT_UNKNOWN,
			"warning: %s is needed (%s), and %s; enable it: %s", table[row].name,
			table[row].why,
			d->facts->os.repositories_known == OI_KNOWN ?
				"no enabled repository is called so" :
				"the repositories could not be looked at",
			table[row].remedy);
}

void oi_judge_repositories(struct oi_decision *d)
{
	for (size_t i = 0; d->inbox && i < d->inbox->repositories.n; i++)
		for (size_t row = 0; row < OI_ARRAY_SIZE(table); row++)
			if (!strcmp(table[row].word, d->inbox->repositories.v[i]))
				judge(d, row);
}
