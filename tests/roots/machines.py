#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Trees that look like machines, for `ofed-init facts --sysroot TREE --root TREE`.

SYNTHESIZED, not recorded: no public dump of the /sys of such machines exists. Device ids,
classes and counts are those of public listings and of the catalog; where a value is a guess,
it says so. Small parameters make them, so that what differs between machines can be seen.

    tests/roots/machines.py DIR [NAME...]     writes DIR/NAME
"""
import json
import os
import pathlib
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "rig"))
import machine  # noqa: E402

OS = {
    "ubuntu-24.04": 'PRETTY_NAME="Ubuntu 24.04.2 LTS"\nNAME="Ubuntu"\nVERSION_ID="24.04"\n'
                    "VERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\n",
    "ubuntu-22.04": 'PRETTY_NAME="Ubuntu 22.04.5 LTS"\nVERSION_ID="22.04"\nID=ubuntu\n'
                    "ID_LIKE=debian\n",
    "ubuntu-18.04": 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n'
                    'PRETTY_NAME="Ubuntu 18.04.6 LTS"\nVERSION_ID="18.04"\n',
    "almalinux-8.10": 'NAME="AlmaLinux"\nID="almalinux"\nID_LIKE="rhel centos fedora"\n'
                      'VERSION_ID="8.10"\nPRETTY_NAME="AlmaLinux 8.10 (Cerulean Leopard)"\n',
    "azurelinux-3.0": 'NAME="Microsoft Azure Linux"\nID=azurelinux\nVERSION_ID="3.0"\n'
                      'PRETTY_NAME="Microsoft Azure Linux 3.0"\n',
    "debian-sid": 'PRETTY_NAME="Debian GNU/Linux forky/sid"\nNAME="Debian GNU/Linux"\n'
                  "VERSION_CODENAME=forky\nID=debian\n",
    "rhel-7.6": 'NAME="Red Hat Enterprise Linux Server"\nID="rhel"\nID_LIKE="fedora"\n'
                'VERSION_ID="7.6"\nPRETTY_NAME="Red Hat Enterprise Linux"\n',
}

# publisher, offer, sku, version
IMAGES = {
    "ubuntu-24.04": ("canonical", "ubuntu-24_04-lts", "server", "24.04.202506120"),
    "ubuntu-22.04": ("microsoft-dsvm", "ubuntu-hpc", "2204", "22.04.2025060901"),
    "ubuntu-18.04": ("canonical", "ubuntuserver", "18_04-lts-gen2", "18.04.202306070"),
    "almalinux-8.10": ("almalinux", "almalinux-x86_64", "8-gen2", "8.10.2025060401"),
    "azurelinux-3.0": ("microsoftcblmariner", "azure-linux-3", "azure-linux-3-arm64", ""),
    "rhel-7.6": ("redhat", "rhel", "7.6", "7.6.2022030212"),
}

# Accelerated Networking: an Ethernet function of the same vendor, on most sizes
ETHERNET = {"address": "fe3b:00:02.0", "device": "1016", "class": "020000",
            "driver": "mlx5_core", "rdma": "mlx5_an0", "rate": "40 Gb/sec (4X QDR)"}


def fabric(addresses, device, rate, pci_class="020700", driver="mlx5_core", name="mlx5_ib"):
    return [{"address": address, "device": device, "class": pci_class, "driver": driver,
             "rdma": f"{name}{n}", "rate": rate, "link_layer": "InfiniBand"}
            for n, address in enumerate(addresses)]


def eight(count):
    return [f"01{n:02x}:00:00.0" for n in range(1, count + 1)]


MACHINES = {
    # With all of it: a DOCA stack installed for the running kernel
    "hb120rs_v3": {
        "size": "Standard_HB120rs_v3", "os": "ubuntu-24.04", "kernel": "6.11.0-1015-azure",
        "functions": [ETHERNET] + fabric(["0101:00:00.0"], "101c", "200 Gb/sec (4X HDR)"),
        "headers": True, "programs": ["gcc", "make"],
        "dpkg": {"doca-ofed": "3.2.1-044000", "rdma-core": "2510.0.11-1"},
        "modules": ["updates/dkms/mlx5_core.ko.zst"],
    },
    # The same size before cloud-init has asked anybody, and before the function has come
    "hb120rs_v3-early": {
        "instance_data": {"ds": {"meta_data": {"imds": {}}}},
        "os": "ubuntu-24.04", "kernel": "6.11.0-1015-azure", "functions": [ETHERNET],
    },
    # A real address; Source: a public lspci of this size
    "hb60rs": {
        "size": "Standard_HB60rs", "os": "almalinux-8.10",
        "kernel": "4.18.0-553.el8_10.x86_64", "no_arch_file": True,
        "functions": [ETHERNET] + fabric(["98da:00:02.0"], "1018", "100 Gb/sec (4X EDR)"),
        "secure_boot": True, "lockdown": "none [integrity] confidentiality",
        "sig_enforce": "Y", "programs": ["cc", "make"],
        "files": ["usr/sbin/rdma-ndd"],
        "modules": ["kernel/drivers/infiniband/hw/mlx5/mlx5_ib.ko.xz"],
    },
    "nd96isr_h100_v5": {
        "size": "Standard_ND96isr_H100_v5", "os": "ubuntu-22.04",
        "kernel": "5.15.0-1088-azure",
        "functions": [ETHERNET] + fabric(eight(8), "101e", "400 Gb/sec (4X NDR)"),
        "headers": True, "programs": ["gcc", "make"],
        "files": ["usr/bin/ofed_info"],
        "hpc": {"DOCA": "3.1.0", "OFED": "25.07-0.9.7.0"},
        "modules": ["updates/dkms/mlx5_core.ko"],
    },
    # Ethernet only, and no RDMA module loaded: its vendor id proves nothing
    "d4s_v5": {
        "size": "Standard_D4s_v5", "os": "ubuntu-24.04", "kernel": "6.11.0-1015-azure",
        "functions": [dict(ETHERNET, rdma=None)],
    },
    # ConnectX-3 Pro shows its InfiniBand function as "other network controller"
    "nc24rs_v3": {
        "size": "Standard_NC24rs_v3", "os": "ubuntu-18.04", "kernel": "5.4.0-1109-azure",
        "functions": fabric(["86fc:00:02.0"], "1004", "56 Gb/sec (4X FDR)",
                            pci_class="028000", driver="mlx4_core", name="mlx4_"),
        "generation": 1,
    },
    # A VMBus channel instead of a function: pci-hyperv is not loaded, but could be
    "a8": {
        "size": "Standard_A8", "os": "rhel-7.6", "kernel": "3.10.0-957.el7.x86_64",
        "no_arch_file": True, "functions": [], "network_direct": True, "generation": 1,
        "no_hv_pci": True, "no_lockdown": True,
        "modules.dep": "kernel/drivers/pci/host/pci-hyperv.ko.xz:\n",
        "modules.builtin": "kernel/drivers/char/rtc.ko\n",
    },
    # The VF's id is a guess of the catalog's
    "gb200": {
        "size": "Standard_ND128isr_NDR_GB200_v6", "os": "azurelinux-3.0",
        "kernel": "6.6.85.1-2.azl3", "arch": "aarch64",
        "functions": fabric(eight(4), "101e", "400 Gb/sec (4X NDR)"),
    },
    "kvm": {
        "dmi": ("QEMU", "Standard PC (Q35 + ICH9, 2009)", ""),
        "os": "ubuntu-24.04", "kernel": "6.8.0-60-generic", "no_vmbus": True,
        "functions": [], "modules.dep": "", "modules.builtin": "",
    },
    # Physical adapters, one with its link down
    "bare-metal": {
        "dmi": ("Dell Inc.", "PowerEdge R760", "ABC1234"),
        "os": "debian-sid", "kernel": "6.17.0-1-amd64", "no_vmbus": True, "secure_boot": True,
        "functions": fabric(["0000:27:00.0", "0000:a1:00.0"], "1021", "400 Gb/sec (4X NDR)",
                            name="mlx5_"),
        "down": ["mlx5_1"],
        "dpkg": {"rdma-core": "59.0-1"},
        "modules": ["kernel/drivers/infiniband/hw/mlx5/mlx5_ib.ko.xz"],
    },
}


def instance_data(size, image):
    publisher, offer, sku, version = image
    return {"ds": {"meta_data": {"imds": {"compute": {
        "vmSize": size, "vmId": "ff702a6b-cb6a-4fcd-ad68-b4ce38227642",
        "location": "westeurope", "publisher": publisher, "offer": offer, "sku": sku,
        "version": version, "zone": ""}}}}}


def put_functions(tree, wanted):
    tree.folder("sys/bus/pci/devices")
    for n, f in enumerate(wanted["functions"]):
        here = machine.pci_function(tree, f["address"], f["device"], f["class"], f["driver"],
                                    f"47505500-{n:04x}-0000-3130-444531303132")
        if not f["rdma"]:
            continue
        if f["rdma"] in wanted.get("down", ()):
            machine.rdma_device(tree, here, f["rdma"], f.get("link_layer", "Ethernet"),
                                "10 Gb/sec (4X SDR)", state="1: DOWN", phys="2: Polling")
        else:
            machine.rdma_device(tree, here, f["rdma"], f.get("link_layer", "Ethernet"), f["rate"])


def put_installed(tree, wanted):
    """The half of the tree that --root looks at."""
    release = wanted["kernel"]
    for name in wanted.get("programs", ()):
        tree.put(f"usr/bin/{name}", "")
        (tree.top / f"usr/bin/{name}").chmod(0o755)
    tree.folder("usr/bin")
    tree.folder("var")
    for path in wanted.get("files", ()):
        tree.put(path, "")
    if "dpkg" in wanted:
        status = ""
        for name, version in wanted["dpkg"].items():
            tree.put(f"var/lib/dpkg/info/{name}.list", "/.\n")
            status += f"Package: {name}\nStatus: install ok installed\nVersion: {version}\n\n"
        tree.put("var/lib/dpkg/status", status)
    if "hpc" in wanted:
        tree.put("opt/azurehpc/component_versions.txt", json.dumps(wanted["hpc"]))
    tree.folder(f"lib/modules/{release}")
    for path in wanted.get("modules", ()):
        tree.put(f"lib/modules/{release}/{path}", "")
    for name in ("modules.dep", "modules.builtin"):
        if name in wanted:
            tree.put(f"lib/modules/{release}/{name}", wanted[name])
    if wanted.get("headers"):
        tree.put(f"usr/src/linux-headers-{release}/Makefile", "")
        # Absolute, as distributions have it: it must be followed beneath the tree.
        os.symlink(f"/usr/src/linux-headers-{release}", tree.top / f"lib/modules/{release}/build")


def build(top, wanted):
    tree = machine.Tree(top)
    tree.put("SYNTHESIZED", "Written by tests/roots/machines.py; no machine ever looked exactly so.")
    tree.put("usr/lib/os-release", OS[wanted["os"]])
    (tree.top / "etc").mkdir()
    os.symlink("../usr/lib/os-release", tree.top / "etc/os-release")
    machine.kernel(tree, wanted["kernel"], wanted.get("arch", "x86_64"))
    if wanted.get("no_arch_file"):  # before Linux 6.1
        (tree.top / "proc/sys/kernel/arch").unlink()
    machine.dmi(tree, *wanted.get("dmi", ("Microsoft Corporation", "Virtual Machine",
                                          machine.AZURE_ASSET_TAG)))
    if "size" in wanted:
        wanted = dict(wanted, instance_data=instance_data(wanted["size"],
                                                          IMAGES[wanted["os"]]))
    if "instance_data" in wanted:
        tree.put("run/cloud-init/instance-data.json", json.dumps(wanted["instance_data"]))
        tree.put("run/cloud-init/.instance-id", "527c2691-029f-fe4c-b1f4-a4da7ebac2ff")

    put_functions(tree, wanted)
    if wanted.get("network_direct"):
        machine.vmbus_device(tree, "7ed05c3a-0001-4000-8000-000000000001",
                             machine.VMBUS_NETWORK_DIRECT, None)
    if wanted.get("no_vmbus"):
        shutil.rmtree(tree.top / "sys/bus/vmbus", ignore_errors=True)
    else:
        machine.vmbus_device(tree, "000d3a2b-5f6e-000d-3a2b-5f6e000d3a2b",
                             machine.VMBUS_NETWORK, "hv_netvsc")
        if not wanted.get("no_hv_pci"):
            tree.folder("sys/bus/vmbus/drivers/hv_pci")

    security = "sys/kernel/security/lockdown"
    if wanted.get("no_lockdown"):
        (tree.top / security).unlink()
        tree.folder("sys/kernel/security/selinux")
    elif "lockdown" in wanted:
        tree.put(security, wanted["lockdown"])
    if wanted.get("generation") == 1:  # no EFI there
        shutil.rmtree(tree.top / "sys/firmware/efi")
    elif wanted.get("secure_boot"):
        tree.put(f"sys/firmware/efi/efivars/{machine.SECURE_BOOT}", b"\x06\0\0\0\x01")
    tree.put("sys/module/module/parameters/sig_enforce", wanted.get("sig_enforce", "N"))
    put_installed(tree, wanted)


def main():
    top = pathlib.Path(sys.argv[1])
    for name in sys.argv[2:] or MACHINES:
        build(top / name, MACHINES[name])


if __name__ == "__main__":
    main()
