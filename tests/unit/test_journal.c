/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run leaves when it is cut off, and what the next one does about it first. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "execute/bundle/bundle.h"
#include "execute/execute.h"
#include "execute/heal.h"
#include "execute/state/journal.h"
#include "execute/state/record.h"
#include "fakehost.h"
#include "model/reasons.h"
#include "steps.h"

#define JOURNAL_AUTO OI_CLEANUP(oi_journal_clear) struct oi_journal
#define MODULE "/var/lib/dkms/mlnx-ofed-kernel/25.10"
#define CUT_IN_INSTALL                                                                             \
	"{\"schema\": 1, \"stack\": \"doca-ofed\", \"manager\": \"apt\", \"steps\": ["             \
	"{\"id\": \"fetch-repository\", \"state\": \"done\", \"leaves\": []},"                     \
	"{\"id\": \"install-packages\", \"state\": \"begun\", \"leaves\": [\"packages\", \"modules\"]}]}"
#define CUT_IN_A_HURRY                                                                             \
	"{\"schema\": 1, \"manager\": \"apt\", \"kernel\": \"6.1.0\", \"boot\": \"that-boot\", "          \
	"\"hurried\": [\"whole 1\", \"cut 2\", \"half 3\", \"never 4\"], \"steps\": ["                  \
	"{\"id\": \"install-packages\", \"state\": \"begun\", \"leaves\": [\"packages\", \"modules\"]}]}"
#define RECORD                                                                                     \
	"{\"schema\": 1, \"packages\": [\"doca-ofed 3.2.3\"], \"repository\": [\"doca-host\"],"    \
	" \"dkms\": [\"mlnx-ofed-kernel\"]}"
#define QUERY "--show --showformat=*"
#define CONFIGURE "--force-confdef --force-confold --configure -a"

static struct oi_step *add_step(struct fakehost *f, enum oi_action action, const char *id)
{
	return oi_verdict_step(&f->verdict, action, id, "detail of %s", id);
}

static int read_journal(struct fakehost *f, struct oi_journal *journal)
{
	struct oi_err err = { 0 };

	return oi_journal_read(&f->host.change, journal, &err) < 0 ? err.code :
		fakehost_exists(f, OI_JOURNAL_PATH) ? 0 : 1;
}

/* --- the journal itself --- */

static void test_steps(void **state)
{
	struct fakehost *f = *state;
	const struct oi_root *root = &f->host.change;
	JOURNAL_AUTO writing = { 0 };
	JOURNAL_AUTO journal = { 0 };
	struct oi_err err;

	oi_mem_set(&f->verdict.driver.stack, "doca-ofed");
	add_step(f, OI_ACTION_FETCH, "fetch-repository");
	add_step(f, OI_ACTION_PACKAGES_INSTALL, "install-packages");
	assert_int_equal(read_journal(f, &journal), 1);
	oi_journal_start(root, &writing, &f->verdict);
	assert_false(fakehost_exists(f, OI_JOURNAL_PATH));
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(oi_journal_begin(root, &writing, &f->verdict.steps[i], &err), 0);
	assert_int_equal(read_journal(f, &journal), 0);
	assert_int_equal(journal.n, 2);
	assert_string_equal(journal.stack, "doca-ofed");
	assert_string_equal(journal.manager, "apt");
	assert_true(journal.steps[0].done);
	assert_false(journal.steps[1].done);
	assert_string_equal(oi_journal_cut(&journal)->id, "install-packages");
	assert_int_equal(oi_journal_heals(&journal),
			 OI_HEAL_LISTS | OI_HEAL_PACKAGES | OI_HEAL_MODULES);
	assert_int_equal(oi_journal_end(root, &err), 0);
	assert_false(fakehost_exists(f, OI_JOURNAL_PATH));
}

