"""Signs of life: an active one renews the lease, and what has counted so far is what would be posted."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND
from app.identity.service import create_workspace
from app.kernel.clock import read_now
from app.queue.models import Claim
from app.queue.queries import NoSuchClaim
from app.queue.rules import extend_lease
from app.queue.service import ClaimLost
from app.review.queries import running_time
from app.review.service import Pulse, beat
from app.timekeeping.models import Beat
from tests.factories.counting import QueryCounter
from tests.factories.people import add_person
from tests.factories.reviewing import active_ms, begin_earlier, heard, put_back, run_out, take
from tests.factories.work import add_item, add_task_type
from tests.services.review.conftest import Hold


def pulse(
    session: Session, claim: Claim, seq: int = 1, state: str = "active", *, person_id: UUID | None = None, mono: int = 0
) -> Pulse:
    return beat(
        session,
        workspace_id=claim.workspace_id,
        person_id=person_id or claim.person_id,
        claim_id=claim.id,
        seq=seq,
        client_mono_ms=mono,
        state=state,
        last_input_age_ms=0,
    )


def test_an_active_beat_renews_the_lease(session: Session, hold: Hold) -> None:
    claim = run_out(session, hold(), seconds=-300)
    before = claim.expires_at
    after = pulse(session, claim).expires_at
    received = session.scalars(select(Beat.received_at)).one()
    assert timedelta(minutes=9, seconds=59) < after - before < timedelta(minutes=11)
    assert abs(after - received - timedelta(minutes=15)) < timedelta(seconds=1)


@pytest.mark.parametrize("state", ["idle", "hidden", "blurred"])
def test_any_other_beat_leaves_the_lease_as_it_is(session: Session, hold: Hold, state: str) -> None:
    claim = run_out(session, hold(), seconds=-300)
    before = claim.expires_at
    assert pulse(session, claim, state=state).expires_at == before


def test_no_lease_lasts_longer_than_four_hours(session: Session, hold: Hold) -> None:
    claim = begin_earlier(session, hold(), 3.9 * 3_600)
    claim.expires_at = claim.claimed_at + timedelta(hours=3.95)
    session.flush()
    assert pulse(session, claim).expires_at == claim.claimed_at + timedelta(hours=4)


@pytest.mark.parametrize("state", ["active", "hidden"])
def test_a_beat_comes_too_late_for_a_lease_that_has_run_out(session: Session, hold: Hold, state: str) -> None:
    claim = run_out(session, hold())
    with pytest.raises(ClaimLost):
        pulse(session, claim, state=state)
    assert session.scalars(select(Beat)).all() == []


def test_a_beat_comes_too_late_for_a_claim_that_has_ended(session: Session, hold: Hold) -> None:
    claim = hold()
    put_back(session, claim)
    with pytest.raises(ClaimLost):
        pulse(session, claim)


def test_a_beat_for_somebody_elses_claim_finds_nothing(session: Session, hold: Hold, bob: UUID) -> None:
    with pytest.raises(NoSuchClaim):
        pulse(session, hold(), person_id=bob)


def test_the_same_beat_again_is_the_same_beat(session: Session, hold: Hold) -> None:
    claim = begin_earlier(session, hold(), 60)
    pulse(session, claim, seq=7)
    first = session.scalars(select(Beat)).one().received_at
    pulse(session, claim, seq=7, state="hidden")
    kept = session.scalars(select(Beat)).one()
    assert (kept.received_at, kept.state) == (first, "active")


def test_a_beat_says_what_would_be_posted_if_the_claim_ended_with_it(session: Session, hold: Hold) -> None:
    claim = begin_earlier(session, hold(), 300)
    heard(session, claim, 60)
    shown = pulse(session, claim, seq=2, mono=300_000).active_ms
    # 60 seconds to the first beat, 90 after it, and none of the silence before the second.
    assert shown == 150_000
    put_back(session, claim)
    assert shown <= active_ms(session, claim) < shown + 10_000


def test_a_beat_takes_as_many_statements_after_many_as_after_one(session: Session, hold: Hold) -> None:
    claim = begin_earlier(session, hold(), 600)
    counts = []
    for seq in (1, 40):
        for n in range(seq, seq + 20):
            heard(session, claim, n, seq=n + 100)
        with QueryCounter(session) as queries:
            pulse(session, claim, seq=seq, mono=600_000)
        counts.append(queries.count)
    assert counts == [1, 1], queries.statements


@pytest.mark.parametrize("state", ["active", "hidden"])
def test_one_statement_leaves_what_the_rules_say_step_by_step(session: Session, hold: Hold, state: str) -> None:
    claim = begin_earlier(session, hold(), 3.9 * 3_600)
    claim.expires_at = claim.claimed_at + timedelta(hours=3.95)
    session.flush()
    heard(session, claim, 60)
    heard(session, claim, 600, seq=2, state="blurred")
    lease = claim.expires_at
    shown = pulse(session, claim, seq=3, state=state, mono=14_040_000)
    session.refresh(claim)
    kept = session.scalars(select(Beat).where(Beat.seq == 3)).one()
    assert (kept.claim_id, kept.client_mono_ms, kept.state, kept.last_input_age_ms) == (claim.id, 14_040_000, state, 0)
    renewed = extend_lease(claimed_at=claim.claimed_at, now=kept.received_at, claim_ms=claim.claim_ms)
    assert claim.expires_at == shown.expires_at == (max(lease, renewed) if state == "active" else lease)
    assert shown.active_ms == running_time(session, claim=claim, at=kept.received_at)


def test_a_beat_counts_nothing_that_another_claim_of_hers_owns(session: Session, ada: UUID, hold: Hold) -> None:
    claim = begin_earlier(session, hold(), 100)
    elsewhere = create_workspace(session, now=read_now(session), name="Other", actor=COMMAND).id
    add_task_type(session, elsewhere)
    assert add_person(session, elsewhere, "ada") == ada
    add_item(session, elsewhere)
    other = begin_earlier(session, take(session, elsewhere, ada), 50)
    # The other began later: it has the newer input, and owns its 50 seconds.
    shown = pulse(session, claim)
    received = session.scalars(select(Beat.received_at).where(Beat.claim_id == claim.id)).one()
    assert shown.active_ms == running_time(session, claim=claim, at=received)
    assert 50_000 <= shown.active_ms < 51_000
    assert other.ended_at is None
