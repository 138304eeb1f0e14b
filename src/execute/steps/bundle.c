/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening a bundle and running its installer. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/bundle/bundle.h"
#include "execute/tools/child.h"
#include "execute/packages/packages.h"
#include "execute/tools/selinux.h"
#include "execute/steps/steps.h"
#include "model/reasons.h"
#include "sys/clock.h"
#include "sys/fetcher.h"
#include "sys/mnt.h"
#include "sys/run.h"

/* ISO 9660, volume descriptor: at sector 16, behind its type. Source: ECMA-119, 8.1 */
#define ISO_MAGIC "CD001"
#define ISO_MAGIC_AT 32769

/* So many lines of an installer tell its story; one that says more repeats itself. */
#define LINES_MAX 3000
#define TAIL_BYTES 4000
#define LOG_FILES_MAX 5
#define LOG_LINES 30
#define LOG_BYTES 16384

static char *staged_path(const struct oi_step *step)
{
	return oi_mem_printf(OI_STAGING_DIR "/%s", step->bundle.name);
}

/* Its size, and whether it is an image. */
static int look_at(const struct oi_root *root, const char *path, int64_t *bytes, bool *is_iso,
		   struct oi_err *err)
{
	char magic[sizeof(ISO_MAGIC) - 1] = "";
	struct stat st = { 0 };
	int fd = oi_root_openat(root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);

