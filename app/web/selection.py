"""/items/selection: judge chosen items alike, each for itself: seen first, one vote and one record each, undoable.

Nothing of high risk, and nothing that the person could not take at her desk at this moment. Her clock runs on the first
item of the selection from the preview on, so that no second of it is lost (docs/decisions/035).
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.edge.context import db, now, person_id, principal, workspace_id
from app.edge.guard import allow
from app.kernel.errors import Conflict, ServiceError
from app.kernel.ids import NoSuchId, parse
from app.kernel.ids import show as show_id
from app.queue.models import Claim, Item
from app.queue.queries import find_items, find_live_claim
from app.review.queries import get_decision
from app.review.rules.verdict import Verdict
from app.review.service import NothingToClaim, Overtaken, decide, take_item, undo
from app.submissions.queries import OpenSubmission, open_submissions
from app.web.as_text import as_text
from app.web.claim_clock import clock_of
from app.web.context_view import context_of
from app.web.giving_back import put_back
from app.web.onward import to
from app.web.refusals import sentence_of
from app.web.shown_files import files_of
from app.web.takeable import takeable, why_not_mine

page = Blueprint("selection", __name__)
AT_MOST: Final = 25
VERBS: Final = {"approve": "Approve", "reject": "Reject"}
_TEXT: Final = 2_000


class BusyElsewhere(Conflict):
    """You have another item open at your desk. Judge it or give it back first."""


@dataclass(frozen=True)
class Chosen:
    """An item of the selection; `problem` says why it cannot be judged here."""

    item: Item
    opened: OpenSubmission
    problem: str | None


@page.post("/items/selection")
@allow("review")
def preview() -> str | tuple[str, int]:
    """Show everything that is selected, and start the clock on the first that can be judged."""
    items = _selected()
    if not items:
        return _empty("Select items that wait."), 422
    if len(items) > AT_MOST:
        return _empty(f"Select at most {AT_MOST} items: more than that nobody reads with care."), 422
    live = find_live_claim(db(), workspace_id=workspace_id(), person_id=person_id())
    if live is not None and live.expires_at > now() and live.item_id not in {item.id for item in items}:
        return _empty(BusyElsewhere().detail), 409
    chosen = _choose(items, live)
    good, bad = ([one for one in chosen if (one.problem is None) == fine] for fine in (True, False))
    claim = _take(good[0].item) if good else None
    return render_template(
        "items/selection.html",
        rows=_rows(good),
        left_out=[{**_named(one.item, one.opened), "why": one.problem} for one in bad],
        clock=None if claim is None else clock_of(claim),
        claim=None if claim is None else show_id("claim", claim.id),
        verbs=VERBS,
        urls={"decide": url_for("selection.judge"), "list": url_for("item_list_page.show")},
    )


def _selected() -> list[Item]:
    """Return the selected items that there are, each once, in the order of the list."""
    ids: list[UUID] = []
    for text in dict.fromkeys(request.form.getlist("item")[: 2 * AT_MOST]):
        with suppress(NoSuchId):
            ids.append(parse("item", text))
    found = {item.id: item for item in find_items(db(), workspace_id=workspace_id(), item_ids=ids)}
    return [found[item_id] for item_id in ids if item_id in found]


def _open_all(items: Sequence[Item]) -> dict[UUID, OpenSubmission]:
    ids = [item.submission_id for item in items]
    return open_submissions(db(), workspace_id=workspace_id(), submission_ids=ids)


def _empty(problem: str) -> str:
    urls = {"decide": "", "list": url_for("item_list_page.show")}
    return render_template(
        "items/selection.html", rows=[], left_out=[], clock=None, verbs=VERBS, urls=urls, problem=problem
    )


def _choose(items: Sequence[Item], live: Claim | None) -> list[Chosen]:
    """Return the selected items with what keeps each from being judged here; what she has open comes first."""
    opened, free = _open_all(items), takeable(items)
    chosen = [Chosen(i, opened[i.submission_id], _problem(i, opened[i.submission_id], live, free)) for i in items]
    return sorted(chosen, key=lambda one: not _is_open(one.item, live))


def _problem(item: Item, opened: OpenSubmission, live: Claim | None, free: set[UUID]) -> str | None:
    """Return why an item cannot be judged in a selection, in words."""
    if opened.submission.high_risk:
        return "It is of high risk: judge it at the desk."
    if opened.received.sensitive:
        return "It holds sensitive values, which are shown at the desk only."
    if item.adjudicating:
        return "Reviewers disagree about it: settle it at the desk."
    return None if _is_open(item, live) or item.id in free else why_not_mine(item)


def _is_open(item: Item, live: Claim | None) -> bool:
    return live is not None and live.item_id == item.id and live.expires_at > now()


def _take(item: Item) -> Claim:
    """Take an item; who has it already goes on with it.

    Raises:
        BusyElsewhere: another item is open at her desk.
    """
    taken = take_item(
        db(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        person_id=person_id(),
        channel="desk",
        item_id=item.id,
    )
    # Who holds a live claim gets that one, whatever she asks for.
    if isinstance(taken, NothingToClaim) or taken[0].item_id != item.id:
        raise BusyElsewhere
    return taken[0]


def _rows(chosen: Sequence[Chosen]) -> list[dict[str, Any]]:
    files = files_of(*(one.opened.received for one in chosen))
    return [_shown(one, files) for one in chosen]


def _shown(one: Chosen, files: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    received = one.opened.received
    return {
        **_named(one.item, one.opened),
        "id": show_id("item", one.item.id),
        "sha256": one.opened.submission.content_sha256.hex(),
        "output": as_text(received.output) if received.has_output else None,
        "actions": [(action.name, as_text(action.args)) for action in received.actions],
        "confidence": received.confidence,
        "context": context_of(received, files=files),
    }


def _named(item: Item, opened: OpenSubmission) -> dict[str, Any]:
    return {
        "url": url_for("item_page.show", item_id=show_id("item", item.id)),
        "task_type": opened.task_type.name,
        "external_id": opened.submission.external_id,
    }


@page.post("/items/selection/decide")
@allow("review")
def judge() -> str | tuple[str, int] | AnyResponse:
    """Judge each of what was shown; what cannot be judged any more keeps none of the others back."""
    verb, items = request.form.get("verb", ""), _selected()
    if verb not in VERBS or not items:
        return _empty("Say whether to approve or to reject what you selected."), 422
    words = {name: request.form.get(name, "").strip()[:_TEXT] or None for name in ("message", "note")}
    verdict = Verdict(verb, message=words["message"], note=words["note"])
    live = _first_of(items)
    opened = _open_all(items)
    ordered = sorted(items, key=lambda item: not _is_open(item, live))
    results = [_named(item, opened[item.submission_id]) | _judge(item, verdict) for item in ordered]
    decided = [result["decision"] for result in results if result["decision"]]
    return render_template(
        "items/judged.html",
        results=results,
        done=sum(1 for result in results if result["problem"] is None),
        undo=None if not decided else {"url": url_for("selection.take_back"), "decisions": decided},
        list_url=url_for("item_list_page.show"),
    )


def _first_of(items: Sequence[Item]) -> Claim | None:
    """Return the claim on which the clock ran. If its item was left out meanwhile, it is put back; its time counts."""
    live = find_live_claim(db(), workspace_id=workspace_id(), person_id=person_id())
    previewed = live is not None and show_id("claim", live.id) == request.form.get("claim", "")
    if live is not None and previewed and live.item_id not in {item.id for item in items}:
        put_back(live)
        return None
    return live


def _judge(item: Item, verdict: Verdict) -> dict[str, Any]:
    """Judge one item; what is refused is undone alone and said."""
    result: dict[str, Any] = {"problem": None, "said": None, "decision": None}
    try:
        with db().begin_nested():
            claim = _take(item)
            handed = decide(
                db(),
                actor=principal().actor,
                workspace_id=workspace_id(),
                person_id=person_id(),
                claim_id=claim.id,
                token=claim.token,
                content_sha256=_seen(item),
                verdict=verdict,
                at_desk=True,
            )
    except ServiceError as error:
        return {**result, "problem": sentence_of(error)}
    if isinstance(handed, Overtaken):
        return {**result, "problem": "Somebody else was quicker."}
    if handed.decision is None or handed.blind:
        return {**result, "said": "noted; somebody else has to judge it too"}
    return {**result, "said": handed.decision.status, "decision": show_id("decision", handed.decision.id)}


def _seen(item: Item) -> bytes:
    """Return the digest of what was shown of an item; of nothing when the form has none."""
    try:
        return bytes.fromhex(request.form.get(f"sha256.{show_id('item', item.id)}", ""))
    except ValueError:
        return b""


@page.post("/items/selection/undo")
@allow("review")
def take_back() -> AnyResponse:
    """Take back each of these decisions that is not final yet; the items are kept for whoever decided."""
    late = False
    for text in dict.fromkeys(request.form.getlist("decision")[:AT_MOST]):
        try:
            with db().begin_nested():
                decision = get_decision(db(), workspace_id=workspace_id(), decision_id=parse("decision", text))
                undo(
                    db(),
                    actor=principal().actor,
                    workspace_id=workspace_id(),
                    person_id=person_id(),
                    oversees=False,
                    decision_id=decision.id,
                )
        except ServiceError:
            late = True
    return to("home.show", outcome="partly_undone" if late else "all_undone")
