/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All places that may hold the stanza, how they merge, and what is wrong with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "facts/stanza.h"
#include "model/reasons.h"
#include "tree.h"

#define MERGED "/run/cloud-init/combined-cloud-config.json"
#define INSTANCE "/var/lib/cloud/instance"
#define CONF_D "/etc/ofed-init/conf.d"
#define PART "/run/ofed-init/stanza.yaml"

static struct tree tree;
static struct oi_host host;
static struct oi_stanza stanza;
static struct oi_err err;
static char logged[1000];

static void keep_line(void *data OI_UNUSED, enum oi_log_level level OI_UNUSED, const char *line)
{
	snprintf(logged, sizeof(logged), "%s", line);
}

static int set_up(void **state OI_UNUSED)
{
	tree_make(&tree);
	memset(&host, 0, sizeof(host));
	memset(&err, 0, sizeof(err));
	host.look = tree.root; /* borrowed: closed with the tree */
	host.change = tree.root;
	host.log.write = keep_line;
	*logged = '\0';
	return 0;
}

static int tear_down(void **state OI_UNUSED)
{
	oi_stanza_clear(&stanza);
	tree_drop(&tree);
	return 0;
}

/* What is found now, as JSON; "none"; or the error's code. */
static const char *find(void)
{
	static char text[2000];
	OI_FREE char *json = NULL;

	oi_stanza_clear(&stanza);
	if (oi_stanza_find(&host, &stanza, &err)) {
		snprintf(text, sizeof(text), "%s", oi_reason_text((enum oi_reason)err.code)->id);
		return text;
	}
	if (!stanza.doc)
		return "none";
	json = oi_doc_to_json(stanza.doc, false);
	snprintf(text, sizeof(text), "%s", json);
	for (char *in = text, *out = text;; in++) {
		if (*in != ' ' && *in != '"')
			*out++ = *in;
		if (!*in)
			break;
	}
	return text;
}

/* The error names the place: its text starts behind the tree's own name. */
static void assert_error(const char *starts)
{
	size_t len = strlen(tree.top);

	assert_true(!strncmp(err.text, tree.top, len));
	if (strncmp(err.text + len, starts, strlen(starts)))
		assert_string_equal(err.text + len, starts);
}

static void assert_sources(const char *expected)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf all = { 0 };

	for (size_t i = 0; i < stanza.sources.n; i++)
		oi_buf_addf(&all, "%s%s", i ? " " : "",
			    stanza.sources.v[i] + strlen(tree.top));
	assert_string_equal(oi_buf_str(&all), expected);
}

/* --- no stanza --- */

static void nothing_anywhere(void **state OI_UNUSED)
{
	assert_string_equal(find(), "none");
	assert_sources("");
	tree_folder(&tree, CONF_D);
	tree_folder(&tree, "/etc/cloud/cloud.cfg.d");
	assert_string_equal(find(), "none");
}

static void files_without_the_word_are_not_parsed(void **state OI_UNUSED)
{
	tree_put(&tree, "/etc/cloud/cloud.cfg", "{{{ not yaml \t");
	tree_put(&tree, "/etc/cloud/cloud.cfg.d/50.cfg", "a: [");
	tree_put(&tree, INSTANCE "/cloud-config.txt", "\xff\xfe\x01");
	assert_string_equal(find(), "none");
	tree_put(&tree, MERGED, "{\"runcmd\": [");
	assert_string_equal(find(), "none");
}

static void null_is_no_stanza(void **state OI_UNUSED)
{
	tree_put(&tree, MERGED, "{\"infiniband\": null}");
	tree_put(&tree, INSTANCE "/cloud-config.txt", "infiniband:\n");
	tree_put(&tree, CONF_D "/50.yaml", "infiniband: ~\n");
	tree_put(&tree, PART, "# nothing\n");
	assert_string_equal(find(), "none");
	assert_sources("");
}

static void the_word_elsewhere_is_no_stanza(void **state OI_UNUSED)
{
	tree_put(&tree, MERGED, "{\"packages\": [\"infiniband-diags\"], \"a\": {\"infiniband\": 1}}");
	assert_string_equal(find(), "none");
	tree_put(&tree, INSTANCE "/cloud-config.txt", "- infiniband\n");
	assert_string_equal(find(), "none");
}

/* --- where --- */

