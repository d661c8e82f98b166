"""Votes written as letters: a approve, c correct, r reject, p respond; a digit tells answers apart."""

import re
from uuid import UUID

from app.review.rules.counting import Ballot

VERBS = {"a": "approve", "c": "correct", "r": "reject", "p": "respond"}


def ballots(said: str) -> list[Ballot]:
    """Return one vote for each letter, each of another person."""
    found = re.findall(r"([acrp])(\d?)", said)
    return [Ballot(UUID(int=n), VERBS[verb], answer.encode()) for n, (verb, answer) in enumerate(found, start=1)]
