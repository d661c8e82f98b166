"""A submission's body as the rest of the product reads it.

The exact bytes are what is kept; this reads them back. The door has checked the shape before anything is kept, so
reading cannot fail here. Actions without a call id get one by position, the same on every reading.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Action:
    """A proposed tool call."""

    call_id: str
    name: str
    args: dict[str, Any]
    kind: str | None = None
    args_schema: dict[str, Any] | None = None
    description: str | None = None
    preview: str | None = None
    allowed: tuple[str, ...] = ("approve", "edit", "reject", "respond")
    risk: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Received:
    """What a program sent. `output` means something only when `has_output`."""

    task_type: str
    external_id: str | None
    has_output: bool
    output: Any
    confidence: float | None
    field_confidence: Mapping[str, float | None]
    context: tuple[Mapping[str, Any], ...]
    actions: tuple[Action, ...]
    model: Mapping[str, Any]
    prompt: Mapping[str, Any]
    usage: Mapping[str, Any]
    endpoint: str | None
    metadata: Mapping[str, Any]
    requested_by: Mapping[str, Any] = field(default_factory=dict)
    title: str | None = None
    instructions: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    llm_calls: tuple[Mapping[str, Any], ...] = ()
    ref: Mapping[str, Any] = field(default_factory=dict)
    trace: Mapping[str, Any] = field(default_factory=dict)
    sensitive: tuple[str, ...] = ()

    @property
    def llm_cost(self) -> tuple[Decimal, str] | None:
        """Return what its usage says that the model's calls cost: an amount and its currency."""
        cost = self.usage.get("cost")
        return None if cost is None else (Decimal(cost["amount"]), cost["currency"])


def _read_action(position: int, body: Mapping[str, Any]) -> Action:
    return Action(
        call_id=body.get("call_id") or f"c{position}",
        name=body["name"],
        args=body.get("args") or {},
        kind=body.get("kind"),
        args_schema=body.get("args_schema"),
        description=body.get("description"),
        preview=body.get("preview"),
        allowed=tuple(body.get("allowed") or Action.allowed),
        risk=body.get("risk") or {},
    )


def read_received(body: Mapping[str, Any]) -> Received:
    """Read a checked body. A null output is no output."""
    return Received(
        task_type=body["task_type"],
        external_id=body.get("external_id"),
        has_output=body.get("output") is not None,
        output=body.get("output"),
        confidence=body.get("confidence"),
        field_confidence=body.get("field_confidence") or {},
        context=tuple(body.get("context") or ()),
        actions=tuple(_read_action(n, a) for n, a in enumerate(body.get("actions") or (), start=1)),
        model=body.get("model") or {},
        prompt=body.get("prompt") or {},
        usage=body.get("usage") or {},
        endpoint=body.get("endpoint"),
        metadata=body.get("metadata") or {},
        requested_by=body.get("requested_by") or {},
        title=body.get("title"),
        instructions=body.get("instructions"),
        evidence=body.get("evidence") or {},
        llm_calls=tuple(body.get("llm_calls") or ()),
        ref=body.get("ref") or {},
        trace=body.get("trace") or {},
        sensitive=tuple(body.get("sensitive") or ()),
    )
