# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines whose pages are looked at: real runs of the program in a root of their own.

What it looks at is synthesized (tests/rig/machine.py), what it changes is a folder. Nothing is
downloaded or installed: a run that only decides, finds, and proves needs no package manager.
"""
import json
import os
import pathlib
import subprocess
import time

from rig import machine, words

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TOP_BUILDDIR") or TOP / "build").resolve()
PROGRAM = BUILD / "ofed-init"
RELEASE = "6.1.0-37-cloud-amd64"
DEBIAN = 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'
FABRIC = ("mlx5_core", "mlx5_ib", "ib_core", "ib_uverbs", "ib_umad", "ib_cm", "rdma_ucm")
LOG = "var/log/azure/ib-vmext-status"
RESULT = "var/lib/ofed-init/result.json"

# What a page must show as text whatever somebody managed to write into a log or a record.
HOSTILE = ("<script>document.title='PWNED'</script>", "\"><img src=x onerror=alert(1)>",
           "</pre></title></style>", "&lt;&amp;", "'; DROP TABLE", "\x1b[31mred\x1b[0m\x07",
           "\u202egnirts", "bad\x80bytes", "A" * 300, "http://127.0.0.1:9/beacon.png")


class Scene:
    def __init__(self, work, name, size="Standard_HB120rs_v3", infiniband=True):
        self.name, self.look, self.root = name, work / name / "look", work / name / "root"
        (self.root / "usr/bin").mkdir(parents=True)
        machine.build(self.look, release=RELEASE, os_release=DEBIAN, arch="x86_64",
                      infiniband=infiniband)
        self.put(self.look / "run/cloud-init/.instance-id", "i-0001\n")
        self.put(self.look / "run/cloud-init/instance-data.json", json.dumps(
            {"ds": {"meta_data": {"imds": {"compute": {"vmSize": size}}}}}))
        self.stanza = work / name / "stanza.yaml"
        self.stanza.write_text("infiniband:\n  driver: inbox\n  verify: {wait_seconds: 0}\n")

    @staticmethod
    def put(path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def argv(self, *command):
        return [str(PROGRAM), *command, *words.taken(PROGRAM, command[0], {
            "--sysroot": self.look, "--root": self.root, "--imds": "http://127.0.0.1:1", "--config": self.stanza})]

    def download_from(self, url):
        """A run is going to fetch this, and find that it is not what was promised."""
        self.stanza.write_text(f"infiniband:\n  source: {{url: '{url}', sha256: '{'0' * 64}'}}\n")

    def with_fetcher(self, argv):
        """The command where ofed-fetch has its place, in mounts of its own."""
        enter = self.look.parent / "enter"
        enter.write_text("mount -t tmpfs tmpfs /usr/libexec && mkdir /usr/libexec/ofed-init &&\n"
                         f"cp '{BUILD}/ofed-fetch' /usr/libexec/ofed-init/ && exec \"$@\"\n")
        return ["unshare", "--mount", "--propagation", "private", "sh", str(enter), *argv]

    def call(self, *command, env=None):
        done = subprocess.run(self.argv(*command), capture_output=True, timeout=60, check=False,
                              stdin=subprocess.DEVNULL, env=clean_env(env))
        return done.returncode, done.stdout.decode(), words.agree_text(done.stderr.decode())

    def inbox(self):
        """As if the distribution's stack were installed, and its modules loaded."""
        self.put(self.root / "var/lib/dpkg/status",
                 "Package: rdma-core\nStatus: install ok installed\nArchitecture: amd64\nVersion: 44.0-2\n"
                 "Maintainer: nobody\nDescription: RDMA core\n\n")
        self.put(self.root / "var/lib/dpkg/info/rdma-core.list", "/usr/sbin/rdma-ndd\n")
        for module in FABRIC:
            folder = "hw/mlx5" if module == "mlx5_ib" else "core"
            self.put(self.root / f"lib/modules/{RELEASE}/kernel/drivers/infiniband/{folder}/{module}.ko", "")
            self.put(self.look / f"sys/module/{module}/initstate", "live\n")

    def ports(self, count, down=()):
        """All but the first of `count` functions; the second half is near to node 1."""
        tree = machine.Tree(self.look)
        for i in range(1, count):
            function = machine.pci_function(tree, f"010{i + 1}:00:00.0", "101c", "020700", "mlx5_core",
                                            f"47505500-010{i + 1}-0000-3130-44453130313{i}")
            tree.put(f"{function}/numa_node", str(i * 2 // count))
            state = {"state": "1: DOWN", "phys": "2: Polling"} if i in down else {}
            machine.rdma_device(tree, function, f"mlx5_ib{i}", "InfiniBand",
                                "200 Gb/sec (4X HDR)", **state)

    def cloud_init(self):
        """cloud-init's record of the boot in which the run was: its form, and times around it."""
        began = json.loads((self.root / RESULT).read_text())["started_ms"] / 1000
        stages = {"init-local": (-2.244, -1.383), "init": (-1.368, -0.667),
                  "modules-config": (-0.653, -0.018), "modules-final": (1.892, 4.399)}
        self.put(self.look / "run/cloud-init/status.json", json.dumps({"v1": {
            "datasource": "DataSourceAzure", "stage": None,
            **{name: {"start": began + at, "finished": began + end, "errors": []}
               for name, (at, end) in stages.items()}}}))

    def hostile(self):
        """Every string of the record, and the log, as an enemy would have them."""
        path = self.root / RESULT
        n = iter(range(1 << 20))

        def spoil(node):
            if isinstance(node, dict):
                return {key: spoil(value) for key, value in node.items()}
            if isinstance(node, list):
                return [spoil(item) for item in node]
            return f"{node} {HOSTILE[next(n) % len(HOSTILE)]}" if isinstance(node, str) else node

        record = json.loads(path.read_text())
        kept = {key: record[key] for key in ("state", "started", "ended")}
        path.write_text(json.dumps({**spoil(record), **kept}))
        with (self.root / LOG).open("ab") as log:
            for text in HOSTILE:
                log.write(f"2026-11-22T10:00:00Z ofed-init[1] warn: {text}\n".encode("utf-8", "surrogateescape"))
            log.write(b"2026-11-22T10:00:00Z ofed-init[1] info: \xff\xfe not UTF-8 \x9b31m\n")
            log.write(b"2026-11-22T10:00:00Z ofed-init[1] info: https://a.b/c?sig=S3CR3T&se=1 password=S3CR3T\n")


def clean_env(more=None):
    """As a login shell has it, without what this terminal says about itself."""
    env = {key: value for key, value in os.environ.items()
           if key not in ("NO_COLOR", "COLUMNS", "LINES", "TERM")}
    return {**env, "TERM": "dumb", **(more or {})}


def ready(work):
    """All eight ports of a large size are there and active, with the distribution's own driver."""
    scene = Scene(work, "ready", "Standard_ND96asr_v4")
    scene.inbox()
    scene.ports(8)
    scene.call("run")
    scene.cloud_init()
    return scene


def failed(work):
    scene = Scene(work, "failed", "Standard_ND96asr_v4")
    scene.inbox()
    scene.ports(8, down=(5,))
    scene.call("run")
    scene.cloud_init()
    return scene


def refused(work):
    scene = Scene(work, "refused", "Standard_D2s_v5", infiniband=False)
    scene.call("run")
    return scene


def hostile(work):
    scene = Scene(work, "hostile", "Standard_ND96asr_v4")
    scene.inbox()
    scene.ports(8, down=(5,))
    scene.call("run")
    scene.cloud_init()
    scene.hostile()
    return scene


def running(work, pid=None):
    """A run that is under way, by the record that it leaves after each step; @pid: its process."""
    scene = failed(work / "under-way")
    path = scene.root / RESULT
    scene.ended = path.read_text()
    record = json.loads(scene.ended)
    scene.pid = pid or os.getpid()
    started = pathlib.Path(f"/proc/{scene.pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    path.write_text(json.dumps({**record, "state": "running", "ended": None, "exit_code": None,
                                "exit_meaning": None, "reason": None, "remedy": None,
                                "message": "At work.", "pid": scene.pid, "pid_started_ticks": int(started),
                                "started_uptime_ms": int((time.clock_gettime(time.CLOCK_BOOTTIME) - 65) * 1000),
                                "checks": [], "links": None, "started": time.strftime(
                                    "%Y-%m-%dT%H:%M:%SZ", time.gmtime())}))
    return scene


def doing(scene, what, **numbers):
    """What that run says that it is at."""
    path = scene.root / "run/ofed-init/doing.json"
    scene.put(path.with_suffix(".part"), json.dumps({"pid": scene.pid, "doing": what, **numbers}))
    path.with_suffix(".part").rename(path)


def end(scene):
    """It ends, as it did."""
    path = scene.root / RESULT
    path.with_suffix(".part").write_text(scene.ended)
    path.with_suffix(".part").rename(path)
