/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stanza: every key, every mistake with its place, the schema. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "model/config.h"
#include "model/reasons.h"

#define CONFIG OI_CLEANUP(oi_config_clear) struct oi_config

static int read_text(const char *text, struct oi_config *config, char **culprit,
		     struct oi_err *err)
{
	OI_DOC_AUTO *doc = NULL;

	oi_config_init(config);
	if (oi_doc_from_yaml(text, strlen(text), "f", OI_R_STANZA_SYNTAX, &doc, err))
		fail_msg("%s", err->text);
	return oi_config_from_doc(oi_doc_get(doc, "infiniband"), config, culprit, err);
}

static void accept(const char *text, struct oi_config *config)
{
	struct oi_err err = { 0 };

	if (read_text(text, config, NULL, &err))
		fail_msg("%s", err.text);
}

static void defaults_are_the_designs(void **state)
{
	CONFIG c;

	(void)state;
	accept("infiniband: {}", &c);
	assert_true(c.present);
	assert_true(c.enabled);
	assert_int_equal(c.driver, OI_DRIVER_AUTO);
	assert_null(c.version);
	assert_int_equal(c.on_unsupported, OI_UNSUPPORTED_FAIL);
	assert_false(c.block_on_failure);
	assert_int_equal(c.ipoib, OI_AUTO);
	assert_true(c.persistent_names);
	assert_int_equal(c.verify.wait_seconds, 120);
	assert_int_equal(c.verify.ports, OI_AUTO_NUMBER);
	assert_int_equal(c.verify.min_rate_gbps, OI_AUTO_NUMBER);
	assert_true(c.tuning.memlock);
	assert_int_equal(c.timeout_seconds, 1800);
	assert_false(c.modules_cache.publish);
	assert_int_equal(c.source.spread_seconds, 0);
	assert_null(c.source.identity);
}

static void no_stanza_is_not_an_empty_one(void **state)
{
	CONFIG none;
	CONFIG empty;

	(void)state;
	accept("other: 1", &none);
	assert_false(none.present);
	accept("infiniband:", &empty);
	assert_false(empty.present);
}

static void every_key_is_read(void **state)
{
	CONFIG c;

	(void)state;
	accept("infiniband:\n"
	       "  enabled: false\n"
	       "  driver: mlnx-ofed\n"
	       "  version: \"24.10\"\n"
	       "  on_unsupported: skip\n"
	       "  on_failure: block\n"
	       "  vm_sizes: {allow: [HB*], deny: ['Standard_HC*', x]}\n"
	       "  source: {mirrors: ['https://m/a'], sha256: null, directory: /srv, proxy: 'http://p:3128', ca_bundle: /ca,\n"
	       "    no_proxy: [localhost, .corp.example, 10.0.0.0/8, '[fd00::1]'], spread_seconds: 59,\n"
	       "    identity: 0f6cc1a4-3b27-4ce1-8f67-2d7f6a9d51e0}\n"
	       "  secure_boot: {key: /k, certificate: /c}\n"
	       "  modules_cache: {url: '/srv/cache', publish: true, public_key: null}\n"
	       "  ipoib: false\n"
	       "  persistent_names: false\n"
	       "  verify: {wait_seconds: 0, ports: 8, min_rate_gbps: 200}\n"
	       "  tuning: {memlock: false}\n"
	       "  report: {prometheus: /metrics, webhook: \"https://h/x\"}\n"
	       "  hold_units: [slurmd.service]\n"
	       "  blacklist: [mana_ib]\n"
	       "  timeout_seconds: 60\n",
	       &c);
	assert_false(c.enabled);
	assert_int_equal(c.driver, OI_DRIVER_MLNX);
	assert_string_equal(c.version, "24.10");
	assert_int_equal(c.on_unsupported, OI_UNSUPPORTED_SKIP);
	assert_true(c.block_on_failure);
	assert_int_equal(c.vm_sizes.allow.n, 1);
	assert_string_equal(c.vm_sizes.deny.v[1], "x");
	assert_string_equal(c.source.mirrors.v[0], "https://m/a");
	assert_string_equal(c.source.directory, "/srv");
	assert_string_equal(c.source.proxy, "http://p:3128");
	assert_string_equal(c.source.ca_bundle, "/ca");
	assert_int_equal(c.source.no_proxy.n, 4);
	assert_string_equal(c.source.no_proxy.v[2], "10.0.0.0/8");
	assert_int_equal(c.source.spread_seconds, 59);
	assert_string_equal(c.source.identity, "0f6cc1a4-3b27-4ce1-8f67-2d7f6a9d51e0");
	assert_string_equal(c.secure_boot.certificate, "/c");
	assert_true(c.modules_cache.publish);
	assert_int_equal(c.ipoib, OI_AUTO_FALSE);
	assert_false(c.persistent_names);
	assert_int_equal(c.verify.ports, 8);
	assert_int_equal(c.verify.min_rate_gbps, 200);
	assert_false(c.tuning.memlock);
	assert_string_equal(c.report.prometheus, "/metrics");
	assert_string_equal(c.report.webhook, "https://h/x");
	assert_string_equal(c.hold_units.v[0], "slurmd.service");
	assert_string_equal(c.blacklist.v[0], "mana_ib");
	assert_int_equal(c.timeout_seconds, 60);
}

