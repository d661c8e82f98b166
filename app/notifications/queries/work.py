"""Read how items stand and what waits: what decides whether a notification still means something.

Every look is bounded: what waits in a queue is judged by the first items in line, whatever the backlog.
Called by the services that spread news and write messages.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.notifications.rules.audience import Colleague, Standing
from app.queue.models import Calendar, Claim, Item, Queue
from app.submissions.models import Submission, TaskType

# So many items in line are looked at when it is asked what waits for somebody.
LOOK_AT: Final = 200


@dataclass(frozen=True)
class QueueFacts:
    """A queue: its name, the zone of its calendar if it has one, and whether it hands nothing out now."""

    name: str
    zone: str | None
    paused: bool


@dataclass(frozen=True)
class Waiting:
    """What waits in a queue for somebody: how many, when the first is due, whether there are more than were counted."""

    count: int
    first_due_at: datetime
    more: bool


def get_standings(session: Session, *, item_ids: set[UUID]) -> dict[UUID, Standing]:
    """Return how these items stand now, by id."""
    if not item_ids:
        return {}
    rows = session.execute(
        select(
            Item,
            Queue.name.label("queue"),
            Calendar.zone.label("zone"),
            TaskType.name.label("task_type"),
            Claim.person_id.label("claimer"),
        )
        .join(Queue, Queue.id == Item.queue_id)
        .outerjoin(Calendar, Calendar.id == Queue.calendar_id)
        .join(Submission, Submission.id == Item.submission_id)
        .join(TaskType, TaskType.id == Submission.task_type_id)
        .outerjoin(Claim, (Claim.item_id == Item.id) & Claim.ended_at.is_(None))
        .where(Item.id.in_(item_ids))
        .execution_options(populate_existing=True)
    )
    return {row[0].id: _standing(*row) for row in rows}


def _standing(item: Item, queue: str, zone: str | None, task_type: str, claimer: UUID | None) -> Standing:
    return Standing(
        item_id=item.id,
        task_type=task_type,
        queue=queue,
        state=item.state,
        due_at=item.due_at,
        zone=zone,
        skills=frozenset(item.skills),
        voters=frozenset(item.voters),
        barred=frozenset(item.barred),
        candidates=None if item.candidates is None else frozenset(item.candidates),
        for_lead=item.for_lead,
        assigned_to=item.assigned_to,
        holder=claimer if item.state == "claimed" else item.held_by,
    )


def get_queues(session: Session, *, queue_ids: set[UUID]) -> dict[UUID, QueueFacts]:
    """Return these queues, by id."""
    rows = session.execute(
        select(Queue.id, Queue.name, Calendar.zone, Queue.paused_at)
        .outerjoin(Calendar, Calendar.id == Queue.calendar_id)
        .where(Queue.id.in_(queue_ids))
    )
    return {row.id: QueueFacts(row.name, row.zone, row.paused_at is not None) for row in rows}


_WAITING_FOR: Final = text("""
WITH line AS (
  SELECT due_at, skills, voters, barred, candidates, for_lead FROM items
   WHERE queue_id = :queue AND state = 'waiting' AND assigned_to IS NULL
   ORDER BY sort_key, id LIMIT :look_at)
SELECT count(*) AS number, min(due_at) AS first_due_at, (SELECT count(*) FROM line) = :look_at AS more
  FROM line
 WHERE skills <@ CAST(:skills AS text[]) AND NOT (:person = ANY(voters))
   AND NOT (barred && CAST(:names AS uuid[])) AND (candidates IS NULL OR candidates && CAST(:names AS uuid[]))
   AND (NOT for_lead OR :lead)
""")
_WAITING_AT_ALL: Final = text("""
WITH line AS (
  SELECT due_at FROM items
   WHERE queue_id = :queue AND state = 'waiting' AND assigned_to IS NULL
   ORDER BY sort_key, id LIMIT :look_at)
SELECT count(*) AS number, min(due_at) AS first_due_at, count(*) = :look_at AS more FROM line
""")


def what_waits(session: Session, *, queue_id: UUID, person: Colleague | None = None) -> Waiting | None:
    """Return what waits in a queue, for a person or for anybody, among the first in line; None for nothing."""
    values = {"queue": queue_id, "look_at": LOOK_AT}
    if person is None:
        row = session.execute(_WAITING_AT_ALL, values).one()
    else:
        row = session.execute(
            _WAITING_FOR,
            {
                **values,
                "skills": list(person.skills),
                "person": person.person_id,
                "names": [person.person_id, *person.groups],
                "lead": person.lead,
            },
        ).one()
    return Waiting(row.number, row.first_due_at, row.more) if row.number else None


_ARRIVED: Final = text("""
SELECT DISTINCT workspace_id, queue_id FROM items
 WHERE id > :after AND id <= :until AND state = 'waiting' AND assigned_to IS NULL
""")
_NOT_TOLD_SINCE: Final = text("""
SELECT q.workspace_id, q.id AS queue_id
  FROM queues q LEFT JOIN queue_tellings t ON t.queue_id = q.id
 WHERE (t.told_at IS NULL OR t.told_at <= :before)
   AND EXISTS (SELECT 1 FROM items WHERE queue_id = q.id AND state = 'waiting' AND assigned_to IS NULL)
""")


def queues_with_arrivals(session: Session, *, after: UUID, until: UUID) -> list[tuple[UUID, UUID]]:
    """Return (workspace, queue) where items wait whose ids lie in this range; the cost is that of the arrivals."""
    return [(row.workspace_id, row.queue_id) for row in session.execute(_ARRIVED, {"after": after, "until": until})]


def queues_to_remind(session: Session, *, before: datetime) -> list[tuple[UUID, UUID]]:
    """Return (workspace, queue) where something waits and nobody was told so since then."""
    return [(row.workspace_id, row.queue_id) for row in session.execute(_NOT_TOLD_SINCE, {"before": before})]
