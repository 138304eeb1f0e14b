# SPDX-License-Identifier: GPL-2.0-or-later
"""Build a small Debian package from values."""
import collections
import shutil
import subprocess

Link = collections.namedtuple("Link", "to")
FOLDER = None  # an empty one


def deb(work, out, name, version, *, depends="", conflicts="", files=None, scripts=None, arch="all", conffiles=()):
    """Build one package; files maps a path to (text, mode), a Link or FOLDER; conffiles: which dpkg keeps."""
    top = work / f"{name}_{version}"
    shutil.rmtree(top, ignore_errors=True)
    control = f"Package: {name}\nVersion: {version}\nArchitecture: {arch}\n" \
        "Maintainer: ofed-init tests <root@localhost>\nSection: misc\nPriority: optional\n"
    if depends:
        control += f"Depends: {depends}\n"
    if conflicts:
        control += f"Conflicts: {conflicts}\n"
    control += "Description: stand-in of ofed-init's tests\n"
    put(top / "DEBIAN/control", control, 0o644)
    for script, text in (scripts or {}).items():
        put(top / "DEBIAN" / script, text, 0o644 if script in ("templates", "triggers") else 0o755)
    if conffiles:
        put(top / "DEBIAN/conffiles", "".join(f"{path}\n" for path in conffiles), 0o644)
    for path, what in (files or {}).items():
        place = top / path.lstrip("/")
        if what is FOLDER:
            place.mkdir(parents=True)
        elif isinstance(what, Link):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(what.to)
        else:
            put(place, *what)
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", str(top), str(out)],
                   stdout=subprocess.DEVNULL, check=True)


def put(path, content, mode):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
