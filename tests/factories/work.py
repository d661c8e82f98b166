"""Work that waits: task types, policies, endpoints and submissions, made by the services that make them for real."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND, Actor
from app.delivery.models import Endpoint
from app.delivery.service import register_endpoint
from app.intake.service import Accepted, submit
from app.kernel.clock import read_now
from app.kernel.ids import show
from app.kernel.strict_json import encode
from app.queue.models import Item
from app.routing.models import Policy
from app.routing.service import draft_policy, publish_policy
from app.submissions.models import TaskType
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
    session: Session, workspace_id: UUID, *, endpoint: Endpoint | None = None, key_id: UUID | None = None, **body: Any
) -> Accepted:
    """Submit an address; without a policy it waits. `body` replaces parts of the usual one."""
    document: Mapping[str, Any] = {
        "task_type": "address",
        "output": {"city": "Bern"},
        "confidence": 0.5,
        "model": {"provider": "acme", "name": "small", "version": "1"},
        "prompt": {"id": "address", "version": "7"},
        **({} if endpoint is None else {"endpoint": show("endpoint", endpoint.id)}),
        **body,
    }
    return submit(
        session,
        now=read_now(session),
        actor=COMMAND if key_id is None else Actor("key", key_id),
        workspace_id=workspace_id,
        key_id=key_id,
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


# One submission with its content, item and event, many times over; only ids differ, so one data key opens them all.
_COPIES: Final = text("""
WITH copy AS (
  SELECT gen_random_uuid() AS submission_id, gen_random_uuid() AS item_id, n FROM generate_series(1, :times) AS n
), submission AS (
  INSERT INTO submissions
  SELECT (jsonb_populate_record(s, jsonb_build_object('id', copy.submission_id))).*
    FROM copy, submissions s WHERE s.id = :submission
), content AS (
  INSERT INTO contents (submission_id, data_key, body)
  SELECT copy.submission_id, c.data_key, c.body FROM copy, contents c WHERE c.submission_id = :submission
), item AS (
  INSERT INTO items
  SELECT (jsonb_populate_record(i, jsonb_build_object('id', copy.item_id, 'submission_id', copy.submission_id,
                                                      'sort_key', i.sort_key + copy.n))).*
    FROM copy, items i WHERE i.submission_id = :submission
)
INSERT INTO events (workspace_id, at, type, actor_kind, actor_id, subject_kind, subject_id, to_state, details)
SELECT e.workspace_id, e.at, e.type, e.actor_kind, e.actor_id, 'item', copy.item_id, e.to_state, e.details
  FROM copy, items i, events e
 WHERE i.submission_id = :submission AND e.subject_id = i.id AND e.type = 'item.enqueued'
""")


def add_items(session: Session, workspace_id: UUID, count: int, **body: Any) -> None:
    """Put `count` like items in line, each due a millisecond after the one before; quick enough for thousands."""
    first = send(session, workspace_id, **body)
    session.flush()
    if count > 1:
        session.execute(_COPIES, {"submission": first.submission_id, "times": count - 1})
