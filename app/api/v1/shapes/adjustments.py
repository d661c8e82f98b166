"""Shapes of adjustments of time, and of closes of the books."""

from typing import Annotated, Literal

from pydantic import Field

from app.api.v1.shapes.parts import Instant, Name, Note, PageQuery, Seconds, Shape

Reason = Literal["worked_elsewhere", "not_counted", "not_working", "other"]


class AdjustmentIn(Shape):
    """What the counted time of one's own claim should be, and why."""

    claim: Name
    seconds: Seconds
    reason: Reason
    note: Note


class AddedTimeIn(Shape):
    """Time of somebody outside of items, such as work that no page saw."""

    person: Name
    at: Instant
    seconds: Seconds
    reason: Reason = "worked_elsewhere"
    note: Note


class GrantIn(Shape):
    """Another time than was asked for, if it is to be another, and a word to her."""

    seconds: Seconds | None = None
    reply: Annotated[str, Field(max_length=2_000)] = ""


class RefuseIn(Shape):
    """Why not."""

    reply: Note


class AdjustmentsQuery(PageQuery):
    """Which adjustments."""

    state: Literal["asked", "granted", "refused"] | None = None


class CloseIn(Shape):
    """Up to when the books are to be closed; a quarter hour of UTC that is over."""

    until: Instant
