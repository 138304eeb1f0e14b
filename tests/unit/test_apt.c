/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What apt says, understood from recordings; and what we ask of it, against replayed tools. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "execute/apt/install.h"
#include "execute/apt/source.h"
#include "execute/apt/text.h"
#include "execute/tools/child.h"
#include "execute/execute.h"
#include "execute/state/record.h"
#include "fakehost.h"
#include "model/reasons.h"
#include "sys/clock.h"
#include "steps.h"

#define KERNEL "6.1.0-50-amd64"
#define TREE_REPO "usr/share/doca-host-3.2.3-019000-25.10-ubuntu2404/repo"

/* --- texts --- */

static void each_line(const char *text, void (*take)(void *data, const char *line), void *data)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };

	oi_strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++)
		take(data, lines.v[i]);
}

static void take_change(void *data, const char *line)
{
	oi_apt_changes_add(data, line);
}

static void take_words(void *data, const char *line)
{
	oi_apt_words_add(data, line);
}

static struct oi_apt_changes changes_of(const struct fakehost *f, const char *name)
{
	OI_FREE char *text = fakehost_data(f, name);
	struct oi_apt_changes changes = { 0 };

	each_line(text, take_change, &changes);
	return changes;
}

static struct oi_apt_words words_of(const struct fakehost *f, const char *name)
{
	OI_FREE char *text = fakehost_data(f, name);
	struct oi_apt_words words = { 0 };

	each_line(text, take_words, &words);
	return words;
}

static void test_changes(void **state)
{
	struct oi_apt_changes inbox = changes_of(*state, "apt/simulate-inbox");
	struct oi_apt_changes upgrade = changes_of(*state, "apt/simulate-upgrade");
	struct oi_apt_changes removal = changes_of(*state, "apt/simulate-remove");
	OI_FREE char *text = oi_apt_changes_text(&inbox);
	OI_FREE char *upgrade_text = oi_apt_changes_text(&upgrade);
	OI_FREE char *removal_text = oi_apt_changes_text(&removal);

	assert_int_equal(inbox.n, 6);
	assert_string_equal(inbox.v[2].name, "rdma-core");
	assert_null(inbox.v[2].before);
	assert_string_equal(inbox.v[2].after, "44.0-2");
	assert_string_equal(text, "6 new, 0 upgraded, 0 removed");
	assert_null(oi_apt_changes_kernel(&inbox, KERNEL));

	assert_int_equal(upgrade.n, 1);
	assert_string_equal(upgrade.v[0].name, "dkms");
	assert_string_equal(upgrade.v[0].before, "3.0.10-8+deb12u1");
	assert_string_equal(upgrade.v[0].after, "99.0-1");
	assert_string_equal(upgrade_text, "0 new, 1 upgraded, 0 removed");

	assert_int_equal(removal.n, 2);
	assert_string_equal(removal.v[0].name, "gcc");
	assert_string_equal(removal.v[0].before, "4:12.2.0-3");
	assert_null(removal.v[0].after);
	assert_string_equal(removal_text, "0 new, 0 upgraded, 2 removed");
	oi_apt_changes_clear(&inbox);
	oi_apt_changes_clear(&upgrade);
	oi_apt_changes_clear(&removal);
}

static void take_preview(void *data, const char *line)
{
	oi_apt_preview_add(data, line);
}

static struct oi_apt_preview preview_of(const struct fakehost *f, const char *name)
{
	OI_FREE char *text = fakehost_data(f, name);
	struct oi_apt_preview preview = { 0 };

	each_line(text, take_preview, &preview);
	return preview;
}

static void test_previews(void **state)
{
	static const struct {
		const char *name;
		const char *text;
		long long bytes;
	} cases[] = {
		{ "apt/print-inbox", "5 new, 0 upgraded, 0 removed", 423232 },
		{ "apt/print-inbox-apt3", "5 new, 0 upgraded, 0 removed", 420988 },
		{ "apt/print-new-kernel", "18 new, 1 upgraded, 0 removed", 0 },
		{ "apt/print-new-kernel-apt3", "23 new, 1 upgraded, 0 removed", 0 },
		{ "apt/print-remove", "0 new, 0 upgraded, 1 removed", 0 },
		{ "apt/print-remove-apt3", "0 new, 0 upgraded, 1 removed", 0 },
		{ "apt/print-conflict", "1 new, 0 upgraded, 1 removed", 0 },
		{ "apt/print-conflict-apt3", "1 new, 0 upgraded, 1 removed", 0 },
		{ "apt/print-downgrade", "0 new, 1 upgraded, 0 removed", 0 },
		{ "apt/print-downgrade-apt3", "0 new, 1 upgraded, 0 removed", 0 },
		{ "apt/print-essential", "0 new, 0 upgraded, 1 removed", 0 },
		{ "apt/print-essential-apt3", "0 new, 0 upgraded, 1 removed", 0 },
		{ "apt/print-fix", "1 new, 0 upgraded, 0 removed", 53080 },
		{ "apt/print-fix-apt3", "1 new, 0 upgraded, 0 removed", 53228 },
		{ "apt/print-none", "0 new, 0 upgraded, 0 removed", 0 },
		{ "apt/print-none-apt3", "0 new, 0 upgraded, 0 removed", 0 },
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		struct oi_apt_preview preview = preview_of(*state, cases[i].name);
		OI_FREE char *text = oi_apt_changes_text(&preview.changes);

		if (!oi_apt_preview_whole(&preview) || strcmp(text, cases[i].text) != 0 ||
		    preview.bytes != cases[i].bytes)
			fail_msg("%s: %s, %lld bytes", cases[i].name, text,
				 (long long)preview.bytes);
		oi_apt_preview_clear(&preview);
	}
}

static void test_preview_versions(void **state)
{
	struct oi_apt_preview preview = preview_of(*state, "apt/print-new-kernel");
	const struct oi_apt_change *last = &preview.changes.v[preview.changes.n - 1];
	const struct oi_apt_change *kernel = oi_apt_changes_kernel(&preview.changes, KERNEL);

	assert_string_equal(last->name, "up-one");
	assert_string_equal(last->before, "1.0");
	assert_string_equal(last->after, "2.0");
	assert_non_null(kernel);
	assert_string_equal(kernel->name, "linux-image-6.99.0-1-azure");
	assert_null(kernel->before);
	assert_string_equal(kernel->after, "6.99.0-1");
	oi_apt_preview_clear(&preview);
}

/* Whatever could hide a change: then --simulate decides. */
static void test_previews_in_doubt(void **state)
{
	static const char *const texts[] = {
		"",
		"The following NEW packages will be installed:\n   a (1)\n",
		"The following NEW packages will be installed:\n   a (1)\n"
		"0 upgraded, 2 newly installed, 0 to remove and 0 not upgraded.\n",
		"The following NEW packages will be installed:\n  a b\n"
		"0 upgraded, 1 newly installed, 0 to remove and 0 not upgraded.\n",
		"The following packages will be upgraded:\n   a (2)\n"
		"1 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n",
		"The following packages will go:\n   a (2)\n"
		"0 upgraded, 0 newly installed, 1 to remove and 0 not upgraded.\n",
		"0 upgraded, 0 newly installed, 0 exchanged, 0 to remove and 0 not upgraded.\n",
		"0 upgraded, 0 newly installed\n",
		"0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n"
		"0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n",
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(texts); i++) {
		struct oi_apt_preview preview = { 0 };

		each_line(texts[i], take_preview, &preview);
		if (oi_apt_preview_whole(&preview))
			fail_msg("taken for whole: %s", texts[i]);
		oi_apt_preview_clear(&preview);
	}
}

static bool kernel_line(const char *line)
{
	struct oi_apt_changes changes = { 0 };
	bool found;

	assert_true(oi_apt_changes_add(&changes, line));
	found = oi_apt_changes_kernel(&changes, "6.8.0-1015-azure") != NULL;
	oi_apt_changes_clear(&changes);
	return found;
}

static void test_kernels(void **state)
{
	static const char *const kernels[] = {
		"Inst linux-image-6.8.0-1020-azure (6.8.0-1020.23 Ubuntu:24.04/noble [amd64])",
		"Inst linux-image-azure [6.8.0-1015.17] (6.8.0-1020.23 Ubuntu:24.04/noble [amd64]) []",
		"Inst linux-azure [6.8.0-1015.17] (6.8.0-1020.23 Ubuntu:24.04/noble [amd64])",
		"Inst linux-azure-lts-22.04 (5.15.0.1089.87 Ubuntu:22.04/jammy [amd64])",
		"Inst linux-generic-hwe-24.04 (6.11.0-26.26 Ubuntu:24.04/noble [amd64])",
		"Inst linux-modules-6.8.0-1020-azure (6.8.0-1020.23 Ubuntu:24.04/noble [amd64])",
		"Inst linux-modules-extra-6.8.0-1020-azure (6.8.0-1020.23 Ubuntu:24.04/noble [amd64])",
		"Remv linux-image-6.8.0-1015-azure [6.8.0-1015.17]",
		"Purg linux-image-6.8.0-1015-azure [6.8.0-1015.17]",
		"Inst linux-image-cloud-amd64:amd64 (6.1.176-1 Debian:12/stable [amd64])",
		"Inst linux-modules-nvidia-550-azure (6.8.0-1020.23 Ubuntu:24.04/noble [amd64])",
	};
	static const char *const others[] = {
		"Inst linux-headers-6.8.0-1015-azure (6.8.0-1015.17 Ubuntu:24.04/noble [amd64])",
		"Inst linux-headers-azure (6.8.0-1020.23 Ubuntu:24.04/noble [amd64])",
		"Inst linux-azure-headers-6.8.0-1015 (6.8.0-1015.17 Ubuntu:24.04/noble [all])",
		"Inst linux-azure-6.11-headers-6.11.0-1015 (6.11.0-1015.15 Ubuntu:24.04/noble [all])",
		"Inst linux-azure-tools-6.8.0-1015 (6.8.0-1015.17 Ubuntu:24.04/noble [amd64])",
		"Inst linux-modules-extra-6.8.0-1015-azure (6.8.0-1015.17 Ubuntu:24.04/noble [amd64])",
		"Inst linux-libc-dev [6.8.0-1] (6.8.0-2 Ubuntu:24.04/noble [amd64])",
		"Inst linux-firmware (20240318 Ubuntu:24.04/noble [all])",
		"Inst linux-kbuild-6.1 (6.1.176-1 Debian:12/stable [amd64])",
		"Inst mlnx-ofed-kernel-dkms (25.10 localhost [all])",
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(kernels); i++)
		if (!kernel_line(kernels[i]))
			fail_msg("not seen as a kernel: %s", kernels[i]);
	for (size_t i = 0; i < OI_ARRAY_SIZE(others); i++)
		if (kernel_line(others[i]))
			fail_msg("seen as a kernel: %s", others[i]);
}

static void test_new_kernel_recorded(void **state)
{
	static const char *const names[] = { "apt/simulate-new-kernel",
					     "apt/simulate-new-kernel-apt3" };

	for (size_t i = 0; i < OI_ARRAY_SIZE(names); i++) {
		struct oi_apt_changes changes = changes_of(*state, names[i]);
		const struct oi_apt_change *kernel = oi_apt_changes_kernel(&changes, KERNEL);

		assert_non_null(kernel);
		assert_string_equal(kernel->name, "linux-image-6.99.0-1-azure");
		oi_apt_changes_clear(&changes);
	}
}

