"""/api/v1/decisions: every final decision in order, page by page or as a stream, from any place again. Scope: read."""

from collections.abc import Sequence
from typing import Any, Final

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.shapes.feed import FeedOut, FeedQuery, StreamQuery
from app.api.v1.shapes.parts import Problem
from app.edge.context import db, workspace_id
from app.edge.guard import allow
from app.edge.streaming import Event, start_after, stream
from app.edge.waiting import NotYet, may_wait
from app.feed.models import FeedEntry
from app.feed.queries import list_entries
from app.kernel.instants import instant_text
from app.kernel.strict_json import encode
from app.review.queries import read_entries

api = APIBlueprint(
    "decision_feed",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="decisions")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 422: Problem},
)
_STREAM_AT_ONCE: Final = 50


@api.get("/decisions", responses={200: FeedOut})
@allow("read")
def get_all(query: FeedQuery) -> Response:
    """Read final decisions, supersessions and expiries in order; `wait` holds the answer until there is one.

    Keep `next_after` and pass it as `after`: nothing is missed and nothing comes twice, whatever is decided meanwhile.
    """
    entries = list_entries(db(), workspace_id=workspace_id(), after=query.after, limit=query.limit + 1)
    if not entries and may_wait(query.wait, topic=workspace_id().hex):
        raise NotYet
    more = len(entries) > query.limit
    entries = entries[: query.limit]
    last = entries[-1].seq if entries else query.after
    return answer({"data": _documents(entries), "next_after": last, "has_more": more})


@api.get(
    "/decisions/stream",
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "events"}},
)
@allow("read")
def get_stream(query: StreamQuery) -> Response:
    """Read the same as server-sent events: `id` is the number, `event` the type, `data` the entry.

    `Last-Event-ID`, which browsers send by themselves, goes on where a stream was broken off; `after` begins anywhere.
    """
    return stream(topic=workspace_id().hex, after=start_after(query.after), read=_read)


def _read(after: int) -> Sequence[Event]:
    entries = list_entries(db(), workspace_id=workspace_id(), after=after, limit=_STREAM_AT_ONCE)
    return [Event(document["seq"], document["type"], encode(document)) for document in _documents(entries)]


def _documents(entries: Sequence[FeedEntry]) -> list[dict[str, Any]]:
    data = read_entries(db(), entries=entries) if entries else []
    return [
        {"seq": entry.seq, "type": entry.type, "at": instant_text(entry.due_at), "data": about}
        for entry, about in zip(entries, data, strict=True)
    ]
