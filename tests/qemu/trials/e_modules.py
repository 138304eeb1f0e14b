# SPDX-License-Identifier: GPL-2.0-or-later
"""Which build of a module is loaded, and which lies on the disk."""
from trials import trial_with_stack

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
