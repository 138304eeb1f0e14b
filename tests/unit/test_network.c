/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's network while drivers are exchanged: what is seen of it, and the way back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "execute/execute.h"
#include "execute/reload/fallback.h"
#include "execute/heal.h"
#include "execute/state/journal.h"
#include "execute/reload/network.h"
#include "execute/reload/note.h"
#include "execute/reload/udev.h"
#include "fakehost.h"
#include "model/reasons.h"
#include "sys/clock.h"
#include "sys/net.h"

#define HEAD4 "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
/* 10.0.0.1, as x86 and arm64 print it */
#define ROUTE4 "eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
#define ZEROS "00000000000000000000000000000000"
#define HOLD OI_UDEV_HOLD
#define BOOT "/proc/sys/kernel/random/boot_id"

static void link_is(struct fakehost *f, const char *state)
{
	fakehost_write(f, "/sys/class/net/eth0/operstate", state);
}

static void test_gateway4(void **state)
{
	static const struct {
		const char *routes, *address, *interface; /* NULL: none */
	} rows[] = {
		{ HEAD4 ROUTE4, "10.0.0.1", "eth0" },
		{ HEAD4, NULL, NULL },
		{ "", NULL, NULL },
		{ "eth0\t00000000\t0100000A\n", NULL, NULL }, /* cut short */
		/* a network; a default without a gateway; one that is down; one that rejects */
		{ HEAD4 "eth0\t0000000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n", NULL, NULL },
		{ HEAD4 "eth0\t00000000\t00000000\t0001\t0\t0\t100\t00000000\t0\t0\t0\n", NULL, NULL },
		{ HEAD4 "eth0\t00000000\t0100000A\t0002\t0\t0\t100\t00000000\t0\t0\t0\n", NULL, NULL },
		{ HEAD4 "eth0\t00000000\t0100000A\t0203\t0\t0\t100\t00000000\t0\t0\t0\n", NULL, NULL },
		/* 0.0.0.0/1 is half of the world and no default */
		{ HEAD4 "tun0\t00000000\t0100000A\t0003\t0\t0\t0\t00000080\t0\t0\t0\n", NULL, NULL },
		/* the lowest metric, wherever it stands */
		{ HEAD4 "eth1\t00000000\t0200000A\t0003\t0\t0\t200\t00000000\t0\t0\t0\n" ROUTE4, "10.0.0.1",
		  "eth0" },
		{ HEAD4 ROUTE4 "eth1\t00000000\t0200000A\t0003\t0\t0\t200\t00000000\t0\t0\t0\n", "10.0.0.1",
		  "eth0" },
		{ HEAD4 "a-name-that-is-too-long\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n",
		  NULL, NULL },
	};
	struct fakehost *f = *state;
	struct oi_gateway gateway;

	oi_net_gateway4(&f->host.look, &gateway);
	assert_false(gateway.known); /* no /proc at all */
	for (size_t i = 0; i < OI_ARRAY_SIZE(rows); i++) {
		fakehost_write(f, "/proc/net/route", rows[i].routes);
		oi_net_gateway4(&f->host.look, &gateway);
		if (gateway.known != (rows[i].address != NULL))
			fail_msg("row %zu: %s", i, gateway.known ? gateway.address : "none");
		if (!gateway.known)
			continue;
		assert_string_equal(gateway.address, rows[i].address);
		assert_string_equal(gateway.interface, rows[i].interface);
	}
}

static void test_gateway6(void **state)
{
	static const char routes[] =
		/* an address of our own, then two defaults */
		"fe800000000000000000000000000001 80 " ZEROS " 00 " ZEROS " 00000000 00000002 00000000 "
		"80200001       lo\n" ZEROS " 00 " ZEROS " 00 fe80000000000000123456fffe789abd 00000400 "
		"00000001 00000000 00000003     eth1\n" ZEROS " 00 " ZEROS
		" 00 fe80000000000000123456fffe789abc 00000064 00000001 00000000 00000003     eth0\n"
		/* what a machine without IPv6 has: it rejects */
		ZEROS " 00 " ZEROS " 00 " ZEROS " ffffffff 00000001 00000000 00200200       lo\n";
	struct fakehost *f = *state;
	struct oi_gateway gateway;

	fakehost_write(f, "/proc/net/ipv6_route", routes);
	oi_net_gateway6(&f->host.look, &gateway);
	assert_true(gateway.known);
	assert_string_equal(gateway.address, "fe80::1234:56ff:fe78:9abc");
	assert_string_equal(gateway.interface, "eth0");
	fakehost_write(f, "/proc/net/ipv6_route", strstr(routes, ZEROS " ffffffff") - 40);
	oi_net_gateway6(&f->host.look, &gateway);
	assert_false(gateway.known);
}

