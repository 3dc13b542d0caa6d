"""The calls of collectors and clients as no honest one makes them."""

import json
import re
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

import rawhttp
from collectors import check_error, last_year, pdf, sha256, staged, PLATFORM
from test_hostile_bodies import counts, injections, naughty_strings
from test_hostile_http import HOST, SMUGGLERS, TOKEN, logged, smuggled
from waiting import eventually

# A fixture there, and here as well.
counts = counts


@pytest.fixture(scope="module")
def user(product, app):
    return product.issued(app)


@pytest.fixture
def retrieval(collector, user):
    return collector.begun(user[0])


def start_of(collector, retrieval, method="PUT", path=None):
    path = path or f"/api/retrievals/{retrieval}/files/a.pdf"
    return f"{method} {path} HTTP/1.1\r\nAuthorization: APIKEY {collector.key}\r\n".encode()


def put(collector, retrieval, *lines, body=b"", path=None, method="PUT"):
    return start_of(collector, retrieval, method, path) + HOST + b"".join(line + b"\r\n" for line in lines) + b"\r\n" \
        + body


@pytest.mark.parametrize("trick", [trick for trick, make in SMUGGLERS.items() if make(b"x").startswith(TOKEN)])
def test_no_request_is_smuggled_in_an_upload(product, collector, retrieval, trick):
    inside, after = (name + uuid.uuid4().hex.encode() for name in (b"smuggled-", b"after-"))
    outside = SMUGGLERS[trick](smuggled(inside)).replace(TOKEN, start_of(collector, retrieval), 1)
    answers = rawhttp.exchange(product, outside)
    for answer in answers:
        assert answer.status == 201 or rawhttp.check_refusal(answer) is None
    with product.client() as client:
        answer = client.get(product.base_url() + "/api/prior-year", headers={"X-Request-Id": after.decode()})
        assert answer.headers["x-request-id"] == after.decode() and answer.status_code == 401
    seen = [answer for answer in answers if answer.headers["x-request-id"] == inside.decode()]
    eventually(lambda: logged(product, after.decode()), 5, "the last request is logged")
    assert len(logged(product, inside.decode())) == len(seen)
    # What is stored is what was acknowledged.
    stored = [answer.json()["sha256"] for answer in answers if answer.status == 201]
    assert list(staged(product, retrieval).values()) == stored[-1:]


def test_a_coding_of_the_content_is_refused(product, collector, retrieval):
    for coding in (b"gzip", b"br", b"deflate", b"identity, gzip", b"x"):
        [answer] = rawhttp.exchange(product, put(
            collector, retrieval, b"Content-Encoding: " + coding, b"Content-Length: 2", body=b"\x1f\x8b"))
        rawhttp.check_refusal(answer)
        assert answer.status == 415
        for path in ("/api/retrievals", f"/api/retrievals/{retrieval}/finish"):
            answer = collector.call("POST", path, "production", content=b"{}", headers={
                "Content-Encoding": coding.decode(), "Content-Type": "application/json"})
            check_error(answer, 415, "unsupported_media_type")
    assert staged(product, retrieval) == {}
    answer = collector.upload(retrieval, "a.pdf", b"x", headers={"Content-Encoding": "identity"})
    assert answer.status_code == 201


def test_a_part_of_a_file_is_not_taken_for_the_whole(product, collector, retrieval):
    answer = collector.upload(retrieval, "a.pdf", b"x", headers={"Content-Range": "bytes 5-5/6"})
    check_error(answer, 400, "invalid_request")
    assert staged(product, retrieval) == {}


def test_another_type_of_body_is_refused_where_json_is_asked_for(product, collector, retrieval):
    for path in ("/api/retrievals", f"/api/retrievals/{retrieval}/finish"):
        for text in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data"):
            answer = collector.call("POST", path, "production", content=b"{}", headers={"Content-Type": text})
            check_error(answer, 415, "unsupported_media_type")


def test_expect_100_continue_is_answered(product, collector, retrieval):
    content = pdf(100_000)
    with rawhttp.connect(product) as connection:
        connection.sendall(put(
            collector, retrieval, b"Expect: 100-continue", b"Content-Length: %d" % len(content)))
        assert connection.recv(4096).startswith(b"HTTP/1.1 100")
        connection.sendall(content)
        received = b""
        while not (answers := rawhttp.answers(received)):
            received += connection.recv(4096)
    assert answers[0].status == 201
    assert staged(product, retrieval) == {"a.pdf": sha256(content)}


