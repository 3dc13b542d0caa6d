"""A collector begins a retrieval and finishes it: what it may say, what it hears, and what is kept."""

import datetime
import json
import re
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

import tokens
from collectors import (
    PLATFORM, SANDBOX_PLATFORM, Collector, check_error, deliveries, documents, last_year, new_collector, pdf, place,
    staged, stored, this_year)
from waiting import eventually

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
TIME = "%Y-%m-%dT%H:%M:%SZ"
UNKNOWN = "There is no such retrieval"


@pytest.fixture(scope="module")
def user(product, app):
    """A token and its user."""
    return product.issued(app)


def post(product, collector, path, body, mode="production", **headers):
    return collector.call("POST", path, mode, content=body, headers={"Content-Type": "application/json"} | headers)


# Beginning

@pytest.mark.parametrize("mode", ["production", "sandbox"])
def test_the_answer_to_a_beginning_is_that_of_the_contract(product, app, collector, mode):
    token, _ = product.issued(app, mode)
    answer = collector.begin(token, mode=mode)
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers.get_list("cache-control") == ["no-store"]
    begun = answer.json()
    assert list(begun) == ["id", "platform", "tax_year", "status", "created_at", "expires_at"]
    assert re.fullmatch(UUID, begun["id"])
    assert (begun["platform"], begun["tax_year"], begun["status"]) == (PLATFORM, last_year(), "open")
    created, expires = (datetime.datetime.strptime(begun[name], TIME) for name in ("created_at", "expires_at"))
    assert expires - created == datetime.timedelta(hours=24)
    [row] = product.sql(f"SELECT request_id, status FROM latchkey.retrievals WHERE id = '{begun['id']}'")
    assert row == [answer.headers["x-request-id"], "open"]


BODIES = {
    "nothing": (b"", None),
    "no JSON": (b"{", None),
    "a list": (b"[]", None),
    "a member twice": (b'{"platform": "a", "platform": "a"}', None),
    "no member": (b"{}", "No access token, platform or tax year provided"),
    "no token": ({"access_token": None}, "No access token, platform or tax year provided"),
    "no platform": ({"platform": None}, "No access token, platform or tax year provided"),
    "an empty token": ({"access_token": ""}, "No access token, platform or tax year provided"),
    "an empty platform": ({"platform": ""}, "No access token, platform or tax year provided"),
    "no tax year": ({"tax_year": None}, "No access token, platform or tax year provided"),
    "a token that is a number": ({"access_token": 1}, "access_token must be a string"),
    "a platform that is a list": ({"platform": ["a"]}, "platform must be a string"),
    "a year that is text": ({"tax_year": "2024"}, "tax_year must be an integer"),
    "a year with a fraction": ({"tax_year": 2024.5}, "tax_year must be an integer"),
    "a year that is true": ({"tax_year": True}, "tax_year must be an integer"),
    "a year long ago": ({"tax_year": 1899}, "tax_year must be between 1900 and {this_year}"),
    "a year to come": ({"tax_year": this_year() + 1}, "tax_year must be between 1900 and {this_year}"),
    "a year below zero": ({"tax_year": -2024}, "tax_year must be between 1900 and {this_year}"),
    "a year beyond 64 bits": ({"tax_year": 1 << 70}, None),
    "NUL in a platform": ({"platform": "a\0"}, None),
}


@pytest.mark.parametrize("fault", BODIES)
def test_a_body_that_is_no_beginning_is_refused(product, collector, user, fault):
    body, text = BODIES[fault]
    if isinstance(body, dict):
        members = {"access_token": user[0], "platform": PLATFORM, "tax_year": last_year()} | body
        body = json.dumps({name: value for name, value in members.items() if value is not None}).encode()
    answer = post(product, collector, "/api/retrievals", body)
    check_error(answer, 400, "invalid_request", text and text.format(this_year=this_year()))


def test_the_years_at_both_ends_are_years(product, collector, user):
    for year in (1900, this_year()):
        assert collector.begin(user[0], tax_year=year).json()["tax_year"] == year


