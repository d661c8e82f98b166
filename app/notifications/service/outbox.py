"""The outbox: every message is a row here until it was sent or given up.

A worker leases rows for two minutes, sends outside of any transaction and writes down what came of it. A worker that
dies in between leaves a lease that runs out: the message is sent again then, with the same Message-ID, so a reader may
get it twice but never not at all. Sends nothing itself. Called by the worker and by the sweep that forgets.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.audit.rules import SYSTEM
from app.audit.service import record
from app.notifications.models import Message, Notification
from app.notifications.queries.outbox import get_hook
from app.notifications.rules.kinds import BUNDLED, DROPPED, DUE, PARKED, SENT
from app.notifications.rules.retries import Tried, judge
from app.notifications.service.hooks import disable_hook

LEASE: Final = timedelta(seconds=120)
# How long it can be looked up who was told what.
KEEP_FOR: Final = timedelta(days=30)


@dataclass(frozen=True)
class LeasedMessage:
    """A message that is ours to send until `leased_until`."""

    id: UUID
    workspace_id: UUID
    leased_until: datetime


def take_due(session: Session, *, now: datetime, mail: bool, limit: int) -> list[LeasedMessage]:
    """Lease up to `limit` messages that are due. Rows that another worker holds are passed over, never waited for.

    Args:
        mail: Whether this worker can send mail; if not, mails stay where they are.
    """
    wanted = select(Message.id).where(Message.state == DUE, Message.next_attempt_at <= now)
    if not mail:
        wanted = wanted.where(Message.person_id.is_(None))
    due = wanted.order_by(Message.next_attempt_at).limit(limit).with_for_update(skip_locked=True).cte("due")
    until = now + LEASE
    rows = session.execute(
        update(Message)
        .where(Message.id == due.c.id)
        .values(leased_until=until, next_attempt_at=until)
        .returning(Message.id, Message.workspace_id)
        .execution_options(synchronize_session=False)
    )
    return [LeasedMessage(row.id, row.workspace_id, until) for row in rows]


def record_try(session: Session, *, now: datetime, leased: LeasedMessage, tried: Tried, draw: float) -> str:
    """Write down a try and move its message on; return the message's state.

    Success counts whoever reports it. A failure reported after the lease ran out changes nothing: the message is with
    the worker that holds it now.

    Args:
        draw: Uniform in [0, 1), for the jitter of the next wait.
    """
    message = session.scalars(
        select(Message).where(Message.id == leased.id).with_for_update(), execution_options={"populate_existing": True}
    ).one()
    holds = message.leased_until == leased.leased_until
    if message.state != DUE or not (holds or tried.sent):
        return message.state
    message.attempts += 1
    message.problem = tried.problem
    verdict = judge(tried, tries=message.attempts, draw=draw)
    message.leased_until = None
    if verdict.state == DUE:
        message.next_attempt_at = now + timedelta(seconds=verdict.wait_seconds)
        session.flush()
    else:
        _settle(session, now, message, verdict.state)
    if tried.gone and message.hook_id is not None:
        hook = get_hook(session, workspace_id=message.workspace_id, hook_id=message.hook_id, lock=True)
        disable_hook(session, now=now, actor=SYSTEM, hook=hook, why=tried.problem or "gone")
    return message.state


def _settle(session: Session, now: datetime, message: Message, state: str) -> None:
    message.state, message.settled_at = state, now
    session.flush()
    told = session.execute(
        update(Notification)
        .where(Notification.message_id == message.id, Notification.state == BUNDLED)
        .values(state=state, settled_at=now)
        .returning(Notification.id)
        .execution_options(synchronize_session=False)
    ).all()
    record(
        session,
        now=now,
        actor=SYSTEM,
        workspace_id=message.workspace_id,
        type=f"message.{state}",
        subject_kind="message",
        subject_id=message.id,
        from_state=DUE,
        to_state=state,
        details={"notifications": len(told), "tries": message.attempts, "problem": message.problem},
    )


def forget_messages(session: Session, *, now: datetime, limit: int) -> int:
    """Delete up to `limit` settled notifications and the messages that lie as long; return how many rows."""
    before = now - KEEP_FOR
    settled = (SENT, DROPPED, PARKED)
    old = select(Notification.id).where(Notification.state.in_(settled), Notification.settled_at < before).limit(limit)
    gone = session.execute(delete(Notification).where(Notification.id.in_(old)).returning(Notification.id)).all()
    empty = (
        select(Message.id)
        .where(
            Message.settled_at < before,
            ~select(Notification.id).where(Notification.message_id == Message.id).exists(),
        )
        .limit(limit)
    )
    messages = session.execute(delete(Message).where(Message.id.in_(empty)).returning(Message.id)).all()
    return len(gone) + len(messages)
