# SPDX-License-Identifier: GPL-2.0-or-later
"""on_failure: block holds, whatever else is wrong with the stanza, and goes with it."""
import http.server
import json
import subprocess
import tempfile
import threading

from rig import lookalike

CONF = "etc/ofed-init/conf.d/50-user.yaml"
OTHER = "etc/ofed-init/conf.d/60-other.yaml"
MERGED = "run/cloud-init/combined-cloud-config.json"
BLOCK = "infiniband:\n  driver: inbox\n  on_failure: block\n"
FREE = "infiniband:\n  driver: inbox\n"

# What is wrong: {path: text or (text, mode)}. Of each, on_failure: block can be read.
TROUBLES = {
    "unknown key": {CONF: BLOCK + "  drivr: x\n"},
    "unknown key before it": {CONF: "infiniband:\n  drivr: x\n  on_failure: block\n"},
    "wrong value": {CONF: BLOCK + "  timeout_seconds: soon\n"},
    "wrong type of a group": {CONF: BLOCK + "  verify: [1]\n"},
    "key twice": {CONF: BLOCK + "  driver: auto\n"},
    "itself twice": {CONF: BLOCK + "  on_failure: continue\n"},
    "foreign key": {CONF: BLOCK + "runcmd: [ls]\n"},
    "broken after it": {CONF: BLOCK + "  verify: [1\n"},
    "broken before it": {CONF: "infiniband:\n  verify: {]\n  on_failure: block\n"},
    "broken, in braces": {CONF: "infiniband: {\"driver\": \"a #b\", \"on_failure\": 'block'"},
    "broken, over two lines": {CONF: "infiniband:\n  on_failure:   # no driver, no workload\n    block\n  x: [\n"},
    "tab after it": {CONF: BLOCK + "\tdriver: x\n"},
    "not UTF-8 after it": {CONF: BLOCK + "  version: \"\udcff\"\n"},
    "another file is broken": {CONF: BLOCK, OTHER: "infiniband: [\n"},
    "another file is open to others": {CONF: BLOCK, OTHER: ("infiniband: {modules: all}\n", 0o666)},
    "open to others itself": {CONF: (BLOCK, 0o666)},
    "another open to others lifts it": {CONF: BLOCK, OTHER: ("infiniband: {on_failure: continue}\n", 0o666)},
    "no CA bundle": {CONF: BLOCK + "  source: {ca_bundle: /etc/ssl/none.pem, directory: /srv}\n"},
    "catalog": {CONF: BLOCK, "etc/ofed-init/catalog.d/90-site.vm-sizes.tsv": "what\tis\tthis\n"},
    "refused size": {CONF: BLOCK + "  vm_sizes: {deny: [Standard_HB120rs_v3]}\n"},
    "template without its variable": {MERGED: json.dumps({"infiniband": {
        "driver": "CI_MISSING_JINJA_VAR/nothing_here", "on_failure": "block"}})},
    "cloud-init's file is cut off": {MERGED: "{\n \"infiniband\": {\n  \"on_failure\": \"block\",\n  \"driver\":"},
}
# Here it is not asked for, or asked for no more.
NOT_ASKED = {
    "only a comment": {CONF: FREE + "  # on_failure: block\n  drivr: x\n"},
    "a comment behind a value": {CONF: "infiniband:\n  driver: x  # on_failure: block\n  y: [\n"},
    "another value": {CONF: FREE + "  on_failure: blocked\n"},
    "another key": {CONF: "infiniband:\n  no_on_failure: block\n  y: [\n"},
    "lifted by a stronger file": {CONF: BLOCK, OTHER: "infiniband: {on_failure: continue, drivr: x}\n"},
}


def prepare(vm, files, clean=True):
    for folder in ("etc/ofed-init", "run") if clean else ():
        subprocess.run(["rm", "-rf", vm.root / folder, vm.look / MERGED], check=True)
    for path, text in files.items():
        text, mode = text if isinstance(text, tuple) else (text, 0o644)
        path = (vm.look if path == MERGED else vm.root) / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode(errors="surrogateescape"))
        path.chmod(mode)


def gate_of(vm):
    """dist/gate, on this machine; systemd says that the unit is not active."""
    text = (lookalike.TOP / "dist/gate").read_text()
    for place in ("/run/ofed-init", "/etc/ofed-init", "/var/lib/cloud", "/etc/cloud/"):
        text = text.replace(place, f"{vm.root}{place}")
    text = text.replace("/run/cloud-init/combined", f"{vm.look}/run/cloud-init/combined")
    text = text.replace("/run/cloud-init/status.json", f"{vm.root}/run/cloud-init/status.json")
    assert "systemctl is-active --quiet ofed-init.service" in text
    return vm.put("gate", text.replace("systemctl is-active", "false is-active"), 0o755)


def is_shut(vm, gate):
    done = subprocess.run(["/bin/sh", gate], check=False, capture_output=True, text=True)
    assert not done.returncode or "on_failure: block" in done.stderr, done.stderr
    return done.returncode != 0