static void the_merged_file_is_believed(void **state OI_UNUSED)
{
	tree_put(&tree, MERGED, "{\"infiniband\": {\"enabled\": true}}");
	tree_put(&tree, "/etc/cloud/cloud.cfg", "infiniband: {driver: inbox}\n");
	tree_put(&tree, INSTANCE "/vendor-cloud-config.txt", "infiniband: {version: x}\n");
	assert_string_equal(find(), "{enabled:true}");
	assert_sources(MERGED);
}

static void no_merged_file_system_vendor_user(void **state OI_UNUSED)
{
	tree_put(&tree, "/etc/cloud/cloud.cfg",
		 "infiniband: {driver: sys, version: sys, ipoib: sys, verify: {ports: 1, wait_seconds: 1}}\n");
	tree_put(&tree, "/etc/cloud/cloud.cfg.d/20.cfg", "infiniband: {driver: d20, version: d20}\n");
	tree_put(&tree, "/etc/cloud/cloud.cfg.d/10.cfg", "infiniband: {driver: d10, version: d10}\n");
	tree_put(&tree, "/etc/cloud/cloud.cfg.d/30.yaml", "infiniband: {driver: ignored}\n");
	tree_put(&tree, "/etc/cloud/cloud.cfg.d/README", "infiniband: {{{\n");
	tree_put(&tree, INSTANCE "/vendor-cloud-config.txt",
		 "infiniband: {driver: vendor, verify: {ports: 2}}\n");
	tree_put(&tree, INSTANCE "/vendor2-cloud-config.txt", "infiniband: {driver: vendor2}\n");
	tree_put(&tree, INSTANCE "/cloud-config.txt",
		 "#cloud-config\nusers: []\ninfiniband: {driver: user, vm_sizes: {deny: [a]}}\n");
	assert_string_equal(find(), "{driver:user,version:d20,ipoib:sys,verify:{ports:2,"
				    "wait_seconds:1},vm_sizes:{deny:[a]}}");
	assert_sources("/etc/cloud/cloud.cfg /etc/cloud/cloud.cfg.d/10.cfg "
		       "/etc/cloud/cloud.cfg.d/20.cfg " INSTANCE "/vendor-cloud-config.txt "
		       INSTANCE "/vendor2-cloud-config.txt " INSTANCE "/cloud-config.txt");
}

static void a_merged_file_that_is_no_good(void **state OI_UNUSED)
{
	tree_put(&tree, MERGED, "{\"x\": 1, \"infiniband\": {\"driver\": \"lost\"");
	assert_string_equal(find(), "stanza-syntax");
	tree_put(&tree, "/etc/cloud/cloud.cfg", "infiniband: {driver: sys, ipoib: sys}\n");
	tree_put(&tree, INSTANCE "/cloud-config.txt", "infiniband: {driver: user}\n");
	assert_string_equal(find(), "{driver:user,ipoib:sys}");
	assert_non_null(strstr(logged, "the JSON text ends too early; continuing with the files"));
}

static void later_conf_d_files_beat_earlier_ones(void **state OI_UNUSED)
{
	tree_put(&tree, MERGED, "{\"infiniband\": {\"driver\": \"image\", \"enabled\": true}}");
	tree_put(&tree, CONF_D "/10-a.yaml", "infiniband: {driver: a, vm_sizes: {deny: [a, b]}}\n");
	tree_put(&tree, CONF_D "/50-b.yaml", "infiniband: {driver: b, vm_sizes: {deny: [c]}}\n");
	tree_put(&tree, CONF_D "/.50-b.yaml.swp", "{{{");
	tree_put(&tree, CONF_D "/.hidden.yaml", "{{{");
	tree_put(&tree, CONF_D "/README", "{{{");
	assert_string_equal(find(), "{driver:b,enabled:true,vm_sizes:{deny:[c]}}");
	assert_string_equal(logged, "");
	tree_put(&tree, CONF_D "/60.yml", "infiniband: {driver: c}\n");
	assert_string_equal(find(), "{driver:b,enabled:true,vm_sizes:{deny:[c]}}");
	assert_non_null(strstr(logged, "60.yml: not read"));
}

