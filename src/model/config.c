/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One table says everything about the stanza's keys; reading, writing and the
 * JSON Schema all walk it. Checks that concern two keys stand below it.
 */
#include "model/config.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/near.h"
#include "model/reasons.h"

enum type {
	MAP, /* only groups */
	BOOL,
	AUTO_BOOL,
	NUMBER,
	AUTO_NUMBER,
	CHOICE, /* an enum, by its names */
	TWO_WAYS, /* a bool with two names: the first is false */
	TEXT, /* a string or null */
	VERSION, /* a string; "default" is none */
	STRINGS,
};

struct key {
	const char *path; /* below "infiniband." */
	enum type type;
	size_t offset;
	int low, high; /* NUMBER, AUTO_NUMBER: in the unit of the name */
	const char *choices[OI_DRIVER_COUNT + 1];
	const char *about;
};

#define AT(member) offsetof(struct oi_config, member)

/* A day: longer than any boot may last. */
#define LONGEST_SECONDS 86400

/* An hour: then even a thousand VMs come one in four seconds. */
#define LONGEST_SPREAD_SECONDS 3600

static const struct key keys[] = {
	{ .path = "enabled", .type = BOOL, .offset = AT(enabled),
	  .about = "Set up InfiniBand on this VM. No stanza at all means: do nothing." },
	{ .path = "driver", .type = CHOICE, .offset = AT(driver),
	  .choices = { "auto", "doca-ofed", "mlnx-ofed", "inbox" },
	  .about = "The driver stack; auto takes the best that fits distribution and adapter." },
	{ .path = "version", .type = VERSION, .offset = AT(version),
	  .about = "default, or an exact version in quotes." },
	{ .path = "on_unsupported", .type = TWO_WAYS, .offset = AT(skip_unsupported),
	  .choices = { "fail", "skip" },
	  .about = "On a VM that cannot have InfiniBand: fail with exit 10 to 13, or skip with exit 0 (one image for mixed sizes)." },
	{ .path = "on_failure", .type = TWO_WAYS, .offset = AT(block_on_failure),
	  .choices = { "continue", "block" },
	  .about = "When the set-up fails: let workloads start anyway, or hold back cloud-init's final stage." },
	{ .path = "reboot", .type = TWO_WAYS, .offset = AT(reboot_if_needed),
	  .choices = { "never", "if_needed" },
	  .about = "When the new modules cannot take the place of the loaded ones: fail, or restart the VM, once, before workloads start." },
	{ .path = "vm_sizes", .type = MAP,
	  .about = "Changes the catalog's answer for some VM sizes." },
	{ .path = "vm_sizes.allow", .type = STRINGS, .offset = AT(vm_sizes.allow),
	  .about = "Globs, without regard to case: sizes to go on with whatever the catalog says." },
	{ .path = "vm_sizes.deny", .type = STRINGS, .offset = AT(vm_sizes.deny),
	  .about = "Globs, without regard to case: sizes to refuse; beats allow." },
	{ .path = "source", .type = MAP,
	  .about = "Where the driver comes from, when not from its vendor." },
	{ .path = "source.mirrors", .type = STRINGS, .offset = AT(source.mirrors),
	  .about = "Base URLs, tried in order instead of the vendor's." },
	{ .path = "source.url", .type = TEXT, .offset = AT(source.url),
	  .about = "An exact artefact (.deb, .rpm, .tgz, .iso); needs sha256." },
	{ .path = "source.sha256", .type = TEXT, .offset = AT(source.sha256),
	  .about = "The artefact's SHA-256 digest, 64 hexadecimal digits." },
	{ .path = "source.directory", .type = TEXT, .offset = AT(source.directory),
	  .about = "A folder with the artefacts; no network is used for them." },
	{ .path = "source.proxy", .type = TEXT, .offset = AT(source.proxy),
	  .about = "Proxy for downloads, as a URL." },
	{ .path = "source.ca_bundle", .type = TEXT, .offset = AT(source.ca_bundle),
	  .about = "A file of CA certificates to trust for downloads instead of the system's." },
	{ .path = "source.no_proxy", .type = STRINGS, .offset = AT(source.no_proxy),
	  .about = "Hosts, domains, addresses and networks that are reached without the proxy." },
	{ .path = "source.identity", .type = TEXT, .offset = AT(source.identity),
	  .about = "The VM's managed identity that url, mirrors and modules_cache.url on Azure storage are opened with: system, or a client id." },
	{ .path = "source.spread_seconds", .type = NUMBER, .offset = AT(source.spread_seconds),
	  .low = 0, .high = LONGEST_SPREAD_SECONDS,
	  .about = "A fleet's downloads begin spread over so much time, each VM always at the same moment of it; 0: at once." },
	{ .path = "secure_boot", .type = MAP,
	  .about = "A key pair that signs modules built on the VM." },
	{ .path = "secure_boot.key", .type = TEXT, .offset = AT(secure_boot.key),
	  .about = "File of the private key." },
	{ .path = "secure_boot.certificate", .type = TEXT, .offset = AT(secure_boot.certificate),
	  .about = "File of its X.509 certificate, which the firmware or shim trusts." },
	{ .path = "modules_cache", .type = MAP,
	  .about = "Built modules, shared between VMs." },
	{ .path = "modules_cache.url", .type = TEXT, .offset = AT(modules_cache.url),
	  .about = "Where built modules are looked up: an https:// address or a folder." },
	{ .path = "modules_cache.public_key", .type = TEXT, .offset = AT(modules_cache.public_key),
	  .about = "File of a public key: built modules without a signature of its private half are not used." },
	{ .path = "modules_cache.publish", .type = BOOL, .offset = AT(modules_cache.publish),
	  .about = "Put freshly built modules there, if there are none for such a machine yet." },
	{ .path = "ipoib", .type = AUTO_BOOL, .offset = AT(ipoib),
	  .about = "Load IP over InfiniBand." },
	{ .path = "persistent_names", .type = BOOL, .offset = AT(persistent_names),
	  .about = "Name RDMA devices by their place on the PCI bus." },
	{ .path = "verify", .type = MAP, .about = "What must be true of the fabric in the end." },
	{ .path = "verify.wait_seconds", .type = NUMBER, .offset = AT(verify.wait_seconds),
	  .low = 0, .high = LONGEST_SECONDS,
	  .about = "How long to wait for a late device and for ports to become ACTIVE." },
	{ .path = "verify.ports", .type = AUTO_NUMBER, .offset = AT(verify.ports),
	  .low = 1, .high = 64, .about = "InfiniBand ports to expect; auto: as the VM size has." },
	{ .path = "verify.min_rate_gbps", .type = AUTO_NUMBER, .offset = AT(verify.min_rate_gbps),
	  .low = 1, .high = 10000,
	  .about = "Least rate of each port in Gb/s; auto: as the VM size has." },
	{ .path = "verify.network_wait_seconds", .type = NUMBER,
	  .offset = AT(verify.network_wait_seconds), .low = 0, .high = LONGEST_SECONDS,
	  .about = "How long the machine's network may be gone after drivers were exchanged, before the kernel's own come back; 0: do not look." },
	{ .path = "tuning", .type = MAP, .about = "Settings that RDMA programs need." },
	{ .path = "tuning.memlock", .type = BOOL, .offset = AT(tuning.memlock),
	  .about = "Lift the limit of locked memory for all users." },
	{ .path = "report", .type = MAP, .about = "Who else is told how the run went." },
	{ .path = "report.prometheus", .type = TEXT, .offset = AT(report.prometheus),
	  .about = "Folder of node_exporter's textfile collector, for ofed_init.prom; null: a usual one, when it is there." },
	{ .path = "report.webhook", .type = TEXT, .offset = AT(report.webhook),
	  .about = "URL that gets a start and a finish event by POST, in JSON, as from cloud-init's reporting." },
	{ .path = "hold_units", .type = STRINGS, .offset = AT(hold_units),
	  .about = "systemd units that are to wait for infiniband-ready.target." },
	{ .path = "blacklist", .type = STRINGS, .offset = AT(blacklist),
	  .about = "Kernel modules that are not to be loaded by themselves, such as mana_ib." },
	{ .path = "timeout_seconds", .type = NUMBER, .offset = AT(timeout_seconds),
	  .low = 1, .high = LONGEST_SECONDS, .about = "Time for the whole run." },
};

