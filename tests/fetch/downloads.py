# SPDX-License-Identifier: GPL-2.0-or-later
"""A scripted download server on loopback, plain or TLS, and a proxy."""
import base64
import dataclasses
import http.server
import select
import socket
import ssl
import subprocess
import sys
import threading
import time


@dataclasses.dataclass
class Reply:
    """What one request gets. `then` is what happens after the body: "close" in good order,
    "stall" (nothing more, until the other side leaves) or "endless" (more of the same);
    "mute": not even a status.
    With `ranges` it honours Range, If-Range, If-None-Match and If-Modified-Since; `cut` ends
    the connection after so many bytes of this answer's body."""
    body: bytes = b""
    status: int = 200
    headers: dict = dataclasses.field(default_factory=dict)
    length: int | None = None  # announced; None: that of the body; -1: none is announced
    piece: int = 65536  # sent at once
    pause: float = 0  # seconds after each piece
    ranges: bool = False
    cut: int | None = None
    then: str = "close"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        reply = self.server.note(self.path, dict(self.headers))
        if reply.ranges:
            reply = self.in_parts(reply)
        self.give(reply)

    def give(self, reply):
        try:
            if reply.then == "mute":
                self.connection.recv(1)
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            length = len(reply.body) if reply.length is None else reply.length
            if length >= 0:
                self.send_header("Content-Length", str(length))
            self.end_headers()
            body = reply.body[:reply.cut]
            for at in range(0, len(body), reply.piece):
                self.wfile.write(body[at:at + reply.piece])
                self.server.sent(len(body[at:at + reply.piece]))
                time.sleep(reply.pause)
            while reply.then == "endless":
                self.wfile.write(reply.body)
                self.server.sent(len(reply.body))
            if reply.then == "stall":
                self.wfile.flush()
                self.connection.recv(1)
        except (OSError, ssl.SSLError):
            pass  # the other side has had enough
        self.close_connection = True

    def in_parts(self, reply):
        """What REPLY is to a request with conditions. Source: RFC 9110, 13.2.2 and 14.2"""
        etag, modified = reply.headers.get("ETag"), reply.headers.get("Last-Modified")
        asked = self.headers.get("Range")
        if self.headers.get("If-None-Match", "") == etag or \
                self.headers.get("If-Modified-Since", "") == modified:
            return dataclasses.replace(reply, status=304, body=b"", length=-1)
        if not asked or self.headers.get("If-Range", etag) not in (etag, modified):
            return reply
        first = int(asked.removeprefix("bytes=").removesuffix("-"))
        size = len(reply.body)
        if first >= size:
            return Reply(status=416, headers={"Content-Range": f"bytes */{size}"})
        where = {"Content-Range": f"bytes {first}-{size - 1}/{size}"}
        return dataclasses.replace(reply, status=206, body=reply.body[first:],
                                   headers={**where, **reply.headers})

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    """.routes maps a path (without query) to the replies it gives, the last again and again;
    .requests lists (path, headers), .bytes counts those of bodies. Serves within `with`."""
    daemon_threads = True
    handler = Handler

    def __init__(self, routes=None, context=None):
        self.routes = {path: list(replies) if isinstance(replies, (list, tuple)) else [replies]
                       for path, replies in (routes or {}).items()}
        self.requests = []
        self.bytes = 0
        self.context = context
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), self.handler)
        self.port = self.server_address[1]
        self.host = f"127.0.0.1:{self.port}"
        self.url = ("https" if context else "http") + "://" + self.host

    def server_bind(self):
        super(http.server.HTTPServer, self).server_bind()
        self.server_name, self.server_port = self.server_address[:2]

    def finish_request(self, request, client_address):
        if self.context:  # here, in the request's own thread: a handshake may take its time
            request.settimeout(20)
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def note(self, path, headers):
        with self.lock:
            self.requests.append((path, headers))
            replies = self.routes.get(path.partition("?")[0], [Reply(status=404)])
            return replies.pop(0) if len(replies) > 1 else replies[0]

    def sent(self, n):
        with self.lock:
            self.bytes += n

    def count(self, path):
        with self.lock:
            return sum(1 for asked, _ in self.requests if asked.partition("?")[0] == path)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (OSError, ssl.SSLError)):
            super().handle_error(request, client_address)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05},
                         daemon=True).start()
        return self

    def __exit__(self, *args):
        self.shutdown()
        self.server_close()


@dataclasses.dataclass
class Put:
    """What one PUT gets instead of what a store does: `take` so many bytes of its body, all
    without it, and `keep` them or not; then `status`, or the end of the connection."""
    status: int | None = None
    headers: dict = dataclasses.field(default_factory=dict)
    take: int | None = None
    keep: bool = False


