"""First Sandbox Bank as deploy/try runs it: its three users, what it refuses, and its end in the midst of its work."""

import os
import signal
import subprocess
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

import processes
from collectors import SANDBOX_PLATFORM, check_error, documents, download, last_year
from linking import embedding_app, initialized, opened
from product import CHECKOUT
from waiting import eventually

SIGN_IN = "/sandbox-bank/sign-in"
SAMPLES = {path.name: path.read_bytes() for path in (CHECKOUT / "deploy/samples").glob("*.pdf")}


@pytest.fixture(scope="module")
def own(product):
    return embedding_app(product, "Bank")


@pytest.fixture
def modal(product, own):
    return opened(product, own)


def sign_in(product, state, username="user_good", password="pass_good", mode="sandbox", client=None, **request):
    members = {"state": state, "username": username, "password": password}
    request = {"json": {name: value for name, value in members.items() if value is not None}} | request
    return (client.post if client else product.post)(product.base_url(mode) + SIGN_IN, **request)


def accepted(*words, **options):
    answer = sign_in(*words, **options)
    assert (answer.status_code, answer.json()) == (202, {"status": "accepted"}), answer.text
    assert answer.headers["cache-control"] == "no-store"


def ends(modal, attempt, within=30):
    """How it ended, as the modal learns it: by polls that wait."""
    end, seen = time.monotonic() + within, "waiting"
    while seen in ("waiting", "working"):
        assert time.monotonic() < end, f"still {seen} after {within} s"
        look = modal.seen(attempt["id"], seen)
        seen = look["status"]
    return look


# Its users

def test_user_good_gets_two_samples(product, own, modal):
    attempt = modal.attempted(SANDBOX_PLATFORM, last_year())
    assert attempt["connector_url"] is None
    accepted(product, attempt["state"])
    look = ends(modal, attempt)
    assert look["status"] == "success" and look["finished_at"]
    assert {one["file_name"]: one["total_size_bytes"] for one in look["files"]} == {
        name: len(content) for name, content in SAMPLES.items()}
    assert set(SAMPLES) == {"1099_INT.pdf", "1099_DIV.pdf"}
    # Next year's token of the same user finds them.
    token = initialized(product, own, user=modal.user)["temporaryToken"]
    found = documents(product, token, "sandbox", f"?tax_year={last_year()}")
    assert {name: download(product, one["download_url"]).content for name, one in found.items()} == SAMPLES


def test_user_error_fails_and_may_try_again(product, modal):
    attempt = modal.attempted()
    accepted(product, attempt["state"], "user_error")
    look = ends(modal, attempt)
    assert (look["status"], look["files"]) == ("failure", [])
    # The attempt is over; another one is not.
    answer = sign_in(product, attempt["state"])
    assert 400 <= answer.status_code < 500 and set(answer.json()) == {"error", "error_description"}
    again = modal.attempted()
    accepted(product, again["state"])
    assert ends(modal, again)["status"] == "success"
    assert modal.seen(attempt["id"])["status"] == "failure"


def test_user_slow_takes_ten_seconds(product, modal):
    attempt = modal.attempted()
    began = time.monotonic()
    accepted(product, attempt["state"], "user_slow")
    assert modal.seen(attempt["id"])["status"] == "working", "the sign-in waits for the work"
    assert ends(modal, attempt)["status"] == "success"
    assert time.monotonic() - began > 9


def test_any_other_pair_is_wrong_and_costs_nothing(product, modal):
    attempt = modal.attempted()
    for username, password in (
            ("user_good", "pass_bad"), ("user_good", ""), ("user_good", "PASS_GOOD"), ("user_good", "pass_good "),
            ("USER_GOOD", "pass_good"), ("", "pass_good"), ("", ""), ("nobody", "pass_good"), ("user_bad", "pass_good"),
            ("user_good\0", "pass_good"), ("user_good\n", "pass_good"), ("pass_good", "user_good"),
            ("\U0001f600", "x" * 1000), ("' OR 1=1 --", "' OR 1=1 --")):
        answer = sign_in(product, attempt["state"], username, password)
        check_error(answer, 401, "invalid_credentials", "Wrong user name or password")
    assert modal.seen(attempt["id"])["status"] == "waiting"
    accepted(product, attempt["state"])
    assert ends(modal, attempt)["status"] == "success"


