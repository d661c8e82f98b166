"""Shapes of queues and calendars: how work is ordered, when it is due, and what falls when it waits."""

from datetime import date
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, WithJsonSchema

from app.api.v1.shapes.parts import DurationMs, Name, Shape
from app.queue.rules.calendars import SPANS_A_DAY

MAX_DAYS: Final = 1_000
MAX_RELAXATIONS: Final = 10

# A calendar never holds more than a week, and a day is an ISO 8601 date.
Clock = Annotated[str, Field(pattern="^[0-9]{2}:[0-9]{2}$")]
Span = Annotated[list[Clock], Field(min_length=2, max_length=2)]


def _day(value: object) -> object:
    return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else value


Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]


class CalendarIn(Shape):
    """When people work: weekly hours in a zone's wall time, less public holidays and closed days."""

    name: Name
    zone: Name
    hours: dict[Annotated[str, Field(max_length=3)], Annotated[list[Span], Field(max_length=SPANS_A_DAY)]] = Field(
        max_length=7, examples=[{"mon": [["09:00", "12:00"], ["13:00", "17:00"]], "sat": [["22:00", "06:00"]]}]
    )
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None
    subdivision: Annotated[str, Field(max_length=40)] | None = None
    closed_days: list[Day] = Field(default_factory=list, max_length=MAX_DAYS)
    open_days: list[Day] = Field(default_factory=list, max_length=MAX_DAYS)


class RelaxationIn(Shape):
    """After how much business time in line which skills are no longer asked for, and whether candidates fall."""

    after: DurationMs
    drop: list[Name] = Field(default_factory=list, max_length=100)
    candidates: bool = False


class QueueIn(Shape):
    """How a queue is worked. What is left out gets its usual value, also when a queue is changed."""

    name: Name
    calendar: Name | None = None
    value_order: bool = False
    half_life: DurationMs = 14_400_000
    due_soon: DurationMs = 3_600_000
    skip_policy: str = Field("me_last", pattern="^(me_last|others|lead)$")
    skip_reasons: list[Name] = Field(default_factory=list, max_length=50)
    relaxations: list[RelaxationIn] = Field(default_factory=list, max_length=MAX_RELAXATIONS)
    lapse: DurationMs = 14_400_000
    paused: bool = False
