# SPDX-License-Identifier: GPL-2.0-or-later
"""Events to web hooks, as cloud-init's own reporter posts them; start and steps are in tests/boot."""
import http.server
import json
import threading
import time

from vm import OFFICE_SIZE, Vm


class Hook(http.server.ThreadingHTTPServer):
    """Keeps what is posted; answers with `statuses`, the last for ever, or not before `answer` is set."""

    def __init__(self, *statuses, answers=True):
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses, self.got = list(statuses or [200]), []
        self.answer = threading.Event()
        if answers:
            self.answer.set()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hook?code=canary-of-the-url"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stanza(self):
        return "infiniband: {driver: inbox, verify: {wait_seconds: 0}, " \
            f"report: {{webhook: '{self.url}'}}}}\n"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.server.answer.wait(60)
        self.send_response(self.server.statuses.pop(0) if len(self.server.statuses) > 1
                           else self.server.statuses[0])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


QUIET = "infiniband: {driver: inbox, verify: {wait_seconds: 0}}\n"
MERGED = "tree/run/cloud-init/combined-cloud-config.json"


def run(folder, hook=None, status=13, reporting=None, place=MERGED, log=None, **looks):
    """A run that ends with STATUS; REPORTING: cloud-init's section, in the file PLACE; LOG: cloud-init's."""
    folder.mkdir(exist_ok=True)
    vm = Vm(folder, **looks)
    vm.with_fetcher()
    if reporting is not None:
        vm.put(place, b"#cloud-config\n" * (place != MERGED) + json.dumps({"reporting": reporting}).encode())
    if log is not None:
        vm.put("log/cloud-init.log", log.encode())
    said = vm.run(hook.stanza() if hook else QUIET, status)
    assert "canary" not in said, said
    assert "canary" not in (vm.top / "log/azure/ib-vmext-status").read_text()
    last = (vm.top / "log/azure/ib-vmext-status").read_text().splitlines()[-1]
    assert f"exit {status} " in last, last
    return said


def test_webhook_gets_the_end(folder):
    for status in (200, 201, 202, 204):
        with Hook(status) as hook:
            assert "report." not in run(folder / str(status), hook)
        ((path, kind, event),) = hook.got
        assert path == "/hook?code=canary-of-the-url" and kind == "application/json"
        assert 0 <= time.time() - event.pop("timestamp") < 120
        assert event.pop("description").startswith("This VM size has no InfiniBand")
        assert event == {"origin": "ofed-init", "name": "ofed-init/run", "event_type": "finish",
                         "result": "FAIL", "outcome": "refused", "reason": "size-not-rdma",
                         "exit_code": 13, "instance_id": None, "vm_size": OFFICE_SIZE}, event


def test_webhook_that_refuses_is_asked_once(folder):
    for status in (301, 404, 503):
        with Hook(status) as hook:
            said = run(folder / str(status), hook)
        assert "report.webhook: " in said and str(status) in said, said
        assert len(hook.got) == 1


def test_webhook_nobody_there(folder):
    hook = Hook()
    hook.shutdown()
    hook.server_close()
    assert "report.webhook: " in run(folder, hook)


def test_webhook_that_never_answers_does_not_hold_up_for_ever(folder):
    with Hook(answers=False) as hook:
        said = run(folder, hook)
        hook.answer.set()
    assert "report.webhook: " in said, said


def test_webhook_is_not_asked_off_azure(folder):
    with Hook() as hook:
        run(folder, hook, status=10, platform_name="kvm")
    assert not hook.got


# --- cloud-init's own section ---------------------------------------------------------------

def of_cloud_init(hook, **more):
    return {"type": "webhook", "endpoint": hook.url, **more}


def plain(event):
    """An event has what cloud-init's have, and nothing else."""
    assert 0 <= time.time() - event.pop("timestamp") < 120
    assert event.pop("description").startswith("This VM size has no InfiniBand"), event
    assert event == {"name": "ofed-init/run", "event_type": "finish", "origin": "ofed-init",
                     "result": "FAIL"}, event