/* Twice cut off: the second time in a step that leaves nothing. */
static void test_carried_over(void **state)
{
	struct fakehost *f = *state;
	JOURNAL_AUTO writing = { 0 };
	JOURNAL_AUTO journal = { 0 };
	struct oi_err err;

	fakehost_write(f, OI_JOURNAL_PATH, CUT_IN_INSTALL);
	add_step(f, OI_ACTION_KEY_CHECK, "check-signing-key");
	oi_journal_start(&f->host.change, &writing, &f->verdict);
	assert_int_equal(oi_journal_begin(&f->host.change, &writing, &f->verdict.steps[0], &err), 0);
	assert_int_equal(read_journal(f, &journal), 0);
	assert_string_equal(oi_journal_cut(&journal)->id, "check-signing-key");
	assert_int_equal(oi_journal_heals(&journal), OI_HEAL_PACKAGES | OI_HEAL_MODULES);
	assert_false(journal.steps[0].done);
}

static void test_versions(void **state)
{
	static const char *const damaged[] = {
		"", "{", "[]", "{}", "{\"schema\": 0}", "{\"schema\": 1}",
		"{\"schema\": 1, \"steps\": [{}]}", "{\"schema\": \"1\", \"steps\": []}",
	};
	struct fakehost *f = *state;
	struct oi_err err = { 0 };
	JOURNAL_AUTO older = { 0 };
	JOURNAL_AUTO newer = { 0 };

	for (size_t i = 0; i < OI_ARRAY_SIZE(damaged); i++) {
		JOURNAL_AUTO journal = { 0 };

		fakehost_write(f, OI_JOURNAL_PATH, damaged[i]);
		assert_int_equal(read_journal(f, &journal), 0);
		assert_true(journal.damaged);
		assert_true(oi_journal_heals(&journal) & OI_HEAL_PACKAGES);
	}
	/* What an older one did not write yet. */
	fakehost_write(f, OI_JOURNAL_PATH,
		       "{\"schema\": 1, \"steps\": [{\"id\": \"a\", \"state\": \"begun\"}]}");
	assert_int_equal(read_journal(f, &older), 0);
	assert_false(older.damaged);
	assert_int_equal(oi_journal_heals(&older), 0);
	fakehost_write(f, OI_JOURNAL_PATH, "{\"schema\": 2, \"steps\": \"of another kind\"}");
	assert_int_equal(oi_journal_read(&f->host.change, &newer, &err), -1);
	assert_int_equal(err.code, OI_R_STATE_NEWER);
	assert_non_null(strstr(err.text, "schema 2"));
}

static void test_newer_record(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_record_clear) struct oi_record record = { 0 };
	struct oi_err err = { 0 };

	fakehost_write(f, OI_RECORD_PATH, "{\"schema\": 2}");
	assert_int_equal(oi_record_read(&f->host.change, &record, &err), -1);
	assert_int_equal(err.code, OI_R_STATE_NEWER);
}

/* --- what no disk may have --- */

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

static void test_boot(void **state)
{
	struct fakehost *f = *state;
	const struct oi_root *root = &f->host.change;
	OI_CLEANUP(oi_strv_clear) struct oi_strv packages = { 0 };
	JOURNAL_AUTO writing = { 0 };
	JOURNAL_AUTO before = { 0 };
	JOURNAL_AUTO during = { 0 };
	JOURNAL_AUTO after = { 0 };
	struct oi_err err;

	fakehost_write(f, BOOT_ID, "this-boot\n");
	add_step(f, OI_ACTION_FETCH, "fetch-repository");
	add_step(f, OI_ACTION_PACKAGES_INSTALL, "install-packages");
	oi_strv_add(&packages, "doca-ofed 3.2.3");
	oi_journal_start(root, &writing, &f->verdict);
	assert_int_equal(oi_journal_begin(root, &writing, &f->verdict.steps[0], &err), 0);
	assert_int_equal(read_journal(f, &before), 0);
	assert_null(before.boot); /* a download goes on where it stopped */
	assert_int_equal(oi_journal_begin(root, &writing, &f->verdict.steps[1], &err), 0);
	assert_int_equal(oi_journal_hurry(root, &writing, &packages, &err), 0);
	assert_int_equal(read_journal(f, &during), 0);
	assert_string_equal(during.boot, "this-boot");
	assert_int_equal(during.hurried.n, 1);
	assert_string_equal(during.hurried.v[0], "doca-ofed 3.2.3");
	assert_false(oi_journal_lost(root, &during));
	fakehost_write(f, BOOT_ID, "the-next\n");
	assert_true(oi_journal_lost(root, &during));
	oi_journal_settle(root, &writing);
	assert_int_equal(read_journal(f, &after), 0);
	assert_null(after.boot);
	assert_int_equal(after.hurried.n, 0);
	assert_int_equal(after.n, 2); /* it is not done because it is synced */
	assert_false(oi_journal_lost(root, &after));
}

