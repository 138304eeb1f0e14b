/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/state/leavings.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/tools/child.h"
#include "sys/kmods.h"

#define SOURCES "/usr/src"
#define HEADERS SOURCES "/ofa_kernel"
#define HEADERS_LINK HEADERS "/default"
#define ALTERNATIVE "ofa_kernel_headers"
/* The same folder for Debian's tool and for that of EL and SUSE. */
#define ALTERNATIVE_LINK "/etc/alternatives/" ALTERNATIVE
#define FILE_BYTES (1u << 20)

/* --- lines in files of others --- */

static bool is_limit(const char *line)
{
	return !strcmp(line, "* soft memlock unlimited") || !strcmp(line, "* hard memlock unlimited");
}

static bool is_ipoib_option(const char *line)
{
	return !strcmp(line, "options ib_ipoib send_queue_size=128 recv_queue_size=128");
}

/* "MLX5_LOAD=yes", "# Load SRP module" */
static bool is_load(const char *line)
{
	static const char comment[] = "# Load ";
	size_t name = strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	if (!strncmp(line, comment, strlen(comment)))
		return true;
	return name > strlen("_LOAD") && !strncmp(line + name - strlen("_LOAD"), "_LOAD=", 6) &&
	       (!strcmp(line + name, "=yes") || !strcmp(line + name, "=no"));
}

static const struct {
	const char *path;
	bool (*is_theirs)(const char *line);
} files[] = {
	{ "/etc/security/limits.conf", is_limit },
	{ "/etc/modprobe.d/ib_ipoib.conf", is_ipoib_option },
	{ "/etc/infiniband/openib.conf", is_load },
};

/* Removes it once: what was there twice, and is there three times, is there twice again. */
static bool take_line(struct oi_strv *lines, const char *line)
{
	for (size_t i = 0; i < lines->n; i++)
		if (lines->v[i] && !strcmp(lines->v[i], line)) {
			free(lines->v[i]);
			memmove(&lines->v[i], &lines->v[i + 1], (lines->n - i - 1) * sizeof(*lines->v));
			lines->n--;
			return true;
		}
	return false;
}

static bool are_all_theirs(const char *text, bool (*is_theirs)(const char *line))
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };

	oi_strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (!is_theirs(lines.v[i]))
			return false;
	return true;
}

char *oi_leavings_strip(const char *now, const char *before, bool (*is_theirs)(const char *line))
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv old = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf kept = { 0 };
	size_t len = strlen(before);

	/* Also where the last line had no end, and the first of theirs stands behind it. */
	if (!strncmp(now, before, len) && are_all_theirs(now + len, is_theirs))
		return oi_mem_dup(before);
	oi_strv_split(&old, before, "\n");
	while (*now) {
		size_t n = strcspn(now, "\n");
		OI_FREE char *line = oi_mem_ndup(now, n);

		if (take_line(&old, line) || !is_theirs(line))
			oi_buf_addf(&kept, "%s%s", line, now[n] ? "\n" : "");
		now += n + (now[n] == '\n');
	}
	return oi_mem_dup(oi_buf_str(&kept));
}

static mode_t mode_of(const struct oi_root *root, const char *path)
{
	int fd = oi_root_openat(root, path, O_PATH, 0);
	struct stat st = { .st_mode = 0644 };

	if (fd >= 0 && fstat(fd, &st))
		st.st_mode = 0644;
	if (fd >= 0)
		close(fd);
	return st.st_mode & 07777;
}

static int keep_copies(const struct oi_root *root, struct oi_err *err)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(files); i++) {
		OI_FREE char *copy = oi_mem_printf(OI_RECORD_BEFORE_DIR "%s", files[i].path);
		OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
		int got = oi_root_read(root, files[i].path, FILE_BYTES, &text, err);

		if (got < 0 || (!got && oi_root_write(root, copy, mode_of(root, files[i].path),
						      oi_buf_str(&text), text.len, err)))
			return -1;
	}
	return 0;
}

