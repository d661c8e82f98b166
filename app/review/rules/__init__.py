"""Pure rules of review: what a verdict comes to, and how a decision is written down for programs."""

from app.review.rules.verdict import DECISION_STATUSES, VOTE_VERBS

__all__ = ["DECISION_STATUSES", "VOTE_VERBS"]
