"""The only writers of the trail: recording what happens, and sealing it into chains."""

from app.audit.service.recording import EVENTS, event_row, events_from, record
from app.audit.service.sealing import Sealed, seal_events

__all__ = ["EVENTS", "Sealed", "event_row", "events_from", "record", "seal_events"]
