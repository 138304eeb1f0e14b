# SPDX-License-Identifier: GPL-2.0-or-later
"""A run that a signal ends, or that has no room for its record: nobody goes on believing an older word."""
import json
import re
import signal
import subprocess
import time

from trial_tell import status
from trial_webhook import Hook
from vm import POOL, Vm

SIZE = "Standard_HB120rs_v3"
PROM = "lib/prometheus/node-exporter/ofed_init.prom"
FILES = ("lib/ofed-init/result.json", "lib/ofed-init/agent.status")
OLDER = {"schema": 1, "state": "finished", "reason": "installed", "message": "older", "exit_code": 0,
         "verdict": {"outcome": "install"}}


def machine(folder, hook=""):
    """One whose adapter is awaited, so that a run says "running" and goes on."""
    vm = Vm(folder)
    vm.with_fetcher()
    vm.put(POOL)
    (vm.top / PROM).parent.mkdir(parents=True)
    (vm.top / "tree/run/cloud-init/instance-data.json").write_text(json.dumps(
        {"ds": {"meta_data": {"imds": {"compute": {"vmSize": SIZE}}}}}))
    vm.put("lib/ofed-init/result.json", json.dumps(OLDER).encode())
    vm.put("stanza.yaml", f"infiniband: {{driver: inbox, verify: {{wait_seconds: 60}}{hook}}}\n".encode())
    return vm


def everybody(vm):
    """What each of those says who can be asked."""
    result = json.loads((vm.top / FILES[0]).read_text())
    agent = json.loads((vm.top / FILES[1]).read_text())[0]["status"] if (vm.top / FILES[1]).exists() else {}
    prom = re.search(r'outcome="([^"]*)"', (vm.top / PROM).read_text()) if (vm.top / PROM).exists() else None
    pool = status(vm)["state"] if (vm.top / POOL).stat().st_size else None
    return result["state"], agent.get("status"), prom and prom[1], pool


def wait_for(vm, said, limit_s=60):
    end = time.monotonic() + limit_s
    while everybody(vm) != said:
        assert time.monotonic() < end, everybody(vm)
        time.sleep(0.02)


def hears_signals():
    """Whoever started the tests by nohup, or in the background, ignores some."""
    for number in signal.SIGHUP, signal.SIGINT, signal.SIGTERM:
        signal.signal(number, signal.SIG_DFL)


def cut(folder, number):
    with Hook() as hook:
        vm = machine(folder, f", report: {{webhook: '{hook.url}'}}")
        command = vm.inside("run", "--config", str(vm.top / "stanza.yaml"))
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE,
                              preexec_fn=hears_signals) as run:
            wait_for(vm, ("running", "transitioning", "running", "running"))
            run.send_signal(number)
            said = run.stderr.read().decode()  # to the end: the witness has it open as well
        assert run.returncode == -number, (run.returncode, said)
        assert everybody(vm) == ("interrupted", "error", "interrupted", "interrupted"), everybody(vm)
        result = vm.result()
        assert (result["reason"], result["exit_code"]) == ("interrupted", 14), result
        assert result["ended"] and [p["name"] for p in result["phases"]][:1] == ["facts"], result
        (event,) = [event for _, _, event in hook.got]
        assert (event["event_type"], event["outcome"], event["exit_code"]) == ("finish", "interrupted", 14), event
    assert "exit 14 " in (vm.top / "log/azure/ib-vmext-status").read_text().splitlines()[-1]
    vm.call("status", status=14)
    assert not subprocess.run(["pgrep", "-f", str(vm.top)], stdout=subprocess.PIPE, check=False).stdout
    return vm


def test_ended_by_term(folder):
    cut(folder, signal.SIGTERM)


def test_ended_by_int(folder):
    cut(folder, signal.SIGINT)


def test_ended_by_hup(folder):
    cut(folder, signal.SIGHUP)


