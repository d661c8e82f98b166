"""What a first start prepares: a demo workspace with people, keys and real items, and a sign-in link every time.

Runs beside the service that just came up, and speaks to it as any program would. Called by `up` and `demo`.
"""

import threading
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import click
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND
from app.cli.connect import open_database
from app.identity.queries import find_person_by_email, find_workspace
from app.identity.rules import ROLES, sign_in_url
from app.identity.service import create_key, create_person, create_workspace, make_sign_in_link
from app.kernel.clock import read_now
from app.kernel.db import Database
from app.kernel.errors import NotFound
from app.kernel.ids import show
from app.settings import Settings
from demo.client import CallFailed
from demo.fill import fill

WORKSPACE = "Demo"
HOST_EMAIL = "you@demo.example"
REVIEWERS = (("ada@demo.example", "Ada"), ("ben@demo.example", "Ben"), ("cleo@demo.example", "Cleo"))


@dataclass(frozen=True)
class DemoSite:
    """The demo workspace: who works there, and fresh keys for this run."""

    workspace_id: UUID
    people: tuple[str, ...]
    admin_key: str
    submit_key: str
    report_key: str
    reviewer_keys: tuple[tuple[str, str], ...]


def open_site(database: Database) -> tuple[DemoSite, bool]:
    """Return the demo workspace, made if there is none, and whether it is new.

    Keys are shown once and kept nowhere, so each run makes its own; they end after a day.
    """
    with database.unit_of_work() as session:
        now = read_now(session)
        try:
            workspace_id, new = find_workspace(session, name_or_id=WORKSPACE).id, False
        except NotFound:
            workspace_id, new = create_workspace(session, now=now, name=WORKSPACE).id, True
            for email, name, roles in ((HOST_EMAIL, "You", ROLES), *((e, n, ("reviewer",)) for e, n in REVIEWERS)):
                create_person(
                    session, now=now, actor=COMMAND, workspace_id=workspace_id, email=email, name=name, roles=roles
                )
        ids = {e: _id_of(session, e) for e in (HOST_EMAIL, *(e for e, _ in REVIEWERS))}
        ends = now + timedelta(days=1)

        def key(name: str, scopes: list[str], person: UUID | None = None) -> str:
            made = create_key(
                session,
                now=now,
                actor=COMMAND,
                workspace_id=workspace_id,
                scopes=scopes,
                name=name,
                person_id=person,
                expires_at=ends,
            )
            return made.text

        site = DemoSite(
            workspace_id=workspace_id,
            people=tuple(show("person", i) for i in ids.values()),
            admin_key=key("demo set-up", ["admin"]),
            submit_key=key("demo program", ["submit", "read"]),
            report_key=key("demo report", ["reports"]),
            reviewer_keys=tuple((n, key(f"demo {n}", ["review", "read"], ids[e])) for e, n in REVIEWERS),
        )
    return site, new


def _id_of(session: Session, email: str) -> UUID:
    person = find_person_by_email(session, email=email)
    if person is None:
        raise NotFound(f"The demo workspace has lost {email}.")
    return person.id


def print_link(database: Database, base_url: str) -> None:
    """Print a one-time link for the demo's host, or say how to make one when there is no demo."""
    with database.unit_of_work() as session:
        person = find_person_by_email(session, email=HOST_EMAIL)
        if person is None or person.disabled_at is not None:
            click.echo(f"Proofdesk runs at {base_url} (sign-in link: proofdesk person link EMAIL)")
            return
        token = make_sign_in_link(session, now=read_now(session), actor=COMMAND, person_id=person.id)
    click.echo(f"\nProofdesk runs at {base_url}\nSign in once, within an hour: {sign_in_url(base_url, token)}\n")


def prepare_demo(settings: Settings, *, wanted: bool, stopping: threading.Event) -> None:
    """Print a sign-in link; on a first start make the demo workspace and submit its items meanwhile."""
    database = open_database(settings)
    try:
        if not wanted:
            print_link(database, settings.base_url)
            return
        site, new = open_site(database) if not _exists(database) else (None, False)
        print_link(database, settings.base_url)
        if site is not None and new:
            click.echo("Filling the demo workspace with real model outputs ...")
            summary = fill(settings.base_url, site.admin_key, site.submit_key, people=site.people)
            counts = ", ".join(f"{n} {status}" for status, n in sorted(summary.by_status.items()))
            click.echo(f"Submitted {summary.submitted} outputs: {counts}. Ctrl-C stops everything.")
    except CallFailed as error:
        if not stopping.is_set():
            click.echo(f"The demo could not be filled: {error}", err=True)
    finally:
        database.engine.dispose()


def _exists(database: Database) -> bool:
    with database.unit_of_work() as session:
        try:
            find_workspace(session, name_or_id=WORKSPACE)
        except NotFound:
            return False
    return True
