"""Pure rules of review: what a verdict comes to, and how a decision is written down for programs."""

from app.review.rules.verdict import DECIDER_KINDS, DECISION_STATUSES, VOTE_VERBS

__all__ = ["DECIDER_KINDS", "DECISION_STATUSES", "VOTE_VERBS"]
