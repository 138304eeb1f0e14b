#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A stand-in for a fleet whose boot scripts say `until wget -O FILE URL; do sleep 5; done`.

usage: fixed_retry.py URL CLIENTS SIZE SECONDS

That is the rule of what one would use instead: the same wait after every failure, whatever the
server says, and all of it again after a cut. All clients are tasks of this one process. Prints
how many finished and the longest wait, as JSON; gives up after SECONDS.
"""
import asyncio
import json
import sys
import time
import urllib.parse

RETRY_S = 5


async def once(host, port, path, size):
    """One download: True when all of it came."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            return False
        got = 0
        while data := await reader.read(65536):
            got += len(data)
        return got == size
    finally:
        writer.close()


async def client(url, number, size):
    at = urllib.parse.urlsplit(url)
    began = time.monotonic()
    while True:
        try:
            if await once(at.hostname, at.port, f"{at.path}?{number}", size):
                return time.monotonic() - began
        except (OSError, asyncio.IncompleteReadError):
            pass
        await asyncio.sleep(RETRY_S)


async def main():
    url, clients, size, seconds = sys.argv[1], *map(int, sys.argv[2:])
    tasks = [asyncio.create_task(client(url, n, size)) for n in range(clients)]
    done, _ = await asyncio.wait(tasks, timeout=seconds)
    print(json.dumps({"finished": len(done), "longest_s": max((t.result() for t in done), default=0)}))


if __name__ == "__main__":
    asyncio.run(main())
