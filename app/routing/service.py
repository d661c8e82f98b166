"""Keep and publish policies. Called by the policies API."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.kernel.db import lock_name
from app.kernel.errors import Conflict, Fault, Forbidden, Invalid
from app.kernel.ids import new_id
from app.routing.models import Policy
from app.routing.queries import compiled, get_policy
from app.routing.rules.compiled import compile_policy
from app.routing.rules.document import read_policy
from app.routing.rules.policy import run_policy_tests


class AlreadyPublished(Conflict):
    """This policy is published already."""


class PolicyTestsFail(Invalid):
    """The policy does not do what its own tests expect."""


class SecondPersonNeeded(Forbidden):
    """In this workspace somebody other than the author publishes a policy."""


def draft_policy(
    session: Session,
    *,
    now: datetime,
    actor: Actor,
    workspace_id: UUID,
    person_id: UUID | None,
    document: Mapping[str, Any],
) -> Policy:
    """Keep a policy as the next version of its task type; it does nothing until it is published.

    Raises:
        PolicyInvalid: the document breaks a rule; the faults say where.
    """
    compile_policy(read_policy(document))
    task_type = str(document["task_type"])
    lock_name(session, f"policy {workspace_id} {task_type}")
    newest = session.scalar(
        select(func.max(Policy.version)).where(Policy.workspace_id == workspace_id, Policy.task_type == task_type)
    )
    policy = Policy(
        id=new_id(),
        workspace_id=workspace_id,
        task_type=task_type,
        version=(newest or 0) + 1,
        document=dict(document),
        created_at=now,
        created_by=person_id,
    )
    session.add(policy)
    session.flush()
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=workspace_id,
        type="policy.drafted",
        subject_kind="policy",
        subject_id=policy.id,
        details={"task_type": task_type, "version": policy.version},
    )
    return policy


def publish_policy(
    session: Session,
    *,
    now: datetime,
    actor: Actor,
    workspace_id: UUID,
    person_id: UUID | None,
    policy_id: UUID,
    second_person: bool,
) -> Policy:
    """Put a policy in force for everything that is submitted from now on.

    Args:
        second_person: The workspace wants another person than the author to publish.

    Raises:
        NoSuchPolicy, AlreadyPublished, SecondPersonNeeded.
        PolicyTestsFail: one of its own tests failed; the faults say which.
    """
    policy = get_policy(session, workspace_id=workspace_id, policy_id=policy_id)
    lock_name(session, f"policy {workspace_id} {policy.task_type}")
    session.refresh(policy)
    if policy.published_at is not None:
        raise AlreadyPublished
    if second_person and (person_id is None or person_id == policy.created_by):
        raise SecondPersonNeeded
    failures = run_policy_tests(compiled(policy))
    if failures:
        raise PolicyTestsFail(faults=[Fault(f"/tests/{f.position}", f.detail) for f in failures])
    policy.published_at, policy.published_by = now, person_id
    session.flush()
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=workspace_id,
        type="policy.published",
        subject_kind="policy",
        subject_id=policy.id,
        from_state="draft",
        to_state="published",
        details={"task_type": policy.task_type, "version": policy.version},
    )
    return policy
