"""The time zone that a page is asked for. Called by pages with days on them."""

from functools import lru_cache
from typing import Final
from zoneinfo import available_timezones

from flask import request

_USUAL: Final = ("UTC", "Europe/London", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Tokyo")


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(available_timezones())


def chosen_zone(faults: dict[str, str]) -> str:
    """Return the zone that `tz` names, UTC without one; one that is not known is a fault, and UTC."""
    zone = request.args.get("tz", "UTC")
    if zone in _known():
        return zone
    faults["tz"] = "This zone is not known."
    return "UTC"


def zone_choices(zone: str) -> list[str]:
    """Return the zones to choose from, the present one among them."""
    return list(dict.fromkeys((*_USUAL, zone)))
