"""How a receiver knows that a webhook is Latchkey's, by the rules of https://www.standardwebhooks.com: to copy from."""

import base64
import hashlib
import hmac

# A body that is older was perhaps recorded by somebody and is sent again.
TOLERANCE_SECONDS = 5 * 60


class NotOurs(Exception):
    """It was not sent by whoever knows the secret, or not now."""


def verify(secret, headers, body, now):
    """Returns the delivery's id, or raises NotOurs."""
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not message_id or not (timestamp.isascii() and timestamp.isdigit()):
        raise NotOurs("there is no webhook-id or webhook-timestamp")
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise NotOurs("its timestamp is not of the last five minutes")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    # One signature for each secret in use: while they change there are two.
    for signature in headers.get("webhook-signature", "").split():
        version, _, code = signature.partition(",")
        if version == "v1" and hmac.compare_digest(code.encode(), expected):
            return message_id
    raise NotOurs("no signature is made with the secret in LATCHKEY_WEBHOOK_SECRET")
