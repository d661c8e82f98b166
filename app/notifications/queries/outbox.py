"""Read what is to be sent, and the chat hooks. Called by the services, the chat-hooks API and the worker."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.errors import NotFound
from app.notifications.models import ArrivalLook, ChatHook, Message, Notice, Notification
from app.notifications.rules.kinds import DUE, PENDING, WAITING

LOOK_EVERY: Final = timedelta(minutes=1)


class NoSuchHook(NotFound):
    """There is no such chat hook in this workspace."""


@dataclass(frozen=True)
class LatestTry:
    """What became of the latest message to a hook."""

    state: str
    trial: bool
    tries: int
    made_at: datetime
    problem: str | None


def get_hook(session: Session, *, workspace_id: UUID, hook_id: UUID, lock: bool = False) -> ChatHook:
    """Return a chat hook of this workspace, disabled or not; with `lock`, as it is after waiting for its row.

    Raises:
        NoSuchHook: also when it is another workspace's.
    """
    query = select(ChatHook).where(ChatHook.id == hook_id, ChatHook.workspace_id == workspace_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise NoSuchHook
    return found


def list_hooks(session: Session, *, workspace_id: UUID, enabled: bool = False) -> list[ChatHook]:
    """Return the chat hooks of a workspace, the oldest first; with `enabled`, only those that are told something."""
    query = select(ChatHook).where(ChatHook.workspace_id == workspace_id).order_by(ChatHook.id)
    if enabled:
        query = query.where(ChatHook.disabled_at.is_(None))
    return list(session.scalars(query.execution_options(populate_existing=True)))


def latest_try(session: Session, *, hook_id: UUID) -> LatestTry | None:
    """Return what became of the latest message to a hook, if there was one."""
    found = session.scalar(select(Message).where(Message.hook_id == hook_id).order_by(Message.made_at.desc()).limit(1))
    if found is None:
        return None
    return LatestTry(found.state, found.trial, found.attempts, found.made_at, found.problem)


def last_told(session: Session, *, queue_id: UUID) -> dict[UUID, datetime]:
    """Return when each person and chat hook was last to be told that work waits in a queue, within the last day."""
    newest = func.max(Notification.made_at)
    rows = session.execute(
        select(func.coalesce(Notification.person_id, Notification.hook_id), newest)
        .where(Notification.kind == WAITING, Notification.queue_id == queue_id)
        .group_by(Notification.person_id, Notification.hook_id)
    )
    return {row[0]: row[1] for row in rows}


def last_message_at(
    session: Session, *, workspace_id: UUID, person_id: UUID | None, hook_id: UUID | None
) -> datetime | None:
    """Return when the latest message to an addressee was made."""
    wanted = Message.person_id == person_id if person_id is not None else Message.hook_id == hook_id
    return session.scalar(select(func.max(Message.made_at)).where(wanted, Message.workspace_id == workspace_id))


def next_telling_at(session: Session, *, mail: bool) -> datetime | None:
    """Return when there is something to do for notifications next: possibly past.

    Args:
        mail: Whether this worker can send mail; if not, mails are nothing to do.
    """
    due = select(func.min(Message.next_attempt_at)).where(Message.state == DUE)
    times = [
        session.scalar(select(func.min(Notice.made_at))),
        session.scalar(select(func.min(Notification.leaves_at)).where(Notification.state == PENDING)),
        session.scalar(due if mail else due.where(Message.person_id.is_(None))),
    ]
    looked_to = session.scalar(select(ArrivalLook.looked_to))
    if looked_to is not None:
        # What arrived is looked at a minute late, see the look itself.
        times.append(looked_to + 2 * LOOK_EVERY)
    return min((at for at in times if at is not None), default=None)
