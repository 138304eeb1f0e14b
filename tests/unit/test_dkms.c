/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dkms says, in its old and new words; and what is made of modules that are not there. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "execute/modules/background.h"
#include "execute/modules/compile.h"
#include "execute/modules/depmod.h"
#include "execute/modules/dkms.h"
#include "execute/modules/make_log.h"
#include "fakehost.h"
#include "model/reasons.h"

#define KERNEL "6.1.0-50-amd64"

static void test_words(void **state)
{
	static const struct {
		const char *text;
		const char *name, *version;
		bool installed;
	} cases[] = {
		/* dkms 3 */
		{ "mlnx-ofed-kernel/25.10.OFED.25.10.1.2.8.1, " KERNEL ", x86_64: installed",
		  "mlnx-ofed-kernel", "25.10.OFED.25.10.1.2.8.1", true },
		{ "srp/25.10, " KERNEL ", x86_64: installed (original_module exists)", "srp", "25.10", true },
		{ "srp/25.10, " KERNEL ", x86_64: installed (WARNING! Diff between built and installed "
		  "module!)", "srp", "25.10", true },
		{ "srp/25.10, " KERNEL ", x86_64: built", "srp", "25.10", false },
		{ "srp/25.10: added", "srp", "25.10", false },
		{ "srp/25.10, 6.1.0-49-amd64, x86_64: installed", "srp", "25.10", false },
		{ "srp/25.10, 6.1.0-50-amd64-extra, x86_64: installed", "srp", "25.10", false },
		{ "srp/25.10, " KERNEL ", x86_64: installed-weak from 6.1", "srp", "25.10", true },
		/* dkms 2 */
		{ "mlnx-ofed-kernel, 5.9, " KERNEL ", x86_64: installed", "mlnx-ofed-kernel", "5.9", true },
		{ "mlnx-ofed-kernel, 5.9: added", "mlnx-ofed-kernel", "5.9", false },
		{ "mlnx-ofed-kernel, 5.9, 5.4.0-1109-azure, x86_64: installed", "mlnx-ofed-kernel", "5.9",
		  false },
		/* an installed one before a newer one */
		{ "srp/2.0: added\nsrp/1.0, " KERNEL ", x86_64: installed\nsrp/3.0: added", "srp", "1.0",
		  true },
		{ "srp/9.0: added\nsrp/10.0: added", "srp", "10.0", false },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		struct oi_dkms_modules modules = { 0 };

		oi_dkms_parse(cases[i].text, KERNEL, &modules);
		if (modules.n != 1 || strcmp(modules.v[0].name, cases[i].name) != 0 ||
		    strcmp(modules.v[0].version, cases[i].version) != 0 ||
		    modules.v[0].installed != cases[i].installed)
			fail_msg("case %zu: %s", i, cases[i].text);
		oi_dkms_modules_clear(&modules);
	}
}

static void test_no_words(void **state)
{
	static const char *const texts[] = { "", "\n\n", "Error! something: wrong", ": installed" };

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(texts); i++) {
		struct oi_dkms_modules modules = { 0 };

		oi_dkms_parse(texts[i], KERNEL, &modules);
		assert_int_equal(modules.n, 0);
		oi_dkms_modules_clear(&modules);
	}
}

static struct oi_step *the_step(struct fakehost *f, const char *names, const char *optional)
{
	struct oi_step *step = oi_verdict_step(&f->verdict, OI_ACTION_MODULE_CHECK, "check", "x");

	oi_strv_split(&step->built.dkms, names, " ");
	oi_strv_split(&step->built.optional, optional, " ");
	return step;
}

static void test_all_there(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	fakehost_expect_text(f, "dkms", 0,
			     "mlnx-ofed-kernel/25.10, " KERNEL ", x86_64: installed\n"
			     "other/1.0: added\n",
			     "status");
	assert_int_equal(oi_dkms_check(&f->host, KERNEL, the_step(f, "mlnx-ofed-kernel", "iser srp"),
				       &err), 0);
	fakehost_check_calls(f);
}

