/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/apt/pin.h"
#include "execute/apt/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/apt/local.h"
#include "execute/apt/source.h"
#include "execute/tools/child.h"
#include "execute/tools/keyring.h"
#include "model/reasons.h"

#define TREE OI_APT_DIR "/repository"
#define CONF OI_APT_DIR "/apt.conf"
#define PROXY OI_APT_DIR "/proxy.conf"
#define LISTS OI_APT_DIR "/lists"
#define ARCHIVES OI_APT_DIR "/archives"
#define LOCAL_NAME "ofed-init-vendor.list" /* private: a name of nobody else's */
#define SOURCES OI_APT_DIR "/sources.list.d"
#define ONLY_STAGED OI_APT_DIR "/staged.list.d" /* those among them that are the vendor's */
#define GPG_HOME OI_APT_DIR "/gpg"
#define KEYS OI_APT_DIR "/keys.asc" /* the accepted ones */
#define MARKS "/var/lib/apt/extended_states"
#define PRIVATE_MARKS OI_APT_DIR "/extended_states"
#define KEYS_NAME "ofed-init-vendor.asc"

/* A source file is a few lines; an embedded key is a few kilobytes. */
#define SOURCE_BYTES (1u << 20)
/* Some 60 bytes a package that nobody has asked for. */
#define MARKS_BYTES (16u << 20)

/* Folders of /etc/apt that are mirrored with links, and what a plan adds to them. */
static const struct {
	const char *system;
	const char *ours;
} parts[] = {
	{ "/etc/apt/sources.list.d", SOURCES },
	{ "/etc/apt/preferences.d", OI_APT_DIR "/preferences.d" },
	{ "/etc/apt/trusted.gpg.d", OI_APT_DIR "/trusted.gpg.d" },
};

char *oi_apt_conf_path(const struct oi_host *host)
{
	return oi_root_name(&host->change, CONF);
}

char *oi_apt_proxy_path(const struct oi_host *host)
{
	return oi_root_name(&host->change, PROXY);
}

char *oi_apt_source_path(const struct oi_host *host, const char *name)
{
	OI_FREE char *path = oi_mem_printf(SOURCES "/%s", name);

	return oi_root_name(&host->change, path);
}

static void forget(const struct oi_host *host, const char *path)
{
	struct oi_err err;

	if (oi_root_remove(&host->change, path, &err))
		oi_log_warn(&host->log, "packages: could not clean up: %s", err.text);
}

void oi_apt_forget(const struct oi_host *host)
{
	forget(host, OI_APT_DIR);
}

void oi_apt_shrink(const struct oi_host *host)
{
	static const char keep[] = "archives";
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	struct oi_err err;

	if (oi_root_list(&host->change, OI_APT_DIR, &names, &err))
		return; /* nothing was laid out */
	for (size_t i = 0; i < names.n; i++) {
		OI_FREE char *path = oi_mem_printf(OI_APT_DIR "/%s", names.v[i]);

		if (strcmp(names.v[i], keep) != 0)
			forget(host, path);
	}
}

void oi_apt_staged_clear(struct oi_apt_staged *staged)
{
	oi_strv_clear(&staged->names);
	oi_strv_clear(&staged->texts);
	oi_strv_clear(&staged->uris);
	staged->general = false;
}

/* --- the vendor's package --- */

static int unpack(const struct oi_host *host, const char *artefact, struct oi_err *err)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_DPKG_DEB };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	OI_FREE char *tree = oi_root_name(&host->change, TREE);

	if (oi_root_remove(&host->change, TREE, err) ||
	    oi_root_mkdirs(&host->change, TREE, 0755, err))
		return -1;
	child.level = OI_LOG_INFO;
	oi_strv_add(&child.args, "-R"); /* with its control file */
	oi_strv_add(&child.args, artefact);
	oi_strv_add(&child.args, tree);
	if (!oi_child_run(host, &child, &result, err))
		return 0;
	if (result.end != OI_RUN_EXITED)
		return -1;
	return oi_err_set(err, OI_R_REPOSITORY_MALFORMED, "%s is not a package: %.300s", artefact,
			  oi_buf_str(&result.tail));
}

static bool is_source(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && (!strcmp(dot, ".list") || !strcmp(dot, ".sources"));
}

