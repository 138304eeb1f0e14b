/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/collect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "report/clean.h"
#include "report/keylines.h"
#include "report/report.h"
#include "sys/clock.h"
#include "sys/kmods.h"
#include "sys/run.h"

/* Of a file or of a child's output the end is kept: that is where it went wrong. */
#define PIECE_BYTES (512u << 10)
#define OUTPUT_LIMIT_BYTES (8u << 20)
#define ARCHIVE_LIMIT_BYTES (64u << 20) /* more than all pieces together */
#define MAKE_LOGS_MAX 16
#define CHILD_MS 30000


/* --- text in, text without secrets out --- */

/* @cut: the beginning is missing, which may be that of a key */
static void add_lines(const char *text, bool cut, struct oi_buf *out)
{
	struct oi_key_lines key = { .inside = cut };

	while (*text) {
		size_t len = strcspn(text, "\n");
		OI_FREE char *line = oi_mem_ndup(text, len);
		OI_FREE char *clean = oi_report_clean(line);
		OI_FREE char *safe = oi_redact(clean);

		if (!oi_key_lines_skip(&key, clean))
			oi_buf_addf(out, "%s\n", safe);
		text += len + (text[len] == '\n');
	}
}

void oi_collect_note(struct oi_collect *collect, const char *name, const char *why)
{
	OI_FREE char *safe = oi_redact(why);

	oi_buf_addf(&collect->contents, "%-28s %s\n", name, safe);
}

static void keep(struct oi_collect *collect, const char *name, const char *what,
		 const struct oi_buf *text)
{
	OI_FREE char *path = oi_mem_printf("/" OI_COLLECT_FOLDER "/%s", name);
	struct oi_err err;

	if (oi_root_write(&collect->scratch, path, 0644, oi_buf_str(text), text->len, &err))
		oi_collect_note(collect, name, err.text);
	else
		oi_collect_note(collect, name, what);
}

/* A NUL ends a line here, so that nothing behind one is taken along unseen. */
static void keep_text(struct oi_collect *collect, const char *name, const char *what,
		      struct oi_buf *raw, bool cut)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf safe = { 0 };
	const char *from;

	if (raw->len > PIECE_BYTES) {
		oi_buf_drop(raw, raw->len - PIECE_BYTES);
		cut = true;
	}
	for (size_t i = 0; i < raw->len; i++)
		if (!raw->data[i])
			raw->data[i] = '\n';
	from = oi_buf_str(raw);
	if (cut) {
		oi_buf_adds(&safe, "[what came before is left out]\n");
		from += strcspn(from, "\n"); /* half a line may be half a secret */
	}
	add_lines(from, cut, &safe);
	keep(collect, name, what, &safe);
}

void oi_collect_doc(struct oi_collect *collect, const char *name, struct oi_doc *doc)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_FREE char *json = NULL;

	oi_report_redact_doc(doc);
	json = oi_doc_to_public_json(doc, true);
	oi_buf_addf(&text, "%s\n", json);
	oi_doc_free(doc);
	keep(collect, name, "", &text);
}

/* --- files --- */

static int read_end(const struct oi_root *root, const char *path, struct oi_buf *out, bool *cut)
{
	char piece[65536];
	struct stat st;
	ssize_t n = -1;
	/* O_NONBLOCK: a FIFO by that name must not hold us up */
	int fd = oi_root_openat(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode)) {
		*cut = st.st_size > PIECE_BYTES;
		if (!*cut || lseek(fd, -(off_t)PIECE_BYTES, SEEK_END) >= 0)
			while ((n = read(fd, piece, sizeof(piece))) > 0 && out->len < OUTPUT_LIMIT_BYTES)
				oi_buf_add(out, piece, (size_t)n);
	} else {
		errno = EINVAL;
	}
	close(fd);
	return n < 0 ? -1 : 0;
}

static void add_file(struct oi_collect *collect, const struct oi_root *root, const char *path,
		     const char *name)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_DOC_AUTO *doc = NULL;
	struct oi_err ignored;
	bool cut = false;

	if (read_end(root, path, &text, &cut)) {
		oi_collect_note(collect, name, errno == ENOENT ? "there is none" : strerror(errno));
		return;
	}
	/* A key in a string of JSON is one line: as a tree it is redacted string by string. */
	if (!cut && text.len && text.data[strspn(text.data, " \n")] == '{' &&
	    !oi_doc_from_json(text.data, text.len, path, OI_R_READ_FAILED, &doc, &ignored)) {
		oi_collect_doc(collect, name, oi_doc_copy(doc));
		return;
	}
	keep_text(collect, name, path, &text, cut);
}

