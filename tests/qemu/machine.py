# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest that is made an Azure VM, for as long as one trial."""
import json

from lab import shell
from rig import words

SIZE = "Standard_HB120rs_v3"  # one port of 200 Gb/s
STATUS_LOG = "/var/log/azure/ib-vmext-status"
STANZA = "infiniband: {driver: inbox, verify: {wait_seconds: 60}}\n"


class Run:
    """What one run of the program left."""

    def __init__(self, status, log, result):
        self.status, self.log, self.result = status, log, result
        self.reason = result.get("reason")
        self.checks = {check["id"]: check for check in result.get("checks") or []}
        self.last_line = log.rstrip().splitlines()[-1] if log.strip() else ""
        self.phases = [phase["name"] for phase in result.get("phases") or []]

    def proof(self, check):
        return self.checks.get(check, {}).get("result")


class Machine:
    def __init__(self, guest):
        self.guest = guest
        self.logged = 0  # of the status log, what earlier runs wrote

    # --- the guest --------------------------------------------------------------------------

    def sh(self, script):
        return shell(self.guest, script)

    def status(self, *argv):
        """(exit status, output)"""
        return self.guest.run(argv)

    def meanwhile(self, script):
        self.sh(f"({script}) >/run/meanwhile.log 2>&1 &")

    def write(self, path, text):
        done = self.guest.run(["sh", "-ec", 'mkdir -p "$(dirname "$1")"; cat >"$1"', "-", path],
                              stdin=text)
        assert done.status == 0, done.output

    def cut_power(self):
        """The guest boots anew from what had reached its disk."""
        self.guest.cut_power()
        self.status("systemctl", "is-system-running", "--wait")
        self.sh("mount -o ro /dev/vdb /srv/disk")
        self.logged = len(self.status("cat", STATUS_LOG).output)

    # --- what Azure would give it -------------------------------------------------------------

    def azure(self, size=SIZE, adapter="state=4", functions=1, stanza=STANZA):
        """adapter: parameters of fake_hca, which comes with mlx5_ib; functions: 0 for none yet."""
        self.write("/run/cloud-init/instance-data.json", json.dumps(
            {"ds": {"meta_data": {"imds": {"compute": {"vmSize": size, "location": "westeurope"}}}}}))
        self.write("/run/cloud-init/.instance-id", "i-qemu\n")
        self.write("/etc/modprobe.d/rig-adapter.conf", f"options fake_hca {adapter}\n")
        self.write("/etc/ofed-init/conf.d/50-trial.yaml", stanza)
        self.sh("modprobe fake_vmbus")
        if functions:
            self.plug(functions)
        return self

    def plug(self, functions=1):
        self.sh(f"modprobe fake_pci functions={functions}; udevadm settle")

    def whose(self, *names):
        """Of each that is loaded: whether it is the vendor's build, or the kernel's own."""
        return dict(line.split() for line in self.sh("/srv/rig/whose " + " ".join(names)).splitlines())

    def load(self):
        """What a boot does with the list that an earlier installation has left."""
        self.sh("modprobe -a mlx5_ib ib_uverbs ib_umad rdma_ucm ib_ipoib; udevadm settle")

    def set_adapter(self, **parameters):
        for name, value in parameters.items():
            self.sh(f"echo {value} >/sys/module/fake_hca/parameters/{name}")

    # --- the program ------------------------------------------------------------------------

    def facts(self):
        done = self.status("ofed-init", "facts", "--format", "json")
        return json.loads(done.output)

    def run(self, *command):
        """`ofed-init run`, or a command that leads to it."""
        done = self.status(*(command or ("ofed-init", "run")))
        return self.left(done.status)

    def boot(self):
        """The run of a boot that has just begun, when the boot has settled."""
        self.status("systemctl", "is-system-running", "--wait")
        return self.left(int(self.sh("systemctl show --value --property ExecMainStatus ofed-init")))

    def left(self, status):
        log = self.status("cat", STATUS_LOG).output
        found = self.status("cat", "/var/lib/ofed-init/result.json")
        seen = Run(status, log[self.logged:], {} if found.status else words.agree(json.loads(found.output)))
        self.logged = len(log)
        return seen

    def verify(self, *options):
        """`ofed-init verify`: exit status, and its document."""
        done = self.status("ofed-init", "verify", "--format", "json", *options)
        return done.status, words.agree(json.loads(done.output))
