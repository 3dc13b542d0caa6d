"""djangorestframework-simplejwt 5.3.1: its tokens and ours cross-verify with one key, and our errors are its errors."""

import json
import time
from importlib.metadata import version

import django
import pytest
from django.conf import settings

import tokens

settings.configure(
    # One key of our key file is put in by the fixture.
    SIMPLE_JWT={"ALGORITHM": "HS256", "USER_ID_CLAIM": "taiki_user_id"},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework"],
    REST_FRAMEWORK={"DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"]},
    SECRET_KEY="of Django, for nothing here",
    ALLOWED_HOSTS=["*"],
    USE_TZ=True,
)
django.setup()

from rest_framework.permissions import IsAuthenticated  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.test import APIRequestFactory  # noqa: E402
from rest_framework.views import APIView  # noqa: E402
from rest_framework_simplejwt.authentication import JWTStatelessUserAuthentication  # noqa: E402
from rest_framework_simplejwt.exceptions import TokenError  # noqa: E402
from rest_framework_simplejwt.state import token_backend  # noqa: E402
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken  # noqa: E402


class Verify(APIView):
    """What the clients of verify were written for: a view that demands a token of SimpleJWT."""

    authentication_classes = [JWTStatelessUserAuthentication]
    permission_classes = [IsAuthenticated]

    def post(self, request):
        return Response({
            "valid": True, "taiki_user": request.auth["taiki_user_id"], "client": request.auth["client_app_id"]})


@pytest.fixture(scope="module", autouse=True)
def same_key(product):
    assert version("djangorestframework-simplejwt") == "5.3.1"
    [_, key], *_ = tokens.read_keys(product.key_files[0])
    token_backend.signing_key = token_backend.prepared_signing_key = key
    token_backend.verifying_key = token_backend.prepared_verifying_key = key


def theirs(authorization):
    """The answer of a real view behind SimpleJWT's authentication."""
    header = {} if authorization is None else {"HTTP_AUTHORIZATION": authorization}
    answer = Verify.as_view()(APIRequestFactory().post("/api/verify-token", **header))
    answer.render()
    return answer.status_code, json.loads(answer.content), answer.headers.get("WWW-Authenticate")


def ours(product, authorization):
    header = {} if authorization is None else {"Authorization": authorization}
    answer = product.post(product.base_url() + "/api/verify-token", headers=header)
    return answer.status_code, answer.json(), answer.headers.get("WWW-Authenticate")


def made_by_simplejwt(app, user, kind=AccessToken, **claims):
    token = kind()
    token["client_app_id"], token["taiki_user_id"] = app.client_app, user
    for name, value in claims.items():
        token[name] = value
    return str(token)


@pytest.mark.parametrize("mode", ["production", "sandbox"])
def test_simplejwt_believes_our_token(product, app, mode):
    token, user = product.issued(app, mode)
    believed = AccessToken(token)
    assert believed["client_app_id"] == app.client_app and believed["taiki_user_id"] == user
    assert theirs(f"Bearer {token}") == (200, {"valid": True, "taiki_user": user, "client": app.client_app}, None)


def test_verify_believes_simplejwts_token_and_takes_it_for_one_of_production(product, app):
    _, user = product.issued(app)
    token = made_by_simplejwt(app, user)
    assert "kid" not in tokens.header_of(token) and "mode" not in tokens.claims_of(token)
    assert ours(product, f"Bearer {token}") == theirs(f"Bearer {token}")
    assert product.verify(token, "sandbox").status_code == 401


def test_simplejwt_refuses_our_token_when_it_is_changed(product, app):
    token, _ = product.issued(app)
    with pytest.raises(TokenError):
        AccessToken(token[:-4] + "AAAA")


def cases(product, app):
    token, user = product.issued(app)
    key, *_ = tokens.read_keys(product.key_files[0])
    now = int(time.time())
    claims = tokens.claims(app.client_app, user)
    return {
        "no header": None,
        "an empty header": "",
        "another scheme": "Basic dXNlcjpwYXNz",
        "no scheme": token,
        "Bearer alone": "Bearer",
        "two values": f"Bearer {token} {token}",
        "no token": "Bearer nonsense",
        "two parts": "Bearer " + token.rpartition(".")[0],
        "four parts": f"Bearer {token}.x",
        "a changed signature": f"Bearer {token[:-4]}AAAA",
        "another key": "Bearer " + tokens.signed(claims, (key[0], b"k" * 32)),
        "algorithm none": "Bearer " + tokens.signed(claims, key, {"alg": "none"}),
        "expired": "Bearer " + tokens.signed(claims | {"iat": now - 3700, "exp": now - 100}, key),
        "a refresh token": "Bearer " + made_by_simplejwt(app, user, RefreshToken),
        "no token type": "Bearer " + tokens.signed({k: v for k, v in claims.items() if k != "token_type"}, key),
        "no user": "Bearer " + tokens.signed({k: v for k, v in claims.items() if k != "taiki_user_id"}, key),
        "no id": "Bearer " + tokens.signed({k: v for k, v in claims.items() if k != "jti"}, key),
    }


# For these SimpleJWT says more in `message` (and for the last in `detail`); the contract has one body for all tokens.
OWN_SENTENCE = {"a refresh token", "no token type", "no id"}
OWN_BODY = {"no user"}


def without_message(body):
    return body | {"messages": [one | {"message": ""} for one in body["messages"]]}


def test_our_refusals_are_those_of_simplejwt(product, app):
    compared = 0
    for name, authorization in cases(product, app).items():
        status, body, challenge = theirs(authorization)
        our_status, our_body, our_challenge = ours(product, authorization)
        assert our_status == status == 401, name
        if name in OWN_SENTENCE:
            assert without_message(our_body) == without_message(body), name
        elif name not in OWN_BODY:
            assert json.dumps(our_body) == json.dumps(body), name
            compared += 1
        # We add what was wrong (RFC 6750, section 3) where a token was sent; the beginning is theirs.
        assert our_challenge.startswith(challenge), name
    assert compared == 13


def test_a_scheme_in_any_case_is_a_leniency_of_ours(product, app):
    token, user = product.issued(app)
    assert ours(product, f"bearer {token}")[0] == 200
