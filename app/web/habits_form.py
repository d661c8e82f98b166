"""The form in which I choose how I am told: its words, what it shows, and reading it back. Used by the account page."""

from collections.abc import Callable, Sequence
from datetime import time
from typing import Any, Final

from flask import current_app, request, url_for

from app.notifications.rules.habits import BadHabits, Habits, zones
from app.notifications.rules.kinds import (
    ADMIN_KINDS,
    AT_ONCE,
    BREACHED,
    DAILY,
    DUE_SOON,
    ENDPOINT_DISABLED,
    ESCALATED,
    HANDED_OVER,
    HOURLY,
    KINDS,
    LEAD_KINDS,
    OFF,
    WAITING,
)

_KIND_LABELS: Final = {
    HANDED_OVER: "Something was handed over to me",
    DUE_SOON: "Something that I hold or may take is due soon",
    BREACHED: "Something is overdue",
    ESCALATED: "Something was escalated",
    WAITING: "Work waits for me",
    ENDPOINT_DISABLED: "An endpoint for decisions was given up",
}
_MODE_LABELS: Final = {AT_ONCE: "At once", HOURLY: "Once an hour", DAILY: "Once a day", OFF: "Not at all"}
_TIMES: Final = ("daily_at", "quiet_from", "quiet_until")
_FIELD: Final = 100


def kinds_for(may: Callable[[str], bool]) -> list[str]:
    """Return what somebody with these rights may be told of."""
    leads_only = frozenset(LEAD_KINDS) - {BREACHED}
    return [
        kind
        for kind in KINDS
        if may("admin" if kind in ADMIN_KINDS else "review") and (kind not in leads_only or may("oversee"))
    ]


def shown(habits: Habits, *, kinds: Sequence[str], faults: dict[str, str], typed: bool) -> dict[str, Any]:
    """Return what the form shows.

    Args:
        kinds: What the person may be told of.
        faults: A sentence by field.
        typed: Whether what was posted is shown again instead of what is kept.
    """
    kept = {"zone": habits.zone, **{name: _text(getattr(habits, name)) for name in _TIMES}}
    modes = {kind: habits.mode(kind) for kind in KINDS}
    if typed:
        kept = {name: request.form.get(name, "")[:_FIELD] for name in kept}
        modes = {kind: request.form.get(f"mode-{kind}", modes[kind])[:_FIELD] for kind in KINDS}
    return {
        "url": url_for("account.choose_notifications"),
        "mail": current_app.config["MAIL"],
        "modes": [{"value": mode, "label": label} for mode, label in _MODE_LABELS.items()],
        "kinds": [{"name": f"mode-{kind}", "label": _KIND_LABELS[kind], "mode": modes[kind]} for kind in kinds],
        "zones": zones(),
        "faults": faults,
        **kept,
    }


def _text(at: time | None) -> str:
    return "" if at is None else f"{at:%H:%M}"


def read(before: Habits) -> tuple[Habits | None, dict[str, str]]:
    """Return the habits that were posted, or faults by field; kinds that the form did not show stay as they are."""
    faults: dict[str, str] = {}
    times: dict[str, time | None] = {}
    for name in _TIMES:
        text = request.form.get(name, "")[:_FIELD]
        try:
            times[name] = time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None) if text else None
        except ValueError:
            faults[name] = "Write a time such as 07:30."
    daily_at = times.get("daily_at")
    if daily_at is None and "daily_at" not in faults:
        faults["daily_at"] = "Write a time such as 09:00."
    if faults or daily_at is None:
        return None, faults
    modes = {kind: request.form.get(f"mode-{kind}", before.mode(kind))[:_FIELD] for kind in KINDS}
    zone = request.form.get("zone", "").strip()[:_FIELD]
    return Habits(modes, zone, daily_at, times["quiet_from"], times["quiet_until"]), {}


def faults_of(error: BadHabits) -> dict[str, str]:
    """Return a refusal as sentences by field."""
    names = {fault.pointer.split("/")[1]: fault for fault in error.faults}
    words = {
        "zone": "Choose a time zone of the list, for example Europe/Zurich.",
        "quiet_from": "Give both times, and not the same, or leave both empty.",
        "modes": "Choose one of the ways that are offered.",
    }
    return {name: words.get(name, fault.detail) for name, fault in names.items()}