static void test_link(void **state)
{
	struct fakehost *f = *state;

	assert_false(oi_net_is_up(&f->host.look, "eth0"));
	link_is(f, "up\n");
	assert_true(oi_net_is_up(&f->host.look, "eth0"));
	link_is(f, "unknown\n");
	assert_true(oi_net_is_up(&f->host.look, "eth0"));
	link_is(f, "down\n");
	assert_false(oi_net_is_up(&f->host.look, "eth0"));
	link_is(f, "lowerlayerdown\n");
	assert_false(oi_net_is_up(&f->host.look, "eth0"));
}

/* This machine's loopback needs no hardware address; an interface that is none has no neighbours. */
static void test_neighbour(void **state)
{
	struct oi_gateway gateway = { .known = true, .interface = "oi-none", .address = "192.0.2.1" };

	(void)state;
	assert_int_equal(oi_net_ask_neighbour(&gateway, oi_clock_ms() + 100), OI_NEIGHBOUR_SILENT);
	strcpy(gateway.interface, "lo");
	strcpy(gateway.address, "127.0.0.1");
	assert_int_not_equal(oi_net_ask_neighbour(&gateway, oi_clock_ms() + 100),
			     OI_NEIGHBOUR_ANSWERS);
}

/* --- the wait --- */

#define ANSWER "echo '{\"event\":\"document\",\"text\":\"{}\"}' >&4\n" \
	"echo '{\"event\":\"done\",\"source\":\"\",\"bytes\":2,\"sha256\":null,\"cached\":false}' >&4"

static void metadata(struct fakehost *f, bool answers)
{
	if (answers)
		fakehost_expect_run(f, "ofed-fetch", 0, ANSWER, "");
	else
		fakehost_expect_run(f, "ofed-fetch", 1, "exit 1", "");
}

static void well(struct fakehost *f)
{
	f->host.imds_url = "http://127.0.0.1:9";
	link_is(f, "up\n");
	fakehost_write(f, "/proc/net/route", HEAD4 ROUTE4);
}

static void test_faults(void **state)
{
	struct fakehost *f = *state;
	struct oi_network before;
	char *why = NULL;

	well(f);
	metadata(f, true);
	oi_network_look(&f->host, &before);
	assert_true(before.four.known && before.metadata && !before.six.known);
	assert_true(oi_network_is_known(&before));

	metadata(f, true);
	assert_true(oi_network_wait(&f->host, &before, oi_clock_ms(), &why));
	assert_null(why);

	/* a run whose time is over looks as well as any */
	f->host.deadline_ms = oi_clock_ms() - 1;
	metadata(f, true);
	assert_true(oi_network_wait(&f->host, &before, oi_clock_ms(), &why));
	assert_null(why);

	metadata(f, false);
	assert_false(oi_network_wait(&f->host, &before, oi_clock_ms(), &why));
	assert_non_null(strstr(why, "metadata service"));
	oi_mem_set(&why, NULL);

	fakehost_write(f, "/proc/net/route", HEAD4);
	assert_false(oi_network_wait(&f->host, &before, oi_clock_ms(), &why));
	assert_non_null(strstr(why, "no route to 10.0.0.1"));
	oi_mem_set(&why, NULL);

	fakehost_write(f, "/proc/net/route",
		       HEAD4 "eth1\t00000000\t0200000A\t0003\t0\t0\t200\t00000000\t0\t0\t0\n");
	assert_false(oi_network_wait(&f->host, &before, oi_clock_ms(), &why));
	assert_non_null(strstr(why, "10.0.0.2 on eth1"));
	oi_mem_set(&why, NULL);

	link_is(f, "down\n");
	assert_false(oi_network_wait(&f->host, &before, oi_clock_ms(), &why));
	assert_non_null(strstr(why, "eth0 is down"));
	oi_mem_set(&why, NULL);
	fakehost_check_calls(f);
}

