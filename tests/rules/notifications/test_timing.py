"""When a notification may leave: on plain days, on days of 23 and 25 hours, and never within quiet hours."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.notifications.rules.habits import BadHabits, Habits, check_habits
from app.notifications.rules.kinds import AT_ONCE, DAILY, DUE_SOON, HOURLY, KINDS, OFF, WAITING
from app.notifications.rules.timing import WAITING_SPACING, leaves_at, moment, quiet_until, released_at

BERLIN = ZoneInfo("Europe/Berlin")
# The clock goes from 02:00 to 03:00 on the first day, and from 03:00 back to 02:00 on the second.
FORWARD, BACK = date(2026, 3, 29), date(2026, 10, 25)
# Zones with odd offsets, half-hour changes, changes at midnight, and none at all.
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Santiago",
    "Africa/Cairo",
    "Pacific/Apia",
)


def at(text: str) -> datetime:
    """Return an instant written in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def habits(mode: str = AT_ONCE, zone: str = "Europe/Berlin", quiet: str | None = None, daily: str = "09:00") -> Habits:
    """Return habits with one mode for everything; quiet hours are written `22:00-07:00`."""
    start, end = (time.fromisoformat(part) for part in quiet.split("-")) if quiet else (None, None)
    return Habits(dict.fromkeys(KINDS, mode), zone, time.fromisoformat(daily), start, end)


@pytest.mark.parametrize(
    ("day", "clock", "wanted"),
    [
        (date(2026, 3, 2), "09:00", "2026-03-02 08:00"),
        (FORWARD, "01:59", "2026-03-29 00:59"),
        (FORWARD, "02:00", "2026-03-29 01:00"),
        (FORWARD, "02:30", "2026-03-29 01:00"),
        (FORWARD, "03:00", "2026-03-29 01:00"),
        (FORWARD, "03:01", "2026-03-29 01:01"),
        (BACK, "02:30", "2026-10-25 00:30"),
        (BACK, "03:00", "2026-10-25 02:00"),
    ],
)
def test_a_clock_time_is_one_moment(day: date, clock: str, wanted: str) -> None:
    assert moment(day, time.fromisoformat(clock), BERLIN) == at(wanted)


@pytest.mark.parametrize(
    ("mode", "made", "wanted"),
    [
        (AT_ONCE, "2026-03-02 10:17:03", "2026-03-02 10:17:03"),
        (HOURLY, "2026-03-02 10:17:03", "2026-03-02 11:00"),
        (HOURLY, "2026-03-02 10:00", "2026-03-02 11:00"),
        (DAILY, "2026-03-02 07:59", "2026-03-02 08:00"),
        (DAILY, "2026-03-02 08:00", "2026-03-02 08:00"),
        (DAILY, "2026-03-02 08:01", "2026-03-03 08:00"),
        # In summer the same clock shows nine an hour earlier.
        (DAILY, "2026-03-28 09:00", "2026-03-29 07:00"),
        (DAILY, "2026-10-24 08:00", "2026-10-25 08:00"),
    ],
)
def test_each_mode_has_its_moment(mode: str, made: str, wanted: str) -> None:
    assert leaves_at(DUE_SOON, habits(mode), made_at=at(made)) == at(wanted)


def test_off_is_never() -> None:
    assert leaves_at(DUE_SOON, habits(OFF), made_at=at("2026-03-02 10:00")) is None


@pytest.mark.parametrize(
    ("quiet", "made", "wanted"),
    [
        ("22:00-07:00", "2026-03-02 20:59", "2026-03-02 20:59"),
        ("22:00-07:00", "2026-03-02 21:00", "2026-03-03 06:00"),
        ("22:00-07:00", "2026-03-03 05:59", "2026-03-03 06:00"),
        ("22:00-07:00", "2026-03-03 06:00", "2026-03-03 06:00"),
        ("12:00-13:00", "2026-03-02 11:30", "2026-03-02 12:00"),
        # The night of 23 hours is an hour shorter, that of 25 an hour longer.
        ("22:00-07:00", "2026-03-28 21:00", "2026-03-29 05:00"),
        ("22:00-07:00", "2026-10-24 20:00", "2026-10-25 06:00"),
        # The quiet hours end when the clock first shows their end, though it shows it again.
        ("22:00-02:30", "2026-10-25 00:29", "2026-10-25 00:30"),
        ("22:00-02:30", "2026-10-25 01:15", "2026-10-25 01:15"),
        ("22:00-02:30", "2026-03-29 00:30", "2026-03-29 01:00"),
    ],
)
def test_what_falls_in_quiet_hours_leaves_when_they_end(quiet: str, made: str, wanted: str) -> None:
    assert leaves_at(DUE_SOON, habits(quiet=quiet), made_at=at(made)) == at(wanted)


