"""A responder that a test plays: behind an nginx of the test's, in place of the product's."""

import contextlib
import os
import shutil
import socket
import struct
import tempfile
import threading

import fastcgi
from fastcgi import BEGIN, PARAMS, STDIN

JSON = b"Status: 200\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Played:
    """On the lanes' sockets in a folder of its own. It keeps each request's parameters, as pairs, and body, and answers
    as `answer` says, a function of the parameters as a dictionary; where that returns None the connection ends."""

    def __init__(self, product, answer=lambda values: JSON):
        self.folder = tempfile.mkdtemp(prefix="played-", dir=product.state / "run")
        self.answer, self.requests, self.sockets = answer, [], []
        for name in ("verify.sock", "database.sock", "upload.sock"):
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
                connection.settimeout(60)
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, contextlib.suppress(OSError):
            while True:
                content = {BEGIN: b"", PARAMS: b"", STDIN: b""}
                kind, length = BEGIN, 1
                while kind != STDIN or length:
                    _, kind, _, length, padding = struct.unpack("!BBHHBx", fastcgi.receive(connection, 8))
                    content[kind] += fastcgi.receive(connection, length + padding)[:length]
                parameters = list(pairs(content[PARAMS]))
                self.requests.append((parameters, content[STDIN]))
                text = self.answer(dict(parameters))
                if text is None:
                    return
                connection.sendall(fastcgi.reply(text))

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
