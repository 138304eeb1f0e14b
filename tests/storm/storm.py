# SPDX-License-Identifier: GPL-2.0-or-later
"""The same storm for both sides: many clients, a source that cannot serve them at once."""
import hashlib
import json
import os
import pathlib
import re
import selectors
import shutil
import subprocess
import sys
import tempfile
import time

import server

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("TOP_BUILDDIR") or HERE.parents[1] / "build")
PROGRAM = pathlib.Path(os.environ.get("OFED_FETCH") or BUILD / "ofed-fetch").resolve()

CLIENTS = 300
SIZE = 512 << 10
SLOTS = 60
RATE = 40 << 20  # bytes a second, altogether
LIMIT_S = 600  # neither side takes a tenth of it
DIGEST = hashlib.sha256(server.artefact(SIZE)).hexdigest()
NAME = "artefact.deb"


class Source:
    """The server, within `with`; what it has seen is in .seen afterwards."""

    def __enter__(self):
        self.child = subprocess.Popen([sys.executable, HERE / "server.py", str(SIZE), str(SLOTS),
                                       str(RATE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.url = f"http://127.0.0.1:{int(self.child.stdout.readline())}/artefact"
        return self

    def __exit__(self, *args):
        output, _ = self.child.communicate(timeout=120)
        self.seen = json.loads(output) if output else {}


def request(url, spread_ms):
    """As src/sys/fetcher.c asks, which knows the policy."""
    return {"schema": 1, "op": "download", "name": NAME, "urls": [url], "sha256": DIGEST,
            "proxy": None, "no_proxy": [], "ca_bundle": None, "identity": None,
            "spread_ms": spread_ms, "deadline_ms": LIMIT_S * 1000, "connect_ms": 15000,
            "stall_seconds": 30, "tries": 6, "backoff_ms": 1000, "max_bytes": 4 << 30}


class Client:
    """One ofed-fetch, with a staging folder of its own."""

    def __init__(self, folder, asked):
        folder.mkdir()
        self.folder, self.raw, self.took_s = folder, b"", None
        request_read, request_write = os.pipe()
        self.answers, answers_write = os.pipe()
        staging = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        os.write(request_write, json.dumps(asked).encode())  # shorter than a pipe
        # Sources out of the way of 3, 4 and 5 first: one may have the number of another's place.
        high = [os.dup(fd) for fd in (request_read, answers_write, staging)]
        for fd in (request_read, request_write, answers_write, staging):
            os.close(fd)
        self.began = time.monotonic()
        self.pid = os.posix_spawn(PROGRAM, [str(PROGRAM)], {"LC_ALL": "C"}, file_actions=[
            (os.POSIX_SPAWN_DUP2, fd, to) for fd, to in zip(high, (3, 4, 5))])
        for fd in high:
            os.close(fd)

    def read(self):
        """More of its answers; False when there are no more."""
        data = os.read(self.answers, 65536)
        self.raw += data
        return bool(data)

    def memory(self):
        """KiB now: at its largest, and with what it shares with others counted in parts."""
        # not wait4's figure, in which the memory of who started it counts too
        try:
            home = pathlib.Path(f"/proc/{self.pid}")
            text = (home / "status").read_text() + (home / "smaps_rollup").read_text()
            return [int(re.search(rf"(?m)^{key}:\s+(\d+) kB", text)[1]) for key in ("VmHWM", "Pss")]
        except (OSError, TypeError):  # it has just ended
            return [0, 0]

    def end(self):
        os.close(self.answers)
        _, status = os.waitpid(self.pid, 0)
        self.took_s = time.monotonic() - self.began
        self.last = json.loads(self.raw.splitlines()[-1]) if self.raw else {}
        try:
            digest = hashlib.sha256((self.folder / NAME).read_bytes()).hexdigest()
        except FileNotFoundError:
            digest = None
        left = sorted(p.name for p in self.folder.iterdir())
        self.good = status == 0 and digest == DIGEST and self.last.get("event") == "done" and \
            not [name for name in left if ".part" in name]
        self.why = f"status {status}, {self.last}, {left}"
        shutil.rmtree(self.folder)


def ours(spread_ms=lambda n: 0):
    """CLIENTS real ofed-fetch: (what happened, the clients)."""
    # Number 3 to 5 belong to the child, and no pipe of ours may get them.
    for fd in (3, 4, 5):
        try:
            os.fstat(fd)
        except OSError:
            os.dup2(os.open("/dev/null", os.O_RDWR), fd)
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="ofed-init-storm.", dir=place) as scratch, \
            Source() as source, selectors.DefaultSelector() as waiting:
        began = time.monotonic()
        clients = []
        for n in range(CLIENTS):
            client = Client(pathlib.Path(scratch) / str(n), request(f"{source.url}?{n}", spread_ms(n)))
            waiting.register(client.answers, selectors.EVENT_READ, client)
            clients.append(client)
        memory = []
        while waiting.get_map():
            for key, _ in waiting.select(0.1):
                if not key.data.read():
                    waiting.unregister(key.fileobj)
                    key.data.end()
            # in the thick of it
            if not memory and time.monotonic() - began > 2:
                memory = [c.memory() for c in clients if c.took_s is None]
        took_s = time.monotonic() - began
    longest = max(c.took_s for c in clients)
    return {**source.seen, "finished": sum(c.good for c in clients), "longest_s": longest,
            "took_s": took_s, "largest_kib": max(m[0] for m in memory), "at_work": len(memory),
            "together_kib": sum(m[1] for m in memory)}, clients


def theirs():
    """The same with the stand-in for the peers."""
    with Source() as source:
        began = time.monotonic()
        done = subprocess.run([sys.executable, HERE / "fixed_retry.py", source.url, str(CLIENTS),
                               str(SIZE), str(LIMIT_S)], stdout=subprocess.PIPE, check=True)
        took_s = time.monotonic() - began
    return {**source.seen, **json.loads(done.stdout), "took_s": took_s}
