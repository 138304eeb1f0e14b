/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The run through a plan, and the steps that are not about packages. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/execute.h"
#include "execute/hold.h"
#include "fakehost.h"
#include "model/reasons.h"
#include "sys/clock.h"
#include "sys/systemd.h"
#include "steps.h"

static struct oi_step *add_step(struct fakehost *f, enum oi_action action, const char *id,
				const char *names)
{
	struct oi_step *step = oi_verdict_step(&f->verdict, action, id, "detail of %s", id);

	if (names)
		oi_strv_split(step_names(step), names, " ");
	return step;
}

static void add_file(struct fakehost *f, enum oi_action action, const char *path,
		     const char *key, const char *content)
{
	struct oi_step *step = add_step(f, action, "file", NULL);

	if (action == OI_ACTION_FILE_SET) {
		oi_mem_set(&step->setting.path, path);
		oi_mem_set(&step->setting.key, key);
		oi_mem_set(&step->setting.value, content);
	} else {
		oi_mem_set(&step->file.path, path);
		oi_mem_set(&step->file.content, content);
	}
}

static void note_begun(void *data, const struct oi_step *step)
{
	oi_strv_addf(data, "+%s", step->id);
}

static void note_step(void *data, const struct oi_step *step, int64_t took_ms, bool well)
{
	assert_true(took_ms >= 0);
	oi_strv_addf(data, "%s%s", step->id, well ? "" : "!");
}

static int carry_out(struct fakehost *f, struct oi_strv *seen, struct oi_err *err)
{
	const struct oi_execute_watch watch = { .begun = note_begun, .done = note_step, .data = seen };

	memset(err, 0, sizeof(*err));
	return oi_execute_plan(&f->host, &f->config, &f->verdict, seen ? &watch : NULL, err);
}

static void test_order(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_strv_clear) struct oi_strv done = { 0 };
	OI_FREE char *ids = NULL;
	struct oi_err err;

	add_file(f, OI_ACTION_FILE_WRITE, "/etc/one", NULL, "1\n");
	add_step(f, OI_ACTION_SERVICE_ENABLE, "service", "x.service");
	add_step(f, OI_ACTION_VERIFY, "verify-fabric", NULL);
	assert_int_equal(carry_out(f, &done, &err), 0);
	ids = oi_strv_join(&done, " ");
	assert_string_equal(ids, "+file file +service service"); /* verify is for others to do */
	assert_true(fakehost_logged(f, 'I', "step file: detail of file"));
	assert_true(fakehost_logged(f, 'I', "step service: done in"));
	assert_false(fakehost_logged(f, 'I', "verify-fabric"));
}

static void test_first_failure_ends_it(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_strv_clear) struct oi_strv done = { 0 };
	OI_FREE char *ids = NULL;
	struct oi_err err;

	add_file(f, OI_ACTION_FILE_WRITE, "/etc/one", NULL, "1\n");
	add_file(f, OI_ACTION_FILE_WRITE, "/etc/one/two", NULL, "2\n");
	add_file(f, OI_ACTION_FILE_WRITE, "/etc/three", NULL, "3\n");
	assert_int_equal(carry_out(f, &done, &err), -1);
	assert_int_equal(err.code, OI_R_WRITE_FAILED);
	assert_int_equal(strncmp(err.text, "file: ", 6), 0);
	ids = oi_strv_join(&done, " ");
	assert_string_equal(ids, "+file file +file file!");
	assert_true(fakehost_exists(f, "/etc/one"));
	assert_false(fakehost_exists(f, "/etc/three"));
}

static void test_deadline(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	f->host.deadline_ms = oi_clock_ms() - 1;
	add_file(f, OI_ACTION_FILE_WRITE, "/etc/one", NULL, "1\n");
	assert_int_equal(carry_out(f, NULL, &err), -1);
	assert_int_equal(err.code, OI_R_DEADLINE);
	assert_false(fakehost_exists(f, "/etc/one"));
}