/* A killed depmod is nothing to dkms, but modprobe goes by what depmod has written. */
static void test_depmod_was_cut_off(void **state)
{
	static const char installed[] = "mlnx-ofed-kernel/25.10, " KERNEL ", x86_64: installed\n";
	struct fakehost *f = *state;
	struct oi_step *step = the_step(f, "mlnx-ofed-kernel", "");
	struct oi_err err;

	fakehost_write(f, "/lib/modules/" KERNEL "/kernel/mlx5_core.ko", "");
	fakehost_write(f, "/lib/modules/" KERNEL "/updates/dkms/mlx5_core.ko", "");
	fakehost_write(f, "/lib/modules/" KERNEL "/modules.dep", "kernel/mlx5_core.ko:\n");
	fakehost_expect_text(f, "dkms", 0, installed, "status");
	fakehost_expect(f, "depmod", 0, NULL, "-a -b * " KERNEL);
	if (oi_dkms_check(&f->host, KERNEL, step, &err))
		fail_msg("%s", err.text);
	assert_true(fakehost_logged(f, 'W', "updating it"));
	fakehost_write(f, "/lib/modules/" KERNEL "/modules.dep", "updates/dkms/mlx5_core.ko:\n");
	fakehost_expect_text(f, "dkms", 0, installed, "status");
	assert_int_equal(oi_dkms_check(&f->host, KERNEL, step, &err), 0);
	fakehost_check_calls(f);
}

static void test_lists_of_two_ages(void **state)
{
	static const char *const kept[] = { "modules.dep", "modules.builtin.bin", "modules.1.2.3.bin",
					    "modules.x.1.2", "mine.1.2.3" };
	struct fakehost *f = *state;

	for (size_t i = 0; i < OI_ARRAY_SIZE(kept); i++) {
		OI_FREE char *path = oi_mem_printf("/lib/modules/" KERNEL "/%s", kept[i]);

		fakehost_write(f, path, "");
	}
	oi_depmod_heal(&f->host, KERNEL); /* nothing was cut off */
	fakehost_write(f, "/lib/modules/" KERNEL "/modules.builtin.bin.1718.426876.1795376351", "");
	fakehost_write(f, "/lib/modules/" KERNEL "/modules.softdep.1718.426876.1795376351", "");
	fakehost_write(f, "/lib/modules/" KERNEL "/modules.dep.1719.426876.1795376351", "");
	fakehost_write(f, "/proc/1718/comm", "bash\n");
	fakehost_write(f, "/proc/1719/comm", "depmod\n");
	fakehost_expect(f, "depmod", 0, NULL, "-a -b * " KERNEL);
	oi_depmod_heal(&f->host, KERNEL);
	assert_true(fakehost_exists(f, "/lib/modules/" KERNEL "/modules.dep.1719.426876.1795376351"));
	assert_false(fakehost_exists(f, "/lib/modules/" KERNEL "/modules.softdep.1718.426876.1795376351"));
	for (size_t i = 0; i < OI_ARRAY_SIZE(kept); i++) {
		OI_FREE char *path = oi_mem_printf("/lib/modules/" KERNEL "/%s", kept[i]);

		assert_true(fakehost_exists(f, path));
	}
	oi_depmod_heal(&f->host, KERNEL); /* nothing is left of it */
	fakehost_check_calls(f);
}

static void test_jobs_that_fit(void **state OI_UNUSED)
{
	assert_int_equal(oi_compile_jobs(120, 448 * (INT64_C(1) << 30)), 120);
	assert_int_equal(oi_compile_jobs(16, 4 * (INT64_C(1) << 30)), 8);
	assert_int_equal(oi_compile_jobs(2, INT64_C(1) << 30), 2);
	assert_int_equal(oi_compile_jobs(2, (INT64_C(1) << 30) - 1), 1);
	assert_int_equal(oi_compile_jobs(2, 0), 1);
}

