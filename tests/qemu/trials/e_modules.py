# SPDX-License-Identifier: GPL-2.0-or-later
"""Which build of a module is loaded, and which lies on the disk."""
from rig import vendor
from trials import trial, trial_with_stack

UMAD = "/lib/modules/$(uname -r)/kernel/drivers/infiniband/core/ib_umad.ko"


@trial_with_stack
def module_stale(t, vm):
    """A driver is updated under the one that is loaded."""
    vm.azure().load()
    t.equal(vm.verify()[0], 0, "all is well before")
    vm.sh(f"cp {UMAD} /run/own.ko; cp /srv/rig/another/ib_umad.ko {UMAD}")
    status, document = vm.verify()
    checks = {c["id"]: c for c in document["checks"]}
    t.equal((status, document["reason"]), (14, "module-stale"), "exit 14, and why")
    t.equal(checks["module-source"]["result"], "fail", "module-source failed")
    t.contains(checks["module-source"]["detail"], "ib_umad", "the module is named")
    t.equal(checks["module-loaded"]["result"], "pass", "a module of that name is loaded")

    vm.sh("modprobe -r ib_umad; modprobe ib_umad")
    status, document = vm.verify()
    checks = {c["id"]: c for c in document["checks"]}
    t.equal(checks["module-source"]["result"], "pass", "loaded anew, it is the one on the disk")
    t.equal((status, document["reason"]), (0, "verified"), "and all is proven")

    vm.sh(f"cp /run/own.ko {UMAD}")
    status, document = vm.verify()
    t.equal((status, document["reason"]), (14, "module-stale"), "the other way round: stale as well")


@trial_with_stack
def module_not_loaded(t, vm):
    vm.azure().load()
    t.equal(vm.verify()[0], 0, "all is well before")
    vm.sh("modprobe -r fake_hca; modprobe -r mlx5_ib")
    status, document = vm.verify()
    checks = {c["id"]: c for c in document["checks"]}
    t.equal((status, document["reason"]), (14, "module-load-failed"), "exit 14, and why")
    t.contains(checks["module-loaded"]["detail"], "mlx5_ib", "the module is named")


@trial
def modules_of_a_set(t, vm):
    """What dkms has compiled elsewhere and `modules_cache` has carried: it loads, and is what it was."""
    release = vm.sh("uname -r").strip()
    t.equal(vm.sh("cat /srv/disk/vendor/release"), release, "the container that compiled has this kernel")
    # The packages of a machine that found the set: nothing of dkms, compiler or headers among them.
    vm.sh("dpkg -i /srv/disk/vendor/*.deb")
    vm.sh(f"modprobe -a {' '.join(vendor.LOADED)}")
    vendors_loaded(t, vm)
    for module in vendor.MODULES:
        file, magic = vm.sh(f"modinfo -F filename {module}; modinfo -F vermagic {module}").splitlines()
        t.contains(file, "/updates/dkms/", f"{module} is found before the kernel's own")
        t.equal(magic.split()[0], release, f"{module} is for this kernel")
    for client in ("rpcrdma", "ib_iser"):
        t.check(vm.status("modprobe", client).status != 0, f"the kernel's own {client} does not load with this core")
    t.contains(vm.sh("dmesg"), "disagrees about version of symbol", "which the kernel says")
    vm.azure(functions=0, stanza="infiniband: {driver: doca-ofed, verify: {wait_seconds: 0}}\n")
    checks = {c["id"]: c["result"] for c in vm.verify()[1]["checks"]}
    t.equal(checks["fabric-device"], "fail", "a driver without a device is no fabric")
    vm.plug()
    status, document = vm.verify()
    t.equal((status, document["reason"]), (0, "verified"), "with a device, all is proven")
    t.equal([c for c in document["checks"] if c["result"] != "pass"], [], "no check is left open")


def vendors_loaded(t, vm):
    """All of the stack that the vendor's openibd knows, and what it needs, of the vendor's build."""
    names = (*vendor.LOADED, "ib_core", "mlx_compat")
    t.equal(vm.whose(*names), dict.fromkeys(names, "vendor"), "the vendor's modules are loaded")