static void a_part_beats_conf_d_and_user_data_beats_all(void **state OI_UNUSED)
{
	tree_put(&tree, CONF_D "/50.yaml", "infiniband: {driver: conf, version: conf, ipoib: conf}\n");
	tree_put(&tree, PART, "driver: part\nversion: \"24.10\"\n");
	assert_string_equal(find(), "{driver:part,version:24.10,ipoib:conf}");
	tree_put(&tree, PART, "infiniband:\n  driver: part2\n");
	assert_string_equal(find(), "{driver:part2,version:conf,ipoib:conf}");
	tree_put(&tree, INSTANCE "/cloud-config.txt", "infiniband: {driver: user}\n");
	assert_string_equal(find(), "{driver:user,version:conf,ipoib:conf}");
	tree_put(&tree, MERGED, "{\"infiniband\": {\"driver\": \"user\", \"tuning\": {}}}");
	assert_string_equal(find(), "{driver:user,tuning:{},version:conf,ipoib:conf}");
	assert_sources(MERGED " " CONF_D "/50.yaml " PART " " INSTANCE "/cloud-config.txt");
}

static void a_link_to_a_file_of_the_tree(void **state OI_UNUSED)
{
	tree_put(&tree, "/opt/site.yaml", "infiniband: {driver: inbox}\n");
	tree_link(&tree, CONF_D "/50.yaml", "/opt/site.yaml");
	tree_link(&tree, CONF_D "/60.yaml", "/opt/none.yaml");
	assert_string_equal(find(), "{driver:inbox}");
}

static void anchors_of_pyyaml(void **state OI_UNUSED)
{
	tree_put(&tree, INSTANCE "/cloud-config.txt",
		 "#cloud-config\n# from 1 files\n\n---\ninfiniband:\n    vm_sizes:\n"
		 "        allow: &id001\n        - \"x\\xFC\"\n        deny: *id001\n...\n");
	assert_string_equal(find(), "{vm_sizes:{allow:[x\xc3\xbc],deny:[x\xc3\xbc]}}");
}

/* --- errors --- */

static void broken_files_that_mention_it_are_errors(void **state OI_UNUSED)
{
	tree_put(&tree, "/etc/cloud/cloud.cfg.d/50.cfg", "infiniband:\n  enabled: [\n");
	assert_string_equal(find(), "stanza-syntax");
	assert_error("/etc/cloud/cloud.cfg.d/50.cfg:");
	tree_put(&tree, MERGED, "{\"infiniband\": {");
	assert_string_equal(find(), "stanza-syntax");
	assert_error(MERGED);
	tree_put(&tree, MERGED, "{}");
	assert_string_equal(find(), "none"); /* the merged file counts, not its sources */
	tree_put(&tree, CONF_D "/50.yaml", "infiniband:\n\tenabled: true\n");
	assert_string_equal(find(), "stanza-syntax");
	assert_error(CONF_D "/50.yaml:2:1: ");
}

static void strange_bytes_are_errors(void **state OI_UNUSED)
{
	tree_put_bytes(&tree, CONF_D "/50.yaml", "infiniband: \0\0", 14);
	assert_string_equal(find(), "stanza-syntax");
	tree_put_bytes(&tree, CONF_D "/50.yaml", "infiniband: \xff\xff\xff", 15);
	assert_string_equal(find(), "stanza-syntax");
}

static void giants_are_refused(void **state OI_UNUSED)
{
	OI_FREE char *name = tree_name(&tree, CONF_D "/50.yaml");
	OI_FREE char *deep = oi_mem_zalloc(200001, 1);

	tree_put(&tree, CONF_D "/50.yaml", "");
	assert_int_equal(truncate(name, (off_t)1 << 40), 0);
	assert_string_equal(find(), "stanza-unreadable");
	assert_error(CONF_D "/50.yaml: larger than");
	memset(deep, '[', 200000);
	tree_put(&tree, CONF_D "/50.yaml", deep);
	assert_string_equal(find(), "stanza-syntax");
	tree_put(&tree, CONF_D "/50.yaml",
		 "infiniband:\n  a: &a [x,x,x,x,x,x,x,x,x,x]\n  b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
		 "  c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n  d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
		 "  e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n  f: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n");
	assert_string_equal(find(), "stanza-syntax");
}

static void unreadable_files_are_errors(void **state OI_UNUSED)
{
	tree_folder(&tree, CONF_D "/50.yaml");
	assert_string_equal(find(), "stanza-unreadable");
	assert_error(CONF_D "/50.yaml: Is a directory");
	tree_remove(&tree, CONF_D "/50.yaml");
	tree_link(&tree, CONF_D "/50.yaml", "50.yaml");
	assert_string_equal(find(), "stanza-unreadable");
	tree_remove(&tree, CONF_D "/50.yaml");
	tree_folder(&tree, MERGED);
	assert_string_equal(find(), "stanza-unreadable");
}

