"""Errors on their way out: each kind of error gets its status here, once.

Programs get RFC 9457 problems, people a page. An error that is none of the kinds is a bug: it is logged with its
traceback and answered without any detail.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from flask import Flask, Response, render_template, request
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from app.kernel import errors
from app.kernel.errors import Fault, ServiceError
from app.kernel.strict_json import encode

log = structlog.get_logger(__name__)

STATUS_OF: Final[dict[type[ServiceError], int]] = {
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.Outdated: 412,
    errors.TooLarge: 413,
    errors.UnsupportedMedia: 415,
    errors.Invalid: 422,
    errors.Unavailable: 503,
    errors.TooMany: 429,
}
API: Final = "/api/"
# Before a capital that begins a word, also after an abbreviation: Bad-JSON, JSON-Refused.
_WORD_ENDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# What PostgreSQL says when it, not the request, is in trouble: connection, resources, intervention, lock and time.
_DATABASE_TROUBLE: Final = ("08", "53", "57", "55P03", "40001", "40P01", "25P03")
RETRY_AFTER_SECONDS: Final = 2
WRONG_SHAPE: Final = "The request does not have the expected shape."


def status_of(error: type[ServiceError]) -> int:
    """Return the HTTP status of a kind of error."""
    return next(status for kind, status in STATUS_OF.items() if issubclass(error, kind))


def problem(
    status: int,
    detail: str,
    *,
    name: str | None = None,
    faults: Sequence[Fault] = (),
    extra: dict[str, Any] | None = None,
    retry_after: int | None = None,
) -> Response:
    """Return an RFC 9457 problem, or the error page when a person is looking.

    Args:
        name: The error's own name; it ends the type URI.
    """
    title = HTTPStatus(status).phrase
    if not request.path.startswith(API):
        response = Response(render_template("error.html", status=status, title=title, detail=detail), status)
    else:
        body = problem_document(status, detail, name=name, faults=faults, extra=extra)
        response = Response(encode(body), status, mimetype="application/problem+json")
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="proofdesk"'
    return response


def problem_document(
    status: int,
    detail: str,
    *,
    name: str | None = None,
    faults: Sequence[Fault] = (),
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the members of an RFC 9457 problem, JSON-ready."""
    title = HTTPStatus(status).phrase
    return {
        "type": f"{request.host_url}problems/{dashed(name or title)}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.path,
        **(extra or {}),
        **({"errors": [{"pointer": f.pointer, "detail": f.detail} for f in faults]} if faults else {}),
    }


def error_document(error: ServiceError | ValidationError) -> dict[str, Any]:
    """Return what an error of one part of a request says, for an answer that goes through the parts."""
    if isinstance(error, ValidationError):
        return problem_document(422, WRONG_SHAPE, name="Shape", faults=validation_faults(error))
    return problem_document(
        status_of(type(error)), error.detail, name=type(error).__name__, faults=error.faults, extra=error.extra
    )


def dashed(name: str) -> str:
    """Return the last part of a type's URI for an error's own name or a status's phrase."""
    return _WORD_ENDS.sub("-", name.replace(" ", "")).lower()


def _service_error(error: ServiceError) -> Response:
    retry_after = error.retry_after_seconds if isinstance(error, errors.TooMany) else None
    return problem(
        status_of(type(error)),
        error.detail,
        name=type(error).__name__,
        faults=error.faults,
        extra=error.extra,
        retry_after=retry_after,
    )


def validation_faults(error: ValidationError) -> list[Fault]:
    """Return what pydantic found as faults with JSON Pointers; an unknown key is named."""
    faults = []
    for found in error.errors(include_url=False, include_context=False, include_input=False):
        pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in found["loc"])
        said = found["msg"].removeprefix("Value error, ")
        detail = "is not a known key" if found["type"] == "extra_forbidden" else said
        faults.append(Fault(pointer, detail))
    return faults


def validation_problem(error: ValidationError) -> Response:
    """Answer a body, path or query that does not have its shape."""
    return problem(422, WRONG_SHAPE, faults=validation_faults(error), name="Shape")


def _http_error(error: HTTPException) -> Response:
    if error.response is not None:
        return error.response  # type: ignore[return-value]  # made by validation_problem
    response = problem(error.code or 500, error.description or "")
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:
            response.headers[name] = value
    return response


def _database_error(error: DBAPIError | PoolTimeout) -> Response:
    code = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    known = isinstance(error, PoolTimeout) or code.startswith(_DATABASE_TROUBLE)
    lost = isinstance(error, OperationalError | InterfaceError) and not code
    if known or lost:
        log.warning("database unavailable", code=code, error=str(error).split("\n")[0])
        return problem(503, "The database is away or overloaded; nothing was kept.", retry_after=RETRY_AFTER_SECONDS)
    return _bug(error)


def _bug(error: Exception) -> Response:
    log.error("bug", path=request.path, method=request.method, exc_info=error)
    return problem(500, "Something went wrong here; it has been logged.")


def install(app: Flask) -> None:
    """Answer every error of this app with a problem or a page."""
    app.register_error_handler(ServiceError, _service_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(PoolTimeout, _database_error)
    app.register_error_handler(Exception, _bug)
