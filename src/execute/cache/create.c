/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dkms has compiled here becomes a package for other machines. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/doc.h"
#include "base/mem.h"
#include "execute/tools/child.h"
#include "execute/modules/dkms.h"
#include "execute/cache/modset.h"
#include "execute/cache/text.h"
#include "execute/state/record.h"
#include "model/reasons.h"
#include "sys/kmods.h"

/* Below the staging folder: what dpkg-deb packs. */
#define TREE OI_STAGING_DIR "/modules.tree"
#define SOURCES "/usr/src"
/* With debug information a module is some tens of MiB. */
#define MODULE_BYTES (256u << 20)
/* 409 files of 13 MB in 24.07; deepest: include/uapi/rdma/hfi */
#define HEADERS_FILES 20000
#define HEADERS_BYTES (256u << 20)
#define HEADERS_DEPTH 16
/* The same modules make the same package, whenever it is packed. */
#define EPOCH "SOURCE_DATE_EPOCH=1"

struct making {
	const struct oi_host *host;
	const char *kernel;
	struct oi_modset *set;
	struct oi_strv ours; /* packages that we have installed */
	struct oi_strv provides; /* "name (= version)" */
	struct oi_doc *list; /* of the manifest */
};

static int run(const struct making *m, struct oi_child *child, struct oi_err *err)
{
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	int ret = oi_child_run(m->host, child, &result, err);

	oi_child_clear(child);
	return ret;
}

/* A tool's answer, without the end of its line; owned by the caller, NULL with @err. */
static char *ask_tool(const struct making *m, enum oi_tool tool, const char *const *args, size_t n,
		 struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	struct oi_child child = { .tool = tool, .out = &out };

	for (size_t i = 0; i < n; i++)
		oi_strv_add(&child.args, args[i]);
	if (run(m, &child, err))
		return NULL;
	return oi_mem_ndup(oi_buf_str(&out), strcspn(oi_buf_str(&out), "\n"));
}

#define ASK(m, tool, err, ...)                                          \
	ask_tool((m), (tool), (const char *const[]){ __VA_ARGS__ },          \
	    OI_ARRAY_SIZE(((const char *const[]){ __VA_ARGS__ })), (err))

/* --- which modules --- */

/* The package of ours that sources for dkms are of; owned by the caller, or NULL. */
static char *owner_of(const struct making *m, const char *source)
{
	OI_FREE char *conf = oi_mem_printf(SOURCES "/%s/dkms.conf", source);
	struct oi_err ignored;
	char *owner = ASK(m, OI_TOOL_DPKG_QUERY, &ignored, "--search", conf);

	if (!owner)
		return NULL;
	owner[strcspn(owner, ":")] = '\0'; /* "mlnx-ofed-kernel-dkms: /usr/src/..." */
	if (oi_strv_has(&m->ours, owner))
		return owner;
	free(owner);
	return NULL;
}

/* Name and version of the package, as the module package will stand in for it. */
static int note_provided(struct making *m, const char *owner, struct oi_err *err)
{
	OI_FREE char *version = NULL;

	if (oi_strv_has(&m->set->provides, owner))
		return 0;
	version = ASK(m, OI_TOOL_DPKG_QUERY, err, "--show", "--showformat=${Version}", owner);
	if (!version)
		return -1;
	oi_strv_addf(&m->provides, "%s (= %s)", owner, version);
	oi_strv_add(&m->set->provides, owner);
	return 0;
}

static int read_ours(struct making *m, struct oi_err *err)
{
	OI_CLEANUP(oi_record_clear) struct oi_record record = { 0 };

	if (oi_record_read(&m->host->change, &record, err) < 0)
		return -1;
	for (size_t i = 0; i < record.packages.n; i++) {
		OI_FREE char *name = oi_mem_ndup(record.packages.v[i],
						 strcspn(record.packages.v[i], " "));

		oi_strv_add(&m->ours, name);
	}
	return 0;
}

/* --- one module --- */

static int copy(const struct making *m, const char *from, const char *to, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf bytes = { 0 };
	int rc = oi_root_read(&m->host->change, from, MODULE_BYTES, &bytes, err);

	if (rc > 0)
		return oi_err_set(err, OI_R_MODULES_MISSING, "%s is not there", from);
	return rc ? -1 :
		    oi_root_write(&m->host->change, to, 0644, bytes.data, bytes.len, err);
}

/* Where depmod has found a module that was added, below /lib/modules/KERNEL; NULL with @err. */
static char *installed_as(const struct making *m, const char *base, struct oi_err *err)
{
	OI_FREE char *name = oi_modset_module_name(base);
	struct oi_kmod kmod = { .name = name };
	char *path = NULL;
	int rc = oi_kmods_find(&m->host->change, m->kernel, &kmod, 1, err);

	if (!rc && kmod.path && oi_kmod_is_added(&kmod))
		path = oi_mem_take(&kmod.path);
	else if (rc >= 0)
		oi_err_set(err, OI_R_MODULES_MISSING, "%s is built and not installed", base);
	oi_kmods_clear(&kmod, 1);
	return path;
}