/* A run after the power cut, cut off in turn: what was lost before is not forgotten. */
static void test_boot_is_carried_over(void **state)
{
	struct fakehost *f = *state;
	JOURNAL_AUTO writing = { 0 };
	JOURNAL_AUTO journal = { 0 };
	struct oi_err err;

	fakehost_write(f, OI_JOURNAL_PATH, CUT_IN_A_HURRY);
	fakehost_write(f, BOOT_ID, "the-next\n");
	add_step(f, OI_ACTION_PACKAGES_INSTALL, "install-packages");
	oi_journal_start(&f->host.change, &writing, &f->verdict);
	assert_true(writing.carried);
	assert_int_equal(oi_journal_begin(&f->host.change, &writing, &f->verdict.steps[0], &err), 0);
	assert_int_equal(read_journal(f, &journal), 0);
	assert_string_equal(journal.boot, "that-boot");
	assert_int_equal(journal.hurried.n, 4);
	assert_true(oi_journal_lost(&f->host.change, &journal));
}

/* --- a run --- */

static int carry_out(struct fakehost *f, struct oi_err *err)
{
	memset(err, 0, sizeof(*err));
	return oi_execute_plan(&f->host, &f->config, &f->verdict, NULL, err);
}

static void test_good_run_leaves_none(void **state)
{
	struct fakehost *f = *state;
	struct oi_step *step = add_step(f, OI_ACTION_FILE_WRITE, "write");
	struct oi_err err;

	oi_mem_set(&step->file.path, "/etc/x");
	oi_mem_set(&step->file.content, "x");
	fakehost_write(f, OI_JOURNAL_PATH, CUT_IN_INSTALL);
	assert_int_equal(carry_out(f, &err), 0);
	assert_false(fakehost_exists(f, OI_JOURNAL_PATH));
}

/* A step that may have left something half-done keeps the journal. */
static void test_failed_run(void **state)
{
	struct fakehost *f = *state;
	struct oi_step *step = add_step(f, OI_ACTION_MODULE_CHECK, "check-modules");
	struct oi_err err;
	JOURNAL_AUTO journal = { 0 };

	oi_strv_add(step_names(step), "mlnx-ofed-kernel");
	fakehost_expect_text(f, "dkms", 0, "", "status");
	assert_int_equal(carry_out(f, &err), -1);
	assert_int_equal(read_journal(f, &journal), 0);
	assert_string_equal(oi_journal_cut(&journal)->id, "check-modules");
	fakehost_check_calls(f);
}

static void test_failed_before_it_began(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	add_step(f, OI_ACTION_FILE_WRITE, "write");
	oi_mem_set(&f->verdict.steps[0].file.path, "/etc/x/y");
	oi_mem_set(&f->verdict.steps[0].file.content, "x");
	fakehost_write(f, "/etc/x", "in the way");
	assert_int_equal(carry_out(f, &err), -1);
	assert_false(fakehost_exists(f, OI_JOURNAL_PATH));
}

/* --- healing --- */

static int heal(struct fakehost *f, bool *cut)
{
	struct oi_err err = { 0 };

	return oi_heal(&f->host, &f->config, cut, &err) ? err.code : 0;
}

static void test_nothing_to_heal(void **state)
{
	struct fakehost *f = *state;
	bool cut = true;

	assert_int_equal(heal(f, &cut), 0);
	assert_false(cut);
	fakehost_check_calls(f); /* none */
}

static void test_all_is_well(void **state)
{
	struct fakehost *f = *state;
	bool cut;

	fakehost_write(f, OI_JOURNAL_PATH, CUT_IN_INSTALL);
	fakehost_expect_text(f, "dpkg-query", 0, "installed ok doca-ofed\nconfig-files ok old\n", QUERY);
	assert_int_equal(heal(f, &cut), 0);
	assert_true(cut);
	assert_true(fakehost_logged(f, 'W', "did not get past step install-packages"));
	assert_true(fakehost_exists(f, OI_JOURNAL_PATH)); /* until a run has come to its end */
	fakehost_check_calls(f);
}

