# SPDX-License-Identifier: GPL-2.0-or-later
"""The place in the boot: holding workloads back, and sharing the package manager."""
import re

import expect
import user_data
from rig.azure import Network, move_in
from rig.deb import deb
from scenarios import BOTH, scenario
from trial import HPC_SIZE, OFFICE_SIZE

BLOCK = """
    infiniband:
      driver: inbox
      on_failure: block
      verify: {wait_seconds: 2}
    """
INBOX = """
    infiniband:
      driver: inbox
      verify: {wait_seconds: 2}
    """
MIXED_SIZES = """
    infiniband:
      driver: inbox
      on_unsupported: skip
      verify: {wait_seconds: 2}
    """
# Another use of apt, of the kind that a machine has at boot: it is there first, and slow.
NEIGHBOUR = """[Unit]
Description=an unattended installation
After=cloud-config.service
Before=ofed-init.service

[Service]
Type=simple
ExecStart=/usr/bin/apt-get -q -y install /srv/slow-neighbour.deb
# Up only once it holds the lock, so that ofed-init meets it for certain.
ExecStartPost=/usr/bin/timeout 60 /bin/sh -c 'until test -e /var/rig/neighbour-works; do sleep 0.1; done'

[Install]
WantedBy=cloud-init.target
"""
# Turns the first boot off, hard, when dpkg is in the middle of the work.
POWER_CUT = """[Unit]
Description=no power any more
After=cloud-config.service
ConditionPathExists=!/var/rig/power-was-cut

[Service]
Type=simple
ExecStart=/bin/sh -c 'until grep -qs "status half-installed rdma-core" /var/log/dpkg.log; do \
    sleep 0.02; done; touch /var/rig/power-was-cut; systemctl poweroff -ff'

[Install]
WantedBy=cloud-init.target
"""
SLOW_POSTINST = """#!/bin/sh
/usr/local/bin/mark neighbour-works
touch /var/rig/neighbour-works
sleep 12
/usr/local/bin/mark neighbour-ends
"""


@scenario(BOTH)
def block(t):
    """on_failure: block, and a run that fails: cloud-final and all that it runs is held back."""
    vm = t.vm(infiniband=False)
    vm.user_data(user_data.with_script(user_data.plain(BLOCK, user_data.WORKLOADS)))
    boot = vm.boot()
    expect.ended(t, boot, 11, "device-missing")
    t.check(boot.seen["settled"], "the boot settles", boot.seen["jobs"])
    t.check("ordering cycle" not in boot.journal, "systemd finds no ordering cycle")
    for name in ("runcmd", "user-script"):
        t.equal(boot.mark(name), None, f"{name} is held back")
    t.check(not boot.installed("hello"), "packages: is held back")
    t.equal(boot.units["cloud-final.service"]["ActiveState"], "failed", "cloud-final failed")
    t.contains(boot.journal, "on_failure: block", "the journal says why")
    t.contains(boot.seen["cloud_init"]["text"], "status: error", "cloud-init status says error")

    vm.write_machine(infiniband=True)
    later = vm.boot()
    t.equal(later.exit_code, 0, "with the device there: exit 0")
    expect.before_runcmd(t, later)
    expect.clean_boot(t, later)


