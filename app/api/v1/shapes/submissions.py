"""Shapes of submissions: what a program sends, and what it learns."""

from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, field_validator, model_validator

from app.api.v1.shapes.model_use import MAX_CALLS, Cents, CurrencyCode, LlmCall, Model, Prompt, Usage
from app.api.v1.shapes.parts import (
    NOTE_LENGTH,
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
Pointed = TypeVar("Pointed", dict[str, Any], list[str])
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


class RiskAmount(Shape):
    """How much money an action moves."""

    value: Cents
    currency: CurrencyCode


class Risk(Shape):
    """What the program knows of an action's risk; hints as MCP calls them."""

    model_config = ConfigDict(extra="allow", strict=True)

    level: str | None = Field(None, pattern="^(low|medium|high|critical)$")
    reversible: bool | None = None
    destructive: bool | None = None
    read_only: bool | None = None
    idempotent: bool | None = None
    open_world: bool | None = None
    amount: RiskAmount | None = None
    reasons: list[Text] = Field(default_factory=list, max_length=20)


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


class Evidence(Shape):
    """Where a field's value comes from."""

    model_config = ConfigDict(extra="allow", strict=True)

    source: Annotated[str, Field(max_length=2_000)] | None = None
    quote: Text | None = None
    url: Annotated[str, Field(max_length=2_000)] | None = None


class Trace(Shape):
    """Where the run that made it can be looked at; `traceparent` as in W3C Trace Context."""

    traceparent: Annotated[str, Field(pattern="^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")] | None = None
    url: Annotated[str, Field(max_length=2_000, pattern="^https?://")] | None = None


class RequestedBy(Shape):
    """Who wants it done: a program, and whom it acts for, who then may not judge it."""

    agent: Name | None = None
    on_behalf_of: PersonName | None = None


class Candidates(Shape):
    """Who alone may judge it: people by id or e-mail address, groups by name or id."""

    users: list[PersonName] = Field(default_factory=list, max_length=MAX_NAMED)
    groups: list[Name] = Field(default_factory=list, max_length=MAX_NAMED)


class SubmissionIn(Shape):
    """An output, proposed actions, or both.

    `dry_run` says what would become of it and keeps nothing. `ref` is where a framework resumes, `metadata` is yours;
    both come back with the decision. `sensitive` names values of output and args that an item's page hides
    until somebody asks, which the trail notes; a reviewer under a claim sees them, because she has to judge them.
    """

    task_type: Name
    external_id: Name | None = None
    title: Annotated[str, Field(max_length=200)] | None = None
    instructions: Text | None = None
    output: Any = None
    confidence: Confidence | None = None
    field_confidence: dict[str, Confidence | None] = Field(default_factory=dict, max_length=MAX_FIELDS)
    evidence: dict[str, Annotated[list[Evidence], Field(max_length=20)]] = Field(
        default_factory=dict, max_length=MAX_FIELDS
    )
    context: list[ContextBlock] = Field(default_factory=list, max_length=MAX_BLOCKS)
    actions: list[ActionIn] = Field(default_factory=list, max_length=MAX_ACTIONS)
    model: Model | None = None
    prompt: Prompt | None = None
    usage: Usage | None = None
    llm_calls: list[LlmCall] = Field(default_factory=list, max_length=MAX_CALLS)
    endpoint: Name | None = None
    priority: int | None = Field(None, ge=0, le=100)
    deadline: Deadline | None = None
    on_timeout: str | None = Field(None, pattern="^(reject|use_output|expire|escalate)$")
    escalation: list[EscalationStep] | None = Field(None, max_length=MAX_STEPS)
    requested_by: RequestedBy | None = None
    candidates: Candidates | None = None
    excluded: list[PersonName] = Field(default_factory=list, max_length=MAX_NAMED)
    approvals_required: int | None = Field(None, ge=1, le=10)
    ref: Metadata = Field(default_factory=dict)
    trace: Trace | None = None
    sensitive: list[str] = Field(default_factory=list, max_length=MAX_NAMED)
    metadata: Metadata = Field(default_factory=dict)
    dry_run: bool = False

    @field_validator("field_confidence", "evidence", "sensitive")
    @classmethod
    def _pointers(cls, value: Pointed) -> Pointed:
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


class OutcomeIn(Shape):
    """What was learnt later of a submission: whether it was right, and what would have been."""

    correct: bool | None = None
    label: Name | None = None
    output: Any = None
    note: Annotated[str, Field(max_length=NOTE_LENGTH)] | None = None
    observed_at: Instant | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "OutcomeIn":
        if self.correct is None and self.label is None and self.output is None:
            raise ValueError("give correct, a label or the true output")
        return self


class OutcomeOut(BaseModel):
    """The report that was kept."""

    id: str
    recorded_at: str


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
    dry_run: bool | None = Field(None, description="true when nothing was kept")
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