static void test_little_memory(void **state)
{
	struct fakehost *f = *state;
	struct oi_child child = { 0 };

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return; /* one core has nothing to share */
	oi_compile_prepare(&f->host, NULL, &child);
	assert_int_equal(child.env.n, 0); /* nothing is known */
	fakehost_write(f, "/proc/meminfo", "MemTotal: 9999999999 kB\nMemAvailable: 9999999999 kB\n");
	oi_compile_prepare(&f->host, NULL, &child);
	assert_int_equal(child.env.n, 0);
	fakehost_write(f, "/proc/meminfo", "MemTotal:  2000000 kB\nMemAvailable:    600000 kB\n");
	child.tool = OI_TOOL_APT_GET;
	oi_compile_prepare(&f->host, NULL, &child);
	assert_int_equal(child.env.n, 1);
	assert_string_equal(child.env.v[0], "parallel_jobs=1");
	oi_child_clear(&child);
}

/* What a shell says to a command below dkms; owned by the caller. */
static char *said_below(const struct oi_child *dkms, const char *command)
{
	OI_FREE char *whole = NULL;
	OI_CLEANUP(oi_buf_clear) struct oi_buf env = { 0 };
	char text[512];
	FILE *out;
	size_t len;

	for (size_t i = 0; i < dkms->env.n; i++)
		oi_buf_addf(&env, "export '%s'; ", dkms->env.v[i]);
	whole = oi_mem_printf("ulimit -t 5; %s %s 2>&1", oi_buf_str(&env), command);
	out = popen(whole, "r");
	assert_non_null(out);
	len = fread(text, 1, sizeof(text) - 1, out);
	text[len] = '\0';
	pclose(out);
	return oi_mem_dup(text);
}

/* The vendor's scripts count the cores, each version in one of these words. */
static void test_cores_that_fit(void **state)
{
	static const struct {
		const char *command;
		const char *said;
	} row[] = {
		{ "grep ^processor /proc/cpuinfo | wc -l", "1\n" },
		{ "grep -c ^processor /proc/cpuinfo", "1\n" },
		{ "grep 'processor' /proc/cpuinfo | wc -l", "1\n" },
		{ "PATH=/nowhere:$PATH; grep ^processor /proc/cpuinfo | wc -l", "1\n" },
		{ "MLXNUMC=$(grep ^processor /proc/cpuinfo | wc -l) && echo $(($MLXNUMC<16?$MLXNUMC:16))", "1\n" },
		{ "printf 'processor a\\nprocessor b\\n' | grep -c processor", "2\n" },
		{ "printf 'a b\\nc\\n' | PATH=/nowhere:$PATH grep -v 'a b'", "c\n" },
		{ "grep -q nothing /dev/null; echo $?", "1\n" },
	};
	struct fakehost *f = *state;
	struct oi_child child = { .tool = OI_TOOL_DKMS };

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return; /* one core has nothing to share */
	fakehost_write(f, "/proc/meminfo", "MemTotal:  2000000 kB\nMemAvailable:    600000 kB\n");
	oi_compile_prepare(&f->host, NULL, &child);
	for (size_t i = 0; i < OI_ARRAY_SIZE(row); i++) {
		OI_FREE char *said = said_below(&child, row[i].command);

		if (strcmp(said, row[i].said) != 0)
			fail_msg("%s: %s", row[i].command, said);
	}
	oi_child_clear(&child);
	oi_compile_end(&f->host);
	assert_false(fakehost_exists(f, OI_COMPILE_DIR));
	oi_compile_end(&f->host); /* and once more */
}

/* What the one dkms of @f is told in its environment of KERNEL's compiler; NULL: nothing. */
static const char *flags_of(struct fakehost *f, struct oi_child *child)
{
	oi_child_clear(child);
	oi_compile_prepare(&f->host, KERNEL, child);
	for (size_t i = 0; i < child->env.n; i++)
		if (!strncmp(child->env.v[i], "KCFLAGS=", 8))
			return child->env.v[i] + 8;
	return NULL;
}

