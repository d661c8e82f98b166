"""What a feed tells of: the types of its entries, which are those of webhooks too."""

from typing import Final
from uuid import UUID

DECIDED: Final = "submission.decided"
SUPERSEDED: Final = "submission.superseded"
EXPIRED: Final = "submission.expired"


def decision_type(*, supersedes: UUID | None) -> str:
    """Return the type under which a decision is handed over."""
    return DECIDED if supersedes is None else SUPERSEDED
