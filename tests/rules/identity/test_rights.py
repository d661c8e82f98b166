"""Who may do what: the table of roles against the words of the product."""

from uuid import UUID

import pytest

from app.audit.rules import Actor
from app.identity.rules import (
    PERMISSIONS,
    ROLE_PERMISSIONS,
    ROLES,
    SCOPES,
    BadRoles,
    BadScopes,
    Principal,
    check_roles,
    check_scopes,
    permissions_of_key,
    permissions_of_roles,
)

ID = UUID(int=1)


def test_every_role_has_a_row_and_grants_only_known_permissions() -> None:
    assert set(ROLE_PERMISSIONS) == set(ROLES)
    assert all(granted <= set(PERMISSIONS) for granted in ROLE_PERMISSIONS.values())
    assert set(SCOPES) <= set(PERMISSIONS)


@pytest.mark.parametrize(
    ("role", "granted", "denied"),
    [
        ("reviewer", {"review"}, {"read", "reports", "rates", "admin", "audit", "queues"}),
        ("lead", {"review", "read", "queues"}, {"rates", "admin", "audit"}),
        ("finance", {"reports", "rates"}, {"read", "review", "queues", "admin"}),
        ("auditor", {"read", "audit", "reports"}, {"review", "submit", "admin", "rates"}),
        ("admin", {"admin"}, {"review", "read", "audit"}),
    ],
)
def test_a_role_grants_its_work_and_nothing_else(role: str, granted: set[str], denied: set[str]) -> None:
    permissions = permissions_of_roles([role])
    assert granted <= permissions
    assert not denied & permissions


def test_several_roles_grant_the_union() -> None:
    assert permissions_of_roles(["finance", "reviewer"]) == {"reports", "rates", "review"}
    assert permissions_of_roles([]) == frozenset()


def test_a_key_keeps_review_only_while_its_person_may_review() -> None:
    assert permissions_of_key(["submit", "review"], ["reviewer"]) == {"submit", "review"}
    assert permissions_of_key(["submit", "review"], ["finance"]) == {"submit"}
    assert permissions_of_key(["submit", "review"], []) == {"submit"}


def test_a_principal_may_what_is_in_its_scopes() -> None:
    asking = Principal(Actor("key", ID), ID, None, frozenset(), frozenset({"submit"}))
    assert asking.may("submit")
    assert not asking.may("admin")


def test_roles_are_kept_once_and_in_one_order() -> None:
    assert check_roles(["admin", "reviewer", "admin"]) == ["reviewer", "admin"]


@pytest.mark.parametrize("roles", [[], ["owner"], ["reviewer", "Reviewer"], [""]])
def test_no_role_or_an_unknown_one_is_refused(roles: list[str]) -> None:
    with pytest.raises(BadRoles) as caught:
        check_roles(roles)
    assert "reviewer, lead, finance, auditor, admin" in caught.value.faults[0].detail


@pytest.mark.parametrize("scopes", [[], ["write"], ["queues"], ["rates"]])
def test_no_scope_or_a_word_that_only_pages_use_is_refused(scopes: list[str]) -> None:
    with pytest.raises(BadScopes):
        check_scopes(scopes)


def test_scopes_are_kept_once_and_in_one_order() -> None:
    assert check_scopes(["read", "submit", "read"]) == ["submit", "read"]
