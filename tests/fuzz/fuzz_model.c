/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What decisions are made of: stanza, catalog, facts. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/doc.h"
#include "base/mem.h"
#include "decide/decide.h"
#include "model/catalog.h"
#include "model/config.h"
#include "model/facts.h"
#include "model/reasons.h"
#include "model/verdict.h"

static const struct oi_catalog *builtin(void)
{
	static struct oi_catalog catalog;
	struct oi_err err;

	if (!catalog.n_sizes)
		fuzz_must(!oi_catalog_add_builtin(&catalog, &err), "the builtin catalog");
	return &catalog;
}

/* Whatever came in, there is a verdict and it can be written. */
static void decide(const struct oi_facts *facts, const struct oi_config *config)
{
	OI_CLEANUP(oi_verdict_clear) struct oi_verdict verdict = { 0 };
	OI_DOC_AUTO *doc = NULL;
	OI_FREE char *json = NULL;

	oi_decide(facts, config, builtin(), &verdict);
	doc = oi_verdict_to_doc(&verdict);
	json = oi_doc_to_json(doc, true);
	fuzz_must(verdict.exit_code == 0 || verdict.exit_code == 1 ||
			  (verdict.exit_code >= 10 && verdict.exit_code <= 14),
		  "an exit code that nobody knows");
}

void fuzz_stanza(const char *text, size_t len)
{
	OI_CLEANUP(oi_config_clear) struct oi_config config = { 0 };
	OI_CLEANUP(oi_config_clear) struct oi_config again = { 0 };
	OI_FREE char *culprit = NULL;
	OI_DOC_AUTO *doc = NULL;
	OI_DOC_AUTO *effective = NULL;
	struct oi_facts nothing = { 0 };
	struct oi_err err;

	if (oi_doc_from_yaml(text, len, "input", OI_R_STANZA_SYNTAX, &doc, &err))
		return;
	oi_config_init(&config);
	if (oi_config_from_doc(oi_doc_get(doc, "infiniband"), &config, &culprit, &err))
		return;
	/* What is effective is a stanza too, but for the keys that hold nothing. */
	effective = oi_config_to_doc(&config);
	oi_config_init(&again);
	fuzz_must(!oi_config_from_doc(effective, &again, NULL, &err), err.text);
	decide(&nothing, &config);
}

/* The first byte chooses the table. */
void fuzz_catalog(const char *text, size_t len)
{
	static const char *const tables[] = { "vm-sizes.tsv", "other-sizes.tsv", "releases.tsv",
					      "inbox.tsv", "pci-ids.tsv", "signing-keys.tsv" };
	OI_CLEANUP(oi_catalog_clear) struct oi_catalog catalog = { 0 };
	struct oi_err err;

	if (!len)
		return;
	if (!oi_catalog_add_table(&catalog, tables[(unsigned char)*text % OI_ARRAY_SIZE(tables)],
				  text + 1, len - 1, &err))
		(void)oi_catalog_find_size(&catalog, "standard_hb120RS_v3_promo");
}

void fuzz_facts(const char *text, size_t len)
{
	OI_CLEANUP(oi_facts_clear) struct oi_facts facts = { 0 };
	OI_CLEANUP(oi_facts_clear) struct oi_facts again = { 0 };
	OI_CLEANUP(oi_config_clear) struct oi_config config = { 0 };
	OI_DOC_AUTO *doc = NULL;
	OI_DOC_AUTO *snapshot = NULL;
	struct oi_err err;

	if (oi_doc_from_json(text, len, "input", OI_R_FACTS_MALFORMED, &doc, &err) ||
	    oi_facts_from_doc(doc, &facts, &err))
		return;
	snapshot = oi_facts_to_doc(&facts);
	fuzz_must(!oi_facts_from_doc(snapshot, &again, &err), err.text);
	oi_config_init(&config);
	config.present = true;
	decide(&facts, &config);
}