@scenario(BOTH)
def lock_held(t):
    """apt is at work when ofed-init comes: it waits, and says for whom."""
    vm = t.vm()
    work = t.work_beside("neighbour")
    work.mkdir()
    deb(work, work / "slow.deb", "slow-neighbour", "1", scripts={"postinst": SLOW_POSTINST})
    vm.container.copy(work / "slow.deb", "srv/slow-neighbour.deb")
    vm.container.write("etc/systemd/system/rig-neighbour.service", NEIGHBOUR)
    vm.container.link("etc/systemd/system/cloud-init.target.wants/rig-neighbour.service",
                      "../rig-neighbour.service")
    vm.user_data(user_data.plain(INBOX))
    boot = vm.boot()
    expect.ended(t, boot, 0, expect.INSTALLED)
    expect.clean_boot(t, boot)
    t.before(boot.mark("neighbour-works"), boot.ran_from, "the neighbour holds the lock first")
    t.before(boot.mark("neighbour-ends"), boot.installed_at("rdma-core"), "ofed-init waited for it")
    pid = boot.units["rig-neighbour.service"]["ExecMainPID"]
    named = [line for line in boot.status_log.splitlines()
             if "lock" in line and "apt-get" in line and "slow-neighbour" in line]
    t.check(named, "the status log names the holder's command", boot.status_log)
    t.check(any(re.search(rf"\b{pid}\b", line) for line in named), "and its pid", named or pid)


@scenario(BOTH)
def power_lost(t):
    """The power goes while dpkg unpacks; the next boot goes on, and the workloads run once."""
    vm = t.vm()
    vm.container.write("etc/systemd/system/rig-power.service", POWER_CUT)
    vm.container.link("etc/systemd/system/cloud-init.target.wants/rig-power.service",
                      "../rig-power.service")
    vm.user_data(user_data.plain(INBOX))
    vm.boot_cut_short()
    half = vm.packages()
    t.check("rdma-core" not in half or "perftest" not in half, "the first boot was cut short", half)
    t.check(not vm.container.path("var/lib/cloud/instance/sem/config_scripts_user").exists(),
            "no workload ran in the first boot")
    boot = vm.boot()
    expect.ended(t, boot, 0, expect.INSTALLED)
    expect.clean_boot(t, boot)
    expect.before_runcmd(t, boot)
    for package in ("rdma-core", "perftest"):
        t.check(boot.installed(package), f"{package} is installed")


# Ordered as SUSE's cloud-regionsrv-client has it: after the network, before cloud-final and the agent.
REGISTERS = """[Unit]
After=network-online.target
Wants=network-online.target
Before=cloud-final.service waagent.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'sleep 5; echo "deb [trusted=yes] file:/srv/archive ./" >/etc/apt/sources.list'
"""


def registers_late(vm):
    """As SLES on demand: the image has package sources only when it is registered."""
    unit = "usr/lib/systemd/system/guestregister.service"
    vm.container.write("etc/apt/sources.list", "")
    vm.container.write(unit, REGISTERS)
    vm.container.link("etc/systemd/system/multi-user.target.wants/guestregister.service", f"/{unit}")


@scenario(BOTH)
def azure(t):
    """cloud-init's own Azure datasource: customData, and the size, before and after a resize. Then the sources come late."""
    network = Network(t.work_beside("network"), [OFFICE_SIZE, HPC_SIZE])
    vm = t.vm(infiniband=False, size_from="azure")
    vm.offline_archive()
    move_in(vm.container, network, user_data.plain(MIXED_SIZES))
    before = vm.packages()
    small = vm.boot()
    t.contains(small.seen["cloud_init"]["text"], "DataSourceAzure", "the datasource is Azure's")
    expect.ended(t, small, 0, "size-not-rdma")
    expect.clean_boot(t, small)
    expect.before_runcmd(t, small)
    expect.nothing_installed(t, before, small)

    vm.write_machine(infiniband=True)
    registers_late(vm)
    large = vm.boot()
    expect.ended(t, large, 0, expect.INSTALLED)
    expect.clean_boot(t, large)
    expect.between_config_and_final(t, large)
    t.equal(large.file("/run/cloud-init/.instance-id"), small.file("/run/cloud-init/.instance-id"),
            "a resize keeps the instance id")
    t.equal(large.mark("runcmd"), None, "cloud-init did not take it for a new instance")
    t.check(large.installed("rdma-core"), "rdma-core is installed")
    asked = [r for r in network.requests() if "/metadata/instance" in r]
    t.equal(len(asked), 2, "the metadata service was asked by cloud-init alone, once a boot")
