# SPDX-License-Identifier: GPL-2.0-or-later
"""Build a tree that makes ofed-init see an Azure HPC machine (ofed-init run --sysroot TREE).

SYNTHESIZED, not recorded: no public dump of an Azure machine's /sys exists. File names and
formats are those of a Linux 6.1 sysfs; the values come from public listings of such machines
(ConnectX-6 function 15b3:101c of class 0207 on the HB120 sizes, Accelerated Networking as an
Ethernet function of the same vendor). Every tree carries a file SYNTHESIZED that says so.

By hand, for a look at one:
    tests/rig/machine.py /tmp/tree --kernel 6.1.0-50-amd64
"""
import argparse
import os
import pathlib
import platform

AZURE_ASSET_TAG = "7783-7084-3265-9085-8269-3286-77"
SECURE_BOOT = "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

# VMBus classes, as in Linux' include/linux/hyperv.h
VMBUS_NETWORK = "f8615163-df3e-46c5-913f-f2d2f965ed0e"
VMBUS_PCI_PASS_THROUGH = "44c4f61d-4444-4400-9d52-802e27ede19f"
VMBUS_NETWORK_DIRECT = "3daf2e8c-a732-094b-ab99-bd1f1c86b501"

UBUNTU_2404 = """PRETTY_NAME="Ubuntu 24.04.2 LTS"
NAME="Ubuntu"
VERSION_ID="24.04"
VERSION="24.04.2 LTS (Noble Numbat)"
VERSION_CODENAME=noble
ID=ubuntu
ID_LIKE=debian
"""
GENTOO = """NAME=Gentoo
ID=gentoo
PRETTY_NAME="Gentoo Linux"
VERSION_ID="2.17"
"""


class Tree:
    """Writes files and relative links beneath one folder."""

    def __init__(self, top):
        self.top = pathlib.Path(top)

    def put(self, path, text):
        """Write one file; bytes as they are, text with a closing newline as sysfs has it."""
        target = self.top / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            target.write_bytes(text)
        else:
            target.write_text(text if text.endswith("\n") else text + "\n")

    def folder(self, path):
        (self.top / path).mkdir(parents=True, exist_ok=True)

    def link(self, path, to):
        """A relative link, so that it means the same beneath the tree and in it."""
        source = self.top / path
        source.parent.mkdir(parents=True, exist_ok=True)
        source.symlink_to(os.path.relpath(self.top / to, source.parent))


def pci_function(tree, address, device, pci_class, driver, vmbus_id):
    """One passed-through function, as pci-hyperv presents it: a PCI domain of its own."""
    domain = address.split(":")[0]
    home = f"sys/devices/LNXSYSTM:00/LNXSYBUS:00/ACPI0004:00/MSFT1000:00/{vmbus_id}"
    here = f"{home}/pci{domain}:00/{address}"
    vmbus_device(tree, vmbus_id, VMBUS_PCI_PASS_THROUGH, "hv_pci")

    ids = {"vendor": 0x15B3, "device": int(device, 16),
           "subsystem_vendor": 0x15B3, "subsystem_device": 0x0003}
    for name, value in ids.items():
        tree.put(f"{here}/{name}", f"0x{value:04x}")
    tree.put(f"{here}/class", f"0x{pci_class}")
    tree.put(f"{here}/revision", "0x00")
    tree.put(f"{here}/irq", "0")
    tree.put(f"{here}/numa_node", "0")
    tree.put(f"{here}/resource", "0x0000000000000000 0x0000000000000000 0x0000000000000000\n" * 13)
    tree.put(f"{here}/modalias", f"pci:v000015B3d0000{device.upper()}sv000015B3sd00000003"
             f"bc{pci_class[0:2]}sc{pci_class[2:4]}i{pci_class[4:6]}")

    config = bytearray(64)  # what a reader of the standard header finds
    config[0:4] = ids["vendor"].to_bytes(2, "little") + ids["device"].to_bytes(2, "little")
    config[9:12] = bytes.fromhex(pci_class)[::-1]
    config[0x2C:0x30] = ids["subsystem_vendor"].to_bytes(2, "little") + b"\x03\x00"
    tree.put(f"{here}/config", bytes(config))

    tree.link(f"sys/bus/pci/devices/{address}", here)
    tree.folder(f"sys/bus/pci/drivers/{driver}")
    tree.link(f"{here}/driver", f"sys/bus/pci/drivers/{driver}")
    tree.link(f"sys/bus/pci/drivers/{driver}/{address}", here)
    return here


def vmbus_device(tree, vmbus_id, class_id, driver):
    home = f"sys/devices/LNXSYSTM:00/LNXSYBUS:00/ACPI0004:00/MSFT1000:00/{vmbus_id}"
    tree.put(f"{home}/class_id", "{" + class_id + "}")
    tree.put(f"{home}/device_id", "{" + vmbus_id + "}")
    tree.link(f"sys/bus/vmbus/devices/{vmbus_id}", home)
    if driver:
        tree.folder(f"sys/bus/vmbus/drivers/{driver}")
        tree.link(f"{home}/driver", f"sys/bus/vmbus/drivers/{driver}")
        tree.link(f"sys/bus/vmbus/drivers/{driver}/{vmbus_id}", home)


