"""The only writers of delivery: endpoints, and the outbox of what is to be handed to them."""

from app.delivery.service.endpoints import (
    WRAPPED,
    EndpointDisabled,
    NewEndpoint,
    TypesRefused,
    change_endpoint,
    disable_endpoint,
    open_secret,
    register_endpoint,
    rotate_secret,
)
from app.delivery.service.outbox import (
    BODY_PURPOSE,
    DRAIN,
    NotParked,
    OnItsWay,
    replay,
    replay_parked,
    schedule_delivery,
    withdraw_deliveries,
)
from app.delivery.service.trying import Leased, Recorded, end_leases, record_attempt, record_deliveries, take_due

__all__ = [
    "BODY_PURPOSE",
    "DRAIN",
    "WRAPPED",
    "EndpointDisabled",
    "Leased",
    "NewEndpoint",
    "NotParked",
    "OnItsWay",
    "Recorded",
    "TypesRefused",
    "change_endpoint",
    "disable_endpoint",
    "end_leases",
    "open_secret",
    "record_attempt",
    "record_deliveries",
    "register_endpoint",
    "replay",
    "replay_parked",
    "rotate_secret",
    "schedule_delivery",
    "take_due",
    "withdraw_deliveries",
]
