"""Tokens made by hand, right and wrong, without a library that would refuse to make them."""

import base64
import hashlib
import hmac
import json
import time
import uuid


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(part):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def header_of(token):
    return decoded(token.split(".")[0])


def claims_of(token):
    return decoded(token.split(".")[1])


def read_keys(path):
    """The keys of a private JWK set: name and bytes, the current one first."""
    keys = json.loads(path.read_text())["keys"]
    return [(key["kid"], base64.urlsafe_b64decode(key["k"] + "=" * (-len(key["k"]) % 4))) for key in keys]


def claims(client_app, user, **changes):
    """The claims of an access token; a change to None leaves a claim out."""
    now = int(time.time())
    all_claims = {
        "token_type": "access", "exp": now + 3600, "iat": now, "jti": uuid.uuid4().hex, "client_app_id": client_app,
        "taiki_user_id": user, "mode": "production",
    } | changes
    return {name: value for name, value in all_claims.items() if value is not None}


def signed(payload, key, header=None, digest=hashlib.sha256):
    """A compact token. `payload` is an object or the very text of one."""
    kid, secret = key
    header = {"alg": "HS256", "typ": "JWT", "kid": kid} | (header or {})
    header = {name: value for name, value in header.items() if value is not None}
    text = payload if isinstance(payload, str) else json.dumps(payload)
    signed_part = base64url(json.dumps(header).encode()) + "." + base64url(text.encode())
    return signed_part + "." + base64url(hmac.new(secret, signed_part.encode(), digest).digest())
