"""The only writers of queues, items and claims. Nothing here knows what an item contains or what a second costs."""

from app.queue.service.calendars import (
    CalendarDescription,
    CalendarInUse,
    NameTaken,
    add_calendar,
    change_calendar,
    remove_calendar,
)
from app.queue.service.claims import (
    ClaimLost,
    ItemTaken,
    advance,
    claim_item,
    claim_next,
    reserve_next,
)
from app.queue.service.escalating import take_step
from app.queue.service.handling import keep_handling_times
from app.queue.service.items import (
    assign,
    bar,
    find_or_add_queue,
    leave_to_leads,
    move,
    put_last,
    unassign,
)
from app.queue.service.lining_up import ITEMS, Lined, Lines, NewItem
from app.queue.service.loads import Work, count_load, leave_uncounted, queues_to_count
from app.queue.service.locks import LockedClaim, lock_claim, lock_item, try_lock_claim, try_lock_item
from app.queue.service.presence import note_seen, pause, resume
from app.queue.service.queues import (
    QueueRefused,
    QueueSettings,
    UnknownCalendar,
    add_queue,
    change_queue,
    rekey,
)
from app.queue.service.timers import act_in_time, clockwork, postpone, sleep_until_next, try_lock_waking

__all__ = [
    "ITEMS",
    "CalendarDescription",
    "CalendarInUse",
    "ClaimLost",
    "ItemTaken",
    "Lined",
    "Lines",
    "LockedClaim",
    "NameTaken",
    "NewItem",
    "QueueRefused",
    "QueueSettings",
    "UnknownCalendar",
    "Work",
    "act_in_time",
    "add_calendar",
    "add_queue",
    "advance",
    "assign",
    "bar",
    "change_calendar",
    "change_queue",
    "claim_item",
    "claim_next",
    "clockwork",
    "count_load",
    "find_or_add_queue",
    "keep_handling_times",
    "leave_to_leads",
    "leave_uncounted",
    "lock_claim",
    "lock_item",
    "move",
    "note_seen",
    "pause",
    "postpone",
    "put_last",
    "queues_to_count",
    "rekey",
    "remove_calendar",
    "reserve_next",
    "resume",
    "sleep_until_next",
    "take_step",
    "try_lock_claim",
    "try_lock_item",
    "try_lock_waking",
    "unassign",
]
