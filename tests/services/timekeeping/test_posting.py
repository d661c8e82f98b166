"""What the ledger of time holds after a claim: whole, in milliseconds, and never the same second twice."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND
from app.identity.service import create_person, create_workspace
from app.kernel.clock import read_now
from app.queue.models import Claim
from app.reports.invariants import check_invariants
from app.timekeeping.queries import active_ms_since, newest_seq, posted_active_ms
from tests.factories.people import add_person
from tests.factories.reviewing import active_ms, begin_earlier, entries, heard, put_back, run_out, take
from tests.factories.work import add_item, add_task_type


@pytest.fixture
def claim(session: Session, workspace: UUID) -> Claim:
    """A claim that began ten minutes ago, with a cap of 90 seconds."""
    add_task_type(session, workspace)
    add_item(session, workspace)
    return begin_earlier(session, take(session, workspace, add_person(session, workspace)), 600)


def ended(session: Session, claim: Claim) -> Claim:
    put_back(session, claim)
    session.refresh(claim)
    return claim


def test_without_a_beat_it_is_the_cap_at_most(session: Session, claim: Claim) -> None:
    assert active_ms(session, ended(session, claim)) == 90_000


def test_active_and_idle_are_the_whole_claim(session: Session, claim: Claim) -> None:
    heard(session, claim, 30)
    booked = entries(session, ended(session, claim))
    assert claim.ended_at is not None
    assert booked[0].starts_at == claim.claimed_at
    assert booked[-1].ends_at <= claim.ended_at < booked[-1].ends_at + timedelta(milliseconds=1)
    assert sum(e.ms for e in booked if e.kind == "active") == 120_000
    assert all(a.ends_at == b.starts_at for a, b in pairwise(booked))
    assert check_invariants(session) == []


def test_a_hidden_page_does_not_count(session: Session, claim: Claim) -> None:
    heard(session, claim, 20, seq=1, state="hidden")
    heard(session, claim, 400, seq=2, state="hidden")
    assert active_ms(session, ended(session, claim)) == 20_000


def test_a_blurred_page_counts_and_says_so(session: Session, claim: Claim) -> None:
    heard(session, claim, 20, state="blurred")
    booked = [e for e in entries(session, ended(session, claim)) if e.kind == "active"]
    assert sum(e.ms for e in booked if e.blurred) == 90_000
    assert sum(e.ms for e in booked if not e.blurred) == 20_000


def test_a_page_left_open_overnight_is_not_paid(session: Session, claim: Claim) -> None:
    claim = begin_earlier(session, claim, 3 * 3_600)
    for n in range(700):
        heard(session, claim, 15 * n, seq=n, state="idle") if n else None
    # Each of these beats says that there was input just now; take that back, as a page left alone would.
    session.execute(text("SET LOCAL session_replication_role = replica"))
    session.execute(text("UPDATE beats SET last_input_age_ms = 15000 * seq"))
    session.execute(text("SET LOCAL session_replication_role = origin"))
    session.expire_all()
    assert active_ms(session, ended(session, claim)) == 90_000


def test_nothing_crosses_a_quarter_hour(session: Session, claim: Claim) -> None:
    claim = begin_earlier(session, claim, 1_500)
    for n in range(1, 140):
        heard(session, claim, 15 * n, seq=n)
    booked = entries(session, ended(session, claim))
    edges = {e.starts_at for e in booked} | {e.ends_at for e in booked}
    first = datetime.fromtimestamp((claim.claimed_at.timestamp() // 900 + 1) * 900, UTC)
    assert {first, first + timedelta(minutes=15)} <= edges
    assert active_ms(session, claim) >= 2_085_000
    assert check_invariants(session) == []


def test_one_person_in_two_workspaces_is_paid_once(session: Session, claim: Claim) -> None:
    other = create_workspace(session, now=read_now(session), name="Other").id
    create_person(
        session,
        now=read_now(session),
        actor=COMMAND,
        workspace_id=other,
        email="ada@example.org",
        roles=["reviewer"],
    )
    add_task_type(session, other)
    add_item(session, other)
    beside = begin_earlier(session, take(session, other, claim.person_id), 570)
    first, second = ended(session, claim), ended(session, beside)
    # The second claim is the newer input, so from its start on the time is its own.
    alone = (second.claimed_at - first.claimed_at) / timedelta(milliseconds=1)
    assert 30_000 <= alone < 40_000
    assert (active_ms(session, first), active_ms(session, second)) == (alone, 90_000)
    assert check_invariants(session) == []


def test_two_claims_in_one_millisecond_after_another_are_two_claims(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace)
    ada = add_person(session, workspace)
    for _ in range(5):
        add_item(session, workspace)
        put_back(session, take(session, workspace, ada), "skip")
    assert check_invariants(session) == []


def test_the_ledger_is_append_only(session: Session, claim: Claim) -> None:
    heard(session, claim, 10)
    ended(session, claim)
    for statement in (
        "UPDATE time_entries SET ms = 1",
        "DELETE FROM time_entries",
        "TRUNCATE time_entries CASCADE",
        "UPDATE beats SET state = 'active'",
        "DELETE FROM beats",
    ):
        with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
            session.execute(text(statement))


def test_the_database_itself_refuses_the_same_second_twice(session: Session, claim: Claim) -> None:
    ended(session, claim)
    again = text(
        "INSERT INTO time_entries SELECT gen_random_uuid(), workspace_id, claim_id, person_id, kind, starts_at,"
        " ends_at, ms, blurred, posted_at FROM time_entries WHERE kind = 'active'"
    )
    with pytest.raises(DBAPIError, match="ex_time_entries_one_active_second"), session.begin_nested():
        session.execute(again)


def test_ones_own_day_is_what_was_posted_since(session: Session, workspace: UUID, claim: Claim) -> None:
    heard(session, claim, 10, seq=3)
    ended(session, claim)
    whole = active_ms_since(session, workspace_id=workspace, person_id=claim.person_id, since=claim.claimed_at)
    assert whole == posted_active_ms(session, claim_id=claim.id) == active_ms(session, claim)
    assert active_ms_since(session, workspace_id=workspace, person_id=claim.person_id, since=read_now(session)) == 0
    assert newest_seq(session, claim_id=claim.id) == 3


def test_a_lease_that_ran_out_is_booked_up_to_its_end(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace, claim_ms=60_000)
    add_item(session, workspace)
    claim = run_out(session, take(session, workspace, add_person(session, workspace)), seconds=500)
    assert sum(e.ms for e in entries(session, ended(session, claim))) == 60_000
    assert active_ms(session, claim) == 60_000
