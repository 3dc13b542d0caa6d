"""First Sandbox Bank, the connector to copy from: what it asks of Latchkey, and what it bears. Latchkey is played."""

import http.client
import http.server
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import pytest

from product import CHECKOUT
from receivers import Authority
from waiting import eventually

PROGRAM = CHECKOUT / "deploy/sandbox-bank/latchkey-sandbox-bank"
SAMPLES = sorted((CHECKOUT / "deploy/samples").glob("*.pdf"))
KEY = "lk_coll_tests"
STATE = "a.state.of-the-link"
GOOD = {"state": STATE, "username": "user_good", "password": "pass_good"}


@dataclass
class Call:
    method: str
    path: str
    headers: dict
    body: bytes
    at: float

    @property
    def json(self):
        return json.loads(self.body)


class PlayedLatchkey:
    """Answers a collector's three calls as Latchkey does. `refusals` are (status, code), for the next calls, or None
    where there is none."""

    def __init__(self, certificate):
        self.calls, self.refusals, self.platform = [], [], "first-sandbox-bank"
        played = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                played.calls.append(Call(self.command, self.path, self.headers, body, time.monotonic()))
                status = 200 if self.path.endswith("/finish") else 201
                answer = {"id": "r1", "platform": played.platform}
                if refusal := played.refusals.pop(0) if played.refusals else None:
                    status, code = refusal
                    answer = {"error": code, "error_description": "..."}
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_PUT = do_POST

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def finished(self):
        return [call.json["status"] for call in self.calls if call.path.endswith("/finish")]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("bank", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(self.path)


class Bank:
    def __init__(self, folder, url, ca_file, hand_over=False):
        self.path, self.log = str(folder / "bank.sock"), folder / "bank.log"
        (folder / "key").write_text(KEY + "\n")
        environment = {
            "PATH": os.environ["PATH"], "LATCHKEY_SANDBOX_URL": url, "LATCHKEY_CA_FILE": str(ca_file),
            "LATCHKEY_COLLECTOR_KEY_FILE": str(folder / "key"), "LATCHKEY_SAMPLES_FOLDER": str(SAMPLES[0].parent)}
        command, listener = [str(PROGRAM)], None
        if hand_over:
            # As systemd: the socket is descriptor 3, and LISTEN_PID the program's own pid.
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(self.path)
            listener.listen()
            command = ["bash", "-c", f'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" 3<&{listener.fileno()}', *command]
        else:
            environment["LATCHKEY_SANDBOX_BANK_SOCKET"] = self.path
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=[listener.fileno()] if listener else [])
        if listener:
            listener.close()
        eventually(lambda: self.says("ready") or self.process.poll() is not None, 10, "the bank is ready")
        assert self.process.poll() is None, self.log.read_text()

    def lines(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def says(self, message):
        return [line for line in self.lines() if line["message"] == message]

    def call(self, body, method="POST", path="/sandbox-bank/sign-in", headers=None):
        """Status, headers and body of the answer."""
        connection = UnixConnection(self.path)
        text = json.dumps(body) if isinstance(body, dict) else body
        try:
            connection.request(method, path, text, {"X-Request-Id": "tests-1"} | (headers or {}))
            answer = connection.getresponse()
            content = answer.read()
            return answer.status, answer.headers, json.loads(content) if content else None
        finally:
            connection.close()

    def sign_in(self, **members):
        status, _, answer = self.call(GOOD | members)
        return status, answer

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("authority"))
    authority.localhost = authority.issue("DNS:localhost")
    return authority


@pytest.fixture
def latchkey(authority):
    played = PlayedLatchkey(authority.localhost)
    yield played
    played.close()


@pytest.fixture
def bank(tmp_path, latchkey, authority):
    bank = Bank(tmp_path, latchkey.url, authority.certificate)
    yield bank
    if bank.process.poll() is None:
        assert bank.end() == 0
    # Whatever happened, this is never written down.
    log = bank.log.read_text()
    for secret in (KEY, STATE, "pass_", "user_", "hunter2"):
        assert secret not in log, secret


