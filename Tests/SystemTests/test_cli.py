"""The administrator's command: every command, for people and for programs, its exit codes and its records."""

import json
import os
import re
import subprocess
import uuid
import zlib

import pytest

import processes
import tokens
from waiting import eventually

DONE, FAILED, NOT_FOUND, REFUSED, USAGE, UNAVAILABLE, CONFIGURATION = 0, 1, 3, 4, 64, 69, 78
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def failed(product, status, *words, input=None, environment=None):
    """Runs it: it must end with this status and one message, and perhaps a hint; the message."""
    result = product.latchkey(*words, input=input, environment=environment)
    assert result.returncode == status, (result.returncode, result.stdout, result.stderr)
    assert result.stdout == ""
    if status != USAGE:
        lines = result.stderr.splitlines()
        assert lines[0].startswith("latchkey: ")
        assert len(lines) == 1 or len(lines) == 2 and lines[1].startswith("HINT: ") and lines[1].endswith(".")
    return result.stderr


def acts(product, act, thing):
    """What the audit log holds of an act on a thing: actor and detail of each time."""
    return [(row[0], json.loads(row[1])) for row in product.sql(
        f"SELECT actor, detail FROM latchkey.audit_log WHERE act = '{act}' AND object = '{thing}' ORDER BY acted_at")]


@pytest.fixture(scope="module")
def made(product):
    """An app made with everything that can be said of one."""
    made = product.administer(
        "app", "create", "--name", "Ünïcødé & Co", "--organisation-id", "org-1", "--webhook-url",
        "https://example.org/hook", "--actor", "alice")
    product.secrets.update((made["api_secret"], made["webhook_secret"]))
    return made


# app

def test_app_create_says_all_that_was_made(product, made):
    assert set(made) == {
        "client_app_id", "name", "organisation_id", "webhook_url", "sandbox_only", "api_key", "api_secret",
        "webhook_secret"}
    assert made["name"] == "Ünïcødé & Co" and made["organisation_id"] == "org-1" and made["sandbox_only"] is False
    assert uuid.UUID(made["client_app_id"]).version == uuid.UUID(made["api_key"]).version == 7
    [[actor, detail]] = acts(product, "app.create", f"client_app:{made['client_app_id']}")
    assert actor == "alice"
    assert made["api_secret"] not in json.dumps(detail)


