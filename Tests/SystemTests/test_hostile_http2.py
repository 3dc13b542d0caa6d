"""HTTP/2 as no honest client sends it."""

import contextlib
import json
import ssl

import h2.config
import h2.connection
import h2.events
import pytest

import rawhttp

REQUEST = [
    (":method", "POST"), (":scheme", "https"), (":authority", "localhost"), (":path", "/api/token"),
    ("content-type", "application/json"),
]


def replaced(**changes):
    return [(name, changes.get(name.lstrip(":"), value)) for name, value in REQUEST]


CASES = {
    "a name in capitals": (REQUEST + [("X-Capitals", "1")], b"{}"),
    "a connection header": (REQUEST + [("connection", "close")], b"{}"),
    "a transfer coding": (REQUEST + [("transfer-encoding", "chunked")], b"0\r\n\r\n"),
    "a length that is too short": (REQUEST + [("content-length", "1")], b"{}"),
    "a length that is too long": (REQUEST + [("content-length", "100")], b"{}"),
    "a length that is no number": (REQUEST + [("content-length", "x")], b"{}"),
    "two lengths": (REQUEST + [("content-length", "2"), ("content-length", "3")], b"{}"),
    "a line feed in a value": (REQUEST + [("x-line", "a\r\nx-other: b")], b"{}"),
    "NUL in a value": (REQUEST + [("x-nul", "a\0b")], b"{}"),
    "no path": ([header for header in REQUEST if header[0] != ":path"], b"{}"),
    "an empty path": (replaced(path=""), b"{}"),
    "no method": ([header for header in REQUEST if header[0] != ":method"], b"{}"),
    "two methods": (REQUEST[:1] + REQUEST, b"{}"),
    "an unknown pseudo-header": ([(":mode", "sandbox")] + REQUEST, b"{}"),
    "a pseudo-header at the end": (REQUEST + [(":path", "/other")], b"{}"),
    "another authority": (replaced(authority="example.org"), b"{}"),
    "a host beside the authority": (REQUEST + [("host", "example.org")], b"{}"),
    "a path with a line feed": (replaced(path="/api/token HTTP/1.1\r\nX: y"), b"{}"),
    "a method with a space": (replaced(method="POST /x HTTP/1.1"), b"{}"),
    "a header of 11 KiB": (REQUEST + [("x-long", "a" * 11000)], b"{}"),
    "8,000 headers": (REQUEST + [("a", "")] * 8000, b"{}"),
    "8,000 headers for verify": (replaced(path="/api/verify-token") + [("a", "")] * 8000, b""),
    "600 headers of different names": (REQUEST + [(f"x-{number}", "1") for number in range(600)], b"{}"),
    "100,000 headers": (REQUEST + [("a", "")] * 100000, b"{}"),
    "a header of 60 KiB": (REQUEST + [("x-long", "a" * 60000)], b"{}"),
    "10 MiB of headers": (REQUEST + [("x-flood", "a" * 1000 + str(number)) for number in range(10240)], b"{}"),
    "2,000 cookies": (REQUEST + [("cookie", "a=b")] * 2000, b"{}"),
    "a body of 10 MiB": (REQUEST, b"x" * (10 << 20)),
    "a body of 10 MiB that says so": (REQUEST + [("content-length", str(10 << 20))], b"x" * (10 << 20)),
    "a body of 20 KiB": (REQUEST, b"x" * 20480),
    "a body of 20 KiB that says so": (REQUEST + [("content-length", "20480")], b"x" * 20480),
    "two authorizations": (replaced(path="/api/verify-token") + [("authorization", "Bearer a")] * 2, b""),
    "TRACE": (replaced(method="TRACE"), b""),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_as_json_or_with_a_reset(product, case):
    headers, body = CASES[case]
    status, answer_headers, answer_body = send(product, headers, body)
    if status is None:
        # A reset is HTTP/2's own way to refuse what is no request (RFC 9113, section 8.1.1).
        return
    assert 400 <= status < 500, (status, answer_body)
    assert answer_headers["content-type"] == "application/json"
    assert set(json.loads(answer_body)) <= {"error", "error_description", "detail", "code", "messages"}


def send(product, headers, body):
    """One request on a connection of its own: status, headers and body, or None where it was reset."""
    context = ssl.create_default_context(cafile=product["CA_FILE"])
    context.set_alpn_protocols(["h2"])
    with rawhttp.connect(product, context=context) as connection:
        assert connection.selected_alpn_protocol() == "h2"
        # Says what it is told to say, and hears everything.
        client = h2.connection.H2Connection(h2.config.H2Configuration(
            header_encoding="utf-8", validate_outbound_headers=False, normalize_outbound_headers=False,
            validate_inbound_headers=False))
        client.initiate_connection()
        client.send_headers(1, headers, end_stream=not body)
        status, answer_headers, answer_body = None, {}, b""
        while True:
            body = send_some(client, body)
            # It may have heard enough, and says so before it closes.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):
                connection.sendall(client.data_to_send())
            try:
                received = connection.recv(65536)
            except (ConnectionResetError, ssl.SSLError):
                received = b""
            if not received:
                return status, answer_headers, answer_body
            for event in client.receive_data(received):
                if isinstance(event, h2.events.ResponseReceived):
                    answer_headers = dict(event.headers)
                    status = int(answer_headers[":status"])
                elif isinstance(event, h2.events.DataReceived):
                    answer_body += event.data
                elif isinstance(event, h2.events.StreamEnded):
                    return status, answer_headers, answer_body
                elif isinstance(event, (h2.events.StreamReset, h2.events.ConnectionTerminated)):
                    return status, answer_headers, answer_body


def send_some(client, body):
    """As much of the body as the other side takes at this time; what is left."""
    while body and (window := client.local_flow_control_window(1)) > 0:
        size = min(window, len(body), 16000)
        client.send_data(1, body[:size], end_stream=size == len(body))
        body = body[size:]
    return body


def test_a_good_request_in_the_same_manner_is_answered(product):
    body = b'{"api_key": "a", "api_secret": "b"}'
    status, headers, answer = send(product, REQUEST, body)
    assert status == 401
    assert json.loads(answer)["error"] == "invalid_client"
    assert headers["cache-control"] == "no-store"


def test_streams_that_are_reset_at_once_harm_nobody(product, app):
    context = ssl.create_default_context(cafile=product["CA_FILE"])
    context.set_alpn_protocols(["h2"])
    with rawhttp.connect(product, context=context) as connection:
        client = h2.connection.H2Connection()
        client.initiate_connection()
        for _ in range(500):
            stream = client.get_next_available_stream_id()
            client.send_headers(stream, REQUEST)
            client.reset_stream(stream)
        try:
            connection.sendall(client.data_to_send())
        except (BrokenPipeError, ConnectionResetError):
            pass  # nginx may have had enough of it
    assert product.token(app).status_code == 200