static const char *const auto_names[] = { [OI_AUTO] = "auto", [OI_AUTO_TRUE] = "true",
					  [OI_AUTO_FALSE] = "false" };

const char *oi_driver_name(enum oi_driver driver)
{
	static const char *const names[] = { "auto", "doca-ofed", "mlnx-ofed", "inbox" };

	_Static_assert(OI_ARRAY_SIZE(names) == OI_DRIVER_COUNT, "every driver has its name");
	return names[driver];
}

void oi_config_init(struct oi_config *config)
{
	memset(config, 0, sizeof(*config));
	config->enabled = true;
	config->persistent_names = true;
	config->verify.wait_seconds = 120;
	config->verify.network_wait_seconds = 60;
	config->verify.ports = OI_AUTO_NUMBER;
	config->verify.min_rate_gbps = OI_AUTO_NUMBER;
	config->tuning.memlock = true;
	config->timeout_seconds = 1800;
}

static void *member(struct oi_config *config, const struct key *key)
{
	return (char *)config + key->offset;
}

static const void *member_const(const struct oi_config *config, const struct key *key)
{
	return (const char *)config + key->offset;
}

void oi_config_clear(struct oi_config *config)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(keys); i++) {
		if (keys[i].type == TEXT || keys[i].type == VERSION)
			free(*(char **)member(config, &keys[i]));
		else if (keys[i].type == STRINGS)
			oi_strv_clear(member(config, &keys[i]));
	}
	memset(config, 0, sizeof(*config));
}

