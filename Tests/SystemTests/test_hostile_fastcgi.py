"""FastCGI as nginx never sends it, on the responder's own sockets."""

import collections
import contextlib
import itertools
import os
import random
import re
import socket
import struct
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import fastcgi
import hostile_streams
import processes
from fastcgi import ABORT, BEGIN, DATA, GET_VALUES, PARAMS, STDIN, begin, pair, parameters, record
from responders import in_place_of_latchkeyd
from traffic import Traffic
from waiting import eventually, seconds_until

LANES = ["VERIFY_SOCKET", "DATABASE_SOCKET"]
GOOD = {"REQUEST_METHOD": "POST", "DOCUMENT_URI": "/api/verify-token", "LATCHKEY_MODE": "production"}
HEAD = begin() + record(PARAMS, parameters(GOOD)) + record(PARAMS)
NOTHING = record(STDIN)

# Whole streams that are no request, each with what is wrong with it.
MALFORMED = {
    "nothing": b"",
    "one byte": b"\1",
    "half a header": record(BEGIN)[:5],
    "text": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "zeros": bytes(64),
    "ones": b"\xff" * 64,
    "version 0": record(BEGIN, bytes(8), version=0),
    "version 2": record(BEGIN, bytes(8), version=2),
    "record type 0": record(0, bytes(8)),
    "record type 255": record(255, bytes(8)),
    "request id 0": begin(request=0),
    "role of an authorizer": begin(role=2) + record(PARAMS) + NOTHING,
    "role of a filter": begin(role=3) + record(PARAMS) + NOTHING + record(DATA),
    "role 65535": begin(role=65535) + record(PARAMS) + NOTHING,
    "a beginning without content": record(BEGIN) + record(PARAMS) + NOTHING,
    "a beginning that is too short": record(BEGIN, bytes(4)) + record(PARAMS) + NOTHING,
    "a beginning that is too long": record(BEGIN, b"\0\1\1" + bytes(13)) + record(PARAMS) + NOTHING,
    "parameters before the beginning": record(PARAMS, parameters(GOOD)) + begin(),
    "a body before the parameters": begin() + record(STDIN, b"{}") + record(PARAMS),
    "a body before the beginning": NOTHING,
    "two beginnings": begin() + begin() + record(PARAMS) + NOTHING,
    "parameters after their end": HEAD + record(PARAMS, parameters(GOOD)) + NOTHING,
    "another request's parameters": begin() + record(PARAMS, parameters(GOOD), request=2) + record(PARAMS) + NOTHING,
    "another request's body": HEAD + record(STDIN, b"{}", request=2),
    "an abort first": record(ABORT),
    "an abort in the parameters": begin() + record(PARAMS, parameters(GOOD)) + record(ABORT),
    "an abort in the body": HEAD + record(STDIN, b"{") + record(ABORT),
    "a name longer than its record": begin() + record(PARAMS, b"\x7f\x01a") + record(PARAMS) + NOTHING,
    "a name of 2 GiB": begin() + record(PARAMS, b"\xff\xff\xff\xff\x01a") + record(PARAMS) + NOTHING,
    "lengths that sum past 2 GiB": begin() + record(PARAMS, b"\xff\xff\xff\xff" * 2 + b"a") + record(PARAMS) + NOTHING,
    "a length cut in half": begin() + record(PARAMS, b"\x80\x00") + record(PARAMS) + NOTHING,
    "values asked for": record(GET_VALUES, pair(b"FCGI_MAX_CONNS", b""), request=0),
    "more values asked for than there are": record(
        GET_VALUES, b"".join(pair(b"FCGI_VALUE_%d" % number, b"") for number in range(20)), request=0),
    "values asked for within a request": begin() + record(GET_VALUES, pair(b"FCGI_MAX_REQS", b""), request=0),
    "60,000 parameters": begin() + record(PARAMS, pair(b"", b"") * 30000) * 2 + record(PARAMS) + NOTHING,
    "a body without end": HEAD + record(STDIN, b"x" * 60000) * 20,
    "a second request at once": HEAD + NOTHING + HEAD + NOTHING,
    "an end of our own": record(3, bytes(8)),
    "standard output of our own": record(6, b"Status: 200\r\n\r\n"),
}

