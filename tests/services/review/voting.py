"""Votes on one item by name, for tests of what several people come to."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.queue.models import Item
from app.review.models import Decision, Vote
from app.review.queries import OpenClaim, open_claim
from app.review.rules.verdict import Verdict
from app.review.service import Handed
from tests.factories.people import add_person
from tests.factories.reviewing import APPROVE, hand_in, take


@dataclass
class Table:
    """An item on the table, and people who come into being when they are named; Lea is a lead."""

    session: Session
    item: Item
    people: dict[str, UUID] = field(default_factory=dict)

    def person(self, name: str) -> UUID:
        if name not in self.people:
            roles = ["lead"] if name == "lea" else ["reviewer"]
            self.people[name] = add_person(self.session, self.item.workspace_id, name, roles=roles)
        return self.people[name]

    def vote(self, name: str, verdict: Verdict = APPROVE) -> Handed:
        claim = take(self.session, self.item.workspace_id, self.person(name), item_id=self.item.id)
        answer = hand_in(self.session, claim, verdict)
        assert isinstance(answer, Handed)
        self.session.refresh(self.item)
        return answer

    def sees(self, name: str) -> OpenClaim:
        """Take the item as somebody and return what she is shown."""
        claim = take(self.session, self.item.workspace_id, self.person(name), item_id=self.item.id)
        return open_claim(self.session, claim=claim)

    def decision(self) -> Decision | None:
        return self.session.scalar(select(Decision).where(Decision.item_id == self.item.id, Decision.stands))

    def counting(self) -> list[tuple[str, bool]]:
        """Return the verbs of all votes in order, with whether they count."""
        votes = self.session.scalars(
            select(Vote).where(Vote.item_id == self.item.id).order_by(Vote.at, Vote.id),
            execution_options={"populate_existing": True},
        )
        return [(v.verb, v.counts) for v in votes]