static void test_debug_information(void **state)
{
	static const char config[] = "/lib/modules/" KERNEL "/build/include/config/auto.conf";
	static const char vmlinux[] = "/lib/modules/" KERNEL "/build/vmlinux";
	struct fakehost *f = *state;
	struct oi_child child = { 0 };
	struct oi_err err;

	assert_null(flags_of(f, &child)); /* the headers are not there yet */
	fakehost_write(f, config, "CONFIG_DEBUG_INFO=y\nCONFIG_MODVERSIONS=y\n");
	assert_string_equal(flags_of(f, &child), "-g0");
	/* BTF is made of it */
	fakehost_write(f, vmlinux, "");
	assert_null(flags_of(f, &child));
	assert_int_equal(oi_root_remove(&f->host.change, vmlinux, &err), 0);
	assert_string_equal(flags_of(f, &child), "-g0");
	/* versions of symbols are */
	fakehost_write(f, config, "CONFIG_DEBUG_INFO=y\nCONFIG_GENDWARFKSYMS=y\n");
	assert_null(flags_of(f, &child));
	oi_child_clear(&child);
}

static void test_built_now(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	/* the main one first, though dkms names it last */
	fakehost_expect_text(f, "dkms", 0, "iser/25.10: added\nmlnx-ofed-kernel/25.10: added\n",
			     "status");
	fakehost_expect(f, "dkms", 0, NULL, "install -m mlnx-ofed-kernel -v 25.10 -k " KERNEL);
	fakehost_expect(f, "dkms", 0, NULL, "install -m iser -v 25.10 -k " KERNEL);
	fakehost_expect_text(f, "dkms", 0,
			     "iser/25.10, " KERNEL ", x86_64: installed\n"
			     "mlnx-ofed-kernel/25.10, " KERNEL ", x86_64: installed\n",
			     "status");
	if (oi_dkms_check(&f->host, KERNEL, the_step(f, "mlnx-ofed-kernel", "iser srp"), &err))
		fail_msg("%s", err.text);
	assert_true(fakehost_logged(f, 'I', "mlnx-ofed-kernel/25.10 is not installed"));
	fakehost_check_calls(f);
}

/* What was taken back once is known again when somebody tries again. */
static void test_added_again(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	fakehost_write(f, "/usr/src/mlnx-ofed-kernel-25.10/dkms.conf", "");
	fakehost_write(f, "/usr/src/iser-25.10/dkms.conf", "");
	fakehost_write(f, "/usr/src/srp-25.10/srp.c", "");
	fakehost_write(f, "/usr/src/mlnx-ofed-kernels-9/dkms.conf", "");
	fakehost_expect_text(f, "dkms", 0, "other/1.0: added\n", "status");
	fakehost_expect(f, "dkms", 0, NULL, "add -m mlnx-ofed-kernel -v 25.10");
	fakehost_expect(f, "dkms", 0, NULL, "add -m iser -v 25.10");
	fakehost_expect_text(f, "dkms", 0,
			     "mlnx-ofed-kernel/25.10, " KERNEL ", x86_64: installed\n"
			     "iser/25.10, " KERNEL ", x86_64: installed\n",
			     "status");
	if (oi_dkms_check(&f->host, KERNEL, the_step(f, "mlnx-ofed-kernel", "iser srp"), &err))
		fail_msg("%s", err.text);
	fakehost_check_calls(f);
}

/* The driver was compiled beside the packages, and nobody has told dkms of the others. */
static void test_others_added(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	fakehost_write(f, "/usr/src/iser-25.10/dkms.conf", "");
	fakehost_expect_text(f, "dkms", 0, "mlnx-ofed-kernel/25.10, " KERNEL ", x86_64: installed\n",
			     "status");
	fakehost_expect(f, "dkms", 0, NULL, "add -m iser -v 25.10");
	fakehost_expect_text(f, "dkms", 0,
			     "mlnx-ofed-kernel/25.10, " KERNEL ", x86_64: installed\n"
			     "iser/25.10: added\n",
			     "status");
	fakehost_expect(f, "dkms", 0, NULL, "install -m iser -v 25.10 -k " KERNEL);
	fakehost_expect_text(f, "dkms", 0,
			     "mlnx-ofed-kernel/25.10, " KERNEL ", x86_64: installed\n"
			     "iser/25.10, " KERNEL ", x86_64: installed\n",
			     "status");
	if (oi_dkms_check(&f->host, KERNEL, the_step(f, "mlnx-ofed-kernel", "iser srp"), &err))
		fail_msg("%s", err.text);
	fakehost_check_calls(f);
}

