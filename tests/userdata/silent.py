# SPDX-License-Identifier: GPL-2.0-or-later
"""Nobody is silent: a stanza that cloud-init did not hand over is named in the log and the record."""
import json

USER_DATA = "var/lib/cloud/instance/user-data.txt"
LOG = "var/log/azure/ib-vmext-status"
# The user-data, and what is said of it.
LOST = {
    "near": ("#cloud-config\nruncmd: [ls]\ninfinband:\n  driver: inbox\n", ["`infinband:` in line 3", "did you mean infiniband?"]),
    "byte order mark": ("\ufeff#cloud-config\ninfiniband: {}\n", ["`infiniband:` in line 2", "byte order mark"]),
    "tab": ("#cloud-config\ninfiniband:\n  driver:\tinbox\n", ["`infiniband:` in line 2", "a tab"]),
    "second document": ("#cloud-config\ninfiniband: {}\n---\nruncmd: []\n", ["in line 2", "a second document"]),
    "nothing behind it": ("#cloud-config\ninfiniband:\nruncmd: [ls]\n", ["in line 2", "{} asks for all defaults"]),
    "no word": ("infiniband: {}\nruncmd: [ls]\n", ["in line 1", "does not begin with #cloud-config"]),
    "in MIME": ("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/cloud-config\n\n"
                "infiniband: [\n--x--\n", ["in line 7"]),
}


def try_lost_stanza_is_told(vm):
    for what, (text, words) in LOST.items():
        vm.put(USER_DATA, text)
        status, said = vm.call("run")
        result = json.loads((vm.root / "var/lib/ofed-init/result.json").read_text())
        assert (status, result["reason"]) == (0, "no-stanza"), f"{what}: {said}"
        for places in (result["message"], (vm.root / LOG).read_text().splitlines()[-1], vm.call("status")[1].replace("\n", " ")):
            for word in words if "outcome" not in places else words[:1]:
                assert " ".join(word.split()) in " ".join(places.split()), f"{what}: no {word!r} in {places}"


def try_lost_block_holds(vm):
    vm.put(USER_DATA, "#cloud-config\ninfiniband:\n  on_failure: block\n  verify: [\n")
    status, said = vm.call("run")
    assert status == 1 and "stanza-syntax" in said, said
    assert (vm.root / "run/ofed-init/block").exists()
    vm.put(USER_DATA, "#cloud-config\nruncmd: [ls]\n")
    assert vm.call("run")[0] == 0
    assert not (vm.root / "run/ofed-init/block").exists()


def try_upgrade_that_follows_is_told(vm):
    """A kernel may come behind the run: compiled twice, which nobody wants to find out from the clock."""
    vm.put("etc/ofed-init/conf.d/50-user.yaml", "infiniband: {driver: doca-ofed, timeout_seconds: 20, source: {directory: /srv}}\n")
    cloud = vm.look / "run/cloud-init/combined-cloud-config.json"
    cloud.parent.mkdir(parents=True, exist_ok=True)
    for keys, words in (({}, []), ({"package_upgrade": False, "package_reboot_if_required": True}, []),
                        ({"package_upgrade": True}, ["package_upgrade: cloud-init upgrades packages after this run; if a kernel"]),
                        ({"apt_upgrade": "yes", "apt_reboot_if_required": True}, ["after this run, and restarts the VM"])):
        cloud.write_text(json.dumps(keys))
        (vm.root / LOG).unlink(missing_ok=True)
        vm.call("run")
        log = (vm.root / LOG).read_text()
        assert "decided: install" in log, log
        assert all(word in log for word in words) and ("package_upgrade" in log) == bool(words), (keys, log)


def try_nothing_is_said_of_nothing(vm):
    for text in ("#cloud-config\nruncmd: [ls]\n", "#cloud-config\n# infiniband: {}\npackages: [infiniband-diags]\n",
                 "#!/bin/sh\necho infiniband: x\n", ""):
        vm.put(USER_DATA, text)
        assert vm.call("run") == (0, "")
        assert not (vm.root / LOG).exists(), text
    assert vm.call("status")[0] == 3
    assert vm.call("status", "--format", "json")[0] == 3
