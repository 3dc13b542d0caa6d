"""After all other tests: no secret, token or key that they used is anywhere but where it belongs."""

import base64
import contextlib
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

import processes
import tokens
from collectors import documents
from secrets_search import Search
from waiting import eventually

pytestmark = pytest.mark.last


@pytest.fixture(scope="module")
def search(product, app, collector, tmp_path_factory):
    # A run of a few tests has used some, too.
    for mode in ("production", "sandbox"):
        token, _ = product.issued(app, mode)
        collector.recorded(token, {"a.pdf": b"%PDF"}, mode=mode)
        product.request("GET", documents(product, token, mode)["a.pdf"]["download_url"])
    made = product.administer("webhook", "secret", product.demo.client_app, "--overlap", "1h")
    derived = product.webhook_secrets()
    assert {made["webhook_secret"], product["WEBHOOK_SECRET"]} <= derived
    product.secrets |= derived
    assert len(product.secrets) > 6 and product.tokens and product.links
    return Search(product.secrets, product.tokens | product.links, tmp_path_factory.mktemp("search"))


def services(product):
    pids = [product.responder_pid, int((product.state / "run/nginx.pid").read_text()), product.postgres_pid,
            int(product["WEBHOOKS_PID"])]
    found = [one for pid in pids for one in processes.family(pid)]
    assert len(found) > 6
    return found


def texts_of(pid):
    """What anybody, and what the owner, may read of a process: its command line and its environment."""
    # A session of PostgreSQL may just have ended.
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        yield f"command line of {pid}", Path(f"/proc/{pid}/cmdline").read_bytes()
        yield f"environment of {pid}", processes.environment(pid)


def test_no_secret_token_or_key_is_in_any_log(product, search):
    name = uuid.uuid4().hex
    product.post(product.base_url() + "/api/verify-token", headers={"X-Request-Id": name})
    eventually(lambda: name in Path(product["NGINX_LOG"]).read_text(), 5, "nginx has written what it held back")
    # The receiver of webhooks is a client: its log shows what it was sent.
    logs = [path for path in (product.state / "log").rglob("*")
            if path.is_file() and str(path) != product["RECEIVER_LOG"]]
    for part in ("latchkeyd", "latchkey-webhooks", "nginx.access", "nginx.error", "postgresql"):
        assert any(path.name.startswith(part) for path in logs), part
    assert not search.in_files(logs)


def test_no_secret_token_or_key_is_in_any_other_file_of_the_services(product, search):
    """The data folder of PostgreSQL with its write-ahead log among them."""
    paths = [path for name in ("postgres", "nginx", "run") for path in (product.state / name).rglob("*")
             if path.is_file()]
    paths.append(product.state / "latchkeyd.conf")
    assert any("pg_wal" in path.parts for path in paths)
    assert not search.in_files(paths)


def dump(product, *command):
    return subprocess.run(
        [*command, "-d", product["DATABASE_URL"]], capture_output=True, check=True, timeout=120).stdout


def test_no_secret_token_or_key_is_in_a_dump_of_the_database(product, search):
    dumps = {command: dump(product, *command.split())
             for command in ("pg_dump", "pg_dump --inserts", "pg_dumpall")}
    assert all(b"client_apps" in text for text in dumps.values())
    assert not search.in_texts(dumps)


def test_no_secret_token_or_key_is_in_what_postgresql_tells_of_its_sessions(product, search):
    assert product.token(product.demo).status_code == 200
    [[shown]] = product.sql("""
        SELECT json_agg(activity)::jsonb FROM pg_stat_activity AS activity WHERE pid <> pg_backend_pid()""")
    assert "latchkey_api.token_context" in shown
    assert not search.in_texts({"pg_stat_activity": shown.encode()})


def test_no_secret_token_or_key_is_in_a_command_line_or_an_environment(product, search):
    shown = {name: text for pid in services(product) for name, text in texts_of(pid)}
    shown["ps"] = subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, check=True).stdout
    assert b"latchkeyd" in shown["ps"]
    assert not search.in_texts(shown)


# What would be found, were it there.

def planted(product):
    key = tokens.read_keys(product.key_files[0])[0][1]
    secret, token = product["API_SECRET"], next(iter(product.tokens))
    collector, webhook, link = product["COLLECTOR_KEY"], product["WEBHOOK_SECRET"], next(iter(product.links))
    return {
        "a collector's key": collector.encode(), "a collector's key without its prefix": collector[8:].encode(),
        "a webhook's secret": webhook.encode(), "a webhook's secret without its prefix": webhook[6:].encode(),
        "the bytes of a webhook's secret": base64.b64decode(webhook[6:]),
        "the bytes of a webhook's secret in hexadecimal": base64.b64decode(webhook[6:]).hex().encode(),
        "an address": link.encode(), "an address's signature": link.split(".")[2].encode(),
        "somebody else's address": b"?link=kid." + b"A" * 54 + b"." + b"B" * 43,
        "somebody else's collector key": b"lk_coll_" + b"x" * 49,
        "somebody else's session key": b"lk_link_" + b"x" * 49,
        "somebody else's webhook secret": b"whsec_" + b"x" * 43 + b"=",
        "a secret": secret.encode(), "a secret without its prefix": secret[8:].encode(),
        "a secret in hexadecimal": secret.encode().hex().encode(), "a secret in base64": base64.b64encode(
            secret.encode()), "a token": token.encode(), "a token's signature": token.split(".")[2].encode(),
        "a token's claims": token.split(".")[1].encode(),
        "a key": key, "a key in base64url": tokens.base64url(key).encode(), "a key in base64": base64.b64encode(key),
        "a key in hexadecimal": key.hex().encode(), "a key in capital hexadecimal": key.hex().upper().encode(),
        "a key in numbers": str(list(key)).encode(),
        "somebody else's token": b"eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.c29tZXRoaW5nIG9mIHNvbWUgbGVuZ3Ro",
        "somebody else's secret": b"lk_live_" + b"x" * 43,
    }


def test_the_search_finds_whatever_is_planted(product, search, tmp_path):
    clean = b'{"message":"request","status":200}\n' * 50 + bytes(range(256))
    texts = {name: clean + b"-" + text + b"-" + clean for name, text in planted(product).items()}
    assert search.in_texts(texts | {"clean": clean}) == set(texts)
    # A key with a line feed in it is no line of grep's.
    key = b"0123456789\n" + bytes(range(11, 32))
    odd = Search({tokens.base64url(key)}, set(), tmp_path)
    assert odd.in_texts({"dirty": clean + key + clean, "clean": clean}) == {"dirty"}


@pytest.mark.parametrize("place", ["argument", "environment"])
def test_the_search_finds_what_a_process_shows(product, search, place):
    secret = product["API_SECRET"]
    words = [sys.executable, "-c", "input(1)", *([secret] if place == "argument" else [])]
    environment = {"PATH": os.environ["PATH"]} | ({"SECRET": secret} if place == "environment" else {})
    with subprocess.Popen(words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        # In the midst of its exec a process shows nothing: it has begun once it prints.
        assert process.stdout.read(1) == b"1"
        assert len(search.in_texts(dict(texts_of(process.pid)))) == 1
        process.communicate(b"\n")


def test_the_search_finds_what_the_database_was_given(product, search):
    product.sql(f"CREATE TABLE public.planted AS SELECT '{product['API_SECRET']}'::text AS secret")
    try:
        assert search.in_texts({"dump": dump(product, "pg_dump")}) == {"dump"}
    finally:
        product.sql("DROP TABLE public.planted")
