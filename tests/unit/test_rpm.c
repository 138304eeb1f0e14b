/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dnf, yum, tdnf and zypper say, understood; and what we ask of them, against replayed tools. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "execute/execute.h"
#include "execute/heal.h"
#include "execute/state/journal.h"
#include "execute/managers.h"
#include "execute/state/record.h"
#include "execute/rpm/install.h"
#include "execute/rpm/repo.h"
#include "execute/rpm/text.h"
#include "fakehost.h"
#include "model/reasons.h"
#include "steps.h"

#define KERNEL "5.14.0-611.5.1.el9_8.x86_64"

/* --- texts --- */

typedef void (*listener)(struct oi_rpm_words *words, const char *line);

/* Empty lines too: a table ends with one. */
static struct oi_rpm_words words_in(const char *text, listener listen)
{
	struct oi_rpm_words words = { 0 };

	while (*text) {
		size_t len = strcspn(text, "\n");
		OI_FREE char *line = oi_mem_ndup(text, len);

		listen(&words, line);
		text += len + (text[len] == '\n');
	}
	return words;
}

static struct oi_rpm_words words_of(const struct fakehost *f, const char *name, listener listen)
{
	OI_FREE char *text = fakehost_data(f, name);

	return words_in(text, listen);
}

static void test_changes(void **state)
{
	static const struct {
		const char *name;
		listener listen;
		const char *changes;
	} cases[] = {
		{ "rpm/dnf-install", oi_rpm_words_dnf, "3 new, 0 upgraded, 0 removed" },
		{ "rpm/dnf-upgrade", oi_rpm_words_dnf, "1 new, 1 upgraded, 0 removed" },
		{ "rpm/dnf-kernel", oi_rpm_words_dnf, "2 new, 0 upgraded, 1 removed" },
		{ "rpm/dnf-nothing", oi_rpm_words_dnf, "0 new, 0 upgraded, 0 removed" },
		{ "rpm/tdnf-install", oi_rpm_words_dnf, "2 new, 0 upgraded, 0 removed" },
		{ "rpm/zypper-upgrade", oi_rpm_words_zypper, "3 new, 1 upgraded, 0 removed" },
		{ "rpm/dnf-obsoletes", oi_rpm_words_dnf, "1 new, 0 upgraded, 1 removed" },
		{ "rpm/zypper-remove", oi_rpm_words_zypper, "0 new, 0 upgraded, 1 removed" },
		{ "rpm/zypper-nothing", oi_rpm_words_zypper, "0 new, 0 upgraded, 0 removed" },
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		struct oi_rpm_words words = words_of(*state, cases[i].name, cases[i].listen);
		OI_FREE char *text = oi_rpm_changes_text(&words);

		if (!oi_rpm_words_whole(&words) || strcmp(text, cases[i].changes) != 0)
			fail_msg("%s: %s", cases[i].name, text);
		oi_rpm_words_clear(&words);
	}
}

static void test_wrapped_and_miscounted(void **state)
{
	static const char wrapped[] =
		"Installing:\n"
		" a-rather-long-package-name-for-the-table\n"
		"                     noarch      61-1        base         5.6 k\n"
		"     replacing  old.noarch 1-1\n"
		"Updating for dependencies:\n"
		" b                   x86_64      2-1         base         5.6 k\n"
		"\n"
		"Transaction Summary\n"
		"Install  1 Package\n"
		"Upgrade             ( 1 Dependent package)\n";
	struct oi_rpm_words words = words_in(wrapped, oi_rpm_words_dnf);

	(void)state;
	assert_true(oi_rpm_words_whole(&words));
	assert_int_equal(words.n_changes, 3);
	assert_string_equal(words.changes[0].name, "a-rather-long-package-name-for-the-table");
	assert_string_equal(words.changes[0].version, "61-1");
	/* it goes, though dnf does not count it */
	assert_string_equal(words.changes[1].name, "old");
	assert_int_equal(words.changes[1].effect, OI_RPM_REMOVED);
	assert_int_equal(words.changes[2].effect, OI_RPM_REPLACED);
	oi_rpm_words_clear(&words);
	words = words_in("Installing:\n a noarch 1 base 1 k\n\nTransaction Summary\n"
			 "Install  2 Packages\n", oi_rpm_words_dnf);
	assert_false(oi_rpm_words_whole(&words));
	oi_rpm_words_clear(&words);
	words = words_in("<install-summary packages-to-change=\"2\">\n<to-install>\n"
			 "<solvable type=\"package\" name=\"a\" edition=\"1\" arch=\"noarch\">\n",
			 oi_rpm_words_zypper);
	assert_false(oi_rpm_words_whole(&words));
	oi_rpm_words_clear(&words);
}

