"""Many requests at once over kept connections, by one thread: HTTP/1.1 as asyncio's streams of bytes."""

import asyncio
import contextlib
import json
import resource
import time
from dataclasses import dataclass

from rawhttp import answers


@dataclass
class Reply:
    began: float
    seconds: float
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)


class Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self):
        self.received, self.waiting, self.transport = b"", None, None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.received += data
        for answer in answers(self.received):
            self.received = b""
            self.waiting.set_result(answer)

    def connection_lost(self, error):
        if self.waiting and not self.waiting.done():
            self.waiting.set_exception(error or ConnectionResetError("closed in place of an answer"))

    async def ask(self, request):
        assert not self.transport.is_closing(), "nginx closed a connection that was kept"
        began = time.monotonic()
        self.waiting = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        answer = await asyncio.wait_for(self.waiting, 30)
        return Reply(began, time.monotonic() - began, answer.status, answer.headers, answer.body)


class Clients:
    """Connections to nginx, made before they are needed: a handshake takes longer than a request."""

    def __init__(self, product, count):
        self.product, self.count = product, count
        self.idle = []
        self.under_way = self.most_under_way = 0

    async def __aenter__(self):
        room_for_files(self.count + 500)
        tls = self.product.tls
        for start in range(0, self.count, 50):
            self.idle += await asyncio.gather(
                *(self.connect(tls) for _ in range(start, min(start + 50, self.count))))
        return self

    async def __aexit__(self, *_):
        for one in self.idle:
            one.transport.abort()
        # The transports see it at their next turn.
        await asyncio.sleep(0)

    async def connect(self, tls):
        _, connection = await asyncio.get_running_loop().create_connection(
            Connection, "127.0.0.1", self.product.port, ssl=tls, server_hostname="localhost")
        # nginx waits for the first request on a connection for 10 s only, for another one for a minute.
        assert (await connection.ask(post("/nowhere"))).status == 404
        return connection

    async def ask(self, request):
        connection = self.idle.pop()
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            return await connection.ask(request)
        finally:
            self.under_way -= 1
            self.idle.append(connection)

    async def at_once(self, request, count):
        """All of them in the same moment."""
        return await asyncio.gather(*(self.ask(request) for _ in range(count)))

    async def at_rate(self, request, rate, seconds):
        """So many a second, whatever becomes of them: clients that do not know of each other."""
        begin, tasks = time.monotonic(), []
        while time.monotonic() < begin + seconds:
            due = int((time.monotonic() - begin) * rate)
            tasks += [asyncio.ensure_future(self.ask(request)) for _ in range(due - len(tasks))]
            await asyncio.sleep(0.005)
        return await asyncio.gather(*tasks)

    async def each_after_its_answer(self, request, clients, seconds):
        """So many clients, each of which asks again as soon as it has been answered."""
        end, replies = time.monotonic() + seconds, []

        async def client():
            while time.monotonic() < end:
                replies.append(await self.ask(request))

        await asyncio.gather(*(client() for _ in range(clients)))
        return replies


def post(path, body=b"", **headers):
    """The bytes of a request."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def room_for_files(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        with contextlib.suppress(ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
