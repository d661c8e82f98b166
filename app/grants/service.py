"""Sign grants, mark them used, and change the key that signs.

A grant is signed in the transaction of its decision. The flow out decides whether it may be used; nothing here knows
decisions. Called by the flow out and the command line.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from app.audit.rules import SYSTEM, Actor
from app.audit.service import record
from app.grants.models import GrantUse, SigningKey
from app.grants.queries import current_key
from app.grants.rules import Grant, grant_id, write_grant
from app.kernel.db import lock_name
from app.kernel.errors import NotFound
from app.kernel.ids import new_id, show
from app.kernel.jcs import args_sha256
from app.kernel.rewrapping import Wrapped
from app.kernel.sealing import vault_of

_PURPOSE: Final = "signing key"


#: What of this domain lies under the installation's secret.
WRAPPED: Final = (Wrapped(SigningKey.private, lambda _: _PURPOSE),)


class NoSuchKey(NotFound):
    """There is no such signing key."""


@dataclass(frozen=True)
class Granted:
    """The decision that grants are for, and from when and how long they may be used."""

    workspace_id: UUID
    submission_id: UUID
    decision_id: UUID
    final_at: datetime
    life_ms: int


def sign_grants(
    session: Session, *, now: datetime, granted: Granted, actions: Iterable[Mapping[str, Any]]
) -> dict[str, str]:
    """Return a signed grant for each of these actions that is to run, by call id."""
    running = [action for action in actions if action["run"]]
    if not running:
        return {}
    key = current_key(session) or _new_key(session, now=now)
    assert key.private is not None, "only a retired key has none"  # noqa: S101  # rotation holds this
    private = vault_of(session).open(key.private, purpose=_PURPOSE)
    return {
        a["call_id"]: write_grant(_grant(granted, a), private=private, kid=show("signing_key", key.id)) for a in running
    }


def _grant(granted: Granted, action: Mapping[str, Any]) -> Grant:
    return Grant(
        id=grant_id(decision_id=granted.decision_id, call_id=action["call_id"]),
        workspace_id=granted.workspace_id,
        submission_id=granted.submission_id,
        decision_id=granted.decision_id,
        call_id=action["call_id"],
        name=action["name"],
        args_sha256=args_sha256(action["args"]),
        starts_at=granted.final_at,
        ends_at=granted.final_at + timedelta(milliseconds=granted.life_ms),
    )


def _new_key(session: Session, *, now: datetime) -> SigningKey:
    """Make the key that signs unless somebody else has just made it."""
    lock_name(session, _PURPOSE)
    found = current_key(session)
    if found is not None:
        return found
    private = Ed25519PrivateKey.generate()
    sealed = vault_of(session).seal(private.private_bytes_raw(), purpose=_PURPOSE)
    key = SigningKey(id=new_id(), public=private.public_key().public_bytes_raw(), private=sealed, created_at=now)
    session.add(key)
    session.flush()
    _record(session, now, SYSTEM, key.id, "made")
    return key


def _record(session: Session, now: datetime, actor: Actor, key_id: UUID, what: str) -> None:
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=None,
        type=f"signing_key.{what}",
        subject_kind="signing_key",
        subject_id=key_id,
    )


def use_grant(session: Session, *, now: datetime, actor: Actor, grant: Grant) -> None:
    """Mark a grant as used. The caller holds the lock of its item and has seen that it may be used."""
    session.add(
        GrantUse(
            grant_id=grant.id,
            workspace_id=grant.workspace_id,
            submission_id=grant.submission_id,
            decision_id=grant.decision_id,
            call_id=grant.call_id,
            actor_kind=actor.kind,
            actor_id=actor.id,
            at=now,
        )
    )
    session.flush()
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=grant.workspace_id,
        type="grant.redeemed",
        subject_kind="submission",
        subject_id=grant.submission_id,
        details={
            "grant": show("grant", grant.id),
            "decision": show("decision", grant.decision_id),
            "call_id": grant.call_id,
            "args_sha256": grant.args_sha256.hex(),
        },
    )


def rotate_key(session: Session, *, now: datetime, actor: Actor) -> SigningKey:
    """Sign with a new key from now on. What the old one signed stays good; its private half is destroyed."""
    lock_name(session, _PURPOSE)
    old = current_key(session)
    if old is not None:
        old.retired_at, old.private = now, None
        session.flush()
        _record(session, now, actor, old.id, "retired")
    return _new_key(session, now=now)


def revoke_key(session: Session, *, now: datetime, actor: Actor, key_id: UUID) -> None:
    """Let nothing that a key signed count any more; if it is the one that signs, another takes its place.

    Raises:
        NoSuchKey: there is none of that id.
    """
    lock_name(session, _PURPOSE)
    key = session.get(SigningKey, key_id, populate_existing=True)
    if key is None:
        raise NoSuchKey
    if key.retired_at is None:
        rotate_key(session, now=now, actor=actor)
    key.revoked_at = now
    session.flush()
    _record(session, now, actor, key.id, "revoked")