/* What nobody saw before, nobody misses. */
static void test_nothing_known(void **state)
{
	struct fakehost *f = *state;
	struct oi_network before;
	char *why = NULL;

	f->host.imds_url = "http://127.0.0.1:9";
	metadata(f, false);
	oi_network_look(&f->host, &before);
	assert_false(oi_network_is_known(&before));
	assert_true(oi_network_wait(&f->host, &before, oi_clock_ms(), &why));
	fakehost_check_calls(f);
}

/* --- the restart --- */

static void restart_step(struct fakehost *f)
{
	struct oi_step *step = oi_verdict_step(&f->verdict, OI_ACTION_MODULE_CHECK, "check", "x");

	oi_strv_add(&step->built.dkms, "mlnx-ofed-kernel");
	oi_strv_add(&step->built.optional, "iser");
	step = oi_verdict_step(&f->verdict, OI_ACTION_SERVICE_RESTART, "restart", "x");
	oi_strv_add(&step->units.names, "openibd.service");
	oi_strv_add(&step->units.modules, "mlx5_core");
	oi_strv_add(&step->units.modules, "mlx5_ib");
	oi_mem_set(&f->verdict.driver.stack, "doca-ofed");
	oi_mem_set(&f->verdict.driver.version, "3.2.3");
	fakehost_write(f, "/run/systemd/system/x", "");
	f->config.verify.network_wait_seconds = 1;
}

#define STATUS "iser/25.10, 6.1.0-50-amd64, x86_64: installed\n" \
	"mlnx-ofed-kernel/25.10, 6.1.0-50-amd64, x86_64: installed\n"

static void test_network_stays(void **state)
{
	struct fakehost *f = *state;
	OI_FREE char *look = oi_mem_printf("cp %s/root" HOLD " %s/held", f->home, f->home);
	OI_FREE char *held = oi_mem_printf("%s/held", f->home);
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	struct oi_err err;

	well(f);
	restart_step(f);
	fakehost_write(f, "/run/udev/control", "");
	fakehost_write(f, "/etc/modprobe.d/x.conf", "");
	fakehost_expect_text(f, "dkms", 0, STATUS, "status");
	metadata(f, true);
	fakehost_expect(f, "udevadm", 0, NULL, "control --reload");
	fakehost_expect_run(f, "systemctl", 0, look, "restart openibd.service");
	metadata(f, true);
	fakehost_expect(f, "udevadm", 0, NULL, "control --reload");
	if (oi_execute_plan(&f->host, &f->config, &f->verdict, NULL, &err))
		fail_msg("%s", err.text);
	assert_true(fakehost_logged(f, 'I', "the gateway is 10.0.0.1 on eth0"));
	assert_true(fakehost_logged(f, 'I', "it is still there"));
	assert_false(fakehost_exists(f, OI_FALLBACK_PATH));
	/* while it worked, udev had to keep out of it; afterwards no more */
	assert_int_equal(oi_root_read_named(held, 4096, &text, &err), 0);
	assert_non_null(strstr(oi_buf_str(&text), "blacklist mlx5_core\nblacklist mlx5_ib\n"));
	assert_false(fakehost_exists(f, HOLD));
	assert_false(fakehost_exists(f, OI_RELOAD_PATH));
	assert_int_equal(oi_fallback_check(&f->host.change, &f->verdict, &err), 0);
	fakehost_check_calls(f);
}

static void expect_way_back(struct fakehost *f, const char *stop)
{
	fakehost_expect_run(f, "systemctl", 0, stop, "stop openibd.service");
	fakehost_expect(f, "systemctl", 0, NULL, "disable openibd.service");
	fakehost_expect_text(f, "dkms", 0, STATUS, "status");
	fakehost_expect(f, "dkms", 0, NULL, "remove -m iser -v 25.10 --all");
	fakehost_expect(f, "dkms", 0, NULL, "remove -m mlnx-ofed-kernel -v 25.10 --all");
}