/* --- reading --- */

struct reader {
	struct oi_config *config;
	char **culprit;
	struct oi_err *err;
	struct oi_config_faults *faults; /* all of them; NULL: the first ends it */
};

/* "FILE:LINE:COLUMN: infiniband.KEY: text", as far as the place is known. */
OI_PRINTF(5, 6)
static int wrong(struct reader *r, enum oi_reason reason, const struct oi_doc *at,
		 const char *path, const char *fmt, ...)
{
	struct oi_buf where = { 0 };
	OI_FREE char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = oi_mem_vprintf(fmt, ap);
	va_end(ap);
	oi_buf_adds(&where, at && at->file ? at->file : "stanza");
	if (at && at->key_line &&
	    (reason == OI_R_STANZA_UNKNOWN_KEY || reason == OI_R_STANZA_DUPLICATE_KEY))
		oi_buf_addf(&where, ":%u:%u", at->key_line, at->key_column);
	else if (at && at->line)
		oi_buf_addf(&where, ":%u:%u", at->line, at->column);
	oi_err_set(r->err, (int)reason, "%s: infiniband%s%s: %s", oi_buf_str(&where),
		   *path ? "." : "", path, text);
	oi_buf_clear(&where);
	if (r->culprit) {
		free(*r->culprit);
		*r->culprit = oi_mem_printf("infiniband%s%s", *path ? "." : "", path);
	}
	if (r->faults) {
		r->faults->v = oi_mem_grow(r->faults->v, r->faults->n + 1, sizeof(*r->faults->v));
		r->faults->v[r->faults->n++] = *r->err;
	}
	return -1;
}

static const struct key *find_key(const char *path)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(keys); i++)
		if (!strcmp(keys[i].path, path))
			return &keys[i];
	return NULL;
}

bool oi_config_is_key(const char *name)
{
	return !strchr(name, '.') && find_key(name);
}

/* The last part of a path, "ports" of "verify.ports". */
static const char *leaf(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot ? dot + 1 : path;
}

static bool in_group(const char *path, const char *group)
{
	size_t len = strlen(group);

	if (!len)
		return !strchr(path, '.');
	return !strncmp(path, group, len) && path[len] == '.';
}

/* Says what was probably meant: a key near by, or the same word in another group. */
static int unknown_key(struct reader *r, const struct oi_doc *at, const char *group,
		       const char *name)
{
	const char *words[OI_ARRAY_SIZE(keys)];
	OI_FREE char *path = oi_mem_printf("%s%s%s", group, *group ? "." : "", name);
	struct oi_buf all = { 0 };
	const char *near;
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < OI_ARRAY_SIZE(keys); i++)
		if (in_group(keys[i].path, group))
			words[n++] = leaf(keys[i].path);
	near = oi_near_word(name, words, n);
	if (near)
		return wrong(r, OI_R_STANZA_UNKNOWN_KEY, at, path,
			     "unknown key; did you mean \"%s\"?", near);
	for (size_t i = 0; i < OI_ARRAY_SIZE(keys); i++)
		if (!strcmp(leaf(keys[i].path), name))
			return wrong(r, OI_R_STANZA_UNKNOWN_KEY, at, path,
				     "unknown key here; did you mean infiniband.%s?", keys[i].path);
	for (size_t i = 0; i < n; i++)
		oi_buf_addf(&all, "%s%s", i ? ", " : "", words[i]);
	rc = wrong(r, OI_R_STANZA_UNKNOWN_KEY, at, path, "unknown key; there are %s",
		   oi_buf_str(&all));
	oi_buf_clear(&all);
	return rc;
}

static int wrong_type(struct reader *r, const struct oi_doc *at, const struct key *key,
		      const char *wanted)
{
	return wrong(r, OI_R_STANZA_TYPE, at, key->path, "%s is wanted, not %s%s%s%s", wanted,
		     oi_doc_kind_name(at->kind), at->text && *at->text ? " (" : "",
		     at->text ? at->text : "", at->text && *at->text ? ")" : "");
}

static int read_number(struct reader *r, const struct oi_doc *at, const struct key *key)
{
	if (key->type == AUTO_NUMBER && oi_doc_string(at) && !strcmp(at->text, "auto")) {
		*(int *)member(r->config, key) = OI_AUTO_NUMBER;
		return 0;
	}
	if (at->kind != OI_DOC_INT)
		return wrong_type(r, at, key,
				  key->type == AUTO_NUMBER ? "auto or a whole number" :
							     "a whole number");
	if (at->integer < key->low || at->integer > key->high)
		return wrong(r, OI_R_STANZA_VALUE, at, key->path, "%s is out of range, %d to %d",
			     at->text, key->low, key->high);
	*(int *)member(r->config, key) = (int)at->integer;
	return 0;
}

