"""A code of an authenticator as a form posts it, tried and answered alike wherever it is asked for. Called by the
sign-in pages and the account.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar
from uuid import UUID

from flask import request

from app.edge.context import db, now
from app.identity.service import Refused, TooManyAttempts

T = TypeVar("T")
WRONG: Final = "That code is not right, or was used already. Wait for the next one."
_LENGTH: Final = 100


def typed_code() -> str:
    """Return what was typed."""
    return request.form.get("code", "")[:_LENGTH]


def try_code(work: Callable[..., T | Refused], *, person_id: UUID) -> tuple[T | None, str, int]:
    """Do what a code is asked for.

    Args:
        work: A service of the second factor that takes session, now, person_id, code and address.

    Returns:
        What it returned and nothing else, or None with a sentence and the status to say it with.
    """
    asked: dict[str, Any] = {"now": now(), "person_id": person_id, "code": typed_code()}
    try:
        done = work(db(), **asked, address=request.remote_addr or "unknown")
    except TooManyAttempts as error:
        return None, f"Too many attempts. Try again in {error.retry_after_seconds} s.", 429
    return (None, WRONG, 422) if isinstance(done, Refused) else (done, "", 200)
