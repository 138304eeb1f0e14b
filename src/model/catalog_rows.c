/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/catalog_rows.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/kernel_range.h"
#include "model/manager.h"

const char *oi_release_status_name(enum oi_release_status status)
{
	static const char *const names[] = {
		[OI_RELEASE_CURRENT] = "current",
		[OI_RELEASE_OLDER] = "older",
		[OI_RELEASE_UNMERGED] = "unmerged",
		[OI_RELEASE_DO_NOT_USE] = "do-not-use",
	};

	return names[status];
}

/* More than any VM has; what is above is a slip of the pen. */
#define MAX_PORTS 64
#define MAX_GBPS 100000
#define SHA256_DIGITS 64
#define FINGERPRINT_DIGITS 40 /* SHA-1, version 4 keys; Source: RFC 4880, 12.2 */
#define FINGERPRINT_DIGITS_V6 64 /* SHA-256; Source: RFC 9580, 5.5.4 */

/* --- fields --- */

static int not_one_of(const struct oi_table *table, const char *column, const char *value,
		      const char *allowed, struct oi_err *err)
{
	return oi_table_error(table, err, "%s is \"%s\"; it must be one of: %s", column, value,
			      allowed);
}

/* @allowed: words with ", " between them, as the error prints them. Returns the index, or -1. */
static int one_of(const struct oi_table *table, const char *column, const char *value,
		  const char *allowed, struct oi_err *err)
{
	size_t len = strlen(value);
	const char *word = allowed;

	for (int i = 0;; i++) {
		size_t word_len = strcspn(word, ",");

		if (len == word_len && !memcmp(word, value, len))
			return i;
		word += word_len;
		if (!*word)
			return not_one_of(table, column, value, allowed, err);
		word += 2;
	}
}

/*
 * Ids, versions and package names become arguments of programs and parts of
 * paths: no blank, no slash, nothing that looks like an option, and no '-' at
 * the end, which apt takes for "remove". @extra: further letters allowed.
 */
static int check_word(const struct oi_table *table, const char *column, const char *word,
		      const char *extra, struct oi_err *err)
{
	size_t len = strlen(word);

	for (size_t i = 0; i < len; i++) {
		char c = word[i];

		if (isalnum((unsigned char)c) || strchr(extra, c) ||
		    (i && (strchr("._+~", c) || (c == '-' && i + 1 < len))))
			continue;
		return oi_table_error(table, err, "%s has \"%s\", which cannot be a name", column, word);
	}
	return 0;
}

/* Splits @field in place: the list's strings lie in it, its array is the list's own. */
static int fill_list(const struct oi_table *table, const char *column, char *field,
		     const char *extra, struct oi_strv *list, struct oi_err *err)
{
	size_t n = 1;

	if (!field)
		return 0;
	for (const char *comma = field; (comma = strchr(comma, ',')); comma++)
		n++;
	list->v = oi_mem_zalloc(n + 1, sizeof(*list->v));
	while (field) {
		char *comma = strchr(field, ',');

		if (comma)
			*comma++ = '\0';
		if (!*field)
			return oi_table_error(table, err, "%s has an empty element", column);
		if (check_word(table, column, field, extra, err) < 0)
			return -1;
		list->v[list->n++] = field;
		field = comma;
	}
	return 0;
}

/* "-" is 0, unknown. */
static int fill_number(const struct oi_table *table, const char *column, const char *field,
		       int most, int *out, struct oi_err *err)
{
	long value;

	*out = 0;
	if (!field)
		return 0;
	/* digits alone, and few of them: strtol() would take blanks and signs */
	if (strspn(field, "0123456789") != strlen(field) || strlen(field) > 9)
		return oi_table_error(table, err, "%s is \"%s\"; it must be a number", column, field);
	value = strtol(field, NULL, 10);
	if (value < 1 || value > most)
		return oi_table_error(table, err, "%s is %ld; it must be from 1 to %d", column, value,
				      most);
	*out = (int)value;
	return 0;
}

static int check_url(const struct oi_table *table, const char *url, struct oi_err *err)
{
	static const char *const schemes[] = { "https://", "http://", "file://" };

	if (!url)
		return 0;
	for (size_t i = 0; i < OI_ARRAY_SIZE(schemes); i++) {
		size_t len = strlen(schemes[i]);

		if (!strncmp(url, schemes[i], len) && url[len] && !strpbrk(url, " \t\"'\\"))
			return 0;
	}
	return oi_table_error(table, err,
			      "url is \"%s\"; it must start with https://, http:// or file://", url);
}

