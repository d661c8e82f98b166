"""Server-sent events (WHATWG HTML, 9.2): a response that goes on while its reader stays, without holding a connection.

Each look is a unit of work of its own, keys and rights included. A stream takes one of the places of those who wait
and ends by itself after some minutes; the reader comes back with `Last-Event-ID` and misses nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, cast

from flask import Response, current_app, request, stream_with_context
from sqlalchemy.exc import OperationalError

from app.edge.unit_of_work import ProofdeskApp
from app.edge.waiting import Seat, take_seat
from app.kernel.clock import monotonic_ms
from app.kernel.errors import Fault, Invalid, ServiceError, Unavailable

LIFE_MS: Final = 5 * 60_000
KEEP_ALIVE_MS: Final = 15_000
_RETRY_MS: Final = 1_000


class NoPlaceToWait(Unavailable):
    """As many requests wait as may; come back in a moment, or ask without waiting."""


class BadEventId(Invalid):
    """Last-Event-ID is the id of an event of this stream."""


@dataclass(frozen=True)
class Event:
    """One event of a stream: its place, its kind, and JSON on one line."""

    seq: int
    type: str
    data: bytes


def start_after(default: int) -> int:
    """Return the place after which the reader wants to go on: its Last-Event-ID, else the default.

    Raises:
        BadEventId: it is no number.
    """
    text = request.headers.get("Last-Event-ID")
    if text is None or not text.strip():
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise BadEventId(faults=[Fault("Last-Event-ID", "must be the id of an event of this stream")])
    return int(text)


def stream(*, topic: str, after: int, read: Callable[[int], Sequence[Event]]) -> Response:
    """Return a response that sends what `read` finds after a place, and goes on with what comes.

    Args:
        topic: What is rung when there is something new.
        read: Returns the next events after a place, some at a time; it runs in a unit of work of its own.

    Raises:
        NoPlaceToWait: too many wait already.
    """
    seat = take_seat(topic)
    if seat is None:
        raise NoPlaceToWait(retry_after_seconds=1)
    # The place outlives the view; the stream gives it back when it ends, however it ends.
    frames = _Stream(seat, stream_with_context(_frames(seat, after, read)))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(frames, mimetype="text/event-stream", headers=headers)


class _Stream:
    """Frames that give their place back even when nobody ever asks for the first one."""

    def __init__(self, seat: Seat, frames: Iterator[bytes]) -> None:
        self._seat: Seat | None = seat
        self._frames = frames

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._frames)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the stream; the server calls it when the reader has gone."""
        if self._seat is not None:
            self._seat.leave()
            self._seat = None
        with suppress(AttributeError):
            self._frames.close()  # type: ignore[attr-defined]  # a generator has it


def _frames(seat: Seat, after: int, read: Callable[[int], Sequence[Event]]) -> Iterator[bytes]:
    app = cast(ProofdeskApp, current_app)
    end_ms = monotonic_ms() + LIFE_MS
    spoke_ms = monotonic_ms()
    yield f"retry: {_RETRY_MS}\n\n".encode()
    while monotonic_ms() < end_ms:
        heard = seat.heard()
        try:
            with app.admitted():
                events = read(after)
        except (ServiceError, OperationalError):
            # The key was revoked, or the database went away; the reader is told when it comes back.
            return
        for event in events:
            yield b"id: %d\nevent: %s\ndata: %s\n\n" % (event.seq, event.type.encode(), event.data)
            after, spoke_ms = event.seq, monotonic_ms()
        if events:
            continue
        if monotonic_ms() - spoke_ms >= KEEP_ALIVE_MS:
            yield b": still here\n\n"
            spoke_ms = monotonic_ms()
        seat.wait(heard, at_most_seconds=1.0)
