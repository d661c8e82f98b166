"""A line whose head is slow to walk is begun behind what is gone, and nothing that comes in before waits for long."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.identity.service import create_workspace
from app.kernel.clock import read_now
from app.kernel.db import Database
from app.queue.models import Item
from app.queue.rules import Worker
from app.queue.service import claim_next, claims
from app.queue.service.floors import FRONT, HOLDS_MS, LONG_WALK, Floors
from tests.factories.people import add_person
from tests.factories.work import add_item, add_items, add_task_type

Clock = Callable[[int], None]


@pytest.fixture
def floors(monkeypatch: pytest.MonkeyPatch) -> Floors:
    """What a process knows that has just begun."""
    fresh = Floors()
    monkeypatch.setattr(claims, "FLOORS", fresh)
    return fresh


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Let milliseconds pass; of themselves none do."""
    now = [1_000_000]
    monkeypatch.setattr("app.queue.service.floors.monotonic_ms", lambda: now[0])

    def pass_by(ms: int) -> None:
        now[0] += ms

    return pass_by


def take(session: Session, workspace: UUID, worker: Worker) -> UUID | None:
    """Claim the next item, and end the claim at once without putting the item back."""
    claim = claim_next(
        session, actor=Actor("person", worker.person_id), workspace_id=workspace, worker=worker, channel="api"
    )
    if claim is None:
        return None
    session.execute(text("UPDATE claims SET ended_at = claimed_at, outcome = 'released' WHERE ended_at IS NULL"))
    return claim.item_id


def slow_line(session: Session, workspace: UUID, name: str = "ada") -> Worker:
    """Return somebody before whom lies a line that begins with many items she lacks a skill for, and then three."""
    # A table as small as this one is read as a whole; the walk is that of a large one.
    session.execute(
        text("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
    )
    add_task_type(session, workspace)
    add_items(session, workspace, LONG_WALK + 10)
    session.execute(update(Item).values(skills=["maps"]))
    for _ in range(3):
        add_item(session, workspace).sort_key += 3_600_000
    session.flush()
    queues = session.execute(text("SELECT id FROM queues WHERE workspace_id = :w"), {"w": workspace}).scalars()
    return Worker(add_person(session, workspace, name), (), tuple(queues), ())


def urgent(session: Session, workspace: UUID) -> UUID:
    """Put an item before all others."""
    item = add_item(session, workspace)
    item.sort_key = 1
    session.flush()
    return item.id


def test_a_long_walk_is_not_walked_again_and_the_order_stays(
    session: Session, workspace: UUID, floors: Floors, wait: Clock
) -> None:
    ada = slow_line(session, workspace)
    expected = list(session.scalars(text("SELECT id FROM items WHERE skills = '{}' ORDER BY sort_key, id")))
    assert floors.begin(ada) == [FRONT]
    first = take(session, workspace, ada)
    assert floors.begin(ada) == [session.get_one(Item, first).sort_key]
    assert [first, take(session, workspace, ada), take(session, workspace, ada)] == expected


def test_what_comes_in_before_waits_no_longer_than_the_place_holds(
    session: Session, workspace: UUID, floors: Floors, wait: Clock
) -> None:
    ada = slow_line(session, workspace)
    take(session, workspace, ada)
    soon = urgent(session, workspace)
    assert take(session, workspace, ada) != soon
    wait(HOLDS_MS[1])
    assert take(session, workspace, ada) == soon


def test_where_the_walk_is_short_what_comes_in_before_is_next(
    session: Session, workspace: UUID, floors: Floors, wait: Clock
) -> None:
    ada = slow_line(session, workspace)
    session.execute(update(Item).values(skills=[]))
    take(session, workspace, ada)
    soon = urgent(session, workspace)
    assert take(session, workspace, ada) == soon


def test_when_nothing_is_left_behind_the_place_the_front_is_looked_at_at_once(
    session: Session, workspace: UUID, floors: Floors, wait: Clock
) -> None:
    ada = slow_line(session, workspace)
    for _ in range(3):
        take(session, workspace, ada)
    soon = urgent(session, workspace)
    assert floors.begin(ada) != [FRONT]
    assert take(session, workspace, ada) == soon
    assert take(session, workspace, ada) is None


def test_a_place_is_for_those_who_ask_for_the_same(
    session: Session, workspace: UUID, floors: Floors, wait: Clock
) -> None:
    ada = slow_line(session, workspace)
    take(session, workspace, ada)
    bob = Worker(add_person(session, workspace, "bob"), (), ada.queues, ("maps",))
    assert floors.begin(bob) == [FRONT]
    assert floors.begin(Worker(bob.person_id, (), ada.queues, ())) == floors.begin(ada) != [FRONT]


def test_of_those_who_find_a_place_worn_out_one_looks_at_the_front(
    session: Session, workspace: UUID, floors: Floors, wait: Clock
) -> None:
    ada = slow_line(session, workspace)
    take(session, workspace, ada)
    place = floors.begin(ada)
    wait(HOLDS_MS[1])
    assert [floors.begin(ada), floors.begin(ada)] == [[FRONT], place]
    # She who looked at the front never came back with what she found.
    wait(HOLDS_MS[0])
    assert floors.begin(ada) == [FRONT]


def test_versions_that_an_old_snapshot_keeps_are_walked_over_once(
    database: Database, floors: Floors, wait: Clock
) -> None:
    with database.unit_of_work() as session:
        workspace = create_workspace(session, now=read_now(session), name="Acme").id
        add_task_type(session, workspace)
        add_items(session, workspace, LONG_WALK + 100)
        queues = tuple(session.scalars(text("SELECT id FROM queues WHERE workspace_id = :w"), {"w": workspace}))
        ada = Worker(add_person(session, workspace), (), queues, ())
    with database.engine.connect() as reader:
        reader.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        reader.execute(text("SELECT count(*) FROM items"))
        taken = []
        for _ in range(LONG_WALK + 50):
            with database.unit_of_work() as session:
                session.execute(text("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off"))
                taken.append(take(session, workspace, ada))
    assert len(set(taken)) == len(taken)
    assert floors.begin(ada) != [FRONT]