def test_an_unknown_platform_is_refused(product, app, collector, user):
    product.administer("platform", "create", "gone-bank", "--name", "Gone Bank", "--production")
    assert collector.begin(user[0], "gone-bank").status_code == 201
    product.administer("platform", "disable", "gone-bank")
    sandbox, _ = product.issued(app, "sandbox")
    # One for the sandbox alone is nowhere in production.
    for name in ("nobody", "gone-bank", SANDBOX_PLATFORM, "TESTS-BANK", "tests_bank", "x" * 65, "x" * 10000,
                 "'; DROP TABLE latchkey.platforms; --", "\U0001f600", f"{PLATFORM}\n"):
        check_error(collector.begin(user[0], name), 400, "unknown_platform", "There is no such platform")
    assert collector.begin(sandbox, SANDBOX_PLATFORM, mode="sandbox").status_code == 201
    product.administer("platform", "enable", "gone-bank")
    assert collector.begin(user[0], "gone-bank").status_code == 201


def test_a_token_that_verify_refuses_begins_nothing(product, collector, prepared):
    values = prepared.values("production")
    before = product.value("SELECT count(*) FROM latchkey.retrievals")
    for name in ("TOKEN_OF_OTHER_MODE", "EXPIRED_TOKEN", "FORGED_TOKEN", "ALG_NONE_TOKEN", "REFRESH_TOKEN",
                 "REVOKED_TOKEN", "TOKEN_OF_DISABLED_APP", "TOKEN_OF_ERASED_USER"):
        answer = collector.begin(values[name])
        check_error(answer, 400, "invalid_token", "The access token or state is not valid")
    # Signed well, for a user that nobody made, or that is another's.
    key, *_ = tokens.read_keys(product.key_files[0])
    for user in (str(uuid.uuid4()), values["USER_OF_OTHER_APP"], values["USER_OF_OTHER_MODE"]):
        made = tokens.signed(tokens.claims(values["CLIENT_APP"], user), key)
        check_error(collector.begin(made), 400, "invalid_token")
    for text in ("a.b.c", "x" * 9000, "\U0001f600"):
        assert collector.begin(text).status_code == 400
    assert product.value("SELECT count(*) FROM latchkey.retrievals") == before


# The key

def test_a_wrong_key_is_refused_whatever_it_is_for(product, collector, user):
    retrieval = collector.begun(user[0])
    # Its token and platform are wrong, too: nobody learns that without a key.
    begin = b'{"access_token": "x", "platform": "nobody", "tax_year": 2024}'
    other = new_collector(product, "Disabled")
    product.administer("collector", "disable", other.id)
    key = collector.key
    changed = key[:20] + ("A" if key[20] != "A" else "B") + key[21:]
    for value in (None, "", "APIKEY", "APIKEY a b", f"APIKEY {changed}", f"APIKEY {key[:-1]}",
                  f"APIKEY {key}x", f"APIKEY {key} {key}", f"Bearer {key}", f"Basic {key}", key, f"APIKEY{key}",
                  f"APIKEY {key.upper()}", f"APIKEY {other.key}", f"APIKEY {user[0]}", "APIKEY " + "x" * 4000):
        headers = {} if value is None else {"Authorization": value}
        for method, path, body in (
                ("POST", "/api/retrievals", begin), ("PUT", f"/api/retrievals/{retrieval}/files/a.pdf", b"x"),
                ("PUT", f"/api/retrievals/{uuid.uuid4()}/files/a.pdf", b"x" * 100000),
                ("POST", f"/api/retrievals/{retrieval}/finish", b'{"status": "success"}'),
                ("POST", f"/api/retrievals/{uuid.uuid4()}/finish", b'{"status": "success"}')):
            kind = {"Content-Type": "application/json" if method == "POST" else "application/pdf"}
            answer = product.request(method, product.base_url() + path, headers=headers | kind, content=body)
            check_error(answer, 401, "invalid_client", "Incorrect collector key provided")
            assert answer.headers["www-authenticate"] == 'APIKEY realm="api"'
    assert staged(product, retrieval) == {}
    for scheme in ("apikey", "ApiKey", "APIKEY"):
        headers = {"Authorization": f"{scheme} {key}"}
        assert collector.begin(user[0], headers=headers).status_code == 201


