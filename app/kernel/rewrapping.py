"""Seal again, under the present secret of the installation, what still lies under another.

Each domain names the columns that it seals under that secret (`Wrapped`); a structure test holds that none is left
out. Called by the command line, a batch in each unit of work, while the service goes on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, inspect, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.kernel.sealing import CannotOpen, vault_of


@dataclass(frozen=True)
class Wrapped:
    """A column that lies under the installation's secret, and the purpose for which the row of an id was sealed."""

    column: InstrumentedAttribute[Any]
    purpose: Callable[[UUID], str]

    @property
    def name(self) -> str:
        """Return `table.column`."""
        return f"{self.column.class_.__tablename__}.{self.column.key}"


@dataclass(frozen=True)
class Batch:
    """What one batch found: how many rows, how many were sealed again, which no secret opens, and the last one's id."""

    seen: int
    rewrapped: int
    lost: Sequence[UUID]
    last: UUID | None


def rewrap_batch(session: Session, *, wrapped: Wrapped, after: UUID | None, limit: int) -> Batch:
    """Seal again what this column holds in the next rows after an id.

    The rows are locked against other changes until the transaction ends, not against rows that refer to them.
    """
    table = wrapped.column.class_.__table__
    (key,) = inspect(wrapped.column.class_).primary_key
    column = table.c[wrapped.column.key]
    wanted = select(key, column).where(column.is_not(None)).order_by(key).limit(limit).with_for_update(key_share=True)
    rows = session.execute(wanted if after is None else wanted.where(key > after)).all()
    vault, changed, lost = vault_of(session), list[dict[str, Any]](), list[UUID]()
    for row_id, sealed in rows:
        try:
            fresh = vault.rewrap(sealed, purpose=wrapped.purpose(row_id))
        except CannotOpen:
            lost.append(row_id)
            continue
        if fresh is not None:
            changed.append({"row_id": row_id, "fresh": fresh})
    if changed:
        put = update(table).where(key == bindparam("row_id")).values({column.name: bindparam("fresh")})
        session.connection().execute(put, changed)
    return Batch(len(rows), len(changed), lost, rows[-1][0] if rows else None)
