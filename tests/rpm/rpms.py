# SPDX-License-Identifier: GPL-2.0-or-later
"""Build small rpm packages and signed repositories from values."""
import os
import pathlib
import subprocess


def rpm(work, out, name, version, release="1", *, requires=(), provides=(), conflicts=(), files=None,
        post="", posttrans="", preun="", obsoletes=(), arch="noarch"):
    """Build one package into OUT; files maps a path to (text, mode)."""
    work, out = pathlib.Path(work), pathlib.Path(out)
    top = work / f"{name}-{version}-{release}"
    lines = [f"Name: {name}", f"Version: {version}", f"Release: {release}", f"BuildArch: {arch}",
             "Summary: stand-in of ofed-init's tests", "License: none", "AutoReqProv: no"]
    lines += [f"Requires: {r}" for r in requires] + [f"Provides: {p}" for p in provides]
    lines += [f"Conflicts: {c}" for c in conflicts] + [f"Obsoletes: {o}" for o in obsoletes]
    lines += ["%description", "stand-in of ofed-init's tests", "%install"]
    listed = ["%files"]
    for path, (text, mode) in (files or {}).items():
        source = top / "files" / path.lstrip("/")
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_bytes(text if isinstance(text, bytes) else text.encode())
        lines.append(f"install -D -m {mode:o} '{source}' '%{{buildroot}}{path}'")
        listed.append(path)
    for section, text in (("%post", post), ("%posttrans", posttrans), ("%preun", preun)):
        if text:
            lines += [section, text]
    top.mkdir(parents=True, exist_ok=True)
    (top / "spec").write_text("\n".join(lines + listed) + "\n")
    out.mkdir(parents=True, exist_ok=True)
    run("rpmbuild", "--quiet", "-bb", "--target", f"{arch}-linux", f"--define=_topdir {top}/build",
        f"--define=_rpmdir {out}", "--define=_build_id_links none", "--define=__brp_strip %{nil}",
        f"--define=_rpmfilename {name}-{version}-{release}.{arch}.rpm", str(top / "spec"))
    return out / f"{name}-{version}-{release}.{arch}.rpm"


def sign(keys, name, packages):
    # Debian's rpm looks for gpg2, which it does not have.
    run("rpmsign", "--define", "__gpg /usr/bin/gpg", "--define", f"_gpg_name {name}", "--addsign",
        *map(str, packages), env=keys.env)


def repository(folder, keys=None, name=None):
    """Make FOLDER's packages a repository; with keys, its metadata is signed by NAME."""
    run("createrepo_c", "--quiet", str(folder))
    if keys:
        metadata = str(pathlib.Path(folder) / "repodata/repomd.xml")
        keys.gpg("--local-user", name, "--armor", "--detach-sign", "--output", metadata + ".asc", metadata)


def run(*argv, env=None):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env=env or os.environ, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: {done.stdout.decode(errors='replace')}")
