"""An adjustment as templates show it. Called by the pages of adjustments and of one's own time."""

from typing import Any, Final

from flask import url_for

from app.adjustments.rules import REASONS
from app.edge.context import person_id
from app.kernel.ids import show
from app.reports.adjusted import Adjusted
from app.web.durations import write_duration, write_exactly

REASON_WORDS: Final = dict(
    zip(
        REASONS,
        (
            "I worked on it away from this page",
            "I was reading, and it was not counted",
            "I was not working on it",
            "Something else",
        ),
        strict=True,
    )
)
STATE_WORDS: Final = {"asked": "waits", "granted": "granted", "refused": "refused"}


def row_of(one: Adjusted) -> dict[str, Any]:
    """Return an adjustment as templates show it."""
    row = one.row
    id_ = show("adjustment", row.id)
    return {
        "id": id_,
        "person": one.person,
        "own": row.person_id == person_id(),
        "task_type": one.task_type,
        "external_id": one.external_id,
        "item_url": None if one.item_id is None else url_for("item_page.show", item_id=show("item", one.item_id)),
        "at": row.at,
        "kind": row.kind,
        "measured": None if one.measured_ms is None else write_exactly(one.measured_ms),
        "asked": None if row.asked_ms is None else write_exactly(row.asked_ms),
        "granted": None if row.granted_ms is None else write_exactly(row.granted_ms),
        "should_be": "" if row.asked_ms is None else write_duration(row.asked_ms),
        "reason": REASON_WORDS.get(row.reason, "Its rate became known later"),
        "note": row.note,
        "asked_by": one.asked_by,
        "asked_at": row.asked_at,
        "state": STATE_WORDS[row.state],
        "settled_by": one.settled_by,
        "settled_at": row.settled_at,
        "reply": row.reply,
        "settle_url": url_for("adjustment_pages.settle", adjustment_id=id_),
    }
