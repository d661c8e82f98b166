"""Fill a database: a workspace with reviewers and as many waiting items as wanted, quick enough for a million.

One submission is taken in by the service; the others are copies of its rows under new ids, so that every item can be
claimed, opened and decided. Foreign keys are not looked up for each copy: all point at what the first one points at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND
from app.identity.service import create_key, create_person, create_workspace
from app.intake.service import submit
from app.kernel.clock import read_now
from app.kernel.db import Database
from app.kernel.strict_json import encode
from app.queue.rules import sort_key
from app.submissions.service import TaskTypeDefinition, define_task_type

QUEUES: Final = 20
QUEUES_OF_ONE: Final = 5
SKILLS: Final = ("law", "math", "music", "maps")
# Grows with n, as the ids that the service makes grow with time.
_ID: Final = (
    "(lpad(to_hex(1700000000000 + n), 12, '0') || '7' || substr(md5(random()\\:\\:text), 1, 3)"
    " || '{}' || substr(md5(random()\\:\\:text), 1, 15))\\:\\:uuid"
)
PRIORITIES: Final = (80, 60, 50, 20)
REVIEWERS: Final = 64
BODY_BYTES: Final = 2_000
# Of more items than these only short ones are made, so that a million fit in a run.
MANY: Final = 200_000
SHORT_BYTES: Final = 500
SCHEMA: Final[dict[str, object]] = {
    "type": "object",
    "properties": {"city": {"type": "string", "minLength": 1}, "zip": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Reviewer:
    """Somebody who works one queue, or several, with a key of her own."""

    person_id: UUID
    key: str
    queues: tuple[UUID, ...]
    skills: tuple[str, ...]


@dataclass(frozen=True)
class Ground:
    """A filled workspace. `first` is the submission whose rows are copied; nobody works the queue that it is in."""

    workspace_id: UUID
    waiting: int
    first: UUID
    queues: tuple[UUID, ...]
    reviewers: tuple[Reviewer, ...]


def fill(database: Database, *, name: str, waiting: int, several: bool) -> Ground:
    """Make a workspace in which `waiting` items wait.

    Args:
        several: In 20 queues, half of the items asking for a skill, and each reviewer works 5 queues with 3 of 4
            skills; any two reviewers of the same queues have all skills between them. Otherwise in one queue.
    """
    with database.unit_of_work() as session:
        workspace_id = create_workspace(session, now=read_now(session), name=name).id
        first = _submit_first(session, workspace_id, SHORT_BYTES if waiting > MANY else BODY_BYTES)
        names = [f"line {n}" for n in range(QUEUES)] if several else ["line 0"]
        queues = _queues(session, workspace_id, names)
        reviewers = tuple(_reviewer(session, workspace_id, n, names, queues) for n in range(REVIEWERS))
    ground = Ground(workspace_id, waiting, first, tuple(queues), reviewers)
    top_up(database, ground)
    return ground


def top_up(database: Database, ground: Ground) -> None:
    """Let as many items wait as at the beginning, and leave the tables as autovacuum would have left them."""
    with database.unit_of_work() as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        session.execute(text("SET LOCAL synchronous_commit = off"))
        made, waiting = session.execute(
            text(
                "SELECT count(*), count(*) FILTER (WHERE state = 'waiting') FROM items"
                " WHERE workspace_id = :workspace AND submission_id <> :first"
            ),
            {"workspace": ground.workspace_id, "first": ground.first},
        ).one()
        if waiting < ground.waiting:
            _copy(session, ground, made, ground.waiting - waiting)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))
        connection.execute(text("RESET statement_timeout"))


def _submit_first(session: Session, workspace_id: UUID, body_bytes: int) -> UUID:
    definition = TaskTypeDefinition(name="address", output_schema=SCHEMA, queue="pattern", undo_ms=0)
    now = read_now(session)
    define_task_type(session, now=now, actor=COMMAND, workspace_id=workspace_id, definition=definition)
    words = "Where does this parcel go, and does the postcode fit the town that the sender wrote? "
    document: dict[str, Any] = {
        "task_type": "address",
        "output": {"city": "Bern", "zip": "3011"},
        "confidence": 0.5,
        "context": [{"type": "text", "title": "input", "value": (words * 30)[: body_bytes - 250]}],
        "model": {"provider": "acme", "name": "small", "version": "1"},
        "prompt": {"id": "address", "version": "7"},
    }
    body = encode(document)
    accepted = submit(
        session, now=now, actor=COMMAND, workspace_id=workspace_id, key_id=None, body=body, document=document
    )
    return accepted.submission_id


def _queues(session: Session, workspace_id: UUID, names: Sequence[str]) -> list[UUID]:
    """Make queues, and return them in the order of their names."""
    session.execute(
        text(
            "INSERT INTO queues (id, workspace_id, name, created_at)"
            " SELECT gen_random_uuid(), :workspace, name, clock_timestamp() FROM unnest(CAST(:names AS text[])) AS name"
        ),
        {"workspace": workspace_id, "names": list(names)},
    )
    found = session.execute(text("SELECT name, id FROM queues WHERE workspace_id = :w"), {"w": workspace_id})
    by_name: dict[str, UUID] = {row.name: row.id for row in found}
    return [by_name[name] for name in names]


def _copy(session: Session, ground: Ground, made: int, times: int) -> None:
    """Insert the first submission, its content, item and the item's event again and again."""
    session.execute(
        text(
            "CREATE TEMPORARY TABLE copy ON COMMIT DROP AS"  # noqa: S608  # constants of this module
            f" SELECT n, {_ID.format(8)} AS submission_id, {_ID.format(9)} AS item_id"
            " FROM generate_series(CAST(:begin AS bigint), :end) AS n"
        ),
        {"begin": made + 1, "end": made + times},
    )
    item_id, due_at = session.execute(
        text("SELECT id, due_at FROM items WHERE submission_id = :first"), {"first": ground.first}
    ).one()
    session.execute(text("SET LOCAL session_replication_role = replica"))
    first = {"first": ground.first}
    _insert(session, "submissions", "t.id = :first", {"id": "copy.submission_id"}, first)
    _insert(session, "contents", "t.submission_id = :first", {"submission_id": "copy.submission_id"}, first)
    _insert(session, "events", "t.subject_id = :item", {"subject_id": "copy.item_id"}, {"item": item_id})
    spread = {
        "item": item_id,
        "queues": list(ground.queues),
        "priorities": list(PRIORITIES),
        "keys": [sort_key(p, due_at) for p in PRIORITIES],
        "skills": list(SKILLS),
    }
    _insert(session, "items", "t.id = :item", _CHANGES | (_SPREAD if len(ground.queues) > 1 else {}), spread)
    session.execute(text("SET LOCAL session_replication_role = origin"))


