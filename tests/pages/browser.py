# SPDX-License-Identifier: GPL-2.0-or-later
"""Chromium without a window, spoken to over its debugging pipe: no port, no library.

Source: chromedevtools.github.io/devtools-protocol; --remote-debugging-pipe: messages in JSON,
each ended by a NUL, to descriptor 3 and from descriptor 4.
"""
import base64
import json
import os
import select
import signal
import subprocess
import time

LIMIT_S = 240  # for one answer; none takes so long

# What is measured in the page itself, by what the browser computed.
MEASURE = r"""
(() => {
  const parse = c => (c.match(/[\d.]+/g) || []).map(Number);
  const over = (top, below) => {
    const a = top[3] === undefined ? 1 : top[3];
    return [0, 1, 2].map(i => top[i] * a + below[i] * (1 - a));
  };
  const light = rgb => {
    const [r, g, b] = rgb.map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const back = element => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.push(parse(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  const found = {cut: [], faint: [], small: [], texts: 0, least: 99, back: back(document.body),
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    title: document.title, scripts: document.scripts.length, images: document.images.length,
    words: document.body.innerText, requests: performance.getEntriesByType('resource').map(e => e.name)};
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const text = node.textContent.trim(), element = node.parentElement;
    if (!text || element.closest('title,style')) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    if (!box.width) continue;
    const style = getComputedStyle(element), svg = element.namespaceURI.endsWith('svg');
    const ink = parse(svg ? style.fill : style.color), ground = back(element);
    const [a, b] = [light(over(ink, ground)), light(ground)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    found.texts++;
    found.least = Math.min(found.least, ratio);
    if (ratio < 4.5) found.faint.push([text.slice(0, 60), ratio]);
    if (parseFloat(style.fontSize) < 12) found.small.push([text.slice(0, 60), style.fontSize]);
    if (box.left < -0.5 || box.right > document.documentElement.clientWidth + 0.5)
      found.cut.push([text.slice(0, 60), box.left, box.right]);
  }
  for (const e of document.querySelectorAll('body *'))
    if (!e.closest('svg') && e.clientWidth && e.scrollWidth > e.clientWidth + 1)
      found.cut.push([e.tagName + ': ' + e.innerText.slice(0, 60), e.scrollWidth, e.clientWidth]);
  /* a label and the time beside it share a line: they may not run into each other */
  const labels = [...document.querySelectorAll('svg text')].map(e => e.getBoundingClientRect());
  for (let i = 0; i < labels.length; i++) for (let j = i + 1; j < labels.length; j++) {
    const [p, q] = [labels[i], labels[j]];
    if (p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 2 && q.top < p.bottom - 2)
      found.cut.push(['letters over letters', p.left, q.left, p.top]);
  }
  return JSON.stringify(found);
})()
"""


class Browser:
    def __init__(self, program, profile):
        to_read, self.to = os.pipe()
        self.come, from_write = os.pipe()

        def wire():  # descriptors 3 and 4, whatever numbers the pipes have here
            a, b = os.dup(to_read), os.dup(from_write)
            os.dup2(a, 3)
            os.dup2(b, 4)

        argv = [program, "--headless=new", "--remote-debugging-pipe", f"--user-data-dir={profile}",
                "--no-first-run", "--no-default-browser-check", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--disable-gpu", "--no-sandbox",
                "--disable-dev-shm-usage", "--hide-scrollbars", "--proxy-server=127.0.0.1:9",
                "about:blank"]
        self.child = subprocess.Popen(argv, preexec_fn=wire, close_fds=False, start_new_session=True,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(from_write)
        self.n, self.rest, self.session, self.asked = 0, b"", None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")
        self.call("Network.enable")

    def message(self, end):
        while b"\0" not in self.rest:
            left = end - time.monotonic()
            assert left > 0 and select.select([self.come], [], [], left)[0], "the browser is silent"
            piece = os.read(self.come, 1 << 20)
            assert piece, "the browser has gone"
            self.rest += piece
        text, self.rest = self.rest.split(b"\0", 1)
        message = json.loads(text)
        if message.get("method") == "Network.requestWillBeSent":
            self.asked.append(message["params"]["request"]["url"])
        return message

    def call(self, method, **params):
        self.n += 1
        request = {"id": self.n, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.to, json.dumps(request).encode() + b"\0")
        end = time.monotonic() + LIMIT_S
        while True:
            message = self.message(end)
            if message.get("id") == self.n:
                assert "error" not in message, (method, message["error"])
                return message["result"]

    def open(self, path, width, dark, height=900):
        """Load a file anew, as wide and as dark as asked."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", media="screen", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.asked.clear()
        self.call("Page.navigate", url=f"file://{path}")
        end = time.monotonic() + LIMIT_S
        while self.message(end).get("method") != "Page.loadEventFired":
            pass

    def value(self, script):
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"]["value"]

    def measure(self):
        return json.loads(self.value(MEASURE))

    def picture(self, path):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(data["data"]))

    def print(self, path):
        path.write_bytes(base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"]))

    def close(self):
        os.close(self.to)
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()
        os.close(self.come)
