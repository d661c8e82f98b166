"""Whom a submission names: who asked for it, who may judge it, who may not.

People are named by id, by e-mail address, or by a program's own name for a user (`user:42`). The program's names that
match nobody here are kept with the body and mean nobody. Pure; called by the queries of intake.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from app.kernel.ids import NoSuchId, parse

# What a program may put before its own names; what follows may be an e-mail address or an id all the same.
_PROGRAMS_OWN: Final = "user:"


@dataclass(frozen=True)
class Named:
    """The names of a submission as they were written; `candidates` is None when it names no candidates at all."""

    requester: str | None = None
    excluded: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def everybody(self) -> bool:
        """Say whether the submission leaves it open who judges it."""
        return not self.users and not self.groups

    @property
    def names(self) -> list[str]:
        """Return every name that has to be looked up, once each."""
        requester = [] if self.requester is None else [self.requester]
        return list(dict.fromkeys([*requester, *self.excluded, *self.users, *self.groups]))


@dataclass(frozen=True)
class Eligible:
    """Who may take an item, by ids of people and groups: `candidates` None for everybody, less those in `barred`."""

    candidates: tuple[UUID, ...] | None = None
    barred: Mapping[UUID, str] = field(default_factory=dict)


def read_named(document: Mapping[str, Any]) -> Named:
    """Return the names in a body whose shape has been checked."""
    candidates = document.get("candidates") or {}
    return Named(
        requester=(document.get("requested_by") or {}).get("on_behalf_of"),
        excluded=tuple(document.get("excluded") or ()),
        users=tuple(candidates.get("users") or ()),
        groups=tuple(candidates.get("groups") or ()),
    )


def bare(name: str) -> str:
    """Return a name without the prefix of a program's own names, in lower case if it is an e-mail address."""
    stripped = name.removeprefix(_PROGRAMS_OWN)
    return stripped.strip().lower() if "@" in stripped else stripped


def ids_among(kind: str, names: Iterable[str]) -> dict[str, UUID]:
    """Return those names that are written as ids of this kind, by name."""
    found = {}
    for name in names:
        try:
            found[name] = parse(kind, bare(name))
        except NoSuchId:
            continue
    return found


def must_exist(user: str) -> bool:
    """Say whether a candidate is named in a way of this workspace, so that nobody of that name is a mistake."""
    return not user.startswith(_PROGRAMS_OWN) and ("@" in user or user.startswith("p_"))
