# SPDX-License-Identifier: GPL-2.0-or-later
"""A stack that was there before, its modules loaded as at a boot: what the ports make of the run."""
from trials import trial_with_stack
from trials.b_run import ended, proven

SHORT = "infiniband: {driver: inbox, verify: {wait_seconds: 2}}\n"


@trial_with_stack
def ports_fit(t, vm):
    vm.azure(stanza=SHORT).load()
    run = vm.run()
    ended(t, run, 0, "driver-present")
    proven(t, run)
    t.lacks(run.log, "apt-get", "apt-get was not started")
    t.equal(vm.verify()[0], 0, "verify says the same")


@trial_with_stack
def ports_down(t, vm):
    """A port that stays down, and the same machine once it is up."""
    vm.azure(adapter="state=1", stanza=SHORT).load()
    run = vm.run()
    ended(t, run, 14, "port-down")
    t.equal(run.proof("port-state"), "fail", "port-state failed")
    t.equal(run.proof("module-loaded"), "pass", "the modules are not to blame")
    t.contains(run.checks["port-state"]["detail"], "DOWN, physically Polling", "in the kernel's words")
    vm.set_adapter(state=4)
    run = vm.run()
    t.equal((run.status, run.proof("port-state")), (0, "pass"), "the next run finds it up")


@trial_with_stack
def ports_late(t, vm):
    """ACTIVE only while the program is already waiting for it."""
    vm.azure(adapter="state=1").load()
    vm.meanwhile("until grep -q 's for the fabric' /var/log/azure/ib-vmext-status;"
                 " do sleep 0.2; done; sleep 2; echo 4 >/sys/module/fake_hca/parameters/state")
    run = vm.run()
    ended(t, run, 0, "driver-present")
    proven(t, run)
    t.contains(run.log, "s for the fabric: port-state", "it was waited for")


@trial_with_stack
def ports_initializing(t, vm):
    """No subnet manager: physically up, not ACTIVE."""
    vm.azure(adapter="state=2", stanza=SHORT).load()
    run = vm.run()
    ended(t, run, 14, "port-down")
    t.contains(run.checks["port-state"]["detail"], "INIT, physically LinkUp", "in the kernel's words")


@trial_with_stack
def ports_slow(t, vm):
    """EDR where the size promises HDR; then a stanza that is content with that."""
    vm.azure(adapter="speed=32", stanza=SHORT).load()
    run = vm.run()
    ended(t, run, 14, "port-rate")
    t.contains(run.checks["port-rate"]["detail"], "100 Gb/s; expected 200 Gb/s", "both rates are told")
    vm.write("/etc/ofed-init/conf.d/50-trial.yaml",
             "infiniband: {driver: inbox, verify: {wait_seconds: 2, min_rate_gbps: 100}}\n")
    run = vm.run()
    t.equal((run.status, run.proof("port-rate")), (0, "pass"), "min_rate_gbps: 100 is met")


@trial_with_stack
def ports_missing(t, vm):
    """Eight adapters promised, and one of them is dead."""
    vm.azure(size="Standard_ND96asr_v4", functions=8, adapter="ports=7", stanza=SHORT).load()
    run = vm.run()
    ended(t, run, 14, "ports-missing")
    t.contains(run.checks["port-count"]["detail"], "7 InfiniBand ports, expected 8", "both numbers")
    dead = vm.sh("cd /sys/bus/pci/devices; for f in 01*; do [ -e $f/driver ] || echo $f; done").strip()
    vm.set_adapter(ports=8)
    vm.sh(f"echo {dead} >/sys/bus/pci/drivers/fake_hca/bind; udevadm settle")
    run = vm.run()
    t.equal((run.status, run.proof("port-count")), (0, "pass"), "with the eighth, all is well")


@trial_with_stack
def ports_soft_roce(t, vm):
    """An RDMA device whose link layer is Ethernet is no InfiniBand, however ACTIVE it is."""
    vm.azure(adapter="ports=0", stanza=SHORT).load()
    vm.sh("ip link add roce0 type dummy; ip link set roce0 up; modprobe rdma_rxe;"
          " rdma link add rxe0 type rxe netdev roce0; udevadm settle")
    ports = vm.facts()["rdma"]
    t.equal([(p["link_layer"], p["state"]) for p in ports], [("Ethernet", "ACTIVE")], "the facts")
    run = vm.run()
    ended(t, run, 14, "fabric-missing")
    t.contains(run.checks["fabric-device"]["detail"], "is Ethernet", "it was seen, and not counted")
    t.contains(run.checks["fabric-device"]["detail"], "0101:00:00.0", "the function is named")


@trial_with_stack
def ports_block(t, vm):
    """on_failure: block leaves its mark when the fabric fails, and takes it away when it works."""
    vm.azure(adapter="state=1", stanza="infiniband: {driver: inbox, on_failure: block,"
             " verify: {wait_seconds: 1}}\n").load()
    t.equal(vm.run().status, 14, "exit 14")
    t.equal(vm.status("test", "-e", "/run/ofed-init/block")[0], 0, "workloads are held back")
    t.check(vm.status("/usr/libexec/ofed-init/gate")[0] != 0, "the gate is shut")
    vm.set_adapter(state=4)
    t.equal(vm.run().status, 0, "exit 0")
    t.check(vm.status("test", "-e", "/run/ofed-init/block")[0] != 0, "no longer")
    t.equal(vm.status("/usr/libexec/ofed-init/gate")[0], 0, "the gate is open")
