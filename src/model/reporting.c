/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/reporting.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/ver.h"

/* Source: cloud-init, cloudinit/reporting/events.py: 25.3 has none, 26.1 has them */
#define FIRST_WITH_DURATIONS "26.1"

/* More would be more than a boot is worth. */
#define RETRIES_MOST 10
#define TIMEOUT_MOST_S 3600

void oi_reporting_clear(struct oi_reporting *reporting)
{
	for (size_t i = 0; i < reporting->n; i++) {
		free(reporting->v[i].name);
		free(reporting->v[i].endpoint);
	}
	free(reporting->v);
	oi_strv_clear(&reporting->left_out);
	memset(reporting, 0, sizeof(*reporting));
}

bool oi_reporting_has_durations(const char *version)
{
	return version && !oi_ver_below(version, FIRST_WITH_DURATIONS);
}

/* As Python sees it: an empty string, 0 and null are not there. */
static bool is_given(const struct oi_doc *node)
{
	if (!node || node->kind == OI_DOC_NULL)
		return false;
	if (node->kind == OI_DOC_STRING)
		return *node->text;
	return node->kind != OI_DOC_BOOL || node->boolean;
}

static bool wants_signature(const struct oi_doc *handler)
{
	static const char *const keys[] = { "consumer_key", "token_key", "token_secret",
					    "consumer_secret" };

	for (size_t i = 0; i < OI_ARRAY_SIZE(keys); i++)
		if (is_given(oi_doc_get(handler, keys[i])))
			return true;
	return false;
}

static bool is_address(const char *url)
{
	return url && (!strncmp(url, "https://", 8) || !strncmp(url, "http://", 7));
}

/* 0 when there is none, or none that makes sense. */
static double number_of(const struct oi_doc *node, double most)
{
	double number = !node			      ? 0 :
			node->kind == OI_DOC_INT  ? (double)node->integer :
			node->kind == OI_DOC_REAL ? node->real :
						    0;

	return number > 0 ? (number < most ? number : most) : 0;
}

static void add_handler(const char *name, const struct oi_doc *handler, struct oi_reporting *reporting)
{
	const char *type = oi_doc_string(oi_doc_get(handler, "type"));
	const char *endpoint = oi_doc_string(oi_doc_get(handler, "endpoint"));
	struct oi_reporting_hook *hook;

	if (!type || strcmp(type, "webhook") != 0)
		return;
	if (wants_signature(handler)) {
		oi_strv_addf(&reporting->left_out,
			     "reporting.%s: gets no events of ofed-init, which does not sign with OAuth keys",
			     name);
		return;
	}
	if (!is_address(endpoint)) {
		oi_strv_addf(&reporting->left_out,
			     "reporting.%s: gets no events of ofed-init: its endpoint is not https:// or http://",
			     name);
		return;
	}
	reporting->v = oi_mem_grow(reporting->v, reporting->n + 1, sizeof(*hook));
	hook = &reporting->v[reporting->n++];
	*hook = (struct oi_reporting_hook){
		.name = oi_mem_dup(name),
		.endpoint = oi_mem_dup(endpoint),
		.timeout_ms = (int64_t)(number_of(oi_doc_get(handler, "timeout"), TIMEOUT_MOST_S) * 1000),
		.retries = (int)number_of(oi_doc_get(handler, "retries"), RETRIES_MOST),
	};
}

void oi_reporting_from_doc(const struct oi_doc *section, struct oi_reporting *reporting)
{
	for (size_t i = 0; section && section->kind == OI_DOC_MAP && i < section->n; i++)
		if (oi_doc_get(section, section->keys[i]) == section->items[i]) /* not one given twice */
			add_handler(section->keys[i], section->items[i], reporting);
}