static int add_module(struct making *m, const char *base, struct oi_err *err)
{
	static const char *const fields[] = { "vermagic", "srcversion", "signer" };
	OI_FREE char *file = installed_as(m, base, err);
	OI_FREE char *from = NULL;
	OI_FREE char *to = NULL;
	struct oi_doc *entry;

	if (!file)
		return -1;
	entry = oi_doc_new(OI_DOC_MAP);
	oi_doc_put_string(entry, "file", file);
	oi_doc_add(m->list, entry);
	for (size_t i = 0; i < OI_ARRAY_SIZE(fields); i++) {
		OI_FREE char *value = NULL;

		if (oi_kmod_field(m->host, m->kernel, file, fields[i], &value, err))
			return -1;
		oi_doc_put_string(entry, fields[i], value);
	}
	if (!oi_modset_is_for(oi_doc_string(oi_doc_get(entry, "vermagic")), m->kernel))
		return oi_err_set(err, OI_R_MODULES_UNFIT, "%s is for %s", file,
				  oi_doc_string(oi_doc_get(entry, "vermagic")) ?: "an unknown kernel");
	from = oi_mem_printf("/lib/modules/%s/%s", m->kernel, file);
	to = oi_mem_printf(TREE "/lib/modules/%s/%s", m->kernel, file);
	oi_strv_add(&m->set->modules, file);
	return copy(m, from, to, err);
}

/* What dkms has built lies in its own tree, by architecture. */
static int add_built(struct making *m, const struct oi_dkms_module *module, struct oi_err *err)
{
	const struct oi_root *root = &m->host->change;
	OI_CLEANUP(oi_strv_clear) struct oi_strv archs = { 0 };
	OI_FREE char *top = oi_mem_printf(OI_DKMS_TREE "/%s/%s/%s", module->name, module->version,
					  m->kernel);

	if (oi_root_list(root, top, &archs, err))
		return oi_err_set(err, OI_R_MODULES_MISSING, "dkms has nothing below %s", top);
	for (size_t i = 0; i < archs.n; i++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv files = { 0 };
		OI_FREE char *folder = oi_mem_printf("%s/%s/module", top, archs.v[i]);

		if (oi_root_list(root, folder, &files, err))
			continue;
		for (size_t f = 0; f < files.n; f++)
			if (strstr(files.v[f], ".ko") && add_module(m, files.v[f], err))
				return -1;
	}
	return 0;
}

/*
 * For all of ours that dkms could compile: those whose modules are not wanted here are not wanted there
 * either, and would bring the compiler.
 */
static int stand_in(struct making *m, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv sources = { 0 };

	if (oi_root_list(&m->host->change, SOURCES, &sources, err) < 0)
		return -1;
	for (size_t i = 0; i < sources.n; i++) {
		OI_FREE char *conf = oi_mem_printf(SOURCES "/%s/dkms.conf", sources.v[i]);
		OI_FREE char *owner = NULL;

		if (!oi_root_exists(&m->host->change, conf))
			continue;
		owner = owner_of(m, sources.v[i]);
		if (owner && note_provided(m, owner, err))
			return -1;
	}
	return 0;
}

static int add_all(struct making *m, struct oi_err *err)
{
	OI_CLEANUP(oi_dkms_modules_clear) struct oi_dkms_modules modules = { 0 };

	if (oi_dkms_list(m->host, m->kernel, &modules, err))
		return -1;
	for (size_t i = 0; i < modules.n; i++) {
		const struct oi_dkms_module *module = &modules.v[i];
		OI_FREE char *source = oi_mem_printf("%s-%s", module->name, module->version);
		OI_FREE char *owner = module->installed ? owner_of(m, source) : NULL;

		if (owner && add_built(m, module, err))
			return -1;
	}
	if (m->set->modules.n)
		return stand_in(m, err);
	return oi_err_set(err, OI_R_MODULES_MISSING,
			  "dkms has built none for %s from packages that ofed-init has installed",
			  m->kernel);
}

/* --- what others build against --- */

struct copying {
	const struct making *m;
	unsigned int files_left;
	int64_t bytes_left;
};

static int add_folder(struct copying *c, const char *folder, unsigned int depth, struct oi_err *err);

