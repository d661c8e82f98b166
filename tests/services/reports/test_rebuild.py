"""The ledger derived anew: a day's work comes to what is posted, and any row that was tampered with is found."""

import random
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.identity.service import create_workspace
from app.kernel.clock import read_now
from app.kernel.sealing import Vault, keep_vault
from app.reports.rebuild import Difference, count_claims, find_differences
from tests.services.reports.breaking import break_it
from tests.services.reports.day import live_a_day

TAMPERED = 1_000
# Each changes one row that its place in the statement names.
TRICKS = (
    "UPDATE time_entries SET ends_at = ends_at + interval '1 ms', ms = ms + 1 WHERE id = '{time}' AND kind <> 'active'",
    "UPDATE time_entries SET starts_at = starts_at + interval '1 ms', ms = ms - 1 WHERE id = '{time}' AND ms > 1",
    "UPDATE time_entries SET starts_at = starts_at - interval '30 days', ends_at = ends_at - interval '30 days'"
    " WHERE id = '{time}'",
    "UPDATE time_entries SET ms = ms + 1 WHERE id = '{time}'",
    "UPDATE time_entries SET blurred = NOT blurred WHERE id = '{time}'",
    "UPDATE time_entries SET kind = 'idle_in_claim' WHERE id = '{time}' AND kind = 'active'",
    "DELETE FROM time_entries WHERE id = '{time}'",
    "UPDATE cost_entries SET amount = amount + 0.000001 WHERE time_entry_id = '{cost}'",
    "UPDATE cost_entries SET currency = 'USD' WHERE time_entry_id = '{cost}'",
    "UPDATE cost_entries SET rate_card_id = NULL, currency = NULL, amount = NULL, unpriced_ms = 1"
    " WHERE time_entry_id = '{cost}'",
    "DELETE FROM cost_entries WHERE time_entry_id = '{cost}'",
)


@pytest.fixture(scope="module")
def lived(engine: Engine, vault: Vault) -> Iterator[Session]:
    """A day's work, lived once."""
    with engine.connect() as connection, connection.begin() as transaction:
        session = Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
        keep_vault(session, vault)
        live_a_day(session, create_workspace(session, now=read_now(session), name="Acme").id)
        session.flush()
        yield session
        session.close()
        transaction.rollback()


def _found(session: Session) -> list[Difference]:
    return list(find_differences(session))


def test_what_was_posted_is_what_beats_and_rates_come_to(lived: Session) -> None:
    looked: list[int] = []
    assert list(find_differences(lived, advance=looked.append)) == []
    assert sum(looked) == count_claims(lived) > 5


def test_every_tampered_row_is_found(lived: Session) -> None:
    draw = random.Random(6)  # noqa: S311  # a seed, so that a failure can be run again
    times = lived.scalars(text("SELECT id FROM time_entries")).all()
    costs = lived.scalars(text("SELECT time_entry_id FROM cost_entries WHERE amount IS NOT NULL")).all()
    done, missed = 0, []
    while done < TAMPERED:
        trick = draw.choice(TRICKS).format(time=draw.choice(times), cost=draw.choice(costs))
        with lived.begin_nested() as whole:
            connection = lived.connection()
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            if connection.exec_driver_sql(trick).rowcount:
                done += 1
                lived.expire_all()
                if not _found(lived):
                    missed.append(trick)
            whole.rollback()
    assert missed == []


def test_a_beat_that_was_made_up_afterwards_is_found(lived: Session) -> None:
    with lived.begin_nested() as whole:
        break_it(
            lived,
            "UPDATE beats SET state = 'hidden' WHERE (claim_id, seq) = (SELECT claim_id, seq FROM beats LIMIT 1)",
        )
        assert [d.detail for d in _found(lived)] != []
        whole.rollback()


def test_time_of_a_claim_that_still_runs_is_found(lived: Session) -> None:
    with lived.begin_nested() as whole:
        break_it(
            lived,
            "INSERT INTO time_entries (id, workspace_id, claim_id, person_id, kind, starts_at, ends_at, ms, blurred,"
            " posted_at) SELECT gen_random_uuid(), workspace_id, id, person_id, 'idle_in_claim', claimed_at,"
            " claimed_at + interval '1 s', 1000, false, now() FROM claims WHERE ended_at IS NULL",
        )
        assert {d.detail for d in _found(lived)} == {"it still runs, and time is posted for it"}
        whole.rollback()


def test_a_rate_that_was_changed_afterwards_is_found(lived: Session) -> None:
    with lived.begin_nested() as whole:
        break_it(lived, "UPDATE rate_cards SET base = base + 0.01")
        assert {d.detail for d in _found(lived)} == {"its time is priced otherwise than its rates say"}
        whole.rollback()
