"""HTTP by hand, for what no honest client would send."""

import contextlib
import json
import re
import socket
import ssl
import time
import uuid


def connect(product, tls=True, mode="production", server_name="localhost", timeout=15, context=None):
    connection = socket.create_connection(("127.0.0.1", product.port_of(mode)), timeout=timeout)
    if not tls:
        return connection
    return (context or product.tls).wrap_socket(connection, server_hostname=server_name)


def read_to_end(connection, within=15):
    """All that comes until the other side closes; None when it had not closed after that time."""
    end = time.monotonic() + within
    received = b""
    while True:
        connection.settimeout(max(0.01, end - time.monotonic()))
        try:
            piece = connection.recv(65536)
        except TimeoutError:
            return None
        except (ConnectionResetError, ssl.SSLError):
            piece = b""
        if not piece:
            return received
        received += piece


def exchange(product, request, tls=True, mode="production"):
    """Sends the bytes and returns the answers to them.

    A good request that asks for the connection to be closed is sent behind them. So the last answer is either the one
    to it, and left out, or one after which nginx would not read on. Half a close is no way to say that nothing follows:
    nginx takes it for a client that has gone.
    """
    name = "last-" + uuid.uuid4().hex
    last = f"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: {name}\r\nConnection: close\r\n\r\n"
    received = b""
    with connect(product, tls, mode) as connection:
        # nginx may stop reading before the end.
        with contextlib.suppress(OSError):
            connection.sendall(request + last.encode())
        while not (found := answers(received)) or found[-1].headers.get("connection") != "close":
            piece = connection.recv(65536)
            assert piece, f"closed without an answer that says so, after {received[:300]!r}"
            received += piece
    return [answer for answer in found if answer.headers["x-request-id"] != name]


def flood(product, request, count):
    """Sends the same request so often, 500 at once on each connection; the statuses of the answers."""
    found = []
    while len(found) < count:
        with connect(product) as connection:
            connection.sendall(request * 500)
            received, statuses = b"", []
            while len(statuses) < 500:
                piece = connection.recv(65536)
                assert piece, f"closed after {len(statuses)} of 500 answers"
                received += piece
                statuses = re.findall(rb"HTTP/1\.1 (\d{3}) ", received)
            found += map(int, statuses)
    return found


class Answer:
    def __init__(self, head, body):
        status_line, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(status_line.split(" ")[1])
        self.headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            self.headers.setdefault(name.lower(), value.strip())
        self.body = body

    def json(self):
        return json.loads(self.body)


def answers(received):
    """The whole answers at the beginning of a stream, one after the other; none of them is chunked."""
    found = []
    while b"\r\n\r\n" in received:
        head, _, rest = received.partition(b"\r\n\r\n")
        answer = Answer(head, b"")
        length = int(answer.headers.get("content-length", 0))
        if len(rest) < length:
            break
        answer.body, received = rest[:length], rest[length:]
        found.append(answer)
    return found


def check_refusal(answer):
    """What holds for every refusal, whoever makes it: JSON, never HTML, never our fault, and with an id."""
    assert 400 <= answer.status < 500, (answer.status, answer.body[:300])
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"]
    assert set(answer.json()) in ({"error", "error_description"}, {"detail"}, {"detail", "code"},
                                  {"detail", "code", "messages"}), answer.body
