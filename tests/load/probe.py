"""What tests/load/run asks that wrk cannot. Standard library only; everything goes to 127.0.0.1.

  probe.py ports                                        a port that is free, as is the one 1,000 above it, and a second free one
  probe.py first-page PORT HOST SINCE PID               ms since SINCE until GET / is answered 200, while PID lives
  probe.py weigh PORT HOST                              bytes of a first visit of / as sent: each file, its kind, its size
  probe.py rate PORT HOST PATH RATE SECONDS [BODY]      open-loop load; see `rate`
"""

import asyncio
import collections
import html.parser
import http.client
import os
import random
import re
import selectors
import socket
import sys
import time
import urllib.parse

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def ports():
    def free(port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
        return True

    # Below the range from which the system takes ports of outgoing connections.
    found = random.sample(range(20000, 30000), 400)
    first = next(port for port in found if free(port) and free(port + 1000))
    second = next(port for port in found if port not in (first, first + 1000) and free(port))
    print(first, second)


def first_page(port, host, since, pid):
    deadline = time.time() + 60
    while time.time() < deadline:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/", headers={"Host": host, "User-Agent": AGENT, "Accept-Encoding": "gzip"})
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                print(round((time.time() - since) * 1000))
                return
        except OSError:
            pass
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            sys.exit("the server ended")
        time.sleep(0.002)
    sys.exit("no page in 60 s")


class Links(html.parser.HTMLParser):
    """What a browser fetches for a page by itself."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        of = dict(attributes)
        wanted = {"stylesheet", "preload", "modulepreload", "icon"}
        if tag == "link" and wanted & set((of.get("rel") or "").split()) and of.get("href"):
            self.found.append(of["href"])
        elif tag in ("script", "img") and of.get("src"):
            self.found.append(of["src"])


def weigh(port, host):
    import gzip

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def get(path):
        connection.request("GET", path, headers={"Host": host, "User-Agent": AGENT, "Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            sys.exit(f"{path}: {answer.status}")
        plain = gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body
        print(len(body), len(plain), answer.headers.get_content_type(), path)
        return answer.headers.get_content_type(), plain.decode("utf-8", "replace")

    waiting, seen = ["/"], set()
    while waiting:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        media, text = get(path)
        if media == "text/html":
            links = Links()
            links.feed(text)
            found = links.found
        elif media == "text/css":
            found = re.findall(r"""url\(\s*["']?([^"')]+)""", text)
        else:
            continue
        waiting += [urllib.parse.urljoin(path, link) for link in found if not link.startswith(("data:", "http:", "https:", "#"))]


class Connection(asyncio.Protocol):
    """One kept-alive connection; at most one request is on its way."""

    def __init__(self, load):
        self.load, self.buffer, self.wanted, self.due = load, bytearray(), None, None

    def connection_made(self, transport):
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.transport = transport

    def send(self, due, request):
        self.due = due
        self.transport.write(request)

    def data_received(self, data):
        self.buffer += data
        if self.wanted is None:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", self.buffer[:end + 2])
            if not length:
                sys.exit("an answer without Content-Length: " + self.buffer[:end].decode())
            self.wanted = end + 4 + int(length[1])
        if len(self.buffer) >= self.wanted:
            now = time.perf_counter()
            good = self.buffer[9:12] == b"200" and b'"errors":' not in self.buffer
            due, self.due, self.wanted = self.due, None, None
            self.buffer.clear()
            self.load.answered(self, due, now, good)

    def connection_lost(self, _):
        self.load.lost(self)


class Load:
    """Requests fall due at their times, whatever became of those before: one that finds every connection busy opens another, and beyond MOST
    waits for the first that is free. Latency counts from the time when it was due, so every wait that a stall causes is in the figures, and
    so is this program's own lateness, told beside them."""

    MOST = 256

    def __init__(self, port, rate, seconds, make):
        self.port, self.rate, self.count, self.make = port, rate, int(rate * seconds), make
        self.idle, self.waiting, self.opened = [], collections.deque(), 0
        self.late, self.latency, self.bad, self.ended = [], [], 0, False

    def free(self, connection):
        if self.waiting:
            connection.send(*self.waiting.popleft())
        else:
            self.idle.append(connection)

    def answered(self, connection, due, now, good):
        self.latency.append(now - due)
        self.bad += not good
        self.free(connection)

    def lost(self, connection):
        if self.ended:
            return
        self.opened -= 1
        if connection in self.idle:
            self.idle.remove(connection)
        elif connection.due is not None:
            self.latency.append(time.perf_counter() - connection.due)
            self.bad += 1

    async def open(self):
        self.opened += 1
        _, connection = await asyncio.get_running_loop().create_connection(lambda: Connection(self), "127.0.0.1", self.port)
        self.free(connection)

    async def run(self):
        for _ in range(16):
            await self.open()
        opening, all_due = set(), []
        start = time.perf_counter() + 0.05
        for number in range(self.count):
            due = start + number / self.rate
            request = self.make(number)
            while (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            self.late.append(time.perf_counter() - due)
            all_due.append(due)
            if self.idle:
                self.idle.pop().send(due, request)
                continue
            self.waiting.append((due, request))
            if self.opened < self.MOST:
                task = asyncio.ensure_future(self.open())
                opening.add(task)
                task.add_done_callback(opening.discard)
        until = time.perf_counter() + 5
        while len(self.latency) < self.count and time.perf_counter() < until:
            await asyncio.sleep(0.01)
        # What is still on its way has taken at least so long.
        self.ended, now = True, time.perf_counter()
        self.unanswered = self.count - len(self.latency)
        if self.unanswered:
            self.latency += [now - due for due in all_due[-self.unanswered:]]


def rate(port, host, path, per_second, seconds, body=None):
    """Prints RATE requests bad unanswered p50 p90 p99 max p99-of-own-lateness connections; times in ms. `N` in the path becomes a new number."""
    head = f"Host: {host}\r\nUser-Agent: {AGENT}\r\nAccept-Encoding: gzip\r\n"
    sent = open(body, "rb").read() if body else b""
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n"
    stem = str(time.time_ns())

    def make(number):
        at = path.replace("N", f"{stem}y{number}")
        return f"{'POST' if body else 'GET'} {at} HTTP/1.1\r\n{head}\r\n".encode() + sent

    load = Load(port, per_second, seconds, make)
    # select() waits to the microsecond, epoll to the millisecond.
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    loop.run_until_complete(load.run())

    def of(values, share):
        return sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1000

    figures = [of(load.latency, share) for share in (0.5, 0.9, 0.99, 1)] + [of(load.late, 0.99)]
    print("RATE", load.count, load.bad, load.unanswered, *(f"{figure:.2f}" for figure in figures), load.opened)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["ports"]:
            ports()
        case ["first-page", port, host, since, pid]:
            first_page(int(port), host, float(since), int(pid))
        case ["weigh", port, host]:
            weigh(int(port), host)
        case ["rate", port, host, path, per_second, seconds, *body]:
            rate(int(port), host, path, float(per_second), float(seconds), *body)
        case _:
            sys.exit(__doc__)
