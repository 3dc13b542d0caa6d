"""What reaches the responder: a listener in its place writes down every request that nginx passes on."""

import collections
import contextlib
import os
import shutil
import socket
import struct
import tempfile
import threading
import uuid

import pytest

import fastcgi
import rawhttp
from fastcgi import BEGIN, END, PARAMS, STDIN, STDOUT
from nginxes import another_nginx
from test_hostile_http import REFUSED, SMUGGLERS, heads, smuggled

ANSWER = b"Status: 200\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
NAMES = {"REQUEST_METHOD", "DOCUMENT_URI", "CONTENT_TYPE", "CONTENT_LENGTH", "LATCHKEY_REQUEST_ID", "LATCHKEY_MODE",
         "LATCHKEY_RECEIVED"}


class Listener:
    """Answers every request with 200 and keeps its parameters and body."""

    def __init__(self, product):
        self.folder = tempfile.mkdtemp(prefix="listener-", dir=product.state / "run")
        self.requests = []
        self.sockets = []
        for name in ("verify.sock", "database.sock"):
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(f"{self.folder}/{name}")
            os.chmod(f"{self.folder}/{name}", 0o660)
            listener.listen(100)
            self.sockets.append(listener)
            threading.Thread(target=self.accept, args=(listener,), daemon=True).start()
        if os.geteuid() == 0:
            for path in (self.folder, *(listener.getsockname() for listener in self.sockets)):
                shutil.chown(path, product.account)

    def accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connection.settimeout(30)
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, contextlib.suppress(OSError):
            while True:
                content = collections.defaultdict(bytes)
                kind, length = BEGIN, 1
                while kind != STDIN or length:
                    _, kind, number, length, padding = struct.unpack("!BBHHBx", fastcgi.receive(connection, 8))
                    content[kind] += fastcgi.receive(connection, length + padding)[:length]
                self.requests.append((list(pairs(content[PARAMS])), content[STDIN]))
                connection.sendall(fastcgi.record(STDOUT, ANSWER, number) + fastcgi.record(STDOUT, b"", number)
                                   + fastcgi.record(END, bytes(8), number))

    def close(self):
        for listener in self.sockets:
            listener.close()
        shutil.rmtree(self.folder)


def pairs(text):
    """Name-value pairs (FastCGI 1.0, section 3.4)."""
    while text:
        lengths = []
        for _ in range(2):
            size = 4 if text[0] & 0x80 else 1
            lengths.append(int.from_bytes(text[:size], "big") & (0x7fffffff if size == 4 else 0xff))
            text = text[size:]
        name, value, text = text[:lengths[0]], text[lengths[0]:sum(lengths)], text[sum(lengths):]
        yield name.decode("latin-1"), value.decode("latin-1")


@pytest.fixture(scope="module")
def upstream(product):
    listener = Listener(product)
    try:
        with another_nginx(product, sockets=listener.folder) as nginx:
            yield nginx, listener.requests
    finally:
        listener.close()


def check(requests):
    """Each is one of the two endpoints' and whole: its length is that of its body, and no name comes twice."""
    for values, body in requests:
        names = collections.Counter(name for name, _ in values)
        own = {name for name in names if not name.startswith("HTTP_")}
        assert own == NAMES, own
        assert all(names[name] == 1 for name in NAMES)
        values = dict(values)
        assert values["DOCUMENT_URI"] in ("/api/token", "/api/verify-token")
        assert values["LATCHKEY_MODE"] == "production"
        assert int(values["CONTENT_LENGTH"] or 0) == len(body) <= 16384
        assert "\0" not in "".join(values) + "".join(values.values())


def test_no_client_can_set_a_parameter(upstream):
    nginx, requests = upstream
    requests.clear()
    names = ["Proxy", "PROXY", "X-Real-IP", "Remote-Addr", "REMOTE_ADDR", "Remote_User", "Latchkey-Mode",
             "LATCHKEY_MODE", "Latchkey_Request_Id", "Request-Method", "REQUEST_METHOD", "Document-Uri", "DOCUMENT_URI",
             "Script_Filename", "CONTENT_LENGTH", "Content_Type", "HTTP_AUTHORIZATION", "X_Request_Id", "PATH",
             "LD_PRELOAD", "HTTP_PROXY", "Https"]
    lines = [f"{name}: forged-{number}".encode() for number, name in enumerate(names)]
    [answer] = rawhttp.exchange(nginx, heads(*lines, b"X-Seen: 1", b"Content-Length: 2", body=b"{}"))
    assert answer.status == 200
    [(values, body)] = requests
    check(requests)
    assert body == b"{}"
    values = dict(values)
    assert values["HTTP_X_SEEN"] == "1"
    for name in NAMES:
        assert "forged" not in values[name], name
    # A name with a line below it is no header at all; `Proxy` is left out for what libraries make of it.
    forged = {name for name, value in values.items() if "forged" in value}
    assert forged == {"HTTP_" + name.upper().replace("-", "_") for name in names
                      if "_" not in name and name.upper() != "PROXY"}


SMUGGLING = {name: (make(smuggled(b"inner")), None) for name, make in SMUGGLERS.items()}


@pytest.mark.parametrize("inputs", [REFUSED, SMUGGLING], ids=["hostile", "smuggling"])
def test_only_whole_requests_reach_the_responder(upstream, inputs):
    nginx, requests = upstream
    requests.clear()
    for name, (sent, _) in inputs.items():
        marker = f"after-{uuid.uuid4().hex}"
        answers = rawhttp.exchange(nginx, sent)
        assert answers, name
        for answer in answers:
            assert answer.status == 200 or rawhttp.check_refusal(answer) is None, name
        # Each request that came through was answered to who sent it: none is left in a connection to the responder.
        passed = [answer for answer in answers if answer.status == 200]
        assert len(requests) == len(passed), name
        check(requests)
        requests.clear()
        [answer] = rawhttp.exchange(nginx, heads(b"X-Request-Id: " + marker.encode(), b"Content-Length: 2", body=b"{}"))
        assert answer.status == 200 and answer.headers["x-request-id"] == marker, name
        [(values, body)] = requests
        assert dict(values)["LATCHKEY_REQUEST_ID"] == marker and body == b"{}", name
        requests.clear()