def rdma_device(tree, function, name, link_layer, rate, state="4: ACTIVE", phys="5: LinkUp"):
    here = f"{function}/infiniband/{name}"
    tree.put(f"{here}/node_type", "1: CA")
    tree.put(f"{here}/fw_ver", "20.31.1014")
    tree.put(f"{here}/hca_type", "MT4124")
    tree.put(f"{here}/node_guid", "0015:5dff:fe33:ff01")
    tree.put(f"{here}/ports/1/state", state)
    tree.put(f"{here}/ports/1/phys_state", phys)
    tree.put(f"{here}/ports/1/link_layer", link_layer)
    tree.put(f"{here}/ports/1/rate", rate)
    # as the kernel writes it: by the function's name, and not as the nearest way there
    (tree.top / here / "device").symlink_to(f"../../../{os.path.basename(function)}")
    tree.link(f"sys/class/infiniband/{name}", here)


def kernel(tree, release, arch, secure_boot=False):
    tree.put("proc/sys/kernel/ostype", "Linux")
    tree.put("proc/sys/kernel/osrelease", release)
    tree.put("proc/sys/kernel/version", "#1 SMP PREEMPT_DYNAMIC")
    tree.put("proc/sys/kernel/arch", arch)
    tree.put("proc/version", f"Linux version {release} (synthesized) #1 SMP PREEMPT_DYNAMIC")
    tree.put("proc/cmdline", f"BOOT_IMAGE=/boot/vmlinuz-{release} root=PARTUUID=0 ro console=ttyS0")
    tree.put("sys/kernel/security/lockdown", "[none] integrity confidentiality")
    # attributes, then on or off
    tree.put(f"sys/firmware/efi/efivars/{SECURE_BOOT}", b"\x06\0\0\0" + bytes([secure_boot]))


def dmi(tree, vendor, product, asset_tag):
    tree.put("sys/class/dmi/id/sys_vendor", vendor)
    tree.put("sys/class/dmi/id/board_vendor", vendor)
    tree.put("sys/class/dmi/id/product_name", product)
    tree.put("sys/class/dmi/id/board_name", product)
    tree.put("sys/class/dmi/id/chassis_asset_tag", asset_tag)


def build(top, *, release, os_release, platform_name="azure", infiniband=True,
          arch=platform.machine(), secure_boot=False):
    """Write the tree of one machine.

    release         kernel release; its headers must be the ones in the container
    os_release      text of os-release: the distribution the machine claims to be
    platform_name   "azure", or "kvm" for a machine that is no Hyper-V guest at all
    infiniband      False: only the Ethernet function of Accelerated Networking is there
    """
    tree = Tree(top)
    tree.put("SYNTHESIZED", "Written by tests/rig/machine.py; no machine ever looked exactly like this.")
    tree.put("etc/os-release", os_release)
    tree.put("usr/lib/os-release", os_release)
    tree.folder("run/cloud-init")
    tree.folder("sys/class/infiniband")
    tree.folder("sys/bus/pci/devices")
    kernel(tree, release, arch, secure_boot)
    if platform_name == "kvm":
        dmi(tree, "QEMU", "Standard PC (Q35 + ICH9, 2009)", "")
        return
    dmi(tree, "Microsoft Corporation", "Virtual Machine", AZURE_ASSET_TAG)
    vmbus_device(tree, "000d3a2b-5f6e-000d-3a2b-5f6e000d3a2b", VMBUS_NETWORK, "hv_netvsc")
    tree.folder("sys/bus/vmbus/drivers/hv_pci")
    for module in ("hv_vmbus", "pci_hyperv", "mlx5_core", "mlx5_ib"):
        tree.put(f"sys/module/{module}/initstate", "live")

    ethernet = pci_function(tree, "a3b1:00:02.0", "1016", "020000", "mlx5_core",
                            "6bbfa3b1-3b8f-4b1d-9d8f-a3b15f6e0002")
    rdma_device(tree, ethernet, "mlx5_an0", "Ethernet", "40 Gb/sec (4X QDR)")
    if infiniband:
        fabric = pci_function(tree, "0101:00:00.0", "101c", "020700", "mlx5_core",
                              "47505500-0101-0000-3130-444531303132")
        rdma_device(tree, fabric, "mlx5_ib0", "InfiniBand", "200 Gb/sec (4X HDR)")


def main():
    parser = argparse.ArgumentParser(description="write the synthesized tree of an Azure HB120rs_v3")
    parser.add_argument("top", help="folder to fill")
    parser.add_argument("--kernel", required=True, help="kernel release")
    parser.add_argument("--os-release", help="file to take as os-release (default: Ubuntu 24.04)")
    parser.add_argument("--platform", choices=("azure", "kvm"), default="azure")
    parser.add_argument("--no-infiniband", action="store_true")
    args = parser.parse_args()
    text = pathlib.Path(args.os_release).read_text() if args.os_release else UBUNTU_2404
    build(args.top, release=args.kernel, os_release=text, platform_name=args.platform,
          infiniband=not args.no_infiniband)


if __name__ == "__main__":
    main()
