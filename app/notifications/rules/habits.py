"""How one person wants to be told in one workspace: which kinds, how often, and not at which hours.

Without a choice of her own, what needs her by name or by the clock comes at once, and what merely waits once an hour.
Called by the preferences' service and by whatever asks when something may leave.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from app.kernel.errors import Fault, Invalid
from app.notifications.rules.kinds import DEFAULT_MODES, KINDS, MODES

DEFAULT_DAILY_AT: Final = time(9, 0)
# Names of the machine's own choice: they mean another zone on another machine.
_NO_ZONES: Final = frozenset({"Factory", "localtime", "posixrules"})


class BadHabits(Invalid):
    """This cannot be how somebody is told."""


@dataclass(frozen=True)
class Habits:
    """A person's choice. Times are those of a clock on the wall in `zone`; quiet hours may reach past midnight."""

    modes: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_MODES))
    zone: str = "UTC"
    daily_at: time = DEFAULT_DAILY_AT
    quiet_from: time | None = None
    quiet_until: time | None = None

    @property
    def clock(self) -> ZoneInfo:
        """Return the person's zone."""
        return ZoneInfo(self.zone)

    def mode(self, kind: str) -> str:
        """Return how she wants to be told about this kind."""
        return self.modes.get(kind, DEFAULT_MODES[kind])


@cache
def zones() -> tuple[str, ...]:
    """Return the names of all time zones, in order."""
    return tuple(sorted(available_timezones() - _NO_ZONES))


def check_habits(habits: Habits) -> Habits:
    """Return habits that can be kept, with a mode for every kind.

    Raises:
        BadHabits: an unknown kind, mode or zone; half of the quiet hours; quiet hours of no length.
    """
    faults = [Fault(f"/modes/{kind}", "is not a known kind") for kind in habits.modes if kind not in KINDS]
    faults += [
        Fault(f"/modes/{kind}", f"is none of {', '.join(MODES)}")
        for kind, mode in habits.modes.items()
        if kind in KINDS and mode not in MODES
    ]
    if habits.zone not in zones():
        faults.append(Fault("/zone", "is not the name of a time zone, for example Europe/Zurich"))
    if (habits.quiet_from is None) != (habits.quiet_until is None):
        faults.append(Fault("/quiet_from", "and quiet_until are given both, or neither"))
    elif habits.quiet_from is not None and habits.quiet_from == habits.quiet_until:
        faults.append(Fault("/quiet_from", "and quiet_until are the same time; switch kinds off instead"))
    if faults:
        raise BadHabits(faults=faults)
    modes = {**DEFAULT_MODES, **habits.modes}
    return Habits(modes, habits.zone, habits.daily_at, habits.quiet_from, habits.quiet_until)
