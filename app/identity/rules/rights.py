"""Who may do what: the table of roles, the scopes of keys, and the one value that says who is asking.

A door asks `principal.may("review")` and nothing else; it never looks at a role's name. People get their permissions
from their roles in the workspace at the time of the request, programs from the scopes of their key.
Nothing here knows HTTP or the database. Called by the services of identity and by every door.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.audit.rules import Actor
from app.kernel.errors import Fault, Invalid

ROLES: Final = ("reviewer", "lead", "finance", "auditor", "admin")
SCOPES: Final = ("submit", "read", "review", "reports", "audit", "admin", "metrics")

# What goes with roles: `queues` is seeing what waits for others, `rates` is what an hour of a reviewer costs, `oversee`
# is giving work to people and overturning decisions, `run_queues` is saying how queues are worked and by whom. `ask` is
# asking why nothing moves; it goes with any of _LETS_ASK.
PERMISSIONS: Final = (*SCOPES, "queues", "rates", "oversee", "run_queues", "ask")
_LETS_ASK: Final = frozenset({"review", "read", "run_queues"})

# `read` shows content, so finance has it not; `review` decides, so the auditor has it not.
ROLE_PERMISSIONS: Final[Mapping[str, frozenset[str]]] = {
    "reviewer": frozenset({"review"}),
    "lead": frozenset({"review", "read", "queues", "oversee", "run_queues"}),
    "finance": frozenset({"reports", "rates"}),
    "auditor": frozenset({"read", "reports", "audit", "queues"}),
    "admin": frozenset({"admin", "run_queues", "rates"}),
}


class BadRoles(Invalid):
    """A person needs at least one role, and only roles that exist."""


class BadScopes(Invalid):
    """A key needs at least one scope, and only scopes that exist."""


@dataclass(frozen=True)
class Principal:
    """Whoever is asking, in one workspace, at this moment.

    `person_id` is the signed-in person, or the one a key acts for; `roles` are that person's, empty without one.
    `scopes` holds every word of PERMISSIONS that is granted.
    """

    actor: Actor
    workspace_id: UUID
    person_id: UUID | None
    roles: frozenset[str]
    scopes: frozenset[str]

    @property
    def key_id(self) -> UUID:
        """The key that asks.

        Raises:
            TypeError: a person asks at her page. Scopes that no role grants keep her from where this is read.
        """
        if self.actor.kind != "key" or self.actor.id is None:
            raise TypeError(f"a {self.actor.kind} asks, not a key")
        return self.actor.id

    def may(self, scope: str) -> bool:
        """Say whether this is granted; `ask` goes with any of several words."""
        return scope in self.scopes or (scope == "ask" and not self.scopes.isdisjoint(_LETS_ASK))


def permissions_of_roles(roles: Iterable[str]) -> frozenset[str]:
    """Return what somebody with these roles may do: the union of the table's rows."""
    return frozenset[str]().union(*(ROLE_PERMISSIONS[role] for role in roles))


def permissions_of_key(scopes: Iterable[str], person_roles: Iterable[str]) -> frozenset[str]:
    """Return what a key grants now.

    Review calls act for a person, so `review` holds only while the roles of the key's person allow it; a key that
    reviews for a lead may do what goes with leading. A key that administers may run queues.
    """
    granted = frozenset(scopes)
    own = permissions_of_roles(person_roles)
    if "admin" in granted:
        granted |= {"run_queues"}
    if "review" in granted:
        granted = granted | (own & {"oversee", "queues"}) if "review" in own else granted - {"review"}
    return granted


def check_roles(roles: Iterable[str]) -> list[str]:
    """Return the roles once each, in the order of ROLES.

    Raises:
        BadRoles: there is none, or one does not exist.
    """
    given = set(roles)
    if not given or not given <= set(ROLES):
        raise BadRoles(faults=[Fault("/roles", _choice(given, ROLES))])
    return [role for role in ROLES if role in given]


def check_scopes(scopes: Iterable[str]) -> list[str]:
    """Return the scopes once each, in the order of SCOPES.

    Raises:
        BadScopes: there is none, or one does not exist.
    """
    given = set(scopes)
    if not given or not given <= set(SCOPES):
        raise BadScopes(faults=[Fault("/scopes", _choice(given, SCOPES))])
    return [scope for scope in SCOPES if scope in given]


def _choice(given: set[str], known: tuple[str, ...]) -> str:
    unknown = sorted(given - set(known))
    opening = f"{unknown[0]!r} is unknown; " if unknown else ""
    return f"{opening}choose one or more of {', '.join(known)}"