static void test_network_goes_and_comes_back(void **state)
{
	struct fakehost *f = *state;
	OI_FREE char *take = oi_mem_printf("mv %s/root/proc/net/route %s/", f->home, f->home);
	OI_FREE char *bring = oi_mem_printf("mv %s/route %s/root/proc/net/", f->home, f->home);
	OI_FREE char *noted = NULL;
	struct oi_err err;

	well(f);
	restart_step(f);
	fakehost_expect_text(f, "dkms", 0, STATUS, "status");
	metadata(f, true);
	fakehost_expect_run(f, "systemctl", 0, take, "restart openibd.service");
	expect_way_back(f, bring);
	metadata(f, true);
	assert_int_equal(oi_execute_plan(&f->host, &f->config, &f->verdict, NULL, &err), -1);
	assert_int_equal(err.code, OI_R_NETWORK_LOST);
	assert_non_null(strstr(err.text, "no route to 10.0.0.1"));
	assert_non_null(strstr(err.text, "so is the network"));
	assert_false(fakehost_exists(f, HOLD));
	fakehost_check_calls(f);

	/* this driver on this kernel is not tried again; another one is */
	noted = fakehost_read(f, OI_FALLBACK_PATH);
	assert_non_null(strstr(noted, "\"3.2.3\""));
	assert_int_equal(oi_fallback_check(&f->host.change, &f->verdict, &err), -1);
	assert_int_equal(err.code, OI_R_NETWORK_LOST);
	oi_mem_set(&f->verdict.driver.version, "3.2.4");
	assert_int_equal(oi_fallback_check(&f->host.change, &f->verdict, &err), 0);
	oi_mem_set(&f->verdict.driver.version, NULL);
	assert_int_equal(oi_fallback_check(&f->host.change, &f->verdict, &err), 0);
	/* one that the stanza names by its address has no version, but a digest */
	fakehost_write(f, OI_FALLBACK_PATH,
		       "{\"stack\": \"doca-ofed\", \"version\": null, \"sha256\": \"12\", "
		       "\"kernel\": \"6.1.0-50-amd64\"}");
	assert_int_equal(oi_fallback_check(&f->host.change, &f->verdict, &err), 0);
	oi_mem_set(&f->verdict.driver.sha256, "12");
	assert_int_equal(oi_fallback_check(&f->host.change, &f->verdict, &err), -1);
	oi_mem_set(&f->verdict.driver.kernel, "6.1.0-51-amd64");
	assert_int_equal(oi_fallback_check(&f->host.change, &f->verdict, &err), 0);
}

/* The service fails too, and nothing helps: all of it is said. */
static void test_network_stays_away(void **state)
{
	struct fakehost *f = *state;
	OI_FREE char *take = oi_mem_printf("rm %s/root/proc/net/route", f->home);
	struct oi_err err;

	well(f);
	restart_step(f);
	fakehost_expect_text(f, "dkms", 0, STATUS, "status");
	metadata(f, true);
	fakehost_expect_run(f, "systemctl", 1, take, "restart openibd.service");
	expect_way_back(f, "exit 0");
	assert_int_equal(oi_execute_plan(&f->host, &f->config, &f->verdict, NULL, &err), -1);
	assert_int_equal(err.code, OI_R_NETWORK_LOST);
	assert_null(strstr(err.text, "so is the network"));
	assert_true(fakehost_logged(f, 'W', "with the kernel's own driver too"));
	fakehost_check_calls(f);
}

/* The service hung until the run's time was over, and took the network along. */
static void test_no_time_is_left(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_strv_clear) struct oi_strv loaded = { 0 };
	OI_CLEANUP(oi_way_back_clear) struct oi_way_back back = { 0 };
	int64_t deadline_ms = oi_clock_ms() - 1;

	restart_step(f);
	f->host.deadline_ms = deadline_ms;
	expect_way_back(f, "exit 0");
	oi_way_back_of(&f->verdict, &f->verdict.steps[1].units, &loaded, &back);
	oi_fallback_go(&f->host, &back);
	assert_int_equal(f->host.deadline_ms, deadline_ms); /* its own minutes are its own */
	for (size_t i = 0; i < f->log.n; i++)
		if (f->log.v[i][0] == 'W')
			fail_msg("%s", f->log.v[i]);
	fakehost_check_calls(f);
}

