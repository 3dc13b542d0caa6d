"""More requests than can be answered: some are refused, in time, and the others are answered, in time."""

import asyncio
import json
import re
import selectors
import threading
import time
from pathlib import Path

import pytest

import fastcgi
from load import Clients, post
from outage import slow_inserts, stalled
from traffic import Traffic
from waiting import eventually


def token_request(app):
    return post("/api/token", json.dumps(app.credentials).encode())


def verify_request(token):
    return post("/api/verify-token", Authorization=f"Bearer {token}")


def check_refusal(reply, members):
    assert reply.status == 503
    assert reply.headers["retry-after"].isdecimal()
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-request-id"]
    assert set(reply.json()) == members


TOKEN_ERROR, VERIFY_ERROR = {"error", "error_description"}, {"detail"}


def bound(product, lane):
    """How many requests nginx lets into a lane."""
    text = (product.state / "nginx/nginx.conf").read_text()
    return int(re.search(rf"{lane}\.sock\" max_conns=(\d+);", text)[1])


# ----------------------------------------------------------------------
# Twice the load
# ----------------------------------------------------------------------


def test_twice_the_load_is_answered_or_refused_in_time_and_then_all_is_as_before(app, database):
    request = token_request(app)
    token, _ = database.issued(app)

    def verify(client):
        return database.verify(token, client=client)

    # Two instances of four workers, each of which waits so long for a new user: never more than these a second.
    pause = 0.04
    most_that_can_be_done = 2 * 4 / pause

    async def offer():
        async with Clients(database, 1500) as clients:
            # What this machine can do of it: none of the workers is ever without a request.
            done = await clients.each_after_its_answer(request, 16, 2)
            assert {one.status for one in done} == {200}
            capacity = len(done) / 2
            clients.most_under_way = 0
            with Traffic(database, [verify] * 2, pause=0.02) as traffic:
                replies = await clients.at_rate(request, 2 * most_that_can_be_done, 8)
                most = clients.most_under_way
                end = time.monotonic()
                while (await clients.ask(request)).status != 200:
                    assert time.monotonic() < end + 1, "tokens are issued again"
                await asyncio.sleep(max(0, end + 1 - time.monotonic()))
                after = await clients.at_rate(request, 0.7 * capacity, 2)
            return capacity, replies, most, after, traffic

    with slow_inserts(database, pause):
        capacity, replies, most, after, traffic = asyncio.run(offer())
    answered = [one for one in replies if one.status == 200]
    refused = [one for one in replies if one.status != 200]
    for reply in refused:
        check_refusal(reply, TOKEN_ERROR)
    # Half of them at least cannot be done. Of those that can, nearly all are.
    assert len(refused) > len(replies) / 4
    assert len(answered) > 8 * capacity / 2
    assert max(one.seconds for one in refused) <= 1
    assert max(one.seconds for one in answered) <= 2
    # No more wait than arrive in that time.
    assert most <= min(bound(database, "database"), 2 * most_that_can_be_done)
    assert {one.status for one in after} == {200}
    assert not traffic.failures()
    assert max(one.seconds for one in traffic.outcomes) <= 1
    assert {line.get("reason") for line in database.log_lines() if line.get("status") == 503} >= {"waited_too_long"}


def test_a_flood_of_verifies_is_answered_or_refused_and_then_all_is_as_before(product, app):
    token, _ = product.issued(app)
    request = verify_request(token)

    async def flood():
        async with Clients(product, 3000) as clients:
            replies = await clients.each_after_its_answer(request, 3000, 5)
            begin = time.monotonic()
            while {one.status for one in await clients.at_once(request, 10)} != {200}:
                assert time.monotonic() < begin + 1, "all is as before"
            return replies

    replies = asyncio.run(flood())
    assert len(replies) >= 3000
    assert {one.status for one in replies} <= {200, 503}
    assert any(one.status == 200 for one in replies)
    for reply in replies:
        if reply.status == 503:
            check_refusal(reply, VERIFY_ERROR)


# ----------------------------------------------------------------------
# nginx: how many may be under way
# ----------------------------------------------------------------------