static int read_sources(const struct oi_root *tree, const char *key_path,
			struct oi_apt_staged *staged, struct oi_apt_source *source,
			struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv keys = { 0 };

	if (oi_root_list(tree, parts[0].system, &names, err) < 0 ||
	    oi_root_list(tree, parts[2].system, &keys, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
		OI_FREE char *path = oi_mem_printf("%s/%s", parts[0].system, names.v[i]);
		size_t before = source->uris.n;

		if (!is_source(names.v[i]))
			continue;
		if (oi_root_read(tree, path, SOURCE_BYTES, &text, err) ||
		    oi_apt_source_rewrite(tree, names.v[i], oi_buf_str(&text), keys.n > 0, key_path,
					  source, err))
			return -1;
		if (source->uris.n == before)
			continue; /* switched off, or sources only */
		oi_strv_add(&staged->names, names.v[i]);
		oi_strv_add(&staged->texts, oi_buf_str(&source->text));
	}
	for (size_t i = 0; source->general && i < keys.n; i++)
		oi_strv_addf(&source->key_files, "%s%s/%s", tree->path, parts[2].system, keys.v[i]);
	return 0;
}

/* The package's own entries; failing those, entries of ours for what lies inside it. */
static int find_sources(const struct oi_root *tree, const char *key_path,
			struct oi_apt_staged *staged, struct oi_apt_source *source,
			struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };

	if (read_sources(tree, key_path, staged, source, err))
		return -1;
	if (source->uris.n)
		return 0;
	if (oi_apt_local_entries(tree, &text, err))
		return -1;
	if (!text.len)
		return oi_err_set(err, OI_R_REPOSITORY_MALFORMED,
				  "the package brings neither an apt source (%s is empty) nor a repository below /usr/share",
				  parts[0].system);
	if (oi_apt_source_rewrite(tree, LOCAL_NAME, oi_buf_str(&text), false, key_path, source, err))
		return -1;
	oi_strv_add(&staged->names, LOCAL_NAME);
	oi_strv_add(&staged->texts, oi_buf_str(&source->text));
	return 0;
}

/* Where the packages lie in the vendor's own and no entry asks for a key, none is needed. */
static int judge_keys(const struct oi_host *host, const struct oi_step *step,
		      const struct oi_apt_source *source, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv accepted = { 0 };

	if (!source->key_files.n && !source->key_blocks.n)
		return 0;
	if (oi_keyring_reset(host, GPG_HOME, err))
		return -1;
	for (size_t i = 0; i < source->key_files.n; i++)
		if (oi_keyring_import(host, GPG_HOME, source->key_files.v[i], err))
			return -1;
	for (size_t i = 0; i < source->key_blocks.n; i++) {
		const char *block = source->key_blocks.v[i];
		OI_FREE char *file = oi_root_name(&host->change, KEYS);

		if (oi_root_write(&host->change, KEYS, 0644, block, strlen(block), err) ||
		    oi_keyring_import(host, GPG_HOME, file, err))
			return -1;
	}
	return oi_keyring_judge(host, GPG_HOME, step, KEYS, &accepted, err);
}

int oi_apt_stage(const struct oi_host *host, const struct oi_step *step, const char *artefact,
		 struct oi_apt_staged *staged, struct oi_err *err)
{
	OI_CLEANUP(oi_root_close) struct oi_root tree = { .fd = -1 };
	OI_CLEANUP(oi_apt_source_clear) struct oi_apt_source source = { 0 };
	OI_FREE char *path = oi_root_name(&host->change, TREE);
	OI_FREE char *key_path = oi_root_name(&host->change, KEYS);
	OI_FREE char *uris = NULL;

	oi_apt_staged_clear(staged);
	if (unpack(host, artefact, err) || oi_root_open(path, &tree, err) ||
	    find_sources(&tree, key_path, staged, &source, err) ||
	    judge_keys(host, step, &source, err))
		return -1;
	oi_strv_add_all(&staged->uris, &source.uris);
	staged->general = source.general;
	uris = oi_strv_join(&staged->uris, ", ");
	oi_log_info(&host->log, "packages: the repository is %s", uris);
	return 0;
}

char *oi_apt_staged_package(const struct oi_host *host)
{
	static const char field[] = "Package:";
	OI_CLEANUP(oi_buf_clear) struct oi_buf control = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	OI_FREE char *name = NULL;
	OI_FREE char *files = NULL;
	struct oi_err err;

	if (oi_root_read(&host->change, TREE "/DEBIAN/control", SOURCE_BYTES, &control, &err))
		return NULL;
	oi_strv_split(&lines, oi_buf_str(&control), "\n");
	for (size_t i = 0; i < lines.n && !name; i++)
		if (!strncmp(lines.v[i], field, strlen(field)))
			name = oi_mem_dup(lines.v[i] + strlen(field) +
					  strspn(lines.v[i] + strlen(field), " \t"));
	if (!name)
		return NULL;
	files = oi_mem_printf("/var/lib/dpkg/info/%s.list", name);
	return oi_root_exists(&host->change, files) ? NULL : oi_mem_take(&name);
}

