"""Keyset pages: a cursor names the last row seen, so a page costs the same however deep it lies.

A cursor is opaque to its holder: base64url of the sort values. A changed cursor is refused, never guessed at.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from app.kernel.errors import Fault, Invalid

Row = TypeVar("Row")
DEFAULT_LIMIT = 50
MAX_LIMIT = 200


class BadCursor(Invalid):
    """That cursor was not made by this service."""


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows, whether more follow, and the cursor that asks for them."""

    rows: list[Row]
    next_cursor: str | None

    @property
    def has_more(self) -> bool:
        """Say whether another page follows."""
        return self.next_cursor is not None


def write_cursor(at: datetime, row_id: UUID) -> str:
    """Return the cursor of a row sorted by (time, id)."""
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{row_id.hex}".encode()).decode().rstrip("=")


def read_cursor(text: str) -> tuple[datetime, UUID]:
    """Return the (time, id) that a cursor names.

    Raises:
        BadCursor: the text is not a cursor.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
        at_text, _, id_text = raw.partition("|")
        at, row_id = datetime.fromisoformat(at_text), UUID(hex=id_text)
    except (ValueError, binascii.Error) as error:
        raise BadCursor(faults=[Fault("cursor", "is not a cursor of this service")]) from error
    if at.tzinfo is None:
        raise BadCursor(faults=[Fault("cursor", "is not a cursor of this service")])
    return at, row_id
