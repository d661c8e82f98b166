"""Write a message at the moment of sending, with what still holds: what no longer concerns its reader is dropped.

So a digest of the morning does not speak of what was decided in the night, and a message without anything left is not
sent at all. Reads no content of any submission. Called by the worker, between the lease and the sending.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.delivery.models import Endpoint
from app.delivery.queries import find_endpoints
from app.identity.queries import find_workspace
from app.kernel.ids import show
from app.kernel.sealing import CannotOpen
from app.notifications.models import Message, Notification
from app.notifications.queries.outbox import get_hook
from app.notifications.queries.people import habits_of, list_colleagues, names_of
from app.notifications.queries.work import QueueFacts, get_queues, get_standings, what_waits
from app.notifications.rules.audience import Colleague, Standing, is_concerned
from app.notifications.rules.kinds import BUNDLED, DROPPED, DUE, HANDED_OVER
from app.notifications.rules.timing import quiet_until
from app.notifications.rules.wording import Letter, Line, chat_text, mail_text, subject
from app.notifications.service.hooks import open_url

ITEM_PATH: Final = "/items/"
DESK_PATH: Final = "/review"
ENDPOINT_PATH: Final = "/admin/endpoints/"
SETTINGS_PATH: Final = "/account#notifications"
_TRIAL_TEXT: Final = "This is a trial by an admin of Proofdesk: this channel will be told about work that waits."


@dataclass(frozen=True)
class Post:
    """A chat message, ready to be sent. `url` is a password."""

    url: str
    text: str


def compose(session: Session, *, now: datetime, message_id: UUID, base_url: str) -> Letter | Post | None:
    """Return what is to be sent, or None: nothing is left to tell and the message is dropped, or it has to wait.

    Args:
        base_url: Where people reach this installation, without a slash at the end.
    """
    message = session.get_one(Message, message_id, populate_existing=True)
    if _is_held_back(session, now, message):
        return None
    rows = session.scalars(
        select(Notification).where(Notification.message_id == message.id, Notification.state == BUNDLED),
        execution_options={"populate_existing": True},
    ).all()
    made: Letter | Post | None
    if message.person_id is not None:
        made = _letter(session, now, message, rows, base_url)
    else:
        made = _post(session, now, message, rows, base_url)
    if made is None and message.state == DUE:
        message.state, message.settled_at, message.leased_until = DROPPED, now, None
        for row in rows:
            row.state, row.settled_at = DROPPED, now
    session.flush()
    return made


def _is_held_back(session: Session, now: datetime, message: Message) -> bool:
    """Put a message off that is tried again only after its reader's quiet hours have begun."""
    if message.person_id is None:
        return False
    habits = habits_of(session, workspace_id=message.workspace_id, person_id=message.person_id)
    end = quiet_until(now, habits)
    if end is None:
        return False
    message.next_attempt_at, message.leased_until = end, None
    session.flush()
    return True


def _letter(
    session: Session, now: datetime, message: Message, rows: Sequence[Notification], base_url: str
) -> Letter | None:
    assert message.person_id is not None, "a letter is for a person"  # noqa: S101  # asked by the caller
    people = list_colleagues(session, workspace_id=message.workspace_id, person_ids=[message.person_id])
    person = people.get(message.person_id)
    lines = [] if person is None else _lines(session, now, rows, base_url, person)
    if person is None or not lines:
        return None
    habits = habits_of(session, workspace_id=message.workspace_id, person_id=person.person_id)
    workspace = find_workspace(session, name_or_id=show("workspace", message.workspace_id))
    settings_url = f"{base_url}{SETTINGS_PATH}"
    host = urlsplit(base_url).hostname or "localhost"
    return Letter(
        message_id=f"<{message.id.hex}@{host}>",
        to_name=person.name,
        to_email=person.email,
        subject=subject(lines),
        text=mail_text(lines, name=person.name, workspace=workspace.name, zone=habits.zone, settings_url=settings_url),
        settings_url=settings_url,
    )


