"""Numbers of the feed: none before its time, none twice, no gap, and none before an earlier one can be read."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.feed.models import FeedEntry
from app.feed.queries import list_entries, next_entry_at
from app.feed.rules import DECIDED, EXPIRED
from app.feed.service import OnTheFeed, number_due, take_off_feed
from app.identity.service import create_workspace
from app.kernel.clock import read_now
from app.kernel.db import Database
from tests.factories.people import add_person
from tests.factories.reviewing import correct, hand_in, take
from tests.factories.work import add_item, add_task_type


def numbers(session: Session, workspace: UUID) -> list[int | None]:
    """Return the numbers that can be read, in their order."""
    return [entry.seq for entry in list_entries(session, workspace_id=workspace, after=0, limit=10_000)]


def decide(session: Session, workspace: UUID, person: UUID, *, at_desk: bool = False) -> UUID:
    """Decide one new item; return its submission."""
    item = add_item(session, workspace)
    hand_in(session, take(session, workspace, person), correct(), at_desk=at_desk)
    return item.submission_id


def test_a_decision_is_on_the_feed_once_it_is_final_and_not_before(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace, undo_ms=300_000)
    submission = decide(session, workspace, add_person(session, workspace, "ada"), at_desk=True)
    final_at = next_entry_at(session)
    assert final_at is not None
    early = number_due(session, now=final_at - timedelta(milliseconds=1), limit=10)
    assert (early.count, numbers(session, workspace)) == (0, [])
    numbered = number_due(session, now=final_at, limit=10)
    assert (numbered.count, numbered.submissions) == (1, frozenset({submission}))
    (entry,) = list_entries(session, workspace_id=workspace, after=0, limit=10)
    assert (entry.seq, entry.type, entry.due_at) == (1, DECIDED, final_at)


def test_what_is_numbered_cannot_be_taken_off_and_what_is_not_leaves_no_gap(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace)
    ada = add_person(session, workspace, "ada")
    for _ in range(3):
        decide(session, workspace, ada)
    first, second, third = session.scalars(select(FeedEntry).order_by(FeedEntry.due_at, FeedEntry.id)).all()
    take_off_feed(session, decision_id=second.id)
    number_due(session, now=third.due_at, limit=10)
    session.expire_all()
    assert (first.seq, third.seq, numbers(session, workspace)) == (1, 2, [1, 2])
    with pytest.raises(OnTheFeed):
        take_off_feed(session, decision_id=first.id)


def test_each_workspace_counts_for_itself(session: Session, workspace: UUID) -> None:
    other = create_workspace(session=session, now=read_now(session), name="Other").id
    for place in (workspace, other):
        add_task_type(session, place)
        ada = add_person(session, place, "ada")
        decide(session, place, ada)
        decide(session, place, ada)
    number_due(session, now=read_now(session) + timedelta(hours=1), limit=100)
    assert numbers(session, workspace) == numbers(session, other) == [1, 2]


def test_readers_that_follow_see_every_number_in_order_while_decisions_and_sequencers_race(database: Database) -> None:
    """Writers hold their transactions open for a while, so that they commit in another order than they began."""
    writers, each, sequencers = 6, 25, 3
    with database.unit_of_work() as session:
        workspace = create_workspace(session=session, now=read_now(session), name="Racing").id
        add_task_type(session, workspace)
        submissions = [add_item(session, workspace).submission_id for _ in range(writers * each)]
    done, read = threading.Event(), list[int]()

    def write(mine: list[UUID]) -> None:
        for n, submission in enumerate(mine):
            with database.unit_of_work() as session:
                session.add(
                    FeedEntry(
                        id=submission,
                        workspace_id=workspace,
                        type=EXPIRED,
                        submission_id=submission,
                        decision_id=None,
                        seq=None,
                        due_at=read_now(session),
                    )
                )
                session.flush()
                session.execute(text("SELECT pg_sleep(:s)"), {"s": (n * 7 % 5) / 200})

    def sequence() -> None:
        while not done.is_set():
            with database.unit_of_work() as session:
                number_due(session, now=read_now(session), limit=7)

    def follow() -> None:
        after = 0
        while len(read) < writers * each:
            with database.unit_of_work() as session:
                for entry in list_entries(session, workspace_id=workspace, after=after, limit=5):
                    assert entry.seq is not None
                    read.append(entry.seq)
                    after = entry.seq

    with ThreadPoolExecutor(writers + sequencers + 1) as crowd:
        reader = crowd.submit(follow)
        working = [crowd.submit(sequence) for _ in range(sequencers)]
        writing = [crowd.submit(write, submissions[n::writers]) for n in range(writers)]
        for one in writing:
            one.result(60)
        reader.result(60)
        done.set()
        for one in working:
            one.result(10)
    assert read == list(range(1, writers * each + 1))
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count()).where(FeedEntry.seq.is_(None))) == 0
