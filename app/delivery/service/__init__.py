"""The only writers of delivery: endpoints, and the outbox of what is to be handed to them."""

from app.delivery.service.endpoints import (
    WRAPPED,
    NewEndpoint,
    TypesRefused,
    disable_endpoint,
    open_secret,
    register_endpoint,
)
from app.delivery.service.outbox import (
    BODY_PURPOSE,
    DRAIN,
    EndpointDisabled,
    Leased,
    NotParked,
    OnItsWay,
    record_attempt,
    replay,
    schedule_delivery,
    take_due,
    withdraw_deliveries,
)

__all__ = [
    "BODY_PURPOSE",
    "DRAIN",
    "WRAPPED",
    "EndpointDisabled",
    "Leased",
    "NewEndpoint",
    "NotParked",
    "OnItsWay",
    "TypesRefused",
    "disable_endpoint",
    "open_secret",
    "record_attempt",
    "register_endpoint",
    "replay",
    "schedule_delivery",
    "take_due",
    "withdraw_deliveries",
]
