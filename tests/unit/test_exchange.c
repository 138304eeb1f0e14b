/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Before loaded drivers are exchanged, and after: who uses them, and what has to be there again. */
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
#include "execute/reload/before.h"
#include "execute/reload/interfaces.h"
#include "execute/reload/users.h"
#include "fakehost.h"
#include "sys/clock.h"
#include "sys/loaded.h"

#define KERNEL "6.1.0-50-amd64"
#define TREE "/lib/modules/" KERNEL

/* Debian's, with an RDMA device: rdma-core has loaded rpcrdma and ib_iser, and nobody uses them. */
#define IDLE \
	"rpcrdma 100 0 - Live 0x0\n" \
	"sunrpc 100 1 rpcrdma, Live 0x0\n" \
	"ib_iser 100 0 - Live 0x0\n" \
	"rdma_ucm 100 0 - Live 0x0\n" \
	"rdma_cm 100 3 rpcrdma,ib_iser,rdma_ucm, Live 0x0\n" \
	"ib_cm 100 1 rdma_cm, Live 0x0\n" \
	"mlx5_ib 100 0 - Live 0x0\n" \
	"ib_uverbs 100 2 rdma_ucm,mlx5_ib, Live 0x0\n" \
	"ib_core 100 6 rpcrdma,ib_iser,rdma_cm,ib_cm,mlx5_ib,ib_uverbs, Live 0x0\n" \
	"mlx5_core 100 1 mlx5_ib, Live 0x0\n"

static void services(struct fakehost *f, const char *states)
{
	fakehost_expect_text(f, "systemctl", 3, states,
			     "is-active ibacm.socket ibacm.service srp_daemon.service opensm.service *");
}

#define NONE "inactive\ninactive\ninactive\ninactive\ninactive\ninactive\n"

/* A process with a file open. */
static void process(struct fakehost *f, const char *pid, const char *name, const char *cgroup,
		    const char *file)
{
	OI_FREE char *comm = oi_mem_printf("/proc/%s/comm", pid);
	OI_FREE char *of = oi_mem_printf("/proc/%s/cgroup", pid);
	OI_FREE char *folder = oi_mem_printf("/proc/%s/fd/0", pid);
	OI_FREE char *fd = oi_mem_printf("%s/root/proc/%s/fd/3", f->home, pid);

	fakehost_write(f, comm, name);
	fakehost_write(f, of, cgroup);
	fakehost_write(f, folder, "");
	assert_int_equal(symlink(file, fd), 0);
}

static void test_idle_clients(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_users_clear) struct oi_users users = { 0 };

	fakehost_write(f, "/proc/modules", IDLE);
	process(f, "17", "bash\n", "0::/user.slice/session-1.scope\n", "/dev/null");
	services(f, NONE);
	oi_users_look(&f->host, &users);
	assert_int_equal(users.blockers.len, 0);
	assert_int_equal(users.clients.n, 2); /* sunrpc does not need ib_core; the stack is the service's */
	assert_string_equal(users.clients.v[0], "rpcrdma");
	assert_string_equal(users.clients.v[1], "ib_iser");
	assert_int_equal(users.services.n, 0);
	fakehost_check_calls(f);
}

/* What needs another goes first, whichever of them needs ib_core by itself. */
static void test_order_of_clients(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_users_clear) struct oi_users users = { 0 };

	fakehost_write(f, "/proc/modules",
		       "rnbd_client 100 0 - Live 0x0\nrtrs_client 100 1 rnbd_client, Live 0x0\n"
		       "rtrs_core 100 1 rtrs_client, Live 0x0\nib_core 100 1 rtrs_core, Live 0x0\n");
	services(f, NONE);
	oi_users_look(&f->host, &users);
	assert_int_equal(users.clients.n, 3);
	assert_string_equal(users.clients.v[0], "rnbd_client");
	assert_string_equal(users.clients.v[2], "rtrs_core");
}