def test_ended_by_kill_and_run_again(folder):
    vm = cut(folder, signal.SIGKILL)
    # the witness has let go of the lock, and the next run knows what came before it
    said = vm.run("infiniband: {driver: inbox, verify: {wait_seconds: 0}}\n", 11)
    assert "the last run was interrupted" in said, said
    assert everybody(vm) == ("finished", "error", "refused", "finished"), everybody(vm)


def test_ended_before_the_first_result(folder):
    """result.json is an older run's still: its success is not this one's end."""
    vm = machine(folder)
    vm.put("lib/ofed-init/result.json", json.dumps({**OLDER, "pid": 1, "started_ms": 5}).encode())
    command = vm.inside("run", "--config", str(vm.top / "stanza.yaml"))
    at = command.index("sh", 3)
    # the first renamed is the note of what the run is at
    command[at + 2] = command[at + 2].replace('exec "$@"', 'exec strace -o /dev/null -e trace=renameat '
                                              '-e inject=renameat:signal=KILL:when=2 "$@"')
    run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         timeout=60, check=False)
    assert run.returncode == -signal.SIGKILL, (run.returncode, run.stdout)
    assert everybody(vm) == ("interrupted", "error", "interrupted", "interrupted"), everybody(vm)


def test_ended_in_time_needs_no_witness(folder):
    """Nobody speaks after a run's own end."""
    vm = machine(folder)
    vm.run("infiniband: {driver: inbox, verify: {wait_seconds: 1}}\n", 11)
    time.sleep(0.2)
    assert everybody(vm) == ("finished", "error", "refused", "finished"), everybody(vm)
    assert "interrupted" not in (vm.top / "log/azure/ib-vmext-status").read_text()


def test_ended_without_room_for_the_record(folder):
    """Nothing can be written where the last run's success stands: it goes, and /run has this one's end."""
    vm = machine(folder)
    vm.put(PROM, b'x{outcome="installed"} 1\n')
    vm.put("lib/ofed-init/agent.status", b'[{"status": {"status": "success"}}]')
    fill = "; ".join(f"cp -a {d} /tmp/kept && mount -t tmpfs -o size=64k,nr_inodes=20 none {d} && cp -a /tmp/kept/. {d} && "
                     f"rm -r /tmp/kept && {{ cat /dev/zero >{d}/fill 2>/dev/null; true; }}"
                     for d in ("/var/lib/ofed-init", "/var/lib/prometheus/node-exporter"))
    show = "; cat /var/lib/ofed-init/result.json /var/lib/ofed-init/agent.status " \
           "/var/lib/prometheus/node-exporter/ofed_init.prom; true"
    vm.put("stanza.yaml", b"infiniband: {driver: inbox, verify: {wait_seconds: 0}}\n")
    command = vm.inside("run", "--config", str(vm.top / "stanza.yaml"))
    at = command.index("sh", 3)
    command[at + 2] = command[at + 2].replace('exec "$@"', f'{fill}; "$@"; echo "ended $?"; '
                                              f'"$1" status --format json; echo "status $?"{show}')
    said = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=120, check=False).stdout
    assert "ended 11" in said and "status 11" in said and '"device-missing"' in said, said
    assert "the result could not be saved" in said, said
    assert "success" not in said and '"installed"' not in said, said
    for gone in ("result.json", "ofed_init.prom"):
        assert re.search(f"{gone}: No such file", said), (gone, said)


def test_ended_before_anything_changed(folder):
    """A removal that is refused takes back no success: the driver is where it was."""
    vm = machine(folder)
    vm.put(PROM, b'x{outcome="installed"} 1\n')
    vm.put("lib/ofed-init/installed.json", b'{"schema": 1, "files": 7}')
    said = vm.call("uninstall", status=14).stderr.decode()
    assert "record-malformed" in said, said
    assert everybody(vm) == ("finished", None, "installed", None), everybody(vm)
    assert json.loads((vm.top / FILES[0]).read_text()) == OLDER
