# SPDX-License-Identifier: GPL-2.0-or-later
"""A newcomer who does what doc/tutorial.md says, literally, in a machine that is thrown away.

The blocks that start with ```sh are run in one shell, in their order, stopping at the first
failure. A block without a language below one has to be in its output: line by line, where `...`
stands for whatever is between.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

from common import BUILD, KEPT, TOP  # noqa: E402
from rig import baseroot, container, jail  # noqa: E402

TUTORIAL = TOP / "doc/tutorial.md"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
MARK = "=== block "


def blocks(text):
    """[(commands, expected or None)]"""
    found = []
    for language, body in FENCE.findall(text):
        if language == "sh":
            found.append([body, None])
        elif not language:
            assert found and found[-1][1] is None, f"output of nothing: {body}"
            found[-1][1] = body
    return found


def script(steps):
    lines = ["set -e", "exec 2>&1", "cd /root"]
    for i, (commands, _) in enumerate(steps):
        lines += [f"echo '{MARK}{i}'", commands]
    return "\n".join(lines) + "\necho '=== the end'\n"


def has(expected, said):
    """Where the output goes on differently than the document says; None: nowhere."""
    pattern = "".join(r"(?:.*\n)*?" if line == "..." else
                      r"(?:.*\n)*?" + ".*".join(re.escape(part) for part in line.split("...")) + r".*\n"
                      for line in expected.splitlines())
    return re.search(pattern, said) is not None


def test_newcomer_does_the_tutorial():
    steps = blocks(TUTORIAL.read_text())
    assert len(steps) > 8
    package, = (BUILD / "packages").glob("ofed-init_*.deb")
    root, _ = baseroot.get("bookworm", KEPT / "mmdebstrap.log")
    with tempfile.TemporaryDirectory(prefix="ofed-init-docs.") as scratch:
        inside = jail.Jail("docs", [sys.executable, __file__, "--root", str(root), "--deb", str(package),
                                    "--work", scratch, "--script", script(steps)],
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            said = inside.process.communicate(timeout=400)[0].decode(errors="replace")
        finally:
            inside.end()
    log = KEPT / "newcomer.log"
    log.write_text(said)
    assert said.rstrip().endswith("=== the end"), f"{log}: it stops at {said[-1500:]}"
    parts = re.split(rf"^{MARK}\d+\n", said, flags=re.M)[1:]
    assert len(parts) == len(steps)
    for (commands, expected), part in zip(steps, parts):
        assert not expected or has(expected, part), f"{commands}said {part}, not {expected}"
    return [commands for commands, _ in steps]


def main():
    parser = argparse.ArgumentParser()
    for option in ("--root", "--deb", "--work", "--script"):
        parser.add_argument(option, required=True)
    args = parser.parse_args()
    jail.private_run()
    work = pathlib.Path(args.work) / "machine"
    work.mkdir()
    machine = container.Container("docs", [pathlib.Path(args.root)], work, work / "logs", kit=False)
    machine.write("etc/resolv.conf", container.RESOLV_CONF)
    machine.copy(args.deb, "root/" + pathlib.Path(args.deb).name)
    machine.write("root/.tutorial", args.script)
    machine.logs.mkdir()
    status = machine.run("bash", "/root/.tutorial", check=False)
    sys.stdout.write((machine.logs / "chroot.log").read_text(errors="replace"))
    return status


if __name__ == "__main__":
    sys.exit(main())
