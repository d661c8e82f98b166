"""The words that the database accepts in a column are the words of the rules, no more and no fewer."""

import re
from collections.abc import Collection
from typing import get_args

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.adjustments.rules import KINDS as ADJUSTMENT_KINDS
from app.adjustments.rules import PRICED_LATER, REASONS
from app.adjustments.rules import STATES as ADJUSTMENT_STATES
from app.costs.rules import MATCHES, RateUnit
from app.delivery.rules.retries import STATES as DELIVERY_STATES
from app.notifications.rules.kinds import KINDS, MESSAGE_STATES, NOTIFICATION_STATES
from app.queue.rules import CLAIM_OUTCOMES, SKIP_POLICIES, STAGES, STATES
from app.review.rules import DECIDER_KINDS, DECISION_STATUSES, VOTE_VERBS
from app.submissions.rules.status import STATUSES
from app.submissions.rules.task_type import HIGH_RISK_CHECKS
from app.timekeeping.rules.segments import SegmentKind

WORDS: dict[str, Collection[str]] = {
    "ck_adjustments_kind": ADJUSTMENT_KINDS,
    "ck_adjustments_reason": [*REASONS, PRICED_LATER],
    "ck_adjustments_settled": ["asked"],
    "ck_adjustments_state": ADJUSTMENT_STATES,
    "ck_claims_outcome": CLAIM_OUTCOMES,
    "ck_decisions_decided_by_kind": DECIDER_KINDS,
    "ck_decisions_status": DECISION_STATUSES,
    "ck_deliveries_state": DELIVERY_STATES,
    "ck_items_holder": ["reserved", "held"],
    "ck_items_reservation": ["reserved"],
    "ck_items_review_mode": ["open", "blind"],
    "ck_items_stage": STAGES,
    "ck_items_state": STATES,
    "ck_messages_state": MESSAGE_STATES,
    "ck_llm_prices_match": MATCHES,
    "ck_notices_kind": KINDS,
    "ck_notifications_kind": KINDS,
    "ck_notifications_state": NOTIFICATION_STATES,
    "ck_queues_skip_policy": SKIP_POLICIES,
    "ck_rate_cards_unit": get_args(RateUnit),
    "ck_submissions_status": STATUSES,
    "ck_task_types_high_risk_check": HIGH_RISK_CHECKS,
    "ck_time_entries_kind": get_args(SegmentKind),
    "ck_votes_verb": VOTE_VERBS,
}
_WORD = re.compile(r"'([a-z_]+)'::text")


def test_every_list_of_words_in_the_database_is_that_of_the_rules(session: Session) -> None:
    rows = session.execute(text("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c'"))
    found = {name: set(words) for name, definition in rows if (words := _WORD.findall(definition))}
    assert found == {name: set(words) for name, words in WORDS.items()}
