// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A driver for fake_pci's functions: each becomes an RDMA device with one InfiniBand port, whose
 * state and rate are what the parameters say at the moment somebody looks. It carries no traffic.
 * In the guest, modprobe loads it after mlx5_ib (a softdep), since that is the moment at which a
 * real adapter gets its ports.
 *
 *   state=N    enum ib_port_state: 1 DOWN, 2 INIT, 4 ACTIVE
 *   speed=N    enum ib_port_speed, of four lanes: 64 HDR (200 Gb/s), 32 EDR (100 Gb/s)
 *   ports=N    how many functions come up; those above are refused, as with a broken adapter
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <rdma/ib_verbs.h>

static unsigned int state = IB_PORT_ACTIVE;
static unsigned int speed = IB_SPEED_HDR;
static unsigned int ports = 8;
module_param(state, uint, 0644);
module_param(speed, uint, 0644);
module_param(ports, uint, 0644);

static atomic_t ports_up = ATOMIC_INIT(0);

struct hca {
	struct ib_device ib; /* ib_alloc_device() wants it first */
};

static int query_device(struct ib_device *ib, struct ib_device_attr *attr, struct ib_udata *udata)
{
	attr->vendor_id = 0x02c9;
	attr->sys_image_guid = ib->node_guid;
	return 0;
}

static int query_port(struct ib_device *ib, u32 port, struct ib_port_attr *attr)
{
	attr->state = READ_ONCE(state);
	attr->phys_state = attr->state == IB_PORT_DOWN ? IB_PORT_PHYS_STATE_POLLING :
							 IB_PORT_PHYS_STATE_LINK_UP;
	attr->active_width = IB_WIDTH_4X;
	attr->active_speed = READ_ONCE(speed);
	attr->max_mtu = attr->active_mtu = IB_MTU_4096;
	attr->gid_tbl_len = 1;
	attr->pkey_tbl_len = 1;
	attr->lid = 1;
	attr->sm_lid = 1;
	return 0;
}

static int query_gid(struct ib_device *ib, u32 port, int index, union ib_gid *gid)
{
	gid->global.subnet_prefix = cpu_to_be64(0xfe80000000000000ULL);
	gid->global.interface_id = ib->node_guid;
	return 0;
}

static int query_pkey(struct ib_device *ib, u32 port, u16 index, u16 *pkey)
{
	*pkey = 0xffff;
	return 0;
}

static enum rdma_link_layer link_layer(struct ib_device *ib, u32 port)
{
	return IB_LINK_LAYER_INFINIBAND;
}

/*
 * InfiniBand by its protocol, which is what rdma_rename asks for; and nothing more, since nothing
 * above may think that it could send a packet.
 */
static int port_immutable(struct ib_device *ib, u32 port, struct ib_port_immutable *immutable)
{
	immutable->core_cap_flags = RDMA_CORE_CAP_PROT_IB;
	immutable->gid_tbl_len = 1;
	immutable->pkey_tbl_len = 1;
	return 0;
}

static const struct ib_device_ops hca_ops = {
	.owner = THIS_MODULE,
	.driver_id = RDMA_DRIVER_UNKNOWN,
	.query_device = query_device,
	.query_port = query_port,
	.query_gid = query_gid,
	.query_pkey = query_pkey,
	.get_link_layer = link_layer,
	.get_port_immutable = port_immutable,
};

static int probe(struct pci_dev *pci, const struct pci_device_id *id)
{
	struct hca *hca;
	int ret;

	if (atomic_inc_return(&ports_up) > ports) {
		atomic_dec(&ports_up);
		return -ENODEV;
	}
	hca = ib_alloc_device(hca, ib);
	if (!hca) {
		atomic_dec(&ports_up);
		return -ENOMEM;
	}
	hca->ib.node_type = RDMA_NODE_IB_CA;
	hca->ib.phys_port_cnt = 1;
	hca->ib.num_comp_vectors = 1;
	hca->ib.node_guid = cpu_to_be64(0x0002c90300000000ULL + pci_domain_nr(pci->bus));
	hca->ib.dev.parent = &pci->dev;
	ib_set_device_ops(&hca->ib, &hca_ops);
	ret = ib_register_device(&hca->ib, "fake_hca%d", &pci->dev);
	if (ret) {
		ib_dealloc_device(&hca->ib);
		atomic_dec(&ports_up);
		return ret;
	}
	pci_set_drvdata(pci, hca);
	return 0;
}

static void remove(struct pci_dev *pci)
{
	struct hca *hca = pci_get_drvdata(pci);

	ib_unregister_device(&hca->ib);
	ib_dealloc_device(&hca->ib);
	atomic_dec(&ports_up);
}

/* Not exported to depmod: udev would load it when the function is plugged, long before mlx5_ib. */
static const struct pci_device_id ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_MELLANOX, PCI_ANY_ID) },
	{ }
};

static struct pci_driver hca_driver = {
	.name = "fake_hca",
	.id_table = ids,
	.probe = probe,
	.remove = remove,
};

module_pci_driver(hca_driver);
MODULE_DESCRIPTION("InfiniBand ports that are whatever a test says");
MODULE_LICENSE("GPL");
