/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What on the machine works with storage, sockets or devices over RDMA by the kernel's own modules,
 * or is set up to: mounts, sessions, targets, lists of modules to load.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "facts/look.h"
#include "model/rdma_modules.h"
#include "sys/kmods.h"

#define FILE_BYTES (1u << 20)

static void add_use(struct oi_facts *facts, const char *module, const char *fmt, ...) OI_PRINTF(3, 4);

static void add_use(struct oi_facts *facts, const char *module, const char *fmt, ...)
{
	OI_FREE char *by = NULL;
	va_list ap;

	va_start(ap, fmt);
	by = oi_mem_vprintf(fmt, ap);
	va_end(ap);
	oi_facts_add_use(facts, module, by);
}

/* The lines of a file, if there is one. */
static void each_line(const struct oi_host *host, const char *file, struct oi_facts *facts,
		      void (*look)(const struct oi_host *host, const char *line, const char *file,
				   struct oi_facts *facts))
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	struct oi_err ignored;

	if (oi_root_read(&host->look, file, FILE_BYTES, &text, &ignored))
		return;
	oi_strv_split(&lines, oi_buf_str(&text), "\n");
	for (size_t i = 0; i < lines.n; i++)
		look(host, lines.v[i], file, facts);
}

/* --- mounts --- */

static bool has_option(const char *options, const char *wanted)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv list = { 0 };

	oi_strv_split(&list, options, ",");
	return oi_strv_has(&list, wanted);
}

/* Does the kernel's SMB client need ib_core, as it does where it is built with SMB direct. */
static bool cifs_needs_core(const struct oi_host *host, const struct oi_facts *facts)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv files = { 0 };
	const char *kernel = oi_text_or(&facts->kernel.release, NULL);
	struct oi_err ignored;

	oi_strv_add(&names, "cifs");
	if (!kernel || oi_kmods_with_needs(&host->look, kernel, &names, &files, &ignored))
		return false;
	for (size_t i = 0; i < files.n; i++)
		if (strstr(files.v[i], "/ib_core.ko"))
			return true;
	return false;
}

/* One line of fstab(5), as /proc/mounts has them too. */
static void look_at_mount(const struct oi_host *host, const char *line, const char *file,
			  struct oi_facts *facts)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv fields = { 0 };
	const char *options;

	oi_strv_split(&fields, line, " \t");
	if (fields.n < 4 || fields.v[0][0] == '#')
		return;
	options = fields.v[3];
	if ((!strcmp(fields.v[2], "nfs") || !strcmp(fields.v[2], "nfs4")) &&
	    (has_option(options, "proto=rdma") || has_option(options, "rdma")))
		add_use(facts, "rpcrdma", "%s: %s is of type %s with proto=rdma", file, fields.v[1],
		    fields.v[2]);
	if ((!strcmp(fields.v[2], "cifs") || !strcmp(fields.v[2], "smb3")) &&
	    (has_option(options, "rdma") || cifs_needs_core(host, facts)))
		add_use(facts, "cifs", "%s: %s is of type %s", file, fields.v[1], fields.v[2]);
}

/* --- sessions and targets --- */

/* Each entry of a folder in which a file has a value: "nvme1" of /sys/class/nvme with transport rdma. */
static const struct {
	const char *folder, *file, *value, *module, *what;
} values[] = {
	{ "/sys/class/nvme", "transport", "rdma", "nvme_rdma", "is connected by RDMA" },
	{ "/sys/class/scsi_host", "proc_name", "iscsi_iser", "ib_iser", "is an iSER session" },
	{ "/sys/class/scsi_host", "proc_name", "ib_srp", "ib_srp", "is an SRP target's" },
	{ "/sys/kernel/config/nvmet/ports", "addr_trtype", "rdma", "nvmet_rdma", "is an NVMe port by RDMA" },
};

static void look_at_values(const struct oi_host *host, struct oi_facts *facts)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(values); i++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
		struct oi_err ignored;

		if (oi_root_list(&host->look, values[i].folder, &names, &ignored))
			continue;
		for (size_t n = 0; n < names.n; n++) {
			OI_FREE char *path = oi_mem_printf("%s/%s/%s", values[i].folder, names.v[n],
							   values[i].file);
			OI_FREE char *line = NULL;

			if (oi_root_read_line(&host->look, path, &line, &ignored))
				line = NULL;
			if (line && !strcmp(line, values[i].value))
				add_use(facts, values[i].module, "%s/%s %s", values[i].folder, names.v[n],
				    values[i].what);
		}
	}
}

/* "rdma 20049": the NFS server listens by RDMA. */
static void look_at_nfs_server(const struct oi_host *host, struct oi_facts *facts)
{
	static const char file[] = "/proc/fs/nfsd/portlist";
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	struct oi_err ignored;

	if (oi_root_read(&host->look, file, FILE_BYTES, &text, &ignored))
		return;
	if (!strncmp(oi_buf_str(&text), "rdma", 4) || strstr(oi_buf_str(&text), "\nrdma"))
		add_use(facts, "rpcrdma", "%s: the NFS server listens by RDMA", file);
}

/* A software device has no PCI function. */
static void look_at_devices(struct oi_facts *facts)
{
	static const struct {
		const char *prefix, *module;
	} soft[] = { { "rxe", "rdma_rxe" }, { "siw", "siw" } };

	for (size_t i = 0; i < facts->rdma.n; i++)
		for (size_t s = 0; s < OI_ARRAY_SIZE(soft); s++)
			if (!facts->rdma.v[i].address &&
			    !strncmp(facts->rdma.v[i].device, soft[s].prefix, strlen(soft[s].prefix)))
				add_use(facts, soft[s].module, "the RDMA device %s is of it",
				    facts->rdma.v[i].device);
}

/* --- lists of modules to load --- */

static void look_at_name(const struct oi_host *host OI_UNUSED, const char *line, const char *file,
			 struct oi_facts *facts)
{
	OI_FREE char *name = oi_mem_ndup(line, strcspn(line, " \t\r#;"));

	for (char *c = name; *c; c++)
		if (*c == '-')
			*c = '_';
	if (*name && oi_rdma_kind(name) == OI_RDMA_CLIENT)
		add_use(facts, name, "%s names it", file);
}

/* Not rdma-core's own lists in /etc/rdma: they name what nobody may have asked for. */
static void look_at_lists(const struct oi_host *host, struct oi_facts *facts)
{
	static const char *const folders[] = { "/etc/modules-load.d", "/run/modules-load.d",
					       "/usr/local/lib/modules-load.d" };

	each_line(host, "/etc/modules", facts, look_at_name);
	for (size_t i = 0; i < OI_ARRAY_SIZE(folders); i++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
		struct oi_err ignored;

		if (oi_root_list(&host->look, folders[i], &names, &ignored))
			continue;
		for (size_t n = 0; n < names.n; n++) {
			OI_FREE char *path = oi_mem_printf("%s/%s", folders[i], names.v[n]);

			/* Debian's modules.conf is a link to the file that was read first. */
			if (strcmp(path, "/etc/modules-load.d/modules.conf") != 0)
				each_line(host, path, facts, look_at_name);
		}
	}
}

void oi_facts_look_uses(const struct oi_host *host, struct oi_facts *facts)
{
	each_line(host, "/proc/mounts", facts, look_at_mount);
	each_line(host, "/etc/fstab", facts, look_at_mount);
	look_at_values(host, facts);
	look_at_nfs_server(host, facts);
	look_at_devices(facts);
	look_at_lists(host, facts);
}
