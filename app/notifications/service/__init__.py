"""The only writers of notifications. Flows that have news call `telling`; the worker calls the rest."""

from app.notifications.service.bundling import bundle
from app.notifications.service.composing import Post, compose
from app.notifications.service.hooks import WRAPPED, disable_hook, register_hook, send_trial
from app.notifications.service.looking import look_for_work
from app.notifications.service.outbox import LeasedMessage, forget_messages, record_try, take_due
from app.notifications.service.preferences import choose_habits
from app.notifications.service.spreading import spread
from app.notifications.service.telling import (
    tell_breached,
    tell_due_soon,
    tell_endpoint_disabled,
    tell_escalated,
    tell_handed_over,
    tell_waiting,
)

__all__ = [
    "WRAPPED",
    "LeasedMessage",
    "Post",
    "bundle",
    "choose_habits",
    "compose",
    "disable_hook",
    "forget_messages",
    "look_for_work",
    "record_try",
    "register_hook",
    "send_trial",
    "spread",
    "take_due",
    "tell_breached",
    "tell_due_soon",
    "tell_endpoint_disabled",
    "tell_escalated",
    "tell_handed_over",
    "tell_waiting",
]
