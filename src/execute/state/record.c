/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/state/record.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/doc.h"
#include "base/hash.h"
#include "base/mem.h"
#include "execute/tools/service.h"
#include "model/reasons.h"
#include "sys/kmods.h"

#define SCHEMA 1
#define RECORD_BYTES (4u << 20)
#define FILE_BYTES (1u << 20) /* a settings file; openib.conf has 5 kB */

static const struct {
	const char *key;
	size_t offset;
} lists[] = {
	{ "methods", offsetof(struct oi_record, methods) },
	{ "packages", offsetof(struct oi_record, packages) },
	{ "replaced", offsetof(struct oi_record, replaced) },
	{ "repository", offsetof(struct oi_record, repository) },
	{ "units", offsetof(struct oi_record, units) },
	{ "dkms", offsetof(struct oi_record, dkms) },
	{ "modules", offsetof(struct oi_record, modules) },
	{ "initramfs", offsetof(struct oi_record, initramfs) },
	{ "kept", offsetof(struct oi_record, kept) },
	{ "folders", offsetof(struct oi_record, folders) },
};

static struct oi_strv *list_of(struct oi_record *record, size_t i)
{
	return (struct oi_strv *)(void *)((char *)record + lists[i].offset);
}

void oi_record_clear(struct oi_record *record)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(lists); i++)
		oi_strv_clear(list_of(record, i));
	for (size_t i = 0; i < record->n_files; i++) {
		free(record->files[i].path);
		free(record->files[i].before);
		oi_strv_clear(&record->files[i].ours);
	}
	free(record->files);
	memset(record, 0, sizeof(*record));
}

static struct oi_record_file *add_file(struct oi_record *record, const char *path)
{
	struct oi_record_file *file;

	record->files = oi_mem_grow(record->files, record->n_files + 1, sizeof(*file));
	file = &record->files[record->n_files++];
	memset(file, 0, sizeof(*file));
	file->path = oi_mem_dup(path);
	return file;
}

static void add_once(struct oi_strv *list, const char *s)
{
	if (!oi_strv_has(list, s))
		oi_strv_add(list, s);
}

/* --- reading --- */

static int malformed(const char *where, struct oi_err *err)
{
	return oi_err_set(err, OI_R_RECORD_MALFORMED, OI_RECORD_PATH ": %s", where);
}

static int read_list(const struct oi_doc *map, const char *key, struct oi_strv *list,
		     struct oi_err *err)
{
	const struct oi_doc *at = oi_doc_get(map, key);

	if (!at)
		return 0;
	if (at->kind != OI_DOC_LIST)
		return malformed(key, err);
	for (size_t i = 0; i < at->n; i++) {
		if (!oi_doc_string(at->items[i]))
			return malformed(key, err);
		oi_strv_add(list, at->items[i]->text);
	}
	return 0;
}

static int read_files(const struct oi_doc *doc, struct oi_record *record, struct oi_err *err)
{
	const struct oi_doc *at = oi_doc_get(doc, "files");

	if (at && at->kind != OI_DOC_LIST)
		return malformed("files", err);
	for (size_t i = 0; at && i < at->n; i++) {
		const char *path = oi_doc_string(oi_doc_get(at->items[i], "path"));
		struct oi_record_file *file;

		if (!path || *path != '/')
			return malformed("files: path", err);
		file = add_file(record, path);
		oi_mem_set(&file->before, oi_doc_string(oi_doc_get(at->items[i], "before")));
		if (read_list(at->items[i], "ours", &file->ours, err))
			return -1;
	}
	return 0;
}

