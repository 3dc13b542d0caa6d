"""Webhooks: what receivers get, what they may do to us, and where nothing is sent."""

import json
import socket
import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

import processes
from receivers import Authority, Receiver
from waiting import eventually


def url(receiver, path="/", host="127.0.0.1"):
    return f"https://{host}:{receiver.port}{path}"


def verified(received, secret):
    """The body, by the library that receivers use."""
    return Webhook(secret).verify(received.body, dict(received.headers))


# What is sent


def test_success(sender, receiver, announcements, product):
    app, user, secret = announcements.app(url(receiver, "/hooks?a=b"))
    metadata = '{"session": "x",  "n": 1.50, "é": "\\u00e9"}'
    [delivery] = announcements.finish(
        app, user, metadata=metadata, files=[("1099_INT.pdf", 48213), ("1099 ünï.pdf", 7)])
    announcements.within(delivery, state="delivered", attempts=1, status=204)
    [received] = receiver.at("/hooks?a=b")
    body = verified(received, secret)
    assert list(body) == ["status", "data", "files"]
    assert list(body["data"]) == ["id", "client_id", "metadata", "created_at"]
    assert body["status"] == "success" and body["data"]["client_id"] == user
    assert metadata.encode() in received.body
    number, created = product.sql(
        "SELECT number, to_char(date_trunc('second', created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
        f" FROM latchkey.retrievals WHERE client_app_id = '{app}'")[0]
    assert body["data"]["id"] == int(number) and body["data"]["created_at"] == created
    documents = {row[0]: row[1] for row in product.sql(
        f"SELECT file_name, id FROM latchkey.documents WHERE client_app_id = '{app}'")}
    assert {file["file_name"]: file["total_size_bytes"] for file in body["files"]} == {
        "1099_INT.pdf": 48213, "1099 ünï.pdf": 7}
    for file in body["files"]:
        assert list(file) == ["status", "file_name", "download_url", "total_size_bytes"]
        assert file["status"] == "success"
        begin = f"{product['SANDBOX_URL']}/download/{documents[file['file_name']]}?link="
        assert file["download_url"].startswith(begin)
    assert received.headers["webhook-id"] == delivery
    assert abs(int(received.headers["webhook-timestamp"]) - time.time()) < 60
    assert received.headers["content-type"] == "application/json"
    assert received.headers["user-agent"] == "latchkey-webhooks"
    assert received.headers["host"] == f"127.0.0.1:{receiver.port}"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(received.body + b" ", dict(received.headers))


def test_failure(sender, receiver, announcements):
    app, user, secret = announcements.app(url(receiver, "/failure"))
    [delivery] = announcements.finish(app, user, status="failure", files=[("1099.pdf", 5)])
    announcements.within(delivery, state="delivered")
    [received] = receiver.at("/failure")
    body = verified(received, secret)
    assert body["status"] == "failure" and body["files"] == [] and body["data"]["metadata"] == {}


def test_test(sender, receiver, announcements, product):
    app, _, secret = announcements.app(url(receiver, "/test"))
    product.sql(f"SELECT latchkey_admin.create_test_delivery('tests', '{app}', gen_random_uuid())")
    eventually(lambda: receiver.at("/test"), 20)
    body = verified(receiver.at("/test")[0], secret)
    assert body["status"] == "test" and body["files"] == []
    assert body["data"] | {"created_at": ""} == {
        "id": 0, "client_id": "00000000-0000-0000-0000-000000000000", "metadata": {}, "created_at": ""}


def test_both_secrets_verify_while_they_change(sender, receiver, announcements, product):
    app, user, old = announcements.app(url(receiver, "/rotation"))
    new = announcements.secret(app)
    [delivery] = announcements.finish(app, user)
    announcements.within(delivery, state="delivered")
    [received] = receiver.at("/rotation")
    verified(received, old)
    verified(received, new)
    assert len(received.headers["webhook-signature"].split()) == 2
    newest = announcements.secret(app, overlap="0")
    [delivery] = announcements.finish(app, user)
    announcements.within(delivery, state="delivered")
    received = receiver.at("/rotation")[-1]
    verified(received, newest)
    for secret in (old, new):
        with pytest.raises(WebhookVerificationError):
            verified(received, secret)


