"""Every promise, broken by hand after a day's work: the breach is found, under the promise's own name."""

from types import ModuleType

import pytest
from sqlalchemy.orm import Session

from app.reports.invariants import (
    adjustments,
    check_invariants,
    contents,
    costs,
    feed,
    handover,
    reviews,
    tenants,
    time,
    trail,
    votes,
)
from app.reports.invariants.check import Check
from tests.services.reports.breaches_of_votes import OF_VOTES
from tests.services.reports.breaking import break_it

PAID_BY_THE_ITEM = """
INSERT INTO piece_entries (id, workspace_id, claim_id, person_id, rate_card_id, currency, at, posted_at, amount,
                           reverses_id)
SELECT gen_random_uuid(), v.workspace_id, v.claim_id, v.person_id, (SELECT id FROM rate_cards LIMIT 1), 'EUR', v.at,
       v.at,"""
GRANTED_TIME = """
INSERT INTO adjustments (id, workspace_id, person_id, claim_id, kind, state, at, asked_ms, granted_ms, reason, note,
                         asked_by, asked_at, settled_by, settled_at)
SELECT gen_random_uuid(), t.workspace_id, t.person_id, t.claim_id, 'time', 'granted', t.starts_at, 0, 0, 'other', '',
       t.person_id, now(), (SELECT id FROM people WHERE id <> t.person_id LIMIT 1), now()
  FROM time_entries t JOIN cost_entries c ON c.time_entry_id = t.id WHERE c.amount > 0 LIMIT 1
"""
TAKEN_BACK = """
INSERT INTO adjusting_entries (id, workspace_id, adjustment_id, claim_id, person_id, reverses_time_entry_id, at, ms,
                               rate_card_id, currency, amount, unpriced_ms, posted_at)
SELECT gen_random_uuid(), t.workspace_id, a.id, t.claim_id, t.person_id, t.id, t.starts_at, -t.ms, c.rate_card_id,
       c.currency, -c.amount, 0, now()
  FROM adjustments a JOIN time_entries t ON t.claim_id = a.claim_id JOIN cost_entries c ON c.time_entry_id = t.id
 WHERE c.amount > 0 LIMIT 1
"""
# Each breach: the promise, a few words of what is said about it, and the statements that break it.
BREACHES = [
    (
        contents.KEPT_ANSWERS.rule,
        "is missing",
        "DELETE FROM submissions s USING idempotent_answers WHERE s.id = submission_id",
    ),
    (contents.KEPT_ANSWERS.rule, "does not name", "UPDATE idempotent_answers SET body = 'sub_1'"),
    (
        contents.KEPT_ANSWERS.rule,
        "belongs to another workspace",
        "UPDATE api_keys SET workspace_id = (SELECT id FROM workspaces WHERE name = 'Other')",
    ),
    (contents.KEPT_CONTENT, "has no content", "DELETE FROM contents"),
    (contents.KEPT_CONTENT, "another hash", "UPDATE submissions SET content_sha256 = sha256('other')"),
    (
        contents.KEPT_CONTENT,
        "cannot be opened",
        "UPDATE contents SET body = set_byte(body, 20, 255 - get_byte(body, 20))",
    ),
    (
        contents.KEPT_CONTENT,
        "file_",
        "INSERT INTO files (id, workspace_id, sha256, media_type, name, bytes, created_at)"
        " SELECT gen_random_uuid(), id, sha256('x'), 'text/plain', 'x', 1, now() FROM workspaces LIMIT 1",
    ),
    (
        contents.ATTACHED.rule,
        "another workspace",
        "INSERT INTO files (id, workspace_id, sha256, media_type, name, bytes, created_at)"
        " SELECT gen_random_uuid(), id, sha256('x'), 'text/plain', 'x', 1, now() FROM workspaces WHERE name = 'Other'",
        "INSERT INTO attachments SELECT s.id, f.id FROM submissions s, files f LIMIT 1",
    ),
    (contents.DECIDED_CONTENT.rule, "other content", "UPDATE decisions SET content_sha256 = sha256('other')"),
    (feed.ON_FEED.rule, "is not on the feed", "DELETE FROM feed_entries"),
    (
        feed.ON_FEED.rule,
        "was taken back and is on",
        "UPDATE decisions SET undone_at = now() WHERE superseded_by IS NULL",
    ),
    (feed.ON_FEED.rule, "it is final at", "UPDATE feed_entries SET due_at = due_at + interval '1 second'"),
    (feed.ON_FEED.rule, "it is final at", "UPDATE feed_entries SET type = 'submission.superseded'"),
    (
        feed.GAPS.rule,
        "the last is 7",
        "UPDATE feed_entries SET seq = 7 WHERE id = (SELECT id FROM feed_entries LIMIT 1)",
    ),
    (reviews.TOKENS.rule, "gave out token", "UPDATE items SET token = token + 1 WHERE state = 'decided'"),
    (reviews.TOKENS.rule, "claims carry", "UPDATE claims SET token = token + 5 WHERE outcome = 'skipped'"),
    (reviews.TOKENS.rule, "its 0 claims", "DELETE FROM claims"),
    (reviews.LIVE_CLAIMS.rule, "is claimed with 0", "UPDATE items SET state = 'claimed' WHERE state = 'waiting'"),
    (reviews.LIVE_CLAIMS.rule, "is waiting with 1", "UPDATE items SET state = 'waiting' WHERE state = 'claimed'"),
    (
        reviews.LIVE_CLAIMS.rule,
        "with 2 live claims",
        "DROP INDEX uq_claims_live_item",
        """INSERT INTO claims SELECT (jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid(),
           'person_id', gen_random_uuid(), 'token', 99))).* FROM claims c WHERE ended_at IS NULL""",
    ),
    (
        reviews.CLAIM_INTERVALS.rule,
        "the next one began",
        "UPDATE claims SET ended_at = ended_at + interval '1 hour' WHERE outcome = 'skipped'",
    ),
    (
        reviews.CLAIM_INTERVALS.rule,
        "ends at",
        "UPDATE claims SET ended_at = claimed_at - interval '1 second' WHERE outcome = 'decided'",
    ),
    (reviews.VOTES.rule, "differs from its claim", "UPDATE votes SET token = token + 1"),
    (reviews.VOTES.rule, "before its claim began", "UPDATE votes SET at = at - interval '1 day'"),
    (reviews.VOTES.rule, "is in time, but its claim was expired", "UPDATE votes SET late = false WHERE late"),
    (reviews.VOTES.rule, "but its claim ended at", "UPDATE votes SET at = at + interval '1 microsecond'"),
    (
        reviews.VOTES.rule,
        "a later one had been given out",
        "UPDATE claims c SET claimed_at = v.at FROM votes v WHERE c.item_id = v.item_id AND c.token = v.token + 1",
    ),
    (reviews.HOLDERS.rule, "is held", "UPDATE items SET state = 'held', held_by = id WHERE state = 'decided'"),
    (
        reviews.UNDONE.rule,
        "was taken back at",
        "UPDATE decisions SET undone_at = final_at + interval '1 second'",
    ),
    (reviews.UNDONE.rule, "and was overturned", "UPDATE decisions SET undone_at = decided_at, superseded_by = id"),
    (reviews.SUPERSESSIONS.rule, "is missing", "UPDATE decisions SET superseded_by = item_id"),
    (reviews.SUPERSESSIONS.rule, "overturns another", "UPDATE decisions SET superseded_by = id"),
    (
        reviews.SUPERSESSIONS.rule,
        "it was final at",
        "UPDATE decisions SET superseded_by = id, supersedes = id, final_at = final_at + interval '1 hour'",
    ),
    (reviews.SUPERSESSIONS.rule, "overturns one that does not say so", "UPDATE decisions SET supersedes = id"),
    *OF_VOTES,
    (trail.STEPS.rule, "is no step", "UPDATE events SET to_state = 'decided' WHERE type = 'item.skip'"),
    (trail.STEPS.rule, "but the item was", "DELETE FROM events WHERE type = 'item.skip'"),
    (
        trail.STEPS.rule,
        "makes version",
        """UPDATE events SET details = details || '{"version": 7}' WHERE type = 'item.skip'""",
    ),
    (trail.STEPS.rule, "does not put it in line", "DELETE FROM events WHERE type = 'item.enqueued'"),
    (trail.ITEMS.rule, "is decided, version", "UPDATE items SET version = version + 1"),
    (trail.ITEMS.rule, "is missing", "DELETE FROM items WHERE state = 'cancelled'"),
    (trail.ITEMS.rule, "make it nothing", "DELETE FROM events"),
    (trail.ITEMS.rule, "is cancelled", "UPDATE items SET state = 'cancelled' WHERE state = 'decided'"),
    (
        trail.CLAIMS.rule,
        "the trail begins it 0 times",
        "UPDATE events SET details = details - 'claim' WHERE type = 'item.claim'",
    ),
    (trail.CLAIMS.rule, "is released", "UPDATE claims SET outcome = 'released' WHERE outcome = 'skipped'"),
    (trail.DECISIONS.rule, "has 0 decisions", "DELETE FROM decisions"),
    (trail.DECISIONS.rule, "1 taken back", "UPDATE decisions SET undone_at = decided_at"),
    (handover.WITHDRAWN.rule, "a delivery of it is due", "UPDATE decisions SET undone_at = decided_at"),
    (trail.SUBMISSIONS.rule, "is passed", "UPDATE submissions SET status = 'passed' WHERE status = 'rejected'"),
    (trail.SUBMISSIONS.rule, "final at -", "UPDATE submissions SET final_at = NULL WHERE status = 'passed'"),
    (trail.SUBMISSIONS.rule, "its item is -", "DELETE FROM items WHERE state = 'cancelled'"),
    (
        trail.SUBMISSIONS.rule,
        "routed to pass",
        "UPDATE submissions SET route_outcome = 'pass' WHERE status = 'waiting'",
    ),
    (trail.SUBMISSIONS.rule, "its decision is", "UPDATE decisions SET final_at = final_at + interval '1 second'"),
    (handover.OUTBOX.rule, "has 0 deliveries", "DELETE FROM deliveries"),
    (handover.OUTBOX.rule, "the first due at", "UPDATE deliveries SET due_at = due_at - interval '1 second'"),
    (
        handover.OVERDUE_CLAIMS.rule,
        "is still live",
        "UPDATE claims SET expires_at = clock_timestamp() - interval '61 seconds' WHERE ended_at IS NULL",
    ),
    (
        handover.OVERDUE_TIMERS.rule,
        "should have been looked at",
        "UPDATE items SET wake_at = clock_timestamp() - interval '61 seconds' WHERE state = 'waiting'",
    ),
    (
        handover.EXPIRED.rule,
        "has 0 messages of its end",
        "UPDATE endpoints SET types = '{submission.expired}'",
        "UPDATE submissions SET status = 'expired' WHERE endpoint_id IS NOT NULL",
    ),
    (
        handover.OVERDUE_DELIVERIES.rule,
        "has been due since",
        "UPDATE deliveries SET next_attempt_at = clock_timestamp() - interval '61 seconds'",
    ),
    (time.WHOLE_CLAIM.rule, "ms are booked", "DELETE FROM time_entries WHERE kind = 'idle_in_claim'"),
    (
        time.WHOLE_CLAIM.rule,
        "lasted",
        "UPDATE claims SET ended_at = ended_at + interval '1 second' WHERE outcome = 'expired'",
    ),
    (time.ENTRIES.rule, "somebody else", "UPDATE claims SET person_id = workspace_id WHERE ended_at IS NOT NULL"),
    (time.ENTRIES.rule, "books", "UPDATE time_entries SET ms = ms + 1"),
    (
        time.ENTRIES.rule,
        "had not ended",
        """UPDATE time_entries SET starts_at = starts_at - interval '1 millisecond', ms = ms + 1
           WHERE kind <> 'active'""",
    ),
    (
        time.ENTRIES.rule,
        "its claim from",
        "UPDATE claims SET claimed_at = claimed_at + interval '1 second' WHERE ended_at IS NOT NULL",
    ),
    (
        time.ENTRIES.rule,
        "crosses a quarter hour",
        "ALTER TABLE time_entries DROP CONSTRAINT ex_time_entries_one_active_second",
        """UPDATE time_entries SET starts_at = date_bin('15 minutes', starts_at, 'epoch') - interval '1 second',
           ends_at = date_bin('15 minutes', starts_at, 'epoch') + interval '1 second', ms = 2000""",
        "UPDATE claims SET claimed_at = '2020-01-01'",
    ),
    (
        time.ONE_ACTIVE_SECOND.rule,
        "when an earlier entry lasts",
        "ALTER TABLE time_entries DROP CONSTRAINT ex_time_entries_one_active_second",
        "UPDATE time_entries SET kind = 'active'",
    ),
    (time.SIGNS_OF_LIFE.rule, "was last heard of", "DELETE FROM beats"),
    (time.VOTED_TIME.rule, "the ledger holds", "UPDATE votes SET active_ms = active_ms + 1"),
    (costs.ONE_PRICE.rule, "has no cost entry", "DELETE FROM cost_entries"),
    (costs.ONE_PRICE.rule, "but has a cost entry", "UPDATE time_entries SET kind = 'idle_in_claim'"),
    (
        costs.ONE_PRICE.rule,
        "are unpriced",
        "ALTER TABLE cost_entries DROP CONSTRAINT ck_cost_entries_unpriced",
        "UPDATE cost_entries SET unpriced_ms = 1",
    ),
    (costs.CARDS.rule, "by card", "UPDATE rate_cards SET valid_from = clock_timestamp()"),
    (costs.CARDS.rule, "by card", "UPDATE rate_cards SET recorded_at = clock_timestamp() + interval '1 hour'"),
    (costs.CARDS.rule, "by card", "UPDATE rate_cards SET valid_to = valid_from + interval '1 hour'"),
    (costs.CARDS.rule, "in EUR by card", "UPDATE rate_cards SET currency = 'CHF'"),
    (costs.CARDS.rule, "by card", "DELETE FROM rate_cards"),
    (costs.PRICES, "is right", "UPDATE cost_entries SET amount = amount + 0.000001"),
    (costs.PRICES, "is right", "UPDATE rate_cards SET burden = 1.3"),
    (
        adjustments.REVERSALS.rule,
        "back, of",
        GRANTED_TIME,
        TAKEN_BACK,
        "UPDATE adjusting_entries SET amount = amount + 0.000001",
    ),
    (adjustments.REVERSALS.rule, "back, of", GRANTED_TIME, TAKEN_BACK, "UPDATE adjusting_entries SET ms = ms - 1"),
    (adjustments.GRANTED.rule, "puts 0 ms", GRANTED_TIME, "UPDATE adjustments SET granted_ms = 1"),
    (
        adjustments.GRANTED.rule,
        "is refused, but has entries",
        GRANTED_TIME,
        TAKEN_BACK,
        "UPDATE adjustments SET state = 'refused'",
    ),
    (
        adjustments.GRANTED.rule,
        "somebody else",
        GRANTED_TIME,
        TAKEN_BACK,
        "UPDATE adjusting_entries SET person_id = (SELECT settled_by FROM adjustments)",
    ),
    (
        adjustments.CLOSED.rule,
        "but the books were closed until",
        "INSERT INTO period_closes SELECT gen_random_uuid(), workspace_id, min(posted_at), min(posted_at)"
        " FROM time_entries GROUP BY workspace_id",
    ),
    (costs.PRICES, "an item for 1.000000", f"{PAID_BY_THE_ITEM} 1, NULL FROM votes v LIMIT 1"),
    (
        costs.PIECES_REVERSED.rule,
        "takes -0.500000 EUR back, of 1.000000",
        f"{PAID_BY_THE_ITEM} 1, NULL FROM votes v LIMIT 1",
        f"{PAID_BY_THE_ITEM} -0.5, p.id FROM votes v JOIN piece_entries p ON p.claim_id = v.claim_id",
    ),
    (costs.CUTS.rule, "by task type", "DELETE FROM task_types"),
    (costs.CUTS.rule, "by person", "DELETE FROM people WHERE name = 'ada'"),
    (
        tenants.RULE,
        "point into another workspace",
        "UPDATE items SET workspace_id = (SELECT id FROM workspaces WHERE name = 'Other')",
    ),
    (
        tenants.RULE,
        "endpoint_id",
        "UPDATE endpoints SET workspace_id = (SELECT id FROM workspaces WHERE name = 'Other')",
    ),
]


@pytest.mark.parametrize(
    ("rule", "words", "statements"),
    [pytest.param(rule, words, statements, id=f"{rule}: {words}") for rule, words, *statements in BREACHES],
)
def test_a_breach_is_found(day: Session, rule: str, words: str, statements: list[str]) -> None:
    break_it(day, *statements)
    found = [v for v in check_invariants(day) if v.rule == rule]
    assert any(words in f"{v.subject} {v.detail}" for v in found), found


def test_every_promise_is_broken_by_some_test() -> None:
    modules: list[ModuleType] = [adjustments, contents, costs, feed, handover, reviews, tenants, time, trail, votes]
    promises = {value.rule for m in modules for value in vars(m).values() if isinstance(value, Check)}
    promises |= {contents.KEPT_CONTENT, costs.PRICES, tenants.RULE}
    assert promises == {rule for rule, *_ in BREACHES}
