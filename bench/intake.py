"""What comes in: submissions one by one and a thousand at a time, over HTTP at the server of `proofdesk web`.

Keys, limits, checks, policy, sealing and trail are all on. Bodies have 2 KB; three of ten pass by their confidence,
the others wait. Beside each stands the bare limit of the same run: one table and one INSERT by psycopg for single
submissions, three tables and one COPY each on one connection for batches, both with a body that does not compress.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from app.audit.rules import COMMAND
from app.identity.queries import find_workspace
from app.identity.service import create_key, create_person, create_workspace
from app.kernel.clock import read_now
from app.kernel.db import Database
from app.routing.service import draft_policy, publish_policy
from app.submissions.service import TaskTypeDefinition, define_task_type
from bench.crowd import Span, Tally, wait_until
from bench.fill import SCHEMA
from bench.limit import connect
from bench.wire import Wire

BODY_BYTES: Final = 2_000
BATCH: Final = 1_000
BATCH_CONNECTIONS: Final = 4
# More connections than these the private server does not take, and more make plain inserts no faster.
LANES: Final = 32
MAKE: Final = (
    "CREATE TABLE raw (id uuid PRIMARY KEY, at timestamptz NOT NULL, body bytea NOT NULL)",
    "CREATE TABLE raw_items (id uuid PRIMARY KEY, state text NOT NULL, key bigint NOT NULL)",
    "CREATE INDEX ON raw_items (key, id) WHERE state = 'waiting'",
    "CREATE TABLE raw_events (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, subject uuid, type text)",
)
INSERT: Final = "INSERT INTO raw (id, at, body) VALUES (gen_random_uuid(), clock_timestamp(), %s)"


@dataclass(frozen=True)
class Stream:
    """One connection of a program; `keyed`: each call has an Idempotency-Key of its own."""

    port: int
    key: str
    keyed: bool = False


def make_sender(database: Database) -> str:
    """Make a workspace with a task type and a policy, and the tables of the bare limit; return a key that submits."""
    with database.unit_of_work() as session:
        now = read_now(session)
        workspace_id = create_workspace(session, now=now, name="Intake").id
        definition = TaskTypeDefinition(name="address", output_schema=SCHEMA)
        define_task_type(session, now=now, actor=COMMAND, workspace_id=workspace_id, definition=definition)
        rules = {"task_type": "address", "threshold": 0.7, "audit_rate": 0}
        drafted = draft_policy(
            session, now=now, actor=COMMAND, workspace_id=workspace_id, person_id=None, document=rules
        )
        publish_policy(
            session,
            now=now,
            actor=COMMAND,
            workspace_id=workspace_id,
            person_id=None,
            policy_id=drafted.id,
            second_person=False,
        )
        key = create_key(session, now=now, actor=COMMAND, workspace_id=workspace_id, scopes=["submit", "read"]).text
    with connect(database.engine.url.render_as_string(hide_password=False)) as connection:
        for statement in MAKE:
            connection.execute(statement)
    return key


def make_reviewer(database: Database) -> str:
    """Return the key of somebody who reviews there."""
    with database.unit_of_work() as session:
        now = read_now(session)
        workspace = find_workspace(session, name_or_id="Intake")
        person_id = create_person(
            session,
            now=now,
            actor=COMMAND,
            workspace_id=workspace.id,
            email="rita@intake.example",
            name="Rita",
            roles=["reviewer"],
        )
        made = create_key(
            session,
            now=now,
            actor=COMMAND,
            workspace_id=workspace.id,
            scopes=["review"],
            person_id=person_id,
        )
        return made.text


def submissions() -> Iterator[dict[str, Any]]:
    """Yield bodies of 2 KB, each another one; three of ten are sure enough to pass."""
    text = "Where does this parcel go, and does the postcode fit the town that the sender wrote? " * 20
    number = 0
    while True:
        yield {
            "task_type": "address",
            "external_id": f"order {number}",
            "output": {"city": "Bern", "zip": "3011"},
            "confidence": 0.9 if number % 10 < 3 else 0.5,
            "context": [{"type": "text", "title": "input", "value": text[: BODY_BYTES - 300]}],
            "model": {"provider": "acme", "name": "small", "version": "1"},
            "prompt": {"id": "address", "version": "7"},
            "metadata": {"batch": number // 100, "trace": f"{number:032x}"},
        }
        number += 1


def submit_one_by_one(stream: Stream, span: Span) -> list[Tally]:
    """Submit until the span ends, each after the answer to the one before."""
    wire, tally, bodies, own = Wire(stream.port, stream.key), Tally(), submissions(), os.urandom(8).hex()
    wait_until(span.begins)
    number = 0
    while (started := time.monotonic()) < span.ends:
        number += 1
        headers = {"Idempotency-Key": f"{own}-{number}"} if stream.keyed else {}
        status, answer = wire.post("/submissions", next(bodies), headers)
        if status != 201:
            tally.faults.append(f"submit: {status} {answer}")
            break
        tally.note("submit", span, started, time.monotonic())
    wire.close()
    return [tally]


def submit_batches(stream: Stream, span: Span) -> list[Tally]:
    """Submit a thousand at a time until the span ends."""
    wire, tally, bodies = Wire(stream.port, stream.key), Tally(), submissions()
    body = orjson.dumps({"submissions": [next(bodies) for _ in range(BATCH)]})
    wait_until(span.begins)
    while (started := time.monotonic()) < span.ends:
        status, answer = wire.post("/submissions/batch", body)
        if status != 200 or any("error" in result for result in answer["results"]):
            tally.faults.append(f"batch: {status} {str(answer)[:300]}")
            break
        tally.note("batch", span, started, time.monotonic())
    wire.close()
    return [tally]


def insert_bare(database_url: str, span: Span) -> list[Tally]:
    """Insert one row after the other, each with its commit."""
    tally, body = Tally(), os.urandom(BODY_BYTES)
    with connect(database_url) as connection:
        connection.execute("SELECT 1")
        wait_until(span.begins)
        while (started := time.monotonic()) < span.ends:
            connection.execute(INSERT, (body,), prepare=True)
            tally.note("submit", span, started, time.monotonic())
    return [tally]


def copy_bare(database_url: str, span: Span) -> list[Tally]:
    """Copy a thousand rows into each of three tables, one after the other, with one commit."""
    tally, body = Tally(), os.urandom(BODY_BYTES)
    with connect(database_url) as connection:
        at = connection.execute("SELECT clock_timestamp()").fetchone()
        wait_until(span.begins)
        while (started := time.monotonic()) < span.ends:
            ids = [os.urandom(16).hex() for _ in range(BATCH)]
            with connection.transaction(), connection.cursor() as cursor:
                with cursor.copy("COPY raw (id, at, body) FROM STDIN") as copy:
                    for one in ids:
                        copy.write_row((one, at and at[0], body))
                with cursor.copy("COPY raw_items (id, state, key) FROM STDIN") as copy:
                    for number, one in enumerate(ids):
                        copy.write_row((one, "waiting", number))
                with cursor.copy("COPY raw_events (subject, type) FROM STDIN") as copy:
                    for one in ids:
                        copy.write_row((one, "submission.received"))
            tally.note("batch", span, started, time.monotonic())
    return [tally]
