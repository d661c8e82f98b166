"""/api/v1/doctor: why nothing moves, for a person, a queue, or an item.

Whoever reviews may ask about herself and sees counts and times. Queues and items are for the scope read; who the
people are is shown only to those who lead, audit or run queues.
"""

from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.shapes.doctor import DoctorQuery
from app.api.v1.shapes.parts import Anything, Problem
from app.edge.context import db, now, person_id, principal, workspace_id
from app.edge.guard import allow
from app.kernel.errors import Forbidden
from app.kernel.ids import parse, show
from app.kernel.instants import instant_text
from app.kernel.seconds import seconds_text
from app.queue.rules.diagnosis import SAYS
from app.reports.doctor import (
    ItemDiagnosis,
    Lease,
    Leases,
    PersonDiagnosis,
    PersonReasons,
    QueueDiagnosis,
    QueueState,
    diagnose_item,
    diagnose_person,
    diagnose_queue,
)

api = APIBlueprint(
    "doctor",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="queues")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 404: Problem, 422: Problem},
)


class NotForYou(Forbidden):
    """Ask about yourself; others, queues and items are for those who read, lead, audit or run queues."""


def sees_colleagues() -> bool:
    """Say whether whoever asks may see who does what."""
    return any(principal().may(scope) for scope in ("oversee", "queues", "run_queues"))


@api.get("/doctor", responses={200: Anything})
@allow("ask", by_session=True)
def get(query: DoctorQuery) -> Response:
    """Say why nothing moves."""
    asked: dict[str, Any] = {"now": now(), "workspace_id": workspace_id()}
    if query.queue is not None or query.item is not None:
        if not (principal().may("read") or sees_colleagues()):
            raise NotForYou
        if query.queue is not None:
            return answer(_queue_document(diagnose_queue(db(), **asked, queue_id=parse("queue", query.queue))))
        return answer(_item_document(diagnose_item(db(), **asked, item_id=parse("item", str(query.item)))))
    whom = person_id() if query.person is None else parse("person", query.person)
    herself = whom == principal().person_id and principal().may("review")
    if not (herself or sees_colleagues()):
        raise NotForYou
    return answer(_person_document(diagnose_person(db(), **asked, person_id=whom)))


def leases_document(leases: Leases) -> dict[str, Any]:
    """Return when the next lease ends; who holds what only for those who may see it."""
    ends = leases.next_expiry_at
    shown = {"leases": [_lease_document(lease) for lease in leases.shown]} if sees_colleagues() else {}
    return {
        "next_expiry_at": None if ends is None else instant_text(ends),
        "overdue_leases": leases.overdue,
        **shown,
    }


def _lease_document(lease: Lease) -> dict[str, Any]:
    return {
        "item": show("item", lease.item_id),
        "owner": {"id": show("person", lease.person_id), "name": lease.name},
        "since": instant_text(lease.since),
        "expires_at": instant_text(lease.expires_at),
    }


def reasons_document(reasons: dict[str, int]) -> list[dict[str, Any]]:
    """Return reasons with how many items each concerns and what it means, the weightiest first."""
    ordered = sorted(reasons.items(), key=lambda found: -found[1])
    return [{"reason": reason, "items": n, "says": SAYS.get(reason, reason)} for reason, n in ordered]


def _person_document(found: PersonDiagnosis) -> dict[str, Any]:
    seen = found.member.as_seen
    paused_at = seen.standing.paused_at
    return {
        "person": {"id": show("person", found.member.id), "name": found.member.name},
        "obstacles": [{"reason": word, "says": SAYS[word]} for word in found.obstacles],
        "reasons": reasons_document(found.reasons),
        "free": found.free,
        "waiting": found.waiting,
        "past_due": found.past_due,
        "next_due_at": None if found.next_due_at is None else instant_text(found.next_due_at),
        **leases_document(found.leases),
        "in_hand": found.in_hand,
        "capacity": seen.standing.capacity,
        "paused_since": None if paused_at is None else instant_text(paused_at),
        "pause_reason": found.member.pause_reason,
        "skills": list(seen.worker.skills),
        "queues": list(found.queues),
        "groups": [group.name for group in found.member.row.groups],
        "counted_at": instant_text(found.counted_at),
        "capped": found.capped,
    }


def queue_document(state: QueueState) -> dict[str, Any]:
    """Return what a queue looks like from outside."""
    queue, wait = state.queue, state.expected_wait
    instants = {
        "oldest_at": state.oldest_at,
        "next_due_at": state.next_due_at,
        "paused_at": queue.paused_at,
        "counted_at": state.counted_at,
    }
    expected = {} if wait is None else {"expected_wait_seconds": seconds_text(int(wait.total_seconds() * 1000))}
    return {
        "id": show("queue", queue.id),
        "name": queue.name,
        "waiting": state.waiting,
        "due_soon": state.due_soon,
        "breached": state.breached,
        "claimed": state.claimed,
        "held": state.held,
        "reserved": state.reserved,
        **{name: None if at is None else instant_text(at) for name, at in instants.items()},
        **leases_document(state.leases),
        **expected,
        "capped": state.capped,
    }


def _queue_document(found: QueueDiagnosis) -> dict[str, Any]:
    return {
        "queue": queue_document(found.state),
        "reasons": reasons_document(found.reasons),
        "people": found.people,
        "people_total": found.people_total,
        "skills_nobody_has": found.skills_nobody_has,
        "skills_nobody_present_has": found.skills_nobody_present_has,
        "looked_at": found.looked_at,
    }


def _item_document(found: ItemDiagnosis) -> dict[str, Any]:
    item = found.item
    lease_ends_at = found.lease_ends_at
    document: dict[str, Any] = {
        "item": {
            "id": show("item", item.id),
            "submission_id": show("submission", item.submission_id),
            "queue": found.queue_name,
            "state": item.state,
            "stage": item.stage,
            "priority": item.priority,
            "due_at": instant_text(item.due_at),
            "skills": item.skills,
            "for_lead": item.for_lead,
            "approvals": len(item.voters),
            "approvals_required": item.approvals_required,
        },
        "reasons": [{"reason": word, "says": SAYS[word]} for word in found.reasons],
        "lease_ends_at": None if lease_ends_at is None else instant_text(lease_ends_at),
        "assigned_until": None if item.assigned_until is None else instant_text(item.assigned_until),
        "next": [{"act": timer.act, "at": instant_text(timer.at)} for timer in found.timers],
        "eligible": found.eligible,
        "eligible_ever": found.eligible_ever,
        "lacking": found.lacking,
        "skills_nobody_has": list(found.skills_nobody_has),
        "people_total": found.people_total,
    }
    return document | _who_document(found) if sees_colleagues() else document


def _who_document(found: ItemDiagnosis) -> dict[str, Any]:
    """Return who has an item, whom it names, and what each person lacks."""
    item, names = found.item, found.names
    return {
        "holder": found.holder,
        "held_since": None if found.held_since is None else instant_text(found.held_since),
        "assigned_to": None if item.assigned_to is None else names.get(item.assigned_to),
        "candidates": None if item.candidates is None else [names.get(one, "gone") for one in item.candidates],
        "barred": [
            {"name": names.get(one, "gone"), "reason": item.bar_reasons.get(one.hex, "excluded")} for one in item.barred
        ],
        "people": [_lacks_document(person) for person in found.people],
    }


def _lacks_document(person: PersonReasons) -> dict[str, Any]:
    return {
        "id": show("person", person.member.id),
        "name": person.member.name,
        "present": person.member.as_seen.present,
        "reasons": list(person.reasons),
        "missing_skills": list(person.missing),
    }
