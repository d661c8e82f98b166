"""The words of notifications: what one is about, how a person wants it, and what has become of it.

The CHECK constraints and the pages take them from here.
"""

from collections.abc import Mapping
from typing import Final

WAITING: Final = "waiting"
DUE_SOON: Final = "due_soon"
HANDED_OVER: Final = "handed_over"
BREACHED: Final = "breached"
ESCALATED: Final = "escalated"
ENDPOINT_DISABLED: Final = "endpoint_disabled"
KINDS: Final = (HANDED_OVER, DUE_SOON, BREACHED, ESCALATED, WAITING, ENDPOINT_DISABLED)
# Those that go to leads.
LEAD_KINDS: Final = (BREACHED, ESCALATED)
# Those that go to whoever administers; all others go to reviewers.
ADMIN_KINDS: Final = (ENDPOINT_DISABLED,)

AT_ONCE: Final = "at_once"
HOURLY: Final = "hourly"
DAILY: Final = "daily"
OFF: Final = "off"
MODES: Final = (AT_ONCE, HOURLY, DAILY, OFF)
DEFAULT_MODES: Final[Mapping[str, str]] = {
    HANDED_OVER: AT_ONCE,
    DUE_SOON: AT_ONCE,
    BREACHED: AT_ONCE,
    ESCALATED: AT_ONCE,
    WAITING: HOURLY,
    ENDPOINT_DISABLED: AT_ONCE,
}

PENDING: Final = "pending"
BUNDLED: Final = "bundled"
DUE: Final = "due"
SENT: Final = "sent"
DROPPED: Final = "dropped"
PARKED: Final = "parked"
NOTIFICATION_STATES: Final = (PENDING, BUNDLED, SENT, DROPPED, PARKED)
MESSAGE_STATES: Final = (DUE, SENT, DROPPED, PARKED)