def try_block_by_the_program(vm):
    for expected, table in ((True, TROUBLES), (False, NOT_ASKED)):
        for what, files in table.items():
            prepare(vm, files)
            status, said = vm.call("run")
            shut = (vm.root / "run/ofed-init/block").exists()
            assert status, f"{what}: it went well: {said}"
            assert shut == expected, f"{what}: shut is {shut}: {said}"


def try_block_without_the_program(vm):
    """It never begins: a missing library, no memory, a signal."""
    gate = gate_of(vm)
    for expected, table in ((True, TROUBLES), (False, NOT_ASKED)):
        for what, files in table.items():
            if what == "lifted by a stronger file":
                continue  # who wins is the program's to know; without it, the safe side
            prepare(vm, files)
            assert is_shut(vm, gate) == expected, f"{what}: before anything: {not expected}"
            assert subprocess.run(["/bin/sh", gate, "shut"], check=False).returncode == 0
            assert is_shut(vm, gate) == expected, f"{what}: after gate shut: {not expected}"
            (vm.root / "run/ofed-init/block").unlink(missing_ok=True)
            assert not is_shut(vm, gate), f"{what}: who removes the file opens it"


def try_block_goes_with_its_stanza(vm):
    """In the same boot, also one that systemd's soft reboot began: /run stays."""
    gate = gate_of(vm)
    refused = "  vm_sizes: {deny: [Standard_HB120rs_v3]}\n"
    for what, files in {"no block any more": {CONF: FREE + refused}, "a fault, and no block": {CONF: FREE + "  x: y\n"},
                        "switched off": {CONF: "infiniband: {enabled: false}\n"}, "no stanza": {CONF: "# none\n"}}.items():
        for by_gate in (False, True):
            prepare(vm, {CONF: BLOCK + refused})
            vm.call("run")
            assert is_shut(vm, gate)
            prepare(vm, files, clean=False)
            if by_gate:
                subprocess.run(["/bin/sh", gate, "shut"], check=True)
            else:
                vm.call("run")
            assert not is_shut(vm, gate), f"{what}: by {'the gate' if by_gate else 'a run'}"


def try_block_without_room(vm):
    """/run is full: no marker can be written."""
    gate = gate_of(vm)
    run = vm.root / "run"
    run.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=3", "tmpfs", run], check=True)
    try:
        for name, text in (("a", b"x" * 4096), ("b", b"")):
            (run / name).write_bytes(text)
        for expected, text in ((True, BLOCK), (False, FREE)):
            vm.put(CONF, text + "  vm_sizes: {deny: [Standard_HB120rs_v3]}\n")
            subprocess.run(["/bin/sh", gate, "shut"], check=False, stderr=subprocess.DEVNULL)
            status, said = vm.call("run")
            assert status, said
            assert is_shut(vm, gate) == expected, said
    finally:
        subprocess.run(["umount", run], check=True)


def try_block_tells_cloud_init(vm):
    """Of a cloud-init that does not ask systemd, the status becomes an error; a newer one is left alone."""
    gate = gate_of(vm)
    vm.put(CONF, BLOCK)
    record = {"v1": {"datasource": "DataSourceAzure", "stage": None, "init": {"errors": [], "start": 1, "finished": 2}}}
    status = vm.put("var/lib/cloud/data/status.json", json.dumps(record))
    (vm.root / "run/cloud-init").mkdir(parents=True)
    (vm.root / "run/cloud-init/status.json").symlink_to("../../var/lib/cloud/data/status.json")
    with tempfile.TemporaryDirectory() as modules:
        for asks in (True, False):
            vm.put("py/cloudinit/cmd/__init__.py", "")
            vm.put("py/cloudinit/__init__.py", "")
            vm.put("py/cloudinit/cmd/status.py", "RUN = 'systemctl'\n" if asks else "RUN = ''\n")
            done = subprocess.run(["/bin/sh", gate], check=False, capture_output=True, text=True,
                                  env={"PYTHONPATH": f"{vm.root}/py", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                                       "PYTHONDONTWRITEBYTECODE": "1", "HOME": modules})
            assert done.returncode == 1, done
            seen = json.loads(status.read_text())
            assert (seen == record) == asks, (asks, seen, done.stderr)
    final = seen["v1"]["modules-final"]
    assert "on_failure: block" in final["errors"][0] and final["finished"], final
    assert (vm.root / "run/cloud-init/status.json").is_symlink()


def try_fault_is_told(vm):
    """The stanza's web hook and its metrics hear of a run that could not begin."""
    got = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (vm.root / "srv/prom").mkdir(parents=True)
    for fault in ("  drivr: x\n", "  timeout_seconds: soon\n"):
        got.clear()
        vm.put(CONF, f"infiniband:\n{fault}  report: {{webhook: 'http://127.0.0.1:{server.server_port}/h', "
                     f"prometheus: /srv/prom}}\n  ipoib: maybe\n")
        status, said = vm.call("run")
        assert status == 1, said
        assert [e["event_type"] for e in got][-1:] == ["finish"], (got, said)
        assert got[-1]["result"] == "FAIL" and got[-1]["exit_code"] == 1, got
        assert "exit_code" in (vm.root / "srv/prom/ofed_init.prom").read_text()
        (vm.root / "srv/prom/ofed_init.prom").unlink()
    server.shutdown()