def test_a_disabled_collector_is_refused_in_the_midst_of_its_work_and_goes_on_once_enabled(product, user):
    own = new_collector(product, "Taken back")
    retrieval = own.begun(user[0])
    own.uploaded(retrieval, "a.pdf", pdf())
    product.administer("collector", "disable", own.id)
    for answer in (own.begin(user[0]), own.upload(retrieval, "b.pdf", pdf()), own.finish(retrieval)):
        check_error(answer, 401, "invalid_client")
    product.administer("collector", "enable", own.id)
    assert own.finished(retrieval)["document_count"] == 1


def test_a_retrieval_is_nobody_elses(product, app, collector, user):
    retrieval = collector.begun(user[0])
    stranger = new_collector(product, "A stranger")
    for who, mode, number in ((stranger, "production", retrieval), (collector, "sandbox", retrieval),
                              (collector, "production", uuid.uuid4())):
        check_error(who.upload(number, "a.pdf", pdf(), mode=mode), 404, "not_found", UNKNOWN)
        check_error(who.finish(number, mode=mode), 404, "not_found", UNKNOWN)
    assert staged(product, retrieval) == {}
    for number in ("x", retrieval[:-1], retrieval + "0", f"{{{retrieval}}}", retrieval.replace("-", ""), "%20", "..."):
        assert collector.upload(number, "a.pdf", pdf()).status_code == 404
        assert collector.finish(number).status_code == 404
    # An id is one in any case.
    collector.uploaded(retrieval.upper(), "a.pdf", pdf())
    assert collector.finished(retrieval.upper())["id"] == retrieval


# Finishing

@pytest.mark.parametrize("status", ["success", "failure"])
def test_the_answer_to_a_finish_is_the_same_again_and_again(product, app, collector, status):
    token, _ = product.issued(app)
    retrieval = collector.begun(token)
    collector.uploaded(retrieval, "a.pdf", pdf())
    answers = [collector.finish(retrieval, status) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    finished = answers[0].json()
    assert list(finished) == ["id", "status", "platform", "tax_year", "document_count", "finished_at"]
    datetime.datetime.strptime(finished.pop("finished_at"), TIME)
    assert finished == {"id": retrieval, "status": status, "platform": PLATFORM, "tax_year": last_year(),
                        "document_count": 1 if status == "success" else 0}
    other = "failure" if status == "success" else "success"
    check_error(collector.finish(retrieval, other), 409, "retrieval_finished",
                "The retrieval was finished with another status")
    check_error(collector.upload(retrieval, "b.pdf", pdf()), 409, "retrieval_finished", "The retrieval is finished")
    assert staged(product, retrieval) == {}
    assert list(documents(product, token)) == (["a.pdf"] if status == "success" else [])


FINISHES = {
    "nothing": b"", "no JSON": b"{", "a list": b"[]", "no status": b"{}", "no such status": b'{"status": "open"}',
    "a status in capitals": b'{"status": "SUCCESS"}', "a status that is a number": b'{"status": 1}',
    "a status that is null": b'{"status": null}', "metadata that is a list": b'{"status": "success", "metadata": []}',
    "metadata that is text": b'{"status": "success", "metadata": "{}"}',
    "a member twice in metadata": b'{"status": "success", "metadata": {"a": 1, "a": 1}}',
    "NUL in metadata": b'{"status": "success", "metadata": {"a": "\\u0000"}}',
    "metadata that is too deep": b'{"status": "success", "metadata": ' + b'{"a":' * 16 + b"1" + b"}" * 17,
    "text that is no UTF-8": b'{"status": "success", "metadata": {"a": "\xff"}}',
}


@pytest.mark.parametrize("fault", FINISHES)
def test_a_body_that_is_no_finish_is_refused(product, collector, user, fault):
    retrieval = collector.begun(user[0])
    answer = post(product, collector, f"/api/retrievals/{retrieval}/finish", FINISHES[fault])
    check_error(answer, 400, "invalid_request")
    assert product.value(f"SELECT status FROM latchkey.retrievals WHERE id = '{retrieval}'") == "open"


def test_metadata_is_kept_as_it_was_written(product, collector, user):
    written = '{"b": 1.50,  "a":1e400, "\\u0061\\/": "\u00e4\\u00e4",\t"": [ ]}'
    retrieval = collector.begun(user[0])
    body = f'{{"metadata": {written} , "status":"success"}}'
    assert post(product, collector, f"/api/retrievals/{retrieval}/finish", body.encode()).status_code == 200
    assert product.value(
        f"SELECT encode(convert_to(metadata, 'UTF8'), 'hex') FROM latchkey.retrievals WHERE id = '{retrieval}'"
    ) == written.encode().hex()
    # Without it, it is an empty object.
    retrieval = collector.begun(user[0])
    collector.finished(retrieval)
    assert product.value(f"SELECT metadata FROM latchkey.retrievals WHERE id = '{retrieval}'") == "{}"


def test_a_body_of_more_than_16_kib_is_refused(product, collector, user):
    retrieval = collector.begun(user[0])
    for path in ("/api/retrievals", f"/api/retrievals/{retrieval}/finish"):
        check_error(post(product, collector, path, b" " * 16385), 413, "payload_too_large")


# What comes of it

@pytest.fixture
def announced(product):
    """An app that hears of its retrievals."""
    own = product.create_app("Announced")
    product.administer("webhook", "configure", own.client_app, "--url", "https://127.0.0.1:1/hook")
    return own


@pytest.mark.parametrize("status", ["success", "failure"])
def test_a_finish_that_many_call_at_once_is_one(product, announced, collector, status):
    token, _ = product.issued(announced)
    for _ in range(5):
        retrieval = collector.begun(token)
        collector.uploaded(retrieval, "a.pdf", pdf())
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: collector.finish(retrieval, status), range(8)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        assert deliveries(product, retrieval) == 1


def test_of_two_finishes_at_once_with_different_ends_one_holds(product, announced, collector):
    token, _ = product.issued(announced)
    for _ in range(5):
        retrieval = collector.begun(token)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda status: (status, collector.finish(retrieval, status).status_code),
                                    ["success", "failure"] * 4))
        [winner] = {status for status, code in answers if code == 200}
        assert sorted(code for _, code in answers) == [200] * 4 + [409] * 4
        assert product.value(f"SELECT status FROM latchkey.retrievals WHERE id = '{retrieval}'") == winner
        assert deliveries(product, retrieval) == 1


