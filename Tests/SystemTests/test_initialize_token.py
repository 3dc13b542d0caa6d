"""POST /initialize-token, the QuickStart's first step: what it answers, what it keeps, and what it refuses."""

import json
import os
import re
import shutil
import signal
import subprocess
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

import processes
import tokens
from linking import FETCHED, NOWHERE, initialize, initialized, token_row
from traffic import Traffic
from waiting import eventually

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
MEMBERS = ["id", "temporaryToken", "userId", "TEMPORARY_TOKEN", "TAIKI_USER_ID"]
INVALID = {"error": "Invalid request"}
WRONG = {"error": "Invalid secret or user ID"}

# The code of the QuickStart's step 1, with the three values that a reader fills in and the `await` that it forgets.
STEP_1 = """
const tokenResponse = await fetch("/initialize-token", {
    method: 'POST',
    headers: {
        'TAIKI-SECRET': YOUR_SECRET_KEY,
        'TAIKI-USER-ID': YOUR_SAVED_TAIKI_ID //optional to use saved user credentials
    },
    body: JSON.stringify({ webhookURL: YOUR_WEBHOOK_URL })
})

const data = await tokenResponse.json()
// For client to open Taiki Link Modal
const TEMPORARY_TOKEN = data.temporaryToken
// To associate the user's login credentials with a unique ID
const TAIKI_USER_ID = data.userId
"""


@pytest.fixture(scope="module")
def own(product):
    return product.create_app("QuickStart")


@pytest.fixture(scope="module")
def announced(product):
    """An app with a webhook URL of its own."""
    app = product.create_app("QuickStart with a URL")
    product.secrets.add(product.administer(
        "webhook", "configure", app.client_app, "--url", NOWHERE)["webhook_secret"])
    return app


def counted(product):
    """How many rows there are of all that a call might make."""
    return product.sql("""
        SELECT (SELECT count(*) FROM latchkey.users), (SELECT count(*) FROM latchkey.link_tokens),
               (SELECT count(*) FROM latchkey.idempotency_keys)""")


def kept(product, token):
    [row] = product.sql(f"""
        SELECT client_app_id, user_id, mode, coalesce(webhook_url, ''), number, extract(epoch FROM expires_at)::bigint,
               opened_at IS NULL
          FROM latchkey.link_tokens WHERE id = '{token_row(token)}'""")
    return row


def check(answer, status, body):
    assert (answer.status_code, answer.json()) == (status, body), answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers.get_list("cache-control") == ["no-store"]
    assert answer.headers["x-request-id"]


# What it answers

@pytest.mark.parametrize("mode", ["production", "sandbox"])
def test_a_new_user_is_answered_in_both_spellings(product, own, mode):
    answer = initialize(product, own, mode=mode)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers.get_list("cache-control") == ["no-store"]
    made = answer.json()
    assert list(made) == MEMBERS
    assert type(made["id"]) is int and made["id"] > 0
    assert made["temporaryToken"] == made["TEMPORARY_TOKEN"]
    assert re.fullmatch(UUID, made["userId"]) and made["TAIKI_USER_ID"] == made["userId"]
    claims = tokens.claims_of(made["temporaryToken"])
    assert claims == {
        "token_type": "access", "exp": claims["iat"] + 3600, "iat": claims["iat"], "jti": claims["jti"],
        "client_app_id": own.client_app, "taiki_user_id": made["userId"], "mode": mode}
    assert product.verify(made["temporaryToken"], mode).json()["taiki_user"] == made["userId"]
    client_app, user, kept_mode, webhook, number, expires, is_unopened = kept(product, made["temporaryToken"])
    assert (client_app, user, kept_mode, webhook) == (own.client_app, made["userId"], mode, NOWHERE)
    assert (int(number), is_unopened) == (made["id"], "t")
    assert abs(int(expires) - claims["exp"]) <= 5
    assert product.value(f"SELECT request_id FROM latchkey.users WHERE id = '{user}'") == answer.headers["x-request-id"]


