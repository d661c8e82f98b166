"""The statuses of a submission.

`waiting` covers the whole time its item is open; what exactly the item is doing (claimed, held) is the item's state.
"""

from typing import Final

WAITING: Final = "waiting"
STATUSES: Final = (
    "passed",
    "blocked",
    WAITING,
    "approved",
    "corrected",
    "rejected",
    "answered",
    "expired",
    "cancelled",
)