def test_trailers_change_nothing(product, app, collector, retrieval, user):
    chunked = b"5\r\nhello\r\n0\r\n"
    for trailers in (b"X-A: 1\r\n", b"Authorization: APIKEY x\r\n", b"Content-Length: 1\r\n", b"Content-Type: a/b\r\n",
                     b"X-Request-Id: forged\r\n"):
        answers = rawhttp.exchange(product, put(
            collector, retrieval, b"Transfer-Encoding: chunked", b"Trailer: X-A", body=chunked + trailers + b"\r\n"))
        assert answers[0].status in (201, 400)
        if answers[0].status == 201:
            assert answers[0].json()["content_type"] == "application/octet-stream"
            assert answers[0].headers["x-request-id"] != "forged"
            assert staged(product, retrieval) == {"a.pdf": sha256(b"hello")}


def test_the_absolute_form_is_the_same_path(product, collector, retrieval):
    path = f"/api/retrievals/{retrieval}/files/a.pdf"
    [answer] = rawhttp.exchange(product, put(
        collector, retrieval, b"Content-Length: 1", body=b"x", path=f"https://localhost{path}"))
    assert (answer.status, answer.json()["file_name"]) == (201, "a.pdf")
    [answer] = rawhttp.exchange(product, put(
        collector, retrieval, b"Content-Length: 1", body=b"y", path=f"https://example.org{path}"))
    assert answer.status == 421
    assert staged(product, retrieval) == {"a.pdf": sha256(b"x")}


def test_two_authorizations_are_refused(product, collector, retrieval):
    for other in (b"APIKEY x", b"Bearer x", b"APIKEY " + collector.key.encode()):
        for method, path in (("PUT", None), ("POST", "/api/retrievals"),
                             ("POST", f"/api/retrievals/{retrieval}/finish")):
            [answer] = rawhttp.exchange(product, put(
                collector, retrieval, b"Authorization: " + other, b"Content-Length: 2", body=b"{}", path=path,
                method=method))
            rawhttp.check_refusal(answer)
            assert answer.status in (400, 401)
    assert staged(product, retrieval) == {}


def test_no_header_makes_another_method(product, collector, retrieval, user):
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method"):
        for method in ("PUT", "DELETE", "POST", "GET"):
            headers = {name: method}
            answer = collector.call(
                "POST", f"/api/retrievals/{retrieval}/files/a.pdf", "production", content=b"x", headers=headers)
            check_error(answer, 405, "method_not_allowed")
            answer = product.request("GET", f"{product.base_url()}/api/prior-year?_method={method}",
                                     headers=headers | {"Authorization": f"Bearer {user[0]}"})
            assert answer.status_code == 200
    assert staged(product, retrieval) == {}


METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "MKCOL", "MOVE", "COPY",
           "LOCK", "SEARCH", "STEAL", "get", "QUERY"]
ALLOWED = {
    "/api/token": "POST", "/api/verify-token": "POST", "/api/prior-year": "GET", "/api/retrievals": "POST",
    "/api/retrievals/{id}/files/a.pdf": "PUT", "/api/retrievals/{id}/finish": "POST", "/download/{id}": "GET, HEAD",
}


@pytest.mark.parametrize("path", ALLOWED)
def test_another_method_is_405_and_says_which(product, collector, retrieval, path):
    allowed = ALLOWED[path]
    for method in METHODS:
        if method in allowed.split(", "):
            continue
        sent = put(collector, retrieval, b"Content-Length: 2", b"Connection: close", body=b"{}", method=method,
                   path=path.format(id=retrieval))
        with rawhttp.connect(product) as connection:
            connection.sendall(sent)
            received = rawhttp.read_to_end(connection)
        head, _, body = received.partition(b"\r\n\r\n")
        answer = rawhttp.Answer(head, body)
        # Small letters are no method of HTTP's to nginx.
        if method == "get" and answer.status == 400:
            continue
        assert answer.status == 405, (method, answer.status)
        assert answer.headers["allow"] == allowed, method
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "no-store"
        assert method == "HEAD" or set(json.loads(body)) in ({"error", "error_description"}, {"detail"})
    assert staged(product, retrieval) == {}


# Bodies

