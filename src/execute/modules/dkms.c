/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/modules/dkms.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/ver.h"
#include "execute/tools/child.h"
#include "execute/modules/compile.h"
#include "execute/modules/depmod.h"
#include "execute/modules/dkms_heal.h"
#include "execute/modules/make_log.h"
#include "model/reasons.h"
#include "sys/kmods.h"

#define SOURCES "/usr/src"
#define LIST_BYTES (8u << 20) /* of one package: a driver has some 3,000 files */

/* --- sources --- */

/* Does a package own it. Without a package manager's own books nobody does. */
static bool is_packaged(const struct oi_host *host, const char *path)
{
	static const char info[] = "/var/lib/dpkg/info";
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_FREE char *line = oi_mem_printf("\n%s\n", path);
	struct oi_err ignored;

	if (oi_root_list(&host->change, info, &names, &ignored)) {
		OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_RPM };
		OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };

		oi_strv_add(&child.args, "-qf");
		oi_strv_add(&child.args, path);
		return oi_child_has(host, OI_TOOL_RPM) && !oi_child_run(host, &child, &result, &ignored);
	}
	for (size_t i = 0; i < names.n; i++) {
		static const char list[] = "-dkms.list";
		size_t len = strlen(names.v[i]);
		OI_FREE char *file = oi_mem_printf("%s/%s", info, names.v[i]);
		OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };

		if (len > strlen(list) && !strcmp(names.v[i] + len - strlen(list), list) &&
		    !oi_root_read(&host->change, file, LIST_BYTES, &text, &ignored) &&
		    strstr(oi_buf_str(&text), line))
			return true;
	}
	return false;
}

/*
 * Of which version the source is that a package has put in place; NULL: of none. Owned by the caller.
 * An image may have left an older or newer one beside it, with or without a package: what a package
 * owns counts before what none owns, and among those the newest.
 */
static char *source_version(const struct oi_host *host, const char *name)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv versions = { 0 };
	const char *best = NULL;
	bool packaged = false;
	size_t len = strlen(name);
	struct oi_err ignored;

	if (oi_root_list(&host->change, SOURCES, &names, &ignored))
		return NULL;
	for (size_t i = 0; i < names.n; i++) {
		OI_FREE char *conf = oi_mem_printf(SOURCES "/%s/dkms.conf", names.v[i]);

		if (!strncmp(names.v[i], name, len) && names.v[i][len] == '-' &&
		    isdigit((unsigned char)names.v[i][len + 1]) && oi_root_exists(&host->change, conf))
			oi_strv_add(&versions, names.v[i] + len + 1);
	}
	if (versions.n == 1)
		return oi_mem_dup(versions.v[0]);
	for (size_t i = 0; i < versions.n; i++) {
		OI_FREE char *conf = oi_mem_printf(SOURCES "/%s-%s/dkms.conf", name, versions.v[i]);
		bool is = is_packaged(host, conf);

		if (!best || is > packaged || (is == packaged && oi_ver_compare(versions.v[i], best) > 0)) {
			best = versions.v[i];
			packaged = is;
		}
	}
	return oi_mem_dup(best);
}

/* --- dkms status --- */

static struct oi_dkms_module *find_module(const struct oi_dkms_modules *modules, const char *name)
{
	for (size_t i = 0; i < modules->n; i++)
		if (!strcmp(modules->v[i].name, name))
			return &modules->v[i];
	return NULL;
}

/* One entry a version: installed when any line says so. */
static void note(struct oi_dkms_modules *modules, const char *name, const char *version,
		 bool installed, bool differs)
{
	struct oi_dkms_module *m = NULL;

	for (size_t i = 0; i < modules->n; i++)
		if (!strcmp(modules->v[i].name, name) && !strcmp(modules->v[i].version, version))
			m = &modules->v[i];
	if (!m) {
		modules->v = oi_mem_grow(modules->v, modules->n + 1, sizeof(*modules->v));
		m = &modules->v[modules->n++];
		memset(m, 0, sizeof(*m));
		m->name = oi_mem_dup(name);
		m->version = oi_mem_dup(version);
	}
	m->installed |= installed;
	m->differs |= differs;
}

