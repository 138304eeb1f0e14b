# SPDX-License-Identifier: GPL-2.0-or-later
"""A run of the real program on a machine that looks like one of Azure's: /var/lib, /var/log and
/run are folders of the test, in a mount namespace. Needs root."""
import json
import shutil
import subprocess

from program import BUILD, PROGRAM, ofed_init
from rig import machine
from rig import words as reasons

OFFICE_SIZE = "Standard_F2s_v2"
POOL = "lib/hyperv/.kvp_pool_1"
KEY_BYTES, VALUE_BYTES = 512, 2048
RECORD_BYTES = KEY_BYTES + VALUE_BYTES


class Vm:
    def __init__(self, folder, **looks):
        self.top = folder
        self.mounts = [("lib", "/var/lib"), ("log", "/var/log"), ("run", "/run")]
        for name in ("lib", "log", "run"):
            (folder / name).mkdir()
        machine.build(folder / "tree", release="6.1.0-50-amd64", infiniband=False,
                      os_release='ID=debian\nVERSION_ID="12"\n', **looks)
        facts = folder / "tree/run/cloud-init/instance-data.json"
        facts.parent.mkdir(parents=True, exist_ok=True)
        facts.write_text(json.dumps(
            {"ds": {"meta_data": {"imds": {"compute": {"vmSize": OFFICE_SIZE}}}}}))

    def put(self, name, data=b""):
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def with_fetcher(self):
        """ofed-fetch in its place, which need not be installed here."""
        place = self.put("libexec/ofed-init/ofed-fetch")
        shutil.copy(BUILD / "ofed-fetch", place)
        place.chmod(0o755)
        self.mounts.append(("libexec", "/usr/libexec"))

    def stand_in(self, place, output):
        """A program of this machine that is not the real one: it only prints."""
        text = self.put(f"words-of-{place.replace('/', '-')}", output.encode())
        program = self.put(f"bin-{place.replace('/', '-')}", f"#!/bin/sh\ncat {text}\n".encode())
        program.chmod(0o755)
        self.mounts.append((program.name, place))

    def inside(self, *words):
        """The command for these words of ofed-init on this machine."""
        mounts = " && ".join(f"mount --bind {self.top}/{name} {place}" for name, place in self.mounts)
        return ["unshare", "--mount", "--propagation=private", "sh", "-c", mounts + ' && exec "$@"',
                "sh", str(PROGRAM), *words, *reasons.taken(PROGRAM, words[0], {
                    "--sysroot": self.top / "tree", "--imds": "http://127.0.0.1:1"})]

    def run(self, stanza, status):
        config = self.put("stanza.yaml", stanza.encode())
        return self.call("run", "--config", str(config), status=status).stderr.decode()

    def call(self, *words, status=0):
        run = subprocess.run(self.inside(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, timeout=120, check=False)
        assert run.returncode == status, f"exit status {run.returncode}: {run.stderr.decode()}"
        reasons.agree_text(run.stderr.decode())
        return run

    def result(self):
        return reasons.agree(json.loads((self.top / "lib/ofed-init/result.json").read_text()))


def records(pool):
    """As hv_kvp_daemon reads a pool: whole records, each text up to its first zero byte."""
    data = pool.read_bytes()
    found = []
    for at in range(0, len(data) - RECORD_BYTES + 1, RECORD_BYTES):
        key, value = data[at:at + KEY_BYTES], data[at + KEY_BYTES:at + RECORD_BYTES]
        assert b"\0" in key and b"\0" in value, "a text without its end"
        found.append((key.split(b"\0")[0].decode(), value.split(b"\0")[0].decode()))
    return found


def record(key, value):
    """As cloud-init's handler packs one."""
    return key.encode().ljust(KEY_BYTES, b"\0") + value.encode().ljust(VALUE_BYTES, b"\0")


__all__ = ["OFFICE_SIZE", "POOL", "RECORD_BYTES", "Vm", "ofed_init", "record", "records"]
