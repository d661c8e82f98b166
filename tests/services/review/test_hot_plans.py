"""No statement that runs often reads a large table as a whole or sorts a backlog, with 100,000 items.

The services run for real, and each statement that they sent is explained.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND, Actor
from app.identity.service import create_key, create_workspace, find_key, find_session, start_session
from app.kernel.clock import read_now
from app.kernel.sealing import Vault, keep_vault
from app.queue.models import Claim, Item
from app.queue.queries import (
    find_live_claim,
    list_claims_beside,
    list_ended_reservations,
    list_overdue_claims,
    list_waking,
    next_expiry,
    next_wake,
    standing_of,
)
from app.queue.rules import Worker
from app.queue.service import claim_next, lock_claim, reserve_next
from app.queue.service.loads import Work, count_load
from app.review.queries import open_claim, running_time
from app.review.service import beat, take_item
from app.review.service.at_once import decide_at_once
from app.review.statements import TAKE
from tests.factories.people import add_person, add_rate
from tests.factories.plans import indexes, nodes, plans, sent_by, walks_too_far
from tests.factories.reviewing import APPROVE, begin_earlier, heard, take
from tests.factories.work import add_items, add_task_type
from tests.services.review.test_at_once import asked_for

WAITING = DECIDED = 50_000
LARGE = {"items", "claims", "submissions", "contents", "events", "votes", "decisions", "drafts"}
LARGE |= {"beats", "time_entries", "cost_entries"}
# A past: every item but those in line was claimed, heard of, paid for and decided by one of fifty people.
PAST = """
CREATE TEMPORARY TABLE past ON COMMIT DROP AS
SELECT i.id AS item, i.submission_id AS submission, i.workspace_id AS workspace, gen_random_uuid() AS claim,
       gen_random_uuid() AS entry, (SELECT array_agg(person_id) FROM memberships)[1 + n %% 50] AS person,
       clock_timestamp() - (n + 1) * interval '7 s' AS at
  FROM (SELECT *, row_number() OVER () AS n FROM items) AS i WHERE n > {waiting};
UPDATE items SET state = 'decided', token = 1, version = 2, voters = ARRAY[past.person], wake_at = NULL
  FROM past WHERE items.id = past.item;
INSERT INTO claims (id, workspace_id, item_id, person_id, token, channel, claim_ms, cap_ms, claimed_at, expires_at,
                    ended_at, outcome)
SELECT claim, workspace, item, person, 1, 'api', 900000, 90000,
       at, at + interval '900 s', at + interval '6 s', 'decided' FROM past;
INSERT INTO beats (claim_id, seq, received_at, client_mono_ms, state, last_input_age_ms)
SELECT claim, 1, at + interval '1 s', 1000, 'active', 0 FROM past;
INSERT INTO time_entries (id, workspace_id, claim_id, person_id, kind, starts_at, ends_at, ms, blurred, posted_at)
SELECT entry, workspace, claim, person, 'active', at, at + interval '6 s', 6000, false, at + interval '6 s' FROM past;
INSERT INTO cost_entries (time_entry_id, workspace_id, unpriced_ms, posted_at)
SELECT entry, workspace, 6000, at FROM past;
INSERT INTO votes (id, workspace_id, item_id, claim_id, person_id, token, verb, late, counts, reason_codes,
                   request_sha256, body, active_ms, at)
SELECT claim, workspace, item, claim, person, 1, 'approve', false, true, '{{}}', '', '', 6000, at FROM past;
INSERT INTO decisions (id, workspace_id, item_id, submission_id, claim_id, decided_by, status, decided_by_kind, late,
                       content_sha256, body, decided_at, final_at)
