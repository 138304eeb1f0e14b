# SPDX-License-Identifier: GPL-2.0-or-later
"""One QEMU process: started from a disk or from a saved state, asked through its agent.

Emulated (TCG), since KVM is not to be had everywhere; and without any network device at all.
Its state is saved by migrating it into a file, beside the disk that it had at that moment. Both
are only read from then on, so that any number of guests can start from them, each on a disk of
its own that remembers the differences.
"""
import collections
import ctypes
import json
import pathlib
import shutil
import signal
import socket
import subprocess
import time

PR_SET_PDEATHSIG = 1  # from linux/prctl.h
LIBC = ctypes.CDLL(None, use_errno=True)

# What firmware says on Azure. Source: cloud-init, DataSourceAzure.py, CHASSIS_ASSET_TAG
SMBIOS = ("type=1,manufacturer=Microsoft Corporation,product=Virtual Machine",
          "type=3,asset=7783-7084-3265-9085-8269-3286-77")
MACHINE = ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
           "-machine", "q35", "-accel", "tcg", "-cpu", "qemu64", "-smp", "1", "-m", "768",
           "-nic", "none", "-device", "virtio-rng-pci",
           *(word for table in SMBIOS for word in ("-smbios", table))]
# mitigations=off: there is nobody here to be protected from, and they cost time.
CMDLINE = "root=/dev/vda rw console=ttyS0 quiet mitigations=off"
# For a guest that hangs. An emulated one on a busy machine has been seen to take 240 s for one run.
LIMIT_S = 900

Done = collections.namedtuple("Done", "status output")
Snapshot = collections.namedtuple("Snapshot", "disk state")


class GuestFailed(Exception):
    pass


class Guest:
    """A running guest; a context manager that ends it."""

    def __init__(self, folder, kernel, payload, disk=None, snapshot=None, words="", cache="unsafe"):
        """folder: an empty one, with a short name (sockets); kernel: folder with vmlinuz and
        initrd; payload: the second disk, only read; disk: to boot from; snapshot: to resume;
        words: more of the kernel's command line; cache: "writeback" for a disk that keeps what
        it was told to, when QEMU is killed."""
        self.folder = pathlib.Path(folder)
        backing, form = (snapshot.disk, "qcow2") if snapshot else (disk, "raw")
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", form, "-b", backing,
                        self.folder / "disk.qcow2"], check=True)
        self.argv = ["qemu-system-x86_64", *MACHINE,
                     "-kernel", f"{kernel}/vmlinuz", "-initrd", f"{kernel}/initrd",
                     "-append", f"{CMDLINE} {words}",
                     "-drive", f"file=disk.qcow2,if=virtio,format=qcow2,cache={cache}",
                     "-drive", f"file={payload},if=virtio,format=raw,readonly=on",
                     "-device", "virtio-serial-pci",
                     "-chardev", "socket,id=agent,path=agent,server=on,wait=off",
                     "-device", "virtserialport,chardev=agent,name=rig.agent",
                     "-serial", "file:console.log", "-qmp", "unix:qmp,server=on,wait=off"]
        if snapshot:
            (self.folder / "from").symlink_to(snapshot.state)
        self.start(["-incoming", "exec:cat from"] if snapshot else [])

    def start(self, more):
        with open(self.folder / "qemu.log", "ab") as log:
            self.process = subprocess.Popen([*self.argv, *more], cwd=self.folder, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, preexec_fn=die_with_parent)
        self.monitor = self.agent = None
        try:
            self.monitor = Lines(self.connect("qmp"))
            self.monitor.read()  # the greeting
            self.ask("qmp_capabilities")
            if more:
                self.resume()
            self.agent = Lines(self.connect("agent"))
        except BaseException:
            self.end()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        for lines in (self.monitor, self.agent):
            if lines:
                lines.close()
        self.process.kill()  # its disk is thrown away, or was closed by save()
        self.process.wait()

    def cut_power(self):
        """And switch it on again: what was only in the guest's memory is lost."""
        self.end()
        self.start([])

    def connect(self, name):
        deadline = time.monotonic() + LIMIT_S
        while True:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(self.folder / name))
                return connection
            except OSError:
                connection.close()
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise GuestFailed("QEMU does not start: " + self.log("qemu.log")) from None
                time.sleep(0.02)

    def log(self, name):
        return (self.folder / name).read_text(errors="replace")[-2000:]

    # --- QEMU -------------------------------------------------------------------------------

    def ask(self, command, **arguments):
        """One monitor command: what it returns."""
        self.monitor.write({"execute": command, "arguments": arguments})
        while True:
            reply = self.monitor.read()
            if "error" in reply:
                raise GuestFailed(f"{command}: {reply['error']['desc']}")
            if "return" in reply:
                return reply["return"]

    def wait_until(self, what, command, key, wanted):
        deadline = time.monotonic() + LIMIT_S
        while (seen := self.ask(command).get(key)) not in wanted:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise GuestFailed(f"{what}: {seen}; {self.log('qemu.log')}")
            time.sleep(0.02)

    def resume(self):
        self.wait_until("resume", "query-status", "status", ("paused", "running"))
        self.ask("cont")

    def save(self, folder):
        """End the guest; what it was becomes a snapshot in FOLDER."""
        self.ask("stop")
        self.ask("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
        self.ask("migrate", uri="exec:cat >state")
        self.wait_until("save", "query-migrate", "status", ("completed",))
        self.ask("quit")
        self.process.wait(timeout=30)
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("disk.qcow2", "state"):
            shutil.move(self.folder / name, folder / name)
        return Snapshot(folder / "disk.qcow2", folder / "state")

    # --- the agent --------------------------------------------------------------------------

    def run(self, argv, stdin=""):
        """Run a program in the guest to its end."""
        self.agent.write({"argv": [str(word) for word in argv], "stdin": stdin,
                          "timeout": LIMIT_S})
        try:
            reply = self.agent.read(LIMIT_S + 30)
        except OSError as err:
            raise GuestFailed(f"the agent does not answer ({err}) to {argv}; console: "
                              + self.log("console.log")) from None
        return Done(reply["status"], reply["output"])


class Lines:
    """JSON in lines, over a socket."""

    def __init__(self, connection):
        self.connection, self.pending = connection, b""

    def write(self, value):
        self.connection.sendall(json.dumps(value).encode() + b"\n")

    def read(self, limit_s=LIMIT_S):
        self.connection.settimeout(limit_s)
        while b"\n" not in self.pending:
            data = self.connection.recv(65536)
            if not data:
                raise ConnectionError("closed")
            self.pending += data
        line, self.pending = self.pending.split(b"\n", 1)
        return json.loads(line)

    def close(self):
        self.connection.close()


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
