"""The ledger derived anew: a day's work comes to what is posted, and any row that was tampered with is found."""

import random

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.identity.service import create_workspace
from app.kernel.clock import read_now
from app.reports.rebuild import count_claims, find_differences
from tests.factories.people import add_person, add_rate
from tests.factories.reviewing import begin_earlier, hand_in, heard, take
from tests.factories.work import add_item, add_task_type
from tests.services.reports.breaking import break_it

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


def _details(session: Session) -> set[str]:
    return {difference.detail for difference in find_differences(session)}


def test_what_was_posted_is_what_beats_and_rates_come_to(day: Session) -> None:
    looked: list[int] = []
    assert list(find_differences(day, advance=looked.append)) == []
    assert sum(looked) == count_claims(day) > 5


def test_who_works_in_two_workspaces_owns_each_second_once_and_the_rows_follow(session: Session) -> None:
    """A claim that lasts in one workspace, while another ends many: they share its person's seconds."""
    places = [create_workspace(session, now=read_now(session), name=name).id for name in ("Here", "There")]
    for place in places:
        add_task_type(session, place)
        add_rate(session, place)
    (dora, also_dora) = (add_person(session, place, "dora") for place in places)
    assert dora == also_dora
    add_item(session, places[0])
    lasting = begin_earlier(session, take(session, places[0], dora), 300)
    heard(session, lasting, 60)
    for number in range(80):
        add_item(session, places[1], output={"city": f"Bern {number}"})
        hand_in(session, begin_earlier(session, take(session, places[1], dora), 2))
    # Once while it still runs, and once when it is posted last of all.
    assert _details(session) == set()
    hand_in(session, lasting)
    assert count_claims(session) == 81
    assert _details(session) == set()


def test_every_tampered_row_is_found(day: Session) -> None:
    draw = random.Random(6)  # noqa: S311  # a seed, so that a failure can be run again
    times = day.scalars(text("SELECT id FROM time_entries")).all()
    costs = day.scalars(text("SELECT time_entry_id FROM cost_entries WHERE amount IS NOT NULL")).all()
    day.connection().exec_driver_sql("SET LOCAL session_replication_role = replica")
    done, missed = 0, []
    while done < TAMPERED:
        trick = draw.choice(TRICKS).format(time=draw.choice(times), cost=draw.choice(costs))
        with day.begin_nested() as whole:
            if day.connection().exec_driver_sql(trick).rowcount:
                done += 1
                day.expire_all()
                if not _details(day):
                    missed.append(trick)
            whole.rollback()
    assert missed == []


@pytest.mark.parametrize(
    ("statement", "detail"),
    [
        (
            "UPDATE beats SET state = 'hidden' WHERE (claim_id, seq) = (SELECT claim_id, seq FROM beats LIMIT 1)",
            "or to others",
        ),
        ("UPDATE rate_cards SET base = base + 0.01", "its time is priced otherwise than its rates say"),
        (
            "INSERT INTO time_entries (id, workspace_id, claim_id, person_id, kind, starts_at, ends_at, ms, blurred,"
            " posted_at) SELECT gen_random_uuid(), workspace_id, id, person_id, 'idle_in_claim', claimed_at,"
            " claimed_at + interval '1 s', 1000, false, now() FROM claims WHERE ended_at IS NULL",
            "it still runs, and time is posted for it",
        ),
    ],
)
def test_evidence_that_was_changed_afterwards_is_found(day: Session, statement: str, detail: str) -> None:
    break_it(day, statement)
    found = _details(day)
    assert found
    assert all(detail in said for said in found)
