# SPDX-License-Identifier: GPL-2.0-or-later
"""A stand-in for Azure's metadata service on loopback; it also hands out files.

It runs in the test's own process: the test may change the size between boots, and sees every
request that was made.
"""
import http.server
import json
import pathlib
import posixpath
import threading
import urllib.parse


def instance(size):
    """The parts of /metadata/instance that matter here."""
    return {"compute": {"azEnvironment": "AzurePublicCloud", "location": "westeurope",
                        "name": "node0", "osType": "Linux", "publisher": "canonical",
                        "offer": "ubuntu-24_04-lts", "sku": "server", "version": "24.04.202610010",
                        "vmId": "ff702a6b-cb6a-4fcd-ad68-b4ce38227642", "vmScaleSetName": "",
                        "tags": "", "tagsList": [], "zone": "", "vmSize": size},
            "network": {"interface": []}}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        owner = self.server.owner
        url = urllib.parse.urlsplit(self.path)
        owner.requests.append(self.path)
        if url.path.startswith("/files/"):
            # apt says ./ where it means nothing by it
            return self.give_file(posixpath.normpath(url.path[len("/files/"):]))
        if url.path.startswith("/tell/"):
            # The answer waits for what has to have happened before.
            after = urllib.parse.unquote(url.query)
            if after:
                owner.wait_for(after)
            owner.note("told " + url.path[len("/tell/"):])
            return self.reply(200, b"")
        if self.headers.get("Metadata", "").lower() != "true":
            return self.reply(400, b'{"error": "Bad request. Required metadata header not specified"}')
        found = {"metadata": {"instance": instance(owner.size)}}
        for part in url.path.strip("/").split("/"):
            found = found.get(part) if isinstance(found, dict) else None
        if found is None or owner.size is None:
            return self.reply(404, b'{"error": "Not found"}')
        if "format=text" in url.query:
            return self.reply(200, str(found).encode(), "text/plain")
        return self.reply(200, json.dumps(found).encode(), "application/json")

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        self.server.owner.posted.append((self.path, self.rfile.read(length)))
        self.reply(200, b"")

    def give_file(self, name):
        owner = self.server.owner
        if name not in owner.files:
            return self.reply(404, b"")
        body = pathlib.Path(owner.files[name]).read_bytes()
        half = len(body) // 2 if name in owner.held else len(body)
        owner.note("asked for " + name)
        self.reply(200, body, piece=half)
        if half < len(body):
            self.wfile.flush()
            owner.wait_for(owner.held[name])
            self.wfile.write(body[half:])
        owner.note("sent " + name)

    def reply(self, status, body, kind="application/octet-stream", piece=None):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:piece])

    def log_message(self, *args):
        pass


class Imds:
    """size: what vmSize answers (None: 404); files: name -> path, served at /files/name.

    story lists what happened to files, and what the machine told by GET /tell/WHAT, in order.
    posted lists (path, body) of what the machine sent by POST.
    held: name -> entry of the story that the second half of that file waits for.
    """

    LIMIT_S = 240  # for an entry that never comes

    def __init__(self, size=None):
        self.size = size
        self.files = {}
        self.held = {}
        self.requests = []
        self.posted = []
        self.story = []
        self.news = threading.Condition()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.owner = self
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def note(self, entry):
        with self.news:
            self.story.append(entry)
            self.news.notify_all()

    def wait_for(self, entry):
        with self.news:
            return self.news.wait_for(lambda: entry in self.story, self.LIMIT_S)

    def asked(self):
        """The metadata requests so far."""
        return [r for r in self.requests if r.startswith("/metadata")]
