"""The modal's calls: a token opens it once, it finds a platform, tries it, and hears how that ends."""

import datetime
import hashlib
import json
import os
import re
import signal
import threading
import time
import uuid
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from standardwebhooks import Webhook

import processes
import rawhttp
import tokens
from collectors import (
    PLATFORM, SANDBOX_PLATFORM, check_error, documents, download, last_year, new_collector, pdf, this_year)
from linking import (
    ORIGIN, Connector, Modal, Poll, check_over, embedding_app, initialized, open_link, opened, token_row)
from linking import KEY as SESSION_KEY
from waiting import eventually

TWO = {"LATCHKEY_INSTANCES": "2"}
# To a responder whose clock is ahead of nginx's requests seem to have waited, up to what can be believed.
PATIENT = {"LATCHKEY_QUEUE_MILLISECONDS": "3000"}
TIME = "%Y-%m-%dT%H:%M:%SZ"
CONNECTED, WITH_QUERY = "connected-bank", "connected-broker"
CONNECTORS = {CONNECTED: "https://connector.example/start", WITH_QUERY: "https://connector.example/start?a=b"}


@pytest.fixture(scope="module")
def own(product):
    return embedding_app(product, "Link", ORIGIN, "http://localhost:3000")


@pytest.fixture(scope="module")
def connector(product, collector):
    """A collector, and two platforms whose sign-in is a page of its own."""
    for platform, url in CONNECTORS.items():
        product.administer("platform", "create", platform, "--name", platform.replace("-", " ").title(),
                           "--production", "--sandbox", "--connector-url", url)
    return Connector(collector)


@pytest.fixture(scope="module")
def modal(product, own):
    return opened(product, own)


def session(product, token):
    """What is kept of a token's session."""
    rows = product.sql(f"""
        SELECT opened_at IS NOT NULL, coalesce(octet_length(session_hash), 0), coalesce(origin, ''),
               coalesce(metadata, '')
          FROM latchkey.link_tokens WHERE id = '{token_row(token)}'""")
    return rows[0] if rows else None


# Opening

@pytest.mark.parametrize("mode", ["production", "sandbox"])
def test_a_token_opens_the_modal(product, own, mode):
    token = initialized(product, own, mode=mode)["temporaryToken"]
    before = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    answer = open_link(product, token, metadata={"a": 1}, mode=mode)
    assert answer.status_code == 201, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers.get_list("cache-control") == ["no-store"]
    made = answer.json()
    assert list(made) == ["session_key", "expires_at", "mode"]
    assert made["mode"] == mode
    lifetime = datetime.datetime.strptime(made["expires_at"], TIME) - before
    assert datetime.timedelta(seconds=3590) < lifetime < datetime.timedelta(seconds=3610)
    key = made["session_key"]
    assert re.fullmatch(SESSION_KEY, key)
    *kept, metadata = session(product, token)
    assert kept == ["t", "32", ORIGIN] and json.loads(metadata) == {"a": 1}
    # Neither the key nor a plain hash of it.
    [[kept]] = product.sql(
        f"SELECT encode(session_hash, 'hex') FROM latchkey.link_tokens WHERE id = '{token_row(token)}'")
    assert kept not in (hashlib.sha256(key.encode()).hexdigest(), hashlib.sha256(key[8:].encode()).hexdigest())
    # The token opens nothing more, and goes on as a token.
    assert product.verify(token, mode).status_code == 200


def test_a_token_of_the_other_endpoint_opens_it_too(product, own):
    token, user = product.issued(own, "sandbox")
    answer = open_link(product, token, origin="http://localhost:3000")
    assert answer.status_code == 201, answer.text
    assert session(product, token)[:3] == ["t", "32", "http://localhost:3000"]
    check_error(open_link(product, token), 409, "token_used")
    assert Modal(product, answer.json()["session_key"]).platforms().status_code == 200


def test_of_a_hundred_at_once_one_opens(product, own):
    for made in ("initialize-token", "token"):
        token = (initialized(product, own)["temporaryToken"] if made == "initialize-token"
                 else product.issued(own, "sandbox")[0])
        body = json.dumps({"origin": ORIGIN})
        request = (f"POST /api/link/open HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
                   f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}")
        connections = [rawhttp.connect(product, mode="sandbox", timeout=30) for _ in range(100)]
        # All but the last byte first, so that they meet.
        for connection in connections:
            connection.sendall(request[:-1].encode())
        for connection in connections:
            connection.sendall(request[-1:].encode())
        answers = [rawhttp.answers(rawhttp.read_to_end(connection, 30))[0] for connection in connections]
        for connection in connections:
            connection.close()
        winners = [answer for answer in answers if answer.status == 201]
        assert len(winners) == 1
        product.secrets.add(winners[0].json()["session_key"])
        assert {answer.json()["error"] for answer in answers if answer.status == 409} == {"token_used"}
        assert {answer.status for answer in answers} <= {201, 409, 503}
        assert sum(answer.status == 409 for answer in answers) > 50
        assert Modal(product, winners[0].json()["session_key"]).platforms().status_code == 200


def test_a_used_token_says_so_however_often(product, own):
    token = initialized(product, own)["temporaryToken"]
    first = open_link(product, token)
    assert first.status_code == 201
    for _ in range(3):
        check_error(open_link(product, token), 409, "token_used",
                    "The token has opened the modal before: get a new one each time")
    # The session goes on.
    assert Modal(product, first.json()["session_key"]).platforms().status_code == 200


