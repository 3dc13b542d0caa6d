"""A proxy between latchkeyd and PostgreSQL that fails as networks and servers do."""

import contextlib
import itertools
import selectors
import socket
import struct
import threading
import time
from dataclasses import dataclass

READY_FOR_QUERY = b"Z\x00\x00\x00\x05"


@dataclass
class Attempt:
    """A connection that somebody tried to make; the process is known on a Unix socket only."""

    at: float
    process: int


class Proxy:
    """Passes everything on, until it is told otherwise. It takes the time of every attempt to connect.

    freeze()    nothing passes any more in either direction, and new connections are not even answered: packets are
                dropped, or the machine hangs
    refuse()    connections are ended, and new ones at once: the server is gone
    forward()   everything passes again
    cut(...)    the next token requests lose their connection
    """

    numbers = itertools.count(1)

    def __init__(self, product, tcp=False):
        self.server = str(product.state / "run/.s.PGSQL.5432")
        if tcp:
            self.listener = socket.create_server(("127.0.0.1", 0))
            self.host = f"host=127.0.0.1 port={self.listener.getsockname()[1]}"
        else:
            folder = product.parent / f"proxy-{next(self.numbers)}"
            folder.mkdir()
            path = folder / ".s.PGSQL.5432"
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(str(path))
            path.chmod(0o777)
            folder.chmod(0o755)
            self.host = f"host={folder}"
        self.listener.listen(128)
        self.attempts = []
        self.cuts = []
        self.partners = {}
        self.doomed = {}
        self.act = "forward"
        self.done = False
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self.run, daemon=True)

    @property
    def settings(self):
        """latchkeyd's, to go through here."""
        return {"LATCHKEY_DATABASE_CONNINFO":
                f"{self.host} dbname=latchkey user=latchkey_application sslmode=disable gssencmode=disable"}

    def freeze(self):
        # A queue of one: when it is full, the kernel does not answer who tries to connect by TCP.
        self.listener.listen(0)
        self.act = "freeze"

    def refuse(self):
        self.act = "refuse"

    def forward(self):
        self.listener.listen(128)
        self.act = "forward"

    def cut(self, when, times):
        """Cuts the connections of so many token requests: `before` the server hears of them, `during` its work, or
        `after` it has committed, before latchkeyd hears of that."""
        self.cuts = [when] * times

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done = True
        self.thread.join(timeout=10)
        for one in [*self.partners, *self.doomed, self.listener]:
            one.close()
        self.selector.close()

    # The thread

    def run(self):
        while not self.done:
            if self.act == "freeze":
                time.sleep(0.01)
                continue
            if self.act == "refuse":
                for one in list(self.partners):
                    self.end(one)
            for key, _ in self.selector.select(0.02):
                if key.fileobj is self.listener:
                    self.accept()
                elif key.fileobj in self.doomed:
                    self.listen_to_the_end(key.fileobj)
                elif key.fileobj in self.partners:
                    self.move(key.fileobj)

    def accept(self):
        client, _ = self.listener.accept()
        process = 0
        if client.family == socket.AF_UNIX:
            process, _, _ = struct.unpack("iii", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        self.attempts.append(Attempt(time.monotonic(), process))
        server = socket.socket(socket.AF_UNIX)
        try:
            if self.act == "refuse":
                raise ConnectionRefusedError
            server.connect(self.server)
        except OSError:
            client.close()
            server.close()
            return
        for one, other in ((client, server), (server, client)):
            self.partners[one] = other
            self.selector.register(one, selectors.EVENT_READ, one is client)

    def move(self, source):
        """Passes on what there is to read."""
        is_client = self.selector.get_key(source).data
        try:
            data = source.recv(65536)
            if not data:
                raise ConnectionResetError
            partner = self.partners[source]
            when = self.cuts.pop() if is_client and b"token_context(" in data and self.cuts else None
            if when != "before":
                partner.sendall(data)
        except OSError:
            self.end(source)
            return
        if when == "after":
            self.doomed[partner] = b""
        elif when:
            self.drop(source)
            if when == "before":
                self.drop(partner)
            else:
                # Its work goes on. Nobody will hear how it ends.
                self.doomed[partner] = b""

    def listen_to_the_end(self, server):
        """The server says that it is ready for the next statement once this one is committed."""
        data = b""
        with contextlib.suppress(OSError):
            data = server.recv(65536)
        self.doomed[server] += data
        if data and READY_FOR_QUERY not in self.doomed[server][-6:]:
            return
        del self.doomed[server]
        self.end(server)

    def end(self, one):
        partner = self.partners.get(one)
        self.drop(one)
        if partner is not None:
            self.drop(partner)

    def drop(self, one):
        self.doomed.pop(one, None)
        if self.partners.pop(one, None) is not None:
            self.selector.unregister(one)
            one.close()


def open_session(product, role):
    """A session of a role by hand, to be kept: whatever it does, it takes one of max_connections.

    Returns None where the server has no more of them (SQLSTATE 53300).
    """
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(10)
    connection.connect(str(product.state / "run/.s.PGSQL.5432"))
    words = b"".join(word.encode() + b"\0" for word in ("user", role, "database", "latchkey", ""))
    connection.sendall(struct.pack("!II", len(words) + 8, 196608) + words)
    received = b""
    while READY_FOR_QUERY not in received:
        piece = connection.recv(65536)
        received += piece
        if not piece or b"53300" in received:
            connection.close()
            assert b"53300" in received, received
            return None
    return connection
