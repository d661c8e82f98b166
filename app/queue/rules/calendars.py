"""Business time: which instants count for a deadline, and how much of it lies between two of them.

A calendar says in one place's wall time when people work. An instant is open when the clock on that place's wall shows
an hour of work on a day of work, so the hour that a clock change repeats counts twice and the one it leaves out never
was. Spans are half-open. Pure; called by the services that set due times, and by the timers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

import holidays

from app.kernel.errors import Fault, Invalid

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_A_DAY: Final = 1_440
SPANS_A_DAY: Final = 8
# A calendar that does not open for so long is a mistake of whoever wrote it.
OPENS_WITHIN: Final = timedelta(days=730)
# Nothing is due later than this: a calendar of one hour a week would be walked for centuries.
HORIZON: Final = timedelta(days=3_660)
_DAY: Final = timedelta(days=1)
_ZERO: Final = timedelta(0)


class CalendarRefused(Invalid):
    """This calendar cannot be used."""


@dataclass(frozen=True)
class Calendar:
    """When people work. `week` holds, for Monday to Sunday, pairs of minutes from midnight; an end beyond 1,440 lies
    on the next day, and the whole span belongs to the day on which it begins.

    `closed_days` are closed besides public holidays; on `open_days` people work although they are closed.
    """

    zone: str
    week: tuple[tuple[tuple[int, int], ...], ...]
    country: str | None = None
    subdivision: str | None = None
    closed_days: frozenset[date] = frozenset()
    open_days: frozenset[date] = frozenset()


def read_calendar(
    *,
    zone: str,
    hours: Mapping[str, Sequence[Sequence[str]]],
    country: str | None = None,
    subdivision: str | None = None,
    closed_days: Sequence[date] = (),
    open_days: Sequence[date] = (),
) -> Calendar:
    """Return the calendar that this describes: hours such as {"mon": [["09:00", "17:00"]]}, holidays by ISO 3166.

    Raises:
        CalendarRefused: an unknown zone, country, subdivision or weekday, or hours that are none; the faults say where.
    """
    faults: list[Fault] = []
    if zone not in _zones():
        faults.append(Fault("/zone", "is not a time zone such as Europe/Berlin"))
    faults += [Fault(f"/hours/{day}", f"is none of {', '.join(WEEKDAYS)}") for day in hours if day not in WEEKDAYS]
    week = tuple(_read_day(day, hours.get(day, ()), faults) for day in WEEKDAYS)
    if not faults:
        faults += _overlaps(week)
    faults += _place_faults(country, subdivision)
    if faults:
        raise CalendarRefused(faults=faults)
    return Calendar(zone, week, country, subdivision, frozenset(closed_days), frozenset(open_days))


def kept_calendar(
    *,
    zone: str,
    hours: Mapping[str, Sequence[Sequence[str]]],
    country: str | None,
    subdivision: str | None,
    closed_days: Sequence[date],
    open_days: Sequence[date],
) -> Calendar:
    """Return a calendar that was read before and is kept as it was described."""
    week = tuple(_read_day(day, hours.get(day, ()), []) for day in WEEKDAYS)
    return Calendar(zone, week, country, subdivision, frozenset(closed_days), frozenset(open_days))


def check_opens(calendar: Calendar, *, at: datetime) -> None:
    """Refuse a calendar that stays shut for two years from `at`.

    Raises:
        CalendarRefused: it never opens.
    """
    if next_opening(calendar, at) is None:
        raise CalendarRefused(faults=[Fault("/hours", "never opens within two years; give hours on some day")])


def _read_day(day: str, spans: Sequence[Sequence[str]], faults: list[Fault]) -> tuple[tuple[int, int], ...]:
    read = []
    for number, span in enumerate(spans):
        minutes = [_minutes(text) for text in span]
        if len(minutes) != 2 or None in minutes or minutes[0] == MINUTES_A_DAY:
            faults.append(Fault(f"/hours/{day}/{number}", 'must be two times such as ["09:00", "17:00"]'))
            continue
        start, end = (m or 0 for m in minutes)
        # "22:00" to "06:00" goes over midnight; the same time twice is once round the clock.
        read.append((start, end if end > start else end + MINUTES_A_DAY))
    return tuple(sorted(read))


def _minutes(text: str) -> int | None:
    hour, colon, minute = text.partition(":")
    if not (colon and len(hour) == len(minute) == 2 and f"{hour}{minute}".isascii() and f"{hour}{minute}".isdigit()):
        return None
    minutes = int(hour) * 60 + int(minute)
    return minutes if int(minute) < 60 and minutes <= MINUTES_A_DAY else None


def _overlaps(week: tuple[tuple[tuple[int, int], ...], ...]) -> list[Fault]:
    """Return the days whose spans run into each other or into those of the day after."""
    faults = []
    for number, day in enumerate(WEEKDAYS):
        following = tuple((s + MINUTES_A_DAY, e + MINUTES_A_DAY) for s, e in week[(number + 1) % 7])
        spans = (*week[number], *following)
        if any(spans[n][1] > spans[n + 1][0] for n in range(min(len(week[number]), len(spans) - 1))):
            faults.append(Fault(f"/hours/{day}", "has hours that overlap"))
    return faults


def _place_faults(country: str | None, subdivision: str | None) -> list[Fault]:
    if country is None:
        return [] if subdivision is None else [Fault("/subdivision", "needs a country")]
    known = holidays.list_supported_countries()
    if country not in known:
        return [Fault("/country", "is not a country whose holidays are known, such as DE")]
    if subdivision is not None and subdivision not in known[country]:
        return [Fault("/subdivision", f"is not a part of {country}; choose from {', '.join(known[country])}"[:300])]
    return []


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    # Only names that mean the same on every machine.
    return frozenset(available_timezones())


@lru_cache(maxsize=1_024)
def _holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))


def is_working_day(calendar: Calendar, day: date) -> bool:
    """Say whether the hours of this day's weekday hold on it."""
    if day in calendar.open_days:
        return True
    if day in calendar.closed_days:
        return False
    return calendar.country is None or day not in _holidays(calendar.country, calendar.subdivision, day.year)


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Say whether this instant counts."""
    local = at.astimezone(ZoneInfo(calendar.zone)).replace(tzinfo=None)
    return any(s <= local < e for s, e in _walls(calendar, local, local + timedelta(microseconds=1)))


def next_opening(calendar: Calendar, at: datetime) -> datetime | None:
    """Return the first open instant from `at` on, or None when there is none within two years."""
    return next((start for start, _ in _open_spans(calendar, at, at + OPENS_WITHIN)), None)


def add_working_time(calendar: Calendar | None, start: datetime, duration: timedelta) -> datetime:
    """Return the instant at which `duration` of business time has gone by since `start`; without a calendar all time
    counts. Nothing lies further away than ten years.
    """
    if calendar is None or duration <= _ZERO:
        return start + min(max(duration, _ZERO), HORIZON)
    left = duration
    for opens, closes in _open_spans(calendar, start, start + HORIZON):
        if closes - opens >= left:
            return opens + left
        left -= closes - opens
    return start + HORIZON


def working_time_between(calendar: Calendar | None, start: datetime, end: datetime) -> timedelta:
    """Return the business time in [start, end); zero when the end does not lie after the start."""
    if end <= start:
        return _ZERO
    if calendar is None:
        return end - start
    return sum((closes - opens for opens, closes in _open_spans(calendar, start, end)), _ZERO)


def _open_spans(calendar: Calendar, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the open spans of [start, end) in UTC, in order.

    Time is walked in pieces in which the zone's offset does not change; within one, wall time is plain arithmetic.
    """
    zone, at, end = ZoneInfo(calendar.zone), start.astimezone(UTC), end.astimezone(UTC)
    while at < end:
        until, offset = _same_offset(zone, at, min(end, at + 30 * _DAY))
        first, last = (at + offset).replace(tzinfo=None), (until + offset).replace(tzinfo=None)
        for opens, closes in _walls(calendar, first, last):
            yield (opens - offset).replace(tzinfo=UTC), (closes - offset).replace(tzinfo=UTC)
        at = until


def _walls(calendar: Calendar, first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the spans of work between two wall times of one offset, in order."""
    day = first.date() - _DAY
    while day <= last.date():
        if calendar.week[day.weekday()] and is_working_day(calendar, day):
            midnight = datetime.combine(day, datetime.min.time())
            for start, end in calendar.week[day.weekday()]:
                opens = max(first, midnight + timedelta(minutes=start))
                closes = min(last, midnight + timedelta(minutes=end))
                if opens < closes:
                    yield opens, closes
        day += _DAY


def _same_offset(zone: ZoneInfo, at: datetime, limit: datetime) -> tuple[datetime, timedelta]:
    """Return until when, at most `limit`, the offset of `at` holds, and that offset."""
    offset = _offset(zone, at)
    low, high = at, at
    # Clocks are changed back and forth weeks apart, so no change hides between two looks.
    while high < limit:
        low, high = high, min(limit, high + _DAY)
        if _offset(zone, high) != offset:
            break
    else:
        return limit, offset
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        low, high = (middle, high) if _offset(zone, middle) == offset else (low, middle)
    # Zones change on whole seconds.
    return high.replace(microsecond=0), offset


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or _ZERO
