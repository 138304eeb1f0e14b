#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tests/bench/fetch.py RUNS NAME...: fetching and unpacking 300 MB, against wget, sha256sum, tar.

The same archive from the same server on loopback, both sides in turn. The archive is made once
of what this machine has, and kept in build/cache/bench.
"""
import contextlib
import hashlib
import http.server
import itertools
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TOP_BUILDDIR") or TOP / "build")
PROGRAM = pathlib.Path(os.environ.get("OFED_FETCH") or BUILD / "ofed-fetch").resolve()
CACHE = BUILD / "cache" / "bench"
WORK = BUILD / "bench"
PACKED_BYTES = 300_000_000
# A bundle is packages: none is most of it, and few are tiny. Tens of thousands of small files
# would time the file system's inodes, on both sides.
FILE_BYTES_MIN, FILE_BYTES_MAX = 64 << 10, 32 << 20
MIB = 1 << 20
PACK = {"tgz": ["pigz", "-6", "-n"], "txz": ["xz", "-1", "-T2"], "tzst": ["zstd", "-q", "-9", "-T2"]}
# Not our own wait4(): what a process has had before it became another program counts there.
TIMES = WORK.with_suffix(".times")
TIME = ["time", "-q", "-f", "%e %M", "-o", str(TIMES)]
UNPACK = {"tgz": "tar xzf", "txz": "tar xJf", "tzst": "tar --zstd -xf"}


# --- the archive ----------------------------------------------------------------------------

def sources():
    """(path, name) of files of this machine, in an order that does not change; then again."""
    for turn in itertools.count():
        for top in "/usr/lib", "/usr/bin", "/usr/share":
            for folder, folders, names in os.walk(top):
                folders.sort()
                for name in sorted(names):
                    path = os.path.join(folder, name)
                    if os.path.isfile(path) and not os.path.islink(path) \
                            and FILE_BYTES_MIN <= os.path.getsize(path) <= FILE_BYTES_MAX:
                        yield path, f"{turn}{path}"


def make_tgz(path):
    with open(path, "wb") as out, subprocess.Popen(PACK["tgz"], stdin=subprocess.PIPE,
                                                   stdout=out) as packer:
        with tarfile.open(fileobj=packer.stdin, mode="w|", dereference=True) as archive:
            for source, name in sources():
                with contextlib.suppress(PermissionError):
                    archive.add(source, name)
                if os.fstat(out.fileno()).st_size >= PACKED_BYTES:
                    break
        packer.stdin.close()
    assert packer.returncode == 0, PACK["tgz"]


def archive(kind):
    """Its path and digest."""
    CACHE.mkdir(parents=True, exist_ok=True)
    path = CACHE / f"packages.{kind}"
    if not path.exists():
        print(f"bench: making {path.name}", file=sys.stderr)
        part = path.with_suffix(".part")
        if kind == "tgz":
            make_tgz(part)
        else:
            with subprocess.Popen(["pigz", "-dc", archive("tgz")[0]], stdout=subprocess.PIPE) as tar, \
                    open(part, "wb") as out:
                subprocess.run(PACK[kind], stdin=tar.stdout, stdout=out, check=True)
        part.rename(path)
    with open(path, "rb") as bytes_of:
        return path, hashlib.file_digest(bytes_of, "sha256").hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(CACHE / self.path.lstrip("/"), "rb") as source:
            size, at = os.fstat(source.fileno()).st_size, 0
            self.send_response(200)
            self.send_header("Content-Length", str(size))
            self.end_headers()
            while at < size:  # as real servers do: the kernel copies
                at += os.sendfile(self.connection.fileno(), source.fileno(), at, size - at)

    def log_message(self, *args):
        pass


# --- both sides -----------------------------------------------------------------------------

def ours(url, sha256, folder):
    request = {"schema": 1, "op": "stream", "into": "tree", "max_entries": 200000,
               "max_unpacked_bytes": 16 << 30, "room_factor": 1, "room_bytes": 0, "urls": [url],
               "sha256": sha256, "proxy": None, "no_proxy": [], "ca_bundle": None,
               "identity": None, "spread_ms": 0, "deadline_ms": 300000, "connect_ms": 1000,
               "stall_seconds": 10, "tries": 1, "backoff_ms": 100, "max_bytes": 4 << 30}
    asked, question = os.pipe()
    answers, answered = os.pipe()
    staging = os.open(folder, os.O_RDONLY)

    def place():
        kept = [os.dup(fd) for fd in (asked, answered, staging)]
        for number, fd in zip((3, 4, 5), kept):
            os.dup2(fd, number)

    child = subprocess.Popen([*TIME, PROGRAM], preexec_fn=place, close_fds=False)
    for fd in asked, answered, staging:
        os.close(fd)
    with os.fdopen(question, "w") as out:
        json.dump(request, out)
    with os.fdopen(answers) as lines:
        last = json.loads(lines.read().splitlines()[-1])
    if last["event"] != "done":
        sys.exit(f"bench: {last}")
    return child


def theirs(url, sha256, folder):
    name = url.rpartition("/")[2]
    return subprocess.Popen([*TIME, "sh", "-ec", f"wget -q {url}; echo '{sha256}  {name}' | "
                                    f"sha256sum --quiet --check; {UNPACK[name.rpartition('.')[2]]} {name}"],
                            cwd=folder)


def run(side, kind, server, folder):
    """Seconds and KiB of one run."""
    path, sha256 = archive(kind)
    child = side(f"http://127.0.0.1:{server.server_address[1]}/{path.name}", sha256, folder)
    if child.wait():
        sys.exit(f"bench: {side.__name__} ended with {child.returncode}")
    seconds, kib = TIMES.read_text().split()
    return float(seconds), int(kib)


@contextlib.contextmanager
def workplace():
    """WORK, empty. What a run leaves stays until all are done: an ext4 that has just lost files
    looks long for inodes, and the next run would pay for that."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    try:
        yield
    finally:
        shutil.rmtree(WORK)