static int fill_digest(const struct oi_table *table, char *digest, struct oi_err *err)
{
	if (!digest)
		return 0;
	if (strspn(digest, "0123456789abcdefABCDEF") != SHA256_DIGITS ||
	    strlen(digest) != SHA256_DIGITS)
		return oi_table_error(table, err, "sha256 is \"%s\"; it must be %d hexadecimal digits",
				      digest, SHA256_DIGITS);
	for (; *digest; digest++)
		*digest = (char)tolower((unsigned char)*digest);
	return 0;
}

static int fill_device_id(const struct oi_table *table, const char *column, const char *field,
			  unsigned int *out, struct oi_err *err)
{
	if (strspn(field, "0123456789abcdefABCDEF") != 4 || strlen(field) != 4)
		return oi_table_error(table, err, "%s has \"%s\"; it must be 4 hexadecimal digits",
				      column, field);
	*out = (unsigned int)strtoul(field, NULL, 16);
	return 0;
}

/* --- rows: one group for each table --- */

/* Keys are compared, never shown: a byte that no field can have keeps the parts apart. */
static void add_part(struct oi_buf *key, const char *part)
{
	oi_buf_adds(key, part ? part : "");
	oi_buf_add(key, "\t", 1);
}

#define ARCHES "x86_64, aarch64"
#define STACKS "doca-ofed, mlnx-ofed"
#define KINDS "doca-host-deb, doca-host-rpm, tgz, iso, apt-repo, rpm-repo, distro-rpm"
#define REPOSITORIES "epel, crb"
#define FABRICS "sr-iov, network-direct"
#define SIZE_STATES "current, announced-retirement, retired"
#define KEY_VERDICTS "accept, refuse"
#define RELEASE_STATES "current, older, unmerged, do-not-use" /* as enum oi_release_status */

enum {
	SIZE_NAME, SIZE_SERIES, SIZE_GENERATION, SIZE_FABRIC, SIZE_PORTS, SIZE_GBPS, SIZE_ARCH,
	SIZE_DEVICES, SIZE_STATUS, SIZE_NOTE, SIZE_COLUMNS
};

static const struct oi_table_column size_columns[] = {
	[SIZE_NAME] = { "size", true, true },
	[SIZE_SERIES] = { "series", false, false },
	[SIZE_GENERATION] = { "nic_generation", true, true },
	[SIZE_FABRIC] = { "fabric", true, true },
	[SIZE_PORTS] = { "ib_ports", true, false },
	[SIZE_GBPS] = { "link_gbps", true, false },
	[SIZE_ARCH] = { "arch", true, true },
	[SIZE_DEVICES] = { "pci_device_ids", true, false },
	[SIZE_STATUS] = { "status", true, true },
	[SIZE_NOTE] = { "note", false, false },
};

static int size_fill(const struct oi_table *table, char **field, void *at, struct oi_err *err)
{
	struct oi_size *row = at;
	int fabric = one_of(table, "fabric", field[SIZE_FABRIC], FABRICS, err);

	row->name = field[SIZE_NAME];
	row->series = field[SIZE_SERIES];
	row->nic_generation = field[SIZE_GENERATION];
	row->network_direct = fabric == 1;
	row->arch = field[SIZE_ARCH];
	row->status = field[SIZE_STATUS];
	row->note = field[SIZE_NOTE];
	if (fabric < 0 || check_word(table, "size", row->name, "", err) < 0 ||
	    check_word(table, "nic_generation", row->nic_generation, "", err) < 0 ||
	    one_of(table, "arch", row->arch, ARCHES, err) < 0 ||
	    one_of(table, "status", row->status, SIZE_STATES, err) < 0 ||
	    fill_number(table, "ib_ports", field[SIZE_PORTS], MAX_PORTS, &row->ib_ports, err) < 0 ||
	    fill_number(table, "link_gbps", field[SIZE_GBPS], MAX_GBPS, &row->link_gbps, err) < 0 ||
	    fill_list(table, "pci_device_ids", field[SIZE_DEVICES], "", &row->pci_device_ids,
		      err) < 0)
		return -1;
	for (size_t i = 0; i < row->pci_device_ids.n; i++) {
		unsigned int device;

		if (fill_device_id(table, "pci_device_ids", row->pci_device_ids.v[i], &device,
				   err) < 0)
			return -1;
	}
	return 0;
}

static void size_key(const void *at, struct oi_buf *key)
{
	const struct oi_size *row = at;

	add_part(key, row->name);
	for (char *c = key->data; *c; c++)
		*c = (char)tolower((unsigned char)*c);
}

static void size_drop(void *at)
{
	struct oi_size *row = at;

	free(row->pci_device_ids.v);
}

