"""Read votes, decisions and drafts. Called by the flow out, the API and the desk."""

from app.review.queries.entries import read_entries
from app.review.queries.figures import read_beside, read_figures
from app.review.queries.left_drafts import list_left_drafts, read_left_drafts
from app.review.queries.pace import recent_handling, recent_work
from app.review.queries.shown import (
    NoteRow,
    OpenClaim,
    answers_of,
    find_draft,
    list_notes,
    open_claim,
    running_time,
    span_of,
)
from app.review.queries.verdicts import (
    NoSuchDecision,
    count_decisions_since,
    find_decision,
    find_vote,
    get_decision,
    list_standing_votes,
    open_body,
    standing_decision,
    standing_text,
)

__all__ = [
    "NoSuchDecision",
    "NoteRow",
    "OpenClaim",
    "answers_of",
    "count_decisions_since",
    "find_decision",
    "find_draft",
    "find_vote",
    "get_decision",
    "list_left_drafts",
    "list_notes",
    "list_standing_votes",
    "open_body",
    "open_claim",
    "read_beside",
    "read_entries",
    "read_figures",
    "read_left_drafts",
    "recent_handling",
    "recent_work",
    "running_time",
    "span_of",
    "standing_decision",
    "standing_text",
]