def test_the_user_who_is_named_comes_back_and_is_not_said_again_in_capitals(product, own):
    user = initialized(product, own)["userId"]
    again = initialized(product, own, user=user)
    assert list(again) == MEMBERS
    assert (again["userId"], again["TAIKI_USER_ID"]) == (user, "")
    assert tokens.claims_of(again["temporaryToken"])["taiki_user_id"] == user
    # One of the other endpoint is the same user.
    token, other = product.issued(own, "sandbox")
    assert initialized(product, own, user=other)["userId"] == other
    assert product.token(own, "sandbox", taiki_user_id=user).json()["taiki_user_id"] == user
    # A header without a value names nobody.
    made = initialized(product, own, user="")
    assert made["TAIKI_USER_ID"] == made["userId"] not in (user, other)


def test_the_id_counts_up_and_every_token_is_another(product, own, announced):
    made = [initialized(product, app, mode=mode) for app in (own, announced) for mode in ("production", "sandbox")] + [
        initialized(product, own) for _ in range(10)]
    numbers = [one["id"] for one in made]
    assert numbers == sorted(set(numbers))
    assert len({one["temporaryToken"] for one in made}) == len({one["userId"] for one in made}) == len(made)


def test_the_secret_alone_tells_the_app(product, own, announced):
    for app in (own, announced, own):
        claims = tokens.claims_of(initialized(product, app)["temporaryToken"])
        assert claims["client_app_id"] == app.client_app


def test_a_secret_works_until_its_overlap_ends(product):
    first = product.create_app("QuickStart regenerated")
    second = product.regenerate(first, "1h")
    for app in (first, second):
        assert initialize(product, app).status_code == 200
    third = product.regenerate(second, "0")
    assert initialize(product, third).status_code == 200
    for app in (first, second):
        check(initialize(product, app), 401, WRONG)


# The code of the QuickStart

def step_1(product, app, user, mode="sandbox"):
    """What Node says of the code, and the URL that it calls is made whole."""
    values = {"YOUR_SECRET_KEY": app.api_secret, "YOUR_SAVED_TAIKI_ID": user, "YOUR_WEBHOOK_URL": NOWHERE}
    text = "".join(f"const {name} = {json.dumps(value)}\n" for name, value in values.items()) + (
        f"const {{ fetch: whole }} = globalThis\n"
        f"const fetch = (path, options) => whole({json.dumps(product.base_url(mode))} + path, options)\n"
        f"{STEP_1}\n"
        "console.log(JSON.stringify({ status: tokenResponse.status, data, TEMPORARY_TOKEN, TAIKI_USER_ID }))\n")
    result = subprocess.run(
        [shutil.which("node"), "--input-type=module", "-"], input=text, capture_output=True, text=True, timeout=60,
        env={"PATH": os.environ["PATH"], "NODE_EXTRA_CA_CERTS": product["CA_FILE"]})
    assert result.returncode == 0, result.stderr
    said = json.loads(result.stdout)
    if said["status"] == 200:
        product.tokens.add(said["TEMPORARY_TOKEN"])
    return said


def test_the_code_of_the_quickstart_works_as_it_stands(product, own):
    if not shutil.which("node"):
        pytest.skip("node is not installed; the next test sends the same bytes")
    first = step_1(product, own, "")
    assert first["status"] == 200 and list(first["data"]) == MEMBERS
    assert first["TEMPORARY_TOKEN"] == first["data"]["TEMPORARY_TOKEN"]
    assert kept(product, first["TEMPORARY_TOKEN"])[3] == NOWHERE
    second = step_1(product, own, first["TAIKI_USER_ID"])
    assert second["TAIKI_USER_ID"] == first["TAIKI_USER_ID"] and second["data"]["TAIKI_USER_ID"] == ""
    assert step_1(product, own, str(uuid.uuid4())) == {"status": 401, "data": WRONG}


def test_a_body_may_be_called_text_as_fetch_does(product, own):
    # What Node's fetch() sends besides.
    fetched = {"Accept": "*/*", "Accept-Language": "*", "Sec-Fetch-Mode": "cors", "User-Agent": "node",
               "Accept-Encoding": "gzip, deflate"}
    for kind in (FETCHED, "text/plain; charset=utf-8", "text/plain", "application/json",
                 "application/json; charset=utf-8", None):
        made = initialized(product, own, headers=fetched | {"Content-Type": kind})
        assert kept(product, made["temporaryToken"])[3] == NOWHERE, kind
    # At no other endpoint.
    answer = product.post(product.base_url() + "/api/token", json=own.credentials, headers={"Content-Type": FETCHED})
    assert answer.status_code == 415


