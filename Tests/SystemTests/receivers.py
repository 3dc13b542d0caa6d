"""Receivers of webhooks, and senders of them that the tests start themselves."""

import base64
import contextlib
import datetime
import hashlib
import hmac
import http.server
import json
import os
import secrets as random_secrets
import signal
import socket
import ssl
import subprocess
import threading
import time
import uuid
from pathlib import Path

import processes
from waiting import eventually


def base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Received:
    """A request as it came."""

    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body
        self.at = time.monotonic()

    @property
    def id(self):
        return self.headers["webhook-id"]

    @property
    def json(self):
        return json.loads(self.body)


class Receiver:
    """An HTTPS server on this machine, which answers each path as `answers` says; 204 where it says nothing.

    An answer is a status, or a function that is given the handler and the request and answers itself."""

    def __init__(self, certificate=None, family=socket.AF_INET):
        self.received = []
        self.answers = {}
        self.lock = threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                received = Received(self.path, self.headers, body)
                with receiver.lock:
                    receiver.received.append(received)
                answer = receiver.answers.get(self.path, 204)
                if callable(answer):
                    answer(self, received)
                else:
                    self.reply(answer)

            def do_GET(self):
                with receiver.lock:
                    receiver.received.append(Received(self.path, self.headers, b""))
                self.reply(200)

            def reply(self, status, body=b"", headers=()):
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words):
                pass

        class Server(http.server.ThreadingHTTPServer):
            address_family = family
            request_queue_size = 256

            def handle_error(self, request, address):
                # A sender that is killed, or reads no more.
                pass

        self.server = Server(("127.0.0.1" if family == socket.AF_INET else "::1", 0), Handler)
        self.port = self.server.server_address[1]
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            # The handshake is the handler's thread's: one that never comes must not keep others from being accepted.
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def at(self, path):
        with self.lock:
            return [one for one in self.received if one.path == path]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Authority:
    """A CA, and certificates of it."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        self.certificate = folder / "ca.crt"
        self.key = folder / "ca.key"
        self.make("ca", "/CN=Receivers", ["basicConstraints=critical,CA:true", "keyUsage=critical,keyCertSign"])

    def make(self, name, subject, extensions, signed=False):
        words = ["openssl", "req", "-x509", "-days", "2", "-noenc", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:P-256", "-subj", subject, "-keyout", str(self.folder / f"{name}.key"),
                 "-out", str(self.folder / f"{name}.crt"), "-config", "/dev/stdin"]
        if signed:
            words += ["-CA", str(self.certificate), "-CAkey", str(self.key)]
        for extension in extensions:
            words += ["-addext", extension]
        subprocess.run(words, input=b"[req]\ndistinguished_name=n\n[n]\n", check=True, capture_output=True)
        (self.folder / f"{name}.crt").chmod(0o644)
        return str(self.folder / f"{name}.crt"), str(self.folder / f"{name}.key")

    def issue(self, *names):
        """A certificate for names such as `DNS:localhost`."""
        file = "-".join(names).replace(":", "_").replace("*", "any")
        return self.make(file, "/CN=receiver", [
            "basicConstraints=critical,CA:false", "extendedKeyUsage=serverAuth", "subjectAltName=" + ",".join(names),
        ], signed=True)


class Sender:
    """A latchkey-webhooks with the product's settings, of which `settings` change something."""

    count = 0

    def __init__(self, product, settings):
        Sender.count += 1
        self.log = product.state / f"log/latchkey-webhooks-{Sender.count}.log"
        self.log.touch(mode=0o644)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                product.as_account(str(product.state / "bin/latchkey-webhooks")),
                env={"PATH": os.environ["PATH"]} | settings, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)

    @property
    def pid(self):
        return self.process.pid

    def lines(self):
        # The last may be half written.
        return [json.loads(line) for line in self.log.read_text().split("\n")[:-1]]

    def says(self, message):
        return [line for line in self.lines() if line["message"] == message]

    def wait_until_ready(self):
        eventually(
            lambda: self.process.poll() is not None or self.says("ready"), 20, f"the sender is ready, see {self.log}")
        assert self.process.poll() is None, self.log.read_text()
        return self

    def stop(self):
        """SIGTERM; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def kill(self):
        self.process.kill()
        self.process.wait(timeout=20)


class Senders:
    """Takes the place of the product's own sender, and gives it back."""

    def __init__(self, product, authority):
        self.product = product
        self.settings = {
            "LATCHKEY_WEBHOOK_DATABASE_CONNINFO": product["DATABASE_URL"].replace("postgres@", "latchkey_webhooks@"),
            "LATCHKEY_WEBHOOK_KEYS_FILE": product["WEBHOOK_KEYS_FILE"],
            "LATCHKEY_DOWNLOAD_KEYS_FILE": product["DOWNLOAD_KEYS_FILE"],
            "LATCHKEY_PRODUCTION_URL": product["BASE_URL"],
            "LATCHKEY_SANDBOX_URL": product["SANDBOX_URL"],
            "LATCHKEY_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8, ::1",
            "LATCHKEY_WEBHOOK_CA_FILE": str(authority.certificate),
        }
        self.running = []
        if self.pid_file.exists() and processes.is_running(int(self.pid_file.read_text())):
            processes.stop(int(self.pid_file.read_text()))

    @property
    def pid_file(self):
        return self.product.state / "run/latchkey-webhooks.pid"

    def start(self, settings=None, says_ready=True):
        sender = Sender(self.product, self.settings | (settings or {}))
        self.running.append(sender)
        return sender.wait_until_ready() if says_ready else sender

    def stop_all(self):
        for sender in self.running:
            if sender.process.poll() is None:
                sender.kill()
        self.running = []

    def give_back(self):
        self.stop_all()
        # deploy/try knows by this file what to stop.
        self.pid_file.write_text(f"{self.start().pid}\n")


