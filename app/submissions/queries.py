"""Read submissions and task types. Called by the flows, the API, the desk and the workers."""

import hmac
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from app.kernel.errors import NotFound
from app.kernel.paging import Page, read_cursor, write_cursor
from app.kernel.sealing import CannotOpen, DataKey, vault_of
from app.kernel.strict_json import decode
from app.submissions.models import Content, LaterOutcome, SearchKey, Submission, TaskType
from app.submissions.rules.received import Received, read_received
from app.submissions.rules.words import read_question

SEARCH_PURPOSE: Final = "search"


class NoSuchSubmission(NotFound):
    """There is no such submission in this workspace."""


class NoSuchTaskType(NotFound):
    """There is no such task type in this workspace."""


@dataclass(frozen=True)
class Filter:
    """What a list of submissions is narrowed to; None leaves a thing open. `since` included, `until` not."""

    status: str | None = None
    task_type: str | None = None
    external_id: str | None = None
    model: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def get_submission(session: Session, *, workspace_id: UUID, submission_id: UUID) -> Submission:
    """Return a submission of this workspace.

    Raises:
        NoSuchSubmission: also when it is another workspace's.
    """
    found = session.scalar(
        select(Submission).where(Submission.id == submission_id, Submission.workspace_id == workspace_id)
    )
    if found is None:
        raise NoSuchSubmission
    return found


@dataclass(frozen=True)
class OpenSubmission:
    """A submission with its task type's version, its body as read, and the key that opened it."""

    submission: Submission
    task_type: TaskType
    received: Received
    key: DataKey


def open_submission(session: Session, *, workspace_id: UUID, submission_id: UUID) -> OpenSubmission:
    """Open a submission of this workspace.

    Raises:
        NoSuchSubmission: also when it is another workspace's.
    """
    found = open_submissions(session, workspace_id=workspace_id, submission_ids=[submission_id])
    if submission_id not in found:
        raise NoSuchSubmission
    return found[submission_id]


def open_submissions(
    session: Session, *, workspace_id: UUID, submission_ids: Collection[UUID]
) -> dict[UUID, OpenSubmission]:
    """Open those of these submissions that this workspace has, by id."""
    rows = session.execute(
        select(Submission, TaskType, Content)
        .join(TaskType, TaskType.id == Submission.task_type_id)
        .join(Content, Content.submission_id == Submission.id)
        .where(Submission.id.in_(submission_ids), Submission.workspace_id == workspace_id)
    )
    return {one.id: open_content(session, one, task_type, content) for one, task_type, content in rows}


def titles_of(
    session: Session, *, workspace_id: UUID, submission_ids: Collection[UUID]
) -> dict[UUID, tuple[str, str | None]]:
    """Return the task type's name and the external id of each submission, by its id."""
    titles = (
        select(Submission.id, TaskType.name, Submission.external_id)
        .join(TaskType, TaskType.id == Submission.task_type_id)
        .where(Submission.id.in_(submission_ids), Submission.workspace_id == workspace_id)
    )
    return {row.id: (row.name, row.external_id) for row in session.execute(titles)}


def open_content(session: Session, submission: Submission, task_type: TaskType, content: Content) -> OpenSubmission:
    """Open a submission whose rows have been read."""
    key = vault_of(session).unwrap(content.data_key)
    return OpenSubmission(submission, task_type, _read(content, key), key)


def _read(content: Content, key: DataKey) -> Received:
    return read_received(decode(key.open(content.body, purpose="submission")))


def data_key(session: Session, *, submission_id: UUID) -> DataKey:
    """Return the key that opens what belongs to a submission."""
    wrapped = session.scalars(select(Content.data_key).where(Content.submission_id == submission_id)).one()
    return vault_of(session).unwrap(wrapped)


def data_keys(session: Session, *, submission_ids: Collection[UUID]) -> dict[UUID, DataKey]:
    """Return the keys of these submissions; one that was erased, or that another secret sealed, has none."""
    rows = session.execute(
        select(Content.submission_id, Content.data_key).where(Content.submission_id.in_(submission_ids))
    )
    keys = {}
    for submission_id, wrapped in rows:
        with suppress(CannotOpen):
            keys[submission_id] = vault_of(session).unwrap(wrapped)
    return keys


def read_content(session: Session, *, submission_id: UUID) -> tuple[Received, DataKey]:
    """Open a submission's body and return it as read, with its data key."""
    content = session.scalars(select(Content).where(Content.submission_id == submission_id)).one()
    key = vault_of(session).unwrap(content.data_key)
    return _read(content, key), key


