"""Verify tells the truth: what an administrator took back is refused within a second."""

import pytest

import fastcgi
from responders import LANES
from traffic import Traffic
from waiting import eventually, seconds_until


def refused(product, token):
    return lambda: product.verify(token).status_code == 401


@pytest.fixture
def one(product):
    """An app of the test's own, a token of it, and the token's user."""
    app = product.create_app("Taken back")
    token, user = product.issued(app)
    # A new app is a change for verify, too.
    eventually(lambda: product.verify(token).status_code == 200, 1, "the new app is known")
    return app, token, user


def test_a_disabled_app_is_seen_within_a_second_and_an_enabled_one_as_well(product, one):
    app, token, _ = one
    product.administer("app", "disable", app.client_app)
    assert seconds_until(refused(product, token), 1) <= 1
    assert product.token(app).status_code == 401
    product.administer("app", "enable", app.client_app)
    eventually(lambda: product.verify(token).status_code == 200, 1, "the app is enabled")
    assert product.token(app).status_code == 200


def test_an_erased_user_is_seen_within_a_second(product, one):
    app, token, user = one
    other_token, _ = product.issued(app)
    product.administer("user", "erase", user, "--app", app.client_app)
    assert seconds_until(refused(product, token), 1) <= 1
    assert product.token(app, taiki_user_id=user).status_code == 401
    assert product.verify(other_token).status_code == 200


def test_a_revoked_token_is_seen_within_a_second_and_no_other(product, one):
    app, token, user = one
    other_token, _ = product.issued(app, taiki_user_id=user)
    product.administer("token", "revoke", input=token)
    assert seconds_until(refused(product, token), 1) <= 1
    assert product.verify(other_token).status_code == 200


def test_a_change_is_seen_within_a_second_though_the_notification_was_lost(product, one):
    _, token, _ = one

    def listeners():
        return {row[0] for row in product.sql(
            "SELECT pid FROM pg_stat_activity"
            " WHERE usename = 'latchkey_application' AND query NOT LIKE '%token_context%'")}
    before = listeners()
    assert before, "nobody listens"
    # The session that LISTENs ends just before the change.
    product.sql(f"SELECT pg_terminate_backend(pid) FROM unnest(ARRAY[{','.join(before)}]) AS pid")
    product.administer("token", "revoke", input=token)
    assert seconds_until(refused(product, token), 1) <= 1


def test_every_instance_sees_a_change_within_a_second(product, one, responders):
    _, token, _ = one
    responders.start()
    another = {
        f"LATCHKEY_{lane.upper()}_SOCKET": str(product.state / f"run/another-{lane}.sock") for lane in LANES}
    responders.start(another)
    request = fastcgi.request(fastcgi.verify_parameters(token))

    def statuses():
        found = []
        for path in (product["VERIFY_SOCKET"], another["LATCHKEY_VERIFY_SOCKET"]):
            with fastcgi.connect(path) as connection:
                connection.sendall(request)
                found.append(fastcgi.answer(connection)[0])
        return found

    assert statuses() == [200, 200]
    product.administer("token", "revoke", input=token)
    assert seconds_until(lambda: statuses() == [401, 401], 1, "both refuse the token") <= 1


def test_changes_of_one_app_are_no_concern_of_another(product, app, one):
    other, _, _ = one
    token, _ = product.issued(app)

    def verify(client):
        return product.verify(token, client=client)

    with Traffic(product, [verify, verify]) as traffic:
        for _ in range(3):
            product.administer("app", "disable", other.client_app)
            product.administer("app", "enable", other.client_app)
        traffic.wait_for(5)
    assert not traffic.failures()
