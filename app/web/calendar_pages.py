"""/admin/calendars: say when people work, and see what follows from it before it is kept. For whoever runs queues."""

from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import allow
from app.edge.versions import lock_settings
from app.kernel.errors import Invalid
from app.kernel.ids import parse, show
from app.queue.models import Calendar
from app.queue.queries import as_business_calendar, get_calendar, list_calendars, list_queue_settings
from app.queue.rules.calendars import WEEKDAYS, add_working_time, check_opens, is_open, next_opening, read_calendar
from app.queue.rules.calendars import Calendar as BusinessCalendar
from app.queue.rules.closures import known_places, next_closures
from app.queue.service import CalendarDescription, add_calendar, change_calendar, remove_calendar
from app.web.onward import to
from app.web.settings_forms import faults_of, lines, refused, seen, typed, unknown_fields

page = Blueprint("calendar_pages", __name__)
DAYS: Final = dict(
    zip(WEEKDAYS, ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), strict=True)
)
_HOURS: Final = tuple(f"hours_{day}" for day in WEEKDAYS)
_FIELDS: Final = ("name", "zone", "country", "subdivision", "closed_days", "open_days", "hours", *_HOURS)
_LENGTHS: Final = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=8))
_CLOSURES: Final = 6
_OFFICE: Final = "09:00-17:00"


@page.get("/admin/calendars")
@allow("run_queues")
def show_all() -> str:
    """Show every calendar: where, and whether it is open now."""
    queues = list_queue_settings(db(), workspace_id=workspace_id())
    rows = []
    for row in list_calendars(db(), workspace_id=workspace_id()):
        calendar = as_business_calendar(row)
        opens_at = next_opening(calendar, now())
        rows.append(
            {
                "name": row.name,
                "url": url_for("calendar_pages.show_one", calendar_id=show("calendar", row.id)),
                "zone": row.zone,
                "place": " ".join(part for part in (row.country, row.subdivision) if part),
                "open_now": is_open(calendar, now()),
                "opens_at": None if opens_at is None else opens_at.astimezone(ZoneInfo(row.zone)),
                "queues": [q.name for q in queues if q.calendar_id == row.id],
            }
        )
    return render_template("admin/calendars.html", calendars=rows, new_url=url_for("calendar_pages.show_new"))


@page.get("/admin/calendars/new")
@allow("run_queues")
def show_new() -> str:
    """Show the form of a new calendar, with office hours in it."""
    hours = {f"hours_{day}": _OFFICE if day not in {"sat", "sun"} else "" for day in WEEKDAYS}
    empty = {"name": "", "zone": "UTC", "country": "", "subdivision": "", "closed_days": "", "open_days": ""}
    return _form(None, {**empty, **hours}, {})


@page.get("/admin/calendars/<calendar_id>")
@allow("run_queues")
def show_one(calendar_id: str) -> str:
    """Show a calendar as a form, and what follows from it."""
    row = get_calendar(db(), workspace_id=workspace_id(), calendar_id=parse("calendar", calendar_id))
    return _form(row, _values(row), {})


def _form(row: Calendar | None, values: dict[str, str], faults: dict[str, str], *, unsaved: bool = False) -> str:
    calendar_id = None if row is None else show("calendar", row.id)
    return render_template(
        "admin/calendar.html",
        name=None if row is None else row.name,
        values=values,
        seen=None if row is None else seen(_values(row), faults),
        days=DAYS,
        zones=sorted(available_timezones()),
        places=known_places(),
        faults=faults,
        problems=unknown_fields(faults, _FIELDS),
        preview=None if faults else _preview(_read(values)),
        unsaved=unsaved,
        save_url=url_for("calendar_pages.add")
        if calendar_id is None
        else url_for("calendar_pages.change", calendar_id=calendar_id),
        remove_url=None if calendar_id is None else url_for("calendar_pages.remove", calendar_id=calendar_id),
    )


def _values(row: Calendar) -> dict[str, str]:
    return {
        "name": row.name,
        "zone": row.zone,
        "country": row.country or "",
        "subdivision": row.subdivision or "",
        "closed_days": "\n".join(day.isoformat() for day in row.closed_days),
        "open_days": "\n".join(day.isoformat() for day in row.open_days),
        **{f"hours_{day}": ", ".join("-".join(span) for span in row.hours.get(day, [])) for day in WEEKDAYS},
    }


def _posted() -> dict[str, str]:
    days = {name: "\n".join(lines(name)) for name in ("closed_days", "open_days")}
    return {name: typed(name) for name in ("name", "zone", "country", "subdivision", *_HOURS)} | days


