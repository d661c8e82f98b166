"""Take an item's next escalation step: another queue, other people, leads alone, a higher priority.

Called when a step's time has come, when the item's own time is up, and when a reviewer passes it up.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.queue.models import Item
from app.queue.queries import get_queue, working_calendar
from app.queue.rules import next_step_at, place_in_line
from app.queue.service.items import find_or_add_queue


def take_step(session: Session, *, now: datetime, item: Item) -> dict[str, Any] | None:
    """Change a locked item as its next escalation step says; return what was done, or None when none is left.

    The caller makes the step in the trail. Who is barred stays barred; a step that names groups or leads takes the
    place of the candidates before.
    """
    if item.tier >= len(item.escalation):
        return None
    step = item.escalation[item.tier]
    item.tier += 1
    if step.get("queue"):
        item.queue_id = find_or_add_queue(session, now=now, workspace_id=item.workspace_id, name=step["queue"])
    if step.get("groups"):
        item.candidates = [UUID(hex=group) for group in step["groups"]]
    elif step.get("leads"):
        item.candidates = None
    item.for_lead = item.for_lead or bool(step.get("leads"))
    if step.get("priority") is not None:
        item.priority = step["priority"]
    queue = get_queue(session, workspace_id=item.workspace_id, queue_id=item.queue_id)
    item.sort_key = place_in_line(item, value_order=queue.value_order, half_life_ms=queue.half_life_ms)
    calendar = working_calendar(session, queue=queue)
    item.step_at = next_step_at(item.escalation, tier=item.tier, since=now, calendar=calendar)
    return {"tier": item.tier, **{word: step[word] for word in ("queue", "leads", "priority") if step.get(word)}}
