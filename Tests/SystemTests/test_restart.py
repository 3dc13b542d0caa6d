"""latchkeyds that take over from each other on the same two sockets."""

import contextlib
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

import fastcgi
from traffic import Traffic, acts
from waiting import eventually

RESTARTS = 20

# One process that serves alone, and a supervisor with two.
INSTANCES = [{"LATCHKEY_INSTANCES": "1"}, {"LATCHKEY_INSTANCES": "2"}]
each_way = pytest.mark.parametrize("instances", INSTANCES, ids=["alone", "supervised"])


@each_way
def test_restarts_under_traffic_lose_no_request(product, app, responders, instances):
    responders.bind()
    responders.start(instances)
    with Traffic(product, acts(product, app)) as traffic:
        for _ in range(RESTARTS):
            # Two at once on the same sockets, until the older one has ended.
            newer = responders.start(instances)
            traffic.wait_for(3)
            older = responders.running[-2]
            assert older.stop() == 0
            assert older.says("stopped") and newer.says("ready")
            traffic.wait_for(3)
    assert not traffic.failures()


@each_way
def test_requests_wait_in_the_sockets_while_there_is_no_instance(product, app, responders, instances):
    responders.bind()
    responders.start(instances)
    with Traffic(product, acts(product, app)) as traffic:
        for _ in range(3):
            traffic.wait_for(2)
            assert responders.running[-1].stop() == 0
            responders.start(instances)
    assert not traffic.failures()


@each_way
def test_a_socket_that_was_handed_over_stays_when_latchkeyd_ends(product, responders, instances):
    responders.bind()
    responders.start(instances)
    assert responders.running[-1].stop() == 0
    for listener in responders.sockets:
        assert os.path.exists(listener.getsockname())
    responders.start()


@each_way
def test_a_socket_of_its_own_is_removed_at_the_end(product, responders, instances):
    responder = responders.start(instances)
    paths = [product["VERIFY_SOCKET"], product["DATABASE_SOCKET"]]
    for path in paths:
        assert os.stat(path).st_mode & 0o777 == 0o660
    assert responder.stop() == 0
    for path in paths:
        assert not os.path.exists(path)


@pytest.mark.parametrize("path, lane", [("/api/token", 1), ("/api/verify-token", 0)])
def test_a_request_whose_fresh_connection_ends_is_sent_once_more(product, responders, path, lane):
    responders.bind()
    received = []

    def serve():
        # As an instance that is killed with the request in its hands, and then as another one.
        for reply in (b"", fastcgi.reply(b"Status: 200 OK\r\nContent-Type: application/json\r\n\r\n{}")):
            connection, _ = responders.sockets[lane].accept()
            with connection:
                received.append(connection.recv(65536))
                connection.sendall(reply)

    with ThreadPoolExecutor(1) as pool:
        served = pool.submit(serve)
        answer = product.post(product.base_url() + path, json={"some": "body"})
        served.result(timeout=10)
    assert (answer.status_code, answer.text) == (200, "{}")
    assert len(received) == 2 and all(b'{"some":"body"}' in stream for stream in received)


@pytest.mark.parametrize("path, members", [
    ("/api/token", {"error", "error_description"}), ("/api/verify-token", {"detail"})])
def test_without_latchkeyd_nginx_answers_503_in_the_dialect_of_the_path(product, responders, path, members):
    answer = product.post(product.base_url() + path, headers={"Authorization": "Bearer x"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"].isdecimal()
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"]
    assert set(answer.json()) == members


@each_way
def test_sigterm_answers_what_is_under_way_and_exits_with_0(product, app, responders, instances):
    responder = responders.start(instances)

    def issue(client):
        return product.token(app, client=client)

    with contextlib.ExitStack() as lock:
        lock.enter_context(product.locked("latchkey.users"))
        # One request; it waits for the lock when the signal comes.
        with Traffic(product, [issue], pause=30) as traffic:
            eventually(product.waiting_for_locks, 5, "a request waits for the lock")
            responder.process.send_signal(signal.SIGTERM)
            eventually(lambda: responder.says("draining"), 5, "latchkeyd drains")
            assert responder.process.poll() is None
            lock.close()
            assert responder.process.wait(timeout=10) == 0
            eventually(lambda: traffic.outcomes, 5, "the request is answered")
    assert not traffic.failures()
    assert [line["message"] for line in responder.lines() if line["message"] not in ("request", "instance ready")] == [
        "ready", "draining", "stopped"]


@each_way
def test_a_stop_that_was_asked_for_with_sigint_exits_with_0(responders, instances):
    responder = responders.start(instances)
    responder.process.send_signal(signal.SIGINT)
    assert responder.process.wait(timeout=20) == 0


@each_way
def test_systemd_is_told_what_latchkeyd_does(product, responders, instances):
    path = product.state / "run/notify.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        path.chmod(0o666)
        manager.settimeout(10)
        try:
            responder = responders.start(instances | {"NOTIFY_SOCKET": str(path)})
            assert manager.recv(4096).startswith(b"READY=1")
            responder.process.send_signal(signal.SIGHUP)
            assert manager.recv(4096).startswith(b"RELOADING=1")
            assert manager.recv(4096).startswith(b"READY=1")
            assert responder.stop() == 0
            assert manager.recv(4096).startswith(b"STOPPING=1")
        finally:
            path.unlink()
