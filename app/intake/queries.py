"""Look up what a submission names: task type, policy, endpoint, people and groups. Called by the service of intake."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, literal, select
from sqlalchemy.orm import Session

from app.delivery.queries import NoSuchEndpoint, get_endpoint
from app.files.queries import find_files
from app.files.rules import file_named, no_such_file
from app.identity.models import Group, Membership, Person
from app.identity.queries import find_groups
from app.intake.rules.named import Eligible, Named, bare, ids_among, must_exist, read_named
from app.kernel.errors import Fault, Invalid
from app.kernel.ids import NoSuchId, parse
from app.routing.models import Policy
from app.submissions.models import TaskType

# Written once, because every submission asks it and to build it takes longer than to run it.
_IN_FORCE: Final = (
    select(Policy.id)
    .where(
        Policy.workspace_id == bindparam("workspace"),
        Policy.task_type == bindparam("task_type"),
        Policy.published_at.is_not(None),
    )
    .order_by(Policy.published_at.desc(), Policy.version.desc())
    .limit(1)
    .scalar_subquery()
)
_JUDGED_BY: Final = (
    select(TaskType, Policy)
    .outerjoin(Policy, Policy.id == _IN_FORCE)
    .where(TaskType.workspace_id == bindparam("workspace"), TaskType.name == bindparam("task_type"))
    .order_by(TaskType.version.desc())
    .limit(1)
)


class UnknownName(Invalid):
    """The submission names something that this workspace does not have."""


def find_eligible(
    session: Session, *, workspace_id: UUID, key_owner: UUID | None, document: Mapping[str, Any]
) -> Eligible:
    """Return who may take the item of a submission; one statement, and none when it names nobody.

    Whoever asked for it and whoever owns the key may never judge it. An excluded name that means nobody here
    excludes nobody. The first reason for keeping somebody out is the one that is kept.

    Args:
        key_owner: The person of the key that submits, if it has one.

    Raises:
        UnknownName: a candidate group, id or address is not of this workspace; the faults say which.
    """
    named = read_named(document)
    if not named.names:
        return Eligible(barred={} if key_owner is None else {key_owner: "key_owner"})
    people, groups = _look_up(session, workspace_id, named.names)
    barred: dict[UUID, str] = {}
    if named.requester is not None and named.requester in people:
        barred[people[named.requester]] = "requester"
    if key_owner is not None:
        barred.setdefault(key_owner, "key_owner")
    for name in named.excluded:
        found = people.get(name) or groups.get(name)
        if found is not None:
            barred.setdefault(found, "excluded")
    _refuse_unknown(named, people, groups)
    if named.everybody:
        return Eligible(barred=barred)
    chosen = [*(people[u] for u in named.users if u in people), *(groups[g] for g in named.groups)]
    return Eligible(tuple(dict.fromkeys(chosen)), barred)


def _look_up(session: Session, workspace_id: UUID, names: list[str]) -> tuple[dict[str, UUID], dict[str, UUID]]:
    """Return the people and the groups of this workspace that these names mean, each by name."""
    people, groups = ids_among("person", names), ids_among("group", names)
    emails = [bare(name) for name in names if "@" in name]
    members = (
        select(literal("person"), Person.id, Person.email)
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Membership.workspace_id == workspace_id,
            Person.email.in_(emails) | Person.id.in_(people.values()),
        )
    )
    others = select(literal("group"), Group.id, Group.name).where(
        Group.workspace_id == workspace_id, Group.name.in_(names) | Group.id.in_(groups.values())
    )
    rows = session.execute(members.union_all(others)).all()
    known = {(kind, key): found for kind, found, text in rows for key in (found, text)}

    def meant(kind: str, by_id: Mapping[str, UUID]) -> dict[str, UUID]:
        keys = {name: by_id.get(name) or (bare(name) if kind == "person" else name) for name in names}
        return {name: known[kind, key] for name, key in keys.items() if (kind, key) in known}

    return meant("person", people), meant("group", groups)


def _refuse_unknown(named: Named, people: Mapping[str, UUID], groups: Mapping[str, UUID]) -> None:
    """Refuse candidates that are named as if they were of this workspace, and are not."""
    faults = [
        Fault(f"/candidates/users/{n}", "is nobody of this workspace")
        for n, user in enumerate(named.users)
        if user not in people and must_exist(user)
    ]
    faults += [
        Fault(f"/candidates/groups/{n}", "is no group of this workspace")
        for n, group in enumerate(named.groups)
        if group not in groups
    ]
    if faults:
        raise UnknownName(faults=faults)


def _files_in(context: Sequence[Mapping[str, Any]]) -> dict[int, UUID]:
    """Return the files that blocks name, by the place of the block."""
    return {place: parse("file", text) for place, block in enumerate(context) if (text := file_named(block))}


class Known:
    """What the submissions of one transaction name, each looked up once."""

    def __init__(self, session: Session, *, workspace_id: UUID) -> None:
        self._session = session
        self._workspace_id = workspace_id
        self._found: dict[tuple[str, ...], Any] = {}
        self._files: dict[UUID, bool] = {}

    def task_type(self, name: str) -> TaskType:
        """Return the newest version of a task type.

        Raises:
            UnknownName: there is none.
        """
        found = self._judged_by(name)
        if found is None:
            raise UnknownName(faults=[Fault("/task_type", "is not a task type of this workspace")])
        return found[0]

    def policy(self, task_type: str) -> Policy | None:
        """Return the policy of a task type that is in force."""
        found = self._judged_by(task_type)
        return None if found is None else found[1]

    def _judged_by(self, task_type: str) -> tuple[TaskType, Policy | None] | None:
        def look_up() -> Any:
            values = {"workspace": self._workspace_id, "task_type": task_type}
            return self._session.execute(_JUDGED_BY, values).one_or_none()

        row: tuple[TaskType, Policy | None] | None = self._once(look_up, "task type", task_type)
        return row

    def groups(self, names: list[str]) -> Mapping[str, UUID]:
        """Return the ids of those groups that there are, by name."""
        look_up = partial(find_groups, self._session, workspace_id=self._workspace_id, names=names)
        found: Mapping[str, UUID] = self._once(look_up, "groups", *names)
        return found

    def endpoint_id(self, text: str | None) -> UUID | None:
        """Return the endpoint that is meant.

        Raises:
            UnknownName: it is none of this workspace.
        """
        if text is None:
            return None

        def look_up() -> UUID | None:
            try:
                endpoint_id = parse("endpoint", text)
                return get_endpoint(self._session, workspace_id=self._workspace_id, endpoint_id=endpoint_id).id
            except (NoSuchId, NoSuchEndpoint):
                return None

        found: UUID | None = self._once(look_up, "endpoint", text)
        if found is None:
            raise UnknownName(faults=[Fault("/endpoint", "is not an endpoint of this workspace")])
        return found

    def meet_files(self, contexts: Iterable[Sequence[Mapping[str, Any]]]) -> None:
        """Look up at once the files that the contexts of several submissions show."""
        self._look_for_files({file_id for context in contexts for file_id in _files_in(context).values()})

    def file_ids(self, context: Sequence[Mapping[str, Any]]) -> list[UUID]:
        """Return the files that the blocks of a context show.

        Raises:
            UnknownName: one is none of this workspace; the faults say which.
        """
        named = _files_in(context)
        self._look_for_files(set(named.values()))
        faults = [no_such_file(place) for place, file_id in named.items() if not self._files[file_id]]
        if faults:
            raise UnknownName(faults=faults)
        return list(named.values())

    def _look_for_files(self, file_ids: set[UUID]) -> None:
        unmet = file_ids - self._files.keys()
        found = find_files(self._session, workspace_id=self._workspace_id, file_ids=unmet)
        self._files |= {file_id: file_id in found for file_id in unmet}

    def _once(self, look_up: Callable[[], Any], *what: str) -> Any:
        if what not in self._found:
            self._found[what] = look_up()
        return self._found[what]
