"""The product under test: one Latchkey that deploy/try runs in a fresh folder."""

import base64
import contextlib
import hmac
import json
import os
import random
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

import httpx

import processes
import tokens
from waiting import eventually

CHECKOUT = Path(__file__).resolve().parents[2]
TRY = CHECKOUT / "deploy" / "try"

# The first start builds the release; every later one takes seconds.
START_SECONDS = 1800


@dataclass
class App:
    """A client app with one credential."""

    client_app: str
    api_key: str
    api_secret: str

    @property
    def credentials(self):
        return {"api_key": self.api_key, "api_secret": self.api_secret}


def free_ports():
    """A port for production, free as the three behind it (deploy/try --help); below the ephemeral ones."""
    for _ in range(200):
        port = random.randrange(20000, 30000, 4)
        try:
            for number in range(port, port + 4):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", number))
        except OSError:
            continue
        return port
    raise AssertionError("no four free ports in a row")


class Product:
    def __init__(self, port=None):
        # Open to the account that the services run as, which is another one where root runs the tests.
        self.parent = Path(tempfile.mkdtemp(prefix="latchkey-tests-"))
        self.parent.chmod(0o755)
        self.state = self.parent / "state"
        self.port = port or free_ports()
        self.environment = {}
        self.http = None
        # Every secret and key of this run: none of them may turn up in a log, a dump or a command line.
        self.secrets = set()
        # And every token that was issued to a client of `client`, and the signed part of every download's address.
        self.tokens = set()
        self.links = set()

    # Starting and stopping

    def try_command(self, *words):
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environment["LATCHKEY_TRY_DIR"] = str(self.state)
        return {"args": [str(TRY), *words], "env": environment, "cwd": str(self.parent)}

    def run_try(self, *words, timeout=START_SECONDS):
        """Runs deploy/try for this folder and returns what became of it."""
        return subprocess.run(
            **self.try_command(*words), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)

    def start(self, *words):
        result = self.run_try("--detach", "--port", str(self.port), *words)
        assert result.returncode == 0, result.stdout + result.stderr
        self.read_environment()
        return result

    def read_environment(self):
        """Reads the file `env` as a shell does."""
        self.forget_client()
        text = subprocess.run(
            ["sh", "-c", '. "$1" && exec env -0', "sh", str(self.state / "env")],
            env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True).stdout
        self.environment = dict(pair.split("=", 1) for pair in text.split("\0") if pair)
        self.secrets.update((self["API_SECRET"], self["COLLECTOR_KEY"], self["WEBHOOK_SECRET"]))
        self.secrets.add((self.state / "keys/sandbox-bank.key").read_text().strip())
        for keys in self.key_files:
            self.secrets.update(key["k"] for key in json.loads(keys.read_text())["keys"])

    def forget_client(self):
        """A start may make another certificate."""
        if self.http:
            self.http.close()
        self.http = None

    def stop(self, *words):
        self.forget_client()
        result = self.run_try("stop", *words, timeout=120)
        assert result.returncode == 0, result.stdout + result.stderr

    def remove(self):
        shutil.rmtree(self.parent, ignore_errors=True)

    # What it consists of

    def __getitem__(self, name):
        return self.environment["LATCHKEY_" + name]

    @property
    def demo(self):
        return App(self.client_app_of(self["API_KEY"]), self["API_KEY"], self["API_SECRET"])

    @property
    def key_files(self):
        return [Path(self[name + "_FILE"]) for name in ("KEYS", "SECRET_HASH_KEYS", "DOWNLOAD_KEYS", "WEBHOOK_KEYS")]

    @property
    def documents(self):
        """The document store's folder."""
        return Path(self["DOCUMENTS_FOLDER"])

    @property
    def log(self):
        return Path(self["LOG"])

    @property
    def responder_pid(self):
        """latchkeyd's main process: the supervisor, unless it serves alone."""
        return int((self.state / "run/latchkeyd.pid").read_text())

    @property
    def responder_pids(self):
        """The processes that serve: the instances, or latchkeyd itself where it serves alone."""
        return processes.children(self.responder_pid) or [self.responder_pid]

    def log_lines(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    @property
    def account(self):
        """Whom the services run as."""
        return self.key_files[0].owner()

    def as_account(self, *command):
        if os.geteuid() != 0 or self.account == "root":
            return list(command)
        return ["setpriv", f"--reuid={self.account}", f"--regid={self.account}", "--init-groups", "--", *command]

    def base_url(self, mode="production"):
        return self["BASE_URL" if mode == "production" else "SANDBOX_URL"]

    def port_of(self, mode="production"):
        return self.port if mode == "production" else self.port + 1

    @property
    def tls(self):
        return ssl.create_default_context(cafile=self["CA_FILE"])

    def client(self, http2=False):
        return httpx.Client(
            verify=self.tls, http1=not http2, http2=http2, timeout=15, trust_env=False,
            event_hooks={"response": [self.remember]})

    def remember(self, answer):
        """What no log may hold."""
        if answer.status_code in (200, 201) and answer.headers.get("content-type") == "application/json":
            answer.read()
            self.secrets.update(re.findall(r'"session_key":"([^"]+)"', answer.text))
            self.tokens.update(re.findall(r'"(?:access_token|temporaryToken|state)":"([^"]+)"', answer.text))
            self.links.update(re.findall(r"[?]link=([A-Za-z0-9._-]+)", answer.text))

    # Doing things with it

    def token(self, app, mode="production", client=None, **members):
        """Gets a token: the answer of POST /api/token."""
        headers = members.pop("headers", {})
        post = client.post if client else self.post
        return post(self.base_url(mode) + "/api/token", json=app.credentials | members, headers=headers)

    def issued(self, app, mode="production", **members):
        """A token and its user, which must be given."""
        answer = self.token(app, mode, **members)
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"], answer.json()["taiki_user_id"]

    def verify(self, token, mode="production", client=None):
        """The answer of POST /api/verify-token."""
        post = client.post if client else self.post
        return post(self.base_url(mode) + "/api/verify-token", headers={"Authorization": f"Bearer {token}"})

    def post(self, url, **request):
        return self.request("POST", url, **request)

    def request(self, method, url, **request):
        if self.http is None:
            self.http = self.client()
        return self.http.request(method, url, **request)

    def latchkey(self, *words, input=None, environment=None):
        """Runs the administrator's command as a shell that has read `env` does."""
        return subprocess.run(
            ["latchkey", *words], env=self.environment | (environment or {}), input=input,
            stdin=subprocess.DEVNULL if input is None else None, capture_output=True, text=True, timeout=60)

    def administer(self, *words, input=None):
        """The same with --json: what it printed, which must have worked."""
        result = self.latchkey(*words, "--json", input=input)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    def create_app(self, name, sandbox_only=False):
        made = self.administer("app", "create", "--name", name, *(["--sandbox-only"] if sandbox_only else []))
        self.secrets.add(made["api_secret"])
        app = App(made["client_app_id"], made["api_key"], made["api_secret"])
        # Verify hears of it as of any other change: soon.
        key, *_ = tokens.read_keys(self.key_files[0])
        token = tokens.signed(tokens.claims(app.client_app, app.client_app), key)
        eventually(lambda: self.verify(token).status_code == 200, 5, "verify knows the new app")
        return app

    def regenerate(self, app, overlap):
        """A new secret for the app's credential; the app as it is from now on."""
        made = self.administer("secret", "regenerate", app.api_key, "--overlap", overlap)
        self.secrets.add(made["api_secret"])
        return App(app.client_app, app.api_key, made["api_secret"])

    def latchkeyd(self, *words, settings=None, timeout=30):
        """Runs latchkeyd as its account would, until it ends by itself."""
        return subprocess.run(
            self.as_account(str(self.state / "bin/latchkeyd"), *words),
            env={"PATH": os.environ["PATH"]} | (settings or {}), stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=timeout)

    def webhook_secrets(self):
        """All that there are: derived from a key, none of them is kept."""
        keys = dict(tokens.read_keys(self.key_files[3]))
        made = set()
        for app, secret, kid in self.sql("SELECT client_app_id, id, kid FROM latchkey.webhook_secrets"):
            message = b"latchkey webhook secret\0" + uuid.UUID(app).bytes + uuid.UUID(secret).bytes
            made.add("whsec_" + base64.b64encode(hmac.digest(keys[kid], message, "sha256")).decode())
        return made

    # PostgreSQL

    def sql(self, statement, database=None):
        """Runs SQL as the superuser: rows of text."""
        url = self["DATABASE_URL"]
        if database:
            url = url.replace("/latchkey?", f"/{database}?")
        result = self.psql(statement, url)
        assert result.returncode == 0, result.stderr
        return [line.split("\t") for line in result.stdout.splitlines()]

    def psql(self, statement, url=None):
        return subprocess.run(
            ["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", url or self["DATABASE_URL"],
             "-f", "-"], input=statement, capture_output=True, text=True, timeout=60)

    @contextlib.contextmanager
    def locked(self, table):
        """Nobody else reads or writes the table within the block."""
        session = subprocess.Popen(
            ["psql", "-X", "-q", "-A", "-t", "-d", self["DATABASE_URL"]], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        try:
            session.stdin.write(f"BEGIN;\nLOCK TABLE {table} IN ACCESS EXCLUSIVE MODE;\nSELECT 'locked';\n")
            session.stdin.flush()
            assert session.stdout.readline().strip() == "locked"
            yield
        finally:
            session.stdin.close()
            session.wait(timeout=10)
            session.stdout.close()

    def waiting_for_locks(self):
        """How many of latchkeyd's sessions wait for somebody's lock."""
        return int(self.value(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE usename = 'latchkey_application' AND wait_event_type = 'Lock'"))

    def value(self, statement):
        return self.sql(statement)[0][0]

    def client_app_of(self, api_key):
        return self.value(f"SELECT client_app_id FROM latchkey.credentials WHERE api_key = '{api_key}'")

    def users(self):
        """The ids of all users there are."""
        return {row[0] for row in self.sql("SELECT id FROM latchkey.users")}

    @property
    def postgres_pid(self):
        return int((self.state / "postgres/data/postmaster.pid").read_text().split()[0])

    def postgres_runs(self):
        return (self.state / "postgres/data/postmaster.pid").exists() and processes.is_running(self.postgres_pid)

    def control_postgres(self, act, *words, folder="postgres"):
        """pg_ctl, as deploy/try calls it; for another server, with its folder in the state."""
        self.run_postgres("pg_ctl", act, "--silent", "--wait", "-D", str(self.state / folder), *words)

    def run_postgres(self, program, *words):
        """Runs one of PostgreSQL's programs as its account."""
        version = (self.state / "postgres/data/PG_VERSION").read_text().strip()
        subprocess.run(
            self.as_account(f"/usr/lib/postgresql/{version}/bin/{program}", *words),
            check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=90)

    def stop_postgres(self):
        self.control_postgres("stop", "--mode=fast")

    def start_postgres(self):
        def starts():
            with contextlib.suppress(subprocess.CalledProcessError):
                self.control_postgres("start", "-l", str(self.state / "log/postgresql.log"))
                return True

        # After a kill, not before the last of the old processes is gone.
        eventually(starts, 10, "PostgreSQL starts")

    # What is left of it

    def leftovers(self):
        return processes.using(self.state)