static void test_words(void **state)
{
	static const struct {
		const char *name;
		const char *text; /* within the decisive words */
		bool broken;
	} cases[] = {
		{ "apt/simulate-unknown", "E: Unable to locate package no-such", false },
		{ "apt/simulate-unknown-apt3", "E: Unable to locate package no-such", false },
		{ "apt/simulate-unmet", "needs : Depends: not-there (>= 2) but it is not", false },
		{ "apt/simulate-unmet-apt3", "needs : Depends: not-there (>= 2) but it is not", false },
		{ "apt/simulate-broken", "dkms : Depends: dpkg-dev but it is not going", true },
		{ "apt/simulate-broken-apt3", "dkms : Depends: dpkg-dev but it is not going", true },
		{ "apt/simulate-essential", "E: Essential packages were removed", false },
		{ "apt/simulate-essential-apt3", "E: Essential packages were removed", false },
		{ "apt/install-fails",
		  "dpkg: error processing package fails (--configure):; installed fails package "
		  "post-installation script subprocess returned error exit status 10", false },
		{ "apt/simulate-inbox", "", false },
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		struct oi_apt_words words = words_of(*state, cases[i].name);
		OI_FREE char *text = oi_apt_words_text(&words);

		if (!strstr(text, cases[i].text))
			fail_msg("%s: %s", cases[i].name, text);
		if (!*cases[i].text)
			assert_string_equal(text, "");
		assert_int_equal(words.broken, cases[i].broken);
		assert_false(words.locked);
		oi_apt_words_clear(&words);
	}
}

static void test_causes(void **state)
{
	struct oi_apt_words words = { 0 };

	(void)state;
	oi_apt_words_add(&words, "Waiting for cache lock: Could not get lock "
				 "/var/lib/dpkg/lock-frontend. It is held by process 4 (apt)... 1s");
	assert_true(words.waiting);
	assert_false(words.locked);
	oi_apt_words_add(&words, "E: Unable to acquire the dpkg frontend lock "
				 "(/var/lib/dpkg/lock-frontend), is another process using it?");
	assert_true(words.locked);
	words.locked = false;
	oi_apt_words_add(&words, "E: Unable to acquire the dpkg frontend lock "
				 "(/var/lib/dpkg/lock-frontend), are you root?");
	assert_false(words.locked);
	oi_apt_words_add(&words,
			 "dpkg: error: dpkg frontend lock was locked by another process with pid 7");
	assert_true(words.locked);
	oi_apt_words_add(&words, "E: dpkg was interrupted, you must manually run "
				 "'dpkg --configure -a' to correct the problem. ");
	assert_true(words.interrupted);
	oi_apt_words_add(&words, "E: You don't have enough free space in /var/cache/apt/archives/.");
	assert_true(words.no_space);
	oi_apt_words_add(&words, "Error! Bad return status for module build on kernel: 6.1 (x86_64)");
	assert_true(words.dkms_failed);
	oi_apt_words_clear(&words);
}

static void test_distrust(void **state)
{
	static const char *const names[] = { "apt/update-other-key", "apt/update-other-key-apt3",
					     "apt/update-sha1-key-apt3" };

	for (size_t i = 0; i < OI_ARRAY_SIZE(names); i++) {
		struct oi_apt_words words = words_of(*state, names[i]);

		assert_int_equal(words.warnings.n, 1);
		assert_true(oi_apt_is_distrust(words.warnings.v[0]));
		assert_true(oi_apt_is_distrust(words.errors.v[0]));
		oi_apt_words_clear(&words);
	}
	assert_false(oi_apt_is_distrust("E: Failed to fetch http://127.0.0.1:9/x/./InRelease"));
	assert_false(oi_apt_is_distrust(
		"E: The repository 'http://archive.test/x ./ Release' does not have a Release file."));
	assert_true(oi_apt_is_distrust(
		"E: The repository 'file:/x ./ Release' does not have a Release file."));
}

static void test_policy(void **state)
{
	OI_FREE char *text = fakehost_data(*state, "apt/policy");

	assert_int_equal(oi_apt_policy(text, "doca-ofed"), OI_APT_CANDIDATE);
	assert_int_equal(oi_apt_policy(text, "gcc"), OI_APT_INSTALLED);
	assert_int_equal(oi_apt_policy(text, "dkms"), OI_APT_CANDIDATE);
	assert_int_equal(oi_apt_policy(text, "mail-transport-agent"), OI_APT_NO_CANDIDATE);
	assert_int_equal(oi_apt_policy(text, "no-such"), OI_APT_UNKNOWN);
	assert_int_equal(oi_apt_policy(text, "linux-headers-6.99"), OI_APT_UNKNOWN);
	assert_int_equal(oi_apt_policy(text, "linux-headers-" KERNEL), OI_APT_INSTALLED);
	assert_int_equal(oi_apt_policy(text, "Candidate"), OI_APT_UNKNOWN);
	assert_int_equal(oi_apt_policy("", "gcc"), OI_APT_UNKNOWN);
}

static void test_uris(void **state)
{
	OI_FREE char *local = fakehost_data(*state, "apt/print-uris");
	OI_FREE char *remote = fakehost_data(*state, "apt/print-uris-remote");

	assert_int_equal(oi_apt_uris_bytes(local), 0);
	assert_int_equal(oi_apt_uris_bytes(remote), 2144056);
	assert_int_equal(oi_apt_uris_bytes("'http://x"), 0);
}

static void test_noise(void **state)
{
	(void)state;
	assert_true(oi_child_is_noise(""));
	assert_true(oi_child_is_noise("(Reading database ... 5%"));
	assert_true(oi_child_is_noise("Reading package lists..."));
	assert_true(oi_child_is_noise("12% [Working]"));
	assert_true(oi_child_is_noise("100%"));
	assert_false(oi_child_is_noise("0 upgraded, 1 newly installed"));
	assert_false(oi_child_is_noise("Setting up rdma-core (44.0-2) ..."));
}

/* --- sources of a vendor's package --- */

struct source_case {
	const char *name; /* of the file */
	const char *text;
	bool keys;
	int code; /* 0: accepted */
	const char *moved; /* with %s for the tree, when accepted */
};

#define ACCEPTED "/accepted.asc"

static int rewrite(struct fakehost *f, const struct source_case *c, struct oi_apt_source *source,
		   struct oi_err *err)
{
	return oi_apt_source_rewrite(&f->host.change, c->name, c->text, c->keys, ACCEPTED, source, err);
}

static void test_sources(void **state)
{
	static const struct source_case cases[] = {
		{ "a.list", "# comment\n\ndeb [arch=amd64 signed-by=/k/key.gpg] file:/repo ./\n", false, 0,
		  "deb [ arch=amd64 signed-by=" ACCEPTED " ] file:%s/repo ./\n" },
		{ "a.list", "deb [signed-by=/k/key.gpg] https://vendor.test/r noble main # x\n", false, 0,
		  "deb [ signed-by=" ACCEPTED " ] https://vendor.test/r noble main \n" },
		{ "a.list", "deb file:///repo ./", true, 0, "deb file:%s/repo ./\n" },
		/* the package itself brings what is to be trusted */
		{ "a.list", "deb [trusted=yes] file:/repo ./\n", false, 0,
		  "deb [ trusted=yes ] file:%s/repo ./\n" },
		/* ... or it does not */
		{ "a.list", "deb [trusted=yes] https://vendor.test/r ./\n", true,
		  OI_R_REPOSITORY_UNTRUSTED, NULL },
		{ "a.list", "deb [Trusted=True signed-by=/k/key.gpg] http://vendor.test/r ./\n", false,
		  OI_R_REPOSITORY_UNTRUSTED, NULL },
		{ "a.list", "deb [trusted=yes] file:/not-in-there ./\n", false,
		  OI_R_REPOSITORY_UNTRUSTED, NULL },
		{ "a.list", "deb [trusted=yes] file:/repo/../../../etc ./\n", false,
		  OI_R_REPOSITORY_UNTRUSTED, NULL },
		{ "a.list", "deb [allow-insecure=yes signed-by=/k/key.gpg] http://vendor.test/r ./\n",
		  false, OI_R_REPOSITORY_UNTRUSTED, NULL },
		{ "a.list", "deb [allow-downgrade-to-insecure=yes] http://vendor.test/r ./\n", true,
		  OI_R_REPOSITORY_UNTRUSTED, NULL },
		{ "a.list", "deb https://vendor.test/r ./\n", false, OI_R_REPOSITORY_UNTRUSTED, NULL },
		{ "a.list", "deb file:/repo ./\n", false, OI_R_REPOSITORY_UNTRUSTED, NULL },
		{ "a.list", "deb [trusted=no signed-by=/k/key.gpg] https://vendor.test/r ./\n", false, 0,
		  "deb [ trusted=no signed-by=" ACCEPTED " ] https://vendor.test/r ./\n" },
		{ "a.list", "rpm https://vendor.test/\n", true, OI_R_REPOSITORY_MALFORMED, NULL },
		{ "a.list", "deb [signed-by=/k/key.gpg https://vendor.test/ ./\n", true,
		  OI_R_REPOSITORY_MALFORMED, NULL },
		{ "a.list", "deb\n", true, OI_R_REPOSITORY_MALFORMED, NULL },
		{ "a.sources",
		  "# comment\nTypes: deb\nURIs: file:/repo\n https://vendor.test/r\nSuites: ./\n"
		  "Signed-By: /k/key.gpg\n",
		  false, 0,
		  "Types: deb\nURIs: file:%s/repo https://vendor.test/r\nSuites: ./\n"
		  "Signed-By: " ACCEPTED "\n" },
		{ "a.sources",
		  "Types: deb\nURIs: https://vendor.test/r\nSuites: ./\nSigned-By:\n"
		  " -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n",
		  false, 0,
		  "Types: deb\nURIs: https://vendor.test/r\nSuites: ./\nSigned-By: " ACCEPTED "\n" },
		{ "a.sources", "Types: deb\nURIs: https://vendor.test/r\nSuites: ./\nTrusted: yes\n", true,
		  OI_R_REPOSITORY_UNTRUSTED, NULL },
		{ "a.sources", "Types: deb\nURIs: https://vendor.test/r\nSuites: ./\n", false,
		  OI_R_REPOSITORY_UNTRUSTED, NULL },
		/* what only looks like an address (found by the fuzzer) */
		{ "a.sources", "Types: deb\nURIs: /\nSuites: ./\nSigned-By: x\n", false,
		  OI_R_REPOSITORY_MALFORMED, NULL },
		/* the second entry is looked at as well */
		{ "a.sources",
		  "Types: deb\nURIs: file:/repo\nSuites: ./\nTrusted: yes\n\n"
		  "Types: deb\nURIs: http://vendor.test/r\nSuites: ./\nTrusted: yes\n",
		  false, OI_R_REPOSITORY_UNTRUSTED, NULL },
		{ "a.sources", "Types: deb\nSuites: ./\n", true, OI_R_REPOSITORY_MALFORMED, NULL },
		{ "a.sources", "no field\n", true, OI_R_REPOSITORY_MALFORMED, NULL },
	};
	struct fakehost *f = *state;
	const char *tree = f->host.change.path;

	fakehost_write(f, "/repo/Packages", "");
	fakehost_write(f, "/k/key.gpg", "");
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		OI_CLEANUP(oi_apt_source_clear) struct oi_apt_source source = { 0 };
		OI_CLEANUP(oi_buf_clear) struct oi_buf wanted = { 0 };
		struct oi_err err = { 0 };
		int ret = rewrite(f, &cases[i], &source, &err);

		if ((ret ? err.code : 0) != cases[i].code)
			fail_msg("case %zu: %d %s: %s", i, ret, err.text, cases[i].text);
		if (ret)
			continue;
		for (const char *c = cases[i].moved; *c; c++) {
			if (c[0] == '%' && c[1] == 's') {
				oi_buf_adds(&wanted, tree);
				c++;
			} else {
				oi_buf_add(&wanted, c, 1);
			}
		}
		assert_string_equal(oi_buf_str(&source.text), oi_buf_str(&wanted));
		assert_true(source.uris.n >= 1);
	}
}

