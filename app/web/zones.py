"""The reader's time zone, and the one that a page is asked for. Called by pages; templates get `in_my_zone`."""

from datetime import date, datetime, time
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from flask import g, request
from flask_login import current_user
from jinja2 import Environment

from app.edge.context import db
from app.notifications.queries.people import habits_of

NO_DAY: Final = "Give a day such as 2026-01-31."
_USUAL: Final = ("UTC", "Europe/London", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Tokyo")


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(available_timezones())


def my_zone() -> ZoneInfo:
    """Return the zone that the reader has chosen, UTC while nobody is known; looked up once a request."""
    if "my_zone" not in g:
        # An error page may be drawn when there is no database to ask.
        known = "session" in g and current_user.is_authenticated
        g.my_zone = _chosen_by_reader() if known else ZoneInfo("UTC")
    zone: ZoneInfo = g.my_zone
    return zone


def _chosen_by_reader() -> ZoneInfo:
    who = current_user.principal
    return habits_of(db(), workspace_id=who.workspace_id, person_id=who.person_id).clock


def in_my_zone(at: datetime) -> datetime:
    """Return the same instant in the reader's zone."""
    return at.astimezone(my_zone())


def chosen_zone(faults: dict[str, str]) -> str:
    """Return the zone that `tz` names, the reader's without one; one that is not known is a fault, and hers."""
    zone = request.args.get("tz", my_zone().key)
    if zone in _known():
        return zone
    faults["tz"] = "This zone is not known."
    return my_zone().key


def zone_choices(zone: str) -> list[str]:
    """Return the zones to choose from, the reader's and the present one among them."""
    return list(dict.fromkeys((my_zone().key, *_USUAL, zone)))


def asked_day(name: str, faults: dict[str, str]) -> date | None:
    """Return the day that a parameter of the query names, None without one; one that cannot be read is a fault."""
    text = request.args.get(name, "").strip()
    day = read_day(text)
    if text and day is None:
        faults[name] = NO_DAY
    return day


def read_day(text: str) -> date | None:
    """Return the day that a text names, or None when it names none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def my_midnight(text: str) -> datetime | None:
    """Return the instant at which the day that a text names begins for the reader, or None when it names none."""
    day = read_day(text)
    return None if day is None else midnight(day, my_zone())


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a day begins in a zone."""
    return datetime.combine(day, time(), zone)


def add_to(environment: Environment) -> None:
    """Make the reader's zone known to every template."""
    environment.globals.update(in_my_zone=in_my_zone, my_zone=my_zone)
