"""Identities: UUIDv7 made by the program, shown with a prefix that says what they name.

Sortable by time of making, safe to retry because the maker knows them before the row exists.
Layout: RFC 9562 section 5.7, 48 bits of Unix milliseconds, then 74 random bits.
"""

import os
import time
from typing import Final
from uuid import UUID

from app.kernel.errors import NotFound

PREFIXES: Final = {
    "workspace": "ws",
    "person": "p",
    "key": "key",
    "session": "ses",
    "task_type": "tt",
    "policy": "pol",
    "submission": "sub",
    "queue": "q",
    "item": "it",
    "claim": "cl",
    "decision": "dec",
    "vote": "vote",
    "endpoint": "ep",
    "delivery": "msg",
    "rate_card": "rate",
    "exchange_rate": "fx",
    "adjustment": "adj",
    "adjusting_entry": "ae",
    "period_close": "pcl",
    "llm_price": "lp",
    "piece_entry": "pc",
    "time_entry": "te",
    "event": "ev",
    "calendar": "cal",
    "group": "grp",
    "chat_hook": "hook",
    "message": "ntf",
    "grant": "gr",
    "signing_key": "sig",
    "outcome": "out",
    "file": "file",
    "view": "view",
}


class NoSuchId(NotFound):
    """There is no such thing in this workspace."""


def new_id() -> UUID:
    """Return a fresh UUIDv7."""
    raw = bytearray((time.time_ns() // 1_000_000).to_bytes(6, "big") + os.urandom(10))
    raw[6] = (raw[6] & 0x0F) | 0x70
    raw[8] = (raw[8] & 0x3F) | 0x80
    return UUID(bytes=bytes(raw))


def new_ids(count: int) -> list[UUID]:
    """Return fresh UUIDv7s for things that are made in an order: each is larger than the one before."""
    return sorted(new_id() for _ in range(count))


def show(kind: str, value: UUID) -> str:
    """Return the outside form of an id: the kind's prefix, an underscore, 32 hex digits."""
    return f"{PREFIXES[kind]}_{value.hex}"


def parse(kind: str, text: str) -> UUID:
    """Read an outside id of this kind.

    Raises:
        NoSuchId: the text is no id of this kind; to the asker that is the same as a row that does not exist.
    """
    prefix, _, digits = text.partition("_")
    # Only the canonical form is read, so that one thing has one name in logs and URLs.
    if prefix != PREFIXES[kind] or len(digits) != 32 or not set(digits) <= set("0123456789abcdef"):
        raise NoSuchId
    return UUID(hex=digits)