static void on_unsupported_has_three_ways(void **state)
{
	CONFIG fail;
	CONFIG strict;

	(void)state;
	accept("infiniband: {on_unsupported: fail}", &fail);
	assert_int_equal(fail.on_unsupported, OI_UNSUPPORTED_FAIL);
	accept("infiniband: {on_unsupported: strict}", &strict);
	assert_int_equal(strict.on_unsupported, OI_UNSUPPORTED_STRICT);
}

static void every_mistake_names_place_and_key(void **state)
{
	static const char digest[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	static const struct {
		const char *text;
		enum oi_reason reason;
		const char *culprit;
		const char *expected;
	} cases[] = {
		{ "infiniband:\n  drvier: auto", OI_R_STANZA_UNKNOWN_KEY, "infiniband.drvier",
		  "f:2:3: infiniband.drvier: unknown key; did you mean \"driver\"?" },
		{ "infiniband:\n  ports: 1", OI_R_STANZA_UNKNOWN_KEY, "infiniband.ports",
		  "did you mean infiniband.verify.ports?" },
		{ "infiniband: {verify: {wait: 1}}", OI_R_STANZA_UNKNOWN_KEY, "infiniband.verify.wait",
		  "there are wait_seconds, ports, min_rate_gbps" },
		{ "infiniband: {verify.ports: 1}", OI_R_STANZA_UNKNOWN_KEY,
		  "infiniband.verify.ports", "unknown key" },
		{ "infiniband:\n  driver: auto\n  driver: inbox", OI_R_STANZA_DUPLICATE_KEY,
		  "infiniband.driver", "f:3:3: infiniband.driver: the key is given twice, first in line 2" },
		{ "infiniband: yes", OI_R_STANZA_TYPE, "infiniband", "f:1:13: infiniband: expected a map" },
		{ "infiniband: {enabled: 1}", OI_R_STANZA_TYPE, "infiniband.enabled",
		  "expected true or false, got a whole number (1)" },
		{ "infiniband: {enabled: 'yes'}", OI_R_STANZA_TYPE, "infiniband.enabled", "got a string" },
		{ "infiniband: {version: 24.10}", OI_R_STANZA_QUOTE_VERSION, "infiniband.version",
		  "quote it: version: \"24.10\"" },
		{ "infiniband: {version: }", OI_R_STANZA_TYPE, "infiniband.version", "got nothing" },
		{ "infiniband: {driver: ofed}", OI_R_STANZA_VALUE, "infiniband.driver", "ofed" },
		{ "infiniband: {driver: docaofed}", OI_R_STANZA_VALUE, "infiniband.driver",
		  "did you mean \"doca-ofed\"?" },
		{ "infiniband: {on_failure: false}", OI_R_STANZA_TYPE, "infiniband.on_failure",
		  "expected one of continue, block" },
		{ "infiniband: {on_unsupported: stritc}", OI_R_STANZA_VALUE, "infiniband.on_unsupported",
		  "did you mean \"strict\"?" },
		{ "infiniband: {timeout_seconds: 0}", OI_R_STANZA_VALUE, "infiniband.timeout_seconds",
		  "0 is out of range, 1 to 86400" },
		{ "infiniband: {timeout_seconds: 99999999999}", OI_R_STANZA_VALUE,
		  "infiniband.timeout_seconds", "out of range" },
		{ "infiniband: {verify: {ports: many}}", OI_R_STANZA_TYPE, "infiniband.verify.ports",
		  "expected auto or a whole number" },
		{ "infiniband: {vm_sizes: {deny: HB*}}", OI_R_STANZA_TYPE, "infiniband.vm_sizes.deny",
		  "expected a list of strings" },
		{ "infiniband: {vm_sizes: {deny: [1]}}", OI_R_STANZA_TYPE, "infiniband.vm_sizes.deny",
		  "expected a list of strings" },
		{ "infiniband: {source: []}", OI_R_STANZA_TYPE, "infiniband.source", "expected a map" },
		{ "infiniband: {ipoib: maybe}", OI_R_STANZA_TYPE, "infiniband.ipoib", "auto, true or false" },
		{ "infiniband: {source: {url: 'https://v/d.deb'}}", OI_R_STANZA_DIGEST,
		  "infiniband.source.url", "source.sha256 is missing" },
		{ "infiniband: {source: {url: 'http://v/d.deb'}}", OI_R_STANZA_DIGEST,
		  "infiniband.source.url", "source.sha256 is missing" },
		{ "infiniband: {source: {sha256: abc}}", OI_R_STANZA_VALUE, "infiniband.source.sha256",
		  "64 hexadecimal digits" },
		{ "infiniband: {source: {url: 'ftp://v/d.deb'}}", OI_R_STANZA_VALUE,
		  "infiniband.source.url", "https://, http:// or file:///" },
		{ "infiniband: {source: {url: 'https://v/d.zip'}}", OI_R_STANZA_VALUE,
		  "infiniband.source.url", "the name must end in" },
		{ "infiniband: {source: {mirrors: ['m']}}", OI_R_STANZA_VALUE,
		  "infiniband.source.mirrors", "\"m\"" },
		{ "infiniband: {source: {proxy: 'p:1'}}", OI_R_STANZA_VALUE, "infiniband.source.proxy",
		  "http://" },
		{ "infiniband: {source: {no_proxy: 'a,b'}}", OI_R_STANZA_TYPE,
		  "infiniband.source.no_proxy", "expected a list of strings" },
		{ "infiniband: {source: {no_proxy: ['a', 'http://b']}}", OI_R_STANZA_VALUE,
		  "infiniband.source.no_proxy", "\"http://b\" is not a host" },
		{ "infiniband: {source: {no_proxy: ['10.0.0.0/x']}}", OI_R_STANZA_VALUE,
		  "infiniband.source.no_proxy", "is not a host" },
		{ "infiniband: {source: {spread_seconds: 3601}}", OI_R_STANZA_VALUE,
		  "infiniband.source.spread_seconds", "out of range, 0 to 3600" },
		{ "infiniband: {timeout_seconds: 60, source: {spread_seconds: 60}}",
		  OI_R_STANZA_VALUE, "infiniband.source.spread_seconds",
		  "60 leaves no time for the rest" },
		{ "infiniband: {source: {identity: me, mirrors: ['https://m']}}", OI_R_STANZA_VALUE,
		  "infiniband.source.identity", "neither system nor a client id" },
		{ "infiniband: {source: {identity: system}}", OI_R_STANZA_VALUE,
		  "infiniband.source.identity", "name your storage" },
		{ "infiniband: {source: {identity: system, mirrors: ['https://m', 'http://n']}}",
		  OI_R_STANZA_VALUE, "infiniband.source.mirrors", "\"http://n\": expected https://" },
		{ "infiniband: {source: {directory: srv}}", OI_R_STANZA_VALUE,
		  "infiniband.source.directory", "expected an absolute path" },
		{ "infiniband: {secure_boot: {key: /k}}", OI_R_STANZA_VALUE, "infiniband.secure_boot",
		  "key and certificate go together" },
		{ "infiniband: {secure_boot: {key: '/k$(id)', certificate: /c}}", OI_R_STANZA_VALUE,
		  "infiniband.secure_boot.key", "without $" },
		{ "infiniband: {secure_boot: {key: /k, certificate: '/\"c'}}", OI_R_STANZA_VALUE,
		  "infiniband.secure_boot.certificate", "without \"" },
		{ "infiniband: {secure_boot: {key: k, certificate: /c}}", OI_R_STANZA_VALUE,
		  "infiniband.secure_boot.key", "expected an absolute path" },
		{ "infiniband: {report: {prometheus: metrics}}", OI_R_STANZA_VALUE,
		  "infiniband.report.prometheus", "absolute path" },
		{ "infiniband: {report: {webhook: ftp://h/}}", OI_R_STANZA_VALUE,
		  "infiniband.report.webhook", "https:// or http://" },
		{ "infiniband: {may_remove: [slurm-*, '*']}", OI_R_STANZA_VALUE,
		  "infiniband.may_remove", "not a glob of package names" },
		{ "infiniband: {may_remove: ['a b']}", OI_R_STANZA_VALUE, "infiniband.may_remove", "\"a b\"" },
		{ "infiniband: {hold_units: [../x.service]}", OI_R_STANZA_VALUE,
		  "infiniband.hold_units", "not a unit name" },
		{ "infiniband: {blacklist: ['mana_ib options']}", OI_R_STANZA_VALUE,
		  "infiniband.blacklist", "not a module name" },
		{ "infiniband: {version: \"a\\nb\"}", OI_R_STANZA_VALUE, "infiniband.version",
		  "control characters" },
		{ "infiniband: {version: ''}", OI_R_STANZA_VALUE, "infiniband.version", "empty" },
	};

	(void)state;
	assert_int_equal(strlen(digest), 64);
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		CONFIG c;
		OI_FREE char *culprit = NULL;
		struct oi_err err = { 0 };

		if (!read_text(cases[i].text, &c, &culprit, &err))
			fail_msg("accepted: %s", cases[i].text);
		if (err.code != (int)cases[i].reason || !strstr(err.text, cases[i].expected))
			fail_msg("%s: %s: %s", cases[i].text,
				 oi_reason_text((enum oi_reason)err.code)->id, err.text);
		assert_string_equal(culprit, cases[i].culprit);
		assert_int_equal(oi_reason_text((enum oi_reason)err.code)->exit_code, 1);
	}
}

