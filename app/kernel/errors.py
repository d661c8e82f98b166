"""The kinds of error a service may raise.

A service defines its named errors beside the function that raises them and derives each from one kind here.
The edge maps a kind to a status once (app/edge/problems.py); anything that is not one of these is a bug and a 500.
Nothing here knows HTTP.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a body: `pointer` is a JSON Pointer into it, `detail` a sentence for a person."""

    pointer: str
    detail: str


class ServiceError(Exception):
    """Base of every anticipated failure. `detail` is safe to show to whoever asked.

    `extra` holds further members for the answer (for example the winner of a race), JSON-ready.
    """

    def __init__(
        self, detail: str = "", *, faults: Sequence[Fault] = (), extra: Mapping[str, Any] | None = None
    ) -> None:
        self.detail = detail or (type(self).__doc__ or "").strip().split("\n")[0]
        self.faults = tuple(faults)
        self.extra = dict(extra or {})
        super().__init__(self.detail)


class Malformed(ServiceError):
    """The bytes could not be read as what they claim to be."""


class Unauthenticated(ServiceError):
    """Nobody we know is asking."""


class Forbidden(ServiceError):
    """This actor may not do that."""


class NotFound(ServiceError):
    """There is no such thing in this workspace."""


class Conflict(ServiceError):
    """The state of the thing does not allow that."""


class Outdated(ServiceError):
    """It is not any more what the asker says it is."""


class Gone(ServiceError):
    """It ended and does not come back."""


class Invalid(ServiceError):
    """The request was read, but it breaks a rule."""


class TooLarge(ServiceError):
    """More than is taken at once."""


class UnsupportedMedia(ServiceError):
    """This media type or encoding is not read here."""


class TooMany(ServiceError):
    """Too many requests; `retry_after_seconds` says when to come back."""

    def __init__(self, detail: str = "", *, retry_after_seconds: int = 1) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(TooMany):
    """Something that this needs is away for the moment; nothing was kept."""
