"""The database is killed, unreachable, slow, full or in recovery while requests come in."""

import contextlib
import os
import random
import signal
import time
import uuid

import pytest

import processes
from outage import acts, check, check_acknowledged, recovered, refused, slow_inserts
from proxy import Proxy, open_session
from traffic import Traffic
from waiting import eventually


def test_a_killed_database_loses_no_acknowledged_user(app, database):
    with Traffic(database, acts(database, app), pause=0.01) as traffic:
        traffic.wait_for(5)
        for _ in range(2):
            processes.stop(database.postgres_pid, signal.SIGKILL)
            refused(traffic)
            traffic.wait_for(10)
            database.start_postgres()
            recovered(database, app)
            traffic.wait_for(5)
    check(traffic)
    check_acknowledged(database, traffic)


def test_a_killed_backend_loses_no_acknowledged_user(app, database):
    """PostgreSQL ends all its other sessions, too, and recovers as after a crash."""
    of_ours = "SELECT pid FROM pg_stat_activity WHERE usename = 'latchkey_application'"
    with Traffic(database, acts(database, app), pause=0.01) as traffic:
        for _ in range(3):
            traffic.wait_for(5)
            [pid] = random.choice(database.sql(of_ours))
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
            eventually(lambda pid=pid: not processes.is_running(int(pid)), 5, "the backend is gone")
            recovered(database, app)
        traffic.wait_for(5)
    check(traffic, is_refused=False)
    check_acknowledged(database, traffic)


def test_an_unreachable_database_gives_503_until_packets_arrive_again(product, app, responders):
    with Proxy(product, tcp=True) as proxy:
        responders.start(proxy.settings)
        with Traffic(product, acts(product, app), pause=0.01) as traffic:
            for _ in range(2):
                traffic.wait_for(5)
                proxy.freeze()
                refused(traffic)
                traffic.wait_for(20)
                proxy.forward()
                recovered(product, app)
        responders.stop_all()
    check(traffic)
    check_acknowledged(product, traffic)


@pytest.mark.parametrize("seconds", [1.2, 10])
def test_a_slow_database_gives_503_within_the_deadline(app, database, seconds):
    """Slower than statement_timeout (1500 ms), and faster but too slow for who had to wait for a worker."""
    # More than there are workers.
    with Traffic(database, acts(database, app) * 4, pause=0.01) as traffic:
        traffic.wait_for(3)
        with slow_inserts(database, seconds):
            refused(traffic)
            traffic.wait_for(3)
        recovered(database, app)
        traffic.wait_for(3)
    check(traffic)
    check_acknowledged(database, traffic)


def test_a_database_without_a_connection_left_gives_503(app, database):
    with Traffic(database, acts(database, app), pause=0.01) as traffic, contextlib.ExitStack() as sessions:
        traffic.wait_for(5)
        database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'latchkey_application'")
        # Somebody else takes all that there are, and those that latchkeyd has opened again are ended.
        for _ in range(1000):
            session = open_session(database, "latchkey_administrator")
            if session is not None:
                sessions.enter_context(session)
            elif not database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                  " WHERE usename = 'latchkey_application'"):
                break
        refused(traffic)
        traffic.wait_for(20)
        sessions.close()
        recovered(database, app)
        traffic.wait_for(5)
    check(traffic)
    check_acknowledged(database, traffic)


def test_a_database_that_is_starting_up_gives_503(app, database):
    """It answers that it takes no connection yet (SQLSTATE 57P03): a standby that nobody may read."""
    signal_file = database.state / "postgres/data/standby.signal"
    with Traffic(database, acts(database, app), pause=0.01) as traffic:
        traffic.wait_for(5)
        database.stop_postgres()
        signal_file.touch()
        try:
            database.control_postgres(
                "start", "--no-wait", "-l", str(database.state / "log/postgresql.log"), "-o", "-c hot_standby=off")
            eventually(lambda: starting_up(database), 10, "PostgreSQL says that it is starting up")
            refused(traffic)
            traffic.wait_for(20)
            assert starting_up(database)
            database.control_postgres("stop", "--mode=immediate")
        finally:
            signal_file.unlink()
        database.start_postgres()
        recovered(database, app)
        traffic.wait_for(5)
    check(traffic)
    check_acknowledged(database, traffic)


def starting_up(product):
    result = product.psql("SELECT 1")
    return "the database system is" in result.stderr


def test_attempts_to_reach_the_database_are_few_and_not_in_step(product, app, responders):
    """Three instances, hammered while their connections are refused."""
    with Proxy(product) as proxy:
        responders.bind()
        pids = {responders.start(proxy.settings).pid for _ in range(3)}
        with Traffic(product, acts(product, app) * 2) as traffic:
            traffic.wait_for(5)
            proxy.refuse()
            begin = time.monotonic()
            refused(traffic)
            eventually(lambda: proxy.attempts[-1].at > begin + 7, 20, "seven seconds of attempts")
            proxy.forward()
            recovered(product, app)
            traffic.wait_for(5)
        responders.stop_all()
    check(traffic)
    # After three seconds the pauses are the longest, half a second to a whole one, for the worker that tries and for
    # the thread that listens for changes.
    later = [one for one in proxy.attempts if begin + 3 < one.at < begin + 7]
    assert {one.process for one in later} == pids
    pauses = []
    for pid in pids:
        times = [one.at for one in later if one.process == pid]
        assert len(times) <= 20, f"{len(times)} attempts in 4 seconds"
        # From each attempt to the next but one, since two make them in turn.
        pauses += [after - before for before, after in zip(times, times[2:])]
    # Instances whose pauses were all alike would go on together, as they have begun.
    assert min(pauses) < 0.85 < max(pauses), pauses


@pytest.mark.parametrize("when", ["before", "during", "after"])
@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_user_whose_commit_was_ambiguous_exists_once(product, app, responders, when, times):
    """The connection is lost before the database hears of the request, during its work, or behind the commit."""
    with Proxy(product) as proxy:
        responders.start(proxy.settings)
        recovered(product, app)
        for with_key in (False, True):
            for _ in range(3):
                name = uuid.uuid4().hex
                headers = {"X-Request-Id": name} | ({"Idempotency-Key": name} if with_key else {})
                proxy.cut(when, times)
                answer = product.token(app, headers=headers)
                # latchkeyd tries three times in all.
                assert answer.status_code == (503 if times == 3 else 200), answer.text
                assert not proxy.cuts
                eventually(lambda: idle(product), 5, "the database has done its work")
                made = users_of(product, name)
                assert len(made) <= 1
                if answer.status_code == 200:
                    assert made == [answer.json()["taiki_user_id"]]
                elif when == "after":
                    assert len(made) == 1
                if with_key:
                    # What a careful client does: it asks with the same key until it has an answer.
                    eventually(
                        lambda headers=headers: product.token(app, headers=headers).status_code == 200, 5,
                        "the request is answered")
                    _, user = product.issued(app, headers=headers)
                    assert users_of(product, name) == [user]
                    assert not made or made == [user]
                else:
                    recovered(product, app)
        responders.stop_all()


def idle(product):
    return product.value("SELECT count(*) FROM pg_stat_activity"
                         " WHERE usename = 'latchkey_application' AND state = 'active'") == "0"


def users_of(product, request_id):
    """The users that the requests with this id have made."""
    return [row[0] for row in product.sql(f"SELECT id FROM latchkey.users WHERE request_id = '{request_id}'")]