static void what_belongs_together_is_checked(void **state)
{
	static const char head[] =
		"infiniband: {source: {url: 'https://v/d.deb', sha256: "
		"'0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'";
	static const struct {
		const char *tail;
		bool good;
	} cases[] = {
		{ "}}", true },
		{ "}, driver: inbox}", false },
		{ ", mirrors: ['https://m']}}", false },
		{ ", directory: /d}}", false },
		{ "}, driver: doca-ofed, version: '3.2.3'}", true },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		OI_FREE char *text = oi_mem_printf("%s%s", head, cases[i].tail);
		CONFIG c;
		struct oi_err err = { 0 };

		assert_int_equal(read_text(text, &c, NULL, &err), cases[i].good ? 0 : -1);
	}
}

static void a_signed_url_keeps_its_query(void **state)
{
	CONFIG c;

	(void)state;
	accept("infiniband: {source: {url: 'https://b/c/d.deb?sv=1&sig=x', sha256: "
	       "'0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'}}",
	       &c);
	assert_string_equal(c.source.url, "https://b/c/d.deb?sv=1&sig=x");
}

/* What is written is read as the same: no key is forgotten in one of the directions. */
static void written_and_read_again_it_is_the_same(void **state)
{
	CONFIG a;
	CONFIG b;
	OI_DOC_AUTO *first = NULL;
	OI_DOC_AUTO *second = NULL;
	OI_FREE char *x = NULL;
	OI_FREE char *y = NULL;
	struct oi_err err = { 0 };

	(void)state;
	accept("infiniband: {driver: inbox, ipoib: true, verify: {ports: 2}, vm_sizes: {allow: [a]}}",
	       &a);
	first = oi_config_to_doc(&a);
	oi_config_init(&b);
	assert_int_equal(oi_config_from_doc(first, &b, NULL, &err), 0);
	second = oi_config_to_doc(&b);
	x = oi_doc_to_json(first, false);
	y = oi_doc_to_json(second, false);
	assert_string_equal(x, y);
}

