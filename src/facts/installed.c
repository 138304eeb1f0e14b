/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which driver stack is installed, and for which kernel it has modules. Cheap:
 * the packages' own file lists are looked for, and dpkg's status is only read
 * when one is there. On rpm systems the files of a stack stand for it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/ver.h"
#include "facts/doubt.h"
#include "facts/look.h"
#include "model/config.h"
#include "model/reasons.h"
#include "sys/clock.h"
#include "sys/kmods.h"
#include "sys/run.h"

#define DPKG_STATUS "/var/lib/dpkg/status"
/* Some 3 MiB with all of a desktop installed */
#define DPKG_STATUS_LIMIT_BYTES (64u << 20)
/* Azure's HPC images; Source: azhpc-images, utils/utilities.sh, write_component_version() */
#define HPC_VERSIONS "/opt/azurehpc/component_versions.txt"
#define OFED_INFO "/usr/bin/ofed_info"
/* A script that prints a line */
#define OFED_INFO_MS 10000
/* Deepest known: updates/drivers/net/ethernet/mellanox/mlx5/core */
#define MODULE_DEPTH 10
/* Some dozens are usual; links in circles would make them without number. */
#define MODULE_FOLDERS 2000

/* --- dpkg --- */

static bool has_deb_files(const struct oi_root *root, const char *package)
{
	static const char *const suffixes[] = { "", ":amd64", ":arm64" };

	for (size_t i = 0; i < OI_ARRAY_SIZE(suffixes); i++) {
		OI_FREE char *path =
			oi_mem_printf("/var/lib/dpkg/info/%s%s.list", package, suffixes[i]);

		if (oi_root_exists(root, path))
			return true;
	}
	return false;
}

/* The rest of the line that starts with @field in a package's paragraph; NULL: none. */
static char *field_of(const char *paragraph, const char *end, const char *field)
{
	size_t len = strlen(field);

	for (const char *line = paragraph; line < end;) {
		const char *stop = line + strcspn(line, "\n");

		if (!strncmp(line, field, len)) {
			line += len + strspn(line + len, " ");
			return oi_mem_ndup(line, line < stop ? (size_t)(stop - line) : 0);
		}
		line = *stop ? stop + 1 : stop;
	}
	return NULL;
}

/* Version of an installed package, owned by the caller; NULL: it is not installed. */
static char *deb_version(const char *status, const char *package)
{
	OI_FREE char *first = oi_mem_printf("Package: %s\n", package);

	for (const char *p = status; (p = strstr(p, first)); p++) {
		const char *end = strstr(p, "\n\n");
		OI_FREE char *state = NULL;

		if (p != status && p[-1] != '\n')
			continue;
		if (!end)
			end = p + strlen(p);
		state = field_of(p, end, "Status:");
		/* Source: dpkg-query(1): what is wanted, flag, state; "hold" is installed too */
		if (state && (!strcmp(state, "install ok installed") ||
			      !strcmp(state, "hold ok installed")))
			return field_of(p, end, "Version:");
	}
	return NULL;
}

static bool look_for_deb(const struct oi_root *root, const char *package, struct oi_facts *facts)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf status = { 0 };
	OI_FREE char *version = NULL;
	struct oi_err err;

	if (!has_deb_files(root, package))
		return false;
	if (oi_root_read(root, DPKG_STATUS, DPKG_STATUS_LIMIT_BYTES, &status, &err) < 0) {
		oi_facts_doubt(facts, "installed: %s", err.text);
		return false;
	}
	version = deb_version(oi_buf_str(&status), package);
	if (version)
		oi_text_set(&facts->installed.version, version);
	return version;
}

/* --- ofed_info --- */

/* "MLNX_OFED_LINUX-24.10-0.7.0.0:", "OFED-internal-25.10-1.2.8:"; owned by the caller */
static char *ask_ofed_info(const struct oi_host *host, struct oi_facts *facts)
{
	const char *tool = host->tools.path[OI_TOOL_OFED_INFO];
	OI_CLEANUP(oi_strv_clear) struct oi_strv argv = { 0 };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	const struct oi_run_options options = {
		.deadline_ms = oi_clock_ms() + OFED_INFO_MS,
		.stdout_text = &out,
		.stdout_limit_bytes = 4096,
	};
	struct oi_err err;

	/* Beneath another root it would not be that root's answer. */
	if (!tool || !oi_root_is_real(&host->change))
		return NULL;
	oi_strv_add(&argv, tool);
	oi_strv_add(&argv, "-s");
	if (oi_run(argv.v, &options, &result, &err)) {
		oi_facts_doubt(facts, "installed.version: %s", err.text);
		return NULL;
	}
	return oi_mem_ndup(oi_buf_str(&out), strcspn(oi_buf_str(&out), ":\r\n"));
}

