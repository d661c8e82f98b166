"""Make submissions findable by their words, without keeping a word in the open.

Each word is replaced by a digest under a key of its workspace, and PostgreSQL's text search works on those. Made by a
worker after the submission is in, so that no program waits for it. Called by the worker.
"""

import os
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kernel.rewrapping import Wrapped
from app.kernel.sealing import CannotOpen, vault_of
from app.kernel.strict_json import decode
from app.submissions.models import SearchKey
from app.submissions.queries import SEARCH_PURPOSE, mark_of, search_key
from app.submissions.rules.received import read_received
from app.submissions.rules.words import words_of

KEY_BYTES: Final = 32
#: PostgreSQL keeps at most so many places of one word.
PLACES: Final = 255
# Ids begin with the time by the clock of whichever machine made them, and a transaction may commit after a later one.
# Nothing runs that long, and clocks that serve one database do not differ by that much.
OVERLAP: Final = timedelta(minutes=2)

#: What of this lies under the installation's secret.
WRAPPED_KEYS: Final = (Wrapped(SearchKey.key, lambda _: SEARCH_PURPOSE),)

_NEXT: Final = text("""
SELECT c.submission_id, s.workspace_id, c.data_key, c.body
  FROM contents AS c
  JOIN submissions AS s ON s.id = c.submission_id
 WHERE c.submission_id > :after
   AND NOT EXISTS (SELECT FROM search_entries AS e WHERE e.submission_id = c.submission_id)
 ORDER BY c.submission_id
 LIMIT :limit
""")
_NEWEST: Final = text("SELECT submission_id FROM search_entries ORDER BY submission_id DESC LIMIT 1")
_KEEP: Final = text("""
INSERT INTO search_entries (submission_id, workspace_id, words)
VALUES (:submission, :workspace, CAST(:words AS tsvector)) ON CONFLICT DO NOTHING
""")
_KEEP_KEY: Final = text("""
INSERT INTO search_keys (workspace_id, key) VALUES (:workspace, :key) ON CONFLICT DO NOTHING
""")


def make_findable(session: Session, *, limit: int) -> int:
    """Make entries for the oldest submissions that have none; return for how many."""
    newest = session.scalar(_NEWEST)
    rows = session.execute(_NEXT, {"after": _some_time_before(newest), "limit": limit}).all()
    keys: dict[UUID, bytes] = {}
    for row in rows:
        if row.workspace_id not in keys:
            keys[row.workspace_id] = _key_of(session, row.workspace_id)
    entries = [
        {
            "submission": row.submission_id,
            "workspace": row.workspace_id,
            "words": _vector(_words(session, row.data_key, row.body), keys[row.workspace_id]),
        }
        for row in rows
    ]
    if entries:
        session.execute(_KEEP, entries)
    return len(rows)


def _some_time_before(newest: UUID | None) -> UUID:
    if newest is None:
        return UUID(int=0)
    ms = int.from_bytes(newest.bytes[:6], "big") - int(OVERLAP.total_seconds() * 1_000)
    return UUID(bytes=max(0, ms).to_bytes(6, "big") + bytes(10))


def _key_of(session: Session, workspace_id: UUID) -> bytes:
    found = search_key(session, workspace_id=workspace_id)
    if found is not None:
        return found
    fresh = vault_of(session).seal(os.urandom(KEY_BYTES), purpose=SEARCH_PURPOSE)
    session.execute(_KEEP_KEY, {"workspace": workspace_id, "key": fresh})
    kept = search_key(session, workspace_id=workspace_id)
    assert kept is not None, "it was just written"  # noqa: S101  # by us or by another worker
    return kept


def _words(session: Session, wrapped: bytes, body: bytes) -> list[str]:
    """Return the words of a content; one that does not open is found by none, and keeps no other back."""
    try:
        plain = vault_of(session).unwrap(wrapped).open(body, purpose="submission")
    except CannotOpen:
        return []
    return words_of(read_received(decode(plain)))


def _vector(words: list[str], key: bytes) -> str:
    """Return the text form of a tsvector: each word's mark with its places."""
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words, start=1):
        found = places.setdefault(word, [])
        if len(found) < PLACES:
            found.append(place)
    return " ".join(f"{mark_of(key, word)}:{','.join(map(str, found))}" for word, found in places.items())
