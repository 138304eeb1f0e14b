# SPDX-License-Identifier: GPL-2.0-or-later
"""Run a program so that nothing of it can stay behind.

It gets a mount and a PID namespace: when it ends, however it ends, the kernel ends its children
and takes its mounts away. It gets a cgroup too, since two systemds in one cgroup would fight.
"""
import ctypes
import os
import pathlib
import signal
import subprocess
import time

PR_SET_PDEATHSIG = 1  # from linux/prctl.h
LIBC = ctypes.CDLL(None, use_errno=True)


def cgroup_folders():
    """Folders of the hierarchies that systemd-nspawn uses: systemd's own, and the unified one."""
    points = {}
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        left, right = line.split(" - ")
        kind, _, options = right.split(" ")[:3]
        if kind == "cgroup2":
            points["unified"] = left.split(" ")[4]
        elif kind == "cgroup" and "name=systemd" in options:
            points["systemd"] = left.split(" ")[4]
    return [pathlib.Path(point) for point in points.values()]


class Jail:
    """One program in namespaces and a cgroup of its own."""

    def __init__(self, name, argv, **popen):
        self.cgroups = [folder / f"ofed-init-{os.getpid()}-{name}" for folder in cgroup_folders()]
        for cgroup in self.cgroups:
            cgroup.mkdir()

        def enter():
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # we may be killed ourselves
            for cgroup in self.cgroups:
                (cgroup / "cgroup.procs").write_text("0")

        self.process = subprocess.Popen(
            ["unshare", "--mount", "--propagation=private", "--pid", "--fork", "--mount-proc",
             "--kill-child=SIGKILL", "--", *argv], preexec_fn=enter, **popen)

    def done(self):
        return self.process.poll() is not None

    def end(self):
        """Stop what still runs, remove the cgroups."""
        if not self.done():
            self.process.kill()
        self.process.wait()
        for cgroup in self.cgroups:
            remove_cgroup(cgroup)


def private_run():
    """In a jail: a /run of its own, where systemd-nspawn keeps notes that it does not remove."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"], check=True)


def remove_cgroup(top):
    # A cgroup can be removed only once the last process in it is gone, a moment after kill.
    deadline = time.monotonic() + 60
    while True:
        try:
            for folder, _, _ in os.walk(top, topdown=False):
                os.rmdir(folder)
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
