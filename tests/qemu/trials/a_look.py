# SPDX-License-Identifier: GPL-2.0-or-later
"""What the program sees on the machine itself, before and after anything is plugged in."""
from trials import trial


@trial
def facts_azure(t, vm):
    """All that Azure shows, with the driver loaded by hand."""
    vm.azure()
    before = vm.facts()
    vm.sh("modprobe mlx5_ib; udevadm settle")
    seen = vm.facts()
    t.equal(seen["dmi"].get("sys_vendor"), "Microsoft Corporation", "DMI: the vendor")
    t.equal(seen["dmi"].get("product_name"), "Virtual Machine", "DMI: the product")
    t.equal(seen["dmi"].get("chassis_asset_tag"), "7783-7084-3265-9085-8269-3286-77",
            "DMI: Azure's asset tag")
    t.equal(seen["hyperv"], {"vmbus": True, "pci_hyperv": True, "network_direct": False},
            "VMBus, its pass-through driver, and no network direct")
    t.equal(seen["vm"].get("size"), "Standard_HB120rs_v3", "the size that cloud-init left")
    t.equal(seen["vm"].get("size_source"), "instance-data", "and where it is from")
    t.equal((seen["os"].get("id"), seen["os"].get("version_id")), ("debian", "12"), "the system")
    t.equal(seen["kernel"].get("release"), vm.sh("uname -r").strip(), "the running kernel")
    t.equal(seen["kernel"].get("headers"), False, "no headers")
    t.check(not seen["security"].get("secure_boot"), "no Secure Boot", seen["security"])
    t.equal([(f["address"], f["vendor"], f["device"], f["class"]) for f in before["pci"]],
            [("0101:00:00.0", "15b3", "101c", "0207")], "the function in its own domain")
    t.equal(before["pci"][0].get("driver"), None, "which no driver has before mlx5_ib is loaded")
    t.check(not before.get("rdma"), "nor are there any ports", before.get("rdma"))
    t.equal(seen["pci"][0].get("driver"), "fake_hca", "and a driver has it after")
    ports = seen.get("rdma") or [{}]
    t.equal([(p.get("port"), p.get("link_layer"), p.get("state"), p.get("phys_state"),
              p.get("rate_gbps")) for p in ports],
            [(1, "InfiniBand", "ACTIVE", "LinkUp", 200)], "the port, as the kernel tells it")
    t.equal(seen["installed"].get("stack"), None, "and no stack is installed")


@trial
def facts_bare(t, vm):
    """The same machine without VMBus: not Hyper-V enough, whatever the firmware says."""
    vm.write("/etc/ofed-init/conf.d/50-trial.yaml", "infiniband: {driver: inbox}\n")
    seen = vm.facts()
    t.equal(seen["hyperv"].get("vmbus"), False, "there is no VMBus")
    t.check(not seen.get("pci"), "no function of the adapter's vendor", seen.get("pci"))
    run = vm.run()
    t.equal((run.status, run.reason), (10, "platform-no-vmbus"), "exit 10, and why")


@trial
def facts_ethernet_function(t, vm):
    """Accelerated Networking: the adapter's vendor, class Ethernet. A size without InfiniBand."""
    vm.azure(size="Standard_E8s_v5", functions=0)
    vm.sh("modprobe fake_pci class=0x020000; udevadm settle")
    t.equal([f["class"] for f in vm.facts()["pci"]], ["0200"], "the function is seen for what it is")
    run = vm.run()
    t.equal((run.status, run.reason), (13, "size-not-rdma"), "exit 13")
