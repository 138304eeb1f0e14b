/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/cache/symbols.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/tools/child.h"
#include "model/reasons.h"

/* Ubuntu's kernels have about 1.5 MiB of them. */
#define LIST_BYTES (16u << 20)

void oi_symbols_clear(struct oi_symbols *symbols)
{
	oi_strv_clear(&symbols->known);
	symbols->sorted = false;
}

char *oi_symbols_parse(const char *line)
{
	size_t digits = !strncmp(line, "0x", 2) ? strspn(line + 2, "0123456789abcdef") : 0;
	const char *name = line + 2 + digits;

	if (!digits || *name != '\t' || !name[1])
		return NULL;
	return oi_mem_printf("%s %.*s", name + 1, (int)digits + 2, line);
}

/* A kernel without CONFIG_MODVERSIONS has none, and kmod's answer is an empty one or an error. */
static int dump(const struct oi_host *host, const char *path, struct oi_strv *out,
		struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_MODPROBE, .out = &text };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };

	oi_strv_add(&child.args, "--dump-modversions");
	oi_strv_add(&child.args, path);
	if (oi_child_run(host, &child, &result, err) && result.end != OI_RUN_EXITED)
		return -1;
	oi_strv_split(&lines, oi_buf_str(&text), "\n");
	for (size_t i = 0; i < lines.n; i++) {
		OI_FREE char *entry = oi_symbols_parse(lines.v[i]);

		if (entry)
			oi_strv_add(out, entry);
	}
	return 0;
}

int oi_symbols_add(const struct oi_host *host, const char *path, struct oi_symbols *symbols,
		   struct oi_err *err)
{
	symbols->sorted = false;
	return dump(host, path, &symbols->known, err);
}

/* By name alone: a name ends at its blank. */
static int by_name(const void *a, const void *b)
{
	const char *x = *(const char *const *)a;
	const char *y = *(const char *const *)b;
	size_t n = strcspn(x, " "), m = strcspn(y, " ");
	int order = strncmp(x, y, n < m ? n : m);

	return order ? order : (n > m) - (n < m);
}

/* Borrowed; NULL: nothing is known of it. */
static char **find(struct oi_symbols *symbols, const char *entry)
{
	struct oi_strv *known = &symbols->known;

	if (!known->n)
		return NULL;
	if (!symbols->sorted)
		qsort(known->v, known->n, sizeof(*known->v), by_name);
	symbols->sorted = true;
	return bsearch(&entry, known->v, known->n, sizeof(*known->v), by_name);
}

/* All of one name, of which each of the kernel's modules has given one. */
static void forget(struct oi_symbols *symbols, const char *name)
{
	char **found = find(symbols, name);
	char **end = symbols->known.v + symbols->known.n;

	if (!found)
		return;
	while (found > symbols->known.v && !by_name(&found[-1], &name))
		found--;
	for (; found < end && !by_name(found, &name); found++)
		(*found)[strlen(*found) - 1] = '?'; /* keeps its place; no version has that sign */
}

int oi_symbols_drop_exports(const struct oi_host *host, const char *kernel,
			    const struct oi_strv *modules, struct oi_symbols *symbols,
			    struct oi_err *err)
{
	static const char prefix[] = "alias symbol:";
	OI_FREE char *path = oi_mem_printf("/lib/modules/%s/modules.symbols", kernel);
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	int got = oi_root_read(&host->change, path, LIST_BYTES, &text, err);

	if (got < 0)
		return -1;
	/* Then nobody tells a symbol of the kernel from one of a module. */
	if (got)
		oi_symbols_clear(symbols);
	oi_strv_split(&lines, oi_buf_str(&text), "\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *name = lines.v[i] + strlen(prefix);
		const char *module;

		if (strncmp(lines.v[i], prefix, strlen(prefix)) != 0)
			continue;
		module = strchr(name, ' ');
		if (module && oi_strv_has(modules, module + 1))
			forget(symbols, name);
	}
	return 0;
}

static bool agrees(const char *known, const char *entry)
{
	return known[strlen(known) - 1] == '?' || !strcmp(known, entry);
}

int oi_symbols_check(const struct oi_host *host, const char *path, struct oi_symbols *symbols,
		     struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv wanted = { 0 };

	if (!symbols->known.n)
		return 0;
	if (dump(host, path, &wanted, err))
		return -1;
	for (size_t i = 0; i < wanted.n; i++) {
		char **known = find(symbols, wanted.v[i]);

		if (known && !agrees(*known, wanted.v[i]))
			return oi_err_set(err, OI_R_MODULES_UNFIT,
					  "built against another build of the kernel: %s, expected %s",
					  wanted.v[i], *known + strcspn(*known, " ") + 1);
	}
	return 0;
}
