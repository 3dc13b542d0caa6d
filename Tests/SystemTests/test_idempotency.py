"""Idempotency-Key: however often a request is sent, it makes one user."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import tokens

RETRIES = 1000


def users_of(product, app):
    return int(product.value(f"SELECT count(*) FROM latchkey.users WHERE client_app_id = '{app.client_app}'"))


def test_1000_retries_with_one_key_make_one_user(product):
    app = product.create_app("Retries")
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    begin = threading.Barrier(16)

    def retry(count):
        with product.client() as client:
            begin.wait(timeout=10)
            return [product.token(app, client=client, headers=headers) for _ in range(count)]

    shares = [RETRIES // 16 + (index < RETRIES % 16) for index in range(16)]
    with ThreadPoolExecutor(16) as pool:
        answers = [answer for some in pool.map(retry, shares) for answer in some]
    assert len(answers) == RETRIES
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["taiki_user_id"] for answer in answers}) == 1
    assert len({tokens.claims_of(answer.json()["access_token"])["jti"] for answer in answers}) == RETRIES
    assert users_of(product, app) == 1


def test_keys_of_two_apps_are_apart(product):
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    users = {product.issued(product.create_app(name), headers=headers)[1] for name in ("One", "Other")}
    assert len(users) == 2


def test_a_key_is_free_again_after_24_hours(product):
    app = product.create_app("A day later")
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    _, first = product.issued(app, headers=headers)
    [[moved]] = product.sql(f"""
        WITH moved AS (
            UPDATE latchkey.idempotency_keys SET created_at = created_at - interval '24 hours'
             WHERE key = '{headers["Idempotency-Key"]}' RETURNING 1)
        SELECT count(*) FROM moved""")
    assert moved == "1"
    _, second = product.issued(app, headers=headers)
    assert second != first
    assert product.issued(app, headers=headers)[1] == second


def test_every_visible_character_may_be_in_a_key(product, app):
    headers = {"Idempotency-Key": "".join(chr(code) for code in range(0x21, 0x7F))}
    assert product.issued(app, headers=headers)[1] == product.issued(app, headers=headers)[1]


def test_a_refused_request_makes_no_user_and_uses_no_key(product):
    app = product.create_app("Refused")
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    assert product.token(app, headers=headers, api_secret="wrong").status_code == 401
    assert product.token(app, headers=headers, taiki_user_id=str(uuid.uuid4())).status_code == 401
    assert users_of(product, app) == 0
    product.issued(app, headers=headers)
    assert users_of(product, app) == 1


def test_the_answer_of_another_user_is_never_given(product):
    app = product.create_app("Two keys")
    made = [product.issued(app, headers={"Idempotency-Key": str(uuid.uuid4())})[1] for _ in range(20)]
    assert len(set(made)) == 20
