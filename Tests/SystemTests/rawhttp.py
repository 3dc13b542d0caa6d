"""HTTP by hand, for what no honest client would send."""

import json
import socket
import ssl
import time


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
    """Sends the bytes, says that no more come, and returns what was answered."""
    with connect(product, tls, mode) as connection:
        try:
            connection.sendall(request)
            # No TLS peer of ours waits for the close_notify: ending the TCP stream is enough.
            socket.socket.shutdown(connection, socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass
        received = read_to_end(connection)
    assert received is not None, "the connection was not closed"
    return answers(received)


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
    """The answers in a stream, one after the other; none of them is chunked."""
    found = []
    while received:
        head, separator, rest = received.partition(b"\r\n\r\n")
        assert separator, f"no whole answer: {received[:200]!r}"
        answer = Answer(head, b"")
        length = int(answer.headers["content-length"])
        answer.body, received = rest[:length], rest[length:]
        assert len(answer.body) == length or length and not answer.body, f"half an answer: {received[:200]!r}"
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
