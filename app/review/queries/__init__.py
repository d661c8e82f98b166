"""Read votes, decisions and drafts. Called by the flow out, the API and the desk."""

from app.review.queries.entries import read_entries
from app.review.queries.figures import read_beside, read_figures
from app.review.queries.kept_texts import list_kept_texts, read_kept_texts
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
    "list_kept_texts",
    "list_notes",
    "list_standing_votes",
    "open_body",
    "open_claim",
    "read_beside",
    "read_entries",
    "read_figures",
    "read_kept_texts",
    "recent_handling",
    "recent_work",
    "running_time",
    "span_of",
    "standing_decision",
    "standing_text",
]
