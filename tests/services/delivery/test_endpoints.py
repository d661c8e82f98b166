"""Registering and disabling endpoints."""

import base64
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import Event
from app.audit.rules import COMMAND
from app.delivery.models import Endpoint
from app.delivery.queries import NoSuchEndpoint, get_endpoint, list_endpoints
from app.delivery.rules.urls import EndpointRefused
from app.delivery.service import NewEndpoint, TypesRefused, disable_endpoint, open_secret, register_endpoint
from app.identity.service import create_workspace
from app.kernel.sealing import CannotOpen, Vault, keep_vault
from tests.conftest import NOW


def register(
    session: Session,
    workspace_id: UUID,
    *,
    url: str = "https://example.org/hook",
    types: tuple[str, ...] = ("submission.decided",),
    allow_private: bool = False,
) -> NewEndpoint:
    return register_endpoint(
        session,
        now=NOW,
        actor=COMMAND,
        workspace_id=workspace_id,
        url=url,
        types=types,
        allow_private=allow_private,
    )


def events(session: Session, endpoint: Endpoint) -> list[str]:
    return list(session.scalars(select(Event.type).where(Event.subject_id == endpoint.id).order_by(Event.number)))


def test_registering_answers_a_secret_of_32_random_bytes_once(session: Session, workspace: UUID) -> None:
    first, second = register(session, workspace), register(session, workspace)
    assert len(base64.b64decode(first.secret.removeprefix("whsec_"), validate=True)) == 32
    assert first.secret != second.secret
    assert events(session, first.endpoint) == ["endpoint.registered"]


def test_the_secret_is_kept_sealed_and_opens_for_its_endpoint_alone(session: Session, workspace: UUID) -> None:
    first, second = register(session, workspace), register(session, workspace)
    assert first.secret.encode() not in first.endpoint.secret
    assert base64.b64decode(first.secret.removeprefix("whsec_")) not in first.endpoint.secret
    assert open_secret(session, endpoint_id=first.endpoint.id, sealed=first.endpoint.secret) == first.secret
    with pytest.raises(CannotOpen):
        open_secret(session, endpoint_id=second.endpoint.id, sealed=first.endpoint.secret)


def test_another_installations_secret_does_not_open_it(session: Session, workspace: UUID) -> None:
    made = register(session, workspace)
    keep_vault(session, Vault("another installation, just as long: 9876543210"))
    with pytest.raises(CannotOpen):
        open_secret(session, endpoint_id=made.endpoint.id, sealed=made.endpoint.secret)


def test_a_url_that_breaks_a_rule_is_refused_and_nothing_is_kept(session: Session, workspace: UUID) -> None:
    with pytest.raises(EndpointRefused):
        register(session, workspace, url="http://127.0.0.1:9000/")
    assert list_endpoints(session, workspace_id=workspace) == []


def test_a_private_url_is_taken_where_the_installation_allows_it(session: Session, workspace: UUID) -> None:
    made = register(session, workspace, url="http://127.0.0.1:9000/", allow_private=True)
    assert made.endpoint.url == "http://127.0.0.1:9000/"


@pytest.mark.parametrize(
    ("types", "pointers"),
    [
        ((), ["/types"]),
        (("submission.decided", "submission.lost"), ["/types/1"]),
        (("*", "submission.passed"), ["/types/0", "/types/1"]),
    ],
)
def test_unknown_types_and_none_are_refused_one_by_one(
    session: Session, workspace: UUID, types: tuple[str, ...], pointers: list[str]
) -> None:
    with pytest.raises(TypesRefused) as refused:
        register(session, workspace, types=types)
    assert [fault.pointer for fault in refused.value.faults] == pointers


def test_a_type_named_twice_is_kept_once(session: Session, workspace: UUID) -> None:
    made = register(session, workspace, types=("submission.expired", "submission.decided", "submission.expired"))
    assert made.endpoint.types == ["submission.expired", "submission.decided"]


def test_disabling_is_written_down_once(session: Session, workspace: UUID) -> None:
    endpoint = register(session, workspace).endpoint
    for _ in range(2):
        disable_endpoint(session, now=NOW, actor=COMMAND, endpoint=endpoint, why="disabled by an admin")
    assert (endpoint.disabled_at, endpoint.disabled_why) == (NOW, "disabled by an admin")
    assert events(session, endpoint) == ["endpoint.registered", "endpoint.disabled"]


def test_another_workspaces_endpoint_does_not_exist(session: Session, workspace: UUID) -> None:
    endpoint = register(session, workspace).endpoint
    other = create_workspace(session=session, now=NOW, name="Other").id
    assert get_endpoint(session, workspace_id=workspace, endpoint_id=endpoint.id) is endpoint
    with pytest.raises(NoSuchEndpoint):
        get_endpoint(session, workspace_id=other, endpoint_id=endpoint.id)
    assert list_endpoints(session, workspace_id=other) == []
