"""What lies under the installation's secret, over all domains, and whether it opens.

Called by the invariants of a live system, and by the command that seals it again under another secret.
"""

from typing import Final

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from app.adjustments import service as adjustments
from app.delivery import service as delivery
from app.files import service as files
from app.grants import service as grants
from app.identity import service as identity
from app.kernel.rewrapping import Wrapped
from app.kernel.sealing import CannotOpen, vault_of
from app.notifications import service as notifications
from app.reports.invariants.check import Violation
from app.submissions import service as submissions

_CHECKED: Final = (
    *(*grants.WRAPPED, *identity.WRAPPED, *delivery.WRAPPED),
    *(*notifications.WRAPPED, *submissions.WRAPPED_KEYS, *adjustments.WRAPPED),
)
# The keys of contents come last: there is one for each submission, and few of the others.
WRAPPED: Final = (*_CHECKED, *files.WRAPPED, *submissions.WRAPPED)


def check_secrets(session: Session) -> list[Violation]:
    """Return a violation for each secret that does not open. Contents and their keys are opened by their own check."""
    return [violation for wrapped in _CHECKED for violation in _unopened(session, wrapped)]


def _unopened(session: Session, wrapped: Wrapped) -> list[Violation]:
    (key,) = inspect(wrapped.column.class_).primary_key
    rows = session.execute(select(key, wrapped.column).where(wrapped.column.is_not(None)).order_by(key))
    vault, found = vault_of(session), []
    for row_id, sealed in rows:
        try:
            vault.open(sealed, purpose=wrapped.purpose(row_id))
        except CannotOpen:
            found.append(
                Violation("every secret opens", str(row_id), f"{wrapped.name} opens under no secret that is set")
            )
    return found
