"""An item's place in line, as one integer, so that a claim is one range of one index.

Priority comes first, then the due time; items with both the same are served by age, because ids grow with time.
"""

from datetime import datetime
from typing import Final

MAX_PRIORITY: Final = 100
# Room for the milliseconds of the years until 2527 below the priority's bits.
_DUE_BITS: Final = 44


def sort_key(priority: int, due_at: datetime) -> int:
    """Return the place in line: higher priority first, then the earlier due time (to the millisecond)."""
    due_ms = max(0, int(due_at.timestamp() * 1000))
    return ((MAX_PRIORITY - priority) << _DUE_BITS) | min(due_ms, (1 << _DUE_BITS) - 1)