static void test_sources_without_packages(void **state)
{
	static const struct source_case cases[] = {
		{ "a.sources", "Enabled: no\nTypes: deb\nURIs: http://x.test\nSuites: ./\n", false, 0, "" },
		{ "a.list", "deb-src [signed-by=/k/key.gpg] https://vendor.test/r ./\n", false, 0, "" },
		{ "a.list", "# nothing\n", false, 0, "" },
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		OI_CLEANUP(oi_apt_source_clear) struct oi_apt_source source = { 0 };
		struct oi_err err = { 0 };

		assert_int_equal(rewrite(*state, &cases[i], &source, &err), 0);
		assert_int_equal(source.uris.n, 0);
	}
}

/* Wherever keys are named, they are found, for their fingerprints to be looked at. */
static void test_source_keys(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_apt_source_clear) struct oi_apt_source source = { 0 };
	OI_FREE char *inside = oi_mem_printf("%s/k/key.gpg", f->host.change.path);
	static const struct source_case cases[] = {
		{ "a.list", "deb [signed-by=/k/key.gpg,/of/the/machine.asc] https://vendor.test/r ./\n",
		  false, 0, NULL },
		{ "b.sources", "Types: deb\nURIs: https://vendor.test/r\nSuites: ./\n"
		  "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n", false, 0, NULL },
		{ "c.list", "deb https://vendor.test/r ./\n", true, 0, NULL },
		{ "d.list", "deb [signed-by=CAE649B3B3929F8470D4D33BA024F6F0E6D6A281] https://vendor.test/r "
		  "./\n", false, 0, NULL },
	};
	struct oi_err err = { 0 };

	fakehost_write(f, "/k/key.gpg", "");
	assert_int_equal(rewrite(f, &cases[0], &source, &err), 0);
	assert_int_equal(source.key_files.n, 2);
	assert_string_equal(source.key_files.v[0], inside);
	assert_string_equal(source.key_files.v[1], "/of/the/machine.asc");
	assert_false(source.general);
	assert_int_equal(rewrite(f, &cases[1], &source, &err), 0);
	assert_int_equal(source.key_blocks.n, 1);
	assert_string_equal(source.key_blocks.v[0], "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc\n");
	assert_int_equal(rewrite(f, &cases[2], &source, &err), 0);
	assert_true(source.general);
	/* by fingerprint: of what the machine trusts already */
	assert_int_equal(rewrite(f, &cases[3], &source, &err), 0);
	assert_non_null(strstr(oi_buf_str(&source.text), "signed-by=CAE649B3"));
	assert_int_equal(source.key_files.n, 2);
}

/* --- plans, against replayed tools --- */

static struct oi_step *add_step(struct fakehost *f, enum oi_action action, const char *names,
				const char *optional)
{
	struct oi_step *step = oi_verdict_step(&f->verdict, action, oi_action_name(action), "x");

	if (names)
		oi_strv_split(step_names(step), names, " ");
	if (optional)
		oi_strv_split(step_optional(step), optional, " ");
	return step;
}

static void add_packages(struct fakehost *f, const char *names, const char *optional)
{
	add_step(f, OI_ACTION_PACKAGES_REFRESH, NULL, NULL);
	add_step(f, OI_ACTION_PACKAGES_SIMULATE, names, optional);
	add_step(f, OI_ACTION_PACKAGES_INSTALL, names, optional);
}

static int carry_out(struct fakehost *f, struct oi_err *err)
{
	memset(err, 0, sizeof(*err));
	return oi_execute_plan(&f->host, &f->config, &f->verdict, NULL, err);
}

#define CONF "-q -c */var/lib/ofed-init/apt/apt.conf "
#define UPDATE CONF "update"
#define LOOK CONF "-o Dir::State::extended_states=*/var/lib/ofed-init/apt/extended_states "
#define SIMULATE LOOK "-y --simulate --no-install-recommends install "
#define SIZE LOOK "-y --print-uris --no-install-recommends install "
#define PREVIEW(names) SIZE names " -V"
#define INSTALL CONF "-y --no-install-recommends install "
#define FOLDER "/var/lib/ofed-init/apt/scripts"
#define DEFERRED CONF "-o DPkg::Path=*" FOLDER ":/usr/sbin:/usr/bin:/sbin:/bin "
#define INSTALL_DEFERRED DEFERRED "-y --no-install-recommends install "
#define TIMEOUT " -o DPkg::Lock::Timeout=*"

static const char all_known[] = "rdma-core:\n  Installed: (none)\n  Candidate: 44.0-2\n"
				"perftest:\n  Installed: (none)\n  Candidate: 4.5-1\n"
				"gcc:\n  Installed: 4:12\n  Candidate: 4:12\n";

static void test_inbox(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_record_clear) struct oi_record record = { 0 };
	struct oi_err err;
	OI_FREE char *packages = NULL;

	fakehost_write(f, "/var/lib/apt/lists/archive.test_Packages", "");
	fakehost_write(f, "/var/cache/apt/archives/a.deb", "");
	fakehost_write(f, "/etc/apt/sources.list.d/mine.list", "");
	fakehost_write(f, OI_RECORD_PATH,
		       "{\"schema\": 1, \"packages\": [\"libibverbs1 44.0-2\"]}");
	add_packages(f, "rdma-core gcc", "perftest not-there");
	/* what apt sees: the system's own lists, packages and sources through links */
	fakehost_expect_run(f, "apt-get", 0,
			    "d=$(dirname \"$3\"); test -L $d/lists/archive.test_Packages && "
			    "test -L $d/archives/a.deb && test -L $d/sources.list.d/mine.list && "
			    "test -d $d/lists/partial && grep -q 'lists \"'$d'/lists\"' \"$3\" && "
			    "grep -q '^#clear APT::Update::Post-Invoke;' \"$3\" || exit 5",
			    UPDATE);
	fakehost_expect_text(f, "apt-cache", 0, all_known,
			     CONF "policy rdma-core gcc perftest not-there");
	fakehost_expect(f, "apt-get", 0, "apt/print-inbox", PREVIEW("rdma-core gcc perftest"));
	fakehost_expect_text(f, "apt-get", 0, "Suggested packages:\n  some-doc\n"
			     "(Reading database ... 5%\rSetting up rdma-core\n",
			     INSTALL "rdma-core gcc perftest" TIMEOUT);
	if (carry_out(f, &err))
		fail_msg("%s", err.text);
	fakehost_check_calls(f);
	assert_true(fakehost_logged(f, 'I', "5 new, 0 upgraded, 0 removed; to download: 423 kB"));
	assert_true(fakehost_logged(f, 'I', "without not-there"));
	assert_true(fakehost_logged(f, 'I', "apt-get: Setting up rdma-core"));
	assert_false(fakehost_logged(f, 'I', "Reading database"));
	assert_false(fakehost_logged(f, 'I', "some-doc"));
	assert_int_equal(oi_record_read(&f->host.change, &record, &err), 0);
	packages = oi_strv_join(&record.packages, "\n");
	assert_string_equal(packages,
			    "libibverbs1 44.0-2\nibverbs-utils 44.0-2\n"
			    "libnl-3-200 3.7.0-0.2+b1\nlibnl-route-3-200 3.7.0-0.2+b1\n"
			    "rdma-core 44.0-2");
	/* our copies are gone, what they were links to is not */
	assert_false(fakehost_exists(f, OI_APT_DIR));
	assert_true(fakehost_exists(f, "/var/lib/apt/lists/archive.test_Packages"));
	assert_true(fakehost_exists(f, "/var/cache/apt/archives/a.deb"));
}

static void test_proxy(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	oi_mem_set(&f->config.source.proxy, "http://user:\"secret@proxy.test:3128");
	oi_strv_add(&f->config.source.no_proxy, "localhost");
	oi_strv_add(&f->config.source.no_proxy, ".corp.test");
	add_step(f, OI_ACTION_PACKAGES_REFRESH, NULL, NULL);
	fakehost_expect_run(f, "apt-get", 0,
			    "test \"$no_proxy\" = localhost,.corp.test || echo W: nothing goes past it;"
			    "! env | grep secret || echo W: a password in the environment;"
			    "test \"$(stat -c %a \"$APT_CONFIG\")\" = 600 || echo W: others may read it;"
			    "for s in http https; do grep -Fxq "
			    "\"Acquire::$s::Proxy \\\"http://user:%22secret@proxy.test:3128\\\";\" \"$APT_CONFIG\" || "
			    "echo W: no $s proxy; done",
			    UPDATE);
	assert_int_equal(carry_out(f, &err), 0);
	for (size_t i = 0; i < f->log.n; i++)
		assert_false(f->log.v[i][0] == 'W');
	fakehost_check_calls(f);
}

/* Expects all up to the simulation of an inbox plan, which then says @output. */
static void expect_simulation(struct fakehost *f, int status, const char *output)
{
	fakehost_expect(f, "apt-get", 0, NULL, UPDATE);
	fakehost_expect_text(f, "apt-cache", 0, all_known, CONF "policy rdma-core");
	fakehost_expect(f, "apt-get", status, output, PREVIEW("rdma-core"));
}

static void test_kernel_change(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	add_packages(f, "rdma-core", NULL);
	expect_simulation(f, 0, "apt/print-new-kernel");
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(err.code, OI_R_KERNEL_CHANGE);
	assert_non_null(strstr(err.text, "linux-image-6.99.0-1-azure would go from none to 6.99.0-1"));
	assert_false(fakehost_exists(f, OI_RECORD_PATH));
	fakehost_check_calls(f); /* no installation */
}

/* A form of the list that is not known, as a later apt may have: then the old way. */
static void test_preview_not_understood(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	add_packages(f, "rdma-core", NULL);
	fakehost_expect(f, "apt-get", 0, NULL, UPDATE);
	fakehost_expect_text(f, "apt-cache", 0, all_known, CONF "policy rdma-core");
	fakehost_expect_text(f, "apt-get", 0, "Installing:\n  rdma-core\n\nSummary:\n  Upgrading: 0\n",
			     PREVIEW("rdma-core"));
	fakehost_expect(f, "apt-get", 0, "apt/simulate-inbox", SIMULATE "rdma-core");
	fakehost_expect(f, "apt-get", 0, "apt/print-uris-remote", SIZE "rdma-core");
	fakehost_expect(f, "apt-get", 0, NULL, INSTALL "rdma-core" TIMEOUT);
	if (carry_out(f, &err))
		fail_msg("%s", err.text);
	assert_true(fakehost_logged(f, 'I', "6 new, 0 upgraded, 0 removed; to download: 2144 kB"));
	fakehost_check_calls(f);
}

/* What is not the stack's goes only if the stanza says so, and then it is told. */
static void test_removals_of_others(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	add_packages(f, "rdma-core", NULL);
	expect_simulation(f, 0, "apt/print-conflict");
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(err.code, OI_R_REMOVAL_FOREIGN);
	assert_non_null(strstr(err.text, "old-up would be removed"));
	assert_true(fakehost_logged(f, 'W', "would remove old-up unknown"));
	fakehost_check_calls(f);
	assert_false(fakehost_exists(f, OI_RECORD_PATH));

	oi_strv_add(&f->config.may_remove, "old-*");
	expect_simulation(f, 0, "apt/print-conflict");
	fakehost_expect(f, "apt-get", 0, NULL, INSTALL "rdma-core" TIMEOUT);
	assert_int_equal(carry_out(f, &err), 0);
	fakehost_check_calls(f);
}

#define NO_FIT "The following packages have unmet dependencies:\n doca-ofed : Depends: libibverbs1 (= 2507)\n" \
	       "E: Unable to correct problems, you have held broken packages.\n"
#define WOULD "Inst libibverbs1 [44.0-2] (2507 localhost [amd64])\nInst doca-ofed (3.2.3 localhost [all])\n"

