"""Bodies, ids and headers from published lists of things that have broken other programs."""

import json
import re
import uuid

import pytest

import rawhttp


def check(answer):
    """A refusal as JSON, for what is no request or no credential."""
    assert answer.status_code in (400, 401, 413, 415), (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"error", "error_description"}
    return answer


@pytest.fixture
def counts(product, app):
    """No row of any table is made or lost by any of this."""
    def count():
        return dict(product.sql("""
            SELECT string_agg(format('SELECT %L, count(*) FROM %s', table_name, table_name), ' UNION ALL ')
              FROM (SELECT oid::regclass::text AS table_name FROM pg_class
                     WHERE relkind = 'r' AND relnamespace = 'latchkey'::regnamespace) AS tables \\gexec
            """))
    before = count()
    assert "latchkey.users" in before
    yield
    assert count() == before


def post(product, body, **headers):
    return product.post(
        product.base_url() + "/api/token", content=body, headers={"Content-Type": "application/json"} | headers)


def test_json_that_is_none_is_refused(product, counts, testdata):
    files = sorted(testdata("JSONTestSuite").glob("test_parsing/n_*.json"))
    assert len(files) > 180
    for file in files:
        body = file.read_bytes()
        answer = check(post(product, body))
        if len(body) <= 16 * 1024:
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), file.name


def test_json_of_all_kinds_is_understood(product, counts, testdata):
    files = sorted(testdata("JSONTestSuite").glob("test_parsing/y_*.json"))
    assert len(files) > 90
    missing = 0
    for file in files:
        body = file.read_bytes()
        answer = check(post(product, body))
        assert answer.status_code == 400, file.name
        text = answer.json()["error_description"]
        if isinstance(json.loads(body), dict) and not re.search(rb"duplicated_key", file.name.encode()) \
                and b"\\u0000" not in body:
            assert text == "No API key or API secret provided", file.name
            missing += 1
        else:
            assert text != "No API key or API secret provided", file.name
    assert missing >= 5


def test_json_that_programs_differ_about_is_refused_or_understood(product, counts, testdata):
    files = sorted(testdata("JSONTestSuite").glob("test_parsing/i_*.json"))
    files += sorted(testdata("JSONTestSuite").glob("test_transform/*.json"))
    assert len(files) > 50
    for file in files:
        assert check(post(product, file.read_bytes())).status_code in (400, 413), file.name


def naughty_strings(testdata):
    strings = json.loads((testdata("blns") / "blns.json").read_text())
    assert len(strings) > 500
    return strings


def injections(testdata):
    lines = []
    for file in sorted(testdata("payloads").glob("*.txt")):
        lines += file.read_text(errors="surrogateescape").splitlines()
    assert len(lines) > 300
    return [line for line in lines if line]


MEMBERS = ["api_key", "api_secret", "taiki_user_id"]


@pytest.mark.parametrize("member", MEMBERS)
@pytest.mark.parametrize("strings", [naughty_strings, injections])
def test_strings_that_have_broken_others_are_wrong_credentials(product, app, counts, testdata, member, strings):
    for text in strings(testdata):
        body = json.dumps(app.credentials | {member: text}, ensure_ascii=True)
        if text == "" and member == "taiki_user_id":
            continue  # that asks for a new user
        check(post(product, body.encode()))


