"""The terms on which somebody works: her roles and her vendor, as they were from time to time. What she costs follows.

Called by the services of identity and by the rules of costs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Terms:
    """Her roles, and the company that sends her or None, from an instant on."""

    roles: frozenset[str]
    vendor: str | None
    since: datetime


def terms_at(terms: Sequence[Terms], at: datetime) -> Terms | None:
    """Return the terms of an instant, of terms in order: the latest by then, before the first the first, or None."""
    return next((one for one in reversed(terms) if one.since <= at), terms[0] if terms else None)
