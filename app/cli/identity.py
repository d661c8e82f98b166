"""The operator's commands for workspaces, people and keys.

They act as the trail's `command` and may do what no page may: make the first person, and a sign-in link for anybody.
What a script needs (an id, a link, a key) stands alone on stdout, everything else on stderr. A refused input exits
with 1, a wrong use of the command with 2. Called by the main group.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import click
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND
from app.cli.connect import connect
from app.identity.queries import find_person_by_email, find_workspace
from app.identity.rules import ROLES, SCOPES, check_roles, check_scopes, sign_in_url
from app.identity.service import create_key, create_person, create_workspace, make_sign_in_link, remove_second_factor
from app.kernel.clock import read_now
from app.kernel.errors import Invalid, ServiceError
from app.kernel.ids import show
from app.review.service import disable_reviewer


@dataclass(frozen=True)
class Work:
    """One command's unit of work, and the address under which people reach this installation."""

    session: Session
    now: datetime
    base_url: str


@contextmanager
def command_work() -> Iterator[Work]:
    """Yield a command's unit of work; what a service refuses becomes a sentence and exit code 1."""
    try:
        with connect() as here, here.database.unit_of_work() as session:
            yield Work(session, read_now(session), here.settings.base_url)
    except ServiceError as error:
        raise click.ClickException(_sentence(error)) from error


def _sentence(error: ServiceError) -> str:
    faults = "; ".join(f"{fault.pointer.lstrip('/')} {fault.detail}" for fault in error.faults)
    return f"{error.detail} ({faults})" if faults else error.detail


def _person_id(work: Work, email: str) -> UUID:
    person = find_person_by_email(work.session, email=email)
    if person is None:
        raise click.ClickException(f"There is nobody with the e-mail address {email!r}.")
    return person.id


_Read = Callable[[click.Context, click.Parameter, tuple[str, ...]], list[str]]


def _list_of(check: Callable[[list[str]], list[str]]) -> _Read:
    """Return a click callback that reads words parted by commas, from an option that may be given several times."""

    def read(_context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]) -> list[str]:
        try:
            return check([word.strip() for text in texts for word in text.split(",") if word.strip()])
        except Invalid as error:
            raise click.BadParameter(error.faults[0].detail) from error

    return read


@click.group()
def workspace() -> None:
    """Make workspaces (tenants)."""


@workspace.command("create")
@click.argument("name")
def workspace_create(name: str) -> None:
    """Make a workspace called NAME and print its id."""
    with command_work() as work:
        made = create_workspace(work.session, now=work.now, actor=COMMAND, name=name)
    click.echo(show("workspace", made.id))


@click.group()
def person() -> None:
    """Make, let in and disable people."""


@person.command("create")
@click.argument("email")
@click.option("--workspace", "workspace_name", required=True, metavar="W", help="Name or id of the workspace.")
@click.option(
    "--role",
    "roles",
    required=True,
    multiple=True,
    metavar="R[,R]",
    callback=_list_of(check_roles),
    help=f"Any of {', '.join(ROLES)}.",
)
@click.option("--name", help="How colleagues see the person; without it the part of EMAIL before the at sign.")
@click.option("--skill", "skills", multiple=True, metavar="SKILL", help="May be given several times.")
@click.option("--queue", "queues", multiple=True, metavar="QUEUE", help="A queue to work; without any, every queue.")
def person_create(
    *,
    email: str,
    workspace_name: str,
    roles: list[str],
    name: str | None,
    skills: tuple[str, ...],
    queues: tuple[str, ...],
) -> None:
    """Give EMAIL a place in a workspace, making the person if there is none, and print the person's id."""
    with command_work() as work:
        person_id = create_person(
            work.session,
            now=work.now,
            actor=COMMAND,
            workspace_id=find_workspace(work.session, name_or_id=workspace_name).id,
            email=email,
            roles=roles,
            name=name,
            skills=skills,
            queues=queues,
        )
    click.echo(show("person", person_id))


@person.command("drop-second-factor")
@click.argument("email")
def person_drop_second_factor(email: str) -> None:
    """Ask EMAIL for no code any more: for somebody who has lost authenticator and recovery codes."""
    with command_work() as work:
        remove_second_factor(work.session, now=work.now, actor=COMMAND, person_id=_person_id(work, email))
    click.echo(f"{email} signs in without a code from now on.", err=True)


@person.command("link")
@click.argument("email")
def person_link(email: str) -> None:
    """Print a one-time sign-in link for EMAIL; it works once, within an hour."""
    with command_work() as work:
        token = make_sign_in_link(work.session, now=work.now, actor=COMMAND, person_id=_person_id(work, email))
    click.echo(sign_in_url(work.base_url, token))


@person.command("disable")
@click.argument("email")
def person_disable(email: str) -> None:
    """Shut EMAIL out everywhere: sessions end, keys are revoked, claimed items go back in line."""
    with command_work() as work:
        person_id = _person_id(work, email)
        disable_reviewer(session=work.session, now=work.now, actor=COMMAND, person_id=person_id)
    click.echo(show("person", person_id))


@click.group()
def key() -> None:
    """Make API keys for programs."""


@key.command("create")
@click.option("--workspace", "workspace_name", required=True, metavar="W", help="Name or id of the workspace.")
@click.option(
    "--scopes",
    required=True,
    multiple=True,
    metavar="S[,S]",
    callback=_list_of(check_scopes),
    help=f"Any of {', '.join(SCOPES)}; review needs --person.",
)
@click.option("--person", "email", metavar="EMAIL", help="Whom review calls made with this key act for.")
@click.option("--name", default="key", show_default=True, help="What lists of keys call it.")
def key_create(workspace_name: str, scopes: list[str], email: str | None, name: str) -> None:
    """Make a key and print it; it cannot be shown again."""
    with command_work() as work:
        made = create_key(
            work.session,
            now=work.now,
            actor=COMMAND,
            workspace_id=find_workspace(work.session, name_or_id=workspace_name).id,
            scopes=scopes,
            name=name,
            person_id=None if email is None else _person_id(work, email),
        )
    click.echo(made.text)
