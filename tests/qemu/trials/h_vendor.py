# SPDX-License-Identifier: GPL-2.0-or-later
"""The vendor's stack by `ofed-init run`: its modules, from a cache, take the place of the loaded ones, on a machine
with a network that may go with them."""
import os
import random
import time

from machine import SIZE, STATUS_LOG
from rig import vendor
from trials import e_modules, trial, trial_with_power_cuts
from trials.b_run import ended, proven

SET = "/srv/disk/vendor"
# Clients of the kernel's own core, which a distribution loads as soon as there is a device; nobody uses them.
CLIENTS = "rpcrdma ib_iser"
DROPIN = "/etc/systemd/system/openibd.service.d/60-rig.conf"
HOLD = "/run/modprobe.d/ofed-init-reload.conf"
ALWAYS = ("mlx5_core", "mlx5_ib", "ib_core", "ib_uverbs")
OWN = dict.fromkeys(ALWAYS, "kernel")

# The machine's own network, all of it in the guest: a gateway, and behind it the metadata service.
NETWORK = f"""
ip netns add azure
ip link add eth0 type veth peer name port netns azure
ip -n azure link set lo up
ip -n azure link set port up
ip -n azure addr add 10.0.0.1/24 dev port
ip -n azure addr add 169.254.169.254/32 dev lo
ip addr add 10.0.0.4/24 dev eth0
ip link set eth0 up
ip route add default via 10.0.0.1
ip netns exec azure python3 /srv/disk/imds/server.py --address 169.254.169.254 --port 80 --size {SIZE} \\
    --port-file /run/imds.port >/run/imds.log 2>&1 &
until [ -s /run/imds.port ]; do sleep 0.1; done
"""
# Between the old modules and the new ones: the function comes anew to udev, which would load its driver.
BETWEEN = f"""#!/bin/sh
[ ! -e /run/between.hold ] || exit 0
cp {HOLD} /run/between.hold
udevadm trigger --settle --action=add /sys/bus/pci/devices/0101:00:00.0
grep -o '^mlx5_core' /proc/modules >/run/between.loaded
exit 0
"""
WITH_BETWEEN = "install mlx_compat /bin/sh /run/between; /sbin/modprobe --ignore-install mlx_compat\n"
# Where the power may go; OI_POWER_CUT names one, or anything else of the log.
MOMENTS = ("step install-packages:", "Unpacking ofed-init-modules", "Unpacking doca-ofed",
           "Setting up ofed-init-modules", "Setting up doca-ofed", "step enable-openibd:", "step restart-openibd:")
# The kernel's own modules as modprobe finds them, whatever else is installed.
KEEP_OWN = """
own=/run/own/lib/modules/$(uname -r)
mkdir -p $own
ln -s /lib/modules/$(uname -r)/kernel /lib/modules/$(uname -r)/extra $own
cp /lib/modules/$(uname -r)/modules.* $own
"""
# What a boot does whose initramfs holds the kernel's own driver, and which loads nothing more: its openibd goes by
# source versions, and does not even look here.
FROM_INITRAMFS = """
systemctl stop openibd
modprobe -d /run/own -a mlx5_ib ib_uverbs ib_umad rdma_ucm ib_ipoib
udevadm settle
"""
# udevd has just looked whether its files have changed, when they change.
BUSY = f"until [ -e {HOLD} ]; do udevadm trigger --action=change /sys/class/mem/null; sleep 0.5; done"
REACH = "import socket; socket.create_connection(('169.254.169.254', 80), 5)"
# A driver whose link is up, and carries nothing: the gateway stays silent until the other one is loaded.
LINK = """#!/bin/sh
if [ -e /sys/module/mlx5_core/srcversion ]; then
	ip -n azure addr flush dev port
else
	ip -n azure addr replace 10.0.0.1/24 dev port
fi
"""
KILL = """[Service]
ExecStartPost=/bin/sh -c '[ ! -e /sys/module/mlx5_core/srcversion ] || kill -9 $(pidof ofed-init)'
"""
CONF = "/etc/infiniband/openib.conf"
# A service of the RDMA packages that runs, and has a device open.
ACM = """[Service]
ExecStart=/bin/sh -c 'exec 3</dev/infiniband/rdma_cm; exec sleep infinity'
"""
# The vendor's driver does not load, and the kernel's own does where modprobe's settings are not asked.
NO_LOAD = "install mlx5_core /bin/false\n"
WITH_LINK = "install mlx5_core /sbin/modprobe --ignore-install mlx5_core && /bin/sh /run/link\n"