def test_a_secret_has_a_prefix_256_random_bits_and_a_checksum(product, made):
    secret = made["api_secret"]
    assert re.fullmatch(r"lk_live_[A-Za-z0-9_-]{43}[A-Za-z0-9]{6}", secret)
    number, text = zlib.crc32(secret[:-6].encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        text = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[digit] + text
    assert secret.endswith(text)


def test_app_create_for_people_shows_the_secret_once_and_says_so(product):
    result = product.latchkey("app", "create", "--name", "For people")
    assert result.returncode == 0
    [secret] = re.findall(r"lk_live_\S+", result.stdout)
    product.secrets.add(secret)
    assert "shown only now" in result.stdout
    client_app = re.search(rf"client app +({UUID})", result.stdout)[1]
    assert secret not in product.latchkey("app", "show", client_app).stdout


@pytest.mark.parametrize("words", [
    ["--name", ""], ["--name", "x" * 201], ["--name", "a\nb"], ["--name", "x", "--organisation-id", ""],
    ["--name", "x", "--webhook-url", "ftp://example.org"], ["--name", "x", "--webhook-url", "https://a b"],
    ["--name", "x", "--actor", "a\nb"],
], ids=str)
def test_app_create_refuses_what_the_schema_refuses(product, words):
    before = product.value("SELECT count(*) FROM latchkey.client_apps")
    failed(product, USAGE, "app", "create", *words)
    assert product.value("SELECT count(*) FROM latchkey.client_apps") == before


def test_app_list_shows_every_app_the_oldest_first(product, made):
    apps = product.administer("app", "list")["client_apps"]
    assert len(apps) == int(product.value("SELECT count(*) FROM latchkey.client_apps"))
    assert [app["created_at"] for app in apps] == sorted(app["created_at"] for app in apps)
    [mine] = [app for app in apps if app["client_app_id"] == made["client_app_id"]]
    assert mine["active"] is True
    text = product.latchkey("app", "list").stdout
    assert re.search(rf"{made['client_app_id']} +active +\S+ +Ünïcødé & Co", text)


def test_app_show_shows_credentials_without_their_secrets(product, made):
    shown = product.administer("app", "show", made["client_app_id"].upper())
    assert shown["webhook_url"] == "https://example.org/hook"
    [credential] = shown["credentials"]
    assert credential["api_key"] == made["api_key"]
    [secret] = credential["secrets"]
    assert secret["works"] is True and secret["expires_at"] is None
    assert made["api_secret"].startswith(secret["hint"]) and len(secret["hint"]) <= 16
    text = product.latchkey("app", "show", made["client_app_id"]).stdout
    assert made["api_key"] in text and made["api_secret"] not in text


def test_app_disable_and_enable_are_recorded_once_each(product):
    app = product.create_app("On and off")
    for verb, active in (("disable", False), ("disable", False), ("enable", True), ("enable", True)):
        assert product.administer("app", verb, app.client_app, "--actor", "bob") == {
            "client_app_id": app.client_app, "active": active}
        assert product.administer("app", "show", app.client_app)["active"] is active
    for verb in ("disable", "enable"):
        assert [actor for actor, _ in acts(product, f"app.{verb}", f"client_app:{app.client_app}")] == ["bob"]


@pytest.mark.parametrize("verb", ["show", "disable", "enable"])
def test_an_app_that_is_not_there_is_not_found(product, verb):
    unknown = str(uuid.uuid4())
    assert unknown in failed(product, NOT_FOUND, "app", verb, unknown)
    failed(product, USAGE, "app", verb, "no-uuid")


# app origin

def origins(product, app):
    listed = product.administer("app", "origin", "list", app.client_app)
    assert listed["client_app_id"] == app.client_app
    assert product.administer("app", "show", app.client_app)["origins"] == listed["origins"]
    return listed["origins"]


def test_origins_are_written_as_browsers_do_and_each_act_is_recorded_once(product):
    app = product.create_app("Origins")
    assert origins(product, app) == []
    for text, origin in {
            "https://b.example": "https://b.example", "HTTPS://B.Example:443/": "https://b.example",
            "https://a.example:8443": "https://a.example:8443", "http://LOCALHOST:3000/": "http://localhost:3000",
            "http://[0:0::1]:80": "http://[::1]"}.items():
        assert product.administer("app", "origin", "add", app.client_app, text, "--actor", "erin") == {
            "client_app_id": app.client_app, "origin": origin, "registered": True}
    assert origins(product, app) == [
        "http://[::1]", "http://localhost:3000", "https://a.example:8443", "https://b.example"]
    assert product.latchkey("app", "origin", "list", app.client_app).stdout.splitlines() == origins(product, app)
    removed = product.administer("app", "origin", "remove", app.client_app, "https://B.EXAMPLE/", "--actor", "frank")
    assert removed == {"client_app_id": app.client_app, "origin": "https://b.example", "registered": False}
    assert "https://b.example" not in origins(product, app)
    thing = f"client_app:{app.client_app}"
    assert [(actor, detail["origin"]) for actor, detail in acts(product, "origin.add", thing)] == [
        ("erin", "https://b.example"), ("erin", "https://a.example:8443"), ("erin", "http://localhost:3000"),
        ("erin", "http://[::1]")]
    assert acts(product, "origin.remove", thing) == [("frank", {"origin": "https://b.example"})]


@pytest.mark.parametrize("text", [
    "", "null", "*", "https://*.example", "a.example", "https://", "ftp://a.example", "https://a.example/page",
    "https://a.example?x", "https://a.example#x", "https://user:hunter2@a.example", "https://a.example:0",
    "https://0x7f.1", "https://a.example; script-src *", "https://a.example\r\nX: y", "https://bücher.example",
    "http://a.example", "http://192.168.1.1"], ids=repr)
def test_what_is_no_origin_of_a_browser_is_refused(product, app, text):
    for verb in ("add", "remove"):
        result = product.latchkey("app", "origin", verb, app.client_app, text)
        assert (result.returncode, result.stdout) == (USAGE, "")
        assert result.stderr.startswith("latchkey: an origin ") and "hunter2" not in result.stderr
    assert origins(product, app) == []


def test_an_app_has_twenty_origins_at_most(product):
    app = product.create_app("Many origins")
    for number in range(20):
        product.administer("app", "origin", "add", app.client_app, f"https://a{number}.example")
    failed(product, REFUSED, "app", "origin", "add", app.client_app, "https://b.example")
    product.administer("app", "origin", "add", app.client_app, "https://a7.example")
    product.administer("app", "origin", "remove", app.client_app, "https://a7.example")
    product.administer("app", "origin", "add", app.client_app, "https://b.example")
    assert len(origins(product, app)) == 20


def test_origins_of_nobody_are_not_found(product, app):
    unknown = str(uuid.uuid4())
    for words in (["add", unknown, "https://a.example"], ["remove", unknown, "https://a.example"], ["list", unknown]):
        assert unknown in failed(product, NOT_FOUND, "app", "origin", *words)
    assert "https://a.example" in failed(
        product, NOT_FOUND, "app", "origin", "remove", app.client_app, "https://a.example")
    failed(product, USAGE, "app", "origin", "add", "no-uuid", "https://a.example")


# secret

def test_secret_regenerate_has_an_overlap_of_a_day_unless_told_otherwise(product):
    app = product.create_app("Regenerated")
    result = product.administer("secret", "regenerate", app.api_key)
    product.secrets.add(result["api_secret"])
    assert result["api_key"] == app.api_key
    assert product.value(f"""
        SELECT expires_at BETWEEN now() + interval '23:59' AND now() + interval '24:01'
          FROM latchkey.secrets WHERE api_key = '{app.api_key}' AND expires_at IS NOT NULL""") == "t"
    secrets = product.administer("app", "show", app.client_app)["credentials"][0]["secrets"]
    assert [secret["works"] for secret in secrets] == [True, True]
    assert len(acts(product, "secret.regenerate", f"credential:{app.api_key}")) == 1


@pytest.mark.parametrize("overlap", ["24h", "0", "0s", "90s", "30m", "7d", "1h30m"])
def test_secret_regenerate_takes_spans_as_people_write_them(product, made, overlap):
    result = product.administer("secret", "regenerate", made["api_key"], "--overlap", overlap)
    product.secrets.add(result["api_secret"])


@pytest.mark.parametrize("overlap", ["", "24", "h", "-1h", "1y", "1.5h", "367d", "99999999999d", "24h "])
def test_secret_regenerate_refuses_other_spans(product, made, overlap):
    failed(product, USAGE, "secret", "regenerate", made["api_key"], f"--overlap={overlap}")


def test_secret_regenerate_does_not_know_an_unknown_key(product):
    failed(product, NOT_FOUND, "secret", "regenerate", str(uuid.uuid4()))


def test_an_app_goes_on_with_the_secret_that_was_made_last(product):
    app = product.create_app("Sandbox regenerated", sandbox_only=True)
    newer = product.regenerate(app, "0")
    assert newer.api_secret.startswith("lk_test_")
    assert product.token(newer, "sandbox").status_code == 200
    assert product.token(app, "sandbox").status_code == 401


# key

@pytest.fixture
def new_file(product):
    """A place for a key file, where the services' account may write."""
    path = product.key_files[0].with_name(f"new-{uuid.uuid4().hex[:8]}.jwks")
    yield path
    path.unlink(missing_ok=True)


@pytest.mark.parametrize("purpose", ["token", "secret-hash", "download", "webhook"])
def test_key_generate_makes_a_private_file_and_then_adds_to_it(product, new_file, purpose):
    kids = []
    for count in (1, 2, 3):
        words = ["--kid", "named-by-hand"] if count == 2 else []
        result = product.administer("key", "generate", "--purpose", purpose, "--file", str(new_file), *words)
        kids.insert(0, result["kid"])
        assert result["keys"] == count
        assert new_file.stat().st_mode & 0o777 == 0o600
        keys = tokens.read_keys(new_file)
        product.secrets.update(tokens.base64url(key) for _, key in keys)
        assert [kid for kid, _ in keys] == kids
        assert {len(key) for _, key in keys} == {32}
        [[_, detail]] = acts(product, "key.generate", f"key:{result['kid']}")[-1:]
        assert detail["purpose"] == purpose
    assert kids[1] == "named-by-hand"
    listed = product.administer("key", "list", "--purpose", purpose, "--file", str(new_file))
    assert [(key["kid"], key["current"]) for key in listed["keys"]] == [
        (kids[0], True), (kids[1], False), (kids[2], False)]
    text = product.latchkey("key", "list", "--file", str(new_file)).stdout
    for kid, key in tokens.read_keys(new_file):
        assert kid in text and tokens.base64url(key) not in text


def test_key_generate_refuses_a_name_that_is_taken_or_cannot_be_one(product, new_file):
    product.administer("key", "generate", "--file", str(new_file), "--kid", "one")
    before = new_file.read_bytes()
    product.secrets.update(tokens.base64url(key) for _, key in tokens.read_keys(new_file))
    failed(product, REFUSED, "key", "generate", "--file", str(new_file), "--kid", "one")
    for kid in ("", "a b", "x" * 65, "ä", "../x"):
        failed(product, USAGE, "key", "generate", "--file", str(new_file), f"--kid={kid}")
    assert new_file.read_bytes() == before


def test_key_list_says_what_is_wrong_with_a_file(product, new_file):
    assert str(new_file) in failed(product, CONFIGURATION, "key", "list", "--file", str(new_file))
    product.administer("key", "generate", "--file", str(new_file))
    product.secrets.update(tokens.base64url(key) for _, key in tokens.read_keys(new_file))
    new_file.chmod(0o644)
    assert "chmod 600" in failed(product, CONFIGURATION, "key", "list", "--file", str(new_file))


# token

def test_token_inspect_accepts_a_good_token_and_shows_its_claims(product, app):
    token, user = product.issued(app)
    shown = product.administer("token", "inspect", input=token + "\n")
    assert shown["accepted"] is True and shown["refusal"] is None
    assert shown["claims"] == tokens.claims_of(token)
    assert shown["kid"] == tokens.header_of(token)["kid"]
    result = product.latchkey("token", "inspect", input=token)
    assert result.returncode == 0
    assert user in result.stdout and token not in result.stdout


def test_token_inspect_reads_a_file(product, app):
    token, _ = product.issued(app)
    path = product.key_files[0].with_name("token.txt")
    path.write_text(token)
    path.chmod(0o644)
    try:
        assert product.administer("token", "inspect", "--token-file", str(path))["accepted"] is True
    finally:
        path.unlink()
    failed(product, FAILED, "token", "inspect", "--token-file", "/nowhere/token")


def inspected(product, token):
    result = product.latchkey("token", "inspect", "--json", input=token)
    assert result.returncode == REFUSED, result.stderr
    shown = json.loads(result.stdout)
    assert shown["accepted"] is False
    return shown["refusal"]


def test_token_inspect_says_why_a_token_is_not_accepted(product):
    app = product.create_app("Inspected")
    key, *_ = tokens.read_keys(product.key_files[0])
    token, user = product.issued(app)
    assert "signature" in inspected(product, token[:-4] + "AAAA")
    assert "expired" in inspected(
        product, tokens.signed(tokens.claims(app.client_app, user, iat=1700000000, exp=1700003600), key))
    assert "claim" in inspected(product, tokens.signed(tokens.claims(app.client_app, user, token_type="refresh"), key))
    assert "unknown" in inspected(product, tokens.signed(tokens.claims(str(uuid.uuid4()), user), key))
    assert "algorithm" in inspected(product, tokens.signed(tokens.claims(app.client_app, user), key, {"alg": "none"}))
    product.administer("token", "revoke", "--reason", "a test", input=token)
    assert "revoked" in inspected(product, token)
    other, _ = product.issued(app, taiki_user_id=user)
    product.administer("user", "erase", user, "--app", app.client_app)
    assert "erased" in inspected(product, other)
    another, _ = product.issued(app)
    product.administer("app", "disable", app.client_app)
    assert "disabled" in inspected(product, another)


def test_token_inspect_and_verify_agree(product, prepared):
    for mode in ("production", "sandbox"):
        for name, token in prepared.values(mode).items():
            if not name.endswith("TOKEN") and not name.startswith("TOKEN_"):
                continue
            claims = tokens.claims_of(token)
            accepted = product.verify(token, claims.get("mode", "production")).status_code == 200
            result = product.latchkey("token", "inspect", input=token)
            assert result.returncode == (DONE if accepted else REFUSED), (name, result.stdout, result.stderr)


@pytest.mark.parametrize("text", ["", "\n", "a.b.c", "not a token", "e30.e30.", "x" * 100_000, "\x1b[31m.e30.e30"])
def test_token_inspect_refuses_what_is_none(product, text):
    status = USAGE if not text.strip() else REFUSED
    message = product.latchkey("token", "inspect", input=text)
    assert message.returncode == status, message.stderr
    assert "\x1b" not in message.stdout + message.stderr


def test_token_inspect_shows_no_character_that_steers_a_terminal(product, app):
    key, *_ = tokens.read_keys(product.key_files[0])
    token = tokens.signed(tokens.claims(app.client_app, "x", evil="\x1b]0;title\x07\u202eabc\n"), key)
    result = product.latchkey("token", "inspect", input=token)
    assert result.returncode == REFUSED
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", result.stdout)


def test_token_revoke_says_what_became_of_it(product, app):
    token, _ = product.issued(app)
    token_id = tokens.claims_of(token)["jti"]
    first = product.administer("token", "revoke", "--reason", "phone lost", "--actor", "carol", input=token)
    assert first == {"token_id": token_id, "outcome": "revoked"}
    assert product.administer("token", "revoke", input=token)["outcome"] == "revoked_before"
    [[actor, detail]] = acts(product, "token.revoke", f"token:{token_id}")
    assert actor == "carol" and detail["reason"] == "phone lost"
    key, *_ = tokens.read_keys(product.key_files[0])
    expired = tokens.signed(tokens.claims(app.client_app, str(uuid.uuid4()), iat=1700000000, exp=1700003600), key)
    assert product.administer("token", "revoke", input=expired)["outcome"] == "expired_before"


def test_token_revoke_takes_a_token_by_its_claims(product, app):
    token, _ = product.issued(app)
    claims = tokens.claims_of(token)
    words = ["--id", claims["jti"], "--app", app.client_app, "--expires-at", str(claims["exp"])]
    assert product.administer("token", "revoke", *words)["outcome"] == "revoked"
    eventually(lambda: product.verify(token).status_code == 401, 1, "the token is refused")
    failed(product, USAGE, "token", "revoke", *words[:4])
    failed(product, USAGE, "token", "revoke", "--id", "x", *words[2:])
    failed(product, NOT_FOUND, "token", "revoke", "--id", uuid.uuid4().hex, "--app", str(uuid.uuid4()), *words[4:])


def test_token_revoke_refuses_what_is_none(product, app):
    key, *_ = tokens.read_keys(product.key_files[0])
    for token in ("a.b.c", tokens.signed({"iss": "other"}, key),
                  tokens.signed(tokens.claims(app.client_app, "x", exp=99999999999), key)):
        failed(product, REFUSED, "token", "revoke", input=token)


# user

def test_user_show_and_erase(product, app):
    answer = product.token(app, "sandbox", headers={"X-Request-Id": "for-user-show"})
    user = answer.json()["taiki_user_id"]
    shown = product.administer("user", "show", user, "--app", app.client_app)
    assert shown["mode"] == "sandbox" and shown["request_id"] == "for-user-show" and shown["erased_at"] is None
    assert "for-user-show" in product.latchkey("user", "show", user, "--app", app.client_app).stdout
    first = product.administer("user", "erase", user, "--app", app.client_app, "--actor", "dave")
    assert first["erased_now"] is True
    again = product.administer("user", "erase", user, "--app", app.client_app)
    assert again["erased_now"] is False and again["erased_at"] == first["erased_at"]
    assert [actor for actor, _ in acts(product, "user.erase", f"user:{app.client_app}/{user}")] == ["dave"]
    erased = product.administer("user", "show", user, "--app", app.client_app)
    assert erased["erased_at"] and erased["request_id"] is None and erased["last_seen_on"] is None


@pytest.mark.parametrize("verb", ["show", "erase"])
def test_a_user_of_another_app_is_not_found(product, app, verb):
    _, user = product.issued(app)
    failed(product, NOT_FOUND, "user", verb, user, "--app", product.demo.client_app)
    failed(product, NOT_FOUND, "user", verb, str(uuid.uuid4()), "--app", app.client_app)
    failed(product, USAGE, "user", verb, user)


# doctor

def diagnosed(product, environment=None, status=FAILED, words=()):
    """What the doctor finds, by name."""
    result = product.latchkey("doctor", "--json", *words, environment=environment)
    assert result.returncode == status, (result.stdout, result.stderr)
    found = json.loads(result.stdout)
    assert found["healthy"] is (status == DONE)
    return {check["name"]: check for check in found["checks"]}


NAMES = {
    "database", "token keys", "secret-hash keys", "download keys", "webhook keys", "documents", "verify socket",
    "database socket", "upload socket", "nginx", "link page", "webhook deliveries", "webhook secrets"}
# What other tests have left undelivered is worth a look, and no illness.
WORTH_A_LOOK = {"webhook deliveries", "webhook secrets"}


def test_the_doctor_finds_nothing_wrong(product):
    found = diagnosed(product, status=DONE, words=["--nginx-config", str(product.state / "nginx/nginx.conf")])
    assert set(found) == NAMES
    assert {found[name]["outcome"] for name in NAMES - WORTH_A_LOOK} == {"ok"}, found
    assert {found[name]["outcome"] for name in WORTH_A_LOOK} <= {"ok", "look"}, found
    text = product.latchkey("doctor")
    assert text.returncode == DONE
    assert len([line for line in text.stdout.splitlines() if not line.startswith("          HINT: ")]) == len(NAMES)


def bad_nginx(product):
    path = product.state / "nginx/bad.conf"
    path.write_text("events {}\nhttp { no_such_directive on; }\n")
    path.chmod(0o644)
    return str(path)


ILLNESSES = {
    "database": [("DATABASE_URL", "postgresql://postgres@/latchkey?host=/nowhere"), ("DATABASE_URL", "")],
    "token keys": [("KEYS_FILE", "/nowhere/keys.jwks"), ("KEYS_FILE", "")],
    "secret-hash keys": [("SECRET_HASH_KEYS_FILE", "/nowhere/keys.jwks"), ("SECRET_HASH_KEYS_FILE", "")],
    "download keys": [("DOWNLOAD_KEYS_FILE", "/nowhere/keys.jwks"), ("DOWNLOAD_KEYS_FILE", "")],
    "webhook keys": [("WEBHOOK_KEYS_FILE", "/nowhere/keys.jwks")],
    "documents": [("DOCUMENTS_FOLDER", "/nowhere/documents"), ("DOCUMENTS_FOLDER", "/dev/null")],
    "verify socket": [("VERIFY_SOCKET", "/nowhere/verify.sock")],
    "database socket": [("DATABASE_SOCKET", "/nowhere/database.sock")],
    "upload socket": [("UPLOAD_SOCKET", "/nowhere/upload.sock")],
}


@pytest.mark.parametrize("name, setting, value", [(name, *one) for name, some in ILLNESSES.items() for one in some])
def test_the_doctor_says_what_is_wrong_and_how_to_mend_it(product, name, setting, value):
    found = diagnosed(product, {"LATCHKEY_" + setting: value})
    check = found.pop(name)
    assert check["outcome"] == "wrong"
    assert check["finding"] and (check["hint"] or "/nowhere" in check["finding"])
    # Without its database it cannot know of webhooks.
    for late in WORTH_A_LOOK:
        assert (found[late]["outcome"] == "skipped") is (name == "database")
    assert "wrong" not in {other["outcome"] for other in found.values()}
    text = product.latchkey("doctor", environment={"LATCHKEY_" + setting: value})
    assert text.returncode == FAILED and re.search(rf"^wrong +{name}: ", text.stdout, re.MULTILINE)


def test_the_doctor_looks_at_nginxs_configuration(product):
    found = diagnosed(product, words=["--nginx-config", bad_nginx(product)])
    assert found["nginx"]["outcome"] == "wrong" and "no_such_directive" in found["nginx"]["finding"]
    assert found["link page"]["outcome"] == "skipped"


def test_the_doctor_looks_for_the_link_page_where_nginx_does(product):
    path = product.state / "nginx/no-pages.conf"
    # Where nginx's own account may write.
    run = product.state / "run"
    temporary = " ".join(f"{one}_temp_path {run}/nginx-{one};" for one in ("proxy", "fastcgi", "uwsgi", "scgi"))
    temporary += f" client_body_temp_path {run}/nginx-body;"
    for folder, outcome in (("/nowhere/www", "wrong"), (None, "look")):
        names = f'map "" $latchkey_www {{ default {folder}; }}' if folder else ""
        path.write_text(f"pid {run}/no-pages.pid; error_log stderr; events {{}}\n"
                        f"http {{ access_log off; {temporary} {names} }}\n")
        path.chmod(0o644)
        status = FAILED if outcome == "wrong" else DONE
        check = diagnosed(product, status=status, words=["--nginx-config", str(path)])["link page"]
        assert check["outcome"] == outcome and check["hint"]
        assert folder is None or f"{folder}/link/index.html" in check["finding"]


def test_the_doctor_looks_at_the_key_files_mode(product):
    path = product.key_files[0]
    path.chmod(0o640)
    try:
        check = diagnosed(product)["token keys"]
    finally:
        path.chmod(0o600)
    assert check["outcome"] == "wrong" and "chmod 600" in check["finding"]


def test_the_doctor_looks_at_the_mode_of_the_documents_folder(product):
    mode = product.documents.stat().st_mode & 0o7777
    try:
        for wrong, finding in ((0o2757, "everybody may look"), (0o2710, "nginx may not"), (0o700, "nginx may not")):
            product.documents.chmod(wrong)
            check = diagnosed(product)["documents"]
            assert check["outcome"] == "wrong" and finding in check["finding"] and "chmod 2750" in check["hint"]
    finally:
        product.documents.chmod(mode)
    assert diagnosed(product, status=DONE)["documents"]["outcome"] == "ok"


def test_the_doctor_notices_a_stopped_responder(product, responders):
    # The fixture has stopped it.
    found = diagnosed(product)
    for lane in ("verify", "database", "upload"):
        assert found[f"{lane} socket"]["outcome"] == "wrong"
    assert found["database"]["outcome"] == "ok"
    responders.start()
    assert diagnosed(product, status=DONE)


def test_the_doctor_notices_a_stopped_database(database):
    database.stop_postgres()
    found = diagnosed(database)
    assert found["database"]["outcome"] == "wrong"
    assert found["token keys"]["outcome"] == found["verify socket"]["outcome"] == "ok"


# What holds for all commands

EVERY = [
    ["app", "create"], ["app", "list"], ["app", "show"], ["app", "disable"], ["app", "enable"],
    ["app", "origin", "add"], ["app", "origin", "remove"], ["app", "origin", "list"],
    ["secret", "regenerate"], ["key", "generate"], ["key", "list"], ["token", "inspect"], ["token", "revoke"],
    ["user", "show"], ["user", "erase"], ["collector", "create"], ["collector", "list"], ["collector", "disable"],
    ["collector", "enable"], ["platform", "create"], ["platform", "list"], ["platform", "disable"],
    ["platform", "enable"], ["webhook", "configure"], ["webhook", "secret"], ["webhook", "list"], ["webhook", "show"],
    ["webhook", "replay"], ["webhook", "test"], ["maintenance", "run"], ["doctor"],
]


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_command_explains_itself(product, words):
    result = product.latchkey(*words, "--help")
    assert result.returncode == 0
    assert "USAGE: latchkey " + " ".join(words) in result.stdout
    assert "--json" in result.stdout
    # No option takes a secret or a token itself.
    options = set(re.findall(r"--([a-z-]+)", result.stdout))
    assert not options & {"secret", "api-secret", "token", "password", "key", "secret-key"}


def test_the_help_lists_the_commands_the_exit_codes_and_examples(product):
    text = product.latchkey("--help").stdout
    for word in ("app", "secret", "key", "token", "user", "collector", "platform", "webhook", "maintenance", "doctor",
                 "EXAMPLES", "EXIT STATUS", "LATCHKEY_DATABASE_URL"):
        assert word in text
    listed = {int(number) for number in re.findall(r"^ +(\d+)  ", text.partition("EXIT STATUS")[2], re.MULTILINE)}
    assert listed == {DONE, FAILED, NOT_FOUND, REFUSED, USAGE, UNAVAILABLE, CONFIGURATION}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_made(product, shell):
    result = product.latchkey("--generate-completion-script", shell)
    assert result.returncode == 0
    assert "latchkey" in result.stdout and "regenerate" in result.stdout
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=result.stdout, text=True, capture_output=True).returncode == 0