/* dkms was told to leave the compiling to the run that was cut off; or by somebody else. */
static void test_dkms_allowed_again(void **state)
{
	static const struct {
		const char *text;
		bool stays;
	} cases[] = {
		{ "# ofed-init is installing a driver, and compiles it itself.\n", false },
		{ "# mine\n", true },
		{ "", true },
	};
	struct fakehost *f = *state;
	bool cut;

	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		fakehost_write(f, OI_JOURNAL_PATH, CUT_IN_INSTALL);
		fakehost_write(f, "/etc/dkms/no-autoinstall", cases[i].text);
		fakehost_expect_text(f, "dpkg-query", 0, "installed ok doca-ofed\n", QUERY);
		assert_int_equal(heal(f, &cut), 0);
		assert_int_equal(fakehost_exists(f, "/etc/dkms/no-autoinstall"), cases[i].stays);
		assert_int_equal(fakehost_exists(f, "/etc/dkms"), cases[i].stays);
	}
	fakehost_check_calls(f);
}

/* What was not configured yet would else be compiled by its package's script; another's is not ours to leave. */
static void test_dkms_waits_again(void **state)
{
	static const struct {
		const char *open;
		const char *left; /* to us, by the scripts of these packages */
	} cases[] = {
		{ "unpacked ok mlnx-ofed-kernel-dkms\n", "mlnx-ofed-kernel-dkms" },
		{ "half-configured ok dkms\nunpacked ok mlnx-ofed-kernel-dkms:amd64\n", "mlnx-ofed-kernel-dkms" },
		{ "unpacked ok doca-ofed\n", "" },
		{ "unpacked ok mlnx-ofed-kernel-dkms\nunpacked ok another-dkms\nodd\n", "mlnx-ofed-kernel-dkms" },
	};
	struct fakehost *f = *state;
	bool cut;

	fakehost_write(f, OI_RECORD_PATH, "{\"schema\": 1, \"packages\": [\"dkms 3.0\", \"doca-ofed 3.2\","
					  " \"mlnx-ofed-kernel-dkms 25.10\"]}");
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		OI_FREE char *said = oi_mem_printf("dpkg: left: <%s>", cases[i].left);

		fakehost_write(f, OI_JOURNAL_PATH, CUT_IN_INSTALL);
		fakehost_expect_text(f, "dpkg-query", 0, cases[i].open, QUERY);
		fakehost_expect_run(f, "dpkg", 0, "command -v dkms; echo \"left: <$OFED_INIT_COMPILES>\"", CONFIGURE);
		fakehost_expect_text(f, "dpkg-query", 0, "installed ok doca-ofed\n", QUERY);
		assert_int_equal(heal(f, &cut), 0);
		assert_true(fakehost_logged(f, 'I', said));
		assert_false(fakehost_exists(f, "/etc/dkms"));
		assert_false(fakehost_exists(f, "/var/lib/ofed-init/apt/scripts"));
	}
	fakehost_check_calls(f);
}

/* Killed while man-db's switch was off, or before, or when it was on again. */
static void test_manuals_allowed_again(void **state)
{
	struct fakehost *f = *state;
	bool cut;

	for (int on = 0; on < 2; on++) {
		fakehost_write(f, OI_JOURNAL_PATH, CUT_IN_INSTALL);
		fakehost_write(f, OI_STATE_DIR "/manuals-deferred", "");
		if (on)
			fakehost_write(f, "/var/lib/man-db/auto-update", "");
		fakehost_expect_text(f, "dpkg-query", 0, "installed ok doca-ofed\n", QUERY);
		assert_int_equal(heal(f, &cut), 0);
		assert_true(fakehost_exists(f, "/var/lib/man-db/auto-update"));
		assert_false(fakehost_exists(f, OI_STATE_DIR "/manuals-deferred"));
	}
	fakehost_check_calls(f);
}

