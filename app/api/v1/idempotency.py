"""`Idempotency-Key`: a retry gets the answer that was given, for 7 days. Called by the calls that honour it."""

from collections.abc import Callable
from typing import Final

from flask import Response, request

from app.api.v1.answers import from_bytes
from app.edge.context import db, now, principal, strict_request
from app.kernel.errors import Fault, Invalid
from app.kernel.ids import show
from app.submissions.service import Asked, Kept, answer_once

KEY_LENGTH: Final = 255


class BadIdempotencyKey(Invalid):
    """An Idempotency-Key has 1 to 255 visible ASCII characters."""


def once(path: str, work: Callable[[], Kept]) -> Response:
    """Return the answer of the work, or the one kept for this Idempotency-Key."""
    idempotency_key = read_idempotency_key()
    if idempotency_key is None:
        kept = work()
    else:
        kept = answer_once(
            db(),
            now=now(),
            asked=Asked(principal().key_id, idempotency_key, whole_request(path)),
            work=work,
        )
    return answer_kept(kept)


def whole_request(path: str) -> bytes:
    """Return method, path and body: what tells this request from another one under the same Idempotency-Key."""
    return f"POST {path}\n".encode() + strict_request().raw_body


def answer_kept(kept: Kept) -> Response:
    """Return an answer as it was made or kept."""
    response = from_bytes(kept.body, kept.status_code)
    if kept.submission_id is not None:
        response.headers["Location"] = f"/api/v1/submissions/{show('submission', kept.submission_id)}"
    if kept.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def read_idempotency_key() -> str | None:
    """Return the Idempotency-Key of this request, if it has one.

    Raises:
        BadIdempotencyKey: it is empty, too long, or not of visible ASCII characters.
    """
    text = request.headers.get("Idempotency-Key")
    if text is None:
        return None
    # The header is a structured string in the IETF draft, bare almost everywhere else; both name the same key.
    key = text[1:-1] if len(text) >= 2 and text[0] == text[-1] == '"' else text
    if not 1 <= len(key) <= KEY_LENGTH or not all("!" <= c <= "~" for c in key):
        raise BadIdempotencyKey(faults=[Fault("Idempotency-Key", "must have 1 to 255 visible ASCII characters")])
    return key