def _read(values: dict[str, str]) -> CalendarDescription:
    """Return what a form describes.

    Raises:
        ValueError: a day is none.
    """
    return CalendarDescription(
        name=values["name"][:200],
        zone=values["zone"],
        hours={day: _spans(values[f"hours_{day}"]) for day in WEEKDAYS},
        country=values["country"].upper() or None,
        subdivision=values["subdivision"] or None,
        closed_days=[date.fromisoformat(text) for text in values["closed_days"].splitlines()],
        open_days=[date.fromisoformat(text) for text in values["open_days"].splitlines()],
    )


def _spans(text: str) -> list[list[str]]:
    """Return hours such as "9-12, 13:00-17:30" as pairs of times; what is none is refused by the calendar's rules."""
    spans = [part for part in text.replace("–", "-").split(",") if part.strip()]
    return [[_clock(time) for time in span.split("-")] for span in spans]


def _clock(text: str) -> str:
    hour, colon, minute = text.strip().partition(":")
    return f"{hour.zfill(2)}:{minute if colon else '00'}" if hour else text


def _form_faults(values: dict[str, str]) -> dict[str, str]:
    """Return what is wrong before the calendar's own rules are asked."""
    faults = {} if values["name"] else {"name": "Give the calendar a name."}
    for name in ("closed_days", "open_days"):
        for text in values[name].splitlines():
            try:
                date.fromisoformat(text)
            except ValueError:
                faults[name] = f"{text[:20]!r} is no day such as 2026-12-24."
    return faults


@page.post("/admin/calendars")
@allow("run_queues")
def add() -> Response | str | tuple[str, int]:
    """Keep a new calendar, or only show what would follow from it."""
    return _save(None)


@page.post("/admin/calendars/<calendar_id>")
@allow("run_queues")
def change(calendar_id: str) -> Response | str | tuple[str, int]:
    """Change a calendar, or only show what would follow from the change. Deadlines that are set already stay."""
    parsed = parse("calendar", calendar_id)
    lock_settings(parsed)
    return _save(get_calendar(db(), workspace_id=workspace_id(), calendar_id=parsed))


def _save(row: Calendar | None) -> Response | str | tuple[str, int]:
    values = _posted()
    faults = _form_faults(values)
    if faults:
        return _form(row, values, faults), 422
    described = _read(values)
    if request.form.get("act") == "look":
        faults = _look_faults(described)
        return (_form(row, values, faults), 422) if faults else _form(row, values, {}, unsaved=True)
    kept: list[Calendar] = []

    def keep() -> None:
        terms: dict[str, Any] = {"now": now(), "actor": principal().actor, "workspace_id": workspace_id()}
        if row is None:
            kept.append(add_calendar(db(), described=described, **terms))
        else:
            kept.append(change_calendar(db(), calendar_id=row.id, described=described, **terms))

    faults = refused(keep, over=None if row is None else _values(row)) or {}
    if faults:
        return _form(row, values, faults), 422
    return to("calendar_pages.show_one", calendar_id=show("calendar", kept[0].id), outcome="changed")


def _look_faults(described: CalendarDescription) -> dict[str, str]:
    try:
        check_opens(_business(described), at=now())
    except Invalid as error:
        return faults_of(error)
    return {}


def _business(described: CalendarDescription) -> BusinessCalendar:
    return read_calendar(
        zone=described.zone,
        hours=described.hours,
        country=described.country,
        subdivision=described.subdivision,
        closed_days=described.closed_days,
        open_days=described.open_days,
    )


def _preview(described: CalendarDescription) -> dict[str, Any]:
    """Return what follows from a calendar: whether it is open, when deadlines end, and when it is closed."""
    calendar, zone = _business(described), ZoneInfo(described.zone)

    def local(at: datetime | None) -> datetime | None:
        return None if at is None else at.astimezone(zone)

    today = now().astimezone(zone).date()
    return {
        "now": local(now()),
        "open_now": is_open(calendar, now()),
        "opens_at": local(next_opening(calendar, now())),
        "ends": [
            {"hours": length // timedelta(hours=1), "at": local(add_working_time(calendar, now(), length))}
            for length in _LENGTHS
        ],
        "closures": [
            {"day": day, "name": name} for day, name in next_closures(calendar, after=today, at_most=_CLOSURES)
        ],
    }


@page.post("/admin/calendars/<calendar_id>/remove")
@allow("run_queues")
def remove(calendar_id: str) -> Response | tuple[str, int]:
    """Forget a calendar that no queue works by."""
    row = get_calendar(db(), workspace_id=workspace_id(), calendar_id=parse("calendar", calendar_id))
    faults = refused(
        lambda: remove_calendar(
            db(), now=now(), actor=principal().actor, workspace_id=workspace_id(), calendar_id=row.id
        )
    )
    if faults is not None:
        return _form(row, _values(row), faults), 409
    return to("calendar_pages.show_all", outcome="removed")
