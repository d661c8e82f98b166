"""/items/<id>: one item, its state in words, why it does not move, its story, and what may be done with it.

Where a notification leads. Content is shown to those who may read it; others see it at the desk, under a claim.
"""

from typing import Any, Final
from uuid import UUID

import orjson
from flask import Blueprint, render_template, url_for

from app.edge.context import db, now, person_id, principal, workspace_id
from app.edge.guard import SIGNED_IN, MissingScope, allow
from app.identity.queries import list_members
from app.kernel.ids import parse
from app.kernel.ids import show as show_id
from app.queue.models import Item
from app.queue.queries import find_live_claim, find_newest_claim, get_item, get_queue
from app.queue.rules import CLAIMED, DECIDED, HELD, OPEN, WAITING
from app.queue.rules.diagnosis import SAYS
from app.reports.doctor import ItemDiagnosis, diagnose_item
from app.reports.people import names_of_people
from app.review.queries import find_decision, list_notes, read_left_drafts
from app.review.rules.document import DecisionFacts
from app.submissions.queries import OpenSubmission, open_submission
from app.submissions.rules.sensitive import hide
from app.web.as_text import as_text
from app.web.context_view import context_of
from app.web.draft_texts import texts_of_draft, texts_of_verdict
from app.web.friction import word_of
from app.web.item_account import account_of
from app.web.item_changes import changes_by
from app.web.item_history import story
from app.web.item_votes import votes_of
from app.web.shown_files import files_of

page = Blueprint("item_page", __name__)
MOST_PEOPLE: Final = 200
_MAY: Final = ("review", "read", "queues")


@page.get("/items/<item_id>")
@allow(SIGNED_IN)
def show(item_id: str) -> str:
    """Show an item."""
    return draw(item_of(item_id))


def item_of(item_id: str) -> Item:
    """Return the item that a path names, to somebody whose role has to do with items.

    Raises:
        MissingScope: hers has not.
        NoSuchItem: also when it is another workspace's.
    """
    if not any(principal().may(word) for word in _MAY):
        raise MissingScope("Your role does not allow this.")
    return get_item(db(), workspace_id=workspace_id(), item_id=parse("item", item_id))


def draw(
    item: Item, *, problem: str | None = None, posted: dict[str, str] | None = None, revealed: bool = False
) -> str:
    """Return the page of an item.

    Args:
        problem: A sentence about a refused post, whose fields are `posted`.
        revealed: Show what the program called sensitive.
    """
    opened = open_submission(db(), workspace_id=workspace_id(), submission_id=item.submission_id)
    oversees = principal().may("oversee")
    names = names_of_people(db(), workspace_id=workspace_id())
    found = diagnose_item(db(), now=now(), workspace_id=workspace_id(), item_id=item.id)
    mine = find_live_claim(db(), workspace_id=workspace_id(), person_id=person_id())
    busy = mine is not None and mine.expires_at > now()
    at_desk = busy and mine is not None and mine.item_id == item.id
    decision = find_decision(db(), submission_id=item.submission_id, key=opened.key)
    seen = decision is not None and (decision.final_at <= now() or decision.decided_by_kind != "human")
    return render_template(
        "item_page/show.html",
        item=_facts(item, names),
        task_type=opened.task_type.name,
        external_id=opened.submission.external_id,
        content_sha256=opened.submission.content_sha256.hex(),
        doctor=_doctor(found, oversees, at_desk=at_desk),
        at_desk=at_desk,
        may=_may(item, found, oversees=oversees, seen=seen, busy=busy),
        desk_url=url_for("review.show"),
        people=_people(item) if oversees and item.state in OPEN else [],
        problem=problem,
        posted=posted or {},
        word=word_to_overturn(opened),
        urls=_urls(item, None if decision is None else decision.id),
        drafts=_drafts(item, opened),
        **_content(opened, decision if seen else None, revealed=revealed),
        **_story(item, opened, decision if seen else None, names),
    )


def _content(opened: OpenSubmission, decision: DecisionFacts | None, *, revealed: bool) -> dict[str, Any]:
    """Return what the model said and what a decision that may be seen changed, for those who may read it."""
    if not principal().may("read"):
        return {"output": None, "output_json": "", "actions": [], "hidden": False, "changes": [], "context": []}
    hidden = bool(opened.received.sensitive) and not revealed
    said = hide(opened.received) if hidden else opened.received
    return {
        "output": as_text(said.output) if said.has_output else None,
        # What is hidden must not be handed back as if it were the output.
        "output_json": "" if hidden else orjson.dumps(said.output, option=orjson.OPT_INDENT_2).decode(),
        "actions": [(a.name, as_text(a.args)) for a in said.actions],
        "hidden": hidden,
        "changes": [] if decision is None or hidden else changes_by(opened.received, decision.body),
        "context": context_of(said, files=files_of(said)),
    }


