# SPDX-License-Identifier: GPL-2.0-or-later
"""A stand-in for Azure's metadata service on loopback; it also hands out files.

It runs in the test's own process: the test may change the size between boots, and sees every
request that was made.
"""
import http.server
import json
import pathlib
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
            source = owner.files.get(url.path[len("/files/"):])
            return self.reply(200, pathlib.Path(source).read_bytes()) if source else self.reply(404, b"")
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

    def reply(self, status, body, kind="application/octet-stream"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Imds:
    """size: what vmSize answers (None: 404); files: name -> path, served at /files/name."""

    def __init__(self, size=None):
        self.size = size
        self.files = {}
        self.requests = []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.owner = self
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def asked(self):
        """The metadata requests so far."""
        return [r for r in self.requests if r.startswith("/metadata")]
