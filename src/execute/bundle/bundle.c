/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a bundle is and for whom. */
#include "execute/bundle/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "model/reasons.h"

#define LIST_BYTES (1u << 20)

void oi_bundle_clear(struct oi_bundle *bundle)
{
	free(bundle->scratch);
	free(bundle->tree);
	memset(bundle, 0, sizeof(*bundle));
}

void oi_bundle_facts_clear(struct oi_bundle_facts *facts)
{
	free(facts->folder);
	free(facts->version);
	free(facts->distro);
	memset(facts, 0, sizeof(*facts));
}

static bool has(const struct oi_root *tree, const char *folder, const char *name)
{
	OI_FREE char *path = oi_mem_printf("%s/%s", folder, name);

	return oi_root_exists(tree, path);
}

/* An archive has all in one folder, an image has it at its top. */
static char *find_folder(const struct oi_root *tree)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	struct oi_err ignored;

	if (has(tree, "", "mlnxofedinstall") || oi_root_list(tree, "/", &names, &ignored) ||
	    names.n != 1)
		return oi_mem_dup("");
	return oi_mem_printf("/%s", names.v[0]);
}

static int read_line(const struct oi_root *tree, const char *folder, const char *const *names,
		     char **out, struct oi_err *err)
{
	for (; *names; names++) {
		OI_FREE char *path = oi_mem_printf("%s/%s", folder, *names);
		int got = oi_root_read_line(tree, path, out, err);

		if (got < 0)
			return oi_err_set(err, OI_R_BUNDLE_MALFORMED, "%s cannot be read", *names);
		if (!got && **out)
			return 0;
		if (!got)
			oi_mem_set(out, NULL);
	}
	return 1;
}

static int read_kernels(const struct oi_root *tree, const char *kernel,
			struct oi_bundle_facts *facts, struct oi_err *err)
{
	static const char *const names[] = { ".supported_kernels", "supported_kernels" };

	for (size_t i = 0; i < OI_ARRAY_SIZE(names) && !facts->lists_kernels; i++) {
		OI_FREE char *path = oi_mem_printf("%s/%s", facts->folder, names[i]);
		OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
		OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
		int got = oi_root_read(tree, path, LIST_BYTES, &text, err);

		if (got < 0)
			return oi_err_set(err, OI_R_BUNDLE_MALFORMED, "%s cannot be read", names[i]);
		if (got)
			continue;
		oi_strv_split(&lines, oi_buf_str(&text), " \t\r\n");
		facts->lists_kernels = true;
		facts->has_kernel = kernel && oi_strv_has(&lines, kernel);
	}
	return 0;
}

int oi_bundle_look(const struct oi_root *tree, const char *kernel, struct oi_bundle_facts *facts,
		   struct oi_err *err)
{
	static const char *const version[] = { ".mlnx", "mlnx", NULL };
	static const char *const distro[] = { "distro", NULL };
	OI_FREE char *installer = NULL;

	facts->folder = find_folder(tree);
	installer = oi_mem_printf("%s/mlnxofedinstall", facts->folder);
	if (!oi_root_is_program(tree, installer))
		return oi_err_set(err, OI_R_BUNDLE_MALFORMED,
				  "it has no program mlnxofedinstall");
	switch (read_line(tree, facts->folder, version, &facts->version, err)) {
	case 0:
		break;
	case 1:
		return oi_err_set(err, OI_R_BUNDLE_MALFORMED, "it has no file .mlnx");
	default:
		return -1;
	}
	switch (read_line(tree, facts->folder, distro, &facts->distro, err)) {
	case 0:
		break;
	case 1:
		return oi_err_set(err, OI_R_BUNDLE_MALFORMED,
				  "it has no file distro, which names its distribution");
	default:
		return -1;
	}
	facts->deb = has(tree, facts->folder, "DEBS");
	if (!facts->deb && !has(tree, facts->folder, "RPMS"))
		return oi_err_set(err, OI_R_BUNDLE_MALFORMED, "it has neither DEBS nor RPMS");
	return read_kernels(tree, kernel, facts, err);
}

int oi_bundle_check_distro(const struct oi_host *host, const char *distro, const char *ours,
			   struct oi_err *err)
{
	size_t len = strlen(ours);

	if (!strcmp(distro, ours))
		return 0;
	/* Debian's bundles are named for point releases, and its machines for none. */
	if (!strncmp(distro, ours, len) && distro[len] == '.' && !strchr(ours, '.'))
		return 0;
	/* One that somebody has built anew for his kernel, with --distro. */
	if (!strcmp(distro, "skip-distro-check")) {
		oi_log_warn(&host->log, "bundle: it does not name its distribution; continuing with %s", ours);
		return 0;
	}
	return oi_err_set(err, OI_R_BUNDLE_DISTRO, "it is for %s, and this is %s", distro, ours);
}