def _post(
    session: Session, now: datetime, message: Message, rows: Sequence[Notification], base_url: str
) -> Post | None:
    assert message.hook_id is not None, "a post is for a hook"  # noqa: S101  # a constraint holds this
    hook = get_hook(session, workspace_id=message.workspace_id, hook_id=message.hook_id)
    if hook.disabled_at is not None or hook.url is None:
        return None
    try:
        url = open_url(session, hook=hook)
    except CannotOpen:
        return None
    if message.trial:
        return Post(url, _TRIAL_TEXT)
    lines = _lines(session, now, rows, base_url, None)
    return Post(url, chat_text(lines)) if lines else None


def _lines(
    session: Session, now: datetime, rows: Sequence[Notification], base_url: str, person: Colleague | None
) -> list[Line]:
    """Return what still holds, one line for each; the rest is dropped."""
    standings = get_standings(session, item_ids={row.item_id for row in rows if row.item_id is not None})
    queues = get_queues(session, queue_ids={row.queue_id for row in rows if row.queue_id is not None})
    endpoints = {one.id: one for one in find_endpoints(session, {r.endpoint_id for r in rows if r.endpoint_id})}
    names = names_of(session, person_ids={p for row in rows for p in (row.by_person_id, row.to_person_id) if p})
    lines = []
    for row in rows:
        if row.item_id is not None:
            line = _item_line(row, standings[row.item_id], names, base_url, person)
        elif row.endpoint_id is not None:
            line = _endpoint_line(row, endpoints[row.endpoint_id], base_url, person)
        else:
            line = _queue_line(session, row, queues, base_url, person)
        if line is None:
            row.state, row.settled_at = DROPPED, now
        else:
            lines.append(line)
    session.flush()
    return lines


def _item_line(
    row: Notification, item: Standing, names: dict[UUID, str], base_url: str, person: Colleague | None
) -> Line | None:
    holds = item.is_open if person is None else is_concerned(row.kind, item, person)
    if row.kind == HANDED_OVER and item.assigned_to != row.to_person_id:
        holds = False
    if not holds:
        return None
    return Line(
        kind=row.kind,
        queue=item.queue,
        due_at=item.due_at,
        url=f"{base_url}{ITEM_PATH}{show('item', item.item_id)}",
        zone=item.zone or "UTC",
        task_type=item.task_type,
        by=names.get(row.by_person_id) if row.by_person_id is not None else None,
        to=names.get(row.to_person_id) if row.to_person_id is not None else None,
    )


def _endpoint_line(row: Notification, endpoint: Endpoint, base_url: str, person: Colleague | None) -> Line | None:
    if endpoint.disabled_at is None or (person is not None and not person.admin):
        return None
    return Line(
        kind=row.kind,
        queue=urlsplit(endpoint.url).hostname or "",
        due_at=endpoint.disabled_at,
        url=f"{base_url}{ENDPOINT_PATH}{show('endpoint', endpoint.id)}",
        why=endpoint.disabled_why or "",
    )


def _queue_line(
    session: Session,
    row: Notification,
    queues: dict[UUID, QueueFacts],
    base_url: str,
    person: Colleague | None,
) -> Line | None:
    assert row.queue_id is not None, "what is not about an item is about a queue"  # noqa: S101  # asked by the caller
    queue = queues[row.queue_id]
    if queue.paused or (person is not None and not (person.reviews and person.works(queue.name))):
        return None
    waits = what_waits(session, queue_id=row.queue_id, person=person)
    if waits is None:
        return None
    return Line(
        kind=row.kind,
        queue=queue.name,
        due_at=waits.first_due_at,
        url=f"{base_url}{DESK_PATH}",
        zone=queue.zone or "UTC",
        waiting=waits.count,
        more=waits.more,
    )