static void test_causes(void **state)
{
	struct oi_rpm_words words = words_of(*state, "rpm/dnf-missing", oi_rpm_words_dnf);
	OI_FREE char *text = NULL;

	assert_int_equal(words.missing.n, 2);
	assert_string_equal(words.missing.v[1], "kernel-devel-5.14.0-1");
	oi_rpm_words_clear(&words);
	words = words_of(*state, "rpm/zypper-missing", oi_rpm_words_zypper);
	text = oi_rpm_words_text(&words);
	assert_int_equal(words.missing.n, 1);
	assert_string_equal(words.missing.v[0], "nope");
	assert_string_equal(text, "No provider of 'nope' found.");
	{
		struct oi_rpm_words named = { 0 };

		oi_rpm_words_zypper(&named, "<message type=\"error\">No provider of "
				    "&apos;kernel-azure-devel &lt;= 6.4.0-1.9999&apos; found.</message>");
		assert_string_equal(named.missing.v[0], "kernel-azure-devel<=6.4.0-1.9999");
		assert_true(oi_rpm_is_headers(named.missing.v[0]));
		oi_rpm_words_clear(&named);
	}
	oi_rpm_words_clear(&words);
	words = words_of(*state, "rpm/dnf-wrong-key", oi_rpm_words_dnf);
	assert_true(words.untrusted);
	oi_rpm_words_clear(&words);
	words = words_of(*state, "rpm/tdnf-missing", oi_rpm_words_dnf);
	assert_int_equal(words.missing.n, 1);
	assert_string_equal(words.missing.v[0], "nope");
	oi_rpm_words_clear(&words);
	words = words_of(*state, "rpm/tdnf-unsigned", oi_rpm_words_dnf);
	assert_true(words.untrusted);
	oi_rpm_words_clear(&words);
	words = words_of(*state, "rpm/tdnf-problem", oi_rpm_words_dnf);
	assert_string_equal(words.errors.v[0],
			    "1. nothing provides libfoo needed by rdma-core-54.0-1.azl3.x86_64");
	oi_rpm_words_clear(&words);
	words = words_in("No package \033[1m\033[30mbold \033[0mavailable\n"
			 "WARNING: failed to acquire lock on: /var/run/.tdnf-instance-lockfile, retrying ...\n",
			 oi_rpm_words_dnf);
	assert_string_equal(words.missing.v[0], "bold");
	assert_true(words.waiting);
	oi_rpm_words_clear(&words);
	words = words_in("No package gcc available.\nfoo package not found or not installed\n"
			 "Another app is currently holding the yum lock; waiting for it to exit...\n",
			 oi_rpm_words_dnf);
	assert_string_equal(words.missing.v[0], "gcc");
	assert_string_equal(words.missing.v[1], "foo");
	assert_true(words.waiting);
	oi_rpm_words_clear(&words);
}

/* What managers call a success, and what zypper's solver says. */
static void test_scripts_and_problems(void **state)
{
	static const struct {
		const char *name;
		listener listen;
		const char *scripts, *errors;
	} cases[] = {
		{ "rpm/dnf-scriptlets", oi_rpm_words_dnf,
		  "badpost-1-1.noarch %post failed, exit status 3 (words of badpost)|"
		  "badkill-1-1.noarch %post failed, signal 9",
		  "Error in POSTIN scriptlet in rpm package badpost|"
		  "Error in POSTIN scriptlet in rpm package badkill" },
		{ "rpm/zypper-scriptlets", oi_rpm_words_zypper,
		  "badpost-1-1.noarch %post failed, exit status 3 (words of badpost)|"
		  "badposttrans-1-1.noarch %posttrans failed, exit status 5 (words of posttrans)", "" },
		{ "rpm/zypper-scriptlets-new", oi_rpm_words_zypper,
		  "badpost-1-1.noarch %post failed, exit status 3 (words of badpost)|"
		  "silent-1-1.noarch %post failed, exit status 3", "" },
		{ "rpm/zypper-prein", oi_rpm_words_zypper,
		  "badpre-1-1.noarch %prein failed, exit status 4 (words of badpre)",
		  "Installation of badpre-1-1.noarch failed:|words of badpre|"
		  "error: %prein(badpre-1-1.noarch) scriptlet failed, exit status 4|"
		  "error: badpre-1-1.noarch: install failed|"
		  "Problem occurred during or after installation or removal of packages:|"
		  "Installation has been aborted as directed.|"
		  "Please see the above error message for a hint." },
		{ "rpm/zypper-problem", oi_rpm_words_zypper, "",
		  "Problem: vdep-1-1.noarch requires libver = 2510, but this requirement cannot be provided|"
		  "not installable providers: libver-2510-1.noarch[base]" },
		{ "rpm/zypper-problem-new", oi_rpm_words_zypper, "",
		  "Problem: 1: This request will break your system!|"
		  "nothing provides the requested 'glibc'|Have you enabled all the required repositories?|"
		  "Problem: 2: nothing provides 'nowhere' needed by the to be installed "
		  "needs-nothing-1-1.noarch|"
		  "Problem: 1: Detailed information: |- nothing provides the requested 'glibc'" },
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		struct oi_rpm_words words = words_of(*state, cases[i].name, cases[i].listen);
		OI_FREE char *scripts = oi_strv_join(&words.scripts, "|");
		OI_FREE char *errors = oi_strv_join(&words.errors, "|");

		assert_string_equal(scripts, cases[i].scripts);
		assert_string_equal(errors, cases[i].errors);
		oi_rpm_words_clear(&words);
	}
}

