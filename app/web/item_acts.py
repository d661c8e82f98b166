"""What may be done with an item from its page: put back, give out, overturn, show what is hidden.

What is refused is said on the page itself, with what was typed.
"""

from flask import Blueprint, request
from werkzeug.wrappers import Response as AnyResponse

from app.edge.context import db, now, person_id, principal, workspace_id
from app.edge.guard import allow
from app.edge.requests import DESK_FORM, takes
from app.kernel.errors import Conflict, Forbidden, Invalid, Malformed
from app.kernel.ids import parse
from app.kernel.strict_json import decode
from app.review.rules.verdict import Verdict
from app.review.service import assign_item, supersede, unhold_item
from app.submissions.queries import open_submission
from app.submissions.service import reveal
from app.web.friction import RUNS, is_typed
from app.web.item_page import draw, item_of, word_to_overturn
from app.web.onward import to
from app.web.refusals import sentence_of
from app.web.verdict_form import read_digest

page = Blueprint("item_acts", __name__)


@page.post("/items/<item_id>/unhold")
@allow("review")
def unhold(item_id: str) -> AnyResponse | tuple[str, int]:
    """Put an item that somebody keeps back in line."""
    item = item_of(item_id)
    try:
        unhold_item(
            db(),
            actor=principal().actor,
            workspace_id=workspace_id(),
            person_id=person_id(),
            oversees=principal().may("oversee"),
            item_id=item.id,
        )
    except Conflict as error:
        return draw(item, problem=error.detail), 409
    return to("item_page.show", item_id=item_id, outcome="released")


@page.post("/items/<item_id>/reveal")
@allow("read")
def show_hidden(item_id: str) -> str:
    """Show the sensitive values too; the trail notes who looked."""
    item = item_of(item_id)
    reveal(db(), now=now(), actor=principal().actor, workspace_id=workspace_id(), submission_id=item.submission_id)
    return draw(item, revealed=True)


@page.post("/items/<item_id>/assign")
@allow("oversee")
def assign(item_id: str) -> AnyResponse | tuple[str, int]:
    """Give the item to somebody by name, or to everybody."""
    item = item_of(item_id)
    person = request.form.get("to", "").strip() or None
    try:
        assign_item(
            db(),
            actor=principal().actor,
            workspace_id=workspace_id(),
            by=person_id(),
            item_id=item.id,
            to=person,
            note=request.form.get("note", "").strip()[:2_000] or None,
        )
    except (Conflict, Invalid) as error:
        return draw(item, problem=sentence_of(error), posted=dict(request.form)), 422
    return to("item_page.show", item_id=item_id, outcome="assigned" if person else "freed")


@page.post("/items/<item_id>/supersede")
@allow("oversee")
@takes(DESK_FORM)
def overturn(item_id: str) -> AnyResponse | tuple[str, int]:
    """Put another decision in the place of the one that stands."""
    item = item_of(item_id)
    form = request.form
    reason = form.get("reason", "").strip()[:2_000]
    if not reason:
        return draw(item, problem="Say why; it stays with the decision.", posted=dict(form)), 422
    opened = open_submission(db(), workspace_id=workspace_id(), submission_id=item.submission_id)
    word = word_to_overturn(opened)
    if word is not None and form.get("verb") in RUNS and not is_typed(word, form):
        return draw(item, problem=f"It is of high risk: type {word} to confirm.", posted=dict(form)), 422
    try:
        supersede(
            db(),
            actor=principal().actor,
            workspace_id=workspace_id(),
            person_id=person_id(),
            decision_id=parse("decision", form.get("decision", "")),
            content_sha256=read_digest(),
            verdict=_verdict(),
            reason=reason,
        )
    except (Conflict, Forbidden, Invalid, Malformed) as error:
        return draw(item, problem=sentence_of(error), posted=dict(form)), 422
    return to("item_page.show", item_id=item_id, outcome="overturned")


def _verdict() -> Verdict:
    """Return the verdict of the form: approve, reject or respond for the whole, or a corrected output as JSON."""
    verb = request.form.get("verb", "")
    message = request.form.get("message", "").strip() or None
    if verb == "correct":
        return Verdict("correct", output=decode(request.form.get("output", "").encode()), has_output=True)
    return Verdict(verb if verb in {"approve", "reject", "respond"} else None, message=message)
