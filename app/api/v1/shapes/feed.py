"""Shapes of the feed of decisions."""

from typing import Any, Final

from pydantic import BaseModel, Field

from app.api.v1.shapes.parts import Query
from app.kernel.paging import DEFAULT_LIMIT, MAX_LIMIT

_LAST: Final = 2**53 - 1


class FeedQuery(Query):
    """From where to read, how much, and how long to wait for something new."""

    after: int = Field(0, ge=0, le=_LAST, description="the number of the last entry that was read")
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    wait: int = Field(0, ge=0, le=55, description="seconds to wait for an entry")


class StreamQuery(Query):
    """From where to read."""

    after: int = Field(0, ge=0, le=_LAST, description="the number of the last entry that was read")


class FeedEntryOut(BaseModel):
    """One entry of the feed; `data` is that of the webhook of the same event."""

    seq: int = Field(description="1, 2, 3 ... for each workspace, without a gap")
    type: str = Field(description="submission.decided, submission.superseded or submission.expired")
    at: str = Field(description="when it became final")
    data: dict[str, Any]


class FeedOut(BaseModel):
    """A page of the feed."""

    data: list[FeedEntryOut]
    next_after: int
    has_more: bool
