# SPDX-License-Identifier: GPL-2.0-or-later
"""One scenario on one suite: its machine, and the list of what was asserted."""
import json
import pathlib
import shutil
import subprocess
import traceback

from boot import Boot
from rig import baseroot, machine
from rig.container import BootFailed, Container
from rig.imds import Imds

SYSROOT = "/srv/azure"
HPC_SIZE = "Standard_HB120rs_v3"
OFFICE_SIZE = "Standard_F2s_v2"


class Trial:
    def __init__(self, suite, name, root, baked, deb, work, logs):
        """root: the suite's base root; baked: a layer with ofed-init installed on it."""
        self.suite, self.name, self.deb = suite, name, pathlib.Path(deb)
        self.root, self.baked = pathlib.Path(root), pathlib.Path(baked)
        self.work, self.logs = pathlib.Path(work), pathlib.Path(logs)
        self.kernel = baseroot.kernel_release(self.root)
        self.checks = []

    def work_beside(self, name):
        """A folder of this trial that is not in the machine."""
        return self.work.parent / name

    # --- assertions -------------------------------------------------------------------------

    def check(self, ok, what, detail=""):
        self.checks.append({"ok": bool(ok), "what": what, "detail": "" if ok else str(detail)})
        return bool(ok)

    def equal(self, seen, wanted, what):
        return self.check(seen == wanted, what, f"expected {wanted!r}, got {seen!r}")

    def before(self, earlier, later, what):
        """Two moments, neither of them missing."""
        return self.check(earlier is not None and later is not None and earlier < later, what,
                          f"{earlier} is not before {later}")

    def contains(self, text, part, what):
        return self.check(part in text, what, f"no {part!r} in: {text[-2000:]}")

    # --- the machine ------------------------------------------------------------------------

    def vm(self, *, baked=True, kernel=None, os_release=None, platform_name="azure",
           infiniband=True, size=HPC_SIZE, size_from="instance-data", secure_boot=False, beside=None):
        """A machine, or another one BESIDE the first; size_from: "instance-data", "imds", or "azure" for its own datasource."""
        return Vm(self, baked, dict(release=kernel or self.kernel, os_release=os_release,
                                    platform_name=platform_name, infiniband=infiniband,
                                    secure_boot=secure_boot),
                  size, size_from, beside)

    def run(self, scenario):
        try:
            scenario(self)
        except BootFailed as err:
            self.check(False, "the boot was seen to its end", err)
        except Exception:  # a scenario that breaks is a failure like any other
            self.check(False, "the scenario itself", traceback.format_exc())
        self.logs.mkdir(parents=True, exist_ok=True)
        (self.logs / "assertions.json").write_text(json.dumps(self.checks, indent=1) + "\n")


# What another unit of the image does to wait for the fabric.
WAITING_UNIT = """[Unit]
Description=a workload of the image that needs the fabric
After=infiniband-ready.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/bin/mark workload-of-the-image

[Install]
WantedBy=multi-user.target
"""


# A service of the image that knows nothing of us; the stanza's hold_units names it. It asks for its limit and does
# not try it: a container cannot raise the one of the machine that it is on.
HELD = "rig-held.service"
HELD_UNIT = """[Unit]
Description=a scheduler's daemon

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/mkdir -p /var/log/rig
ExecStart=/bin/sh -c 'systemctl show -p LimitMEMLOCK %n >/var/log/rig/held-memlock'
ExecStart=/usr/local/bin/mark held

[Install]
WantedBy=multi-user.target
"""


class Vm:
    """A container that ofed-init takes for an Azure machine."""

    def __init__(self, trial, baked, looks, size, size_from, beside):
        self.trial = trial
        layers = [trial.root, trial.baked] if baked else [trial.root]
        name, work, logs = f"{trial.suite}-{trial.name}", trial.work, trial.logs
        if beside:
            name, work, logs = f"{name}-{beside}", trial.work_beside(beside), logs / beside
            work.mkdir()
        self.container = Container(name, layers, work, logs)
        self.imds = Imds(size)
        self.size = size if size_from == "instance-data" else None
        self.looks = dict(looks)
        if self.looks["os_release"] is None:
            self.looks["os_release"] = self.container.path("usr/lib/os-release").read_text()
        self.write_machine()
        # On the Azure network of the test the metadata service is where it always is.
        asks = "" if size_from == "azure" else f" --imds {self.imds.url}"
        for unit, command in (("ofed-init", "/usr/sbin/ofed-init run"),
                              ("ofed-init-prefetch", "-/usr/sbin/ofed-init prefetch")):
            drop_in = f"[Service]\nExecStart=\nExecStart={command} --sysroot {SYSROOT}{asks}\n"
            # The stanza and the instance are the real ones of this boot.
            drop_in += f"BindReadOnlyPaths=/run/cloud-init:{SYSROOT}/run/cloud-init\n"
            self.container.write(f"etc/systemd/system/{unit}.service.d/recorded-machine.conf", drop_in)
        if not baked:
            self.container.copy(trial.deb, "srv/ofed-init.deb")

    def write_machine(self, **changes):
        """Make, or change, the machine that ofed-init sees."""
        self.looks.update(changes)
        top = self.container.path(SYSROOT)
        if top.exists():
            shutil.rmtree(top)
        machine.build(top, **self.looks)

    def user_data(self, text, instance_id="i-first"):
        self.container.seed(text, instance_id, self.size)

    def unit_that_waits(self):
        """Put a unit into the image that is ordered after infiniband-ready.target."""
        name = "rig-waits.service"
        self.container.write(f"etc/systemd/system/{name}", WAITING_UNIT)
        self.container.link(f"etc/systemd/system/multi-user.target.wants/{name}", f"../{name}")

    def unit_that_is_held(self):
        """Put a service into the image that starts as soon as systemd can."""
        self.container.write(f"usr/lib/systemd/system/{HELD}", HELD_UNIT)
        self.container.link(f"etc/systemd/system/multi-user.target.wants/{HELD}", f"/usr/lib/systemd/system/{HELD}")

    def offline_archive(self):
        """For a machine without a way out: what is in apt's cache, as the only archive."""
        archive = self.container.path("srv/archive")
        archive.mkdir(parents=True)
        for package in self.container.path("var/cache/apt/archives").glob("*.deb"):
            shutil.copy(package, archive)
        listed = subprocess.run(["apt-ftparchive", "packages", "."], cwd=archive, check=True,
                                stdout=subprocess.PIPE)
        self.container.write("srv/archive/Packages", listed.stdout)
        self.container.write("etc/apt/sources.list", "deb [trusted=yes] file:/srv/archive ./\n")

    def packages(self):
        """What dpkg has installed now, between boots: name -> version."""
        found = {}
        for paragraph in self.container.path("var/lib/dpkg/status").read_text().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in paragraph.splitlines()
                          if ": " in line and not line.startswith(" "))
            if fields.get("Status") == "install ok installed":
                found[fields["Package"]] = fields["Version"]
        return found

    def boot(self, limit_s=300):
        return Boot(self.container.boot(limit_s))

    def boot_cut_short(self):
        """A boot in which the machine loses its power, or restarts."""
        self.container.boot(cut_short=True)
