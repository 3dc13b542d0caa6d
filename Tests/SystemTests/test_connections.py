"""Many kept FastCGI connections, as nginx keeps them."""

import collections
import os
import random
import resource
from pathlib import Path

import pytest

import fastcgi
import processes
from traffic import Traffic
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


def test_two_instances_share_the_cores_and_have_four_workers_each_for_the_database(product):
    assert len(product.responder_pids) == 2
    for pid in product.responder_pids:
        threads = [task.joinpath("comm").read_text().strip() for task in Path(f"/proc/{pid}/task").iterdir()]
        lanes = collections.Counter(name.rpartition("-")[0] for name in threads)
        # One for each core, rounded up to the same for both.
        assert (lanes["verify"], lanes["database"]) == ((len(os.sched_getaffinity(0)) + 1) // 2, 4), threads


def test_each_database_worker_has_one_connection_and_no_more_are_opened(product, app, responders):
    responders.start()

    def issue(client):
        return product.token(app, client=client)

    def sessions():
        return int(product.value("SELECT count(*) FROM pg_stat_activity WHERE usename = 'latchkey_application'"))

    with Traffic(product, [issue] * 12) as traffic:
        with product.locked("latchkey.users"):
            eventually(lambda: product.waiting_for_locks() == 4, 5, "four workers wait for the database")
        traffic.wait_for(5)
        # One more listens for changes.
        assert sessions() == 5
    assert not traffic.failures(expected=(200, 503))


@pytest.mark.parametrize("lane", ["VERIFY_SOCKET", "DATABASE_SOCKET"])
def test_3000_kept_connections_are_served(product, app, room_for_connections, lane):
    token, user = product.issued(app)
    good = fastcgi.request(fastcgi.verify_parameters(token))
    before = processes.descriptors(*product.responder_pids)
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
        assert processes.descriptors(*product.responder_pids) >= before + CONNECTIONS
        assert product.token(app).status_code == 200
        assert product.verify(token).status_code == 200
    finally:
        for connection in connections:
            connection.close()
    eventually(
        lambda: processes.descriptors(*product.responder_pids) <= before + 20, 10, "the connections are closed again")
