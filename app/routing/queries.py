"""Read policies, and find the one in force. Called by the flow in and the policies API."""

from functools import lru_cache
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.errors import NotFound
from app.routing.models import Policy
from app.routing.rules.compiled import CompiledPolicy, compile_policy
from app.routing.rules.document import read_policy


class NoSuchPolicy(NotFound):
    """There is no such policy in this workspace."""


def get_policy(session: Session, *, workspace_id: UUID, policy_id: UUID) -> Policy:
    """Return a policy of this workspace.

    Raises:
        NoSuchPolicy: also when it is another workspace's.
    """
    found = session.scalar(select(Policy).where(Policy.id == policy_id, Policy.workspace_id == workspace_id))
    if found is None:
        raise NoSuchPolicy
    return found


def list_policies(session: Session, *, workspace_id: UUID) -> list[Policy]:
    """Return every policy of a workspace, by task type, the newest version first."""
    return list(
        session.scalars(
            select(Policy).where(Policy.workspace_id == workspace_id).order_by(Policy.task_type, Policy.version.desc())
        )
    )


@lru_cache(maxsize=256)
def _compiled(_policy_id: UUID, document: bytes) -> CompiledPolicy:
    return compile_policy(read_policy(orjson.loads(document)))


def compiled(policy: Policy) -> CompiledPolicy:
    """Return a policy ready to run; compiled once per process, because a version never changes."""
    return _compiled(policy.id, orjson.dumps(policy.document))


def thresholds_of(session: Session, *, policy_id: UUID | None) -> tuple[float | None, dict[str, float]]:
    """Return the thresholds by which a policy judged, overall and per field, for showing what is doubtful."""
    policy = None if policy_id is None else session.get(Policy, policy_id)
    if policy is None:
        return None, {}
    return policy.document.get("threshold"), dict(policy.document.get("field_thresholds") or {})