def prepare(vm):
    """A boot that has come to where ofed-init is to run: the driver that it found is loaded."""
    vm.sh(f"date -s @{int(time.time())}")  # a snapshot's is older than the vendor's key
    digest = vm.sh(f"cat {SET}/doca/sha256")
    vm.sh(f"mkdir -p /etc/ofed-init/catalog.d; cp {SET}/catalog.d/*.tsv /etc/ofed-init/catalog.d/")
    vm.azure(stanza=f"""infiniband:
  driver: doca-ofed
  source: {{url: "file://{SET}/doca/{vendor.ARTEFACT}", sha256: {digest}}}
  modules_cache: {{url: {SET}}}
  verify: {{wait_seconds: 60, network_wait_seconds: 3}}
""")
    # After a power cut there may be less, and the boot goes on as well.
    vm.status("sh", "-c", f"modprobe -a mlx5_ib ib_uverbs ib_umad rdma_ucm ib_ipoib {CLIENTS}; udevadm settle")
    vm.sh(NETWORK)


def loaded(vm):
    """Whose modules are loaded."""
    return vm.whose(*ALWAYS)


def incarnations(vm):
    """Changes whenever one of the modules is loaded anew."""
    return vm.sh("stat -c '%n %i' " + " ".join(f"/sys/module/{m}" for m in ALWAYS))


def vendors_loaded(t, vm):
    """Those of the set are on the disk and in the kernel."""
    t.equal(vm.sh("cd /lib/modules/$(uname -r)/updates/dkms && sha256sum *.ko"),
            vm.sh(f"cd {SET}/built && sha256sum *.ko"), "the modules are those that dkms has built")
    e_modules.vendors_loaded(t, vm)


@trial
def vendor_exchange(t, vm):
    """Nothing is compiled, the loaded modules make way, udev keeps out of it, and the network stays."""
    prepare(vm)
    t.equal(loaded(vm), OWN, "at first the kernel's own modules are loaded")
    t.equal(vm.whose(*CLIENTS.split()), dict.fromkeys(CLIENTS.split(), "kernel"), "and clients of it, without users")
    vm.sh(KEEP_OWN)
    vm.write("/run/between", BETWEEN)
    vm.write("/etc/modprobe.d/rig-between.conf", WITH_BETWEEN)
    vm.meanwhile(BUSY)
    run = vm.run()
    ended(t, run, 0, "installed")
    proven(t, run)
    vendors_loaded(t, vm)
    t.contains(run.log, "built ones from the cache: nothing has to be compiled", "the cache was hit")
    packages = vm.sh("dpkg-query -W -f '${Package} ${db:Status-Status}\\n'").splitlines()
    t.check("ofed-init-modules-" + vm.sh("uname -r").strip() + " installed" in packages, "the set is a package")
    t.check(not {"dkms installed", "mlnx-ofed-kernel-dkms installed"} & set(packages), "dkms is not there")
    t.contains(run.log, "to be exchanged: mlx5_core: loaded is build ", "what was exchanged")
    t.contains(run.log, "the gateway is 10.0.0.1 on eth0\n", "the gateway was asked, and answered")
    t.contains(run.log, "network: it is still there", "as it did afterwards")
    t.contains(vm.status("cat", "/run/between.hold").output, "blacklist mlx5_core\n", "udev was told to wait")
    t.equal(vm.status("cat", "/run/between.loaded").output, "", "and no device loaded its driver meanwhile")
    t.check(vm.status("test", "-e", HOLD)[0] != 0, "afterwards it may")

    before = incarnations(vm)
    ended(t, vm.run(), 0, "unchanged")
    t.equal(incarnations(vm), before, "another run leaves the modules loaded")
    overtaken(t, vm)


