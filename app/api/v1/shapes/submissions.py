"""Shapes of submissions: what a program sends, and what it learns."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, field_validator, model_validator

from app.api.v1.shapes.parts import (
    EscalationStep,
    Instant,
    Metadata,
    Name,
    PageQuery,
    PersonName,
    Problem,
    Query,
    Shape,
    Text,
    read_instant,
)
from app.kernel.durations import DurationInvalid, parse_duration
from app.kernel.pointers import PointerInvalid, parse_pointer
from app.queue.rules.escalation import MAX_STEPS

MAX_ACTIONS: Final = 50
MAX_BLOCKS: Final = 100
MAX_FIELDS: Final = 500
MAX_NAMED: Final = 100
MAX_BATCH: Final = 1_000
_ONE: Final = {"type": "object", "title": "SubmissionIn", "description": "the body of POST /submissions"}


def _deadline(text: str) -> str:
    """Accept an ISO 8601 duration of a second to 366 days, or an RFC 3339 instant."""
    try:
        duration_ms = parse_duration(text)
    except DurationInvalid:
        read_instant(text)
        return text
    if not 1_000 <= duration_ms <= 366 * 86_400_000:
        raise ValueError("must be a duration of a second to 366 days, or an instant")
    return text


Deadline = Annotated[
    str,
    Field(max_length=40),
    AfterValidator(_deadline),
    WithJsonSchema({"type": "string", "examples": ["PT4H", "2026-01-01T12:00:00Z"]}),
]
Confidence = Annotated[float, Field(ge=0, le=1)]


class Risk(Shape):
    """What the program knows of an action's risk."""

    model_config = ConfigDict(extra="allow", strict=True)

    level: str | None = Field(None, pattern="^(low|medium|high|critical)$")
    reversible: bool | None = None
    destructive: bool | None = None


class ActionIn(Shape):
    """A proposed tool call. Without a `call_id` the first is c1, the second c2, and so on."""

    call_id: Name | None = None
    kind: Name | None = None
    name: Name
    args: dict[str, Any] = Field(default_factory=dict)
    args_schema: dict[str, Any] | None = None
    description: Text | None = None
    preview: Text | None = None
    allowed: list[Annotated[str, Field(pattern="^(approve|edit|reject|respond)$")]] | None = Field(None, min_length=1)
    risk: Risk | None = None


class ContextBlock(Shape):
    """Something the reviewer needs to see beside the output."""

    type: Name
    title: Annotated[str, Field(max_length=200)] | None = None
    value: Any


class Model(Shape):
    """Which model spoke."""

    model_config = ConfigDict(extra="allow", strict=True)

    provider: Name | None = None
    name: Name | None = None
    version: Name | None = None


class Prompt(Shape):
    """Which prompt it was given."""

    model_config = ConfigDict(extra="allow", strict=True)

    id: Name | None = None
    version: Name | None = None


class RequestedBy(Shape):
    """Who wants it done: a program, and whom it acts for, who then may not judge it."""

    agent: Name | None = None
    on_behalf_of: PersonName | None = None


class Candidates(Shape):
    """Who alone may judge it: people by id or e-mail address, groups by name or id."""

    users: list[PersonName] = Field(default_factory=list, max_length=MAX_NAMED)
    groups: list[Name] = Field(default_factory=list, max_length=MAX_NAMED)


class SubmissionIn(Shape):
    """An output, proposed actions, or both."""

    task_type: Name
    external_id: Name | None = None
    output: Any = None
    confidence: Confidence | None = None
    field_confidence: dict[str, Confidence | None] = Field(default_factory=dict, max_length=MAX_FIELDS)
    context: list[ContextBlock] = Field(default_factory=list, max_length=MAX_BLOCKS)
    actions: list[ActionIn] = Field(default_factory=list, max_length=MAX_ACTIONS)
    model: Model | None = None
    prompt: Prompt | None = None
    usage: dict[str, Any] | None = None
    endpoint: Name | None = None
    priority: int | None = Field(None, ge=0, le=100)
    deadline: Deadline | None = None
    on_timeout: str | None = Field(None, pattern="^(reject|use_output|expire|escalate)$")
    escalation: list[EscalationStep] | None = Field(None, max_length=MAX_STEPS)
    requested_by: RequestedBy | None = None
    candidates: Candidates | None = None
    excluded: list[PersonName] = Field(default_factory=list, max_length=MAX_NAMED)
    approvals_required: int | None = Field(None, ge=1, le=10)
    metadata: Metadata = Field(default_factory=dict)

    @field_validator("field_confidence")
    @classmethod
    def _pointers(cls, value: dict[str, float | None]) -> dict[str, float | None]:
        for key in value:
            try:
                parse_pointer(key)
            except PointerInvalid as error:
                raise ValueError(f"{key[:100]!r} is not a JSON Pointer such as /city") from error
        return value

    @model_validator(mode="after")
    def _says_something(self) -> "SubmissionIn":
        if self.output is None and not self.actions:
            raise ValueError("give an output, actions, or both")
        ids = [a.call_id or f"c{n}" for n, a in enumerate(self.actions, start=1)]
        if len(set(ids)) != len(ids):
            raise ValueError("two actions have the same call_id")
        return self


class BatchIn(Shape):
    """Submissions to be taken in, each for itself: what is wrong with one is said in its place."""

    submissions: list[Annotated[Any, WithJsonSchema(_ONE)]] = Field(min_length=1, max_length=MAX_BATCH)


class FiredRuleOut(BaseModel):
    """A check or rule that had a say in the route."""

    name: str
    kind: str
    detail: str


class RouteOut(BaseModel):
    """Where it went, and how likely one like it is to be reviewed."""

    outcome: str = Field(description="pass, review or block")
    rules: list[FiredRuleOut]
    policy_version: int | None
    inclusion_probability: float


class BatchResult(BaseModel):
    """What became of one element: the answer that it would have got alone, or the error."""

    id: str | None = None
    status: str | None = Field(None, description="passed, waiting or blocked")
    content_sha256: str | None = Field(None, description="of the element's exact bytes in the body, in hex")
    route: RouteOut | None = None
    expected_wait_seconds: str | None = None
    error: Problem | None = None


class BatchOut(BaseModel):
    """One result for each element, in their order."""

    results: list[BatchResult]


class SubmissionQuery(Query):
    """How to read one submission."""

    wait: int = Field(0, ge=0, le=55, description="seconds to wait for a final decision")


class SubmissionsQuery(PageQuery):
    """What a list of submissions is narrowed to."""

    status: str | None = Field(None, max_length=20)
    task_type: Name | None = None
    external_id: Name | None = None
    model: Name | None = None
    since: Instant | None = None
    until: Instant | None = None
