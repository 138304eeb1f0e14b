/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a key's own type does not say: forms of texts, and what belongs together. */
#include "model/config_fault.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

/* Of the value at @path, whose place in the stanza is told. */
#define refuse(r, path, ...) \
	oi_config_wrong(r, OI_R_STANZA_VALUE, oi_doc_at((r)->stanza, path), path, __VA_ARGS__)

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

static int check_sha256(struct oi_config_reader *r)
{
	const char *text = r->config->source.sha256;
	size_t len = text ? strlen(text) : 0;

	if (!text || is_sha256(text))
		return 0;
	if (!strncasecmp(text, "sha256:", 7))
		return refuse(r, "source.sha256", "expected 64 hexadecimal digits without the prefix %.7s", text);
	if (strspn(text, "0123456789abcdefABCDEF") == len)
		return refuse(r, "source.sha256", "expected 64 hexadecimal digits, got %zu%s", len,
			      len == 128 ? ": a SHA-512" : len == 40 ? ": a SHA-1" : len == 32 ? ": an MD5" : "");
	return refuse(r, "source.sha256", "expected 64 hexadecimal digits");
}

static int check_source(struct oi_config_reader *r)
{
	const struct oi_config *c = r->config;

	if (c->source.url) {
		if (!starts_with(c->source.url, "https://") &&
		    !starts_with(c->source.url, "http://") &&
		    !starts_with(c->source.url, "file:///"))
			return refuse(r, "source.url", "expected https://, http:// or file:///");
		if (!names_an_artefact(c->source.url))
			return refuse(r, "source.url",
				      "the name must end in .deb, .rpm, .tgz, .tar.gz or .iso");
		if (!r->whole)
			return 0;
		if (!c->source.sha256)
			return oi_config_wrong(r, OI_R_STANZA_DIGEST,
					       oi_doc_at(r->stanza, "source.url"), "source.url",
					       "source.sha256 is missing: nothing is installed that cannot be authenticated");
		if (c->driver == OI_DRIVER_INBOX)
			return refuse(r, "source.url",
				      "driver: inbox takes nothing from there; remove one of the two");
		if (c->source.directory || c->source.mirrors.n)
			return refuse(r, "source.url",
				      "an exact artefact leaves nothing for mirrors or directory; remove one of them");
	}
	return 0;
}

static int check_mirrors(struct oi_config_reader *r)
{
	const struct oi_config *c = r->config;

	for (size_t i = 0; i < c->source.mirrors.n; i++)
		if (!starts_with(c->source.mirrors.v[i], "https://") &&
		    !starts_with(c->source.mirrors.v[i], "http://") &&
		    !starts_with(c->source.mirrors.v[i], "file:///"))
			return refuse(r, "source.mirrors",
				      "\"%s\": expected https://, http:// or file:///",
				      c->source.mirrors.v[i]);
	return 0;
}