def overtaken(t, vm):
    """The port is there, but by the driver that came first: exchanged before any workload, and only once."""
    vm.sh(FROM_INITRAMFS)
    t.equal(loaded(vm), OWN, "the boot has loaded the kernel's own driver")
    t.contains(vm.status("ofed-init", "plan").output, "restart-openibd", "plan says what run would do")
    stays_away(t, vm)
    run = vm.run()
    ended(t, run, 0, "driver-present")
    proven(t, run)
    vendors_loaded(t, vm)
    t.contains(run.log, "the kernel's own driver is loaded", "the log says what was found")
    t.contains(run.log, "network: it is still there", "the network was watched")
    t.lacks(run.log, "step install-packages", "and nothing was installed")
    t.equal(vm.status("systemctl", "is-active", "ibacm").output.strip(), "active", "a service that uses it runs again")
    run = vm.run()
    ended(t, run, 0, "unchanged")
    nothing_named(t, vm)


def stays_away(t, vm):
    """In use, nothing is touched; failed, the driver of before is back, and all that it carried."""
    vm.sh(f"modprobe -d /run/own -a {CLIENTS}; exec 3</dev/infiniband/rdma_cm; sleep infinity >/dev/null 2>&1 &"
          " echo $! >/run/holder")
    vm.write("/etc/systemd/system/ibacm.service", ACM)
    vm.sh("systemctl start ibacm")
    before = incarnations(vm)
    run = vm.run()
    ended(t, run, 14, "reboot-needed")
    t.contains(run.last_line, "has /dev/infiniband/rdma_cm open", "who uses it is named")
    t.lacks(run.last_line, "ibacm", "but not what can be stopped and started again")
    t.equal(incarnations(vm), before, "no module was touched")
    t.equal(vm.whose(*CLIENTS.split()), dict.fromkeys(CLIENTS.split(), "kernel"), "no client either")
    t.equal(vm.status("systemctl", "is-active", "ibacm").output.strip(), "active", "no service was stopped")

    vm.sh("kill $(cat /run/holder)")
    vm.write("/etc/modprobe.d/rig-no-load.conf", NO_LOAD)
    run = vm.run()
    ended(t, run, 14, "service-failed")
    t.contains(run.log, "the driver of before is loaded again", "the log says so")
    t.equal(loaded(vm), OWN, "the kernel's own modules are loaded again")
    t.equal(vm.whose(*CLIENTS.split()), dict.fromkeys(CLIENTS.split(), "kernel"), "and their clients")
    t.equal(vm.status("python3", "-c", REACH)[0], 0, "the network is there")
    t.equal(vm.status("systemctl", "is-active", "ibacm").output.strip(), "active", "the service runs again")
    vm.sh("rm /etc/modprobe.d/rig-no-load.conf")


def nothing_named(t, vm):
    """openibd has unloaded the stack and says OK, as its settings name nothing: the next run heals it."""
    vm.sh(f"sed -i '/_LOAD=/d' {CONF}; echo UMAD_LOAD=no >>{CONF}; echo UVERBS_LOAD=yes >>{CONF}")
    vm.sh("systemctl restart openibd")
    t.equal(vm.whose("mlx5_core"), {}, "a boot has come up without its driver")
    run = vm.run()
    ended(t, run, 0, "driver-present")
    t.contains(run.log, "no driver is loaded, though one is installed and an adapter waits for it", "what was found")
    t.equal(loaded(vm), dict.fromkeys(ALWAYS, "vendor"), "the vendor's modules are loaded")
    lines = vm.sh(f"grep _LOAD= {CONF}").split()
    t.equal(sorted(lines), ["IPOIB_LOAD=yes", "MLX5_LOAD=yes", "RDMA_CM_LOAD=yes", "RDMA_UCM_LOAD=yes", "UMAD_LOAD=no",
                            "UVERBS_LOAD=yes"], "what was missing is there, and the owner's line is as it was")