def test_nothing_is_sent_without_a_secret(sender, receiver, announcements, product):
    app, user, _ = announcements.app(url(receiver, "/unsigned"))
    product.sql(f"DELETE FROM latchkey.webhook_secrets WHERE client_app_id = '{app}'")
    [delivery] = announcements.finish(app, user)
    announcements.within(delivery, state="pending", attempts=1, error="no_secret", waits=True)
    assert receiver.at("/unsigned") == []


# What receivers answer


def test_a_delivery_is_repeated_until_it_is_taken(sender, receiver, announcements):
    app, user, secret = announcements.app(url(receiver, "/again"))
    answers = [500, 503, 204]
    receiver.answers["/again"] = lambda handler, received: handler.reply(answers[len(receiver.at("/again")) - 1])
    [delivery] = announcements.finish(app, user, files=[("1099.pdf", 5)])
    for attempt, status in ((1, 500), (2, 503)):
        announcements.within(delivery, state="pending", attempts=attempt, status=status, waits=True)
        announcements.make_due()
    announcements.within(delivery, state="delivered", attempts=3, status=204)
    received = receiver.at("/again")
    assert [one.id for one in received] == [delivery] * 3
    for one in received:
        verified(one, secret)


def test_redirect_is_not_followed(sender, receiver, announcements):
    app, user, _ = announcements.app(url(receiver, "/moved"))
    for status in (301, 302, 303, 307, 308):
        receiver.answers["/moved"] = lambda handler, received, status=status: handler.reply(
            status, headers=[("Location", url(receiver, "/target"))])
        [delivery] = announcements.finish(app, user)
        announcements.within(delivery, state="pending", status=status, error="redirect_not_followed")
        announcements.forget()
    assert receiver.at("/target") == []


def test_gone(sender, receiver, announcements):
    app, user, _ = announcements.app(url(receiver, "/gone"))
    receiver.answers["/gone"] = 410
    [delivery] = announcements.finish(app, user)
    announcements.within(delivery, state="dead", attempts=1, status=410)


def test_silence(sender, receiver, announcements):
    app, user, _ = announcements.app(url(receiver, "/silent"))
    receiver.answers["/silent"] = lambda handler, received: time.sleep(20)
    [delivery] = announcements.finish(app, user)
    announcements.within(delivery, state="pending", attempts=1, error="timeout", waits=True)


def test_answer_that_comes_byte_by_byte(sender, receiver, announcements):
    def drip(handler, received):
        for _ in range(60):
            handler.wfile.write(b"H")
            handler.wfile.flush()
            time.sleep(0.5)
    app, user, _ = announcements.app(url(receiver, "/drip"))
    receiver.answers["/drip"] = drip
    [delivery] = announcements.finish(app, user)
    announcements.within(delivery, state="pending", attempts=1, waits=True)
    assert announcements.of(delivery)["error"] in ("timeout", "invalid_answer")


def test_early_close(sender, receiver, announcements):
    app, user, _ = announcements.app(url(receiver, "/close"))
    receiver.answers["/close"] = lambda handler, received: handler.connection.shutdown(socket.SHUT_RDWR)
    [delivery] = announcements.finish(app, user)
    announcements.within(delivery, state="pending", error="connection_closed")


def test_what_is_not_http(sender, receiver, announcements):
    app, user, _ = announcements.app(url(receiver, "/smtp"))
    receiver.answers["/smtp"] = lambda handler, received: handler.wfile.write(b"220 mail.example ESMTP\r\n")
    [delivery] = announcements.finish(app, user)
    announcements.within(delivery, state="pending", error="invalid_answer")


