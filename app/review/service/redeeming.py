"""Let an approved call run once: check its grant against the decision as it stands now, and mark it used.

Under the item's lock, so that an overturning comes either before, and the grant is worth nothing, or after.
Called by the grants API.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.grants.queries import find_use, open_grant
from app.grants.rules import Grant
from app.grants.service import use_grant
from app.kernel.clock import read_now
from app.kernel.errors import Conflict, Gone, NotFound
from app.kernel.ids import show
from app.kernel.instants import instant_text
from app.queue.service import lock_item
from app.review.models import Decision
from app.review.queries import NoSuchDecision, get_decision


class NoSuchGrant(NotFound):
    """There is no such grant in this workspace."""


class GrantTooEarly(Conflict):
    """The decision is not final yet."""


class GrantVoid(Conflict):
    """The decision was taken back or overturned; what it approved may not run."""


class OtherArgs(Conflict):
    """These are not the arguments that were approved; the grant is still unused."""


class AlreadyRedeemed(Conflict):
    """This grant has been used."""


class GrantExpired(Gone):
    """The time in which this call could be run is over."""


def redeem(
    session: Session, *, actor: Actor, workspace_id: UUID, text: str, args_sha256: bytes | None
) -> tuple[Grant, datetime]:
    """Use a grant; return what it says and when it was used.

    Args:
        args_sha256: Digest of the arguments that are about to be used (RFC 8785); None leaves that check to the caller.

    Raises:
        BadGrant: this service did not sign it, or its key was revoked.
        NoSuchGrant: it is another workspace's.
        GrantTooEarly, GrantVoid, GrantExpired, OtherArgs, AlreadyRedeemed: it may not be used, and is not.
    """
    grant = open_grant(session, text)
    try:
        found = get_decision(session, workspace_id=workspace_id, decision_id=grant.decision_id)
    except NoSuchDecision as error:
        raise NoSuchGrant from error
    lock_item(session, item_id=found.item_id)
    decision = session.get_one(Decision, found.id, populate_existing=True)
    at = read_now(session)
    used = find_use(session, grant_id=grant.id)
    if used is not None:
        raise AlreadyRedeemed(extra={"redeemed_at": instant_text(used.at)})
    if not decision.stands:
        by = decision.superseded_by
        raise GrantVoid(extra={"superseded_by": None if by is None else show("decision", by)})
    if at < decision.final_at:
        raise GrantTooEarly
    if at >= grant.ends_at:
        raise GrantExpired
    if args_sha256 is not None and args_sha256 != grant.args_sha256:
        raise OtherArgs(extra={"args_sha256": grant.args_sha256.hex()})
    use_grant(session, now=at, actor=actor, grant=grant)
    return grant, at