@pytest.mark.parametrize(
    "words", [["no-such-noun"], ["app", "no-such-verb"], ["app", "list", "--what"], ["app", "show"]], ids=" ".join)
def test_a_wrong_argument_is_64(product, words):
    assert product.latchkey(*words).returncode == USAGE


WITH_DATABASE = [["app", "list"], ["app", "show", str(uuid.uuid4())], ["app", "create", "--name", "x"],
                 ["user", "show", str(uuid.uuid4()), "--app", str(uuid.uuid4())]]


@pytest.mark.parametrize("words", WITH_DATABASE, ids=lambda words: " ".join(words[:2]))
def test_a_database_that_cannot_be_reached_is_69(product, words):
    away = {"LATCHKEY_DATABASE_URL": "postgresql://postgres@/latchkey?host=/nowhere"}
    failed(product, UNAVAILABLE, *words, environment=away)


@pytest.mark.parametrize("url", ["", "nonsense", "postgresql://a:hunter2@/latchkey", "dbname=x password=hunter2"])
def test_a_wrong_setting_is_78_and_no_password_is_shown(product, url):
    message = failed(product, CONFIGURATION, "app", "list", environment={"LATCHKEY_DATABASE_URL": url})
    assert "LATCHKEY_DATABASE_URL" in message and "hunter2" not in message


