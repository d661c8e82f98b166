"""Two people at one door: links, joins, guesses and a disabling that meets a sign-in."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from uuid import UUID

from argon2 import PasswordHasher
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND
from app.identity.models import Person, SignInAttempt, UserSession
from app.identity.queries import list_own_sessions
from app.identity.service import (
    AlreadyMember,
    LinkSpent,
    PasswordSet,
    Refused,
    TooManyAttempts,
    create_person,
    create_workspace,
    disable_person,
    find_session,
    make_sign_in_link,
    set_password,
    sign_in_with_password,
    start_session,
    use_sign_in_link,
)
from app.kernel.db import Database
from tests.conftest import NOW

THREADS = 8
DEADLINE_SECONDS = 10


def at_once(work: Callable[[int], object]) -> list[object]:
    """Run `work` in every thread from the same moment on, and return what it returned or raised."""
    start = Barrier(THREADS)

    def run(number: int) -> object:
        start.wait(DEADLINE_SECONDS)
        try:
            return work(number)
        except (LinkSpent, AlreadyMember) as error:
            return type(error)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def new_workspace(database: Database, name: str = "Acme") -> UUID:
    with database.unit_of_work() as session:
        return create_workspace(session, now=NOW, name=name).id


def join(database: Database, workspace_id: UUID) -> UUID:
    with database.unit_of_work() as session:
        return create_person(
            session, now=NOW, actor=COMMAND, workspace_id=workspace_id, email="ada@example.org", roles=["reviewer"]
        )


def wait_until_somebody_waits(session: Session) -> None:
    """Return as soon as another transaction waits for this one."""
    waiting = text(
        "SELECT count(*) FROM pg_locks"
        " WHERE NOT granted AND locktype = 'transactionid' AND transactionid = pg_current_xact_id()::xid"
    )
    until = time.monotonic() + DEADLINE_SECONDS
    while not session.scalar(waiting):
        assert time.monotonic() < until, "nobody waits"


def test_one_of_many_uses_of_a_link_wins(database: Database) -> None:
    person_id = join(database, new_workspace(database))
    with database.unit_of_work() as session:
        token = make_sign_in_link(session, now=NOW, actor=COMMAND, person_id=person_id)

    def use(_number: int) -> object:
        with database.unit_of_work() as session:
            used = use_sign_in_link(session, now=NOW, token=token)
            start_session(session, now=NOW, person_id=used, agent="")
            return used

    outcomes = at_once(use)
    assert outcomes.count(person_id) == 1
    assert outcomes.count(LinkSpent) == THREADS - 1
    with database.unit_of_work() as session:
        assert len(list_own_sessions(session, now=NOW, person_id=person_id)) == 1


def test_many_joins_of_one_address_make_one_person(database: Database) -> None:
    workspace_id = new_workspace(database)
    outcomes = at_once(lambda _number: join(database, workspace_id))
    assert outcomes.count(AlreadyMember) == THREADS - 1
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 1


def test_joins_of_one_address_to_many_workspaces_make_one_person(database: Database) -> None:
    workspaces = [new_workspace(database, f"W{n}") for n in range(THREADS)]
    outcomes = at_once(lambda number: join(database, workspaces[number]))
    assert len(set(outcomes)) == 1


def test_guesses_at_the_same_moment_are_limited_as_those_in_turn(database: Database) -> None:
    person_id = join(database, new_workspace(database))
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("four hats dancing")
    with database.unit_of_work() as session:
        session.execute(update(Person).where(Person.id == person_id).values(password_hash=cheap))

    def guess_until_closed(number: int) -> object:
        refused = 0
        while True:
            try:
                with database.unit_of_work() as session:
                    outcome = sign_in_with_password(
                        session, now=NOW, email="ada@example.org", password="wrong", address=f"203.0.113.{number}"
                    )
                    assert outcome == Refused()
                    refused += 1
            except TooManyAttempts as error:
                # One second is the answer while another try is under way; more means that the account is closed.
                if error.retry_after_seconds > 1:
                    return refused

    assert sum(int(str(n)) for n in at_once(guess_until_closed)) == 10
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(SignInAttempt)) == 10


def test_disabling_waits_for_a_sign_in_under_way_and_ends_its_session(database: Database) -> None:
    person_id = join(database, new_workspace(database))
    with database.unit_of_work() as session:
        token = make_sign_in_link(session, now=NOW, actor=COMMAND, person_id=person_id)
    signed_in = Event()

    def disable() -> None:
        signed_in.wait(DEADLINE_SECONDS)
        with database.unit_of_work() as session:
            disable_person(session, now=NOW, actor=COMMAND, person_id=person_id)

    with ThreadPoolExecutor(1) as pool:
        disabling = pool.submit(disable)
        with database.unit_of_work() as session:
            use_sign_in_link(session, now=NOW, token=token)
            signed_in.set()
            wait_until_somebody_waits(session)
            started = start_session(session, now=NOW, person_id=person_id, agent="")
        disabling.result(DEADLINE_SECONDS)

    with database.unit_of_work() as session:
        assert find_session(session, now=NOW, token=started.token) is None
        assert session.scalar(select(UserSession.revoked_at)) == NOW


def test_a_change_of_password_ends_a_session_begun_meanwhile_with_the_old_one(database: Database) -> None:
    person_id = join(database, new_workspace(database))
    with database.unit_of_work() as session:
        mine = start_session(session, now=NOW, person_id=person_id, agent="").session_id
        old = PasswordHasher().hash("four hats dancing")
        session.execute(update(Person).where(Person.id == person_id).values(password_hash=old))
    signed_in = Event()

    def change() -> object:
        signed_in.wait(DEADLINE_SECONDS)
        with database.unit_of_work() as session:
            return set_password(
                session,
                now=NOW,
                person_id=person_id,
                session_id=mine,
                new_password="seven plums asleep",
                old_password="four hats dancing",
                address="203.0.113.9",
            )

    with ThreadPoolExecutor(1) as pool:
        changing = pool.submit(change)
        with database.unit_of_work() as session:
            sign_in_with_password(
                session, now=NOW, email="ada@example.org", password="four hats dancing", address="203.0.113.9"
            )
            signed_in.set()
            wait_until_somebody_waits(session)
            started = start_session(session, now=NOW, person_id=person_id, agent="")
        assert changing.result(DEADLINE_SECONDS) == PasswordSet()

    with database.unit_of_work() as session:
        assert find_session(session, now=NOW, token=started.token) is None
        assert [s.id for s in list_own_sessions(session, now=NOW, person_id=person_id)] == [mine]