def _narrow(query: Select[Submission], wanted: Filter) -> Select[Submission]:
    if wanted.status is not None:
        query = query.where(Submission.status == wanted.status)
    if wanted.task_type is not None:
        query = query.join(TaskType, TaskType.id == Submission.task_type_id).where(TaskType.name == wanted.task_type)
    if wanted.external_id is not None:
        query = query.where(Submission.external_id == wanted.external_id)
    if wanted.model is not None:
        query = query.where(Submission.model_name == wanted.model)
    if wanted.since is not None:
        query = query.where(Submission.created_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(Submission.created_at < wanted.until)
    return query


def list_submissions(
    session: Session, *, workspace_id: UUID, wanted: Filter, cursor: str | None, limit: int
) -> Page[Submission]:
    """Return a page of submissions, the newest first.

    Raises:
        BadCursor: the cursor was not made here.
    """
    query = _narrow(select(Submission).where(Submission.workspace_id == workspace_id), wanted)
    if cursor is not None:
        query = query.where(tuple_(Submission.created_at, Submission.id) < tuple_(*read_cursor(cursor)))
    rows = list(session.scalars(query.order_by(Submission.created_at.desc(), Submission.id.desc()).limit(limit + 1)))
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows, write_cursor(rows[-1].created_at, rows[-1].id) if more else None)


def get_task_type(session: Session, *, workspace_id: UUID, task_type_id: UUID) -> TaskType:
    """Return one version of a task type.

    Raises:
        NoSuchTaskType: also when it is another workspace's.
    """
    found = session.scalar(select(TaskType).where(TaskType.id == task_type_id, TaskType.workspace_id == workspace_id))
    if found is None:
        raise NoSuchTaskType
    return found


def list_task_types(session: Session, *, workspace_id: UUID) -> list[TaskType]:
    """Return the newest version of every task type, by name."""
    return list(
        session.scalars(
            select(TaskType)
            .where(TaskType.workspace_id == workspace_id)
            .ext(distinct_on(TaskType.name))
            .order_by(TaskType.name, TaskType.version.desc())
        )
    )


def list_outcomes(session: Session, *, submission_id: UUID, key: DataKey) -> list[tuple[LaterOutcome, dict[str, Any]]]:
    """Return what was learnt later of a submission, the first report first, each with its opened words."""
    rows = select(LaterOutcome).where(LaterOutcome.submission_id == submission_id).order_by(LaterOutcome.id)
    return [(row, decode(key.open(row.body, purpose="outcome"))) for row in session.scalars(rows)]


def find_newest_by_external_id(
    session: Session, *, workspace_id: UUID, task_type: str, external_id: str
) -> Submission | None:
    """Return the newest submission of this kind that carries this id of the program's."""
    return session.scalar(
        select(Submission)
        .join(TaskType, TaskType.id == Submission.task_type_id)
        .where(
            Submission.workspace_id == workspace_id,
            Submission.external_id == external_id,
            TaskType.name == task_type,
        )
        .order_by(Submission.created_at.desc(), Submission.id.desc())
        .limit(1)
    )


def task_type_exists(session: Session, *, workspace_id: UUID, name: str) -> bool:
    """Say whether a workspace has a task type of this name."""
    found = select(TaskType.id).where(TaskType.workspace_id == workspace_id, TaskType.name == name).limit(1)
    return session.scalar(found) is not None


def search_key(session: Session, *, workspace_id: UUID) -> bytes | None:
    """Return the key under which a workspace's words are hidden, None while nothing of it can be found."""
    sealed = session.scalar(select(SearchKey.key).where(SearchKey.workspace_id == workspace_id))
    return None if sealed is None else vault_of(session).open(sealed, purpose=SEARCH_PURPOSE)


def mark_of(key: bytes, word: str) -> str:
    """Return what stands for a word: 64 bits of its HMAC-SHA-256, in hex."""
    return hmac.digest(key, word.encode("utf-8", "surrogatepass"), "sha256")[:8].hex()


def search_question(session: Session, *, workspace_id: UUID, text: str) -> str | None:
    """Return a question as the text form of a tsquery, None when it asks for no word or nothing can be found yet."""
    phrases, key = read_question(text), search_key(session, workspace_id=workspace_id)
    if not phrases or key is None:
        return None
    return " & ".join(f"({' <-> '.join(mark_of(key, word) for word in phrase)})" for phrase in phrases)