@pytest.mark.parametrize("status", ["000", "007", "099"])
def test_status_that_is_none(sender, receiver, announcements, status):
    """It is no reason to end."""
    app, user, _ = announcements.app(url(receiver, "/none"))
    receiver.answers["/none"] = lambda handler, received: handler.wfile.write(
        f"HTTP/1.1 {status} None\r\ncontent-length: 0\r\n\r\n".encode())
    [delivery] = announcements.finish(app, user)
    announcements.within(delivery, state="pending", error="invalid_answer")
    assert sender.process.poll() is None


def test_huge_answer(sender, receiver, announcements):
    """It is not read to its end, and counts all the same."""
    written = []

    def flood(handler, received):
        handler.send_response(200)
        handler.send_header("content-length", str(10**9))
        handler.end_headers()
        try:
            for _ in range(1000):
                handler.wfile.write(bytes(10**6))
                written.append(10**6)
        finally:
            written.append(None)
    app, user, _ = announcements.app(url(receiver, "/huge"))
    receiver.answers["/huge"] = flood
    before = processes.resident_kilobytes(sender.pid)
    [delivery] = announcements.finish(app, user)
    announcements.within(delivery, state="delivered", status=200)
    eventually(lambda: None in written, 20, "the connection is closed")
    assert len(written) < 100
    assert processes.resident_kilobytes(sender.pid) < before + 32 * 1024


def test_answer_that_never_ends(sender, receiver, announcements):
    """Its status has come: that is what counts."""
    def stop_halfway(handler, received):
        handler.send_response(202)
        handler.send_header("content-length", "100")
        handler.end_headers()
        time.sleep(20)
    app, user, _ = announcements.app(url(receiver, "/half"))
    receiver.answers["/half"] = stop_halfway
    [delivery] = announcements.finish(app, user)
    announcements.within(delivery, state="delivered", attempts=1, status=202)


def test_compressed_answer_is_left_as_it_is(sender, receiver, announcements):
    app, user, _ = announcements.app(url(receiver, "/gzip"))
    receiver.answers["/gzip"] = lambda handler, received: handler.reply(
        200, b"no gzip at all", [("content-encoding", "gzip")])
    [delivery] = announcements.finish(app, user)
    announcements.within(delivery, state="delivered", status=200)


# Who may be at the other end


def test_name_in_the_certificate(sender, receiver, announcements):
    app, user, _ = announcements.app(url(receiver, "/name", host="localhost"))
    [delivery] = announcements.finish(app, user)
    announcements.within(delivery, state="delivered")
    assert receiver.at("/name")[0].headers["host"] == f"localhost:{receiver.port}"


@pytest.mark.parametrize("names", [["DNS:other.example"], ["IP:127.0.0.1"], ["DNS:*.localhost"]])
def test_certificate_for_another_name(sender, announcements, authority, names):
    """A certificate for the address is none for the name that leads to it."""
    receiver = Receiver(authority.issue(*names))
    app, user, _ = announcements.app(url(receiver, "/", host="localhost"))
    [delivery] = announcements.finish(app, user)
    announcements.within(delivery, state="pending", error="tls_failed")
    assert receiver.received == []
    receiver.close()


def test_certificate_of_nobody_known(sender, announcements, product):
    other = Authority(product.state / "receivers-unknown")
    receiver = Receiver(other.issue("DNS:localhost", "IP:127.0.0.1"))
    app, user, _ = announcements.app(url(receiver))
    [delivery] = announcements.finish(app, user)
    announcements.within(delivery, state="pending", error="tls_failed")
    assert receiver.received == []
    receiver.close()


def test_nobody_listens(sender, announcements):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        app, user, _ = announcements.app(f"https://127.0.0.1:{unused.getsockname()[1]}/")
        [delivery] = announcements.finish(app, user)
        announcements.within(delivery, state="pending", error="connect_failed")