static void expect_failure(struct fakehost *f)
{
	fakehost_expect_text(f, "dkms", 0, "mlnx-ofed-kernel/25.10: added\n", "status");
	fakehost_expect_text(f, "dkms", 10, "Error! Bad return status for module build\n",
			     "install -m mlnx-ofed-kernel *");
	fakehost_expect_text(f, "dkms", 0, "mlnx-ofed-kernel/25.10: added\n", "status");
}

static void test_build_fails(void **state)
{
	struct fakehost *f = *state;
	struct oi_buf log = { 0 };
	struct oi_err err;
	size_t lines = 0;

	for (int i = 1; i <= 40; i++)
		oi_buf_addf(&log, "line %d\n", i);
	fakehost_write(f, "/var/lib/dkms/mlnx-ofed-kernel/25.10/build/make.log", oi_buf_str(&log));
	oi_buf_clear(&log);
	expect_failure(f);
	assert_int_equal(oi_dkms_check(&f->host, KERNEL, the_step(f, "mlnx-ofed-kernel", ""), &err),
			 -1);
	assert_int_equal(err.code, OI_R_DKMS_FAILED);
	assert_non_null(strstr(err.text, "mlnx-ofed-kernel/25.10"));
	for (size_t i = 0; i < f->log.n; i++)
		lines += strstr(f->log.v[i], "dkms: | line ") != NULL;
	assert_int_equal(lines, 30);
	assert_true(fakehost_logged(f, 'I', "| line 40"));
	assert_false(oi_strv_has(&f->log, "I dkms: | line 10"));
	assert_true(oi_strv_has(&f->log, "I dkms: | line 11"));
	fakehost_check_calls(f);
}

static void test_log_of_newer_dkms(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	fakehost_write(f, "/var/lib/dkms/mlnx-ofed-kernel/25.10/" KERNEL "/x86_64/log/make.log",
		       "error: here\n");
	expect_failure(f);
	assert_int_equal(oi_dkms_check(&f->host, KERNEL, the_step(f, "mlnx-ofed-kernel", ""), &err),
			 -1);
	assert_true(fakehost_logged(f, 'I', "| error: here"));
	fakehost_check_calls(f);
}

static void test_unknown_module(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	fakehost_expect_text(f, "dkms", 0, "nvidia/550, " KERNEL ", x86_64: installed\n", "status");
	assert_int_equal(oi_dkms_check(&f->host, KERNEL, the_step(f, "mlnx-ofed-kernel", "iser"), &err),
			 -1);
	assert_int_equal(err.code, OI_R_DKMS_FAILED);
	assert_non_null(strstr(err.text, "knows no module mlnx-ofed-kernel"));
	fakehost_check_calls(f);
}

static void test_nothing_known(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	fakehost_expect(f, "dkms", 0, NULL, "status");
	assert_int_equal(oi_dkms_check(&f->host, KERNEL, the_step(f, "", ""), &err), -1);
	assert_int_equal(err.code, OI_R_DKMS_FAILED);
	assert_non_null(strstr(err.text, "no module at all"));
	fakehost_check_calls(f);
}

static void test_dkms_itself_fails(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	fakehost_expect_text(f, "dkms", 1, "Error! no tree\n", "status");
	assert_int_equal(oi_dkms_check(&f->host, KERNEL, the_step(f, "mlnx-ofed-kernel", ""), &err),
			 -1);
	assert_int_equal(err.code, OI_R_CHILD_FAILED);
	fakehost_check_calls(f);
}