def test_a_good_customer_gets_two_documents_by_the_three_calls_of_any_collector(bank, latchkey):
    assert bank.sign_in() == (202, {"status": "accepted"})
    eventually(latchkey.finished, 10, "it is finished")
    begin, first, second, finish = latchkey.calls
    assert (begin.method, begin.path, begin.json) == ("POST", "/api/retrievals", {"state": STATE})
    for call, sample in zip((first, second), SAMPLES):
        assert (call.method, call.path) == ("PUT", f"/api/retrievals/r1/files/{sample.name}")
        assert call.headers["content-type"] == "application/pdf" and call.body == sample.read_bytes()
    assert (finish.path, finish.json) == ("/api/retrievals/r1/finish", {"status": "success"})
    for call in latchkey.calls:
        assert call.headers["authorization"] == f"APIKEY {KEY}" and call.headers["x-request-id"] == "tests-1"
    eventually(lambda: bank.says("retrieval finished"), 5, "it says so")
    [line] = bank.says("retrieval finished")
    assert line["retrieval"] == "r1" and line["outcome"] == "success" and line["files"] == 2


def test_a_customer_with_an_error_gets_a_failure_without_documents(bank, latchkey):
    assert bank.sign_in(username="user_error") == (202, {"status": "accepted"})
    eventually(latchkey.finished, 10, "it is finished")
    assert latchkey.finished() == ["failure"] and len(latchkey.calls) == 2


def test_a_slow_customer_takes_ten_seconds_and_a_stop_waits_for_it(bank, latchkey):
    assert bank.sign_in(username="user_slow") == (202, {"status": "accepted"})
    assert bank.end() == 0
    assert latchkey.finished() == ["success"] and len(latchkey.calls) == 4
    assert latchkey.calls[-1].at - latchkey.calls[0].at >= 10
    assert not os.path.exists(bank.path)


@pytest.mark.parametrize("members", [
    {"username": "user_best"}, {"password": "hunter2"}, {"username": "", "password": ""}, {"username": "USER_GOOD"},
    {"password": "pass_good "}, {"username": "user_good\0"}, {"username": "\ud800"},
], ids=str)
def test_a_wrong_pair_is_refused_and_nothing_is_begun(bank, latchkey, members):
    assert bank.sign_in(**members) == (
        401, {"error": "invalid_credentials", "error_description": "Wrong user name or password"})
    assert not latchkey.calls
    assert bank.sign_in()[0] == 202


@pytest.mark.parametrize("refusal", [(400, "invalid_token"), (400, "invalid_request"), (409, "retrieval_finished")])
def test_a_state_that_latchkey_refuses_is_the_callers_mistake(bank, latchkey, refusal):
    latchkey.refusals = [refusal]
    status, answer = bank.sign_in()
    assert (status, answer["error"]) == (400, "invalid_state")
    assert len(latchkey.calls) == 1


def test_a_state_of_another_platform_gets_nothing_of_this_ones(bank, latchkey):
    latchkey.platform = "example-bank"
    status, answer = bank.sign_in()
    assert (status, answer["error"]) == (400, "invalid_state")
    eventually(latchkey.finished, 10, "it is finished")
    assert latchkey.finished() == ["failure"] and len(latchkey.calls) == 2


def test_a_key_that_latchkey_refuses_is_the_banks_mistake(bank, latchkey):
    latchkey.refusals = [(401, "invalid_client")]
    assert bank.sign_in()[0] == 500
    assert bank.says("the begin was refused")[0]["code"] == "invalid_client"


def test_each_call_is_repeated_while_latchkey_is_away(bank, latchkey):
    away, busy = (503, "temporarily_unavailable"), (429, "too_many_requests")
    latchkey.refusals = [away, away, None, away, busy, None, None, away, None]
    assert bank.sign_in()[0] == 202
    eventually(lambda: latchkey.finished() == ["success"] * 2, 30, "it is finished")
    assert [call.method for call in latchkey.calls] == ["POST"] * 3 + ["PUT"] * 4 + ["POST"] * 2


def test_where_latchkey_stays_away_the_user_hears_it_soon(tmp_path, authority):
    bank = Bank(tmp_path, "https://localhost:1", authority.certificate)
    status, headers, answer = bank.call(GOOD)
    assert (status, answer["error"], headers["retry-after"]) == (503, "temporarily_unavailable", "1")
    assert bank.end() == 0


def test_a_server_of_another_authority_is_not_told_the_key(tmp_path, latchkey):
    other = Authority(tmp_path / "other")
    bank = Bank(tmp_path, latchkey.url, other.certificate)
    assert bank.sign_in()[0] == 503
    assert not latchkey.calls and bank.end() == 0


