/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The distribution, from os-release. Source: os-release(5) */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "facts/doubt.h"
#include "facts/look.h"

#define LIMIT_BYTES 65536

/*
 * A value as a shell reads it, without any expansion: @from is one line behind
 * its '='. Owned by the caller; NULL: not a value (an open quote, words behind it).
 */
static char *unquote(const char *from, const char *end)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	char quote = 0;

	while (end > from && isspace((unsigned char)end[-1]))
		end--;
	for (const char *c = from; c < end; c++) {
		if (quote ? *c == quote : *c == '"' || *c == '\'') {
			quote = (char)(quote ? 0 : *c);
		} else if (*c == '\\' && quote != '\'' && c + 1 < end) {
			/* In double quotes only these four lose their backslash. */
			if (quote && !strchr("$\"\\`", c[1]))
				oi_buf_add(&out, c, 1);
			oi_buf_add(&out, ++c, 1);
		} else if (!quote && isspace((unsigned char)*c)) {
			return NULL;
		} else {
			oi_buf_add(&out, c, 1);
		}
	}
	return quote ? NULL : oi_buf_take(&out);
}

/* The last assignment of @name counts. Owned by the caller; NULL: there is none. */
static char *value_of(const char *text, const char *name)
{
	size_t len = strlen(name);
	char *value = NULL;

	for (const char *line = text; *line;) {
		const char *end = line + strcspn(line, "\n");

		line += strspn(line, " \t");
		if (line < end && !strncmp(line, name, len) && line[len] == '=') {
			free(value);
			value = unquote(line + len + 1, end);
		}
		line = *end ? end + 1 : end;
	}
	return value;
}

static void take_value(const char *text, const char *name, struct oi_text *fact)
{
	OI_FREE char *value = value_of(text, name);

	oi_text_set(fact, value && *value ? value : NULL);
}

/*
 * CentOS Linux keeps its minor release out of os-release ("7", "8"), and drivers are
 * built for one: "CentOS Linux release 7.9.2009 (Core)" is 7.9. CentOS Stream has none.
 */
static void add_centos_minor(const struct oi_host *host, struct oi_facts *facts)
{
	const char *major = oi_text_or(&facts->os.version_id, NULL);
	OI_FREE char *line = NULL;
	OI_FREE char *version = NULL;
	struct oi_err ignored; /* without the file the version stays what os-release says */
	size_t len;
	const char *at;

	if (!major || strchr(major, '.') || !oi_text_is(&facts->os.id, "centos") ||
	    oi_root_read_line(&host->look, "/etc/centos-release", &line, &ignored))
		return;
	at = strstr(line, " release ");
	if (!at)
		return;
	at += strlen(" release ");
	len = strspn(at, "0123456789");
	if (len != strlen(major) || strncmp(at, major, len) != 0 || at[len] != '.' ||
	    !isdigit((unsigned char)at[len + 1]))
		return;
	version = oi_mem_ndup(at, len + 1 + strspn(at + len + 1, "0123456789"));
	oi_text_set(&facts->os.version_id, version);
}

void oi_facts_look_os(const struct oi_host *host, struct oi_facts *facts)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf buf = { 0 };
	OI_FREE char *like = NULL;
	struct oi_err err;
	int got = oi_root_read(&host->look, "/etc/os-release", LIMIT_BYTES, &buf, &err);

	if (got == 1)
		got = oi_root_read(&host->look, "/usr/lib/os-release", LIMIT_BYTES, &buf, &err);
	if (got) {
		oi_facts_doubt(facts, "os: %s", got < 0 ? err.text : "there is no os-release");
		return;
	}
	take_value(oi_buf_str(&buf), "ID", &facts->os.id);
	take_value(oi_buf_str(&buf), "VERSION_ID", &facts->os.version_id);
	add_centos_minor(host, facts);
	take_value(oi_buf_str(&buf), "PRETTY_NAME", &facts->os.pretty_name);
	like = value_of(oi_buf_str(&buf), "ID_LIKE");
	if (like)
		oi_strv_split(&facts->os.id_like, like, " \t");
	facts->os.id_like_known = facts->os.id_like.n ? OI_KNOWN : OI_ABSENT;
}
