# SPDX-License-Identifier: GPL-2.0-or-later
"""What ofed-init refuses, each exit code; nothing on the machine is changed."""
import json

import expect
import user_data
from rig import machine
from rig.deb import deb
from scenarios import BOOKWORM, BOTH, scenario
from trial import OFFICE_SIZE

STANZA = """
    infiniband:
      enabled: true
      verify: {wait_seconds: 2}
    """


def refused(t, vm, code, reason):
    before = vm.packages()
    vm.user_data(user_data.plain(STANZA))
    boot = vm.boot()
    expect.ended(t, boot, code, reason)
    expect.clean_boot(t, boot)
    expect.before_runcmd(t, boot)
    expect.nothing_installed(t, before, boot)
    t.equal(boot.dpkg_runs(), [], "dpkg was not run at all")
    t.contains(boot.last_line, "Remedy: ", "the status log's last line says what to do")
    return boot


@scenario(BOTH)
def refuse_10(t):
    """A machine that is no Hyper-V guest; it is not asked over the network what it is."""
    vm = t.vm(platform_name="kvm", size_from="imds")
    refused(t, vm, 10, "platform-not-hyperv")
    t.equal(vm.imds.requests, [], "no network call was made")


@scenario(BOOKWORM)
def refuse_11(t):
    """An InfiniBand size whose function is missing; an Ethernet function does not count."""
    vm = t.vm(infiniband=False)
    vm.unit_that_waits()
    boot = refused(t, vm, 11, "device-missing")
    t.before(boot.ran_until, boot.mark("workload-of-the-image"),
             "a unit After=infiniband-ready.target waits for the run, and starts though it failed")
    t.check(boot.units["infiniband-ready.target"]["ActiveState"] != "active",
            "infiniband-ready.target is not reached")


@scenario(BOOKWORM)
def refuse_12(t):
    """A distribution of which the catalog has nothing."""
    refused(t, t.vm(os_release=machine.GENTOO), 12, "distro-not-supported")


@scenario(BOOKWORM)
def refuse_13(t):
    """A size without InfiniBand, known from the metadata service."""
    vm = t.vm(size=OFFICE_SIZE, size_from="imds", infiniband=False)
    refused(t, vm, 13, "size-not-rdma")
    t.check(vm.imds.asked(), "the metadata service was asked for the size")


@scenario(BOOKWORM)
def refuse_13_network_direct(t):
    """RDMA, but of the kind for which there is no driver to install."""
    refused(t, t.vm(size="Standard_H16r", infiniband=False), 13, "size-network-direct")


@scenario(BOTH)
def refuse_14_site_package(t):
    """The site's own scheduler would have to go for the driver: nothing is touched, unless the stanza says so."""
    vm = t.vm()
    work = t.work_beside("site")
    work.mkdir()
    deb(work, work / "verbs.deb", "site-verbs", "1.0-1", conflicts="rdma-core")
    deb(work, work / "scheduler.deb", "site-scheduler", "23.11-1", depends="site-verbs")
    for name in ("verbs", "scheduler"):
        vm.container.copy(work / f"{name}.deb", f"srv/{name}.deb")
    vm.container.run("dpkg", "--install", "/srv/verbs.deb", "/srv/scheduler.deb")
    boot = refused(t, vm, 14, "removal-takes-others")
    for name in ("site-verbs", "site-scheduler"):
        t.contains(boot.last_line, name, "the last line names the package")
    t.contains(boot.last_line, "may_remove", "and the key that allows it")
    vm.user_data(user_data.plain(STANZA + "  may_remove: [site-*]\n"), "i-second")
    boot = vm.boot()
    expect.ended(t, boot, 0, expect.INSTALLED)
    t.check(boot.installed("rdma-core") and not boot.installed("site-scheduler"), "with the key it is installed")
    gone = json.loads(vm.container.path("var/lib/ofed-init/result.json").read_text())["removed"]
    t.equal(sorted(gone), ["site-scheduler 23.11-1", "site-verbs 1.0-1"], "result.json has what went")
    t.contains(boot.last_line, "; removed: site-", "so has the last line")


@scenario(BOTH)
def refuse_14_pin(t):
    """The site keeps rdma-core away by a pin: the line of its file is named."""
    vm = t.vm()
    vm.container.write("etc/apt/preferences.d/site", "# the site's\nPackage: rdma-* ibverbs-*\nPin: release *\n"
                       "Pin-Priority: -1\n")
    boot = refused(t, vm, 14, "packages-held")
    t.contains(boot.last_line, "rdma-core by /etc/apt/preferences.d/site:2", "the last line names file and line")
    t.contains(boot.status_log, "apt-get: E: ", "the log has apt's own words")