@pytest.mark.parametrize("kind", ["text/html", "application/x-www-form-urlencoded", "text/plain; charset=utf-16", "x"])
def test_another_type_is_refused(product, own, kind):
    check(initialize(product, own, headers={"Content-Type": kind}), 415, {
        "error": "The body must be application/json in UTF-8"})


# What is wrong

BODIES = [b"{", b"[]", b'"x"', b"1", b"null", b"{}x", b'{"webhookURL": "%b", "webhookURL": "%b"}' % ((b"x",) * 2),
          b'{"a": "\\ud800"}', b'{"a": "\xff"}', b"\xef\xbb\xbf{}", b"[" * 5000, b'{"a":' * 60 + b"1" + b"}" * 60]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_body_that_is_no_object_is_an_invalid_request(product, announced, body):
    before = counted(product)
    check(initialize(product, announced, content=body), 400, INVALID)
    assert counted(product) == before


def test_other_members_are_ignored(product, own):
    body = {"webhookURL": NOWHERE, "userId": str(uuid.uuid4()), "mode": "production", "exp": 1, "metadata": {"a": 1}}
    made = initialized(product, own, content=json.dumps(body).encode())
    assert tokens.claims_of(made["temporaryToken"])["mode"] == "sandbox"
    assert made["userId"] != body["userId"]


def test_every_wrong_secret_or_user_is_answered_alike_and_changes_nothing(product, own, announced, prepared):
    disabled, disabled_user = product.create_app("QuickStart disabled"), initialized(product, own)["userId"]
    product.administer("app", "disable", disabled.client_app)
    product.administer("user", "erase", disabled_user, "--app", own.client_app)
    other = initialized(product, announced)["userId"]
    of_production = initialized(product, own, mode="production")["userId"]
    secret = own.api_secret
    before = counted(product)
    for wrong in (None, "", "x", secret[:-1], secret + "x", secret[:20] + "_" * 29, secret.upper(), secret.swapcase(),
                  "x" * 4000, f"Bearer {secret}", own.api_key, "'; DROP TABLE latchkey.secrets; --",
                  prepared.kept["EXPIRED_API_SECRET"], disabled.api_secret, product["COLLECTOR_KEY"]):
        check(initialize(product, own, headers={"TAIKI-SECRET": wrong}), 401, WRONG)
    for user in ("x", str(uuid.uuid4()), other, of_production, disabled_user, "x" * 4000, "NULL", "{}",
                 "00000000-0000-0000-0000-000000000000"):
        check(initialize(product, own, user=user), 401, WRONG)
    # In the query, the body or another header it is none.
    for headers, query in (({"Authorization": f"Bearer {secret}"}, ""), ({"TAIKI_SECRET": secret}, ""),
                           ({"X-TAIKI-SECRET": secret}, ""), ({}, "?TAIKI-SECRET=" + secret)):
        answer = product.post(
            product.base_url("sandbox") + "/initialize-token" + query, headers=headers | {"Content-Type": FETCHED},
            content=json.dumps({"webhookURL": NOWHERE, "TAIKI-SECRET": secret}).encode())
        check(answer, 401, WRONG)
    assert counted(product) == before


def test_a_sandbox_secret_opens_the_sandbox_alone(product):
    app = product.create_app("QuickStart sandbox", sandbox_only=True)
    assert initialize(product, app, mode="sandbox").status_code == 200
    before = counted(product)
    check(initialize(product, app, mode="production"), 401, WRONG)
    assert counted(product) == before


def test_methods_sizes_and_codings(product, own):
    url = product.base_url("sandbox") + "/initialize-token"
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = product.request(method, url, headers={"TAIKI-SECRET": own.api_secret})
        check(answer, 405, {"error": "The endpoint answers POST only"})
        assert answer.headers["allow"] == "POST"
    large = json.dumps({"webhookURL": NOWHERE, "x": "x" * 16384}).encode()
    check(initialize(product, own, content=large), 413, {"error": "The body is larger than 16384 bytes"})
    assert initialize(product, own, headers={"Content-Encoding": "gzip"}).status_code == 415
    for path in ("/initialize-token/", "/initialize-token/x", "/Initialize-Token"):
        assert product.post(product.base_url("sandbox") + path).status_code == 404


