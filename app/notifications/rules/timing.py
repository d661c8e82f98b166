"""When a notification may leave: at once, with the next full hour, or at a time of the day, and never in quiet hours.

Clock times are those of the person's zone. On a day on which the clock is put forward, a time that does not exist is
the moment of the change; on one on which it is put back, a time that comes twice is the first of the two. So the order
of clock times within a day is always the order of the moments. Called by the service that puts notifications together.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.notifications.rules.habits import Habits
from app.notifications.rules.kinds import AT_ONCE, DAILY, HOURLY, WAITING

# Messages to one addressee leave at least this far apart, so that a burst becomes one message.
SPACING: Final = timedelta(minutes=1)
# That more work waits in the same queue is news no sooner than this.
WAITING_SPACING: Final = timedelta(minutes=15)
_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the moment, in UTC, at which a clock in that zone shows this time on this day."""
    first = datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
    second = datetime.combine(day, at, tzinfo=zone).replace(fold=1).astimezone(UTC)
    if second >= first:
        return first
    # The clock skips this time. The change lies between the two readings, before (first) and after it (second).
    before, after = second, first
    offset = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + timedelta(seconds=(after - before) // _SECOND // 2)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def quiet_until(at: datetime, habits: Habits) -> datetime | None:
    """Return when the quiet hours end in which this moment lies, or None when it lies in none."""
    if habits.quiet_from is None or habits.quiet_until is None:
        return None
    today = at.astimezone(habits.clock).date()
    over_midnight = habits.quiet_until <= habits.quiet_from
    for begun in (today - _DAY, today):
        start = moment(begun, habits.quiet_from, habits.clock)
        end = moment(begun + _DAY if over_midnight else begun, habits.quiet_until, habits.clock)
        if start <= at < end:
            return end
    return None


def _next_hour(at: datetime, zone: ZoneInfo) -> datetime:
    shown = at.astimezone(zone)
    past = timedelta(minutes=shown.minute, seconds=shown.second, microseconds=shown.microsecond)
    return at - past + timedelta(hours=1)


def _next_daily(at: datetime, habits: Habits) -> datetime:
    today = at.astimezone(habits.clock).date()
    wanted = [moment(today + n * _DAY, habits.daily_at, habits.clock) for n in range(3)]
    return next(one for one in wanted if one >= at)


def leaves_at(kind: str, habits: Habits, *, made_at: datetime, last_told_at: datetime | None = None) -> datetime | None:
    """Return when a notification may leave, or None when the person does not want it.

    Args:
        made_at: When there was something to tell.
        last_told_at: When she was last told that work waits in the same queue, for that kind alone.
    """
    at = made_at
    if kind == WAITING and last_told_at is not None:
        at = max(at, last_told_at + WAITING_SPACING)
    mode = habits.mode(kind)
    if mode == HOURLY:
        at = _next_hour(at, habits.clock)
    elif mode == DAILY:
        at = _next_daily(at, habits)
    elif mode != AT_ONCE:
        return None
    end = quiet_until(at, habits)
    return at if end is None else end


def released_at(kind: str, habits: Habits, *, made_at: datetime, now: datetime) -> datetime | None:
    """Return when something pending may leave, asked at `now`: what is late by then still waits for the quiet hours."""
    at = leaves_at(kind, habits, made_at=made_at)
    if at is None or at > now:
        return at
    return quiet_until(now, habits) or at