_CHANGES: Final = {
    "id": "copy.item_id",
    "submission_id": "copy.submission_id",
    "queue_id": "(CAST(:queues AS uuid[]))[1]",
    "due_at": "t.due_at + n * interval '1 ms'",
    "sort_key": "t.sort_key + n",
}
_SPREAD: Final = {
    "queue_id": f"(CAST(:queues AS uuid[]))[1 + n % {QUEUES}]",
    "priority": f"(CAST(:priorities AS integer[]))[1 + n / {QUEUES} % 4]",
    "sort_key": f"(CAST(:keys AS bigint[]))[1 + n / {QUEUES} % 4] + n",
    # Every other item asks for one skill; which one goes round.
    "skills": f"CASE n / {QUEUES} % 2 WHEN 0 THEN ARRAY[(CAST(:skills AS text[]))[1 + n / {QUEUES * 8} % 4]]"
    " ELSE '{}' END",
}


def _insert(session: Session, name: str, which: str, changes: dict[str, str], values: dict[str, Any]) -> None:
    """Insert one row of a table again for each line of `copy`, with these columns changed."""
    columns = list(
        session.scalars(
            text(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_name = :name AND table_schema = 'public' AND is_identity = 'NO' ORDER BY ordinal_position"
            ),
            {"name": name},
        )
    )
    taken = ", ".join(changes.get(column, f"t.{column}") for column in columns)
    statement = f"INSERT INTO {name} ({', '.join(columns)}) SELECT {taken} FROM {name} AS t, copy WHERE {which}"  # noqa: S608  # names of the catalogue
    named = {key: value for key, value in values.items() if f":{key}" in statement}
    session.execute(text(statement), named)


def _reviewer(session: Session, workspace_id: UUID, n: int, names: Sequence[str], queues: Sequence[UUID]) -> Reviewer:
    several = len(queues) > 1
    begin = n * QUEUES_OF_ONE % QUEUES
    mine = range(begin, begin + QUEUES_OF_ONE) if several else range(1)
    # The fourth skill is missing in every second round through the queues, the second one in the others.
    lacking = 3 if n // (QUEUES // QUEUES_OF_ONE) % 2 == 0 else 1
    skills = tuple(s for k, s in enumerate(SKILLS) if k != lacking) if several else ()
    now = read_now(session)
    person_id = create_person(
        session,
        now=now,
        actor=COMMAND,
        workspace_id=workspace_id,
        email=f"r{n}@{workspace_id.hex}.example",
        roles=["reviewer"],
        skills=skills,
        queues=[names[k] for k in mine],
    )
    key = create_key(
        session, now=now, actor=COMMAND, workspace_id=workspace_id, scopes=["review", "read"], person_id=person_id
    )
    return Reviewer(person_id, key.text, tuple(queues[k] for k in mine), skills)
