"""Read forms with settings: ticked boxes, typed lines, and why a change was refused, field by field.

Called by pages with forms.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import request

from app.edge.context import db
from app.edge.versions import CHANGED_MEANWHILE, SEEN, version_of, was_changed
from app.kernel.errors import Conflict, Invalid, ServiceError

MOST_LINES: Final = 1_000
LONGEST_TEXT: Final = 2_000


class BadEntry(Invalid):
    """Something was typed that cannot be read."""


def typed(name: str) -> str:
    """Return what was typed into a field, trimmed."""
    return request.form.get(name, "")[:LONGEST_TEXT].strip()


def ticked(name: str) -> list[str]:
    """Return the values of the boxes of this name that are ticked."""
    return request.form.getlist(name)[:MOST_LINES]


def lines(name: str) -> list[str]:
    """Return what was typed into a field, one entry a line, once each and without empty ones."""
    entries = (text.strip() for text in request.form.get(name, "").splitlines())
    return list(dict.fromkeys(text for text in entries if text))[:MOST_LINES]


def words(name: str) -> list[str]:
    """Return the ticked boxes of `name` with what was typed beside them as `name`_more, once each."""
    return list(dict.fromkeys([*ticked(name), *lines(f"{name}_more")]))


def refused(change: Callable[[], object], *, over: Mapping[str, Any] | None = None) -> dict[str, str] | None:
    """Make a change and return None, or leave everything as it was and return why, by field.

    What belongs to no field stands under the empty name.

    Args:
        over: The values that the form would show now, read under `lock_settings`; one that showed others changes
            nothing.
    """
    if over is not None and was_changed(over):
        return {"": CHANGED_MEANWHILE}
    savepoint = db().begin_nested()
    try:
        change()
    except (Invalid, Conflict) as error:
        savepoint.rollback()
        return faults_of(error)
    savepoint.commit()
    return None


def seen(now_there: Mapping[str, Any], faults: Mapping[str, str]) -> str:
    """Return the tag of the settings that a form is filled in over.

    A form that comes back for another reason still stands over what was first shown; one that comes back because
    somebody else was quicker says so, and stands over what is there now.
    """
    if CHANGED_MEANWHILE in faults.values():
        return version_of(now_there)
    return request.form.get(SEEN) or version_of(now_there)


def faults_of(error: ServiceError) -> dict[str, str]:
    """Return what is wrong with a form, by the field that each pointer begins with."""
    if not error.faults:
        return {"": error.detail}
    found: dict[str, list[str]] = {}
    for fault in error.faults:
        field, _, inside = fault.pointer.strip("/").partition("/")
        if field == "hours":
            # Each weekday is a field of its own.
            day, _, _ = inside.partition("/")
            field = f"hours_{day}" if day else field
        found.setdefault(field, []).append(fault.detail)
    return {field: "; ".join(details) for field, details in found.items()}


def unknown_fields(faults: Mapping[str, str], known: tuple[str, ...]) -> list[str]:
    """Return the faults that no field of a form shows."""
    return [detail for field, detail in faults.items() if field not in known]
