"""Business time: hand-computed cases, and properties held against a clock that is asked minute by minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.queue.rules.calendars import (
    HORIZON,
    WEEKDAYS,
    Calendar,
    CalendarRefused,
    add_working_time,
    check_opens,
    is_open,
    next_opening,
    read_calendar,
    working_time_between,
)

OFFICE = {day: [["09:00", "17:00"]] for day in WEEKDAYS[:5]}
ALWAYS = {day: [["00:00", "24:00"]] for day in WEEKDAYS}
BERLIN = read_calendar(zone="Europe/Berlin", hours=OFFICE, country="DE")
NEW_YORK = read_calendar(zone="America/New_York", hours=OFFICE, country="US")
EVERY_NIGHT = {day: [["22:00", "06:00"]] for day in WEEKDAYS}
NIGHTS = read_calendar(zone="Europe/Berlin", hours=EVERY_NIGHT)
# Lord Howe changes its clocks by half an hour, Apia once left a day out.
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "UTC")
HOUR = timedelta(hours=1)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def at(text: str, zone: str = "Europe/Berlin") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-03-02 09:00", 4, "2026-03-02 13:00"),
        ("2026-03-02 09:00", 8, "2026-03-02 17:00"),
        ("2026-03-02 16:00", 2, "2026-03-03 10:00"),
        ("2026-03-02 05:00", 1, "2026-03-02 10:00"),
        ("2026-03-06 16:30", 1, "2026-03-09 09:30"),
        # Good Friday and Easter Monday are holidays in all of Germany: 3 and 6 April 2026.
        ("2026-04-02 15:00", 4, "2026-04-07 11:00"),
        # A working week over the change of clocks on Sunday, 29 March.
        ("2026-03-27 09:00", 16, "2026-03-30 17:00"),
    ],
)
def test_an_office_in_berlin(start: str, hours: float, end: str) -> None:
    assert add_working_time(BERLIN, at(start), hours * HOUR) == at(end)
    assert working_time_between(BERLIN, at(start), at(end)) == hours * HOUR


def test_thanksgiving_is_closed_in_new_york_and_not_in_berlin() -> None:
    before = at("2026-11-25 16:00", "America/New_York")
    assert add_working_time(NEW_YORK, before, 2 * HOUR) == at("2026-11-27 10:00", "America/New_York")
    assert is_open(BERLIN, at("2026-11-26 12:00"))


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-07", 24), ("2026-03-08", 23), ("2026-11-01", 25), ("2026-11-02", 24)]
)
def test_days_of_changed_clocks_have_as_many_hours_as_they_have(day: str, hours: int) -> None:
    calendar = read_calendar(zone="America/New_York", hours=ALWAYS)
    start = at(f"{day} 00:00", "America/New_York")
    end = at(f"{date.fromisoformat(day) + timedelta(days=1)} 00:00", "America/New_York")
    assert working_time_between(calendar, start, end) == hours * HOUR
    assert add_working_time(calendar, start, hours * HOUR) == end


def test_a_night_goes_over_midnight_and_belongs_to_the_day_it_begins_on() -> None:
    assert add_working_time(NIGHTS, at("2026-03-02 23:00"), 7 * HOUR) == at("2026-03-03 06:00")
    assert add_working_time(NIGHTS, at("2026-03-02 23:00"), 8 * HOUR) == at("2026-03-03 23:00")
    closed = read_calendar(zone="Europe/Berlin", hours=EVERY_NIGHT, closed_days=[date(2026, 3, 3)])
    assert is_open(closed, at("2026-03-03 05:59"))
    assert not is_open(closed, at("2026-03-03 23:00"))
    assert not is_open(closed, at("2026-03-04 01:00"))


def test_an_hour_that_comes_twice_counts_twice_and_one_that_is_left_out_does_not() -> None:
    small_hours = read_calendar(zone="Europe/Berlin", hours={"sun": [["02:00", "03:00"]]})
    assert working_time_between(small_hours, at("2026-10-25 00:00"), at("2026-10-25 12:00")) == 2 * HOUR
    assert working_time_between(small_hours, at("2026-03-29 00:00"), at("2026-03-29 12:00")) == timedelta(0)


def test_an_open_day_beats_a_holiday_and_a_closed_day() -> None:
    christmas = date(2026, 12, 25)
    calendar = read_calendar(
        zone="Europe/Berlin", hours=OFFICE, country="DE", closed_days=[christmas], open_days=[christmas]
    )
    assert is_open(calendar, at("2026-12-25 12:00"))
    assert not is_open(BERLIN, at("2026-12-25 12:00"))


def test_holidays_are_those_of_the_subdivision() -> None:
    bavaria = read_calendar(zone="Europe/Berlin", hours=OFFICE, country="DE", subdivision="BY")
    # Epiphany.
    assert is_open(BERLIN, at("2026-01-06 12:00"))
    assert not is_open(bavaria, at("2026-01-06 12:00"))


def test_spans_are_half_open() -> None:
    assert is_open(BERLIN, at("2026-03-02 09:00"))
    assert not is_open(BERLIN, at("2026-03-02 17:00"))
    assert next_opening(BERLIN, at("2026-03-02 17:00")) == at("2026-03-03 09:00")
    assert next_opening(BERLIN, at("2026-03-02 12:00")) == at("2026-03-02 12:00")


def test_nothing_is_due_later_than_the_horizon() -> None:
    seldom = read_calendar(zone="UTC", hours={"mon": [["00:00", "00:01"]]})
    start = at("2026-03-02 12:00", "UTC")
    assert add_working_time(seldom, start, timedelta(days=300)) == start + HORIZON
    assert add_working_time(None, start, timedelta(days=30_000)) == start + HORIZON


@pytest.mark.parametrize(
    ("described", "pointer"),
    [
        ({"zone": "Mars/Olympus", "hours": OFFICE}, "/zone"),
        ({"zone": "../etc/passwd", "hours": OFFICE}, "/zone"),
        ({"zone": "UTC", "hours": {"monday": [["09:00", "17:00"]]}}, "/hours/monday"),
        ({"zone": "UTC", "hours": {"mon": [["9:00", "17:00"]]}}, "/hours/mon/0"),
        ({"zone": "UTC", "hours": {"mon": [["09:60", "17:00"]]}}, "/hours/mon/0"),
        ({"zone": "UTC", "hours": {"mon": [["09:00", "25:00"]]}}, "/hours/mon/0"),
        ({"zone": "UTC", "hours": {"mon": [["24:00", "10:00"]]}}, "/hours/mon/0"),
        ({"zone": "UTC", "hours": {"mon": [["09:00"]]}}, "/hours/mon/0"),
        ({"zone": "UTC", "hours": {"mon": [["09:00", "12:00"], ["11:00", "13:00"]]}}, "/hours/mon"),
        ({"zone": "UTC", "hours": {"sun": [["22:00", "06:00"]], "mon": [["05:00", "10:00"]]}}, "/hours/sun"),
        ({"zone": "UTC", "hours": OFFICE, "country": "XX"}, "/country"),
        ({"zone": "UTC", "hours": OFFICE, "country": "DE", "subdivision": "TX"}, "/subdivision"),
        ({"zone": "UTC", "hours": OFFICE, "subdivision": "BY"}, "/subdivision"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_place(described: dict[str, object], pointer: str) -> None:
    with pytest.raises(CalendarRefused) as refused:
        read_calendar(**described)  # type: ignore[arg-type]  # some are meant to be wrong
    assert [f.pointer for f in refused.value.faults] == [pointer]


def test_a_calendar_that_never_opens_is_refused() -> None:
    start = at("2026-03-02 12:00")
    with pytest.raises(CalendarRefused):
        check_opens(read_calendar(zone="UTC", hours={}), at=start)
    mondays = [date(2026, 3, 2) + timedelta(weeks=n) for n in range(120)]
    with pytest.raises(CalendarRefused):
        check_opens(read_calendar(zone="UTC", hours={"mon": [["09:00", "10:00"]]}, closed_days=mondays), at=start)
    check_opens(read_calendar(zone="UTC", hours={"mon": [["09:00", "10:00"]]}, closed_days=mondays[:100]), at=start)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Return calendars with up to two spans a day, some days without any, some nights over midnight."""
    hours = {"mon": [["08:00", "09:30"]]}
    for day in draw(st.sets(st.sampled_from(WEEKDAYS[1:6]))):
        marks = sorted(draw(st.sets(st.integers(1, 46), min_size=2, max_size=4)))
        hours[day] = [[_clock(a), _clock(b)] for a, b in zip(marks[::2], marks[1::2], strict=False)]
    if draw(st.booleans()):
        hours["sun"] = [["22:30", "06:00"]]
    closed = draw(st.sets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=5))
    country = draw(st.sampled_from((None, "DE", "US")))
    zone = draw(st.sampled_from(ZONES))
    return read_calendar(zone=zone, hours=hours, country=country, closed_days=sorted(closed))


