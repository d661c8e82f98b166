"""Parts that several shapes share: bounded texts, instants, durations, amounts, and errors."""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from app.kernel.durations import parse_duration
from app.kernel.errors import ServiceError
from app.kernel.money import parse_amount, parse_factor
from app.kernel.paging import DEFAULT_LIMIT, MAX_LIMIT

NAME_LENGTH: Final = 200
TEXT_LENGTH: Final = 20_000
NOTE_LENGTH: Final = 2_000
METADATA_KEYS: Final = 64
FIRST_YEAR, LAST_YEAR = 2000, 2199


class Shape(BaseModel):
    """Base of what is read: unknown keys and wrong types are refused, never bent."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Query(BaseModel):
    """Base of query strings, where everything arrives as text."""

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def model_json_schema(cls, *asked: Any, **more: Any) -> dict[str, Any]:
        """Return what pydantic does; the plain schema, which is asked for at every request, is made once."""
        return super().model_json_schema(*asked, **more) if asked or more else _plain_schema(cls)


@cache
def _plain_schema(query: type[Query]) -> dict[str, Any]:
    return super(Query, query).model_json_schema()


def read_instant(text: str) -> datetime:
    """Read an RFC 3339 instant with an offset, in the years 2000-2199; anything else is a ValueError."""
    if len(text) < 20 or text[10] not in "Tt":
        raise ValueError("must be an RFC 3339 instant such as 2026-01-01T00:00:00Z")
    try:
        at = datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise ValueError("must be an RFC 3339 instant such as 2026-01-01T00:00:00Z") from error
    if at.tzinfo is None or not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise ValueError(f"must have an offset and a year from {FIRST_YEAR} to {LAST_YEAR}")
    return at.astimezone(UTC)


def _instant(value: Any) -> Any:
    return read_instant(value) if isinstance(value, str) else value


def _from_service(text: Any, read: Any) -> Any:
    """Read a text with a domain's own reader; its error becomes pydantic's."""
    if not isinstance(text, str):
        raise ValueError("must be a text")  # noqa: TRY004  # pydantic turns a ValueError, not a TypeError, into a fault
    try:
        return read(text)
    except ServiceError as error:
        raise ValueError(error.faults[0].detail if error.faults else error.detail) from error


def _day(value: Any) -> date:
    if not isinstance(value, str) or len(value) != len("2026-01-31"):
        raise ValueError("takes a day such as 2026-01-31")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ValueError("takes a day such as 2026-01-31") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"takes a day of the years {FIRST_YEAR} to {LAST_YEAR}")
    return day


def _duration(text: str) -> str:
    _from_service(text, parse_duration)
    return text


Name = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH)]
Text = Annotated[str, Field(max_length=TEXT_LENGTH)]
Note = Annotated[str, Field(min_length=1, max_length=NOTE_LENGTH)]
# A person's id or e-mail address.
PersonName = Annotated[str, Field(min_length=1, max_length=254)]
Instant = Annotated[datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]
DurationMs = Annotated[
    int,
    BeforeValidator(lambda v: _from_service(v, parse_duration)),
    Field(ge=1_000, le=366 * 86_400_000),
    WithJsonSchema({"type": "string", "format": "duration", "examples": ["PT4H"]}),
]
Amount = Annotated[
    Decimal,
    BeforeValidator(lambda v: _from_service(v, parse_amount)),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?$", "examples": ["30.00"]}),
]
# Decimal text such as 90.5, read as milliseconds; at most a day.
Seconds = Annotated[
    int,
    BeforeValidator(lambda v: _from_service(v, lambda text: int(parse_amount(text) * 1_000))),
    Field(ge=0, le=86_400_000),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,5}(\.\d{1,6})?$", "examples": ["90.5"]}),
]
Factor = Annotated[
    Decimal,
    BeforeValidator(lambda v: _from_service(v, parse_factor)),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,10}(\.\d{1,10})?$", "examples": ["1.0832"]}),
]
Day = Annotated[
    date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-01-31"]})
]
Metadata = Annotated[dict[str, Any], Field(max_length=METADATA_KEYS)]


Duration = Annotated[
    str,
    Field(max_length=40),
    AfterValidator(_duration),
    WithJsonSchema({"type": "string", "format": "duration", "examples": ["PT4H"]}),
]


class EscalationTo(Shape):
    """Where an item goes that has waited too long. Without a queue it stays in its own."""

    queue: Name | None = None
    groups: list[Name] = Field(default_factory=list, max_length=20)
    leads: bool = False


class EscalationStep(Shape):
    """One step: after how much business time since the item came in or since the step before, and what changes."""

    after: Duration
    to: EscalationTo | None = None
    priority: int | None = Field(None, ge=0, le=100)


class IdPath(BaseModel):
    """The id at the end of a path."""

    id: str = Field(max_length=100)


class PageQuery(Query):
    """Which page of a list."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: str | None = Field(None, max_length=500)


class FaultShape(BaseModel):
    """One thing wrong with a body."""

    pointer: str = Field(description="JSON Pointer (RFC 6901) into the body")
    detail: str


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FaultShape] | None = None


class Anything(BaseModel):
    """An object whose members are listed in its description."""

    model_config = ConfigDict(extra="allow")
