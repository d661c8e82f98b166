"""The flow out: claims taken and ended, beats, drafts, votes and decisions, each with its time, money and events."""

from app.review.service.cancelling import CannotCancel, cancel
from app.review.service.claiming import NothingToClaim, disable_reviewer, expire_claims, give_back, take_item
from app.review.service.deciding import AlreadyVoted, ContentChanged, Handed, Overtaken, decide
from app.review.service.drafts import save_draft
from app.review.service.signs_of_life import Pulse, beat

__all__ = [
    "AlreadyVoted",
    "CannotCancel",
    "ContentChanged",
    "Handed",
    "NothingToClaim",
    "Overtaken",
    "Pulse",
    "beat",
    "cancel",
    "decide",
    "disable_reviewer",
    "expire_claims",
    "give_back",
    "save_draft",
    "take_item",
]
