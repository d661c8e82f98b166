"""What a reviewer does before a high-risk action may run: look at the evidence, say why, and type its name.

Promise: low risk costs one key; the effort grows with the risk and cannot be got round by leaving scripts away. Whether
a name is typed or a second person is asked says the task type. A rejection needs none of it.
Called by the review pages. Pure but for the posted form.
"""

import re
from dataclasses import dataclass
from typing import Final

from app.kernel.errors import Fault
from app.review.queries import OpenClaim
from app.review.rules.verdict import Verdict
from app.submissions.models import TaskType
from app.submissions.rules.received import Received
from app.submissions.rules.task_type import TYPED
from app.web.context_view import evidence_places
from app.web.schema_form import Posted

# What can be typed on any keyboard and read without doubt; anything else is confirmed by a plain word.
_TYPEABLE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,59}")
_PLAIN_WORD: Final = "approve"
RUNS: Final = frozenset({"approve", "correct", "edit"})


@dataclass(frozen=True)
class Friction:
    """The places of the blocks to open, and the word to type, None where a second person is asked."""

    blocks: tuple[int, ...]
    word: str | None


def friction_of(opened: OpenClaim) -> Friction | None:
    """Return what this item asks for, or None when it is not of high risk."""
    if not opened.submission.high_risk:
        return None
    word = None
    if opened.task_type.high_risk_check == TYPED:
        word = word_of(opened.received, opened.task_type)
    return Friction(evidence_places(opened.received), word)


def word_of(received: Received, task_type: TaskType) -> str:
    """Return what is to be typed before what was received may run."""
    actions = received.actions
    name = actions[0].name if len(actions) == 1 else task_type.name
    return name if _TYPEABLE.fullmatch(name) else _PLAIN_WORD


def friction_faults(friction: Friction | None, verdict: Verdict, posted: Posted) -> list[Fault]:
    """Return what is still missing for this verdict, in the order in which it stands on the page."""
    if friction is None or not (verdict.verb in RUNS or any(one.verb in RUNS for one in verdict.actions)):
        return []
    opened = opened_blocks(posted)
    faults = [Fault(f"/evidence/{n}", "Open it first.") for n in friction.blocks if n not in opened]
    if not (verdict.note or "").strip():
        faults.append(Fault("/reason", "Say why this may run; it stays here."))
    if friction.word is not None and not is_typed(friction.word, posted):
        faults.append(Fault("/confirmation", f"Type {friction.word} to confirm."))
    return faults


def is_typed(word: str, posted: Posted) -> bool:
    """Say whether the word was typed to confirm, in capitals or not."""
    typed = posted.get("confirmation", "")
    return isinstance(typed, str) and typed.strip().lower() == word.lower()


def opened_blocks(posted: Posted) -> frozenset[int]:
    """Return the places of the blocks that were opened."""
    said = posted.get("opened", [])
    texts = [said] if isinstance(said, str) else said
    return frozenset(int(text) for text in texts if text.isascii() and text.isdigit() and len(text) <= 4)