def test_a_database_without_the_schema_is_78(product):
    url = product["DATABASE_URL"].replace("/latchkey?", "/postgres?")
    message = failed(product, CONFIGURATION, "app", "list", environment={"LATCHKEY_DATABASE_URL": url})
    assert "no Latchkey schema" in message and "sqitch deploy" in message


def test_a_role_that_may_not_administer_is_78(product):
    url = product["DATABASE_URL"].replace("postgres@", "latchkey_application@")
    message = failed(product, CONFIGURATION, "app", "list", environment={"LATCHKEY_DATABASE_URL": url})
    assert "latchkey_administrator" in message


def test_settings_may_stand_in_a_file(product):
    path = product.state / "latchkey.conf"
    path.write_text(f"# settings\nLATCHKEY_DATABASE_URL = {product['DATABASE_URL']}\n")
    path.chmod(0o644)
    result = product.latchkey("app", "list", "--config", str(path), environment={"LATCHKEY_DATABASE_URL": ""})
    assert result.returncode == 0, result.stderr
    path.write_text("nonsense\n")
    assert "line 1" in failed(product, CONFIGURATION, "app", "list", "--config", str(path))


def test_whoever_acts_is_on_the_record_and_cannot_be_nobody(product):
    app = product.create_app("On the record")
    [[actor, _]] = acts(product, "app.create", f"client_app:{app.client_app}")
    assert actor == product.account or actor == os.environ.get("USER", actor)
    assert product.value(
        f"SELECT database_role FROM latchkey.audit_log WHERE object = 'client_app:{app.client_app}'")


def test_nothing_on_the_record_can_be_changed_by_an_administrator(product):
    url = product["DATABASE_URL"].replace("postgres@", "latchkey_administrator@")
    for statement in ("UPDATE latchkey.audit_log SET actor = 'x'", "DELETE FROM latchkey.audit_log",
                      "TRUNCATE latchkey.audit_log"):
        result = subprocess.run(
            ["psql", "-X", "-q", "-d", url, "-c", statement], capture_output=True, text=True, timeout=30)
        assert result.returncode != 0 and "permission denied" in result.stderr


def test_a_prompt_for_a_token_is_no_part_of_the_command_line(product, app):
    """While it waits for the token on standard input, nothing of it is in the process list."""
    token, _ = product.issued(app)
    with subprocess.Popen(
            ["latchkey", "token", "inspect"], env=product.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True) as process:
        assert processes.is_running(process.pid)
        with open(f"/proc/{process.pid}/cmdline") as words:
            assert token not in words.read()
        output, _ = process.communicate(token, timeout=30)
    assert process.returncode == 0 and "accepted" in output