	if (fd < 0 || fstat(fd, &st)) {
		oi_err_set(err, OI_R_READ_FAILED, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	*bytes = st.st_size;
	*is_iso = pread(fd, magic, sizeof(magic), ISO_MAGIC_AT) == (ssize_t)sizeof(magic) &&
		  !memcmp(magic, ISO_MAGIC, sizeof(magic));
	close(fd);
	return 0;
}

static char *join(const char *folder, const char *name)
{
	return oi_mem_printf("%s/%s", folder, name);
}

/* Where the image is mounted, beneath the changed root. */
static char *mount_point(const struct oi_execution *run)
{
	return join(run->bundle.scratch, "image");
}

static int unpack(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	const struct oi_root *root = &run->ctx.host->change;
	int fd = oi_root_openat(root, run->bundle.scratch, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	int ret;

	if (fd < 0)
		return oi_err_set(err, OI_R_WRITE_FAILED, "%s: %s", run->bundle.scratch,
				  strerror(errno));
	ret = oi_fetcher_unpack_to(run->ctx.host, step->bundle.name, fd, "bundle", err);
	close(fd);
	run->bundle.tree = join(run->bundle.scratch, "bundle");
	return ret;
}

/* Looks into the tree; what it learns goes into run->bundle. */
static int inspect(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	const struct oi_host *host = run->ctx.host;
	OI_CLEANUP(oi_bundle_facts_clear) struct oi_bundle_facts facts = { 0 };
	OI_FREE char *name = oi_root_name(&host->change, run->bundle.tree);
	struct oi_root tree;
	int ret;

	/* A root of its own: links in it lead nowhere else. */
	if (oi_root_open(name, &tree, err)) {
		err->code = OI_R_BUNDLE_MALFORMED;
		return -1;
	}
	ret = oi_bundle_look(&tree, run->ctx.verdict->driver.kernel, &facts, err) ||
			      oi_bundle_check_distro(host, facts.distro, step->bundle.distro, err) ?
		      -1 :
		      0;
	oi_root_close(&tree);
	if (ret)
		return -1;
	oi_log_info(&host->log, "bundle: %s for %s, with %s", facts.version, facts.distro,
		    facts.deb ? "DEBs" : "RPMs");
	run->bundle.supported = facts.lists_kernels ? facts.has_kernel : facts.deb;
	if (*facts.folder) {
		char *inner = oi_mem_printf("%s%s", run->bundle.tree, facts.folder);

		free(run->bundle.tree);
		run->bundle.tree = inner;
	}
	return 0;
}

static void leave(const struct oi_host *host, struct oi_mnt_space *space)
{
	struct oi_err err;

	if (oi_mnt_leave(space, &err))
		oi_log_warn(&host->log, "%s", err.text);
}

/* Into a namespace of our own, with the image on the tree's folder. */
static int mount_image(struct oi_execution *run, const struct oi_step *step,
		       struct oi_mnt_space *space, struct oi_err *err)
{
	const struct oi_root *root = &run->ctx.host->change;
	OI_FREE char *staged = staged_path(step);
	OI_FREE char *image = oi_root_name(root, staged);
	OI_FREE char *point = mount_point(run);
	OI_FREE char *target = oi_root_name(root, point);

	if (oi_mnt_enter(space, err))
		return -1;
	if (!oi_mnt_image(image, target, err))
		return 0;
	leave(run->ctx.host, space);
	return -1;
}

/* Return: 0 looked into; 1 it cannot be mounted here; -1 looked into, and refused. */
static int open_image(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	struct oi_mnt_space space = { .back_fd = -1 };
	int ret;

	run->bundle.tree = mount_point(run);
	if (oi_root_mkdirs(&run->ctx.host->change, run->bundle.tree, 0700, err))
		return -1;
	if (mount_image(run, step, &space, err)) {
		oi_log_info(&run->ctx.host->log, "bundle: unpacked, as it cannot be mounted here: %s",
			    err->text);
		oi_mem_set(&run->bundle.tree, NULL);
		return 1;
	}
	run->bundle.mounted = true;
	ret = inspect(run, step, err);
	leave(run->ctx.host, &space);
	if (!ret)
		oi_log_info(&run->ctx.host->log, "bundle: mounted read-only, in a namespace of its own");
	return ret;
}

int oi_step_bundle_open(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	OI_FREE char *staged = staged_path(step);
	int64_t bytes = 0;
	bool is_iso = false;
	int opened = 1;

	if (run->bundle.tree) /* unpacked while it came */
		return inspect(run, step, err);
	oi_bundle_clear(&run->bundle);
	if (look_at(&run->ctx.host->change, staged, &bytes, &is_iso, err))
		return -1;
	/* Once as it comes out, which is about its size; once more copied to be built. */
	if (oi_bundle_scratch(run->ctx.host, OI_MNT_TABLE, 2 * bytes + OI_BUNDLE_BUILD_BYTES,
			      &run->bundle.scratch, err))
		return -1;
	if (is_iso)
		opened = open_image(run, step, err);
	if (opened <= 0)
		return opened;
	return unpack(run, step, err) || inspect(run, step, err) ? -1 : 0;
}

/* --- the installer --- */

struct listener {
	const struct oi_log *log;
	struct oi_bundle_words words;
	size_t lines;
};

static void on_line(void *data, const char *line)
{
	struct listener *l = data;

	oi_bundle_words_add(&l->words, line);
	if (oi_child_is_noise(line))
		return;
	if (l->lines < LINES_MAX)
		oi_log_info(l->log, "mlnxofedinstall: %s", line);
	else if (l->lines == LINES_MAX)
		oi_log_warn(l->log, "mlnxofedinstall: prints more than %d lines; the rest is left out",
			    LINES_MAX);
	l->lines++;
}

static void log_lines(const struct oi_host *host, const char *text, const char *mark)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };

	oi_strv_split(&lines, text, "\r\n");
	for (size_t i = lines.n > LOG_LINES ? lines.n - LOG_LINES : 0; i < lines.n; i++)
		oi_log_info(&host->log, "mlnxofedinstall: %s%s", mark, lines.v[i]);
}

/* /tmp is everybody's: only what root has written counts. */
static bool log_file(const struct oi_host *host, const char *path)
{
	char text[LOG_BYTES + 1];
	struct stat st = { 0 };
	ssize_t len = -1;
	int fd = oi_root_openat(&host->change, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);

	if (fd < 0)
		return false;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == geteuid())
		len = pread(fd, text, LOG_BYTES, st.st_size > LOG_BYTES ? st.st_size - LOG_BYTES : 0);
	close(fd);
	if (len <= 0)
		return false;
	text[len] = '\0';
	oi_log_info(&host->log, "mlnxofedinstall: the end of %s:", path);
	log_lines(host, text, "| ");
	return true;
}

static void add_file(struct oi_strv *files, const char *path)
{
	size_t len = strlen(path);

	if (len > 4 && !strcmp(path + len - 4, ".log") && !oi_strv_has(files, path))
		oi_strv_add(files, path);
}

static void add_folder(const struct oi_root *root, const char *folder, struct oi_strv *files)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_FREE char *general = join(folder, "general.log");
	struct oi_err ignored;

	if (oi_root_list(root, folder, &names, &ignored))
		return;
	if (oi_root_exists(root, general))
		add_file(files, general);
	for (size_t i = 0; i < names.n; i++) {
		OI_FREE char *path = join(folder, names.v[i]);

		add_file(files, path);
	}
}

