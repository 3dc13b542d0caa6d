"""The link modal's paths in nginx: its page with the responder's policy, its files, its errors; and First Sandbox
Bank's. The responder is played, but where what it says itself is compared with what nginx says."""

import gzip
import os
import threading
import time

import pytest

from nginxes import another_nginx
from played import JSON, Played
from waiting import eventually

POLICY = "default-src 'none'; frame-ancestors https://a.example https://b.example:8443"
PAGE = (b"Status: 200\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n"
        b"Content-Security-Policy: " + POLICY.encode() + b"\r\nX-Accel-Redirect: /latchkey-link-page\r\n\r\n")
WAIT = "/api/link/attempts/01a1fd62-521a-7869-87cb-94db920554b6"


@pytest.fixture(scope="module")
def nginx(product):
    played = Played(product, lambda values: PAGE if values["DOCUMENT_URI"] == "/link/" else JSON)
    try:
        with another_nginx(product, sockets=played.folder) as nginx:
            nginx.played = played
            nginx.plain = played.answer
            yield nginx
    finally:
        played.close()


@pytest.fixture
def played(nginx):
    nginx.played.requests.clear()
    yield nginx.played
    nginx.played.answer = nginx.plain


def call(nginx, method, path, mode="sandbox", **request):
    with nginx.client() as client:
        return client.request(method, nginx.base_url(mode) + path, **request)


def check_page(answer):
    """What everything has that a browser shows or runs."""
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    assert "camera=()" in answer.headers["permissions-policy"] and "*" not in answer.headers["permissions-policy"]
    assert len(answer.headers.get_list("x-request-id")) == 1