# Requests that are whole, and odd: they are answered, and with a refusal.
ODD = {
    "no parameter": begin() + record(PARAMS) + NOTHING,
    "a parameter without a name": begin() + record(PARAMS, parameters(GOOD) + pair(b"", b"x")) + record(PARAMS)
    + NOTHING,
    "a name with =": begin() + record(PARAMS, parameters(GOOD) + pair(b"HTTP_AUTHORIZATION=Bearer", b"x"))
    + record(PARAMS) + NOTHING,
    "a value with NUL": begin() + record(PARAMS, parameters(GOOD | {"HTTP_AUTHORIZATION": b"Bearer a\0b"}))
    + record(PARAMS) + NOTHING,
    "a value with line feeds": begin() + record(PARAMS, parameters(GOOD | {"HTTP_AUTHORIZATION": b"Bearer a\r\nX: y"}))
    + record(PARAMS) + NOTHING,
    "no method": begin() + record(PARAMS, parameters({"DOCUMENT_URI": "/api/token", "LATCHKEY_MODE": "production"}))
    + record(PARAMS) + NOTHING,
    "a path that is no text": begin() + record(PARAMS, parameters(GOOD | {"DOCUMENT_URI": b"\xff\xfe"}))
    + record(PARAMS) + NOTHING,
    "parameters in pieces of a byte": begin()
    + b"".join(record(PARAMS, bytes([byte])) for byte in parameters(GOOD)) + record(PARAMS) + NOTHING,
    "padding": begin() + record(PARAMS, parameters(GOOD), padding=255) + record(PARAMS, padding=7)
    + record(STDIN, padding=200),
    "a body that is shorter than it says": begin()
    + record(PARAMS, parameters(GOOD | {"DOCUMENT_URI": "/api/token", "CONTENT_LENGTH": "10"})) + record(PARAMS)
    + record(STDIN, b"{}") + NOTHING,
    "a body that is longer than it says": begin()
    + record(PARAMS, parameters(GOOD | {"DOCUMENT_URI": "/api/token", "CONTENT_LENGTH": "1"})) + record(PARAMS)
    + record(STDIN, b"{}") + NOTHING,
    "a length that is no number": begin()
    + record(PARAMS, parameters(GOOD | {"DOCUMENT_URI": "/api/token", "CONTENT_LENGTH": "x"})) + record(PARAMS)
    + record(STDIN, b"{}") + NOTHING,
    "two lengths": begin()
    + record(PARAMS, parameters(GOOD | {"CONTENT_LENGTH": "2"}) + pair(b"CONTENT_LENGTH", b"2")) + record(PARAMS)
    + record(STDIN, b"{}") + NOTHING,
    "two authorizations": begin()
    + record(PARAMS, parameters(GOOD | {"HTTP_AUTHORIZATION": "Bearer a"}) + pair(b"HTTP_AUTHORIZATION", b"Bearer b"))
    + record(PARAMS) + NOTHING,
}


@pytest.fixture(scope="module", autouse=True)
def impatient(product):
    """A latchkeyd that waits for a second where the others wait for ten."""
    def issue(client):
        return product.token(product.demo, client=client)

    with in_place_of_latchkeyd(product) as place:
        responder = place.start({"LATCHKEY_SOCKET_TIMEOUT_SECONDS": "1"})
        # Each of the four workers opens its connection to the database, before anybody counts open files.
        with Traffic(product, [issue] * 4), product.locked("latchkey.users"):
            eventually(lambda: product.waiting_for_locks() == 4, 5, "four workers wait for the database")
        yield
        # Nothing of all that is thought to be under way at the end.
        assert responder.stop() == 0
        assert not responder.says("requests were still under way at the end")


@pytest.fixture
def well(product, app):
    """A token. The service is well, and the same processes have as many files open as before, when the test is over."""
    token, _ = product.issued(app)
    pid = product.responder_pid
    everybody = processes.family(pid)
    # The kept connections of nginx are there before they are counted.
    for _ in range(20):
        product.verify(token), product.token(app)
    before = descriptors_of_all(pid)
    yield token
    assert seconds_until(lambda: product.verify(token).status_code == 200, 2, "a good verify") <= 2
    assert seconds_until(lambda: product.token(app).status_code == 200, 2, "a good token") <= 2
    # Nobody died, not even one whose place was taken by another at once.
    assert product.responder_pid == pid and processes.family(pid) == everybody
    assert all(map(processes.is_running, everybody))
    eventually(lambda: descriptors_of_all(pid) <= before + 2, 15, "the descriptors are closed again")