/* What the machine's own settings keep from the solver, and where they stand. */
static void test_hidden(void **state)
{
	static const char dnf[] =
		"All matches were filtered out by exclude filtering for argument: kernel-devel-5.14.0-611.el9\n"
		"Error: Unable to find a match: kernel-devel-5.14.0-611.el9\n"
		"Error: \n Problem: package vdep-1-1.noarch requires libver = 2510\n"
		"  - package libver-2510-1.noarch is filtered out by exclude filtering\n"
		"  - package perl-1-1.noarch is filtered out by modular filtering\n"
		"Ignoring repositories: bad, worse\n";
	static const char zypper[] =
		"<prompt id=\"1\">\n<description>Problem: conflicting requests\n"
		" Solution 1: remove lock to allow installation of rdma-core-2510-1.noarch[base]\n"
		"</description>\n</prompt>\n"
		"<message type=\"error\">Skipping repository &apos;bad&apos; because of the above error.</message>\n"
		"<message type=\"error\">Some of the repositories have not been refreshed because of an error.</message>\n";
	static const struct {
		const char *path, *text, *package, *where; /* where: NULL: nowhere */
	} cases[] = {
		{ "/etc/dnf/plugins/versionlock.list", "# kernel-devel-0:1\nkernel-devel-0:5.14.0-570.*\n",
		  "kernel-devel-5.14.0-611.el9.x86_64", "/etc/dnf/plugins/versionlock.list:2" },
		{ "/etc/dnf/plugins/versionlock.list", "kernel-0:5.14.0-570.*\n",
		  "kernel-devel-5.14.0-611.el9.x86_64", NULL },
		{ "/etc/dnf/versionlock.toml", "version = \"1.0\"\n[[packages]]\nname = \"rdma-core\"\n",
		  "rdma-core-2510-1.noarch", "/etc/dnf/versionlock.toml:3" },
		{ "/etc/zypp/locks", "type: package\nsolvable_name: libibverbs\n", "libibverbs-2510-1.noarch",
		  "/etc/zypp/locks:2" },
		{ "/etc/yum/pluginconf.d/versionlock.list", "0:kernel-3.10.0-1160.*\n!gcc-0:4.8-1.*\n", "gcc",
		  "/etc/yum/pluginconf.d/versionlock.list:2" },
	};
	struct oi_rpm_words words = words_in(dnf, oi_rpm_words_dnf);
	OI_FREE char *hidden = oi_strv_join(&words.hidden, " ");
	OI_FREE char *skipped = oi_strv_join(&words.skipped, " ");

	(void)state;
	assert_string_equal(hidden, "kernel-devel-5.14.0-611.el9 libver-2510-1.noarch perl-1-1.noarch");
	assert_string_equal(skipped, "bad worse");
	assert_string_equal(words.missing.v[0], "kernel-devel-5.14.0-611.el9");
	oi_rpm_words_clear(&words);
	words = words_in(zypper, oi_rpm_words_zypper);
	assert_string_equal(words.hidden.v[0], "rdma-core-2510-1.noarch");
	assert_string_equal(words.skipped.v[0], "bad");
	assert_true(words.some_failed);
	oi_rpm_words_clear(&words);
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		void *own = NULL;
		OI_FREE char *where = NULL;

		assert_int_equal(fakehost_set_up(&own), 0);
		fakehost_write(own, cases[i].path, cases[i].text);
		where = oi_rpm_find_lock(&((struct fakehost *)own)->host.change, cases[i].package);
		if (!where != !cases[i].where || (where && strcmp(where, cases[i].where)))
			fail_msg("case %zu: %s", i, where ? where : "nowhere");
		fakehost_tear_down(&own);
	}
}

static struct oi_rpm_words with_change(const char *name, const char *arch, const char *version)
{
	OI_FREE char *text = oi_mem_printf("Installing:\n %s %s %s base 1 k\n", name, arch, version);

	return words_in(text, oi_rpm_words_dnf);
}

/* By the name: what has to be looked into, and what never. */
static void test_kernels(void **state)
{
	static const struct {
		const char *name, *arch, *version, *release;
		bool kernel, foreign_headers;
	} cases[] = {
		{ "kernel", "x86_64", "6.99-1", KERNEL, true, false },
		{ "kernel-core", "x86_64", "5.14.0-611.5.1.el9_8", KERNEL, true, false },
		{ "kernel-modules", "x86_64", "5.14.0-611.5.1.el9_8", KERNEL, false, false },
		{ "kernel-modules", "x86_64", "5.14.0-612.el9_8", KERNEL, true, false },
		{ "kernel-uek", "x86_64", "6.12-1", KERNEL, true, false },
		{ "kernel-headers", "x86_64", "6.99-1", KERNEL, false, false },
		{ "kernel-srpm-macros", "noarch", "1.0-1", KERNEL, false, false },
		{ "kernel-devel", "x86_64", "5.14.0-611.5.1.el9_8", KERNEL, false, false },
		{ "kernel-devel", "x86_64", "5.14.0-612.el9_8", KERNEL, false, true },
		{ "kernel-azure", "x86_64", "6.4.0-150700.53.6.1", "6.4.0-150700.53.3-azure", true, false },
		{ "kernel-azure-devel", "x86_64", "6.4.0-150700.53.3.1", "6.4.0-150700.53.3-azure", false,
		  false },
		{ "kernel-azure-devel", "x86_64", "6.4.0-150700.53.33.1", "6.4.0-150700.53.3-azure", false,
		  true },
		{ "kernel-64k-devel", "aarch64", "5.14.0-570.el9", "5.14.0-570.el9.aarch64+64k", false,
		  false },
		{ "kernel-64k-devel", "aarch64", "5.14.0-57.el9", "5.14.0-570.el9.aarch64+64k", false,
		  true },
		{ "kernel-uek-devel", "x86_64", "5.15.0-209.el9uek", "5.15.0-209.el9uek.x86_64", false,
		  false },
		{ "kernel", "x86_64", "6.6.57.1-3.azl3", "6.6.57.1-2.azl3", true, false },
		{ "mlnx-ofa_kernel", "x86_64", "25.10-1", KERNEL, false, false },
		{ "rt-kernel", "x86_64", "6.99-1", KERNEL, true, false },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		struct oi_rpm_words words = with_change(cases[i].name, cases[i].arch, cases[i].version);
		bool kernel = oi_rpm_may_be_kernel(&words.changes[0], cases[i].release);
		bool headers = oi_rpm_changes_headers(&words, cases[i].release);

		if (kernel != cases[i].kernel || headers != cases[i].foreign_headers)
			fail_msg("%s-%s on %s: kernel %d, headers %d", cases[i].name, cases[i].version,
				 cases[i].release, kernel, headers);
		oi_rpm_words_clear(&words);
	}
}

