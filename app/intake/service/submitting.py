"""Take a submission in.

One transaction: the submission, its sealed bytes, its route with the inclusion probability, the item if it has to
wait, and the events. Whatever the outcome, the probability is stored, or nothing could be said about what passed.
Called by the submissions API.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import event_row
from app.costs.service import keep_calls
from app.files.service import attach
from app.intake.queries import Known, UnknownName, find_eligible
from app.intake.rules.named import Eligible
from app.intake.rules.wishes import Wishes, check_time_out, read_wishes
from app.intake.statements import Rows, write
from app.kernel.errors import Fault, ServiceError
from app.kernel.ids import new_id, new_ids
from app.kernel.sealing import vault_of
from app.queue.service import Lines, NewItem
from app.routing.models import Policy
from app.routing.queries import compiled
from app.routing.rules.facts import Facts, read_facts
from app.routing.rules.route import Route, decide_route
from app.submissions.models import TaskType
from app.submissions.rules.received import Received, read_received
from app.submissions.rules.schema import schema_faults
from app.submissions.rules.status import WAITING
from app.submissions.rules.task_type import SECOND_PERSON
from app.submissions.service import NewSubmission, content_row, submission_row

STATUS_OF: Final = {"pass": "passed", "block": "blocked", "review": WAITING}
DEFAULT_PRIORITY: Final = 50


@dataclass(frozen=True)
class Accepted:
    """What a program learns at once. A dry run keeps nothing under its id, and says which queue it would be."""

    submission_id: UUID
    status: str
    sha256: bytes
    route: Route
    policy_version: int | None
    expected_wait: timedelta | None = None
    queue: str | None = None
    dry: bool = False


@dataclass(frozen=True)
class Sender:
    """Who submits: the actor of the trail, the workspace, the key, and the key's person, who may not judge it."""

    actor: Actor
    workspace_id: UUID
    key_id: UUID | None
    key_owner: UUID | None = None


def submit(
    session: Session,
    *,
    now: datetime,
    actor: Actor,
    workspace_id: UUID,
    key_id: UUID | None,
    body: bytes,
    document: Mapping[str, Any],
    key_owner: UUID | None = None,
) -> Accepted:
    """Route and keep a submission; a dry run is routed only.

    Args:
        key_owner: The person of the key, who may not judge what it sends.
        body: The exact bytes that arrived; they are what is kept.
        document: The same, decoded; the door has checked its shape.

    Raises:
        UnknownName: no such task type, endpoint, group or candidate.
        StepsRefused, WishRefused: what it asks for cannot be promised.
    """
    sender = Sender(actor, workspace_id, key_id, key_owner)
    prepared = _prepare(session, Known(session, workspace_id=workspace_id), sender, body, document)
    if prepared.dry:
        return _foresee(session, now, sender, prepared)
    (accepted,) = _keep(session, now, sender, [prepared])
    return accepted


def submit_each(
    session: Session, *, now: datetime, sender: Sender, elements: Sequence[tuple[bytes, Mapping[str, Any]]]
) -> list[Accepted | ServiceError]:
    """Route and keep each of several submissions for itself, all in this transaction.

    What is wrong with one is returned in its place and keeps none of the others back.

    Args:
        elements: The exact bytes of each, and the same decoded; the door has checked their shapes.
    """
    known = Known(session, workspace_id=sender.workspace_id)
    known.meet_files(document.get("context") or () for _, document in elements)
    outcomes: list[_Prepared | ServiceError] = []
    for body, document in elements:
        try:
            outcomes.append(_prepare(session, known, sender, body, document))
        except ServiceError as error:
            outcomes.append(error)
    kept = iter(_keep(session, now, sender, [o for o in outcomes if isinstance(o, _Prepared) and not o.dry]))
    return [
        one if isinstance(one, ServiceError) else _foresee(session, now, sender, one) if one.dry else next(kept)
        for one in outcomes
    ]


@dataclass(frozen=True)
class _Prepared:
    """A submission that was routed and is not kept yet; `item` when it has to wait, `dry` when it shall not be kept."""

    new: NewSubmission
    route: Route
    item: NewItem | None
    files: Sequence[UUID]
    dry: bool