/* Killed between building and installing, as for want of memory: a module may be there by half. */
static void test_compiler_killed(void **state)
{
	static const char built[] = "/var/lib/dkms/mlnx-ofed-kernel/25.10/" KERNEL "/x86_64";
	struct fakehost *f = *state;
	const struct oi_step *step = the_step(f, "mlnx-ofed-kernel", "");
	OI_FREE char *module = oi_mem_printf("%s/module/mlx5_core.ko", built);

	for (int killed = 0; killed < 2; killed++) {
		fakehost_write(f, "/usr/src/mlnx-ofed-kernel-25.10/dkms.conf", "");
		fakehost_write(f, module, "half");
		fakehost_expect_run(f, "dkms", 8, killed ? "kill -9 $PPID" : "exit 0",
				    "install -m mlnx-ofed-kernel -v 25.10 -k " KERNEL);
		oi_dkms_build(&f->host, KERNEL, step, true);
		assert_int_equal(fakehost_exists(f, built), !killed);
	}
	fakehost_check_calls(f);
}

/* --- which source --- */

#define SRC "/usr/src/mlnx-ofed-kernel-"

/* An image may have left another one, older or newer, with or without a package. */
static void test_source_of_now(void **state)
{
	static const struct {
		const char *versions; /* below /usr/src */
		const char *packaged; /* of them */
		const char *wanted;
	} cases[] = {
		{ "25.10", "", "25.10" },
		{ "5.9 25.10", "25.10", "25.10" },
		{ "23.10 5.9", "5.9", "5.9" },
		{ "10.0 9.0", "", "10.0" },
		{ "10.0 9.0", "10.0 9.0", "10.0" },
		{ "modules-26 25.10", "", "25.10" },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv versions = { 0 };
		OI_CLEANUP(oi_strv_clear) struct oi_strv packaged = { 0 };
		OI_CLEANUP(oi_buf_clear) struct oi_buf list = { 0 };
		OI_FREE char *pattern = oi_mem_printf("install -m mlnx-ofed-kernel -v %s -k " KERNEL, cases[i].wanted);
		struct fakehost *f;
		void *fresh = NULL;

		assert_int_equal(fakehost_set_up(&fresh), 0);
		f = fresh;
		oi_strv_split(&versions, cases[i].versions, " ");
		oi_strv_split(&packaged, cases[i].packaged, " ");
		for (size_t v = 0; v < versions.n; v++) {
			OI_FREE char *conf = oi_mem_printf(SRC "%s/dkms.conf", versions.v[v]);

			fakehost_write(f, conf, "");
		}
		oi_buf_adds(&list, "/.\n/usr/src\n");
		for (size_t v = 0; v < packaged.n; v++)
			oi_buf_addf(&list, SRC "%s/dkms.conf\n", packaged.v[v]);
		fakehost_write(f, "/var/lib/dpkg/info/mlnx-ofed-kernel-dkms.list", oi_buf_str(&list));
		fakehost_expect(f, "dkms", 0, NULL, pattern);
		oi_dkms_build(&f->host, KERNEL, the_step(f, "mlnx-ofed-kernel", ""), true);
		fakehost_check_calls(f);
		fakehost_tear_down(&fresh);
	}
}