static void add_make_log(struct oi_collect *collect, const char *path, size_t *n)
{
	OI_FREE char *name = oi_mem_printf("dkms/make-%zu.log", *n + 1);

	if (*n >= MAKE_LOGS_MAX || !oi_root_exists(&collect->host->change, path))
		return;
	add_file(collect, &collect->host->change, path, name);
	++*n;
}

/* Source: dkms(8): TREE/NAME/VERSION/build/make.log while it is built or has failed, and
 * TREE/NAME/VERSION/KERNEL/ARCH/log/make.log afterwards */
static void add_make_logs(struct oi_collect *collect, const char *folder, int depth, size_t *n)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_FREE char *build = oi_mem_printf("%s/build/make.log", folder);
	OI_FREE char *log = oi_mem_printf("%s/log/make.log", folder);
	struct oi_err ignored;

	add_make_log(collect, build, n);
	add_make_log(collect, log, n);
	if (!depth || oi_root_list(&collect->host->change, folder, &names, &ignored))
		return;
	for (size_t i = 0; i < names.n; i++) {
		OI_FREE char *below = oi_mem_printf("%s/%s", folder, names.v[i]);

		if (strcmp(names.v[i], "build") && strcmp(names.v[i], "source"))
			add_make_logs(collect, below, depth - 1, n);
	}
}

static void add_files(struct oi_collect *collect)
{
	static const struct {
		const char *path, *name;
	} files[] = {
		{ OI_STATUS_LOG, "ib-vmext-status" },
		{ OI_STATUS_LOG ".1", "ib-vmext-status.1" },
		{ OI_STATE_DIR "/result.json", "result.json" },
		{ OI_STATE_DIR "/agent.status", "agent.status" },
		{ OI_JOURNAL_PATH, "journal.json" },
		{ OI_STATE_DIR "/installed.json", "installed.json" },
		{ OI_BAKED_MARKER, "baked.json" },
		{ OI_STATE_DIR "/reboot.json", "reboot.json" },
		{ OI_PUBLISH_LOG, "publish.log" },
		{ OI_RUN_DIR "/prefetch.json", "prefetch.json" },
	};
	size_t n_make_logs = 0;

	for (size_t i = 0; i < OI_ARRAY_SIZE(files); i++)
		add_file(collect, &collect->host->change, files[i].path, files[i].name);
	add_file(collect, &collect->host->look, "/etc/os-release", "os-release");
	add_file(collect, &collect->host->look, "/proc/version", "kernel-version");
	add_file(collect, &collect->host->look, "/proc/modules", "modules");
	add_file(collect, &collect->host->look, "/proc/cmdline", "kernel-command-line");
	add_make_logs(collect, OI_DKMS_TREE, 4, &n_make_logs);
	if (!n_make_logs)
		oi_collect_note(collect, "dkms/make.log", "there is none");
}

/* --- children --- */

/* Keeps the lines that have one of @words in them; NULL: all. */
static void sift(struct oi_buf *text, const char *const *words)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };

	if (!words)
		return;
	oi_strv_split(&lines, oi_buf_str(text), "\n");
	oi_buf_reset(text);
	for (size_t i = 0; i < lines.n; i++)
		for (const char *const *word = words; *word; word++)
			if (strcasestr(lines.v[i], *word)) {
				oi_buf_addf(text, "%s\n", lines.v[i]);
				break;
			}
}

static void add_output(struct oi_collect *collect, enum oi_tool tool, const char *words,
		       const char *const *sieve, const char *name)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv argv = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	const struct oi_run_options options = {
		.deadline_ms = oi_clock_ms() + CHILD_MS,
		.stdout_text = &text,
		.stdout_limit_bytes = OUTPUT_LIMIT_BYTES,
		.quiet_stdout = true,
	};
	struct oi_err err;

	if (!collect->host->tools.path[tool]) {
		OI_FREE char *why = oi_mem_printf("%s is not installed", oi_tools_name(tool));

		oi_collect_note(collect, name, why);
		return;
	}
	oi_strv_add(&argv, collect->host->tools.path[tool]);
	oi_strv_split(&argv, words, " ");
	if (oi_run(argv.v, &options, &result, &err)) {
		oi_collect_note(collect, name, err.text);
		return;
	}
	sift(&text, sieve);
	keep_text(collect, name, oi_tools_name(tool), &text, false);
}

