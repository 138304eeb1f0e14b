# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run tells the host, node_exporter, the journal, and support's own script."""
import fcntl
import json
import re
import shutil
import socket
import subprocess
import threading
import time

from prometheus_client.parser import text_string_to_metric_families

from vm import OFFICE_SIZE, POOL, RECORD_BYTES, Vm, record, records

STANZA = "infiniband: {driver: inbox, verify: {wait_seconds: 0}}\n"
KEY = "OFED_INIT|status"
OF_CLOUD_INIT = [record("CLOUD_INIT|1|finish|init-local|a", '{"msg":"x"}'),
                 record("CLOUD_INIT|1|start|init-network|b", '{"msg":"y"}')]


def status(vm):
    (value,) = [value for key, value in records(vm.top / POOL) if key == KEY]
    return json.loads(value)


# --- Hyper-V's pool -------------------------------------------------------------------------


def test_kvp_record_beside_those_of_cloud_init(folder):
    vm = Vm(folder)
    pool = vm.put(POOL, b"".join(OF_CLOUD_INIT))
    vm.run(STANZA, 13)
    said = status(vm)
    assert (said["state"], said["outcome"], said["exit_code"], said["reason"], said["vm_size"]) == \
        ("finished", "refused", 13, "size-not-rdma", OFFICE_SIZE), said
    assert said["msg"].startswith("This VM size has no InfiniBand") or OFFICE_SIZE in said["msg"], said
    before = pool.read_bytes()
    assert before.startswith(b"".join(OF_CLOUD_INIT)) and len(before) == 3 * RECORD_BYTES
    # cloud-init goes on behind ours; the next run takes the same place
    pool.write_bytes(before + OF_CLOUD_INIT[0])
    vm.run(STANZA.replace("driver", "on_unsupported: skip, driver"), 0)
    assert [key for key, _ in records(pool)][2:] == [KEY, "CLOUD_INIT|1|finish|init-local|a"]
    assert (status(vm)["outcome"], status(vm)["exit_code"]) == ("skipped", 0)


def test_kvp_no_pool_no_record(folder):
    vm = Vm(folder)
    assert "report:" not in vm.run(STANZA, 13)
    assert not (vm.top / "lib/hyperv").exists()


def test_kvp_a_record_cut_short_is_written_over(folder):
    vm = Vm(folder)
    pool = vm.put(POOL, OF_CLOUD_INIT[0] + OF_CLOUD_INIT[1][:700])
    vm.run(STANZA, 13)
    assert [key for key, _ in records(pool)] == ["CLOUD_INIT|1|finish|init-local|a", KEY]
    assert pool.stat().st_size == 2 * RECORD_BYTES


def locked(folder, take):
    """A run while somebody else holds the pool, until he was seen to wait for it."""
    vm = Vm(folder)
    pool = vm.put(POOL)
    with open(pool, "r+b") as held:
        take(held)
        done = threading.Thread(target=vm.run, args=(STANZA, 13))
        done.start()
        end = time.monotonic() + 60
        # The record of the run is written before the pool is asked for.
        while not (vm.top / "lib/ofed-init/agent.status").exists():
            assert time.monotonic() < end
            time.sleep(0.01)
        assert pool.stat().st_size == 0
        fcntl.flock(held, fcntl.LOCK_UN)
        fcntl.lockf(held, fcntl.LOCK_UN)
    done.join()
    return vm


def test_kvp_waits_for_cloud_init(folder):
    assert status(locked(folder, lambda f: fcntl.flock(f, fcntl.LOCK_EX)))["exit_code"] == 13


def test_kvp_waits_for_the_daemon(folder):
    assert status(locked(folder, lambda f: fcntl.lockf(f, fcntl.LOCK_EX)))["exit_code"] == 13


