"""The product, as deploy/try runs it in a folder of its own."""

import http.client
import json
import os
import pwd
import random
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import usage
from failure import Failure

CHECKOUT = Path(__file__).resolve().parents[2]


def free_ports(count):
    """The first of so many free ports in a row, below the ephemeral ones."""
    for _ in range(200):
        first = random.randrange(20000, 30000)
        try:
            for number in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", number))
        except OSError:
            continue
        return first
    raise Failure("there are no free ports")


class Latchkey:
    def __init__(self, folder, logs):
        """A new folder inside `folder`, which the account of the services must reach."""
        self.parent = Path(tempfile.mkdtemp(prefix="latchkey-performance-", dir=folder))
        self.parent.chmod(0o755)
        self.state = self.parent / "state"
        self.try_log = logs / "try.log"
        # Production, sandbox, and one for each reference.
        self.port = free_ports(7)
        self.environment = {}

    # Starting and stopping

    def start(self):
        self._try("--detach", "--port", str(self.port))
        text = subprocess.run(
            ["sh", "-c", '. "$1" && exec env -0', "sh", str(self.state / "env")],
            env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True).stdout
        self.environment = dict(pair.split("=", 1) for pair in text.split("\0") if pair)
        self.client_app = self.value(
            f"SELECT client_app_id FROM latchkey.credentials WHERE api_key = '{self['API_KEY']}'")

    def close(self):
        """Stops everything and deletes the folder."""
        if self.state.exists():
            self._try("stop", "--fresh")
        shutil.rmtree(self.parent, ignore_errors=True)

    def _try(self, *words):
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        with open(self.try_log, "ab") as log:
            process = subprocess.Popen(
                [CHECKOUT / "deploy/try", *words], env=environment | {"LATCHKEY_TRY_DIR": str(self.state)},
                cwd=self.parent, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            try:
                status = process.wait()
            except BaseException:
                # It stops what it has started.
                process.send_signal(signal.SIGTERM)
                process.wait()
                raise
        if status != 0:
            raise Failure(f"deploy/try {words[0]} failed; its output: {self.try_log}")

    # What it consists of

    def __getitem__(self, name):
        return self.environment["LATCHKEY_" + name]

    @property
    def responder(self):
        """The topmost process: latchkeyd, or the supervisor of several."""
        return self._pid("run/latchkeyd.pid")

    @property
    def nginx(self):
        return self._pid("run/nginx.pid")

    @property
    def postgresql(self):
        return self._pid("postgres/data/postmaster.pid")

    def _pid(self, file):
        return int((self.state / file).read_text().split()[0])

    @property
    def roots(self):
        return {"nginx": [self.nginx], "responder": [self.responder], "postgresql": [self.postgresql]}

    @property
    def database_workers(self):
        """Of all instances: latchkeyd names its threads after their lane."""
        return sum(name.startswith("database") for name in usage.thread_names(self.responder))

    @property
    def account(self):
        """Whom the services run as."""
        return Path(self["KEYS_FILE"]).owner()

    def as_account(self, *command):
        if os.geteuid() != 0:
            return list(command)
        return ["setpriv", f"--reuid={self.account}", f"--regid={self.account}", "--init-groups", "--", *command]

    def folder_for_account(self, name):
        """A folder beside the state folder, which deploy/try may empty."""
        folder = self.parent / name
        folder.mkdir()
        if os.geteuid() == 0:
            entry = pwd.getpwnam(self.account)
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        folder.chmod(0o750)
        return folder

    @property
    def pg_bin(self):
        version = (self.state / "postgres/data/PG_VERSION").read_text().strip()
        return Path(f"/usr/lib/postgresql/{version}/bin")

    def sql(self, statement):
        """Runs SQL as the superuser: rows of text."""
        return [line.split("\t") for line in self._psql(statement).stdout.splitlines()]

    def messages(self, statement):
        """What the server has to say besides rows, with client_min_messages as the statement sets it."""
        return self._psql(statement).stderr

    def _psql(self, statement):
        result = subprocess.run(
            ["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", self["DATABASE_URL"], "-f",
             "-"], input=statement, capture_output=True, text=True)
        if result.returncode != 0:
            raise Failure(f"SQL: {result.stderr.strip()}")
        return result

    def value(self, statement):
        return self.sql(statement)[0][0]

    def seed(self, count, *options):
        """Tops the demo app's users up. Returns what seed prints."""
        result = subprocess.run(
            [Path(__file__).with_name("seed"), "--database", self["DATABASE_URL"], "--client-app", self.client_app,
             *options, str(count)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if result.returncode != 0:
            raise Failure(result.stderr.strip())
        return result.stdout

    # Asking it, or a reference

    def url(self, port=None, path="/api/verify-token"):
        return f"https://localhost:{port or self.port}{path}"

    def post(self, url, body=None, headers=None):
        """The status and the JSON of an answer that came through TLS 1.3."""
        parts = urlsplit(url)
        connection = http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=10, context=ssl.create_default_context(cafile=self["CA_FILE"]))
        try:
            connection.connect()
            if connection.sock.version() != "TLSv1.3":
                raise Failure(f"{url} speaks {connection.sock.version()}")
            connection.request("POST", parts.path, body and json.dumps(body), {"Content-Type": "application/json"}
                               | (headers or {}))
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    @property
    def credentials(self):
        return {"api_key": self["API_KEY"], "api_secret": self["API_SECRET"]}

    def token(self, port=None, **members):
        """A token and its user's id."""
        status, answer = self.post(self.url(port, "/api/token"), self.credentials | members)
        if status != 200:
            raise Failure(f"no token from port {port or self.port}: {status} {answer}")
        return answer["access_token"], answer["taiki_user_id"]

    def verify(self, token, port=None):
        status, answer = self.post(self.url(port), headers={"Authorization": f"Bearer {token}"})
        return status, answer

    # Its logs

    def check_logs(self):
        """Looks whether the last requests came as they should, and empties the logs that grow by a line for each."""
        log = Path(self["NGINX_LOG"])
        with open(log, "rb") as file:
            file.seek(max(0, log.stat().st_size - 65536))
            lines = file.read().decode().splitlines()[1:-1]
        for line in map(json.loads, lines):
            if line["status"] == "200" and (line["tls"], line["protocol"]) != ("TLSv1.3", "HTTP/1.1"):
                raise Failure(f"a request came by {line['tls']} and {line['protocol']}")
        self.empty_logs()

    def empty_logs(self):
        for name in ("NGINX_LOG", "LOG"):
            os.truncate(self[name], 0)
