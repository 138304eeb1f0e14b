# SPDX-License-Identifier: GPL-2.0-or-later
"""The main job: packages from an archive on a disk, modules into the running kernel, and proof."""
from trials import trial, trial_with_stack

MODULES = ("mlx5_core", "mlx5_ib", "ib_core", "ib_uverbs", "ib_umad", "rdma_ucm", "ib_ipoib")
PROVEN = ("module-files", "module-loaded", "module-source", "fabric-device", "port-count",
          "port-state", "port-rate")


def loaded(vm):
    return {line.split()[0] for line in vm.sh("cat /proc/modules").splitlines()}


def ended(t, run, code, reason):
    t.equal((run.status, run.result.get("exit_code")), (code, code), f"exit {code}")
    t.equal(run.reason, reason, f"the reason is {reason}")
    t.contains(run.last_line, f"exit {code} ", "the status log ends with the exit code")
    t.contains(run.last_line, reason, "and with the reason")


def proven(t, run):
    """Everything was proven: nothing left open."""
    for check in PROVEN:
        t.equal(run.proof(check), "pass", f"{check} is proven")
    t.equal([c for c in run.checks if run.proof(c) != "pass"], [], "no check is left open")


@trial
def run_inbox(t, vm):
    """Started as the unit, by somebody who wants the fabric."""
    vm.azure()
    t.check(not loaded(vm) & set(MODULES) - {"mlx5_core"}, "no module but the function's own is loaded",
            loaded(vm))
    run = vm.run("systemctl", "start", "infiniband-ready.target")
    ended(t, run, 0, "installed")
    proven(t, run)
    vm.sh("udevadm settle")
    missing = set(MODULES) - loaded(vm)
    t.check(not missing, "the modules are really loaded", missing)
    t.equal(vm.status("dpkg-query", "-W", "-f", "${Status}", "rdma-core").output,
            "install ok installed", "rdma-core is installed")
    t.equal(vm.status("systemctl", "is-active", "infiniband-ready.target").output.strip(), "active",
            "infiniband-ready.target is reached")
    t.equal([p["device"] for p in vm.facts()["rdma"]], ["ibP257p0s0"],
            "the device is named by its place on the bus (domain 0x0101)")
    t.contains(vm.status("ibstat").output, "Rate: 200", "ibstat agrees about the rate")
    t.equal(vm.status("ofed-init", "status")[0], 0, "status: the last run's exit code")
    again_and_again(t, vm)


def again_and_again(t, vm):
    """All that later boots do, in one that goes on: nothing, and without a package manager."""
    vm.sh("date +%s.%N >/run/before")
    run = vm.run()
    ended(t, run, 0, "unchanged")
    t.lacks(run.log, "apt-get", "apt-get was not started")
    t.equal([p for p in run.phases if p != "facts"], [], "it only looked")
    t.equal(vm.status("find", "/var/lib/dpkg/status", "-newer", "/run/before").output, "",
            "dpkg was not run")
    vm.write("/run/cloud-init/.instance-id", "i-another\n")
    run = vm.run()
    ended(t, run, 0, "driver-present")
    proven(t, run)


@trial_with_stack
def run_no_module(t, vm):
    """A kernel that has lost a module: the packages are complete, and it does not help."""
    vm.azure()
    vm.sh("rm /lib/modules/$(uname -r)/kernel/drivers/infiniband/hw/mlx5/mlx5_ib.ko; depmod")
    run = vm.run()
    ended(t, run, 14, "modules-missing")
    t.contains(run.log, "mlx5_ib", "the module is named")
