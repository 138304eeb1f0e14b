/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which initramfs is made anew, by whom and when; and what is left when that fails. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "execute/execute.h"
#include "execute/state/record.h"
#include "fakehost.h"
#include "model/reasons.h"

#define KERNEL "6.1.0-50-amd64" /* fakehost's */
#define DEBIANS "/boot/initrd.img-" KERNEL
#define ELS "/boot/initramfs-" KERNEL ".img"
#define SUSES "/boot/initrd-" KERNEL
#define LIST "/lib/modules/" KERNEL "/modules.dep"

/* What was made, in the order of these. */
enum { BEFORE = 1000000000, MODULES, AFTER };

static void write_at(struct fakehost *f, const char *path, const char *text, time_t when)
{
	fakehost_write(f, path, text);
	fakehost_set_time(f, path, when);
}

/* The last step of a bake, whose modules are in place. */
static int bake(struct fakehost *f, const char *initramfs, time_t when, struct oi_err *err)
{
	memset(err, 0, sizeof(*err));
	if (initramfs)
		write_at(f, initramfs, "old", when);
	write_at(f, LIST, "", MODULES);
	oi_verdict_clear(&f->verdict);
	f->verdict.outcome = OI_OUTCOME_READY;
	oi_mem_set(&f->verdict.driver.kernel, KERNEL);
	oi_verdict_step(&f->verdict, OI_ACTION_INITRAMFS_RENEW, "renew-initramfs", "detail");
	return oi_execute_plan(&f->host, &f->config, &f->verdict, NULL, err);
}

/* A tool that does as asked: writes to @path of the scratch root. */
static void expect_tool(struct fakehost *f, const char *tool, const char *path, const char *arguments)
{
	OI_FREE char *name = oi_root_name(&f->host.change, path);
	OI_FREE char *script = oi_mem_printf("echo new >%s", name);

	fakehost_expect_run(f, tool, 0, script, arguments);
}

static void assert_content(struct fakehost *f, const char *path, const char *wanted)
{
	OI_FREE char *seen = fakehost_read(f, path);

	assert_non_null(seen);
	assert_string_equal(seen, wanted);
}

static void by_initramfs_tools(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	expect_tool(f, "update-initramfs", DEBIANS, "-u -k " KERNEL);
	assert_int_equal(bake(f, DEBIANS, BEFORE, &err), 0);
	assert_content(f, DEBIANS, "new\n");
	assert_true(fakehost_logged(f, 'I', DEBIANS " was rebuilt"));
	fakehost_check_calls(f);
}

static void by_dracut(void **state)
{
	static const char *const paths[] = { ELS, SUSES };
	struct fakehost *f = *state;
	struct oi_err err;

	for (size_t i = 0; i < OI_ARRAY_SIZE(paths); i++) {
		OI_FREE char *beside = oi_mem_printf("%s.ofed-init", paths[i]);
		OI_FREE char *arguments =
			oi_mem_printf("--force --no-hostonly */root%s " KERNEL, beside);

		expect_tool(f, "dracut", beside, arguments);
		assert_int_equal(bake(f, paths[i], BEFORE, &err), 0);
		assert_content(f, paths[i], "new\n");
		assert_false(fakehost_exists(f, beside));
		assert_int_equal(oi_root_remove(&f->host.change, paths[i], &err), 0);
	}
	fakehost_check_calls(f);
}

static void none_there(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	fakehost_write(f, "/boot/initrd.img-6.1.0-49-amd64", "of another kernel");
	assert_int_equal(bake(f, NULL, 0, &err), 0);
	assert_true(fakehost_logged(f, 'I', "there is none for " KERNEL));
	fakehost_check_calls(f);
}

static void nobody_makes_one(void **state)
{
	struct fakehost *f = *state;
	struct oi_tools here;
	struct oi_err err;

	oi_tools_find(&here);
	if (here.path[OI_TOOL_DRACUT])
		skip(); /* a tool that has come since the start is taken */
	f->host.tools.path[OI_TOOL_DRACUT] = NULL;
	assert_int_equal(bake(f, ELS, BEFORE, &err), 0);
	assert_true(fakehost_logged(f, 'W', "install dracut"));
	assert_content(f, ELS, "old");
	fakehost_check_calls(f);
}

