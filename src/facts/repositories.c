/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which package repositories a machine of the rpm family has enabled. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "facts/doubt.h"
#include "facts/look.h"

#define FOLDER "/etc/yum.repos.d"
#define FILE_BYTES (1u << 20)

static char *trimmed(const char *from, size_t len)
{
	while (len && strchr(" \t", *from)) {
		from++;
		len--;
	}
	while (len && strchr(" \t\r", from[len - 1]))
		len--;
	return oi_mem_ndup(from, len);
}

/* Without the word a repository is enabled. Source: dnf.conf(5), "Boolean", "enabled" */
static bool is_no(const char *value)
{
	static const char *const words[] = { "0", "no", "false", "off" };

	for (size_t i = 0; i < OI_ARRAY_SIZE(words); i++)
		if (!strcasecmp(value, words[i]))
			return true;
	return false;
}

static void finish_section(char **id, bool enabled, struct oi_strv *repositories)
{
	if (*id && enabled && !oi_strv_has(repositories, *id))
		oi_strv_add(repositories, *id);
	oi_mem_set(id, NULL);
}

static void look_into(const char *text, struct oi_strv *repositories)
{
	OI_FREE char *id = NULL;
	bool enabled = true;

	while (*text) {
		size_t len = strcspn(text, "\n");
		const char *equals = memchr(text, '=', len);
		const char *end = memchr(text, ']', len);

		if (*text == '[' && end) {
			finish_section(&id, enabled, repositories);
			id = oi_mem_ndup(text + 1, (size_t)(end - text) - 1);
			enabled = true;
		} else if (equals) {
			OI_FREE char *key = trimmed(text, (size_t)(equals - text));
			OI_FREE char *value = trimmed(equals + 1, len - (size_t)(equals - text) - 1);

			if (!strcmp(key, "enabled"))
				enabled = !is_no(value);
		}
		text += len;
		text += *text == '\n';
	}
	finish_section(&id, enabled, repositories);
}

void oi_facts_look_repositories(const struct oi_host *host, struct oi_facts *facts)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	struct oi_err err;
	int got = oi_root_list(&host->change, FOLDER, &names, &err);

	if (got < 0)
		oi_facts_doubt(facts, "os.repositories: %s", err.text);
	if (got)
		return; /* a machine of another family: the question does not arise */
	for (size_t i = 0; i < names.n; i++) {
		OI_FREE char *path = oi_mem_printf(FOLDER "/%s", names.v[i]);
		OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
		const char *dot = strrchr(names.v[i], '.');

		if (!dot || strcmp(dot, ".repo") != 0)
			continue;
		if (oi_root_read(&host->change, path, FILE_BYTES, &text, &err)) {
			oi_facts_doubt(facts, "os.repositories: %s", err.text);
			return;
		}
		look_into(oi_buf_str(&text), &facts->os.repositories);
	}
	facts->os.repositories_known = OI_KNOWN;
}
