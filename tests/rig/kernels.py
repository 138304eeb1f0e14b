# SPDX-License-Identifier: GPL-2.0-or-later
"""Another kernel in a root: there is only one in the archive at a time."""
import shutil

OLD = "6.1.0-1-amd64"  # sorts before the real one


UNAME = """#!/bin/sh
case "$*" in
-r) echo {release} ;;
*) exec /usr/bin/uname "$@" ;;
esac
"""


def run(box, release):
    """Whatever asks which kernel runs is told this one, as in a VM; a container has that of its host."""
    box.write("usr/sbin/uname", UNAME.format(release=release), mode=0o755)


def add_older(box, real):
    """Modules and headers of the real one under another name, which what is compiled for it bears."""
    for top in ("usr/lib/modules", "usr/src"):
        for path in box.path(top).iterdir():
            if real in path.name and not path.is_symlink():
                shutil.copytree(path, path.with_name(path.name.replace(real, OLD)), symlinks=True)
    modules = box.path(f"usr/lib/modules/{OLD}")
    headers = box.path(f"usr/src/linux-headers-{OLD}")
    for link in ("build", "source"):
        (modules / link).unlink(missing_ok=True)
    (modules / "build").symlink_to(f"/usr/src/linux-headers-{OLD}")
    for name in ("include/generated/utsrelease.h", "include/config/kernel.release"):
        path = headers / name
        if path.exists():
            path.write_text(path.read_text().replace(real, OLD))
    for name in ("config", "vmlinuz"):
        shutil.copy(box.path(f"boot/{name}-{real}"), box.path(f"boot/{name}-{OLD}"))