@trial
def vendor_network_lost(t, vm):
    """The gateway does not answer through the new driver: back to the kernel's own, and not again."""
    prepare(vm)
    vm.write("/run/link", LINK)
    vm.write("/etc/modprobe.d/rig-link.conf", WITH_LINK)
    run = vm.run()
    ended(t, run, 14, "network-lost")
    t.contains(run.last_line, "the gateway 10.0.0.1 on eth0 does not answer for 3 s", "what was lost, and how long")
    t.contains(run.last_line, "so is the network", "that it is back")
    t.equal(loaded(vm), OWN, "the kernel's own modules are loaded")
    t.contains(vm.sh("modinfo -F filename mlx5_core"), "/kernel/drivers/", "and would be at the next boot")
    t.equal(vm.status("systemctl", "is-enabled", "openibd").output.strip(), "disabled", "openibd would not")
    t.equal(vm.status("python3", "-c", REACH)[0], 0, "what lies behind the gateway really answers")
    before = incarnations(vm)
    again = vm.run()
    ended(t, again, 14, "network-lost")
    t.contains(again.last_line, "to allow another try", "it leaves this driver alone")
    t.equal(incarnations(vm), before, "nothing was loaded anew")

    # Somebody has found the fault, and wants it tried again.
    vm.sh("rm /etc/modprobe.d/rig-link.conf; ofed-init clean")
    killed_after_exchange(t, vm)


def killed_after_exchange(t, vm):
    """The next run finishes, and does not take the network down once more."""
    vm.write(DROPIN, KILL)
    vm.sh("systemctl daemon-reload")
    t.equal(vm.run().status, -9, "it is killed when the vendor's modules are loaded")
    t.equal(vm.status("test", "-e", HOLD)[0], 0, "with udev held off")
    vm.sh(f"rm {DROPIN}; systemctl daemon-reload")
    before = incarnations(vm)
    run = vm.run()
    ended(t, run, 0, "installed")
    proven(t, run)
    vendors_loaded(t, vm)
    t.contains(run.log, "the loaded modules are those on the disk: they stay", "nothing was to be exchanged")
    t.equal(incarnations(vm), before, "and nothing was")
    t.check(vm.status("test", "-e", HOLD)[0] != 0, "udev may load modules again")
    t.equal(vm.status("systemctl", "is-active", "openibd").output.strip(), "active", "openibd runs")


def at(vm, mark):
    """Start a run, and wait for the moment at which its log has MARK."""
    vm.meanwhile("ofed-init run")
    vm.sh(f"until tail -c +{vm.logged + 1} {STATUS_LOG} | grep -q '{mark}'; do sleep 0.05; done")


@trial_with_power_cuts
def vendor_power_cut(t, vm):
    """The power goes, and with it the guest's page cache: at some moment of a run, and right after one."""
    moment = os.environ.get("OI_POWER_CUT") or random.choice(MOMENTS)
    prepare(vm)
    at(vm, moment)
    vm.cut_power()
    prepare(vm)
    run = vm.run()
    ended(t, run, 0, "installed")
    proven(t, run)
    t.contains(run.log, "did not get past step", f"cut off at {moment!r}, and the next run knows")
    vm.cut_power()
    vendors_loaded(t, vm)
    prepare(vm)
    t.equal(vm.status("python3", "-c", REACH)[0], 0, "what lies behind the gateway answers")
    t.contains(vm.sh("tail -n 1 /var/log/azure/ib-vmext-status"), "exit 0 (operation successful): installed",
               "the log has its end")
    run = vm.run()
    t.equal((run.status, run.reason), (0, "unchanged"), "after an end, all that was done is there")
    t.equal(vm.sh("dpkg --audit"), "", "dpkg has nothing to complain of")