int oi_record_read(const struct oi_root *root, struct oi_record *record, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_DOC_AUTO *doc = NULL;
	int64_t schema;
	int got = oi_root_read(root, OI_RECORD_PATH, RECORD_BYTES, &text, err);

	if (got)
		return got;
	if (oi_doc_from_json(oi_buf_str(&text), text.len, OI_RECORD_PATH, OI_R_RECORD_MALFORMED,
			     &doc, err))
		return -1;
	schema = oi_doc_int(oi_doc_get(doc, "schema"), 0);
	if (schema < 1)
		return malformed("expected schema: 1", err);
	if (schema > SCHEMA)
		return oi_err_set(err, OI_R_STATE_NEWER,
				  OI_RECORD_PATH ": schema %lld, and this program knows %d",
				  (long long)schema, SCHEMA);
	for (size_t i = 0; i < OI_ARRAY_SIZE(lists); i++)
		if (read_list(doc, lists[i].key, list_of(record, i), err))
			return -1;
	return read_files(doc, record, err);
}

/* --- writing --- */

static int write_record(const struct oi_root *root, struct oi_record *record, struct oi_err *err)
{
	OI_DOC_AUTO *doc = oi_doc_new(OI_DOC_MAP);
	struct oi_doc *files = oi_doc_new(OI_DOC_LIST);
	OI_FREE char *text = NULL;

	oi_doc_put_int(doc, "schema", SCHEMA);
	for (size_t i = 0; i < OI_ARRAY_SIZE(lists); i++)
		oi_doc_put(doc, lists[i].key, oi_doc_new_strings(list_of(record, i)));
	for (size_t i = 0; i < record->n_files; i++) {
		struct oi_doc *map = oi_doc_new(OI_DOC_MAP);

		oi_doc_put_string(map, "path", record->files[i].path);
		oi_doc_put(map, "ours", oi_doc_new_strings(&record->files[i].ours));
		oi_doc_put_string(map, "before", record->files[i].before);
		oi_doc_add(files, map);
	}
	oi_doc_put(doc, "files", files);
	text = oi_doc_to_json(doc, true);
	return oi_root_write(root, OI_RECORD_PATH, 0644, text, strlen(text), err);
}

#define RECORD_AUTO OI_CLEANUP(oi_record_clear) struct oi_record

static int read_or_new(const struct oi_root *root, struct oi_record *record, struct oi_err *err)
{
	return oi_record_read(root, record, err) < 0 ? -1 : 0;
}

/* --- what was there before --- */

static bool dkms_knows(const struct oi_root *root, const char *name)
{
	OI_FREE char *path = oi_mem_printf(OI_DKMS_TREE "/%s", name);

	return oi_root_exists(root, path);
}

static void note_units(const struct oi_root *root, const struct oi_strv *units, struct oi_record *record)
{
	for (size_t i = 0; i < units->n; i++)
		if (!oi_service_is_enabled(root, units->v[i]))
			add_once(&record->units, units->v[i]);
}

static void note_dkms(const struct oi_root *root, const struct oi_strv *names, struct oi_record *record)
{
	for (size_t i = 0; i < names->n; i++)
		if (!dkms_knows(root, names->v[i]))
			add_once(&record->dkms, names->v[i]);
}

int oi_record_note_plan(const struct oi_root *root, const struct oi_verdict *verdict,
			struct oi_err *err)
{
	RECORD_AUTO record = { 0 };

	if (read_or_new(root, &record, err))
		return -1;
	if (verdict->driver.method)
		add_once(&record.methods, verdict->driver.method);
	if (verdict->driver.manager) /* a bundle's packages are removed by it */
		add_once(&record.methods, verdict->driver.manager);
	for (size_t i = 0; i < verdict->n_steps; i++) {
		const struct oi_step *step = &verdict->steps[i];

		if (step->action == OI_ACTION_SERVICE_ENABLE)
			note_units(root, &step->units.names, &record);
		if (step->action == OI_ACTION_MODULE_CHECK) {
			/* dkms keeps its keys there when it goes itself. */
			if (!oi_root_exists(root, OI_DKMS_TREE))
				add_once(&record.folders, OI_DKMS_TREE);
			note_dkms(root, &step->built.dkms, &record);
			note_dkms(root, &step->built.optional, &record);
		}
		/* The driver's own script has dkms know them, also those that are not compiled. */
		if (step->action == OI_ACTION_MODULES_CHOOSE)
			note_dkms(root, &step->choice.left_out, &record);
	}
	return write_record(root, &record, err);
}