/* update_initramfs=no of its configuration ends with 0, too. */
static void left_as_it_is(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	fakehost_expect(f, "update-initramfs", 0, NULL, "-u -k " KERNEL);
	assert_int_equal(bake(f, DEBIANS, BEFORE, &err), 0);
	assert_true(fakehost_logged(f, 'W', DEBIANS " was left as it is"));
	fakehost_check_calls(f);
}

static void a_failure_leaves_no_marker(void **state)
{
	static const struct { const char *tool, *path, *arguments; } of[] = {
		{ "update-initramfs", DEBIANS, "-u -k " KERNEL },
		{ "dracut", ELS, "--force *" },
	};
	struct fakehost *f = *state;
	struct oi_err err;

	for (size_t i = 0; i < OI_ARRAY_SIZE(of); i++) {
		write_at(f, OI_BAKED_MARKER, "{\"kernel\": \"" KERNEL "\"}", BEFORE);
		fakehost_expect_run(f, of[i].tool, 1, "echo 'No space left on device'",
				    of[i].arguments);
		assert_int_equal(bake(f, of[i].path, BEFORE, &err), -1);
		assert_int_equal(err.code, OI_R_INITRAMFS);
		assert_non_null(strstr(err.text, of[i].path));
		assert_true(fakehost_logged(f, 'I', "No space left on device"));
		assert_content(f, of[i].path, "old");
		assert_false(fakehost_exists(f, OI_BAKED_MARKER));
		assert_int_equal(oi_root_remove(&f->host.change, of[i].path, &err), 0);
	}
	assert_false(fakehost_exists(f, ELS ".ofed-init"));
	fakehost_check_calls(f);
}

/* Only a bake that came to its end, after the modules and for this kernel, spares another one. */
static void not_a_second_time(void **state)
{
	static const struct { const char *marker; time_t marked, made; bool again; } of[] = {
		{ "{\"kernel\": \"" KERNEL "\"}", AFTER, AFTER, false },
		{ "{\"kernel\": \"" KERNEL "\"}", AFTER, BEFORE, true },
		{ "{\"kernel\": \"" KERNEL "\"}", BEFORE, AFTER, true }, /* made beside an installation */
		{ "{\"kernel\": \"6.1.0-49-amd64\"}", AFTER, AFTER, true },
		{ "{}", AFTER, AFTER, true },
		{ "{", AFTER, AFTER, true },
		{ NULL, 0, AFTER, true },
	};
	struct fakehost *f = *state;
	struct oi_err err;

	for (size_t i = 0; i < OI_ARRAY_SIZE(of); i++) {
		if (of[i].marker)
			write_at(f, OI_BAKED_MARKER, of[i].marker, of[i].marked);
		if (of[i].again)
			expect_tool(f, "update-initramfs", DEBIANS, "-u -k " KERNEL);
		assert_int_equal(bake(f, DEBIANS, of[i].made, &err), 0);
		assert_content(f, DEBIANS, of[i].again ? "new\n" : "old");
		assert_int_equal(fakehost_exists(f, OI_BAKED_MARKER), !of[i].again);
	}
	assert_true(fakehost_logged(f, 'I', "by an earlier bake: it stays"));
	fakehost_check_calls(f);
}

/* uninstall is to know: but of a driver that others installed it knows nothing. */
static void it_is_noted(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_record_clear) struct oi_record record = { 0 };
	struct oi_err err;

	expect_tool(f, "update-initramfs", DEBIANS, "-u -k " KERNEL);
	assert_int_equal(bake(f, DEBIANS, BEFORE, &err), 0);
	assert_int_equal(oi_record_read(&f->host.change, &record, &err), 1);
	assert_int_equal(oi_record_note_repository(&f->host.change, "doca-host", &err), 0);
	expect_tool(f, "update-initramfs", DEBIANS, "-u -k " KERNEL);
	assert_int_equal(bake(f, DEBIANS, BEFORE, &err), 0);
	assert_int_equal(oi_record_read(&f->host.change, &record, &err), 0);
	assert_int_equal(record.initramfs.n, 1);
	assert_string_equal(record.initramfs.v[0], KERNEL);
	fakehost_check_calls(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fakehost_set_up, fakehost_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(by_initramfs_tools),
		TEST(by_dracut),
		TEST(none_there),
		TEST(nobody_makes_one),
		TEST(left_as_it_is),
		TEST(a_failure_leaves_no_marker),
		TEST(not_a_second_time),
		TEST(it_is_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
