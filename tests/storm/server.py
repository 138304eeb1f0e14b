#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A source that is asked for too much at once, on loopback.

usage: server.py SIZE SLOTS RATE

Serves /artefact?ID, SIZE bytes that every test knows, to SLOTS at a time and RATE bytes a second
altogether. Whoever comes besides is refused: 503 or 429 in turn, mostly with a Retry-After, in
seconds or as a date. One transfer in CUT_EVERY is cut somewhere, though none of a client that had
that already. Ranges are served.

Prints its port, and at the end of its input what it has seen, as one JSON document.
"""
import asyncio
import collections
import email.utils
import hashlib
import json
import math
import random
import re
import sys
import time

CUT_EVERY = 5
RETRY_AFTER_S = 5
PIECE = 16384
# Of refusals, one after the other: status, and how Retry-After is said.
REFUSALS = ((503, "seconds"), (429, "seconds"), (503, "date"), (503, None))
# A date has whole seconds, and both sides have a clock to read.
SLACK_S = 0.05


def artefact(size):
    return hashlib.shake_256(b"a storm").digest(size)


class Bucket:
    """So many bytes a second, for all transfers together."""

    def __init__(self, rate):
        self.rate, self.free_at = rate, 0.0

    async def take(self, n):
        now = time.monotonic()
        self.free_at = max(self.free_at, now) + n / self.rate
        await asyncio.sleep(self.free_at - now)


class Source:
    def __init__(self, size, slots, rate):
        self.body, self.slots, self.bucket = artefact(size), slots, Bucket(rate)
        self.busy = self.transfers = 0
        self.random = random.Random(1)
        self.seen = collections.Counter()
        self.not_before = {}  # client -> when it may come back, as it was told
        self.was_cut = set()  # and has not come back yet
        self.had_cut = set()

    async def serve(self, reader, writer):
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            await self.answer(head, writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        writer.close()

    async def answer(self, head, writer):
        client = re.match(r"GET /artefact\?(\S+)", head)[1]
        asked = re.search(r"(?im)^range: bytes=(\d+)-", head)
        start = int(asked[1]) if asked else 0
        self.seen["requests"] += 1
        if time.time() < self.not_before.pop(client, 0) - SLACK_S:
            self.seen["too_early"] += 1
        if client in self.was_cut:
            self.was_cut.discard(client)
            self.seen["begun_anew"] += start == 0
        if self.busy >= self.slots:
            self.refuse(client, writer)
            return
        self.busy += 1
        try:
            await self.transfer(client, start, writer)
        finally:
            self.busy -= 1

    def refuse(self, client, writer):
        status, form = REFUSALS[self.seen["refused"] % len(REFUSALS)]
        lines = f"HTTP/1.1 {status} Busy\r\nContent-Length: 0\r\nConnection: close\r\n"
        self.seen["refused"] += 1
        if form == "seconds":
            lines += f"Retry-After: {RETRY_AFTER_S}\r\n"
            self.not_before[client] = time.time() + RETRY_AFTER_S
        elif form == "date":
            at = math.ceil(time.time() + RETRY_AFTER_S - 1)
            lines += f"Retry-After: {email.utils.formatdate(at, usegmt=True)}\r\n"
            # a whole second of its own on the other side's clock is lost when it is read
            self.not_before[client] = at - 1
        writer.write(lines.encode() + b"\r\n")

    async def transfer(self, client, start, writer):
        rest = self.body[start:]
        self.transfers += 1
        cut = None
        if self.transfers % CUT_EVERY == 0 and client not in self.had_cut:
            self.had_cut.add(client)
            cut = self.random.randrange(1, len(rest))
        lines = f"HTTP/1.1 {206 if start else 200} Here\r\nETag: \"storm\"\r\nConnection: close\r\n" \
            f"Content-Length: {len(rest)}\r\nAccept-Ranges: bytes\r\n"
        if start:
            lines += f"Content-Range: bytes {start}-{len(self.body) - 1}/{len(self.body)}\r\n"
        writer.write(lines.encode() + b"\r\n")
        for at in range(0, len(rest[:cut]), PIECE):
            piece = rest[at:min(at + PIECE, cut or len(rest))]
            await self.bucket.take(len(piece))
            writer.write(piece)
            await writer.drain()
            self.seen["bytes"] += len(piece)
        if cut is not None:
            self.seen["cut"] += 1
            self.was_cut.add(client)


async def main():
    source = Source(*map(int, sys.argv[1:]))
    server = await asyncio.start_server(source.serve, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
    print(json.dumps(source.seen))


if __name__ == "__main__":
    asyncio.run(main())