def test_a_wrong_state_begins_nothing(product, own, modal):
    other_mode = opened(product, own, mode="production").token
    before = product.value("SELECT count(*) FROM latchkey.retrievals")
    for state in ("", "x", "a.b.c", modal.token, modal.key, other_mode, str(uuid.uuid4()), "x" * 4000, "\U0001f600"):
        answer = sign_in(product, state)
        assert answer.status_code == 400, (state[:50], answer.text)
        assert set(answer.json()) == {"error", "error_description"}
        # Nobody learns of a state without a user.
        check_error(sign_in(product, state, password="x"), 401, "invalid_credentials")
    assert product.value("SELECT count(*) FROM latchkey.retrievals") == before


BODIES = [b"", b"{", b"[]", b"null", b'"x"', b"1", b"{}", b'{"state": 1, "username": "user_good", "password": "x"}',
          b'{"state": "x", "username": ["user_good"], "password": "pass_good"}',
          b'{"state": "x", "username": "user_good"}', b'{"state": "x", "password": "pass_good"}',
          b'{"username": "user_good", "password": "pass_good"}', b"\xff", b'{"state": "\xff"}', b"[" * 4000,
          b'{"a":' * 1000, b"state=x&username=user_good&password=pass_good"]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_body_that_is_no_sign_in_is_refused(product, body):
    answer = product.post(product.base_url("sandbox") + SIGN_IN, content=body,
                          headers={"Content-Type": "application/json"})
    check_error(answer, 400, "invalid_request")


def test_sizes_types_methods_and_the_other_mode(product, modal):
    state = modal.attempted()["state"]
    check_error(sign_in(product, state, password="x" * 8192), 413, "payload_too_large")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = product.post(product.base_url("sandbox") + SIGN_IN, content=b"{}", headers={"Content-Type": kind})
        check_error(answer, 415, "unsupported_media_type")
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        answer = product.request(method, product.base_url("sandbox") + SIGN_IN)
        check_error(answer, 405, "method_not_allowed")
        assert answer.headers["allow"] == "POST"
    assert sign_in(product, state, mode="production").status_code == 404
    for path in ("/sandbox-bank/", "/sandbox-bank", SIGN_IN + "/", SIGN_IN + "/x"):
        assert product.post(product.base_url("sandbox") + path).status_code == 404


def test_signing_in_twice_brings_the_documents_once(product, modal):
    attempt = modal.attempted()
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: sign_in(product, attempt["state"], client=product.client()), range(2)))
    assert 202 in {answer.status_code for answer in answers}
    assert {answer.status_code for answer in answers} <= {202, 400}
    look = ends(modal, attempt)
    assert look["status"] == "success" and sorted(one["file_name"] for one in look["files"]) == sorted(SAMPLES)
    assert product.value(f"SELECT count(*) FROM latchkey.retrievals WHERE user_id = '{modal.user}'") == "1"


def test_many_at_once_are_all_served_or_told_to_come_again(product, modal):
    attempts = [modal.attempted() for _ in range(40)]

    def enter(attempt):
        with product.client() as client:
            return attempt, sign_in(product, attempt["state"], client=client)

    with ThreadPoolExecutor(20) as pool:
        answered = list(pool.map(enter, attempts))
    assert {answer.status_code for _, answer in answered} <= {202, 503}
    assert all("retry-after" in answer.headers for _, answer in answered if answer.status_code == 503)
    served = [attempt for attempt, answer in answered if answer.status_code == 202]
    assert len(served) > 10
    for attempt in served:
        assert ends(modal, attempt, 60)["status"] == "success"
    for attempt, answer in answered:
        if answer.status_code == 503:
            eventually(lambda attempt=attempt: sign_in(product, attempt["state"]).status_code in (202, 400), 20,
                       "it is served later")


# Its end

