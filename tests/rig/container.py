# SPDX-License-Identifier: GPL-2.0-or-later
"""A throw-away machine: a base root under an overlay, booted by systemd-nspawn.

Needs to run in a mount namespace and a cgroup of its own (see jail.py): nothing here unmounts,
since everything goes away with the namespace.
"""
import json
import os
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
OUT = "var/rig/out"  # in the container: where collect and mark leave what they saw

# What the image's own configuration says; the instance only adds user-data.
CLOUD_CFG = """datasource_list: [NoCloud]
network: {config: disabled}
locale: C.UTF-8
ssh_genkeytypes: [ed25519]
apt: {preserve_sources_list: true}
"""


# Read before /run is replaced, where this may be a link to. The network is the machine's own.
RESOLV_CONF = pathlib.Path("/etc/resolv.conf").read_text()


class Container:
    """One machine. Boot it as often as wanted; its files are under .root in between."""

    def __init__(self, name, layers, work, logs, size="75%", kit=True):
        """name: for nspawn; layers: root first, then what was put on top; work: an empty folder
        of ours to mount on; logs: folder for what the boots leave; size: of what may be written;
        kit: what a boot is watched with, for the lowest of layers over a bare root."""
        self.name = name
        self.logs = pathlib.Path(logs)
        self.boots = 0
        self.layers = [pathlib.Path(layer) for layer in layers]
        self.root = overlay(layers, pathlib.Path(work), size)
        self.nspawn_options = []
        self.enter = []  # put before nspawn: nsenter into a network of our own
        if kit:
            self.install_kit()

    def install_kit(self):
        self.write("etc/cloud/cloud.cfg.d/99-rig.cfg", CLOUD_CFG)
        self.write("etc/resolv.conf", RESOLV_CONF)
        for tool, place in (("mark", "usr/local/bin/mark"), ("collect", "usr/local/lib/rig/collect")):
            self.write(place, (HERE / "in-container" / tool).read_text(), mode=0o755)
        # dpkg's own hook: every run of dpkg leaves a mark with the packages that are in by then.
        self.write("etc/dpkg/dpkg.cfg.d/rig", "post-invoke=/usr/local/bin/mark dpkg\n")
        self.write("etc/systemd/system/rig-collect.service",
                   (HERE / "in-container" / "rig-collect.service").read_text())
        self.link("etc/systemd/system/sysinit.target.wants/rig-collect.service",
                  "../rig-collect.service")
        for noisy in ("systemd-firstboot.service", "apt-daily.timer", "apt-daily-upgrade.timer",
                      "systemd-networkd-wait-online.service"):
            self.link(f"etc/systemd/system/{noisy}", "/dev/null")

    # --- files ------------------------------------------------------------------------------

    def path(self, name):
        return self.root / name.lstrip("/")

    def write(self, name, content, mode=0o644):
        target = self.path(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            target.write_bytes(content)
        else:
            target.write_text(content)
        target.chmod(mode)

    def link(self, name, to):
        target = self.path(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.symlink_to(to)

    def copy(self, source, name):
        target = self.path(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)

    # --- cloud-init's input -----------------------------------------------------------------

    def seed(self, user_data, instance_id="i-first", vm_size=None):
        """NoCloud's seed. With vm_size the metadata has Azure's tree, so instance-data.json
        holds it where cloud-init's Azure datasource would put it."""
        meta = {"instance-id": instance_id, "local-hostname": "node0"}
        if vm_size:
            meta["imds"] = {"compute": {"vmSize": vm_size, "location": "westeurope"}}
        self.write("var/lib/cloud/seed/nocloud/meta-data", json.dumps(meta) + "\n")
        self.write("var/lib/cloud/seed/nocloud/user-data", user_data)

    # --- running things ---------------------------------------------------------------------

    def run(self, *argv, log="chroot.log", check=True):
        """Run a program in the root as an image builder does: no init, but /proc and /dev."""
        command = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--pipe",
                   f"--machine={self.name}-setup", f"--directory={self.root}",
                   "--resolv-conf=off", "--setenv=DEBIAN_FRONTEND=noninteractive", "--", *argv]
        self.logs.mkdir(parents=True, exist_ok=True)
        with open(self.logs / log, "ab") as out:
            return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                  env=nspawn_env(), check=check).returncode

    def boot(self, limit_s=300, cut_short=False):
        """Boot, wait until the boot has settled and was collected: the folder of what was seen.

        cut_short: the machine turns itself off before that, and there is nothing to see.
        """
        self.boots += 1
        logs = self.logs / f"boot-{self.boots}"
        shutil.rmtree(logs, ignore_errors=True)
        logs.mkdir(parents=True)
        shutil.rmtree(self.root / OUT, ignore_errors=True)
        (self.root / OUT / "marks").mkdir(parents=True)
        # The collector gives up before we do, so that a boot that hangs is seen from inside.
        self.write("var/rig/limit", str(limit_s - 20))
        command = [*self.enter, "systemd-nspawn", "--quiet", "--register=no", "--keep-unit",
                   "--boot", f"--machine={self.name}", f"--directory={self.root}",
                   "--console=pipe", "--link-journal=no", "--resolv-conf=off", *self.nspawn_options]
        with open(logs / "console.log", "wb") as console:
            try:
                subprocess.run(command, stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                               env=nspawn_env(), timeout=limit_s, check=False)
            except subprocess.TimeoutExpired:
                pass  # what was collected, or nothing, speaks for itself
        shutil.copytree(self.root / OUT, logs, symlinks=True, dirs_exist_ok=True)
        if cut_short == (logs / "seen.json").exists():
            tail = (logs / "console.log").read_text(errors="replace").splitlines()[-15:]
            raise BootFailed(f"boot {self.boots} was {'' if cut_short else 'not '}collected; console:\n"
                             + "\n".join(tail))
        return logs


class BootFailed(Exception):
    pass


def nspawn_env():
    # The container gets the unified cgroup tree, whatever this machine has.
    return dict(os.environ, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY="1")


def overlay(layers, work, size="75%"):
    """Mount LAYERS with a writable one on top, of memory, where fsync costs nothing; size None:
    on the disk that WORK lies on."""
    if size:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(work)],
                       check=True)
    for name in ("root", "upper", "scratch"):
        (work / name).mkdir()
    lower = ":".join(str(layer) for layer in reversed(layers))
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                    f"lowerdir={lower},upperdir={work}/upper,workdir={work}/scratch",
                    str(work / "root")], check=True)
    return work / "root"
