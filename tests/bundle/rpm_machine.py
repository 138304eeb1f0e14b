# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines of the rpm family for bundles: Debian's dnf and zypper, told to be AlmaLinux and SLES.

As tests/rpm makes them; a bundle's packages are real rpms, which rpm itself installs and removes.
"""
import json
import pathlib
import types

import rpms
import trials
import vendor_rpm
from bundles import VERSION, Bundle
from rig import words

KERNELS = {"alma": trials.EL_KERNEL, "sles": trials.SLES_KERNEL}
DISTROS = {"alma": "rhel9.8", "sles": "sles15sp7"}
OS_RELEASE = {"alma": trials.ALMA, "sles": trials.SLES}
# What a bundle's installer wants and a plan installs: only some of it is in this repository.
TOOLS = ("perl", "rpm-build", "lsof", "tcl")
UNINSTALL = """#!/bin/sh
# stand-in of ofed-init's tests: removes by name what belongs to the stack, as the real one does
[ "$1" = --force ] || exit 1
mkdir -p /var/rig
echo "$@" >>/var/rig/uninstalled
rpm -e mlnx-ofa_kernel libibverbs rdma-core
rpm -e ofed-scripts
"""
INSIDE = """rm -rf /run/ofed-init
ofed-init run --sysroot /srv/azure --config /srv/stanza.yaml --catalog /srv/catalog >/var/rig/output 2>&1
echo $? >/var/rig/exit
ps -eo args | grep '[s]leep 1800' >/var/rig/left
cat /proc/self/mountinfo >/var/rig/mounts
"""
RESTORECON = """#!/bin/sh
# stand-in of ofed-init's tests: notes what it was asked to label
mkdir -p /var/rig
echo "$@" >>/var/rig/restorecon
"""


def repository(work, out, family, headers=True):
    """The distribution's own: headers of the running kernel among others, a compiler, its rdma-core."""
    kernel = KERNELS[family]
    if family == "alma":
        vendor_rpm.distribution(work, out, kernel, headers=headers)
    else:
        vendor_rpm.distribution(work, out, kernel, headers=False)
        version, release, _ = kernel.rsplit("-", 2)
        # the archive has older and newer ones; the last number is the rebuild, which uname lacks
        for built in [release + ".1"] * headers + ["150700.53.11.1", "150700.52.1"]:
            rpms.rpm(work, out, "kernel-azure-devel", version, built, arch="x86_64")
    for name in TOOLS:
        rpms.rpm(work, out, name, "5")
    rpms.repository(out)


class Vm:
    """As run.Vm, for the moods that are tried on all families."""

    def __init__(self, t, name, env, family, headers=True):
        self.t, self.family, self.env = t, family, env
        base = env.work / f"base-{family}-{headers}"
        if not base.exists():
            repository(env.work / f"b-{family}-{headers}", base, family, headers)
        self.machine = trials.Machine(env, name, OS_RELEASE[family], KERNELS[family], base)
        self.root, self.kernel = self.machine.root, KERNELS[family]
        self.files = env.work / "files" / name
        self.files.mkdir(parents=True)
        self.path = self.machine.path
        self.path("var/rig").mkdir(parents=True)

    def read(self, name):
        try:
            return self.path(name).read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def scratch(self):
        return list(self.path("var/lib/ofed-init").glob("ofed-init-bundle.*"))

    def bundle(self, folder=None, **what):
        """A bundle for this machine; its packages replace some of the distribution's."""
        what.setdefault("kernels", [self.kernel])
        what.setdefault("distro", DISTROS[self.family])
        made = Bundle(self.files / folder if folder else self.files, kind="RPMS",
                      fill=lambda pool: packages(self.env, pool, self.kernel), **what)
        return made

    def run(self, bundle, sha256=None, more="", clean=True):
        self.machine.write(f"srv/{bundle.path.name}", bundle.path.read_bytes())
        self.machine.write("srv/stanza.yaml", f"""infiniband:
  driver: mlnx-ofed
  verify: {{wait_seconds: 0}}
  source:
    url: "file:///srv/{bundle.path.name}"
    sha256: "{sha256 or bundle.sha256}"
{more}""")
        for old in self.path("var/rig").iterdir():
            old.unlink()
        self.machine.inside("sh", "-c", INSIDE)
        run = types.SimpleNamespace(
            rig=lambda name: self.read(f"var/rig/{name}"), log=self.read("var/log/azure/ib-vmext-status"),
            exit_code=int(self.read("var/rig/exit") or -1))
        run.tail = "\n".join(run.log.splitlines()[-25:])
        run.reason = words.agree(json.loads(self.read("var/lib/ofed-init/result.json") or "{}")).get("reason", "")
        if clean:
            self.t.equal(self.scratch(), [], "nothing is left of the scratch space")
        return run

    def selinux(self):
        self.machine.write("srv/azure/sys/fs/selinux/enforce", "1")
        self.machine.write("usr/sbin/restorecon", RESTORECON, 0o755)


def packages(env, pool, kernel):
    """RPMS: the stack's own, built once a family and copied."""
    store = env.work / f"pool-{kernel}"
    if not store.exists():
        work = env.work / f"w-{kernel}"
        modules = {f"/lib/modules/{kernel}/extra/mlnx-ofa_kernel/{m}.ko": (b"no module\n", 0o644)
                   for m in vendor_rpm.MODULES}
        rpms.rpm(work, store, "mlnx-ofa_kernel", "5.8", files={
            "/etc/infiniband/openib.conf": ("ONBOOT=yes\nIPOIB_LOAD=yes\n", 0o644), **modules},
            # what its dkms variant would leave: a registration of a name that no plan has
            post="mkdir -p /var/lib/dkms/knem/1.1.4/source; echo '#' >/var/lib/dkms/knem/1.1.4/source/dkms.conf",
            provides=["/bin/sh"])
        rpms.rpm(work, store, "libibverbs", "58")
        rpms.rpm(work, store, "rdma-core", "58")
        rpms.rpm(work, store, "ofed-scripts", "5.8", files={
            "/usr/bin/ofed_info": (f"#!/bin/sh\necho MLNX_OFED_LINUX-{VERSION}:\n", 0o755),
            "/usr/sbin/ofed_uninstall.sh": (UNINSTALL, 0o755)})
    for path in store.iterdir():
        (pool / path.name).write_bytes(path.read_bytes())
    (pathlib.Path(pool).parent / "RPM-GPG-KEY-Mellanox").write_bytes(env.vendor.key("vendor"))
