"""What a service refused, as one sentence of a page. Called by pages that say it beside what was typed."""

from app.kernel.errors import ServiceError


def sentence_of(error: ServiceError) -> str:
    """Return what is wrong, with each fault after it."""
    return f"{error.detail} {'; '.join(fault.detail for fault in error.faults)}".strip()