/* What stands in the way is named: a hold, a pin with its line, a default release. */
static void test_held(void **state)
{
	static const struct {
		const char *path, *text, *pattern; /* pattern: of the call in which it does not count */
		const char *why; /* NULL: it is none of these */
	} cases[] = {
		{ "/var/lib/dpkg/status",
		  "Package: vim\nStatus: hold ok installed\n\nPackage: libibverbs1\nStatus: hold ok installed\n",
		  "*--simulate* rdma-core --ignore-hold --allow-change-held-packages",
		  "on hold (apt-mark showhold): libibverbs1" },
		{ "/etc/apt/preferences.d/site", "# ours\n\nPackage: gcc libib*\nPin: release o=Site\nPin-Priority: 1001\n",
		  "*--simulate* rdma-core -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null",
		  "pinned: libibverbs1 by /etc/apt/preferences.d/site:3" },
		{ "/etc/apt/apt.conf.d/50site", "// APT::Default-Release\nAPT::Default-Release \"stable\";\n",
		  "*--simulate* rdma-core -o APT::Default-Release=",
		  "APT::Default-Release, at /etc/apt/apt.conf.d/50site:2" },
		{ "/var/lib/dpkg/status", "Package: vim\nStatus: install ok installed\n", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		void *own = NULL;
		struct fakehost *f;
		struct oi_err err;

		assert_int_equal(fakehost_set_up(&own), 0);
		f = own;
		fakehost_write(f, cases[i].path, cases[i].text);
		add_packages(f, "rdma-core", NULL);
		fakehost_expect(f, "apt-get", 0, NULL, UPDATE);
		fakehost_expect_text(f, "apt-cache", 0, all_known, CONF "policy rdma-core");
		fakehost_expect_text(f, "apt-get", 100, NO_FIT, PREVIEW("rdma-core"));
		if (cases[i].pattern)
			fakehost_expect_text(f, "apt-get", 0, WOULD, cases[i].pattern);
		assert_int_equal(carry_out(f, &err), -1);
		assert_int_equal(err.code, (int)(cases[i].why ? OI_R_PACKAGES_HELD : OI_R_PACKAGES_UNAVAILABLE));
		if (!strstr(err.text, cases[i].why ?: "held broken packages"))
			fail_msg("case %zu: %s", i, err.text);
		assert_true(fakehost_logged(f, 'I', "have held broken packages"));
		fakehost_check_calls(f);
		fakehost_tear_down(&own);
	}
}

/* apt complains of our links: the file's own name is said. A quiet call's words are not lost. */
static void test_own_paths(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;
	OI_FREE char *words = oi_mem_printf(
		"echo 'E: Malformed entry 1 in list file %s" OI_APT_DIR "/sources.list.d/site.list (Component)' >&2\n"
		"echo 'E: The list of sources could not be read.' >&2\n", f->host.change.path);

	fakehost_write(f, "/etc/apt/sources.list.d/site.list", "deb x\n");
	add_packages(f, "rdma-core", NULL);
	fakehost_expect_run(f, "apt-get", 100, words, UPDATE);
	fakehost_expect_run(f, "apt-get", 100, words, "*indextargets*");
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(err.code, OI_R_PACKAGES_LISTS);
	assert_non_null(strstr(err.text, "in list file /etc/apt/sources.list.d/site.list (Component)"));
	fakehost_check_calls(f);
}

static void test_what_may_go(void **state)
{
	static const char *const may[] = { "libibverbs1", "ibverbs-providers:amd64", "rdma-core",
					   "libucx0", "mlnx-ofed-kernel-utils", "kernel-mft-dkms",
					   "ofed-scripts", "kmod-mlnx-ofa_kernel", "site-mpi" };
	static const char *const must_not[] = { "slurmd", "openmpi-bin", "libfabric1", "srpd", "mftools",
						"sharpen", "doca", "site", "ucxx" };
	struct fakehost *f = *state;

	oi_strv_add(&f->config.may_remove, "site-*");
	for (size_t i = 0; i < OI_ARRAY_SIZE(may); i++)
		if (!oi_packages_may_go(&f->config, may[i]))
			fail_msg("%s", may[i]);
	for (size_t i = 0; i < OI_ARRAY_SIZE(must_not); i++)
		if (oi_packages_may_go(&f->config, must_not[i]))
			fail_msg("%s", must_not[i]);
}

static void test_unsatisfiable(void **state)
{
	static const struct {
		const char *output;
		const char *words;
	} cases[] = {
		{ "apt/print-essential", "Essential packages were removed" },
		{ "apt/simulate-unknown", "Unable to locate package no-such" },
		{ "apt/simulate-unmet-apt3", "needs : Depends: not-there" },
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		void *own = NULL;
		struct fakehost *f;
		struct oi_err err;

		(void)state;
		assert_int_equal(fakehost_set_up(&own), 0);
		f = own;
		add_packages(f, "rdma-core", NULL);
		expect_simulation(f, 100, cases[i].output);
		assert_int_equal(carry_out(f, &err), -1);
		assert_int_equal(err.code, OI_R_PACKAGES_UNAVAILABLE);
		assert_non_null(strstr(err.text, cases[i].words));
		fakehost_check_calls(f);
		fakehost_tear_down(&own);
	}
}

static void test_headers(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	add_step(f, OI_ACTION_PACKAGES_SIMULATE, "rdma-core linux-headers-6.99", NULL);
	fakehost_expect_text(f, "apt-cache", 0, all_known, "*policy rdma-core linux-headers-6.99");
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(err.code, OI_R_HEADERS_MISSING);
	assert_non_null(strstr(err.text, "linux-headers-6.99"));
	/* put there by hand they do as well */
	fakehost_write(f, "/lib/modules/6.99/build/Makefile", "");
	fakehost_expect_text(f, "apt-cache", 0, all_known, "*policy rdma-core linux-headers-6.99");
	fakehost_expect(f, "apt-get", 0, "apt/print-inbox", PREVIEW("rdma-core"));
	assert_int_equal(carry_out(f, &err), 0);
	fakehost_check_calls(f);
}

static void test_compiler(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	add_step(f, OI_ACTION_PACKAGES_SIMULATE, "gcc make", NULL);
	fakehost_expect_text(f, "apt-cache", 0, all_known, "*policy gcc make");
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(err.code, OI_R_COMPILER_MISSING);
	fakehost_check_calls(f);
}

static void test_optional_that_does_not_fit(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	add_packages(f, "rdma-core", "perftest gcc");
	fakehost_expect(f, "apt-get", 0, NULL, UPDATE);
	fakehost_expect_text(f, "apt-cache", 0, all_known, "*policy rdma-core perftest gcc");
	fakehost_expect(f, "apt-get", 100, "apt/simulate-unmet", PREVIEW("rdma-core perftest gcc"));
	fakehost_expect(f, "apt-get", 0, "apt/print-inbox", PREVIEW("rdma-core"));
	fakehost_expect(f, "apt-get", 100, "apt/simulate-unmet", PREVIEW("rdma-core perftest"));
	fakehost_expect(f, "apt-get", 0, "apt/print-inbox", PREVIEW("rdma-core gcc"));
	fakehost_expect(f, "apt-get", 0, "apt/print-inbox", PREVIEW("rdma-core gcc"));
	fakehost_expect(f, "apt-get", 0, NULL, INSTALL "rdma-core gcc" TIMEOUT);
	if (carry_out(f, &err))
		fail_msg("%s", err.text);
	assert_true(fakehost_logged(f, 'W', "without perftest, which does not fit: needs : Depends"));
	fakehost_check_calls(f);
}

static void test_disk_space(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	add_packages(f, "rdma-core", NULL);
	fakehost_expect(f, "apt-get", 0, NULL, UPDATE);
	fakehost_expect_text(f, "apt-cache", 0, all_known, "*policy rdma-core");
	fakehost_expect_text(f, "apt-get", 0,
			     "0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n"
			     "'http://archive.test/a.deb' a.deb 900000000000000000 x\n",
			     PREVIEW("rdma-core"));
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(err.code, OI_R_DISK_SPACE);
	fakehost_check_calls(f);
}

/* --- lists that cannot be had --- */

#define FETCH_FAILED                                                                            \
	"E: Failed to fetch http://archive.test/debian/InRelease  Could not connect\n"         \
	"E: Some index files failed to download. They have been ignored, or old ones used instead.\n"

static void test_no_lists_at_all(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	add_packages(f, "rdma-core", NULL);
	fakehost_expect_text(f, "apt-get", 100, FETCH_FAILED, UPDATE);
	fakehost_expect(f, "apt-get", 0, NULL, CONF "indextargets --format * Created-By: Packages");
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(err.code, OI_R_PACKAGES_LISTS);
	assert_non_null(strstr(err.text, "Could not connect"));
	fakehost_check_calls(f);
}

static void test_some_lists(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	add_packages(f, "rdma-core", NULL);
	fakehost_expect_text(f, "apt-get", 100, FETCH_FAILED, UPDATE);
	fakehost_expect_text(f, "apt-get", 0, "/etc/apt/sources.list:1", "*indextargets*");
	fakehost_expect_text(f, "apt-cache", 0, all_known, "*policy rdma-core");
	fakehost_expect(f, "apt-get", 100, "apt/simulate-unmet", PREVIEW("rdma-core"));
	assert_int_equal(carry_out(f, &err), -1);
	/* the missing list may be the very one */
	assert_int_equal(err.code, OI_R_PACKAGES_LISTS);
	assert_non_null(strstr(err.text, "needs : Depends"));
	assert_non_null(strstr(err.text, "Could not connect"));
	assert_true(fakehost_logged(f, 'W', "continuing with the lists that were fetched"));
	fakehost_check_calls(f);
}

/* apt before 2.3 says "W:" and exits with 0. */
static void test_old_apt(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	add_step(f, OI_ACTION_PACKAGES_REFRESH, NULL, NULL);
	fakehost_expect_text(f, "apt-get", 0, "W: Failed to fetch http://archive.test/x  Timeout\n",
			     UPDATE);
	fakehost_expect(f, "apt-get", 0, NULL, "*indextargets*");
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(err.code, OI_R_PACKAGES_LISTS);
	fakehost_check_calls(f);
}

/* --- a vendor's repository --- */

#define UNPACK                                                                                  \
	"mkdir -p $3/etc/apt/sources.list.d $3/usr/share/keyrings $3/" TREE_REPO "\n"           \
	"touch $3/usr/share/keyrings/k.gpg\n"                                                   \
	"echo 'deb [signed-by=/usr/share/keyrings/k.gpg] file:/" TREE_REPO " ./' "              \
	">$3/etc/apt/sources.list.d/doca.list\n"                                                \
	"echo 'deb [signed-by=/usr/share/keyrings/k.gpg] https://vendor.test:8443/r ./' "       \
	">>$3/etc/apt/sources.list.d/doca.list\n"

#define GPG "--homedir */var/lib/ofed-init/apt/gpg --batch --no-options --no-autostart --with-colons "

static void add_stage(struct fakehost *f)
{
	struct oi_step *step = add_step(f, OI_ACTION_REPOSITORY_STAGE, NULL, NULL);

	oi_mem_set(&step->repository.form, "deb");
	oi_mem_set(&step->repository.name, "doca-host.deb");
	oi_strv_add(&step->repository.accepted, "GOOD");
	oi_strv_add(&step->repository.refused, "BAD");
	fakehost_expect_run(f, "dpkg-deb", 0, UNPACK,
			    "-R */var/lib/ofed-init/staging/doca-host.deb */apt/repository");
	fakehost_expect(f, "gpg", 0, NULL, GPG "--import */apt/repository/usr/share/keyrings/k.gpg");
}

#define LISTED(fingerprint) "pub:-:2048:1:X:1:::-:::scESC:\nfpr:::::::::" fingerprint ":\n"

static void add_good_stage(struct fakehost *f)
{
	add_stage(f);
	fakehost_expect_text(f, "gpg", 0, LISTED("GOOD") LISTED("BAD"), GPG "--fingerprint --list-keys");
	fakehost_expect_text(f, "gpg", 0, "armor of GOOD\n", GPG "--armor --export GOOD");
}

static void test_refused_keys(void **state)
{
	static const char *const listed[] = { LISTED("BAD"), LISTED("OTHER"), "" };

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(listed); i++) {
		void *own = NULL;
		struct fakehost *f;
		struct oi_err err;

		assert_int_equal(fakehost_set_up(&own), 0);
		f = own;
		add_stage(f);
		add_packages(f, "doca-ofed", NULL);
		fakehost_expect_text(f, "gpg", 0, listed[i], GPG "--fingerprint --list-keys");
		assert_int_equal(carry_out(f, &err), -1);
		assert_int_equal(err.code, OI_R_REPOSITORY_UNTRUSTED);
		assert_true(i == 2 || fakehost_logged(f, 'W', i ? "not in the catalog" :
							 "refused by the catalog"));
		fakehost_check_calls(f);
		fakehost_tear_down(&own);
	}
}