static int read_choice(struct reader *r, const struct oi_doc *at, const struct key *key)
{
	struct oi_buf all = { 0 };
	const char *near;
	size_t n = 0;
	int rc;

	for (; key->choices[n]; n++)
		oi_buf_addf(&all, "%s%s", n ? ", " : "", key->choices[n]);
	if (!oi_doc_string(at)) {
		OI_FREE char *wanted = oi_mem_printf("one of %s", oi_buf_str(&all));

		oi_buf_clear(&all);
		return wrong_type(r, at, key, wanted);
	}
	for (size_t i = 0; i < n; i++) {
		if (strcmp(at->text, key->choices[i]) != 0)
			continue;
		if (key->type == TWO_WAYS)
			*(bool *)member(r->config, key) = i == 1;
		else
			*(enum oi_driver *)member(r->config, key) = (enum oi_driver)i;
		oi_buf_clear(&all);
		return 0;
	}
	near = oi_near_word(at->text, key->choices, n);
	rc = near ? wrong(r, OI_R_STANZA_VALUE, at, key->path,
			  "\"%s\" is not known; did you mean \"%s\"?", at->text, near) :
		    wrong(r, OI_R_STANZA_VALUE, at, key->path, "\"%s\" is not one of %s", at->text,
			  oi_buf_str(&all));
	oi_buf_clear(&all);
	return rc;
}

static bool printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

char *oi_config_version_hint(const char *key_path, const char *text)
{
	return oi_mem_printf("%s without quotes is a number in YAML; quote it: %s: \"%s\"", text,
			     leaf(key_path), text);
}

static int read_text(struct reader *r, const struct oi_doc *at, const struct key *key)
{
	if (at->kind == OI_DOC_NULL && key->type == TEXT)
		return 0;
	if (key->type == VERSION && (at->kind == OI_DOC_INT || at->kind == OI_DOC_REAL)) {
		OI_FREE char *hint = oi_config_version_hint(key->path, at->text);

		return wrong(r, OI_R_STANZA_QUOTE_VERSION, at, key->path, "%s", hint);
	}
	if (!oi_doc_string(at))
		return wrong_type(r, at, key, "a string");
	if (!*at->text || !printable(at->text))
		return wrong(r, OI_R_STANZA_VALUE, at, key->path, "%s",
			     *at->text ? "control characters are not allowed" : "the text is empty");
	if (key->type == VERSION && !strcmp(at->text, "default"))
		return 0;
	oi_mem_set(member(r->config, key), at->text);
	return 0;
}

static int read_strings(struct reader *r, const struct oi_doc *at, const struct key *key)
{
	struct oi_strv *list = member(r->config, key);

	if (at->kind == OI_DOC_NULL)
		return 0;
	if (at->kind != OI_DOC_LIST)
		return wrong_type(r, at, key, "a list of strings");
	for (size_t i = 0; i < at->n; i++) {
		const char *text = oi_doc_string(at->items[i]);

		if (!text)
			return wrong_type(r, at->items[i], key, "a list of strings");
		if (!*text || !printable(text))
			return wrong(r, OI_R_STANZA_VALUE, at->items[i], key->path,
				     "an empty text or control characters are not allowed");
		oi_strv_add(list, text);
	}
	return 0;
}

static int read_auto_bool(struct reader *r, const struct oi_doc *at, const struct key *key)
{
	enum oi_auto *value = member(r->config, key);

	if (at->kind == OI_DOC_BOOL)
		*value = at->boolean ? OI_AUTO_TRUE : OI_AUTO_FALSE;
	else if (oi_doc_string(at) && !strcmp(at->text, "auto"))
		*value = OI_AUTO;
	else
		return wrong_type(r, at, key, "auto, true or false");
	return 0;
}

static int read_map(struct reader *r, const struct oi_doc *map, const char *group);

static int read_key(struct reader *r, const struct oi_doc *at, const struct key *key)
{
	switch (key->type) {
	case MAP:
		if (at->kind == OI_DOC_NULL)
			return 0;
		if (at->kind != OI_DOC_MAP)
			return wrong_type(r, at, key, "a map");
		return read_map(r, at, key->path);
	case BOOL:
		if (at->kind != OI_DOC_BOOL)
			return wrong_type(r, at, key, "true or false");
		*(bool *)member(r->config, key) = at->boolean;
		return 0;
	case AUTO_BOOL:
		return read_auto_bool(r, at, key);
	case NUMBER:
	case AUTO_NUMBER:
		return read_number(r, at, key);
	case CHOICE:
	case TWO_WAYS:
		return read_choice(r, at, key);
	case TEXT:
	case VERSION:
		return read_text(r, at, key);
	case STRINGS:
		return read_strings(r, at, key);
	}
	return 0;
}

