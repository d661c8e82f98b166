"""Each promise about votes, broken: its name, some words of what is said, and the statements that break it."""

from typing import Final

from app.reports.invariants import votes

OF_VOTES: Final = (
    (
        votes.COUNTING.rule,
        "counts; it was edited away",
        "UPDATE votes SET counts = true WHERE NOT counts AND verb = 'reject'",
    ),
    (votes.COUNTING.rule, "is void; it was not edited away", "UPDATE votes SET counts = false WHERE verb = 'correct'"),
    (votes.COUNTING.rule, "and was undone", "UPDATE decisions SET undone_at = decided_at"),
    (votes.VOTERS.rule, "names 0 voters", "UPDATE items SET voters = '{}'"),
    (votes.VOTERS.rule, "names 1 voters", "UPDATE items SET voters = ARRAY[id] WHERE state = 'waiting'"),
    (votes.EDITORS.rule, "is an edit", "UPDATE items SET barred = '{}'"),
    (votes.DECISIONS.rule, "is decided with 0 decisions", "DELETE FROM decisions"),
    (votes.DECISIONS.rule, "1 of 2 approvals", "UPDATE votes SET counts = false WHERE verb = 'correct'"),
    (votes.DECISIONS.rule, "2 of 1 approvals", "UPDATE items SET approvals_required = 1"),
    (
        votes.DECISIONS.rule,
        "2 votes of 1 people",
        "DROP INDEX uq_votes_person",
        "UPDATE votes v SET person_id = other.person_id FROM votes other WHERE other.item_id = v.item_id",
    ),
    (votes.DECISIONS.rule, "0 of 1 rejections", "UPDATE votes SET counts = false WHERE verb = 'reject'"),
    (votes.DECISIONS.rule, "1 of 2 rejections", "UPDATE items SET rejections_required = 2"),
    (votes.DECISIONS.rule, "is waiting with 1 decisions", "UPDATE items SET state = 'waiting' WHERE state = 'decided'"),
    (votes.DECISIONS.rule, "0 adjudications", "UPDATE votes SET adjudicates = false"),
    (votes.DECISIONS.rule, "1 adjudications", "UPDATE items SET adjudicating = false"),
    (votes.DECIDING_VOTES.rule, "is answered, its vote is reject", "UPDATE decisions SET status = 'answered'"),
    (votes.DECIDING_VOTES.rule, "missing or void", "UPDATE votes SET counts = false"),
    (votes.DECIDING_VOTES.rule, "is approved, its vote is approve", "UPDATE decisions SET late = NOT late"),
    (votes.DECIDING_VOTES.rule, "is approved", "UPDATE decisions SET decided_by = item_id"),
    (votes.AGREEMENT.rule, "1 of 2 say what decided", "UPDATE votes SET answer = sha256(id::text::bytea)"),
    (
        votes.AGREEMENT.rule,
        "1 answers have enough",
        "UPDATE items SET state = 'waiting' WHERE review_mode = 'blind'",
        "DELETE FROM decisions",
    ),
    (votes.AGREEMENT.rule, "2 of 3 say", "UPDATE items SET approvals_required = 3 WHERE review_mode = 'blind'"),
    (votes.ADJUDICATION.rule, "of at most 5", "UPDATE items SET reviews_max = 5"),
    (votes.ADJUDICATION.rule, "1 different answers", "UPDATE votes SET answer = '', verb = 'approve'"),
    (votes.ADJUDICATION.rule, "for anybody", "UPDATE items SET state = 'waiting', for_lead = false"),
    (
        votes.ADJUDICATION.rule,
        "is waiting and not in adjudication",
        "UPDATE items SET state = 'waiting', adjudicating = false",
        "DELETE FROM votes WHERE adjudicates",
    ),
)
