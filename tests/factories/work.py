"""Work that waits: task types, policies, endpoints and submissions, made by the services that make them for real."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, column, insert, join, select, table, text, true
from sqlalchemy.orm import Session

from app.audit.models import Event
from app.audit.rules import COMMAND, Actor
from app.delivery.models import Endpoint
from app.delivery.service import register_endpoint
from app.intake.service import Accepted, submit
from app.kernel.clock import read_now
from app.kernel.db import Base
from app.kernel.ids import show
from app.kernel.strict_json import encode
from app.queue.models import Item
from app.routing.models import Policy
from app.routing.service import draft_policy, publish_policy
from app.submissions.models import Content, Submission, TaskType
from app.submissions.service import TaskTypeDefinition, define_task_type

CITY: Final[dict[str, object]] = {
    "type": "object",
    "properties": {"city": {"type": "string", "minLength": 1}},
    "required": ["city"],
    "additionalProperties": False,
}
ADDRESS: Final = TaskTypeDefinition(name="address", output_schema=CITY, reason_codes=("wrong_city",))


def add_task_type(session: Session, workspace_id: UUID, **changes: Any) -> TaskType:
    """Define the task type `address`, changed as the test needs it."""
    return define_task_type(
        session,
        now=read_now(session),
        actor=COMMAND,
        workspace_id=workspace_id,
        definition=replace(ADDRESS, **changes),
    )


def add_policy(session: Session, workspace_id: UUID, **parts: Any) -> Policy:
    """Publish a policy of `address` with these parts of its document."""
    now = read_now(session)
    document = {"task_type": "address", **parts}
    policy = draft_policy(session, now=now, actor=COMMAND, workspace_id=workspace_id, person_id=None, document=document)
    return publish_policy(
        session,
        now=now,
        actor=COMMAND,
        workspace_id=workspace_id,
        person_id=None,
        policy_id=policy.id,
        second_person=False,
    )


def add_endpoint(session: Session, workspace_id: UUID, *types: str) -> Endpoint:
    """Register an endpoint for decisions, or for these types."""
    made = register_endpoint(
        session,
        now=read_now(session),
        actor=COMMAND,
        workspace_id=workspace_id,
        url="https://example.org/hook",
        types=types or ("submission.decided",),
        allow_private=False,
    )
    return made.endpoint


def send(
    session: Session,
    workspace_id: UUID,
    *,
    endpoint: Endpoint | str | None = None,
    key_id: UUID | None = None,
    key_owner: UUID | None = None,
    **body: Any,
) -> Accepted:
    """Submit an address; without a policy it waits. `body` replaces parts of the usual one."""
    endpoint_text = show("endpoint", endpoint.id) if isinstance(endpoint, Endpoint) else endpoint
    document: Mapping[str, Any] = {
        "task_type": "address",
        "output": {"city": "Bern"},
        "confidence": 0.5,
        "model": {"provider": "acme", "name": "small", "version": "1"},
        "prompt": {"id": "address", "version": "7"},
        **({} if endpoint_text is None else {"endpoint": endpoint_text}),
        **body,
    }
    return submit(
        session,
        now=read_now(session),
        actor=COMMAND if key_id is None else Actor("key", key_id),
        workspace_id=workspace_id,
        key_id=key_id,
        key_owner=key_owner,
        body=encode(document),
        document=document,
    )


def add_item(session: Session, workspace_id: UUID, **body: Any) -> Item:
    """Submit something that waits, and return its item."""
    accepted = send(session, workspace_id, **body)
    return item_of(session, accepted.submission_id)


def item_of(session: Session, submission_id: UUID) -> Item:
    """Return the item of a submission, as it is now."""
    query = select(Item).where(Item.submission_id == submission_id).execution_options(populate_existing=True)
    return session.scalars(query).one()


_COPY: Final = table("copy", column("n"), column("submission_id"), column("item_id"))
_NEW_IDS: Final = text("""
CREATE TEMPORARY TABLE copy ON COMMIT DROP AS
SELECT n, gen_random_uuid() AS submission_id, gen_random_uuid() AS item_id FROM generate_series(1, :times) AS n
""")


def add_items(session: Session, workspace_id: UUID, count: int, **body: Any) -> None:
    """Put `count` like items in line, each due a millisecond after the one before; quick enough for thousands.

    The first is submitted, the others are copies of its rows under new ids; one data key opens them all.
    """
    first = item_of(session, send(session, workspace_id, **body).submission_id)
    session.execute(_NEW_IDS, {"times": count - 1})
    # Every copy points at what the first points at; to look that up for each would take most of the time.
    session.execute(text("SET LOCAL session_replication_role = replica"))
    here, there = _COPY.c.submission_id, _COPY.c.item_id
    _copy(session, Submission, Submission.id == first.submission_id, id=here)
    _copy(session, Content, Content.submission_id == first.submission_id, submission_id=here)
    _copy(session, Item, Item.id == first.id, id=there, submission_id=here, sort_key=Item.sort_key + _COPY.c.n)
    _copy(session, Event, Event.subject_id == first.id, subject_id=there)
    session.execute(text("SET LOCAL session_replication_role = origin"))
    session.execute(text("DROP TABLE copy"))


def _copy(session: Session, model: type[Base], which: ColumnElement[bool], **changes: ColumnElement[Any]) -> None:
    """Insert a row again for each line of `copy`, with these columns changed."""
    columns = [c for c in model.__table__.columns if c.identity is None]
    values = [changes.get(c.key, c) for c in columns]
    many = select(*values).select_from(join(_COPY, model, true())).where(which)
    session.execute(insert(model).from_select([c.key for c in columns], many))