@pytest.mark.parametrize("body", [
    "", "{", "[]", "null", '"state"', b"\xff\xfe", "[" * 8000, '{"state":1}', json.dumps(GOOD | {"password": None}),
    json.dumps({"username": "user_good", "password": "pass_good"}), json.dumps(GOOD | {"x": "x" * 8192}),
], ids=lambda body: str(body)[:20])
def test_what_is_no_sign_in_is_400_and_never_reaches_latchkey(bank, latchkey, body):
    status, headers, answer = bank.call(body)
    assert (status, answer["error"], headers["content-type"]) == (400, "invalid_request", "application/json")
    assert not latchkey.calls


def test_other_methods_paths_and_media_types_are_refused_in_json(bank, latchkey):
    for method in ("GET", "PUT", "DELETE", "OPTIONS", "BREW"):
        status, headers, answer = bank.call(None, method)
        assert (status, headers["allow"], answer["error"]) == (405, "POST", "method_not_allowed")
    assert bank.call(GOOD, path="/sandbox-bank/")[0] == 404
    assert bank.call(GOOD, headers={"Content-Type": "text/plain"})[0] == 415
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(bank.path)
        connection.sendall(b"no HTTP at all\r\n\r\n")
        assert b'"invalid_request"' in connection.makefile("rb").read()
    assert not latchkey.calls


def opened(bank, sent=b""):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(30)
    connection.connect(bank.path)
    connection.sendall(sent)
    return connection


@pytest.mark.parametrize("sent", [
    b"", b"POST /sandbox-bank/sign-in HTTP/1.0\r\nContent-", b"POST /sandbox-bank/sign-in HTTP/1.0\r\n"
    b"Content-Length: 100\r\n\r\n{"], ids=["nothing", "half a head", "half a body"])
def test_a_request_that_never_ends_is_dropped(bank, sent):
    with opened(bank, sent) as connection:
        # However small the pieces are in which it comes.
        for _ in range(600):
            try:
                connection.sendall(b" ")
            except OSError:
                break
            time.sleep(0.05)
        else:
            pytest.fail("it is still there")
    assert bank.sign_in()[0] == 202


def test_more_connections_than_it_serves_are_closed_and_it_serves_on(bank):
    many = [opened(bank) for _ in range(60)]
    # Some are closed without waiting for what they might say.
    closed = []
    for connection in many:
        connection.setblocking(False)
    def count():
        for connection in many:
            try:
                if connection not in closed and connection.recv(1) == b"":
                    closed.append(connection)
            except BlockingIOError:
                pass
            except ConnectionResetError:
                closed.append(connection)
        return len(closed) >= 28
    eventually(count, 4, "what is too many is closed")
    assert len(os.listdir(f"/proc/{bank.process.pid}/task")) < 40
    for connection in many:
        connection.close()
    eventually(lambda: signs_in(bank), 15, "it serves again")


def signs_in(bank):
    try:
        return bank.sign_in()[0] == 202
    except (OSError, http.client.HTTPException):
        return False


def test_it_takes_a_socket_that_is_handed_over_and_leaves_it_there(tmp_path, latchkey, authority):
    bank = Bank(tmp_path, latchkey.url, authority.certificate, hand_over=True)
    assert bank.sign_in()[0] == 202
    assert bank.end() == 0 and os.path.exists(bank.path)
    assert latchkey.finished() == ["success"]


@pytest.mark.parametrize("name", [
    "LATCHKEY_SANDBOX_URL", "LATCHKEY_COLLECTOR_KEY_FILE", "LATCHKEY_SAMPLES_FOLDER", "LATCHKEY_SANDBOX_BANK_SOCKET"])
def test_a_setting_that_is_not_there_is_asked_for(tmp_path, name):
    (tmp_path / "key").write_text(KEY)
    settings = {
        "LATCHKEY_SANDBOX_URL": "https://localhost", "LATCHKEY_COLLECTOR_KEY_FILE": str(tmp_path / "key"),
        "LATCHKEY_SAMPLES_FOLDER": str(SAMPLES[0].parent), "LATCHKEY_SANDBOX_BANK_SOCKET": str(tmp_path / "socket"),
        "PATH": os.environ["PATH"]}
    del settings[name]
    ended = subprocess.run([sys.executable, str(PROGRAM)], env=settings, capture_output=True, text=True, timeout=20)
    assert ended.returncode == 1 and name in ended.stderr