def _prepare(session: Session, known: Known, sender: Sender, body: bytes, document: Mapping[str, Any]) -> _Prepared:
    """Route a submission; nothing is written."""
    received = read_received(document)
    task_type = known.task_type(received.task_type)
    endpoint_id, files = known.endpoint_id(received.endpoint), known.file_ids(received.context)
    wishes = _wishes(known, document, task_type)
    eligible = find_eligible(session, workspace_id=sender.workspace_id, key_owner=sender.key_owner, document=document)
    submission_id = new_id()
    policy = known.policy(task_type.name)
    facts, draw = _facts(document, received, task_type), _draw(session, "audit draw", submission_id)
    route = decide_route(None if policy is None else compiled(policy), facts, audit_draw=draw)
    high_risk = any(f.kind == "high_risk" for f in route.fired)
    check_time_out(wishes, high_risk=high_risk, document=document)
    new = NewSubmission(
        id=submission_id,
        workspace_id=sender.workspace_id,
        task_type_id=task_type.id,
        key_id=sender.key_id,
        received=received,
        body=body,
        sha256=sha256(body).digest(),
        status=STATUS_OF[route.outcome],
        high_risk=high_risk,
        endpoint_id=endpoint_id,
        **_routed(route, policy),
    )
    item = None
    if route.outcome == "review":
        # Most task types ask for no double review, and a draw is a MAC.
        blind = task_type.double_review_rate > 0 and _draw(session, "double review draw", submission_id) < float(
            task_type.double_review_rate
        )
        item = _item(new, task_type, route, wishes, eligible, blind=blind)
    return _Prepared(new, route, item, files, dry=document.get("dry_run", False))


def _routed(route: Route, policy: Policy | None) -> dict[str, Any]:
    """Return what is kept of how it was routed, and by which policy."""
    return {
        "outcome": route.outcome,
        "rules": rules_document(route),
        "policy_id": None if policy is None else policy.id,
        "policy_version": None if policy is None else policy.version,
        "inclusion_probability": route.inclusion_probability,
    }


def _keep(session: Session, now: datetime, sender: Sender, prepared: Sequence[_Prepared]) -> list[Accepted]:
    """Write what was routed, with items and events, and say what became of each."""
    lines = Lines(session, now=now, workspace_id=sender.workspace_id)
    event = partial(event_row, now=now, actor=sender.actor, workspace_id=sender.workspace_id)
    accepted, many = [], []
    for one, item_id in zip(prepared, new_ids(len(prepared)), strict=True):
        new, lined = one.new, None if one.item is None else lines.put(one.item, item_id=item_id)
        facts = {"content_sha256": new.sha256.hex(), "outcome": new.outcome, "policy_version": new.policy_version}
        received = event(
            type="submission.received", subject_kind="submission", subject_id=new.id, to_state=new.status, details=facts
        )
        item = enqueued = None
        if one.item is not None and lined is not None:
            item, place = lined.row, {"queue": one.item.queue, "priority": one.item.priority}
            enqueued = event(
                type="item.enqueued", subject_kind="item", subject_id=item["id"], to_state=WAITING, details=place
            )
        many.append(Rows(submission_row(now=now, new=new), content_row(session, new=new), received, item, enqueued))
        wait = None if lined is None else lined.expected_wait
        accepted.append(Accepted(new.id, new.status, new.sha256, one.route, new.policy_version, wait))
    write(session, many)
    attach(session, shown=[(one.new.id, file_id) for one in prepared for file_id in one.files])
    calls = [(one.new.id, call) for one in prepared for call in one.new.received.llm_calls]
    keep_calls(session, now=now, workspace_id=sender.workspace_id, calls=calls)
    return accepted


def _foresee(session: Session, now: datetime, sender: Sender, prepared: _Prepared) -> Accepted:
    """Say what would become of a submission that is not to be kept."""
    new, item = prepared.new, prepared.item
    lines = Lines(session, now=now, workspace_id=sender.workspace_id)
    wait = None if item is None else lines.foresee(item)
    queue = None if item is None else item.queue
    return Accepted(new.id, new.status, new.sha256, prepared.route, new.policy_version, wait, queue, dry=True)


