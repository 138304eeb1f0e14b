/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a bundle's installer has done, by what was there before it; and its own uninstaller. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "execute/bundle/bundle.h"
#include "execute/state/record.h"
#include "fakehost.h"
#include "model/reasons.h"

#define RPM_QUERY "-qa --queryformat *"
#define DEB_QUERY "--show --showformat=*"
#define RECORD OI_CLEANUP(oi_record_clear) struct oi_record record = { 0 }

static void before(struct fakehost *f, const char *tool, const char *format, const char *text)
{
	struct oi_err err;

	fakehost_expect_text(f, tool, 0, text, *tool == 'r' ? RPM_QUERY : DEB_QUERY);
	if (oi_bundle_note_before(&f->host, format, &err))
		fail_msg("%s", err.text);
}

static void after(struct fakehost *f, const char *tool, const char *text, struct oi_record *record)
{
	struct oi_err err;

	fakehost_expect_text(f, tool, 0, text, *tool == 'r' ? RPM_QUERY : DEB_QUERY);
	if (oi_bundle_note_after(&f->host, &err) ||
	    oi_record_read(&f->host.change, record, &err))
		fail_msg("%s", err.text);
	assert_false(fakehost_exists(f, OI_BUNDLE_BEFORE));
}

static void assert_list(const struct oi_strv *list, const char *wanted)
{
	OI_FREE char *seen = oi_strv_join(list, ",");

	assert_string_equal(seen, wanted);
}

static void rpm_packages_and_keys(void **state)
{
	struct fakehost *f = *state;
	RECORD;

	before(f, "rpm", "rpm",
	       "rdma-core 48-1\nlibibverbs 48-1\nbash 5-1\nkernel-devel 5-1\ngpg-pubkey aaaa-1\n");
	after(f, "rpm",
	      "libibverbs 58-1\nbash 5-1\nkernel-devel 5-1\nkernel-devel 5-2\ngpg-pubkey aaaa-1\n"
	      "gpg-pubkey bbbb-2\nofed-scripts 1:5.8-1\n", &record);
	assert_list(&record.packages, "kernel-devel 5-2,gpg-pubkey-bbbb-2 key,ofed-scripts 1:5.8-1");
	assert_list(&record.replaced,
		    "rdma-core 48-1 -,libibverbs 48-1 58-1,libibverbs 48-1 -");
	fakehost_check_calls(f);
}

static void deb_packages_that_are_installed(void **state)
{
	struct fakehost *f = *state;
	RECORD;

	before(f, "dpkg-query", "deb",
	       "installed\tlibc6 2.36\nconfig-files\told 1\nnot-installed\tnone \n");
	after(f, "dpkg-query",
	      "installed\tlibc6 2.36\ninstalled\told 1\nconfig-files\tnever 1\ninstalled\tofed-scripts 5.8\n",
	      &record);
	assert_list(&record.packages, "old 1,ofed-scripts 5.8");
	assert_int_equal(record.replaced.n, 0);
}

static void registrations_and_files(void **state)
{
	struct fakehost *f = *state;
	OI_FREE char *link_name = NULL;
	RECORD;

	fakehost_write(f, "/var/lib/dkms/iser/1/source/dkms.conf", "");
	fakehost_write(f, "/etc/yum.repos.d/base.repo", "[base]\n");
	fakehost_write(f, "/etc/dnf/dnf.conf", "[main]\n");
	link_name = oi_mem_printf("%s/etc/yum.conf", f->host.change.path);
	assert_int_equal(symlink("dnf/dnf.conf", link_name), 0);
	before(f, "rpm", "rpm", "bash 5-1\n");
	fakehost_write(f, "/var/lib/dkms/knem/1/source/dkms.conf", "");
	fakehost_write(f, "/etc/yum.repos.d/mlnx_ofed.repo", "[mlnx]\n");
	fakehost_write(f, "/etc/dnf/dnf.conf", "[main]\nexclude=opensm*\n");
	after(f, "rpm", "bash 5-1\n", &record);
	assert_list(&record.dkms, "knem");
	/* base.repo is as it was, and yum.conf a link: not ours to mind */
	assert_int_equal(record.n_files, 2);
	assert_string_equal(record.files[0].path, "/etc/dnf/dnf.conf");
	assert_non_null(record.files[0].before);
	assert_int_equal(record.files[0].ours.n, 2);
	assert_string_equal(record.files[1].path, "/etc/yum.repos.d/mlnx_ofed.repo");
	assert_null(record.files[1].before);
	assert_true(fakehost_exists(f, OI_RECORD_BEFORE_DIR "/etc/dnf/dnf.conf"));
	assert_false(fakehost_exists(f, OI_RECORD_BEFORE_DIR "/etc/yum.repos.d/base.repo"));
}