def test_nothing_is_announced_to_an_app_without_an_address(product, app, collector, user):
    retrieval = collector.recorded(user[0], {"a.pdf": pdf()})
    assert deliveries(product, retrieval) == 0


def test_an_app_that_is_disabled_and_a_user_that_is_erased_meanwhile(product, collector):
    own = product.create_app("Taken back while it collects")
    token, user = product.issued(own)
    retrieval = collector.begun(token)
    content = pdf()
    collector.uploaded(retrieval, "a.pdf", content)
    product.administer("app", "disable", own.client_app)
    check_error(collector.begin(token), 400, "invalid_token")
    product.administer("app", "enable", own.client_app)
    product.administer("user", "erase", user, "--app", own.client_app)
    check_error(collector.begin(token), 400, "invalid_token")
    check_error(collector.upload(retrieval, "b.pdf", pdf()), 404, "not_found", UNKNOWN)
    check_error(collector.finish(retrieval), 404, "not_found", UNKNOWN)
    assert not place(product, content).exists()


def test_an_open_retrieval_is_abandoned_after_a_day_and_its_files_go(product, collector, user):
    kept, abandoned = collector.begun(user[0]), collector.begun(user[0])
    collector.uploaded(kept, "a.pdf", pdf())
    collector.uploaded(abandoned, "a.pdf", pdf())
    product.sql(f"""
        UPDATE latchkey.retrievals SET created_at = created_at - interval '24 hours 1 second'
         WHERE id = '{abandoned}'""")
    product.administer("maintenance", "run")
    check_error(collector.upload(abandoned, "b.pdf", pdf()), 404, "not_found", UNKNOWN)
    check_error(collector.finish(abandoned), 404, "not_found", UNKNOWN)
    assert staged(product, abandoned) == {} and len(staged(product, kept)) == 1
    assert product.value(f"SELECT status FROM latchkey.retrievals WHERE id = '{abandoned}'") == "abandoned"
    assert collector.finished(kept)["document_count"] == 1