def _wishes(known: Known, document: Mapping[str, Any], task_type: TaskType) -> Wishes:
    """Return what is asked for, with the ids of groups in the place of their names.

    A group that a submission names has to be there; one that a task type names may be gone, and then a lead is asked.
    """
    wishes = read_wishes(
        document,
        on_timeout=task_type.on_timeout,
        on_last_timeout=task_type.on_last_timeout,
        escalation=task_type.escalation,
    )
    names = sorted({name for step in wishes.escalation for name in step.get("groups", ())})
    if not names:
        return wishes
    ids = known.groups(names)
    steps = []
    for number, step in enumerate(wishes.escalation):
        given = step.get("groups", ())
        there = [ids[name].hex for name in given if name in ids]
        if len(there) < len(given) and document.get("escalation") is not None:
            raise UnknownName(faults=[Fault(f"/escalation/{number}/to/groups", "names a group that does not exist")])
        steps.append({**step, "groups": there, "leads": step.get("leads", False) or bool(given and not there)})
    return replace(wishes, escalation=steps)


def _facts(document: Mapping[str, Any], received: Received, task_type: TaskType) -> Facts:
    """Return what the rules of a policy may look at; an output that breaks its schema is one of the facts."""
    broken = schema_faults(task_type.output_schema, received.output) if received.has_output else []
    faults = tuple(f"{f.pointer or '/'}: {f.detail}" for f in broken)
    return read_facts(document, task_type=task_type.name).with_schema_faults(faults)


def rules_document(route: Route) -> list[dict[str, Any]]:
    """Return the rules that fired, JSON-ready."""
    return [{"name": f.name, "kind": f.kind, "detail": f.detail} for f in route.fired]


def _draw(session: Session, purpose: str, submission_id: UUID) -> float:
    """Return a number in [0, 1) that belongs to this submission and purpose and that nobody outside can predict."""
    digest = hmac.digest(vault_of(session).derive(purpose), submission_id.bytes, "sha256")
    # 53 bits are what a float holds exactly; more could round up to 1.
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def _item(
    new: NewSubmission, task_type: TaskType, route: Route, wishes: Wishes, eligible: Eligible, *, blind: bool
) -> NewItem:
    received = new.received
    due_in_ms = next(ms for ms in (wishes.due_in_ms, route.deadline_ms, task_type.sla_ms) if ms is not None)
    rate = task_type.double_review_rate
    asked = (task_type.approvals_required, route.approvals_required or 1, wishes.approvals_required or 1)
    paired = blind or (new.high_risk and task_type.high_risk_check == SECOND_PERSON)
    approvals = max(*asked, 2 if paired else 1)
    rejections = max(task_type.rejections_required, 2 if blind else 1)
    return NewItem(
        submission_id=new.id,
        task_type=task_type.name,
        queue=route.queue or task_type.queue,
        priority=next(p for p in (wishes.priority, route.priority, DEFAULT_PRIORITY) if p is not None),
        due_in_ms=due_in_ms,
        due_at=wishes.due_at,
        on_timeout=wishes.on_timeout,
        on_last_timeout=wishes.on_last_timeout,
        escalation=wishes.escalation,
        high_risk=new.high_risk,
        risks=[str(a.risk.get("level")) for a in received.actions],
        confidences=[received.confidence, *received.field_confidence.values()],
        skills=frozenset(route.skills),
        candidates=eligible.candidates,
        barred=eligible.barred,
        approvals_required=approvals,
        rejections_required=rejections,
        # A maximum below what is asked for would send agreeing people to a lead.
        reviews_max=max(task_type.max_reviewers, approvals, rejections),
        blind=blind,
        double_probability=rate if rate > 0 else None,
        unskippable=task_type.unskippable,
        claim_ms=task_type.claim_ms,
        cap_ms=task_type.cap_ms,
    )