static void test_deadline_of_a_child(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	f->host.deadline_ms = oi_clock_ms() + 3000; /* it has begun by then */
	add_step(f, OI_ACTION_PACKAGES_REFRESH, "refresh", NULL);
	fakehost_expect_run(f, "apt-get", 0, "exec sleep 600", "*update");
	assert_int_equal(carry_out(f, NULL, &err), -1);
	assert_int_equal(err.code, OI_R_DEADLINE);
	assert_non_null(strstr(err.text, "refresh: "));
	fakehost_check_calls(f);
}

static void test_missing_tool(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	f->host.tools.path[OI_TOOL_APT_GET] = "/nonexistent/apt-get";
	add_step(f, OI_ACTION_PACKAGES_REFRESH, "refresh", NULL);
	assert_int_equal(carry_out(f, NULL, &err), -1);
	assert_int_equal(err.code, OI_R_TOOL_MISSING);
}

static void test_method(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	assert_int_equal(oi_execute_can(&f->verdict, &err), 0);
	oi_mem_set(&f->verdict.driver.stack, "inbox");
	oi_mem_set(&f->verdict.driver.method, "dnf");
	assert_int_equal(oi_execute_can(&f->verdict, &err), 0);
	oi_mem_set(&f->verdict.driver.method, "repository");
	assert_int_equal(oi_execute_can(&f->verdict, &err), -1);
	assert_int_equal(err.code, OI_R_METHOD_UNAVAILABLE);
}

static int not_ready(void *data, struct oi_err *err)
{
	(void)data;
	return oi_err_set(err, OI_R_FETCH_TIMEOUT, "the prefetch does not end");
}

static void test_not_ready(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_strv_clear) struct oi_strv seen = { 0 };
	const struct oi_execute_watch watch = {
		.ready = not_ready, .begun = note_begun, .done = note_step, .data = &seen,
	};
	struct oi_err err;

	add_file(f, OI_ACTION_FILE_WRITE, "/etc/x", NULL, "text");
	assert_int_equal(oi_execute_plan(&f->host, &f->config, &f->verdict, &watch, &err), -1);
	assert_int_equal(err.code, OI_R_FETCH_TIMEOUT);
	assert_int_equal(seen.n, 0);
	assert_false(fakehost_exists(f, "/etc/x"));
}

static void test_artefact_goes(void **state)
{
	struct fakehost *f = *state;
	struct oi_step *step = add_step(f, OI_ACTION_FETCH, "fetch", NULL);
	struct oi_err err;

	oi_mem_set(&step->fetch.name, "doca.deb");
	oi_strv_add(&step->fetch.urls, "file:///srv/doca.deb");
	fakehost_write(f, OI_STAGING_DIR "/doca.deb", "x");
	fakehost_write(f, OI_STAGING_DIR "/other", "x");
	fakehost_expect_run(f, "ofed-fetch", 0, "printf '{\"event\": \"done\", \"bytes\": 1}\\n' >&4",
			    "*");
	if (carry_out(f, NULL, &err))
		fail_msg("%s", err.text);
	assert_false(fakehost_exists(f, OI_STAGING_DIR "/doca.deb"));
	assert_true(fakehost_exists(f, OI_STAGING_DIR "/other"));
	fakehost_check_calls(f);
}

static void test_file_set(void **state)
{
	static const struct {
		const char *before, *after;
	} cases[] = {
		{ "# c\nONBOOT=yes\nIPOIB_LOAD=no\nX=1\n", "# c\nONBOOT=yes\nIPOIB_LOAD=yes\nX=1\n" },
		{ "IPOIB_LOAD = no", "IPOIB_LOAD=yes\n" },
		{ "ONBOOT=yes", "ONBOOT=yes\nIPOIB_LOAD=yes\n" },
		{ "", "IPOIB_LOAD=yes\n" },
		{ "# IPOIB_LOAD=no\nIPOIB_LOAD_MORE=no\n",
		  "# IPOIB_LOAD=no\nIPOIB_LOAD_MORE=no\nIPOIB_LOAD=yes\n" },
		{ "IPOIB_LOAD=yes\n", "IPOIB_LOAD=yes\n" },
	};
	struct fakehost *f = *state;
	struct oi_err err;

	add_file(f, OI_ACTION_FILE_SET, "/etc/infiniband/openib.conf", "IPOIB_LOAD", "yes");
	assert_int_equal(carry_out(f, NULL, &err), 0);
	assert_false(fakehost_exists(f, "/etc/infiniband/openib.conf"));
	assert_true(fakehost_logged(f, 'I', "openib.conf is not there"));
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		OI_FREE char *after = NULL;

		fakehost_write(f, "/etc/infiniband/openib.conf", cases[i].before);
		for (int twice = 0; twice < 2; twice++)
			assert_int_equal(carry_out(f, NULL, &err), 0);
		after = fakehost_read(f, "/etc/infiniband/openib.conf");
		assert_string_equal(after, cases[i].after);
	}
}