static void test_staged(void **state)
{
	struct fakehost *f = *state;
	struct oi_step *step;
	struct oi_err err;
	OI_FREE char *look = NULL;
	OI_FREE char *entry = oi_mem_printf("%s" OI_APT_DIR "/sources.list.d/doca.list:1",
					    f->host.change.path);

	oi_mem_set(&f->config.source.ca_bundle, "/etc/ca.pem");
	/* as an earlier run has left it, with keys at another place */
	fakehost_write(f, "/etc/apt/sources.list.d/doca.list", "deb the system's own\n");
	fakehost_write(f, "/etc/apt/preferences.d/ofed-init", "an old pin\n");
	fakehost_write(f, "/etc/apt/preferences.d/mine", "my pin\n");
	add_good_stage(f);
	add_step(f, OI_ACTION_PACKAGES_REFRESH, NULL, NULL);
	step = add_step(f, OI_ACTION_REPOSITORY_ADD, NULL, NULL);
	oi_mem_set(&step->repository.form, "deb");
	oi_mem_set(&step->repository.name, "doca-host.deb");
	step = add_step(f, OI_ACTION_PACKAGES_HOLD, "dkms", NULL);
	oi_mem_set(&step->hold.archive, "Ubuntu");
	look = oi_mem_printf(
		"cd $(dirname \"$3\") && t=$PWD/repository || exit 5\n"
		"grep -qxF \"deb [ signed-by=$PWD/keys.asc ] file:$t/" TREE_REPO " ./\" "
		"sources.list.d/doca.list || echo E: source\n"
		"grep -qx 'armor of GOOD' keys.asc || echo E: keys\n"
		"grep -qx 'Pin: release o=Ubuntu' preferences.d/ofed-init || echo E: pin\n"
		"grep -qx 'my pin' preferences.d/mine || echo E: my pin\n"
		"grep -qx 'an old pin' %s/etc/apt/preferences.d/ofed-init || echo E: changed\n"
		"grep -qxF 'Acquire::https::vendor.test::CaInfo \"/etc/ca.pem\";' \"$3\" || "
		"echo E: ca\n",
		f->host.change.path);
	fakehost_expect_run(f, "apt-get", 0, look, UPDATE);
	fakehost_expect_text(f, "apt-get", 0, entry, "*indextargets*");
	fakehost_expect(f, "dpkg", 0, NULL,
			"--force-confdef --force-confold --install "
			"*/var/lib/ofed-init/staging/doca-host.deb");
	if (carry_out(f, &err))
		fail_msg("%s", err.text);
	if (fakehost_logged(f, 'I', "E: "))
		fail_msg("%s", f->log.v[f->log.n - 1]);
	assert_false(fakehost_logged(f, 'W', "not all lists"));
	fakehost_check_calls(f);
}

/* A package whose entry is only written when it is configured. */
static void test_staged_without_entry(void **state)
{
	struct fakehost *f = *state;
	struct oi_step *step = add_step(f, OI_ACTION_REPOSITORY_STAGE, NULL, NULL);
	OI_FREE char *look = NULL;
	OI_FREE char *entry = oi_mem_printf("%s" OI_APT_DIR "/sources.list.d/ofed-init-vendor.list:1",
					    f->host.change.path);
	struct oi_err err;

	oi_mem_set(&step->repository.form, "deb");
	oi_mem_set(&step->repository.name, "doca-host.deb");
	fakehost_expect_run(f, "dpkg-deb", 0,
			    "mkdir -p $3/usr/share/doca-host-3.2.3/repo/main $3/usr/share/doc/repo\n"
			    "touch $3/usr/share/doca-host-3.2.3/repo/main/Packages.gz\n",
			    "-R *");
	add_step(f, OI_ACTION_PACKAGES_REFRESH, NULL, NULL);
	look = oi_mem_printf(
		"cd $(dirname \"$3\") && t=$PWD/repository || exit 5\n"
		"grep -qx \"deb \\[ *trusted=yes *\\] file:$t/usr/share/doca-host-3.2.3/repo main/\" "
		"sources.list.d/ofed-init-vendor.list || echo E: source\n"
		"[ $(wc -l <sources.list.d/ofed-init-vendor.list) = 1 ] || echo E: entries\n");
	fakehost_expect_run(f, "apt-get", 0, look, UPDATE);
	fakehost_expect_text(f, "apt-get", 0, entry, "*indextargets*");
	if (carry_out(f, &err))
		fail_msg("%s", err.text);
	if (fakehost_logged(f, 'I', "E: "))
		fail_msg("%s", f->log.v[f->log.n - 1]);
	fakehost_check_calls(f);
}

static void test_other_key(void **state)
{
	static const struct {
		const char *name;
		enum oi_reason reason;
	} cases[] = {
		{ "apt/update-other-key", OI_R_REPOSITORY_UNTRUSTED },
		{ "apt/update-other-key-apt3", OI_R_REPOSITORY_UNTRUSTED },
		/* the right key, which this system's policy does not take */
		{ "apt/update-sha1-key-apt3", OI_R_KEY_POLICY },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		void *own = NULL;
		struct fakehost *f;
		struct oi_err err;
		OI_FREE char *recorded = NULL;
		OI_FREE char *script = NULL;

		assert_int_equal(fakehost_set_up(&own), 0);
		f = own;
		add_good_stage(f);
		add_packages(f, "doca-ofed", NULL);
		recorded = oi_mem_printf("%s/%s", f->data, cases[i].name);
		script = oi_mem_printf("sed 's#/var/lib/ofed-init#%s&#' %s", f->host.change.path,
				       recorded);
		fakehost_expect_run(f, "apt-get", 100, script, UPDATE);
		assert_int_equal(carry_out(f, &err), -1);
		assert_int_equal(err.code, (int)cases[i].reason);
		fakehost_check_calls(f);
		fakehost_tear_down(&own);
	}
}

/* Somebody else's unsigned source is no reason to distrust the vendor's. */
static void test_key_of_another_source(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;
	OI_FREE char *entry = oi_mem_printf("%s" OI_APT_DIR "/sources.list.d/doca.list:1",
					    f->host.change.path);

	add_good_stage(f);
	add_step(f, OI_ACTION_PACKAGES_REFRESH, NULL, NULL);
	fakehost_expect_text(f, "apt-get", 100,
			     "E: The repository 'http://mine.test/x ./ Release' is not signed.\n",
			     UPDATE);
	fakehost_expect_text(f, "apt-get", 0, entry, "*indextargets*");
	assert_int_equal(carry_out(f, &err), 0);
	assert_true(fakehost_logged(f, 'W', "mine.test"));
	fakehost_check_calls(f);
}

static void test_staged_not_fetched(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	add_good_stage(f);
	add_step(f, OI_ACTION_PACKAGES_REFRESH, NULL, NULL);
	fakehost_expect_text(f, "apt-get", 100,
			     "E: Failed to fetch https://vendor.test:8443/r/InRelease  404\n", UPDATE);
	fakehost_expect_text(f, "apt-get", 0, "/etc/apt/sources.list:1", "*indextargets*");
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(err.code, OI_R_PACKAGES_LISTS);
	assert_non_null(strstr(err.text, "doca.list"));
	assert_non_null(strstr(err.text, "404"));
	fakehost_check_calls(f);
}

static void test_no_repository(void **state)
{
	struct fakehost *f = *state;
	struct oi_step *step = add_step(f, OI_ACTION_REPOSITORY_STAGE, NULL, NULL);
	struct oi_err err;

	oi_mem_set(&step->repository.form, "deb");
	oi_mem_set(&step->repository.name, "x.deb");
	fakehost_expect_run(f, "dpkg-deb", 0, "mkdir -p $3/usr/bin", "-R *");
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(err.code, OI_R_REPOSITORY_MALFORMED);
	fakehost_expect_text(f, "dpkg-deb", 2, "dpkg-deb: error: 'x.deb' is not a Debian archive\n",
			     "-R *");
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(err.code, OI_R_REPOSITORY_MALFORMED);
	assert_non_null(strstr(err.text, "is not a Debian archive"));
	oi_mem_set(&step->repository.form, "rpm");
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(err.code, OI_R_METHOD_UNAVAILABLE);
	fakehost_check_calls(f);
}

/* --- the installation itself --- */

static void expect_up_to_installation(struct fakehost *f)
{
	expect_simulation(f, 0, "apt/print-inbox");
}

#define STATES "--show *"

/* After an installation that failed dpkg is asked, and has all done. */
static void expect_in_order(struct fakehost *f)
{
	fakehost_expect_text(f, "dpkg-query", 0, "installed ok hello\n", STATES);
}

static void test_install_fails(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;
	OI_FREE char *record = NULL;
	OI_FREE char *kept = NULL;

	add_packages(f, "rdma-core", NULL);
	fakehost_write(f, "/var/cache/apt/archives/a.deb", "");
	expect_up_to_installation(f);
	fakehost_expect(f, "apt-get", 100, "apt/install-fails", INSTALL "rdma-core" TIMEOUT);
	expect_in_order(f);
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(err.code, OI_R_PACKAGES_FAILED);
	assert_non_null(strstr(err.text, "returned error exit status 10"));
	assert_true(!strncmp(err.text, "packages-install: ", 18));
	fakehost_check_calls(f);
	/* what was begun is recorded; lists are gone, downloads are kept for the next try */
	record = fakehost_read(f, OI_RECORD_PATH);
	assert_non_null(record);
	assert_false(fakehost_exists(f, OI_APT_DIR "/lists"));
	assert_int_equal(oi_root_link(&f->host.change, OI_APT_DIR "/archives/a.deb", &kept, &err), 0);
}

/* What is new and cannot be configured goes, so that apt serves others; what replaced another stays, and so do theirs. */
static void test_failed_is_settled(void **state)
{
	static const char open[] = "unpacked ok rdma-core\nhalf-configured ok replaced\nunpacked ok theirs\n"
				   "installed ok ibverbs-providers\n";
	struct fakehost *f = *state;
	struct oi_err err;

	add_packages(f, "rdma-core", NULL);
	expect_up_to_installation(f);
	fakehost_expect(f, "apt-get", 100, "apt/install-fails", INSTALL "rdma-core" TIMEOUT);
	fakehost_expect_text(f, "dpkg-query", 0, open, STATES);
	fakehost_expect_text(f, "dpkg-query", 0, open, STATES);
	fakehost_expect_text(f, "dpkg", 1, "", "--force-confdef --force-confold --configure -a");
	fakehost_expect_text(f, "dpkg-query", 0, open, STATES);
	fakehost_expect_text(f, "dpkg-query", 0, open, STATES);
	fakehost_expect_text(f, "dpkg", 0, "", "--force-remove-reinstreq --force-depends --remove rdma-core");
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(err.code, OI_R_PACKAGES_FAILED);
	assert_true(fakehost_logged(f, 'W', "removing what could not be finished"));
	fakehost_check_calls(f);
}

/*
 * dpkg need not sync each file when nothing is replaced, the journal can tell of it, and nothing
 * has to be mended; the journal says so before dpkg begins, and no more when all is on disk.
 */