static int read_item(struct reader *r, const struct oi_doc *map, size_t i, const char *group)
{
	OI_FREE char *path = oi_mem_printf("%s%s%s", group, *group ? "." : "", map->keys[i]);
	const struct key *key = strchr(map->keys[i], '.') ? NULL : find_key(path);

	if (!key)
		return unknown_key(r, map->items[i], group, map->keys[i]);
	for (size_t j = 0; j < i; j++)
		if (!strcmp(map->keys[i], map->keys[j]))
			return wrong(r, OI_R_STANZA_DUPLICATE_KEY, map->items[i], path,
				     "the key is given twice, first in line %u",
				     map->items[j]->key_line);
	return read_key(r, map->items[i], key);
}

static int read_map(struct reader *r, const struct oi_doc *map, const char *group)
{
	int ret = 0;

	for (size_t i = 0; i < map->n && (!ret || r->faults); i++)
		if (read_item(r, map, i, group))
			ret = -1;
	return ret;
}

/* --- checks of what belongs together --- */

static bool starts_with(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

static bool ends_with(const char *text, const char *suffix)
{
	size_t len = strlen(text);
	size_t suffix_len = strlen(suffix);

	return len >= suffix_len && !strcmp(text + len - suffix_len, suffix);
}

static bool is_sha256(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64;
}

/* The name in a URL, without query: a signed blob address ends in "?sv=...". */
static bool names_an_artefact(const char *url)
{
	static const char *const endings[] = { ".deb", ".rpm", ".tgz", ".tar.gz", ".iso" };
	OI_FREE char *path = oi_mem_ndup(url, strcspn(url, "?#"));

	for (size_t i = 0; i < OI_ARRAY_SIZE(endings); i++)
		if (ends_with(path, endings[i]))
			return true;
	return false;
}

static int check_source(struct reader *r, const struct oi_doc *stanza)
{
	const struct oi_config *c = r->config;
	const struct oi_doc *at = oi_doc_get(stanza, "source");

	if (c->source.sha256 && !is_sha256(c->source.sha256))
		return wrong(r, OI_R_STANZA_VALUE, oi_doc_get(at, "sha256"), "source.sha256",
			     "64 hexadecimal digits are wanted");
	if (c->source.url) {
		const struct oi_doc *url = oi_doc_get(at, "url");

		if (!starts_with(c->source.url, "https://") &&
		    !starts_with(c->source.url, "http://") &&
		    !starts_with(c->source.url, "file:///"))
			return wrong(r, OI_R_STANZA_VALUE, url, "source.url",
				     "https://, http:// or file:/// is wanted");
		if (!names_an_artefact(c->source.url))
			return wrong(r, OI_R_STANZA_VALUE, url, "source.url",
				     "the name must end in .deb, .rpm, .tgz, .tar.gz or .iso");
		if (!c->source.sha256)
			return wrong(r, OI_R_STANZA_DIGEST, url, "source.url",
				     "source.sha256 is missing: nothing is installed that cannot be authenticated");
		if (c->driver == OI_DRIVER_INBOX)
			return wrong(r, OI_R_STANZA_VALUE, url, "source.url",
				     "driver: inbox takes nothing from there; remove one of the two");
		if (c->source.directory || c->source.mirrors.n)
			return wrong(r, OI_R_STANZA_VALUE, url, "source.url",
				     "an exact artefact leaves nothing for mirrors or directory; remove one of them");
	}
	for (size_t i = 0; i < c->source.mirrors.n; i++)
		if (!starts_with(c->source.mirrors.v[i], "https://") &&
		    !starts_with(c->source.mirrors.v[i], "http://") &&
		    !starts_with(c->source.mirrors.v[i], "file:///"))
			return wrong(r, OI_R_STANZA_VALUE, oi_doc_get(at, "mirrors"),
				     "source.mirrors", "\"%s\": https://, http:// or file:/// is wanted",
				     c->source.mirrors.v[i]);
	if (c->source.proxy && !starts_with(c->source.proxy, "http://") &&
	    !starts_with(c->source.proxy, "https://") && !starts_with(c->source.proxy, "socks5"))
		return wrong(r, OI_R_STANZA_VALUE, oi_doc_get(at, "proxy"), "source.proxy",
			     "http://, https:// or socks5h:// is wanted");
	return 0;
}

static bool is_host_or_network(const char *text)
{
	const char *slash = strchr(text, '/');

	if (!strcmp(text, "*"))
		return true;
	for (const char *c = text; *c && c != slash; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._-:[]", *c))
			return false;
	return !slash || (slash > text && isdigit((unsigned char)slash[1]) &&
			  strspn(slash + 1, "0123456789") == strlen(slash + 1));
}

/* "system", or a client id in the form of all ids of Azure. */
static bool is_identity(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (!strcmp(text, "system"))
		return true;
	if (strlen(text) != strlen(form))
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == '-' ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	return true;
}

/* A token goes out with each request: only to who the stanza names, and never in the clear. */
static int check_identity(struct reader *r, const struct oi_doc *at)
{
	const struct oi_config *c = r->config;
	const struct oi_doc *identity = oi_doc_get(at, "identity");

	if (!c->source.identity)
		return 0;
	if (!is_identity(c->source.identity))
		return wrong(r, OI_R_STANZA_VALUE, identity, "source.identity",
			     "\"%s\" is neither system nor a client id", c->source.identity);
	if (!c->source.url && !c->source.mirrors.n &&
	    (!c->modules_cache.url || *c->modules_cache.url == '/'))
		return wrong(r, OI_R_STANZA_VALUE, identity, "source.identity",
			     "a vendor has no use for it; name your storage in source.url, source.mirrors or modules_cache.url");
	if (c->source.url && starts_with(c->source.url, "http://"))
		return wrong(r, OI_R_STANZA_VALUE, oi_doc_get(at, "url"), "source.url",
			     "https:// is wanted where source.identity is given");
	for (size_t i = 0; i < c->source.mirrors.n; i++)
		if (starts_with(c->source.mirrors.v[i], "http://"))
			return wrong(r, OI_R_STANZA_VALUE, oi_doc_get(at, "mirrors"),
				     "source.mirrors",
				     "\"%s\": https:// is wanted where source.identity is given",
				     c->source.mirrors.v[i]);
	return 0;
}

static int check_manners(struct reader *r, const struct oi_doc *stanza)
{
	const struct oi_config *c = r->config;
	const struct oi_doc *at = oi_doc_get(stanza, "source");

	for (size_t i = 0; i < c->source.no_proxy.n; i++)
		if (!is_host_or_network(c->source.no_proxy.v[i]))
			return wrong(r, OI_R_STANZA_VALUE, oi_doc_get(at, "no_proxy"),
				     "source.no_proxy",
				     "\"%s\" is no host, domain or network such as 10.0.0.0/8",
				     c->source.no_proxy.v[i]);
	if (c->source.spread_seconds >= c->timeout_seconds)
		return wrong(r, OI_R_STANZA_VALUE, oi_doc_get(at, "spread_seconds"),
			     "source.spread_seconds",
			     "%d leaves no time for the rest; timeout_seconds is %d",
			     c->source.spread_seconds, c->timeout_seconds);
	return check_identity(r, at);
}

/* Modules run in the kernel: they come from where somebody answers for them, or not at all. */
static int check_modules_cache(struct reader *r, const struct oi_doc *stanza)
{
	const char *url = r->config->modules_cache.url;
	const struct oi_doc *at = oi_doc_get(stanza, "modules_cache");

	if (!url && r->config->modules_cache.publish)
		return wrong(r, OI_R_STANZA_VALUE, oi_doc_get(at, "publish"), "modules_cache.publish",
			     "modules_cache.url is missing: where to?");
	if (r->config->modules_cache.public_key && r->config->modules_cache.publish)
		return wrong(r, OI_R_STANZA_VALUE, oi_doc_get(at, "publish"), "modules_cache.publish",
			     "nobody with a public_key would use what a machine publishes by itself; sign with \"ofed-init bundle publish --sign\"");
	if (url && *url != '/' && !starts_with(url, "https://"))
		return wrong(r, OI_R_STANZA_VALUE, oi_doc_get(at, "url"), "modules_cache.url",
			     "https:// or the absolute path of a folder is wanted");
	return 0;
}

static int check_path(struct reader *r, const struct oi_doc *stanza, const char *path,
		      const char *value)
{
	if (!value || *value == '/')
		return 0;
	return wrong(r, OI_R_STANZA_VALUE, oi_doc_at(stanza, path), path,
		     "an absolute path is wanted, not \"%s\"", value);
}

/* dkms reads its settings with a shell, and takes $ and the like for what they mean there. */
static int check_plain(struct reader *r, const struct oi_doc *stanza, const char *path,
		       const char *value)
{
	size_t len = value ? strcspn(value, "\"'`$\\") : 0;

	if (!value || !value[len])
		return 0;
	return wrong(r, OI_R_STANZA_VALUE, oi_doc_at(stanza, path), path,
		     "\"%s\": a file name without %c is wanted", value, value[len]);
}

static int check_report(struct reader *r, const struct oi_doc *stanza)
{
	const char *url = r->config->report.webhook;

	if (!url || starts_with(url, "https://") || starts_with(url, "http://"))
		return 0;
	return wrong(r, OI_R_STANZA_VALUE, oi_doc_at(stanza, "report.webhook"), "report.webhook",
		     "https:// or http:// is wanted");
}

static bool is_unit_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	if (!dot || dot == name || !dot[1] || strlen(name) > 255)
		return false;
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("@._:\\-", *c))
			return false;
	return true;
}

