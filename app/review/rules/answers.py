"""What a verdict comes to, as one text to compare, and an answer of somebody else as a verdict of one's own.

Two answers are the same when programs would be told the same: the same verb, the same values of the output and of each
action's arguments whatever the order of keys or the spelling of numbers, and the same text where the text is the
answer. Reasons, notes and the message of a rejection are not compared. Pure; called by voting and the desk.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.kernel.strict_json import encode_canonically
from app.review.rules.verdict import ActionVerdict, Outcome, Verdict
from app.submissions.rules.received import Received


@dataclass(frozen=True)
class Answer:
    """What one of several reviewers said, for the lead who settles it. `label` is a letter and names nobody."""

    label: str
    verb: str
    output: Any
    actions: list[dict[str, Any]]
    reason_codes: list[str]
    message: str | None


def comparable(outcome: Outcome, message: str | None) -> bytes:
    """Return the text that is equal for outcomes that come to the same thing."""
    actions = [
        {
            "call_id": action["call_id"],
            "verb": action["verb"],
            "args": action["args"] if action["run"] else None,
            "message": action["message"] if action["verb"] == "respond" else None,
        }
        for action in outcome.actions
    ]
    sent = outcome.verb in {"approve", "correct"}
    return encode_canonically(
        {
            "verb": outcome.verb,
            "output": outcome.output if sent else None,
            "actions": actions,
            "message": message if outcome.verb == "respond" else None,
        }
    )


def label_of(place: int) -> str:
    """Return the letter of the answer at this place, from 0: A, B, C; beyond Z with a number."""
    letter = chr(ord("A") + place % 26)
    return letter if place < 26 else f"{letter}{place // 26 + 1}"


def adopt(answer: Answer, received: Received) -> Verdict:
    """Return the verdict that comes to this answer, as it would be handed in on `received`."""
    said: dict[str, Any] = {"message": answer.message, "reason_codes": tuple(answer.reason_codes)}
    verbs = {action["verb"] for action in answer.actions}
    if answer.verb == "correct" and verbs <= {"approve"}:
        return Verdict("correct", answer.output, True, **said)
    if not answer.actions or (answer.verb != "correct" and verbs == {answer.verb}):
        return Verdict(answer.verb, **said)
    changed = received.has_output and answer.verb == "correct" and answer.output != received.output
    return Verdict(
        None,
        answer.output if changed else None,
        changed,
        tuple(_action_verdict(action) for action in answer.actions),
        **said,
    )


def _action_verdict(action: Mapping[str, Any]) -> ActionVerdict:
    args = action["args"] if action["verb"] == "edit" else None
    return ActionVerdict(action["call_id"], action["verb"], args, action["message"])