static void parse_line(const char *line, const char *kernel, struct oi_dkms_modules *modules)
{
	const char *colon = strchr(line, ':');
	OI_CLEANUP(oi_strv_clear) struct oi_strv fields = { 0 };
	OI_FREE char *head = NULL;
	const char *name, *version, *release;
	char *slash;
	bool installed;

	if (!colon)
		return;
	head = oi_mem_ndup(line, (size_t)(colon - line));
	oi_strv_split(&fields, head, ", ");
	if (!fields.n)
		return;
	slash = strchr(fields.v[0], '/');
	if (slash)
		*slash = '\0';
	name = fields.v[0];
	if ((!slash && fields.n < 2) || !strcmp(name, "Error!"))
		return;
	version = slash ? slash + 1 : fields.v[1];
	release = slash ? (fields.n > 1 ? fields.v[1] : "") : (fields.n > 2 ? fields.v[2] : "");
	/* "installed (original_module exists)", "installed (WARNING! Diff between ...)" */
	colon += 1 + strspn(colon + 1, " ");
	installed = !strncmp(colon, "installed", 9) && !strcmp(release, kernel);
	note(modules, name, version, installed,
	     installed && strstr(colon, "between built and installed"));
}

static void parse(const char *text, const char *kernel, struct oi_dkms_modules *modules)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };

	oi_strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++)
		parse_line(lines.v[i], kernel, modules);
}

/* @source: the version that a package has brought; NULL: of none is that known */
static bool is_better(const struct oi_dkms_module *a, const struct oi_dkms_module *b, const char *source)
{
	if (source && strcmp(a->version, b->version) != 0 &&
	    (!strcmp(a->version, source) || !strcmp(b->version, source)))
		return !strcmp(a->version, source);
	if (a->installed != b->installed)
		return a->installed;
	return oi_ver_compare(a->version, b->version) > 0;
}

static void drop_entry(struct oi_dkms_modules *modules, size_t i)
{
	free(modules->v[i].name);
	free(modules->v[i].version);
	memmove(&modules->v[i], &modules->v[i + 1], (--modules->n - i) * sizeof(*modules->v));
}

/* One entry a name. @host: NULL: nothing is known of packages */
static void choose_versions(const struct oi_host *host, struct oi_dkms_modules *modules)
{
	for (size_t i = 0; i < modules->n; i++)
		for (size_t k = i + 1; k < modules->n;) {
			OI_FREE char *source = NULL;

			if (strcmp(modules->v[i].name, modules->v[k].name) != 0) {
				k++;
				continue;
			}
			if (host)
				source = source_version(host, modules->v[i].name);
			if (is_better(&modules->v[k], &modules->v[i], source)) {
				struct oi_dkms_module worse = modules->v[i];

				modules->v[i] = modules->v[k];
				modules->v[k] = worse;
			}
			drop_entry(modules, k);
		}
}

void oi_dkms_parse(const char *text, const char *kernel, struct oi_dkms_modules *modules)
{
	parse(text, kernel, modules);
	choose_versions(NULL, modules);
}

void oi_dkms_modules_clear(struct oi_dkms_modules *modules)
{
	for (size_t i = 0; i < modules->n; i++) {
		free(modules->v[i].name);
		free(modules->v[i].version);
	}
	free(modules->v);
	memset(modules, 0, sizeof(*modules));
}

/* All that dkms knows, not only of this kernel: what was never built is what we look for. */
int oi_dkms_list(const struct oi_host *host, const char *kernel, struct oi_dkms_modules *modules,
		 struct oi_err *err)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_DKMS };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };

	child.out = &out;
	oi_strv_add(&child.args, "status");
	oi_dkms_modules_clear(modules);
	if (oi_child_run(host, &child, &result, err))
		return -1;
	parse(oi_buf_str(&out), kernel, modules);
	choose_versions(host, modules);
	return 0;
}

/* --- make.log --- */

/* @cause: as of oi_make_log_tell() */
static void log_failure(const struct oi_host *host, const char *kernel,
			const struct oi_dkms_module *m, char **cause)
{
	OI_FREE char *build = oi_mem_printf(OI_DKMS_TREE "/%s/%s/build/make.log", m->name, m->version);
	OI_FREE char *folder = oi_mem_printf(OI_DKMS_TREE "/%s/%s/%s", m->name, m->version, kernel);
	OI_CLEANUP(oi_strv_clear) struct oi_strv archs = { 0 };
	struct oi_err err;

	/* A failed build's log stays where it was built; dkms 3.1 and later move it. */
	if (oi_make_log_tell(host, build, cause) || oi_root_list(&host->change, folder, &archs, &err))
		return;
	for (size_t i = 0; i < archs.n; i++) {
		OI_FREE char *path = oi_mem_printf("%s/%s/log/make.log", folder, archs.v[i]);

		if (oi_make_log_tell(host, path, cause))
			return;
	}
}

/* --- the check --- */

static bool counts(const struct oi_step *step, const char *name)
{
	return (!step->built.dkms.n && !step->built.optional.n) || oi_strv_has(&step->built.dkms, name) ||
		oi_strv_has(&step->built.optional, name);
}

