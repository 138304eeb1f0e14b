# SPDX-License-Identifier: GPL-2.0-or-later
"""A throw-away machine that is entered and not booted: the real apt, dpkg, dkms and compiler in a
container without an init, in which single processes can be ended, or all of them at once.

What the machine was before is a layer (see `prepare`), so each one begins as an overlay over it,
which costs milliseconds. Runs in a jail (jail.py), as containers do.
"""
import hashlib
import json
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import time

from rig import baseroot, container, machine, vendor, words

ORIGIN = ("-o", "APT::FTPArchive::Release::Origin=Debian")
SIZE = "Standard_HB120rs_v3"
SYSROOT = "/srv/azure"
STATUS_LOG = "var/log/azure/ib-vmext-status"
RESULT = "var/lib/ofed-init/result.json"
STANZA = "etc/ofed-init/conf.d/50-user.yaml"
# Long enough for a run on a loaded machine; a test that waits that long has failed.
LIMIT_S = 600

INSTANCE = {"ds": {"meta_data": {"imds": {"compute": {"vmSize": SIZE, "location": "westeurope"}}}}}


def stanza(more=""):
    return f"""infiniband:
  driver: doca-ofed
  verify: {{wait_seconds: 0}}
  source:
    url: "file:///srv/doca/{vendor.ARTEFACT}"
    sha256: "@SHA256@"
{more}"""


def offline_archive(box):
    """What lies in apt's cache becomes the only archive: no network, the same answer each time."""
    archive = box.path("srv/archive")
    archive.mkdir(parents=True)
    for package in box.path("var/cache/apt/archives").glob("*.deb"):
        package.rename(archive / package.name)
    (archive / "Packages").write_bytes(vendor.ftparchive("packages", archive))
    # By its origin a plan tells the distribution's archive from the vendor's.
    (archive / "Release").write_bytes(vendor.ftparchive("release", archive, ORIGIN))
    for old in box.path("etc/apt/sources.list.d").glob("*"):
        old.unlink()
    box.write("etc/apt/sources.list", "deb [trusted=yes] file:/srv/archive ./\n")


def prepare(box, work, variant="good", userland=(), sources=None):
    """Make of a machine with ofed-init on it one that is about to install the vendor's stack."""
    artefact, sha256, key = vendor.build(work, variant, userland, sources)
    box.write("etc/ofed-init/catalog.d/90-rig.signing-keys.tsv", f"fingerprint\tverdict\n{key}\taccept\n")
    box.copy(artefact, f"srv/doca/{vendor.ARTEFACT}")
    box.write("srv/doca/sha256", sha256)
    box.write(STANZA, stanza().replace("@SHA256@", sha256))
    kernel = baseroot.kernel_release(box.root)
    os_release = box.path("usr/lib/os-release").read_text()
    machine.build(box.path(SYSROOT), release=kernel, os_release=os_release)
    box.write(f"{SYSROOT}/run/cloud-init/instance-data.json", json.dumps(INSTANCE))
    box.write("etc/machine-id", "0123456789abcdef0123456789abcdef\n")
    offline_archive(box)
    # The rig's own hook costs more than many a package's installation.
    box.path("etc/dpkg/dpkg.cfg.d/rig").unlink()
    # Modules are signed with a key that is made where there is none: then no two builds are alike.
    box.run("sh", "-c", "mkdir -p /var/lib/dkms && openssl req -new -x509 -nodes -days 36500 -subj"
            " /CN=test -newkey rsa:2048 -keyout /var/lib/dkms/mok.key -outform DER -out"
            " /var/lib/dkms/mok.pub && chmod 600 /var/lib/dkms/mok.key")


