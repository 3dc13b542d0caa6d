"""What the token of POST /api/token is, beyond the golden files' patterns."""

import re
import time
import uuid

import tokens


def test_the_header_and_claims_are_those_of_the_contract(product, app):
    before = int(time.time())
    token, user = product.issued(app)
    after = int(time.time())
    [kid, _], *_ = tokens.read_keys(product.key_files[0])
    assert tokens.header_of(token) == {"alg": "HS256", "typ": "JWT", "kid": kid}
    claims = tokens.claims_of(token)
    assert before <= claims["iat"] <= after
    assert re.fullmatch("[0-9a-f]{32}", claims["jti"])
    assert claims == {
        "token_type": "access", "exp": claims["iat"] + 3600, "iat": claims["iat"], "jti": claims["jti"],
        "client_app_id": app.client_app, "taiki_user_id": user, "mode": "production",
    }


def test_every_token_has_an_id_of_its_own(product, app):
    _, user = product.issued(app)
    ids = {tokens.claims_of(product.issued(app, taiki_user_id=user)[0])["jti"] for _ in range(50)}
    assert len(ids) == 50


def test_a_new_user_is_in_the_table_before_it_is_answered(product, app):
    answer = product.token(app, headers={"X-Request-Id": f"new-user-{uuid.uuid4()}"})
    user = uuid.UUID(answer.json()["taiki_user_id"])
    assert user.version == 7
    rows = product.sql(f"SELECT client_app_id, mode, request_id FROM latchkey.users WHERE id = '{user}'")
    assert rows == [[app.client_app, "production", answer.headers["x-request-id"]]]


def test_a_token_can_be_verified_as_often_as_wanted(product, app):
    token, user = product.issued(app)
    for _ in range(5):
        answer = product.verify(token)
        assert answer.json() == {"valid": True, "taiki_user": user, "client": app.client_app}


def test_members_that_are_no_part_of_the_contract_never_reach_the_claims(product, app):
    more = {"exp": 9999999999, "role": "admin", "client_app_id": str(uuid.uuid4()), "mode": "sandbox"}
    answer = product.post(product.base_url() + "/api/token", json=app.credentials | more)
    claims = tokens.claims_of(answer.json()["access_token"])
    assert claims["exp"] == claims["iat"] + 3600
    assert claims["client_app_id"] == app.client_app
    assert claims["mode"] == "production"
    assert "role" not in claims


def test_credentials_in_the_query_are_none(product, app):
    query = f"?api_key={app.api_key}&api_secret={app.api_secret}"
    for body in (b"", b"{}"):
        answer = product.post(product.base_url() + "/api/token" + query, content=body)
        assert answer.status_code == 400
        assert answer.json()["error_description"] == "No API key or API secret provided"
