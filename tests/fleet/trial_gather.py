# SPDX-License-Identifier: GPL-2.0-or-later
"""examples/fleet/gather, with a stand-in for az that answers with the last lines of real logs."""
import os
import subprocess

from program import TOP
from vm import Vm

STANZA = "infiniband: {driver: inbox, verify: {wait_seconds: 0}}\n"
# VM 9 does not answer, as one that is turned off.
AZ = """#!/bin/sh
case " $* " in
*' list-instances '*) printf '%s\\n' {instances} ;;
*' --instance-id 9 '*) exit 1 ;;
*' --instance-id 1 '*) echo "Enable succeeded:"; echo "[stdout]"; tail -n 1 '{good}'; echo "[stderr]" ;;
*) echo "[stdout]"; tail -n 1 '{refused}' ;;
esac
"""


def gather(folder, instances, status):
    logs = {}
    for name, stanza, code in (("good", STANZA.replace("driver", "on_unsupported: skip, driver"), 0),
                               ("refused", STANZA, 13)):
        place = folder / f"{name}-{status}"
        place.mkdir()
        Vm(place).run(stanza, code)
        logs[name] = place / "log/azure/ib-vmext-status"
    az = folder / "az"
    az.write_text(AZ.format(instances=instances, **logs))
    az.chmod(0o755)
    run = subprocess.run([TOP / "examples/fleet/gather", "group", "set"], check=False, timeout=240,
                         env={"PATH": f"{folder}:{os.environ['PATH']}"}, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert run.returncode == status, run.stdout.decode()
    return [line.split() for line in run.stdout.decode().splitlines()]


def test_gather_tells_of_each_vm(folder):
    assert gather(folder, "1 2 9 10", 1) == [
        ["VM", "CODE", "REASON"], ["1", "0", "size-not-rdma"], ["2", "13", "size-not-rdma"],
        ["9", "-", "no-answer"], ["10", "13", "size-not-rdma"], [],
        ["2", "13", "size-not-rdma"], ["1", "0", "size-not-rdma"], ["1", "-", "no-answer"]]
    assert gather(folder, "1", 0)[1] == ["1", "0", "size-not-rdma"]
