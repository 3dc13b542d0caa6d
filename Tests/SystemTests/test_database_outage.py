"""PostgreSQL is stopped, stalled and started again while requests come in."""

import pytest

import golden
from outage import acts, check, refused, stalled
from traffic import Traffic
from waiting import eventually, seconds_until


def test_a_stopped_database_gives_503_and_its_return_is_noticed_within_5_seconds(app, database):
    with Traffic(database, acts(database, app), pause=0.01) as traffic:
        traffic.wait_for(5)
        database.stop_postgres()
        refused(traffic)
        traffic.wait_for(20)
        database.start_postgres()
        assert seconds_until(lambda: database.token(app).status_code == 200, 5, "tokens are issued again") <= 5
        traffic.wait_for(5)
    check(traffic)


def test_a_stalled_database_gives_503_and_its_return_is_noticed_within_5_seconds(app, database):
    with Traffic(database, acts(database, app), pause=0.01) as traffic:
        traffic.wait_for(5)
        with stalled(database):
            refused(traffic)
            traffic.wait_for(20)
        assert seconds_until(lambda: database.token(app).status_code == 200, 5, "tokens are issued again") <= 5
        traffic.wait_for(5)
    check(traffic)
    # A connection that missed its deadline is closed. Nothing is cancelled: the server might call a lost row written.
    assert "canceling statement due to user request" not in (database.state / "log/postgresql.log").read_text()


def test_restarts_of_the_database_are_survived_again_and_again(app, database):
    with Traffic(database, acts(database, app), pause=0.01) as traffic:
        for _ in range(5):
            database.control_postgres("restart", "--mode=fast", "-l", str(database.state / "log/postgresql.log"))
            eventually(lambda: database.token(app).status_code == 200, 5, "tokens are issued again")
            traffic.wait_for(3)
    assert not traffic.failures(expected=(200, 503))
    assert not [one for one in traffic.outcomes if one.status == 503 and one.name.endswith("verify")]


def recovered(product, app):
    """Waits until every instance issues tokens again: each finds out for itself that the database is back."""
    with Traffic(product, acts(product, app)) as traffic:
        eventually(
            lambda: len(traffic.outcomes) >= 100 and {one.status for one in traffic.outcomes[-100:]} == {200}, 5,
            "tokens are issued by all instances")


def test_sessions_that_the_database_ends_cost_nobody_a_request(app, database):
    recovered(database, app)
    end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'latchkey_application'"
    with Traffic(database, acts(database, app)) as traffic:
        for _ in range(10):
            traffic.wait_for(2)
            assert database.value(end) != "0"
    assert not traffic.failures()


def test_no_user_that_was_acknowledged_is_missing_after_an_outage(app, database):
    with Traffic(database, acts(database, app)) as traffic:
        for _ in range(8):
            traffic.wait_for(10)
            database.control_postgres(
                "restart", "--mode=immediate", "-l", str(database.state / "log/postgresql.log"))
            eventually(lambda: database.token(app).status_code == 200, 5, "tokens are issued again")
    acknowledged = {one.answer.json()["taiki_user_id"] for one in traffic.outcomes
                    if one.status == 200 and one.name.endswith("issue")}
    assert len(acknowledged) > 30
    assert acknowledged <= database.users()


@pytest.fixture
def away(prepared, database):
    """What the golden files need is prepared before the database is stopped."""
    values = {mode: prepared.values(mode) for mode in ("production", "sandbox")}

    class Kept:
        def values(self, mode):
            return values[mode]

    def stop():
        database.stop_postgres()
        return Kept()

    return stop


def test_the_answers_without_a_database_are_those_of_the_golden_files(database, away):
    cases = golden.files(database="away")
    assert len(cases) >= 2
    kept = away()
    with database.client() as client:
        for case in cases:
            golden.play(database, kept, client, case)


def test_verify_gives_up_when_what_it_knows_is_too_old(database, away, responders):
    cases = golden.files(database="away for too long")
    assert cases
    responders.start({"LATCHKEY_STALE_SECONDS": "1"})
    kept = away()
    token = kept.values("production")["TOKEN"]
    assert database.verify(token).status_code == 200
    eventually(lambda: database.verify(token).status_code == 503, 5, "what verify knows is too old")
    with database.client() as client:
        for case in cases:
            golden.play(database, kept, client, case)
    database.start_postgres()
    eventually(lambda: database.verify(token).status_code == 200, 5, "verify goes on")