static bool is_module_name(const char *name)
{
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(name);
}

static int check_all(struct reader *r, const struct oi_doc *stanza)
{
	const struct oi_config *c = r->config;

	if (check_source(r, stanza) || check_manners(r, stanza) ||
	    check_modules_cache(r, stanza) || check_report(r, stanza) ||
	    check_path(r, stanza, "source.directory", c->source.directory) ||
	    check_path(r, stanza, "source.ca_bundle", c->source.ca_bundle) ||
	    check_path(r, stanza, "report.prometheus", c->report.prometheus) ||
	    check_path(r, stanza, "modules_cache.public_key", c->modules_cache.public_key) ||
	    check_path(r, stanza, "secure_boot.key", c->secure_boot.key) ||
	    check_path(r, stanza, "secure_boot.certificate", c->secure_boot.certificate))
		return -1;
	if (check_plain(r, stanza, "secure_boot.key", c->secure_boot.key) ||
	    check_plain(r, stanza, "secure_boot.certificate", c->secure_boot.certificate))
		return -1;
	if (!c->secure_boot.key != !c->secure_boot.certificate)
		return wrong(r, OI_R_STANZA_VALUE, oi_doc_get(stanza, "secure_boot"), "secure_boot",
			     "key and certificate go together");
	for (size_t i = 0; i < c->hold_units.n; i++)
		if (!is_unit_name(c->hold_units.v[i]))
			return wrong(r, OI_R_STANZA_VALUE, oi_doc_get(stanza, "hold_units"),
				     "hold_units", "\"%s\" is no unit name such as slurmd.service",
				     c->hold_units.v[i]);
	for (size_t i = 0; i < c->blacklist.n; i++)
		if (!is_module_name(c->blacklist.v[i]))
			return wrong(r, OI_R_STANZA_VALUE, oi_doc_get(stanza, "blacklist"), "blacklist",
				     "\"%s\" is no module name such as mana_ib", c->blacklist.v[i]);
	return 0;
}