class Place:
    """The bank that deploy/try started, and those in its place."""

    def __init__(self, product):
        self.product = product
        self.pid_file = product.state / "run/sandbox-bank.pid"
        self.socket = product.state / "run/sandbox-bank.sock"
        self.log = product.state / "log/sandbox-bank.log"
        self.process = None
        pairs = processes.environment(self.pid).decode().split("\0")
        self.settings = {name: value for name, _, value in (pair.partition("=") for pair in pairs)
                         if name.startswith("LATCHKEY_") or name == "PATH"}

    @property
    def pid(self):
        return int(self.pid_file.read_text())

    @property
    def runs(self):
        if self.process:
            return self.process.poll() is None
        return processes.is_running(self.pid)

    def start(self):
        # One that was killed leaves it behind.
        self.socket.unlink(missing_ok=True)
        ready = self.log.read_text().count('"ready"')
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.product.as_account(str(self.product.state / "libexec/latchkey-sandbox-bank")),
                env={"PATH": os.environ["PATH"]} | self.settings, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        # deploy/try knows by this file what to stop.
        self.pid_file.write_text(f"{self.process.pid}\n")
        eventually(lambda: self.log.read_text().count('"ready"') > ready or not self.runs, 10, "the bank is ready")
        assert self.runs, self.log.read_text()

    def end(self, number):
        """Sends a signal, and returns the exit status of one that we started."""
        os.kill(self.pid, number)
        eventually(lambda: not self.runs, 30, "the bank has ended")
        return self.process.returncode if self.process else None


@pytest.fixture
def bank(product):
    place = Place(product)
    yield place
    if not place.runs:
        place.start()


def test_a_bank_that_is_killed_in_the_midst_leaves_an_attempt_that_can_be_taken_up(product, modal, bank):
    bank.end(signal.SIGTERM)
    bank.start()
    taken_up, left = modal.attempted(), modal.attempted()
    for attempt in (taken_up, left):
        accepted(product, attempt["state"], "user_slow")
    assert bank.end(signal.SIGKILL) == -signal.SIGKILL
    for attempt in (taken_up, left):
        assert modal.seen(attempt["id"])["status"] == "working"
    # Nobody is there: nginx says so, in our words.
    answer = sign_in(product, taken_up["state"])
    check_error(answer, 503, "temporarily_unavailable")
    bank.start()
    accepted(product, taken_up["state"])
    look = ends(modal, taken_up)
    assert look["status"] == "success" and sorted(one["file_name"] for one in look["files"]) == sorted(SAMPLES)
    # The other one ends a day later.
    product.sql(f"""
        UPDATE latchkey.retrievals SET created_at = created_at - interval '25 hours'
         WHERE id = (SELECT retrieval_id FROM latchkey.link_attempts WHERE id = '{left["id"]}')""")
    assert product.latchkey("maintenance", "run").returncode == 0
    assert modal.seen(left["id"])["status"] == "failure"


def test_sigterm_lets_it_finish_what_it_has_begun(product, modal, bank):
    bank.end(signal.SIGTERM)
    bank.start()
    attempts = [modal.attempted() for _ in range(3)]
    for attempt in attempts:
        accepted(product, attempt["state"], "user_slow")
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(bank.end, signal.SIGTERM)
        eventually(lambda: sign_in(product, "x", password="x").status_code == 503, 5, "it takes no more")
        assert ended.result(timeout=40) == 0
    for attempt in attempts:
        assert modal.seen(attempt["id"])["status"] == "success"


def test_a_restart_of_latchkeyd_while_it_works_loses_nothing(product, modal, bank, responders):
    responders.bind()
    responders.start({"LATCHKEY_INSTANCES": "2"})
    attempt = modal.attempted()
    accepted(product, attempt["state"], "user_slow")
    older = responders.running[-1]
    responders.start({"LATCHKEY_INSTANCES": "2"})
    assert older.stop() == 0
    assert ends(modal, attempt, 60)["status"] == "success"


def test_its_log_holds_no_password_and_no_state(product, modal, bank):
    attempt = modal.attempted()
    password, name = f"password-{uuid.uuid4().hex}", f"user-{uuid.uuid4().hex}"
    sign_in(product, attempt["state"], name, password)
    sign_in(product, attempt["state"] + "x")
    accepted(product, attempt["state"])
    ends(modal, attempt)
    for path in (product.state / "log").rglob("*"):
        if path.is_file() and str(path) != product["RECEIVER_LOG"]:
            text = path.read_text(errors="replace")
            for hidden in (password, name, attempt["state"], attempt["state"].split(".")[2], "pass_good"):
                assert hidden not in text, path
    assert bank.log.read_text().count("\n") > 3
