"""The chain: every committed event once, in an order that cannot change, and no change that goes unseen."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.audit.models import EventSeal, Sealer
from app.audit.queries import list_chains, list_events, read_chain
from app.audit.rules import COMMAND, NO_HASH, BrokenChain, check_lines
from app.audit.service import record, seal_events
from app.identity.service import create_workspace
from app.kernel.clock import read_now
from app.kernel.db import Database
from app.kernel.ids import new_id


def note(session: Session, workspace: UUID | None, **details: object) -> None:
    """Leave an event."""
    record(
        session,
        now=read_now(session),
        actor=COMMAND,
        workspace_id=workspace,
        type="test.noted",
        subject_kind="test",
        subject_id=new_id(),
        details=details,
    )


def seal_all(database: Database, *, limit: int = 1_000) -> int:
    """Seal until there is nothing more, a batch in each transaction."""
    count = 0
    while True:
        with database.unit_of_work() as session:
            sealed = seal_events(session, limit=limit)
        count += sealed.count
        if not sealed.more:
            return count


@pytest.fixture
def two(sealable: Database) -> tuple[UUID, UUID]:
    """Two workspaces that really exist."""
    with sealable.unit_of_work() as session:
        now = read_now(session)
        return tuple(create_workspace(session=session, now=now, name=name).id for name in ("One", "Two"))  # type: ignore[return-value]  # two of them


def lines(database: Database, chain: UUID) -> list[dict[str, object]]:
    """Return a chain as it is exported and read back."""
    with database.unit_of_work() as session:
        return [json.loads(json.dumps(line)) for line in read_chain(session, chain=chain)]


def test_each_workspace_has_a_chain_without_a_gap_and_the_installation_one(
    sealable: Database, two: tuple[UUID, UUID]
) -> None:
    with sealable.unit_of_work() as session:
        for n in range(5):
            note(session, two[n % 2], n=n)
        note(session, None)
    assert seal_all(sealable, limit=3) == seal_all(sealable) + 8
    with sealable.unit_of_work() as session:
        assert set(list_chains(session)) == {*two, UUID(int=0)}
        events = list_events(session, workspace_id=two[0], after=0, limit=100)
        assert [event.seq for event in events] == [1, 2, 3, 4]
    for chain, length in ((two[0], 4), (two[1], 3), (UUID(int=0), 1)):
        assert check_lines(lines(sealable, chain))[0] == length


def test_an_event_is_sealed_when_every_transaction_before_it_is_over(
    sealable: Database, two: tuple[UUID, UUID]
) -> None:
    seal_all(sealable)
    with sealable.unit_of_work() as slow:
        note(slow, two[0], which="slow")
        with sealable.unit_of_work() as quick:
            note(quick, two[0], which="quick")
        assert seal_all(sealable) == 0
    assert seal_all(sealable) == 2
    assert [line["details"] for line in lines(sealable, two[0])][1:] == [{"which": "slow"}, {"which": "quick"}]


def test_sealers_and_writers_that_race_leave_one_chain_with_every_event(
    sealable: Database, two: tuple[UUID, UUID]
) -> None:
    done = threading.Event()

    def write(writer: int) -> None:
        for n in range(40):
            with sealable.unit_of_work() as session:
                note(session, two[n % 2], writer=writer, n=n)
                session.execute(text("SELECT pg_sleep(:s)"), {"s": (writer + n) % 3 / 500})

    def work() -> None:
        while not done.is_set():
            seal_all(sealable, limit=7)

    with ThreadPoolExecutor(8) as crowd:
        sealers = [crowd.submit(work) for _ in range(2)]
        for writing in [crowd.submit(write, n) for n in range(6)]:
            writing.result(60)
        done.set()
        for sealer in sealers:
            sealer.result(60)
    seal_all(sealable)
    for chain in two:
        kept = lines(sealable, chain)
        assert check_lines(kept)[0] == len(kept) == 121
        by_writer: dict[object, list[object]] = {}
        for line in kept[1:]:
            details = line["details"]
            assert isinstance(details, dict)
            by_writer.setdefault(details["writer"], []).append(details["n"])
        assert all(written == sorted(written, key=str) or written == sorted(written) for written in by_writer.values())  # type: ignore[type-var]  # numbers


def test_what_a_restored_backup_had_not_sealed_is_sealed_before_anything_new(
    sealable: Database, two: tuple[UUID, UUID]
) -> None:
    seal_all(sealable)
    with sealable.unit_of_work() as session:
        note(session, two[0], which="not sealed yet")
    with sealable.engine.begin() as connection:
        # As if another cluster had written all of it, whose transactions had higher numbers.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("UPDATE events SET cluster = 1, xact_id = xact_id + 1000000000"))
        connection.execute(text("UPDATE sealers SET cluster = 1, below = below + 1000000000"))
    with sealable.unit_of_work() as session:
        note(session, two[0], which="new")
    assert seal_all(sealable) == 2
    assert [line["details"] for line in lines(sealable, two[0])][1:] == [{"which": "not sealed yet"}, {"which": "new"}]
    with sealable.unit_of_work() as session:
        assert session.get_one(Sealer, 1).cluster != 1


def test_a_seal_cannot_be_changed_or_removed(sealable: Database, two: tuple[UUID, UUID]) -> None:
    seal_all(sealable)
    for change in ("UPDATE event_seals SET seq = seq + 1", "DELETE FROM event_seals", "TRUNCATE event_seals"):
        with pytest.raises(DBAPIError, match="append-only"), sealable.unit_of_work() as session:
            session.execute(text(change))
    with sealable.unit_of_work() as session:
        assert session.scalars(select(EventSeal.seq).where(EventSeal.chain == two[0])).all() == [1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda kept: kept[1].update(type="test.forged"), "event 2 is not what was sealed"),
        (lambda kept: kept[1]["details"].update(n=7), "event 2 is not what was sealed"),
        (lambda kept: kept.pop(1), "line 2 has the number 3"),
        (lambda kept: kept.insert(1, dict(kept[0])), "line 2 has the number 1"),
        (lambda kept: kept[2].update(sha256=kept[1]["sha256"]), "event 3 is not what was sealed"),
        (lambda kept: kept[1].update(details={"n": 2**60}), "event 2 cannot be read"),
    ],
)
def test_a_line_that_was_changed_left_out_or_added_is_found(
    sealable: Database, two: tuple[UUID, UUID], change: object, words: str
) -> None:
    with sealable.unit_of_work() as session:
        for n in range(3):
            note(session, two[0], n=n)
    seal_all(sealable)
    kept = lines(sealable, two[0])
    whole = check_lines(kept)
    assert whole[0] == 4
    assert whole[1] != NO_HASH
    change(kept)  # type: ignore[operator]  # a function of the table above
    with pytest.raises(BrokenChain, match=words):
        check_lines(kept)
