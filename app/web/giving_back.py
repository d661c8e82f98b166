"""Put an item back that somebody has open and that nothing more will come of. Called by the desk and the selection."""

from app.edge.context import db, person_id, principal, workspace_id
from app.queue.models import Claim
from app.review.service import give_back


def put_back(claim: Claim) -> None:
    """Put back what this claim of the signed-in person is on; its time counts."""
    give_back(
        db(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        person_id=person_id(),
        claim_id=claim.id,
        act="release",
    )
