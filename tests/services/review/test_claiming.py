"""Somebody takes an item: one at a time, hers until it ends, and nothing at all once she is disabled."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.audit.queries import list_events
from app.audit.rules import COMMAND, Actor
from app.identity.queries import NoSuchPerson
from app.identity.service import PersonDisabled, create_workspace, disable_person
from app.kernel.clock import read_now
from app.kernel.ids import new_id, show
from app.queue.models import Claim, Item
from app.queue.queries import NoSuchItem
from app.queue.service import ClaimLost, ItemTaken
from app.review.queries import open_claim
from app.review.service import disable_reviewer, expire_claims, take_item
from tests.factories.counting import QueryCounter
from tests.factories.people import add_person
from tests.factories.reviewing import correct, hand_in, put_back, run_out, take
from tests.factories.work import add_item
from tests.services.review.conftest import Hold


def claims(session: Session) -> list[Claim]:
    return list(
        session.scalars(select(Claim).order_by(Claim.claimed_at), execution_options={"populate_existing": True})
    )


def test_a_claim_is_a_lease_with_the_next_token(session: Session, workspace: UUID, ada: UUID) -> None:
    item = add_item(session, workspace)
    claim = take(session, workspace, ada)
    assert (claim.item_id, claim.person_id, claim.token, claim.channel) == (item.id, ada, 1, "api")
    assert claim.expires_at - claim.claimed_at == timedelta(minutes=15)
    session.refresh(item)
    assert (item.state, item.token, item.version) == ("claimed", 1, 1)
    event = list_events(session, workspace_id=workspace, after=0, limit=100)[-1]
    assert (event.type, event.actor_id, event.from_state, event.to_state) == ("item.claim", ada, "waiting", "claimed")
    assert event.details == {"version": 1, "claim": show("claim", claim.id), "token": 1}


def test_each_claim_on_an_item_gets_a_higher_token(session: Session, workspace: UUID, ada: UUID, bob: UUID) -> None:
    add_item(session, workspace)
    first = take(session, workspace, ada)
    put_back(session, first)
    assert [first.token, take(session, workspace, bob).token] == [1, 2]


def test_whoever_holds_an_item_gets_it_again_and_no_other(session: Session, workspace: UUID, ada: UUID) -> None:
    items = [add_item(session, workspace) for _ in range(2)]
    held = take(session, workspace, ada, item_id=items[1].id)
    for wanted in ({}, {"queue": "default"}, {"item_id": items[0].id}):
        again = take_item(
            session,
            actor=Actor("person", ada),
            workspace_id=workspace,
            person_id=ada,
            channel="api",
            **wanted,
        )
        assert again == (held, False)


def test_a_lease_that_has_run_out_is_ended_before_the_next(session: Session, workspace: UUID, ada: UUID) -> None:
    add_item(session, workspace)
    old = run_out(session, take(session, workspace, ada))
    new = take(session, workspace, ada)
    session.refresh(old)
    assert (old.outcome, old.ended_at) == ("expired", old.expires_at)
    assert (new.token, new.ended_at) == (2, None)


def test_a_particular_item_can_be_asked_for(session: Session, workspace: UUID, ada: UUID) -> None:
    _, wanted = (add_item(session, workspace) for _ in range(2))
    assert take(session, workspace, ada, item_id=wanted.id).item_id == wanted.id


def test_who_has_voted_is_read_again_once_the_item_is_locked(session: Session, workspace: UUID, ada: UUID) -> None:
    item = add_item(session, workspace)
    # As if her late vote had been counted after this transaction had first looked.
    session.execute(update(Item).values(voters=[ada]), execution_options={"synchronize_session": False})
    with pytest.raises(ItemTaken):
        take(session, workspace, ada, item_id=item.id)


def test_an_item_of_another_workspace_does_not_exist_here(session: Session, workspace: UUID) -> None:
    item = add_item(session, workspace)
    other = create_workspace(session, now=read_now(session), name="Other").id
    eve = add_person(session, other, "eve")
    for item_id in (item.id, new_id()):
        with pytest.raises(NoSuchItem):
            take(session, other, eve, item_id=item_id)


def test_somebody_who_does_not_belong_here_gets_nothing(session: Session, workspace: UUID) -> None:
    add_item(session, workspace)
    other = create_workspace(session, now=read_now(session), name="Other").id
    with pytest.raises(NoSuchPerson):
        take(session, workspace, add_person(session, other, "eve"))


def test_somebody_disabled_gets_nothing(session: Session, workspace: UUID, ada: UUID) -> None:
    add_item(session, workspace)
    disable_person(session, now=read_now(session), actor=COMMAND, person_id=ada)
    with pytest.raises(PersonDisabled):
        take(session, workspace, ada)


def test_to_disable_somebody_puts_back_what_she_holds_anywhere(session: Session, workspace: UUID, hold: Hold) -> None:
    claim = hold()
    disable_reviewer(session=session, now=read_now(session), actor=COMMAND, person_id=claim.person_id)
    session.refresh(claim)
    assert claim.outcome == "revoked"
    assert session.get_one(Item, claim.item_id, populate_existing=True).state == "waiting"
    with pytest.raises(ClaimLost):
        put_back(session, claim)


def test_to_disable_somebody_without_a_claim_or_twice_is_no_error(session: Session, ada: UUID) -> None:
    for _ in range(2):
        disable_reviewer(session=session, now=read_now(session), actor=COMMAND, person_id=ada)


def test_an_expired_claim_ends_when_its_lease_did(session: Session, workspace: UUID, hold: Hold) -> None:
    gone = run_out(session, hold(), seconds=300)
    assert expire_claims(session=session, limit=10) == 1
    session.refresh(gone)
    assert (gone.outcome, gone.ended_at) == ("expired", gone.expires_at)
    assert list_events(session, workspace_id=workspace, after=0, limit=100)[-1].actor_kind == "system"


def test_a_lease_that_still_runs_is_left_alone(session: Session, hold: Hold) -> None:
    hold()
    assert expire_claims(session=session, limit=10) == 0
    assert [c.outcome for c in claims(session)] == [None]


def test_a_claim_shows_the_correction_that_is_to_be_judged(
    session: Session, workspace: UUID, ada: UUID, bob: UUID
) -> None:
    item = add_item(session, workspace)
    item.approvals_required = 2
    session.flush()
    hand_in(session, take(session, workspace, ada), correct("Basel"))
    opened = open_claim(session, claim=take(session, workspace, bob))
    assert (opened.received.output, opened.corrected_before) == ({"city": "Basel"}, True)


def test_a_claim_takes_two_statements(session: Session, workspace: UUID, ada: UUID) -> None:
    add_item(session, workspace)
    with QueryCounter(session) as queries:
        take(session, workspace, ada)
    assert queries.count == 2, queries.statements