/* One that is installed from an image's older source is no sign that the newer one is. */
static void test_older_is_installed(void **state)
{
	static const char older[] = "mlnx-ofed-kernel/5.9, " KERNEL ", x86_64: installed\n";
	static const char both[] = "mlnx-ofed-kernel/5.9: added\n"
				   "mlnx-ofed-kernel/25.10, " KERNEL ", x86_64: installed\n";
	struct fakehost *f = *state;
	OI_FREE char *all = oi_mem_printf("%smlnx-ofed-kernel/25.10: added\n", older);
	struct oi_step *step = the_step(f, "mlnx-ofed-kernel", "");
	struct oi_err err;

	fakehost_write(f, SRC "5.9/dkms.conf", "");
	fakehost_write(f, SRC "25.10/dkms.conf", "");
	fakehost_write(f, "/var/lib/dpkg/info/mlnx-ofed-kernel-dkms.list", "/.\n" SRC "25.10/dkms.conf\n");
	fakehost_expect_text(f, "dkms", 0, all, "status");
	fakehost_expect(f, "dkms", 0, NULL, "install -m mlnx-ofed-kernel -v 25.10 -k " KERNEL);
	fakehost_expect_text(f, "dkms", 0, both, "status");
	assert_int_equal(oi_dkms_check(&f->host, KERNEL, step, &err), 0);
	/* when dkms knows nothing of the one that counts, neither */
	fakehost_expect_text(f, "dkms", 0, older, "status");
	fakehost_expect(f, "dkms", 0, NULL, "add -m mlnx-ofed-kernel -v 25.10");
	fakehost_expect_text(f, "dkms", 0, all, "status");
	fakehost_expect(f, "dkms", 0, NULL, "install -m mlnx-ofed-kernel -v 25.10 -k " KERNEL);
	fakehost_expect_text(f, "dkms", 0, both, "status");
	assert_int_equal(oi_dkms_check(&f->host, KERNEL, step, &err), 0);
	fakehost_check_calls(f);
}

/* --- make.log --- */

static void test_errors(void **state)
{
	static const struct {
		const char *text;
		const char *wanted; /* joined by a bar */
	} cases[] = {
		{ "checking x\n+ echo '*** Error 1 error: x'\n", "" },
		{ "a.c:1: warning: x\na.c:2:3: error: no member y\nmake[2]: *** [Makefile:1: a.o] Error 1\n"
		  "++ sed -e s\n+ error: no\n",
		  "a.c:2:3: error: no member y|make[2]: *** [Makefile:1: a.o] Error 1" },
		{ "configure: error: no kernel\n+ make\n", "configure: error: no kernel" },
		{ "ERROR: modpost: \"x\" [y.ko] undefined!\n", "ERROR: modpost: \"x\" [y.ko] undefined!" },
		{ "1 error: a\n2 error: a\n3 error: a\n4 error: a\n5 error: a\n6 error: a\n7 error: a\n8 error: a\n"
		  "9 error: a\nmake: *** [x] Error 2\nmake: *** [y] Error 2\nlater error: b\n",
		  "2 error: a|3 error: a|4 error: a|5 error: a|6 error: a|7 error: a|8 error: a|9 error: a|"
		  "make: *** [x] Error 2|make: *** [y] Error 2|later error: b" },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
		OI_FREE char *joined = NULL;

		oi_make_log_errors(cases[i].text, &lines);
		joined = oi_strv_join(&lines, "|");
		assert_string_equal(joined, cases[i].wanted);
	}
}

/* The vendor's build goes on after make, and its trace is longer than what is shown of the end. */
static void test_errors_before_the_end(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_buf_clear) struct oi_buf log = { 0 };
	struct oi_err err;

	oi_buf_adds(&log, "mlx5_core.c:7:2: error: unknown field\nmake[1]: *** [mlx5_core.o] Error 1\n");
	for (int i = 0; i < 60; i++)
		oi_buf_adds(&log, "+ read -r line\n");
	fakehost_write(f, "/var/lib/dkms/mlnx-ofed-kernel/25.10/build/make.log", oi_buf_str(&log));
	for (int i = 0; i < 2; i++) {
		fakehost_expect_text(f, "dkms", 0, "mlnx-ofed-kernel/25.10: added\n", "status");
		if (!i)
			fakehost_expect(f, "dkms", 10, NULL, "install *");
	}
	assert_int_equal(oi_dkms_check(&f->host, KERNEL, the_step(f, "mlnx-ofed-kernel", ""), &err), -1);
	assert_int_equal(err.code, OI_R_DKMS_FAILED);
	assert_non_null(strstr(err.text, "mlnx-ofed-kernel/25.10; mlx5_core.c:7:2: error: unknown field"));
	assert_true(fakehost_logged(f, 'I', "| mlx5_core.c:7:2: error: unknown field"));
	fakehost_check_calls(f);
}

/* --- the dkms that packages' scripts get --- */