/* By what a package provides or owns. */
static void test_what_a_kernel_is(void **state)
{
	static const struct {
		const char *text;
		enum oi_rpm_kernel is;
	} cases[] = {
		{ "", OI_RPM_KERNEL_UNKNOWN },
		{ "kernel-mft-dkms = 4.34.1-10\n", OI_RPM_KERNEL_NO },
		{ "kernel-devel-matched = 5.14.0-611.el9\n", OI_RPM_KERNEL_NO },
		{ "kernel-core = 5.14\nkernel-uname-r = " KERNEL "\n", OI_RPM_KERNEL_YES },
		{ "kernel = 6.6.57.1-3.azl3\n", OI_RPM_KERNEL_YES },
		/* zypper indents, and a kernel's modules are "multiversion" as it is itself */
		{ "Provides       : [2]\n    kernel-mft-mlnx-kmp = 4.34\n    multiversion(kernel)\n",
		  OI_RPM_KERNEL_NO },
		{ "Provides       : [2]\n    kernel = 6.4.0-150700\n    kernel-azure = 6.4.0\n",
		  OI_RPM_KERNEL_YES },
		{ "rt-kernel = 6\n/boot/vmlinuz-6.99.0-rt\n", OI_RPM_KERNEL_YES },
		{ "/usr/lib/modules/6.99.0-rt/vmlinuz\n", OI_RPM_KERNEL_YES },
		{ "/lib/modules/" KERNEL "/kernel/drivers/x.ko.xz\n", OI_RPM_KERNEL_YES },
		{ "/lib/modules/" KERNEL "/extra/mft_pciconf.ko\n/usr/src/kernel-mft-4/vmlinuz\n",
		  OI_RPM_KERNEL_NO },
		{ "/usr/lib/modules/6.4.0-azure/updates/kernel/x.ko\n/boot/grub2/Image/x\n",
		  OI_RPM_KERNEL_NO },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++)
		if (oi_rpm_is_kernel(cases[i].text) != cases[i].is)
			fail_msg("case %zu: %s", i, cases[i].text);
}

/* --- files --- */

static void test_copy(void **state)
{
	static const char *const drop[] = { "exclude", "cachedir", NULL };
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };

	(void)state;
	oi_rpm_conf_copy("[main]\nexclude=kernel*\n  rdma*\nbest=1\ncachedir = /x\n[r]\nname=r\n", drop,
			 "main", "ours=1\n", &out);
	assert_string_equal(oi_buf_str(&out), "[main]\nours=1\nbest=1\n[r]\nname=r\n");
	oi_buf_reset(&out);
	oi_rpm_conf_copy("[a]\nname=a\nexclude=x\n[b]\nname=b", drop, NULL, "exclude=y\n", &out);
	assert_string_equal(oi_buf_str(&out), "[a]\nexclude=y\nname=a\n[b]\nexclude=y\nname=b\n");
	oi_buf_reset(&out);
	oi_rpm_conf_copy("", drop, "main", "ours=1\n", &out);
	assert_string_equal(oi_buf_str(&out), "[main]\nours=1\n");
}

static void test_repository(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_rpm_repos_clear) struct oi_rpm_repos repos = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	struct oi_err err = { 0 };

	fakehost_write(f, "/usr/share/doca/repo/x", "");
	assert_int_equal(oi_rpm_repo_read(&f->host.change, "doca.repo",
					  "# doca\n[in]\nbaseurl=file:///usr/share/doca/repo\n"
					  "[off]\nbaseurl=https://vendor.test/\nenabled=0\n"
					  "[out]\nbaseurl=https://vendor.test/r\ngpgcheck=0\nsslverify=0\n"
					  "gpgkey=https://vendor.test/a\n  file:///etc/b\n",
					  &repos, &err), 0);
	assert_int_equal(repos.n, 2);
	assert_true(repos.v[0].inside);
	assert_false(oi_rpm_repo_is_checked(&repos.v[0]));
	assert_true(strstr(repos.v[0].baseurls.v[0], f->host.change.path));
	assert_false(repos.v[1].inside);
	assert_int_equal(repos.v[1].keys.n, 2);
	/* whatever it says itself */
	assert_true(oi_rpm_repo_is_checked(&repos.v[1]));
	oi_rpm_repo_write(&repos.v[1], true, "/k.asc", "/ca.pem", &out);
	assert_non_null(strstr(oi_buf_str(&out), "gpgcheck=1\ngpgkey=file:///k.asc\nsslcacert=/ca.pem\n"));
	assert_null(strstr(oi_buf_str(&out), "sslverify"));
	assert_int_equal(oi_rpm_repo_read(&f->host.change, "x.repo", "[a]\nname=a\n", &repos, &err), -1);
	assert_int_equal(err.code, OI_R_REPOSITORY_MALFORMED);
	assert_int_equal(oi_rpm_repo_read(&f->host.change, "x.repo", "name=a\n", &repos, &err), -1);
}