def test_what_is_late_still_waits_for_the_quiet_hours() -> None:
    made, now = at("2026-03-02 20:50"), at("2026-03-02 22:00")
    assert released_at(DUE_SOON, habits(quiet="22:00-07:00"), made_at=made, now=now) == at("2026-03-03 06:00")
    assert released_at(DUE_SOON, habits(), made_at=made, now=now) == made


def test_that_more_waits_in_a_queue_is_no_news_for_a_while() -> None:
    made = at("2026-03-02 10:17")
    told = made - timedelta(minutes=1)
    assert leaves_at(WAITING, habits(), made_at=made, last_told_at=told) == told + WAITING_SPACING
    assert leaves_at(WAITING, habits(), made_at=made, last_told_at=made - timedelta(days=1)) == made


_instants = st.integers(946_684_800, 7_226_582_400).map(lambda second: datetime.fromtimestamp(second, UTC))


def _build(mode: str, zone: str, daily: time, quiet: tuple[time, time] | None) -> Habits:
    return Habits(dict.fromkeys(KINDS, mode), zone, daily, *(quiet or (None, None)))


_habits = st.builds(
    _build,
    st.sampled_from([AT_ONCE, HOURLY, DAILY]),
    st.sampled_from(ZONES),
    st.times(),
    st.none() | st.tuples(st.times(), st.times()).filter(lambda pair: pair[0] != pair[1]),
)


@given(_habits, _instants)
def test_nothing_leaves_too_early_too_late_or_in_quiet_hours(chosen: Habits, made: datetime) -> None:
    leaves = leaves_at(DUE_SOON, chosen, made_at=made)
    assert leaves is not None
    assert leaves >= made
    assert quiet_until(leaves, chosen) is None
    # A day of 25 hours until the time of the day comes, and the quiet hours of another.
    assert leaves - made <= timedelta(hours=50)


@given(_habits, _instants)
def test_asked_again_it_is_the_same_moment(chosen: Habits, made: datetime) -> None:
    first = leaves_at(DUE_SOON, chosen, made_at=made)
    assert first is not None
    assert released_at(DUE_SOON, chosen, made_at=made, now=first) == first


@given(st.sampled_from(ZONES), st.dates(date(2000, 1, 1), date(2199, 1, 1)), st.times(), st.times())
def test_the_order_of_clock_times_is_that_of_the_moments(zone: str, day: date, one: time, other: time) -> None:
    earlier, later = sorted((one, other))
    assert moment(day, earlier, ZoneInfo(zone)) <= moment(day, later, ZoneInfo(zone))


@given(_habits, _instants, st.timedeltas(timedelta(0), timedelta(days=2)))
def test_what_came_first_never_leaves_last(chosen: Habits, made: datetime, later: timedelta) -> None:
    first, second = (leaves_at(DUE_SOON, chosen, made_at=made + n * later) for n in (0, 1))
    assert first is not None
    assert second is not None
    assert first <= second


@pytest.mark.parametrize(
    "bad",
    [
        Habits(modes={"gossip": AT_ONCE}),
        Habits(modes={WAITING: "sometimes"}),
        Habits(zone="Mars/Olympus"),
        Habits(zone="../../etc/passwd"),
        Habits(zone=""),
        Habits(quiet_from=time(22)),
        Habits(quiet_from=time(22), quiet_until=time(22)),
    ],
)
def test_habits_that_mean_nothing_are_refused(bad: Habits) -> None:
    with pytest.raises(BadHabits) as refused:
        check_habits(bad)
    assert refused.value.faults


def test_habits_are_completed_with_the_defaults() -> None:
    checked = check_habits(Habits(modes={WAITING: OFF}))
    assert set(checked.modes) == set(KINDS)
    assert (checked.mode(WAITING), checked.mode(DUE_SOON)) == (OFF, AT_ONCE)
