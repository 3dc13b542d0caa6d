"""The administrator's commands for collectors and platforms."""

import re
import uuid

import pytest

from collectors import new_collector
from test_cli import NOT_FOUND, REFUSED, USAGE, acts, failed


@pytest.fixture
def token(product, app):
    return product.issued(app)[0]


def test_a_collector_is_made_with_a_key_that_is_shown_once(product):
    made = product.administer("collector", "create", "--name", "Shown once", "--actor", "alice")
    assert set(made) == {"collector_id", "name", "collector_key"}
    key = made["collector_key"]
    product.secrets.add(key)
    assert re.fullmatch(r"lk_coll_[A-Za-z0-9_-]{43}[A-Za-z0-9]{6}", key)
    [[actor, detail]] = acts(product, "collector.create", f"collector:{made['collector_id']}")
    assert actor == "alice" and detail == {"name": "Shown once"}
    [listed] = [one for one in product.administer("collector", "list")["collectors"]
                if one["collector_id"] == made["collector_id"]]
    assert listed["active"] is True and key.startswith(listed["hint"]) and len(listed["hint"]) <= 16
    for words in (["list"], ["list", "--json"]):
        assert key not in product.latchkey("collector", *words).stdout


def test_a_disabled_collector_is_refused_until_it_is_enabled(product, token, collector):
    own = new_collector(product, "On and off")
    own.begun(token)
    for verb, status in (("disable", 401), ("disable", 401), ("enable", 201)):
        assert product.administer("collector", verb, own.id, "--actor", "bob")["active"] is (verb == "enable")
        assert own.begin(token).status_code == status
    for verb in ("disable", "enable"):
        assert [actor for actor, _ in acts(product, f"collector.{verb}", f"collector:{own.id}")] == ["bob"]


def test_a_platform_is_there_in_the_modes_that_it_was_made_for(product, app, collector):
    name = f"bank-{uuid.uuid4().hex[:8]}"
    made = product.administer("platform", "create", name, "--name", "Bänk", "--sandbox")
    assert made == {
        "platform_id": name, "name": "Bänk", "production": False, "sandbox": True, "connector_url": None}
    production, sandbox = (product.issued(app, mode)[0] for mode in ("production", "sandbox"))
    assert collector.begin(production, name).json()["error"] == "unknown_platform"
    collector.begun(sandbox, name, mode="sandbox")
    product.administer("platform", "disable", name)
    assert collector.begin(sandbox, name, mode="sandbox").json()["error"] == "unknown_platform"
    listed = product.latchkey("platform", "list").stdout
    assert re.search(rf"^{name} +disabled +sandbox +- +Bänk$", listed, re.MULTILINE)
    product.administer("platform", "enable", name)
    collector.begun(sandbox, name, mode="sandbox")
    failed(product, REFUSED, "platform", "create", name, "--name", "Again", "--production")
    assert [len(acts(product, f"platform.{act}", f"platform:{name}")) for act in ("create", "disable", "enable")] == [
        1, 1, 1]


def test_the_sandbox_has_a_bank_from_the_beginning(product):
    [bank] = [one for one in product.administer("platform", "list")["platforms"]
              if one["platform_id"] == "first-sandbox-bank"]
    assert bank["name"] == "First Sandbox Bank" and bank["sandbox"] is True and bank["production"] is False


@pytest.mark.parametrize("words", [
    ["collector", "create", "--name", ""], ["collector", "create", "--name", "a\nb"],
    ["collector", "create", "--name", "x" * 201], ["collector", "disable", "no-uuid"],
    ["platform", "create", "bank-without-mode", "--name", "x"],
    *(["platform", "create", name, "--name", "x", "--sandbox"] for name in ("Bank", "a--b", "-a", "x" * 65, "")),
    ["platform", "create", "bank", "--name", "", "--sandbox"],
    ["platform", "create", "bank", "--name", "x", "--sandbox", "--connector-url", "ftp://example.org"],
], ids=str)
def test_what_the_schema_refuses_is_a_wrong_argument(product, words):
    failed(product, USAGE, *words)


@pytest.mark.parametrize("verb", ["disable", "enable"])
def test_what_is_not_there_is_not_found(product, verb):
    failed(product, NOT_FOUND, "collector", verb, str(uuid.uuid4()))
    failed(product, NOT_FOUND, "platform", verb, "no-such-platform")
