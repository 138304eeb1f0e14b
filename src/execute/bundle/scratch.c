/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a bundle is unpacked. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/bundle/bundle.h"
#include "model/reasons.h"
#include "sys/mnt.h"

#define NAME "ofed-init-bundle."
#define NAME_HEX 16 /* of oi_root_new_name() */
#define RECORD_BYTES 512

/*
 * Where the resource disk is mounted: by the Azure agent, by cloud-init.
 * Source: waagent.conf, ResourceDisk.MountPoint; cloud-init's Azure datasource, ephemeral0
 */
static const char *const resource_disks[] = { "/mnt/resource", "/mnt" };

/* Nobody else may rename what we make in there. */
static bool is_ours(const struct oi_root *root, const char *path)
{
	struct stat st;
	int fd = oi_root_openat(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	bool ours = fd >= 0 && !fstat(fd, &st) && st.st_uid == geteuid() &&
		    (!(st.st_mode & 022) || (st.st_mode & S_ISVTX));

	if (fd >= 0)
		close(fd);
	return ours;
}

/* Why this place cannot be used, or NULL with *@code untouched; owned by the caller. */
static char *unfit(const struct oi_host *host, const char *table, const char *path, bool own_disk,
		   int64_t need_bytes, int *code)
{
	OI_FREE char *name = oi_root_name(&host->change, path);
	struct oi_mnt_place place = { 0 };
	int64_t free_bytes = 0;
	struct oi_err err;

	if (oi_mnt_look(table, name, &place, &err))
		return own_disk ? oi_mem_dup(err.text) : NULL;
	if (own_disk && (!place.is_mount || !place.on_device))
		return oi_mem_dup("no disk is mounted there");
	if (!is_ours(&host->change, path))
		return oi_mem_dup("others may write there");
	*code = OI_R_SCRATCH_NOEXEC;
	if (place.noexec)
		return oi_mem_dup("it is mounted noexec");
	*code = OI_R_WRITE_FAILED;
	if (place.read_only)
		return oi_mem_dup("it is mounted read-only");
	*code = OI_R_DISK_SPACE;
	if (oi_root_free_bytes(&host->change, path, &free_bytes, &err))
		return oi_mem_dup(err.text);
	if (free_bytes < need_bytes)
		return oi_mem_printf("%" PRId64 " MiB are needed, %" PRId64 " are free",
				     need_bytes >> 20, free_bytes >> 20);
	return NULL;
}

static int choose(const struct oi_host *host, const char *table, int64_t need_bytes,
		  const char **out, struct oi_err *err)
{
	OI_FREE char *why = NULL;
	int code = OI_R_WRITE_FAILED;

	for (size_t i = 0; i < OI_ARRAY_SIZE(resource_disks); i++) {
		OI_FREE char *not_this = NULL;
		int ignored = 0;

		if (!oi_root_exists(&host->change, resource_disks[i]))
			continue;
		not_this = unfit(host, table, resource_disks[i], true, need_bytes, &ignored);
		if (!not_this) {
			*out = resource_disks[i];
			return 0;
		}
		oi_log_debug(&host->log, "scratch: not %s: %s", resource_disks[i], not_this);
	}
	why = unfit(host, table, OI_STATE_DIR, false, need_bytes, &code);
	if (why)
		return oi_err_set(err, code, "%s: %s", OI_STATE_DIR, why);
	*out = OI_STATE_DIR;
	return 0;
}

int oi_bundle_scratch(const struct oi_host *host, const char *table, int64_t need_bytes, char **out,
		      struct oi_err *err)
{
	const char *folder = NULL;
	OI_FREE char *prefix = NULL;
	OI_FREE char *path = NULL;
	OI_FREE char *name = NULL;

	oi_bundle_forget(host);
	if (oi_root_mkdirs(&host->change, OI_STATE_DIR, 0755, err) ||
	    choose(host, table, need_bytes, &folder, err))
		return -1;
	prefix = oi_mem_printf("%s/" NAME, folder);
	path = oi_root_new_name(prefix);
	if (!path)
		return oi_err_set(err, OI_R_WRITE_FAILED, "%s: %s", prefix, strerror(errno));
	name = oi_root_name(&host->change, path);
	/* Written down first: a folder that nobody knows of would stay. */
	if (oi_root_write(&host->change, OI_BUNDLE_RECORD, 0600, path, strlen(path), err))
		return -1;
	if (mkdir(name, 0700))
		return oi_err_set(err, OI_R_WRITE_FAILED, "%s: %s", path, strerror(errno));
	oi_log_info(&host->log, "scratch: %s", path);
	*out = oi_mem_take(&path);
	return 0;
}

/* Only what this file has made: the record is one more thing that may be damaged. */
static bool is_scratch(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;
	bool known = slash && len == strlen(OI_STATE_DIR) && !strncmp(path, OI_STATE_DIR, len);

	for (size_t i = 0; slash && i < OI_ARRAY_SIZE(resource_disks); i++)
		known |= len == strlen(resource_disks[i]) && !strncmp(path, resource_disks[i], len);
	return known && !strncmp(slash + 1, NAME, strlen(NAME)) &&
	       strlen(slash + 1 + strlen(NAME)) == NAME_HEX &&
	       strspn(slash + 1 + strlen(NAME), "0123456789abcdef") == NAME_HEX;
}

int oi_bundle_keep(const struct oi_host *host, const char *scratch, const char *sha256,
		   struct oi_err *err)
{
	OI_FREE char *text = oi_mem_printf("%s %s", sha256, scratch);

	return oi_root_mkdirs(&host->change, OI_RUN_DIR, 0755, err) ||
			       oi_root_write(&host->change, OI_BUNDLE_KEPT, 0600, text, strlen(text),
					     err) ?
		       -1 :
		       0;
}

bool oi_bundle_kept(const struct oi_host *host, const char *sha256, char **out)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf kept = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf record = { 0 };
	struct oi_err ignored;
	const char *path;

	if (oi_root_read(&host->change, OI_BUNDLE_KEPT, RECORD_BYTES, &kept, &ignored) ||
	    oi_root_read(&host->change, OI_BUNDLE_RECORD, RECORD_BYTES, &record, &ignored))
		return false;
	path = oi_buf_str(&kept) + strcspn(oi_buf_str(&kept), " ");
	if (path - oi_buf_str(&kept) != (ptrdiff_t)strlen(sha256) ||
	    strncmp(oi_buf_str(&kept), sha256, strlen(sha256)) || !*path++ ||
	    strcmp(path, oi_buf_str(&record)) || !is_scratch(path) || !is_ours(&host->change, path))
		return false;
	*out = oi_mem_dup(path);
	return true;
}

void oi_bundle_forget(const struct oi_host *host)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	struct oi_err err;

	/* First: what it names is not complete from here on. */
	if (oi_root_remove(&host->change, OI_BUNDLE_KEPT, &err))
		oi_log_warn(&host->log, "could not clean up: %s", err.text);
	if (oi_root_read(&host->change, OI_BUNDLE_RECORD, RECORD_BYTES, &text, &err))
		return;
	if (is_scratch(oi_buf_str(&text)) &&
	    oi_root_remove(&host->change, oi_buf_str(&text), &err)) {
		oi_log_warn(&host->log, "could not clean up: %s", err.text);
		return;
	}
	if (oi_root_remove(&host->change, OI_BUNDLE_RECORD, &err))
		oi_log_warn(&host->log, "could not clean up: %s", err.text);
}