static void test_unpacked(void **state)
{
	struct fakehost *f = *state;
	bool cut;

	fakehost_write(f, OI_JOURNAL_PATH, CUT_IN_INSTALL);
	fakehost_expect_text(f, "dpkg-query", 0, "unpacked ok doca-ofed\n", QUERY);
	fakehost_expect_text(f, "dpkg", 0, "", CONFIGURE);
	fakehost_expect_text(f, "dpkg-query", 0, "installed ok doca-ofed\n", QUERY);
	assert_int_equal(heal(f, &cut), 0);
	fakehost_check_calls(f);
}

/* Cut off while they were unpacked: ours are forced out, another's is left. */
static void test_reinstall_required(void **state)
{
	static const char open[] = "half-installed reinstreq doca-ofed\n"
				   "half-installed reinstreq doca-host:amd64\n"
				   "half-installed reinstreq another\n";
	struct fakehost *f = *state;
	bool cut;

	fakehost_write(f, OI_JOURNAL_PATH, CUT_IN_INSTALL);
	fakehost_write(f, OI_RECORD_PATH, RECORD);
	fakehost_expect_text(f, "dpkg-query", 0, open, QUERY);
	fakehost_expect_text(f, "dpkg", 0, "", CONFIGURE);
	fakehost_expect_text(f, "dpkg-query", 0, open, QUERY);
	fakehost_expect_text(f, "dpkg", 0, "",
			     "--force-remove-reinstreq --force-depends --remove doca-ofed doca-host:amd64");
	assert_int_equal(heal(f, &cut), 0);
	assert_true(fakehost_logged(f, 'W', "another must be reinstalled, and ofed-init may not remove it"));
	fakehost_check_calls(f);
}

/* What cannot be healed here is seen again by the plan's steps, which give it its reason. */
static void test_dpkg_cannot(void **state)
{
	struct fakehost *f = *state;
	bool cut;

	fakehost_write(f, OI_JOURNAL_PATH, CUT_IN_INSTALL);
	fakehost_write(f, "/var/lib/dpkg/updates/0001", "");
	fakehost_expect_text(f, "dpkg-query", 0, "", QUERY);
	fakehost_expect_text(f, "dpkg", 1, "dpkg: error: no\n", CONFIGURE);
	assert_int_equal(heal(f, &cut), 0);
	assert_true(fakehost_logged(f, 'W', "dpkg: error: no"));
	fakehost_check_calls(f);
}

/* An installer's packages are noted before others come; not while dpkg's books are not in order. */
static void test_bundle(void **state)
{
	static const char before[] = "format deb\np libc6 2.36\n";
	struct fakehost *f = *state;
	OI_CLEANUP(oi_record_clear) struct oi_record record = { 0 };
	struct oi_err err;
	bool cut;

	fakehost_write(f, OI_JOURNAL_PATH, CUT_IN_INSTALL);
	fakehost_write(f, OI_BUNDLE_BEFORE, before);
	fakehost_write(f, "/var/lib/dpkg/updates/0001", "");
	fakehost_expect_text(f, "dpkg-query", 0, "", QUERY);
	fakehost_expect_text(f, "dpkg", 1, "dpkg: error: no\n", CONFIGURE);
	assert_int_equal(heal(f, &cut), 0);
	assert_true(fakehost_exists(f, OI_BUNDLE_BEFORE));

	assert_int_equal(oi_root_remove(&f->host.change, "/var/lib/dpkg/updates", &err), 0);
	fakehost_expect_text(f, "dpkg-query", 0, "", QUERY);
	fakehost_expect_text(f, "dpkg-query", 0, "installed\tlibc6 2.36\ninstalled\tofed-scripts 5.8\n",
			     "--show --showformat=*");
	assert_int_equal(heal(f, &cut), 0);
	assert_false(fakehost_exists(f, OI_BUNDLE_BEFORE));
	assert_int_equal(oi_record_read(&f->host.change, &record, &err), 0);
	assert_int_equal(record.packages.n, 1);
	assert_string_equal(record.packages.v[0], "ofed-scripts 5.8");
	fakehost_check_calls(f);
}