SELECT claim, workspace, item, submission, claim, person, 'approved', 'human', false, '', '', at, at FROM past;
INSERT INTO drafts (id, workspace_id, item_id, person_id, claim_id, lost, body, saved_at)
SELECT claim, workspace, item, person, claim, true, '', at FROM past;
"""
SPREAD = text("""
WITH line AS (
  INSERT INTO queues (id, workspace_id, name, created_at)
  SELECT gen_random_uuid(), :workspace, 'line ' || n, clock_timestamp() FROM generate_series(1, 20) AS n RETURNING id
), numbered AS (SELECT id, row_number() OVER () AS n FROM line)
UPDATE items SET queue_id = numbered.id FROM numbered WHERE numbered.n = 1 + items.sort_key % 20
""")


@dataclass(frozen=True)
class Full:
    """A workspace with a long line and a long past. `queues` are twenty; Ada works all of them."""

    session: Session
    workspace: UUID
    ada: UUID
    queues: tuple[UUID, ...]

    @property
    def worker(self) -> Worker:
        return Worker(self.ada, (), self.queues, ("refunds",))


@pytest.fixture(scope="module")
def filled(engine: Engine, vault: Vault) -> Iterator[Full]:
    """Half of the items in line and half decided; nothing of it is ever committed."""
    with engine.connect() as connection:
        transaction = connection.begin()
        session = Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
        keep_vault(session, vault)
        session.execute(text("SET LOCAL statement_timeout = 0"))
        workspace = create_workspace(session=session, now=read_now(session), name="Full").id
        add_task_type(session, workspace)
        add_rate(session, workspace)
        ada, *_ = (add_person(session, workspace, f"p{n}") for n in range(50))
        add_items(session, workspace, WAITING + DECIDED)
        session.execute(SPREAD, {"workspace": workspace})
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in PAST.format(waiting=WAITING).split(";\n"):
            if statement.strip():
                session.connection().exec_driver_sql(statement)
        session.execute(text("SET LOCAL session_replication_role = origin"))
        session.execute(text(f"ANALYZE {', '.join(sorted(LARGE))}, queues, people, memberships"))
        queues = session.scalars(text("SELECT DISTINCT queue_id FROM items WHERE state = 'waiting'")).all()
        yield Full(session, workspace, ada, tuple(queues))
        session.close()
        transaction.rollback()


@pytest.fixture
def full(filled: Full) -> Iterator[Full]:
    """The same for every test: what one does is taken back."""
    savepoint = filled.session.begin_nested()
    yield filled
    savepoint.rollback()
    filled.session.expunge_all()


def hold(full: Full) -> Claim:
    """Let Ada have an item since a while ago, with a few signs of life."""
    claim = begin_earlier(full.session, take(full.session, full.workspace, full.ada), 300)
    for seq in range(5):
        heard(full.session, claim, 30 * seq, seq=seq)
    full.session.flush()
    return claim


def ask(full: Full) -> object:
    actor = Actor("person", full.ada)
    taken = take_item(full.session, actor=actor, workspace_id=full.workspace, person_id=full.ada, channel="api")
    assert isinstance(taken, tuple)
    return open_claim(full.session, claim=taken[0])


def claim_from_20(full: Full) -> object:
    actor = Actor("person", full.ada)
    claimed = claim_next(full.session, actor=actor, workspace_id=full.workspace, worker=full.worker, channel="api")
    assert claimed is not None
    return claimed


def reserve(full: Full) -> object:
    actor = Actor("person", full.ada)
    reserved = reserve_next(full.session, actor=actor, workspace_id=full.workspace, worker=full.worker)
    assert reserved is not None
    return reserved


def come_in_by_key(full: Full) -> object:
    now = read_now(full.session)
    made = create_key(full.session, now=now, actor=COMMAND, workspace_id=full.workspace, scopes=["submit"])
    return find_key(full.session, now=now, text=made.text)


def come_in_by_session(full: Full) -> object:
    now = read_now(full.session)
    started = start_session(full.session, now=now, person_id=full.ada, agent="")
    found = find_session(full.session, token=started.token)
    assert found is not None
    return found


def pulse(full: Full, claim: Claim) -> object:
    return beat(
        full.session,
        workspace_id=full.workspace,
        person_id=full.ada,
        claim_id=claim.id,
        seq=9,
        client_mono_ms=1,
        state="active",
        last_input_age_ms=0,
    )


def decide(full: Full, claim: Claim) -> object:
    decision = decide_at_once(full.session, asked=asked_for(full.session, claim, APPROVE))
    assert decision is not None
    return decision


def lock(full: Full, claim: Claim) -> object:
    return lock_claim(full.session, workspace_id=full.workspace, person_id=full.ada, claim_id=claim.id)


def look_beside(full: Full, claim: Claim) -> object:
    now = read_now(full.session)
    live = find_live_claim(full.session, workspace_id=full.workspace, person_id=full.ada)
    assert live == claim
    beside = list_claims_beside(full.session, claim=claim, until=now)
    return running_time(full.session, claim=claim, at=now), beside


def sweep(full: Full) -> object:
    session = full.session
    return (
        list_overdue_claims(session, limit=100),
        list_overdue_claims(session, limit=10, workspace_id=full.workspace),
        list_ended_reservations(session, limit=100),
        next_expiry(session),
        list_waking(session, limit=100),
        next_wake(session),
        standing_of(session, workspace_id=full.workspace, person_id=full.ada, capacity=3),
    )


def count(full: Full) -> object:
    count_load(full.session, now=read_now(full.session), queue_id=full.queues[0], work=Work())
    return None


def check(full: Full, work: Callable[[], object]) -> list[tuple[str, list[dict[str, object]]]]:
    """Do the work, explain all that it sent, and refuse what walks too far."""
    with sent_by(full.session) as sent:
        work()
    assert sent.statements
    found = plans(full.session, sent)
    wrong = {statement: faults for statement, plan in found if (faults := walks_too_far(plan, large=LARGE))}
    assert wrong == {}
    return found


@pytest.mark.parametrize("work", [ask, claim_from_20, reserve, sweep, come_in_by_key, come_in_by_session])
def test_what_is_asked_often_walks_indexes(full: Full, work: Callable[[Full], object]) -> None:
    check(full, lambda: work(full))


@pytest.mark.parametrize("work", [pulse, decide, lock, look_beside])
def test_what_is_done_with_a_claim_walks_indexes(full: Full, work: Callable[[Full, Claim], object]) -> None:
    claim = hold(full)
    check(full, lambda: work(full, claim))


@pytest.mark.parametrize("work", [ask, claim_from_20, reserve])
def test_the_line_is_walked_in_its_order(full: Full, work: Callable[[Full], object]) -> None:
    found = check(full, lambda: work(full))
    (plan,) = [plan for statement, plan in found if "heads AS" in statement]
    assert "ix_items_waiting" in indexes(plan, "items")
    # What somebody holds is in two indexes, both of a handful of rows; by which one it is found follows from a sample.
    held = {"ix_items_held", "uq_items_reserved"}
    assert indexes(plan, "items") <= {"ix_items_waiting", "ix_items_assigned", "pk_items", *held}


def test_the_sweeps_walk_the_index_made_for_them(full: Full) -> None:
    found = check(full, lambda: sweep(full))
    reached = {name for _, plan in found for table in ("items", "claims") for name in indexes(plan, table)}
    assert {"ix_claims_expiry", "ix_items_wake"} <= reached


def test_a_count_reads_the_index_of_one_queue(full: Full) -> None:
    with sent_by(full.session) as sent:
        count(full)
    counting = [plan for statement, plan in plans(full.session, sent) if "FROM items" in statement]
    assert len(counting) == 2
    for plan in counting:
        assert "ix_items_waiting" in {node.get("Index Name") for node in plan}
        assert not any(node["Node Type"] == "Seq Scan" for node in plan), plan


def test_what_was_walked_is_there(full: Full) -> None:
    states = full.session.execute(text("SELECT state, count(*) FROM items GROUP BY state")).all()
    assert {row[0]: row[1] for row in states} == {"waiting": WAITING, "decided": DECIDED}
    assert full.session.get(Item, full.ada) is None


def test_the_plan_that_is_kept_for_everybody_walks_the_line(full: Full) -> None:
    kinds = {"queues": "uuid[]", "begin": "bigint[]", "names": "uuid[]", "skills": "text[]", "skip": "bigint"}
    kinds |= {"person": "uuid", "workspace": "uuid", "claim": "uuid", "actor_id": "uuid", "lead": "boolean"}
    names = list(dict.fromkeys(re.findall(r"(?<!:):([a-z_]+)", TAKE.text)))
    numbered = re.sub(r"(?<!:):([a-z_]+)", lambda found: f"${names.index(found[1]) + 1}", TAKE.text)
    connection = full.session.connection()
    connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    connection.exec_driver_sql(f"PREPARE taking ({', '.join(kinds.get(n, 'text') for n in names)}) AS {numbered}")
    try:
        nothing = ", ".join(["NULL"] * len(names))
        explained = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) EXECUTE taking ({nothing})").scalar_one()
    finally:
        connection.exec_driver_sql("DEALLOCATE taking")
    plan = nodes(explained[0]["Plan"])
    assert walks_too_far(plan, large=LARGE) == []
    # Whether she has one reserved, the index of what is held and that of what is reserved tell alike; which of the two
    # is thought the cheaper depends on when the table was last counted.
    in_hand = {"ix_items_held", "uq_items_reserved"}
    used = indexes(plan, "items")
    assert used - in_hand == {"ix_items_waiting", "ix_items_assigned", "pk_items"}
    assert len(used & in_hand) == 1