def test_each_way_in_which_a_token_is_wrong_has_its_words(product, own, prepared, later, responders):
    responders.start()
    values = prepared.values("sandbox")
    good = values["TOKEN"]
    expired = ("token_expired", "The token has expired: get a new one each time the modal is opened")
    other_mode = ("wrong_mode", "The token is of the other mode")
    invalid = ("invalid_token", "The token is not valid")
    for name, words in {
            "EXPIRED_TOKEN": expired, "TOKEN_OF_OTHER_MODE": other_mode, "FORGED_TOKEN": invalid,
            "FUTURE_TOKEN": invalid, "LONG_LIVED_TOKEN": invalid, "UNKNOWN_KEY_TOKEN": invalid,
            "ALG_NONE_TOKEN": invalid, "HS512_TOKEN": invalid, "CRITICAL_TOKEN": invalid, "OTHER_TYPE_TOKEN": invalid,
            "REPEATED_TOKEN": invalid, "REFRESH_TOKEN": invalid, "AUDIENCE_TOKEN": invalid, "WITHOUT_ID_TOKEN": invalid,
            "REVOKED_TOKEN": invalid, "TOKEN_OF_DISABLED_APP": invalid, "TOKEN_OF_ERASED_USER": invalid}.items():
        check_error(open_link(product, values[name]), 401, *words)
    for header in (None, "", "Bearer", "Bearer x", "Bearer a.b.c", f"Basic {good}", good, f"Bearer {good} x",
                   "APIKEY x", f"Bearer {own.api_secret}"):
        headers = {} if header is None else {"Authorization": header}
        check_error(open_link(product, None, headers=headers), 401, "invalid_token")
    # One that was good an hour ago, though nobody made it wrong.
    token = initialized(product, own)["temporaryToken"]
    responders.stop_all()
    responders.start(later | PATIENT)
    check_error(open_link(product, token), 401, *expired)
    assert session(product, token)[0] == "f"


def test_no_token_is_looked_for_in_the_body_or_the_query(product, own):
    token = initialized(product, own)["temporaryToken"]
    answer = open_link(product, None, json={"origin": ORIGIN, "token": token, "access_token": token})
    check_error(answer, 401, "invalid_token")
    answer = product.post(product.base_url("sandbox") + f"/api/link/open?token={token}", json={"origin": ORIGIN})
    check_error(answer, 401, "invalid_token")
    assert session(product, token)[0] == "f"


def test_only_a_registered_origin_opens_it_and_another_leaves_the_token_unused(product, own):
    another = embedding_app(product, "Link, another", "https://another.example")
    token = initialized(product, own)["temporaryToken"]
    for origin in ("https://another.example", "https://evil.example", "http://planner.example", "null", "*", "x",
                   f"{ORIGIN}/", f"{ORIGIN}:443", f"{ORIGIN}:8443", ORIGIN.upper(), f"{ORIGIN}.evil.example",
                   f"https://evil.example/{ORIGIN}", f"https://sub.{ORIGIN[8:]}", f" {ORIGIN}", f"{ORIGIN} ",
                   f"{ORIGIN}\n", "http://localhost", "https://localhost:3000", "%", "x" * 10000, "\U0001f600",
                   "'; DROP TABLE latchkey.link_tokens; --"):
        answer = open_link(product, token, origin=origin)
        check_error(answer, 403, "origin_not_allowed", "The page's origin is not registered for the client app")
    assert session(product, token)[0] == "f"
    assert open_link(product, token).status_code == 201
    # Each app's are its own, and one that is taken away counts no more.
    check_error(open_link(product, initialized(product, another)["temporaryToken"]), 403, "origin_not_allowed")
    token = initialized(product, another)["temporaryToken"]
    product.administer("app", "origin", "remove", another.client_app, "https://another.example")
    check_error(open_link(product, token, origin="https://another.example"), 403, "origin_not_allowed")
    # Whatever the browser says of the request itself: the page's origin is the modal's own there.
    headers = {"Authorization": f"Bearer {initialized(product, own)['temporaryToken']}",
               "Origin": "https://evil.example"}
    assert open_link(product, None, headers=headers).status_code == 201


BODIES = {
    "nothing": b"", "no JSON": b"{", "a list": b"[]", "text": b'"x"', "no origin": b"{}", "null": b'{"origin": null}',
    "an empty origin": b'{"origin": ""}', "an origin that is a number": b'{"origin": 1}',
    "an origin that is a list": b'{"origin": ["https://planner.example"]}',
    "a member twice": b'{"origin": "https://planner.example", "origin": "https://planner.example"}',
    "NUL in an origin": b'{"origin": "https://planner.example\\u0000"}',
    "metadata that is a list": b'{"origin": "https://planner.example", "metadata": []}',
    "metadata that is text": b'{"origin": "https://planner.example", "metadata": "{}"}',
    "metadata that is a number": b'{"origin": "https://planner.example", "metadata": 1}',
    "NUL in metadata": b'{"origin": "https://planner.example", "metadata": {"a": "\\u0000"}}',
    "metadata that is too deep":
        b'{"origin": "https://planner.example", "metadata": ' + b'{"a":' * 40 + b"1" + b"}" * 41,
    "text that is no UTF-8": b'{"origin": "https://planner.example", "metadata": {"a": "\xff"}}',
}


