#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A scripted stand-in for Azure's metadata service, on loopback or inside a network namespace.

    server.py [--address 127.0.0.1] [--port 0] [--document FILE] [--size VMSIZE]
              [--port-file FILE] [--log FILE] [REPLY...]

Every request gets the next REPLY, the last one again and again; without any it is `ok`:

    ok                  the document
    STATUS[:SECONDS]    that status, with a Retry-After
    slow:SECONDS        the document, later
    silent              no answer, until the other side leaves
    reset               the connection ends without an answer
    cut                 half of the document that was announced
    garbage, list       200 with a page for people, with a JSON list
    huge                200 with a correct document of 2 MiB
    redirect:URL        302

Like the real service it wants `Metadata: true` and an api-version, takes no X-Forwarded-For,
and knows other documents than /metadata/instance only as 404. The port is written to the port
file, the requests to the log, a JSON object a line.
"""
import argparse
import http.server
import json
import os
import pathlib
import sys
import threading
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        version = urllib.parse.parse_qs(url.query).get("api-version")
        if (self.headers.get("Metadata", "").lower() != "true" or not version
                or self.headers.get("X-Forwarded-For")):
            reply = "400"
        elif url.path not in ("/metadata/instance", "/metadata/instance/"):
            reply = "404"
        else:
            reply = self.server.next_reply()
        self.server.note({"path": self.path, "headers": dict(self.headers), "reply": reply})
        self.play(reply)

    def play(self, reply):
        document = self.server.document
        word, _, value = reply.partition(":")
        if word == "ok":
            self.send(200, document)
        elif word.isdigit():
            self.send(int(word), b'{"error": "scripted"}', {"Retry-After": value} if value else {})
        elif word == "slow":
            time.sleep(float(value))
            self.send(200, document)
        elif word == "silent":
            self.connection.recv(1)
            self.close_connection = True
        elif word == "reset":
            self.close_connection = True
        elif word == "cut":
            self.send(200, document[:len(document) // 2], {"Content-Length": str(len(document))})
            self.close_connection = True
        elif word == "garbage":
            self.send(200, b"<html>Please log in</html>")
        elif word == "list":
            self.send(200, b"[1, 2]")
        elif word == "huge":
            big = json.loads(document)
            big["filler"] = "x" * (2 << 20)
            self.send(200, json.dumps(big).encode())
        elif word == "redirect":
            self.send(302, b"", {"Location": value})
        else:
            raise ValueError(reply)

    def send(self, status, body, headers=None):
        try:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json; charset=utf-8",
                                "Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *args):
        pass


class MetadataServer(http.server.ThreadingHTTPServer):
    """Serves within `with`; .requests holds what was asked, .url where."""
    daemon_threads = True

    def __init__(self, replies=(), size=None, document=None, address="127.0.0.1", port=0, log=None):
        self.replies = list(replies) or ["ok"]
        tree = json.loads((pathlib.Path(document) if document else HERE / "instance.json").read_text())
        if size:
            tree["compute"]["vmSize"] = size
        self.document = json.dumps(tree, ensure_ascii=False).encode()
        self.requests = []
        self.log = log
        self.lock = threading.Lock()
        super().__init__((address, port), Handler)
        self.url = f"http://{address}:{self.server_address[1]}"

    def server_bind(self):
        # Without a name look-up, which http.server makes for nothing.
        super(http.server.HTTPServer, self).server_bind()
        self.server_name, self.server_port = self.server_address[:2]

    def next_reply(self):
        with self.lock:
            return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def note(self, request):
        with self.lock:
            self.requests.append(request)
            if self.log:
                with open(self.log, "a", encoding="utf-8") as out:
                    out.write(json.dumps(request) + "\n")

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05},
                         daemon=True).start()
        return self

    def __exit__(self, *args):
        self.shutdown()
        self.server_close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--document")
    parser.add_argument("--size")
    parser.add_argument("--port-file")
    parser.add_argument("--log")
    parser.add_argument("replies", nargs="*", metavar="REPLY")
    args = parser.parse_args()
    server = MetadataServer(args.replies, args.size, args.document, args.address, args.port, args.log)
    if args.port_file:
        beside = args.port_file + ".new"
        pathlib.Path(beside).write_text(f"{server.server_address[1]}\n")
        os.rename(beside, args.port_file)
    server.serve_forever()


if __name__ == "__main__":
    main()