/* --- plans, against replayed tools --- */

static void add_packages(struct fakehost *f, const char *method, const char *names,
			 const char *optional)
{
	static const enum oi_action actions[] = {
		OI_ACTION_PACKAGES_REFRESH, OI_ACTION_PACKAGES_SIMULATE, OI_ACTION_PACKAGES_INSTALL,
	};

	oi_mem_set(&f->verdict.driver.method, method);
	oi_mem_set(&f->verdict.driver.kernel, KERNEL);
	for (size_t i = 0; i < OI_ARRAY_SIZE(actions); i++) {
		struct oi_step *step = oi_verdict_step(&f->verdict, actions[i],
						       oi_action_name(actions[i]), "x");

		if (actions[i] == OI_ACTION_PACKAGES_REFRESH)
			continue;
		oi_strv_split(step_names(step), names, " ");
		if (optional)
			oi_strv_split(step_optional(step), optional, " ");
	}
}

static int carry_out(struct fakehost *f, struct oi_err *err)
{
	memset(err, 0, sizeof(*err));
	return oi_execute_plan(&f->host, &f->config, &f->verdict, NULL, err);
}

#define INSTALLED "doca-ofed 3.2.3-1\nlibibverbs 2510-1\nmlnx-ofa_kernel 25.10-1\n"

#define CONF "-c */var/lib/ofed-init/rpm/main.conf "
#define ZYPPER "--non-interactive --xmlout --reposd-dir */rpm/repos.d --cache-dir */rpm/cache "

static void test_dnf(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;
	OI_CLEANUP(oi_record_clear) struct oi_record record = { 0 };

	fakehost_write(f, "/etc/dnf/dnf.conf", "[main]\nexclude=kernel*\nbest=1\n");
	fakehost_write(f, "/etc/yum.repos.d/base.repo", "[base]\nexclude=gcc\nname=base\n");
	add_packages(f, "dnf", "doca-ofed", "perftest");
	fakehost_expect_run(f, "dnf", 0,
			    "d=$(dirname \"$2\"); grep -q best=1 $2 && grep -q reposdir=$d/repos.d $2 && "
			    "! grep -rq exclude $2 $d/repos.d && grep -q name=base $d/repos.d/base.repo "
			    "|| echo 'No match for argument: wrong'", CONF "-y makecache");
	fakehost_expect_text(f, "dnf", 1, "No match for argument: perftest\nError: Unable to find a match\n",
			     CONF "--assumeno install doca-ofed perftest");
	fakehost_expect(f, "dnf", 1, "rpm/dnf-install", CONF "--assumeno install doca-ofed");
	fakehost_expect(f, "dnf", 0, NULL, CONF "-y install doca-ofed");
	fakehost_expect_text(f, "rpm", 0, INSTALLED, "-qa --queryformat *");
	if (carry_out(f, &err))
		fail_msg("%s", err.text);
	fakehost_check_calls(f);
	assert_false(fakehost_logged(f, 'I', "wrong"));
	assert_true(fakehost_logged(f, 'I', "without perftest"));
	assert_int_equal(oi_record_read(&f->host.change, &record, &err), 0);
	assert_int_equal(record.packages.n, 3);
	assert_false(fakehost_exists(f, OI_RPM_DIR));
}