enum { OTHER_NAME, OTHER_WHY, OTHER_COLUMNS };

static const struct oi_table_column other_columns[] = {
	[OTHER_NAME] = { "size", true, true },
	[OTHER_WHY] = { "why", true, true },
};

static int other_fill(const struct oi_table *table, char **field, void *at, struct oi_err *err)
{
	struct oi_other_size *row = at;

	row->name = field[OTHER_NAME];
	row->why = field[OTHER_WHY];
	return check_word(table, "size", row->name, "", err);
}

static void other_key(const void *at, struct oi_buf *key)
{
	const struct oi_other_size *row = at;

	add_part(key, row->name);
	for (char *c = key->data; *c; c++)
		*c = (char)tolower((unsigned char)*c);
}

static void other_drop(void *at OI_UNUSED)
{
}

enum {
	RELEASE_STACK, RELEASE_VERSION, RELEASE_OFED, RELEASE_DISTRO, RELEASE_DISTRO_VERSION,
	RELEASE_ARCH, RELEASE_GENERATIONS, RELEASE_URL, RELEASE_DIGEST, RELEASE_KIND,
	RELEASE_STATUS, RELEASE_KERNELS, RELEASE_NOTE, RELEASE_COLUMNS
};

static const struct oi_table_column release_columns[] = {
	[RELEASE_STACK] = { "stack", true, true },
	[RELEASE_VERSION] = { "version", true, true },
	[RELEASE_OFED] = { "ofed_version", false, false },
	[RELEASE_DISTRO] = { "distro_id", true, true },
	[RELEASE_DISTRO_VERSION] = { "distro_version", true, true },
	[RELEASE_ARCH] = { "arch", true, true },
	[RELEASE_GENERATIONS] = { "nic_generations", true, true },
	[RELEASE_URL] = { "url", true, false },
	[RELEASE_DIGEST] = { "sha256", true, false },
	[RELEASE_KIND] = { "kind", true, true },
	[RELEASE_STATUS] = { "status", true, true },
	[RELEASE_KERNELS] = { "kernels", false, false },
	[RELEASE_NOTE] = { "note", false, false },
};

static int release_fill(const struct oi_table *table, char **field, void *at,
			struct oi_err *err)
{
	struct oi_release *row = at;
	int status = one_of(table, "status", field[RELEASE_STATUS], RELEASE_STATES, err);

	row->stack = field[RELEASE_STACK];
	row->version = field[RELEASE_VERSION];
	row->ofed_version = field[RELEASE_OFED];
	row->distro_id = field[RELEASE_DISTRO];
	row->distro_version = field[RELEASE_DISTRO_VERSION];
	row->arch = field[RELEASE_ARCH];
	row->url = field[RELEASE_URL];
	row->sha256 = field[RELEASE_DIGEST];
	row->kind = field[RELEASE_KIND];
	row->note = field[RELEASE_NOTE];
	if (status < 0 || one_of(table, "stack", row->stack, STACKS, err) < 0 ||
	    check_word(table, "version", row->version, "", err) < 0 ||
	    check_word(table, "distro_id", row->distro_id, "", err) < 0 ||
	    check_word(table, "distro_version", row->distro_version, "", err) < 0 ||
	    one_of(table, "arch", row->arch, ARCHES, err) < 0 ||
	    one_of(table, "kind", row->kind, KINDS, err) < 0 ||
	    check_url(table, row->url, err) < 0 || fill_digest(table, row->sha256, err) < 0 ||
	    fill_list(table, "nic_generations", field[RELEASE_GENERATIONS], "",
		      &row->nic_generations, err) < 0)
		return -1;
	row->status = (enum oi_release_status)status;
	if (fill_list(table, "kernels", field[RELEASE_KERNELS], "!.", &row->kernels, err) < 0)
		return -1;
	for (size_t i = 0; i < row->kernels.n; i++)
		if (!oi_kernel_range_valid(row->kernels.v[i]))
			return oi_table_error(table, err,
					      "kernels has \"%s\"; it must be FROM..TO, ..TO, FROM.. or one release, of one flavour, with ! before what does not build",
					      row->kernels.v[i]);
	if (!row->url && strcmp(row->kind, "distro-rpm") != 0 &&
	    (row->status == OI_RELEASE_CURRENT || row->status == OI_RELEASE_OLDER))
		return oi_table_error(table, err,
				      "url must have a value: %s is something to fetch, and status %s may be chosen",
				      row->kind, oi_release_status_name(row->status));
	return 0;
}

