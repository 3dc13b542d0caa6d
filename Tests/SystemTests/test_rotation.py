"""Secrets and signing keys are replaced while requests come in, and none of them fails."""

import os
import signal

import pytest

import tokens
from traffic import Traffic
from waiting import eventually


def test_an_older_secret_goes_on_working_within_its_overlap(product):
    older = product.create_app("Rotated")
    current = [older]

    def with_older_secret(client):
        return product.token(older, client=client)

    def with_newest_secret(client):
        return product.token(current[0], client=client)

    with Traffic(product, [with_older_secret, with_newest_secret]) as traffic:
        traffic.wait_for(5)
        for _ in range(3):
            current[0] = product.regenerate(current[0], "24h")
            traffic.wait_for(5)
    assert not traffic.failures()


def test_without_an_overlap_the_older_secrets_stop_at_once(product):
    first = product.create_app("Rotated at once")
    second = product.regenerate(first, "1h")
    third = product.regenerate(second, "0")
    assert product.token(first).status_code == 401
    assert product.token(second).status_code == 401
    assert product.token(third).status_code == 200


def test_an_older_secret_stops_by_itself(product):
    older = product.create_app("Rotated soon")
    newer = product.regenerate(older, "2s")
    assert product.token(older).status_code == 200
    eventually(lambda: product.token(older).status_code == 401, 4, "the older secret has stopped")
    assert product.token(newer).status_code == 200


@pytest.fixture
def key_file(product):
    """The token keys, as they were again afterwards."""
    path = product.key_files[0]
    before = path.read_bytes()
    yield path
    path.write_bytes(before)
    reload(product, "keys reloaded")


def reload(product, message):
    """SIGHUP, until latchkeyd has said what came of it: that line."""
    def lines():
        return [line for line in product.log_lines() if line["message"].startswith(message)]
    seen = len(lines())
    os.kill(product.responder_pid, signal.SIGHUP)
    return eventually(lambda: len(lines()) > seen and lines()[-1], 5, f"latchkeyd says: {message}")


def test_a_new_signing_key_signs_after_a_reload_and_the_old_tokens_still_verify(product, app, key_file):
    old_token, _ = product.issued(app)
    old_kid = tokens.header_of(old_token)["kid"]

    def issue(client):
        return product.token(app, client=client)

    def verify_old(client):
        return product.verify(old_token, client=client)

    def issue_and_verify(client):
        return product.verify(product.token(app, client=client).json()["access_token"], client=client)

    with Traffic(product, [issue, verify_old, issue_and_verify, issue_and_verify]) as traffic:
        traffic.wait_for(5)
        for _ in range(3):
            result = product.latchkey("key", "generate")
            assert result.returncode == 0, result.stderr
            [new_kid, new_key], *_ = tokens.read_keys(key_file)
            product.secrets.add(tokens.base64url(new_key))
            assert new_kid != old_kid
            line = reload(product, "keys reloaded")
            assert line["token_key"] == new_kid
            traffic.wait_for(5)
            assert tokens.header_of(product.issued(app)[0])["kid"] == new_kid
    assert not traffic.failures()
    assert {kid for kid, _ in tokens.read_keys(key_file)} >= {old_kid, new_kid}


BAD_FILES = {
    "no JSON": (b"{", 0o600),
    "no key": (b'{"keys":[]}', 0o600),
    "a key that is too short": (b'{"keys":[{"kty":"oct","kid":"a","alg":"HS256","k":"c2hvcnQ"}]}', 0o600),
    "empty": (b"", 0o600),
    "readable to others": (None, 0o644),
    "gone": (None, None),
}


@pytest.mark.parametrize("fault", BAD_FILES)
def test_a_bad_key_file_keeps_the_old_keys_and_says_so(product, app, key_file, fault):
    token, _ = product.issued(app)
    content, mode = BAD_FILES[fault]
    place = key_file.with_name("away")
    if content is not None:
        key_file.write_bytes(content)
    if mode is None:
        key_file.rename(place)
    else:
        key_file.chmod(mode)
    try:
        line = reload(product, "keys not reloaded")
        assert line["level"] == "error"
        assert str(key_file) in line["reason"] or "key" in line["reason"]
        assert product.verify(token).status_code == 200
        assert tokens.header_of(product.issued(app)[0])["kid"] == tokens.header_of(token)["kid"]
    finally:
        if mode is None:
            place.rename(key_file)
        key_file.chmod(0o600)