/* Modules that came in packages: the files stay, and depmod is told to prefer the kernel's. */
static void test_packaged_modules(void **state)
{
#define MODULES "/lib/modules/6.1.0-50-amd64"
	struct fakehost *f = *state;
	OI_FREE char *take = oi_mem_printf("rm %s/root/proc/net/route", f->home);
	OI_FREE char *text = NULL;
	struct oi_err err;

	well(f);
	restart_step(f);
	/* No module check: nothing of dkms'. What the step had belongs to the check. */
	oi_strv_clear(&f->verdict.steps[0].built.dkms);
	oi_strv_clear(&f->verdict.steps[0].built.optional);
	f->verdict.steps[0].action = OI_ACTION_VERIFY;
	fakehost_write(f, MODULES "/modules.dep",
		       "kernel/drivers/net/mlxfw/mlxfw.ko.xz:\n"
		       "extra/mlx/mlx5_core.ko: kernel/drivers/net/mlxfw/mlxfw.ko.xz extra/mlx/mlx_compat.ko\n"
		       "extra/mlx/mlx5-ib.ko: extra/mlx/mlx5_core.ko extra/mlx/mlx_compat.ko\n"
		       "extra/other.ko:\n"
		       "extra/mlx/mlx_compat.ko:\n");
	fakehost_write(f, MODULES "/modules.order",
		       "kernel/drivers/net/mlx5/core/mlx5_core.ko\nkernel/drivers/infiniband/hw/mlx5_ib.ko\n");
	metadata(f, true);
	fakehost_expect_run(f, "systemctl", 0, take, "restart openibd.service");
	fakehost_expect(f, "systemctl", 0, NULL, "stop openibd.service");
	fakehost_expect(f, "systemctl", 0, NULL, "disable openibd.service");
	fakehost_expect(f, "depmod", 0, NULL, "-a -b * 6.1.0-50-amd64");
	assert_int_equal(oi_execute_plan(&f->host, &f->config, &f->verdict, NULL, &err), -1);
	assert_int_equal(err.code, OI_R_NETWORK_LOST);
	text = fakehost_read(f, OI_FALLBACK_DEPMOD);
	assert_string_equal(text,
			    "override mlx5_core 6.1.0-50-amd64 kernel/drivers/net/mlx5/core\n"
			    "override mlx5-ib 6.1.0-50-amd64 kernel/drivers/infiniband/hw\n");
	assert_true(fakehost_logged(f, 'W', "mlx_compat.ko: the kernel has none of its own"));
	fakehost_expect(f, "depmod", 0, NULL, "-a -b * 6.1.0-50-amd64");
	assert_int_equal(oi_fallback_forget(&f->host, "6.1.0-50-amd64", &err), 0);
	assert_false(fakehost_exists(f, OI_FALLBACK_DEPMOD));
	assert_int_equal(oi_fallback_forget(&f->host, "6.1.0-50-amd64", &err), 0);
	fakehost_check_calls(f);
}

/* --- a run that was cut off while the driver was exchanged --- */

/* What lies there when the power goes while systemctl works; then the next run begins. */
static void cut_off(struct fakehost *f)
{
	OI_FREE char *keep = oi_mem_printf("cp %s/root" OI_RELOAD_PATH " %s/note", f->home, f->home);
	OI_FREE char *kept = oi_mem_printf("%s/note", f->home);
	OI_CLEANUP(oi_buf_clear) struct oi_buf note = { 0 };
	struct oi_err err;

	well(f);
	restart_step(f);
	fakehost_write(f, BOOT, "boot-1\n");
	fakehost_expect_text(f, "dkms", 0, STATUS, "status");
	metadata(f, true);
	fakehost_expect_run(f, "systemctl", 0, keep, "restart openibd.service");
	metadata(f, true);
	if (oi_execute_plan(&f->host, &f->config, &f->verdict, NULL, &err))
		fail_msg("%s", err.text);
	assert_int_equal(oi_root_read_named(kept, 65536, &note, &err), 0);
	fakehost_write(f, OI_RELOAD_PATH, oi_buf_str(&note));
	fakehost_write(f, HOLD, "blacklist mlx5_core\n");
	fakehost_write(f, OI_JOURNAL_PATH,
		       "{\"schema\": 1, \"steps\": [{\"id\": \"restart\", \"state\": \"begun\"}]}");
}

static void heal(struct fakehost *f)
{
	struct oi_err err;
	bool cut = false;

	if (oi_heal(&f->host, &f->config, &cut, &err))
		fail_msg("%s", err.text);
	assert_true(cut);
	assert_false(fakehost_exists(f, HOLD));
	assert_false(fakehost_exists(f, OI_RELOAD_PATH));
	fakehost_check_calls(f);
}

