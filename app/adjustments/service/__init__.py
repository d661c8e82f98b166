"""Correct what was counted: somebody says what her time was, somebody else grants or refuses it.

What was posted stays. A grant takes the lines of a claim back, each in full and once, and puts one in their place; time
outside of items only adds one. Nobody grants her own. Entries for a period that is closed belong to the open one.
"""

from app.adjustments.service.asking import (
    WRAPPED,
    AdjustmentRefused,
    AskedAlready,
    NoSuchTime,
    StillRuns,
    Wish,
    ask,
)
from app.adjustments.service.settling import (
    NothingToPrice,
    OwnTime,
    SettledAlready,
    add_time,
    grant,
    price_anew,
    refuse,
)

__all__ = [
    "WRAPPED",
    "AdjustmentRefused",
    "AskedAlready",
    "NoSuchTime",
    "NothingToPrice",
    "OwnTime",
    "SettledAlready",
    "StillRuns",
    "Wish",
    "add_time",
    "ask",
    "grant",
    "price_anew",
    "refuse",
]