static void test_modules(void **state)
{
	struct fakehost *f = *state;
	bool cut;

	fakehost_write(f, OI_JOURNAL_PATH, CUT_IN_INSTALL);
	fakehost_write(f, OI_RECORD_PATH, RECORD);
	fakehost_write(f, MODULE "/source/dkms.conf", "");
	fakehost_write(f, MODULE "/6.1.0/x86_64/module/mlx5_core.ko", "half");
	fakehost_write(f, MODULE "/5.10.0/x86_64/module/mlx5_core.ko", "whole");
	fakehost_write(f, "/var/lib/dkms/mlnx-ofed-kernel/kernel-5.10.0-x86_64/x", "");
	fakehost_write(f, "/var/lib/dkms/another/1/6.1.0/x86_64/module/another.ko", "not ours");
	fakehost_expect_text(f, "dpkg-query", 0, "", QUERY);
	assert_int_equal(heal(f, &cut), 0);
	assert_false(fakehost_exists(f, MODULE "/6.1.0/x86_64"));
	assert_true(fakehost_exists(f, MODULE "/5.10.0/x86_64/module/mlx5_core.ko"));
	assert_true(fakehost_exists(f, MODULE "/source/dkms.conf"));
	assert_true(fakehost_exists(f, "/var/lib/dkms/another/1/6.1.0/x86_64/module/another.ko"));
	fakehost_check_calls(f);
}

/* --- healing after a power cut --- */

#define STATES                                                                                     \
	"installed ok whole:amd64\ninstalled ok cut\nhalf-installed reinstreq half\n"              \
	"not-installed ok never\ninstalled ok older\n"
#define INFO "/var/lib/dpkg/info/"
#define LISTS "/lib/modules/6.1.0/modules.dep"
#define PURGE "--force-remove-reinstreq --force-depends --purge "

/* A machine that went down while dpkg was at work, and is up again. */
static void lose(struct fakehost *f)
{
	fakehost_write(f, OI_JOURNAL_PATH, CUT_IN_A_HURRY);
	fakehost_write(f, OI_RECORD_PATH, RECORD);
	fakehost_write(f, BOOT_ID, "the-next\n");
	fakehost_write(f, INFO "whole:amd64.list", "/.\n/usr/bin/whole\n");
	fakehost_write(f, INFO "whole:amd64.md5sums", "0  usr/bin/whole\n");
	fakehost_write(f, INFO "cut.list", "/.\n/usr/bin/cut\n");
	fakehost_write(f, INFO "cut.md5sums", "0  usr/bin/cut\n");
}

static void test_damaged(void **state)
{
	struct fakehost *f = *state;
	bool cut;

	lose(f);
	fakehost_write(f, LISTS, "");
	fakehost_expect_text(f, "dpkg-query", 0, STATES, QUERY);
	fakehost_expect_text(f, "dpkg", 0, "missing     /usr/share/doc/whole/README\n",
			     "--verify whole:amd64");
	fakehost_expect_text(f, "dpkg", 0, "??5??????   /usr/bin/cut\n", "--verify cut");
	fakehost_expect_text(f, "dpkg", 0, "", PURGE "cut");
	fakehost_expect_text(f, "dpkg", 0, "", CONFIGURE);
	fakehost_expect_text(f, "dpkg-query", 0, "installed ok whole:amd64\n", QUERY);
	fakehost_expect_text(f, "depmod", 0, "", "-a -b * 6.1.0");
	assert_int_equal(heal(f, &cut), 0);
	assert_true(fakehost_logged(f, 'W', "damaged, to be reinstalled: cut"));
	fakehost_check_calls(f);
}

static void test_damaged_cannot_go(void **state)
{
	struct fakehost *f = *state;
	bool cut;

	lose(f);
	fakehost_expect_text(f, "dpkg-query", 0, STATES, QUERY);
	fakehost_expect_text(f, "dpkg", 0, "", "--verify whole:amd64");
	fakehost_expect_text(f, "dpkg", 2, "dpkg: error: input/output\n", "--verify cut");
	fakehost_expect_text(f, "dpkg", 1, "", PURGE "cut");
	assert_int_equal(heal(f, &cut), OI_R_PACKAGES_DAMAGED);
	fakehost_check_calls(f);
}

