"""What reviewers said about an item: who, how, why, and how long it took. Called by the item page."""

from collections.abc import Mapping
from typing import Any, Final

from app.edge.context import db
from app.kernel.ids import show
from app.kernel.sealing import DataKey
from app.queue.models import Item
from app.review.queries import list_standing_votes, open_body
from app.web.durations import write_exactly

_SAID: Final = {"approve": "approved", "correct": "corrected", "reject": "rejected", "respond": "answered instead"}


def votes_of(item: Item, *, key: DataKey, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the votes that count, in order: {name, said, at, took, reasons, message, note}; texts are None if empty.

    Args:
        names: Of people, by shown id.
    """
    told = []
    for vote in list_standing_votes(db(), item_id=item.id):
        body = open_body(vote.body, key)
        told.append(
            {
                "name": names.get(show("person", vote.person_id), "somebody"),
                "said": _SAID[vote.verb],
                "at": vote.at,
                "took": write_exactly(vote.active_ms),
                "reasons": vote.reason_codes,
                "message": body["message"],
                "note": body["note"],
            }
        )
    return told