def fresh():
    os.sync()  # nobody pays for writing what the one before has written
    return pathlib.Path(tempfile.mkdtemp(dir=WORK))


# --- measures -------------------------------------------------------------------------------

def walls(kind, runs, server):
    seen = {ours: [], theirs: []}
    for _ in range(runs):
        for side, found in seen.items():
            found.append(run(side, kind, server, fresh()))
    return [[statistics.median(column) for column in zip(*seen[side])] for side in (ours, theirs)]


def peak(side, kind, server):
    """Bytes in use on a file system of its own, at most and at the end."""
    folder = fresh()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=90%,mode=700", "tmpfs", folder], check=True)
    try:
        seen, over = [0], threading.Event()

        def used():
            fs = os.statvfs(folder)
            return (fs.f_blocks - fs.f_bfree) * fs.f_frsize

        def watch():
            while not over.wait(0.01):
                seen.append(used())

        watcher = threading.Thread(target=watch)
        watcher.start()
        run(side, kind, server, folder)
        over.set()
        watcher.join()
        seen.append(used())
        return max(seen), seen[-1]
    finally:
        subprocess.run(["umount", folder], check=True)


def line(name, our, their, unit, runs):
    print(f"{name}\t{our}\t{their}\t{our / their:.3f}\t{unit}\t{runs}", flush=True)


def main():
    runs, names = int(sys.argv[1]), sys.argv[2:]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with workplace():
        measure(runs, names, server)


def measure(runs, names, server):
    measured = {}
    for name in names:
        _, kind, what = name.split("-")
        if what == "disk":
            if os.geteuid() != 0:
                print(f"bench: {name} needs root, for a file system of its own", file=sys.stderr)
                continue
            most, end = peak(ours, kind, server)
            print(f"# {name}: what is unpacked has {end / MIB:.1f} MiB")
            line(name, round(most / MIB, 1), round(peak(theirs, kind, server)[0] / MIB, 1), "MiB", 1)
            continue
        if kind not in measured:
            measured[kind] = walls(kind, runs, server)
        (our_s, our_kib), (their_s, their_kib) = measured[kind]
        if what == "wall":
            line(name, round(our_s, 2), round(their_s, 2), "s", runs)
        else:
            line(name, round(our_kib / 1024, 1), round(their_kib / 1024, 1), "MiB", runs)


if __name__ == "__main__":
    main()
