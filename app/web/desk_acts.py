"""/review/...: what a reviewer does with an item besides judging it, and taking a decision back.

Each act is a button of the desk's one form, so whatever was typed comes along and is kept as a draft. After an act the
next item is taken at once. Called by the desk.
"""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response as AnyResponse

from app.edge.context import db, now, person_id, principal, workspace_id
from app.edge.guard import allow
from app.edge.requests import DESK_FORM, takes
from app.kernel.errors import Conflict, Invalid
from app.kernel.ids import parse
from app.queue.models import Item
from app.queue.queries import find_live_claim
from app.queue.rules import HELD, PAUSE_REASONS
from app.queue.service import ClaimLost
from app.review.queries import open_claim
from app.review.service import (
    ask_second_opinion,
    end_reservation,
    escalate_claim,
    give_back,
    hand_over,
    hold,
    pause_reviewer,
    reserve_ahead_if_plenty,
    resume_reviewer,
    save_draft,
    take_item,
    undo,
)
from app.web.giving_back import put_back
from app.web.onward import to
from app.web.refusals import sentence_of
from app.web.review import own_claim, show_opened, take_next
from app.web.verdict_form import posted_fields

page = Blueprint("desk_acts", __name__)
NOTE_LENGTH: Final = 2_000
Answer = str | tuple[str, int] | AnyResponse


@page.post("/review/<claim_id>/skip")
@allow("review")
@takes(DESK_FORM)
def skip(claim_id: str) -> Answer:
    """Pass the item on and take the next."""
    return _act(claim_id, "skipped", give_back, act="skip", reason=_text("skip_reason"), note=_note())


@page.post("/review/<claim_id>/release")
@allow("review")
@takes(DESK_FORM)
def release(claim_id: str) -> Answer:
    """Give the item back and stop."""
    _want_nothing_ready()
    return _act(claim_id, "released", give_back, act="release", note=_note())


@page.post("/review/<claim_id>/hold")
@allow("review")
@takes(DESK_FORM)
def keep(claim_id: str) -> Answer:
    """Keep the item for later and take the next."""
    return _act(claim_id, "held", hold, note=_note())


@page.post("/review/<claim_id>/pause")
@allow("review")
@takes(DESK_FORM)
def keep_and_pause(claim_id: str) -> Answer:
    """Keep the item for later and hand me nothing more until I say so, both or neither."""
    _want_nothing_ready()
    return _act_or_refuse(claim_id, hold, note=_note()) or pause()


@page.post("/review/<claim_id>/handover")
@allow("review")
@takes(DESK_FORM)
def give_to(claim_id: str) -> Answer:
    """Give the item to a named person and take the next."""
    return _act(claim_id, "handed_over", hand_over, to=request.form.get("hand_to", "").strip(), note=_note())


@page.post("/review/<claim_id>/second-opinion")
@allow("review")
@takes(DESK_FORM)
def ask_another(claim_id: str) -> Answer:
    """Ask somebody else, without judging, and take the next."""
    note = _note()
    if note is None:
        return _again(claim_id, "Say in the note what is doubtful, so that the next person knows what to look at.")
    return _act(claim_id, "flagged", ask_second_opinion, note=note)


@page.post("/review/<claim_id>/escalate")
@allow("review")
@takes(DESK_FORM)
def pass_up(claim_id: str) -> Answer:
    """Pass the item up and take the next."""
    return _act(claim_id, "escalated", escalate_claim, note=_note())


def _want_nothing_ready() -> None:
    """Put back what was kept ready to follow this item, for whoever stops; its lock comes before those of the act."""
    end_reservation(db(), now=now(), actor=principal().actor, workspace_id=workspace_id(), person_id=person_id())


def _act(claim_id: str, outcome: str, service: Callable[..., object], **terms: Any) -> Answer:
    """Do one act with my claim, and go on to the next item, or home from one that was put back."""
    refusal = _act_or_refuse(claim_id, service, **terms)
    if refusal is not None:
        return refusal
    return to("home.show", outcome=outcome) if outcome == "released" else take_next(outcome)