static void test_cut_off_and_the_network_is_there(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	cut_off(f);
	metadata(f, true);
	heal(f);
	assert_true(fakehost_logged(f, 'I', "it is still there"));
	assert_int_equal(oi_fallback_check(&f->host.change, &f->verdict, &err), 0);
}

static void test_cut_off_and_the_network_is_gone(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	cut_off(f);
	fakehost_write(f, "/proc/net/route", HEAD4);
	expect_way_back(f, "exit 0");
	heal(f);
	assert_true(fakehost_logged(f, 'W', "no route to 10.0.0.1 any more: going back"));
	assert_int_equal(oi_fallback_check(&f->host.change, &f->verdict, &err), -1);
	assert_int_equal(err.code, OI_R_NETWORK_LOST);
}

/* A boot later the network may have given another gateway; within one it is a fault. */
static void test_cut_off_and_another_gateway(void **state)
{
	struct fakehost *f = *state;

	cut_off(f);
	fakehost_write(f, "/proc/net/route",
		       HEAD4 "eth1\t00000000\t0200000A\t0003\t0\t0\t200\t00000000\t0\t0\t0\n");
	fakehost_write(f, "/sys/class/net/eth1/operstate", "up\n");
	fakehost_write(f, BOOT, "boot-2\n");
	metadata(f, true);
	heal(f);
	assert_true(fakehost_logged(f, 'I', "it is still there"));
	assert_false(fakehost_exists(f, OI_FALLBACK_PATH));
}

static void test_cut_off_and_another_gateway_at_once(void **state)
{
	struct fakehost *f = *state;

	cut_off(f);
	fakehost_write(f, "/proc/net/route",
		       HEAD4 "eth1\t00000000\t0200000A\t0003\t0\t0\t200\t00000000\t0\t0\t0\n");
	expect_way_back(f, "exit 0");
	heal(f);
	assert_true(fakehost_exists(f, OI_FALLBACK_PATH));
}

/* A note that a full disk or another program has spoilt says nothing. */
static void test_cut_off_and_a_damaged_note(void **state)
{
	static const char *const notes[] = {
		"", "{", "[]", "{\"schema\": 1, \"four\": 3}",
		/* no kernel has such a name: there is nothing to be looked for */
		"{\"schema\": 1, \"kernel\": \"k\", \"four\": {\"interface\": \"eth0eth0eth0eth0\", \"address\": \"10.0.0.1\"}}",
	};
	struct fakehost *f = *state;

	well(f);
	f->config.verify.network_wait_seconds = 1;
	fakehost_write(f, OI_JOURNAL_PATH,
		       "{\"schema\": 1, \"steps\": [{\"id\": \"restart\", \"state\": \"begun\"}]}");
	for (size_t i = 0; i < OI_ARRAY_SIZE(notes); i++) {
		fakehost_write(f, OI_RELOAD_PATH, notes[i]);
		heal(f);
	}
	assert_false(fakehost_exists(f, OI_FALLBACK_PATH));
}

/* network_wait_seconds: 0 is somebody who knows better. */
static void test_not_watched(void **state)
{
	struct fakehost *f = *state;
	OI_FREE char *take = oi_mem_printf("rm %s/root/proc/net/route", f->home);
	struct oi_err err;

	well(f);
	restart_step(f);
	f->config.verify.network_wait_seconds = 0;
	fakehost_expect_text(f, "dkms", 0, STATUS, "status");
	fakehost_expect_run(f, "systemctl", 0, take, "restart openibd.service");
	if (oi_execute_plan(&f->host, &f->config, &f->verdict, NULL, &err))
		fail_msg("%s", err.text);
	fakehost_check_calls(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fakehost_set_up, fakehost_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_gateway4),
		TEST(test_gateway6),
		TEST(test_link),
		TEST(test_neighbour),
		TEST(test_faults),
		TEST(test_nothing_known),
		TEST(test_network_stays),
		TEST(test_network_goes_and_comes_back),
		TEST(test_network_stays_away),
		TEST(test_no_time_is_left),
		TEST(test_packaged_modules),
		TEST(test_cut_off_and_the_network_is_there),
		TEST(test_cut_off_and_the_network_is_gone),
		TEST(test_cut_off_and_another_gateway),
		TEST(test_cut_off_and_another_gateway_at_once),
		TEST(test_cut_off_and_a_damaged_note),
		TEST(test_not_watched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
