"""Keep the calls of language models that submissions took. Called by the flow in, and for what is reported later."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.costs.models import LlmCall
from app.costs.rules import from_span
from app.costs.service.llm_prices import Kept, priced_calls
from app.kernel.ids import new_ids


def keep_calls(
    session: Session, *, now: datetime, workspace_id: UUID, calls: Sequence[tuple[UUID, Mapping[str, Any]]]
) -> Kept:
    """Keep these calls of submissions, each once, with what it costs by the list.

    Args:
        calls: The submission's id, and the call as a program sends it; the door has checked its shape.
    """
    if not calls:
        return Kept(0, 0)
    told = [_row(now, workspace_id, of, from_span(call)) for of, call in calls]
    by_list = priced_calls(session, now=now, workspace_id=workspace_id, calls=told)
    rows = [{"id": id_, **row, **costs} for id_, row, costs in zip(new_ids(len(calls)), told, by_list, strict=True)]
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
        "cache_write_input_tokens": call.get("cache_write_input_tokens"),
        "output_tokens": call.get("output_tokens"),
        "reasoning_tokens": call.get("reasoning_tokens"),
        "latency_ms": call.get("latency_ms"),
        "amount": None if cost is None else Decimal(cost["amount"]),
        "currency": None if cost is None else cost["currency"],
        "called_at": None if called_at is None else datetime.fromisoformat(called_at.upper()),
        "recorded_at": now,
    }
