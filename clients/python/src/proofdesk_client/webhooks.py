"""Check that a webhook comes from Proofdesk, and read it (Standard Webhooks 1.0.0).

Answer 2xx once what it says is kept; it may come more than once, always with the same `id`. Called by receivers.
"""

import hmac
import json
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from proofdesk_client.errors import ProofdeskError
from proofdesk_client.model import Submission

TOLERANCE_SECONDS: Final = 300


class WebhookRefused(ProofdeskError):
    """This is not a webhook of the service, or it is too old. Answer 400 and do nothing."""


@dataclass(frozen=True)
class Webhook:
    """A decision, supersession or expiry. `id` is the same on every try: the one to remember."""

    id: str
    type: str
    at: datetime
    submission: Submission


def read_webhook(body: bytes, headers: Mapping[str, str], *secrets: str, now: float | None = None) -> Webhook:
    """Return what a webhook says, once its signature holds.

    Args:
        body: The exact bytes that came.
        headers: Those of the request, in any case.
        secrets: The endpoint's secret, `whsec_...`; while it is being changed, the old and the new one.
        now: Seconds since 1970; the clock of this machine where it is not given.

    Raises:
        WebhookRefused: no signature is of these secrets, or it was sent more than five minutes before or after now.
    """
    sent = {name.lower(): value for name, value in headers.items()}
    webhook_id, timestamp = sent.get("webhook-id", ""), sent.get("webhook-timestamp", "")
    if not webhook_id or not timestamp.isdecimal():
        raise WebhookRefused("The headers of a webhook are missing.")
    if abs((time.time() if now is None else now) - int(timestamp)) > TOLERANCE_SECONDS:
        raise WebhookRefused("It was sent more than five minutes ago, or the clocks differ.")
    message = b".".join((webhook_id.encode(), timestamp.encode(), body))
    given = [text.encode() for text in sent.get("webhook-signature", "").split(" ")]
    if not any(hmac.compare_digest(_signature(secret, message), text) for secret in secrets for text in given):
        raise WebhookRefused("No signature is of this secret.")
    said = json.loads(body)
    at = datetime.fromisoformat(said["timestamp"])
    return Webhook(webhook_id, said["type"], at, Submission.read(said["data"]))


def _signature(secret: str, message: bytes) -> bytes:
    key = b64decode(secret.removeprefix("whsec_"))
    return b"v1," + b64encode(hmac.digest(key, message, sha256))