def _act_or_refuse(claim_id: str, service: Callable[..., object], **terms: Any) -> Answer | None:
    """Do one act with my claim and return None; what cannot be done leaves the page as it was, with the reason."""
    claim = parse("claim", claim_id)
    _keep_typed(claim)
    savepoint = db().begin_nested()
    try:
        service(
            db(),
            actor=principal().actor,
            workspace_id=workspace_id(),
            person_id=person_id(),
            claim_id=claim,
            **terms,
        )
    except ClaimLost:
        savepoint.rollback()
        return to("review.show")
    except (Invalid, Conflict) as error:
        savepoint.rollback()
        return _again(claim_id, sentence_of(error))
    savepoint.commit()
    return None


def _keep_typed(claim_id: UUID) -> None:
    """Keep what was typed into the form, for when the item comes back to this person."""
    fields = {name: value for name, value in posted_fields().items() if name not in _OWN}
    if any(fields.values()):
        save_draft(
            db(),
            now=now(),
            workspace_id=workspace_id(),
            person_id=person_id(),
            claim_id=claim_id,
            body={"fields": fields},
        )


_OWN: Final = frozenset({"token", "content_sha256", "skip_reason", "act_note", "hand_to", "discard_edits"})


def _again(claim_id: str, why: str) -> tuple[str, int]:
    opened = open_claim(db(), claim=own_claim(claim_id))
    return show_opened(opened, posted=posted_fields(), refused=why, more_open=True), 422


def _text(name: str) -> str | None:
    return request.form.get(name, "").strip() or None


def _note() -> str | None:
    note = _text("act_note")
    return None if note is None else note[:NOTE_LENGTH]


@page.post("/review/undo/<decision_id>")
@allow("review")
@takes(DESK_FORM)
def undo_decision(decision_id: str) -> Answer:
    """Take a decision back, put the item that was opened since aside, and open the one that was decided."""
    try:
        item = undo(
            db(),
            actor=principal().actor,
            workspace_id=workspace_id(),
            person_id=person_id(),
            oversees=principal().may("oversee"),
            decision_id=parse("decision", decision_id),
        )
    except Conflict:
        return to("review.show", outcome="too_late")
    if item.state != HELD or item.held_by != person_id():
        return to("home.show", outcome="undone")
    _put_aside()
    return _open(item, "undone")


def _put_aside() -> None:
    """Give back the item that was opened after the decision: nothing but a look has gone into it."""
    live = find_live_claim(db(), workspace_id=workspace_id(), person_id=person_id())
    if live is not None:
        put_back(live)


def _open(item: Item, outcome: str) -> AnyResponse:
    take_item(
        db(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        person_id=person_id(),
        channel="desk",
        item_id=item.id,
    )
    return to("review.show", outcome=outcome)


@page.post("/review/ahead")
@allow("review")
def have_next_ready() -> AnyResponse:
    """Have the next item kept ready while I judge this one; the script asks no more where it is not."""
    ready = reserve_ahead_if_plenty(db(), actor=principal().actor, workspace_id=workspace_id(), person_id=person_id())
    return jsonify({"ready": ready})


@page.post("/presence/pause")
@allow("review")
def pause() -> AnyResponse:
    """Hand me nothing more until I say so."""
    reason = request.form.get("reason", "other")
    pause_reviewer(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        person_id=person_id(),
        reason=reason if reason in PAUSE_REASONS else "other",
    )
    return to("home.show", outcome="paused")


@page.post("/presence/resume")
@allow("review")
def resume() -> AnyResponse:
    """Hand me items again."""
    resume_reviewer(db(), now=now(), actor=principal().actor, workspace_id=workspace_id(), person_id=person_id())
    return to("home.show", outcome="resumed")
