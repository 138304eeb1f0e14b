/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `ofed-init plan` for people: an explanation, from what was seen to what to change. */
#include "report/report.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "report/view.h"

#define RESULT_WIDTH 10
#define STEP_WIDTH 4

static enum oi_tone outcome_tone(const struct oi_verdict *verdict)
{
	if (verdict->outcome == OI_OUTCOME_REFUSE)
		return OI_TONE_BAD;
	return verdict->outcome == OI_OUTCOME_SKIP ? OI_TONE_PLAIN : OI_TONE_GOOD;
}

/* What each outcome means for who reads: the verb of the page's first line. */
static const char *headline(enum oi_outcome outcome)
{
	static const char *const lines[] = {
		[OI_OUTCOME_SKIP] = "nothing to do",
		[OI_OUTCOME_READY] = "ready: nothing is to be installed",
		[OI_OUTCOME_REFUSE] = "refused: nothing would be changed",
		[OI_OUTCOME_INSTALL] = "install",
	};

	return lines[outcome];
}

static void add_outcome(struct oi_textpage *paper, const struct oi_verdict *verdict)
{
	OI_FREE char *exit_code =
		oi_mem_printf("%d (%s)", verdict->exit_code, oi_exit_meaning(verdict->exit_code));
	OI_FREE char *driver = NULL;

	if (verdict->driver.stack)
		driver = oi_mem_printf("%s%s%s%s%s", verdict->driver.stack,
				       verdict->driver.version ? " " : "",
				       verdict->driver.version ? verdict->driver.version : "",
				       verdict->driver.method ? " by " : "",
				       verdict->driver.method ? verdict->driver.method : "");
	oi_textpage_field(paper, "plan", outcome_tone(verdict), headline(verdict->outcome));
	oi_textpage_field(paper, "because", OI_TONE_PLAIN, verdict->message);
	oi_textpage_field(paper, "reason", OI_TONE_PLAIN, oi_reason_text(verdict->reason)->id);
	oi_textpage_field(paper, "exit code", OI_TONE_PLAIN, exit_code);
	oi_textpage_field(paper, "driver", OI_TONE_PLAIN, driver);
}

/* --- what was seen --- */

static const char *flag_text(enum oi_flag flag)
{
	return flag == OI_FLAG_YES ? "yes" : flag == OI_FLAG_UNKNOWN ? "not known" : "no";
}

static char *text_of(const struct oi_text *text)
{
	return oi_mem_dup(text->known == OI_UNKNOWN ? "not known" : oi_text_or(text, "none"));
}

static void add_seen(struct oi_textpage *paper, const char *label, char *text)
{
	oi_textpage_row(paper, 2, 14, OI_TONE_PLAIN, label, text);
	oi_mem_free_p(&text);
}

static char *functions(const struct oi_facts *facts)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_FREE char *list = NULL;

	if (facts->pci.known == OI_UNKNOWN)
		return oi_mem_dup("not known");
	for (size_t i = 0; i < facts->pci.n; i++)
		if (oi_pci_is_infiniband(&facts->pci.v[i]))
			oi_strv_addf(&names, "%s (%s)", facts->pci.v[i].address,
				     facts->pci.v[i].driver ? facts->pci.v[i].driver : "no driver");
	list = oi_strv_join(&names, ", ");
	return names.n ? oi_mem_take(&list) : oi_mem_dup("no function on the bus");
}

static char *installed(const struct oi_facts *facts)
{
	const char *version = oi_text_or(&facts->installed.version, NULL);
	const char *kernel = oi_text_or(&facts->installed.kernel, NULL);

	if (facts->installed.stack.known != OI_KNOWN)
		return facts->installed.stack.known == OI_ABSENT ? oi_mem_dup("no driver stack") :
								   oi_mem_dup("not known");
	return oi_mem_printf("%s%s%s%s%s", facts->installed.stack.value, version ? " " : "",
			     version ? version : "", kernel ? " for " : "", kernel ? kernel : "");
}

