"""/api/v1/claims/{id}/...: end a claim without a verdict, and /api/v1/claims/reservation: have the next item ready.

Scope: review. The call acts for the person of the key, or for whoever is signed in at the desk.
"""

from uuid import UUID

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.shapes.claims import EscalateIn, GiveBackIn, HandOverIn, HoldIn, ReserveIn, SecondOpinionIn
from app.api.v1.shapes.parts import Anything, IdPath, Problem
from app.edge.context import db, now, person_id, principal, workspace_id
from app.edge.guard import allow
from app.kernel.ids import parse, show
from app.kernel.instants import instant_text
from app.queue.models import Item
from app.review.service import (
    NothingToClaim,
    ask_second_opinion,
    end_reservation,
    escalate_claim,
    give_back,
    hand_over,
    hold,
    reserve_ahead,
)

api = APIBlueprint(
    "giving_back",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="claims")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem},
)


@api.post("/claims/reservation", responses={200: Anything, 201: Anything})
@allow("review", by_session=True)
def post_reservation(body: ReserveIn) -> Response:
    """Have the next item ready for 60 seconds. It costs nothing until it is claimed, and any claim takes it first."""
    ready = reserve_ahead(
        db(), actor=principal().actor, workspace_id=workspace_id(), person_id=person_id(), queue=body.queue
    )
    if isinstance(ready, NothingToClaim):
        return answer({"reservation": None, "why": ready.why})
    return answer({"reservation": _reservation(ready)}, 201)


def _reservation(item: Item) -> dict[str, object]:
    assert item.reserved_until is not None, "a reserved item says until when"  # noqa: S101  # held by a constraint
    return {"item": show("item", item.id), "expires_at": instant_text(item.reserved_until)}


@api.delete("/claims/reservation", responses={200: Anything})
@allow("review", by_session=True)
def delete_reservation() -> Response:
    """Put the item that was kept ready back in line."""
    ended = end_reservation(
        db(), now=now(), actor=principal().actor, workspace_id=workspace_id(), person_id=person_id()
    )
    return answer({"ended": ended})


@api.post("/claims/<id>/skip", responses={200: Anything})
@allow("review", by_session=True)
def post_skip(path: IdPath, body: GiveBackIn) -> Response:
    """Pass the item on; the queue says who gets it then. The time that went into it stays booked."""
    return _give_back(path, body, "skip")


@api.post("/claims/<id>/release", responses={200: Anything})
@allow("review", by_session=True)
def post_release(path: IdPath, body: GiveBackIn) -> Response:
    """Give the item back unfinished; the time that went into it stays booked."""
    return _give_back(path, body, "release")


def _give_back(path: IdPath, body: GiveBackIn, act: str) -> Response:
    give_back(
        db(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        person_id=person_id(),
        claim_id=_claim_id(path),
        act=act,
        reason=body.reason,
        note=body.note,
    )
    return _ended(path, "skipped" if act == "skip" else "released")


@api.post("/claims/<id>/hold", responses={200: Anything})
@allow("review", by_session=True)
def post_hold(path: IdPath, body: HoldIn) -> Response:
    """Keep the item for later: no lease runs, nobody else gets it. Claim it by its id to go on."""
    hold(
        db(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        person_id=person_id(),
        claim_id=_claim_id(path),
        note=body.note or body.reason,
    )
    return _ended(path, "held")


@api.post("/claims/<id>/handover", responses={200: Anything})
@allow("review", by_session=True)
def post_handover(path: IdPath, body: HandOverIn) -> Response:
    """Give an item that one has claimed or holds to a named person; if she lets it lie, everybody may have it."""
    receiver = hand_over(
        db(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        person_id=person_id(),
        claim_id=_claim_id(path),
        to=body.to,
        note=body.note,
    )
    return _ended(path, "handed_over", to=show("person", receiver))


@api.post("/claims/<id>/second-opinion", responses={200: Anything})
@allow("review", by_session=True)
def post_second_opinion(path: IdPath, body: SecondOpinionIn) -> Response:
    """Send the item on to somebody else without judging it, with a note of what is doubtful."""
    ask_second_opinion(
        db(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        person_id=person_id(),
        claim_id=_claim_id(path),
        note=body.note,
    )
    return _ended(path, "flagged")


@api.post("/claims/<id>/escalate", responses={200: Anything})
@allow("review", by_session=True)
def post_escalate(path: IdPath, body: EscalateIn) -> Response:
    """Pass the item up: to its next escalation step, or else to the leads."""
    escalate_claim(
        db(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        person_id=person_id(),
        claim_id=_claim_id(path),
        reason=body.reason,
        note=body.note,
    )
    return _ended(path, "escalated")


def _claim_id(path: IdPath) -> UUID:
    return parse("claim", path.id)


def _ended(path: IdPath, outcome: str, **more: str) -> Response:
    return answer({"claim": path.id, "outcome": outcome, **more})
