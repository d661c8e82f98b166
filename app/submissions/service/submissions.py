"""Keep a submission: its facts as columns, its exact bytes sealed. Called by the flows in and out.

The rows are made here; the flow in writes them together with the item and the events, in one go.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.kernel.bulk import Target, json_text
from app.kernel.rewrapping import Wrapped
from app.kernel.sealing import DATA_KEY, vault_of
from app.submissions.models import Content, Submission
from app.submissions.rules.received import Received
from app.submissions.rules.status import WAITING

#: What of this domain lies under the installation's secret; contents and what belongs to them lie under the data key.
WRAPPED: Final = (Wrapped(Content.data_key, lambda _: DATA_KEY),)


@dataclass(frozen=True)
class NewSubmission:
    """A routed submission, ready to be kept. `body` is what arrived, `sha256` its digest."""

    id: UUID
    workspace_id: UUID
    task_type_id: UUID
    key_id: UUID | None
    received: Received
    body: bytes
    sha256: bytes
    status: str
    high_risk: bool
    endpoint_id: UUID | None
    outcome: str
    rules: list[dict[str, Any]]
    policy_id: UUID | None
    policy_version: int | None
    inclusion_probability: Decimal


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


SUBMISSIONS: Final = Target(
    "submissions",
    {
        "id": "uuid",
        "workspace_id": "uuid",
        "task_type_id": "uuid",
        "key_id": "uuid",
        "external_id": "text",
        "status": "text",
        "content_sha256": "bytea",
        "has_output": "boolean",
        "high_risk": "boolean",
        "confidence": "numeric",
        "model_provider": "text",
        "model_name": "text",
        "model_version": "text",
        "prompt_id": "text",
        "prompt_version": "text",
        "endpoint_id": "uuid",
        "route_outcome": "text",
        "route_rules": "jsonb",
        "policy_id": "uuid",
        "policy_version": "integer",
        "inclusion_probability": "numeric",
        "llm_amount": "numeric",
        "llm_currency": "text",
        "created_at": "timestamptz",
        "final_at": "timestamptz",
    },
)
CONTENTS: Final = Target("contents", {"submission_id": "uuid", "data_key": "bytea", "body": "bytea"}, binary=True)


def submission_row(*, now: datetime, new: NewSubmission) -> dict[str, Any]:
    """Return the row of a submission."""
    received = new.received
    return {
        "id": new.id,
        "workspace_id": new.workspace_id,
        "task_type_id": new.task_type_id,
        "key_id": new.key_id,
        "external_id": received.external_id,
        "status": new.status,
        "content_sha256": new.sha256,
        "has_output": received.has_output,
        "high_risk": new.high_risk,
        # The shortest text of the number is what the program wrote; the float's digits are not.
        "confidence": None if received.confidence is None else Decimal(str(received.confidence)),
        "model_provider": _text(received.model.get("provider")),
        "model_name": _text(received.model.get("name")),
        "model_version": _text(received.model.get("version")),
        "prompt_id": _text(received.prompt.get("id")),
        "prompt_version": _text(received.prompt.get("version")),
        "endpoint_id": new.endpoint_id,
        "route_outcome": new.outcome,
        "route_rules": json_text(new.rules),
        "policy_id": new.policy_id,
        "policy_version": new.policy_version,
        "inclusion_probability": new.inclusion_probability,
        "llm_amount": None if received.llm_cost is None else received.llm_cost[0],
        "llm_currency": None if received.llm_cost is None else received.llm_cost[1],
        "created_at": now,
        "final_at": None if new.status == WAITING else now,
    }


def content_row(session: Session, *, new: NewSubmission) -> dict[str, Any]:
    """Return the row of a submission's content: its exact bytes, sealed under a data key of their own."""
    data_key = vault_of(session).new_data_key()
    sealed = data_key.seal(new.body, purpose="submission")
    return {"submission_id": new.id, "data_key": data_key.wrapped, "body": sealed}


def settle_submission(session: Session, *, submission_id: UUID, status: str, final_at: datetime) -> None:
    """Write the outcome that the submission's item came to. The caller holds the item's lock.

    Args:
        final_at: When programs may see it; until then it can still be taken back.
    """
    settled = update(Submission).where(Submission.id == submission_id)
    session.execute(settled.values(status=status, final_at=final_at))


def reopen_submission(session: Session, *, submission_id: UUID) -> None:
    """Let a submission wait again whose outcome was taken back. The caller holds the item's lock."""
    session.execute(update(Submission).where(Submission.id == submission_id).values(status=WAITING, final_at=None))