class Holder:
    """Takes the requests of a lane and answers none, until it is told to."""

    ANSWER = (fastcgi.record(fastcgi.STDOUT, b"Status: 200 OK\r\nContent-Length: 2\r\n\r\n{}")
              + fastcgi.record(fastcgi.STDOUT) + fastcgi.record(fastcgi.END, bytes(8)))

    def __init__(self, listener):
        self.listener = listener
        listener.setblocking(False)
        self.held, self.most = [], 0
        self.is_holding, self.done = True, False
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done = True
        self.thread.join(timeout=10)

    def run(self):
        received = {}
        with selectors.DefaultSelector() as selector:
            selector.register(self.listener, selectors.EVENT_READ)
            while not self.done:
                for key, _ in selector.select(0.01):
                    if key.fileobj is self.listener:
                        connection, _ = self.listener.accept()
                        selector.register(connection, selectors.EVENT_READ)
                    else:
                        self.read(key.fileobj, received, selector)
                self.most = max(self.most, len(self.held))
                if not self.is_holding:
                    for connection in self.held:
                        connection.sendall(self.ANSWER)
                    self.held = []
            for key in list(selector.get_map().values()):
                if key.fileobj is not self.listener:
                    key.fileobj.close()

    def read(self, connection, received, selector):
        data = connection.recv(65536)
        if not data:
            selector.unregister(connection)
            connection.close()
            return
        received[connection] = received.get(connection, b"") + data
        if received[connection].endswith(fastcgi.record(fastcgi.STDIN)):
            del received[connection]
            self.held.append(connection)


@pytest.mark.parametrize("lane, request_of, members", [
    ("database", token_request, TOKEN_ERROR), ("verify", lambda app: verify_request("x"), VERIFY_ERROR)],
    ids=["database", "verify"])
def test_no_more_requests_than_the_bound_are_under_way_and_the_others_are_refused_at_once(
        product, app, responders, lane, request_of, members):
    responders.bind()
    [listener] = [one for one in responders.sockets if Path(one.getsockname()).name == f"{lane}.sock"]
    most, more = bound(product, lane), 200

    async def offer():
        async with Clients(product, most + more) as clients:
            # Twice: connections that are kept and idle take nobody's place.
            for _ in range(2):
                holder.is_holding, holder.most = True, 0
                waiting = asyncio.ensure_future(clients.at_once(request_of(app), most + more))
                await asyncio.sleep(1)
                holder.is_holding = False
                replies = await waiting
                refused = [one for one in replies if one.status != 200]
                assert holder.most == most
                assert len(refused) == more
                for reply in refused:
                    check_refusal(reply, members)
                    assert reply.seconds <= 1

    with Holder(listener) as holder:
        asyncio.run(offer())


# ----------------------------------------------------------------------
# The responder: how long a request may have waited
# ----------------------------------------------------------------------


def ask(path, parameters, body=b""):
    with fastcgi.connect(path) as connection:
        connection.sendall(fastcgi.request(parameters, body))
        return fastcgi.answer(connection)


def received(ago):
    """nginx's words for a time so many seconds ago, or the text that is given."""
    if ago is None:
        return {}
    return {"LATCHKEY_RECEIVED": ago if isinstance(ago, str) else f"{time.time() - ago:.3f}"}


@pytest.mark.parametrize("ago, status", [
    (0, 200), (0.5, 200), (1.5, 503), (9, 503),
    # The clock was set.
    (-5, 200), (11, 200),
    ("1.000", 200), ("x", 200), ("", 200), (None, 200)])
def test_what_has_waited_for_too_long_is_refused_in_both_lanes(product, app, ago, status):
    token, user = product.issued(app)
    body = json.dumps(app.credentials | {"taiki_user_id": user}).encode()
    requests = {
        "VERIFY_SOCKET": (fastcgi.verify_parameters(token), b""),
        "DATABASE_SOCKET": ({"REQUEST_METHOD": "POST", "DOCUMENT_URI": "/api/token", "LATCHKEY_MODE": "production",
                             "CONTENT_LENGTH": str(len(body))}, body)}
    for lane, (parameters, content) in requests.items():
        assert ask(product[lane], parameters | received(ago), content)[0] == status, lane
        # What a client sends as a header has another name.
        as_header = {"HTTP_" + name: value for name, value in received(ago).items()}
        assert ask(product[lane], parameters | as_header, content)[0] == 200, lane


def test_the_time_in_the_queue_counts_for_the_deadline_of_the_database(app, database):
    """A database that does not answer at all, and a request that has waited for almost half a second."""
    body = json.dumps(app.credentials).encode()
    parameters = {"REQUEST_METHOD": "POST", "DOCUMENT_URI": "/api/token", "LATCHKEY_MODE": "production",
                  "CONTENT_LENGTH": str(len(body))}
    path = database["DATABASE_SOCKET"]
    # Each worker has a connection, so that none finds another way to say no.
    with stalled(database):
        begin = time.monotonic()
        status, _ = ask(path, parameters | received(0.45), body)
        seconds = time.monotonic() - begin
    assert status == 503
    assert 1.2 <= seconds <= 1.7
    eventually(lambda: ask(path, parameters | received(0), body)[0] == 200, 5, "tokens are issued again")