static void count_leaves(const struct oi_doc *doc, const struct oi_doc *schema, size_t *n)
{
	const struct oi_doc *properties = oi_doc_get(schema, "properties");

	for (size_t i = 0; i < doc->n; i++) {
		const struct oi_doc *below = oi_doc_get(properties, doc->keys[i]);

		assert_non_null(below);
		assert_non_null(oi_doc_string(oi_doc_get(below, "description")));
		if (doc->items[i]->kind == OI_DOC_MAP)
			count_leaves(doc->items[i], below, n);
		else
			++*n;
	}
}

static void the_schema_has_every_key(void **state)
{
	CONFIG c;
	OI_DOC_AUTO *schema = oi_config_schema();
	OI_DOC_AUTO *doc = NULL;
	size_t n = 0;

	(void)state;
	oi_config_init(&c);
	doc = oi_config_to_doc(&c);
	count_leaves(doc, schema, &n);
	assert_int_equal(n, 36);
	assert_false(oi_doc_get(schema, "additionalProperties")->boolean);
	assert_true(oi_config_is_key("driver"));
	assert_false(oi_config_is_key("verify.ports"));
	assert_false(oi_config_is_key("infiniband"));
}

static void assert_faults(const char *text, size_t n, enum oi_reason first, const char *last)
{
	struct oi_config_faults faults = { 0 };
	struct oi_doc *doc = NULL;
	struct oi_err err;

	assert_int_equal(oi_doc_from_yaml(text, strlen(text), "f", OI_R_STANZA_SYNTAX, &doc, &err), 0);
	oi_config_find_faults(oi_doc_get(doc, "infiniband"), &faults);
	assert_int_equal(faults.n, n);
	if (n) {
		assert_int_equal(faults.v[0].code, first);
		assert_non_null(strstr(faults.v[n - 1].text, last));
	}
	oi_config_faults_clear(&faults);
	oi_doc_free(doc);
}

