/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/rdma_modules.h"

#include <string.h>

#include "base/attr.h"

static const struct {
	const char *name;
	enum oi_rdma_kind kind;
	const char *source;
} table[] = {
	{ "ib_core", OI_RDMA_STACK, NULL },
	{ "ib_addr", OI_RDMA_STACK, NULL },
	{ "ib_cm", OI_RDMA_STACK, NULL },
	{ "ib_ipoib", OI_RDMA_STACK, NULL },
	{ "ib_mad", OI_RDMA_STACK, NULL },
	{ "ib_sa", OI_RDMA_STACK, NULL },
	{ "ib_ucm", OI_RDMA_STACK, NULL },
	{ "ib_umad", OI_RDMA_STACK, NULL },
	{ "ib_uverbs", OI_RDMA_STACK, NULL },
	{ "iw_cm", OI_RDMA_STACK, NULL },
	{ "rdma_cm", OI_RDMA_STACK, NULL },
	{ "rdma_ucm", OI_RDMA_STACK, NULL },
	{ "mlx4_core", OI_RDMA_STACK, NULL },
	{ "mlx4_ib", OI_RDMA_STACK, NULL },
	{ "mlx4_en", OI_RDMA_STACK, NULL },
	{ "mlx5_core", OI_RDMA_STACK, NULL },
	{ "mlx5_ib", OI_RDMA_STACK, NULL },
	{ "mlx5_vdpa", OI_RDMA_STACK, NULL },
	{ "mlx5_vfio_pci", OI_RDMA_STACK, NULL },
	{ "mlx5_fwctl", OI_RDMA_STACK, NULL },
	{ "mlxdevm", OI_RDMA_STACK, NULL },
	{ "mlxfw", OI_RDMA_STACK, NULL },
	{ "mlx_compat", OI_RDMA_STACK, NULL },
	{ "auxiliary", OI_RDMA_STACK, NULL }, /* the vendor's, for kernels before 5.11 */
	{ "mana_ib", OI_RDMA_MANA, NULL },
	{ "lnet", OI_RDMA_LUSTRE, NULL },
	{ "ko2iblnd", OI_RDMA_LUSTRE, NULL },
	{ "nvidia", OI_RDMA_GPU, NULL },
	{ "nvidia_peermem", OI_RDMA_GPU, NULL },
	{ "nv_peer_mem", OI_RDMA_GPU, NULL },
	{ "ib_iser", OI_RDMA_CLIENT, "iser" },
	{ "ib_isert", OI_RDMA_CLIENT, "isert" },
	{ "ib_srp", OI_RDMA_CLIENT, "srp" },
	{ "ib_srpt", OI_RDMA_CLIENT, NULL },
	{ "nvme_rdma", OI_RDMA_CLIENT, "mlnx-nvme" },
	{ "nvmet_rdma", OI_RDMA_CLIENT, "mlnx-nvme" },
	{ "rpcrdma", OI_RDMA_CLIENT, "mlnx-nfsrdma" },
	{ "xprtrdma", OI_RDMA_CLIENT, "mlnx-nfsrdma" }, /* rpcrdma's, before kernel 4.4, and an alias */
	{ "svcrdma", OI_RDMA_CLIENT, "mlnx-nfsrdma" },
	{ "rds_rdma", OI_RDMA_CLIENT, NULL },
	{ "smc", OI_RDMA_CLIENT, NULL },
	{ "rdma_rxe", OI_RDMA_CLIENT, NULL },
	{ "siw", OI_RDMA_CLIENT, NULL },
	{ "cifs", OI_RDMA_CLIENT, NULL }, /* SMB direct */
	{ "ksmbd", OI_RDMA_CLIENT, NULL },
	{ "9pnet_rdma", OI_RDMA_CLIENT, NULL },
	{ "rtrs_core", OI_RDMA_CLIENT, NULL },
	{ "rtrs_client", OI_RDMA_CLIENT, NULL },
	{ "rtrs_server", OI_RDMA_CLIENT, NULL },
	{ "rnbd_client", OI_RDMA_CLIENT, NULL },
	{ "rnbd_server", OI_RDMA_CLIENT, NULL },
};

enum oi_rdma_kind oi_rdma_kind(const char *module)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(table); i++)
		if (!strcmp(table[i].name, module))
			return table[i].kind;
	return OI_RDMA_DRIVER;
}

const char *oi_rdma_client(size_t i)
{
	for (size_t t = 0; t < OI_ARRAY_SIZE(table); t++)
		if (table[t].kind == OI_RDMA_CLIENT && !i--)
			return table[t].name;
	return NULL;
}

const char *oi_rdma_vendor_source(const char *module)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(table); i++)
		if (!strcmp(table[i].name, module))
			return table[i].source;
	return NULL;
}
