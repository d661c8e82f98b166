"""Keep the calls of language models that submissions took. Called by the flow in, and for what is reported later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.costs.models import LlmCall
from app.kernel.ids import new_ids


@dataclass(frozen=True)
class Kept:
    """How many calls were new, and how many the workspace knew already by provider and response id."""

    added: int
    known: int


def keep_calls(
    session: Session, *, now: datetime, workspace_id: UUID, calls: Sequence[tuple[UUID, Mapping[str, Any]]]
) -> Kept:
    """Keep these calls of submissions, each once.

    Args:
        calls: The submission's id, and the call as a program sends it; the door has checked its shape.
    """
    if not calls:
        return Kept(0, 0)
    ids = new_ids(len(calls))
    rows = [{"id": id_, **_row(now, workspace_id, of, call)} for id_, (of, call) in zip(ids, calls, strict=True)]
    added = session.scalars(insert(LlmCall).values(rows).on_conflict_do_nothing().returning(LlmCall.id)).all()
    return Kept(len(added), len(rows) - len(added))


def _row(now: datetime, workspace_id: UUID, submission_id: UUID, call: Mapping[str, Any]) -> dict[str, Any]:
    cost = call.get("cost")
    called_at = call.get("called_at")
    return {
        "workspace_id": workspace_id,
        "submission_id": submission_id,
        "provider": call.get("provider"),
        "response_id": call.get("response_id"),
        "model": call.get("model"),
        "purpose": call.get("purpose") or "generate",
        "status": call.get("status") or "ok",
        "attempt": call.get("attempt") or 1,
        "input_tokens": call.get("input_tokens"),
        "cached_input_tokens": call.get("cached_input_tokens"),
        "output_tokens": call.get("output_tokens"),
        "reasoning_tokens": call.get("reasoning_tokens"),
        "latency_ms": call.get("latency_ms"),
        "amount": None if cost is None else Decimal(cost["amount"]),
        "currency": None if cost is None else cost["currency"],
        "called_at": None if called_at is None else datetime.fromisoformat(called_at.upper()),
        "recorded_at": now,
    }