/* The file's own lines stay, whatever they say; a comment says nothing. */
static void test_file_set_defaults(void **state)
{
	static const struct {
		const char *before, *after;
	} cases[] = {
		{ "ONBOOT=yes\n", "ONBOOT=yes\nIPOIB_LOAD=no\nMLX5_LOAD=yes\nUMAD_LOAD=yes\n" },
		{ "MLX5_LOAD = no\nUMAD_LOAD=\n", "MLX5_LOAD = no\nUMAD_LOAD=\nIPOIB_LOAD=no\n" },
		{ "export MLX5_LOAD=no\nexport\tUMAD_LOAD=no\nexported=1\nIPOIB_LOAD=no\n",
		  "export MLX5_LOAD=no\nexport\tUMAD_LOAD=no\nexported=1\nIPOIB_LOAD=no\n" },
		{ "#MLX5_LOAD=no\nIPOIB_LOAD=yes\n UMAD_LOAD='no' # mine",
		  "#MLX5_LOAD=no\nIPOIB_LOAD=no\n UMAD_LOAD='no' # mine\nMLX5_LOAD=yes\n" },
	};
	struct fakehost *f = *state;
	struct oi_step *step;
	struct oi_err err;

	step = add_step(f, OI_ACTION_FILE_SET, "set", NULL);
	oi_strv_add(&step->setting.defaults, "MLX5_LOAD=yes");
	oi_strv_add(&step->setting.defaults, "UMAD_LOAD=yes");
	oi_mem_set(&step->setting.path, "/etc/infiniband/openib.conf");
	oi_mem_set(&step->setting.key, "IPOIB_LOAD");
	oi_mem_set(&step->setting.value, "no");
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		OI_FREE char *after = NULL;

		fakehost_write(f, "/etc/infiniband/openib.conf", cases[i].before);
		for (int twice = 0; twice < 2; twice++)
			assert_int_equal(carry_out(f, NULL, &err), 0);
		after = fakehost_read(f, "/etc/infiniband/openib.conf");
		assert_string_equal(after, cases[i].after);
	}
	assert_true(fakehost_logged(f, 'I', "openib.conf: added MLX5_LOAD=yes UMAD_LOAD=yes"));
}

