# SPDX-License-Identifier: GPL-2.0-or-later
"""What one boot did, as read from the folder that the collector filled."""
import json
import pathlib

from rig import words

STATUS_LOG = "var/log/azure/ib-vmext-status"


class Boot:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.seen = json.loads((self.folder / "seen.json").read_text())
        self.units = self.seen["units"]
        self.journal = self.text("journal.txt")

    def text(self, name):
        """A file of the folder; empty when the boot left none."""
        try:
            return (self.folder / name).read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def file(self, path):
        """A file of the machine, as it was at the end of the boot."""
        return self.text("files/" + path.lstrip("/"))

    # --- ofed-init --------------------------------------------------------------------------

    @property
    def unit(self):
        return self.units.get("ofed-init.service", {})

    @property
    def ran(self):
        return self.unit.get("InactiveExit", 0) > 0

    @property
    def exit_code(self):
        return int(self.unit["ExecMainStatus"]) if self.ran else None

    @property
    def ran_from(self):
        return self.unit["InactiveExit"]

    @property
    def ran_until(self):
        """A oneshot that ended well stays active; one that failed is inactive again."""
        return max(self.unit["ActiveEnter"], self.unit["InactiveEnter"])

    @property
    def status_log(self):
        return words.agree_text(self.file(STATUS_LOG))

    @property
    def last_line(self):
        lines = self.status_log.splitlines()
        return lines[-1] if lines else ""

    @property
    def result(self):
        return words.agree(self.json("/var/lib/ofed-init/result.json"))

    def json(self, path):
        text = self.file(path)
        return json.loads(text) if text else None

    # --- the rest of the machine ------------------------------------------------------------

    def started(self, unit):
        """When a unit started; None when it did not."""
        return self.units.get(unit, {}).get("InactiveExit") or None

    def mark(self, name):
        """When `mark NAME` was first called; None when it was not."""
        for mark in self.seen["marks"]:
            if mark["name"] == name:
                return mark["at"]
        return None

    def packages_at(self, name):
        """The packages that were installed when `mark NAME` was first called."""
        for mark in self.seen["marks"]:
            if mark["name"] == name:
                return mark["packages"]
        return {}

    def installed_at(self, package):
        """The first moment at which a package was seen installed; None: never in this boot."""
        for mark in self.seen["marks"]:
            if package in mark["packages"]:
                return mark["at"]
        return None

    def installed(self, package):
        return self.seen["packages"].get(package, {}).get("status") == "ii"

    @property
    def packages(self):
        return {name: p["version"] for name, p in self.seen["packages"].items() if p["status"] == "ii"}

    def dpkg_runs(self):
        """When dpkg ended, each time."""
        return [mark["at"] for mark in self.seen["marks"] if mark["name"] == "dpkg"]

    def seconds(self, at):
        """A moment as seconds since systemd started."""
        return at - self.seen["started"]