static int check_proxy(struct oi_config_reader *r)
{
	const struct oi_config *c = r->config;

	if (c->source.proxy && !starts_with(c->source.proxy, "http://") &&
	    !starts_with(c->source.proxy, "https://") && !starts_with(c->source.proxy, "socks5"))
		return refuse(r, "source.proxy", "expected http://, https:// or socks5h://");
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
static int check_identity(struct oi_config_reader *r)
{
	const struct oi_config *c = r->config;

	if (!c->source.identity)
		return 0;
	if (!is_identity(c->source.identity))
		return refuse(r, "source.identity",
			      "\"%s\" is neither system nor a client id", c->source.identity);
	if (r->whole && !c->source.url && !c->source.mirrors.n &&
	    (!c->modules_cache.url || *c->modules_cache.url == '/'))
		return refuse(r, "source.identity",
			      "a vendor has no use for it; name your storage in source.url, source.mirrors or modules_cache.url");
	if (c->source.url && starts_with(c->source.url, "http://"))
		return refuse(r, "source.url",
			      "expected https://, since source.identity is given");
	for (size_t i = 0; i < c->source.mirrors.n; i++)
		if (starts_with(c->source.mirrors.v[i], "http://"))
			return refuse(r, "source.mirrors",
				      "\"%s\": expected https://, since source.identity is given",
				      c->source.mirrors.v[i]);
	return 0;
}

static int check_no_proxy(struct oi_config_reader *r)
{
	const struct oi_config *c = r->config;

	for (size_t i = 0; i < c->source.no_proxy.n; i++)
		if (!is_host_or_network(c->source.no_proxy.v[i]))
			return refuse(r, "source.no_proxy",
				      "\"%s\" is not a host, domain or network such as 10.0.0.0/8",
				      c->source.no_proxy.v[i]);
	if (r->whole && c->source.spread_seconds >= c->timeout_seconds)
		return refuse(r, "source.spread_seconds",
			      "%d leaves no time for the rest; timeout_seconds is %d",
			      c->source.spread_seconds, c->timeout_seconds);
	return 0;
}

/* Modules run in the kernel: they come from where somebody answers for them, or not at all. */
static int check_modules_cache(struct oi_config_reader *r)
{
	const char *url = r->config->modules_cache.url;

	if (!url && r->config->modules_cache.publish && r->whole)
		return refuse(r, "modules_cache.publish",
			      "modules_cache.url is missing: it says where to publish");
	if (r->config->modules_cache.public_key && r->config->modules_cache.publish)
		return refuse(r, "modules_cache.publish",
			      "nobody with a public_key would use what a machine publishes by itself; sign with \"ofed-init bundle publish --sign\"");
	if (url && *url != '/' && !starts_with(url, "https://"))
		return refuse(r, "modules_cache.url",
			      "expected https:// or the absolute path of a folder");
	return 0;
}

static int check_path(struct oi_config_reader *r, const char *path, const char *value)
{
	if (!value || *value == '/')
		return 0;
	return refuse(r, path, "expected an absolute path, got \"%s\"", value);
}

/* dkms reads its settings with a shell, and takes $ and the like for what they mean there. */
static int check_plain(struct oi_config_reader *r, const char *path, const char *value)
{
	size_t len = value ? strcspn(value, "\"'`$\\") : 0;

	if (!value || !value[len])
		return 0;
	return refuse(r, path, "\"%s\": expected a file name without %c", value, value[len]);
}

static bool is_web(const char *url)
{
	return starts_with(url, "https://") || starts_with(url, "http://");
}

void oi_config_drop_bad_report(struct oi_config *config)
{
	if (config->report.webhook && !is_web(config->report.webhook))
		oi_mem_set(&config->report.webhook, NULL);
	if (config->report.prometheus && *config->report.prometheus != '/')
		oi_mem_set(&config->report.prometheus, NULL);
}

static int check_report(struct oi_config_reader *r)
{
	const char *url = r->config->report.webhook;

	if (!url || is_web(url))
		return 0;
	return refuse(r, "report.webhook", "expected https:// or http://");
}

static int check_pair(struct oi_config_reader *r)
{
	const struct oi_config *c = r->config;

	if (check_plain(r, "secure_boot.key", c->secure_boot.key) ||
	    check_plain(r, "secure_boot.certificate", c->secure_boot.certificate))
		return -1;
	if (!c->secure_boot.key != !c->secure_boot.certificate && r->whole)
		return refuse(r, "secure_boot", "key and certificate go together");
	return 0;
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

/* A name of Debian's or rpm's, with what a glob may have; "*" alone would say yes to all. */
static bool is_package_glob(const char *text)
{
	bool named = false;

	for (const char *c = text; *c; c++) {
		if (!isalnum((unsigned char)*c) && !strchr("+-._*?[]", *c))
			return false;
		named |= isalnum((unsigned char)*c) != 0;
	}
	return named;
}

/* What cloud-init's own stages, or we, wait for: held, it would close a circle, and systemd breaks one anywhere. */
static bool cannot_be_held(const char *unit)
{
	static const char *const before_us[] = {
		"network-online.target", "network.target", "network-pre.target", "sysinit.target", "basic.target",
		"local-fs.target", "dbus.service", "dbus.socket", "dbus-broker.service", "systemd-*", "cloud-*",
		"ofed-init*", "infiniband-ready.target", "NetworkManager*", "networking.service", "*.mount", "*.slice",
		"rdma-hw.target", "openibd.service", "walinuxagent-network-setup.service",
		/* Debian's packages start these, and wait for them, while the run installs the packages */
		"iwpmd.service", "rdma-ndd.service", "ibacm.*", "srp_daemon*", "opensm*",
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(before_us); i++)
		if (!fnmatch(before_us[i], unit, 0))
			return true;
	return false;
}

void oi_config_drop_bad_units(struct oi_config *config)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv all = config->hold_units;

	config->hold_units = (struct oi_strv){ 0 };
	for (size_t i = 0; i < all.n; i++)
		if (is_unit_name(all.v[i]) && !cannot_be_held(all.v[i]))
			oi_strv_add(&config->hold_units, all.v[i]);
}

static bool is_module_name(const char *name)
{
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(name);
}

/* Without faults to be gathered, the first ends it. */
static bool ends(const struct oi_config_reader *r, int rc, int *ret)
{
	*ret |= rc;
	return *ret && !r->faults;
}

static int check_names(struct oi_config_reader *r)
{
	const struct oi_config *c = r->config;
	int ret = 0;

	for (size_t i = 0; i < c->hold_units.n; i++)
		if (!is_unit_name(c->hold_units.v[i]) &&
		    ends(r, refuse(r, "hold_units", "\"%s\" is not a unit name such as slurmd.service",
				   c->hold_units.v[i]), &ret))
			return ret;
	for (size_t i = 0; i < c->hold_units.n; i++)
		if (cannot_be_held(c->hold_units.v[i]) &&
		    ends(r, refuse(r, "hold_units", "\"%s\" cannot wait: the set-up itself, or cloud-init, waits for it; name the service that needs the fabric",
				   c->hold_units.v[i]), &ret))
			return ret;
	for (size_t i = 0; i < c->may_remove.n; i++)
		if (!is_package_glob(c->may_remove.v[i]) &&
		    ends(r, refuse(r, "may_remove", "\"%s\" is not a glob of package names such as openmpi*",
				   c->may_remove.v[i]), &ret))
			return ret;
	for (size_t i = 0; i < c->blacklist.n; i++)
		if (!is_module_name(c->blacklist.v[i]) &&
		    ends(r, refuse(r, "blacklist", "\"%s\" is not a module name such as mana_ib",
				   c->blacklist.v[i]), &ret))
			return ret;
	return ret;
}

int oi_config_check(struct oi_config_reader *r)
{
	static int (*const checks[])(struct oi_config_reader *r) = {
		check_sha256, check_source, check_mirrors, check_proxy, check_no_proxy, check_identity,
		check_modules_cache, check_report, check_pair, check_names,
	};
	const struct oi_config *c = r->config;
	const struct {
		const char *path, *value;
	} paths[] = {
		{ "source.directory", c->source.directory },
		{ "source.ca_bundle", c->source.ca_bundle },
		{ "report.prometheus", c->report.prometheus },
		{ "modules_cache.public_key", c->modules_cache.public_key },
		{ "secure_boot.key", c->secure_boot.key },
		{ "secure_boot.certificate", c->secure_boot.certificate },
	};
	int ret = 0;

	for (size_t i = 0; i < OI_ARRAY_SIZE(checks); i++)
		if (ends(r, checks[i](r), &ret))
			return ret;
	for (size_t i = 0; i < OI_ARRAY_SIZE(paths); i++)
		if (ends(r, check_path(r, paths[i].path, paths[i].value), &ret))
			return ret;
	return ret;
}