static void nobody_else_may_write_what_root_reads(void **state OI_UNUSED)
{
	OI_FREE char *name = tree_name(&tree, CONF_D "/50.yaml");
	OI_FREE char *elsewhere = tree_name(&tree, "/home/somebody/x.yaml");

	tree_put(&tree, CONF_D "/50.yaml", "infiniband: {enabled: true}\n");
	assert_int_equal(chmod(name, 0664), 0);
	if (geteuid()) {
		assert_string_equal(find(), "{enabled:true}");
		return; /* that is all that can be tested without being root */
	}
	assert_string_equal(find(), "config-untrusted");
	assert_error(CONF_D "/50.yaml: writable by its group or by others");
	assert_int_equal(chmod(name, 0602), 0);
	assert_string_equal(find(), "config-untrusted");
	assert_int_equal(chmod(name, 0640), 0);
	assert_string_equal(find(), "{enabled:true}");
	assert_int_equal(chown(name, 12345, 0), 0);
	assert_string_equal(find(), "config-untrusted");
	assert_error(CONF_D "/50.yaml: not owned by root");
	assert_int_equal(unlink(name), 0);
	tree_put(&tree, "/home/somebody/x.yaml", "infiniband: {enabled: true}\n");
	assert_int_equal(chown(elsewhere, 12345, 12345), 0);
	tree_link(&tree, CONF_D "/50.yaml", "/home/somebody/x.yaml");
	assert_string_equal(find(), "config-untrusted");
	tree_remove(&tree, CONF_D "/50.yaml");
	tree_put(&tree, PART, "enabled: true\n");
	OI_FREE char *part = tree_name(&tree, PART);
	assert_int_equal(chmod(part, 0666), 0);
	assert_string_equal(find(), "config-untrusted");
	/* Root reading for root, with a user's powers: only looking, nothing to refuse. */
	assert_int_equal(seteuid(12345), 0);
	const char *found = find();
	assert_int_equal(seteuid(0), 0);
	assert_string_equal(found, "{enabled:true}");
}

static void a_user_is_told_what_may_not_be_read(void **state OI_UNUSED)
{
	OI_FREE char *name = tree_name(&tree, MERGED);

	if (geteuid())
		return; /* somebody else's file is needed, and only root can make one */
	tree_put(&tree, MERGED, "{}");
	assert_int_equal(chmod(name, 0600), 0);
	assert_int_equal(seteuid(12345), 0);
	const char *found = find();
	assert_int_equal(seteuid(0), 0);
	assert_string_equal(found, "stanza-unreadable");
	assert_error(MERGED ": Permission denied (run it as root, or name the stanza with --config)");
}

static void foreign_keys_are_named(void **state OI_UNUSED)
{
	tree_put(&tree, CONF_D "/50.yaml", "# mine\nenabled: true\n");
	assert_string_equal(find(), "stanza-unknown-key");
	assert_error(CONF_D "/50.yaml:2:1: enabled: this key belongs below infiniband:");
	tree_put(&tree, CONF_D "/50.yaml", "infinband:\n  enabled: true\n");
	assert_string_equal(find(), "stanza-unknown-key");
	assert_error(CONF_D "/50.yaml:1:1: infinband: no such key; did you mean infiniband?");
	tree_put(&tree, CONF_D "/50.yaml", "infiniband: {}\npackages: [x]\n");
	assert_string_equal(find(), "stanza-unknown-key");
	assert_error(CONF_D "/50.yaml:2:1: packages: only the key infiniband");
	tree_put(&tree, CONF_D "/50.yaml", "#cloud-config\npackages: [x]\ninfiniband: {driver: a}\n");
	assert_string_equal(find(), "{driver:a}");
	tree_put(&tree, CONF_D "/50.yaml", "#cloud-config-archive\npackages: [x]\ninfiniband: {}\n");
	assert_string_equal(find(), "stanza-unknown-key");
	tree_put(&tree, CONF_D "/50.yaml", "## template: jinja\n#cloud-config \r\npackages: [x]\n");
	assert_string_equal(find(), "none");
	tree_put(&tree, CONF_D "/50.yaml", "\xef\xbb\xbf#cloud-config\n# infiniband\nx: 1\n");
	assert_string_equal(find(), "none");
	tree_put(&tree, CONF_D "/50.yaml", "#cloud-config\nusers: [\n"); /* not about us */
	assert_string_equal(find(), "none");
	tree_put(&tree, CONF_D "/50.yaml", "#cloud-config");
	assert_string_equal(find(), "none");
}

