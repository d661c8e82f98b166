"""Shapes of claims: taking an item, signs of life, and verdicts."""

from typing import Annotated, Any, Final

from pydantic import Field

from app.api.v1.shapes.parts import Name, Note, PersonName, Shape, Text

# A browser's clock starts at zero with its page; 2^53 - 1 is the largest integer that JSON carries safely.
LARGEST: Final = 2**53 - 1


class ClaimIn(Shape):
    """Which item: the next of any of the person's queues, the next of one queue, or a particular one."""

    queue: Name | None = None
    item: Name | None = None


class BeatIn(Shape):
    """A sign of life. Ages and clocks in ms; they can take time away, never add any."""

    seq: int = Field(ge=0, le=LARGEST)
    client_mono_ms: float = Field(ge=0, le=LARGEST)
    state: str = Field(pattern="^(active|idle|hidden|blurred)$")
    last_input_age_ms: float | None = Field(None, ge=0, le=LARGEST)


class ActionVerdictIn(Shape):
    """What the reviewer says about one action. `args` are complete, and only given with edit."""

    call_id: Name
    verb: str = Field(pattern="^(approve|edit|reject|respond)$")
    args: dict[str, Any] | None = None
    message: Text | None = None


class VerdictIn(Shape):
    """A verdict on what was shown: one verb for the whole, or one per action."""

    content_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    verb: Annotated[str, Field(pattern="^(approve|correct|reject|respond)$")] | None = None
    output: Any = None
    actions: list[ActionVerdictIn] = Field(default_factory=list, max_length=50)
    message: Text | None = None
    note: Text | None = None
    reason_codes: list[Name] = Field(default_factory=list, max_length=50)


class DecisionIn(VerdictIn):
    """A verdict under a claim."""

    token: int = Field(ge=1, le=LARGEST)


class SupersedeIn(VerdictIn):
    """A verdict that overturns a decision, and why."""

    reason: Note


class DraftIn(Shape):
    """What was typed so far; kept as it is and given back with the item."""

    draft: dict[str, Any]


class GiveBackIn(Shape):
    """Why an item is given back: one of the queue's reasons, if it has any, and a note for whoever is next."""

    reason: Annotated[str, Field(max_length=200)] | None = None
    note: Note | None = None


class ReserveIn(Shape):
    """Of which queue the next item is wanted; none for any of the person's."""

    queue: Name | None = None


class HoldIn(GiveBackIn):
    """Why an item is kept for later."""


class EscalateIn(GiveBackIn):
    """Why an item is passed up."""


class HandOverIn(Shape):
    """Who gets the item: a person's id or e-mail address."""

    to: PersonName
    note: Note | None = None


class SecondOpinionIn(Shape):
    """What is doubtful, for whoever looks next."""

    note: Note
