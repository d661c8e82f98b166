"""Every type of problem that an answer may name: what it means and with which status it comes.

A type is an error of a service, under its own name, or a status for which no service speaks. Each has a page at
/problems/<name>, where its URI leads.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from app.edge.problems import dashed, status_of
from app.kernel.errors import ServiceError

_BY_STATUS: Final = (400, 401, 403, 404, 405, 408, 409, 411, 412, 413, 414, 415, 422, 429, 431, 500, 501, 503)
SHAPE: Final = "The body, path or query does not have the shape that is described; `errors` names each place."


@dataclass(frozen=True)
class ProblemType:
    """One type of problem."""

    name: str
    status: int
    text: str

    @property
    def title(self) -> str:
        """Return the title that its problems carry."""
        return HTTPStatus(self.status).phrase


def problem_types() -> dict[str, ProblemType]:
    """Return every type by its name."""
    found = {dashed(HTTPStatus(status).phrase): _plain(status) for status in _BY_STATUS}
    found["shape"] = ProblemType("shape", 422, SHAPE)
    for error in _below(ServiceError):
        if error.__module__ != ServiceError.__module__:
            name = dashed(error.__name__)
            found[name] = ProblemType(name, status_of(error), " ".join((error.__doc__ or "").split()))
    return dict(sorted(found.items()))


def _plain(status: int) -> ProblemType:
    phrase = HTTPStatus(status)
    return ProblemType(dashed(phrase.phrase), status, phrase.description or f"{phrase.phrase}.")


def _below(kind: type[ServiceError]) -> Iterator[type[ServiceError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)
