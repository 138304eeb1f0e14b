/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of what was done, and its undoing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "execute/state/leavings.h"
#include "execute/state/record.h"
#include "execute/uninstall.h"
#include "fakehost.h"
#include "model/reasons.h"
#include "steps.h"

#define LIMITS "/etc/security/limits.d/90-ofed-init.conf"
#define QUERY "--show --showformat=*"
#define SIMULATE "-q -y --simulate -o APT::Get::AutomaticRemove=false --purge remove "
#define REMOVE \
	"-q -y -o DPkg::Lock::Timeout=* -o Dpkg::Use-Pty=0 -o APT::Get::AutomaticRemove=false " \
	"--purge remove "

static void note_file(struct fakehost *f, const char *path, const char *text)
{
	struct oi_err err;

	if (oi_record_note_file(&f->host.change, path, text, &err))
		fail_msg("%s", err.text);
	fakehost_write(f, path, text);
}

static void note_packages(struct fakehost *f, const char *entries)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv fresh = { 0 };
	struct oi_err err;

	oi_strv_split(&fresh, entries, ",");
	assert_int_equal(oi_record_note_plan(&f->host.change, &f->verdict, &err), 0);
	assert_int_equal(oi_record_note_packages(&f->host.change, &fresh, &err), 0);
}

static unsigned int begun; /* removals that nothing stood in the way of, of the last undo() */

static void note_begin(void *data)
{
	struct fakehost *f = data;

	/* nothing has been taken away: whoever is told may still say what was there */
	assert_true(fakehost_exists(f, OI_RECORD_PATH));
	begun++;
}

/* Return: the error's reason, OI_R_NONE when it went well. */
static int undo(struct fakehost *f, struct oi_uninstalled *what, struct oi_err *err)
{
	oi_uninstalled_clear(what);
	memset(err, 0, sizeof(*err));
	begun = 0;
	what->on_begin = note_begin;
	what->data = f;
	return oi_uninstall(&f->host, what, err) ? err->code : OI_R_NONE;
}

#define WHAT OI_CLEANUP(oi_uninstalled_clear) struct oi_uninstalled what = { 0 }

static void assert_file(struct fakehost *f, const char *path, const char *text)
{
	OI_FREE char *seen = fakehost_read(f, path);

	if (!seen)
		fail_msg("%s is not there", path);
	assert_string_equal(seen, text);
}

/* --- the record --- */

static void record_keeps_the_first_of_each(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_record_clear) struct oi_record record = { 0 };
	struct oi_err err;

	assert_int_equal(oi_record_read(&f->host.change, &record, &err), 1);
	fakehost_write(f, "/etc/a.conf", "the user's\n");
	note_file(f, "/etc/a.conf", "ours\n");
	note_file(f, "/etc/a.conf", "ours, newer\n");
	note_file(f, "/etc/new/deep/b.conf", "b\n");
	note_packages(f, "one 1,two 2");
	note_packages(f, "two 2,three 3");
	assert_int_equal(oi_record_note_repository(&f->host.change, "doca-host", &err), 0);
	assert_int_equal(oi_record_read(&f->host.change, &record, &err), 0);
	assert_int_equal(record.n_files, 2);
	assert_non_null(record.files[0].before);
	assert_int_equal(record.files[0].ours.n, 2);
	assert_null(record.files[1].before);
	assert_int_equal(record.packages.n, 3);
	assert_string_equal(record.repository.v[0], "doca-host");
	/* /etc was there, the two below it were not */
	assert_int_equal(record.folders.n, 2);
	assert_string_equal(record.folders.v[0], "/etc/new");
	assert_string_equal(record.folders.v[1], "/etc/new/deep");
	assert_file(f, OI_RECORD_BEFORE_DIR "/etc/a.conf", "the user's\n");
}

static void record_tells_what_was_there(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_record_clear) struct oi_record record = { 0 };
	struct oi_step *step;
	struct oi_err err;

	fakehost_write(f, "/etc/systemd/system/multi-user.target.wants/old.service", "");
	fakehost_write(f, "/var/lib/dkms/iser/1/source/dkms.conf", "");
	step = oi_verdict_step(&f->verdict, OI_ACTION_SERVICE_ENABLE, "enable", "x");
	oi_strv_split(step_names(step), "openibd.service old.service", " ");
	step = oi_verdict_step(&f->verdict, OI_ACTION_MODULE_CHECK, "check", "x");
	oi_strv_add(step_names(step), "mlnx-ofed-kernel");
	oi_strv_split(step_optional(step), "iser srp", " ");
	assert_int_equal(oi_record_note_plan(&f->host.change, &f->verdict, &err), 0);
	assert_int_equal(oi_record_read(&f->host.change, &record, &err), 0);
	assert_int_equal(record.units.n, 1);
	assert_string_equal(record.units.v[0], "openibd.service");
	assert_int_equal(record.dkms.n, 2);
	assert_string_equal(record.dkms.v[0], "mlnx-ofed-kernel");
	assert_string_equal(record.dkms.v[1], "srp");
}

static void malformed_record_is_refused(void **state)
{
	static const char *const texts[] = {
		"", "{", "[]", "{\"schema\": 0}", "{\"schema\": 1, \"packages\": \"x\"}",
		"{\"schema\": 1, \"packages\": [1]}", "{\"schema\": 1, \"files\": {}}",
		"{\"schema\": 1, \"files\": [{\"path\": \"etc/x\"}]}",
		"{\"schema\": 1, \"files\": [{\"ours\": []}]}",
	};
	struct fakehost *f = *state;
	struct oi_err err;
	WHAT;

	for (size_t i = 0; i < OI_ARRAY_SIZE(texts); i++) {
		fakehost_write(f, OI_RECORD_PATH, texts[i]);
		assert_int_equal(undo(f, &what, &err), OI_R_RECORD_MALFORMED);
		assert_int_equal(begun, 0);
		/* what is written down must not be lost by writing more */
		assert_int_equal(oi_record_note_file(&f->host.change, "/etc/x", "x", &err), -1);
		assert_file(f, OI_RECORD_PATH, texts[i]);
	}
	fakehost_check_calls(f);
}