/* It needs nothing of the stack but mlx_compat, and keeps that. */
static void test_user_of_compat(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_users_clear) struct oi_users users = { 0 };

	fakehost_write(f, "/proc/modules",
		       "irdma 100 0 - Live 0x0\nmlx5_core 100 0 - Live 0x0\nmlxdevm 100 1 mlx5_core, Live 0x0\n"
		       "auxiliary 100 1 mlx5_core, Live 0x0\nib_core 100 0 - Live 0x0\n"
		       "mlx_compat 100 5 irdma,mlx5_core,mlxdevm,auxiliary,ib_core, Live 0x0\n");
	services(f, NONE);
	oi_users_look(&f->host, &users);
	assert_int_equal(users.clients.n, 1); /* openibd takes all others along */
	assert_string_equal(users.clients.v[0], "irdma");
	assert_int_equal(users.blockers.len, 0);
}

static void test_blockers(void **state)
{
	static const struct {
		const char *modules, *words;
	} rows[] = {
		{ "rpcrdma 100 2 - Live 0x0\nib_core 100 1 rpcrdma, Live 0x0\n",
		  "the module rpcrdma is in use (2)" },
		/* refs of modules are none of its own */
		{ "x 100 0 - Live 0x0\nnvme_rdma 100 2 x, Live 0x0\nib_core 1 1 nvme_rdma, Live 0x0\n",
		  "the module nvme_rdma is in use (1)" },
		{ "smc 100 0 [permanent], Live 0x0\nib_core 100 1 smc, Live 0x0\n",
		  "the module smc cannot be unloaded" },
		{ "vendorx_re 1 1 - Live 0x0\nib_core 100 1 vendorx_re, Live 0x0\n",
		  "the module vendorx_re is in use (1)" },
		/* open files of a process that is not seen */
		{ "ib_uverbs 1 1 - Live 0x0\nib_core 100 1 ib_uverbs, Live 0x0\n",
		  "the module ib_uverbs is in use (1)" },
	};
	struct fakehost *f = *state;

	for (size_t i = 0; i < OI_ARRAY_SIZE(rows); i++) {
		OI_CLEANUP(oi_users_clear) struct oi_users users = { 0 };

		fakehost_write(f, "/proc/modules", rows[i].modules);
		services(f, NONE);
		oi_users_look(&f->host, &users);
		assert_string_equal(oi_buf_str(&users.blockers), rows[i].words);
	}
	fakehost_check_calls(f);
}

static void test_open_devices(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_users_clear) struct oi_users users = { 0 };

	fakehost_write(f, "/proc/modules",
		       "ib_umad 1 2 - Live 0x0\nib_uverbs 1 2 - Live 0x0\n"
		       "ib_core 100 2 ib_umad,ib_uverbs, Live 0x0\n");
	process(f, "100", "ibacm\n", "0::/system.slice/ibacm.service\n", "/dev/infiniband/umad0");
	process(f, "101", "srp_daemon\n",
		"0::/system.slice/system-srp_daemon_port.slice/srp_daemon_port@mlx5_0:1.service\n",
		"/dev/infiniband/umad0");
	services(f, "active\nactive\nactive\ninactive\ninactive\ninactive\n");
	oi_users_look(&f->host, &users);
	assert_string_equal(oi_buf_str(&users.blockers), ""); /* all of them stop, and start again */
	assert_int_equal(users.services.n, 3);
	assert_string_equal(users.services.v[0], "ibacm.socket");
	oi_users_clear(&users);
	memset(&users, 0, sizeof(users));
	process(f, "200", "mpi_app\n", "1:name=systemd:/\n0::/system.slice/slurmd.service\n",
		"/dev/infiniband/uverbs0");
	services(f, "inactive\nactive\nactive\ninactive\ninactive\ninactive\n");
	oi_users_look(&f->host, &users);
	assert_string_equal(oi_buf_str(&users.blockers),
			    "mpi_app (process 200 of slurmd.service) has /dev/infiniband/uverbs0 open");
	fakehost_check_calls(f);
}

/* --- the way back --- */

static void load(struct fakehost *f, const char *name, const char *source, const char *taint)
{
	OI_FREE char *sources = oi_mem_printf("/sys/module/%s/srcversion", name);
	OI_FREE char *taints = oi_mem_printf("/sys/module/%s/taint", name);

	fakehost_write(f, sources, source);
	fakehost_write(f, taints, taint);
}

/* What the next modprobe or insmod does to the kernel. */
static char *loading(struct fakehost *f, const char *name, const char *source, const char *taint)
{
	return oi_mem_printf("mkdir -p %s/root/sys/module/%s; echo %s >%s/root/sys/module/%s/srcversion; "
			     "echo '%s' >%s/root/sys/module/%s/taint",
			     f->home, name, source, f->home, name, taint, f->home, name);
}

