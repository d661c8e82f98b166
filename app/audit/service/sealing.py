"""Seal committed events: give each its place in its workspace's chain, without a gap and for good.

One sealer at a time. It takes events only of transactions that lie below every running one (the xmin of a snapshot),
so no event can appear later among those that are sealed, and no transaction ever waits for a chain. Within such a
window the order is that of the numbers, which are drawn while the thing that changes is locked.

Events that another database cluster wrote are there because a backup was restored; they are committed.
Called by the sequencer and the command line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.engine import Row
from sqlalchemy.orm import Session

from app.audit.models import EventSeal, Sealer
from app.audit.queries import sealable
from app.audit.rules import NO_HASH, Sealable, seal_hash, sealed_document
from app.kernel.db import lock_name

BATCH: Final = 2_000
_COLUMNS: Final = """e.number, e.workspace_id, e.at, e.type, e.actor_kind, e.actor_id, e.subject_kind, e.subject_id,
       e.from_state, e.to_state, e.details"""
_HORIZON: Final = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, proofdesk_cluster()")
_WINDOW: Final = text(f"""
SELECT {_COLUMNS} FROM events e
 WHERE e.xact_id >= :below AND e.xact_id < :upto AND e.cluster = :cluster AND e.number > :number
 ORDER BY e.number LIMIT :limit
""")  # noqa: S608  # a constant of this module
_RESTORED: Final = text(f"""
SELECT {_COLUMNS} FROM events e
 WHERE e.cluster <> :cluster AND NOT EXISTS (SELECT FROM event_seals s WHERE s.number = e.number)
 ORDER BY e.number LIMIT :limit
""")  # noqa: S608  # a constant of this module
_HEADS: Final = text("""
SELECT c.chain, h.seq, h.sha256
  FROM unnest(CAST(:chains AS uuid[])) AS c (chain)
 CROSS JOIN LATERAL (SELECT seq, sha256 FROM event_seals WHERE chain = c.chain ORDER BY seq DESC LIMIT 1) h
""")


@dataclass(frozen=True)
class Sealed:
    """What one pass did: how many events it sealed, and whether there may be more right away."""

    count: int
    more: bool


def seal_events(session: Session, *, limit: int = BATCH) -> Sealed:
    """Seal up to `limit` events; whoever else seals is waited for. Commit before the next call.

    The horizon is that of the whole database cluster: a transaction that stays open anywhere in it holds seals back.
    """
    lock_name(session, "sealer")
    # Read after the lock: what another sealer has just done counts.
    horizon, cluster = session.execute(_HORIZON).one()
    state = session.get(Sealer, 1, populate_existing=True)
    if state is None:
        state = Sealer(id=1, cluster=cluster, below=0, upto=None, number=0)
        session.add(state)
    if state.cluster != cluster:
        return _adopt(session, state, cluster, limit)
    if state.upto is None:
        state.upto, state.number = horizon, 0
    window = {"below": state.below, "upto": state.upto, "cluster": cluster, "number": state.number, "limit": limit}
    rows = session.execute(_WINDOW, window).all()
    _seal(session, rows)
    if len(rows) < limit:
        state.below, state.upto = state.upto, None
    else:
        state.number = rows[-1].number
    session.flush()
    return Sealed(len(rows), more=len(rows) == limit)


def _adopt(session: Session, state: Sealer, cluster: int, limit: int) -> Sealed:
    """Seal what the cluster of a restored backup had not sealed; then begin with this one's transactions."""
    rows = session.execute(_RESTORED, {"cluster": cluster, "limit": limit}).all()
    _seal(session, rows)
    if len(rows) < limit:
        state.cluster, state.below, state.upto = cluster, 0, None
    session.flush()
    return Sealed(len(rows), more=True)


def _seal(session: Session, rows: Sequence[Row[Any]]) -> None:
    if not rows:
        return
    events: list[Sealable] = [sealable(row) for row in rows]
    chains = list({event.chain for event in events})
    heads: dict[UUID, tuple[int, bytes]] = {
        chain: (seq, bytes(digest)) for chain, seq, digest in session.execute(_HEADS, {"chains": chains})
    }
    seals = []
    for event in events:
        seq, before = heads.get(event.chain, (0, NO_HASH))
        digest = seal_hash(before, sealed_document(event, seq=seq + 1))
        heads[event.chain] = (seq + 1, digest)
        seals.append({"chain": event.chain, "seq": seq + 1, "number": event.number, "sha256": digest})
    session.execute(insert(EventSeal), seals)
