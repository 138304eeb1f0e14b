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


def posted(vm, path):
    return [json.loads(body) for to, body in vm.imds.posted if to == path]


def like_cloud_inits(t, boot, events):
    """At cloud-init's web hook: our events among its own, at their place and in the same form."""
    ours = [e for e in events if e["origin"] == "ofed-init"]
    theirs = [e for e in events if e["origin"] == "cloudinit"]
    t.equal({frozenset(e) for e in ours}, {frozenset(e) for e in theirs if "files" not in e},
            "reporting: the keys of our events are those of cloud-init's")
    t.equal({type(e["timestamp"]) for e in ours}, {type(e["timestamp"]) for e in theirs},
            "reporting: the kind of our timestamps too")
    steps = [f"ofed-init/run/{phase['name']}" for phase in boot.result["phases"]
             if phase["name"] not in ("facts", "decide", "metadata", "verify")]
    wanted = [("ofed-init/run", "start", None)]
    for step in steps:
        wanted += [(step, "start", None), (step, "finish", "SUCCESS")]
    wanted.append(("ofed-init/run", "finish", "SUCCESS"))
    t.equal([(e["name"], e["event_type"], e.get("result")) for e in ours], wanted,
            "reporting: a start and a finish of the run and of each step, in order")
    # By its modules: 22.4 says that a stage starts before it has read whom to tell.
    config = [e["timestamp"] for e in theirs if e["name"].startswith("modules-config")]
    final = [e["timestamp"] for e in theirs if e["name"].startswith("modules-final")]
    t.before(max(config, default=None), ours[0]["timestamp"], "reporting: our start comes after cloud-init's config")
    t.before(ours[-1]["timestamp"], min(final, default=None), "reporting: our end comes before cloud-init's final")


@scenario(BOTH)
def made_user_data(t):
    """user-data --from a file with other keys: bootcmd fetches the package, and all else runs."""
    vm = t.vm(baked=False, size_from="imds")
    stanza = STANZA + f"  report: {{webhook: {vm.imds.url}/hook}}\n"
    more = f"reporting:\n  rig: {{type: webhook, endpoint: '{vm.imds.url}/reporting'}}\n"
    alone, parts = printed(t, vm, stanza), printed(t, vm, WITH_MORE.replace(STANZA, more + stanza))
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
    events = posted(vm, "/hook")
    t.equal([(e["event_type"], e.get("result")) for e in events], [("start", None), ("finish", "SUCCESS")],
            "the web hook got a start and a finish")
    like_cloud_inits(t, boot, posted(vm, "/reporting"))
    texts = [alone] + [part.get_payload(decode=True).decode()
                       for part in email.message_from_string(parts).get_payload()]
    t.equal(len(texts), 3, "two parts")
    for number, text in enumerate(texts):
        vm.container.write(f"srv/part{number}.yaml", text)
        said = vm.container.run("cloud-init", "schema", "--config-file", f"/srv/part{number}.yaml",
                                check=False)
        t.equal(said, 0, f"cloud-init schema takes text {number}")
