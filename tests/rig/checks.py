# SPDX-License-Identifier: GPL-2.0-or-later
"""The list of what a trial asserted. A check that fails does not end the trial."""


class Checks:
    def __init__(self):
        self.checks = []
        self.told = []

    def check(self, ok, what, detail=""):
        self.checks.append({"ok": bool(ok), "what": what, "detail": "" if ok else str(detail)})
        return bool(ok)

    def equal(self, seen, wanted, what):
        return self.check(seen == wanted, what, f"expected {wanted!r}, got {seen!r}")

    def contains(self, text, part, what):
        return self.check(part in text, what, f"no {part!r} in: {text[-2000:]}")

    def lacks(self, text, part, what):
        return self.check(part not in text, what, f"{part!r} is in: {text[-2000:]}")

    def tell(self, text):
        """A figure that nobody asserts, for who reads the report."""
        self.told.append(text)
