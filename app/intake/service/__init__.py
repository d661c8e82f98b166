"""The flow in: take submissions, one by one or many at once, and what is learnt of them later."""

from app.intake.service.reporting import report_calls
from app.intake.service.submitting import (
    DEFAULT_PRIORITY,
    Accepted,
    Sender,
    rules_document,
    submit,
    submit_each,
)

__all__ = [
    "DEFAULT_PRIORITY",
    "Accepted",
    "Sender",
    "report_calls",
    "rules_document",
    "submit",
    "submit_each",
]