static void test_hurry(void **state)
{
	static const struct {
		const char *preview, *boot, *journal; /* preview: NULL: an upgrade too */
		bool hurried;
	} cases[] = {
		{ "apt/print-inbox", "this-boot\n", NULL, true },
		{ "apt/print-inbox", NULL, NULL, false },
		{ NULL, "this-boot\n", NULL, false },
		{ "apt/print-inbox", "this-boot\n",
		  "{\"schema\": 1, \"steps\": [{\"id\": \"a\", \"state\": \"begun\"}]}", false },
	};
	static const char upgrade[] =
		"The following NEW packages will be installed:\n   rdma-core (44.0-2)\n"
		"The following packages will be upgraded:\n   libibverbs1 (43.0-1 => 44.0-2)\n"
		"1 upgraded, 1 newly installed, 0 to remove and 0 not upgraded.\n";
	/* whose exit status counts for nothing */
	static const char safe[] = "case \"$*\" in *unsafe*) exit;; esac; "
				   "grep -q rdma-core \"$(dirname \"$3\")\"/../journal.json || echo as wanted";
	static const char hurried[] =
		"case \"$*\" in *' -o DPkg::Options::=--force-unsafe-io') ;; *) exit;; esac; "
		"grep -q '\"rdma-core 44.0-2\"' \"$(dirname \"$3\")\"/../journal.json && "
		"grep -q '\"boot\": *\"this-boot\"' \"$(dirname \"$3\")\"/../journal.json && echo as wanted";

	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		struct fakehost *f;
		struct oi_err err;
		void *fresh = NULL;

		assert_int_equal(fakehost_set_up(&fresh), 0);
		f = fresh;
		if (cases[i].boot)
			fakehost_write(f, "/proc/sys/kernel/random/boot_id", cases[i].boot);
		if (cases[i].journal)
			fakehost_write(f, OI_JOURNAL_PATH, cases[i].journal);
		add_packages(f, "rdma-core", NULL);
		fakehost_expect(f, "apt-get", 0, NULL, UPDATE);
		fakehost_expect_text(f, "apt-cache", 0, all_known, CONF "policy rdma-core");
		if (cases[i].preview)
			fakehost_expect(f, "apt-get", 0, cases[i].preview, PREVIEW("rdma-core"));
		else
			fakehost_expect_text(f, "apt-get", 0, upgrade, PREVIEW("rdma-core"));
		fakehost_expect_run(f, "apt-get", 0, cases[i].hurried ? hurried : safe,
				    INSTALL "rdma-core" TIMEOUT);
		if (carry_out(f, &err))
			fail_msg("%zu: %s", i, err.text);
		assert_true(fakehost_logged(f, 'I', "apt-get: as wanted"));
		fakehost_check_calls(f);
		fakehost_tear_down(&fresh);
	}
	(void)state;
}

/* Whether dpkg came to its end or not: what it wrote is synced, and the journal says so. */
static void test_hurry_that_failed(void **state)
{
	struct fakehost *f = *state;
	OI_FREE char *journal = NULL;
	struct oi_err err;

	fakehost_write(f, "/proc/sys/kernel/random/boot_id", "this-boot\n");
	add_packages(f, "rdma-core", NULL);
	expect_simulation(f, 0, "apt/print-inbox");
	fakehost_expect(f, "apt-get", 100, "apt/install-fails", INSTALL "rdma-core" TIMEOUT);
	expect_in_order(f);
	assert_int_equal(carry_out(f, &err), -1);
	fakehost_check_calls(f);
	journal = fakehost_read(f, OI_JOURNAL_PATH);
	assert_non_null(strstr(journal, "packages-install"));
	assert_null(strstr(journal, "rdma-core 44.0-2"));
	assert_null(strstr(journal, "this-boot"));
}

static void test_install_alone_is_simulated(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	add_step(f, OI_ACTION_PACKAGES_INSTALL, "rdma-core", NULL);
	fakehost_expect_text(f, "apt-cache", 0, all_known, "*policy rdma-core");
	fakehost_expect(f, "apt-get", 0, "apt/print-new-kernel", PREVIEW("rdma-core"));
	expect_in_order(f);
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(err.code, OI_R_KERNEL_CHANGE);
	fakehost_check_calls(f);
}

static void test_dkms_in_postinst(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	add_packages(f, "rdma-core", NULL);
	add_step(f, OI_ACTION_MODULE_CHECK, "mlnx-ofed-kernel", NULL);
	fakehost_write(f, "/var/lib/dkms/mlnx-ofed-kernel/25.10/build/make.log",
		       "cc ...\nerror: no such struct\n");
	expect_up_to_installation(f);
	fakehost_expect_text(f, "apt-get", 100,
			     "Error! Bad return status for module build on kernel: 6.1 (x86_64)\n"
			     "Consult /var/lib/dkms/mlnx-ofed-kernel/25.10/build/make.log\n"
			     "dpkg: error processing package mlnx-ofed-kernel-dkms (--configure):\n",
			     INSTALL "rdma-core" TIMEOUT);
	fakehost_expect_text(f, "dkms", 0, "mlnx-ofed-kernel/25.10: added\n", "status");
	expect_in_order(f);
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(err.code, OI_R_DKMS_FAILED);
	assert_true(fakehost_logged(f, 'I', "error: no such struct"));
	fakehost_check_calls(f);
}

/* --- modules that we compile ourselves (early.h) --- */

static const char vendor_known[] = "doca-ofed:\n  Installed: (none)\n  Candidate: 3.2\n"
				   "gcc:\n  Installed: (none)\n  Candidate: 4:12\n";
/* With all of them, or those that compile; owned by the caller. */
static char *vendor_preview(const char *dkms, bool all)
{
	return oi_mem_printf("The following NEW packages will be installed:\n   gcc (4:12)\n   dkms (%s)\n"
			     "   mlnx-ofed-kernel-dkms (25.10)\n%s"
			     "0 upgraded, %d newly installed, 0 to remove and 0 not upgraded.\n", dkms,
			     all ? "   doca-ofed (3.2)\n" : "", all ? 4 : 3);
}

static void expect_vendor_simulation(struct fakehost *f, const char *dkms)
{
	OI_FREE char *preview = vendor_preview(dkms, true);

	oi_mem_set(&f->verdict.driver.kernel, KERNEL);
	add_packages(f, "doca-ofed gcc", NULL);
	add_step(f, OI_ACTION_MODULE_CHECK, "mlnx-ofed-kernel", NULL);
	fakehost_expect(f, "apt-get", 0, NULL, UPDATE);
	fakehost_expect_text(f, "apt-cache", 0, vendor_known, CONF "policy doca-ofed gcc");
	fakehost_expect_text(f, "apt-get", 0, preview, PREVIEW("doca-ofed gcc"));
}

static void expect_built(struct fakehost *f)
{
	fakehost_expect_text(f, "dkms", 0, "mlnx-ofed-kernel/25.10, " KERNEL ", x86_64: installed\n",
			     "status");
}

/* As a package's script sees it. */
static const char deferred[] = "[ \"$(command -v dkms)\" = \"${PATH%%:*}/dkms\" ] && "
			       "[ \"$OFED_INIT_COMPILES\" = mlnx-ofed-kernel-dkms ] && echo as wanted";

/* What compiling needs comes with something else when it is asked for alone: all together then. */
static void test_deferred(void **state)
{
	static const struct {
		const char *first; /* what the packages would bring by themselves */
		int status;
	} cases[] = {
		{ "The following NEW packages will be installed:\n   gcc (4:12)\n   other (1)\n"
		  "0 upgraded, 2 newly installed, 0 to remove and 0 not upgraded.\n", 0 },
		{ "The following NEW packages will be installed:\n   gcc (4:13)\n"
		  "0 upgraded, 1 newly installed, 0 to remove and 0 not upgraded.\n", 0 },
		{ NULL, 0 }, /* all of them */
		{ "E: Unable to correct problems\n", 100 },
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		OI_FREE char *all = vendor_preview("3.0", true);
		struct fakehost *f;
		struct oi_err err;
		void *fresh = NULL;

		assert_int_equal(fakehost_set_up(&fresh), 0);
		f = fresh;
		expect_vendor_simulation(f, "3.0");
		fakehost_expect_text(f, "apt-get", cases[i].status, cases[i].first ?: all,
				     PREVIEW("gcc dkms mlnx-ofed-kernel-dkms"));
		fakehost_expect_run(f, "apt-get", 0, deferred, INSTALL_DEFERRED "doca-ofed gcc" TIMEOUT);
		expect_built(f);
		if (carry_out(f, &err))
			fail_msg("%zu: %s", i, err.text);
		assert_true(fakehost_logged(f, 'I', "apt-get: as wanted"));
		assert_false(fakehost_exists(f, "/etc/dkms"));
		assert_false(fakehost_exists(f, FOLDER));
		fakehost_check_calls(f);
		fakehost_tear_down(&fresh);
	}
	(void)state;
}

/* An installation that fails leaves nothing of it either. */
static void test_deferred_and_failed(void **state)
{
	struct fakehost *f = *state;
	OI_FREE char *all = vendor_preview("3.0", true);
	struct oi_err err;

	expect_vendor_simulation(f, "3.0");
	fakehost_expect_text(f, "apt-get", 0, all, PREVIEW("gcc dkms mlnx-ofed-kernel-dkms"));
	fakehost_expect(f, "apt-get", 100, "apt/install-fails",
			INSTALL_DEFERRED "doca-ofed gcc" TIMEOUT);
	expect_in_order(f);
	assert_int_equal(carry_out(f, &err), -1);
	assert_false(fakehost_exists(f, "/etc/dkms"));
	assert_false(fakehost_exists(f, FOLDER));
	fakehost_check_calls(f);
}

/* A tool of its own, since nobody can say which of two calls at the same time is the next one. */
static void use_own(struct fakehost *f, enum oi_tool tool, const char *script)
{
	OI_FREE char *name = oi_mem_printf("/%s", oi_tools_name(tool));
	OI_FREE char *path = oi_mem_printf("%s%s", f->host.change.path, name);

	fakehost_write(f, name, script);
	assert_int_equal(chmod(path, 0755), 0);
	oi_strv_add(&f->tools, path);
	f->host.tools.path[tool] = f->tools.v[f->tools.n - 1];
}

static void expect_first_part(struct fakehost *f, const char *dkms)
{
	OI_FREE char *part = vendor_preview(dkms, false);

	expect_vendor_simulation(f, dkms);
	fakehost_write(f, "/usr/src/mlnx-ofed-kernel-25.10/dkms.conf", "");
	fakehost_expect_text(f, "apt-get", 0, part, PREVIEW("gcc dkms mlnx-ofed-kernel-dkms"));
	fakehost_expect(f, "apt-get", 0, NULL,
			INSTALL_DEFERRED "gcc dkms mlnx-ofed-kernel-dkms" TIMEOUT " -o APT::Get::Mark-Auto=true");
}

/*
 * The compiler runs beside the second installation; the check waits for its end. A dkms that
 * renews the initramfs installs nothing beside packages that do.
 */
static void compiled_meanwhile(struct fakehost *f, const char *version, const char *verb)
{
	static const char wait[] = "d=$(dirname \"$3\")/../../../..; n=0\n"
				   "until [ -e $d/begun ] || [ $n = 600 ]; do sleep 0.1; n=$((n + 1)); done\n"
				   "[ -e $d/begun ] && echo it has begun";
	OI_FREE char *dkms = oi_mem_printf(
		"#!/bin/sh\nd=$(dirname \"$0\")\n"
		"if [ \"$*\" = \"%s -m mlnx-ofed-kernel -v 25.10 -k " KERNEL "\" ]; then\n"
		"touch $d/begun; sleep 0.5; touch $d/built\n"
		"elif [ -e $d/built ]; then\n"
		"echo mlnx-ofed-kernel/25.10, " KERNEL ", x86_64: installed\nfi\n", verb);
	struct oi_err err;

	use_own(f, OI_TOOL_DKMS, dkms);
	expect_first_part(f, version);
	fakehost_expect_run(f, "apt-get", 0, wait, INSTALL_DEFERRED "doca-ofed gcc" TIMEOUT);
	if (carry_out(f, &err))
		fail_msg("%s", err.text);
	assert_true(fakehost_logged(f, 'I', "apt-get: it has begun"));
	assert_false(fakehost_exists(f, "/etc/dkms"));
	fakehost_check_calls(f);
}