static char *unloading(struct fakehost *f, const char *names)
{
	return oi_mem_printf("cd %s/root/sys/module && rm -r %s", f->home, names);
}

static void unloaded(struct fakehost *f, const char *name)
{
	OI_FREE char *path = oi_mem_printf("/sys/module/%s", name);
	struct oi_err err;

	assert_int_equal(oi_root_remove(&f->host.change, path, &err), 0);
}

static void expect(struct fakehost *f, const char *tool, char *script, const char *pattern)
{
	fakehost_expect_run(f, tool, 0, script, pattern);
	free(script);
}

/* openibd has loaded the vendor's ib_core, and then failed. */
static void test_restore(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_before_clear) struct oi_before before = { 0 };

	fakehost_write(f, TREE "/modules.dep",
		       "updates/dkms/ib_core.ko:\nupdates/dkms/mlx5_core.ko:\nkernel/x/psample.ko.xz:\n"
		       "kernel/net/sunrpc/xprtrdma/rpcrdma.ko.xz:\n");
	fakehost_write(f, TREE "/modules.order",
		       "kernel/drivers/net/mlx5-core.ko\nkernel/drivers/infiniband/core/ib_core.ko\n"
		       "kernel/net/sunrpc/xprtrdma/rpcrdma.ko\nkernel/x/psample.ko\n");
	fakehost_write(f, TREE "/updates/dkms/ib_core.ko", "");
	fakehost_write(f, TREE "/updates/dkms/mlx5_core.ko", "");
	fakehost_write(f, TREE "/kernel/drivers/net/mlx5-core.ko.xz", "");
	fakehost_write(f, TREE "/kernel/drivers/infiniband/core/ib_core.ko.xz", "");
	fakehost_write(f, TREE "/kernel/x/psample.ko.xz", "");
	fakehost_write(f, TREE "/kernel/net/sunrpc/xprtrdma/rpcrdma.ko.xz", "");
	fakehost_write(f, "/proc/modules", "rpcrdma 1 0 - Live 0x0\nmlx5_core 1 0 - Live 0x0\n"
					   "ib_core 1 1 rpcrdma, Live 0x0\npsample 1 1 mlx5_core, Live 0x0\n"
					   "ext4 1 1 - Live 0x0\n");
	load(f, "rpcrdma", "R\n", "\n");
	load(f, "mlx5_core", "M\n", "\n");
	load(f, "ib_core", "C\n", "\n");
	load(f, "psample", "P\n", "\n");
	load(f, "ext4", "E\n", "\n");
	oi_before_look(&f->host, &before);

	/* the exchange, as far as it came */
	unloaded(f, "rpcrdma");
	unloaded(f, "mlx5_core");
	unloaded(f, "psample"); /* modprobe -r takes along what nobody needs any more */
	load(f, "ib_core", "V\n", "OE\n");

	expect(f, "modprobe", unloading(f, "ib_core"), "-r -q ib_core");
	expect(f, "modprobe", loading(f, "psample", "P", ""), "-- psample");
	expect(f, "insmod", loading(f, "ib_core", "C", ""),
	       TREE "/kernel/drivers/infiniband/core/ib_core.ko.xz");
	expect(f, "insmod", loading(f, "mlx5_core", "M", ""), TREE "/kernel/drivers/net/mlx5-core.ko.xz");
	expect(f, "modprobe", loading(f, "rpcrdma", "R", ""), "-- rpcrdma");
	assert_true(oi_before_restore(&f->host, KERNEL, &before));
	fakehost_check_calls(f);

	/* one that does not come back is said, and the others are tried all the same */
	unloaded(f, "mlx5_core");
	unloaded(f, "rpcrdma");
	fakehost_expect_text(f, "insmod", 1, "insmod: ERROR: could not insert module\n", "*mlx5-core.ko.xz");
	expect(f, "modprobe", loading(f, "rpcrdma", "R", ""), "-- rpcrdma");
	assert_false(oi_before_restore(&f->host, KERNEL, &before));
	assert_true(fakehost_logged(f, 'W', "the driver of before: mlx5_core: insmod"));
	fakehost_check_calls(f);
}

