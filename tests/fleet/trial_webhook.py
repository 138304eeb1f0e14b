# SPDX-License-Identifier: GPL-2.0-or-later
"""Events to a web hook, as cloud-init's own reporter posts them; a start too is in tests/boot."""
import http.server
import json
import threading
import time

from vm import OFFICE_SIZE, Vm


class Hook(http.server.ThreadingHTTPServer):
    """Keeps what is posted; answers with `status`, or not before `answer` is set."""

    def __init__(self, status=200, answers=True):
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.got = status, []
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
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


def run(folder, hook, status=13, **looks):
    vm = Vm(folder, **looks)
    vm.with_fetcher()
    said = vm.run(hook.stanza(), status)
    assert "canary" not in said, said
    assert "canary" not in (vm.top / "log/azure/ib-vmext-status").read_text()
    last = (vm.top / "log/azure/ib-vmext-status").read_text().splitlines()[-1]
    assert f"exit {status} " in last, last
    return said


def test_webhook_gets_the_end(folder):
    for status in (200, 201, 202, 204):
        with Hook(status) as hook:
            (folder / str(status)).mkdir()
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
            (folder / str(status)).mkdir()
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