def test_without_the_database_it_is_503(product, own, database):
    database.stop_postgres()
    answer = initialize(product, own)
    check(answer, 503, {"error": "The service is temporarily unavailable, try again later"})
    assert answer.headers["retry-after"].isdecimal()


# The webhook's URL

ANYWHERE = [
    "https://example.org", "https://example.org/hook", "HTTPS://Example.ORG:8443/a?b=c", "https://93.184.215.14/",
    "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/", "https://xn--bcher-kva.example/", "https://localhost.example/",
    "https://example.org/" + "a" * (2048 - 20),
]
# What is wrong with the others, in the words of the answer.
MALFORMED = "webhookURL must be a URL of at most 2048 bytes of ASCII, without a user name or a fragment"
NOT_ENCRYPTED = "webhookURL must be an https URL"
NOT_PUBLIC = "webhookURL must be an https URL of a public host"
REFUSED = {
    MALFORMED: [
        "x", "/hook", "example.org", "//example.org/", "ftp://example.org/", "file:///etc/passwd", "javascript:1",
        "https://", "https:///hook", "https://example.org:0/", "https://example.org:65536/",
        "https://user@example.org/", "https://user:hunter2@example.org/", "https://example.org/#x",
        "https://example.org/a b", " https://example.org/",
        "https://example.org/\r\nX: y", "https://bücher.example/", "https://example.org./",
        "https://example.org/" + "a" * (2049 - 20), "https://[fe80::1%25eth0]/", "https://example.org\\@10.0.0.1/"],
    NOT_ENCRYPTED: ["http://93.184.215.14/", "http://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/"],
    NOT_PUBLIC: [
        "https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.1.1/", "https://169.254.169.254/latest/meta-data/",
        "https://0.0.0.0/", "https://100.64.0.1/", "https://224.0.0.1/", "https://255.255.255.255/", "https://[::]/",
        "https://[fe80::1]/", "https://[fc00::1]/", "https://[fd12:3456::1]/", "https://[ff02::1]/",
        "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/", "https://[2002:a00:1::]/", "http://10.0.0.1/",
        "http://[fe80::1]/", "https://[::1]/", "http://[::1]:1/",
        # Addresses in odd notations.
        "https://0x7f.1/", "https://2130706433/", "https://0177.0.0.1/", "https://127.1/", "https://127.0.0.01/",
        "https://0x7f000001/", "https://1.2.3.4.5/", "https://example.0x10/", "http://0x7f.1/", "http://2130706433/"],
}
THIS_MACHINE = [
    "https://127.0.0.1/", "https://127.0.0.1:8443/", "https://127.255.0.1/", "https://localhost/", "https://LOCALHOST/",
    "https://a.localhost/", "https://[::ffff:127.0.0.1]/",
]
PLAIN_ON_THIS_MACHINE = ["http://127.0.0.1:1/hook", "http://localhost:1/"]


def check_refused(product, app, url, text):
    before = counted(product)
    check(initialize(product, app, url), 400, INVALID | {"error_description": text})
    assert counted(product) == before, url


def check_allowed(product, app, urls):
    for url in urls:
        answer = initialize(product, app, url)
        assert answer.status_code == 200, (url, answer.text)


def test_the_rules_for_urls_where_this_machine_is_allowed(product, own):
    """As deploy/try has it: 127.0.0.0/8."""
    check_allowed(product, own, ANYWHERE + THIS_MACHINE + PLAIN_ON_THIS_MACHINE + ["http://hooks.example/"])
    for text, urls in REFUSED.items():
        for url in urls:
            check_refused(product, own, url, text)


def test_the_rules_for_urls_where_nothing_is_allowed(product, own, responders):
    responders.start({"LATCHKEY_WEBHOOK_ALLOWED_NETWORKS": ""})
    check_allowed(product, own, ANYWHERE)
    for text, urls in REFUSED.items():
        for url in urls:
            check_refused(product, own, url, text)
    for url in THIS_MACHINE + PLAIN_ON_THIS_MACHINE:
        check_refused(product, own, url, NOT_PUBLIC)
    check_refused(product, own, "http://hooks.example/", NOT_ENCRYPTED)


