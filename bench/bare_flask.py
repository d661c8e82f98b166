"""What Flask can do at most: two bare views under the server of `proofdesk web`, each with one statement.

No key, no check of a shape, no policy, sealing or trail: a body is read as JSON, written as one row with its commit,
and read again. Run by place.py as a server of its own; BENCH_URL names the database.
"""

import os
import threading
from typing import Any, Final

import psycopg
from flask import Flask, jsonify, request
from psycopg.types.json import Jsonb

from bench.limit import connect

MAKE: Final = "CREATE TABLE bare_submissions (id uuid PRIMARY KEY, at timestamptz NOT NULL, body jsonb NOT NULL)"
_INSERT: Final = """
INSERT INTO bare_submissions (id, at, body) VALUES (gen_random_uuid(), clock_timestamp(), %s) RETURNING id
"""
_SELECT: Final = "SELECT body FROM bare_submissions WHERE id = %s"

app: Final = Flask(__name__)
_own = threading.local()


def _connection() -> psycopg.Connection[Any]:
    """Return the connection of this thread, which commits each statement."""
    if not hasattr(_own, "connection"):
        _own.connection = connect(os.environ["BENCH_URL"])
    connection: psycopg.Connection[Any] = _own.connection
    return connection


@app.get("/api/v1/healthz")
def healthz() -> Any:
    """Say that the server runs."""
    return jsonify(status="ok")


@app.post("/api/v1/submissions")
def submit() -> Any:
    """Write a body as a row."""
    row = _connection().execute(_INSERT, (Jsonb(request.get_json()),), prepare=True).fetchone()
    return jsonify(id=str(row[0] if row else None), status="waiting"), 201


@app.get("/api/v1/submissions/<uuid:submission_id>")
def read(submission_id: Any) -> Any:
    """Read a row back, as if it had been decided."""
    row = _connection().execute(_SELECT, (submission_id,), prepare=True).fetchone()
    return jsonify(id=str(submission_id), content=row[0] if row else None, decision={"verb": "approve"})
