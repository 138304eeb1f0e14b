/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/record.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "fetch/sidecar.h"

#define RECORD_SCHEMA 1

/* Another one each time that the kernel starts. */
#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_BYTES 64

/* "" when it cannot be known: then it is not the same as any. */
static void boot_id(char out[BOOT_ID_BYTES])
{
	int fd = open(BOOT_ID_PATH, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, BOOT_ID_BYTES - 1);

	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}

int oi_fetch_record_write(int dir_fd, const char *name, const struct oi_fetch_record *record,
			  struct oi_err *err)
{
	OI_DOC_AUTO *doc = oi_doc_new(OI_DOC_MAP);
	char boot[BOOT_ID_BYTES];

	boot_id(boot);
	oi_doc_put_int(doc, "schema", RECORD_SCHEMA);
	oi_doc_put_string(doc, "source", record->mark.source);
	oi_doc_put_string(doc, "etag", record->mark.etag);
	oi_doc_put_string(doc, "modified", record->mark.modified);
	oi_doc_put_int(doc, "total", record->mark.total);
	oi_doc_put_string(doc, "sha256", record->sha256);
	oi_doc_put_int(doc, "synced", record->synced);
	oi_doc_put_string(doc, "boot", boot);
	return oi_sidecar_write(dir_fd, name, doc, err);
}

static bool get_text(const struct oi_doc *doc, const char *key, char *out, size_t size)
{
	const char *s = oi_doc_string(oi_doc_get(doc, key));

	if (!s || strlen(s) >= size)
		return false;
	memcpy(out, s, strlen(s) + 1);
	return true;
}

static bool get_number(const struct oi_doc *doc, const char *key, int64_t least, int64_t *out)
{
	const struct oi_doc *item = oi_doc_get(doc, key);

	if (!item || item->kind != OI_DOC_INT || item->integer < least)
		return false;
	*out = item->integer;
	return true;
}

bool oi_fetch_record_read(int dir_fd, const char *name, struct oi_fetch_record *record,
			  bool *same_boot)
{
	OI_DOC_AUTO *doc = oi_sidecar_read(dir_fd, name);
	char boot[BOOT_ID_BYTES];
	char then[BOOT_ID_BYTES];
	int64_t schema = 0;

	memset(record, 0, sizeof(*record));
	boot_id(boot);
	if (!get_number(doc, "schema", RECORD_SCHEMA, &schema) || schema != RECORD_SCHEMA ||
	    !get_text(doc, "source", record->mark.source, sizeof(record->mark.source)) ||
	    !get_text(doc, "etag", record->mark.etag, sizeof(record->mark.etag)) ||
	    !get_text(doc, "modified", record->mark.modified, sizeof(record->mark.modified)) ||
	    !get_number(doc, "total", -1, &record->mark.total) ||
	    !get_text(doc, "sha256", record->sha256, sizeof(record->sha256)) ||
	    !get_number(doc, "synced", 0, &record->synced) ||
	    !get_text(doc, "boot", then, sizeof(then)))
		return false;
	*same_boot = boot[0] && !strcmp(boot, then);
	return true;
}
