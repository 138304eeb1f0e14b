/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is what bake has left in the image as it was: the files' names and sizes, a
 * millisecond's work. What is in them was compared when it was baked, and what
 * is loaded is compared with them by verify.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "facts/doubt.h"
#include "facts/look.h"
#include "model/reasons.h"

/* Some thirty modules of a hundred bytes each */
#define MARKER_BYTES (1u << 20)

static bool is(const struct oi_doc *marker, const char *key, const struct oi_text *value)
{
	const char *then = oi_doc_string(oi_doc_get(marker, key));

	return then && value->known == OI_KNOWN && !strcmp(then, value->value);
}

static bool is_there(const struct oi_root *root, const char *kernel, const struct oi_doc *module)
{
	const char *file = oi_doc_string(oi_doc_get(module, "file"));
	int64_t bytes = oi_doc_int(oi_doc_get(module, "bytes"), -1);
	OI_FREE char *path = NULL;
	struct stat st;
	bool same;
	int fd;

	if (!file || strstr(file, ".."))
		return false;
	path = oi_mem_printf("/lib/modules/%s/%s", kernel, file);
	fd = oi_root_openat(root, path, O_PATH, 0);
	if (fd < 0)
		return false;
	same = !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size == bytes;
	close(fd);
	return same;
}

void oi_facts_look_baked(const struct oi_host *host, struct oi_facts *facts)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_DOC_AUTO *marker = NULL;
	const struct oi_doc *modules;
	struct oi_err err;
	int rc = oi_root_read(&host->change, OI_BAKED_MARKER, MARKER_BYTES, &text, &err);

	if (!rc)
		rc = oi_doc_from_json(oi_buf_str(&text), text.len, OI_BAKED_MARKER,
				      OI_R_READ_FAILED, &marker, &err);
	if (rc < 0)
		oi_facts_doubt(facts, "installed.baked: %s", err.text);
	if (rc)
		return;
	modules = oi_doc_get(marker, "modules");
	if (!is(marker, "kernel", &facts->kernel.release) ||
	    !is(marker, "arch", &facts->kernel.arch) ||
	    !is(marker, "stack", &facts->installed.stack) || !modules ||
	    modules->kind != OI_DOC_LIST) {
		facts->installed.baked = OI_FLAG_ABSENT;
		return;
	}
	facts->installed.baked = OI_FLAG_YES;
	for (size_t i = 0; i < modules->n; i++) {
		if (is_there(&host->change, facts->kernel.release.value, modules->items[i]))
			continue;
		oi_facts_doubt(facts, "installed.baked: %s is not as it was baked",
			       oi_doc_string(oi_doc_get(modules->items[i], "file")) ?: "a module");
		facts->installed.baked = OI_FLAG_NO;
	}
}