static void only_a_map_will_do(void **state OI_UNUSED)
{
	tree_put(&tree, CONF_D "/50.yaml", "- infiniband\n");
	assert_string_equal(find(), "stanza-type");
	assert_error(CONF_D "/50.yaml:1:1: expected a map with the key infiniband, got ");
	tree_put(&tree, CONF_D "/50.yaml", "infiniband");
	assert_string_equal(find(), "stanza-type");
	tree_remove(&tree, CONF_D "/50.yaml");
	tree_put(&tree, PART, "just words\n");
	assert_string_equal(find(), "stanza-type");
	/* What is wrong with the value itself is for those who check the stanza. */
	tree_put(&tree, PART, "infiniband: true\n");
	assert_string_equal(find(), "true");
}

static void keys_given_twice_are_found_before_merging(void **state OI_UNUSED)
{
	tree_put(&tree, CONF_D "/40.yaml", "infiniband: {verify: {ports: 1}}\n");
	tree_put(&tree, CONF_D "/50.yaml",
		 "infiniband:\n  verify:\n    ports: 1\n    wait_seconds: 2\n    ports: 2\n");
	assert_string_equal(find(), "stanza-duplicate-key");
	assert_error(CONF_D "/50.yaml:5:5: infiniband.verify.ports: the key is given twice, first in line 3");
	tree_put(&tree, CONF_D "/50.yaml", "infiniband: {a: 1}\ninfiniband: {b: 1}\n");
	assert_string_equal(find(), "stanza-duplicate-key");
	assert_error(CONF_D "/50.yaml:2:1: infiniband: the key is given twice, first in line 1");
	tree_put(&tree, CONF_D "/50.yaml", "#cloud-config\nx: 1\nx: 2\ninfiniband: {b: 1}\n");
	assert_string_equal(find(), "{verify:{ports:1},b:1}");
	tree_put(&tree, CONF_D "/50.yaml", "");
	tree_put(&tree, PART, "a: 1\na: 2\n");
	assert_string_equal(find(), "stanza-duplicate-key");
	assert_error(PART ":2:1: infiniband.a: ");
	/* cloud-init takes the last of two, and what it wrote itself is not judged. */
	tree_remove(&tree, PART);
	tree_put(&tree, INSTANCE "/cloud-config.txt", "infiniband: {b: 1}\ninfiniband: {b: 2}\n");
	assert_string_equal(find(), "{b:2,verify:{ports:1}}");
}

static void a_part_with_the_key_has_no_other(void **state OI_UNUSED)
{
	tree_put(&tree, PART, "infiniband: {enabled: true}\ndriver: inbox\n");
	assert_string_equal(find(), "stanza-unknown-key");
	assert_error(PART ":2:1: driver: this key belongs below infiniband:");
}

/* --- named files --- */

static void named_files_replace_the_search(void **state OI_UNUSED)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv files = { 0 };
	OI_FREE char *a = tree_name(&tree, "/a.yaml");
	OI_FREE char *b = tree_name(&tree, "/b.json");

	tree_put(&tree, MERGED, "{\"infiniband\": {\"driver\": \"merged\"}}");
	tree_put(&tree, "/a.yaml", "#cloud-config\npackages: []\ninfiniband: {driver: a, version: a}\n");
	tree_put(&tree, "/b.json", "{\"infiniband\": {\"driver\": \"b\"}}");
	oi_strv_add(&files, a);
	oi_strv_add(&files, b);
	assert_int_equal(oi_stanza_read(&host, &files, &stanza, &err), 0);
	assert_string_equal(oi_doc_string(oi_doc_get(stanza.doc, "driver")), "b");
	assert_string_equal(oi_doc_string(oi_doc_get(stanza.doc, "version")), "a");
	assert_sources("/a.yaml /b.json");
	oi_stanza_clear(&stanza);
	oi_strv_add(&files, "/none/at/all.yaml");
	assert_int_equal(oi_stanza_read(&host, &files, &stanza, &err), -1);
	assert_int_equal(err.code, OI_R_STANZA_UNREADABLE);
	assert_string_equal(err.text, "/none/at/all.yaml: No such file or directory");
}

/* --- places --- */