static void add_facts(struct oi_textpage *paper, const struct oi_facts *facts)
{
	const char *source = oi_text_or(&facts->vm.size_source, NULL);

	oi_textpage_heading(paper, "what was seen");
	add_seen(paper, "VM size", oi_mem_printf("%s%s%s%s", oi_text_or(&facts->vm.size, "not known"),
						 source ? " (by " : "", source ? source : "",
						 source ? ")" : ""));
	add_seen(paper, "system", oi_mem_printf("%s %s on %s", oi_text_or(&facts->os.id, "unknown"),
						oi_text_or(&facts->os.version_id, "(no version)"),
						oi_text_or(&facts->kernel.arch, "unknown")));
	add_seen(paper, "kernel", text_of(&facts->kernel.release));
	add_seen(paper, "InfiniBand", functions(facts));
	add_seen(paper, "Secure Boot", oi_mem_dup(flag_text(facts->security.secure_boot)));
	add_seen(paper, "installed", installed(facts));
	for (size_t i = 0; i < facts->doubts.n; i++)
		add_seen(paper, "not known", oi_mem_dup(facts->doubts.v[i]));
}

/* --- which rules decided --- */

void oi_report_rules(const struct oi_doc *verdict, const char *title, struct oi_textpage *paper)
{
	const struct oi_doc *rules = oi_view_list(verdict, "rules");
	int deciding = oi_view_deciding(verdict);

	if (rules->n)
		oi_textpage_heading(paper, title);
	for (size_t i = 0; i < rules->n; i++) {
		const char *word = oi_view_or_dash(oi_view_text(rules->items[i], "result"));
		OI_FREE char *text =
			oi_mem_printf("%s: %s%s", oi_view_or_dash(oi_view_text(rules->items[i], "id")),
				      oi_view_or_dash(oi_view_text(rules->items[i], "detail")),
				      (int)i == deciding ? "  <- this one decided" : "");

		oi_textpage_row(paper, 2, RESULT_WIDTH, oi_view_rule_tone(verdict, (int)i),
			     oi_view_rule_word(word), text);
	}
}

static void add_rules(struct oi_textpage *paper, const struct oi_verdict *verdict)
{
	OI_DOC_AUTO *doc = oi_verdict_to_doc(verdict);

	oi_report_rules(doc, "which rules decided, in this order", paper);
}

static void add_steps(struct oi_textpage *paper, const struct oi_verdict *verdict)
{
	if (verdict->n_steps)
		oi_textpage_heading(paper, "what would be done, in this order");
	for (size_t i = 0; i < verdict->n_steps; i++) {
		OI_FREE char *number = oi_mem_printf("%2zu.", i + 1);
		OI_FREE char *text = oi_mem_printf("%s: %s", verdict->steps[i].id,
						   verdict->steps[i].detail);

		oi_textpage_row(paper, 2, STEP_WIDTH, OI_TONE_PLAIN, number, text);
	}
}

/* A refusal has its remedy; who is content may still want to know how to begin, or to differ. */
static const char *advice(const struct oi_verdict *verdict)
{
	if (verdict->remedy)
		return verdict->remedy;
	if (verdict->reason == OI_R_NO_STANZA)
		return "To have InfiniBand set up, give the VM an infiniband: stanza: ofed-init(8) shows some, ofed-init schema has all keys.";
	switch (verdict->outcome) {
	case OI_OUTCOME_INSTALL:
		return "Nothing. ofed-init run does it, at the next boot by itself. For another driver or version: driver and version in the stanza.";
	case OI_OUTCOME_READY:
		if (verdict->n_steps)
			return "Nothing. ofed-init run does the steps, at the next boot by itself.";
		return "Nothing. ofed-init verify looks at the fabric now.";
	default:
		return "Nothing.";
	}
}

void oi_report_plan_page(const struct oi_verdict *verdict, const struct oi_facts *facts,
			 struct oi_textpage *paper)
{
	add_outcome(paper, verdict);
	if (verdict->reason != OI_R_NO_STANZA && verdict->reason != OI_R_DISABLED)
		add_facts(paper, facts);
	add_rules(paper, verdict);
	add_steps(paper, verdict);
	oi_textpage_heading(paper, "what to change");
	oi_textpage_row(paper, 2, 0, OI_TONE_PLAIN, "", advice(verdict));
}