/* What the builder of an HPC image wrote down, owned by the caller; NULL: nothing. */
static char *hpc_version(const struct oi_root *root, const char *component)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf buf = { 0 };
	OI_DOC_AUTO *doc = NULL;
	struct oi_err ignored; /* a note of somebody else's: there is another way to know */

	if (oi_root_read(root, HPC_VERSIONS, OI_DOC_MAX_BYTES, &buf, &ignored) ||
	    oi_doc_from_json(oi_buf_str(&buf), buf.len, HPC_VERSIONS, OI_R_READ_FAILED, &doc,
			     &ignored))
		return NULL;
	return oi_mem_dup(oi_doc_string(oi_doc_get(doc, component)));
}

/*
 * NVIDIA's stack without a doca-ofed package of dpkg's: MLNX_OFED, or DOCA's by
 * rpm. DOCA's own number and its OFED's are two things: only the first is a version.
 */
static void look_at_ofed(const struct oi_host *host, struct oi_facts *facts)
{
	static const char mlnx[] = "MLNX_OFED_LINUX-";
	static const char internal[] = "OFED-internal-";
	OI_FREE char *doca = hpc_version(&host->change, "DOCA");
	OI_FREE char *mofed = hpc_version(&host->change, "MOFED");
	OI_FREE char *answer = doca || mofed ? NULL : ask_ofed_info(host, facts);

	if (doca || (answer && !strncmp(answer, internal, strlen(internal)))) {
		oi_text_set(&facts->installed.stack, oi_driver_name(OI_DRIVER_DOCA));
		if (doca)
			oi_text_set(&facts->installed.version, doca);
		else
			oi_facts_doubt(facts, "installed.version: of DOCA only \"%s\" is known",
				       answer);
		return;
	}
	oi_text_set(&facts->installed.stack, oi_driver_name(OI_DRIVER_MLNX));
	if (mofed)
		oi_text_set(&facts->installed.version,
			    mofed + (strncmp(mofed, mlnx, strlen(mlnx)) ? 0 : strlen(mlnx)));
	else if (answer && !strncmp(answer, mlnx, strlen(mlnx)))
		oi_text_set(&facts->installed.version, answer + strlen(mlnx));
	else
		oi_facts_doubt(facts, "installed.version: " OFED_INFO " did not tell");
}

/* --- what of it is ours, and not finished --- */

/* Steps that change no package are done again without harm. Source: src/execute/state/journal.c */
static bool may_be_half(const struct oi_doc *step)
{
	const struct oi_doc *leaves = oi_doc_get(step, "leaves");

	for (size_t i = 0; leaves && leaves->kind == OI_DOC_LIST && i < leaves->n; i++) {
		const char *word = oi_doc_string(leaves->items[i]);

		if (word && (!strcmp(word, "packages") || !strcmp(word, "modules")))
			return true;
	}
	return false;
}

/* The step that was cut off and may have left some of it; "" when none; NULL: it makes no sense. */
static const char *unfinished_step(const struct oi_doc *journal)
{
	const struct oi_doc *steps = oi_doc_get(journal, "steps");
	const char *last = "";

	if (oi_doc_int(oi_doc_get(journal, "schema"), 0) < 1 || !steps || steps->kind != OI_DOC_LIST)
		return NULL;
	for (size_t i = 0; i < steps->n; i++) {
		const char *id = oi_doc_string(oi_doc_get(steps->items[i], "id"));

		if (!id || !oi_doc_string(oi_doc_get(steps->items[i], "state")))
			return NULL;
		if (may_be_half(steps->items[i]))
			last = id;
	}
	return last;
}

/*
 * The files of a stack come one after the other: any of them may be there without the rest.
 * A journal that makes no sense may be of anything, as heal takes it too.
 */
static void look_for_journal(const struct oi_root *root, struct oi_facts *facts)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_DOC_AUTO *doc = NULL;
	const char *step = NULL;
	struct oi_err err;

	if (oi_root_read(root, OI_JOURNAL_PATH, OI_DOC_MAX_BYTES, &text, &err))
		return;
	if (!oi_doc_from_json(oi_buf_str(&text), text.len, OI_JOURNAL_PATH, OI_R_READ_FAILED, &doc,
			      &err))
		step = unfinished_step(doc);
	if (!step || *step)
		oi_text_set(&facts->installed.unfinished, step ?: "unknown");
}

/* --- modules --- */

/* "mlx5_core.ko", "mlx5_core.ko.xz" */
static bool is_module(const char *file, const char *module)
{
	size_t len = strlen(module);

	return !strncmp(file, module, len) && !strncmp(file + len, ".ko", 3) &&
	       (!file[len + 3] || file[len + 3] == '.');
}