static void add_outputs(struct oi_collect *collect)
{
	static const char *const drivers[] = { "mlx", "infiniband", "rdma", "ib_", "ipoib", "vmbus",
					       "hv_", "module verification", "lockdown",
					       "secure boot", "dkms", NULL };
	static const char *const packages[] = { "rdma", "ibverbs", "infiniband", "mlnx", "mlx", "ofed",
						"doca", "mft", "dkms", "perftest", "linux-image",
						"kernel", "linux-headers", "cloud-init", NULL };

	add_output(collect, OI_TOOL_DMESG, "", drivers, "dmesg");
	add_output(collect, OI_TOOL_LSPCI, "-nn -vv -d 15b3:", NULL, "lspci");
	if (collect->host->tools.path[OI_TOOL_DPKG_QUERY])
		add_output(collect, OI_TOOL_DPKG_QUERY, "-W", packages, "packages");
	else
		add_output(collect, OI_TOOL_RPM, "-qa", packages, "packages");
	add_output(collect, OI_TOOL_DKMS, "status", NULL, "dkms/status");
	add_output(collect, OI_TOOL_MODINFO, "mlx5_core", NULL, "modinfo-mlx5_core");
}

void oi_collect_machine(struct oi_collect *collect)
{
	add_files(collect);
	add_outputs(collect);
}

/* --- the scratch folder, and what becomes of it --- */

int oi_collect_begin(const struct oi_host *host, struct oi_collect *collect, struct oi_err *err)
{
	OI_FREE char *folder = oi_root_new_name("/tmp/ofed-init-collect.");
	OI_CLEANUP(oi_root_close) struct oi_root slash = { .fd = -1 };

	memset(collect, 0, sizeof(*collect));
	collect->host = host;
	collect->scratch.fd = -1;
	if (!folder)
		return oi_err_set(err, OI_R_WRITE_FAILED, "/tmp/ofed-init-collect: %m");
	if (oi_root_open("/", &slash, err) || oi_root_mkdirs(&slash, folder, 0700, err))
		return -1;
	return oi_root_open(folder, &collect->scratch, err);
}

void oi_collect_end(struct oi_collect *collect)
{
	OI_CLEANUP(oi_root_close) struct oi_root slash = { .fd = -1 };
	struct oi_err ignored;

	/* a few files in /tmp are no reason to fail */
	if (collect->scratch.path && !oi_root_open("/", &slash, &ignored))
		(void)!oi_root_remove(&slash, collect->scratch.path, &ignored);
	oi_root_close(&collect->scratch);
	oi_buf_clear(&collect->contents);
}

static int write_archive(const char *path, const struct oi_buf *bytes, struct oi_err *err)
{
	OI_FREE char *prefix = oi_mem_printf("%s.", path);
	OI_FREE char *beside = oi_root_new_name(prefix);
	int fd = beside ? open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600) : -1;
	FILE *file = fd < 0 ? NULL : fdopen(fd, "we");
	bool written;

	if (!file)
		return oi_err_set(err, OI_R_WRITE_FAILED, "%s: %m", path);
	written = fwrite(bytes->data, 1, bytes->len, file) == bytes->len;
	if (fclose(file) || !written || rename(beside, path)) {
		oi_err_set(err, OI_R_WRITE_FAILED, "%s: %m", path);
		unlink(beside);
		return -1;
	}
	return 0;
}

int oi_collect_pack(struct oi_collect *collect, const char *path, struct oi_err *err)
{
	const char *tar = collect->host->tools.path[OI_TOOL_TAR];
	OI_CLEANUP(oi_strv_clear) struct oi_strv argv = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf bytes = { 0 };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	const struct oi_run_options options = {
		.deadline_ms = oi_clock_ms() + CHILD_MS,
		.stdout_text = &bytes,
		.stdout_limit_bytes = ARCHIVE_LIMIT_BYTES,
		.quiet_stdout = true,
	};

	if (!tar)
		return oi_err_set(err, OI_R_TOOL_MISSING, "collect: tar is not installed");
	if (oi_root_write(&collect->scratch, "/" OI_COLLECT_FOLDER "/contents", 0644,
			  oi_buf_str(&collect->contents), collect->contents.len, err))
		return -1;
	oi_strv_add(&argv, tar);
	oi_strv_add(&argv, "--create");
	oi_strv_add(&argv, "--gzip");
	oi_strv_add(&argv, "--owner=root:0");
	oi_strv_add(&argv, "--group=root:0");
	oi_strv_addf(&argv, "--directory=%s", collect->scratch.path);
	oi_strv_add(&argv, OI_COLLECT_FOLDER);
	if (oi_run(argv.v, &options, &result, err))
		return oi_err_prefix(err, "collect");
	return write_archive(path, &bytes, err);
}