static int list_below(const struct oi_root *root, const char *folder, const char *name,
		      char **path, struct oi_strv *names, struct oi_err *err)
{
	*path = oi_mem_printf("%s/%s", folder, name);
	return oi_root_list(root, *path, names, err);
}

/* NAME/VERSION/KERNEL/ARCH/module/FILE; what else is there has no such folders. */
static void add_built(const struct oi_root *root, const char *version, struct oi_strv *built)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv kernels = { 0 };
	struct oi_err err;

	if (oi_root_list(root, version, &kernels, &err))
		return;
	for (size_t k = 0; k < kernels.n; k++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv archs = { 0 };
		OI_FREE char *kernel = NULL;

		if (list_below(root, version, kernels.v[k], &kernel, &archs, &err))
			continue;
		for (size_t a = 0; a < archs.n; a++) {
			OI_CLEANUP(oi_strv_clear) struct oi_strv files = { 0 };
			OI_FREE char *folder = oi_mem_printf("%s/%s/module", kernel, archs.v[a]);

			if (oi_root_list(root, folder, &files, &err))
				continue;
			for (size_t i = 0; i < files.n; i++) {
				OI_FREE char *line = oi_mem_printf("%s %s", kernels.v[k], files.v[i]);

				add_once(built, line);
			}
		}
	}
}

int oi_record_built(const struct oi_root *root, const struct oi_strv *names, struct oi_strv *built,
		    struct oi_err *err)
{
	for (size_t i = 0; i < names->n; i++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv versions = { 0 };
		OI_FREE char *tree = NULL;
		int got = list_below(root, OI_DKMS_TREE, names->v[i], &tree, &versions, err);

		if (got < 0)
			return -1;
		for (size_t v = 0; v < versions.n; v++) {
			OI_FREE char *version = oi_mem_printf("%s/%s", tree, versions.v[v]);

			add_built(root, version, built);
		}
	}
	return 0;
}

int oi_record_note_modules(const struct oi_root *root, struct oi_err *err)
{
	RECORD_AUTO record = { 0 };

	if (read_or_new(root, &record, err) || oi_record_built(root, &record.dkms, &record.modules, err))
		return -1;
	return record.modules.n ? write_record(root, &record, err) : 0;
}

static int note_all(const struct oi_root *root, size_t offset, const struct oi_strv *entries,
		    struct oi_err *err)
{
	RECORD_AUTO record = { 0 };

	if (!entries->n)
		return 0;
	if (read_or_new(root, &record, err))
		return -1;
	for (size_t i = 0; i < entries->n; i++)
		add_once((struct oi_strv *)(void *)((char *)&record + offset), entries->v[i]);
	return write_record(root, &record, err);
}

int oi_record_note_kept(const struct oi_root *root, const struct oi_strv *paths, struct oi_err *err)
{
	return note_all(root, offsetof(struct oi_record, kept), paths, err);
}

int oi_record_note_packages(const struct oi_root *root, const struct oi_strv *fresh,
			    struct oi_err *err)
{
	return note_all(root, offsetof(struct oi_record, packages), fresh, err);
}

int oi_record_note_replaced(const struct oi_root *root, const struct oi_strv *replaced,
			    struct oi_err *err)
{
	return note_all(root, offsetof(struct oi_record, replaced), replaced, err);
}

int oi_record_note_dkms(const struct oi_root *root, const struct oi_strv *names,
			struct oi_err *err)
{
	return note_all(root, offsetof(struct oi_record, dkms), names, err);
}

int oi_record_note_initramfs(const struct oi_root *root, const char *kernel, struct oi_err *err)
{
	RECORD_AUTO record = { 0 };
	int got = oi_record_read(root, &record, err);

	if (got)
		return got < 0 ? -1 : 0;
	add_once(&record.initramfs, kernel);
	return write_record(root, &record, err);
}

int oi_record_note_repository(const struct oi_root *root, const char *package,
			      struct oi_err *err)
{
	RECORD_AUTO record = { 0 };

	if (read_or_new(root, &record, err))
		return -1;
	add_once(&record.repository, package);
	return write_record(root, &record, err);
}