class Box(container.Container):
    """One machine; `with` ends all that runs in it and takes its memory, or its place on the disk, back."""

    def __init__(self, name, layers, work, logs, size="75%"):
        self.work = pathlib.Path(work)
        self.work.mkdir(parents=True, exist_ok=True)
        self.nspawn = self.init = None
        self.in_memory = bool(size)
        super().__init__(name, layers, self.work, logs, size=size, kit=False)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        subprocess.run(["umount", "-l", self.root], check=False)
        if self.in_memory:
            subprocess.run(["umount", "-l", self.work], check=False)
        else:
            shutil.rmtree(self.work)

    # --- power ------------------------------------------------------------------------------

    def start(self):
        self.logs.mkdir(parents=True, exist_ok=True)
        with open(self.logs / "nspawn.log", "ab") as out:
            self.nspawn = subprocess.Popen(
                ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--pipe", "--as-pid2",
                 f"--machine={self.name}", f"--directory={self.root}", "--resolv-conf=off",
                 "--link-journal=no", *self.nspawn_options, "--", "sleep", "infinity"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=container.nspawn_env())
        deadline = time.monotonic() + 120
        while not self.init:
            self.init = next((p for p in descendants(self.nspawn.pid) if comm(p) == "sleep"), None)
            if self.nspawn.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.logs / "nspawn.log").read_text()[-1000:])
            time.sleep(0.002)

    def stop(self):
        """As when the power goes: everything in there ends at once, and nothing is told."""
        if self.init:
            kill(parent(self.init))  # the kernel ends all that is in there with it
        if self.nspawn:
            self.nspawn.wait()
            deadline = time.monotonic() + 20
            while self.init and os.path.exists(f"/proc/{self.init}"):
                if time.monotonic() > deadline:
                    raise RuntimeError("the container does not end")
                time.sleep(0.002)
        self.nspawn = self.init = None

    # --- programs ---------------------------------------------------------------------------

    def popen(self, *argv, **more):
        return subprocess.Popen(["nsenter", f"--target={self.init}", "--mount", "--uts", "--ipc",
                                 "--pid", "--root", "--wd", "--", *argv],
                                stdin=subprocess.DEVNULL, env=ENV, **more)

    def sh(self, *argv, limit_s=60):
        """Run a program to its end: (exit status, output)."""
        child = self.popen(*argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                           errors="replace")
        try:
            out, _ = child.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            child.kill()
            return -1, "out of time"
        return child.returncode, out

    def begin(self, *more, **popen):
        """A run of ofed-init that is under way."""
        return self.popen("/usr/sbin/ofed-init", "run", "--sysroot", SYSROOT, *more,
                          **{"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, **popen})

    def run_it(self, *more, limit_s=LIMIT_S):
        """A whole run: its exit code and what it said."""
        return self.sh("/usr/sbin/ofed-init", "run", "--sysroot", SYSROOT, *more, limit_s=limit_s)

    def processes(self):
        """All that runs in there, as this namespace numbers them, but for what keeps it open."""
        # The first is the container's init, and its first child is `sleep`.
        space = os.readlink(f"/proc/{self.init}/ns/pid")
        ours = (self.init, parent(self.init))
        return [p for p in all_pids() if p not in ours and pid_space(p) == space]

    def pid_of(self, program):
        return next((p for p in self.processes() if comm(p) == program), None)

    def wait_idle(self, limit_s=LIMIT_S):
        """Until nothing runs any more; False: it does not end."""
        deadline = time.monotonic() + limit_s
        while self.processes():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    # --- what it is like --------------------------------------------------------------------

    def read(self, name):
        try:
            return self.path(name).read_text(errors="replace")
        except (FileNotFoundError, NotADirectoryError):
            return ""

    def reason(self):
        try:
            return words.agree(json.loads(self.read(RESULT))).get("reason")
        except ValueError:
            return None

    def log(self):
        return words.agree_text(self.read(STATUS_LOG))


ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/root"}


def all_pids():
    return [int(p) for p in os.listdir("/proc") if p.isdigit()]


def pid_space(pid):
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")
    except OSError:
        return None


def comm(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return None


def parent(pid):
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def descendants(pid):
    """Of one process, the nearest first."""
    found, look = [], [pid]
    while look:
        here = look.pop(0)
        try:
            tasks = os.listdir(f"/proc/{here}/task")
        except OSError:
            continue
        for task in tasks:
            try:
                text = pathlib.Path(f"/proc/{here}/task/{task}/children").read_text()
            except OSError:
                continue
            for child in map(int, text.split()):
                found.append(child)
                look.append(child)
    return found


def kill(pid, sig=signal.SIGKILL):
    """Return: whether there was still one to be killed."""
    try:
        os.kill(pid, sig)
        return True
    except ProcessLookupError:
        return False


# --- states ---------------------------------------------------------------------------------

# What differs between two undisturbed runs, or may after one that was disturbed, and why.
# Everything else has to be the same to the last byte.
MAY_DIFFER = (
    "var/log/",  # times
    "var/lib/ofed-init/result.json", "var/lib/ofed-init/agent.status",  # times
    "var/lib/ofed-init/instances/",
    "run/", "tmp/", "dev/", "proc/", "sys/",  # of this boot only
    "var/cache/ldconfig/aux-cache",  # times
    "var/cache/apt/",  # apt makes it anew from its lists
    "var/cache/debconf/",  # debconf's own backups of its files
    "var/lib/dpkg/status-old", "var/lib/dpkg/diversions-old", "var/lib/dpkg/statoverride-old",
    "var/lib/dpkg/lock", "var/lib/dpkg/triggers/Lock",
    "var/lib/apt/extended_states.",
    # Whether dkms knows these sources: the driver's POST_INSTALL adds them. Were one built, `dkms status` would say so.
    *(f"var/lib/dkms/{name}" for name, _, _ in vendor.OTHERS),
)


def entry(path):
    """Kind, mode and content of one file; None: there is none."""
    try:
        st = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    kind = stat.S_IFMT(st.st_mode)
    mode = f"{stat.S_IMODE(st.st_mode):o} {st.st_uid}:{st.st_gid}"
    if kind == stat.S_IFLNK:
        return f"link {os.readlink(path)}"
    if kind == stat.S_IFDIR:
        return f"folder {mode}"
    if kind == stat.S_IFREG:
        return f"file {mode} {hashlib.sha256(normal(path)).hexdigest()}"
    return f"other {kind:o} {mode}"


def normal(path):
    """A file's bytes; of files that are sets of paragraphs or lines, in an order of their own."""
    data = path.read_bytes()
    if str(path).endswith(("var/lib/dpkg/status", "var/lib/apt/extended_states")):
        return b"\n\n".join(sorted(data.strip().split(b"\n\n")))
    if path.name == "make.log":  # times, and how long it took
        return b""
    return data


def touched(upper, more=()):
    """Every path that a layer has changed, but for those that may differ."""
    paths = set()
    for folder, folders, files in os.walk(upper):
        inside = os.path.relpath(folder, upper)
        for name in folders + files:
            paths.add(os.path.normpath(f"{inside}/{name}"))
    return {p for p in paths if not any(p.startswith(m.rstrip("/")) for m in (*MAY_DIFFER, *more))}


ONLY_ADDED = [f"{name}/{vendor.DKMS_VERSION}: added" for name, _, _ in vendor.OTHERS]


class State:
    """What a machine has become: packages, files, what dkms says."""

    def __init__(self, box):
        self.box = box
        _, self.packages = box.sh("dpkg-query", "-W", "-f",
                                  "${Package} ${Version} ${db:Status-Abbrev} ${db:Status-Eflag}\\n")
        _, said = box.sh("dkms", "status")
        self.dkms = "\n".join(line for line in said.splitlines() if line not in ONLY_ADDED)
        _, self.audit = box.sh("dpkg", "--audit")
        _, self.held = box.sh("apt-mark", "showhold")
        _, self.automatic = box.sh("apt-mark", "showauto")
        self.paths = touched(box.work / "upper", BOOT_DIFFERS if isinstance(box, Booted) else ())
        self.entries = {p: entry(box.root / p) for p in self.paths}

    def at(self, path):
        """What is there; a path that this machine has not touched is as the layers below have it."""
        return self.entries[path] if path in self.entries else entry(self.box.root / path)

    def freeze(self):
        """For when the machine is gone: paths that others touch are as they were."""
        below = [*self.box.layers][::-1]

        def at(path):
            if path in self.entries:
                return self.entries[path]
            return next((e for layer in below if (e := entry(layer / path))), None)
        self.at = at
        return self


def differences(was, now):
    """In words, a line each; none when they are the same."""
    found = []
    for what in ("packages", "dkms", "audit", "held", "automatic"):
        a, b = getattr(was, what).splitlines(), getattr(now, what).splitlines()
        found += [f"{what}: only undisturbed: {line}" for line in a if line not in b]
        found += [f"{what}: only after the fault: {line}" for line in b if line not in a]
    for path in sorted(was.paths | now.paths):
        a, b = was.at(path), now.at(path)
        if a != b:
            found.append(f"/{path}: undisturbed {a}, after the fault {b}")
    return found


def layer_of(box, name):
    """What a machine has become so far, as a layer for others."""
    # With the marks of what is deleted, which are devices.
    subprocess.run(["cp", "-a", f"{box.work}/upper/.", name], check=True)


# --- booted ---------------------------------------------------------------------------------

# The unit as it is installed; cloud-init, whose part others test, is switched off.
UNIT = f"""[Unit]
ConditionPathExists=
[Service]
ExecStart=
ExecStart=/usr/sbin/ofed-init run --sysroot {SYSROOT}
"""
# What every boot writes anew.
BOOT_DIFFERS = ("var/lib/systemd/", "etc/.updated", "var/.updated", "etc/machine-id", "var/lib/dbus/",
                "etc/ssh/", "var/tmp/", "etc/mtab", "var/rig/", "etc/resolv.conf", "var/lib/private/")


class Booted(Box):
    """The same machine with its init: systemd starts the unit at every boot."""

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.write("etc/systemd/system/ofed-init.service.d/rig.conf", UNIT)
        self.link("etc/systemd/system/multi-user.target.wants/ofed-init.service",
                  "/lib/systemd/system/ofed-init.service")
        for unit in ("cloud-init.target", "cloud-init-local.service", "cloud-init.service",
                     "cloud-config.service", "cloud-final.service", "rig-collect.service"):
            self.link(f"etc/systemd/system/{unit}", "/dev/null")

    def start(self):
        self.logs.mkdir(parents=True, exist_ok=True)
        self.seen = len(self.log().splitlines())  # of the boots before
        with open(self.logs / "console.log", "ab") as out:
            self.nspawn = subprocess.Popen(
                ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot", "--console=pipe",
                 f"--machine={self.name}", f"--directory={self.root}", "--resolv-conf=off",
                 "--link-journal=no"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=container.nspawn_env())
        deadline = time.monotonic() + 60
        while not self.init:
            self.init = next((p for p in descendants(self.nspawn.pid) if comm(p) == "systemd"), None)
            if self.nspawn.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.logs / "console.log").read_text(errors="replace")[-1000:])
            time.sleep(0.01)

    def stop(self):
        if self.init:
            kill(self.init)
        if self.nspawn:
            self.nspawn.wait()
        self.nspawn = self.init = None

    def new_lines(self):
        return self.read(STATUS_LOG).splitlines()[self.seen:]  # asked so often that it is not compared

    def follow(self, until, limit_s=LIMIT_S):
        """The log of this boot as it grows: until(lines), or the time is over. When each line came."""
        times, started = [], time.monotonic()
        while time.monotonic() - started < limit_s:
            lines = self.new_lines()
            times += [time.monotonic() - started] * (len(lines) - len(times))
            if until(lines):
                break
            time.sleep(0.002)
        return times

    def ended(self):
        """The exit code of this boot's run; None: it has none."""
        self.follow(lambda lines: any("]: exit " in line or ": exit " in line for line in lines))
        last = [line for line in self.new_lines() if ": exit " in line]
        return int(last[-1].split(": exit ")[1].split()[0]) if last else None
