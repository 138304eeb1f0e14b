# SPDX-License-Identifier: GPL-2.0-or-later
"""Our own package as an .rpm, and the script of `ofed-init user-data` that installs it."""
import hashlib
import pathlib
import re
import subprocess

import yaml

import rpms
from rig import baseroot

SITE = "http://127.0.0.1:8080"  # of a loopback interface that is the machine's own
ADDRESS = f"{SITE}/ofed-init.rpm"
# A web server, for as long as the script runs; the script is what cloud-init would be given.
SERVED = """cd /srv/www && python3 -m http.server 8080 --bind 127.0.0.1 >/srv/www.log 2>&1 & server=$!
until python3 -c 'import socket; socket.create_connection(("127.0.0.1", 8080))' 2>/dev/null; do sleep 0.1; done
sh -c "$(cat /srv/script)"; status=$?
kill $server
exit $status
"""


def build(program_folder, work):
    """By our spec, but of what is compiled already: (the .rpm, what it requires of a system)."""
    top = pathlib.Path(work) / "ofed-init"
    spec = (baseroot.TOP / "dist/rpm/ofed-init.spec").read_text().replace("@VERSION@", "0.0.1")
    spec = re.sub(r"^%prep\n.*?^%install\nmake ", f"%install\\nmake -s -C {program_folder} ", spec,
                  flags=re.DOTALL | re.MULTILINE)
    spec = re.sub(r"^(Source0|BuildRequires):.*\n", "", spec, flags=re.MULTILINE)
    spec = spec.replace("%license LICENSE\n", "")
    top.mkdir(parents=True)
    (top / "spec").write_text(spec)
    rpms.run("rpmbuild", "--quiet", "-bb", f"--define=_topdir {top}/build", f"--define=_rpmdir {top}",
             "--define=_build_id_links none", "--define=_rpmfilename ofed-init.rpm",
             "--define=_localstatedir /var", str(top / "spec"))
    asked = subprocess.run(["rpm", "-qp", "--requires", str(top / "ofed-init.rpm")], check=True,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.splitlines()
    return top / "ofed-init.rpm", [r for r in asked if not r.startswith(("rpmlib(", "config("))]


def script(program, stanza, package, digest=None):
    """The shell script of the bootcmd that user-data prints for this package."""
    printed = subprocess.run([program, "user-data", "--from", stanza, "--package-url", ADDRESS, "--sha256",
                              digest or hashlib.sha256(package.read_bytes()).hexdigest()],
                             check=True, stdout=subprocess.PIPE, text=True).stdout
    ((shell, option, text),) = yaml.safe_load(printed)["bootcmd"]
    assert (shell, option) == ("sh", "-c"), printed
    return text