static size_t count_missing(const struct oi_dkms_modules *modules, const struct oi_step *step)
{
	size_t n = 0;

	for (size_t i = 0; i < modules->n; i++)
		n += !modules->v[i].installed && counts(step, modules->v[i].name);
	return n;
}

/*
 * @kernel: NULL: of all of them; @more: an option, or NULL
 * Return: has it come to its end, whatever that was.
 */
static bool act(const struct oi_host *host, const char *verb, const char *name,
		const char *version, const char *kernel, const char *more)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_DKMS };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	struct oi_err err;

	child.level = OI_LOG_INFO;
	oi_strv_add(&child.args, verb);
	oi_strv_add(&child.args, "-m");
	oi_strv_add(&child.args, name);
	oi_strv_add(&child.args, "-v");
	oi_strv_add(&child.args, version);
	if (kernel) {
		oi_compile_prepare(host, kernel, &child);
		oi_strv_add(&child.args, "-k");
		oi_strv_add(&child.args, kernel);
	}
	if (more)
		oi_strv_add(&child.args, more);
	if (oi_child_run(host, &child, &result, &err))
		oi_log_warn(&host->log, "dkms: %s", err.text);
	if (kernel)
		oi_compile_end(host);
	return result.end == OI_RUN_EXITED;
}

/* @force: put back what was built, whatever is there */
static void install(const struct oi_host *host, const char *kernel,
		    const struct oi_dkms_module *m, bool force)
{
	if (force)
		oi_log_warn(&host->log, "dkms: %s/%s is not as it was built for %s; reinstalling it",
			    m->name, m->version, kernel);
	else
		oi_log_info(&host->log, "dkms: %s/%s is not installed for %s yet", m->name, m->version,
			    kernel);
	/* What counts is what dkms status says afterwards. */
	act(host, "install", m->name, m->version, kernel, force ? "--force" : NULL);
}

void oi_dkms_remove(const struct oi_host *host, const char *kernel, const struct oi_strv *names,
		    const struct oi_strv *others)
{
	OI_CLEANUP(oi_dkms_modules_clear) struct oi_dkms_modules modules = { 0 };
	struct oi_err err;

	if (!oi_child_has(host, OI_TOOL_DKMS))
		return;
	if (oi_dkms_list(host, kernel, &modules, &err)) {
		oi_log_warn(&host->log, "dkms: %s", err.text);
		return;
	}
	/* the others first: they need the symbols of the named ones */
	for (int wanted = 0; wanted < 2; wanted++)
		for (size_t i = 0; i < modules.n; i++) {
			const struct oi_dkms_module *m = &modules.v[i];

			if (oi_strv_has(wanted ? names : others, m->name))
				act(host, "remove", m->name, m->version, NULL, "--all");
		}
	for (size_t i = 0; i < names->n; i++)
		oi_dkms_bring_back(host, names->v[i]);
	for (size_t i = 0; i < others->n; i++)
		oi_dkms_bring_back(host, others->v[i]);
}

/* One that was taken out by oi_dkms_remove(), or never in: dkms was told to leave it to us. */
static bool make_known(const struct oi_host *host, const char *name)
{
	OI_FREE char *version = source_version(host, name);

	if (version)
		act(host, "add", name, version, NULL, NULL);
	return version;
}

void oi_dkms_build(const struct oi_host *host, const char *kernel, const struct oi_step *step,
		   bool install)
{
	bool ended = true;

	for (size_t i = 0; i < step->built.dkms.n; i++) {
		OI_FREE char *version = source_version(host, step->built.dkms.v[i]);

		if (version)
			ended &= act(host, install ? "install" : "build", step->built.dkms.v[i], version,
				     kernel, NULL);
	}
	/* Nobody knows how far it came, and oi_dkms_check() would install what there is. */
	if (!ended)
		oi_dkms_heal(host, &step->built.dkms, NULL, false);
}

/* In the version that counts: another one, as of an image's older source, is no sign of it. */
static bool is_known(const struct oi_host *host, const struct oi_dkms_modules *modules, const char *name)
{
	const struct oi_dkms_module *m = find_module(modules, name);
	OI_FREE char *version = m ? source_version(host, name) : NULL;

	return m && (!version || !strcmp(version, m->version));
}

/* Return: is dkms to be asked again. */
static bool make_all_known(const struct oi_host *host, const struct oi_dkms_modules *modules,
			   const struct oi_step *step)
{
	bool any = false;

	for (size_t i = 0; i < step->built.dkms.n; i++)
		if (!is_known(host, modules, step->built.dkms.v[i]))
			any |= make_known(host, step->built.dkms.v[i]);
	for (size_t i = 0; i < step->built.optional.n; i++)
		if (!is_known(host, modules, step->built.optional.v[i]))
			any |= make_known(host, step->built.optional.v[i]);
	return any;
}