def send_all(path, streams):
    """Sends each stream on a connection of its own, all at once; what comes back on each until it is closed."""
    connections = {}
    for name, stream in streams.items():
        connections[name] = connection = fastcgi.connect(path, timeout=15)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(stream)
            connection.shutdown(socket.SHUT_WR)
    received = {}
    for name, connection in connections.items():
        received[name] = b""
        with connection, contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                received[name] += piece
    return received


@pytest.mark.parametrize("lane", LANES)
def test_malformed_streams_cost_their_sender_the_connection_and_nobody_else_anything(product, well, lane):
    assert len(MALFORMED) >= 30
    for name, received in send_all(product[lane], MALFORMED).items():
        assert received == b"", (name, received)


@pytest.mark.parametrize("lane", LANES)
def test_odd_requests_are_refused(product, well, lane):
    for name, received in send_all(product[lane], ODD).items():
        assert re.search(rb"Status: 4\d\d ", received), (name, received)
        assert b"access_token" not in received and b"Status: 200" not in received, (name, received)


def test_a_request_without_its_mode_is_the_operators_mistake_and_gives_no_token(product, app, well):
    body = '{"api_key": "%s", "api_secret": "%s"}' % (app.api_key, app.api_secret)
    values = {"REQUEST_METHOD": "POST", "DOCUMENT_URI": "/api/token", "CONTENT_LENGTH": str(len(body))}
    for mode in ({}, {"LATCHKEY_MODE": ""}, {"LATCHKEY_MODE": "Production"}, {"LATCHKEY_MODE": "test"}):
        with fastcgi.connect(product["DATABASE_SOCKET"]) as connection:
            connection.sendall(fastcgi.request(values | mode, body.encode()))
            status, answer = fastcgi.answer(connection)
        assert status == 500
        assert b"access_token" not in answer


def leave(generator, connection):
    """Ends a connection in one of the ways that there are."""
    way = generator.randrange(3)
    with contextlib.suppress(OSError):
        if way == 0:
            connection.shutdown(socket.SHUT_WR)
        elif way == 1:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize("lane", LANES)
def test_5000_hostile_streams_harm_nobody(product, app, well, lane):
    generator = random.Random(lane)
    good = fastcgi.request(fastcgi.verify_parameters(well, CONTENT_LENGTH="2"), b"{}")
    sent = collections.Counter()
    kept = collections.deque()
    for number, (kind, stream) in enumerate(itertools.islice(hostile_streams.streams(lane, good), 5000)):
        # Libraries and pools have grown to their size when the memory is looked at first.
        if number == 1000:
            memory = memory_of_all(product.responder_pid)
        if number % 250 == 0:
            assert seconds_until(lambda: product.verify(well).status_code == 200, 2, "a good verify") <= 2
            assert seconds_until(lambda: product.token(app).status_code == 200, 2, "a good token") <= 2
        connection = fastcgi.connect(product[lane])
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(stream)
        sent[kind.__name__] += 1
        # Up to a hundred are open at a time, the stalled ones among them.
        kept.append(connection)
        if len(kept) > 100:
            leave(generator, kept.popleft())
    for connection in kept:
        leave(generator, connection)
    assert len(sent) == len(hostile_streams.KINDS) and min(sent.values()) > 300, sent
    assert memory_of_all(product.responder_pid) - memory < 4 * 1024


def memory_of_all(pid):
    return sum(map(processes.resident_kilobytes, processes.family(pid)))


def threads_of_all(pid):
    return sum(len(os.listdir(f"/proc/{one}/task")) for one in processes.family(pid))


def descriptors_of_all(pid):
    return sum(map(processes.descriptors, processes.family(pid)))


def send_in_pieces(path, good, seed):
    """Whole requests cut in two, which are answered, among peers that send anything and hang up."""
    generator = random.Random(seed)
    streams = hostile_streams.streams(seed, good)
    left = collections.deque()
    for _ in range(400):
        connection = fastcgi.connect(path)
        left.append(connection)
        if generator.randrange(4) == 0:
            cut = generator.randrange(1, len(good))
            connection.sendall(good[:cut])
            # So that the responder has looked at the first piece, or not.
            time.sleep(generator.random() * 0.06)
            connection.sendall(good[cut:])
            assert fastcgi.answer(connection)[0] == 200
        else:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(next(streams)[1])
        if generator.randrange(4) == 0:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
        if len(left) > 30:
            left.popleft().close()
    for connection in left:
        connection.close()


