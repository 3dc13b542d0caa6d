"""What the golden files' placeholders stand for, made once for all of them. Golden/README.md lists the placeholders."""

import base64
import hashlib
import json
import time
import uuid

import collectors
import tokens
from waiting import eventually

MODES = ("production", "sandbox")
PLATFORM = "golden-bank"
CONNECTOR = "golden-connector"
ORIGINS = ("https://app.example", "https://localhost:8443")


def other(mode):
    return MODES[1 - MODES.index(mode)]


class Values(dict):
    """What costs a request is made when it is asked for first."""

    def __init__(self, made, later):
        super().__init__(made)
        self.later = later

    def __missing__(self, name):
        self[name] = self.later[name]()
        return self[name]


class Prepared:
    def __init__(self, product):
        self.product = product
        app = product.create_app("Golden")
        expired, older = app, product.regenerate(app, "0")
        self.app = app = product.regenerate(older, "1h")
        sandbox = product.create_app("Golden sandbox", sandbox_only=True)
        self.another = product.create_app("Golden other")
        self.disabled = disabled = product.create_app("Golden disabled")
        self.disabled_tokens = {mode: product.issued(disabled, mode)[0] for mode in MODES}
        product.administer("app", "disable", disabled.client_app)
        self.erased = {mode: product.issued(app, mode) for mode in MODES}
        self.revoked = {mode: product.issued(app, mode)[0] for mode in MODES}
        for mode in MODES:
            product.administer("user", "erase", self.erased[mode][1], "--app", app.client_app)
            product.administer("token", "revoke", input=self.revoked[mode])
        with_webhooks = product.create_app("Golden webhooks")
        made = product.administer(
            "webhook", "configure", with_webhooks.client_app, "--url", "https://app.example/golden")
        product.secrets.add(made["webhook_secret"])
        self.users = {mode: product.issued(app, mode)[1] for mode in MODES}
        self.users_of_another = {mode: product.issued(self.another, mode)[1] for mode in MODES}
        self.kept = {
            "API_KEY": app.api_key, "API_SECRET": app.api_secret, "CLIENT_APP": app.client_app,
            "API_KEY_IN_CAPITALS": app.api_key.upper(),
            "OLDER_API_SECRET": older.api_secret, "EXPIRED_API_SECRET": expired.api_secret,
            "SANDBOX_API_KEY": sandbox.api_key, "SANDBOX_API_SECRET": sandbox.api_secret,
            "API_SECRET_WITH_WEBHOOKS": with_webhooks.api_secret, "DISABLED_CLIENT_APP": disabled.client_app,
            "DISABLED_API_KEY": disabled.api_key, "DISABLED_API_SECRET": disabled.api_secret,
            "UNKNOWN_ID": str(uuid.uuid4()), "TOO_LONG_IDEMPOTENCY_KEY": "k" * 256,
            "TOO_LARGE_TEXT": "x" * 16384, "NOT_UTF8": b"\xff",
        }
        self.keys = {mode: self.use_keys(mode) for mode in MODES}
        product.administer("platform", "create", PLATFORM, "--name", "Golden Bank", "--production", "--sandbox")
        self.collector = collectors.new_collector(product, "Golden")
        self.other_collector = collectors.new_collector(product, "Golden other")
        disabled_collector = collectors.new_collector(product, "Golden disabled")
        product.administer("collector", "disable", disabled_collector.id)
        year = collectors.this_year()
        self.kept |= {
            "COLLECTOR_KEY": self.collector.key, "DISABLED_COLLECTOR_KEY": disabled_collector.key,
            "PLATFORM": PLATFORM, "LAST_YEAR": str(year - 1), "THIS_YEAR": str(year), "NEXT_YEAR": str(year + 1),
        }
        self.open = {mode: self.begin(mode) for mode in MODES}
        self.open_of_other_collector = {mode: self.begin(mode, self.other_collector) for mode in MODES}
        self.returning = {mode: self.record(mode) for mode in MODES}
        product.administer(
            "platform", "create", CONNECTOR, "--name", "Golden Connector", "--production", "--sandbox",
            "--connector-url", "https://connector.example/sign-in?from=latchkey")
        for origin in ORIGINS:
            product.administer("app", "origin", "add", app.client_app, origin)
        self.kept["CONNECTOR"] = CONNECTOR
        self.used_tokens, self.sessions, self.attempts = {}, {}, {}
        for mode in MODES:
            self.used_tokens[mode], self.sessions[mode] = self.open_modal(mode)
            self.attempts[mode] = self.attempt(mode), self.finish(mode, "success"), self.finish(mode, "failure")
        self.other_attempts = {mode: self.attempt(mode, self.open_modal(mode)[1]) for mode in MODES}
        for mode in MODES:
            for token in (self.revoked[mode], self.erased[mode][0], self.disabled_tokens[mode]):
                eventually(
                    lambda mode=mode, token=token: product.verify(token, mode).status_code == 401, 1,
                    "a token is refused")

    def use_keys(self, mode):
        """Idempotency keys, one used without a user and one with."""
        used = {"IDEMPOTENCY_KEY": str(uuid.uuid4()), "NAMED_IDEMPOTENCY_KEY": str(uuid.uuid4())}
        key = {"Idempotency-Key": used["IDEMPOTENCY_KEY"]}
        _, used["IDEMPOTENT_USER"] = self.product.issued(self.app, mode, headers=key)
        key = {"Idempotency-Key": used["NAMED_IDEMPOTENCY_KEY"]}
        self.product.issued(self.app, mode, headers=key, taiki_user_id=self.users[mode])
        return used

    def begin(self, mode, collector=None):
        """An open retrieval, for a user of whom nothing else is asked."""
        token, _ = self.product.issued(self.app, mode)
        return (collector or self.collector).begun(token, PLATFORM, mode=mode)

    def record(self, mode):
        """A user with the documents of a finished retrieval."""
        token, user = self.product.issued(self.app, mode)
        platform = collectors.SANDBOX_PLATFORM if mode == "sandbox" else PLATFORM
        retrieval = self.collector.begun(token, platform, mode=mode)
        self.fill(retrieval, mode)
        self.collector.finished(retrieval, mode=mode)
        [document, _] = collectors.page(self.product, token, mode)["documents"]
        return {"user": user, "retrieval": retrieval, "document": document["id"]}

    def fill(self, retrieval, mode):
        """Two files."""
        for name, content, content_type in (
                ("1099_INT.pdf", b"%PDF-1.7 of last year.", "application/pdf"),
                ("W-2 f\u00fcr 2024.txt", b"", "text/plain")):
            self.collector.uploaded(retrieval, name, content, content_type, mode=mode)

    def modal(self, mode, path, key, **members):
        """What the modal is answered to a POST."""
        answer = self.product.post(
            f"{self.product.base_url(mode)}/api/link/{path}", json=members, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def open_modal(self, mode):
        """A token that has opened the modal, for a user of its own, and the key of its session."""
        token, _ = self.product.issued(self.app, mode)
        return token, self.modal(mode, "open", token, origin=ORIGINS[0])["session_key"]

    def attempt(self, mode, key=None):
        """An attempt that waits for a collector: its id and state."""
        made = self.modal(
            mode, "attempts", key or self.sessions[mode], platform=CONNECTOR, tax_year=collectors.this_year() - 1)
        return made["id"], made["state"]

    def finish(self, mode, status):
        """An attempt that is over."""
        attempt, state = self.attempt(mode)
        begun = self.collector.call("POST", "/api/retrievals", mode, json={"state": state})
        assert begun.status_code == 201, begun.text
        if status == "success":
            self.fill(begun.json()["id"], mode)
        self.collector.finished(begun.json()["id"], status, mode=mode)
        return attempt, state

    def link(self, mode):
        """Sessions and attempts, and states that are made now."""
        (waiting, state), (finished, finished_state), (failed, _) = self.attempts[mode]
        _, state_of_other_mode = self.attempts[other(mode)][0]
        key, *_ = tokens.read_keys(self.product.key_files[0])
        then = int(time.time()) - 3600
        head, payload, signature = state.split(".")
        mac = bytearray(base64.urlsafe_b64decode(signature + "="))
        mac[7] ^= 1
        return {
            "USED_TOKEN": self.used_tokens[mode], "SESSION_KEY": self.sessions[mode],
            "SESSION_KEY_OF_OTHER_MODE": self.sessions[other(mode)], "ATTEMPT": waiting, "FINISHED_ATTEMPT": finished,
            "FAILED_ATTEMPT": failed, "ATTEMPT_OF_OTHER_SESSION": self.other_attempts[mode][0],
            "FINISHED_STATE": finished_state, "STATE_OF_OTHER_MODE": state_of_other_mode,
            "FORGED_STATE": f"{head}.{payload}.{tokens.base64url(bytes(mac))}",
            "EXPIRED_STATE": tokens.signed(
                {"token_type": "link_state", "exp": then + 3600, "iat": then, "jti": uuid.UUID(waiting).hex,
                 "mode": mode}, key),
        }

    def documents(self, mode):
        """Retrievals, and links that are made now."""
        returning = self.returning[mode]
        key, *_ = collectors.download_keys(self.product)

        def link(user=returning["user"], seconds=900, mode=mode):
            return collectors.link(
                key, returning["document"], self.app.client_app, user, int(time.time()) + seconds, mode)

        right = link()
        forged = right[:-10] + ("B" if right[-10] == "A" else "A") + right[-9:]
        return {
            "RETRIEVAL": self.open[mode], "RETRIEVAL_OF_OTHER_COLLECTOR": self.open_of_other_collector[mode],
            "RETRIEVAL_OF_OTHER_MODE": self.open[other(mode)], "FINISHED_RETRIEVAL": returning["retrieval"],
            "RETURNING_USER": returning["user"], "DOCUMENT": returning["document"],
            "LINK": right, "FORGED_LINK": forged, "EXPIRED_LINK": link(seconds=0),
            "LINK_OF_OTHER_MODE": link(mode=other(mode)), "LINK_OF_ERASED_USER": link(self.erased[mode][1]),
        }

    def values(self, mode):
        """All placeholders, with tokens made now."""
        app, user = self.app.client_app, self.users[mode]
        kid, secret = key = tokens.read_keys(self.product.key_files[0])[0]
        now = int(time.time())

        def made(header=None, **changes):
            return tokens.signed(tokens.claims(app, user, **{"mode": mode} | changes), key, header)

        token, _ = self.product.issued(self.app, mode, taiki_user_id=user)
        head, payload, signature = token.split(".")
        mac = bytearray(base64.urlsafe_b64decode(signature + "="))
        mac[7] ^= 1
        unsigned = tokens.signed(tokens.claims(app, user, mode=mode), key, {"alg": "none"})
        return Values(self.kept | self.keys[mode] | self.documents(mode) | self.link(mode) | {
            "USER": user, "USER_IN_CAPITALS": user.upper(),
            "USER_OF_OTHER_APP": self.users_of_another[mode], "USER_OF_OTHER_MODE": self.users[other(mode)],
            "ERASED_USER": self.erased[mode][1], "UNUSED_IDEMPOTENCY_KEY": str(uuid.uuid4()),
            "TOKEN": token, "TOKEN_OF_OTHER_MODE": made(mode=other(mode)),
            "TOKEN_WITHOUT_MODE": made(mode=None), "TOKEN_WITHOUT_KID": made({"kid": None}),
            "TOKEN_OF_SIMPLEJWT": made({"kid": None}, mode=None),
            "EXPIRED_TOKEN": made(iat=now - 3600, exp=now), "FUTURE_TOKEN": made(iat=now + 120, exp=now + 600),
            "LONG_LIVED_TOKEN": made(iat=now, exp=now + 3601),
            "FORGED_TOKEN": f"{head}.{payload}.{tokens.base64url(bytes(mac))}",
            "UNKNOWN_KEY_TOKEN": tokens.signed(tokens.claims(app, user, mode=mode), ("nobody", b"k" * 32)),
            "ALG_NONE_TOKEN": unsigned[:unsigned.rindex(".") + 1],
            "HS512_TOKEN": tokens.signed(tokens.claims(app, user, mode=mode), key, {"alg": "HS512"}, hashlib.sha512),
            "CRITICAL_TOKEN": made({"crit": ["exp"]}), "OTHER_TYPE_TOKEN": made({"typ": "at+jwt"}),
            "REPEATED_TOKEN": tokens.signed(
                '{"mode": "' + mode + '", ' + json.dumps(tokens.claims(app, user, mode=mode))[1:], key),
            "REFRESH_TOKEN": made(token_type="refresh"), "AUDIENCE_TOKEN": made(aud="somebody"),
            "WITHOUT_ID_TOKEN": made(jti=None), "REVOKED_TOKEN": self.revoked[mode],
            "TOKEN_OF_DISABLED_APP": self.disabled_tokens[mode], "TOKEN_OF_ERASED_USER": self.erased[mode][0],
            "RETURNING_TOKEN": tokens.signed(tokens.claims(app, self.returning[mode]["user"], mode=mode), key),
        }, {
            "UNFINISHED_RETRIEVAL": lambda: self.begin(mode),
            "STATE": lambda: self.attempt(mode, self.open_modal(mode)[1])[1],
        })
