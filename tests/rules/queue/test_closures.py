"""The days on which a calendar is closed to come, with their names."""

from datetime import date

from app.queue.rules.calendars import read_calendar
from app.queue.rules.closures import known_places, next_closures

WEEK = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def test_holidays_and_closed_days_of_a_working_week_come_in_order() -> None:
    calendar = read_calendar(
        zone="Europe/Berlin",
        hours=WEEK,
        country="DE",
        closed_days=[date(2026, 12, 24), date(2026, 12, 27)],
        open_days=[date(2027, 1, 1)],
    )
    found = next_closures(calendar, after=date(2026, 12, 1), at_most=3)
    # The 26th is a Saturday and the 27th a Sunday, on which nobody works anyway; on New Year's Day they do.
    assert [day for day, _ in found] == [date(2026, 12, 24), date(2026, 12, 25), date(2027, 3, 26)]
    assert found[1][1] == "Christmas Day"


def test_round_the_year_without_holidays_nothing_is_closed() -> None:
    assert next_closures(read_calendar(zone="UTC", hours=WEEK), after=date(2026, 1, 1), at_most=3) == []


def test_places_are_known_by_their_codes() -> None:
    assert "BY" in known_places()["DE"]