@pytest.mark.parametrize("lane", LANES)
def test_requests_in_pieces_are_answered_while_others_hang_up(product, app, well, lane):
    good = fastcgi.request(fastcgi.verify_parameters(well))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda seed: send_in_pieces(product[lane], good, seed), range(8)))


@pytest.mark.parametrize("lane", LANES)
def test_peers_that_stall_in_a_request_do_not_stop_the_service_and_are_closed(product, app, well, lane):
    good = fastcgi.request(fastcgi.verify_parameters(well), b"{}")
    threads = threads_of_all(product.responder_pid)
    stalled = []
    try:
        for number in range(60):
            connection = fastcgi.connect(product[lane])
            # Cut anywhere: in a record's header, in parameters, before the body.
            connection.sendall(good[:1 + number * (len(good) - 2) // 59])
            stalled.append(connection)
        for _ in range(10):
            assert seconds_until(lambda: product.verify(well).status_code == 200, 2, "a good verify") <= 2
            assert seconds_until(lambda: product.token(app).status_code == 200, 2, "a good token") <= 2
            # Each holds its connection and nothing else.
            assert threads_of_all(product.responder_pid) == threads
        eventually(lambda: all(map(fastcgi.closed, stalled)), 15, "the stalled connections are closed")
    finally:
        for connection in stalled:
            connection.close()


@pytest.mark.parametrize("lane", LANES)
def test_peers_that_never_read_their_answers_do_not_stop_the_service(product, app, well, lane):
    good = fastcgi.request(fastcgi.verify_parameters(well))
    connections = [fastcgi.connect(product[lane]) for _ in range(40)]
    try:
        for connection in connections:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            connection.sendall(good)
        assert seconds_until(lambda: product.verify(well).status_code == 200, 2, "a good verify") <= 2
        assert seconds_until(lambda: product.token(app).status_code == 200, 2, "a good token") <= 2
    finally:
        for connection in connections:
            connection.close()


def test_a_kept_connection_carries_one_request_after_the_other(product, app, well):
    with fastcgi.connect(product["VERIFY_SOCKET"]) as connection:
        for number in (1, 2, 300, 65535):
            connection.sendall(fastcgi.request(fastcgi.verify_parameters(well), b"ignored", number=number))
            assert fastcgi.answer(connection)[0] in (200, 400)
    with fastcgi.connect(product["VERIFY_SOCKET"]) as connection:
        connection.sendall(fastcgi.request(fastcgi.verify_parameters(well), keep=False))
        assert fastcgi.answer(connection)[0] == 200


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_may_not_connect(product, well):
    def connect_as_nobody():
        # 65534 is nobody. The descriptor is made here, since nobody may not even reach the programs of this test.
        program = ("import os, socket, sys\n"
                   "one = socket.socket(socket.AF_UNIX)\n"
                   "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
                   "try:\n    one.connect(sys.argv[1])\nexcept PermissionError:\n    sys.exit(13)\n"
                   "one.settimeout(5)\n"
                   "try:\n    one.sendall(b'x' * 8)\n    sys.exit(0 if one.recv(1) == b'' else 1)\n"
                   "except (BrokenPipeError, ConnectionResetError):\n    sys.exit(0)\n")
        return subprocess.run([sys.executable, "-c", program, product["VERIFY_SOCKET"]], timeout=20).returncode

    assert connect_as_nobody() == 13
    # Opened by mistake, the socket still knows its peers.
    folder, path = os.path.dirname(product["VERIFY_SOCKET"]), product["VERIFY_SOCKET"]
    modes = [(one, os.stat(one).st_mode & 0o777) for one in (str(product.state), folder, path)]
    try:
        os.chmod(product.state, 0o755)
        os.chmod(folder, 0o755)
        os.chmod(path, 0o666)
        assert connect_as_nobody() == 0
    finally:
        for one, mode in modes:
            os.chmod(one, mode)


def test_there_is_no_listener_on_the_network(product):
    sockets = {name for name in processes.open_files(product.responder_pid) if name.startswith("socket:")}
    assert len(sockets) >= 2
    listening = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        with open(f"/proc/net/{table}") as lines:
            listening |= {f"socket:[{line.split()[9]}]" for line in list(lines)[1:]}
    assert not sockets & listening
