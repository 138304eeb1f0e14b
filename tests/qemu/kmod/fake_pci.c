// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PCI functions that exist only in their configuration space, each on a host bridge and in a domain
 * of its own, which is how pci-hyperv shows what Azure passes through. Loading this is the hot-plug,
 * unloading it the hot-unplug. There are no BARs: a real driver finds the function and gives up.
 *
 *   functions=N   how many, in the domains 0x0101, 0x0102, ...
 *   device=ID     of vendor 15b3; 0x101c is a virtual function of ConnectX-6
 *   class=CODE    0x020700 InfiniBand, 0x020000 Ethernet
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/platform_device.h>

#define MAX_FUNCTIONS 8
#define FIRST_DOMAIN 0x0101
#define CLASS_INFINIBAND 0x020700 /* newer kernels: PCI_CLASS_NETWORK_INFINIBAND << 8 */

static unsigned int functions = 1;
static unsigned int device = 0x101c;
static unsigned int class = CLASS_INFINIBAND;
module_param(functions, uint, 0444);
module_param(device, uint, 0444);
module_param(class, uint, 0444);

struct bridge {
	struct pci_sysdata sysdata; /* x86 finds the domain in here, and we the bridge */
	struct platform_device *parent;
	struct pci_bus *bus;
	u8 config[PCI_CFG_SPACE_SIZE];
};

static struct bridge bridges[MAX_FUNCTIONS];

static struct bridge *bridge_of(struct pci_bus *bus)
{
	return container_of((struct pci_sysdata *)bus->sysdata, struct bridge, sysdata);
}

static int config_read(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 *value)
{
	struct bridge *b = bridge_of(bus);

	*value = ~0u;
	if (devfn || where + size > PCI_CFG_SPACE_SIZE)
		return PCIBIOS_DEVICE_NOT_FOUND;
	*value = 0;
	memcpy(value, b->config + where, size);
	return PCIBIOS_SUCCESSFUL;
}

/* Only the command register keeps what is written: a BAR that stays 0 is no BAR. */
static int config_write(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 value)
{
	if (!devfn && where == PCI_COMMAND && size == 2)
		memcpy(bridge_of(bus)->config + where, &value, size);
	return PCIBIOS_SUCCESSFUL;
}

static struct pci_ops config_ops = { .read = config_read, .write = config_write };

static void fill_config(struct bridge *b)
{
	__le16 *ids = (__le16 *)b->config;

	ids[PCI_VENDOR_ID / 2] = cpu_to_le16(PCI_VENDOR_ID_MELLANOX);
	ids[PCI_DEVICE_ID / 2] = cpu_to_le16(device);
	ids[PCI_CLASS_REVISION / 2] = cpu_to_le16(class << 8);
	ids[PCI_CLASS_DEVICE / 2] = cpu_to_le16(class >> 8);
	ids[PCI_SUBSYSTEM_VENDOR_ID / 2] = cpu_to_le16(PCI_VENDOR_ID_MELLANOX);
	ids[PCI_SUBSYSTEM_ID / 2] = cpu_to_le16(3);
}

static int plug(struct bridge *b, int domain)
{
	LIST_HEAD(no_windows);

	fill_config(b);
	b->sysdata = (struct pci_sysdata){ .domain = domain, .node = NUMA_NO_NODE };
	b->parent = platform_device_register_simple("fake_pci", domain, NULL, 0);
	if (IS_ERR(b->parent))
		return PTR_ERR(b->parent);
	b->bus = pci_create_root_bus(&b->parent->dev, 0, &config_ops, &b->sysdata, &no_windows);
	if (!b->bus) {
		platform_device_unregister(b->parent);
		return -ENOMEM;
	}
	pci_lock_rescan_remove();
	pci_scan_child_bus(b->bus);
	pci_bus_add_devices(b->bus);
	pci_unlock_rescan_remove();
	return 0;
}

static void unplug(struct bridge *b)
{
	if (!b->bus)
		return;
	pci_lock_rescan_remove();
	pci_stop_root_bus(b->bus);
	pci_remove_root_bus(b->bus);
	pci_unlock_rescan_remove();
	platform_device_unregister(b->parent);
	b->bus = NULL;
}

static void fake_pci_exit(void)
{
	for (int i = 0; i < MAX_FUNCTIONS; i++)
		unplug(&bridges[i]);
}

static int __init fake_pci_init(void)
{
	int ret = 0;

	for (int i = 0; !ret && i < MAX_FUNCTIONS && i < functions; i++)
		ret = plug(&bridges[i], FIRST_DOMAIN + i);
	if (ret)
		fake_pci_exit();
	return ret;
}

module_init(fake_pci_init);
module_exit(fake_pci_exit);
MODULE_DESCRIPTION("PCI functions of nothing, in domains of their own");
MODULE_LICENSE("GPL");