/* The page cache is still there, and so is everything. */
static void test_same_boot(void **state)
{
	struct fakehost *f = *state;
	bool cut;

	lose(f);
	fakehost_write(f, BOOT_ID, "that-boot\n");
	fakehost_expect_text(f, "dpkg-query", 0, "installed ok whole:amd64\ninstalled ok cut\n", QUERY);
	assert_int_equal(heal(f, &cut), 0);
	fakehost_check_calls(f);
}

/* Each of them is what "cut" says of a file, and whether it counts. */
static void test_signs_of_damage(void **state)
{
	static const struct {
		const char *line;
		const char *path, *text; /* a file that is there; NULL: none */
		bool damaged;
	} cases[] = {
		{ "", NULL, NULL, false },
		{ "missing     /usr/lib/cut.so\n", NULL, NULL, true },
		{ "??5?????? c /etc/cut.conf\n", "/etc/cut.conf", "mine\n", false },
		{ "??5?????? c /etc/cut.conf\n", "/etc/cut.conf", "", true },
		{ "missing   c /etc/cut.conf\n", NULL, NULL, false },
		{ "missing   c /etc/cut.conf\n", "/etc/cut.conf.dpkg-new", "", true },
		{ "missing   c /etc/cut.conf\n", "/etc/cut.conf.dpkg-new", "new\n", false },
		{ "dpkg: warning: /usr is odd\n", NULL, NULL, false },
		{ "", INFO "cut.list", "", true },
		{ "", INFO "cut.md5sums", "", true },
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		struct fakehost *f;
		void *fresh = NULL;
		bool cut;

		assert_int_equal(fakehost_set_up(&fresh), 0);
		f = fresh;
		lose(f);
		fakehost_write(f, LISTS, "");
		if (cases[i].path)
			fakehost_write(f, cases[i].path, cases[i].text);
		fakehost_expect_text(f, "dpkg-query", 0, "installed ok cut\n", QUERY);
		fakehost_expect_text(f, "dpkg", 0, cases[i].line, "--verify cut");
		if (cases[i].damaged)
			fakehost_expect_text(f, "dpkg", 0, "", PURGE "cut");
		fakehost_expect_text(f, "depmod", 0, "", "-a -b * 6.1.0");
		assert_int_equal(heal(f, &cut), 0);
		fakehost_check_calls(f);
		fakehost_tear_down(&fresh);
	}
	(void)state;
}

/* dkms syncs nothing: what it has built and installed in that boot may be empty files. */
static void test_lost_modules(void **state)
{
	static const char link[] = "/var/lib/dkms/mlnx-ofed-kernel/kernel-6.1.0-x86_64/x";
	struct fakehost *f = *state;

	for (int lost = 0; lost < 3; lost++) {
		bool has_lists = lost == 2;
		bool cut;

		lose(f);
		if (has_lists)
			fakehost_write(f, LISTS, "");
		fakehost_write(f, BOOT_ID, lost ? "the-next\n" : "that-boot\n");
		fakehost_write(f, MODULE "/6.1.0/x86_64/module/mlx5_core.ko", "");
		fakehost_write(f, MODULE "/5.10.0/x86_64/module/mlx5_core.ko", "of another kernel");
		fakehost_write(f, link, "");
		fakehost_write(f, "/var/lib/dkms/mlnx-ofed-kernel/kernel-5.10.0-x86_64/x", "");
		fakehost_write(f, "/lib/modules/6.1.0/updates/dkms/mlx5_core.ko", "");
		fakehost_write(f, "/lib/modules/6.1.0/updates/dkms/others.ko", "");
		fakehost_write(f, "/lib/modules/5.10.0/updates/dkms/mlx5_core.ko", "");
		fakehost_expect_text(f, "dpkg-query", 0, "", QUERY);
		if (has_lists)
			fakehost_expect_text(f, "depmod", 0, "", "-a -b * 6.1.0");
		assert_int_equal(heal(f, &cut), 0);
		assert_int_equal(fakehost_exists(f, MODULE "/6.1.0/x86_64"), !lost);
		assert_int_equal(fakehost_exists(f, link), !lost);
		assert_int_equal(fakehost_exists(f, "/lib/modules/6.1.0/updates/dkms/mlx5_core.ko"), !lost);
		assert_true(fakehost_exists(f, "/lib/modules/6.1.0/updates/dkms/others.ko"));
		assert_true(fakehost_exists(f, "/lib/modules/5.10.0/updates/dkms/mlx5_core.ko"));
		assert_true(fakehost_exists(f, MODULE "/5.10.0/x86_64/module/mlx5_core.ko"));
	}
	fakehost_check_calls(f);
}