static bool holds_module(const struct oi_root *root, const char *folder, const char *module,
			 unsigned int depth, unsigned int *folders_left)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	struct oi_err ignored; /* a file among the folders, or nothing there */

	if (oi_root_list(root, folder, &names, &ignored))
		return false;
	for (size_t i = 0; i < names.n; i++)
		if (is_module(names.v[i], module))
			return true;
	for (size_t i = 0; depth && *folders_left && i < names.n; i++) {
		OI_FREE char *below = oi_mem_printf("%s/%s", folder, names.v[i]);

		--*folders_left;
		if (holds_module(root, below, module, depth - 1, folders_left))
			return true;
	}
	return false;
}

/*
 * A build that was cut off leaves files that depmod has never seen, and modprobe takes the
 * kernel's own. Where there is no list, the files have to do.
 */
static bool are_known(const struct oi_root *root, const char *release)
{
	struct oi_kmod main_one = { .name = OI_KMOD_MAIN };
	struct oi_err ignored;
	int got = oi_kmods_find(root, release, &main_one, 1, &ignored);
	bool added = oi_kmod_is_added(&main_one);

	oi_kmods_clear(&main_one, 1);
	return got || added;
}

/*
 * The kernel's own modules are below kernel/; DKMS and NVIDIA's packages use
 * updates/ (deb) or extra/ (rpm), and weak-updates/ links to another release's.
 */
static bool has_modules(const struct oi_root *root, const char *release, bool inbox)
{
	static const char *const folders[] = { "updates", "extra", "weak-updates" };
	unsigned int folders_left = MODULE_FOLDERS;
	OI_FREE char *own = oi_mem_printf(
		"/lib/modules/%s/kernel/drivers/infiniband/hw/mlx5", release);

	if (inbox)
		return holds_module(root, own, "mlx5_ib", 0, &folders_left);
	for (size_t i = 0; i < OI_ARRAY_SIZE(folders); i++) {
		OI_FREE char *folder = oi_mem_printf("/lib/modules/%s/%s", release, folders[i]);

		if (holds_module(root, folder, OI_KMOD_MAIN, MODULE_DEPTH, &folders_left))
			return are_known(root, release);
	}
	return false;
}

/* The running release when it has modules, else the newest that has. */
static void look_for_modules(const struct oi_root *root, bool inbox, struct oi_facts *facts)
{
	const char *running = oi_text_or(&facts->kernel.release, NULL);
	OI_CLEANUP(oi_strv_clear) struct oi_strv releases = { 0 };
	const char *best = NULL;
	struct oi_err err;

	if (running && has_modules(root, running, inbox)) {
		oi_text_set(&facts->installed.kernel, running);
		return;
	}
	if (oi_root_list(root, "/lib/modules", &releases, &err) < 0) {
		oi_facts_doubt(facts, "installed.kernel: %s", err.text);
		return;
	}
	for (size_t i = 0; i < releases.n; i++)
		if ((!best || oi_ver_compare(releases.v[i], best) > 0) &&
		    has_modules(root, releases.v[i], inbox))
			best = releases.v[i];
	oi_text_set(&facts->installed.kernel, best);
}

void oi_facts_look_installed(const struct oi_host *host, struct oi_facts *facts)
{
	const struct oi_root *root = &host->change;

	look_for_journal(root, facts);
	if (look_for_deb(root, "doca-ofed", facts)) {
		oi_text_set(&facts->installed.stack, oi_driver_name(OI_DRIVER_DOCA));
	} else if (oi_root_exists(root, OFED_INFO)) {
		look_at_ofed(host, facts);
		/* NOLINTNEXTLINE(bugprone-branch-clone): by dpkg, else by its file */
	} else if (look_for_deb(root, "rdma-core", facts)) {
		oi_text_set(&facts->installed.stack, oi_driver_name(OI_DRIVER_INBOX));
	} else if (!oi_root_exists(root, DPKG_STATUS) &&
		   oi_root_exists(root, "/usr/sbin/rdma-ndd")) {
		/* rpm's own database is not opened for a version that nobody asks for. */
		oi_text_set(&facts->installed.stack, oi_driver_name(OI_DRIVER_INBOX));
	} else if (oi_root_exists(root, "/usr/bin")) {
		oi_text_set(&facts->installed.stack, NULL);
		oi_text_set(&facts->installed.version, NULL);
		oi_text_set(&facts->installed.kernel, NULL);
		return;
	} else {
		oi_facts_doubt(facts, "installed: there is no /usr/bin");
		return;
	}
	look_for_modules(root, oi_text_is(&facts->installed.stack, oi_driver_name(OI_DRIVER_INBOX)), facts);
}
