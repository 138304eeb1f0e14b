// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A bus called vmbus with a driver called hv_pci, and nothing on it: what a Hyper-V guest's sysfs
 * shows. QEMU has no VMBus without KVM.
 */
#include <linux/device.h>
#include <linux/module.h>

static struct bus_type vmbus = { .name = "vmbus" };
static struct device_driver pass_through = {
	.name = "hv_pci",
	.bus = &vmbus,
	.owner = THIS_MODULE,
};

static int __init fake_vmbus_init(void)
{
	int ret = bus_register(&vmbus);

	if (ret)
		return ret;
	ret = driver_register(&pass_through);
	if (ret)
		bus_unregister(&vmbus);
	return ret;
}

static void __exit fake_vmbus_exit(void)
{
	driver_unregister(&pass_through);
	bus_unregister(&vmbus);
}

module_init(fake_vmbus_init);
module_exit(fake_vmbus_exit);
MODULE_DESCRIPTION("an empty bus with the name of Hyper-V's");
MODULE_LICENSE("GPL");
