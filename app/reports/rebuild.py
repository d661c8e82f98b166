"""Derive the whole ledger anew from beats and rates, and say where it differs from what is posted.

Nothing posted is read to derive it but what was posted before for the same person, which owned its seconds by then. So
an entry that was changed, left out or made up by hand is found, whoever did it. Called by the command line.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.costs.models import CostEntry, RateCard
from app.costs.queries import rate_of
from app.costs.rules import Payee, Rate, change_instants, price, rate_at
from app.kernel.ids import show
from app.queue.models import Claim
from app.reports.invariants import Violation
from app.reports.payees import payees_of
from app.reports.rebuild_adjustments import find_adjusting_differences
from app.reports.rebuild_pieces import find_piece_differences
from app.timekeeping.models import TimeEntry
from app.timekeeping.queries import ClaimSpan, claim_times
from app.timekeeping.rules import ClaimTime, Segment, segments

RULE: Final = "the ledger is what its beats and rates come to"
_BATCH: Final = 500

Price = tuple[UUID | None, str | None, Decimal | None, int]
Row = tuple[Segment, Price | None]


@dataclass(frozen=True)
class _Held:
    """A claim of a person, ended or still running, and where she held it."""

    span: ClaimSpan
    workspace_id: UUID


@dataclass(frozen=True)
class _Posted:
    """The rows of one claim: its segments with their prices, and when they were posted."""

    at: datetime | None
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class _Told:
    """What is known of some claims of one person: their rows and their beats."""

    posted: Mapping[UUID, _Posted]
    heard: Mapping[UUID, ClaimTime]


def count_claims(session: Session) -> int:
    """Return how many claims have ended, each of which has its rows."""
    return session.scalar(select(func.count()).select_from(Claim).where(Claim.ended_at.is_not(None))) or 0


def find_differences(session: Session, *, advance: Callable[[int], None] = lambda _: None) -> Iterator[Violation]:
    """Yield every claim whose rows differ from what is derived anew.

    Args:
        advance: Told how many more claims were looked at.
    """
    early = select(TimeEntry.claim_id).join(Claim, Claim.id == TimeEntry.claim_id).where(Claim.ended_at.is_(None))
    for claim_id in session.scalars(early.distinct()).all():
        yield _violation(claim_id, "it still runs, and time is posted for it")
    cards: dict[UUID, list[Rate]] = defaultdict(list)
    for card in session.scalars(select(RateCard)):
        cards[card.workspace_id].append(rate_of(card))
    payees = payees_of(session)
    for claim_id, detail in find_piece_differences(session, cards, payees):
        yield _violation(claim_id, detail)
    for entry_id, detail in find_adjusting_differences(session, cards, payees):
        yield Violation(RULE, show("adjusting_entry", entry_id), detail)
    for person_id in session.scalars(select(Claim.person_id).distinct().order_by(Claim.person_id)).all():
        claims = _claims_of(session, person_id)
        beside = _beside(claims)
        ended = [one for one in claims if one.span.ended_at is not None]
        for start in range(0, len(ended), _BATCH):
            batch = ended[start : start + _BATCH]
            told = _read(session, {held.span.id: held.span for one in batch for held in (one, *beside[one.span.id])})
            for one in batch:
                payee = payees(one.workspace_id, person_id)
                yield from _compare(one, beside[one.span.id], told, payee, cards[one.workspace_id])
            advance(len(batch))


def _violation(claim_id: UUID, detail: str) -> Violation:
    return Violation(RULE, show("claim", claim_id), detail)


def _claims_of(session: Session, person_id: UUID) -> list[_Held]:
    hers = (
        select(Claim.id, Claim.person_id, Claim.claimed_at, Claim.ended_at, Claim.cap_ms, Claim.workspace_id)
        .where(Claim.person_id == person_id)
        .order_by(Claim.claimed_at, Claim.id)
    )
    return [_Held(ClaimSpan(*row[:5]), row[5]) for row in session.execute(hers)]


def _beside(claims: Sequence[_Held]) -> dict[UUID, list[_Held]]:
    """Return, for each claim, the others that were held at some time while it was; they come in order of beginning."""
    beside: dict[UUID, list[_Held]] = defaultdict(list)
    held: list[_Held] = []
    for claim in claims:
        begins = claim.span.claimed_at
        held = [one for one in held if one.span.ended_at is None or one.span.ended_at > begins]
        for one in held:
            beside[one.span.id].append(claim)
            beside[claim.span.id].append(one)
        held.append(claim)
    return beside


def _read(session: Session, spans: Mapping[UUID, ClaimSpan]) -> _Told:
    rows: dict[UUID, list[Row]] = defaultdict(list)
    at: dict[UUID, datetime] = {}
    found = session.execute(
        select(TimeEntry, CostEntry)
        .outerjoin(CostEntry, CostEntry.time_entry_id == TimeEntry.id)
        .where(TimeEntry.claim_id.in_(list(spans)))
        .order_by(TimeEntry.starts_at, TimeEntry.id)
    )
    for entry, cost in found:
        segment = Segment(entry.kind, entry.starts_at, entry.ends_at, entry.ms, entry.blurred)  # type: ignore[arg-type]  # a CHECK holds the kinds
        paid = None if cost is None else (cost.rate_card_id, cost.currency, cost.amount, cost.unpriced_ms)
        rows[entry.claim_id].append((segment, paid))
        at[entry.claim_id] = max(entry.posted_at, at.get(entry.claim_id, entry.posted_at))
    heard = {time.id: time for time in claim_times(session, claims=list(spans.values()))}
    return _Told({claim_id: _Posted(at.get(claim_id), tuple(rows[claim_id])) for claim_id in spans}, heard)


def _compare(
    claim: _Held, beside: Sequence[_Held], told: _Told, payee: Payee, cards: Sequence[Rate]
) -> Iterator[Violation]:
    stored = told.posted[claim.span.id].rows
    derived = _derive(claim, beside, told, payee, cards)
    if derived == stored:
        return
    if [segment for segment, _ in derived] == [segment for segment, _ in stored]:
        yield _violation(claim.span.id, "its time is priced otherwise than its rates say")
        return
    posted_ms, derived_ms = (sum(segment.ms for segment, _ in rows) for rows in (stored, derived))
    yield _violation(claim.span.id, f"posted are {posted_ms} ms, its beats come to {derived_ms} ms, or to others")


def _derive(claim: _Held, beside: Sequence[_Held], told: _Told, payee: Payee, cards: Sequence[Rate]) -> tuple[Row, ...]:
    """Return the rows of a claim as they had to be posted, by what was known at that instant."""
    span = claim.span
    assert span.ended_at is not None, "only ended claims are derived"  # noqa: S101  # the caller left the others out
    at = told.posted[span.id].at or span.ended_at
    before = {one.span.id for one in beside if _was_posted(one, told, at)}
    owned = [(s.starts_at, s.ends_at) for one in before for s, _ in told.posted[one].rows if s.kind == "active"]
    # In one workspace a person has one claim at a time; only in another may one have been running.
    elsewhere = [one.span.id for one in beside if one.workspace_id != claim.workspace_id]
    running = [_as_of(told.heard[one], at) for one in elsewhere if one not in before]
    rates = [rate for rate in cards if rate.recorded_at <= at and rate.person_id in {None, span.person_id}]
    cuts = change_instants(rates, payee, span.claimed_at, span.ended_at)
    found = segments(told.heard[span.id], others=running, posted=owned, cuts=cuts)
    return tuple((s, _price(s, rates, payee, at) if s.kind == "active" else None) for s in found)


def _was_posted(claim: _Held, told: _Told, at: datetime) -> bool:
    """Say whether a claim had ended by then; one without any time has no rows to say when."""
    ended = told.posted[claim.span.id].at or claim.span.ended_at
    return ended is not None and ended <= at


def _as_of(claim: ClaimTime, at: datetime) -> ClaimTime:
    """Return a claim that was not posted by then: it still ran, and what was heard of it later was not known."""
    return replace(claim, ended_at=None, beats=tuple(beat for beat in claim.beats if beat.received_at <= at))


def _price(segment: Segment, rates: Sequence[Rate], payee: Payee, at: datetime) -> Price:
    rate = rate_at(rates, payee, segment.starts_at, at)
    return (None, None, None, segment.ms) if rate is None else (rate.id, rate.currency, price(segment.ms, rate), 0)