/* --- files --- */

static void note_folders(const struct oi_root *root, const char *path, struct oi_strv *folders)
{
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		OI_FREE char *folder = oi_mem_ndup(path, (size_t)(slash - path));

		if (!oi_root_exists(root, folder))
			add_once(folders, folder);
	}
}

static mode_t mode_of(const struct oi_root *root, const char *path)
{
	struct stat st;
	int fd = oi_root_openat(root, path, O_PATH, 0);
	mode_t mode = 0600;

	if (fd < 0)
		return mode;
	if (!fstat(fd, &st))
		mode = st.st_mode & 07777;
	close(fd);
	return mode;
}

/*
 * @kept: there is a copy already, of before the vendor's packages came
 * Return: 0, with the copy's fingerprint in @before when there was something; or -1
 */
static int put_aside(const struct oi_root *root, const char *path, bool kept, char **before,
		     struct oi_err *err)
{
	OI_FREE char *copy = oi_mem_printf(OI_RECORD_BEFORE_DIR "%s", path);
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	char hash[OI_HASH_TEXT_BYTES];
	int got = oi_root_read(root, kept ? copy : path, FILE_BYTES, &text, err);

	if (got)
		return got < 0 ? -1 : 0;
	if (!kept &&
	    oi_root_write(root, copy, mode_of(root, path), oi_buf_str(&text), text.len, err))
		return -1;
	oi_hash_text(oi_buf_str(&text), hash);
	*before = oi_mem_dup(hash);
	return 0;
}

/* @found: it has come already, where nothing was */
static int note_file(const struct oi_root *root, const char *path, const char *text, bool found,
		     struct oi_err *err)
{
	RECORD_AUTO record = { 0 };
	struct oi_record_file *file = NULL;
	char hash[OI_HASH_TEXT_BYTES];

	if (read_or_new(root, &record, err))
		return -1;
	for (size_t i = 0; i < record.n_files; i++)
		if (!strcmp(record.files[i].path, path))
			file = &record.files[i];
	if (!file) {
		file = add_file(&record, path);
		if (!found && put_aside(root, path, oi_strv_has(&record.kept, path), &file->before, err))
			return -1;
		if (!found)
			note_folders(root, path, &record.folders);
	}
	oi_hash_text(text, hash);
	add_once(&file->ours, hash);
	return write_record(root, &record, err);
}

int oi_record_note_file(const struct oi_root *root, const char *path, const char *text,
			struct oi_err *err)
{
	return note_file(root, path, text, false, err);
}

int oi_record_note_found(const struct oi_root *root, const char *path, const char *text,
			 struct oi_err *err)
{
	return note_file(root, path, text, true, err);
}

static bool is_unchanged(const struct oi_record_file *file)
{
	return file->before && file->ours.n == 1 && !strcmp(file->ours.v[0], file->before);
}

int oi_record_forget_unchanged(const struct oi_root *root, struct oi_err *err)
{
	RECORD_AUTO record = { 0 };
	RECORD_AUTO kept = { 0 };
	int ret = read_or_new(root, &record, err);

	if (ret)
		return ret;
	/* The record without them first: a copy that nobody knows of does no harm. */
	kept = record;
	kept.files = NULL;
	kept.n_files = 0;
	for (size_t i = 0; i < record.n_files; i++) {
		if (is_unchanged(&record.files[i]))
			continue;
		kept.files = oi_mem_grow(kept.files, kept.n_files + 1, sizeof(*kept.files));
		kept.files[kept.n_files++] = record.files[i];
	}
	ret = write_record(root, &kept, err);
	for (size_t i = 0; i < record.n_files && !ret; i++) {
		OI_FREE char *copy = oi_mem_printf(OI_RECORD_BEFORE_DIR "%s", record.files[i].path);

		if (is_unchanged(&record.files[i]))
			ret = oi_root_remove(root, copy, err);
	}
	free(kept.files); /* all that it points to is the record's */
	memset(&kept, 0, sizeof(kept));
	return ret;
}