def _clock(halves: int) -> str:
    return f"{halves // 2:02}:{halves % 2 * 30:02}"


INSTANTS = st.integers(0, 365 * 24 * 60).map(lambda minutes: FIRST + timedelta(minutes=minutes))
DURATIONS = st.integers(0, 60 * 60).map(lambda minutes: timedelta(minutes=minutes))


@given(calendars(), INSTANTS, DURATIONS)
def test_what_is_added_is_what_lies_between(calendar: Calendar, start: datetime, duration: timedelta) -> None:
    end = add_working_time(calendar, start, duration)
    assert working_time_between(calendar, start, end) == duration


@given(calendars(), INSTANTS, DURATIONS, DURATIONS)
def test_adding_twice_is_adding_the_sum(
    calendar: Calendar, start: datetime, first: timedelta, second: timedelta
) -> None:
    once = add_working_time(calendar, start, first + second)
    assert add_working_time(calendar, add_working_time(calendar, start, first), second) == once


@given(calendars(), INSTANTS, INSTANTS, DURATIONS)
def test_who_starts_later_is_not_done_earlier(
    calendar: Calendar, one: datetime, other: datetime, duration: timedelta
) -> None:
    first, second = sorted((one, other))
    assert add_working_time(calendar, first, duration) <= add_working_time(calendar, second, duration)