static void release_key(const void *at, struct oi_buf *key)
{
	const struct oi_release *row = at;

	add_part(key, row->stack);
	add_part(key, row->version);
	add_part(key, row->distro_id);
	add_part(key, row->distro_version);
	add_part(key, row->arch);
	add_part(key, row->url);
}

static void release_drop(void *at)
{
	struct oi_release *row = at;

	free(row->nic_generations.v);
	free(row->kernels.v);
}

enum {
	INBOX_DISTRO, INBOX_DISTRO_VERSION, INBOX_ARCH, INBOX_GENERATIONS, INBOX_METHOD,
	INBOX_PACKAGES, INBOX_OPTIONAL, INBOX_BUILD, INBOX_BUNDLE, INBOX_REPOSITORIES,
	INBOX_ARCHIVE, INBOX_NOTE, INBOX_COLUMNS
};

static const struct oi_table_column inbox_columns[] = {
	[INBOX_DISTRO] = { "distro_id", true, true },
	[INBOX_DISTRO_VERSION] = { "distro_version", true, true },
	[INBOX_ARCH] = { "arch", true, true },
	[INBOX_GENERATIONS] = { "nic_generations", true, true },
	[INBOX_METHOD] = { "method", true, true },
	[INBOX_PACKAGES] = { "packages", true, true },
	[INBOX_OPTIONAL] = { "optional", false, false },
	[INBOX_BUILD] = { "build", false, false },
	[INBOX_BUNDLE] = { "bundle", false, false },
	[INBOX_REPOSITORIES] = { "repositories", false, false },
	[INBOX_ARCHIVE] = { "archive", false, false },
	[INBOX_NOTE] = { "note", false, false },
};

static int inbox_fill(const struct oi_table *table, char **field, void *at, struct oi_err *err)
{
	OI_FREE char *methods = oi_manager_methods();
	struct oi_inbox *row = at;

	row->distro_id = field[INBOX_DISTRO];
	row->distro_version = field[INBOX_DISTRO_VERSION];
	row->method = field[INBOX_METHOD];
	row->archive = field[INBOX_ARCHIVE];
	row->note = field[INBOX_NOTE];
	if (check_word(table, "distro_id", row->distro_id, "", err) < 0 ||
	    check_word(table, "distro_version", row->distro_version, "*?[]", err) < 0 ||
	    one_of(table, "method", row->method, methods, err) < 0 ||
	    (row->archive && check_word(table, "archive", row->archive, " ", err) < 0) ||
	    fill_list(table, "arch", field[INBOX_ARCH], "", &row->arch, err) < 0 ||
	    fill_list(table, "nic_generations", field[INBOX_GENERATIONS], "",
		      &row->nic_generations, err) < 0 ||
	    fill_list(table, "packages", field[INBOX_PACKAGES], "{}", &row->packages, err) < 0 ||
	    fill_list(table, "optional", field[INBOX_OPTIONAL], "{}", &row->optional, err) < 0 ||
	    fill_list(table, "build", field[INBOX_BUILD], "{}<=", &row->build, err) < 0 ||
	    fill_list(table, "bundle", field[INBOX_BUNDLE], "{}", &row->bundle, err) < 0 ||
	    fill_list(table, "repositories", field[INBOX_REPOSITORIES], "", &row->repositories,
		      err) < 0)
		return -1;
	for (size_t i = 0; i < row->repositories.n; i++)
		if (one_of(table, "repositories", row->repositories.v[i], REPOSITORIES, err) < 0)
			return -1;
	for (size_t i = 0; i < row->arch.n; i++)
		if (one_of(table, "arch", row->arch.v[i], ARCHES, err) < 0)
			return -1;
	return 0;
}

static void inbox_key(const void *at, struct oi_buf *key)
{
	const struct oi_inbox *row = at;

	add_part(key, row->distro_id);
	add_part(key, row->distro_version);
	for (size_t i = 0; i < row->arch.n; i++)
		add_part(key, row->arch.v[i]);
}

static void inbox_drop(void *at)
{
	struct oi_inbox *row = at;

	free(row->arch.v);
	free(row->nic_generations.v);
	free(row->packages.v);
	free(row->optional.v);
	free(row->build.v);
	free(row->bundle.v);
	free(row->repositories.v);
}

enum { PCI_DEVICE, PCI_GENERATION, PCI_NAME, PCI_COLUMNS };

static const struct oi_table_column pci_columns[] = {
	[PCI_DEVICE] = { "device", true, true },
	[PCI_GENERATION] = { "nic_generation", true, true },
	[PCI_NAME] = { "name", false, false },
};