static void test_compiled_meanwhile(void **state)
{
	compiled_meanwhile(*state, "3.0", "install");
}

static void test_compiled_by_an_older_dkms(void **state)
{
	compiled_meanwhile(*state, "2.8.7-2ubuntu2", "build");
}

/* When the rest cannot be installed, the compiler is ended before the run is. */
static void test_compiled_in_vain(void **state)
{
	static const char dkms[] = "#!/bin/sh\nd=$(dirname \"$0\")\n"
				   "echo $$ >$d/begun.new; mv $d/begun.new $d/begun; exec sleep 600\n";
	static const char fails[] = "d=$(dirname \"$3\")/../../../..; n=0\n"
				    "until [ -e $d/begun ] || [ $n = 600 ]; do sleep 0.1; n=$((n + 1)); done\n";
	struct fakehost *f = *state;
	OI_FREE char *pid = NULL;
	struct oi_err err;

	use_own(f, OI_TOOL_DKMS, dkms);
	expect_first_part(f, "3.0");
	fakehost_expect_run(f, "apt-get", 100, fails, INSTALL_DEFERRED "doca-ofed gcc" TIMEOUT);
	expect_in_order(f);
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(err.code, OI_R_PACKAGES_FAILED);
	pid = fakehost_read(f, "/begun");
	assert_non_null(pid);
	assert_int_equal(kill((pid_t)strtol(pid, NULL, 10), 0), -1);
	fakehost_check_calls(f);
}

/* Somebody else's wish, and somebody else's modules: neither is touched, and the driver is compiled all the same. */
static void test_beside_others(void **state)
{
	static const char *const there[] = { "/etc/dkms/no-autoinstall", "/var/lib/dkms/zfs/2.1/source/dkms.conf" };

	for (size_t i = 0; i < OI_ARRAY_SIZE(there); i++) {
		OI_FREE char *text = NULL;
		struct fakehost *f;
		struct oi_err err;
		void *fresh = NULL;

		assert_int_equal(fakehost_set_up(&fresh), 0);
		f = fresh;
		fakehost_write(f, there[i], "mine\n");
		expect_vendor_simulation(f, "3.0");
		fakehost_expect(f, "apt-get", 100, NULL, PREVIEW("gcc dkms mlnx-ofed-kernel-dkms"));
		fakehost_expect_run(f, "apt-get", 0, deferred, INSTALL_DEFERRED "doca-ofed gcc" TIMEOUT);
		expect_built(f);
		if (carry_out(f, &err))
			fail_msg("%zu: %s", i, err.text);
		assert_true(fakehost_logged(f, 'I', "apt-get: as wanted"));
		text = fakehost_read(f, there[i]);
		assert_string_equal(text, "mine\n");
		assert_int_equal(fakehost_exists(f, "/etc/dkms/no-autoinstall"), i == 0);
		fakehost_check_calls(f);
		fakehost_tear_down(&fresh);
	}
	(void)state;
}

/* --- the index of manual pages (manuals.h) --- */

#define MANUALS "/var/lib/man-db/auto-update"

static void test_manuals(void **state)
{
	static const struct {
		const char *later; /* who renews it once a day */
		int status; /* of the installation */
		bool off; /* meanwhile */
	} cases[] = {
		{ "/lib/systemd/system/man-db.timer", 0, true },
		{ "/etc/cron.daily/man-db", 100, true },
		{ "/etc/cron.daily/other", 0, false },
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		OI_FREE char *look = NULL;
		struct fakehost *f;
		struct oi_err err;
		void *fresh = NULL;

		assert_int_equal(fakehost_set_up(&fresh), 0);
		f = fresh;
		look = oi_mem_printf("[ -e %s" MANUALS " ] && echo it is on || echo it is off",
				     f->host.change.path);
		fakehost_write(f, MANUALS, "");
		fakehost_write(f, cases[i].later, "");
		add_packages(f, "rdma-core", NULL);
		expect_up_to_installation(f);
		fakehost_expect_run(f, "apt-get", cases[i].status, look, INSTALL "rdma-core" TIMEOUT);
		if (cases[i].status)
			expect_in_order(f);
		assert_int_equal(carry_out(f, &err), cases[i].status ? -1 : 0);
		assert_true(fakehost_logged(f, 'I', cases[i].off ? "it is off" : "it is on"));
		assert_int_equal(fakehost_logged(f, 'I', "man-db's daily job"), cases[i].off);
		assert_true(fakehost_exists(f, MANUALS));
		assert_false(fakehost_exists(f, OI_STATE_DIR "/manuals-deferred"));
		fakehost_check_calls(f);
		fakehost_tear_down(&fresh);
	}
	(void)state;
}

/* Somebody's own wish. */
static void test_manuals_off(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	fakehost_write(f, "/lib/systemd/system/man-db.timer", "");
	add_packages(f, "rdma-core", NULL);
	expect_up_to_installation(f);
	fakehost_expect(f, "apt-get", 0, NULL, INSTALL "rdma-core" TIMEOUT);
	assert_int_equal(carry_out(f, &err), 0);
	assert_false(fakehost_exists(f, MANUALS));
	fakehost_check_calls(f);
}

/* --- lists that are fetched beside a download --- */

/*
 * An apt-get of its own, as above. It notes what it is asked, and says that it has begun; @first is
 * what it does of the first update.
 */
static void use_apt(struct fakehost *f, const char *first)
{
	OI_FREE char *script = oi_mem_printf(
		"#!/bin/sh\nd=$(dirname \"$0\")\necho \"$*\" >>$d/asked\n"
		"case $* in *indextargets*)\n"
		"cat $d/targets; exit;;\n"
		"esac\n"
		"[ ! -e $d/begun ] || { ls $(dirname \"$3\")/lists >$d/lists-then; exit; }\n"
		"echo $$ >$d/begun.new; mv $d/begun.new $d/begun\n%s\n", first);

	fakehost_write(f, "/targets", "/etc/apt/sources.list:1\n");
	use_own(f, OI_TOOL_APT_GET, script);
}

#define HTTP "http://vendor.test/doca-host.deb"
#define DONE "\"done\", \"bytes\": 1"

/* @end: what the download ends with, after apt-get has begun */
static void add_download(struct fakehost *f, const char *end)
{
	struct oi_step *step = add_step(f, OI_ACTION_FETCH, NULL, NULL);
	OI_FREE char *script = oi_mem_printf(
		"n=0; until [ -e %s/begun ] || [ $n = 600 ]; do sleep 0.1; n=$((n + 1)); done\n"
		"printf '{\"event\": %s}\\n' >&4", f->host.change.path, end);

	oi_strv_add(&step->fetch.urls, HTTP);
	oi_mem_set(&step->fetch.name, "doca-host.deb");
	fakehost_expect_run(f, "ofed-fetch", 0, script, "*");
}

/* How often apt-get was asked for something. */
static size_t asked(struct fakehost *f, const char *what)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	OI_FREE char *text = fakehost_read(f, "/asked");
	size_t n = 0;

	oi_strv_split(&lines, text ? text : "", "\n");
	for (size_t i = 0; i < lines.n; i++)
		n += strstr(lines.v[i], what) != NULL;
	return n;
}

/* Nothing is staged: there is nothing left to be asked for afterwards. */
static void test_lists_ahead(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	use_apt(f, "");
	add_download(f, DONE);
	add_step(f, OI_ACTION_PACKAGES_REFRESH, NULL, NULL);
	if (carry_out(f, &err))
		fail_msg("%s", err.text);
	assert_true(fakehost_exists(f, "/begun"));
	assert_int_equal(asked(f, " update"), 1);
	fakehost_check_calls(f);
}

/* Through the stanza's proxy too, which the process beside the run finds in its file. */
static void test_lists_ahead_by_proxy(void **state)
{
	struct fakehost *f = *state;
	OI_FREE char *proxy = NULL;
	OI_FREE char *env = NULL;
	struct oi_err err;

	oi_mem_set(&f->config.source.proxy, "http://user:secret@proxy.test:3128");
	use_apt(f, "cp \"$APT_CONFIG\" $d/proxy-then; env >$d/env-then");
	add_download(f, DONE);
	add_step(f, OI_ACTION_PACKAGES_REFRESH, NULL, NULL);
	if (carry_out(f, &err))
		fail_msg("%s", err.text);
	assert_int_equal(asked(f, " update"), 1);
	proxy = fakehost_read(f, "/proxy-then");
	env = fakehost_read(f, "/env-then");
	assert_non_null(strstr(proxy, "user:secret@proxy.test"));
	assert_non_null(strstr(env, "APT_CONFIG="));
	assert_null(strstr(env, "secret"));
	fakehost_check_calls(f);
}

/* The vendor's are all that is left; the system's are not asked for again. */
static void test_staged_lists_after(void **state)
{
	struct fakehost *f = *state;
	OI_FREE char *entry = oi_mem_printf("%s" OI_APT_DIR "/sources.list.d/doca.list:1\n",
					    f->host.change.path);
	OI_FREE char *lists = NULL;
	struct oi_err err;

	use_apt(f, "echo >$(dirname \"$3\")/lists/archive.test_Packages");
	fakehost_write(f, "/targets", entry);
	add_download(f, DONE);
	add_good_stage(f);
	add_step(f, OI_ACTION_PACKAGES_REFRESH, NULL, NULL);
	if (carry_out(f, &err))
		fail_msg("%s", err.text);
	assert_int_equal(asked(f, " update"), 2);
	assert_int_equal(asked(f, "update -o pkgCacheFile::Generate=false -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="), 1);
	assert_int_equal(asked(f, "/staged.list.d -o APT::Get::List-Cleanup=false"), 1);
	lists = fakehost_read(f, "/lists-then");
	assert_non_null(strstr(lists, "archive.test_Packages\n"));
	fakehost_check_calls(f);
}

/* A source of an earlier run, which may be the very one that fails. */
static void test_staged_source_replaces(void **state)
{
	struct fakehost *f = *state;
	OI_FREE char *entry = oi_mem_printf("%s" OI_APT_DIR "/sources.list.d/doca.list:1\n",
					    f->host.change.path);
	struct oi_err err;

	use_apt(f, "echo 'E: Failed to fetch file:/old/x'; exit 100");
	fakehost_write(f, "/targets", entry);
	fakehost_write(f, "/etc/apt/sources.list.d/doca.list", "deb file:/old ./\n");
	add_download(f, DONE);
	add_good_stage(f);
	add_step(f, OI_ACTION_PACKAGES_REFRESH, NULL, NULL);
	if (carry_out(f, &err))
		fail_msg("%s", err.text);
	assert_int_equal(asked(f, " update"), 2);
	assert_int_equal(asked(f, "sourceparts"), 0);
	assert_false(fakehost_logged(f, 'W', "continuing with the lists"));
	fakehost_check_calls(f);
}

/* What could not be had is remembered, and not asked for once more. */
static void test_some_lists_ahead(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	use_apt(f, "echo 'E: Failed to fetch http://archive.test/x  Could not connect'; exit 100");
	add_download(f, DONE);
	add_step(f, OI_ACTION_PACKAGES_REFRESH, NULL, NULL);
	if (carry_out(f, &err))
		fail_msg("%s", err.text);
	assert_int_equal(asked(f, " update"), 1);
	assert_true(fakehost_logged(f, 'W', "continuing with the lists that were fetched"));
	fakehost_write(f, "/targets", "");
	assert_int_equal(oi_root_remove(&f->host.change, "/begun", &err), 0);
	fakehost_expect_run(f, "ofed-fetch", 0, "printf '{\"event\": " DONE "}\\n' >&4", "*");
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(err.code, OI_R_PACKAGES_LISTS);
	assert_non_null(strstr(err.text, "Could not connect"));
	fakehost_check_calls(f);
}

