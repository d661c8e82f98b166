"""Read what a decision cost and by which policy its submission was routed. Called for documents that programs read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.review.rules.document import Figures

# Every claim of the item counts, also those that were skipped or ran out, with its adjustments. What a provider says of
# a call counts before the list; what a submission's usage says as a whole counts where no call came with a cost.
_FIGURES: Final = text("""
SELECT s.id, s.policy_version, s.route_rules, spent.human, spent.unpriced_ms, model.llm
  FROM submissions s
 CROSS JOIN LATERAL (
   SELECT jsonb_object_agg(c.currency, c.amount) FILTER (WHERE c.currency IS NOT NULL) AS human,
          COALESCE(sum(c.unpriced_ms), 0) AS unpriced_ms
     FROM (SELECT l.currency, sum(l.amount)::text AS amount, sum(l.unpriced_ms) AS unpriced_ms
             FROM items i
             JOIN claims cl ON cl.item_id = i.id
             JOIN ledger_lines l ON l.claim_id = cl.id
            WHERE i.submission_id = s.id AND l.kind <> 'idle_in_claim' GROUP BY l.currency) c) AS spent
 CROSS JOIN LATERAL (
   SELECT jsonb_object_agg(c.currency, c.amount) AS llm
     FROM (SELECT currency, sum(amount)::text AS amount FROM llm_lines
            WHERE submission_id = s.id AND amount IS NOT NULL GROUP BY currency) c) AS model
 WHERE s.id = ANY(CAST(:ids AS uuid[]))
""")


_BESIDE: Final = text("""
SELECT (SELECT state FROM items WHERE submission_id = :submission) AS item_state,
       EXISTS (SELECT FROM llm_calls WHERE submission_id = :submission) AS calls,
       EXISTS (SELECT FROM outcomes WHERE submission_id = :submission) AS outcomes
""")


@dataclass(frozen=True)
class Beside:
    """What there is beside a submission: the state of its item, if it has one, and whether there is more to read."""

    item_state: str | None
    has_calls: bool
    has_outcomes: bool


def read_beside(session: Session, *, submission_id: UUID) -> Beside:
    """Say in one look what there is beside a submission, so that what is not there need not be asked for."""
    return Beside(*session.execute(_BESIDE, {"submission": submission_id}).one())


def read_figures(session: Session, *, submission_ids: Sequence[UUID]) -> dict[UUID, Figures]:
    """Return the figures of each of these submissions, by its id."""
    return {row.id: _figures(row) for row in session.execute(_FIGURES, {"ids": list(submission_ids)})}


def _figures(row: Any) -> Figures:
    return Figures(
        policy_version=row.policy_version,
        rules=[rule["name"] for rule in row.route_rules],
        human=row.human or {},
        unpriced_ms=int(row.unpriced_ms),
        llm=row.llm or {},
    )