static int read_stanza(struct reader *r, const struct oi_doc *stanza)
{
	if (!stanza || stanza->kind == OI_DOC_NULL)
		return 0;
	if (stanza->kind != OI_DOC_MAP)
		return wrong(r, OI_R_STANZA_TYPE, stanza, "", "a map is wanted, not %s",
			     oi_doc_kind_name(stanza->kind));
	/* what belongs together is only to be seen where each has been read */
	if (read_map(r, stanza, "") || check_all(r, stanza))
		return -1;
	r->config->present = true;
	return 0;
}

int oi_config_from_doc(const struct oi_doc *stanza, struct oi_config *config, char **culprit,
		       struct oi_err *err)
{
	struct reader r = { .config = config, .culprit = culprit, .err = err };

	return read_stanza(&r, stanza);
}

void oi_config_find_faults(const struct oi_doc *stanza, struct oi_config_faults *faults)
{
	OI_CLEANUP(oi_config_clear) struct oi_config config;
	struct oi_err err;
	struct reader r = { .config = &config, .err = &err, .faults = faults };

	oi_config_init(&config);
	(void)!read_stanza(&r, stanza);
}

void oi_config_faults_clear(struct oi_config_faults *faults)
{
	free(faults->v);
	*faults = (struct oi_config_faults){ 0 };
}

/* --- writing --- */

static struct oi_doc *value_to_doc(const struct oi_config *config, const struct key *key)
{
	const void *at = member_const(config, key);
	int number;

	switch (key->type) {
	case MAP:
		return oi_doc_new(OI_DOC_MAP);
	case BOOL:
		return oi_doc_new_bool(*(const bool *)at);
	case AUTO_BOOL:
		if (*(const enum oi_auto *)at == OI_AUTO)
			return oi_doc_new_string(auto_names[OI_AUTO]);
		return oi_doc_new_bool(*(const enum oi_auto *)at == OI_AUTO_TRUE);
	case NUMBER:
	case AUTO_NUMBER:
		number = *(const int *)at;
		return number == OI_AUTO_NUMBER ? oi_doc_new_string("auto") :
						  oi_doc_new_int(number);
	case CHOICE:
		return oi_doc_new_string(key->choices[*(const enum oi_driver *)at]);
	case TWO_WAYS:
		return oi_doc_new_string(key->choices[*(const bool *)at]);
	case TEXT:
		return oi_doc_new_string(*(char *const *)at);
	case VERSION:
		return oi_doc_new_string(*(char *const *)at ? *(char *const *)at : "default");
	case STRINGS:
		return oi_doc_new_strings(at);
	}
	return oi_doc_new(OI_DOC_NULL);
}

/* Groups stand before their members in the table, so a group's map is there in time. */
static struct oi_doc *group_of(struct oi_doc *top, const char *path)
{
	const char *dot = strchr(path, '.');

	if (!dot)
		return top;
	for (size_t i = 0; i < top->n; i++)
		if (!strncmp(top->keys[i], path, (size_t)(dot - path)) &&
		    !top->keys[i][dot - path])
			return top->items[i];
	return top;
}

struct oi_doc *oi_config_to_doc(const struct oi_config *config)
{
	struct oi_doc *doc = oi_doc_new(OI_DOC_MAP);