static void test_refusals(void **state)
{
	static const struct {
		const char *method, *tool, *output;
		int status;
		const char *pattern;
		enum oi_reason reason;
		const char *provided; /* by what is called a kernel, when that is asked */
		bool no_answer; /* ... and the manager knows no such question */
	} cases[] = {
		{ "dnf", "dnf", "rpm/dnf-kernel", 1, CONF "--assumeno install x", OI_R_KERNEL_CHANGE,
		  "kernel-core = 9-1\nkernel-uname-r = 9-1\n", false },
		{ "yum", "yum", "rpm/dnf-kernel", 1, CONF "--assumeno install x", OI_R_KERNEL_CHANGE,
		  NULL, true },
		{ "dnf", "dnf", "rpm/dnf-missing", 1, CONF "--assumeno install x",
		  OI_R_PACKAGES_UNAVAILABLE, NULL, false },
		{ "tdnf", "tdnf", "rpm/tdnf-missing", 243, CONF "--assumeno install x",
		  OI_R_PACKAGES_UNAVAILABLE, NULL, false },
		{ "tdnf", "tdnf", "rpm/tdnf-problem", 21, CONF "--assumeno install x",
		  OI_R_PACKAGES_UNAVAILABLE, NULL, false },
		{ "zypper", "zypper", "rpm/zypper-missing", 104,
		  ZYPPER "install --dry-run --no-recommends --auto-agree-with-licenses x",
		  OI_R_PACKAGES_UNAVAILABLE, NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		void *own = NULL;
		struct fakehost *f;
		struct oi_err err;

		assert_int_equal(fakehost_set_up(&own), 0);
		f = own;
		add_packages(f, cases[i].method, "x", NULL);
		fakehost_expect(f, cases[i].tool, 0, NULL, "*");
		fakehost_expect(f, cases[i].tool, cases[i].status, cases[i].output, cases[i].pattern);
		if (cases[i].provided)
			fakehost_expect_text(f, cases[i].tool, 0, "new-kernel = 2-1\n",
					     "*repoquery --provides new-kernel");
		if (cases[i].provided)
			fakehost_expect_text(f, cases[i].tool, 0, cases[i].provided,
					     "*repoquery --provides kernel-core");
		if (cases[i].no_answer)
			fakehost_expect_text(f, cases[i].tool, 1, "No such command: repoquery.\n", "*");
		assert_int_equal(carry_out(f, &err), -1);
		if (err.code != (int)cases[i].reason)
			fail_msg("case %zu: %s", i, err.text);
		fakehost_check_calls(f);
		assert_false(fakehost_exists(f, OI_RECORD_PATH));
		fakehost_tear_down(&own);
	}
}

/* Of one that would go, rpm's own books have the answer. */
static void test_kernel_that_goes(void **state)
{
	static const char changes[] =
		"Removing:\n rt-kernel noarch 6-1 @System 1 k\n\nTransaction Summary\nRemove  1 Package\n"
		"Operation aborted.\n";
	struct fakehost *f = *state;
	struct oi_err err;

	add_packages(f, "dnf", "x", NULL);
	fakehost_expect(f, "dnf", 0, NULL, "*");
	fakehost_expect_text(f, "dnf", 1, changes, "*--assumeno*");
	fakehost_expect_text(f, "rpm", 0, "rt-kernel = 6-1\n/boot/vmlinuz-6-rt\n",
			     "-q --provides --list rt-kernel");
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(err.code, OI_R_KERNEL_CHANGE);
	assert_non_null(strstr(err.text, "rt-kernel 6-1 would go"));
	fakehost_check_calls(f);
}

/* dnf replaces what another obsoletes without a word, and counts it nowhere. */
static void test_removals_of_others(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	add_packages(f, "dnf", "newob", NULL);
	fakehost_expect(f, "dnf", 0, NULL, "*makecache");
	fakehost_expect(f, "dnf", 1, "rpm/dnf-obsoletes", "*--assumeno*");
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(err.code, OI_R_REMOVAL_FOREIGN);
	assert_non_null(strstr(err.text, "libold would be removed"));
	fakehost_check_calls(f);
}

#define PROMISED "Installing:\n a noarch 1-1 base 1 k\n kmod-b noarch 1-1 base 1 k\nUpgrading:\n c noarch 2:2-1 base 1 k\n" \
	"Removing:\n d noarch 1-1 @System 1 k\n\nTransaction Summary\nInstall  2 Packages\n"         \
	"Upgrade  1 Package\nRemove   1 Package\nOperation aborted.\n"

/* A manager that ends with 0 is not believed. */
static void test_outcome(void **state)
{
	static const char all[] = "a 1-1\nkmod-b 1-1\nc 2-1\n";
	static const struct {
		const char *said, *there, *why; /* NULL: fine */
	} cases[] = {
		{ "", all, NULL },
		{ "", "a 1-1\nkmod-b 1-1\nc 2-1\nlibibverbs 2510-1\nrdma-core 2510-1.el9\n", NULL },
		{ "", "a 1-1\nkmod-b 1-1\nc 2-1\nlibibverbs 2510-1\nrdma-core 61-2\n", NULL },
		{ "", "a 1-1\nkmod-b 1-1\nc 1-1\n", "c 2-1 is not there" },
		{ "", "kmod-b 1-1\nc 2-1\n", "a 1-1 is not there" },
		{ "", "a 1-1\nkmod-b 1-1\nc 2-1\nd 1-1\n", "d 1-1 is still there" },
		{ "no such unit\nwarning: %post(a-1-1.noarch) scriptlet failed, exit status 1\n", NULL,
		  "a-1-1.noarch %post failed, exit status 1 (no such unit)" },
		/* whether the modules are there is another step's */
		{ "warning: %posttrans(kmod-b-1-1.noarch) scriptlet failed, exit status 1\n", all, NULL },
		/* a trigger of somebody else's, and a package whose name only begins like ours */
		{ "warning: %triggerin(e-1-1.noarch) scriptlet failed, exit status 1\n"
		  "warning: %triggerin(a-b-1-1.noarch) scriptlet failed, exit status 1\n", all, NULL },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		void *own = NULL;
		struct fakehost *f;
		struct oi_err err;
		int ret;

		assert_int_equal(fakehost_set_up(&own), 0);
		f = own;
		add_packages(f, "dnf", "x", NULL);
		oi_strv_add(&f->config.may_remove, "d");
		fakehost_expect(f, "dnf", 0, NULL, "*");
		fakehost_expect_text(f, "dnf", 1, PROMISED, "*--assumeno*");
		fakehost_expect_text(f, "rpm", 0, "1-1\n", "-q --queryformat * c");
		fakehost_expect_text(f, "rpm", 0, "1-1\n", "-q --queryformat * d");
		fakehost_expect_text(f, "dnf", 0, cases[i].said, "*-y install*");
		if (cases[i].there)
			fakehost_expect_text(f, "rpm", 0, cases[i].there, "-qa --queryformat *");
		ret = carry_out(f, &err);
		assert_int_equal(fakehost_logged(f, 'W', "half a stack: rdma-core 61-2 beside libibverbs 2510-1"),
				 cases[i].there && strstr(cases[i].there, "rdma-core 61") != NULL);
		if (!cases[i].why && ret)
			fail_msg("case %zu: %s", i, err.text);
		if (cases[i].why && (!ret || err.code != OI_R_PACKAGES_FAILED ||
				     !strstr(err.text, cases[i].why)))
			fail_msg("case %zu: %s", i, ret ? err.text : "nothing");
		fakehost_check_calls(f);
		fakehost_tear_down(&own);
	}
}

#define CUT "{\"schema\": 1, \"manager\": \"dnf\", \"began_s\": 1700000000, \"steps\": [{\"id\": " \
	    "\"install-packages\", \"state\": \"begun\", \"leaves\": [\"packages\"]}]}"
#define OURS "{\"schema\": 1, \"packages\": [\"doca-ofed 3.2.3\", \"gcc 11\"], \"repository\": " \
	     "[\"doca-host\"], \"replaced\": [\"libibverbs 61 2510\"]}"

/* What came since the step began goes, if it is ours; of two architectures both stay. */
static void test_heal(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;
	bool cut;

	fakehost_write(f, OI_JOURNAL_PATH, CUT);
	fakehost_write(f, OI_RECORD_PATH, OURS);
	fakehost_write(f, "/usr/bin/ofed_info;6553f105", "half");
	fakehost_write(f, "/usr/bin/older;6553f000", "");
	fakehost_write(f, "/usr/bin/another;6553f1050", "");
	fakehost_expect_text(f, "rpm", 0,
			     "1700000005 libibverbs libibverbs-2510-1.x86_64\n"
			     "1600000000 libibverbs libibverbs-61-1.x86_64\n"
			     "1600000000 libibverbs libibverbs-61-1.i686\n"
			     "1600000000 gcc gcc-11-1.x86_64\n"
			     "1700000006 doca-ofed doca-ofed-3.2.3-1.noarch\n"
			     "1700000006 vim vim-9-1.x86_64\n", "-qa --queryformat *");
	fakehost_expect_text(f, "rpm", 0, "", "--erase --nodeps libibverbs-61-1.x86_64");
	fakehost_expect_text(f, "rpm", 1, "error: %preun scriptlet failed\n",
			     "--erase --nodeps doca-ofed-3.2.3-1.noarch");
	fakehost_expect_text(f, "rpm", 0, "",
			     "--erase --nodeps --noscripts doca-ofed-3.2.3-1.noarch");
	assert_int_equal(oi_heal(&f->host, &f->config, &cut, &err), 0);
	fakehost_check_calls(f);
	assert_false(fakehost_exists(f, "/usr/bin/ofed_info;6553f105"));
	assert_true(fakehost_exists(f, "/usr/bin/older;6553f000"));
	assert_true(fakehost_exists(f, "/usr/bin/another;6553f1050"));
}

static void test_tdnf(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	add_packages(f, "tdnf", "rdma-core", NULL);
	fakehost_expect_run(f, "tdnf", 0, "grep -q repodir= \"$2\" || exit 1", CONF "-y makecache");
	fakehost_expect_text(f, "tdnf", 8,
			     "Installing:\nrdma-core  x86_64  54.0-1.azl3  base  1.1M  425.1k\n\n"
			     "Total installed size:   1.10M\nIs this ok [y/N]: \n"
			     "Error(1032) : Operation aborted.\n", CONF "--assumeno install rdma-core");
	fakehost_expect_text(f, "tdnf", 245, "Error(1525) : rpm transaction failed\n",
			     CONF "-y install rdma-core");
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(err.code, OI_R_PACKAGES_FAILED);
	assert_non_null(strstr(err.text, "Error(1525)"));
	fakehost_check_calls(f);
}

static void test_zypper_locked(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	add_packages(f, "zypper", "rdma-core", NULL);
	fakehost_expect_text(f, "zypper", 7,
			     "<message type=\"error\">System management is locked by the application with pid 1 "
			     "(zypper).</message>\n", ZYPPER "refresh");
	fakehost_expect(f, "zypper", 0, NULL, ZYPPER "refresh");
	fakehost_expect(f, "zypper", 0, "rpm/zypper-upgrade", "*--dry-run*");
	fakehost_expect_text(f, "rpm", 0, "1-1\n", "-q --queryformat * up-me");
	/* 107: a script failed, of a package that is none of ours */
	fakehost_expect(f, "zypper", 107, NULL, "*install --no-recommends*");
	fakehost_expect_text(f, "rpm", 0, "up-me 2-1\nlibibverbs 61-1\nold-dep-x 2-1\nrdma-core 61-1\n",
			     "-qa --queryformat *");
	if (carry_out(f, &err))
		fail_msg("%s", err.text);
	fakehost_check_calls(f);
}

/* dnf drops only those that do not fit. */
static void test_optional(void **state)
{
	static const char no[] = "Error: \n Problem: package bad-1-1.noarch conflicts with rdma-core\n";
	struct fakehost *f = *state;
	struct oi_err err;

	add_packages(f, "dnf", "doca-ofed", "good bad better");
	fakehost_expect(f, "dnf", 0, NULL, CONF "-y makecache");
	fakehost_expect_text(f, "dnf", 1, no, CONF "--assumeno install doca-ofed good bad better");
	fakehost_expect(f, "dnf", 1, "rpm/dnf-install", CONF "--assumeno install doca-ofed");
	fakehost_expect(f, "dnf", 1, "rpm/dnf-install", CONF "--assumeno install doca-ofed good");
	fakehost_expect_text(f, "dnf", 1, no, CONF "--assumeno install doca-ofed good bad");
	fakehost_expect(f, "dnf", 1, "rpm/dnf-install", CONF "--assumeno install doca-ofed good better");
	fakehost_expect(f, "dnf", 0, NULL, CONF "-y install doca-ofed good better");
	fakehost_expect_text(f, "rpm", 0, INSTALLED, "-qa --queryformat *");
	if (carry_out(f, &err))
		fail_msg("%s", err.text);
	assert_true(fakehost_logged(f, 'W', "without bad, which does not fit"));
	fakehost_check_calls(f);
}

#define FPR "33a06e7a933223a8a1122ec7ef5d9ca0ab787bfe"

static void test_signatures(void **state)
{
	static const char good[] = "/a.rpm:\n    Header V4 RSA/SHA512 Signature, key ID 12345678: OK\n"
				   "    Header SHA256 digest: OK\n    Payload SHA256 digest: OK\n";
	static const struct {
		const char *more, *text; /* NULL: fine */
	} cases[] = {
		{ "", NULL },
		{ "/b.rpm:\n    Header V4 RSA/SHA512 Signature, key ID 12345678: OK\n", NULL },
		{ "/b.rpm:\n    Header SHA256 digest: OK\n    Payload SHA256 digest: OK\n",
		  "/b.rpm is not signed by an accepted key" },
		{ "/b.rpm:\n", "/b.rpm is not signed by an accepted key" },
		{ "/b.rpm:\n    Header V4 RSA/SHA512 Signature, key ID 87654321: NOKEY\n",
		  "/b.rpm: Header V4 RSA/SHA512 Signature, key ID 87654321: NOKEY" },
		{ "/b.rpm:\n    Header V4 RSA/SHA512 Signature, key ID 12345678: OK\n"
		  "    Payload SHA256 digest: BAD (Expected 1 != 2)\n",
		  "/b.rpm: Payload SHA256 digest: BAD (Expected 1 != 2)" },
		/* rpm 6 */
		{ "/b.rpm:\n    Header OpenPGP V4 RSA/SHA512 signature, key fingerprint: " FPR ": OK\n"
		  "    Header SHA256 digest: OK\n", NULL },
		{ "/b.rpm:\n    Header OpenPGP V4 RSA/SHA512 signature, key ID 61dcd5cdc118a448: NOKEY\n",
		  "/b.rpm: Header OpenPGP V4 RSA/SHA512 signature, key ID 61dcd5cdc118a448: NOKEY" },
		{ "/b.rpm:\n    Header OpenPGP V4 RSA/SHA512 signature, key fingerprint: " FPR ": NOTTRUSTED\n",
		  "/b.rpm: Header OpenPGP V4 RSA/SHA512 signature, key fingerprint: " FPR ": NOTTRUSTED" },
		{ "/b.rpm:\n    Header SHA256 digest: OK\n    Payload SHA256 digest: OK\n",
		  "/b.rpm is not signed by an accepted key" },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		OI_FREE char *text = oi_mem_printf("%s%s", good, cases[i].more);
		struct oi_err err = { 0 };
		int ret = oi_rpm_judge_signatures(text, &err);

		assert_int_equal(ret, cases[i].text ? -1 : 0);
		if (cases[i].text && (err.code != OI_R_REPOSITORY_UNTRUSTED ||
				      strcmp(err.text, cases[i].text) != 0))
			fail_msg("case %zu: %s", i, err.text);
	}
}

static void test_table(void **state)
{
	static const char *const methods[] = { "apt", "dnf", "yum", "tdnf", "zypper" };

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(methods); i++)
		assert_string_equal(oi_managers_find(methods[i])->method, methods[i]);
	assert_null(oi_managers_find("none"));
	assert_null(oi_managers_find(NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fakehost_set_up, fakehost_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_changes),
		TEST(test_wrapped_and_miscounted),
		TEST(test_causes),
		TEST(test_scripts_and_problems),
		TEST(test_hidden),
		TEST(test_kernels),
		TEST(test_outcome),
		TEST(test_removals_of_others),
		TEST(test_what_a_kernel_is),
		TEST(test_kernel_that_goes),
		TEST(test_copy),
		TEST(test_repository),
		TEST(test_dnf),
		TEST(test_refusals),
		TEST(test_heal),
		TEST(test_tdnf),
		TEST(test_zypper_locked),
		TEST(test_optional),
		TEST(test_signatures),
		TEST(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
