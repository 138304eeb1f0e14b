/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which modules dkms is kept from, and that what somebody else has written there stays. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "execute/state/record.h"
#include "execute/steps/steps.h"
#include "fakehost.h"

#define FOLDER "/etc/dkms"
#define OURS "# ours\nBUILD_EXCLUSIVE_KERNEL=\"^none$\"\n"

/* @names, @optional: divided by blanks */
static void choose(struct fakehost *f, const char *names, const char *optional, const char *modset)
{
	struct oi_execution run = { .ctx = { .host = &f->host, .config = &f->config, .verdict = &f->verdict } };
	struct oi_step *step;
	struct oi_err err;

	oi_verdict_clear(&f->verdict);
	step = oi_verdict_step(&f->verdict, OI_ACTION_MODULES_CHOOSE, "choose-modules", "detail");
	oi_mem_set(&step->choice.folder, FOLDER);
	oi_mem_set(&step->choice.settings, OURS);
	oi_strv_split(&step->choice.left_out, names, " ");
	oi_strv_split(&step->choice.allowed, optional, " ");
	oi_mem_set(&run.modset.file, modset);
	if (oi_step_modules_choose(&run, step, &err))
		fail_msg("%s", err.text);
	oi_mem_set(&run.modset.file, NULL);
}

static void assert_text(struct fakehost *f, const char *path, const char *wanted)
{
	OI_FREE char *seen = fakehost_read(f, path);

	assert_non_null(seen);
	assert_string_equal(seen, wanted);
}

static bool is_noted(struct fakehost *f, const char *path)
{
	OI_CLEANUP(oi_record_clear) struct oi_record record = { 0 };
	struct oi_err err;

	assert_true(oi_record_read(&f->host.change, &record, &err) >= 0);
	for (size_t i = 0; i < record.n_files; i++)
		if (!strcmp(record.files[i].path, path))
			return true;
	return false;
}

static void left_out(void **state)
{
	struct fakehost *f = *state;

	choose(f, "iser srp", "", NULL);
	assert_text(f, FOLDER "/iser.conf", OURS);
	assert_text(f, FOLDER "/srp.conf", OURS);
	assert_true(is_noted(f, FOLDER "/iser.conf")); /* so that uninstall takes it away */
	choose(f, "iser srp", "", NULL);
	assert_text(f, FOLDER "/iser.conf", OURS);
}

static void let_again(void **state)
{
	struct fakehost *f = *state;

	choose(f, "iser srp", "", NULL);
	choose(f, "", "iser srp knem", NULL);
	assert_false(fakehost_exists(f, FOLDER "/iser.conf"));
	assert_false(fakehost_exists(f, FOLDER "/srp.conf"));
}

static void somebody_elses(void **state)
{
	static const char theirs[] = "MAKE[0]=\"make V=1\"\n";
	struct fakehost *f = *state;

	fakehost_write(f, FOLDER "/iser.conf", theirs);
	choose(f, "iser srp", "", NULL);
	assert_text(f, FOLDER "/iser.conf", theirs);
	assert_text(f, FOLDER "/srp.conf", OURS);
	assert_true(fakehost_logged(f, 'I', "iser.conf is not from ofed-init"));
	assert_false(is_noted(f, FOLDER "/iser.conf"));
	choose(f, "", "iser srp", NULL);
	assert_text(f, FOLDER "/iser.conf", theirs);
}

/* From a cache: dkms does not come to this machine. */
static void nothing_compiled(void **state)
{
	struct fakehost *f = *state;

	choose(f, "iser", "", "/var/lib/ofed-init/staging/modules.deb");
	assert_false(fakehost_exists(f, FOLDER));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fakehost_set_up, fakehost_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(left_out),
		TEST(let_again),
		TEST(somebody_elses),
		TEST(nothing_compiled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