/* A file that was not there before goes when nothing but theirs is in it. */
static int clean_file(const struct oi_host *host, const char *path, bool was_there,
		      bool (*is_theirs)(const char *line), struct oi_err *err)
{
	const struct oi_root *root = &host->change;
	OI_FREE char *copy = oi_mem_printf(OI_RECORD_BEFORE_DIR "%s", path);
	OI_CLEANUP(oi_buf_clear) struct oi_buf now = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf before = { 0 };
	OI_FREE char *text = NULL;
	int got = oi_root_read(root, path, FILE_BYTES, &now, err);

	if (got)
		return got < 0 ? -1 : 0;
	if (!was_there && !are_all_theirs(oi_buf_str(&now), is_theirs))
		return 0;
	got = was_there ? oi_root_read(root, copy, FILE_BYTES, &before, err) : 0;
	if (got)
		return got < 0 ? -1 : 0;
	text = oi_leavings_strip(oi_buf_str(&now), oi_buf_str(&before), is_theirs);
	if (was_there && !strcmp(text, oi_buf_str(&now)))
		return 0;
	oi_log_info(&host->log, "%s: %s", path, was_there ? "the vendor's lines removed" :
							    "the vendor has left it: removed");
	return was_there ? oi_root_write(root, path, mode_of(root, path), text, strlen(text), err) :
			   oi_root_remove(root, path, err);
}

/* --- folders --- */

static int list(const struct oi_root *root, const char *folder, struct oi_strv *names,
		struct oi_err *err)
{
	return oi_root_list(root, folder, names, err) < 0 ? -1 : 0;
}

