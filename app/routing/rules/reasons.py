"""Why a submission goes where it goes: the reasons that a route lists, and what rules ask of a review.

Called by the reading of policies, their checks, and the decision on a route.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

Outcome = Literal["pass", "review", "block"]
Kind = Literal[
    "no_policy",
    "schema",
    "threshold",
    "field_threshold",
    "required_field",
    "high_risk",
    "rule",
    "rule_error",
    "audit",
]

# From the weakest to the strongest: each outranks those before it.
OUTCOMES: Final[tuple[Outcome, ...]] = ("pass", "review", "block")


@dataclass(frozen=True)
class FiredRule:
    """One reason for a route: a check of the policy or a rule of its author. `detail` is a sentence for a person."""

    name: str
    kind: Kind
    detail: str


@dataclass(frozen=True)
class Terms:
    """What a rule asks of the review that it calls for; None leaves it to the task type. `deadline_ms` from now."""

    queue: str | None = None
    priority: int | None = None
    approvals_required: int | None = None
    skills: frozenset[str] = frozenset()
    deadline_ms: int | None = None


_NO_TERMS: Final = Terms()


def join_terms(terms: Sequence[Terms]) -> Terms:
    """Return what all these rules together ask for.

    The queue of the first that names one, the highest priority, the most approvals, every skill, and the earliest
    deadline.
    """
    if not terms:
        return _NO_TERMS
    return Terms(
        queue=next((one.queue for one in terms if one.queue is not None), None),
        priority=max((one.priority for one in terms if one.priority is not None), default=None),
        approvals_required=max(
            (one.approvals_required for one in terms if one.approvals_required is not None), default=None
        ),
        skills=frozenset[str]().union(*(one.skills for one in terms)),
        deadline_ms=min((one.deadline_ms for one in terms if one.deadline_ms is not None), default=None),
    )