def test_networks_of_ipv6_may_be_allowed(product, own, responders):
    responders.start({"LATCHKEY_WEBHOOK_ALLOWED_NETWORKS": "::1, fd00::/8"})
    check_allowed(product, own, ["https://[::1]:1/", "http://[::1]:1/", "https://[fd12::1]/", "http://hooks.example/"])
    for url in ("https://127.0.0.1/", "http://127.0.0.1/", "https://localhost/", "https://[fe80::1]/"):
        check_refused(product, own, url, NOT_PUBLIC)


def test_a_wrong_setting_is_told_at_the_start(product):
    for networks in ("x", "127.0.0.0/33", "127.0.0.1, localhost"):
        result = product.latchkeyd(
            "--config", str(product.state / "latchkeyd.conf"), "--check-config",
            settings={"LATCHKEY_WEBHOOK_ALLOWED_NETWORKS": networks})
        assert result.returncode == 78, networks
        assert "LATCHKEY_WEBHOOK_ALLOWED_NETWORKS" in result.stdout + result.stderr, networks


def test_a_url_that_is_no_text_is_at_fault(product, announced):
    for url in (1, True, ["https://example.org/"], {"a": 1}):
        check_refused(product, announced, url, "webhookURL must be a string")


def test_without_a_url_the_apps_own_is_taken_and_without_that_it_is_refused(product, own, announced):
    before = counted(product)
    for content in (b"", b"{}", b'{"webhookURL": null}', b'{"webhookURL": ""}'):
        made = initialized(product, announced, content=content)
        assert kept(product, made["temporaryToken"])[3] in ("", NOWHERE), content
        check(initialize(product, own, content=content), 400, INVALID | {
            "error_description": "No webhookURL provided, and the client app has none of its own"})
    # Four of the app that has one, and nothing of the other.
    assert [int(after) - int(then) for after, then in zip(counted(product)[0], before[0])] == [4, 4, 0]
    # No body at all, and so no type of one.
    assert initialize(product, announced, content=b"", headers={"Content-Type": None}).status_code == 200


# What is kept though a process dies

def test_every_token_that_was_answered_has_its_row_after_kills(product, own, responders):
    responders.bind()
    responder = responders.start({"LATCHKEY_INSTANCES": "2"})

    def ask(client):
        return initialize(product, own, client=client)

    with Traffic(product, [ask] * 4) as traffic:
        for number in range(6):
            traffic.wait_for(3, within=60)
            if number == 3:
                instances = processes.children(responder.pid)
                responder.kill()
                eventually(lambda: not any(map(processes.is_running, instances)), 5, "the instances have ended, too")
                responder = responders.start({"LATCHKEY_INSTANCES": "2"})
            else:
                victim = processes.children(responder.pid)[0]
                os.kill(victim, signal.SIGKILL)
                eventually(lambda: len(set(processes.children(responder.pid)) - {victim}) == 2, 5, "it is replaced")
        traffic.wait_for(3, within=60)
    assert not traffic.failures((200, 503))
    answered = [one.answer.json() for one in traffic.outcomes if one.status == 200]
    assert len(answered) > 20
    ids = {token_row(one["temporaryToken"]) for one in answered}
    assert len(ids) == len({one["id"] for one in answered}) == len({one["userId"] for one in answered}) == len(answered)
    rows = dict(product.sql(
        f"SELECT id, number FROM latchkey.link_tokens WHERE client_app_id = '{own.client_app}'"))
    assert {token_row(one["temporaryToken"]): str(one["id"]) for one in answered}.items() <= rows.items()
    assert {one["userId"] for one in answered} <= product.users()


def test_many_at_once_for_one_user_are_all_answered(product, own):
    user = initialized(product, own)["userId"]

    def ask(_):
        with product.client() as client:
            return [initialize(product, own, user=user, client=client) for _ in range(10)]

    with ThreadPoolExecutor(8) as pool:
        answers = [answer for some in pool.map(ask, range(8)) for answer in some]
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["userId"] for answer in answers} == {user}
    assert len({answer.json()["id"] for answer in answers}) == len(answers)
