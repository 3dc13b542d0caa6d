"""The administrator's commands for webhooks: where they go, what signs them, and what became of each."""

import base64
import hmac
import re
import uuid

import pytest

import tokens
from collectors import SANDBOX_PLATFORM
from test_cli import CONFIGURATION, DONE, NOT_FOUND, REFUSED, USAGE, acts, failed

# Nobody listens there.
NOWHERE = "https://127.0.0.1:1/hook"


@pytest.fixture
def own(product):
    return product.create_app("Webhooks")


def configured(product, app, url=NOWHERE):
    made = product.administer("webhook", "configure", app.client_app, "--url", url)
    product.secrets.add(made["webhook_secret"])
    return made


def derived(product, app, secret):
    """A secret as the sender makes it."""
    keys = dict(tokens.read_keys(product.key_files[3]))
    message = (b"latchkey webhook secret\0" + uuid.UUID(app.client_app).bytes + uuid.UUID(secret["secret_id"]).bytes)
    return "whsec_" + base64.b64encode(hmac.digest(keys[secret["kid"]], message, "sha256")).decode()


def test_the_first_url_comes_with_a_secret_and_others_without(product, own):
    made = configured(product, own)
    assert set(made) == {"client_app_id", "webhook_url", "webhook_secret"}
    [secret] = product.administer("app", "show", own.client_app)["webhook_secrets"]
    assert derived(product, own, secret) == made["webhook_secret"]
    for words in (["--url", "https://example.org/other"], ["--none"], ["--url", NOWHERE]):
        again = product.administer("webhook", "configure", own.client_app, *words)
        assert again["webhook_secret"] is None
        assert product.administer("app", "show", own.client_app)["webhook_url"] == again["webhook_url"]
    assert len(acts(product, "webhook.configure", f"client_app:{own.client_app}")) == 4
    for words in (["--url", "ftp://example.org"], [], ["--none", "--url", NOWHERE]):
        failed(product, USAGE, "webhook", "configure", own.client_app, *words)
    failed(product, NOT_FOUND, "webhook", "configure", str(uuid.uuid4()), "--none")


def test_a_new_secret_lets_the_older_ones_end_after_the_overlap(product, own):
    first = configured(product, own)["webhook_secret"]
    made = product.administer("webhook", "secret", own.client_app, "--overlap", "1h", "--actor", "carol")
    product.secrets.add(made["webhook_secret"])
    assert made["webhook_secret"] != first
    secrets = product.administer("app", "show", own.client_app)["webhook_secrets"]
    assert [derived(product, own, secret) for secret in secrets] == [made["webhook_secret"], first]
    assert [secret["works"] for secret in secrets] == [True, True] and secrets[1]["expires_at"]
    last = product.administer("webhook", "secret", own.client_app, "--overlap", "0")
    product.secrets.add(last["webhook_secret"])
    secrets = product.administer("app", "show", own.client_app)["webhook_secrets"]
    assert [secret["works"] for secret in secrets] == [True, False, False]
    [[_, detail], [actor, _], _] = acts(product, "webhook.secret", f"client_app:{own.client_app}")
    assert actor == "carol" and "whsec_" not in str(detail)
    failed(product, CONFIGURATION, "webhook", "secret", own.client_app, environment={"LATCHKEY_WEBHOOK_KEYS_FILE": ""})


@pytest.fixture
def delivery(product, own, collector):
    """The delivery of a retrieval whose receiver is not there."""
    configured(product, own)
    token, _ = product.issued(own, "sandbox")
    retrieval = collector.recorded(token, {"a.pdf": b"%PDF", "b.pdf": b"%PDF"}, SANDBOX_PLATFORM, mode="sandbox")
    [found] = product.administer("webhook", "list", "--app", own.client_app)["deliveries"]
    assert found["retrieval_id"] == retrieval
    return found


def test_a_delivery_is_listed_and_shown(product, own, delivery):
    assert delivery["state"] == "pending" and delivery["documents"] == 2 and delivery["status"] == "success"
    assert delivery["webhook_id"] == "msg_" + delivery["delivery_id"]
    shown = product.administer("webhook", "show", delivery["webhook_id"])
    assert {name: shown[name] for name in ("delivery_id", "number", "created_at")} == {
        name: delivery[name] for name in ("delivery_id", "number", "created_at")}
    text = product.latchkey("webhook", "show", delivery["delivery_id"])
    assert text.returncode == DONE and f"retrieval {delivery['number']}, success, 2 documents" in text.stdout
    assert product.administer("webhook", "list", "--app", own.client_app, "--state", "dead")["deliveries"] == []
    assert len(product.administer("webhook", "list", "--limit", "1")["deliveries"]) == 1
    for words in (["--state", "lost"], ["--limit", "0"], ["--limit", "10001"], ["--app", "x"]):
        failed(product, USAGE, "webhook", "list", *words)


def test_a_dead_delivery_is_replayed_under_its_id(product, own, delivery):
    name = delivery["delivery_id"]
    product.sql(f"""
        UPDATE latchkey.webhook_deliveries
           SET state = 'dead', claimed_until = NULL, last_attempt_at = now(), last_status = 410
         WHERE id = '{name}'""")
    listed = product.latchkey("webhook", "list", "--app", own.client_app, "--state", "dead").stdout
    assert re.search(rf"^{name} +dead +\d+ +HTTP 410 ", listed, re.MULTILINE)
    assert product.administer("webhook", "replay", name, "--actor", "dave")["delivery_id"] == name
    assert product.administer("webhook", "show", name)["state"] == "pending"
    assert [actor for actor, _ in acts(product, "webhook.replay", f"delivery:{name}")] == ["dave"]


def test_a_test_needs_a_url_and_a_secret(product, own):
    assert "no webhook URL" in failed(product, REFUSED, "webhook", "test", own.client_app)
    configured(product, own)
    queued = product.administer("webhook", "test", own.client_app)
    shown = product.administer("webhook", "show", queued["delivery_id"])
    assert shown["kind"] == "test" and shown["taiki_user_id"] is None and shown["number"] == 0
    product.sql(f"UPDATE latchkey.webhook_secrets SET expires_at = now() WHERE client_app_id = '{own.client_app}'")
    assert "no webhook secret" in failed(product, REFUSED, "webhook", "test", own.client_app)
    for words in (["test", str(uuid.uuid4())], ["show", str(uuid.uuid4())], ["replay", str(uuid.uuid4())]):
        failed(product, NOT_FOUND, "webhook", *words)