static int check_known(const struct oi_host *host, const struct oi_dkms_modules *modules, const struct oi_step *step,
		       struct oi_err *err)
{
	if (!step->built.dkms.n && !step->built.optional.n && !modules->n)
		return oi_err_set(err, OI_R_DKMS_FAILED, "dkms knows no module at all");
	for (size_t i = 0; i < step->built.dkms.n; i++)
		if (!is_known(host, modules, step->built.dkms.v[i]))
			return oi_err_set(err, OI_R_DKMS_FAILED, "dkms knows no module %s",
					  step->built.dkms.v[i]);
	return 0;
}

static void build_missing(const struct oi_host *host, const char *kernel,
			  const struct oi_step *step, const struct oi_dkms_modules *modules,
			  bool wanted)
{
	for (size_t i = 0; i < modules->n; i++) {
		const struct oi_dkms_module *m = &modules->v[i];

		if (!m->installed && counts(step, m->name) &&
		    oi_strv_has(&step->built.dkms, m->name) == wanted)
			install(host, kernel, m, false);
	}
}

static int check(const struct oi_host *host, const char *kernel, const struct oi_step *step,
		 struct oi_dkms_modules *modules, struct oi_err *err)
{
	if (oi_dkms_list(host, kernel, modules, err) ||
	    (make_all_known(host, modules, step) && oi_dkms_list(host, kernel, modules, err)) ||
	    check_known(host, modules, step, err))
		return -1;
	for (size_t i = 0; i < modules->n; i++)
		if (modules->v[i].differs && counts(step, modules->v[i].name))
			install(host, kernel, &modules->v[i], true);
	if (!count_missing(modules, step))
		return 0;
	/* The named ones first: the others need their symbols.
	 * Source: catalog notes, "DKMS may build iser, isert, srp before mlnx-ofed-kernel" */
	build_missing(host, kernel, step, modules, true);
	build_missing(host, kernel, step, modules, false);
	return oi_dkms_list(host, kernel, modules, err);
}

int oi_dkms_check(const struct oi_host *host, const char *kernel, const struct oi_step *step,
		  struct oi_err *err)
{
	OI_CLEANUP(oi_dkms_modules_clear) struct oi_dkms_modules modules = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf failed = { 0 };
	OI_FREE char *cause = NULL;

	if (!oi_child_has(host, OI_TOOL_DKMS))
		return oi_err_set(err, OI_R_DKMS_FAILED,
				  "dkms is not there: nothing has built the modules");
	if (check(host, kernel, step, &modules, err))
		return -1;
	for (size_t i = 0; i < modules.n; i++) {
		const struct oi_dkms_module *m = &modules.v[i];

		if (!counts(step, m->name))
			continue;
		if (m->installed) {
			oi_log_info(&host->log, "dkms: %s/%s is installed for %s", m->name, m->version,
				    kernel);
			continue;
		}
		log_failure(host, kernel, m, &cause);
		oi_buf_addf(&failed, "%s%s/%s", failed.len ? ", " : "", m->name, m->version);
	}
	if (!failed.len)
		return oi_depmod_check(host, kernel, err);
	return oi_err_set(err, OI_R_DKMS_FAILED, "not installed for %s: %s%s%s", kernel, oi_buf_str(&failed),
			  cause ? "; " : "", cause ?: "");
}

static void log_failures(const struct oi_host *host, const char *kernel,
			 const struct oi_step *step, char **cause)
{
	OI_CLEANUP(oi_dkms_modules_clear) struct oi_dkms_modules modules = { 0 };
	struct oi_err err;

	if (!kernel || !oi_child_has(host, OI_TOOL_DKMS) ||
	    oi_dkms_list(host, kernel, &modules, &err))
		return;
	for (size_t i = 0; i < modules.n; i++)
		if (!modules.v[i].installed && counts(step, modules.v[i].name))
			log_failure(host, kernel, &modules.v[i], cause);
}

bool oi_dkms_blame(const struct oi_host *host, const struct oi_verdict *verdict,
		   const char *text, struct oi_err *err)
{
	for (size_t i = 0; i < verdict->n_steps; i++) {
		if (verdict->steps[i].action != OI_ACTION_MODULE_CHECK)
			continue;
		OI_FREE char *cause = NULL;

		log_failures(host, verdict->driver.kernel, &verdict->steps[i], &cause);
		oi_err_set(err, OI_R_DKMS_FAILED, "%s%s%s", text, cause ? "; " : "", cause ?: "");
		return true;
	}
	return false;
}