def test_reporting_gets_what_cloud_init_would_send(folder):
    """By the merged file, and where an old cloud-init leaves none by the user's own."""
    for place in MERGED, "lib/cloud/instance/cloud-config.txt":
        with Hook() as hook:
            said = run(folder / place.replace("/", "-"), reporting={"rig": of_cloud_init(hook)}, place=place)
        ((path, kind, event),) = hook.got
        assert path == "/hook?code=canary-of-the-url" and kind == "application/json"
        plain(event)
        assert "reporting." not in said, said


def test_events_have_the_fields_of_this_cloud_init(folder):
    """From 26.1 on a finish has a duration, at its end; the last start in the log says which one is here."""
    line = "2026-12-01 10:00:00,000 - util.py[DEBUG]: Cloud-init v. {} running 'init-local' at x. Up 5.14 seconds.\n"
    for version, has in (("25.3-0ubuntu1", False), ("26.1-0ubuntu1~24.04.1", True), ("26.2", True), ("22.4.2", False)):
        log = line.format("22.4.2") + line.format(version) + "y\n"
        with Hook() as ours, Hook() as theirs:
            run(folder / version, ours, reporting={"rig": of_cloud_init(theirs)}, log=log)
        for hook in ours, theirs:
            ((_, _, event),) = hook.got
            keys = list(event)
            assert ("duration" in keys) == has, (version, event)
            assert not has or (keys[6] == "duration" and 0 <= event["duration"] < 120), event


def test_reporting_beside_report_webhook(folder):
    """Each gets its own form, and one that is dead is not in the other's way."""
    with Hook() as ours, Hook() as theirs:
        dead = {"type": "webhook", "endpoint": "http://127.0.0.1:1/"}
        said = run(folder, ours, reporting={"dead": dead, "log": {"type": "log"}, "kvp": {"type": "hyperv"},
                                            "gone": None, "rig": of_cloud_init(theirs)})
    plain(theirs.got[0][2])
    assert ours.got[0][2]["reason"] == "size-not-rdma" and len(ours.got) == len(theirs.got) == 1
    assert said.count("reporting.dead: ") == 1 and "reporting.rig" not in said, said


def test_reporting_is_tried_as_often_as_the_user_says(folder):
    for retries, statuses, asked, well in ((2, (503, 500, 200), 3, True), (1, (503,), 2, False),
                                           (0, (503,), 1, False), (3, (404,), 1, False)):
        with Hook(*statuses) as hook:
            said = run(folder / f"{retries}-{statuses[0]}", reporting={"rig": of_cloud_init(hook, retries=retries)})
        assert len(hook.got) == asked, (retries, hook.got)
        assert said.count("reporting.rig: http") == asked - well, said


def test_reporting_that_is_silent(folder):
    """The user's own timeout holds, and no longer than ours."""
    with Hook(answers=False) as hook:
        said = run(folder, reporting={"rig": of_cloud_init(hook, timeout=1)})
        hook.answer.set()
    assert "reporting.rig: " in said and len(hook.got) == 1, said


def test_reporting_that_is_not_for_us(folder):
    with Hook() as hook:
        said = run(folder, reporting={
            "maas": of_cloud_init(hook, consumer_key="canary", token_key="canary", token_secret="canary"),
            "odd": {"type": "webhook", "endpoint": "ftp://me:canary@127.0.0.1/"}, "log": {"type": "log"}})
    assert not hook.got
    assert "reporting.maas: gets no events of ofed-init, which does not sign with OAuth keys" in said, said
    assert "reporting.odd: gets no events" in said, said


def test_reporting_is_not_asked_off_azure(folder):
    with Hook() as hook:
        run(folder, status=10, platform_name="kvm", reporting={"rig": of_cloud_init(hook)})
    assert not hook.got


def test_reporting_that_cannot_be_read(folder):
    """It is said, and the run is none the worse."""
    vm = Vm(folder)
    vm.put(MERGED, b'{"reporting": {"rig": ')
    assert "cloud-init's reporting: " in vm.run(QUIET, 13)
