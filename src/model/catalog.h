/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sizes, releases, inbox packages, PCI ids and signing keys: data with sources, compiled in
 * as the default, extended or replaced row by row from files of the same form.
 * Format: tab-separated, a header line that names the columns, "-" for no
 * value, lines that start with '#' ignored. See ofed-init-catalog(5).
 */
#ifndef OI_MODEL_CATALOG_H
#define OI_MODEL_CATALOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"

/* The one generation whose modules are mlx4, and not mlx5. */
#define OI_GENERATION_MLX4 "cx3-pro"

/* One text of rows, to say where a doubtful row came from. */
struct oi_row_source {
	const char *file; /* borrowed from the catalog */
	unsigned int line;
};

struct oi_size {
	char *name; /* ARM name, "Standard_HB120rs_v3" */
	char *series;
	char *nic_generation; /* "cx3-pro" ... "cx8" */
	bool network_direct; /* a VMBus channel, no PCI function */
	int ib_ports;
	int link_gbps; /* of one port */
	char *arch; /* "x86_64", "aarch64" */
	struct oi_strv pci_device_ids;
	char *status; /* "current", "announced-retirement", "retired" */
	char *note; /* doubts; NULL: none */
	struct oi_row_source from;
};

struct oi_other_size {
	char *name;
	char *why; /* why it has no RDMA */
	struct oi_row_source from;
};

enum oi_release_status {
	OI_RELEASE_CURRENT,
	OI_RELEASE_OLDER,
	OI_RELEASE_UNMERGED, /* never chosen */
	OI_RELEASE_DO_NOT_USE, /* never chosen */
};

struct oi_release {
	char *stack; /* "doca-ofed", "mlnx-ofed" */
	char *version;
	char *ofed_version;
	char *distro_id;
	char *distro_version;
	char *arch;
	struct oi_strv nic_generations;
	char *url; /* NULL: nothing to download */
	char *sha256; /* NULL: the publisher gives none */
	char *kind; /* "doca-host-deb", "doca-host-rpm", "tgz", "iso", "apt-repo", "rpm-repo", "distro-rpm" */
	enum oi_release_status status;
	struct oi_strv kernels; /* what it is known to build for; oi_kernel_fit() reads them */
	char *note;
	struct oi_row_source from;
};

/* How a distribution serves its own RDMA stack. */
struct oi_inbox {
	char *distro_id;
	char *distro_version; /* a glob over VERSION_ID: "12", "9.*" */
	struct oi_strv arch;
	struct oi_strv nic_generations;
	char *method; /* "apt", "dnf", "yum", "tdnf", "zypper" */
	struct oi_strv packages; /* installed always */
	struct oi_strv optional; /* installed when the archive has them; "{kernel}" is the
				  * release, "{kernel-package}" and "{kernel-version}" its package's */
	struct oi_strv build; /* to compile modules: headers, compiler; words in braces as above */
	struct oi_strv bundle; /* what a bundle's installer may ask for, when the archive has it */
	struct oi_strv repositories; /* "epel", "crb": not enabled on a plain image, needed for dkms */
	char *archive; /* the archive's own origin label (apt pins); NULL: none needed */
	char *note;
	struct oi_row_source from;
};

struct oi_pci_id {
	unsigned int device; /* vendor 15b3 */
	char *nic_generation; /* the lowest that shows this id */
	char *name;
	struct oi_row_source from;
};

/* A key that signs vendors' package repositories, and whether it may. */
struct oi_signing_key {
	char *fingerprint; /* 40 or 64 hexadecimal digits, upper case */
	bool accept;
	char *note; /* whose, and why not; NULL: none */
	struct oi_row_source from;
};

struct oi_catalog {
	struct oi_size *sizes;
	size_t n_sizes;
	struct oi_other_size *others;
	size_t n_others;
	struct oi_release *releases;
	size_t n_releases;
	struct oi_inbox *inbox;
	size_t n_inbox;
	struct oi_pci_id *pci_ids;
	size_t n_pci_ids;
	struct oi_signing_key *keys;
	size_t n_keys;
	struct oi_strv files; /* names that rows point to */
	char **texts; /* what the rows' strings lie in: one allocation a table, not ten a row */
	size_t n_texts;
};

/** oi_catalog_clear() - free; fine on a zeroed one, and for OI_CLEANUP */
void oi_catalog_clear(struct oi_catalog *catalog);

/**
 * oi_catalog_add_builtin() - the rows compiled in
 * Return: 0, or -1 (a malformed row in the source tree; a test guards it).
 */
OI_MUST_CHECK
int oi_catalog_add_builtin(struct oi_catalog *catalog, struct oi_err *err);

/**
 * oi_catalog_add_table() - add rows; a row with the key of an earlier one replaces it
 * @name: the file, whose last part tells the table ("vm-sizes.tsv", also
 *        "50-mine.vm-sizes.tsv"); used in errors
 * @text: @len bytes, borrowed
 *
 * Keys: a size's name, without regard to case, in vm-sizes and other-sizes
 * together (a size that a later file puts into the one leaves the other); a
 * release's stack, version, distribution, its version, arch and url; an inbox
 * row's distribution, its version and arch as written; a PCI device id; a
 * signing key's fingerprint.
 * Return: 0, or -1 with OI_R_CATALOG_MALFORMED "FILE:LINE: what"; the catalog
 *         may then hold some of the rows, and is only good for clearing.
 */
OI_MUST_CHECK
int oi_catalog_add_table(struct oi_catalog *catalog, const char *name, const char *text,
			 size_t len, struct oi_err *err);

/**
 * oi_catalog_find_size() - the row of a VM size
 * @name: any letter case, with or without "_Promo"; may be NULL
 * Return: borrowed, or NULL.
 */
const struct oi_size *oi_catalog_find_size(const struct oi_catalog *catalog, const char *name);
/** oi_catalog_find_other() - the row of a size known to have no RDMA, or NULL */
const struct oi_other_size *oi_catalog_find_other(const struct oi_catalog *catalog,
						  const char *name);
/** oi_catalog_find_pci() - the row of a device id, or NULL */
const struct oi_pci_id *oi_catalog_find_pci(const struct oi_catalog *catalog,
					    unsigned int device);

/** oi_release_status_name() - "current", "older", "unmerged", "do-not-use" */
const char *oi_release_status_name(enum oi_release_status status);

/** oi_generation_is_mlx4() - is @generation driven by mlx4; NULL: unknown, so no */
bool oi_generation_is_mlx4(const char *generation);

#endif