@given(calendars(), INSTANTS, st.integers(1, 3 * 24 * 2))
def test_it_is_the_time_that_a_clock_on_the_wall_shows(calendar: Calendar, start: datetime, halves: int) -> None:
    # All hours begin and end on half hours, and so do the zones' offsets.
    start = start.replace(minute=0)
    ticks = [start + timedelta(minutes=30) * n for n in range(halves)]
    shown = sum(_open_by_the_wall(calendar, tick) for tick in ticks) * timedelta(minutes=30)
    assert working_time_between(calendar, start, start + timedelta(minutes=30) * halves) == shown
    assert [is_open(calendar, tick) for tick in ticks] == [_open_by_the_wall(calendar, tick) for tick in ticks]


def _open_by_the_wall(calendar: Calendar, tick: datetime) -> bool:
    """Look at the clock and the sheet of hours, as somebody at the door would."""
    wall = tick.astimezone(ZoneInfo(calendar.zone))
    minute = wall.hour * 60 + wall.minute
    today, yesterday = wall.date(), wall.date() - timedelta(days=1)
    for day, seen in ((today, minute), (yesterday, minute + 1_440)):
        for start, end in calendar.week[day.weekday()]:
            if start <= seen < end and _works(calendar, day):
                return True
    return False


def _works(calendar: Calendar, day: date) -> bool:
    if day in calendar.closed_days:
        return False
    return calendar.country is None or day not in holidays.country_holidays(calendar.country)


@given(INSTANTS, DURATIONS, st.sampled_from(ZONES))
def test_round_the_clock_is_plain_addition(start: datetime, duration: timedelta, zone: str) -> None:
    calendar = read_calendar(zone=zone, hours=ALWAYS)
    assert add_working_time(calendar, start, duration) == start + duration
    assert add_working_time(None, start, duration) == start + duration