/* Nothing was touched: nothing is. */
static void test_restore_nothing(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_before_clear) struct oi_before before = { 0 };

	fakehost_write(f, "/proc/modules", "ib_core 1 0 - Live 0x0\n");
	load(f, "ib_core", "C\n", "\n");
	oi_before_look(&f->host, &before);
	assert_true(oi_before_restore(&f->host, KERNEL, &before));
	fakehost_check_calls(f);
}

/* Of the clients only those come again that have a build for the new ib_core. */
static void test_clients_afterwards(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_strv_clear) struct oi_strv clients = { 0 };

	fakehost_write(f, TREE "/modules.dep", "updates/dkms/ib_iser.ko:\nkernel/net/rpcrdma.ko:\n");
	fakehost_write(f, TREE "/updates/dkms/ib_iser.ko", "");
	fakehost_write(f, TREE "/kernel/net/rpcrdma.ko", "");
	oi_strv_add(&clients, "rpcrdma");
	oi_strv_add(&clients, "ib_iser");
	fakehost_expect(f, "modprobe", 0, NULL, "-- ib_iser");
	oi_before_clients(&f->host, KERNEL, &clients);
	assert_true(fakehost_logged(f, 'I', "module rpcrdma: is the kernel's own, and stays away"));
	fakehost_check_calls(f);
}

/* --- interfaces --- */

static void interface(struct fakehost *f, const char *name, const char *type, const char *parent,
		      const char *key)
{
	static const char *const files[] = { "type", "parent", "pkey" };
	const char *const values[] = { type, parent, key };

	for (size_t i = 0; i < OI_ARRAY_SIZE(files); i++) {
		OI_FREE char *path = oi_mem_printf("/sys/class/net/%s/%s", name, files[i]);

		if (values[i])
			fakehost_write(f, path, values[i]);
	}
}

static void gone(struct fakehost *f, const char *path)
{
	struct oi_err err;

	assert_int_equal(oi_root_remove(&f->host.change, path, &err), 0);
}

static void test_interfaces(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_interfaces_clear) struct oi_interfaces before = { 0 };
	OI_FREE char *made = NULL;
	char *missing;

	interface(f, "eth0", "1\n", NULL, NULL);
	interface(f, "ib0", "32\n", NULL, "0xffff\n");
	interface(f, "ib0.8001", "32\n", "ib0\n", "0x8001\n");
	oi_interfaces_look(&f->host, &before);
	assert_int_equal(before.names.n, 2);
	missing = oi_interfaces_wait(&f->host, &before, oi_clock_ms());
	assert_null(missing);

	gone(f, "/sys/class/net/ib0");
	gone(f, "/sys/class/net/ib0.8001");
	missing = oi_interfaces_wait(&f->host, &before, oi_clock_ms() + 300);
	assert_string_equal(missing, "ib0, ib0.8001");
	free(missing);

	/* the parent is there: its child is asked for */
	interface(f, "ib0", "32\n", NULL, "0xffff\n");
	fakehost_write(f, "/sys/class/net/ib0/create_child", "");
	missing = oi_interfaces_wait(&f->host, &before, oi_clock_ms());
	assert_string_equal(missing, "ib0.8001");
	free(missing);
	made = fakehost_read(f, "/sys/class/net/ib0/create_child");
	assert_string_equal(made, "0x8001");
}

static void test_addresses(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_interfaces_clear) struct oi_interfaces before = { 0 };
	char *missing;

	/* this machine's loopback, taken for one */
	interface(f, "lo", "32\n", NULL, NULL);
	oi_interfaces_look(&f->host, &before);
	assert_true(oi_strv_has(&before.addresses, "lo 127.0.0.1"));
	missing = oi_interfaces_wait(&f->host, &before, oi_clock_ms());
	assert_null(missing);
	oi_strv_add(&before.addresses, "lo 192.0.2.7");
	missing = oi_interfaces_wait(&f->host, &before, oi_clock_ms());
	assert_string_equal(missing, "192.0.2.7 on lo");
	free(missing);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fakehost_set_up, fakehost_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_idle_clients),
		TEST(test_order_of_clients),
		TEST(test_user_of_compat),
		TEST(test_blockers),
		TEST(test_open_devices),
		TEST(test_restore),
		TEST(test_restore_nothing),
		TEST(test_clients_afterwards),
		TEST(test_interfaces),
		TEST(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
