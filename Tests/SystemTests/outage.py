"""Requests to both lanes while something happens to the database, and what holds for their answers."""

import contextlib
import os
import signal

import processes
import traffic
from waiting import eventually


def acts(product, app):
    return traffic.acts(product, app, tokens=5, verifies=2)


def check(traffic, is_refused=True):
    """503 within 2 s and with Retry-After is all that a token may be refused with; verify notices nothing.

    `is_refused`: whether one must have been.
    """
    issued = [one for one in traffic.outcomes if one.name.endswith("issue")]
    verified = [one for one in traffic.outcomes if one.name.endswith("verify")]
    assert {200} <= {one.status for one in issued} <= {200, 503}, traffic.failures((200, 503))
    assert any(one.status == 503 for one in issued) or not is_refused
    for one in issued:
        if one.status == 503:
            assert one.answer.headers["retry-after"].isdecimal()
            assert one.answer.json()["error"] == "temporarily_unavailable"
        assert one.seconds <= 2, f"a {one.status} took {one.seconds:.2f} s"
    assert {one.status for one in verified} == {200}
    assert max(one.seconds for one in verified) <= 1


def refused(traffic):
    """Waits until tokens are refused."""
    seen = len(traffic.outcomes)
    eventually(lambda: any(one.status == 503 for one in traffic.outcomes[seen:]), 5, "a token is refused")


def recovered(product, app):
    """Waits until tokens are issued again, which nobody has to help with."""
    eventually(lambda: product.token(app).status_code == 200, 5, "tokens are issued again")


def check_acknowledged(product, traffic):
    """Every user whose id was answered is in the database, and was answered once."""
    acknowledged = [one.answer.json()["taiki_user_id"] for one in traffic.outcomes
                    if one.status == 200 and one.name.endswith("issue")]
    assert len(set(acknowledged)) == len(acknowledged)
    assert set(acknowledged) <= product.users()


@contextlib.contextmanager
def stalled(product):
    """All of PostgreSQL's processes are stopped, as on a machine whose disk hangs."""
    pids = processes.family(product.postgres_pid)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def slow_inserts(product, seconds):
    """Each new user takes so long."""
    product.sql(f"""
        CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN PERFORM pg_catalog.pg_sleep({seconds}); RETURN NEW; END $$;
        CREATE TRIGGER slow BEFORE INSERT ON latchkey.users FOR EACH ROW EXECUTE FUNCTION public.slow();
    """)
    try:
        yield
    finally:
        product.sql("DROP FUNCTION public.slow CASCADE")