@pytest.mark.parametrize("strings", [naughty_strings, injections])
def test_strings_that_have_broken_others_may_stand_in_headers_and_paths(product, counts, testdata, strings):
    requests = []
    for text in strings(testdata):
        value = re.sub(rb"[\0\r\n]", b"", text.encode(errors="surrogateescape"))[:2000]
        path = re.sub(rb"[^!-~]|[%?#]", lambda match: b"%%%02x" % match[0][0], value, flags=re.DOTALL)
        requests.append(b"POST /api/token/" + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        requests.append(
            b"POST /api/verify-token?q=" + path + b" HTTP/1.1\r\nHost: localhost\r\nUser-Agent: " + value
            + b"\r\nReferer: " + value + b"\r\nX-Request-Id: " + value + b"\r\nX-Forwarded-For: " + value
            + b"\r\nAuthorization: " + value + b"\r\n\r\n")
    for start in range(0, len(requests), 50):
        flush(product, requests[start:start + 50])


def flush(product, requests, statuses=range(400, 500)):
    """Sends many requests, on one connection as far as nginx keeps it: after one that it cannot read it closes it."""
    while requests:
        answers = rawhttp.exchange(product, b"".join(requests))
        assert answers
        for answer in answers:
            rawhttp.check_refusal(answer)
            assert answer.status in statuses
        requests = requests[len(answers):]


def published_tokens(testdata):
    """Everything that is a token in these collections, right or wrong, and the JSON forms of JWS and JWE."""
    found = set()

    def walk(value, name=None):
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(inner, key)
            if name in ("json", "json_flat"):
                found.add(json.dumps(value))
        elif isinstance(value, list):
            for inner in value:
                walk(inner, name)
        elif isinstance(value, str) and (name in ("jws", "jwe", "compact") or value.count(".") >= 2):
            found.add(value)

    for folder in ("wycheproof", "jose-cookbook", "rfc7515-appendix-a"):
        for file in sorted(testdata(folder).rglob("*.json")):
            walk(json.loads(file.read_text()))
    assert len(found) > 500
    return sorted(found)


def test_published_tokens_are_refused(product, counts, testdata):
    requests = []
    for token in published_tokens(testdata):
        value = re.sub(rb"[\0\r\n]", b" ", token.encode(errors="surrogateescape"))
        requests.append(b"POST /api/verify-token HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + value
                        + b"\r\n\r\n")
    for start in range(0, len(requests), 50):
        flush(product, requests[start:start + 50], statuses=(401, 431))
    for token in published_tokens(testdata):
        check(post(product, json.dumps({"api_key": str(uuid.uuid4()), "api_secret": token}).encode()))


def test_strings_that_have_broken_others_may_be_idempotency_keys(product, app, testdata):
    tables = product.value("SELECT count(*) FROM pg_tables")
    made = set()
    for text in injections(testdata):
        value = re.sub(r"[^!-~]", "", text)[:200]
        headers = {"Idempotency-Key": value + uuid.uuid4().hex[:8]}
        [user] = {product.issued(app, headers=headers)[1] for _ in range(2)}
        made.add((headers["Idempotency-Key"], user))
    stored = {tuple(row) for row in product.sql("SELECT key, user_id FROM latchkey.idempotency_keys")}
    assert made <= stored
    assert product.value("SELECT count(*) FROM pg_tables") == tables


@pytest.mark.parametrize("suffix", ["\0", "\0x", " ", "x", "x" * 100, "\u0000", "\u2028", "\ufeff"])
def test_no_secret_is_cut(product, app, suffix):
    for text in (app.api_secret + suffix, suffix + app.api_secret):
        assert check(product.token(app, api_secret=text)).status_code in (400, 401)
    for text in (app.api_secret[:-1], app.api_secret[:72], app.api_secret.upper()):
        if text != app.api_secret:
            assert product.token(app, api_secret=text).status_code == 401


def test_a_body_of_exactly_16_kib_is_read(product, app):
    body = json.dumps(app.credentials)
    assert post(product, (body + " " * (16384 - len(body))).encode()).status_code == 200
    assert post(product, (body + " " * (16385 - len(body))).encode()).status_code == 413


def test_a_body_in_chunks_is_a_body(product, app):
    body = json.dumps(app.credentials).encode()
    answer = product.post(
        product.base_url() + "/api/token", content=(body[index:index + 10] for index in range(0, len(body), 10)),
        headers={"Content-Type": "application/json"})
    assert answer.status_code == 200
