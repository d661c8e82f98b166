"""Spread news: from one notice to a notification for each person and chat hook that it concerns.

A notice is gone in the transaction that spreads it. Whoever wants none of a kind gets none, and what is pending for an
addressee already is not said twice. Called by the worker.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.kernel.ids import new_id
from app.notifications.models import ChatHook, Notice, Notification, QueueTelling
from app.notifications.queries.outbox import last_told, list_hooks
from app.notifications.queries.people import habits_by_person, list_colleagues
from app.notifications.queries.work import QueueFacts, get_queues, get_standings
from app.notifications.rules.audience import Colleague, Standing, choose, is_concerned
from app.notifications.rules.habits import Habits
from app.notifications.rules.kinds import HANDED_OVER, HOURLY, PENDING, WAITING
from app.notifications.rules.timing import leaves_at

# A chat is not a person: it is told at once, and once an hour what merely waits.
HOOK_HABITS: Final = Habits(modes={WAITING: HOURLY})


@dataclass
class _Workspace:
    """Everybody of one workspace who could be told."""

    colleagues: dict[UUID, Colleague]
    habits: dict[UUID, Habits]
    hooks: list[ChatHook]


def spread(session: Session, *, now: datetime, mail: bool, limit: int) -> int:
    """Spread up to `limit` notices and return how many there were.

    Args:
        mail: Whether this installation sends mail; if not, nobody is told by it.
    """
    oldest = select(Notice).order_by(Notice.id).limit(limit).with_for_update(skip_locked=True)
    notices = list(session.scalars(oldest))
    standings = get_standings(session, item_ids={n.item_id for n in notices if n.item_id is not None})
    queues = get_queues(session, queue_ids={n.queue_id for n in notices if n.queue_id is not None})
    workspaces: dict[UUID, _Workspace] = {}
    rows: list[dict[str, Any]] = []
    for notice in notices:
        here = workspaces.get(notice.workspace_id) or _load(session, notice.workspace_id, mail=mail)
        workspaces[notice.workspace_id] = here
        if notice.item_id is not None:
            rows += _about_item(notice, standings[notice.item_id], here)
        elif notice.queue_id is not None:
            rows += _about_queue(session, notice, queues[notice.queue_id], here)
        else:
            rows += _about_endpoint(notice, here)
    if rows:
        session.execute(insert(Notification).on_conflict_do_nothing(), rows)
    _finish(session, notices, now)
    return len(notices)


def _load(session: Session, workspace_id: UUID, *, mail: bool) -> _Workspace:
    return _Workspace(
        colleagues=list_colleagues(session, workspace_id=workspace_id) if mail else {},
        habits=habits_by_person(session, workspace_id=workspace_id) if mail else {},
        hooks=list_hooks(session, workspace_id=workspace_id, enabled=True),
    )


def _about_item(notice: Notice, item: Standing, here: _Workspace) -> Iterator[dict[str, Any]]:
    if notice.kind == HANDED_OVER:
        named = here.colleagues.get(notice.to_person_id) if notice.to_person_id is not None else None
        people = [named] if named is not None and is_concerned(HANDED_OVER, item, named) else []
    else:
        people = choose(notice.kind, item, here.colleagues.values())
    for person in people:
        habits = here.habits.get(person.person_id, Habits())
        at = leaves_at(notice.kind, habits, made_at=notice.made_at)
        if at is not None:
            yield _row(notice, at, person_id=person.person_id)
    if item.is_open:
        yield from _for_hooks(notice, item.queue, here, {})


def _about_queue(session: Session, notice: Notice, queue: QueueFacts, here: _Workspace) -> Iterator[dict[str, Any]]:
    assert notice.queue_id is not None, "news of a queue names it"  # noqa: S101  # a constraint holds this
    told = last_told(session, queue_id=notice.queue_id)
    # Whether anything waits that she may take is looked at when it leaves, with what waits then.
    for person in here.colleagues.values():
        if not person.reviews or not person.works(queue.name):
            continue
        habits = here.habits.get(person.person_id, Habits())
        at = leaves_at(WAITING, habits, made_at=notice.made_at, last_told_at=told.get(person.person_id))
        if at is not None:
            yield _row(notice, at, person_id=person.person_id)
    yield from _for_hooks(notice, queue.name, here, told)


def _about_endpoint(notice: Notice, here: _Workspace) -> Iterator[dict[str, Any]]:
    for person in here.colleagues.values():
        at = leaves_at(notice.kind, here.habits.get(person.person_id, Habits()), made_at=notice.made_at)
        if person.admin and at is not None:
            yield _row(notice, at, person_id=person.person_id)
    for hook in here.hooks:
        # It belongs to no queue, so a channel of certain queues is told too, if it asks for this.
        if notice.kind in hook.kinds:
            yield _row(notice, notice.made_at, hook_id=hook.id)


def _for_hooks(notice: Notice, queue: str, here: _Workspace, told: dict[UUID, datetime]) -> Iterator[dict[str, Any]]:
    for hook in here.hooks:
        if notice.kind in hook.kinds and (not hook.queues or queue in hook.queues):
            at = leaves_at(notice.kind, HOOK_HABITS, made_at=notice.made_at, last_told_at=told.get(hook.id))
            yield _row(notice, at or notice.made_at, hook_id=hook.id)


def _row(
    notice: Notice, leaves: datetime, *, person_id: UUID | None = None, hook_id: UUID | None = None
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "workspace_id": notice.workspace_id,
        "person_id": person_id,
        "hook_id": hook_id,
        "kind": notice.kind,
        "item_id": notice.item_id,
        "queue_id": notice.queue_id,
        "endpoint_id": notice.endpoint_id,
        "to_person_id": notice.to_person_id,
        "by_person_id": notice.by_person_id,
        "made_at": notice.made_at,
        "leaves_at": leaves,
        "state": PENDING,
    }


def _finish(session: Session, notices: list[Notice], now: datetime) -> None:
    told = [{"queue_id": n.queue_id, "told_at": now} for n in notices if n.queue_id is not None]
    if told:
        telling = insert(QueueTelling)
        newer = telling.on_conflict_do_update(
            index_elements=[QueueTelling.queue_id], set_={"told_at": telling.excluded.told_at}
        )
        session.execute(newer, told)
    if notices:
        session.execute(delete(Notice).where(Notice.id.in_([n.id for n in notices])))