def test_kvp_does_not_wait_for_ever(folder):
    vm = Vm(folder)
    pool = vm.put(POOL)
    with open(pool, "r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        said = vm.run(STANZA, 13)
    assert "another process has kept it locked" in said, said
    assert pool.stat().st_size == 0


def test_kvp_takes_nothing_else_for_the_pool(folder):
    vm = Vm(folder)
    target = vm.put("lib/other")
    (vm.top / "lib/hyperv").mkdir()
    (vm.top / POOL).symlink_to("/var/lib/other")
    assert "report: " in vm.run(STANZA, 13)
    assert target.read_bytes() == b""


# --- node_exporter --------------------------------------------------------------------------


def families(path):
    return {family.name: family for family in text_string_to_metric_families(path.read_text())}


def test_prometheus_where_debian_looks(folder):
    vm = Vm(folder)
    (vm.top / "lib/prometheus/node-exporter").mkdir(parents=True)
    vm.run(STANZA, 13)
    path = vm.top / "lib/prometheus/node-exporter/ofed_init.prom"
    assert [p.name for p in path.parent.iterdir()] == ["ofed_init.prom"]
    assert path.stat().st_mode & 0o777 == 0o644
    found = families(path)
    assert all(family.type == "gauge" and family.documentation for family in found.values())
    assert all(re.fullmatch("ofed_init_[a-z_]+", name) for name in found)
    (info,) = found["ofed_init_info"].samples
    assert info.value == 1 and info.labels["vm_size"] == OFFICE_SIZE
    (outcome,) = found["ofed_init_run_outcome"].samples
    assert outcome.labels == {"outcome": "refused", "reason": "size-not-rdma"}
    assert found["ofed_init_run_exit_code"].samples[0].value == 13
    start, end = (found[f"ofed_init_run_{w}_timestamp_seconds"].samples[0].value
                  for w in ("start", "end"))
    assert start <= end <= time.time() and time.time() - start < 120
    phases = found["ofed_init_phase_duration_seconds"].samples
    wanted = {}
    for phase in vm.result()["phases"]:
        wanted[phase["name"]] = wanted.get(phase["name"], 0) + phase["ms"]
    assert {s.labels["phase"]: round(s.value * 1000) for s in phases} == wanted


def test_prometheus_where_the_stanza_says(folder):
    vm = Vm(folder)
    vm.run(STANZA.replace("driver", "report: {prometheus: /var/lib/here}, driver"), 13)
    assert families(vm.top / "lib/here/ofed_init.prom")["ofed_init_run_exit_code"]


def test_prometheus_nobody_there(folder):
    vm = Vm(folder)
    vm.run(STANZA, 13)
    assert not list(vm.top.glob("lib/**/*.prom"))


# --- the journal ----------------------------------------------------------------------------


def test_journal_one_entry_with_fields(folder):
    vm = Vm(folder)
    (vm.top / "run/systemd/journal").mkdir(parents=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(str(vm.top / "run/systemd/journal/socket"))
        vm.run(STANZA, 13)
        journal.setblocking(False)
        entry = journal.recv(65536).decode()
        try:
            raise AssertionError(f"a second entry: {journal.recv(65536)!r}")
        except BlockingIOError:
            pass
    assert entry.endswith("\n")
    fields = dict(line.split("=", 1) for line in entry.splitlines())
    assert re.fullmatch("[0-9a-f]{32}", fields["MESSAGE_ID"])
    assert (fields["OFED_INIT_OUTCOME"], fields["OFED_INIT_REASON"], fields["OFED_INIT_EXIT_CODE"],
            fields["OFED_INIT_VM_SIZE"], fields["PRIORITY"]) == \
        ("refused", "size-not-rdma", "13", OFFICE_SIZE, "3"), fields
    assert fields["MESSAGE"] == vm.result()["message"]


# --- support's script -----------------------------------------------------------------------

# Source: Azure/azhpc-diagnostics, gather_azhpc_vm_diagnostics.sh, run_infiniband_diags: the
# extension's log is taken when `[ -f /var/log/azure/ib-vmext-status ]`, by a plain cp.
AZHPC = '[ -f "$1/azure/ib-vmext-status" ] && cp "$1/azure/ib-vmext-status" "$2"'


def test_azhpc_diagnostics_finds_the_log(folder):
    vm = Vm(folder)
    vm.run(STANZA, 13)
    (folder / "Infiniband").mkdir()
    subprocess.run(["sh", "-c", AZHPC, "sh", folder / "log", folder / "Infiniband"], check=True)
    taken = (folder / "Infiniband/ib-vmext-status").read_text()
    assert "exit 13 " in taken.splitlines()[-1]


def test_azhpc_diagnostics_reads_the_pool(folder):
    """Its read_kvp, of the same script: records by od, texts up to the first \\0."""
    vm = Vm(folder)
    pool = vm.put(POOL, OF_CLOUD_INIT[0])
    vm.run(STANZA, 13)
    assert shutil.which("od")
    value = subprocess.run(["od", "--skip-bytes=3072", "--read-bytes=2048", "--format=c", "--width=1",
                            "--address-radix=n", pool], check=True, stdout=subprocess.PIPE)
    letters = [line.strip() for line in value.stdout.decode().splitlines()]
    text = "".join(letter or " " for letter in letters[:letters.index("\\0")])
    assert '"exit_code":13' in text.replace(" ", ""), text
