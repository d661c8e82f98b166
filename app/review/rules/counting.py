"""How votes make a decision: which of them stand, when enough people agree, and when a lead has to settle it.

Promises: only distinct people count, a decision rests on exactly as many as it needs, and an edit lets the votes before
it count no more, because they were for another text. With reviewers who do not see each other every vote is for the
model's own text, so there all stand. Pure; called by voting, by taking back and by the checks in tests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

APPROVING: Final = frozenset({"approve", "correct"})
# What is drawn for two reviewers is never decided by one.
BLIND_PEOPLE: Final = 2


@dataclass(frozen=True)
class Ballot:
    """A vote as counting sees it. Two with the same verb and `answer` come to the same thing."""

    person_id: UUID
    verb: str
    answer: bytes = b""


@dataclass(frozen=True)
class Terms:
    """What an item asks for: how many who approve or reject, and how many may disagree before a lead settles it."""

    approvals: int
    rejections: int
    reviews_max: int
    blind: bool = False


@dataclass(frozen=True)
class Count:
    """What the votes come to.

    `result` is "decided" by the last vote, "disagreed" when a lead has to settle it, else "open". `grounds` are the
    places, among the votes counted, of those that the decision rests on; `missing` is how many more there have to be
    at the least while it is open.
    """

    result: Literal["open", "decided", "disagreed"]
    grounds: tuple[int, ...] = ()
    missing: int = 0


def standing(ballots: Sequence[Ballot], *, blind: bool) -> list[int]:
    """Return the places of the votes that count, of all that were given, in order.

    A person counts once, with what she said last.
    """
    first = 0 if blind else max((n for n, b in enumerate(ballots) if b.verb == "correct"), default=0)
    newest = {b.person_id: n for n, b in enumerate(ballots) if n >= first}
    return sorted(newest.values())


def count(votes: Sequence[Ballot], terms: Terms) -> Count:
    """Count the votes that stand; the last of them is the one that was just given."""
    return _count_blind(votes, terms) if terms.blind else _count_open(votes, terms)


def _count_open(votes: Sequence[Ballot], terms: Terms) -> Count:
    if not votes:
        return Count("open", missing=min(terms.approvals, terms.rejections))
    last = len(votes) - 1
    approve = tuple(n for n, v in enumerate(votes) if v.verb in APPROVING)
    reject = tuple(n for n, v in enumerate(votes) if v.verb == "reject")
    if votes[last].verb == "respond":
        # An answer takes the place of the output; there is nothing in it that a second person could approve.
        return Count("decided", (last,))
    if len(approve) >= terms.approvals:
        return Count("decided", approve)
    if len(reject) >= terms.rejections:
        return Count("decided", reject)
    if approve and reject and len(votes) >= terms.reviews_max:
        return Count("disagreed")
    return Count("open", missing=min(terms.approvals - len(approve), terms.rejections - len(reject)))


def _count_blind(votes: Sequence[Ballot], terms: Terms) -> Count:
    groups: dict[tuple[str, bytes], list[int]] = {}
    for n, vote in enumerate(votes):
        groups.setdefault((vote.verb, vote.answer), []).append(n)
    if not groups:
        return Count("open", missing=BLIND_PEOPLE)
    for (verb, _), members in groups.items():
        if len(members) >= _quota(verb, terms):
            return Count("decided", tuple(members))
    if len(groups) > 1 and len(votes) >= terms.reviews_max:
        return Count("disagreed")
    return Count("open", missing=min(_quota(verb, terms) - len(members) for (verb, _), members in groups.items()))


def _quota(verb: str, terms: Terms) -> int:
    """Return how many have to say the same with this verb."""
    asked = terms.approvals if verb in APPROVING else terms.rejections if verb == "reject" else BLIND_PEOPLE
    return max(BLIND_PEOPLE, asked)
