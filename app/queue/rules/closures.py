"""Which days a calendar is closed in the time to come, and what they are called.

Pure; called by the calendar pages.
"""

from datetime import date, timedelta
from typing import Final

import holidays

from app.queue.rules.calendars import Calendar, is_working_day

_LOOK_AHEAD: Final = timedelta(days=366)
# Of the pages, whatever the machine's own is; a country without it keeps its usual names.
_LANGUAGE: Final = "en_US"


def next_closures(calendar: Calendar, *, after: date, at_most: int) -> list[tuple[date, str]]:
    """Return the next days on which the hours of their weekday do not hold, each with its name, from `after` on.

    A day that has no hours anyway is not among them.
    """
    years = (after.year, after.year + 1)
    public = (
        holidays.country_holidays(calendar.country, subdiv=calendar.subdivision, years=years, language=_LANGUAGE)
        if calendar.country is not None
        else {}
    )
    found: list[tuple[date, str]] = []
    day = after
    while day <= after + _LOOK_AHEAD and len(found) < at_most:
        if calendar.week[day.weekday()] and not is_working_day(calendar, day):
            found.append((day, public.get(day) or "closed day"))
        day += timedelta(days=1)
    return found


def known_places() -> dict[str, list[str]]:
    """Return the countries whose holidays are known, with their parts."""
    return holidays.list_supported_countries()
