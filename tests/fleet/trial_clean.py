# SPDX-License-Identifier: GPL-2.0-or-later
"""What `clean` takes out of a machine that is to become an image, and what it says of the rest."""
from rig import lookalike
from vm import RECORD_BYTES, record, records

POOL = "var/lib/hyperv/.kvp_pool_1"
OF_CLOUD_INIT = record("CLOUD_INIT|1|finish|init-local|a", '{"msg":"x"}')
LATER = record("CLOUD_INIT|1|start|init-network|b", '{"msg":"y"}')
SECRET = "canary0123456789"
STANZA = "infiniband:\n  driver: inbox\n  vm_sizes: {{deny: [Standard_HB120rs_v3]}}\n  report: {{prometheus: /srv/metrics}}\n{more}"


def used(folder, more=""):
    vm = lookalike.Vm(folder)
    pool = vm.put(POOL, "")
    pool.write_bytes(OF_CLOUD_INIT)
    vm.put("etc/ofed-init/conf.d/50-user.yaml", STANZA.format(more=more))
    vm.put("etc/ofed-init/conf.d/README", "")
    status, said = vm.call("run")
    assert status == 13, said
    pool.write_bytes(pool.read_bytes() + LATER)
    vm.put("var/log/azure/ib-vmext-status.1", "older\n")
    vm.put("var/lib/prometheus/node-exporter/ofed_init.prom", "older\n")
    vm.put("var/lib/prometheus/node-exporter/other.prom", "x 1\n")
    return vm


def files(vm):
    return sorted(str(p.relative_to(vm.root)) for p in vm.root.rglob("*") if p.is_file())


def test_clean_takes_what_is_of_this_vm(folder):
    vm = used(folder)
    for name in ("var/log/azure/ib-vmext-status", "srv/metrics/ofed_init.prom", "var/lib/ofed-init/result.json"):
        assert (vm.root / name).exists(), name
    assert len(records(vm.root / POOL)) == 3
    status, said = vm.call("clean")
    assert status == 0, said
    assert said == "left: /etc/ofed-init/conf.d/50-user.yaml: your configuration\n", said
    assert files(vm) == ["etc/ofed-init/conf.d/50-user.yaml", "etc/ofed-init/conf.d/README", "run/ofed-init/download.lock",
                         "run/ofed-init/lock", f"usr/lib/modules/{lookalike.KERNEL}/build/Makefile", POOL,
                         "var/lib/prometheus/node-exporter/other.prom"], files(vm)
    # those of others stay, and no half of one
    assert sorted(key for key, _ in records(vm.root / POOL)) == [
        "CLOUD_INIT|1|finish|init-local|a", "CLOUD_INIT|1|start|init-network|b"]
    assert (vm.root / POOL).stat().st_size == 2 * RECORD_BYTES
    assert vm.call("clean") == (status, said), "once more"


def test_clean_says_of_secrets_and_of_what_an_image_has(folder):
    vm = used(folder, f"  source: {{mirrors: ['https://account.blob.core.windows.net/c?sv=1&sig={SECRET}']}}\n")
    vm.put("var/lib/ofed-init/installed.json", '{"schema": 1}')
    vm.put("var/log/journal/x/system.journal", "")
    status, said = vm.call("clean")
    assert status == 0 and SECRET not in said, said
    lines = said.splitlines()
    assert [line.split(": ")[1] for line in lines] == ["/etc/ofed-init/conf.d/50-user.yaml",
                                                       "/var/lib/ofed-init/installed.json", "/var/log/journal"], said
    assert "with secrets" in lines[0] and "journalctl" in lines[2], said
