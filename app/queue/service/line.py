"""The statements that find the first item in line for somebody and lend or reserve it.

Each walks the index of what waits in order, so its cost does not grow with the backlog. Called by claims and by the
flow out.
"""

from typing import Final

from sqlalchemy import TextClause, text

from app.audit.service import events_from

# Who may take an item that waits. Every statement that hands items out uses this text, and no other.
ELIGIBLE: Final = """
state = 'waiting' AND skills <@ CAST(:skills AS text[]) AND NOT (:person = ANY(voters))
        AND NOT (barred && CAST(:names AS uuid[])) AND (candidates IS NULL OR candidates && CAST(:names AS uuid[]))
        AND (NOT for_lead OR :lead)"""


# What she skipped comes back to her only when there is nothing else.
NOT_SKIPPED: Final = "NOT (:person = ANY(skipped_by))"


def _line(further: str) -> str:
    """Return the part of a statement that finds and locks the first item in line, as `chosen`.

    Heads of the reviewer's queues are read without a lock, each from where its queue is begun at; the best queue is
    then asked for its first item that nobody holds. Both parts walk ix_items_waiting in order, so the cost does not
    grow with what waits.
    """
    return f"""
heads AS MATERIALIZED (
  SELECT q.id AS queue_id, q.begin, head.sort_key, head.id
    FROM unnest(CAST(:queues AS uuid[]), CAST(:begin AS bigint[])) AS q (id, begin)
   CROSS JOIN LATERAL (
     SELECT sort_key, id FROM items
      WHERE queue_id = q.id AND sort_key >= q.begin AND assigned_to IS NULL AND {ELIGIBLE} AND {further}
      ORDER BY sort_key, id LIMIT 1) AS head
   WHERE EXISTS (SELECT FROM free) AND NOT EXISTS (SELECT FROM given)
), best AS MATERIALIZED (
  SELECT queue_id, begin FROM heads ORDER BY sort_key, id OFFSET :skip LIMIT 1
), chosen AS MATERIALIZED (
  SELECT id FROM items
   WHERE queue_id = (SELECT queue_id FROM best) AND sort_key >= (SELECT begin FROM best)
         AND assigned_to IS NULL AND {ELIGIBLE} AND {further}
   ORDER BY sort_key, id
     FOR UPDATE SKIP LOCKED LIMIT 1
)"""  # noqa: S608  # constants of this module


# How many places of the index this transaction has walked over so far.
_WALKED: Final = "pg_stat_get_xact_tuples_returned('ix_items_waiting'::regclass)"


# Where the heads were found, how far the look had to walk, and how long it took: what floors.py learns from.
_LOOK: Final = f"""
       (SELECT array_agg(queue_id) FROM heads) AS head_queues, (SELECT array_agg(sort_key) FROM heads) AS head_keys,
       {_WALKED} - (SELECT walked FROM free) AS walked,
       extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000 AS took_ms"""  # noqa: S608  # constants of this module


def claim_statement(further: str = NOT_SKIPPED, *, guard: str = "true", also: str = "true") -> TextClause:
    """Return the statement that lends an item: one given to her by name, whatever its queue, else the first in line.

    Nothing is lent to somebody who has a claim or an item reserved. The clock is read where the row is written, after
    its lock: read earlier, a claim could begin before the one before it ended.

    Args:
        guard: An SQL condition over the parameters that has to hold too.
        also: An SQL expression to evaluate once an item is lent.
    """
    event = events_from(
        "shown",
        type="item.claim",
        subject_kind="item",
        from_state="waiting",
        to_state="claimed",
        details="jsonb_build_object('version', version, 'claim', CAST(:claim_shown AS text), 'token', token)",
    )
    return text(f"""
WITH free AS MATERIALIZED (
  SELECT {_WALKED} AS walked
   WHERE NOT EXISTS (SELECT FROM claims
                      WHERE person_id = :person AND workspace_id = :workspace AND ended_at IS NULL)
     AND NOT EXISTS (SELECT FROM items
                      WHERE held_by = :person AND workspace_id = :workspace AND state = 'reserved')
     AND {guard}
), given AS MATERIALIZED (
  SELECT id FROM items
   WHERE assigned_to = :person AND workspace_id = :workspace AND {ELIGIBLE} AND EXISTS (SELECT FROM free)
         AND NOT EXISTS (SELECT FROM queues WHERE queues.id = items.queue_id AND paused_at IS NOT NULL)
   ORDER BY sort_key, id
     FOR UPDATE SKIP LOCKED LIMIT 1
), {_line(further)}, taken AS (
  UPDATE items SET state = 'claimed', token = token + 1, version = version + 1
   WHERE id = COALESCE((SELECT id FROM given), (SELECT id FROM chosen))
  RETURNING id, workspace_id, token, version, claim_ms, cap_ms, clock_timestamp() AS at
), claim AS (
  INSERT INTO claims (id, workspace_id, item_id, person_id, token, channel, claim_ms, cap_ms, claimed_at, expires_at)
  SELECT :claim, workspace_id, id, :person, token, :channel, claim_ms, cap_ms, at,
         at + claim_ms * interval '1 millisecond'
    FROM taken
  RETURNING item_id, token, claim_ms, cap_ms, claimed_at, expires_at
), shown AS (
  SELECT workspace_id, at, id AS subject_id, version, token FROM taken
), event AS ({event}
)
SELECT claim.*, {also} AS also, {_LOOK} FROM claim""")  # noqa: S608  # constants of this module


CLAIM_NEXT: Final = claim_statement()


CLAIM_SKIPPED: Final = claim_statement("true")


RESERVE_NEXT: Final = text(f"""
WITH free AS MATERIALIZED (SELECT {_WALKED} AS walked), given AS (SELECT WHERE false), {_line(NOT_SKIPPED)}, taken AS (
  UPDATE items
     SET state = 'reserved', version = version + 1, held_by = :person, reserved_until = clock_timestamp() + :lasting,
         wake_at = LEAST(wake_at, clock_timestamp() + :lasting)
   WHERE id = (SELECT id FROM chosen)
  RETURNING id, version, clock_timestamp() AS at
)
SELECT id, version, at, {_LOOK} FROM taken
""")  # noqa: S608  # constants of this module
