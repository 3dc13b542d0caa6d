"""The network between a browser and the service: it can be cut."""

import contextlib
import socket
import threading


class Relay:
    """Passes bytes on to a port of this machine, TLS and all, until it is cut: then connections end, and so does each
    new one."""

    def __init__(self, port):
        self.port = port
        self.is_cut = False
        self.open = set()
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.base = f"https://localhost:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                with self.lock:
                    if self.is_cut:
                        client.close()
                        continue
                    server = socket.create_connection(("127.0.0.1", self.port), timeout=10)
                    server.settimeout(None)
                    self.open |= {client, server}
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=self.pass_on, args=(source, target), daemon=True).start()

    def pass_on(self, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        self.end(source, target)

    def end(self, *ended):
        for one in ended:
            # Whoever reads from it hears of the end.
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
            self.open.discard(one)

    def cut(self):
        with self.lock:
            self.is_cut = True
            self.end(*self.open)

    def mend(self):
        self.is_cut = False

    def close(self):
        self.listener.close()
        self.cut()