/* dkms has moved the kernel's own away and was ended before, or after, it had copied all of the vendor's. */
static void test_own_modules_come_back(void **state)
{
	static const char own[] = "/lib/modules/6.1.0/kernel/drivers/net/mlx5_core.ko";
	static const char aside[] = "/var/lib/dkms/mlnx-ofed-kernel/original_module/6.1.0/x86_64/mlx5_core.ko";
	static const char other[] = "/var/lib/dkms/mlnx-ofed-kernel/original_module/5.10.0/x86_64/mlx5_core.ko";
	static const char copied[] = "/lib/modules/6.1.0/updates/dkms/mlx5_core.ko";
	static const char link[] = "/var/lib/dkms/mlnx-ofed-kernel/kernel-6.1.0-x86_64/x";

	for (int lost = 0; lost < 2; lost++) {
		struct fakehost *f;
		void *fresh = NULL;
		OI_FREE char *text = NULL;
		bool cut;

		assert_int_equal(fakehost_set_up(&fresh), 0);
		f = fresh;
		lose(f);
		fakehost_write(f, BOOT_ID, lost ? "the-next\n" : "that-boot\n");
		fakehost_write(f, MODULE "/6.1.0/x86_64/module/mlx5_core.ko", "vendor");
		fakehost_write(f, copied, lost ? "vendor" : "ven");
		if (lost)
			fakehost_write(f, link, "");
		fakehost_write(f, "/lib/modules/6.1.0/modules.order", "kernel/drivers/net/mlx5_core.ko\n");
		fakehost_write(f, aside, "own");
		fakehost_write(f, "/var/lib/dkms/mlnx-ofed-kernel/kernel-5.10.0-x86_64/x", "");
		fakehost_write(f, other, "of another kernel");
		fakehost_expect_text(f, "depmod", 0, "", "-a -b * 6.1.0");
		fakehost_expect_text(f, "dpkg-query", 0, "", QUERY);
		assert_int_equal(heal(f, &cut), 0);
		assert_false(fakehost_exists(f, copied));
		assert_false(fakehost_exists(f, aside));
		text = fakehost_read(f, own);
		assert_non_null(text);
		assert_string_equal(text, "own");
		assert_true(fakehost_exists(f, other));
		fakehost_check_calls(f);
		fakehost_tear_down(&fresh);
	}
	(void)state;
}

static void test_newer_is_refused(void **state)
{
	struct fakehost *f = *state;
	bool cut;

	fakehost_write(f, OI_JOURNAL_PATH, "{\"schema\": 2}");
	assert_int_equal(heal(f, &cut), OI_R_STATE_NEWER);
	fakehost_check_calls(f);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, fakehost_set_up, fakehost_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_steps),
		TEST(test_carried_over),
		TEST(test_versions),
		TEST(test_newer_record),
		TEST(test_boot),
		TEST(test_boot_is_carried_over),
		TEST(test_good_run_leaves_none),
		TEST(test_failed_run),
		TEST(test_failed_before_it_began),
		TEST(test_nothing_to_heal),
		TEST(test_all_is_well),
		TEST(test_dkms_allowed_again),
		TEST(test_dkms_waits_again),
		TEST(test_manuals_allowed_again),
		TEST(test_unpacked),
		TEST(test_reinstall_required),
		TEST(test_dpkg_cannot),
		TEST(test_bundle),
		TEST(test_modules),
		TEST(test_damaged),
		TEST(test_damaged_cannot_go),
		TEST(test_same_boot),
		TEST(test_signs_of_damage),
		TEST(test_lost_modules),
		TEST(test_own_modules_come_back),
		TEST(test_newer_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
