# SPDX-License-Identifier: GPL-2.0-or-later
"""The machine's own network, which the new driver takes away: a veth of its own, in a network
without a way out, where the gateway and the metadata service really answer or do not."""
import expect
import user_data
from rig import vendor
from rig.azure import Network, move_in
from scenarios import TRIXIE, scenario
from scenarios.b_doca import Source, stanza
from trial import HPC_SIZE, SYSROOT

# What ofed-init sees of the network is this machine's own, not the recorded one's.
OWN_NETWORK = f"""[Service]
BindReadOnlyPaths=/proc/1/net:{SYSROOT}/proc/net
BindReadOnlyPaths=/sys/class/net:{SYSROOT}/sys/class/net
BindReadOnlyPaths=/sys/devices/virtual/net:{SYSROOT}/sys/devices/virtual/net
"""
# A driver with which the link does not come up, until it is gone.
NO_LINK = """[Service]
ExecStartPost=ip link set eth0 down
ExecStop=ip link set eth0 up
ExecStop=ip route replace default via 10.0.0.1
"""
HOOK = "etc/systemd/system/openibd.service.d/60-rig.conf"
LOST = "var/lib/ofed-init/network-lost.json"


@scenario(TRIXIE)
def network_lost(t):
    """Gone, and back with the kernel's own driver; not tried again until somebody says so."""
    network = Network(t.work_beside("network"), [HPC_SIZE])
    vm = t.vm(size_from="azure")
    vm.offline_archive()
    # Whose it is: so that the vendor's newer dkms is kept out here too.
    vm.container.write("srv/archive/Release", "Origin: Debian\nLabel: Debian\n")
    source = Source(t, vm)
    vm.container.write("etc/systemd/system/ofed-init.service.d/own-network.conf", OWN_NETWORK)
    vm.container.write(HOOK, NO_LINK)
    text = stanza(source.file_url, source.sha256).replace(
        "wait_seconds: 5", "wait_seconds: 5, network_wait_seconds: 3")
    move_in(vm.container, network, user_data.plain(text))
    boot = vm.boot(420)
    expect.ended(t, boot, 14, "network-lost")
    t.contains(boot.status_log, "the gateway is 10.0.0.1 on eth0", "the gateway was known")
    t.contains(boot.status_log, "the metadata service answers", "so was the metadata service")
    t.contains(boot.last_line, "eth0 is down or gone", "what was lost")
    t.contains(boot.last_line, "so is the network", "that it is back")
    t.check(boot.mark("runcmd"), "the workloads start, since the stanza does not say block")
    t.check("mlnx-ofed-kernel" not in boot.seen["dkms"], "dkms would not install it again",
            boot.seen["dkms"])
    folder = vm.container.path(f"usr/lib/modules/{t.kernel}/updates")
    t.equal(sorted(folder.rglob("*.ko*")), [], "no module of the vendor is left for the kernel")
    t.equal(list(vm.container.path("etc/systemd/system").glob("*.wants/openibd.service")), [],
            "openibd is disabled")

    second = vm.boot()
    expect.ended(t, second, 14, "network-lost")
    t.contains(second.last_line, "to allow another try", "the next boot leaves it alone")
    t.equal(second.started("openibd.service"), None, "openibd was not started")

    # Somebody has found the fault, and wants it tried again.
    vm.container.path(HOOK).unlink()
    vm.container.path(LOST).unlink()
    third = vm.boot(420)
    expect.ended(t, third, 0, expect.INSTALLED)
    t.contains(third.status_log, "network: it is still there", "the network was looked at again")
    t.contains(third.seen["dkms"], f"mlnx-ofed-kernel/{vendor.DKMS_VERSION}, {t.kernel}",
               "dkms has built it again")
