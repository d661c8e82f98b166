"""The flow out: claims taken and ended, beats, drafts, votes and decisions, each with its time, money and events."""

from app.review.service.cancelling import CannotCancel, cancel
from app.review.service.claiming import disable_reviewer, expire_claims, take_item
from app.review.service.deciding import AlreadyVoted, ContentChanged, Handed, Overtaken, decide
from app.review.service.drafts import save_draft
from app.review.service.fitness import CannotTakeIt, NothingToClaim
from app.review.service.giving_back import ask_second_opinion, escalate_claim, give_back, hand_over, hold
from app.review.service.measuring import measure_handling, measure_loads, work_to_count
from app.review.service.overseeing import assign_item, unhold_item
from app.review.service.pausing import pause_reviewer, resume_reviewer
from app.review.service.reserving import end_reservation, free_reservations, reserve_ahead, reserve_ahead_if_plenty
from app.review.service.signs_of_life import Pulse, beat
from app.review.service.superseding import supersede
from app.review.service.timing import tend_items
from app.review.service.undoing import AlreadyFinal, undo

__all__ = [
    "AlreadyFinal",
    "AlreadyVoted",
    "CannotCancel",
    "CannotTakeIt",
    "ContentChanged",
    "Handed",
    "NothingToClaim",
    "Overtaken",
    "Pulse",
    "ask_second_opinion",
    "assign_item",
    "beat",
    "cancel",
    "decide",
    "disable_reviewer",
    "end_reservation",
    "escalate_claim",
    "expire_claims",
    "free_reservations",
    "give_back",
    "hand_over",
    "hold",
    "measure_handling",
    "measure_loads",
    "pause_reviewer",
    "reserve_ahead",
    "reserve_ahead_if_plenty",
    "resume_reviewer",
    "save_draft",
    "supersede",
    "take_item",
    "tend_items",
    "undo",
    "unhold_item",
    "work_to_count",
]