/* --- files --- */

static void nothing_was_done(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;
	WHAT;

	fakehost_write(f, OI_STATE_DIR "/result.json", "{}");
	assert_int_equal(undo(f, &what, &err), OI_R_NONE);
	assert_true(what.nothing);
	assert_false(fakehost_exists(f, OI_STATE_DIR "/result.json"));
	fakehost_check_calls(f);
}

static void files_go_or_come_back(void **state)
{
	struct fakehost *f = *state;
	OI_FREE char *rule = oi_mem_printf("%s/etc/udev/rules.d/60.rules", f->host.change.path);
	struct oi_err err;
	struct stat st;
	WHAT;

	fakehost_write(f, "/etc/udev/rules.d/60.rules", "the user's\n");
	assert_int_equal(chmod(rule, 0640), 0);
	fakehost_write(f, "/etc/gone.conf", "was there\n");
	note_file(f, "/etc/udev/rules.d/60.rules", "ours\n");
	note_file(f, LIMITS, "ours\n");
	note_file(f, "/etc/new/deep/b.conf", "ours\n");
	note_file(f, "/etc/kept/c.conf", "ours\n");
	note_file(f, "/etc/gone.conf", "ours\n");
	fakehost_write(f, "/etc/kept/of-the-user", "");
	assert_int_equal(oi_root_remove(&f->host.change, "/etc/gone.conf", &err), 0);
	fakehost_write(f, OI_STATE_DIR "/result.json", "{}");
	fakehost_write(f, OI_BLOCK_MARKER, "x");
	assert_int_equal(undo(f, &what, &err), OI_R_NONE);
	assert_false(what.nothing);
	assert_int_equal(what.files, 4);
	assert_int_equal(what.left.n, 0);
	assert_file(f, "/etc/udev/rules.d/60.rules", "the user's\n");
	assert_int_equal(stat(rule, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_false(fakehost_exists(f, LIMITS));
	assert_false(fakehost_exists(f, "/etc/new"));
	assert_false(fakehost_exists(f, "/etc/kept/c.conf"));
	assert_true(fakehost_exists(f, "/etc/kept/of-the-user"));
	assert_false(fakehost_exists(f, "/etc/gone.conf")); /* who removed it wanted that */
	assert_false(fakehost_exists(f, OI_RECORD_PATH));
	assert_false(fakehost_exists(f, OI_STATE_DIR "/result.json"));
	assert_false(fakehost_exists(f, OI_BLOCK_MARKER));
	assert_true(fakehost_exists(f, OI_STATE_DIR)); /* the package's own */
	assert_int_equal(undo(f, &what, &err), OI_R_NONE);
	assert_true(what.nothing);
	fakehost_check_calls(f);
}

static void changed_files_are_left(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;
	WHAT;

	fakehost_write(f, "/etc/a.conf", "first\n");
	note_file(f, "/etc/a.conf", "ours\n");
	note_file(f, LIMITS, "ours\n");
	fakehost_write(f, "/etc/a.conf", "changed\n");
	fakehost_write(f, LIMITS, "changed too\n");
	assert_int_equal(undo(f, &what, &err), OI_R_NONE);
	assert_int_equal(what.files, 0);
	assert_int_equal(what.left.n, 2);
	assert_file(f, "/etc/a.conf", "changed\n");
	assert_file(f, "/etc/a.conf.before-ofed-init", "first\n");
	assert_file(f, LIMITS, "changed too\n");
	assert_true(fakehost_logged(f, 'W', LIMITS ": changed since ofed-init wrote it: left"));
}

/* Noted, and then the power went: the file is as it was, or an older one of ours. */
static void noted_but_not_written(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;
	WHAT;

	fakehost_write(f, "/etc/a.conf", "first\n");
	assert_int_equal(oi_record_note_file(&f->host.change, "/etc/a.conf", "ours\n", &err), 0);
	assert_int_equal(oi_record_note_file(&f->host.change, "/etc/b.conf", "ours\n", &err), 0);
	note_file(f, "/etc/c.conf", "ours\n");
	assert_int_equal(oi_record_note_file(&f->host.change, "/etc/c.conf", "newer\n", &err), 0);
	assert_int_equal(undo(f, &what, &err), OI_R_NONE);
	assert_int_equal(what.left.n, 0);
	assert_file(f, "/etc/a.conf", "first\n");
	assert_false(fakehost_exists(f, "/etc/b.conf"));
	assert_false(fakehost_exists(f, "/etc/c.conf"));
}

/* --- packages --- */

static void packages_go(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;
	WHAT;

	note_packages(f, "rdma-core 44.0-2,libibverbs1 44.0-2,never 1");
	assert_int_equal(oi_record_note_repository(&f->host.change, "doca-host", &err), 0);
	note_file(f, LIMITS, "ours\n");
	fakehost_expect_text(f, "dpkg-query", 1,
			     "installed rdma-core\nconfig-files libibverbs1:amd64\n"
			     "not-installed never\ninstalled doca-host\n",
			     QUERY "rdma-core libibverbs1 never doca-host");
	fakehost_expect_text(f, "apt-get", 0,
			     "Purg rdma-core [44.0-2]\nPurg libibverbs1 [44.0-2]\n"
			     "Purg doca-host [3.2.3]\n",
			     SIMULATE "rdma-core libibverbs1:amd64 doca-host");
	fakehost_expect_text(f, "apt-get", 0, "Removing rdma-core (44.0-2) ...\n",
			     REMOVE "rdma-core libibverbs1:amd64 doca-host");
	if (undo(f, &what, &err) != OI_R_NONE)
		fail_msg("%s", err.text);
	assert_int_equal(what.packages, 3);
	assert_true(fakehost_logged(f, 'I', "apt-get: Removing rdma-core"));
	assert_false(fakehost_exists(f, OI_RECORD_PATH));
	fakehost_check_calls(f);
}

static void foreign_packages_stay(void **state)
{
	static const char *const outputs[] = {
		"Remv needs-rdma [1]\nPurg rdma-core [44.0-2]\n",
		"Inst instead (2 Debian:13 [amd64])\nPurg rdma-core [44.0-2]\n",
	};
	struct fakehost *f = *state;
	struct oi_step *step;
	struct oi_err err;
	WHAT;

	step = oi_verdict_step(&f->verdict, OI_ACTION_SERVICE_ENABLE, "enable", "x");
	oi_strv_add(step_names(step), "openibd.service");
	assert_int_equal(oi_record_note_plan(&f->host.change, &f->verdict, &err), 0);
	note_packages(f, "rdma-core 44.0-2");
	note_file(f, LIMITS, "ours\n");
	for (size_t i = 0; i < OI_ARRAY_SIZE(outputs); i++) {
		fakehost_expect_text(f, "dpkg-query", 0, "installed rdma-core\n", QUERY);
		fakehost_expect_text(f, "apt-get", 0, outputs[i], SIMULATE "rdma-core");
		assert_int_equal(undo(f, &what, &err), OI_R_REMOVAL_FOREIGN);
		assert_int_equal(begun, 0);
		assert_string_equal(err.text, i ? "instead" : "needs-rdma");
		assert_file(f, LIMITS, "ours\n");
		assert_true(fakehost_exists(f, OI_RECORD_PATH));
	}
	fakehost_check_calls(f); /* no service was stopped */
}

static void failed_removal_can_be_repeated(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;
	WHAT;

	note_packages(f, "rdma-core 44.0-2");
	note_file(f, LIMITS, "ours\n");
	fakehost_expect_text(f, "dpkg-query", 0, "installed rdma-core\n", QUERY);
	fakehost_expect_text(f, "apt-get", 0, "Purg rdma-core [44.0-2]\n", SIMULATE "rdma-core");
	fakehost_expect_text(f, "apt-get", 100, "E: Sub-process /usr/bin/dpkg returned an error code (1)\n",
			     REMOVE "rdma-core");
	assert_int_equal(undo(f, &what, &err), OI_R_PACKAGES_FAILED);
	assert_non_null(strstr(err.text, "returned an error code"));
	assert_true(fakehost_exists(f, OI_RECORD_PATH));
	fakehost_expect_text(f, "dpkg-query", 1, "", QUERY); /* gone by another's hand */
	assert_int_equal(undo(f, &what, &err), OI_R_NONE);
	assert_int_equal(what.packages, 0);
	assert_false(fakehost_exists(f, LIMITS));
	fakehost_check_calls(f);
}

static void interrupted_dpkg_is_finished(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;
	WHAT;

	note_packages(f, "rdma-core 44.0-2");
	fakehost_expect_text(f, "dpkg-query", 0, "half-configured rdma-core\n", QUERY);
	fakehost_expect_text(f, "apt-get", 0, "Purg rdma-core [44.0-2]\n", SIMULATE "rdma-core");
	fakehost_expect_text(f, "apt-get", 100,
			     "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem.\n",
			     REMOVE "rdma-core");
	fakehost_expect(f, "dpkg", 0, NULL, "--force-confdef --force-confold --configure -a");
	fakehost_expect(f, "apt-get", 0, NULL, REMOVE "rdma-core");
	if (undo(f, &what, &err) != OI_R_NONE)
		fail_msg("%s", err.text);
	fakehost_check_calls(f);
}

static void without_dpkg_it_says_so(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;
	WHAT;

	f->host.tools.path[OI_TOOL_DPKG_QUERY] = "/nonexistent/dpkg-query";
	note_packages(f, "rdma-core 44.0-2");
	assert_int_equal(undo(f, &what, &err), OI_R_TOOL_MISSING);
	assert_true(fakehost_exists(f, OI_RECORD_PATH));
}

#define RESTORE "--allow-downgrades --no-remove --no-install-recommends install "

/* One downgraded, one brought back; changed again or gone by the user's hand: theirs. */
static void replaced_packages_come_back(void **state)
{
	static const char fits[] = "Inst rdma-core [2510] (50 Debian:13 [amd64])\n"
				   "Inst removed-by-us (1 Debian:13 [amd64])\n";
	struct fakehost *f = *state;
	OI_CLEANUP(oi_strv_clear) struct oi_strv replaced = { 0 };
	struct oi_err err;
	WHAT;

	oi_strv_split(&replaced, "rdma-core 50 2510,user-upgraded 1 2,user-removed 1 2,removed-by-us 1 -",
		      ",");
	for (int time = 0; time < 3; time++) {
		note_packages(f, "doca-ofed 3.2.3");
		assert_int_equal(oi_record_note_replaced(&f->host.change, &replaced, &err), 0);
		fakehost_expect_text(f, "dpkg-query", 1, "", QUERY "doca-ofed");
		fakehost_expect_text(f, "dpkg-query", 0, "installed 2510\n", QUERY "rdma-core");
		fakehost_expect_text(f, "dpkg-query", 0, "installed 3\n", QUERY "user-upgraded");
		fakehost_expect_text(f, "dpkg-query", 1, "", QUERY "user-removed");
		fakehost_expect_text(f, "dpkg-query", 0, "config-files 1\n", QUERY "removed-by-us");
		fakehost_expect_text(f, "apt-get", time == 1 ? 100 : 0,
				     time == 0 ? fits :
				     time == 1 ? "E: Version '50' for 'rdma-core' was not found\n" :
						 "Remv of-the-user [1]\nInst rdma-core [2510] (50 x)\n",
				     "-q -y --simulate --allow-downgrades --no-install-recommends install "
				     "rdma-core=50 removed-by-us=1");
		if (time == 0)
			fakehost_expect(f, "apt-get", 0, NULL,
					"-q -y " RESTORE "rdma-core=50 removed-by-us=1");
		assert_int_equal(undo(f, &what, &err), OI_R_NONE);
	}
	assert_true(fakehost_logged(f, 'W', "left as they are now: E: Version '50'") ||
		    fakehost_logged(f, 'W', "left as they are now: Version '50'"));
	assert_true(fakehost_logged(f, 'W', "left as they are now: of-the-user"));
	fakehost_check_calls(f);
}

#define COUNT "-q --queryformat +\\\\n "
#define RPMS "rdma-core-61-2.el9 dkms gpg-pubkey-e6d6a281"

static void rpms_go(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;
	WHAT;

	oi_mem_set(&f->verdict.driver.method, "bundle"); /* and there is no dpkg */
	note_packages(f, "rdma-core 1:61-2.el9,dkms 3-1,kernel-devel 5-1,gone 1,gpg-pubkey-e6d6a281 key");
	for (int time = 0; time < 2; time++) {
		fakehost_expect_text(f, "rpm", 0, "+\n", COUNT "rdma-core-61-2.el9");
		fakehost_expect(f, "rpm", 1, NULL, COUNT "dkms-3-1"); /* upgraded since */
		fakehost_expect_text(f, "rpm", 0, "+\n", COUNT "dkms");
		fakehost_expect(f, "rpm", 1, NULL, COUNT "kernel-devel-5-1");
		fakehost_expect_text(f, "rpm", 0, "+\n+\n", COUNT "kernel-devel"); /* the user's */
		fakehost_expect(f, "rpm", 1, NULL, COUNT "gone-1");
		fakehost_expect(f, "rpm", 1, NULL, COUNT "gone");
		fakehost_expect(f, "rpm", 1, NULL, COUNT "gpg-pubkey-e6d6a281-key");
		fakehost_expect_text(f, "rpm", 0, "+\n", COUNT "gpg-pubkey-e6d6a281");
		if (time)
			break;
		fakehost_expect_text(f, "rpm", 1,
				     "error: Failed dependencies:\n"
				     "\tlibibverbs.so.1 is needed by (installed) openmpi-4.1-1.x86_64\n"
				     "\trdma-core is needed by (installed) openmpi-4.1-1.x86_64\n",
				     "--erase --test " RPMS);
		assert_int_equal(undo(f, &what, &err), OI_R_REMOVAL_FOREIGN);
		assert_string_equal(err.text, "openmpi-4.1-1.x86_64");
	}
	fakehost_expect(f, "rpm", 0, NULL, "--erase --test " RPMS);
	fakehost_expect(f, "rpm", 0, NULL, "--erase " RPMS);
	if (undo(f, &what, &err) != OI_R_NONE)
		fail_msg("%s", err.text);
	assert_int_equal(begun, 1);
	assert_int_equal(what.packages, 3);
	assert_true(fakehost_logged(f, 'W', "kernel-devel is installed in 2 versions"));
	fakehost_check_calls(f);
}

#define VERSION "-q --queryformat *EPOCH* "
#define BACK "--disableexcludes=all --allowerasing "

/* First, by dnf: what needs one of ours, or is needed by one, goes back before the removal. */
static void replaced_rpms_come_back(void **state)
{
	static const char needed[] = "error: Failed dependencies:\n"
				     "\trdma-core is needed by (installed) libibverbs-2510-1.noarch\n";
	static const char fits[] = "Downgrading:\n libibverbs noarch 61-1 base 5.6 k\n"
				   "Removing dependent packages:\n doca-ofed noarch 3.2.3-1 @doca 0\n\n"
				   "Transaction Summary\nRemove  1 Package\nDowngrade  1 Package\n\n"
				   "Operation aborted.\n";
	static const char too_much[] = "Downgrading:\n libibverbs noarch 61-1 base 5.6 k\n"
				       "Removing dependent packages:\n of-the-user noarch 1-1 @x 0\n\n"
				       "Transaction Summary\nRemove  1 Package\nDowngrade  1 Package\n\n"
				       "Operation aborted.\n";
	struct fakehost *f = *state;
	OI_CLEANUP(oi_strv_clear) struct oi_strv replaced = { 0 };
	struct oi_err err;
	WHAT;

	oi_mem_set(&f->verdict.driver.method, "dnf");
	oi_strv_split(&replaced, "libibverbs 61-1 2510-1", ",");
	for (int time = 0; time < 3; time++) {
		note_packages(f, "doca-ofed 3.2.3-1,rdma-core 2510-1");
		assert_int_equal(oi_record_note_replaced(&f->host.change, &replaced, &err), 0);
		fakehost_expect_text(f, "rpm", 0, "+\n", COUNT "doca-ofed-3.2.3-1");
		fakehost_expect_text(f, "rpm", 0, "+\n", COUNT "rdma-core-2510-1");
		fakehost_expect_text(f, "rpm", 1, needed, "--erase --test doca-ofed-3.2.3-1 rdma-core-2510-1");
		fakehost_expect_text(f, "rpm", 0, "2510-1\n", VERSION "libibverbs");
		fakehost_expect_text(f, "dnf", 1, time == 0 ? fits : time == 1 ? too_much :
				     "Error: Unable to find a match: libibverbs-61-1\n",
				     BACK "--assumeno install libibverbs-61-1");
		if (time == 0)
			fakehost_expect(f, "dnf", 0, NULL, BACK "-y install libibverbs-61-1");
		if (time == 0)
			fakehost_expect(f, "rpm", 1, NULL, COUNT "doca-ofed-3.2.3-1");
		if (time == 0)
			fakehost_expect(f, "rpm", 1, NULL, COUNT "doca-ofed");
		if (time)
			fakehost_expect_text(f, "rpm", 0, "+\n", COUNT "doca-ofed-3.2.3-1");
		fakehost_expect_text(f, "rpm", 0, "+\n", COUNT "rdma-core-2510-1");
		fakehost_expect_text(f, "rpm", time ? 1 : 0, time ? needed : "",
				     time ? "--erase --test doca-ofed-3.2.3-1 rdma-core-2510-1" :
					    "--erase --test rdma-core-2510-1");
		if (time == 0)
			fakehost_expect(f, "rpm", 0, NULL, "--erase rdma-core-2510-1");
		assert_int_equal(undo(f, &what, &err), time ? OI_R_REMOVAL_FOREIGN : OI_R_NONE);
	}
	assert_true(fakehost_logged(f, 'W', "left as they are now: of-the-user"));
	assert_true(fakehost_logged(f, 'W', "left as they are now: Error: Unable to find a match"));
	assert_string_equal(err.text, "libibverbs-2510-1.noarch");
	fakehost_check_calls(f);
}

/* --- services and dkms --- */

static void services_end_first(void **state)
{
	struct fakehost *f = *state;
	struct oi_step *step;
	struct oi_err err;
	WHAT;

	fakehost_write(f, "/run/systemd/system/x", "");
	step = oi_verdict_step(&f->verdict, OI_ACTION_SERVICE_ENABLE, "enable", "x");
	oi_strv_add(step_names(step), "openibd.service");
	assert_int_equal(oi_record_note_plan(&f->host.change, &f->verdict, &err), 0);
	note_packages(f, "doca-ofed 3.2.3");
	fakehost_expect_text(f, "dpkg-query", 0, "installed doca-ofed\n", QUERY);
	fakehost_expect_text(f, "apt-get", 0, "Purg doca-ofed [3.2.3]\n", SIMULATE "doca-ofed");
	fakehost_expect_text(f, "systemctl", 1, "Job for openibd.service failed\n",
			     "stop openibd.service");
	fakehost_expect(f, "systemctl", 0, NULL, "disable openibd.service");
	fakehost_expect(f, "apt-get", 0, NULL, REMOVE "doca-ofed");
	fakehost_expect(f, "systemctl", 0, NULL, "daemon-reload");
	if (undo(f, &what, &err) != OI_R_NONE)
		fail_msg("%s", err.text);
	assert_true(fakehost_logged(f, 'W', "Job for openibd.service failed"));
	fakehost_check_calls(f);
}

static void dkms_forgets(void **state)
{
	struct fakehost *f = *state;
	struct oi_step *step;
	struct oi_err err;
	WHAT;

	step = oi_verdict_step(&f->verdict, OI_ACTION_MODULE_CHECK, "check", "x");
	oi_strv_split(step_names(step), "mlnx-ofed-kernel iser", " ");
	assert_int_equal(oi_record_note_plan(&f->host.change, &f->verdict, &err), 0);
	fakehost_write(f, "/var/lib/dkms/mlnx-ofed-kernel/25.10/source/dkms.conf", "");
	fakehost_write(f, "/var/lib/dkms/mlnx-ofed-kernel/25.10/6.1-2/x86_64/module/x.ko", "");
	fakehost_write(f, "/var/lib/dkms/mlnx-ofed-kernel/kernel-6.1-2-x86_64/module/x.ko", "");
	fakehost_write(f, "/var/lib/dkms/iser/1/source/dkms.conf", "");
	fakehost_write(f, "/var/lib/dkms/iser/original_module/6.1-2/x86_64/ib_iser.ko", "");
	fakehost_write(f, "/var/lib/dkms/of-the-user/1/source/dkms.conf", "");
	fakehost_expect(f, "dkms", 0, NULL, "uninstall -m mlnx-ofed-kernel -v 25.10 -k 6.1-2/x86_64");
	fakehost_expect(f, "dkms", 3, NULL, "remove -m mlnx-ofed-kernel -v 25.10 --all");
	fakehost_expect(f, "dkms", 3, NULL, "remove -m iser -v 1 --all");
	assert_int_equal(undo(f, &what, &err), OI_R_NONE);
	assert_false(fakehost_exists(f, "/var/lib/dkms/mlnx-ofed-kernel"));
	assert_true(fakehost_exists(f, "/var/lib/dkms/of-the-user"));
	/* the kernel would be without its own */
	assert_true(fakehost_exists(f, "/var/lib/dkms/iser/original_module/6.1-2/x86_64/ib_iser.ko"));
	fakehost_check_calls(f);
}

/* dkms was cut off, and its package is gone: what it has built is not. */
static void built_modules_go(void **state)
{
	static const char ko[] = "/lib/modules/6.1/updates/dkms/mlx5_core.ko";
	struct fakehost *f = *state;
	struct oi_step *step;
	struct oi_err err;
	WHAT;

	step = oi_verdict_step(&f->verdict, OI_ACTION_MODULE_CHECK, "check", "x");
	oi_strv_add(step_names(step), "mlnx-ofed-kernel");
	assert_int_equal(oi_record_note_plan(&f->host.change, &f->verdict, &err), 0);
	fakehost_write(f, "/var/lib/dkms/mok.key", "");
	fakehost_write(f, "/var/lib/dkms/mlnx-ofed-kernel/25.10/6.1/x86_64/module/mlx5_core.ko", "");
	fakehost_write(f, "/lib/modules/6.1/updates/of-the-user.ko", "");
	fakehost_write(f, ko, "");
	assert_int_equal(oi_record_note_modules(&f->host.change, &err), 0);
	assert_int_equal(oi_root_remove(&f->host.change, "/var/lib/dkms/mlnx-ofed-kernel", &err), 0);
	f->host.tools.path[OI_TOOL_DKMS] = NULL;
	fakehost_expect(f, "depmod", 0, NULL, "-a -b * 6.1");
	assert_int_equal(undo(f, &what, &err), OI_R_NONE);
	assert_false(fakehost_exists(f, ko));
	assert_false(fakehost_exists(f, "/lib/modules/6.1/updates/dkms"));
	assert_true(fakehost_exists(f, "/lib/modules/6.1/updates/of-the-user.ko"));
	if (access("/usr/sbin/dkms", X_OK)) /* of the machine that tests */
		assert_false(fakehost_exists(f, "/var/lib/dkms")); /* nobody's any more */
	fakehost_check_calls(f);
}

static void old_links_of_a_service_go(void **state)
{
	struct fakehost *f = *state;
	struct oi_step *step;
	struct oi_err err;
	WHAT;

	step = oi_verdict_step(&f->verdict, OI_ACTION_SERVICE_ENABLE, "enable", "x");
	oi_strv_add(step_names(step), "openibd.service");
	assert_int_equal(oi_record_note_plan(&f->host.change, &f->verdict, &err), 0);
	fakehost_write(f, "/etc/rc2.d/S01openibd", "");
	fakehost_write(f, "/etc/rc0.d/K01openibd", "");
	fakehost_write(f, "/etc/rc0.d/K01openibd2", "");
	fakehost_expect(f, "systemctl", 0, NULL, "disable openibd.service");
	assert_int_equal(undo(f, &what, &err), OI_R_NONE);
	assert_false(fakehost_exists(f, "/etc/rc2.d/S01openibd"));
	assert_false(fakehost_exists(f, "/etc/rc0.d/K01openibd"));
	assert_true(fakehost_exists(f, "/etc/rc0.d/K01openibd2"));
	fakehost_check_calls(f);
}

/* Made anew for the vendor's modules, which it would bring back at each boot. */
static void an_images_initramfs_is_renewed(void **state)
{
	static const char initramfs[] = "/boot/initrd.img-6.1";
	static const struct { time_t depmod_s; int status; } of[] = {
		{ 1000, 0 }, /* a package's script was quicker */
		{ 3000, 0 },
		{ 3000, 1 }, /* no reason to keep the rest */
	};
	struct fakehost *f = *state;
	struct oi_err err;
	WHAT;

	for (size_t i = 0; i < OI_ARRAY_SIZE(of); i++) {
		assert_int_equal(oi_record_note_plan(&f->host.change, &f->verdict, &err), 0);
		assert_int_equal(oi_record_note_initramfs(&f->host.change, "6.1", &err), 0);
		assert_int_equal(oi_record_note_initramfs(&f->host.change, "6.0", &err), 0); /* gone since */
		fakehost_write(f, initramfs, "with the vendor's driver");
		fakehost_write(f, "/lib/modules/6.1/modules.dep", "");
		fakehost_set_time(f, initramfs, 2000);
		fakehost_set_time(f, "/lib/modules/6.1/modules.dep", of[i].depmod_s);
		if (of[i].depmod_s > 2000)
			fakehost_expect(f, "update-initramfs", of[i].status, NULL, "-u -k 6.1");
		assert_int_equal(undo(f, &what, &err), OI_R_NONE);
		assert_int_equal(fakehost_logged(f, 'W', "may still begin with the vendor's driver"),
				 of[i].status);
		assert_false(fakehost_exists(f, OI_RECORD_PATH));
	}
	fakehost_check_calls(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fakehost_set_up, fakehost_tear_down)

/* --- what the vendor's scripts leave --- */

#define OFA "/usr/src/ofa_kernel"
#define LIMITS_CONF "/etc/security/limits.conf"
#define MEMLOCK "* soft memlock unlimited\n* hard memlock unlimited\n"

static void begin_record(struct fakehost *f)
{
	struct oi_step *step = oi_verdict_step(&f->verdict, OI_ACTION_MODULE_CHECK, "check", "x");
	struct oi_err err;

	oi_strv_add(step_names(step), "mlnx-ofed-kernel");
	if (oi_leavings_note(&f->host.change, &err) ||
	    oi_record_note_plan(&f->host.change, &f->verdict, &err))
		fail_msg("%s", err.text);
}

static void link_to(struct fakehost *f, const char *path, const char *target)
{
	OI_FREE char *whole = oi_mem_printf("%s%s", f->host.change.path, path);

	assert_int_equal(symlink(target, whole), 0);
}

/* As the packages and a build do, in the order in which they do it. */
static void leave_behind(struct fakehost *f)
{
	fakehost_write(f, OFA "/x86_64/6.1.0-50-amd64/include/rdma/x.h", "x");
	fakehost_write(f, OFA "/x86_64/6.1.0-50-amd64/Module.symvers", "x");
	fakehost_write(f, "/etc/alternatives/x", "");
	link_to(f, "/etc/alternatives/ofa_kernel_headers", OFA "/x86_64/6.1.0-50-amd64");
	link_to(f, OFA "/default", "/etc/alternatives/ofa_kernel_headers");
	fakehost_write(f, "/usr/src/mlnx-ofed-kernel-24.07/generated.h", "x");
	link_to(f, "/usr/src/ofa_kernel-24.07", "mlnx-ofed-kernel-24.07");
	fakehost_write(f, "/etc/modprobe.d/ib_ipoib.conf",
		       "options ib_ipoib send_queue_size=128 recv_queue_size=128\n"
		       "options ib_ipoib send_queue_size=128 recv_queue_size=128\n");
	fakehost_write(f, "/etc/infiniband/openib.conf", "UMAD_LOAD=yes\n");
}

#define ALTERNATIVES(what) "--" what " ofa_kernel_headers"
#define FORGETS "#!/bin/sh\nrm -f %s/etc/alternatives/ofa_kernel_headers %s" OFA "/default\n"

static void nothing_of_the_vendors_is_left(void **state)
{
	struct fakehost *f = *state;
	OI_FREE char *forget = oi_mem_printf(FORGETS, f->host.change.path, f->host.change.path);
	struct oi_err err;
	WHAT;

	fakehost_write(f, LIMITS_CONF, "# limits\nuser hard nofile 5\n");
	fakehost_write(f, "/usr/src/linux-headers-6.1/Makefile", "");
	begin_record(f);
	leave_behind(f);
	fakehost_write(f, LIMITS_CONF, "# limits\nuser hard nofile 5\n" MEMLOCK);
	fakehost_expect_run(f, "update-alternatives", 0, forget,
			    ALTERNATIVES("remove") " " OFA "/x86_64/6.1.0-50-amd64");
	if (undo(f, &what, &err) != OI_R_NONE)
		fail_msg("%s", err.text);
	assert_file(f, LIMITS_CONF, "# limits\nuser hard nofile 5\n");
	assert_false(fakehost_exists(f, OFA));
	assert_false(fakehost_exists(f, "/usr/src/mlnx-ofed-kernel-24.07"));
	assert_false(fakehost_exists(f, "/usr/src/ofa_kernel-24.07"));
	assert_false(fakehost_exists(f, "/etc/modprobe.d/ib_ipoib.conf"));
	assert_false(fakehost_exists(f, "/etc/infiniband/openib.conf"));
	assert_true(fakehost_exists(f, "/usr/src/linux-headers-6.1/Makefile"));
	fakehost_check_calls(f);
}

/* Somebody had such a driver before, and lines of their own; what has come since is ours to take. */
static void what_was_there_before_stays(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;
	WHAT;

	fakehost_write(f, LIMITS_CONF, "* soft memlock unlimited\nuser hard nofile 5\n");
	fakehost_write(f, "/etc/infiniband/openib.conf", "ONBOOT=yes\nSRP_LOAD=no\n");
	fakehost_write(f, OFA "/x86_64/5.4.0/Module.symvers", "theirs");
	fakehost_write(f, "/etc/alternatives/x", "");
	link_to(f, "/etc/alternatives/ofa_kernel_headers", OFA "/x86_64/5.4.0");
	link_to(f, OFA "/default", "/etc/alternatives/ofa_kernel_headers");
	fakehost_write(f, "/usr/src/ofa_kernel-5.8/Makefile", "theirs");
	begin_record(f);
	fakehost_write(f, OFA "/x86_64/6.1.0-50-amd64/Module.symvers", "x");
	fakehost_write(f, LIMITS_CONF, "* soft memlock unlimited\nuser hard nofile 5\n"
				       "* hard memlock unlimited\n@admins - rtprio 99\n");
	fakehost_write(f, "/etc/infiniband/openib.conf",
		       "ONBOOT=no\nSRP_LOAD=no\nMLX5_LOAD=yes\n# Load IPoIB module\nIPOIB_LOAD=yes\nMLX5_LOAD=maybe\n");
	fakehost_expect(f, "update-alternatives", 0, NULL,
			ALTERNATIVES("remove") " " OFA "/x86_64/6.1.0-50-amd64");
	if (undo(f, &what, &err) != OI_R_NONE)
		fail_msg("%s", err.text);
	assert_file(f, LIMITS_CONF, "* soft memlock unlimited\nuser hard nofile 5\n@admins - rtprio 99\n");
	assert_file(f, "/etc/infiniband/openib.conf", "ONBOOT=no\nSRP_LOAD=no\nMLX5_LOAD=maybe\n");
	assert_file(f, OFA "/x86_64/5.4.0/Module.symvers", "theirs");
	assert_false(fakehost_exists(f, OFA "/x86_64/6.1.0-50-amd64"));
	assert_true(fakehost_exists(f, "/usr/src/ofa_kernel-5.8/Makefile"));
	fakehost_check_calls(f);
}

/* A file of ours and the vendor's comes back as it was before both. */
static void the_earliest_copy_counts(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;
	WHAT;

	fakehost_write(f, "/etc/infiniband/openib.conf", "ONBOOT=yes\n");
	begin_record(f);
	fakehost_write(f, "/etc/infiniband/openib.conf", "ONBOOT=yes\nMLX5_LOAD=yes\n");
	note_file(f, "/etc/infiniband/openib.conf", "ONBOOT=yes\nMLX5_LOAD=yes\nIPOIB_LOAD=yes\n");
	assert_int_equal(undo(f, &what, &err), OI_R_NONE);
	assert_file(f, "/etc/infiniband/openib.conf", "ONBOOT=yes\n");
	fakehost_check_calls(f);
}

/* Without a look from before, and with somebody's driver in dkms, nothing is known to be ours. */
static void what_is_not_known_stays(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;
	WHAT;

	assert_int_equal(oi_record_note_plan(&f->host.change, &f->verdict, &err), 0);
	begin_record(f); /* a record of an older program: it has begun without */
	leave_behind(f);
	assert_int_equal(undo(f, &what, &err), OI_R_NONE);
	assert_true(fakehost_exists(f, OFA "/x86_64/6.1.0-50-amd64/Module.symvers"));
	fakehost_write(f, "/var/lib/dkms/mlnx-ofed-kernel/24.07/source/dkms.conf", "");
	begin_record(f);
	fakehost_write(f, OFA "/x86_64/6.1.0-60-amd64/Module.symvers", "x");
	assert_int_equal(undo(f, &what, &err), OI_R_NONE);
	assert_true(fakehost_exists(f, OFA "/x86_64/6.1.0-60-amd64/Module.symvers"));
	assert_true(fakehost_logged(f, 'W', "dkms still has a driver of the vendor's"));
	fakehost_check_calls(f);
}

static bool is_x(const char *line)
{
	return !strcmp(line, "x");
}

static void only_their_lines_are_stripped(void **state)
{
	static const char *const of[][3] = {
		/* now, before, then */
		{ "a\nx\nx\n", "a\n", "a\n" },
		{ "a\nx\n", "a\nx\n", "a\nx\n" },
		{ "a\nx\nx\n", "a\nx\n", "a\nx\n" },
		{ "x\nb\nx\n", "a\nx\n", "x\nb\n" },
		{ "b\nx", "a\n", "b\n" },
		{ "b", "a\n", "b" },
		{ "a\nx\n", "a", "a" }, /* it had no last line's end */
		{ "", "a\nx\n", "" },
		{ "x\n\n\nb\n", "", "\n\nb\n" },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(of); i++) {
		OI_FREE char *then = oi_leavings_strip(of[i][0], of[i][1], is_x);

		if (strcmp(then, of[i][2]) != 0)
			fail_msg("%zu: expected \"%s\", got \"%s\"", i, of[i][2], then);
	}
}

/* --- the kernel's own driver --- */

#define OWN "kernel/drivers/net/mlx5/mlx5_core.ko"
#define SHOW "--set-version 6.1.0-50-amd64 --show-depends mlx5_core"

static void put_kernel(struct fakehost *f)
{
	fakehost_write(f, "/proc/sys/kernel/osrelease", "6.1.0-50-amd64\n");
	fakehost_write(f, "/lib/modules/6.1.0-50-amd64/modules.order", OWN "\n");
}

static void the_end_is_a_proof(void **state)
{
	static const struct { const char *first, *again; int expected; } of[] = {
		{ "insmod /lib/modules/6.1.0-50-amd64/kernel/net/mlxfw.ko\n"
		  "insmod /lib/modules/6.1.0-50-amd64/" OWN ".xz \n", NULL, OI_R_NONE },
		{ "builtin mlx5_core\n", NULL, OI_R_NONE },
		/* kmod's lists were old */
		{ "insmod /lib/modules/6.1.0-50-amd64/updates/dkms/mlx5_core.ko\n",
		  "insmod /usr/lib/modules/6.1.0-50-amd64/" OWN "\n", OI_R_NONE },
		{ "insmod /lib/modules/6.1.0-50-amd64/updates/dkms/mlx5_core.ko\n",
		  "insmod /lib/modules/6.1.0-50-amd64/updates/dkms/mlx5_core.ko\n", OI_R_OWN_DRIVER_MISSING },
		{ "", "", OI_R_OWN_DRIVER_MISSING },
		{ "insmod /lib/modules/6.1.0-50-amd64/" OWN "\ninstall /bin/true\n",
		  "insmod /lib/modules/6.1.0-50-amd64/" OWN "\ninstall /bin/true\n", OI_R_OWN_DRIVER_MISSING },
	};
	struct fakehost *f = *state;
	struct oi_err err;
	WHAT;

	put_kernel(f);
	for (size_t i = 0; i < OI_ARRAY_SIZE(of); i++) {
		begin_record(f);
		fakehost_expect_text(f, "modprobe", *of[i].first ? 0 : 1, of[i].first, SHOW);
		if (of[i].again) {
			fakehost_expect(f, "depmod", 0, NULL, "-a -b * 6.1.0-50-amd64");
			fakehost_expect_text(f, "modprobe", *of[i].again ? 0 : 1, of[i].again, SHOW);
		}
		assert_int_equal(undo(f, &what, &err), of[i].expected);
		/* whoever mends it can ask again */
		assert_int_equal(fakehost_exists(f, OI_RECORD_PATH), of[i].expected != OI_R_NONE);
	}
	assert_non_null(strstr(err.text, "install /bin/true") ?: strstr(err.text, "mlx5_core"));
	fakehost_check_calls(f);
}

/* Somebody else's, of before us: it is not missing, and not ours. */
static void anothers_driver_is_no_failure(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;
	WHAT;

	put_kernel(f);
	fakehost_write(f, "/lib/modules/6.1.0-50-amd64/updates/mlx5_core.ko", "");
	fakehost_write(f, "/lib/modules/6.1.0-50-amd64/modules.dep", "updates/mlx5_core.ko:\n");
	begin_record(f);
	assert_int_equal(undo(f, &what, &err), OI_R_NONE);
	assert_true(fakehost_logged(f, 'I', "another's driver may have been there before"));
	fakehost_check_calls(f);
}

/* dkms has lost its own record, as after a power cut, and not what it had put aside. */
static void what_dkms_put_aside_comes_back(void **state)
{
	static const char aside[] = "/var/lib/dkms/mlnx-ofed-kernel/original_module/6.1.0-50-amd64/x86_64";
	struct fakehost *f = *state;
	OI_FREE char *core = oi_mem_printf("%s/mlx5_core.ko", aside);
	struct oi_err err;
	WHAT;

	put_kernel(f);
	begin_record(f);
	fakehost_write(f, core, "the kernel's own");
	fakehost_expect(f, "depmod", 0, NULL, "-a -b * 6.1.0-50-amd64");
	fakehost_expect_text(f, "modprobe", 0, "insmod /lib/modules/6.1.0-50-amd64/" OWN "\n", SHOW);
	if (undo(f, &what, &err) != OI_R_NONE)
		fail_msg("%s", err.text);
	assert_file(f, "/lib/modules/6.1.0-50-amd64/" OWN, "the kernel's own");
	assert_false(fakehost_exists(f, "/var/lib/dkms/mlnx-ofed-kernel"));
	fakehost_check_calls(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(record_keeps_the_first_of_each),
		TEST(record_tells_what_was_there),
		TEST(malformed_record_is_refused),
		TEST(nothing_was_done),
		TEST(files_go_or_come_back),
		TEST(changed_files_are_left),
		TEST(noted_but_not_written),
		TEST(packages_go),
		TEST(foreign_packages_stay),
		TEST(failed_removal_can_be_repeated),
		TEST(interrupted_dpkg_is_finished),
		TEST(without_dpkg_it_says_so),
		TEST(replaced_packages_come_back),
		TEST(rpms_go),
		TEST(replaced_rpms_come_back),
		TEST(services_end_first),
		TEST(dkms_forgets),
		TEST(built_modules_go),
		TEST(an_images_initramfs_is_renewed),
		TEST(old_links_of_a_service_go),
		TEST(nothing_of_the_vendors_is_left),
		TEST(what_was_there_before_stays),
		TEST(the_earliest_copy_counts),
		TEST(what_is_not_known_stays),
		TEST(only_their_lines_are_stripped),
		TEST(the_end_is_a_proof),
		TEST(anothers_driver_is_no_failure),
		TEST(what_dkms_put_aside_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