/* A link is of no use in a package that is looked into: what the vendor copies there has none. */
static int add_entry(struct copying *c, const char *path, unsigned int depth, struct oi_err *err)
{
	const struct oi_root *root = &c->m->host->change;
	OI_CLEANUP(oi_buf_clear) struct oi_buf bytes = { 0 };
	OI_FREE char *to = oi_mem_printf(TREE "%s", path);
	struct stat st;
	int fd = oi_root_openat(root, path, O_PATH | O_NOFOLLOW, 0);
	int ret = fd < 0 ? -1 : fstat(fd, &st);

	if (fd >= 0)
		close(fd);
	if (ret)
		return oi_err_set(err, OI_R_READ_FAILED, "%s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return depth ? add_folder(c, path, depth - 1, err) : 0;
	if (!S_ISREG(st.st_mode)) {
		oi_log_debug(&c->m->host->log, "%s: not a file: left out", path);
		return 0;
	}
	c->bytes_left -= st.st_size;
	if (!c->files_left-- || c->bytes_left < 0)
		return oi_err_set(err, OI_R_MODULES_UNFIT, "%s has more than a set can carry",
				  c->m->set->headers);
	if (oi_root_read(root, path, HEADERS_BYTES, &bytes, err))
		return -1;
	return oi_root_write(root, to, st.st_mode & 0111 ? 0755 : 0644, oi_buf_str(&bytes),
			     bytes.len, err);
}

static int add_folder(struct copying *c, const char *folder, unsigned int depth, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

	if (oi_root_list(&c->m->host->change, folder, &names, err))
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		OI_FREE char *path = oi_mem_printf("%s/%s", folder, names.v[i]);

		if (add_entry(c, path, depth, err))
			return -1;
	}
	return 0;
}

/*
 * /usr/src/ofa_kernel/ARCH/KERNEL: include, config*, compat*, Module*.symvers. Who builds modules
 * on top of the driver (GPU drivers, storage clients) looks for them there. An older driver, or
 * one that is built without, leaves none.
 * Source: mlnx-ofed-kernel 24.07, what its build copies after it
 */
static int add_headers(struct making *m, struct oi_err *err)
{
	const struct oi_root *root = &m->host->change;
	OI_CLEANUP(oi_strv_clear) struct oi_strv archs = { 0 };
	struct copying c = { .m = m, .files_left = HEADERS_FILES, .bytes_left = HEADERS_BYTES };

	if (oi_root_list(root, OI_MODSET_HEADERS_DIR, &archs, err) < 0)
		return -1;
	for (size_t i = 0; i < archs.n && !m->set->headers; i++) {
		OI_FREE char *folder = oi_mem_printf(OI_MODSET_HEADERS_DIR "/%s/%s", archs.v[i],
						     m->kernel);
		OI_FREE char *versions = oi_mem_printf("%s/Module.symvers", folder);

		/* /usr/src/ofa_kernel/default is a link to such a folder, and has none in it */
		if (oi_root_exists(root, versions))
			m->set->headers = oi_mem_take(&folder);
	}
	return m->set->headers ? add_folder(&c, m->set->headers, HEADERS_DEPTH, err) : 0;
}

/* --- the package --- */

static const struct oi_doc *entry_of(const struct making *m, const char *path)
{
	for (size_t i = 0; i < m->list->n; i++) {
		const char *file = oi_doc_string(oi_doc_get(m->list->items[i], "file"));
		size_t len = strlen(path);

		if (file && len >= strlen(file) && !strcmp(path + len - strlen(file), file))
			return m->list->items[i];
	}
	return NULL;
}

/* "DIGEST  PATH" a line, into the entries. */
static void take_digests(struct making *m, const char *text)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };

	oi_strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		size_t len = strcspn(lines.v[i], " ");
		OI_FREE char *digest = oi_mem_ndup(lines.v[i], len);

		for (size_t e = 0; e < m->list->n; e++)
			if (m->list->items[e] == entry_of(m, lines.v[i] + len))
				oi_doc_put_string(m->list->items[e], "sha256", digest);
	}
}

static int digest_modules(struct making *m, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	struct oi_child child = { .tool = OI_TOOL_SHA256SUM, .out = &out };

	for (size_t i = 0; i < m->set->modules.n; i++) {
		OI_FREE char *path = oi_mem_printf(TREE "/lib/modules/%s/%s", m->kernel,
						   m->set->modules.v[i]);
		OI_FREE char *name = oi_root_name(&m->host->change, path);

		oi_strv_add(&child.args, name);
	}
	if (run(m, &child, err))
		return -1;
	take_digests(m, oi_buf_str(&out));
	return 0;
}

