"""Keep what a reviewer typed. Typed text is never lost: not with the lease, not with the browser.

Called by the desk and the claims API, and by deciding when a verdict came too late.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.kernel.ids import new_id
from app.kernel.sealing import DataKey
from app.kernel.strict_json import encode
from app.queue.queries import get_claim, get_item
from app.review.models import Draft
from app.submissions.queries import data_key


def save_draft(
    session: Session, *, now: datetime, workspace_id: UUID, person_id: UUID, claim_id: UUID, body: dict[str, Any]
) -> None:
    """Keep the newest text of a person for the item of one of her claims, live or ended.

    Raises:
        NoSuchClaim: also when it is somebody else's.
    """
    claim = get_claim(session, workspace_id=workspace_id, claim_id=claim_id, person_id=person_id)
    item = get_item(session, workspace_id=workspace_id, item_id=claim.item_id)
    sealed = data_key(session, submission_id=item.submission_id).seal(encode(body), purpose="draft")
    kept = insert(Draft).values(
        id=new_id(),
        workspace_id=workspace_id,
        item_id=item.id,
        person_id=person_id,
        claim_id=claim_id,
        lost=False,
        body=sealed,
        saved_at=now,
    )
    session.execute(
        kept.on_conflict_do_update(
            index_elements=["item_id", "person_id"],
            index_where=text("NOT lost"),
            set_={"body": kept.excluded.body, "saved_at": kept.excluded.saved_at, "claim_id": kept.excluded.claim_id},
        )
    )


def keep_lost_text(
    session: Session,
    *,
    now: datetime,
    workspace_id: UUID,
    item_id: UUID,
    person_id: UUID,
    claim_id: UUID,
    body: dict[str, Any],
    key: DataKey,
) -> UUID:
    """Keep a verdict that came too late as a draft under its author's name; return the draft's id."""
    draft_id = new_id()
    session.add(
        Draft(
            id=draft_id,
            workspace_id=workspace_id,
            item_id=item_id,
            person_id=person_id,
            claim_id=claim_id,
            lost=True,
            body=key.seal(encode(body), purpose="draft"),
            saved_at=now,
        )
    )
    session.flush()
    return draft_id


def drop_draft(session: Session, *, item_id: UUID, person_id: UUID) -> None:
    """Forget a person's open draft of an item, because she has handed her verdict in."""
    session.execute(delete(Draft).where(Draft.item_id == item_id, Draft.person_id == person_id, Draft.lost.is_(False)))
