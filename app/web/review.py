"""/review: the desk. Take an item, judge it, and go on to the next.

Everything works as plain forms; scripts add keys, beats and saving while one types.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, jsonify, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.edge.context import db, now, person_id, principal, strict_request, workspace_id
from app.edge.guard import allow
from app.edge.requests import DESK_FORM, takes
from app.identity.queries import get_membership
from app.kernel.errors import Fault
from app.kernel.ids import parse
from app.kernel.ids import show as show_id
from app.queue.models import Claim
from app.queue.queries import find_live_claim, find_presence, get_claim, next_free
from app.queue.rules import EXPIRED
from app.review.queries import OpenClaim, open_claim
from app.review.rules.verdict import VerdictRefused
from app.review.service import (
    AlreadyVoted,
    NothingToClaim,
    Overtaken,
    decide,
    save_draft,
    take_item,
)
from app.routing.queries import thresholds_of
from app.web.answers_view import fill_form, find_answer
from app.web.claim_clock import clock_of
from app.web.context_view import VIEWS
from app.web.desk_keys import DOES, keys_of
from app.web.desk_more import more
from app.web.desk_view import desk
from app.web.draft_texts import PROOF, texts_of_fields
from app.web.form_changes import changes_of
from app.web.friction import friction_faults, friction_of
from app.web.onward import to
from app.web.reasons import sentences
from app.web.row_changes import with_rows_changed
from app.web.schema_form import Posted
from app.web.verdict_form import is_edited, posted_fields, read_digest, read_token, read_verdict

page = Blueprint("review", __name__)
# Controls of what is judged; to empty one is a change.
_JUDGED: Final = ("output", "args.")
_REFUSED: Final = "Nothing was decided."


@page.get("/review")
@allow("review")
def show() -> str:
    """Show the item I hold, or what waits."""
    held = find_live_claim(db(), workspace_id=workspace_id(), person_id=person_id())
    if held is None or held.expires_at <= now():
        return _empty({})
    opened = open_claim(db(), claim=held)
    draft = (opened.draft or {}).get("fields")
    view = request.args.get("view", "text")
    return show_opened(
        opened,
        posted=draft if isinstance(draft, dict) else None,
        restored=bool(draft),
        view=view if view in VIEWS else "text",
    )


@page.post("/review/take")
@allow("review")
def take() -> str | AnyResponse:
    """Take the next item, of one queue if one is named, or a particular one."""
    wanted = request.args.get("item")
    taken = take_item(
        db(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        person_id=person_id(),
        channel="desk",
        queue=request.args.get("queue"),
        item_id=None if wanted is None else parse("item", wanted),
    )
    return _empty(taken.why) if isinstance(taken, NothingToClaim) else to("review.show", **_outcome())


def _outcome() -> dict[str, str]:
    return {"outcome": request.args["outcome"]} if "outcome" in request.args else {}


def _empty(why: dict[str, int]) -> str:
    presence = find_presence(db(), workspace_id=workspace_id(), person_id=person_id())
    return render_template(
        "review/empty.html",
        reasons=sentences(why),
        paused=presence is not None and presence.paused_at is not None,
        next_free_at=next_free(db(), workspace_id=workspace_id()) if why else None,
        take_url=url_for("review.take"),
        resume_url=url_for("desk_acts.resume"),
        home_url=url_for("home.show"),
    )


def show_opened(
    opened: OpenClaim,
    *,
    posted: Posted | None = None,
    restored: bool = False,
    faults: tuple[Fault, ...] = (),
    refused: str | None = None,
    edits_at_stake: bool = False,
    filled: str = "",
    focus: str | None = None,
    newer: bool = False,
    more_open: bool = False,
    view: str = "text",
) -> str:
    threshold, fields = thresholds_of(db(), policy_id=opened.submission.policy_id)
    values = desk(
        opened,
        now=now(),
        clock=clock_of(opened.claim),
        thresholds=fields,
        threshold=threshold,
        posted=posted,
        faults=faults,
        refused=refused,
        view=view,
    )
    values["draft_saved_at"] = opened.draft_saved_at if restored else None
    keys = keys_of(db(), person_id=person_id())
    values |= {"keys": keys, "key_sheet": [{"key": key, "does": DOES[act]} for act, key in keys.items()]}
    values["keys_url"] = url_for("desk_keys.show")
    values |= more(db(), opened, posted=posted or {})
    values |= {"edits_at_stake": edits_at_stake, "filled": filled, "more_open": more_open, "focus": focus}
    values["newer"] = newer or bool(filled)
    return render_template("review/show.html", **values)


def _change_rows(opened: OpenClaim, asked: str) -> str:
    """Add, remove or move a row of an array, keep that as the draft, and show the form with it."""
    fields, focus = with_rows_changed(opened, posted_fields(), asked)
    save_draft(
        db(),
        now=now(),
        workspace_id=workspace_id(),
        person_id=person_id(),
        claim_id=opened.claim.id,
        body={"fields": _draft(fields)},
    )
    return show_opened(opened, posted=fields, focus=focus, newer=True)


@page.post("/review/<claim_id>/decide")
@allow("review")
@takes(DESK_FORM)
def hand_in(claim_id: str) -> str | tuple[str, int] | AnyResponse:
    """Hand in what was judged, and go on to the next item."""
    claim = own_claim(claim_id)
    opened = open_claim(db(), claim=claim)
    verb = request.form.get("verb", "")
    if verb.startswith("rows "):
        return _change_rows(opened, verb)
    answer = find_answer(opened, request.form.get("adopt", ""))
    if verb == "fill" and answer is not None:
        fields, whole = fill_form(opened, answer)
        return show_opened(opened, posted=fields, filled="whole" if whole else "partly")
    verdict, faults = read_verdict(opened, verb, answer)
    faults += friction_faults(friction_of(opened), verdict, posted_fields())
    if faults:
        return show_opened(opened, posted=posted_fields(), faults=tuple(faults), refused=_REFUSED), 422
    if verb == "approve" and is_edited(opened) and request.form.get("discard_edits") != "1":
        return show_opened(opened, posted=posted_fields(), edits_at_stake=True), 422
    try:
        handed = decide(
            db(),
            actor=principal().actor,
            workspace_id=workspace_id(),
            person_id=person_id(),
            claim_id=claim.id,
            token=read_token(),
            content_sha256=read_digest(),
            verdict=verdict,
            at_desk=True,
        )
    except VerdictRefused as error:
        return show_opened(opened, posted=posted_fields(), faults=error.faults, refused=_REFUSED), 422
    except AlreadyVoted:
        return _show_lost("decided", opened), 409
    if isinstance(handed, Overtaken):
        return _show_lost(handed.state, opened, handed), 410 if handed.state == EXPIRED else 409
    if handed.blind:
        return take_next("voted")
    if handed.decision is None:
        return take_next("waiting")
    return take_next(handed.decision.status, undoable=handed.decision.id)


def take_next(outcome: str, *, undoable: UUID | None = None) -> AnyResponse:
    """Take the next item at once, so that nobody has to ask for it."""
    taken = take_item(db(), actor=principal().actor, workspace_id=workspace_id(), person_id=person_id(), channel="desk")
    said = {"outcome": outcome} | ({"undo": show_id("decision", undoable)} if undoable else {})
    return to("home.show", **said) if isinstance(taken, NothingToClaim) else to("review.show", **said)


def own_claim(claim_id: str) -> Claim:
    """Return one of my claims, live or ended.

    Raises:
        NoSuchClaim: also when it is somebody else's.
    """
    return get_claim(db(), workspace_id=workspace_id(), claim_id=parse("claim", claim_id), person_id=person_id())


def _show_lost(state: str, opened: OpenClaim, handed: Overtaken | None = None) -> str:
    winner = None
    if handed is not None and handed.decision is not None and handed.decision.decided_by_kind == "timeout":
        # Whoever voted before did not win; the clock did.
        state = EXPIRED
    elif handed is not None and handed.decision is not None and handed.decision.votes:
        vote = handed.decision.votes[-1]
        name = get_membership(db(), workspace_id=workspace_id(), person_id=vote.person_id).person.name
        winner = {"name": name, "verb": handed.decision.status, "at": handed.decision.decided_at}
    elif handed is not None and handed.held_by is not None:
        name = get_membership(db(), workspace_id=workspace_id(), person_id=handed.held_by).person.name
        winner = {"name": name, "verb": "taken", "at": now()}
    return render_template(
        "review/lost.html",
        how="claimed" if state in {"claimed", "waiting"} else state,
        winner=winner,
        item={
            "id": opened.submission.external_id,
            "task_type": opened.task_type.name,
            "item_url": url_for("item_page.show", item_id=show_id("item", opened.item.id), _anchor="draft"),
        },
        draft={"name": "Your text", "saved_at": now(), "fields": texts_of_fields(posted_fields())},
        take_url=url_for("review.take"),
        home_url=url_for("home.show"),
    )


@page.post("/review/<claim_id>/draft")
@allow("review")
@takes(DESK_FORM)
def keep_draft(claim_id: str) -> AnyResponse:
    """Keep what was typed, as JSON from the script or as the form itself; the script learns what it changes."""
    claim = own_claim(claim_id)
    document = strict_request().document
    fields = document.get("fields") if isinstance(document, dict) else posted_fields()
    if not isinstance(fields, dict):
        fields = {}
    kept = _draft(fields)
    save_draft(
        db(),
        now=now(),
        workspace_id=workspace_id(),
        person_id=person_id(),
        claim_id=claim.id,
        body={"fields": kept},
    )
    if document is not None:
        return jsonify({"changes": changes_of(open_claim(db(), claim=claim), kept)})
    view = request.form.get("view", "")
    return to("review.show", view=view) if view in VIEWS else to("review.show", outcome="saved")


def _draft(fields: Mapping[Any, Any]) -> dict[str, str | list[str]]:
    """Return what of posted fields is worth keeping: no proof of what was shown, and no empty box of ours."""
    return {
        str(name): said
        for name, said in fields.items()
        if name not in PROOF and _is_text(said) and (said or str(name).startswith(_JUDGED))
    }


def _is_text(said: object) -> bool:
    return isinstance(said, str) or (isinstance(said, list) and all(isinstance(one, str) for one in said))