static int write_manifest(struct making *m, struct oi_err *err)
{
	OI_DOC_AUTO *doc = oi_doc_new(OI_DOC_MAP);
	OI_FREE char *path =
		oi_mem_printf(TREE OI_MODSET_MANIFEST_DIR "/%s.json", m->set->key);
	OI_FREE char *compiler = NULL;
	OI_FREE char *text = NULL;
	struct oi_err ignored;

	compiler = ASK(m, OI_TOOL_GCC, &ignored, "--version");
	oi_doc_put_int(doc, "schema", 1);
	oi_doc_put_string(doc, "key", m->set->key);
	oi_doc_put_string(doc, "kernel", m->kernel);
	oi_doc_put_string(doc, "compiler", compiler);
	oi_doc_put(doc, "modules", m->list);
	m->list = NULL;
	text = oi_doc_to_json(doc, true);
	return oi_root_write(&m->host->change, path, 0644, text, strlen(text), err);
}

static int write_scripts(const struct making *m, struct oi_err *err)
{
	static const char *const names[] = { "postinst", "prerm", "postrm" };

	for (size_t i = 0; i < OI_ARRAY_SIZE(names); i++) {
		OI_FREE char *path = oi_mem_printf(TREE "/DEBIAN/%s", names[i]);
		OI_FREE char *text = oi_modset_script(names[i], m->kernel, m->set->headers);

		if (text && oi_root_write(&m->host->change, path, 0755, text, strlen(text), err))
			return -1;
	}
	return 0;
}

static int write_control(const struct making *m, const char *version, struct oi_err *err)
{
	OI_FREE char *arch = ASK(m, OI_TOOL_DPKG, err, "--print-architecture");
	OI_FREE char *name = oi_modset_package_name(m->kernel);
	OI_FREE char *provides = oi_strv_join(&m->provides, ", ");
	OI_FREE char *text = NULL;

	if (!arch)
		return -1;
	text = oi_mem_printf("Package: %s\n"
			     "Version: %s\n"
			     "Architecture: %s\n"
			     "Maintainer: ofed-init <root@localhost>\n"
			     "Section: kernel\n"
			     "Priority: optional\n"
			     "Depends: kmod\n"
			     "Provides: %s\n"
			     OI_MODSET_KEY_FIELD ": %s\n"
			     "Description: InfiniBand driver modules for %s, compiled by dkms\n"
			     " Packed by ofed-init on a machine that had compiled them, for machines that\n"
			     " are exactly like it. Takes the place of the packages with their sources.\n",
			     name, version ? version : "1", arch, provides, m->set->key, m->kernel);
	return oi_root_write(&m->host->change, TREE "/DEBIAN/control", 0644, text, strlen(text), err);
}

/* Packed under a name of its own first: what it is called depends on its digest. */
static int pack(struct making *m, struct oi_err *err)
{
	static const char packed[] = OI_STAGING_DIR "/modules.deb";
	const struct oi_root *root = &m->host->change;
	OI_FREE char *tree = oi_root_name(root, TREE);
	OI_FREE char *out = oi_root_name(root, packed);
	OI_FREE char *final = NULL;
	OI_FREE char *line = NULL;
	struct oi_child child = { .tool = OI_TOOL_DPKG_DEB };
	struct stat st;

	oi_strv_add(&child.env, EPOCH);
	oi_strv_add(&child.args, "--build");
	oi_strv_add(&child.args, tree);
	oi_strv_add(&child.args, out);
	if (run(m, &child, err))
		return -1;
	line = ASK(m, OI_TOOL_SHA256SUM, err, out);
	if (!line)
		return -1;
	line[strcspn(line, " ")] = '\0';
	oi_mem_set(&m->set->sha256, line);
	free(m->set->file);
	m->set->file = oi_modset_file_name(m->set->key, line);
	final = oi_modset_staged_path(m->host, m->set->file);
	if (rename(out, final) || stat(final, &st))
		return oi_err_set(err, OI_R_WRITE_FAILED, "%s: could not be put in place", final);
	m->set->bytes = st.st_size;
	return 0;
}

static int make(struct making *m, const char *version, struct oi_err *err)
{
	return read_ours(m, err) || add_all(m, err) || add_headers(m, err) ||
			       digest_modules(m, err) || write_manifest(m, err) || write_control(m, version, err) ||
			       write_scripts(m, err) || pack(m, err) ?
		       -1 :
		       0;
}

int oi_modset_create(const struct oi_host *host, const char *kernel, const char *version,
		     struct oi_modset *set, struct oi_err *err)
{
	struct making m = {
		.host = host, .kernel = kernel, .set = set, .list = oi_doc_new(OI_DOC_LIST)
	};
	struct oi_err ignored;
	int ret;

	ret = oi_root_remove(&host->change, TREE, err) ||
			      oi_root_mkdirs(&host->change, TREE, 0755, err) ?
		      -1 :
		      make(&m, version, err);
	if (oi_root_remove(&host->change, TREE, &ignored))
		oi_log_warn(&host->log, "could not clean up: %s", ignored.text);
	oi_strv_clear(&m.ours);
	oi_strv_clear(&m.provides);
	oi_doc_free(m.list);
	return ret;
}