static void test_file_set_keeps_the_mode(void **state)
{
	struct fakehost *f = *state;
	OI_FREE char *path = oi_mem_printf("%s/etc/x.conf", f->host.change.path);
	struct oi_err err;
	struct stat st;

	fakehost_write(f, "/etc/x.conf", "K=1\n");
	assert_int_equal(chmod(path, 0600), 0);
	add_file(f, OI_ACTION_FILE_SET, "/etc/x.conf", "K", "2");
	assert_int_equal(carry_out(f, NULL, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

/* --- services --- */

static void test_services(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	fakehost_write(f, "/run/systemd/system/x", "");
	add_file(f, OI_ACTION_FILE_WRITE, "/etc/systemd/system/openibd.service.d/a.conf", NULL, "x\n");
	add_step(f, OI_ACTION_SERVICE_ENABLE, "enable", "openibd.service");
	add_step(f, OI_ACTION_SERVICE_RESTART, "restart", "openibd.service gone.service");
	fakehost_expect(f, "systemctl", 0, NULL, "daemon-reload"); /* once: a unit has changed */
	fakehost_expect(f, "systemctl", 0, NULL, "enable openibd.service");
	fakehost_expect(f, "systemctl", 0, NULL, "restart openibd.service");
	fakehost_expect_text(f, "systemctl", 5,
			     "Failed to restart gone.service: Unit gone.service not found.\n",
			     "restart gone.service");
	if (carry_out(f, NULL, &err))
		fail_msg("%s", err.text);
	assert_true(fakehost_logged(f, 'W', "service gone.service: it does not exist"));
	fakehost_check_calls(f);
}

/* What a package's script has enabled; for this boot only, or another unit, is not what is wanted. */
static void test_enabled_already(void **state)
{
	static const struct {
		const char *link;
		bool enables;
	} cases[] = {
		{ "/run/systemd/system/sysinit.target.wants/openibd.service", true },
		{ "/etc/systemd/system/sysinit.target.wants/opensmd.service", true },
		{ "/etc/systemd/system/openibd.service.d/50-own.conf", true },
		{ "/etc/systemd/system/sysinit.target.wants/openibd.service", false },
	};
	struct fakehost *f = *state;
	struct oi_err err;

	add_step(f, OI_ACTION_SERVICE_ENABLE, "enable", "openibd.service");
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		fakehost_write(f, cases[i].link, "");
		if (cases[i].enables)
			fakehost_expect(f, "systemctl", 0, NULL, "enable openibd.service");
		assert_int_equal(carry_out(f, NULL, &err), 0);
		assert_int_equal(fakehost_logged(f, 'I', "is enabled already"), !cases[i].enables);
	}
	fakehost_check_calls(f);
}

static void test_service_fails(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	fakehost_write(f, "/run/systemd/system/x", "");
	add_step(f, OI_ACTION_SERVICE_RESTART, "restart", "openibd.service");
	fakehost_expect_text(f, "systemctl", 1,
			     "Job for openibd.service failed because the control process exited\n",
			     "restart openibd.service");
	assert_int_equal(carry_out(f, NULL, &err), -1);
	assert_int_equal(err.code, OI_R_SERVICE_FAILED);
	assert_non_null(strstr(err.text, "openibd.service"));
	assert_non_null(strstr(err.text, "control process exited"));
	fakehost_check_calls(f);
}

#define HOLDERS "/run/systemd/system/"

/* Before the units start: for this boot, once, and only what no lasting file holds already. */
static void test_hold_units(void **state)
{
	struct fakehost *f = *state;
	OI_FREE char *service = NULL, *socket = NULL;
	struct oi_err err;

	oi_strv_split(&f->config.hold_units, "slurmd.service munge.socket kubelet.service", " ");
	f->config.tuning.memlock = true;
	assert_int_equal(oi_hold_units(&f->host, &f->config, &err), 0);
	assert_false(fakehost_exists(f, HOLDERS "slurmd.service.d/50-ofed-init-hold.conf"));

	fakehost_write(f, HOLDERS "x", "");
	fakehost_write(f, "/etc/systemd/system/kubelet.service.d/50-ofed-init-hold.conf",
		       "# Written by ofed-init: the stanza's hold_units names this unit.\n"
		       "[Unit]\nWants=infiniband-ready.target\nAfter=infiniband-ready.target\n\n"
		       "[Service]\nLimitMEMLOCK=infinity\n");
	fakehost_expect(f, "systemctl", 0, NULL, "daemon-reload");
	assert_int_equal(oi_hold_units(&f->host, &f->config, &err), 0);
	service = fakehost_read(f, HOLDERS "slurmd.service.d/50-ofed-init-hold.conf");
	socket = fakehost_read(f, HOLDERS "munge.socket.d/50-ofed-init-hold.conf");
	assert_non_null(strstr(service, "\n[Unit]\nWants=infiniband-ready.target\nAfter=infiniband-ready.target\n"));
	assert_non_null(strstr(service, "\n[Service]\nLimitMEMLOCK=infinity\n"));
	assert_null(strstr(socket, "[Service]"));
	assert_false(fakehost_exists(f, HOLDERS "kubelet.service.d/50-ofed-init-hold.conf"));
	assert_true(fakehost_logged(f, 'I', "slurmd.service, munge.socket"));
	fakehost_check_calls(f);

	assert_int_equal(oi_hold_units(&f->host, &f->config, &err), 0); /* and asks nobody */
	f->config.tuning.memlock = false;
	fakehost_expect(f, "systemctl", 1, NULL, "daemon-reload");
	assert_int_equal(oi_hold_units(&f->host, &f->config, &err), -1);
	oi_mem_set(&service, NULL);
	service = fakehost_read(f, HOLDERS "slurmd.service.d/50-ofed-init-hold.conf");
	assert_null(strstr(service, "LimitMEMLOCK"));
	fakehost_check_calls(f);
}

/* What systemd would say, and how often it was asked. */
struct orders {
	const char *units[8][3]; /* names, the first of which is its Id, and After= */
	size_t asked;
};

static void answer(void *data, const char *properties OI_UNUSED, const struct oi_strv *units,
		   struct oi_buf *text)
{
	struct orders *orders = data;

	orders->asked++;
	for (size_t i = 0; i < units->n; i++)
		for (size_t u = 0; u < OI_ARRAY_SIZE(orders->units) && orders->units[u][0]; u++) {
			OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

			oi_strv_split(&names, orders->units[u][0], " ");
			if (oi_strv_has(&names, units->v[i]))
				oi_buf_addf(text, "%sAfter=%s\nNames=%s\nId=%s\n", text->len ? "\n" : "",
					    orders->units[u][1], orders->units[u][0], names.v[0]);
		}
}

static void test_orders(void **state OI_UNUSED)
{
	struct orders orders = {
		.units = {
			{ "infiniband-ready.target", "ofed-init.service" },
			{ "ofed-init.service", "network-online.target openibd.service cloud-config.service" },
			{ "network-online.target", "" },
			{ "cloud-config.service", "early.service network-online.target" },
			{ "early.service other-name.service", "cloud-config.service deep.socket" },
			{ "deep.socket", "" },
			{ "slurmd.service", "network-online.target infiniband-ready.target" },
		},
	};
	OI_CLEANUP(oi_strv_clear) struct oi_strv units = { 0 }, found = { 0 }, waiters = { 0 };

	oi_strv_split(&units, "slurmd.service infiniband-ready.target", " ");
	oi_systemd_find_before(answer, &orders, "infiniband-ready.target", &units, &found, &waiters);
	assert_int_equal(found.n, 0);
	oi_strv_split(&units, "other-name.service deep.socket", " ");
	oi_systemd_find_before(answer, &orders, "infiniband-ready.target", &units, &found, &waiters);
	assert_int_equal(found.n, 2);
	assert_string_equal(found.v[0], "other-name.service");
	assert_string_equal(waiters.v[0], "cloud-config.service");
	assert_string_equal(found.v[1], "deep.socket");
	assert_string_equal(waiters.v[1], "early.service");
	assert_in_range(orders.asked, 2, 12); /* a level at a time, and circles end */
}

static void test_no_systemd(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	add_step(f, OI_ACTION_SERVICE_RESTART, "restart", "openibd.service");
	assert_int_equal(carry_out(f, NULL, &err), 0);
	assert_true(fakehost_logged(f, 'I', "systemd is not running here"));
	fakehost_check_calls(f);
}

static void test_the_systemd_of_another_machine_is_not_asked(void **state)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv units = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	struct fakehost *f = *state;

	fakehost_write(f, "/run/systemd/system/x", "");
	oi_strv_add(&units, "ofed-init.service");
	assert_true(oi_systemd_is_here(&f->host));
	assert_false(oi_systemd_answers(&f->host));
	oi_systemd_show(&f->host, "ActiveState", &units, &text);
	assert_int_equal(text.len, 0);
	fakehost_check_calls(f);
}

static void test_reboot_ends_the_run(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	add_step(f, OI_ACTION_REBOOT, "reboot", "");
	assert_int_equal(carry_out(f, NULL, &err), -1);
	assert_int_equal(err.code, OI_R_REBOOT_NEEDED);
	fakehost_check_calls(f); /* who restarts the machine, and when, is not the step's to say */
}

/* --- modules --- */

static void test_modules_of_another_machine(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	add_step(f, OI_ACTION_MODULE_LOAD, "load", "mlx5_ib");
	assert_int_equal(carry_out(f, NULL, &err), 0);
	assert_true(fakehost_logged(f, 'I', "not loaded here"));
	fakehost_check_calls(f);
}

/* The real root with tools that only play: nothing is loaded into anybody's kernel. */
static void stand_on_the_real_root(struct fakehost *f)
{
	struct utsname running;
	struct oi_err err;

	oi_root_close(&f->host.change);
	assert_int_equal(oi_root_open("/", &f->host.change, &err), 0);
	assert_int_equal(uname(&running), 0);
	oi_mem_set(&f->verdict.driver.kernel, running.release);
}

static void test_modules_for_another_kernel(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	stand_on_the_real_root(f);
	oi_mem_set(&f->verdict.driver.kernel, "6.99.0-1-azure");
	add_step(f, OI_ACTION_MODULE_LOAD, "load", "mlx5_ib");
	assert_int_equal(carry_out(f, NULL, &err), 0);
	assert_true(fakehost_logged(f, 'I', "they are for 6.99.0-1-azure"));
	fakehost_check_calls(f);
}

/* In a container the same plan says so, and calls nobody. */
static bool in_container(struct fakehost *f)
{
	struct oi_err err;

	add_step(f, OI_ACTION_MODULE_LOAD, "probe", NULL);
	assert_int_equal(carry_out(f, NULL, &err), 0);
	oi_verdict_clear(&f->verdict);
	stand_on_the_real_root(f);
	return fakehost_logged(f, 'I', "this is a container");
}

static void test_modules(void **state)
{
	struct fakehost *f = *state;
	struct oi_step *step;
	struct oi_err err;
	bool container;

	stand_on_the_real_root(f);
	container = in_container(f);
	step = add_step(f, OI_ACTION_MODULE_LOAD, "load", "mlx5_ib");
	oi_strv_add(step_optional(step), "ib_ipoib");
	if (!container) {
		fakehost_expect(f, "modprobe", 0, NULL, "-- mlx5_ib");
		fakehost_expect_text(f, "modprobe", 1,
				     "modprobe: FATAL: Module ib_ipoib not found in directory /lib/x\n",
				     "-- ib_ipoib");
	}
	assert_int_equal(carry_out(f, NULL, &err), 0);
	assert_int_equal(fakehost_logged(f, 'W', "ib_ipoib: this kernel does not have it"), !container);
	fakehost_check_calls(f);
}

static void test_modules_fail(void **state)
{
	static const struct {
		const char *words;
		int code;
	} cases[] = {
		{ "modprobe: FATAL: Module mlx5_ib not found in directory /lib/x\n", OI_R_MODULES_MISSING },
		{ "modprobe: ERROR: could not insert 'mlx5_ib': Key was rejected by service\n",
		  OI_R_MODULE_LOAD },
	};
	struct fakehost *f = *state;
	struct oi_err err;
	bool container;

	stand_on_the_real_root(f);
	container = in_container(f);
	add_step(f, OI_ACTION_MODULE_LOAD, "load", "mlx5_ib");
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		if (!container)
			fakehost_expect_text(f, "modprobe", 1, cases[i].words, "-- mlx5_ib");
		assert_int_equal(carry_out(f, NULL, &err), container ? 0 : -1);
		assert_int_equal(err.code, container ? 0 : cases[i].code);
	}
	fakehost_check_calls(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fakehost_set_up, fakehost_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_order),
		TEST(test_first_failure_ends_it),
		TEST(test_deadline),
		TEST(test_deadline_of_a_child),
		TEST(test_missing_tool),
		TEST(test_method),
		TEST(test_not_ready),
		TEST(test_artefact_goes),
		TEST(test_file_set),
		TEST(test_file_set_defaults),
		TEST(test_file_set_keeps_the_mode),
		TEST(test_services),
		TEST(test_enabled_already),
		TEST(test_service_fails),
		TEST(test_hold_units),
		TEST(test_orders),
		TEST(test_no_systemd),
		TEST(test_the_systemd_of_another_machine_is_not_asked),
		TEST(test_reboot_ends_the_run),
		TEST(test_modules_of_another_machine),
		TEST(test_modules_for_another_kernel),
		TEST(test_modules),
		TEST(test_modules_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
