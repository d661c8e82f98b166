"""Register and disable endpoints.

Only an admin's act makes an address callable; programs name endpoints by id and never bring a URL of their own.
The signing secret is shown once and kept sealed. Called by the endpoints API, the command line and the outbox.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.delivery.models import Endpoint
from app.delivery.rules.health import Health
from app.delivery.rules.signing import SECRET_BYTES, write_secret
from app.delivery.rules.urls import check_url
from app.kernel.errors import Conflict, Fault, Invalid
from app.kernel.ids import new_id
from app.kernel.rewrapping import Wrapped
from app.kernel.sealing import vault_of

TYPES: Final = ("submission.decided", "submission.superseded", "submission.expired")


class EndpointDisabled(Conflict):
    """The endpoint is disabled; enable it first."""


class TypesRefused(Invalid):
    """An endpoint names the types of message that it takes."""


@dataclass(frozen=True)
class NewEndpoint:
    """A fresh endpoint, and its secret, which is not shown again."""

    endpoint: Endpoint
    secret: str


def _check_types(types: Sequence[str]) -> None:
    faults = [Fault(f"/types/{n}", f"is none of {', '.join(TYPES)}") for n, t in enumerate(types) if t not in TYPES]
    if not types:
        faults = [Fault("/types", "is empty")]
    if faults:
        raise TypesRefused(faults=faults)


def _purpose(endpoint_id: UUID) -> str:
    return f"endpoint secret {endpoint_id.hex}"


#: What of this domain lies under the installation's secret.
WRAPPED: Final = (Wrapped(Endpoint.secret, _purpose), Wrapped(Endpoint.old_secret, _purpose))


def register_endpoint(
    session: Session,
    *,
    now: datetime,
    actor: Actor,
    workspace_id: UUID,
    url: str,
    types: Sequence[str],
    allow_private: bool,
) -> NewEndpoint:
    """Make an address callable.

    Args:
        types: The types of message that it takes, at least one of TYPES.
        allow_private: Whether this installation lets endpoints lie on loopback and private addresses.

    Raises:
        EndpointRefused: the URL breaks a rule.
        TypesRefused: there is no type, or an unknown one.
    """
    check_url(url, allow_private=allow_private)
    _check_types(types)
    secret = write_secret(os.urandom(SECRET_BYTES))
    endpoint_id = new_id()
    endpoint = Endpoint(
        id=endpoint_id,
        workspace_id=workspace_id,
        url=url,
        types=list(dict.fromkeys(types)),
        secret=vault_of(session).seal(secret.encode(), purpose=_purpose(endpoint_id)),
        created_at=now,
    )
    session.add(endpoint)
    session.flush()
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=workspace_id,
        type="endpoint.registered",
        subject_kind="endpoint",
        subject_id=endpoint_id,
        to_state="enabled",
        details={"types": endpoint.types},
    )
    return NewEndpoint(endpoint, secret)


def open_secret(session: Session, *, endpoint_id: UUID, sealed: bytes) -> str:
    """Return the signing secret of an endpoint.

    Raises:
        CannotOpen: another installation's secret sealed it.
    """
    return vault_of(session).open(sealed, purpose=_purpose(endpoint_id)).decode()


def rotate_secret(
    session: Session, *, now: datetime, actor: Actor, endpoint: Endpoint, overlap: timedelta
) -> NewEndpoint:
    """Give an endpoint a new secret; the old one signs too for `overlap`, and one before it no more.

    Raises:
        EndpointDisabled: nobody is called there.
    """
    session.refresh(endpoint, with_for_update=True)
    if endpoint.disabled_at is not None:
        raise EndpointDisabled
    secret = write_secret(os.urandom(SECRET_BYTES))
    endpoint.old_secret, endpoint.old_secret_until = endpoint.secret, now + overlap
    endpoint.secret = vault_of(session).seal(secret.encode(), purpose=_purpose(endpoint.id))
    session.flush()
    said = {"overlap_seconds": int(overlap.total_seconds())}
    _record(session, endpoint, now=now, actor=actor, kind="endpoint.secret_rotated", details=said)
    return NewEndpoint(endpoint, secret)


def change_endpoint(
    session: Session,
    *,
    now: datetime,
    actor: Actor,
    endpoint: Endpoint,
    url: str | None,
    types: Sequence[str] | None,
    enabled: bool | None,
    allow_private: bool,
) -> Endpoint:
    """Change an endpoint's address or types, disable it, or enable it again with a clean record.

    What was parked while it was disabled stays parked; it can be sent again.

    Raises:
        EndpointRefused, TypesRefused: as when it is registered.
    """
    session.refresh(endpoint, with_for_update=True)
    if url is not None:
        check_url(url, allow_private=allow_private)
        endpoint.url = url
    if types is not None:
        _check_types(types)
        endpoint.types = list(dict.fromkeys(types))
    if url is not None or types is not None:
        session.flush()
        said = {"url": url is not None, "types": endpoint.types}
        _record(session, endpoint, now=now, actor=actor, kind="endpoint.changed", details=said)
    if enabled is False:
        disable_endpoint(session, now=now, actor=actor, endpoint=endpoint, why="disabled by an admin")
    elif enabled and endpoint.disabled_at is not None:
        endpoint.disabled_at = endpoint.disabled_why = None
        endpoint.health = Health()
        session.flush()
        _record(session, endpoint, now=now, actor=actor, kind="endpoint.enabled", details={})
    return endpoint


def _record(
    session: Session, endpoint: Endpoint, *, now: datetime, actor: Actor, kind: str, details: Mapping[str, Any]
) -> None:
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=endpoint.workspace_id,
        type=kind,
        subject_kind="endpoint",
        subject_id=endpoint.id,
        details=details,
    )


def disable_endpoint(session: Session, *, now: datetime, actor: Actor, endpoint: Endpoint, why: str) -> bool:
    """Stop calling an endpoint; what is still due for it is parked. Does nothing, and says so, when it is disabled
    already.

    Args:
        why: A few fixed words for the trail, for example `answered 410 Gone`; nothing that a person typed.
    """
    session.refresh(endpoint, with_for_update=True)
    if endpoint.disabled_at is not None:
        return False
    endpoint.disabled_at = now
    endpoint.disabled_why = why
    session.flush()
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=endpoint.workspace_id,
        type="endpoint.disabled",
        subject_kind="endpoint",
        subject_id=endpoint.id,
        from_state="enabled",
        to_state="disabled",
        details={"why": why},
    )
    return True
