"""PyJWT, Authlib and joserfc: three JOSE libraries that we did not write read our tokens and write some for us."""

import time
import uuid

import jwt
import pytest
from authlib.jose import JsonWebKey, JsonWebToken
from joserfc import jwk as joserfc_jwk
from joserfc import jwt as joserfc_jwt

import tokens


def read_with_pyjwt(token, key, product):
    return jwt.get_unverified_header(token), jwt.decode(
        token, key, algorithms=["HS256"], options={"require": ["exp", "iat", "jti"]})


def read_with_authlib(token, key, product):
    # It takes the whole key set, and finds the key by its name.
    keys = JsonWebKey.import_key_set(product.key_files[0].read_text())
    claims = JsonWebToken(["HS256"]).decode(token, keys)
    claims.validate()
    return claims.header, dict(claims)


def read_with_joserfc(token, key, product):
    read = joserfc_jwt.decode(token, joserfc_jwk.OctKey.import_key(key), algorithms=["HS256"])
    joserfc_jwt.JWTClaimsRegistry(exp={"essential": True}).validate(read.claims)
    return read.header, read.claims


def write_with_pyjwt(header, claims, key):
    return jwt.encode(claims, key, algorithm="HS256", headers=header)


def write_with_authlib(header, claims, key):
    return JsonWebToken(["HS256"]).encode({"alg": "HS256"} | header, claims, key).decode()


def write_with_joserfc(header, claims, key):
    return joserfc_jwt.encode({"alg": "HS256"} | header, claims, joserfc_jwk.OctKey.import_key(key))


@pytest.mark.parametrize("read", [read_with_pyjwt, read_with_authlib, read_with_joserfc])
@pytest.mark.parametrize("mode", ["production", "sandbox"])
def test_our_token_is_read_by(product, app, mode, read):
    token, user = product.issued(app, mode)
    [kid, key], *_ = tokens.read_keys(product.key_files[0])
    header, claims = read(token, key, product)
    assert header == {"alg": "HS256", "typ": "JWT", "kid": kid}
    assert claims == tokens.claims_of(token)
    assert claims["taiki_user_id"] == user


@pytest.mark.parametrize("read", [read_with_pyjwt, read_with_authlib, read_with_joserfc])
def test_a_changed_token_of_ours_is_refused_by(product, app, read):
    token, _ = product.issued(app)
    [_, key], *_ = tokens.read_keys(product.key_files[0])
    with pytest.raises(Exception, match="(?i)signature"):
        read(token[:-4] + "AAAA", key, product)


@pytest.mark.parametrize("write", [write_with_pyjwt, write_with_authlib, write_with_joserfc])
@pytest.mark.parametrize("named", [True, False], ids=["with kid", "without kid"])
def test_verify_believes_a_token_written_by(product, app, write, named):
    _, user = product.issued(app)
    [kid, key], *_ = tokens.read_keys(product.key_files[0])
    claims = tokens.claims(app.client_app, user)
    answer = product.verify(write({"kid": kid} if named else {}, claims, key))
    assert answer.json() == {"valid": True, "taiki_user": user, "client": app.client_app}


@pytest.mark.parametrize("write", [write_with_pyjwt, write_with_authlib, write_with_joserfc])
def test_verify_refuses_a_token_by_another_key_written_by(product, app, write):
    _, user = product.issued(app)
    [kid, _], *_ = tokens.read_keys(product.key_files[0])
    claims = tokens.claims(app.client_app, user)
    assert product.verify(write({"kid": kid}, claims, uuid.uuid4().bytes * 2)).status_code == 401


def test_times_with_a_fraction_are_understood(product, app):
    # RFC 7519, section 2: a NumericDate may have one.
    _, user = product.issued(app)
    [kid, key], *_ = tokens.read_keys(product.key_files[0])
    now = time.time()
    claims = tokens.claims(app.client_app, user) | {"iat": now - 10.5, "exp": now + 10.5}
    assert product.verify(jwt.encode(claims, key, headers={"kid": kid})).status_code == 200