class BlobHandler(Handler):
    protocol_version = "HTTP/1.1"  # with Expect: 100-continue

    def do_GET(self):
        blob = self.server.blobs.get(self.path.partition("?")[0])
        if blob is not None:
            self.server.routes[self.path.partition("?")[0]] = [Reply(blob)]
        elif self.server.meet:
            self.server.meet.wait()
        super().do_GET()

    def handle_expect_100(self):
        if self.server.puts and self.server.puts[0].take == 0:
            return True  # it will say no at once
        return super().handle_expect_100()

    def do_PUT(self):
        store, path = self.server, self.path.partition("?")[0]
        self.close_connection = True
        with store.lock:
            store.requests.append((self.path, dict(self.headers)))
            script = store.puts.pop(0) if store.puts else None
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length if script is None or script.take is None else script.take)
        if len(body) < length and (script is None or script.take is None):
            return
        status, headers = self.keep(path, body) if script is None or script.keep else (None, {})
        if script:
            status, headers = script.status, script.headers
        if status is None:
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def keep(self, path, body):
        """As Azure's "Put Blob": one of two at once is the first, and its bytes stay."""
        with self.server.lock:
            if path in self.server.blobs and self.headers.get("If-None-Match") == "*":
                return 409, {"x-ms-error-code": "BlobAlreadyExists"}
            self.server.blobs[path] = body
            return 201, {"ETag": '"0x8D1"'}


class Blobs(Server):
    """A store that can be written to. .blobs maps a path to what is there, .puts is a script for
    the next PUTs; when it has ended they are taken as a store takes them. With .meet, a barrier,
    who asks for what is not there waits for the others: all of them believe to be the first."""
    handler = BlobHandler
    meet = None

    def __init__(self, context=None):
        self.blobs = {}
        self.puts = []
        super().__init__({}, context)

    def count_puts(self, path):
        with self.lock:
            return sum(1 for asked, headers in self.requests
                       if asked.partition("?")[0] == path and "If-None-Match" in headers)


class HookHandler(Handler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(body)
        self.give(self.server.note(self.path, dict(self.headers)))


class Hook(Server):
    """What is posted to it is in .bodies; .routes say what the answers are."""
    handler = HookHandler

    def __init__(self, routes, context=None):
        self.bodies = []
        super().__init__(routes, context)


class ProxyHandler(http.server.BaseHTTPRequestHandler):
    def allowed(self):
        self.server.note(self.path, dict(self.headers))
        want = self.server.credentials
        given = self.headers.get("Proxy-Authorization", "")
        if want and given != "Basic " + base64.b64encode(want.encode()).decode():
            self.send_response(407)
            self.send_header("Proxy-Authenticate", "Basic")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return False
        return True

    def upstream(self, host):
        name, _, port = host.partition(":")
        return socket.create_connection((name, int(port or 80)), timeout=20)

    def do_GET(self):
        self.close_connection = True
        if not self.allowed():
            return
        host, _, path = self.path.removeprefix("http://").partition("/")
        with self.upstream(host) as up:
            up.sendall(f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            while data := up.recv(65536):
                self.wfile.write(data)

    def do_CONNECT(self):
        self.close_connection = True
        if not self.allowed():
            return
        with self.upstream(self.path) as up:
            self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            ends = {self.connection: up, up: self.connection}
            while True:
                for ready in select.select(list(ends), [], [], 20)[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    ends[ready].sendall(data)

    def log_message(self, *args):
        pass


class Proxy(Server):
    handler = ProxyHandler

    def __init__(self, credentials=None):
        self.credentials = credentials
        super().__init__()


def openssl(*args):
    subprocess.run(["openssl", *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.PIPE, check=True)


class Authority:
    """A certificate authority of our own, in an empty folder."""

    def __init__(self, folder, name="test authority"):
        self.folder = folder
        self.bundle = str(folder / "ca.pem")
        self.key = str(folder / "ca.key")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-keyout", self.key, "-out", self.bundle, "-days", "2",
                "-subj", "/CN=" + name)

    def context(self, name="IP:127.0.0.1"):
        """For a server with a certificate for NAME."""
        stem = str(self.folder / name.replace(":", "-"))
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-keyout", stem + ".key", "-out", stem + ".csr", "-subj", "/CN=test server")
        with open(stem + ".ext", "w", encoding="ascii") as ext:
            ext.write(f"subjectAltName={name}\n")
        openssl("x509", "-req", "-in", stem + ".csr", "-CA", self.bundle, "-CAkey", self.key,
                "-CAcreateserial", "-out", stem + ".pem", "-days", "2", "-extfile", stem + ".ext")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(stem + ".pem", stem + ".key")
        return context