def test_name_that_nobody_has(sender, announcements):
    app, user, _ = announcements.app("https://receiver.invalid/")
    [delivery] = announcements.finish(app, user)
    found = announcements.within(delivery, state="pending", waits=True)
    assert found["error"] in ("name_not_found", "timeout")


def test_plain_http_to_networks_that_are_allowed(sender, announcements):
    receiver = Receiver()
    app, user, secret = announcements.app(f"http://127.0.0.1:{receiver.port}/")
    [delivery] = announcements.finish(app, user)
    announcements.within(delivery, state="delivered")
    verified(receiver.received[0], secret)
    receiver.close()


# Each leads to the receiver, by the C library's rules where not by a name's.
HERE = ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "127.0.0.01",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0", "0.0.0.0"]


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_nothing_is_sent_to_this_machine(senders, announcements, authority, scheme):
    """Unless the operator allows it."""
    announcements.forget()
    certificate = authority.issue("DNS:localhost", "IP:127.0.0.1")
    receiver = Receiver(certificate if scheme == "https" else None)
    receiver6 = Receiver(certificate if scheme == "https" else None, family=socket.AF_INET6)
    urls = [f"{scheme}://{host}:{receiver.port}/" for host in HERE] + [f"{scheme}://[::1]:{receiver6.port}/"]
    deliveries = {}
    for one in urls:
        app, user, _ = announcements.app(one)
        [deliveries[one]] = announcements.finish(app, user)
    sender = senders.start({"LATCHKEY_WEBHOOK_ALLOWED_NETWORKS": ""})
    for one, delivery in deliveries.items():
        found = announcements.within(delivery, state="pending", attempts=1, waits=True)
        assert found["error"] == "forbidden_address", one
    assert receiver.received == receiver6.received == []
    sender.stop()
    receiver.close()
    receiver6.close()


@pytest.mark.parametrize("address", [
    "169.254.169.254", "10.1.2.3", "192.168.1.1", "[fd00::1]", "[fe80::1]", "100.64.0.1", "224.0.0.1",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "255.255.255.255",
])
def test_forbidden_address(sender, announcements, address):
    app, user, _ = announcements.app(f"https://{address}/")
    [delivery] = announcements.finish(app, user)
    announcements.within(delivery, state="pending", error="forbidden_address")


@pytest.mark.parametrize("text", [
    "https://user@127.0.0.1/", "https://127.0.0.1/#x", "https://127.0.0.1:99999/", "https://a..b/",
    "https://bücher.example/", "https://127.0.0.1\\@x/", "https://[::1/",
])
def test_url_that_is_none(sender, announcements, text):
    app, user, _ = announcements.app(text)
    [delivery] = announcements.finish(app, user)
    announcements.within(delivery, state="pending", error="invalid_url", waits=True)


# The log


def test_log_tells_what_became_of_it_and_no_more(sender, receiver, announcements):
    app, user, secret = announcements.app(url(receiver, "/logged?password=hidden"))
    [delivery] = announcements.finish(app, user, metadata='{"private": "matter"}', files=[("Meyer.pdf", 5)])
    announcements.within(delivery, state="delivered")
    [line] = eventually(lambda: [one for one in sender.says("delivery") if one["webhook_id"] == delivery], 10)
    assert line | {"time": "", "duration_us": 0} == {
        "time": "", "level": "info", "message": "delivery", "webhook_id": delivery, "attempt": 1, "kind": "retrieval",
        "client_app_id": app, "host": "127.0.0.1", "outcome": "delivered", "status": 204, "duration_us": 0}
    assert line["duration_us"] > 0
    text = sender.log.read_text()
    for word in ("hidden", "password", "matter", "Meyer", "download", "v1,", secret, user):
        assert word not in text, word
    assert all(isinstance(json.loads(one), dict) for one in text.splitlines())
