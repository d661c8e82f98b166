"""Define task types. A definition under a known name makes the next version; nothing is ever changed.

Called by the task types API and the demo's set-up through it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.kernel.db import lock_name
from app.kernel.ids import new_id
from app.submissions.models import TaskType
from app.submissions.rules.schema import check_schema
from app.submissions.rules.task_type import TYPED, USUAL_CAP_SECONDS

DAY_MS = 86_400_000


@dataclass(frozen=True)
class TaskTypeDefinition:
    """What an admin says about a kind of output. `cap_ms`: how old the latest input may be for a second to count.

    `double_review_rate`: the share of items that two people judge, blind to each other. `max_reviewers`: how many may
    disagree before a lead settles it. `high_risk_check`: what is asked before a high-risk action may run. `escalation`:
    steps as they are kept, groups by name; `on_last_timeout`: what happens when the time is up, the time-out is to
    escalate, and no step is left.
    """

    name: str
    output_schema: dict[str, object] = field(default_factory=dict)
    guidelines: str = ""
    reason_codes: Sequence[str] = ()
    sla_ms: int = DAY_MS
    on_timeout: str = "escalate"
    on_last_timeout: str = "stay"
    escalation: Sequence[Mapping[str, Any]] = ()
    approvals_required: int = 1
    rejections_required: int = 1
    double_review_rate: Decimal = Decimal(0)
    max_reviewers: int = 3
    unskippable: bool = False
    high_risk_check: str = TYPED
    queue: str = "default"
    undo_ms: int = 10_000
    claim_ms: int = 900_000
    cap_ms: int = USUAL_CAP_SECONDS * 1_000
    grant_ms: int = 7 * DAY_MS


def define_task_type(
    session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, definition: TaskTypeDefinition
) -> TaskType:
    """Keep a definition as the newest version of its name.

    Raises:
        SchemaRefused: the output schema cannot be compiled.
    """
    schema_text = orjson.dumps(definition.output_schema).decode()
    check_schema(schema_text, pointer="/output_schema")
    lock_name(session, f"task type {workspace_id} {definition.name}")
    newest = session.scalar(
        select(func.max(TaskType.version)).where(
            TaskType.workspace_id == workspace_id, TaskType.name == definition.name
        )
    )
    task_type = TaskType(
        id=new_id(),
        workspace_id=workspace_id,
        name=definition.name,
        version=(newest or 0) + 1,
        output_schema=schema_text,
        guidelines=definition.guidelines,
        reason_codes=list(definition.reason_codes),
        sla_ms=definition.sla_ms,
        on_timeout=definition.on_timeout,
        on_last_timeout=definition.on_last_timeout,
        escalation=[dict(step) for step in definition.escalation],
        approvals_required=definition.approvals_required,
        rejections_required=definition.rejections_required,
        double_review_rate=definition.double_review_rate,
        max_reviewers=definition.max_reviewers,
        unskippable=definition.unskippable,
        high_risk_check=definition.high_risk_check,
        queue=definition.queue,
        undo_ms=definition.undo_ms,
        claim_ms=definition.claim_ms,
        cap_ms=definition.cap_ms,
        grant_ms=definition.grant_ms,
        created_at=now,
    )
    session.add(task_type)
    session.flush()
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=workspace_id,
        type="task_type.defined",
        subject_kind="task_type",
        subject_id=task_type.id,
        details={"name": task_type.name, "version": task_type.version},
    )
    return task_type