static int pci_fill(const struct oi_table *table, char **field, void *at, struct oi_err *err)
{
	struct oi_pci_id *row = at;

	row->nic_generation = field[PCI_GENERATION];
	row->name = field[PCI_NAME];
	if (check_word(table, "nic_generation", row->nic_generation, "", err) < 0)
		return -1;
	return fill_device_id(table, "device", field[PCI_DEVICE], &row->device, err);
}

static void pci_key(const void *at, struct oi_buf *key)
{
	const struct oi_pci_id *row = at;

	oi_buf_addf(key, "%04x", row->device);
}

static void pci_drop(void *at OI_UNUSED)
{
}

enum { KEY_FINGERPRINT, KEY_VERDICT, KEY_NOTE, KEY_COLUMNS };

static const struct oi_table_column key_columns[] = {
	[KEY_FINGERPRINT] = { "fingerprint", true, true },
	[KEY_VERDICT] = { "verdict", true, true },
	[KEY_NOTE] = { "note", false, false },
};

static int key_fill(const struct oi_table *table, char **field, void *at, struct oi_err *err)
{
	struct oi_signing_key *row = at;
	int verdict = one_of(table, "verdict", field[KEY_VERDICT], KEY_VERDICTS, err);
	size_t len = strlen(field[KEY_FINGERPRINT]);

	row->fingerprint = field[KEY_FINGERPRINT];
	row->accept = verdict == 0;
	row->note = field[KEY_NOTE];
	if (verdict < 0)
		return -1;
	if (strspn(row->fingerprint, "0123456789abcdefABCDEF") != len ||
	    (len != FINGERPRINT_DIGITS && len != FINGERPRINT_DIGITS_V6))
		return oi_table_error(table, err,
				      "fingerprint is \"%s\"; it must be %d or %d hexadecimal digits",
				      row->fingerprint, FINGERPRINT_DIGITS, FINGERPRINT_DIGITS_V6);
	for (char *c = row->fingerprint; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return 0;
}

static void key_key(const void *at, struct oi_buf *key)
{
	const struct oi_signing_key *row = at;

	add_part(key, row->fingerprint);
}

static void key_drop(void *at OI_UNUSED)
{
}

/* --- the tables --- */

#define TABLE(kind, type, list, count, file_name)                                                 \
	.file = file_name, .columns = kind##_columns,                                             \
	.n_columns = OI_ARRAY_SIZE(kind##_columns), .row_bytes = sizeof(type),                    \
	.from_at = offsetof(type, from), .list_at = offsetof(struct oi_catalog, list),            \
	.count_at = offsetof(struct oi_catalog, count), .fill = kind##_fill, .key = kind##_key,   \
	.drop = kind##_drop

const struct oi_table_kind oi_table_kinds[OI_TABLE_KIND_COUNT] = {
	[OI_TABLE_SIZES] = { TABLE(size, struct oi_size, sizes, n_sizes, "vm-sizes.tsv") },
	[OI_TABLE_OTHERS] = { TABLE(other, struct oi_other_size, others, n_others,
				    "other-sizes.tsv") },
	[OI_TABLE_RELEASES] = { TABLE(release, struct oi_release, releases, n_releases,
				      "releases.tsv") },
	[OI_TABLE_INBOX] = { TABLE(inbox, struct oi_inbox, inbox, n_inbox, "inbox.tsv") },
	[OI_TABLE_PCI_IDS] = { TABLE(pci, struct oi_pci_id, pci_ids, n_pci_ids, "pci-ids.tsv") },
	[OI_TABLE_KEYS] = { TABLE(key, struct oi_signing_key, keys, n_keys, "signing-keys.tsv") },
};

_Static_assert(SIZE_COLUMNS <= OI_TABLE_MAX_COLUMNS && RELEASE_COLUMNS <= OI_TABLE_MAX_COLUMNS &&
	       INBOX_COLUMNS <= OI_TABLE_MAX_COLUMNS, "a row's fields fit");
_Static_assert(OI_ARRAY_SIZE(size_columns) == SIZE_COLUMNS, "each column is described");
_Static_assert(OI_ARRAY_SIZE(other_columns) == OTHER_COLUMNS, "each column is described");
_Static_assert(OI_ARRAY_SIZE(release_columns) == RELEASE_COLUMNS, "each column is described");
_Static_assert(OI_ARRAY_SIZE(inbox_columns) == INBOX_COLUMNS, "each column is described");
_Static_assert(OI_ARRAY_SIZE(pci_columns) == PCI_COLUMNS, "each column is described");
_Static_assert(OI_ARRAY_SIZE(key_columns) == KEY_COLUMNS, "each column is described");