static void the_users_own_lines_are_found(void **state OI_UNUSED)
{
	tree_put(&tree, INSTANCE "/user-data.txt",
		 "#cloud-config\nusers: []\ninfiniband:\n  verify:\n    # many\n    ports: \"x\"\n");
	tree_put(&tree, INSTANCE "/cloud-config.txt", "infiniband:\n    verify:\n        ports: x\n");
	err.code = OI_R_STANZA_TYPE;
	snprintf(err.text, sizeof(err.text), "%s" MERGED ": infiniband.verify.ports: wrong", tree.top);
	oi_stanza_place(&host, "infiniband.verify.ports", &err);
	assert_error(INSTANCE "/user-data.txt:6:12: infiniband.verify.ports: wrong");
	assert_int_equal(err.code, OI_R_STANZA_TYPE);
	/* From what cloud-init wrote to what the user wrote. */
	snprintf(err.text, sizeof(err.text), "%s" INSTANCE "/cloud-config.txt:3:16: infiniband.verify.ports: wrong",
		 tree.top);
	err.code = OI_R_STANZA_UNKNOWN_KEY;
	oi_stanza_place(&host, "infiniband.verify.ports", &err);
	assert_error(INSTANCE "/user-data.txt:6:5: infiniband.verify.ports: wrong");
}

static void without_plain_user_data_the_next_best(void **state OI_UNUSED)
{
	tree_put(&tree, INSTANCE "/user-data.txt", "Content-Type: multipart/mixed\n\ninfiniband: {driver: z}\n");
	tree_put(&tree, "/etc/cloud/cloud.cfg.d/50.cfg", "infiniband:\n  driver: x\n");
	tree_put(&tree, "/etc/cloud/cloud.cfg.d/60.cfg", "infiniband: {driver: y}\n");
	snprintf(err.text, sizeof(err.text), "%s" MERGED ": infiniband.driver: wrong", tree.top);
	oi_stanza_place(&host, "infiniband.driver", &err);
	assert_error("/etc/cloud/cloud.cfg.d/60.cfg:1:22: infiniband.driver: wrong");
	/* Nowhere to be found, or not about cloud-init's files: as it was. */
	snprintf(err.text, sizeof(err.text), "%s" MERGED ": infiniband.none: wrong", tree.top);
	oi_stanza_place(&host, "infiniband.none", &err);
	assert_error(MERGED ": infiniband.none: wrong");
	snprintf(err.text, sizeof(err.text), "%s" CONF_D "/x.yaml:1:1: infiniband.driver: wrong", tree.top);
	oi_stanza_place(&host, "infiniband.driver", &err);
	assert_error(CONF_D "/x.yaml:1:1: infiniband.driver: wrong");
}

static void a_version_without_quotes_is_shown_as_the_user_wrote_it(void **state OI_UNUSED)
{
	tree_put(&tree, INSTANCE "/user-data.txt", "#cloud-config\ninfiniband:\n  version: 24.10\n");
	err.code = OI_R_STANZA_QUOTE_VERSION;
	snprintf(err.text, sizeof(err.text), "%s" MERGED ": infiniband.version: 24.1 is a number", tree.top);
	oi_stanza_place(&host, "infiniband.version", &err);
	assert_error(INSTANCE "/user-data.txt:3:12: infiniband.version: 24.10 without quotes is a number in YAML; quote it: version: \"24.10\"");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nothing_anywhere),
		T(files_without_the_word_are_not_parsed),
		T(null_is_no_stanza),
		T(the_word_elsewhere_is_no_stanza),
		T(the_merged_file_is_believed),
		T(no_merged_file_system_vendor_user),
		T(a_merged_file_that_is_no_good),
		T(later_conf_d_files_beat_earlier_ones),
		T(a_part_beats_conf_d_and_user_data_beats_all),
		T(a_link_to_a_file_of_the_tree),
		T(anchors_of_pyyaml),
		T(broken_files_that_mention_it_are_errors),
		T(strange_bytes_are_errors),
		T(giants_are_refused),
		T(unreadable_files_are_errors),
		T(nobody_else_may_write_what_root_reads),
		T(a_user_is_told_what_may_not_be_read),
		T(foreign_keys_are_named),
		T(only_a_map_will_do),
		T(keys_given_twice_are_found_before_merging),
		T(a_part_with_the_key_has_no_other),
		T(named_files_replace_the_search),
		T(the_users_own_lines_are_found),
		T(without_plain_user_data_the_next_best),
		T(a_version_without_quotes_is_shown_as_the_user_wrote_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
