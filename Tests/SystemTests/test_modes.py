"""Production and sandbox: decided by the base URL, carried in the token, never crossed."""

import uuid

import pytest

import tokens

MODES = ["production", "sandbox"]


def other(mode):
    return MODES[1 - MODES.index(mode)]


@pytest.mark.parametrize("mode", MODES)
def test_a_token_names_the_mode_it_was_made_in(product, app, mode):
    token, user = product.issued(app, mode)
    claims = tokens.claims_of(token)
    assert claims["mode"] == mode
    assert product.value(f"SELECT mode FROM latchkey.users WHERE id = '{user}'") == mode


@pytest.mark.parametrize("mode", MODES)
def test_a_token_opens_nothing_in_the_other_mode(product, app, mode):
    token, _ = product.issued(app, mode)
    assert product.verify(token, mode).status_code == 200
    assert product.verify(token, other(mode)).status_code == 401


@pytest.mark.parametrize("mode", MODES)
def test_a_user_does_not_exist_in_the_other_mode(product, app, mode):
    _, user = product.issued(app, mode)
    assert product.token(app, mode, taiki_user_id=user).status_code == 200
    assert product.token(app, other(mode), taiki_user_id=user).status_code == 401


def test_idempotency_keys_of_the_modes_are_apart(product, app):
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    users = {mode: product.issued(app, mode, headers=headers)[1] for mode in MODES}
    assert users["production"] != users["sandbox"]
    for mode in MODES:
        assert product.issued(app, mode, headers=headers)[1] == users[mode]


def test_no_client_can_choose_the_mode(product, app):
    headers = {"LATCHKEY-MODE": "sandbox", "Latchkey_Mode": "sandbox", "X-Latchkey-Mode": "sandbox"}
    token, _ = product.issued(app, headers=headers, mode="production")
    assert tokens.claims_of(token)["mode"] == "production"


def test_a_sandbox_credential_has_a_secret_that_says_so(product):
    made = product.create_app("For the sandbox", sandbox_only=True)
    assert made.api_secret.startswith("lk_test_")
    assert product.token(made, "sandbox").status_code == 200
    assert product.token(made, "production").status_code == 401
