"""HTTP as no honest client sends it: refused as JSON, never with HTML, never with 5xx, and nothing is smuggled."""

import json
import socket
import time
import uuid

import pytest

import rawhttp
from waiting import eventually, seconds_until

HOST = b"Host: localhost\r\n"
JSON_TYPE = b"Content-Type: application/json\r\n"
TOKEN = b"POST /api/token HTTP/1.1\r\n"
VERIFY = b"POST /api/verify-token HTTP/1.1\r\n"


def heads(*lines, start=TOKEN, body=b""):
    return start + HOST + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


LONG = b"a" * 11000
CHUNK = b"400\r\n" + b"x" * 1024 + b"\r\n"

# Each: what is sent, and the status of the one answer.
REFUSED = {
    "no HTTP at all": (b"\x16\x03\x01\x02\x00 not HTTP\r\n\r\n", {400}),
    "a method with a space before it": (b" POST /api/token HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "a method in small letters": (b"post /api/token HTTP/1.1\r\n" + HOST + b"\r\n", {400, 405}),
    "a method that is a word": (heads(start=b"STEAL /api/token HTTP/1.1\r\n"), {405}),
    "TRACE": (heads(b"X-Secret: 1", start=b"TRACE /api/token HTTP/1.1\r\n"), {405}),
    "TRACE of verify": (heads(start=b"TRACE /api/verify-token HTTP/1.1\r\n"), {405}),
    "CONNECT": (b"CONNECT localhost:443 HTTP/1.1\r\n" + HOST + b"\r\n", {400, 405}),
    "version 3.0": (b"POST /api/token HTTP/3.0\r\n" + HOST + b"\r\n", {400}),
    "version 1.x": (b"POST /api/token HTTP/1.x\r\n" + HOST + b"\r\n", {400}),
    "a path without a slash": (b"POST api/token HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "a path with NUL": (b"POST /api/token\0 HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "a path with an encoded NUL": (b"POST /api/token%00 HTTP/1.1\r\n" + HOST + b"\r\n", {400, 404}),
    "a path with a broken escape": (b"POST /api/%zz HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "a path out of the root": (b"POST /../../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "a path with dots": (b"POST /api/x/../%2e%2e/etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n", {400, 404}),
    "a path with bytes above 127": (b"POST /api/\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n", {404}),
    "a path of 11 KiB": (b"POST /" + LONG + b" HTTP/1.1\r\n" + HOST + b"\r\n", {414}),
    "a query of 11 KiB": (b"POST /api/token?" + LONG + b" HTTP/1.1\r\n" + HOST + b"\r\n", {414}),
    "a header of 11 KiB": (heads(b"X-Long: " + LONG), {431}),
    "a token of 11 KiB": (heads(b"Authorization: Bearer " + LONG, start=VERIFY), {431}),
    "5,000 headers": (heads(*[b"a:"] * 5000), {400, 401, 431}),
    "100,000 headers": (heads(*[b"a:"] * 100000), {431}),
    "5,000 headers for verify": (heads(*[b"a:"] * 5000, start=VERIFY), {401, 431}),
    "600 headers of different names": (
        heads(*[b"X-%d: 1" % number for number in range(600)], start=VERIFY), {401, 431}),
    "2,000 Cookies": (heads(*[b"Cookie: a=b"] * 2000, start=VERIFY), {401, 431}),
    "a header of 10 MiB": (heads(b"X-Long: " + b"a" * (10 << 20)), {431}),
    "a name of 10 MiB": (heads(b"X" * (10 << 20) + b": 1"), {400, 431}),
    "10 MiB of headers": (heads(*[b"X-Flood: " + b"a" * 1000] * 10240), {431}),
    "headers of 60 KiB": (heads(*(b"X-%d: " % number + b"a" * 6000 for number in range(10))), {431}),
    "no Host": (b"POST /api/token HTTP/1.1\r\n\r\n", {400}),
    "two Hosts": (heads(b"Host: other"), {400}),
    "a Host with a space": (b"POST /api/token HTTP/1.1\r\nHost: local host\r\n\r\n", {400, 421}),
    "an unknown Host": (b"POST /api/token HTTP/1.1\r\nHost: example.org\r\n\r\n", {421}),
    "an unknown host in the request line": (
        b"POST https://example.org/api/token HTTP/1.1\r\nHost: localhost\r\n\r\n", {421}),
    "a header with NUL": (heads(b"X-Nul: a\0b"), {400}),
    "a header with a bare CR": (heads(b"X-Cr: a\rX-Other: b"), {400}),
    "Content-Length twice": (heads(b"Content-Length: 2", b"Content-Length: 3", body=b"{}x"), {400}),
    "Content-Length twice the same": (heads(b"Content-Length: 2", b"Content-Length: 2", body=b"{}"), {400}),
    "Content-Length as a list": (heads(b"Content-Length: 2, 2", body=b"{}"), {400}),
    "Content-Length below zero": (heads(b"Content-Length: -1"), {400}),
    "Content-Length with a sign": (heads(b"Content-Length: +2", body=b"{}"), {400}),
    "Content-Length in hexadecimal": (heads(b"Content-Length: 0x2", body=b"{}"), {400}),
    "Content-Length beyond 64 bits": (heads(b"Content-Length: 99999999999999999999"), {400, 413}),
    "Content-Length and Transfer-Encoding": (
        heads(b"Content-Length: 4", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), {400}),
    "an unknown transfer coding": (heads(b"Transfer-Encoding: gzip", body=b"{}"), {400}),
    "two transfer codings": (heads(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"), {400}),
    "Transfer-Encoding twice": (
        heads(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), {400}),
    "Transfer-Encoding in HTTP/1.0": (
        b"POST /api/token HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    "a chunk size that is no number": (heads(b"Transfer-Encoding: chunked", body=b"zz\r\n{}\r\n0\r\n\r\n"), {400}),
    "a chunk size below zero": (heads(b"Transfer-Encoding: chunked", body=b"-2\r\n{}\r\n0\r\n\r\n"), {400}),
    "a chunk size beyond 64 bits": (
        heads(b"Transfer-Encoding: chunked", body=b"fffffffffffffffff\r\n{}\r\n0\r\n\r\n"), {400, 413}),
    "a chunk that is longer than it says": (
        heads(b"Transfer-Encoding: chunked", body=b"1\r\n{}\r\n0\r\n\r\n"), {400}),
    "chunks of more than 16 KiB": (
        heads(b"Transfer-Encoding: chunked", body=b"2000\r\n" + b"x" * 8192 + b"\r\n1000\r\n" + b"x" * 4096 + b"\r\n"
              + b"2000\r\n" + b"x" * 8192 + b"\r\n0\r\n\r\n"), {413}),
    "a body of 1 MiB": (heads(b"Content-Length: 1048576", body=b"x" * 1048576), {413}),
    "a body of 10 MiB": (heads(b"Content-Length: %d" % (10 << 20), body=b"x" * (10 << 20)), {413}),
    "a body of 10 MiB for verify": (
        heads(b"Content-Length: %d" % (10 << 20), start=VERIFY, body=b"x" * (10 << 20)), {413}),
    "a body of 10 MiB for nobody": (
        heads(b"Content-Length: %d" % (10 << 20), start=b"POST /nowhere HTTP/1.1\r\n", body=b"x" * (10 << 20)),
        {404, 413}),
    "a body of 10 MiB in chunks": (
        heads(b"Transfer-Encoding: chunked", body=CHUNK * 10240 + b"0\r\n\r\n"), {413}),
    "a body of 10 MiB in one chunk": (
        heads(b"Transfer-Encoding: chunked", body=b"a00000\r\n" + b"x" * (10 << 20) + b"\r\n0\r\n\r\n"), {413}),
    "a body of 10 MiB in chunks for verify": (
        heads(b"Transfer-Encoding: chunked", start=VERIFY, body=CHUNK * 10240 + b"0\r\n\r\n"), {413}),
    "a body in chunks of a byte": (
        heads(b"Transfer-Encoding: chunked", body=b"1\r\nx\r\n" * 20000 + b"0\r\n\r\n"), {413}),
    "chunks with long extensions": (
        heads(b"Transfer-Encoding: chunked", body=(b"1;" + b"e" * 4000 + b"\r\nx\r\n") * 100 + b"0\r\n\r\n"),
        {400, 413}),
    "10,000 trailers": (
        heads(b"Transfer-Encoding: chunked", body=b"2\r\n{}\r\n0\r\n" + b"X-Trailer: 1\r\n" * 10000 + b"\r\n"),
        {400, 413}),
    "a body announced as 10 GiB": (heads(b"Content-Length: 10737418240"), {413}),
    "a compressed body": (heads(b"Content-Encoding: gzip", b"Content-Length: 2", body=b"\x1f\x8b"), {415}),
    "two Authorization headers": (
        heads(b"Authorization: Bearer a", b"Authorization: Bearer b", start=VERIFY), {400, 401}),
    "an Authorization header with bytes above 127": (heads(b"Authorization: Bearer \xff\xfe", start=VERIFY), {401}),
    "an empty Authorization header": (heads(b"Authorization:", start=VERIFY), {401}),
    "a Bearer of 300 values": (heads(b"Authorization: Bearer " + b"a " * 300, start=VERIFY), {401}),
    "two Content-Types": (
        heads(b"Content-Type: application/json", b"Content-Type: text/plain", b"Content-Length: 2", body=b"{}"),
        {400, 415}),
    "a Content-Type of control characters": (
        heads(b"Content-Type: \x01\x02\x1b[31m", b"Content-Length: 2", body=b"{}"), {400, 415}),
    "two Idempotency-Keys": (
        heads(b"Idempotency-Key: a", b"Idempotency-Key: b", b"Content-Length: 36",
              body=b'{"api_key": "a", "api_secret": "b"} '), {400}),
    "a body in HTTP/1.0 without its length": (b"POST /api/token HTTP/1.0\r\n" + HOST + b"\r\n{}", {400}),
    "an Upgrade": (heads(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__"),
                   {400}),
    "a Range": (heads(b"Range: bytes=0-1,1-2,2-3", start=VERIFY), {401}),
    "an If-Match": (heads(b"If-Match: x", start=VERIFY), {401}),
    "a Connection that drops Authorization": (
        heads(b"Connection: close, Authorization", b"Authorization: Bearer a", start=VERIFY), {401}),
}


@pytest.mark.parametrize("fault", REFUSED)
@pytest.mark.parametrize("mode", ["production", "sandbox"])
def test_it_is_refused_as_json(product, fault, mode):
    sent, statuses = REFUSED[fault]
    answer, *rest = rawhttp.exchange(product, sent, mode=mode)
    rawhttp.check_refusal(answer)
    assert answer.status in statuses, (answer.status, answer.body)
    if answer.status == 405:
        assert answer.headers["allow"] == "POST"
    # What stands behind it is not taken for a request, or is refused as well.
    for another in rest:
        rawhttp.check_refusal(another)


def test_a_header_over_two_lines_is_never_taken_for_another(product):
    for lines in ([b"Authorization: Bearer", b" a.b.c"], [b" Authorization: Bearer a.b.c"], [b"X: 1", b"\tY: 2"]):
        for answer in rawhttp.exchange(product, heads(*lines, start=VERIFY)):
            rawhttp.check_refusal(answer)


def test_a_name_with_a_space_or_underscore_is_no_header(product, app):
    token, _ = product.issued(app)
    for name in (b"Authorization ", b" Authorization", b"Authorization\t", b"HTTP_AUTHORIZATION", b"X_Authorization"):
        [answer] = rawhttp.exchange(
            product, heads(name + b": Bearer " + token.encode(), b"Connection: close", start=VERIFY))
        rawhttp.check_refusal(answer)
        assert answer.status in (400, 401)


def test_plain_http_on_the_tls_port_is_refused_as_json(product):
    [answer] = rawhttp.exchange(product, heads(), tls=False)
    rawhttp.check_refusal(answer)
    assert answer.status == 400


def test_http_0_9_is_not_served(product):
    with rawhttp.connect(product) as connection:
        connection.sendall(b"GET /api/token\r\n")
        received = rawhttp.read_to_end(connection)
    assert received is not None, "the connection was not closed"
    assert b"<" not in received, received


def smuggled(name):
    """A whole request that must never be seen as one."""
    body = b'{"api_key": "a", "api_secret": "b"}'
    return TOKEN + HOST + JSON_TYPE + b"X-Request-Id: " + name + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body


SMUGGLERS = {
    "CL.TE": lambda inner: heads(
        b"Content-Length: %d" % (len(inner) + 5), b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + inner),
    "TE.CL": lambda inner: heads(
        b"Transfer-Encoding: chunked", b"Content-Length: 4", body=b"%x\r\n" % len(inner) + inner + b"\r\n0\r\n\r\n"),
    "TE.TE with a space": lambda inner: heads(
        b"Transfer-Encoding : chunked", b"Content-Length: %d" % (len(inner) + 5), body=b"0\r\n\r\n" + inner),
    "TE.TE with a tab": lambda inner: heads(
        b"Transfer-Encoding:\tchunked", b"Content-Length: %d" % (len(inner) + 5), body=b"0\r\n\r\n" + inner),
    "TE with another value": lambda inner: heads(
        b"Transfer-Encoding: xchunked", b"Content-Length: %d" % (len(inner) + 5), body=b"0\r\n\r\n" + inner),
    "CL.CL": lambda inner: heads(
        b"Content-Length: 0", b"Content-Length: %d" % len(inner), body=inner),
    "CL with a space": lambda inner: heads(b"Content-Length : %d" % len(inner), b"Content-Length: 0", body=inner),
    "bare LF in a header": lambda inner: heads(
        b"X: 1\nContent-Length: %d" % len(inner), body=inner),
    "CL.TE, Content-Length last": lambda inner: heads(
        b"Transfer-Encoding: chunked", b"Content-Length: %d" % (len(inner) + 5), body=b"0\r\n\r\n" + inner),
    "TE over two lines": lambda inner: heads(
        b"Transfer-Encoding:", b" chunked", b"Content-Length: %d" % (len(inner) + 5), body=b"0\r\n\r\n" + inner),
    "TE with a vertical tab": lambda inner: heads(
        b"Transfer-Encoding: \x0bchunked", b"Content-Length: %d" % (len(inner) + 5), body=b"0\r\n\r\n" + inner),
    "TE after a bare CR": lambda inner: heads(
        b"X: 1\rTransfer-Encoding: chunked", b"Content-Length: %d" % (len(inner) + 5), body=b"0\r\n\r\n" + inner),
    "TE in a quoted list": lambda inner: heads(
        b"Transfer-Encoding: identity, chunked", b"Content-Length: %d" % (len(inner) + 5), body=b"0\r\n\r\n" + inner),
    "TE that Connection names": lambda inner: heads(
        b"Connection: Transfer-Encoding", b"Transfer-Encoding: chunked", b"Content-Length: %d" % (len(inner) + 5),
        body=b"0\r\n\r\n" + inner),
    "TE with an underscore": lambda inner: heads(
        b"Transfer_Encoding: chunked", b"Content-Length: 0", body=b"0\r\n\r\n" + inner),
    "TE with NUL": lambda inner: heads(
        b"Transfer-Encoding: chunked\0", b"Content-Length: %d" % (len(inner) + 5), body=b"0\r\n\r\n" + inner),
    "CL with a sign": lambda inner: heads(b"Content-Length: +0", body=inner),
    "CL with a comment": lambda inner: heads(b"Content-Length: 0;x", body=inner),
    "CL of the FastCGI parameter": lambda inner: heads(
        b"Content-Length: 2", b"CONTENT_LENGTH: %d" % len(inner), body=b"{}" + inner),
    "no CL, and a body": lambda inner: heads(body=inner),
    "a trailer that is a header": lambda inner: heads(
        b"Transfer-Encoding: chunked", body=b"2\r\n{}\r\n0\r\nContent-Length: %d\r\n\r\n" % len(inner) + inner),
    "a chunk size with a sign": lambda inner: heads(
        b"Transfer-Encoding: chunked", body=b"+0\r\n\r\n" + inner),
    "a chunk size with 0x": lambda inner: heads(b"Transfer-Encoding: chunked", body=b"0x0\r\n\r\n" + inner),
    "a chunk that ends with LF": lambda inner: heads(
        b"Transfer-Encoding: chunked", body=b"2\n{}\n0\n\n" + inner),
    "a last chunk without its end": lambda inner: heads(
        b"Transfer-Encoding: chunked", body=b"2\r\n{}\r\n0\r\nX" + inner),
    "GET with a body": lambda inner: heads(
        b"Content-Length: %d" % len(inner), start=b"GET /api/token HTTP/1.1\r\n", body=inner),
    "a chunk's extension with LF": lambda inner: heads(
        b"Transfer-Encoding: chunked", body=b"1;a\nxx\r\nx\r\n0\r\n\r\n"),
}


@pytest.mark.parametrize("trick", SMUGGLERS)
def test_no_request_is_smuggled_in_another(product, trick):
    inside = b"smuggled-" + uuid.uuid4().hex.encode()
    outside = SMUGGLERS[trick](smuggled(inside))
    after = uuid.uuid4().hex.encode()
    answers = rawhttp.exchange(product, outside)
    for answer in answers:
        rawhttp.check_refusal(answer)
    # Where nginx takes the inner one for a request of its own, it is this client's and answered to this client. It must
    # not be answered in place of another's.
    with product.client() as client:
        answer = client.post(product.base_url() + "/api/token", headers={"X-Request-Id": after.decode()})
        assert answer.headers["x-request-id"] == after.decode()
    seen = [answer for answer in answers if answer.headers["x-request-id"] == inside.decode()]
    # The line of the request after it has been written: so have all lines before.
    eventually(lambda: logged(product, after.decode()), 5, "the last request is logged")
    assert len(logged(product, inside.decode())) == len(seen)


def logged(product, name):
    return [line for line in product.log_lines() if line.get("request_id") == name]


def test_pipelined_requests_are_answered_in_order(product):
    names = [b"pipelined-%d-" % number + uuid.uuid4().hex.encode()[:8] for number in range(20)]
    answers = rawhttp.exchange(product, b"".join(map(smuggled, names)))
    assert [answer.headers["x-request-id"].encode() for answer in answers] == names
    for answer in answers:
        assert answer.json()["error"] == "invalid_client"


def test_an_id_that_could_forge_a_line_is_not_used(product):
    for value in (b"a b", b"a\"b", b"a,b", b"x" * 65, b"\xc3\xa4", b"<script>", b"a\x1b[31m", b"${jndi:ldap://a}"):
        [answer] = rawhttp.exchange(product, heads(b"X-Request-Id: " + value, b"Connection: close", start=VERIFY))
        assert answer.headers["x-request-id"].encode() != value
        assert len(answer.headers["x-request-id"]) == 32


def test_secrets_in_the_wrong_place_are_refused(product, app):
    """test_secrets.py looks whether any log kept one of them."""
    token, _ = product.issued(app)
    for secret in (app.api_secret.encode(), token.encode()):
        for sent in (
                heads(start=b"POST /api/token?api_secret=" + secret + b" HTTP/1.1\r\n"),
                heads(start=b"POST /nowhere?token=" + secret + b" HTTP/1.1\r\n"),
                heads(b"User-Agent: " + secret, b"Referer: https://localhost/?" + secret, b"Cookie: a=" + secret),
                heads(b"Authorization: Basic " + secret, start=VERIFY),
                heads(b"Authorization: Bearer " + secret + b" " + secret, start=VERIFY),
                heads(b"Authorization: Bearer " + secret, b"X-Long: " + LONG, start=VERIFY),
                heads(b"Authorization: Bearer " + secret, b"Authorization: Bearer " + secret, start=VERIFY),
                heads(b"Content-Length: 20000", body=secret + b"x" * (20000 - len(secret))),
                heads(b"Content-Length: %d" % len(secret), body=secret),
                b"POST /api/token?" + secret + b" HTTP/9.9\r\n" + HOST + b"\r\n",
                secret + b" / HTTP/1.1\r\n" + HOST + b"\r\n"):
            for answer in rawhttp.exchange(product, sent):
                rawhttp.check_refusal(answer)
                assert secret not in answer.body
        for answer in rawhttp.exchange(product, heads(start=b"POST /?" + secret + b" HTTP/1.1\r\n"), tls=False):
            rawhttp.check_refusal(answer)


def half_open(product, start, count):
    connections = []
    for _ in range(count):
        connection = rawhttp.connect(product)
        connection.sendall(start)
        connections.append(connection)
    return connections


@pytest.mark.parametrize("start", [
    TOKEN + HOST + b"X-Slow: ",
    TOKEN + HOST + JSON_TYPE + b"Content-Length: 100\r\n\r\n{",
    TOKEN + HOST + JSON_TYPE + b"Transfer-Encoding: chunked\r\n\r\n40\r\n{",
], ids=["head", "body", "chunk"])
def test_slow_requests_hold_up_nobody_and_are_closed_after_10_seconds(product, app, start):
    token, _ = product.issued(app)
    began = time.monotonic()
    connections = half_open(product, start, 100)
    try:
        for _ in range(5):
            assert seconds_until(lambda: product.verify(token).status_code == 200, 1, "a good verify") <= 1
            assert seconds_until(lambda: product.token(app).status_code == 200, 1, "a good token") <= 1
        for connection in connections:
            received = rawhttp.read_to_end(connection, within=max(0.1, 14 - (time.monotonic() - began)))
            assert received is not None, "still open after 14 s"
            assert b"<" not in received
    finally:
        for connection in connections:
            connection.close()


def test_a_client_that_resets_at_once_harms_nobody(product, app):
    for _ in range(200):
        with rawhttp.connect(product) as connection:
            connection.sendall(smuggled(b"reset"))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert product.token(app).status_code == 200


def test_expect_100_continue_is_answered(product):
    body = b'{"api_key": "a", "api_secret": "b"}'
    with rawhttp.connect(product) as connection:
        connection.sendall(heads(b"Expect: 100-continue", JSON_TYPE.strip(), b"Content-Length: %d" % len(body)))
        assert connection.recv(4096).startswith(b"HTTP/1.1 100")
        connection.sendall(body)
        received = b""
        while not (answers := rawhttp.answers(received)):
            received += connection.recv(4096)
    assert answers[0].json()["error"] == "invalid_client"


def test_nothing_says_which_version_answers(product):
    for sent, _ in list(REFUSED.values())[:10]:
        for answer in rawhttp.exchange(product, sent):
            assert answer.headers["server"] == "nginx"
            assert str(product.state) not in json.dumps(answer.headers) + answer.body.decode()


def test_no_other_path_than_the_endpoints_is_served(product):
    for path in ("/", "/livez", "/readyz", "/metrics", "/latchkey-error", "/.well-known/jwks.json", "/index.html",
                 "/nginx_status", "/api", "/api/", "//api/token", "/api//token", "/api/token/x", "/api/token%2f",
                 "/api/token.", "/api/token;x", "/API/TOKEN"):
        answer = product.post(product.base_url() + path)
        assert answer.status_code == 404, path
        assert answer.json()["error"] == "not_found"


def test_an_escaped_path_is_the_path(product):
    # RFC 3986, section 6.2.2.2: an escaped letter is the letter.
    answer = product.post(product.base_url() + "/api/%74oken")
    assert answer.status_code == 400
    rawhttp.check_refusal(rawhttp.exchange(product, b"POST /api/%74oken HTTP/1.1\r\n" + HOST + b"\r\n")[0])


def test_a_flood_of_handshakes_that_never_end_holds_up_nobody(product, app):
    connections = [rawhttp.connect(product, tls=False) for _ in range(300)]
    try:
        for connection in connections:
            connection.sendall(b"\x16\x03\x01\x02\x00\x01")
        assert seconds_until(lambda: product.token(app).status_code == 200, 2, "a good token") <= 2
    finally:
        for connection in connections:
            connection.close()


def test_after_all_that_the_service_is_well(product, app):
    eventually(lambda: product.token(app).status_code == 200, 2, "a good token")