def _story(item: Item, opened: OpenSubmission, decision: DecisionFacts | None, names: dict[str, str]) -> dict[str, Any]:
    """Return what became of an item, for those who run the floor or may read; none of it tells who voted too early."""
    veiled = item.review_mode == "blind" and item.state in OPEN
    oversees = principal().may("oversee")
    told = oversees or principal().may("read")
    return {
        "decision": {"id": show_id("decision", decision.id), "status": decision.status, "at": decision.decided_at}
        if decision is not None and told
        else None,
        "notes": list_notes(db(), item_id=item.id, key=opened.key) if oversees and not veiled else [],
        "votes": votes_of(item, key=opened.key, names=names) if told and not veiled else [],
        "history": story(item, names=names, veiled=veiled) if told else [],
        "account": account_of(opened.submission) if told else None,
    }


def _drafts(item: Item, opened: OpenSubmission) -> list[dict[str, Any]]:
    """Return what the reader typed for it and could not hand in."""
    left = read_left_drafts(db(), item_id=item.id, person_id=person_id(), key=opened.key)
    return [
        {"saved_at": one.saved_at, "fields": texts_of_verdict(one.body) if one.late else texts_of_draft(one.body)}
        for one in left
    ]


def _facts(item: Item, names: dict[str, str]) -> dict[str, Any]:
    queue = get_queue(db(), workspace_id=workspace_id(), queue_id=item.queue_id)
    claim = find_newest_claim(db(), item_id=item.id) if item.state == CLAIMED else None
    held_by = claim.person_id if claim is not None else item.held_by
    return {
        "id": show_id("item", item.id),
        "state": item.state,
        "stage": item.stage,
        "queue": queue.name,
        "priority": item.priority,
        "due_at": item.due_at,
        "due_in_seconds": int((item.due_at - now()).total_seconds()) if item.state in OPEN else None,
        "holder": None if held_by is None else _name(names, held_by),
        "until": claim.expires_at if claim is not None else item.reserved_until,
        "assigned_to": None if item.assigned_to is None else _name(names, item.assigned_to),
        "assigned_until": item.assigned_until,
        "skills": item.skills,
        "for_lead": item.for_lead,
        "adjudicating": item.adjudicating,
        "flagged": item.flagged,
        "tier": item.tier,
        "approvals_required": item.approvals_required,
        "blind": item.review_mode == "blind",
        "created_at": item.created_at,
    }


def _name(names: dict[str, str], person: UUID) -> str:
    return names.get(show_id("person", person), "somebody")


def _doctor(found: ItemDiagnosis, oversees: bool, *, at_desk: bool) -> dict[str, Any] | None:
    """Return why it does not move: the reasons in words, and for a lead what each person lacks."""
    if found.item.state not in OPEN:
        return None
    return {
        "reasons": [SAYS[_MINE.get(reason, reason) if at_desk else reason] for reason in found.reasons],
        "eligible": found.eligible,
        "skills": found.skills_nobody_has,
        "timers": [{"what": _TIMERS.get(t.act, t.act), "at": t.at} for t in found.timers],
        "people": [
            {"name": p.member.name, "reasons": [SAYS[reason] for reason in p.reasons], "missing": p.missing}
            for p in found.people
        ]
        if oversees
        else [],
    }


# Said to whoever has the item at her own desk.
_MINE: Final = {"claimed_by_others": "claimed_by_me"}
_TIMERS: Final = {
    "due_soon": "counts as due soon",
    "breach": "its time is up",
    "escalate": "takes its next escalation step",
    "relax": "asks for fewer skills",
    "lapse": "is free for everybody again",
    "unreserve": "is no longer kept ready",
    "time_out": "is decided because its time is up",
    "expire": "expires",
}


def _may(item: Item, found: ItemDiagnosis, *, oversees: bool, seen: bool, busy: bool) -> dict[str, bool]:
    mine = item.held_by == person_id()
    me = next((p for p in found.people if p.member.id == person_id()), None)
    return {
        "take": not busy and item.state == WAITING and me is not None and not me.reasons,
        "go_on": not busy and principal().may("review") and item.state == HELD and mine,
        "after": busy and item.state in {WAITING, HELD} and (mine or (me is not None and not me.reasons)),
        "unhold": item.state == HELD and (mine or oversees),
        "assign": oversees and item.state in OPEN,
        "supersede": oversees and item.state == DECIDED and seen,
    }


def _people(item: Item) -> list[dict[str, str]]:
    members = list_members(db(), workspace_id=workspace_id(), limit=MOST_PEOPLE)
    return [
        {"id": show_id("person", m.person.id), "name": m.person.name}
        for m in members
        if m.enabled and m.person.id not in {*item.voters, *item.barred}
    ]


def _urls(item: Item, decision_id: UUID | None) -> dict[str, str | None]:
    shown = show_id("item", item.id)
    return {
        "take": url_for("review.take", item=shown),
        "unhold": url_for("item_acts.unhold", item_id=shown),
        "assign": url_for("item_acts.assign", item_id=shown),
        "reveal": url_for("item_acts.show_hidden", item_id=shown),
        "supersede": None if decision_id is None else url_for("item_acts.overturn", item_id=shown),
    }


def word_to_overturn(opened: OpenSubmission) -> str | None:
    """Return what a lead types before she lets run what a reviewer did not: she is its second person."""
    return word_of(opened.received, opened.task_type) if opened.submission.high_risk else None