@pytest.mark.parametrize("mode", ["production", "sandbox"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_page_is_the_file_with_the_responders_policy(nginx, played, mode, method):
    answer = call(nginx, method, "/link/?client_app=x", mode)
    assert answer.status_code == 200
    assert answer.headers.get_list("content-security-policy") == [POLICY]
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers.get_list("cache-control") == ["no-store"]
    assert "x-accel-redirect" not in answer.headers and "etag" not in answer.headers
    assert answer.content == ((nginx.state / "www/link/index.html").read_bytes() if method == "GET" else b"")
    check_page(answer)
    [(parameters, _)] = played.requests
    values = dict(parameters)
    assert values["QUERY_STRING"] == "client_app=x" and values["LATCHKEY_MODE"] == mode


def test_the_page_comes_by_way_of_the_responder_alone(nginx, played):
    for path in ("/latchkey-link-page", "/link/index.html", "/link", "/link?client_app=x", "/link/x/", "/link/.",
                 "/link//link.js", "/LINK/", "/www/link/index.html", "/link/%2e%2e/nginx.conf"):
        answer = call(nginx, "GET", path)
        assert answer.status_code in (400, 404) and answer.headers["content-type"] == "application/json", path
    assert not played.requests


def test_the_files_are_served_to_browsers_and_asked_for_again(nginx, played):
    files = [path for path in (nginx.state / "www/link").iterdir() if path.suffix in (".js", ".css")]
    assert len(files) >= 3
    for path in files:
        answer = call(nginx, "GET", f"/link/{path.name}?version=1")
        assert answer.status_code == 200 and answer.content == path.read_bytes(), path.name
        kind = "text/javascript" if path.suffix == ".js" else "text/css"
        assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
        assert answer.headers.get_list("cache-control") == ["no-cache"]
        check_page(answer)
        # Pages of other sites load this one, and no other.
        which = "cross-origin" if path.name == "link-initialize.js" else "same-origin"
        assert answer.headers.get_list("cross-origin-resource-policy") == [which]
        again = call(nginx, "GET", f"/link/{path.name}", headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
        refused = call(nginx, "POST", f"/link/{path.name}")
        assert refused.status_code == 405 and refused.headers["allow"] == "GET, HEAD"
        assert refused.json()["error"] == "method_not_allowed"
    assert call(nginx, "GET", "/link/nothing.js").status_code == 404
    assert not played.requests


def test_a_page_that_is_not_there_is_a_mistake_of_the_service(nginx, played):
    page = nginx.state / "www/link/index.html"
    hidden = page.rename(page.with_name("hidden"))
    try:
        answer = call(nginx, "GET", "/link/")
    finally:
        hidden.rename(page)
    assert answer.status_code == 500 and answer.json()["error"] == "server_error"


CALLS = [("POST", "/initialize-token"), ("POST", "/api/link/open"), ("GET", "/api/link/platforms?search=x&after=y"),
         ("POST", "/api/link/attempts"), ("GET", WAIT + "?seen=waiting")]


@pytest.mark.parametrize("method, path", CALLS, ids=lambda value: value.partition("?")[0])
def test_each_call_reaches_the_responder_whole(nginx, played, method, path):
    headers = {"Authorization": "Bearer k", "TAIKI-SECRET": "s", "TAIKI-USER-ID": "u"}
    answer = call(nginx, method, path, headers=headers, content=b"{}" if method == "POST" else None)
    assert answer.status_code == 200 and len(answer.headers.get_list("x-request-id")) == 1
    [(parameters, _)] = played.requests
    values = dict(parameters)
    assert values["REQUEST_METHOD"] == method and values["DOCUMENT_URI"] == path.partition("?")[0]
    assert values.get("QUERY_STRING", "") == path.partition("?")[2] and values["LATCHKEY_MODE"] == "sandbox"
    assert values["HTTP_AUTHORIZATION"] == "Bearer k" and values["HTTP_TAIKI_SECRET"] == "s"


def test_the_log_shows_paths_without_ids_and_queries(nginx, played):
    log = next(iter(sorted(nginx.state.glob("log/nginx-*.access.log"), key=os.path.getmtime, reverse=True)))
    marker = f"paths-{os.urandom(4).hex()}"
    for number, (method, path) in enumerate([*CALLS, ("GET", "/link/?client_app=x")]):
        call(nginx, method, path, headers={"X-Request-Id": f"{marker}-{number}"})
    eventually(lambda: log.read_text().count(marker) == 6, 5, "all are logged")
    # In any order: each of nginx's workers writes its own when it comes to it.
    lines = sorted(line.partition(marker)[2] for line in log.read_text().splitlines() if marker in line)
    for line, path in zip(lines, ["/initialize-token", "/api/link/open", "/api/link/platforms", "/api/link/attempts",
                                  "/api/link/attempts/*", "/link/"], strict=True):
        assert f'"path":"{path}"' in line
        assert "client_app" not in line and "01a1fd62" not in line and "search" not in line


# Errors of nginx's own, in the dialect of the path

QUICKSTART = [
    ({"content": b"x" * 16385}, 413, "The body is larger than 16384 bytes"),
    ({"content": gzip.compress(b"{}"), "headers": {"Content-Encoding": "gzip"}}, 415,
     "The body must not be compressed: leave Content-Encoding out"),
    ({"headers": [("Authorization", "a"), ("Authorization", "b")]}, 400, "Invalid request"),
]


@pytest.mark.parametrize("request_, status, sentence", QUICKSTART, ids=["large", "compressed", "header twice"])
def test_initialize_token_has_sentences_alone(nginx, played, request_, status, sentence):
    answer = call(nginx, "POST", "/initialize-token", **request_)
    assert (answer.status_code, answer.json()) == (status, {"error": sentence})
    assert not played.requests


def test_a_method_that_nginx_refuses_is_told_the_right_one(nginx, played):
    for path, methods in (("/initialize-token", "POST"), ("/api/link/open", "POST"), ("/api/link/attempts", "POST"),
                          ("/api/link/platforms", "GET"), (WAIT, "GET"), ("/link/", "GET, HEAD")):
        answer = call(nginx, "TRACE", path)
        assert answer.status_code == 405 and answer.headers["allow"] == methods, path
    assert not played.requests


def test_a_responder_that_is_away_is_503_in_the_dialect_of_the_path(nginx, played):
    played.answer = lambda values: None
    answer = call(nginx, "POST", "/initialize-token", content=b"{}")
    assert (answer.status_code, answer.json()) == (
        503, {"error": "The service is temporarily unavailable, try again later"})
    assert answer.headers["retry-after"] == "1"
    for method, path in CALLS[1:] + [("GET", "/link/")]:
        answer = call(nginx, method, path)
        assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable"), path
        assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize("request_", [
    {"method": "POST", "content": b"x" * 16385}, {"method": "GET"}, {"method": "PATCH"},
], ids=["large", "GET", "PATCH"])
def test_the_responder_has_the_same_dialect_as_nginx(product, request_):
    """Asked of the real one, whatever of the two it is that answers."""
    with product.client() as client:
        answer = client.request(url=product.base_url("sandbox") + "/initialize-token", **request_)
    expected = "The body is larger than 16384 bytes" if "content" in request_ else "The endpoint answers POST only"
    assert answer.json() == {"error": expected} and answer.status_code in (405, 413)
    assert answer.headers.get("allow") == (None if "content" in request_ else "POST")


# Waiting

def test_a_wait_is_as_long_as_the_responder_makes_it_and_others_are_not_kept(nginx, played):
    others_are_answered = threading.Event()

    def answer(values):
        if values["DOCUMENT_URI"] == WAIT:
            time.sleep(3)
            others_are_answered.wait(20)
        return JSON

    played.answer = answer
    done = []
    waiting = threading.Thread(target=lambda: done.append(call(nginx, "GET", WAIT).status_code))
    waiting.start()
    eventually(lambda: played.requests, 5, "it waits")
    assert call(nginx, "POST", "/api/link/attempts").status_code == 200 and not done
    others_are_answered.set()
    waiting.join()
    # Longer than the 1.9 s that the other endpoints have.
    assert done == [200]


def test_a_wait_that_its_instance_takes_down_with_it_begins_once_more(nginx, played):
    calls = []

    def answer(values):
        calls.append(values)
        if len(calls) > 1:
            return JSON
        time.sleep(1)
        return None

    played.answer = answer
    assert call(nginx, "GET", WAIT).status_code == 200
    # The time at which it was received is that of the second try: nothing is held against what waited on purpose.
    assert len(calls) == 2 and float(calls[1]["LATCHKEY_RECEIVED"]) - float(calls[0]["LATCHKEY_RECEIVED"]) >= 0.9


def test_one_session_has_eight_waits_and_others_are_not_kept_from_theirs(nginx, played):
    release = threading.Event()
    played.answer = lambda values: release.wait(20) and JSON
    statuses = []

    def wait(key):
        statuses.append(call(nginx, "GET", WAIT, headers={"Authorization": f"Bearer {key}"}).status_code)

    waiting = [threading.Thread(target=wait, args=("one",)) for _ in range(8)]
    waiting.append(threading.Thread(target=wait, args=("another",)))
    for thread in waiting:
        thread.start()
    eventually(lambda: len(played.requests) == 9, 5, "all wait")
    answer = call(nginx, "GET", WAIT, headers={"Authorization": "Bearer one"})
    assert answer.status_code == 429 and answer.json()["error"] == "too_many_requests"
    assert answer.headers["retry-after"] == "1"
    release.set()
    for thread in waiting:
        thread.join()
    assert statuses == [200] * 9


def test_a_key_in_other_spellings_has_no_more_waits(nginx, played):
    release = threading.Event()
    played.answer = lambda values: release.wait(20) and JSON
    statuses = []

    def wait(scheme):
        statuses.append(call(nginx, "GET", WAIT, headers={"Authorization": f"{scheme}one"}).status_code)

    # The module would not count one of more than 255 bytes.
    schemes = ["bearer ", "BEARER ", *("Bearer" + " " * count for count in (2, 3, 4, 5, 251, 252, 300, 2000))]
    waiting = [threading.Thread(target=wait, args=(scheme,)) for scheme in schemes]
    for thread in waiting:
        thread.start()
    eventually(lambda: len(statuses) == 2 and len(played.requests) == 8, 5, "eight wait, the others do not")
    assert statuses == [429] * 2
    release.set()
    for thread in waiting:
        thread.join()
    assert sorted(statuses) == [200] * 8 + [429] * 2


# First Sandbox Bank

SIGN_IN = {"state": "x", "username": "nobody", "password": "nothing"}


def test_the_banks_sign_in_is_in_the_sandbox_alone(product):
    with product.client() as client:
        answer = client.post(product.base_url("sandbox") + "/sandbox-bank/sign-in", json=SIGN_IN)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_credentials")
        assert len(answer.headers.get_list("x-request-id")) == 1
        assert client.post(product.base_url() + "/sandbox-bank/sign-in", json=SIGN_IN).status_code == 404


def test_what_nginx_refuses_for_the_bank_is_json(product):
    with product.client() as client:
        url = product.base_url("sandbox") + "/sandbox-bank/sign-in"
        for request, status, words in (
                ({"content": b"x" * 8193}, 413, "The body is larger than 8192 bytes"),
                ({"content": b"{}", "headers": {"Content-Encoding": "gzip"}}, 415, "must not be compressed")):
            answer = client.post(url, **request)
            assert answer.status_code == status and words in answer.json()["error_description"]
        assert client.get(url).status_code == 405


def test_a_bank_that_is_away_is_503(product):
    def without_a_bank(folder):
        file = folder / "nginx.conf"
        file.write_text(file.read_text().replace("/run/sandbox-bank.sock", "/run/no-bank.sock"))

    with another_nginx(product, without_a_bank) as nginx:
        answer = call(nginx, "POST", "/sandbox-bank/sign-in", json=SIGN_IN)
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert answer.headers["retry-after"] == "1"
