"""Instances of latchkeyd that the tests start themselves, beside or in place of the one that deploy/try started."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import processes
from waiting import eventually

LANES = ("verify", "database", "upload")

# Becomes latchkeyd with the lanes' sockets as descriptors from 3 on, as systemd hands them over. LISTEN_PID can be
# known only once the process is there.
HAND_OVER = f"""
import fcntl, os, sys
high = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:{len(LANES) + 1}]]
for place, number in enumerate(high, start=3):
    os.dup2(number, place)
os.environ |= {{"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "{len(LANES)}", "LISTEN_FDNAMES": "{":".join(LANES)}"}}
os.execvp(sys.argv[{len(LANES) + 1}], sys.argv[{len(LANES) + 1}:])
"""


# What latchkeyd is by default, and these are not: several processes.
SHIPPED = {"LATCHKEY_INSTANCES": ""}


class Responder:
    """A latchkeyd with the product's configuration, of which `settings` change something. It serves alone, without a
    supervisor, unless they say otherwise."""

    count = 0

    def __init__(self, product, settings=None, sockets=None):
        Responder.count += 1
        self.log = product.state / f"log/latchkeyd-{Responder.count}.log"
        self.log.touch(mode=0o644)
        command = product.as_account(
            str(product.state / "bin/latchkeyd"), "--config", str(product.state / "latchkeyd.conf"))
        if sockets:
            command = [sys.executable, "-c", HAND_OVER, *(str(one.fileno()) for one in sockets), *command]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, env={"PATH": os.environ["PATH"], "LATCHKEY_INSTANCES": "1"} | (settings or {}),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[one.fileno() for one in sockets or []],
                start_new_session=True)

    @property
    def pid(self):
        return self.process.pid

    def lines(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def says(self, message):
        """The lines with this message."""
        return [line for line in self.lines() if line["message"] == message]

    def wait_until_ready(self):
        eventually(
            lambda: self.process.poll() is not None or self.says("ready"), 20, f"latchkeyd is ready, see {self.log}")
        assert self.process.poll() is None, self.log.read_text()
        return self

    def stop(self):
        """SIGTERM; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)

    def kill(self):
        self.process.kill()
        self.process.wait(timeout=20)


class Responders:
    """Takes the place of the product's own latchkeyd, and gives it back."""

    def __init__(self, product):
        self.product = product
        self.running = []
        self.sockets = []
        processes.stop(product.responder_pid)

    @property
    def pid_file(self):
        return self.product.state / "run/latchkeyd.pid"

    def start(self, settings=None, says_ready=True):
        responder = Responder(self.product, settings, self.sockets)
        self.running.append(responder)
        # deploy/try knows by this file what to stop.
        self.pid_file.write_text(f"{responder.pid}\n")
        self.product.environment["LATCHKEY_LOG"] = str(responder.log)
        return responder.wait_until_ready() if says_ready else responder

    def bind(self):
        """Makes the sockets here, so that they stay while responders come and go."""
        for lane in LANES:
            path = Path(self.product[f"{lane.upper()}_SOCKET"])
            path.unlink(missing_ok=True)
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(str(path))
            os.chmod(path, 0o660)
            with contextlib.suppress(PermissionError):
                os.chown(path, path.parent.stat().st_uid, path.parent.stat().st_gid)
            listener.listen(4096)
            self.sockets.append(listener)

    def stop_all(self):
        for responder in self.running:
            if responder.process.poll() is None:
                responder.stop()
        for listener in self.sockets:
            Path(listener.getsockname()).unlink()
            listener.close()
        self.running, self.sockets = [], []


@contextlib.contextmanager
def in_place_of_latchkeyd(product):
    place = Responders(product)
    try:
        yield place
    finally:
        place.stop_all()
        if not product.postgres_runs():
            product.start_postgres()
        place.start(SHIPPED)
        eventually(lambda: product.token(product.demo).status_code == 200, 10, "tokens are issued again")
