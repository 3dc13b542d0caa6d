"""The limits by address that deploy/nginx has ready: switched on, they refuse as JSON and cannot be got around."""

import collections
import re
import socket
import uuid

import httpx
import pytest

import rawhttp
from nginxes import another_nginx
from product import CHECKOUT

# What an operator uncomments: the limits, and in the server file their zones.
COMMENTED = re.compile(r"^# (limit_(?:req|conn|req_zone|conn_zone|req_status|conn_status) .*;)$", re.MULTILINE)


def switched_on(change=lambda text: text):
    """Uncomments both, and has `change` put other numbers in their place."""
    def switch_on(folder):
        limits = folder / "latchkey/limits.conf"
        text, count = COMMENTED.subn(r"\1", limits.read_text())
        assert count == 4
        limits.write_text(change(text))
        zones = COMMENTED.findall((CHECKOUT / "deploy/nginx/api.example.com.conf").read_text())
        assert len(zones) == 2
        main = folder / "nginx.conf"
        head, tail = main.read_text().split("http {\n")
        main.write_text(head + "http {\n" + change("\n".join(zones)) + "\n" + tail)
    return switch_on


@pytest.fixture(scope="module")
def as_shipped(product):
    with another_nginx(product, switched_on()) as nginx:
        yield nginx


@pytest.fixture
def strict(product):
    """The same directives with numbers that a single client reaches: a minute's pause after five requests."""
    def small(text):
        return text.replace("rate=1000r/s", "rate=1r/m").replace("burst=2000", "burst=5")
    with another_nginx(product, switched_on(small)) as nginx:
        yield nginx


def check_429(answer, members):
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/json"
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == members


def client(nginx, address, http2=False):
    """A client that comes from this address of the loopback network."""
    transport = httpx.HTTPTransport(verify=nginx.tls, http1=not http2, http2=http2, local_address=address)
    return httpx.Client(transport=transport, timeout=15)


def test_a_flood_gets_429_beyond_the_burst_and_other_addresses_notice_nothing(product, app, as_shipped):
    request = b"POST /api/verify-token HTTP/1.1\r\nHost: localhost\r\n\r\n"
    statuses = collections.Counter()
    with client(as_shipped, "127.0.0.2") as other:
        for _ in range(6):
            statuses.update(rawhttp.flood(as_shipped, request, 2000))
            answer = other.post(as_shipped.base_url() + "/api/token", json=app.credentials)
            assert answer.status_code == 200
            assert product.verify(answer.json()["access_token"]).status_code == 200
    # 401 is what verify says without a token. The burst passes; the rest is as fast as the zone's rate lets it.
    assert set(statuses) == {401, 429}, statuses
    assert statuses[401] >= 2000


def test_no_header_path_or_protocol_gets_around_the_limit(app, strict):
    url = strict.base_url() + "/api/token"
    with client(strict, "127.0.0.3") as one, client(strict, "127.0.0.3", http2=True) as two:
        assert [one.post(url, json=app.credentials).status_code for _ in range(6)] == [200] * 6
        check_429(one.post(url, json=app.credentials), {"error", "error_description"})
        check_429(one.post(strict.base_url() + "/api/verify-token"), {"detail"})
        for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP",
                     "X-Cluster-Client-Ip", "Client-IP", "X-Originating-IP", "Via", "X-Request-Id"):
            for value in ("10.1.2.3", "for=10.1.2.3", "127.0.0.1, 10.1.2.3", "::1", uuid.uuid4().hex):
                assert one.post(url, json=app.credentials, headers={name: value}).status_code == 429, (name, value)
        for path in ("/api/token?", f"/api/token?{uuid.uuid4()}", "/api/%74oken", "/api/./token", "/api/x/../token"):
            assert one.post(strict.base_url() + path, json=app.credentials).status_code == 429, path
        for path in ("/API/token", "/api/token/", "//api/token", "/api/Token", "/api/token%2f"):
            assert one.post(strict.base_url() + path, json=app.credentials).status_code == 404, path
        answer = two.post(url, json=app.credentials)
        assert answer.http_version == "HTTP/2"
        check_429(answer, {"error", "error_description"})
    with client(strict, "127.0.0.3") as again:
        check_429(again.post(url, json=app.credentials), {"error", "error_description"})
    with client(strict, "127.0.0.4") as other:
        assert other.post(url, json=app.credentials).status_code == 200


def test_more_than_500_connections_with_a_request_get_429(app, as_shipped):
    unfinished = b"POST /api/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
    connections = []
    try:
        for _ in range(500):
            connections.append(rawhttp.connect(as_shipped))
            connections[-1].sendall(unfinished)
        refused = rawhttp.exchange(as_shipped, unfinished.replace(b"Content-Length: 100", b"Content-Length: 1"))
        assert [answer.status for answer in refused] == [429], [answer.body for answer in refused]
        rawhttp.check_refusal(refused[0])
        with client(as_shipped, "127.0.0.5") as other:
            answer = other.post(as_shipped.base_url() + "/api/token", json=app.credentials)
            assert answer.status_code == 200
    finally:
        for connection in connections:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.close()
