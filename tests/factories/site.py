"""A workspace with people and keys, and a client that speaks to the app as a program does."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from werkzeug.test import TestResponse

from app.audit.rules import COMMAND
from app.edge.unit_of_work import ProofdeskApp
from app.identity.service import create_key, create_person, create_workspace, make_sign_in_link
from app.kernel.clock import read_now
from tests.factories.described import fits

BASE = "http://127.0.0.1:8080"
ADDRESS_SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "zip": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


@dataclass
class Answered:
    """An answer: its status, its headers, and its body read as JSON where it is JSON."""

    status: int
    body: Any
    headers: dict[str, str]
    raw: bytes


@dataclass
class Site:
    """One workspace of an app, with keys for each kind of program."""

    app: ProofdeskApp
    name: str
    workspace_id: UUID
    keys: dict[str, str] = field(default_factory=dict)
    people: dict[str, UUID] = field(default_factory=dict)

    def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = "all", api: str = "/api/v1", **headers: str
    ) -> Answered:
        """Call the API with one of the site's keys; bytes are sent as they are, anything else as JSON."""
        sent = {"Content-Type": "application/json"} if body is not None else {}
        if key is not None:
            sent["Authorization"] = f"Bearer {self.keys.get(key, key)}"
        sent |= {name.replace("_", "-"): text for name, text in headers.items()}
        data = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        answer = self.app.test_client().open(api + path, method=method, data=data, headers=sent, base_url=BASE)
        fits(self.app, method, api + path, body, answer)
        return read(answer)

    def add_person(self, short: str, roles: list[str], **more: Any) -> UUID:
        """Add a person with a key of her own for review and reading."""
        with self.app.database.unit_of_work() as session:
            now = read_now(session)
            person_id = create_person(
                session,
                now=now,
                actor=COMMAND,
                workspace_id=self.workspace_id,
                email=f"{short}@{self.name.lower()}.example",
                name=short.title(),
                roles=roles,
                **more,
            )
            if "reviewer" in roles or "lead" in roles:
                self.keys[short] = create_key(
                    session,
                    now=now,
                    actor=COMMAND,
                    workspace_id=self.workspace_id,
                    scopes=["review", "read"],
                    person_id=person_id,
                    expires_at=now + timedelta(days=1),
                ).text
        self.people[short] = person_id
        return person_id

    def sign_in_path(self, short: str) -> str:
        """Return a fresh one-time link's path for a person."""
        with self.app.database.unit_of_work() as session:
            token = make_sign_in_link(session, now=read_now(session), actor=COMMAND, person_id=self.people[short])
        return f"/login/link/{token}"

    def define_addresses(self, **policy: Any) -> None:
        """Define the task type `addresses` and publish a policy for it."""
        self.call(
            "POST",
            "/task-types",
            {"name": "addresses", "output_schema": ADDRESS_SCHEMA, "reason_codes": ["wrong_city"], "undo_seconds": 0},
        )
        rules = {"task_type": "addresses", "threshold": 0.85, "field_thresholds": {"/city": 0.9}, **policy}
        drafted = self.call("POST", "/policies", rules)
        assert drafted.status == 201, drafted.body
        assert self.call("POST", f"/policies/{drafted.body['id']}/publish").status == 200

    def submit(self, confidence: float | None = 0.5, **more: Any) -> Answered:
        """Submit an address; with the default confidence it waits."""
        output = {"city": "Paris", "zip": "75001"}
        return self.call(
            "POST", "/submissions", {"task_type": "addresses", "output": output, "confidence": confidence, **more}
        )


def read(answer: TestResponse) -> Answered:
    """Return what a test client's answer says."""
    is_json = answer.content_type is not None and "json" in answer.content_type
    body = orjson.loads(answer.data) if is_json and answer.data else answer.data.decode(errors="replace")
    return Answered(answer.status_code, body, dict(answer.headers), answer.data)


def make_site(app: ProofdeskApp, name: str = "Acme") -> Site:
    """Make a workspace with one key for every scope that needs no person, and the reviewer Ada."""
    with app.database.unit_of_work() as session:
        now = read_now(session)
        workspace_id = create_workspace(session, now=now, name=name).id
        site = Site(app, name, workspace_id)
        for label, scopes in {
            "all": ["submit", "read", "reports", "audit", "admin"],
            "submit": ["submit"],
            "read": ["read"],
            "reports": ["reports"],
            "audit": ["audit"],
            "admin": ["admin"],
        }.items():
            site.keys[label] = create_key(
                session, now=now, actor=COMMAND, workspace_id=workspace_id, scopes=scopes, name=label
            ).text
    site.add_person("ada", ["reviewer", "finance"])
    return site