/* All that is wrong with single keys; and only then what does not fit together. */
static void all_faults_are_found(void **state)
{
	(void)state;
	assert_faults("infiniband:\n  driver: x\n  source: {url: 'https://a/b.deb', nope: 1}\n  reboot: []\n",
		      3, OI_R_STANZA_VALUE, "f:4:11: infiniband.reboot: expected one of ");
	assert_faults("infiniband:\n  source: {url: 'https://a/b.deb'}\n", 1, OI_R_STANZA_DIGEST,
		      "source.sha256 is missing");
	assert_faults("infiniband: 7\n", 1, OI_R_STANZA_TYPE, "expected a map");
	assert_faults("infiniband:\n  driver: inbox\n", 0, OI_R_NONE, "");
	assert_faults("infiniband:\n", 0, OI_R_NONE, "");
}

static void units_that_cannot_wait_are_not_held(void **state)
{
	static const char text[] = "infiniband: {driver: 7, hold_units: [slurmd.service, dbus.service, no-dot, opensm.service]}";
	OI_DOC_AUTO *doc = NULL;
	OI_CLEANUP(oi_config_clear) struct oi_config c = { 0 };
	struct oi_err err;

	(void)state;
	assert_int_equal(oi_doc_from_yaml(text, strlen(text), "f", OI_R_STANZA_SYNTAX, &doc, &err), 0);
	oi_config_take_readable(oi_doc_get(doc, "infiniband"), &c);
	assert_int_equal(c.hold_units.n, 1);
	assert_string_equal(c.hold_units.v[0], "slurmd.service");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_the_designs),
		cmocka_unit_test(no_stanza_is_not_an_empty_one),
		cmocka_unit_test(units_that_cannot_wait_are_not_held),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(on_unsupported_has_three_ways),
		cmocka_unit_test(every_mistake_names_place_and_key),
		cmocka_unit_test(what_belongs_together_is_checked),
		cmocka_unit_test(a_signed_url_keeps_its_query),
		cmocka_unit_test(written_and_read_again_it_is_the_same),
		cmocka_unit_test(the_schema_has_every_key),
		cmocka_unit_test(all_faults_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
