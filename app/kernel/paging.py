"""Keyset pages: a cursor names the last row seen, so a page costs the same however deep it lies.

A cursor is opaque to its holder: base64url of the sort values. A changed cursor is refused, never guessed at.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from sqlalchemy import Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

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


def newest_first(
    session: Session,
    wanted: Select[Row],
    *,
    at: InstrumentedAttribute[datetime],
    row_id: InstrumentedAttribute[UUID],
    limit: int,
    cursor: str | None,
) -> Page[Row]:
    """Return a page of the rows of one table, by (time, id), the last first.

    Raises:
        BadCursor: `cursor` was not made here.
    """
    if cursor is not None:
        wanted = wanted.where(tuple_(at, row_id) < read_cursor(cursor))
    rows = list(session.scalars(wanted.order_by(at.desc(), row_id.desc()).limit(limit + 1)))
    if len(rows) <= limit:
        return Page(rows, None)
    last = rows[limit - 1]
    return Page(rows[:limit], write_cursor(getattr(last, at.key), getattr(last, row_id.key)))