/* The next run's "before" must not take its packages for the machine's own. */
static void one_that_was_cut_off_counts(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;
	RECORD;

	before(f, "rpm", "rpm", "bash 5-1\n");
	fakehost_expect_text(f, "rpm", 0, "bash 5-1\nofed-scripts 5.8-1\n", RPM_QUERY);
	before(f, "rpm", "rpm", "bash 5-1\nofed-scripts 5.8-1\n");
	after(f, "rpm", "bash 5-1\nofed-scripts 5.8-1\nlate 1-1\n", &record);
	assert_list(&record.packages, "ofed-scripts 5.8-1,late 1-1");
	assert_int_equal(oi_bundle_note_after(&f->host, &err), 0); /* there is nothing to compare */
	fakehost_write(f, OI_BUNDLE_BEFORE, "nonsense\n");
	assert_int_equal(oi_bundle_note_after(&f->host, &err), -1);
	assert_int_equal(err.code, OI_R_RECORD_MALFORMED);
}

static void note(struct fakehost *f, const char *method, const char *packages)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv fresh = { 0 };
	struct oi_err err;

	oi_mem_set(&f->verdict.driver.method, method);
	oi_mem_set(&f->verdict.driver.manager, "dnf");
	oi_strv_split(&fresh, packages, ",");
	assert_int_equal(oi_record_note_plan(&f->host.change, &f->verdict, &err), 0);
	assert_int_equal(oi_record_note_packages(&f->host.change, &fresh, &err), 0);
}

static void its_own_uninstaller(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;
	RECORD;

	note(f, "bundle", "ofed-scripts 5.8-1,libibverbs 58-1");
	assert_int_equal(oi_record_read(&f->host.change, &record, &err), 0);
	fakehost_expect_text(f, "rpm", 0, "ofed-scripts 5.8-1\nlibibverbs 58-1\nmpi 4-1\nbash 5-1\n",
			     RPM_QUERY);
	fakehost_expect_text(f, "ofed_uninstall.sh", 1, "something is in use\n", "--force");
	fakehost_expect_text(f, "rpm", 0, "bash 5-1\n", RPM_QUERY);
	assert_true(oi_bundle_uninstall(&f->host, "rpm", &record));
	assert_true(fakehost_logged(f, 'W', "continuing from the record"));
	assert_true(fakehost_logged(f, 'W', "ofed_uninstall.sh has also removed mpi 4-1"));
	assert_false(fakehost_logged(f, 'W', "taken libibverbs"));
	fakehost_check_calls(f);
}

/* It was on the machine before, or is of DOCA: not ours to call. */
static void anothers_uninstaller_is_left_alone(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	for (int i = 0; i < 2; i++) {
		RECORD;

		note(f, i ? "bundle" : "apt", i ? "ofed-scripts-extra 5" : "ofed-scripts 5");
		assert_int_equal(oi_record_read(&f->host.change, &record, &err), 0);
		assert_false(oi_bundle_uninstall(&f->host, "rpm", &record));
		assert_int_equal(oi_root_remove(&f->host.change, OI_RECORD_PATH, &err), 0);
	}
	fakehost_check_calls(f);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fakehost_set_up, fakehost_tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		T(rpm_packages_and_keys),
		T(deb_packages_that_are_installed),
		T(registrations_and_files),
		T(one_that_was_cut_off_counts),
		T(its_own_uninstaller),
		T(anothers_uninstaller_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
