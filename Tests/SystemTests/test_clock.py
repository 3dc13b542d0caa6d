"""The clock is stepped: no token is valid beyond its end, and nothing waits by that clock."""

import struct
import time

import pytest

import tokens
from responders import in_place_of_latchkeyd
from shell_started import latchkeyd
from traffic import Traffic
from waiting import eventually


@pytest.fixture(scope="module", autouse=True)
def place(product):
    with in_place_of_latchkeyd(product):
        yield


@pytest.fixture
def clock(product, shifted_clock):
    """Steps the clock by so many seconds from what it is."""
    file = product.state / "shifted-clock"
    file.write_bytes(struct.pack("=q", 0))
    file.chmod(0o644)

    def step(seconds):
        with open(file, "r+b") as kept:
            kept.write(struct.pack("=q", seconds))

    # Requests seem to have waited for as long as latchkeyd's clock is ahead of nginx's, up to what can be believed.
    settings = f"LD_PRELOAD='{shifted_clock}' SHIFTED_CLOCK='{file}' LATCHKEY_QUEUE_MILLISECONDS=3000"
    with open(product.state / "log/latchkeyd-clock.log", "ab") as log, \
            latchkeyd(product, before=f"env {settings}", stderr=log) as process:
        step.process = process
        yield step
    file.unlink()


def test_a_step_of_the_clock_moves_the_tokens_and_nothing_else(product, app, clock):
    def issue(client):
        return product.token(app, client=client)

    token, user = product.issued(app)
    assert product.verify(token).status_code == 200
    with Traffic(product, [issue] * 3, pause=0.005) as traffic:
        for seconds, status in ((3500, 200), (3605, 401), (0, 200), (-3600, 401), (-30, 200), (0, 200)):
            clock(seconds)
            assert product.verify(token).status_code == status, seconds
            made, _ = product.issued(app, taiki_user_id=user)
            assert abs(tokens.claims_of(made)["iat"] - time.time() - seconds) < 5
            assert product.verify(made).status_code == 200
            traffic.wait_for(5)
        for seconds in (1, -1, 27, -27, 86400 * 365, 0):  # a leap second, NTP, a wrong year
            clock(seconds)
            traffic.wait_for(5)
    assert not traffic.failures()
    # No worker waited for a time that never came, and the process is the same.
    assert clock.process.poll() is None
    # What verify knows is refreshed by the clock that no one can step.
    revoked, _ = product.issued(app)
    clock(-3600)
    product.administer("token", "revoke", input=revoked)
    clock(0)
    eventually(lambda: product.verify(revoked).status_code == 401, 2, "a revocation is heard of")


def test_a_token_that_was_made_before_a_step_back_ends_when_it_says(product, app, clock):
    """Forwards to its last second and beyond, however often the clock comes back."""
    token, _ = product.issued(app)
    end = tokens.claims_of(token)["exp"]
    for _ in range(3):
        left = int(end - time.time())
        clock(left - 30)
        assert product.verify(token).status_code == 200
        clock(left + 2)
        assert product.verify(token).status_code == 401
        clock(0)
        assert product.verify(token).status_code == 200
