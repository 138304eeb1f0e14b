/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/view.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "report/record.h"

/* A year: no run takes so long, whatever a damaged file says. */
#define MS_MOST (INT64_C(366) * 24 * 3600 * 1000)

const char *oi_view_text(const struct oi_doc *doc, const char *path)
{
	return oi_doc_string(oi_doc_at(doc, path));
}

int64_t oi_view_number(const struct oi_doc *doc, const char *path, int64_t otherwise)
{
	return oi_doc_int(oi_doc_at(doc, path), otherwise);
}

int64_t oi_view_ms(const struct oi_doc *phase)
{
	int64_t ms = oi_view_number(phase, "ms", 0);

	return ms < 0 ? 0 : ms > MS_MOST ? MS_MOST : ms;
}

const struct oi_doc *oi_view_list(const struct oi_doc *doc, const char *key)
{
	static const struct oi_doc none = { .kind = OI_DOC_LIST };
	const struct oi_doc *list = oi_doc_get(doc, key);

	return list && list->kind == OI_DOC_LIST ? list : &none;
}

const char *oi_view_or_dash(const char *s)
{
	return s && *s ? s : "-";
}

static bool is(const char *a, const char *b)
{
	return a && !strcmp(a, b);
}

const char *oi_view_outcome(const struct oi_doc *result)
{
	const char *state = oi_view_text(result, "state");
	const char *decided = oi_view_text(result, "verdict.outcome");
	int64_t exit_code = oi_view_number(result, "exit_code", -1);

	if (!is(state, OI_STATE_FINISHED))
		return state ? state : "unknown";
	if (exit_code != 0)
		return is(decided, "refuse") ? "refused" : "failed";
	if (is(decided, "ready"))
		return "ready";
	if (is(decided, "install"))
		return "installed";
	return is(decided, "refuse") || is(decided, "skip") ? "skipped" : "done";
}

enum oi_tone oi_view_outcome_tone(const struct oi_doc *result)
{
	const char *reason = oi_view_text(result, "reason");
	const char *outcome = oi_view_outcome(result);

	if (is(outcome, "failed") || is(outcome, "refused") || is(outcome, OI_STATE_INTERRUPTED))
		return OI_TONE_BAD;
	if (!is(oi_view_text(result, "state"), OI_STATE_FINISHED))
		return OI_TONE_WARN;
	if (is(reason, oi_reason_text(OI_R_INSTALLED_UNPROVEN)->id))
		return OI_TONE_WARN;
	return is(outcome, "skipped") ? OI_TONE_PLAIN : OI_TONE_GOOD;
}

enum oi_tone oi_view_word_tone(const char *word)
{
	if (is(word, "pass"))
		return OI_TONE_GOOD;
	if (is(word, "fail"))
		return OI_TONE_BAD;
	return is(word, "unproven") || is(word, "unknown") ? OI_TONE_WARN : OI_TONE_PLAIN;
}

const char *oi_view_rule_word(const char *word)
{
	return is(word, oi_result_name(OI_RESULT_FAIL)) ? oi_result_word(OI_RESULT_FAIL) : word;
}

const char *oi_view_check_word(const char *word)
{
	return is(word, oi_proof_name(OI_PROOF_UNPROVEN)) ? oi_proof_word(OI_PROOF_UNPROVEN) : word;
}

/* The last one; but what the stanza makes of its answer is a rule after it. */
int oi_view_deciding(const struct oi_doc *verdict)
{
	const struct oi_doc *rules = oi_view_list(verdict, "rules");
	const char *outcome = oi_view_text(verdict, "outcome");
	size_t n = rules->n;

	if (!is(outcome, "refuse") && !is(outcome, "skip"))
		return -1;
	if (n && is(oi_view_text(rules->items[n - 1], "id"), "on-unsupported"))
		n--;
	return n && !is(oi_view_text(rules->items[n - 1], "result"), "pass") ? (int)n - 1 : -1;
}

