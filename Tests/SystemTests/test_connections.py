"""Many kept FastCGI connections, as nginx keeps them."""

import random
import resource

import pytest

import fastcgi
import processes
from waiting import eventually

CONNECTIONS = 3000


@pytest.fixture
def room_for_connections():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < CONNECTIONS + 500:
        pytest.skip(f"this process may open {hard} files only")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, CONNECTIONS + 500), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("lane", ["VERIFY_SOCKET", "DATABASE_SOCKET"])
def test_3000_kept_connections_are_served(product, app, room_for_connections, lane):
    token, user = product.issued(app)
    good = fastcgi.request(fastcgi.verify_parameters(token))
    before = processes.descriptors(product.responder_pid)
    connections = [fastcgi.connect(product[lane]) for _ in range(CONNECTIONS)]
    try:
        for _ in range(2):
            # In groups, in any order: a connection is served however many others are kept.
            random.shuffle(connections)
            for start in range(0, CONNECTIONS, 100):
                group = connections[start:start + 100]
                for connection in group:
                    connection.sendall(good)
                for connection in group:
                    status, body = fastcgi.answer(connection)
                    assert status == 200 and user.encode() in body
        assert processes.descriptors(product.responder_pid) >= before + CONNECTIONS
        assert product.token(app).status_code == 200
        assert product.verify(token).status_code == 200
    finally:
        for connection in connections:
            connection.close()
    eventually(
        lambda: processes.descriptors(product.responder_pid) <= before + 20, 10, "the connections are closed again")
