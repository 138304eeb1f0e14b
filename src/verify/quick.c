/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For each boot after the first: no child, no waiting, one list read. */
#include "verify/verify.h"

#include <string.h>
#include <strings.h>

#include "sys/rdma.h"
#include "verify/here.h"
#include "sys/kmods.h"

static void see_port(void *data, const struct oi_rdma_entry *entry)
{
	bool *seen = data;

	*seen |= entry->link_layer && !strcasecmp(entry->link_layer, "InfiniBand");
}

static bool has_modules(const struct oi_root *root, const char *stack, const char *kernel,
			const struct oi_here *here)
{
	enum { CORE, MLX5, MLX4, N };
	struct oi_kmod kmods[N] = {
		[CORE] = { .name = "ib_uverbs" },
		[MLX5] = { .name = "mlx5_ib" },
		[MLX4] = { .name = "mlx4_ib" },
	};
	struct oi_err ignored; /* not to be read: then look closely */
	int got = oi_kmods_find(root, kernel, kmods, N, &ignored);
	bool added = oi_kmods_stack_adds(stack);
	bool there[N] = { false };

	for (int i = 0; i < N; i++)
		there[i] = added ? oi_kmod_is_added(&kmods[i]) : kmods[i].path || kmods[i].builtin;
	oi_kmods_clear(kmods, N);
	if (got > 0)
		return !here->modules; /* a container has no kernel of its own */
	return !got && there[CORE] && (there[MLX5] || there[MLX4]);
}

bool oi_verify_quick(const struct oi_host *host, const char *stack, const char *kernel)
{
	OI_CLEANUP(oi_here_clear) struct oi_here here = { 0 };
	struct oi_err ignored;
	bool seen = false;
	int got;

	if (!stack)
		return true; /* the last run left no driver, as none was wanted */
	if (!kernel)
		return false;
	oi_here_look(host, kernel, &here);
	if (!has_modules(&host->change, stack, kernel, &here))
		return false;
	got = oi_rdma_scan(&host->look, see_port, &seen, &ignored);
	if (got > 0)
		return !here.modules; /* where they could be loaded, ports have to be there */
	return !got && seen;
}
