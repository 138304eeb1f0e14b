# SPDX-License-Identifier: GPL-2.0-or-later
"""Folders that others may write: what root writes or obeys goes nowhere that they have chosen."""
import os

from rig import lookalike

SOMEBODY = 12345
DENIED = "infiniband: {driver: inbox, vm_sizes: {deny: [Standard_HB120rs_v3]}}\n"
CONF = "etc/ofed-init/conf.d/50.yaml"
LOG = "var/log/azure/ib-vmext-status"


def vm_of(folder, stanza=DENIED):
    vm = lookalike.Vm(folder)
    vm.put(CONF, stanza)
    return vm


def others(path, mode=0o777):
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
    return path


def their_link(path, target, owner=SOMEBODY):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)
    os.chown(path, owner, owner, follow_symlinks=False)


def test_folders_status_log_behind_a_link(folder):
    vm = vm_of(folder)
    victim = others(vm.root / "srv/victim", 0o755)
    others(vm.root / "var/log")
    their_link(vm.root / "var/log/azure", "/srv/victim")
    status, said = vm.call("run")
    assert status == 13 and "no status log" in said and "symbolic link" in said, said
    assert not list(victim.iterdir())


def test_folders_status_log_has_another_name(folder):
    vm = vm_of(folder)
    theirs = vm.put("srv/secret", "theirs\n", 0o600)
    log = vm.root / LOG
    log.parent.mkdir(parents=True)
    os.link(theirs, log)
    status, said = vm.call("run")
    assert status == 13, said
    assert (theirs.read_text(), theirs.stat().st_mode & 0o777) == ("theirs\n", 0o600)
    assert "exit 13" in log.read_text() and log.stat().st_mode & 0o777 == 0o644 and log.stat().st_nlink == 1


def test_folders_metrics_behind_a_link(folder):
    vm = vm_of(folder, DENIED.replace("driver", "report: {prometheus: /srv/exporter/text}, driver"))
    victim = others(vm.root / "etc/cron.d", 0o755)
    their_link(others(vm.root / "srv/exporter", 0o755) / "text", "/etc/cron.d")
    os.chown(vm.root / "srv/exporter", SOMEBODY, SOMEBODY)
    status, said = vm.call("run")
    assert status == 13 and "report: " in said and "symbolic link" in said, said
    assert not list(victim.iterdir())
    # a folder of theirs that is none is where they want it
    (vm.root / "srv/exporter/text").unlink()
    os.chown(others(vm.root / "srv/exporter/text", 0o755), SOMEBODY, SOMEBODY)
    status, said = vm.call("run")
    assert status == 13 and "report:" not in said, said
    assert (vm.root / "srv/exporter/text/ofed_init.prom").exists()


def test_folders_config_further_above(folder):
    vm = vm_of(folder)
    config = vm.put("home/me/sub/deep/x.yaml", DENIED)
    os.chown(vm.root / "home/me", SOMEBODY, SOMEBODY)
    status, said = vm.call("run", "--config", str(config))
    assert status == 1 and "config-untrusted" in said and f"{vm.root}/home/me: not owned by root" in said, said


def test_folders_output_through_a_link(folder):
    vm = vm_of(folder)
    victim = vm.put("etc/victim", "mine\n")
    sticky = others(vm.root / "tmp", 0o1777)
    for command, option, name in (("report", "--output", "r.html"), ("facts", "--save", "f.json")):
        their_link(sticky / name, str(victim))
        status, said = vm.call(command, option, str(sticky / name))
        assert status != 0 and "symbolic link" in said, (command, status, said)
        assert victim.read_text() == "mine\n", command
    status, said = vm.call("report", "--output", "/dev/stdout", "--format", "text")
    assert status == 0 and "has not run" in said, said
    own = vm.root / "srv/own.html"
    own.parent.mkdir(exist_ok=True)
    own.symlink_to(victim)
    status, said = vm.call("report", "--output", str(own))
    assert status == 0 and victim.read_text() != "mine\n", "root's own link is his choice"