/* --- the private state --- */

static int link_into(const struct oi_host *host, const char *folder, const char *name,
		     const char *from, struct oi_err *err)
{
	OI_FREE char *target = NULL;
	OI_FREE char *path = oi_mem_printf("%s/%s", from, name);
	int dir = oi_root_openat(&host->change, folder, O_PATH | O_DIRECTORY, 0);
	int ret = -1;

	target = oi_root_name(&host->change, path);
	if (dir >= 0) {
		ret = symlinkat(target, dir, name);
		if (ret && errno == EEXIST)
			ret = 0; /* there is one already that goes before it */
	}
	if (ret)
		oi_err_set(err, OI_R_WRITE_FAILED, "%s/%s: link: %s", folder, name,
			   strerror(errno));
	if (dir >= 0)
		close(dir);
	return ret;
}

static int link_all(const struct oi_host *host, const char *folder, const char *from,
		    struct oi_err *err)
{
	/* The names in there that are apt's own and not files to be read. */
	static const char *const skip[] = { "lock", "partial", "auxfiles" };
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

	if (oi_root_list(&host->change, from, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		bool ours = false;

		for (size_t s = 0; s < OI_ARRAY_SIZE(skip); s++)
			ours |= !strcmp(names.v[i], skip[s]);
		if (!ours && link_into(host, folder, names.v[i], from, err))
			return -1;
	}
	return 0;
}

static int write_in(const struct oi_host *host, const char *folder, const char *name,
		    const char *text, struct oi_err *err)
{
	OI_FREE char *path = oi_mem_printf("%s/%s", folder, name);

	return oi_root_write(&host->change, path, 0644, text, strlen(text), err);
}

/* Name of the file in the folder @of, when @path is one; borrowed. */
static const char *name_in(const char *path, const char *of)
{
	size_t len = strlen(of);

	if (strncmp(path, of, len) != 0 || path[len] != '/' || strchr(path + len + 1, '/'))
		return NULL;
	return path + len + 1;
}

/* What goes first stays: a later step's file, then the package's, then the system's. */
static int lay_part(const struct oi_host *host, const struct oi_verdict *verdict, size_t part,
		    const struct oi_apt_staged *staged, struct oi_err *err)
{
	const char *ours = parts[part].ours;

	if (oi_root_remove(&host->change, ours, err) ||
	    oi_root_mkdirs(&host->change, ours, 0755, err))
		return -1;
	for (size_t i = 0; i < verdict->n_steps; i++) {
		const struct oi_step *step = &verdict->steps[i];
		const char *name = step->action == OI_ACTION_FILE_WRITE ?
			name_in(step->file.path, parts[part].system) : NULL;

		if (name && write_in(host, ours, name, step->file.content, err))
			return -1;
		if (part == 1 && step->action == OI_ACTION_PACKAGES_HOLD && step->hold.archive) {
			OI_FREE char *pin = oi_apt_pin_text(step);

			if (write_in(host, ours, OI_APT_PIN_NAME, pin, err))
				return -1;
		}
	}
	if (part == 0) {
		/* The vendor's package may be installed already: two entries for one
		 * repository with keys at two places are an error for apt. */
		for (size_t i = 0; i < staged->names.n; i++)
			if (write_in(host, ours, staged->names.v[i], staged->texts.v[i], err))
				return -1;
	} else if (part == 1 && staged->names.n) {
		OI_FREE char *brought = oi_mem_printf(TREE "%s", parts[part].system);

		if (link_all(host, ours, brought, err))
			return -1;
	} else if (part == 2 && staged->general) {
		OI_CLEANUP(oi_buf_clear) struct oi_buf keys = { 0 };

		if (oi_root_read(&host->change, KEYS, SOURCE_BYTES, &keys, err) ||
		    write_in(host, ours, KEYS_NAME, oi_buf_str(&keys), err))
			return -1;
	}
	return link_all(host, ours, parts[part].system, err);
}

static void add_setting(struct oi_buf *conf, const struct oi_host *host, const char *name,
			const char *path)
{
	OI_FREE char *full = oi_root_name(&host->change, path);

	oi_buf_addf(conf, "%s \"%s\";\n", name, full);
}

/* The stanza's CA bundle speaks for the vendor's hosts only: the user's own keep theirs. */
static void add_ca_bundle(struct oi_buf *conf, const struct oi_config *config,
			  const struct oi_apt_staged *staged)
{
	static const char https[] = "https://";

	if (!config->source.ca_bundle || strchr(config->source.ca_bundle, '"'))
		return; /* apt has no way to write a quote */
	for (size_t i = 0; i < staged->uris.n; i++) {
		const char *host = staged->uris.v[i];

		if (strncmp(host, https, strlen(https)) != 0)
			continue;
		host += strlen(https);
		oi_buf_addf(conf, "Acquire::https::%.*s::CaInfo \"%s\";\n",
			    (int)strcspn(host, "/:"), host, config->source.ca_bundle);
	}
}

static int write_conf(const struct oi_host *host, const struct oi_config *config,
		      const struct oi_apt_staged *staged, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf conf = { 0 };

	oi_buf_adds(&conf, "// Written by ofed-init for itself; -c makes it the last word.\n");
	add_setting(&conf, host, "Dir::State::lists", LISTS);
	add_setting(&conf, host, "Dir::Cache::archives", ARCHIVES);
	/* Kept between the calls: building it anew is most of the time that one takes. */
	add_setting(&conf, host, "Dir::Cache::pkgcache", OI_APT_DIR "/pkgcache.bin");
	add_setting(&conf, host, "Dir::Cache::srcpkgcache", OI_APT_DIR "/srcpkgcache.bin");
	add_setting(&conf, host, "Dir::Etc::sourceparts", parts[0].ours);
	add_setting(&conf, host, "Dir::Etc::preferencesparts", parts[1].ours);
	add_setting(&conf, host, "Dir::Etc::trustedparts", parts[2].ours);
	oi_buf_adds(&conf,
		    /* The machine's own hooks are about its own lists: they stay out of it. */
		    "#clear APT::Update::Pre-Invoke;\n"
		    "#clear APT::Update::Post-Invoke;\n"
		    "#clear APT::Update::Post-Invoke-Success;\n"
		    "#clear APT::Update::Post-Invoke-Stats;\n"
		    /* Nothing but packages is looked up in them. */
		    "#clear Acquire::IndexTargets::deb-src;\n"
		    "#clear Acquire::IndexTargets::deb::Contents-deb;\n"
		    "#clear Acquire::IndexTargets::deb::CNF;\n"
		    "#clear Acquire::IndexTargets::deb::DEP-11;\n"
		    "#clear Acquire::IndexTargets::deb::DEP-11-icons;\n"
		    "#clear Acquire::IndexTargets::deb::DEP-11-icons-small;\n"
		    "#clear Acquire::IndexTargets::deb::DEP-11-icons-large;\n"
		    "#clear Acquire::IndexTargets::deb::DEP-11-icons-hidpi;\n"
		    "Acquire::Languages \"none\";\n"
		    /* An image is often older than its distribution's last rename of a suite. */
		    "Acquire::AllowReleaseInfoChange \"true\";\n"
		    "Acquire::Retries \"3\";\n"
		    "Acquire::AllowInsecureRepositories \"false\";\n"
		    "Acquire::AllowWeakRepositories \"false\";\n"
		    "Acquire::AllowDowngradeToInsecureRepositories \"false\";\n"
		    "APT::Get::AllowUnauthenticated \"false\";\n"
		    "APT::Get::allow-downgrades \"false\";\n"
		    "APT::Get::allow-remove-essential \"false\";\n"
		    "APT::Get::allow-change-held-packages \"false\";\n"
		    "APT::Get::Force-Yes \"false\";\n"
		    "APT::Install-Recommends \"false\";\n"
		    "APT::Install-Suggests \"false\";\n"
		    /* Since apt 2.3: a failed source shows in the exit status. */
		    "APT::Update::Error-Mode \"any\";\n"
		    "Dpkg::Use-Pty \"false\";\n"
		    "Dpkg::Progress-Fancy \"false\";\n"
		    /* Nobody is there to answer; a file that the user has changed stays. */
		    "Dpkg::Options { \"--force-confdef\"; \"--force-confold\"; };\n");
	add_ca_bundle(&conf, config, staged);
	return oi_root_write(&host->change, CONF, 0644, oi_buf_str(&conf), conf.len, err);
}

/*
 * In a file, and not in apt's environment: that goes on to every script of a package, and with it the
 * password. Source: apt.conf(5): APT_CONFIG is read first, so that a proxy of the machine's own stays.
 */
static int write_proxy(const struct oi_host *host, const char *proxy, struct oi_err *err)
{
	static const char *const schemes[] = { "http", "https" };
	OI_CLEANUP(oi_buf_clear) struct oi_buf conf = { 0 };

	if (!proxy)
		return 0;
	for (size_t i = 0; i < OI_ARRAY_SIZE(schemes); i++) {
		oi_buf_addf(&conf, "Acquire::%s::Proxy \"", schemes[i]);
		for (const char *c = proxy; *c; c++)
			if (*c == '"') /* apt has no way to write one, and a URL another */
				oi_buf_adds(&conf, "%22");
			else
				oi_buf_add(&conf, c, 1);
		oi_buf_adds(&conf, "\";\n");
	}
	return oi_root_write(&host->change, PROXY, 0600, oi_buf_str(&conf), conf.len, err);
}

static int lay_staged(const struct oi_host *host, const struct oi_apt_staged *staged,
		      struct oi_err *err)
{
	if (oi_root_remove(&host->change, ONLY_STAGED, err) ||
	    oi_root_mkdirs(&host->change, ONLY_STAGED, 0755, err))
		return -1;
	for (size_t i = 0; i < staged->names.n; i++)
		if (write_in(host, ONLY_STAGED, staged->names.v[i], staged->texts.v[i], err))
			return -1;
	return 0;
}

bool oi_apt_replaces(const struct oi_host *host, const struct oi_apt_staged *staged)
{
	for (size_t i = 0; i < staged->names.n; i++) {
		OI_FREE char *path = oi_mem_printf("%s/%s", parts[0].system, staged->names.v[i]);

		if (oi_root_exists(&host->change, path))
			return true;
	}
	return false;
}

void oi_apt_only_staged(const struct oi_host *host, struct oi_strv *args)
{
	OI_FREE char *folder = oi_root_name(&host->change, ONLY_STAGED);

	oi_strv_add(args, "-o");
	oi_strv_add(args, "Dir::Etc::sourcelist=/dev/null");
	oi_strv_add(args, "-o");
	oi_strv_addf(args, "Dir::Etc::sourceparts=%s", folder);
	/* the lists of the others, which it does not know, stay */
	oi_strv_add(args, "-o");
	oi_strv_add(args, "APT::Get::List-Cleanup=false");
}

int oi_apt_private_marks(const struct oi_host *host, struct oi_strv *args, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf marks = { 0 };
	OI_FREE char *path = oi_root_name(&host->change, PRIVATE_MARKS);

	if (oi_root_read(&host->change, MARKS, MARKS_BYTES, &marks, err) < 0 ||
	    oi_root_write(&host->change, PRIVATE_MARKS, 0644, oi_buf_str(&marks), marks.len, err))
		return -1;
	oi_strv_add(args, "-o");
	oi_strv_addf(args, "Dir::State::extended_states=%s", path);
	return 0;
}

int oi_apt_lay_out(const struct oi_host *host, const struct oi_config *config,
		   const struct oi_verdict *verdict, const struct oi_apt_staged *staged,
		   bool keep_lists, struct oi_err *err)
{
	static const char *const stale[] = {
		LISTS, OI_APT_DIR "/pkgcache.bin", OI_APT_DIR "/srcpkgcache.bin",
	};
	const struct oi_root *root = &host->change;

	for (size_t i = 0; !keep_lists && i < OI_ARRAY_SIZE(stale); i++)
		if (oi_root_remove(root, stale[i], err))
			return -1;
	/* Staged by an earlier run, and no longer wanted. */
	if (!staged->names.n && oi_root_remove(root, TREE, err))
		return -1;
	if (oi_root_mkdirs(root, LISTS "/partial", 0755, err) ||
	    oi_root_mkdirs(root, ARCHIVES "/partial", 0755, err))
		return -1;
	for (size_t i = 0; i < OI_ARRAY_SIZE(parts); i++)
		if (lay_part(host, verdict, i, staged, err))
			return -1;
	if (lay_staged(host, staged, err))
		return -1;
	/*
	 * Start from what the machine has: lists that are still right are not
	 * fetched again, and packages laid into the image are used, without a
	 * network if need be. Links, since apt replaces what it changes and our
	 * own downloads can be removed afterwards without touching the user's.
	 */
	if ((!keep_lists && link_all(host, LISTS, "/var/lib/apt/lists", err)) ||
	    link_all(host, ARCHIVES, "/var/cache/apt/archives", err))
		return -1;
	return write_proxy(host, config->source.proxy, err) ? -1 :
							      write_conf(host, config, staged, err);
}