def test_an_erasure_says_what_it_removed_and_leaves_what_others_need(product, app, collector):
    shared, own = pdf(), pdf()
    (token, user), (other, _) = product.issued(app), product.issued(app)
    collector.recorded(token, {"shared.pdf": shared, "own.pdf": own})
    collector.recorded(other, {"shared.pdf": shared})
    said = product.latchkey("user", "erase", user, "--app", app.client_app)
    assert said.returncode == 0, said.stderr
    assert re.search(r"\b2\b.*document", said.stdout) and re.search(r"\b1\b.*platform", said.stdout), said.stdout
    assert place(product, shared).exists() and not place(product, own).exists()
    assert product.request("GET", documents(product, other)["shared.pdf"]["download_url"]).content == shared


def test_file_names_are_in_no_log(product, app, collector):
    token, _ = product.issued(app)
    word = uuid.uuid4().hex
    names = [f"{word}.pdf", f"{word} & \u00e4.pdf"]
    collector.recorded(token, dict.fromkeys(names, b"x"))
    last = collector.begun(token)
    for name in (word + "x" * 300, f"{word}/x", f"{word}\x01"):
        collector.upload(last, name, b"x")
    for document in documents(product, token).values():
        assert product.request("GET", document["download_url"]).status_code == 200
    marker = product.request("GET", f"{product.base_url()}/nowhere").headers["x-request-id"]
    log = product.state / "log/nginx.access.log"
    eventually(lambda: marker in log.read_text(), 5, "nginx has written what it held back")
    for path in (product.state / "log").iterdir():
        # What the receiver of webhooks prints is a client's, not ours.
        if path.is_file() and str(path) != product["RECEIVER_LOG"]:
            assert word not in path.read_text(errors="replace"), path
    assert "/api/retrievals/*/files/*" in log.read_text()


# Without the database

def test_without_the_database_each_call_is_503_and_what_was_acknowledged_stays(product, app, collector, database):
    token, _ = product.issued(app)
    retrieval = collector.begun(token)
    content, second = pdf(), pdf()
    collector.uploaded(retrieval, "a.pdf", content)
    before = stored(product)
    database.stop_postgres()
    for answer in (collector.begin(token), collector.upload(retrieval, "b.pdf", second), collector.finish(retrieval)):
        check_error(answer, 503, "temporarily_unavailable")
        assert answer.headers["retry-after"].isdecimal()
    assert stored(product) == before
    database.start_postgres()
    eventually(lambda: collector.upload(retrieval, "b.pdf", second).status_code == 201, 10, "an upload is taken")
    assert collector.finished(retrieval)["document_count"] == 2
    found = documents(product, token)
    for name, one in (("a.pdf", content), ("b.pdf", second)):
        assert product.request("GET", found[name]["download_url"]).content == one


@pytest.mark.parametrize("table", ["retrieval_files", "retrievals", "documents"])
def test_a_database_that_stalls_in_the_midst_of_a_call_leaves_nothing_that_a_retry_does_not_mend(
        product, app, collector, table):
    token, _ = product.issued(app)
    retrieval = collector.begun(token)
    collector.uploaded(retrieval, "a.pdf", pdf())
    with product.locked(f"latchkey.{table}"):
        first = collector.upload(retrieval, "b.pdf", b"second").status_code
    assert first == (201 if table == "documents" else 503)
    collector.uploaded(retrieval, "b.pdf", b"second")
    with product.locked(f"latchkey.{table}"):
        # Whether it came to pass is not known: the database may do it yet.
        check_error(collector.finish(retrieval), 503, "temporarily_unavailable")
    assert collector.finished(retrieval)["document_count"] == 2
    assert set(documents(product, token)) == {"a.pdf", "b.pdf"}


def test_what_the_database_keeps_of_a_key_is_no_key(product, user):
    own = new_collector(product, "Hashed")
    [[kept]] = product.sql(f"SELECT encode(key_hash, 'hex') FROM latchkey.collectors WHERE id = '{own.id}'")
    for text in (kept, "lk_coll_" + kept):
        check_error(Collector(product, own.id, text).begin(user[0]), 401, "invalid_client")