/* Runs it as a script would, before the real one in PATH: what it and the real one have said; owned by the caller. */
static char *script_says(struct fakehost *f, const char *before, const char *words)
{
	OI_FREE char *command = oi_mem_printf(
		"cd %s && ulimit -t 5 && PATH=%s$PWD/var/lib/ofed-init/apt/scripts:$PWD/bin:$PATH"
		" OFED_INIT_COMPILES='mlnx-ofed-kernel-dkms kernel-mft-dkms' sh -c 'dkms %s' 2>&1; echo $?",
		f->host.change.path, before, words);
	char text[512];
	FILE *out = popen(command, "r");
	size_t len;

	assert_non_null(out);
	len = fread(text, 1, sizeof(text) - 1, out);
	text[len] = '\0';
	assert_int_equal(pclose(out), 0);
	return oi_mem_dup(text);
}

static void test_script(void **state)
{
	static const char *const left[] = {
		"add -m mlnx-ofed-kernel -v 25.10", "build -m mlnx-ofed-kernel -v 25.10 -k " KERNEL " -a x86_64",
		"install -m mlnx-ofed-kernel -v 25.10 -k " KERNEL " --force", "install --force mlnx-ofed-kernel/25.10",
		"-m kernel-mft-dkms -v 4 build", "add mlnx-ofed-kernel/25.10 -k 1", "build -m=mlnx-ofed-kernel/25.10",
	};
	static const char *const passed[] = {
		"build -m zfs -v 2.1", "install zfs/2.1", "install -m zfs -v mlnx-ofed-kernel", "autoinstall -k 1",
		"status", "status -m mlnx-ofed-kernel", "remove -m mlnx-ofed-kernel -v 25.10 --all",
		"add /usr/src/mlnx-ofed-kernel-25.10", "--version", "build -m mlnx-ofed", "build", "",
		"ldtarball --archive build", "build -m mlnx-ofed-kernel-dkms-extra -v 1",
	};
	struct fakehost *f = *state;
	OI_FREE char *real = oi_mem_printf("%s/bin/dkms", f->host.change.path);
	struct oi_err err;

	assert_int_equal(oi_build_defer(&f->host, &err), 0);
	fakehost_write(f, "/bin/dkms", "#!/bin/sh\necho \"real: $#: $*\"\n"
				       "case $PATH in *ofed-init/apt*) echo in a circle ;; esac\nexit 5\n");
	assert_int_equal(chmod(real, 0755), 0);
	for (size_t i = 0; i < OI_ARRAY_SIZE(left); i++) {
		OI_FREE char *said = script_says(f, i % 2 ? "/nowhere:" : "", left[i]);

		if (!strstr(said, " is left to ofed-init\n0\n") || strstr(said, "real"))
			fail_msg("%s: %s", left[i], said);
	}
	for (size_t i = 0; i < OI_ARRAY_SIZE(passed); i++) {
		OI_FREE char *said = script_says(f, i % 2 ? "/nowhere:" : "", passed[i]);
		OI_FREE char *wanted = oi_mem_printf(": %s\n5\n", passed[i]);

		if (strncmp(said, "real: ", 6) != 0 || !strstr(said, wanted) || strstr(said, "circle"))
			fail_msg("%s: %s", passed[i], said);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fakehost_set_up, fakehost_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_no_words),
		TEST(test_all_there),
		cmocka_unit_test(test_jobs_that_fit),
		TEST(test_lists_of_two_ages),
		TEST(test_little_memory),
		TEST(test_cores_that_fit),
		TEST(test_debug_information),
		TEST(test_depmod_was_cut_off),
		TEST(test_built_now),
		TEST(test_compiler_killed),
		TEST(test_added_again),
		TEST(test_others_added),
		TEST(test_build_fails),
		TEST(test_log_of_newer_dkms),
		TEST(test_unknown_module),
		TEST(test_nothing_known),
		TEST(test_dkms_itself_fails),
		TEST(test_source_of_now),
		TEST(test_older_is_installed),
		TEST(test_errors),
		TEST(test_errors_before_the_end),
		TEST(test_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
