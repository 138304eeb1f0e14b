# SPDX-License-Identifier: GPL-2.0-or-later
"""A plain image, given exactly what `ofed-init user-data` printed."""
import email
import hashlib
import json
import os
import pathlib
import subprocess

import expect
import lab
import user_data
from scenarios import BOTH, scenario

STANZA = """infiniband:
  driver: inbox   # the distribution's own
  verify: {wait_seconds: 2}
"""
# A bootcmd of the user's own: ours is to come beside it, not in its place.
WITH_MORE = "#cloud-config\nbootcmd:\n  - [mark, bootcmd-of-the-user]\n" + STANZA + user_data.WORKLOADS


def printed(t, vm, text):
    """What the command prints for a file with this text, the package being on our server."""
    source = pathlib.Path(t.work_beside("from.yaml"))
    source.write_text(text)
    vm.imds.files["ofed-init_amd64.deb"] = t.deb
    program = pathlib.Path(os.environ.get("TOP_BUILDDIR") or lab.TOP / "build") / "ofed-init"
    return subprocess.run([program, "user-data", "--from", source,
                           "--package-url", f"{vm.imds.url}/files/ofed-init_amd64.deb",
                           "--sha256", hashlib.sha256(t.deb.read_bytes()).hexdigest()],
                          check=True, stdout=subprocess.PIPE, text=True).stdout


@scenario(BOTH)
def made_user_data(t):
    """user-data --from a file with other keys: bootcmd fetches the package, and all else runs."""
    vm = t.vm(baked=False, size_from="imds")
    stanza = STANZA + f"  report: {{webhook: {vm.imds.url}/hook}}\n"
    alone, parts = printed(t, vm, stanza), printed(t, vm, WITH_MORE.replace(STANZA, stanza))
    vm.user_data(parts)
    boot = vm.boot()
    t.check(boot.installed("ofed-init"), "the package is fetched and installed")
    expect.ended(t, boot, 0, expect.INSTALLED)
    expect.clean_boot(t, boot)
    expect.before_runcmd(t, boot)
    t.check(boot.mark("bootcmd-of-the-user"), "the user's own bootcmd ran too")
    t.before(boot.ran_until, boot.installed_at("hello"), "packages: of the user come after the run")
    carried = vm.container.path("etc/ofed-init/conf.d/50-user.yaml")
    t.equal(carried.read_text(), stanza, "the stanza is there to the letter")
    t.equal(carried.stat().st_mode & 0o777, 0o600, "and root's alone")
    events = [json.loads(body) for _, body in vm.imds.posted]
    t.equal([(e["event_type"], e.get("result")) for e in events], [("start", None), ("finish", "SUCCESS")],
            "the web hook got a start and a finish")
    texts = [alone] + [part.get_payload(decode=True).decode()
                       for part in email.message_from_string(parts).get_payload()]
    t.equal(len(texts), 3, "two parts")
    for number, text in enumerate(texts):
        vm.container.write(f"srv/part{number}.yaml", text)
        said = vm.container.run("cloud-init", "schema", "--config-file", f"/srv/part{number}.yaml",
                                check=False)
        t.equal(said, 0, f"cloud-init schema takes text {number}")