enum oi_tone oi_view_rule_tone(const struct oi_doc *verdict, int rule)
{
	const struct oi_doc *rules = oi_view_list(verdict, "rules");
	const char *word = oi_view_text(rules->items[rule], "result");

	if (rule == oi_view_deciding(verdict) && is(oi_view_text(verdict, "outcome"), "refuse"))
		return OI_TONE_BAD;
	return is(word, "fail") ? OI_TONE_PLAIN : oi_view_word_tone(word);
}

char *oi_view_vm(const struct oi_doc *result)
{
	const char *size = oi_view_text(result, "verdict.vm.size");
	const char *nic = oi_view_text(result, "verdict.vm.nic_generation");
	int64_t ports = oi_view_number(result, "verdict.vm.ib_ports", 0);
	int64_t gbps = oi_view_number(result, "verdict.vm.link_gbps", 0);
	struct oi_buf text = { 0 };

	if (!size && !nic)
		return NULL;
	oi_buf_adds(&text, size ? size : "unknown");
	if (nic)
		oi_buf_addf(&text, ", %s", nic);
	if (ports > 0 && gbps > 0)
		oi_buf_addf(&text, ", %" PRId64 " x %" PRId64 " Gb/s", ports, gbps);
	return oi_buf_take(&text);
}

char *oi_view_driver(const struct oi_doc *result)
{
	const char *stack = oi_view_text(result, "verdict.driver.stack");
	const char *version = oi_view_text(result, "verdict.driver.version");
	const char *kernel = oi_view_text(result, "verdict.driver.kernel");

	if (!stack)
		return NULL;
	return oi_mem_printf("%s%s%s%s%s", stack, version ? " " : "", version ? version : "",
			     kernel ? " for kernel " : "", kernel ? kernel : "");
}

char *oi_view_exit(const struct oi_doc *result)
{
	int64_t exit_code = oi_view_number(result, "exit_code", -1);

	if (exit_code < 0)
		return NULL;
	return oi_mem_printf("%" PRId64 " (%s)", exit_code, oi_exit_meaning((int)exit_code));
}

int64_t oi_view_epoch_ms(const char *stamp)
{
	struct tm utc = { 0 };

	if (!stamp || !strptime(stamp, "%Y-%m-%dT%H:%M:%SZ", &utc))
		return -1;
	return (int64_t)timegm(&utc) * 1000;
}

char *oi_view_ended(const struct oi_doc *result)
{
	const char *ended = oi_view_text(result, "ended");
	int64_t from_ms = oi_view_epoch_ms(oi_view_text(result, "started"));
	int64_t to_ms = oi_view_epoch_ms(ended);

	if (!ended)
		return NULL;
	if (from_ms < 0 || to_ms < from_ms)
		return oi_mem_dup(ended);
	return oi_mem_printf("%s, after %" PRId64 " s", ended, (to_ms - from_ms) / 1000);
}

struct oi_view_link oi_view_link_of(const struct oi_doc *item)
{
	const struct oi_doc *rate = oi_doc_get(item, "rate_gbps");
	int64_t node = oi_view_number(item, "numa_node", -1);
	bool counted = rate && (rate->kind == OI_DOC_INT || rate->kind == OI_DOC_REAL);

	return (struct oi_view_link){
		.device = oi_view_or_dash(oi_view_text(item, "device")),
		.port = oi_view_number(item, "port", 1),
		.link_layer = oi_view_or_dash(oi_view_text(item, "link_layer")),
		.state = oi_view_or_dash(oi_view_text(item, "state")),
		.phys_state = oi_view_or_dash(oi_view_text(item, "phys_state")),
		.rate = oi_view_or_dash(counted ? rate->text : NULL),
		.address = oi_view_or_dash(oi_view_text(item, "address")),
		.numa_node = node < 0 ? -1 : node,
	};
}

enum oi_tone oi_view_link_tone(const char *state)
{
	return is(state, "ACTIVE") ? OI_TONE_GOOD : is(state, "-") ? OI_TONE_WARN : OI_TONE_BAD;
}