@pytest.mark.parametrize("fault", BODIES)
def test_a_body_that_opens_nothing_is_refused_and_the_token_stays_unused(product, own, fault):
    token = initialized(product, own)["temporaryToken"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    url = product.base_url("sandbox") + "/api/link/open"
    check_error(product.post(url, content=BODIES[fault], headers=headers), 400, "invalid_request")
    assert session(product, token)[0] == "f"


def test_methods_sizes_and_types_of_opening(product, own):
    token = initialized(product, own)["temporaryToken"]
    url = product.base_url("sandbox") + "/api/link/open"
    headers = {"Authorization": f"Bearer {token}"}
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        answer = product.request(method, url, headers=headers)
        check_error(answer, 405, "method_not_allowed")
        assert answer.headers["allow"] == "POST"
    large = {"origin": ORIGIN, "metadata": {"a": "x" * 16384}}
    check_error(product.post(url, json=large, headers=headers), 413, "payload_too_large")
    for kind in ("text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "text/html"):
        answer = product.post(url, content=json.dumps({"origin": ORIGIN}).encode(),
                              headers=headers | {"Content-Type": kind})
        check_error(answer, 415, "unsupported_media_type")
    # No other site's page may call it.
    answer = product.post(url, json={"origin": ORIGIN}, headers=headers | {"Origin": "https://evil.example"})
    assert answer.status_code == 201
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("metadata", [
    '{}', '{"b": 1.50,  "a":1e400, "\\u0061\\/": "\u00e4\\u00e4",\t"": [ ]}', '{"<script>": "</script>", "x": null}',
    '{"a": "' + "x" * 15000 + '"}'], ids=range(4))
def test_metadata_is_kept_as_the_page_wrote_it(product, own, metadata):
    token = initialized(product, own)["temporaryToken"]
    body = f'{{"metadata": {metadata}, "origin": "{ORIGIN}"}}'
    answer = product.post(
        product.base_url("sandbox") + "/api/link/open", content=body.encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    assert answer.status_code == 201, answer.text
    product.secrets.add(answer.json()["session_key"])
    [[kept]] = product.sql(f"""
        SELECT encode(convert_to(metadata, 'UTF8'), 'hex')
          FROM latchkey.link_tokens WHERE id = '{token_row(token)}'""")
    assert bytes.fromhex(kept).decode() == metadata


# The session

CALLS = {
    "platforms": lambda modal, attempt: modal.platforms(),
    "attempt": lambda modal, attempt: modal.attempt(),
    "look": lambda modal, attempt: modal.look(attempt),
    "wait": lambda modal, attempt: modal.look(attempt, "waiting"),
}


def test_no_other_key_is_a_sessions(product, own, modal):
    attempt = modal.attempted()["id"]
    other_mode = opened(product, own, mode="production")
    key = modal.key
    for wrong in ("x", key[:-1], key + "x", key[:20] + ("A" if key[20] != "A" else "B") + key[21:], key.upper(),
                  key[8:], modal.token, own.api_secret, other_mode.key, "x" * 4000, f"{key} {key}"):
        for call in CALLS.values():
            check_over(call(Modal(product, wrong), attempt))
    check_over(modal_without_header(product, "/api/link/platforms"))
    for scheme in ("Basic", "APIKEY", "Token"):
        answer = product.request("GET", product.base_url("sandbox") + "/api/link/platforms",
                                 headers={"Authorization": f"{scheme} {key}"})
        check_over(answer)
    check_over(Modal(product, key, "production").platforms())
    # And it opens nothing else.
    assert product.verify(key, "sandbox").status_code == 401
    check_error(open_link(product, key), 401, "invalid_token")


def modal_without_header(product, path):
    return product.request("GET", product.base_url("sandbox") + path)


def test_a_session_ends_after_its_hour(product, own):
    modal = opened(product, own)
    attempt = modal.attempted()["id"]
    [[left]] = product.sql(f"""
        SELECT extract(epoch FROM session_expires_at - opened_at)::int
          FROM latchkey.link_tokens WHERE id = '{token_row(modal.token)}'""")
    assert left == "3600"
    product.sql(f"""
        UPDATE latchkey.link_tokens SET session_expires_at = now() WHERE id = '{token_row(modal.token)}'""")
    for call in CALLS.values():
        check_over(call(modal, attempt))


def test_a_session_outlives_its_token_and_the_key_of_hashes_that_it_was_made_under(product, own):
    modal = opened(product, own)
    product.sql(f"""
        UPDATE latchkey.link_tokens SET expires_at = now() - interval '1 minute'
         WHERE id = '{token_row(modal.token)}'""")
    assert modal.platforms().status_code == 200


def ended(product, app, modal, how):
    if how == "user erased":
        product.administer("user", "erase", modal.user, "--app", app.client_app)
    elif how == "app disabled":
        product.administer("app", "disable", app.client_app)
    else:
        product.administer("token", "revoke", input=modal.token)


@pytest.mark.parametrize("how", ["user erased", "app disabled", "token revoked"])
def test_a_session_ends_with_its_user_its_app_and_its_token(product, connector, how):
    app = embedding_app(product, f"Link, {how}")
    modal, other = opened(product, app), opened(product, app)
    attempt = modal.attempted(CONNECTED)
    assert modal.platforms().status_code == 200
    ended(product, app, modal, how)
    for call in CALLS.values():
        eventually(lambda call=call: call(modal, attempt["id"]).status_code == 401, 2, "the session is over")
        check_over(call(modal, attempt["id"]))
    # And no collector can begin for it any more.
    check_error(connector.begin_with(attempt["state"]), 400, "invalid_token")
    if how != "app disabled":
        assert other.platforms().status_code == 200
    else:
        product.administer("app", "enable", app.client_app)
        assert modal.platforms().status_code == other.platforms().status_code == 200


# Platforms

@pytest.fixture(scope="module")
def catalogue(product, connector):
    """Platforms enough for three pages, with names that mean something to somebody; the ids by name."""
    names = [f"Catalogue {number:03}" for number in range(110)]
    names += ["Catalogue 50% off", "Catalogue under_score", "Catalogue back\\slash", "Catalogue 'quoted'",
              "Catalogue Ärzte & Söhne", "Catalogue <b>bold</b>", "catalogue lower", "CATALOGUE UPPER",
              "Catalogue (.*)", "Catalogue \U0001f600"]
    made = {}
    for number, name in enumerate(names):
        made[name] = f"catalogue-{number}"
        quoted = name.replace("'", "''")
        product.sql(f"""
            SELECT latchkey_admin.create_platform(
                'tests', 'catalogue-{number}', '{quoted}', true, true, 'https://connector.example/{number}')""")
    return made


def listed(modal, query=""):
    """All pages of a listing."""
    found = []
    answer = modal.platforms(query)
    while True:
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert list(page) == ["platforms", "next"]
        assert len(page["platforms"]) == 50 or page["next"] is None
        found += page["platforms"]
        if page["next"] is None:
            return found
        assert page["next"].startswith(modal.product.base_url(modal.mode) + "/api/link/platforms?")
        answer = modal.platforms("?" + urlsplit(page["next"]).query)


def test_the_catalogue_comes_by_name_in_pages(product, modal, catalogue):
    found = listed(modal)
    for platform in found:
        assert list(platform) == ["platform", "name", "sign_in"]
    ids = [platform["platform"] for platform in found]
    assert len(ids) == len(set(ids))
    assert {*catalogue.values(), *CONNECTORS, SANDBOX_PLATFORM} <= set(ids)
    # By the small letters of the name, then by its own, then by the id.
    keys = [(one["name"].lower().encode(), one["name"].encode(), one["platform"].encode()) for one in found
            if one["name"].isascii()]
    assert keys == sorted(keys)
    assert {one["platform"]: one["sign_in"] for one in found if one["sign_in"] != "page"} == {SANDBOX_PLATFORM: "form"}
    # What nobody can sign in to is not offered.
    assert PLATFORM not in ids


def test_production_has_no_sandbox_bank(product, own, catalogue):
    found = listed(opened(product, own, mode="production"))
    assert SANDBOX_PLATFORM not in {one["platform"] for one in found}
    assert {one["sign_in"] for one in found} == {"page"}


def test_a_disabled_platform_is_not_offered(product, modal, catalogue):
    product.administer("platform", "disable", "catalogue-7")
    assert "catalogue-7" not in {one["platform"] for one in listed(modal)}
    check_error(modal.attempt("catalogue-7"), 400, "unknown_platform", "There is no such platform")
    product.administer("platform", "enable", "catalogue-7")
    assert "catalogue-7" in {one["platform"] for one in listed(modal)}


def test_a_search_finds_what_the_name_contains_and_nothing_by_patterns(product, modal, catalogue):
    everything = [one["name"] for one in listed(modal)]
    for text in ("catalogue", "CATALOGUE", "Catalogue 01", "011", "%", "_", "50%", "\\", "'", "''", "(.*)", ".*", "*",
                 "<b>", "&", "lower", "UPPER", " ", "first sandbox", "\U0001f600", "no such platform", "%%", "__",
                 "\\\\", "$", "[", "a' OR '1'='1", "catalogue-1", "; DROP TABLE latchkey.platforms; --", "+",
                 "x" * 500):
        found = [one["name"] for one in listed(modal, "?search=" + quote(text, safe=""))]
        assert found == [name for name in everything if text.lower() in name.lower()], text
    assert [one["name"] for one in listed(modal, "?search=" + quote("Ärzte & S"))] == ["Catalogue Ärzte & Söhne"]
    # Nothing, said in other ways.
    for query in ("", "?search=", "?x=1", "?SEARCH=zzz"):
        assert [one["name"] for one in listed(modal, query)] == everything, query


def test_a_search_keeps_to_itself_from_page_to_page(modal, catalogue):
    found = listed(modal, "?search=catalogue%200")
    assert [one["name"] for one in found] == [f"Catalogue {number:03}" for number in range(100)]


def test_a_query_that_is_malformed_is_refused(modal, catalogue):
    after = urlsplit(modal.platforms().json()["next"]).query.partition("after=")[2]
    for query in ("search=%ff", "search=%00", "search=a%00b", "search=a&search=b", "after=",
                  "after=x", "after=%00", "after=" + "A" * 5000, f"after={after}&after={after}", f"after={after}x",
                  f"after={after[:-1]}", f"after={after}=="):
        answer = modal.platforms("?" + query)
        if query == "after=":
            assert answer.status_code in (200, 400)
            continue
        check_error(answer, 400, "invalid_request")
    # Any other cursor shows a part of the catalogue and nothing else.
    names = {one["name"] for one in listed(modal)}
    for place in range(0, len(after), 3):
        for letter in "A_9":
            answer = modal.platforms(f"?after={after[:place]}{letter}{after[place + 1:]}")
            assert answer.status_code in (200, 400)
            assert answer.status_code == 400 or {one["name"] for one in answer.json()["platforms"]} <= names


# Attempts

def test_an_attempt_is_answered_with_its_state(product, modal, connector):
    for platform, begin in {SANDBOX_PLATFORM: None, CONNECTED: CONNECTORS[CONNECTED] + "?state=",
                            WITH_QUERY: CONNECTORS[WITH_QUERY] + "&state="}.items():
        made = modal.attempted(platform, 2020)
        assert list(made) == [
            "id", "platform", "name", "tax_year", "status", "state", "connector_url", "expires_at"]
        assert (made["platform"], made["tax_year"], made["status"]) == (platform, 2020, "waiting")
        assert uuid.UUID(made["id"]).version == 7
        claims = tokens.claims_of(made["state"])
        assert claims == {
            "token_type": "link_state", "exp": claims["iat"] + 3600, "iat": claims["iat"],
            "jti": uuid.UUID(made["id"]).hex, "mode": "sandbox"}
        assert abs(claims["iat"] - time.time()) < 30
        assert made["connector_url"] == (begin and begin + made["state"])
        if begin:
            assert parse_qs(urlsplit(made["connector_url"]).query)["state"] == [made["state"]]
        look = modal.seen(made["id"])
        assert list(look) == ["id", "platform", "name", "tax_year", "status", "finished_at", "files"]
        assert look == {name: made[name] for name in ("id", "platform", "name", "tax_year", "status")} | {
            "finished_at": None, "files": []}
    # It tells a collector nothing of who the user is.
    assert modal.user.replace("-", "") not in json.dumps(claims)


ATTEMPTS = {
    "nothing": (b"", None), "no JSON": (b"{", None), "a list": (b"[]", None),
    "no member": (b"{}", "No platform or tax year provided"),
    "no year": (b'{"platform": "first-sandbox-bank"}', "No platform or tax year provided"),
    "no platform": (b'{"tax_year": 2020}', "No platform or tax year provided"),
    "a platform that is a number": (b'{"platform": 1, "tax_year": 2020}', "platform must be a string"),
    "a year that is text": (b'{"platform": "x", "tax_year": "2020"}', "tax_year must be an integer"),
    "a year with a fraction": (b'{"platform": "x", "tax_year": 2020.5}', "tax_year must be an integer"),
    "a year long ago": (b'{"platform": "x", "tax_year": 1899}', "tax_year must be between 1900 and {this_year}"),
    "a year to come": (b'{"platform": "x", "tax_year": 9999}', "tax_year must be between 1900 and {this_year}"),
    "NUL": (b'{"platform": "a\\u0000", "tax_year": 2020}', None),
}


@pytest.mark.parametrize("fault", ATTEMPTS)
def test_a_body_that_is_no_attempt_is_refused(modal, fault):
    body, text = ATTEMPTS[fault]
    answer = modal.product.post(
        modal.product.base_url("sandbox") + "/api/link/attempts", content=body,
        headers={"Authorization": f"Bearer {modal.key}", "Content-Type": "application/json"})
    check_error(answer, 400, "invalid_request", text and text.format(this_year=this_year()))


def test_an_unknown_platform_is_no_attempt(modal, connector):
    for platform in ("nobody", PLATFORM, "FIRST-SANDBOX-BANK", f"{CONNECTED}\n", "x" * 10000, "'; --", "%"):
        check_error(modal.attempt(platform), 400, "unknown_platform", "There is no such platform")


def test_the_sandbox_bank_cannot_be_tried_in_production(product, own):
    modal = opened(product, own, mode="production")
    check_error(modal.attempt(SANDBOX_PLATFORM), 400, "unknown_platform")


def test_a_token_makes_a_hundred_attempts_and_no_more(product, own):
    modal, other = opened(product, own), opened(product, own)
    for _ in range(100):
        modal.attempted()
    answer = modal.attempt()
    assert answer.status_code == 429, answer.text
    assert answer.json()["error"] == "too_many_attempts"
    assert other.attempt().status_code == 201


def test_an_attempt_is_its_sessions_alone(product, own, modal):
    attempt = modal.attempted()["id"]
    for other in (opened(product, own), opened(product, own, user=modal.user)):
        check_error(other.look(attempt), 404, "not_found")
        check_error(other.look(attempt, "waiting"), 404, "not_found")
    for number in ("x", attempt[:-1], attempt + "0", f"{{{attempt}}}", attempt.replace("-", ""), "%20", "...",
                   str(uuid.uuid4()), "00000000-0000-0000-0000-000000000000", "%00"):
        answer = modal.look(number)
        assert answer.status_code in (400, 404), (number, answer.status_code)
        assert set(answer.json()) == {"error", "error_description"}
    assert modal.look(attempt.upper()).status_code == 200
    for seen in ("success", "x", "", "WAITING", "waiting&seen=waiting", "%ff"):
        assert modal.call("GET", f"/api/link/attempts/{attempt}?seen={seen}").status_code == 400, seen


# The collector's side

def test_an_attempt_goes_from_waiting_to_success(product, own, connector):
    modal = opened(product, own)
    attempt = modal.attempted(CONNECTED, last_year())
    answer = connector.begin_with(attempt["state"])
    assert answer.status_code == 201, answer.text
    begun = answer.json()
    assert list(begun) == ["id", "platform", "tax_year", "status", "created_at", "expires_at"]
    assert (begun["platform"], begun["tax_year"], begun["status"]) == (CONNECTED, last_year(), "open")
    assert modal.seen(attempt["id"])["status"] == "working"
    files = {"1099_INT.pdf": pdf(), "1099 ünï <b>.pdf": pdf(5000)}
    for name, content in files.items():
        connector.uploaded(begun["id"], name, content, mode="sandbox")
    finished = connector.finished(begun["id"], mode="sandbox")
    look = modal.seen(attempt["id"])
    assert (look["status"], look["finished_at"]) == ("success", finished["finished_at"])
    assert {one["file_name"]: one["total_size_bytes"] for one in look["files"]} == {
        name: len(content) for name, content in files.items()}
    assert {one["content_type"] for one in look["files"]} == {"application/pdf"}
    for one in look["files"]:
        assert list(one) == ["file_name", "content_type", "total_size_bytes"]
    # They are the user's, as any others: next year's modal begins with them.
    token = initialized(product, own, user=modal.user)["temporaryToken"]
    found = documents(product, token, "sandbox", f"?tax_year={last_year()}")
    assert {name: download(product, one["download_url"]).content for name, one in found.items()} == files


def test_an_attempt_that_fails_says_so_and_another_is_free(product, own, connector):
    modal = opened(product, own)
    attempt = modal.attempted(CONNECTED)
    connector.retrieve(attempt["state"], {"a.pdf": pdf()}, "failure")
    look = modal.seen(attempt["id"], "working")
    assert (look["status"], look["files"]) == ("failure", []) and look["finished_at"]
    again = modal.attempted(CONNECTED)
    assert again["id"] != attempt["id"]
    connector.retrieve(again["state"], {"a.pdf": pdf()})
    assert modal.seen(again["id"])["status"] == "success"
    assert modal.seen(attempt["id"])["status"] == "failure"


def test_a_state_begins_one_retrieval_of_one_collector(product, own, connector):
    modal, stranger = opened(product, own), Connector(new_collector(product, "A stranger to links"))
    attempt = modal.attempted(CONNECTED)
    retrieval = connector.begun_with(attempt["state"])
    assert connector.begun_with(attempt["state"]) == retrieval
    check_error(stranger.begin_with(attempt["state"]), 400, "invalid_token")
    check_error(stranger.finish(retrieval, mode="sandbox"), 404, "not_found")
    connector.uploaded(retrieval, "a.pdf", pdf(), mode="sandbox")
    connector.finished(retrieval, mode="sandbox")
    check_error(connector.begin_with(attempt["state"]), 409, "retrieval_finished")
    # Who has not begun it does not learn that it is over.
    check_error(stranger.begin_with(attempt["state"]), 400, "invalid_token")


def test_what_stands_beside_a_state_does_not_count(product, own, connector):
    modal = opened(product, own)
    other, other_user = product.issued(own, "sandbox")
    attempt = modal.attempted(CONNECTED, 2019)
    answer = connector.begin_with(attempt["state"], access_token=other, platform=SANDBOX_PLATFORM, tax_year=2020)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["platform"], answer.json()["tax_year"]) == (CONNECTED, 2019)
    [[user]] = product.sql(f"SELECT user_id FROM latchkey.retrievals WHERE id = '{answer.json()['id']}'")
    assert user == modal.user != other_user


def made_state(product, attempt, header=None, digest=hashlib.sha256, key=None, **changes):
    now = int(time.time())
    claims = {"token_type": "link_state", "exp": now + 3600, "iat": now, "jti": uuid.UUID(attempt).hex,
              "mode": "sandbox"} | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    return tokens.signed(claims, key or tokens.read_keys(product.key_files[0])[0], header, digest)


def test_no_other_text_is_a_state(product, own, connector):
    modal = opened(product, own)
    attempt = modal.attempted(CONNECTED)
    now = int(time.time())
    state = attempt["state"]
    head, payload, signature = state.split(".")

    def made(*words, **changes):
        return made_state(product, attempt["id"], *words, **changes)

    wrong = {
        "an access token": modal.token, "a session key": modal.key, "the attempt's id": attempt["id"],
        "nothing much": "x", "three parts": "a.b.c", "a long text": "x" * 9000, "not ASCII": "\U0001f600",
        "cut off": state[:-1], "longer": state + "A", "another signature": f"{head}.{payload}.{'A' * 43}",
        "another attempt's": f"{head}.{modal.attempted(CONNECTED)['state'].split('.')[1]}.{signature}",
        "without a signature": f"{head}.{payload}.", "of an access token's type": made(token_type="access"),
        "of no type": made(token_type=None), "of production": made(mode="production"), "of no mode": made(mode=None),
        "over": made(iat=now - 7200, exp=now - 3600), "over just now": made(iat=now - 3600, exp=now),
        "to come": made(iat=now + 600, exp=now + 1200), "without an end": made(exp=None),
        "for too long": made(exp=now + 86400), "without an attempt": made(jti=None),
        "with an attempt that is none": made(jti="x" * 32), "of nobody's attempt": made(jti=uuid.uuid4().hex),
        "with an attempt that is a number": made(jti=7), "unsigned": made({"alg": "none"}),
        "of HS512": made({"alg": "HS512"}, hashlib.sha512), "of another key": made(key=("nobody", b"k" * 32)),
        "of a key of our name": made(key=(tokens.header_of(state)["kid"], b"k" * 32)),
        "critical": made({"crit": ["exp"]}), "of another type": made({"typ": "at+jwt"}),
    }
    for name, text in wrong.items():
        answer = connector.begin_with(text)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_token"), (name, answer.text)
    for value in (1, True, [state], {"a": state}):
        check_error(connector.begin_with(value), 400, "invalid_request")
    for value in ("", None):
        check_error(connector.begin_with(value), 400, "invalid_request")
    check_error(connector.begin_with(state, "production"), 400, "invalid_token")
    assert modal.seen(attempt["id"])["status"] == "waiting"
    # Made by hand as it should be, it is one.
    assert connector.begin_with(made()).status_code == 201


def test_a_state_is_no_access_token(product, own, connector):
    modal = opened(product, own)
    state = modal.attempted(CONNECTED)["state"]
    assert product.verify(state, "sandbox").status_code == 401
    assert product.request("GET", product.base_url("sandbox") + "/api/prior-year",
                           headers={"Authorization": f"Bearer {state}"}).status_code == 401
    check_error(connector.begin(state, SANDBOX_PLATFORM, mode="sandbox"), 400, "invalid_token")
    check_error(open_link(product, state), 401, "invalid_token")
    check_over(Modal(product, state).platforms())
    assert product.latchkey("token", "inspect", input=state).returncode != 0


def test_a_state_is_over_after_an_hour_whatever_the_session_is(product, own, connector, later, responders):
    responders.start()
    modal = opened(product, own)
    attempt = modal.attempted(CONNECTED)
    responders.stop_all()
    responders.start(later | PATIENT)
    check_error(connector.begin_with(attempt["state"]), 400, "invalid_token")


def test_a_retrieval_that_is_abandoned_is_a_failure(product, own, connector):
    modal = opened(product, own)
    attempt = modal.attempted(CONNECTED)
    retrieval = connector.begun_with(attempt["state"])
    assert modal.seen(attempt["id"])["status"] == "working"
    product.sql(f"""
        UPDATE latchkey.retrievals SET created_at = created_at - interval '25 hours' WHERE id = '{retrieval}'""")
    assert product.latchkey("maintenance", "run").returncode == 0
    look = modal.seen(attempt["id"])
    assert (look["status"], look["files"]) == ("failure", [])


def test_what_is_over_is_removed_a_day_later(product, own, connector):
    modal, fresh = opened(product, own), opened(product, own)
    attempt = modal.attempted(CONNECTED)
    row = token_row(modal.token)
    for age, left in (("23 hours", "1"), ("25 hours", "0")):
        product.sql(f"""
            UPDATE latchkey.link_tokens
               SET expires_at = now() - interval '{age}', session_expires_at = now() - interval '{age}'
             WHERE id = '{row}'""")
        assert product.latchkey("maintenance", "run").returncode == 0
        assert product.value(f"SELECT count(*) FROM latchkey.link_tokens WHERE id = '{row}'") == left
        assert product.value(f"SELECT count(*) FROM latchkey.link_attempts WHERE id = '{attempt['id']}'") == left
    assert fresh.platforms().status_code == 200
    # And of a user who is erased at once.
    product.administer("user", "erase", fresh.user, "--app", own.client_app)
    assert product.value(f"SELECT count(*) FROM latchkey.link_tokens WHERE user_id = '{fresh.user}'") == "0"


# Waiting for news

def test_a_poll_returns_when_there_is_a_change(product, own, connector):
    modal = opened(product, own)
    attempt = modal.attempted(CONNECTED)
    answers = []

    def wait(seen):
        with product.client() as client:
            answers.append(modal.look(attempt["id"], seen, client))

    retrieval = None
    for seen, then in (("waiting", "working"), ("working", "success")):
        waiting = threading.Thread(target=wait, args=(seen,))
        waiting.start()
        time.sleep(1)
        assert waiting.is_alive(), "it did not wait"
        if retrieval is None:
            retrieval = connector.begun_with(attempt["state"])
        else:
            connector.finished(retrieval, mode="sandbox")
        # Long before it would have been answered anyway.
        waiting.join(timeout=10)
        answer = answers.pop()
        assert answer.status_code == 200 and answer.json()["status"] == then
    # What has changed already is told at once.
    began = time.monotonic()
    assert modal.seen(attempt["id"], "waiting")["status"] == "success"
    assert modal.seen(attempt["id"], "working")["status"] == "success"
    assert time.monotonic() - began < 20


def test_a_poll_without_news_is_answered_after_25_seconds(product, own, connector):
    modal = opened(product, own)
    attempt = modal.attempted(CONNECTED)["id"]
    name = uuid.uuid4().hex
    began = time.monotonic()
    answer = product.request(
        "GET", product.base_url("sandbox") + f"/api/link/attempts/{attempt}?seen=waiting", timeout=40,
        headers={"Authorization": f"Bearer {modal.key}", "X-Request-Id": name})
    seconds = time.monotonic() - began
    assert answer.status_code == 200 and answer.json()["status"] == "waiting"
    assert seconds > 24
    lines = eventually(lambda: [line for line in product.log_lines() if line.get("request_id") == name], 5, "its line")
    assert len(lines) == 1 and lines[0]["status"] == 200 and "reason" not in lines[0]


@pytest.fixture
def polls(product, own, connector):
    """Polls that wait: of so many sessions, eight each, and the attempts that they wait for."""
    made = []

    def begin(sessions, each=8):
        attempts = []
        for _ in range(sessions):
            modal = opened(product, own)
            attempt = modal.attempted(CONNECTED)
            attempts.append((modal, attempt))
        # One after the other without a pause: the first waits for 25 s only.
        made.extend(Poll(modal, attempt["id"]) for modal, attempt in attempts for _ in range(each))
        return made, attempts

    yield begin
    for poll in made:
        poll.leave()


def wait_until_parked(product, app):
    """Nothing shows from outside that a poll waits: so this is a time."""
    assert product.token(app, "sandbox").status_code == 200
    time.sleep(2)


def test_200_polls_wait_and_hold_no_worker(product, own, connector, polls):
    waiting, attempts = polls(25)
    assert len(waiting) == 200
    wait_until_parked(product, own)
    for _ in range(20):
        assert product.token(own, "sandbox").status_code == 200
        assert product.verify(attempts[0][0].token, "sandbox").status_code == 200
        assert attempts[0][0].platforms().status_code == 200
    for _, attempt in attempts:
        connector.begun_with(attempt["state"])
    answers = [poll.answer() for poll in waiting]
    assert {answer.status for answer in answers} == {200}
    assert {answer.json()["status"] for answer in answers} == {"working"}


def test_a_ninth_poll_of_one_session_is_refused_and_others_are_not(product, own, connector, polls):
    waiting, [(modal, attempt)] = polls(1)
    refused = eventually(lambda: [answer for answer in [modal.look(attempt["id"])] if answer.status_code == 429], 10,
                         "eight polls wait")[0]
    assert set(refused.json()) == {"error", "error_description"}
    other = opened(product, own)
    assert other.seen(other.attempted(CONNECTED)["id"])["status"] == "waiting"
    assert modal.platforms().status_code == 200
    connector.begun_with(attempt["state"])
    assert {poll.answer().status for poll in waiting} == {200}


def test_a_poll_whose_client_has_gone_leaves_nothing_behind(product, own, polls):
    waiting, _ = polls(10)
    wait_until_parked(product, own)
    before = processes.descriptors(*product.responder_pids)
    for poll in waiting:
        poll.leave()
    eventually(lambda: processes.descriptors(*product.responder_pids) <= before - len(waiting) // 2, 10,
               "their connections are closed")
    assert product.token(own, "sandbox").status_code == 200


def test_a_restart_answers_the_polls_and_loses_nothing(product, own, connector, responders, polls):
    responders.bind()
    older = responders.start(TWO)
    waiting, attempts = polls(3)
    wait_until_parked(product, own)
    newer = responders.start(TWO)
    assert older.stop() == 0
    answers = [poll.answer(within=10) for poll in waiting]
    assert {answer.status for answer in answers} == {200}
    assert {answer.json()["status"] for answer in answers} == {"waiting"}
    # The modal asks again, of the new one.
    again = [Poll(modal, attempt["id"]) for modal, attempt in attempts]
    for _, attempt in attempts:
        connector.begun_with(attempt["state"])
    assert [poll.answer().json()["status"] for poll in again] == ["working"] * len(attempts)
    assert newer.process.poll() is None


@pytest.mark.parametrize("victim", ["an instance", "all"])
def test_a_kill_while_polls_wait_loses_nothing(product, own, connector, responders, polls, victim):
    responders.bind()
    responder = responders.start(TWO)
    waiting, attempts = polls(4)
    wait_until_parked(product, own)
    instances = processes.children(responder.pid)
    if victim == "an instance":
        os.kill(instances[0], signal.SIGKILL)
        eventually(lambda: len(set(processes.children(responder.pid)) - {instances[0]}) == 2, 5, "it is replaced")
    else:
        responder.kill()
        eventually(lambda: not any(map(processes.is_running, instances)), 5, "the instances have ended, too")
        responders.start(TWO)
    for modal, attempt in attempts:
        connector.begun_with(attempt["state"])
    for poll in waiting:
        answer = poll.answer()
        assert answer.status in (200, 503), (answer.status, answer.body)
        if answer.status == 200:
            assert answer.json()["status"] == "working"
        else:
            assert answer.headers["retry-after"].isdecimal()
    # Nothing that was known is forgotten.
    for modal, attempt in attempts:
        assert modal.seen(attempt["id"], "waiting")["status"] == "working"


def test_polls_wait_on_while_the_database_is_away(product, own, connector, polls, database):
    waiting, attempts = polls(2)
    wait_until_parked(product, own)
    database.stop_postgres()
    time.sleep(2)
    database.start_postgres()
    eventually(lambda: product.token(own, "sandbox").status_code == 200, 10, "tokens are issued again")
    for _, attempt in attempts:
        connector.begun_with(attempt["state"])
    answers = [poll.answer() for poll in waiting]
    assert {answer.status for answer in answers} <= {200, 503}
    assert "working" in {answer.json().get("status") for answer in answers}


@pytest.mark.parametrize("how", ["user erased", "token revoked"])
def test_a_poll_hears_that_its_session_is_over(product, connector, how):
    app = embedding_app(product, f"Link, {how} meanwhile")
    modal = opened(product, app)
    poll = Poll(modal, modal.attempted(CONNECTED)["id"])
    wait_until_parked(product, app)
    ended(product, app, modal, how)
    # At once where the attempt has gone with its user, in time otherwise.
    answer = poll.answer(within=10 if how == "user erased" else 40)
    assert answer.status == 401 and answer.json()["error"] == "session_expired"


# The webhook

def received(receiver, path, app):
    """The one webhook there, verified as receivers do."""
    eventually(lambda: receiver.at(path), 20, f"a webhook at {path}")
    [one] = receiver.at(path)
    return one, Webhook(app.webhook_secret).verify(one.body, dict(one.headers))


def test_the_webhook_has_the_pages_metadata_and_goes_to_the_tokens_url(product, connector, receiver, sender):
    app = embedding_app(product, "Link webhooks")
    host = f"https://127.0.0.1:{receiver.port}"
    product.administer("webhook", "configure", app.client_app, "--url", f"{host}/of-app")
    metadata = {"session": "x", "n": 1.5, "é": "<script>", "nested": {"a": [1, None, True]}}
    modal = opened(product, app, metadata, webhook=f"{host}/of-token?a=b")
    attempt = modal.attempted(CONNECTED)
    content = pdf()
    connector.retrieve(attempt["state"], {"1099_INT.pdf": content}, members={"metadata": {"collector": "says"}})
    _, body = received(receiver, "/of-token?a=b", app)
    assert list(body) == ["status", "data", "files"]
    assert (body["status"], body["data"]["client_id"], body["data"]["metadata"]) == ("success", modal.user, metadata)
    [file] = body["files"]
    assert (file["file_name"], file["total_size_bytes"]) == ("1099_INT.pdf", len(content))
    assert download(product, file["download_url"]).content == content
    assert not receiver.at("/of-app")
    # A second platform of the same session is a webhook of its own.
    again = modal.attempted(WITH_QUERY)
    connector.retrieve(again["state"], {}, "failure")
    eventually(lambda: len(receiver.at("/of-token?a=b")) == 2, 20, "the second webhook")
    body = Webhook(app.webhook_secret).verify(
        receiver.at("/of-token?a=b")[1].body, dict(receiver.at("/of-token?a=b")[1].headers))
    assert (body["status"], body["files"], body["data"]["metadata"]) == ("failure", [], metadata)


def test_without_a_url_of_the_token_the_webhook_goes_to_the_apps(product, connector, receiver, sender):
    app = embedding_app(product, "Link webhooks of the app")
    product.administer(
        "webhook", "configure", app.client_app, "--url", f"https://127.0.0.1:{receiver.port}/of-app-alone")
    modal = opened(product, app, webhook=None)
    connector.retrieve(modal.attempted(CONNECTED)["state"], {"a.pdf": pdf()})
    _, body = received(receiver, "/of-app-alone", app)
    assert body["data"]["metadata"] == {}


def test_a_collector_with_the_token_itself_announces_at_its_url_too(product, connector, receiver, sender):
    app = embedding_app(product, "Link webhooks by token")
    url = f"https://127.0.0.1:{receiver.port}/by-token"
    token = initialized(product, app, url)["temporaryToken"]
    retrieval = connector.begun(token, SANDBOX_PLATFORM, mode="sandbox")
    connector.finished(retrieval, mode="sandbox", members={"metadata": {"collector": "says"}})
    _, body = received(receiver, "/by-token", app)
    assert body["data"]["metadata"] == {"collector": "says"}


# The logs

def test_nothing_of_it_is_in_any_log(product, own, connector):
    marker = uuid.uuid4().hex
    modal = opened(product, own, {"marker": marker})
    modal.platforms(f"?search={marker}")
    attempt = modal.attempted(CONNECTED)
    modal.look(attempt["id"])
    connector.begin_with(attempt["state"] + "x")
    connector.retrieve(attempt["state"], {"a.pdf": pdf()})
    open_link(product, modal.token)
    open_link(product, modal.token, origin=f"https://{marker}.example")
    Modal(product, modal.key + "x").platforms()
    last = product.token(own, headers={"X-Request-Id": uuid.uuid4().hex}).headers["x-request-id"]
    logs = [path for path in (product.state / "log").rglob("*")
            if path.is_file() and str(path) != product["RECEIVER_LOG"]]
    eventually(lambda: any(last in path.read_text(errors="replace") for path in logs if "nginx.access" in path.name), 5,
               "nginx has written what it held back")
    hidden = [marker, modal.key, modal.key[8:], modal.token, modal.token.split(".")[2], attempt["state"],
              attempt["state"].split(".")[2], own.api_secret]
    for path in logs:
        text = path.read_text(errors="replace")
        assert not [one for one in hidden if one in text], path
