"""Notes that reviewers leave for whoever has the item next. Sealed like everything that people write about an item."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.kernel.ids import new_id
from app.kernel.strict_json import encode
from app.queue.models import Item
from app.review.models import ItemNote
from app.submissions.queries import data_key


def add_note(session: Session, *, now: datetime, item: Item, person_id: UUID, kind: str, text: str) -> None:
    """Leave a note with an item; `kind` is the act that it explains."""
    sealed = data_key(session, submission_id=item.submission_id).seal(encode({"text": text}), purpose="note")
    session.add(
        ItemNote(
            id=new_id(),
            workspace_id=item.workspace_id,
            item_id=item.id,
            person_id=person_id,
            kind=kind,
            body=sealed,
            at=now,
        )
    )
    session.flush()
