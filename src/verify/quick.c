/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For each boot after the first: no child, no waiting, one list read. */
#include "verify/verify.h"

#include <string.h>
#include <strings.h>

#include "model/catalog.h"
#include "sys/rdma.h"
#include "sys/kmods.h"
#include "verify/checks.h"
#include "verify/vantage.h"

static void see_port(void *data, const struct oi_rdma_entry *entry)
{
	bool *seen = data;

	*seen |= entry->link_layer && !strcasecmp(entry->link_layer, "InfiniBand");
}

enum { CORE, MLX5, MLX4, N };

/* Which of them lie on the disk as the stack brings them. Return: as oi_kmods_find() */
static int find_files(const struct oi_root *root, const char *stack, const char *kernel, bool there[N])
{
	struct oi_kmod kmods[N] = {
		[CORE] = { .name = "ib_uverbs" },
		[MLX5] = { .name = "mlx5_ib" },
		[MLX4] = { .name = "mlx4_ib" },
	};
	struct oi_err ignored; /* not to be read: then look closely */
	int got = oi_kmods_find(root, kernel, kmods, N, &ignored);
	bool added = oi_kmods_stack_adds(stack);

	for (int i = 0; i < N; i++)
		there[i] = added ? oi_kmod_is_added(&kmods[i]) : kmods[i].path || kmods[i].builtin;
	oi_kmods_clear(kmods, N);
	return got;
}

/* A stack that has but one of the drivers leaves the other to the kernel. */
static bool is_overtaken(const struct oi_host *host, const char *stack, const bool there[N])
{
	return oi_kmods_stack_adds(stack) &&
	       ((there[MLX5] && oi_kmod_is_kernels(host, "mlx5_core")) ||
		(there[MLX4] && oi_kmod_is_kernels(host, "mlx4_core")));
}

bool oi_verify_is_overtaken(const struct oi_host *host, const char *stack, const char *kernel)
{
	bool there[N] = { false };

	return !find_files(&host->change, stack, kernel, there) && is_overtaken(host, stack, there);
}

bool oi_verify_overtaken(const struct oi_host *host, const char *stack, const char *kernel)
{
	OI_CLEANUP(oi_vantage_clear) struct oi_vantage here = { 0 };

	if (!stack || !kernel)
		return false;
	oi_vantage_look(host, kernel, &here);
	return here.modules && oi_verify_is_overtaken(host, stack, kernel);
}

/* The stack's own lies on the disk, the function has no driver, and the module is not there. */
static bool is_away(const struct oi_host *host, const struct oi_facts *facts, const char *stack,
		    const char *generation, const bool there[N])
{
	bool mlx4 = oi_generation_is_mlx4(generation);
	const struct oi_kmod main = { .name = mlx4 ? "mlx4_core" : OI_KMOD_MAIN };

	if (!oi_kmods_stack_adds(stack) || !there[mlx4 ? MLX4 : MLX5] ||
	    oi_kmod_is_loaded(host, &main))
		return false;
	for (size_t i = 0; i < facts->pci.n; i++)
		if (oi_pci_is_infiniband(&facts->pci.v[i]) && !facts->pci.v[i].driver)
			return true;
	return false;
}

bool oi_verify_is_away(const struct oi_host *host, const struct oi_facts *facts,
		       const struct oi_verdict *verdict)
{
	bool there[N] = { false };

	return !find_files(&host->change, verdict->driver.stack, verdict->driver.kernel, there) &&
	       is_away(host, facts, verdict->driver.stack, verdict->vm.nic_generation, there);
}

bool oi_verify_away(const struct oi_host *host, const struct oi_facts *facts,
		    const struct oi_verdict *verdict)
{
	OI_CLEANUP(oi_vantage_clear) struct oi_vantage here = { 0 };

	if (!verdict->driver.stack || !verdict->driver.kernel)
		return false;
	oi_vantage_look(host, verdict->driver.kernel, &here);
	return here.modules && oi_verify_is_away(host, facts, verdict);
}

bool oi_verify_quick(const struct oi_host *host, const char *stack, const char *kernel)
{
	OI_CLEANUP(oi_vantage_clear) struct oi_vantage here = { 0 };
	struct oi_err ignored;
	bool there[N] = { false };
	bool seen = false;
	int got;

	if (!stack)
		return true; /* the last run left no driver, as none was wanted */
	if (!kernel)
		return false;
	oi_vantage_look(host, kernel, &here);
	got = find_files(&host->change, stack, kernel, there);
	/* a container has no kernel of its own */
	if (got > 0 ? here.modules : got || !there[CORE] || !(there[MLX5] || there[MLX4]))
		return false;
	if (here.modules && is_overtaken(host, stack, there))
		return false;
	got = oi_rdma_scan(&host->look, see_port, &seen, &ignored);
	if (got > 0)
		return !here.modules; /* where they could be loaded, ports have to be there */
	return !got && seen;
}
