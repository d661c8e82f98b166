"""However a claim ends, the item waits again or is done, and the time that went into it is booked and priced."""

from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app.audit.queries import list_events
from app.audit.rules import COMMAND, Actor
from app.kernel.clock import read_now
from app.queue.models import Claim, Item
from app.queue.queries import NoSuchClaim
from app.queue.service import ClaimLost
from app.reports.invariants import check_invariants
from app.review.service import cancel, disable_reviewer, expire_claims, give_back
from tests.factories.people import add_rate
from tests.factories.reviewing import active_ms, begin_earlier, entries, hand_in, prices, put_back, run_out
from tests.services.review.conftest import Hold


def end(session: Session, claim: Claim, how: str) -> None:
    """End a live claim in one of the ways there are."""
    match how:
        case "skipped" | "released":
            put_back(session, claim, {"skipped": "skip", "released": "release"}[how])
        case "expired":
            run_out(session, claim)
            expire_claims(session=session, limit=10)
        case "revoked":
            disable_reviewer(session=session, now=read_now(session), actor=COMMAND, person_id=claim.person_id)
        case "cancelled":
            submission_id = session.get_one(Item, claim.item_id).submission_id
            cancel(session, actor=COMMAND, workspace_id=claim.workspace_id, submission_id=submission_id)
        case "decided":
            hand_in(session, claim)
    session.refresh(claim)


@pytest.mark.parametrize("how", ["skipped", "released", "expired", "revoked", "cancelled", "decided"])
def test_time_and_cost_are_posted(session: Session, workspace: UUID, hold: Hold, how: str) -> None:
    add_rate(session, workspace)
    claim = begin_earlier(session, hold(), 200)
    end(session, claim, how)
    assert claim.outcome == how
    # Nothing was heard after the claim itself, so 90 seconds count, at 36 an hour.
    assert active_ms(session, claim) == 90_000
    assert sum((p.amount or 0 for p in prices(session, claim)), Decimal(0)) == Decimal("0.9")
    assert {e.kind for e in entries(session, claim)} == {"active", "idle_in_claim"}
    assert check_invariants(session) == []


@pytest.mark.parametrize("how", ["skipped", "released", "expired", "revoked"])
def test_the_item_waits_again(session: Session, hold: Hold, how: str) -> None:
    claim = begin_earlier(session, hold(), 10)
    end(session, claim, how)
    item = session.get_one(Item, claim.item_id, populate_existing=True)
    assert (item.state, item.token, item.version) == ("waiting", 1, 2)


@pytest.mark.parametrize("act", ["skip", "release"])
def test_what_has_ended_cannot_be_given_back(session: Session, hold: Hold, act: str) -> None:
    claim = hold()
    put_back(session, claim)
    with pytest.raises(ClaimLost):
        put_back(session, claim, act)


def test_what_is_somebody_elses_cannot_be_given_back(session: Session, workspace: UUID, bob: UUID, hold: Hold) -> None:
    claim = hold()
    with pytest.raises(NoSuchClaim):
        give_back(
            session,
            actor=Actor("person", bob),
            workspace_id=workspace,
            person_id=bob,
            claim_id=claim.id,
            act="skip",
        )


def test_after_the_lease_nothing_more_is_booked(session: Session, hold: Hold) -> None:
    claim = run_out(session, hold(), seconds=600)
    put_back(session, claim)
    session.refresh(claim)
    assert claim.ended_at == claim.expires_at
    assert sum(e.ms for e in entries(session, claim)) == 900_000


def test_the_reason_for_a_skip_is_in_the_trail(session: Session, workspace: UUID, hold: Hold) -> None:
    claim = hold()
    give_back(
        session,
        actor=Actor("person", claim.person_id),
        workspace_id=workspace,
        person_id=claim.person_id,
        claim_id=claim.id,
        act="skip",
        reason="not_my_language",
    )
    event = list_events(session, workspace_id=workspace, after=0, limit=100)[-1]
    assert (event.type, event.details["reason"]) == ("item.skip", "not_my_language")
