"""Whether a request to a webhook comes from LocalClip: Standard Webhooks, version 1, by what Python brings."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from localclip_client.errors import SignatureError

TOLERANCE_S = 300.0


def verify_webhook(
    secret: str, headers: Mapping[str, str], body: bytes, *, now: float | None = None, tolerance_s: float = TOLERANCE_S
) -> dict[str, Any]:
    """The event of a request, once its signature is found right.

    `headers` may have any case, `body` are the bytes as they came. The header `webhook-id` is the same in every
    repetition: keep those you have seen. Raises: SignatureError.
    """
    named = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, at, signatures = (named[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
        sent_at = int(at)
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except KeyError as error:
        raise SignatureError(f"the header {error.args[0]} is missing") from None
    except binascii.Error:
        raise SignatureError("the secret is none: it begins with whsec_") from None
    except ValueError:
        raise SignatureError("the header webhook-timestamp is no time") from None
    if abs((time.time() if now is None else now) - sent_at) > tolerance_s:
        raise SignatureError("the request is too old, or the clocks differ")
    right = base64.b64encode(hmac.digest(key, f"{message_id}.{sent_at}.".encode() + body, hashlib.sha256)).decode()
    given = (one.partition(",") for one in signatures.split())
    if not any(version == "v1" and hmac.compare_digest(one.encode(), right.encode()) for version, _, one in given):
        raise SignatureError("no signature of this request is right")
    event: dict[str, Any] = json.loads(body)
    return event