/* Nobody knows how it ended: all is done as if there had been none. */
static void test_lists_ahead_killed(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	use_apt(f, "kill -9 $$");
	add_download(f, DONE);
	add_step(f, OI_ACTION_PACKAGES_REFRESH, NULL, NULL);
	if (carry_out(f, &err))
		fail_msg("%s", err.text);
	assert_int_equal(asked(f, " update"), 2);
	assert_int_equal(asked(f, "sourceparts"), 0);
	fakehost_check_calls(f);
}

/* When the download fails, apt-get is ended before the run is. */
static void test_lists_ahead_in_vain(void **state)
{
	struct fakehost *f = *state;
	OI_FREE char *pid = NULL;
	struct oi_err err;

	use_apt(f, "exec sleep 600");
	add_download(f, "\"error\", \"code\": \"fetch-timeout\", \"text\": \"x\"");
	add_step(f, OI_ACTION_PACKAGES_REFRESH, NULL, NULL);
	assert_int_equal(carry_out(f, &err), -1);
	pid = fakehost_read(f, "/begun");
	assert_non_null(pid);
	assert_int_equal(kill((pid_t)strtol(pid, NULL, 10), 0), -1);
	assert_false(fakehost_exists(f, OI_APT_DIR "/lists"));
	fakehost_check_calls(f);
}

/* A file that lies on the machine is nothing to wait for, and a VM that has its moment in a fleet has it for all. */
static void test_nothing_ahead(void **state)
{
	static const struct {
		const char *url;
		int spread_seconds;
	} cases[] = {
		{ "file:///srv/doca-host.deb", 0 },
		{ HTTP, 60 },
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		struct oi_step *step;
		struct fakehost *f;
		struct oi_err err;
		void *fresh = NULL;

		assert_int_equal(fakehost_set_up(&fresh), 0);
		f = fresh;
		f->config.source.spread_seconds = cases[i].spread_seconds;
		step = add_step(f, OI_ACTION_FETCH, NULL, NULL);
		oi_strv_add(&step->fetch.urls, cases[i].url);
		oi_mem_set(&step->fetch.name, "doca-host.deb");
		fakehost_expect_run(f, "ofed-fetch", 0, "printf '{\"event\": " DONE "}\\n' >&4", "*");
		add_step(f, OI_ACTION_PACKAGES_REFRESH, NULL, NULL);
		fakehost_expect(f, "apt-get", 0, NULL, UPDATE);
		if (carry_out(f, &err))
			fail_msg("%zu: %s", i, err.text);
		assert_false(fakehost_logged(f, 'I', "meanwhile"));
		fakehost_check_calls(f);
		fakehost_tear_down(&fresh);
	}
	(void)state;
}

static void test_interrupted_dpkg(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;
	OI_FREE char *clean = oi_mem_printf("rm %s/var/lib/dpkg/updates/0001", f->host.change.path);

	add_packages(f, "rdma-core", NULL);
	fakehost_write(f, "/var/lib/dpkg/updates/0001", "Package: x\n");
	expect_up_to_installation(f);
	fakehost_expect_run(f, "dpkg", 0, clean, "--force-confdef --force-confold --configure -a");
	/* and once more, since apt sees more than we do */
	fakehost_expect_text(f, "apt-get", 100,
			     "E: dpkg was interrupted, you must manually run 'dpkg --configure -a'\n",
			     INSTALL "rdma-core" TIMEOUT);
	fakehost_expect(f, "dpkg", 0, NULL, "--force-confdef --force-confold --configure -a");
	fakehost_expect(f, "apt-get", 0, NULL, INSTALL "rdma-core" TIMEOUT);
	if (carry_out(f, &err))
		fail_msg("%s", err.text);
	assert_true(fakehost_logged(f, 'W', "dpkg was interrupted earlier"));
	fakehost_check_calls(f);
}

static void test_unfinished_installation(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	add_packages(f, "rdma-core", NULL);
	expect_simulation(f, 100, "apt/print-broken");
	fakehost_expect(f, "apt-get", 0, "apt/print-fix",
			LOOK "-y --print-uris --no-install-recommends --fix-broken install -V");
	/* Of ours, whose script would compile it: the run does. */
	fakehost_write(f, OI_RECORD_PATH, "{\"schema\": 1, \"packages\": [\"mlnx-ofed-kernel-dkms 25.10\"]}");
	fakehost_expect_text(f, "dpkg-query", 0, "unpacked ok mlnx-ofed-kernel-dkms\n", "--show *");
	fakehost_expect_run(f, "apt-get", 0, deferred,
			    DEFERRED "-y --no-install-recommends --fix-broken install" TIMEOUT);
	fakehost_expect(f, "apt-get", 0, "apt/print-inbox", PREVIEW("rdma-core"));
	fakehost_expect(f, "apt-get", 0, NULL, INSTALL_DEFERRED "rdma-core" TIMEOUT);
	if (carry_out(f, &err))
		fail_msg("%s", err.text);
	assert_true(fakehost_logged(f, 'W', "finishing it first"));
	assert_true(fakehost_logged(f, 'I', "apt-get: as wanted"));
	assert_false(fakehost_exists(f, FOLDER));
	fakehost_check_calls(f);
}

static void test_mending_removes_nothing(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	add_packages(f, "rdma-core", NULL);
	expect_simulation(f, 100, "apt/print-broken");
	fakehost_expect(f, "apt-get", 0, "apt/print-conflict", "*--fix-broken install -V");
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(err.code, OI_R_PACKAGES_UNAVAILABLE);
	assert_non_null(strstr(err.text, "repairing it would remove old-up"));
	assert_non_null(strstr(err.text, "lacks : Depends: hello"));
	fakehost_check_calls(f);
}

/* --- the lock --- */

#define LOCK "/var/lib/dpkg/lock-frontend"

/* Another process that has the lock; it ends when it is told to. */
static pid_t hold_lock(struct fakehost *f)
{
	int ready[2];
	pid_t pid;
	char c;

	fakehost_write(f, LOCK, "");
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
		int fd = oi_root_openat(&f->host.change, LOCK, O_RDWR, 0);

		if (fd < 0 || fcntl(fd, F_SETLK, &lock) || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void test_lock_held_by_apt(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;
	pid_t holder = hold_lock(f);
	OI_FREE char *named = oi_mem_printf("lock-frontend, held by process %ld (", (long)holder);
	OI_FREE char *script = oi_mem_printf(
		"echo 'Waiting for cache lock: Could not get lock. 1s'\n"
		"echo 'Waiting for cache lock: Could not get lock. 2s'; kill %ld", (long)holder);
	size_t n = 0;

	add_packages(f, "rdma-core", NULL);
	expect_up_to_installation(f);
	fakehost_expect_run(f, "apt-get", 0, script, INSTALL "rdma-core" TIMEOUT);
	if (carry_out(f, &err))
		fail_msg("%s", err.text);
	assert_int_equal(waitpid(holder, NULL, 0), holder);
	assert_true(fakehost_logged(f, 'W', named));
	for (size_t i = 0; i < f->log.n; i++)
		n += strstr(f->log.v[i], "waiting for the lock") != NULL;
	assert_int_equal(n, 1);
	assert_false(fakehost_logged(f, 'I', "Waiting for cache lock"));
	fakehost_check_calls(f);
}

/* apt before 1.9.11 does not wait: then we do. */
static void test_lock_and_old_apt(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;
	pid_t holder = hold_lock(f);
	OI_FREE char *script = oi_mem_printf(
		"echo 'E: Could not get lock /var/lib/dpkg/lock-frontend - open (11)'; kill %ld",
		(long)holder);

	add_packages(f, "rdma-core", NULL);
	expect_up_to_installation(f);
	fakehost_expect_run(f, "apt-get", 100, script, INSTALL "rdma-core" TIMEOUT);
	fakehost_expect(f, "apt-get", 0, NULL, INSTALL "rdma-core" TIMEOUT);
	if (carry_out(f, &err))
		fail_msg("%s", err.text);
	assert_int_equal(waitpid(holder, NULL, 0), holder);
	fakehost_check_calls(f);
}

static void test_lock_to_the_end(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;
	struct oi_step *step;
	pid_t holder = hold_lock(f);
	OI_FREE char *named = oi_mem_printf("held by process %ld (", (long)holder);

	f->host.deadline_ms = oi_clock_ms() + 1500;
	step = add_step(f, OI_ACTION_REPOSITORY_ADD, NULL, NULL);
	oi_mem_set(&step->repository.form, "deb");
	oi_mem_set(&step->repository.name, "x.deb");
	assert_int_equal(carry_out(f, &err), -1);
	kill(holder, SIGKILL);
	assert_int_equal(waitpid(holder, NULL, 0), holder);
	assert_int_equal(err.code, OI_R_PACKAGES_LOCK);
	assert_non_null(strstr(err.text, named));
	fakehost_check_calls(f); /* dpkg was not even started */
}

static void test_lock_nobody_holds(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	add_step(f, OI_ACTION_REPOSITORY_ADD, NULL, NULL);
	oi_mem_set(&f->verdict.steps[0].repository.form, "deb");
	oi_mem_set(&f->verdict.steps[0].repository.name, "x.deb");
	for (int i = 0; i < 5; i++)
		fakehost_expect_text(f, "dpkg", 2,
				     "dpkg: error: dpkg frontend lock was locked by another process\n",
				     "*--install*");
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(err.code, OI_R_PACKAGES_LOCK);
	fakehost_check_calls(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fakehost_set_up, fakehost_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_changes),
		TEST(test_previews),
		TEST(test_preview_versions),
		TEST(test_previews_in_doubt),
		TEST(test_kernels),
		TEST(test_new_kernel_recorded),
		TEST(test_words),
		TEST(test_causes),
		TEST(test_distrust),
		TEST(test_policy),
		TEST(test_uris),
		TEST(test_noise),
		TEST(test_sources),
		TEST(test_source_keys),
		TEST(test_sources_without_packages),
		TEST(test_inbox),
		TEST(test_proxy),
		TEST(test_kernel_change),
		TEST(test_preview_not_understood),
		TEST(test_removals_of_others),
		TEST(test_what_may_go),
		TEST(test_held),
		TEST(test_own_paths),
		TEST(test_unsatisfiable),
		TEST(test_headers),
		TEST(test_compiler),
		TEST(test_optional_that_does_not_fit),
		TEST(test_disk_space),
		TEST(test_no_lists_at_all),
		TEST(test_some_lists),
		TEST(test_old_apt),
		TEST(test_staged),
		TEST(test_staged_without_entry),
		TEST(test_other_key),
		TEST(test_refused_keys),
		TEST(test_key_of_another_source),
		TEST(test_staged_not_fetched),
		TEST(test_no_repository),
		TEST(test_install_fails),
		TEST(test_failed_is_settled),
		TEST(test_hurry),
		TEST(test_hurry_that_failed),
		TEST(test_install_alone_is_simulated),
		TEST(test_dkms_in_postinst),
		TEST(test_deferred),
		TEST(test_deferred_and_failed),
		TEST(test_compiled_meanwhile),
		TEST(test_compiled_by_an_older_dkms),
		TEST(test_compiled_in_vain),
		TEST(test_manuals),
		TEST(test_manuals_off),
		TEST(test_lists_ahead),
		TEST(test_lists_ahead_by_proxy),
		TEST(test_staged_lists_after),
		TEST(test_staged_source_replaces),
		TEST(test_some_lists_ahead),
		TEST(test_lists_ahead_killed),
		TEST(test_lists_ahead_in_vain),
		TEST(test_nothing_ahead),
		TEST(test_beside_others),
		TEST(test_interrupted_dpkg),
		TEST(test_unfinished_installation),
		TEST(test_mending_removes_nothing),
		TEST(test_lock_held_by_apt),
		TEST(test_lock_and_old_apt),
		TEST(test_lock_to_the_end),
		TEST(test_lock_nobody_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
