"""Take a submission in.

One transaction: the submission, its sealed bytes, its route with the inclusion probability, the item if it has to
wait, and the events. Whatever the outcome, the probability is stored, or nothing could be said about what passed.
Called by the submissions API.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.delivery.queries import NoSuchEndpoint, get_endpoint
from app.identity.queries import find_groups
from app.intake.queries import UnknownName, find_eligible
from app.intake.rules.named import Eligible
from app.intake.rules.wishes import Wishes, check_time_out, read_wishes
from app.kernel.errors import Fault
from app.kernel.ids import NoSuchId, new_id, parse
from app.kernel.sealing import vault_of
from app.queue.service import NewItem, enqueue
from app.routing.models import Policy
from app.routing.queries import compiled, find_policy_in_force
from app.routing.rules.facts import Facts, read_facts
from app.routing.rules.route import Route, decide_route
from app.submissions.models import TaskType
from app.submissions.queries import find_task_type
from app.submissions.rules.received import Received, read_received
from app.submissions.rules.schema import schema_faults
from app.submissions.rules.status import WAITING
from app.submissions.service import NewSubmission, keep_submission

STATUS_OF: Final = {"pass": "passed", "block": "blocked", "review": WAITING}
DEFAULT_PRIORITY: Final = 50


@dataclass(frozen=True)
class Accepted:
    """What a program learns at once."""

    submission_id: UUID
    status: str
    sha256: bytes
    route: Route
    policy_version: int | None
    expected_wait: timedelta | None = None


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
    """Route and keep a submission.

    Args:
        key_owner: The person of the key, who may not judge what it sends.
        body: The exact bytes that arrived; they are what is kept.
        document: The same, decoded; the door has checked its shape.

    Raises:
        UnknownName: no such task type, endpoint, group or candidate.
        StepsRefused, WishRefused: what it asks for cannot be promised.
    """
    received = read_received(document)
    task_type = find_task_type(session, workspace_id=workspace_id, name=received.task_type)
    if task_type is None:
        raise UnknownName(faults=[Fault("/task_type", "is not a task type of this workspace")])
    endpoint_id = _endpoint_id(session, workspace_id, received.endpoint)
    wishes = _wishes(session, workspace_id, document, task_type)
    eligible = find_eligible(session, workspace_id=workspace_id, key_owner=key_owner, document=document)
    submission_id = new_id()
    policy = find_policy_in_force(session, workspace_id=workspace_id, task_type=task_type.name)
    facts, draw = _facts(document, received, task_type), _draw(session, "audit draw", submission_id)
    route = decide_route(None if policy is None else compiled(policy), facts, audit_draw=draw)
    high_risk = any(f.kind == "high_risk" for f in route.fired)
    check_time_out(wishes, high_risk=high_risk, document=document)
    new = NewSubmission(
        id=submission_id,
        workspace_id=workspace_id,
        task_type_id=task_type.id,
        key_id=key_id,
        received=received,
        body=body,
        sha256=sha256(body).digest(),
        status=STATUS_OF[route.outcome],
        high_risk=high_risk,
        endpoint_id=endpoint_id,
        **_routed(route, policy),
    )
    keep_submission(session, now=now, new=new)
    _record_route(session, now, actor, new)
    wait = None
    if route.outcome == "review":
        twice = _draw(session, "double review draw", submission_id)
        new_item = _item(new, task_type, route, wishes, eligible, double_draw=twice)
        wait = enqueue(session, now=now, actor=actor, workspace_id=workspace_id, new=new_item).expected_wait
    return Accepted(submission_id, new.status, new.sha256, route, new.policy_version, wait)


def _routed(route: Route, policy: Policy | None) -> dict[str, Any]:
    """Return what is kept of how it was routed, and by which policy."""
    return {
        "outcome": route.outcome,
        "rules": rules_document(route),
        "policy_id": None if policy is None else policy.id,
        "policy_version": None if policy is None else policy.version,
        "inclusion_probability": route.inclusion_probability,
    }


def _wishes(session: Session, workspace_id: UUID, document: Mapping[str, Any], task_type: TaskType) -> Wishes:
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
    ids = find_groups(session, workspace_id=workspace_id, names=names)
    steps = []
    for number, step in enumerate(wishes.escalation):
        given = step.get("groups", ())
        known = [ids[name].hex for name in given if name in ids]
        if len(known) < len(given) and document.get("escalation") is not None:
            raise UnknownName(faults=[Fault(f"/escalation/{number}/to/groups", "names a group that does not exist")])
        steps.append({**step, "groups": known, "leads": step.get("leads", False) or bool(given and not known)})
    return replace(wishes, escalation=steps)


def _facts(document: Mapping[str, Any], received: Received, task_type: TaskType) -> Facts:
    """Return what the rules of a policy may look at; an output that breaks its schema is one of the facts."""
    broken = schema_faults(task_type.output_schema, received.output) if received.has_output else []
    faults = tuple(f"{f.pointer or '/'}: {f.detail}" for f in broken)
    return read_facts(document, task_type=task_type.name).with_schema_faults(faults)


def rules_document(route: Route) -> list[dict[str, Any]]:
    """Return the rules that fired, JSON-ready."""
    return [{"name": f.name, "kind": f.kind, "detail": f.detail} for f in route.fired]


def _endpoint_id(session: Session, workspace_id: UUID, text: str | None) -> UUID | None:
    if text is None:
        return None
    try:
        return get_endpoint(session, workspace_id=workspace_id, endpoint_id=parse("endpoint", text)).id
    except (NoSuchId, NoSuchEndpoint) as error:
        raise UnknownName(faults=[Fault("/endpoint", "is not an endpoint of this workspace")]) from error


def _draw(session: Session, purpose: str, submission_id: UUID) -> float:
    """Return a number in [0, 1) that belongs to this submission and purpose and that nobody outside can predict."""
    digest = hmac.digest(vault_of(session).derive(purpose), submission_id.bytes, "sha256")
    # 53 bits are what a float holds exactly; more could round up to 1.
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def _item(
    new: NewSubmission, task_type: TaskType, route: Route, wishes: Wishes, eligible: Eligible, *, double_draw: float
) -> NewItem:
    received = new.received
    due_in_ms = next(ms for ms in (wishes.due_in_ms, route.deadline_ms, task_type.sla_ms) if ms is not None)
    rate = task_type.double_review_rate
    blind = double_draw < float(rate)
    asked = (task_type.approvals_required, route.approvals_required or 1, wishes.approvals_required or 1)
    approvals = max(*asked, 2 if blind else 1)
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


def _record_route(session: Session, now: datetime, actor: Actor, new: NewSubmission) -> None:
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=new.workspace_id,
        type="submission.received",
        subject_kind="submission",
        subject_id=new.id,
        to_state=new.status,
        details={"content_sha256": new.sha256.hex(), "outcome": new.outcome, "policy_version": new.policy_version},
    )