class Announcements:
    """Client apps with webhooks, and retrievals that are finished for them, by the functions of the schema."""

    def __init__(self, product):
        self.product = product
        self.collector_key = random_secrets.token_bytes(32).hex()
        product.sql(
            "SELECT latchkey_admin.create_collector('tests', gen_random_uuid(), 'Tests',"
            f" '\\x{self.collector_key}', 'lk_coll_Test')")
        self.webhook_keys = json.loads(Path(product["WEBHOOK_KEYS_FILE"]).read_text())["keys"]

    def app(self, url):
        """A client app with a user and a webhook secret: the ids of both, and the secret."""
        app = self.product.create_app("Receiver").client_app
        user = str(uuid.uuid4())
        self.product.sql(f"""
            INSERT INTO latchkey.users (id, client_app_id, mode, last_seen_on)
            VALUES ('{user}', '{app}', 'sandbox', current_date);
            SELECT latchkey_admin.set_webhook_url('tests', '{app}', '{url}')
            """)
        return app, user, self.secret(app)

    def secret(self, app, overlap="24 hours"):
        """Another secret; the older ones go on for the overlap."""
        key, secret_id = self.webhook_keys[0], uuid.uuid4()
        self.product.sql(
            f"SELECT latchkey_admin.add_webhook_secret('tests', '{app}', '{secret_id}', '{key['kid']}', '{overlap}')")
        text = b"latchkey webhook secret\0" + uuid.UUID(app).bytes + secret_id.bytes
        secret = "whsec_" + base64.b64encode(hmac.new(base64url(key["k"]), text, hashlib.sha256).digest()).decode()
        self.product.secrets.add(secret)
        return secret

    def finish(self, app, user, status="success", metadata="{}", files=(), count=1):
        """Finishes retrievals; the ids of the deliveries."""
        year = datetime.datetime.now(datetime.timezone.utc).year - 1
        key = f"ARRAY['\\x{self.collector_key}'::bytea]"
        statements, deliveries = [], []
        for _ in range(count):
            retrieval, delivery = uuid.uuid4(), uuid.uuid4()
            deliveries.append(f"msg_{delivery}")
            statements.append(
                f"SELECT latchkey_api.begin_retrieval({key}, 'sandbox', '{retrieval}', '{app}', '{user}',"
                f" 'first-sandbox-bank', {year}, 'tests', NULL, NULL);")
            for name, size in files:
                statements.append(
                    f"SELECT latchkey_api.record_file({key}, 'sandbox', '{retrieval}', gen_random_uuid(), '{name}',"
                    f" 'application/pdf', {size}, '\\x{random_secrets.token_bytes(32).hex()}', 100, 500000000);")
            statements.append(
                f"SELECT latchkey_api.finish_retrieval({key}, 'sandbox', '{retrieval}', '{status}',"
                f" $metadata${metadata}$metadata$, '{delivery}');")
        outcomes = [row[0] for row in self.product.sql("\n".join(statements))]
        assert all("ok" in outcome for outcome in outcomes), outcomes
        return deliveries

    def of(self, delivery):
        """The delivery as the database has it."""
        row = self.product.sql(
            "SELECT state, attempts, coalesce(last_status, 0), coalesce(last_error, ''), claimed_until > now(),"
            " next_attempt_at > now() FROM latchkey.webhook_deliveries"
            f" WHERE id = '{delivery.removeprefix('msg_')}'")[0]
        return dict(zip(("state", "attempts", "status", "error", "is_claimed", "waits"), row)) | {
            "attempts": int(row[1]), "status": int(row[2]), "waits": row[5] == "t"}

    def make_due(self):
        """The pauses of all receivers and deliveries are over."""
        self.product.sql("""
            UPDATE latchkey.webhook_deliveries SET next_attempt_at = now() WHERE state = 'pending';
            UPDATE latchkey.webhook_endpoints SET paused_until = NULL
            """)

    def forget(self):
        """No delivery of an earlier test is sent in a later one."""
        self.product.sql("DELETE FROM latchkey.webhook_deliveries; DELETE FROM latchkey.webhook_endpoints")

    def within(self, delivery, seconds=30, **members):
        """Waits until the delivery is as `members` say."""
        def is_so():
            found = self.of(delivery)
            return all(found[name] == value for name, value in members.items())
        eventually(is_so, seconds, f"{delivery} is {members}")
        return self.of(delivery)


@contextlib.contextmanager
def in_place_of_sender(product, authority):
    place = Senders(product, authority)
    try:
        yield place
    finally:
        place.give_back()
