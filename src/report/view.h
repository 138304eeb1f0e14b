/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a result.json says, asked for by those who show it: the file may hold anything. */
#ifndef OI_REPORT_VIEW_H
#define OI_REPORT_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/doc.h"
#include "report/textpage.h"

/** oi_view_text() - the string at a path; borrowed, NULL where there is none */
const char *oi_view_text(const struct oi_doc *doc, const char *path);
/** oi_view_number() - the number at a path, or @otherwise */
int64_t oi_view_number(const struct oi_doc *doc, const char *path, int64_t otherwise);
/** oi_view_ms() - what a phase took: never below 0, and never more than can be reckoned with */
int64_t oi_view_ms(const struct oi_doc *phase);
/** oi_view_list() - the list under a key; an empty one where there is none; borrowed */
const struct oi_doc *oi_view_list(const struct oi_doc *doc, const char *key);
/** oi_view_or_dash() - @s, or "-" for NULL */
const char *oi_view_or_dash(const char *s);

/** oi_view_outcome() - "installed", "ready", "skipped", "refused", "failed", "running", ... */
const char *oi_view_outcome(const struct oi_doc *result);
/** oi_view_outcome_tone() - good, bad, or neither yet */
enum oi_tone oi_view_outcome_tone(const struct oi_doc *result);
/** oi_view_deciding() - which rule ended the questions with a refusal or a skip; -1: none did */
int oi_view_deciding(const struct oi_doc *verdict);
/** oi_view_rule_tone() - of a rule: only the one that led to a refusal is bad news */
enum oi_tone oi_view_rule_tone(const struct oi_doc *verdict, int rule);
/** oi_report_rules() - the rules of a verdict, and which of them decided */
void oi_report_rules(const struct oi_doc *verdict, const char *title, struct oi_textpage *paper);
/** oi_view_rule_word() - a rule's result as people read it: "no" for "fail"; borrowed or static */
const char *oi_view_rule_word(const char *word);
/** oi_view_check_word() - a check's result as people read it: "not verified" for "unproven" */
const char *oi_view_check_word(const char *word);
/** oi_view_word_tone() - of "pass", "fail", "unproven", "unknown" */
enum oi_tone oi_view_word_tone(const char *word);

/* Texts put together of several fields; owned by the caller, NULL: nothing is known. */
/** oi_view_vm() - "Standard_HB120rs_v3, cx6, 1 x 200 Gb/s" */
char *oi_view_vm(const struct oi_doc *result);
/** oi_view_driver() - "doca-ofed 3.2.3 for kernel 6.11.0-1015-azure" */
char *oi_view_driver(const struct oi_doc *result);
/** oi_view_exit() - "14 (operation unsuccessful)" */
char *oi_view_exit(const struct oi_doc *result);
/** oi_view_ended() - "2026-11-22T10:33:12Z, after 130 s" */
char *oi_view_ended(const struct oi_doc *result);

/** oi_view_epoch_ms() - one of our time stamps in milliseconds since 1970; -1: it is none */
int64_t oi_view_epoch_ms(const char *stamp);

/* A port of an RDMA device, as `links` has it. Borrowed; "-" where nothing is known. */
struct oi_view_link {
	const char *device, *link_layer, *state, *phys_state, *rate, *address;
	int64_t port;
	int64_t numa_node; /* below 0: unknown, or near to none */
};

/** oi_view_link_of() - take a port out of an item of `links` */
struct oi_view_link oi_view_link_of(const struct oi_doc *item);
/** oi_view_link_tone() - of a port in that state */
enum oi_tone oi_view_link_tone(const char *state);

#endif