static bool is_real_folder(const struct oi_root *root, const char *path)
{
	int fd = oi_root_openat(root, path, O_PATH | O_NOFOLLOW | O_DIRECTORY, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* ARCH/KERNEL, and not what the link leads to. */
static int look_at_headers(const struct oi_root *root, struct oi_strv *found, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv archs = { 0 };

	if (list(root, HEADERS, &archs, err))
		return -1;
	for (size_t i = 0; i < archs.n; i++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv kernels = { 0 };
		OI_FREE char *arch = oi_mem_printf(HEADERS "/%s", archs.v[i]);

		if (!is_real_folder(root, arch))
			continue;
		oi_strv_add(found, arch);
		if (list(root, arch, &kernels, err))
			return -1;
		for (size_t k = 0; k < kernels.n; k++)
			oi_strv_addf(found, "%s/%s", arch, kernels.v[k]);
	}
	return 0;
}

/* A driver that somebody has added to a kernel's own modules: the one that modprobe takes. */
static int look_at_modules(const struct oi_root *root, struct oi_strv *found, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv kernels = { 0 };

	if (list(root, "/lib/modules", &kernels, err))
		return -1;
	for (size_t i = 0; i < kernels.n; i++) {
		struct oi_kmod driver = { .name = OI_KMOD_MAIN };
		int got = oi_kmods_find(root, kernels.v[i], &driver, 1, err);

		if (!got && oi_kmod_is_added(&driver))
			oi_strv_addf(found, "/lib/modules/%s/%s", kernels.v[i], driver.path);
		oi_kmods_clear(&driver, 1);
		if (got < 0)
			return -1;
	}
	return 0;
}

/* A link that leads nowhere is there too. */
static bool is_there(const struct oi_root *root, const char *path)
{
	int fd = oi_root_openat(root, path, O_PATH | O_NOFOLLOW, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

int oi_leavings_look(const struct oi_root *root, struct oi_strv *found, struct oi_err *err)
{
	static const char *const single[] = { HEADERS, HEADERS_LINK, ALTERNATIVE_LINK };
	OI_CLEANUP(oi_strv_clear) struct oi_strv sources = { 0 };

	oi_strv_add(found, SOURCES);
	if (list(root, SOURCES, &sources, err))
		return -1;
	for (size_t i = 0; i < sources.n; i++)
		if (strcmp(sources.v[i], "ofa_kernel") != 0)
			oi_strv_addf(found, SOURCES "/%s", sources.v[i]);
	for (size_t i = 0; i < OI_ARRAY_SIZE(single); i++)
		if (is_there(root, single[i]))
			oi_strv_add(found, single[i]);
	for (size_t i = 0; i < OI_ARRAY_SIZE(files); i++)
		if (is_there(root, files[i].path))
			oi_strv_add(found, files[i].path);
	return look_at_headers(root, found, err) || look_at_modules(root, found, err) ? -1 : 0;
}

int oi_leavings_note(const struct oi_root *root, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv found = { 0 };

	if (oi_root_exists(root, OI_RECORD_PATH))
		return 0;
	return oi_leavings_look(root, &found, err) || keep_copies(root, err) ||
			       oi_record_note_kept(root, &found, err) ?
		       -1 :
		       0;
}

static int drop(const struct oi_host *host, const char *path, struct oi_err *err)
{
	if (oi_root_remove(&host->change, path, err))
		return -1;
	oi_log_info(&host->log, "%s: the vendor has left it: removed", path);
	return 0;
}

static int drop_if_empty(const struct oi_host *host, const char *path, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	int got = oi_root_list(&host->change, path, &names, err);

	if (got)
		return got < 0 ? -1 : 0;
	return names.n ? 0 : drop(host, path, err);
}

/* Its own books are the tool's; what it cannot do, is done to its links. */
static void forget_alternative(const struct oi_host *host, const char *path)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_UPDATE_ALTERNATIVES };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	struct oi_err err;

	oi_strv_add(&child.args, path ? "--remove" : "--remove-all");
	oi_strv_add(&child.args, ALTERNATIVE);
	if (path)
		oi_strv_add(&child.args, path);
	if (oi_child_run(host, &child, &result, &err))
		oi_log_warn(&host->log, "alternatives: %s", err.text);
}

static int remove_headers(const struct oi_host *host, const struct oi_strv *kept,
			  struct oi_err *err)
{
	const struct oi_root *root = &host->change;
	OI_CLEANUP(oi_strv_clear) struct oi_strv found = { 0 };

	if (look_at_headers(root, &found, err))
		return -1;
	/* The folders of kernels stand after that of their architecture. */
	for (size_t i = found.n; i-- > 0;) {
		const char *path = found.v[i];
		bool kernel = strchr(path + strlen(HEADERS "/"), '/');

		if (oi_strv_has(kept, path))
			continue;
		if (kernel && is_there(root, ALTERNATIVE_LINK))
			forget_alternative(host, path);
		if (kernel ? drop(host, path, err) : drop_if_empty(host, path, err))
			return -1;
	}
	/* One that leads to what is gone, by whoever's hand. */
	if (is_there(root, ALTERNATIVE_LINK) && !oi_strv_has(kept, ALTERNATIVE_LINK))
		forget_alternative(host, NULL);
	if (is_there(root, HEADERS_LINK) && !oi_strv_has(kept, HEADERS_LINK) &&
	    drop(host, HEADERS_LINK, err))
		return -1;
	return oi_strv_has(kept, HEADERS) ? 0 : drop_if_empty(host, HEADERS, err);
}

/* "NAME-VERSION" of a module that dkms did not know before us, or "ofa_kernel-VERSION", its other name. */
static bool is_source_of(const struct oi_record *record, const char *name)
{
	static const char other[] = "ofa_kernel-";

	if (!strncmp(name, other, strlen(other)))
		return true;
	for (size_t i = 0; i < record->dkms.n; i++) {
		size_t len = strlen(record->dkms.v[i]);

		if (!strncmp(name, record->dkms.v[i], len) && name[len] == '-')
			return true;
	}
	return false;
}

/* Whole sources are somebody's: a package's removal takes dkms.conf along. */
static int remove_sources(const struct oi_host *host, const struct oi_record *record,
			  struct oi_err *err)
{
	const struct oi_root *root = &host->change;
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

	if (list(root, SOURCES, &names, err))
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		OI_FREE char *path = oi_mem_printf(SOURCES "/%s", names.v[i]);
		OI_FREE char *conf = oi_mem_printf("%s/dkms.conf", path);

		if (is_source_of(record, names.v[i]) && !oi_strv_has(&record->kept, path) &&
		    !oi_root_exists(root, conf) && drop(host, path, err))
			return -1;
	}
	return 0;
}

int oi_leavings_remove(const struct oi_host *host, const struct oi_record *record,
		       struct oi_err *err)
{
	static const char driver[] = OI_DKMS_TREE "/mlnx-ofed-kernel";

	if (!record->kept.n)
		return 0;
	if (oi_root_exists(&host->change, driver)) {
		oi_log_warn(&host->log, "%s: dkms still has a driver of the vendor's: its headers stay", driver);
		return 0;
	}
	for (size_t i = 0; i < OI_ARRAY_SIZE(files); i++)
		if (clean_file(host, files[i].path, oi_strv_has(&record->kept, files[i].path),
			       files[i].is_theirs, err))
			return -1;
	return remove_headers(host, &record->kept, err) || remove_sources(host, record, err) ? -1 : 0;
}
