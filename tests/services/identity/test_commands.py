"""The operator's commands: what stands on stdout, what on stderr, and the exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from uuid import UUID

import pytest
from click import Group
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from app.cli.grants import signing_key
from app.cli.identity import key, person, workspace
from app.identity.queries import find_person_by_email, get_membership
from app.identity.service import find_key, use_sign_in_link
from app.kernel.clock import read_now
from app.kernel.ids import parse, show
from tests.services.identity.trail import events


@pytest.fixture(autouse=True)
def _connected(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the commands work in this test's session, each in a savepoint that is rolled back when it fails."""

    @contextmanager
    def unit_of_work() -> Iterator[Session]:
        with session.begin_nested():
            yield session

    @contextmanager
    def connect() -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(
            database=SimpleNamespace(unit_of_work=unit_of_work),
            settings=SimpleNamespace(base_url="https://desk.example.org"),
        )

    monkeypatch.setattr("app.cli.identity.connect", connect)


def run(group: Group, *arguments: str) -> Result:
    return CliRunner().invoke(group, arguments)


def refused(group: Group, *arguments: str) -> str:
    """Run a command that must fail with 1, print nothing on stdout, and return its sentence."""
    result = run(group, *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    return result.stderr


def test_a_workspace_is_made_and_its_id_printed(session: Session) -> None:
    result = run(workspace, "create", "North")
    assert (result.exit_code, result.stderr) == (0, "")
    made = parse("workspace", result.stdout.strip())
    assert events(session, made)[0].actor_kind == "command"
    assert "exists already" in refused(workspace, "create", "North")


def test_roles_and_scopes_may_be_parted_by_commas_or_given_several_times(session: Session, workspace: UUID) -> None:
    words = ("create", "eve@acme.example", "--workspace", "Acme", "--role", "admin", "--role", "reviewer,lead")
    assert run(person, *words).exit_code == 0
    eve = find_person_by_email(session, email="eve@acme.example")
    assert eve is not None
    assert set(get_membership(session, workspace_id=workspace, person_id=eve.id).roles) == {"admin", "reviewer", "lead"}
    made = run(key, "create", "--workspace", "Acme", "--scopes", "read", "--scopes", "submit")
    assert made.exit_code == 0


def test_a_person_is_made_with_roles_skills_and_queues(session: Session, workspace: UUID) -> None:
    options = ["--role", "lead, reviewer", "--name", "Grace", "--skill", "refunds", "--queue", "default"]
    result = run(person, "create", "grace@example.org", "--workspace", "Acme", *options)
    assert (result.exit_code, result.stderr) == (0, "")
    member = get_membership(session, workspace_id=workspace, person_id=parse("person", result.stdout.strip()))
    assert (member.person.name, member.roles) == ("Grace", ("reviewer", "lead"))
    assert (member.skills, member.queues) == (("refunds",), ("default",))


def test_a_refused_person_is_explained_on_stderr(workspace: UUID, ada: UUID) -> None:
    role = ["--role", "admin"]
    assert "no workspace 'Nowhere'" in refused(person, "create", "e@example.org", "--workspace", "Nowhere", *role)
    assert "belongs to the workspace already" in refused(
        person, "create", "ada@example.org", "--workspace", show("workspace", workspace), *role
    )
    assert "(email is not an e-mail address)" in refused(person, "create", "ada", "--workspace", "Acme", *role)


@pytest.mark.parametrize(
    ("group", "arguments", "named"),
    [
        (person, ["create", "e@example.org", "--workspace", "Acme", "--role", "owner"], "'owner' is unknown"),
        (person, ["create", "e@example.org", "--workspace", "Acme", "--role", " , "], "choose one or more of reviewer"),
        (person, ["create", "e@example.org", "--workspace", "Acme"], "--role"),
        (person, ["create", "e@example.org", "--role", "admin"], "--workspace"),
        (key, ["create", "--workspace", "Acme", "--scopes", "submit,write"], "'write' is unknown"),
        (workspace, ["create"], "NAME"),
    ],
)
def test_a_wrong_use_exits_with_two_and_names_what_is_wrong(group: Group, arguments: list[str], named: str) -> None:
    result = run(group, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert named in result.stderr


def test_a_link_is_printed_that_signs_the_person_in(session: Session, ada: UUID) -> None:
    result = run(person, "link", "Ada@example.org")
    address, _, token = result.stdout.strip().rpartition("/")
    assert address == "https://desk.example.org/login/link"
    assert use_sign_in_link(session, now=read_now(session), token=token) == ada
    assert "nobody with the e-mail address 'eve@example.org'" in refused(person, "link", "eve@example.org")


def test_a_disabled_person_gets_no_further_link(session: Session, ada: UUID) -> None:
    result = run(person, "disable", "ada@example.org")
    assert (result.exit_code, result.stdout.strip()) == (0, show("person", ada))
    found = find_person_by_email(session, email="ada@example.org")
    assert found is not None
    assert found.disabled_at is not None
    assert "is disabled" in refused(person, "link", "ada@example.org")


def test_a_key_stands_alone_on_stdout_and_works(session: Session, workspace: UUID, ada: UUID) -> None:
    result = run(key, "create", "--workspace", "Acme", "--scopes", "submit,review", "--person", "ada@example.org")
    assert (result.exit_code, result.stderr) == (0, "")
    asking = find_key(session, now=read_now(session), text=result.stdout.removesuffix("\n"))
    assert (asking.workspace_id, asking.person_id) == (workspace, ada)
    assert asking.scopes == {"submit", "review"}


def test_a_review_key_without_a_person_is_explained(workspace: UUID) -> None:
    assert "needs a reviewer or lead" in refused(key, "create", "--workspace", "Acme", "--scopes", "review")


@pytest.mark.parametrize("group", [workspace, person, key])
def test_every_command_has_help(group: Group) -> None:
    for name in group.commands:
        result = run(group, name, "--help")
        assert result.exit_code == 0
        assert result.stdout.startswith("Usage:")
        assert group.commands[name].help


def test_keys_of_grants_are_rotated_listed_and_revoked() -> None:
    first, second = (run(signing_key, "rotate").stdout.strip() for _ in range(2))
    assert run(signing_key, "revoke", first).exit_code == 0
    listed = {line.split()[0]: line.split()[-1] for line in run(signing_key, "list").stdout.splitlines()}
    assert listed == {first: "revoked", second: "signs"}
    assert "no such" in refused(signing_key, "revoke", first[:-1]).lower()
