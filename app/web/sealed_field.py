"""A hidden field of a form that only we can write and read: what was proved in the step before, or a fresh secret.

Nothing has to be kept between two steps of a form that may never be finished. Called by the sign-in and account pages.
"""

import base64
import binascii
from datetime import datetime, timedelta
from typing import Any

import orjson

from app.edge.context import db, now
from app.kernel.sealing import CannotOpen, vault_of


def seal_field(purpose: str, **values: str) -> str:
    """Return the field's text; it opens for the same purpose only."""
    plain = orjson.dumps({**values, "at": now().isoformat()})
    return base64.urlsafe_b64encode(vault_of(db()).seal(plain, purpose=purpose)).decode()


def open_field(purpose: str, text: str, *, within: timedelta) -> dict[str, Any] | None:
    """Return what was sealed, None when it was not by us, for something else, or longer ago than `within`."""
    try:
        plain = vault_of(db()).open(base64.urlsafe_b64decode(text), purpose=purpose)
    except (binascii.Error, ValueError, CannotOpen):
        return None
    values: dict[str, Any] = orjson.loads(plain)
    return values if now() - datetime.fromisoformat(values["at"]) <= within else None
