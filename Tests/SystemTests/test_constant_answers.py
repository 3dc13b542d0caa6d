"""All refusals of credentials are one: the same answer, and the same work behind it. No time is measured here: the
machine that runs this is noisier than any difference would be."""

import uuid

import pytest


@pytest.fixture(scope="module")
def cases(product):
    """What is wrong, by name: credentials that are refused, each for another reason."""
    app = product.create_app("Refusals")
    expired, app = app, product.regenerate(app, "0")
    other = product.create_app("Refusals of another app")
    sandbox = product.create_app("Refusals of the sandbox", sandbox_only=True)
    disabled = product.create_app("Refusals of a disabled app")
    _, disabled_user = product.issued(disabled)
    product.administer("app", "disable", disabled.client_app)
    _, erased = product.issued(app)
    product.administer("user", "erase", erased, "--app", app.client_app)
    _, user = product.issued(app)
    _, user_of_other = product.issued(other)
    _, user_of_sandbox = product.issued(app, "sandbox")
    unknown = str(uuid.uuid4())
    return {
        "unknown key": app.credentials | {"api_key": unknown, "taiki_user_id": user},
        "malformed key": app.credentials | {"api_key": "no UUID", "taiki_user_id": user},
        "wrong secret": app.credentials | {"api_secret": other.api_secret, "taiki_user_id": user},
        "secret of no length": app.credentials | {"api_secret": "x", "taiki_user_id": user},
        "expired secret": expired.credentials | {"taiki_user_id": user},
        "disabled app": disabled.credentials | {"taiki_user_id": disabled_user},
        "sandbox credential": sandbox.credentials | {"taiki_user_id": user},
        "malformed user": app.credentials | {"taiki_user_id": "no UUID"},
        "unknown user": app.credentials | {"taiki_user_id": unknown},
        "erased user": app.credentials | {"taiki_user_id": erased},
        "user of another app": app.credentials | {"taiki_user_id": user_of_other},
        "user of the other mode": app.credentials | {"taiki_user_id": user_of_sandbox},
    }


# An array of one hash that no secret has.
NO_HASH = r'{"\\x' + "00" * 32 + '"}'


def ask(product, body):
    return product.post(product.base_url() + "/api/token", json=body)


def test_all_refusals_are_the_same_to_the_byte(product, cases):
    seen = set()
    for body in cases.values():
        answer = ask(product, body)
        assert answer.status_code == 401
        headers = {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id")}
        seen.add((answer.content, str(sorted(headers.items()))))
    assert len(seen) == 1, seen


@pytest.fixture
def statement_log(product, responders):
    """Counts the statements that latchkeyd sends for a request, by PostgreSQL's own log of them."""
    log = product.state / "log/postgresql.log"
    product.sql("ALTER ROLE latchkey_application SET log_statement = 'all'")
    try:
        # With one worker and no poll within the test, every statement is a request's.
        responders.start({"LATCHKEY_DATABASE_WORKERS": "1", "LATCHKEY_POLL_MILLISECONDS": "10000"})
        yield lambda: log.read_text().count("latchkey_api.token_context(")
    finally:
        product.sql("ALTER ROLE latchkey_application RESET log_statement")


def test_every_request_for_a_token_is_one_round_trip_whatever_is_wrong(product, cases, statement_log):
    ask(product, cases["wrong secret"])
    counts = {}
    for name, body in cases.items():
        before = statement_log()
        assert ask(product, body).status_code == 401
        counts[name] = statement_log() - before
    before = statement_log()
    assert product.token(product.demo).status_code == 200
    counts["none, a new user"] = statement_log() - before
    assert set(counts.values()) == {1}, counts


def test_the_database_looks_up_the_same_whatever_is_wrong(product, cases):
    """By PostgreSQL's counters of this transaction: as many index and table scans in each case."""
    looked_up = {}
    for name, body in cases.items():
        looked_up[name] = scans(product, name, body)
    assert len(set(map(str, looked_up.values()))) == 1, looked_up
    assert sum(count for _, count in looked_up["unknown key"]) >= 4


def scans(product, name, body):
    def identifier(text):
        return text if len(text) == 36 else str(uuid.uuid4())

    api_key, user = identifier(body["api_key"]), identifier(body["taiki_user_id"])
    # The right hash, so that only the thing that the case is about is wrong.
    hashes = product.value(f"""
        SELECT coalesce(array_agg(secret_hash), ARRAY[]::bytea[]) FROM latchkey.secrets
         WHERE api_key = '{api_key}' AND (expires_at IS NOT NULL) = {name == "expired secret"}""")
    if name in ("wrong secret", "secret of no length") or hashes == "{}":
        hashes = NO_HASH
    rows = product.sql(f"""
        BEGIN;
        SELECT outcome FROM latchkey_api.token_context(
            'production', '{api_key}', '{hashes}', '{user}', gen_random_uuid(), NULL, NULL);
        SELECT relname, coalesce(seq_scan, 0) + coalesce(idx_scan, 0) FROM pg_stat_xact_user_tables
         WHERE schemaname = 'latchkey' AND coalesce(seq_scan, 0) + coalesce(idx_scan, 0) > 0 ORDER BY relname;
        ROLLBACK;""")
    [outcome], *scanned = rows
    assert outcome != "ok", body
    return [(name, int(count)) for name, count in scanned]
