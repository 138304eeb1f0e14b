# SPDX-License-Identifier: GPL-2.0-or-later
"""Functions that Azure adds late, or never."""
from trials import trial, trial_with_stack
from trials.b_run import ended, proven

KOBJECT_UEVENT = "15"  # the protocol's number in /proc/net/netlink


@trial_with_stack
def hotplug_late(t, vm):
    vm.azure(functions=0).load()
    # While it waits: does it listen to the kernel? Then plug the function in.
    vm.meanwhile("until grep -q 'no InfiniBand function yet' /var/log/azure/ib-vmext-status;"
                 " do sleep 0.2; done; sleep 1;"  # the run has a witness beside it
                 f" awk -v pids=\" $(pidof ofed-init) \" '$2 == {KOBJECT_UEVENT} && index(pids, \" \" $3 \" \")' /proc/net/netlink"
                 " >/run/listens; sleep 2; modprobe fake_pci")
    run = vm.run()
    # Its driver may have made a port of it by the time that we look, or not.
    t.check(run.status == 0 and run.reason in ("driver-present", "installed"), "exit 0",
            (run.status, run.reason))
    proven(t, run)
    t.contains(run.log, "no InfiniBand function yet: waiting up to 60 s", "it was waited for")
    t.check("wait-for-device" in run.phases, "the wait is a phase of the result", run.phases)
    t.check(vm.sh("cat /run/listens").strip(), "it waited for the kernel's event")


@trial
def hotplug_never(t, vm):
    vm.azure(functions=0, stanza="infiniband: {driver: inbox, verify: {wait_seconds: 3}}\n")
    run = vm.run()
    ended(t, run, 11, "device-missing")
    t.check(vm.status("dpkg-query", "-W", "rdma-core")[0] != 0, "nothing was installed")
    t.lacks(run.log, "apt-get", "apt-get was not even started")


@trial_with_stack
def hotplug_gone(t, vm):
    """It was there, all was well, and the next boot has lost it."""
    vm.azure(stanza="infiniband: {driver: inbox, verify: {wait_seconds: 2}}\n").load()
    ended(t, vm.run(), 0, "driver-present")
    vm.sh("modprobe -r fake_hca; modprobe -r fake_pci; udevadm settle")
    t.check(not vm.facts().get("pci"), "the function is gone")
    ended(t, vm.run(), 11, "device-missing")