def posts(collector, paths, bodies, statuses=(400, 413)):
    """Every body to every path, several at once; each is refused as JSON."""
    def post(pair):
        path, body = pair
        headers = {"Content-Type": "application/json"}
        return body, collector.call("POST", path, "production", content=body, headers=headers)

    with ThreadPoolExecutor(4) as pool:
        for body, answer in pool.map(post, [(path, body) for path in paths for body in bodies]):
            assert answer.status_code in statuses, (body[:100], answer.status_code, answer.text)
            assert answer.headers["content-type"] == "application/json"
            assert set(answer.json()) == {"error", "error_description"}


def test_json_of_all_kinds_that_is_no_such_body_is_refused(product, collector, retrieval, counts, testdata):
    suite = testdata("JSONTestSuite")
    files = sorted([*suite.glob("test_parsing/*.json"), *suite.glob("test_transform/*.json")])
    assert len(files) > 300
    posts(collector, ["/api/retrievals", f"/api/retrievals/{retrieval}/finish"], [file.read_bytes() for file in files])


@pytest.mark.parametrize("strings", [naughty_strings, injections])
def test_strings_that_have_broken_others_are_no_platform_token_or_status(
        product, collector, user, retrieval, counts, testdata, strings):
    texts = strings(testdata)
    begins = [{"access_token": user[0], "platform": PLATFORM, "tax_year": last_year()} | {member: text}
              for member in ("access_token", "platform", "tax_year") for text in texts]
    posts(collector, ["/api/retrievals"], [json.dumps(body).encode() for body in begins])
    posts(collector, [f"/api/retrievals/{retrieval}/finish"],
          [json.dumps({"status": text}).encode() for text in texts] + [
              json.dumps({"status": "success", "metadata": text}).encode() for text in texts])


def test_strings_that_have_broken_others_are_metadata(product, collector, user, testdata):
    texts = [text for text in [*naughty_strings(testdata), *injections(testdata)] if "\0" not in text]
    kept = {}
    # Many at once: a string each would take as many retrievals.
    for start in range(0, len(texts), 40):
        members = {f"{number} {text[:50]}": text for number, text in enumerate(texts[start:start + 40])}
        written = json.dumps(members, ensure_ascii=start % 80 == 0)
        if len(written.encode("utf-8", "replace")) > 16000 or re.search("[\ud800-\udfff]", written):
            continue
        number = collector.begun(user[0])
        answer = collector.call(
            "POST", f"/api/retrievals/{number}/finish", "production", headers={"Content-Type": "application/json"},
            content=f'{{"status": "success", "metadata": {written}}}'.encode())
        assert answer.status_code == 200, answer.text
        kept[number] = written
    assert len(kept) > 10
    for number, written in kept.items():
        assert product.value(
            f"SELECT encode(convert_to(metadata, 'UTF8'), 'hex') FROM latchkey.retrievals WHERE id = '{number}'"
        ) == written.encode().hex()


@pytest.mark.parametrize("strings", [naughty_strings, injections])
def test_strings_that_have_broken_others_are_no_key_no_path_and_no_address(
        product, collector, retrieval, testdata, strings):
    requests = []
    for text in strings(testdata):
        value = re.sub(rb"[\0\r\n]", b"", text.encode(errors="surrogateescape"))[:1000]
        path = re.sub(rb"[^!-~]|[%?#]", lambda match: b"%%%02x" % match[0][0], value, flags=re.DOTALL)
        lines = b" HTTP/1.1\r\nHost: localhost\r\nAuthorization: APIKEY " + value + b"\r\n"
        requests += [
            b"PUT /api/retrievals/" + retrieval.encode() + b"/files/a" + lines + b"Content-Length: 1\r\n\r\nx",
            b"PUT /api/retrievals/" + path + b"/files/a" + lines + b"Content-Length: 1\r\n\r\nx",
            b"POST /api/retrievals" + lines + b"Content-Length: 2\r\n\r\n{}",
            b"GET /download/" + path + b"?link=" + path + lines + b"\r\n",
            b"GET /download/" + str(uuid.uuid4()).encode() + b"?link=" + path + lines + b"\r\n",
            b"GET /api/prior-year?after=" + path + b"&tax_year=" + path + lines + b"\r\n",
        ]
    while requests:
        answers = rawhttp.exchange(product, b"".join(requests[:60]))
        assert answers
        for answer in answers:
            rawhttp.check_refusal(answer)
        requests = requests[len(answers):]
    assert staged(product, retrieval) == {}