	for (size_t i = 0; i < OI_ARRAY_SIZE(keys); i++)
		oi_doc_put(group_of(doc, keys[i].path), leaf(keys[i].path),
			   value_to_doc(config, &keys[i]));
	return doc;
}

/* --- the schema --- */

static void put_type(struct oi_doc *schema, const char *first, const char *second)
{
	struct oi_doc *list;

	if (!second) {
		oi_doc_put_string(schema, "type", first);
		return;
	}
	list = oi_doc_new(OI_DOC_LIST);
	oi_doc_add(list, oi_doc_new_string(first));
	oi_doc_add(list, oi_doc_new_string(second));
	oi_doc_put(schema, "type", list);
}

static void put_number_schema(struct oi_doc *schema, const struct key *key)
{
	struct oi_doc *number = schema;

	if (key->type == AUTO_NUMBER) {
		struct oi_doc *either = oi_doc_new(OI_DOC_LIST);
		struct oi_doc *word = oi_doc_new(OI_DOC_MAP);
		struct oi_doc *words = oi_doc_new(OI_DOC_LIST);

		/* not "const": cloud-init validates by draft 4, which has none */
		oi_doc_add(words, oi_doc_new_string("auto"));
		oi_doc_put(word, "enum", words);
		oi_doc_add(either, word);
		number = oi_doc_new(OI_DOC_MAP);
		oi_doc_add(either, number);
		oi_doc_put(schema, "anyOf", either);
	}
	oi_doc_put_string(number, "type", "integer");
	oi_doc_put_int(number, "minimum", key->low);
	oi_doc_put_int(number, "maximum", key->high);
}

static struct oi_doc *key_schema(const struct key *key, const struct oi_config *defaults)
{
	struct oi_doc *schema = oi_doc_new(OI_DOC_MAP);
	struct oi_doc *list;

	oi_doc_put_string(schema, "description", key->about);
	switch (key->type) {
	case MAP:
		put_type(schema, "object", "null");
		oi_doc_put_bool(schema, "additionalProperties", false);
		oi_doc_put(schema, "properties", oi_doc_new(OI_DOC_MAP));
		return schema;
	case BOOL:
		put_type(schema, "boolean", NULL);
		break;
	case AUTO_BOOL:
		list = oi_doc_new(OI_DOC_LIST);
		oi_doc_add(list, oi_doc_new_string("auto"));
		oi_doc_add(list, oi_doc_new_bool(true));
		oi_doc_add(list, oi_doc_new_bool(false));
		oi_doc_put(schema, "enum", list);
		break;
	case NUMBER:
	case AUTO_NUMBER:
		put_number_schema(schema, key);
		break;
	case CHOICE:
	case TWO_WAYS:
		list = oi_doc_new(OI_DOC_LIST);
		for (size_t i = 0; key->choices[i]; i++)
			oi_doc_add(list, oi_doc_new_string(key->choices[i]));
		oi_doc_put(schema, "enum", list);
		break;
	case TEXT:
		put_type(schema, "string", "null");
		oi_doc_put_int(schema, "minLength", 1);
		break;
	case VERSION:
		put_type(schema, "string", NULL);
		oi_doc_put_int(schema, "minLength", 1);
		break;
	case STRINGS: {
		struct oi_doc *item = oi_doc_new(OI_DOC_MAP);

		put_type(schema, "array", "null");
		put_type(item, "string", NULL);
		oi_doc_put_int(item, "minLength", 1);
		oi_doc_put(schema, "items", item);
		break;
	}
	}
	oi_doc_put(schema, "default", value_to_doc(defaults, key));
	return schema;
}

static struct oi_doc *properties_of(struct oi_doc *schema)
{
	for (size_t i = 0; i < schema->n; i++)
		if (!strcmp(schema->keys[i], "properties"))
			return schema->items[i];
	return schema;
}

struct oi_doc *oi_config_schema(void)
{
	struct oi_doc *schema = oi_doc_new(OI_DOC_MAP);
	struct oi_config defaults;

	oi_config_init(&defaults);
	oi_doc_put_string(schema, "$schema", "http://json-schema.org/draft-07/schema#");
	oi_doc_put_string(schema, "title", "infiniband");
	oi_doc_put_string(schema, "description",
			  "InfiniBand set-up of an Azure VM by ofed-init, before user workloads start.");
	put_type(schema, "object", "null");
	oi_doc_put_bool(schema, "additionalProperties", false);
	oi_doc_put(schema, "properties", oi_doc_new(OI_DOC_MAP));
	for (size_t i = 0; i < OI_ARRAY_SIZE(keys); i++) {
		struct oi_doc *into = properties_of(schema);
		const char *dot = strchr(keys[i].path, '.');

		if (dot)
			into = properties_of(group_of(into, keys[i].path));
		oi_doc_put(into, leaf(keys[i].path), key_schema(&keys[i], &defaults));
	}
	oi_config_clear(&defaults);
	return schema;
}
