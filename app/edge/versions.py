"""Changes that know what they change: nobody overwrites what she has not seen.

Whoever reads settings gets a tag of what they say, and may send it back with a change: programs as If-Match (RFC 9110,
section 13.1.1), pages in a hidden field. The tag is a digest of the settings themselves, so what moves by itself beside
them is no change. Whoever changes locks them until the end, so the comparison still holds when the change is made.
Called by the doors.
"""

from collections.abc import Callable, Collection, Mapping
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from flask import request

from app.edge.context import db
from app.kernel.db import lock_name
from app.kernel.errors import Outdated
from app.kernel.strict_json import encode

SEEN: Final = "seen"
CHANGED_MEANWHILE: Final = (
    "Somebody else changed this while you were at it. Below is what you entered; "
    "saving again puts it in the place of theirs."
)
_DIGITS: Final = 32


class ChangedMeanwhile(Outdated):
    """It was changed since it was read; read it again and decide anew."""


def version_of(settings: Mapping[str, Any], *, moving: Collection[str] = ()) -> str:
    """Return a tag that is equal exactly when the settings are, those that move by themselves left aside."""
    still = {name: value for name, value in settings.items() if name not in moving}
    return sha256(encode(still)).hexdigest()[:_DIGITS]


def lock_settings(thing: UUID) -> None:
    """Let nobody else change this until the request ends. Before it is read, or what was read may be old.

    Args:
        thing: Whose settings they are: a queue, a calendar, a group, an endpoint, a person for her own choices, a
            workspace for what its people may do.
    """
    lock_name(db(), f"settings {thing}")


def check_unchanged(thing: UUID, read: Callable[[], Mapping[str, Any]], *, moving: Collection[str] = ()) -> None:
    """Lock what a program is about to change, and refuse when its If-Match names another state of it.

    Raises:
        ChangedMeanwhile: it does.
    """
    lock_settings(thing)
    if "If-Match" in request.headers and not request.if_match.contains(version_of(read(), moving=moving)):
        raise ChangedMeanwhile


def was_changed(values: Mapping[str, Any]) -> bool:
    """Say whether a form shows other settings than there are now; one that names none shows these."""
    return request.form.get(SEEN, version_of(values)) != version_of(values)