/* What it has named first, then its folders of logs in the scratch space. */
static void log_its_files(struct oi_execution *run, const struct oi_bundle_words *words,
			  const char *tmp)
{
	const struct oi_root *root = &run->ctx.host->change;
	OI_CLEANUP(oi_strv_clear) struct oi_strv files = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	struct oi_err ignored;
	int shown = 0;

	for (size_t i = 0; i < words->logs.n; i++)
		add_file(&files, words->logs.v[i]);
	for (size_t i = 0; i < words->logs.n; i++)
		if (strstr(words->logs.v[i], ".logs"))
			add_folder(root, words->logs.v[i], &files);
	if (!oi_root_list(root, tmp, &names, &ignored)) {
		for (size_t i = 0; i < names.n; i++) {
			OI_FREE char *folder = join(tmp, names.v[i]);

			if (strstr(names.v[i], "logs"))
				add_folder(root, folder, &files);
		}
	}
	for (size_t i = 0; i < files.n && shown < LOG_FILES_MAX; i++)
		shown += log_file(run->ctx.host, files.v[i]);
}

static void fill_args(struct oi_execution *run, const struct oi_step *step, const char *tmp,
		      struct oi_strv *argv)
{
	OI_FREE char *tree = oi_root_name(&run->ctx.host->change, run->bundle.tree);
	OI_FREE char *tmp_name = oi_root_name(&run->ctx.host->change, tmp);

	oi_strv_addf(argv, "%s/mlnxofedinstall", tree);
	oi_strv_add_all(argv, &step->bundle.arguments);
	oi_strv_add(argv, "--tmpdir");
	oi_strv_add(argv, tmp_name);
	if (!run->bundle.supported)
		oi_strv_add_all(argv, &step->bundle.rebuild);
}

static int explain(struct oi_execution *run, struct listener *l,
		   const struct oi_run_result *result, const char *tmp, struct oi_err *err)
{
	OI_FREE char *words = oi_strv_join(&l->words.errors, "; ");
	OI_FREE char *cause = oi_mem_dup(err->text);

	if (l->lines > LINES_MAX)
		log_lines(run->ctx.host, oi_buf_str(&result->tail), "");
	log_its_files(run, &l->words, tmp);
	/* One that was stopped, or never began, has said nothing of the cause. */
	if (result->end != OI_RUN_EXITED)
		return -1;
	return oi_err_set(err, (int)oi_bundle_words_reason(&l->words, result->status), "%s%s%s",
			  cause, *words ? ": " : "", words);
}

static int install(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	struct listener l = { .log = &run->ctx.host->log };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv argv = { 0 };
	OI_FREE char *tmp = join(run->bundle.scratch, "tmp");
	OI_FREE char *words = NULL;
	const struct oi_run_options options = {
		.deadline_ms = run->ctx.host->deadline_ms,
		.on_line = on_line,
		.data = &l,
		.keep_bytes = TAIL_BYTES,
	};
	int ret;

	if (oi_root_mkdirs(&run->ctx.host->change, tmp, 0700, err))
		return -1;
	fill_args(run, step, tmp, &argv);
	words = oi_strv_join(&argv, " ");
	oi_log_info(&run->ctx.host->log, "start: %s", words);
	ret = oi_run(argv.v, &options, &result, err);
	if (ret)
		ret = explain(run, &l, &result, tmp, err);
	oi_bundle_words_clear(&l.words);
	return ret;
}

/* Modules that it has copied by itself and not by a package have what label they came with. */
static void label_modules(const struct oi_execution *run)
{
	static const char *const folders[] = { "extra", "updates", "weak-updates" };

	for (size_t i = 0; run->ctx.verdict->driver.kernel && i < OI_ARRAY_SIZE(folders); i++) {
		OI_FREE char *path = oi_mem_printf("/lib/modules/%s/%s", run->ctx.verdict->driver.kernel,
						   folders[i]);

		oi_selinux_restore(run->ctx.host, path, true);
	}
}

int oi_step_bundle_install(struct oi_execution *run, const struct oi_step *step,
			   struct oi_err *err)
{
	const struct oi_packages_ops *ops = oi_packages_ops_of(&run->packages, err);
	struct oi_mnt_space space = { .back_fd = -1 };
	struct oi_err later;
	int ret;

	if (!ops)
		return -1;
	if (!run->bundle.tree)
		return oi_err_set(err, OI_R_BUNDLE_FAILED, "no bundle was opened");
	if (oi_bundle_note_before(run->ctx.host, ops->format, err))
		return oi_err_prefix(err, "what is there already");
	if (run->bundle.mounted && mount_image(run, step, &space, err))
		return -1;
	ret = install(run, step, err);
	leave(run->ctx.host, &space);
	if (oi_bundle_note_after(run->ctx.host, ret ? &later : err)) {
		if (!ret)
			return oi_err_prefix(err, "what it has installed");
		oi_log_warn(&run->ctx.host->log, "what it has installed: %s", later.text);
	}
	if (!ret)
		label_modules(run);
	/* Some GiB that nobody needs any more. After a failure the run's end does it. */
	if (!ret)
		oi_bundle_forget(run->ctx.host);
	return ret;
}
