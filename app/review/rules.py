"""Words of review. Filled by the flow."""

DECISION_STATUSES = ("approved", "corrected", "rejected", "answered")
VOTE_VERBS = ("approve", "correct", "reject", "respond", "mixed")
