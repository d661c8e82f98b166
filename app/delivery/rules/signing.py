"""How a message is signed: Standard Webhooks 1.0.0, symmetric.

HMAC-SHA256 (RFC 2104) with the decoded secret over `id.timestamp.body`, shown as `v1,` and base64. While a secret is
being replaced both sign, so that a receiver may change over whenever it likes. The id and the body are the same on
every try; the timestamp is that of the try, so that receivers can refuse old replays.
Called by the workers before each try, and by registration for the form of the secret.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

SECRET_BYTES: Final = 32
_PREFIX: Final = "whsec_"


def write_secret(raw: bytes) -> str:
    """Return the form in which an endpoint's owner is shown its secret."""
    return _PREFIX + b64encode(raw).decode()


def sign(secrets: Sequence[str], *, webhook_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the three headers of one try.

    Args:
        secrets: As `write_secret` made them, the newest first.
        at: When the try is made, by the host's clock; receivers allow five minutes either way.
        body: The exact bytes that are sent.
    """
    seconds = str(int(at.timestamp()))
    message = b".".join((webhook_id.encode(), seconds.encode(), body))
    signatures = " ".join(f"v1,{_signature(secret, message)}" for secret in secrets)
    return {"webhook-id": webhook_id, "webhook-timestamp": seconds, "webhook-signature": signatures}


def _signature(secret: str, message: bytes) -> str:
    key = b64decode(secret.removeprefix(_PREFIX))
    return b64encode(hmac.digest(key, message, sha256)).decode()
