"""Twenty-odd ways in which nothing moves, each made as it comes about in real life.

A deadlock is made by a function that is called with a scene; it returns the item that does not move. What the doctor
has to say of it stands beside it: the reason for Ada, the reasons of the queue, those of the item as a whole.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import COMMAND, Actor
from app.identity.service import (
    AccessChange,
    GroupTerms,
    change_access,
    create_group,
    disable_person,
)
from app.kernel.clock import read_now
from app.queue.models import Claim, Item
from app.review.service import assign_item, hold, pause_reviewer, reserve_ahead
from tests.factories.people import add_person
from tests.factories.reviewing import APPROVE, correct, hand_in, put_back, run_out, take
from tests.factories.timing import let_pass, set_queue
from tests.factories.work import add_item, add_policy


@dataclass
class Scene:
    """A workspace with Ada, who reviews."""

    session: Session
    workspace_id: UUID
    ada: UUID

    def person(self, name: str, *roles: str, **access: Any) -> UUID:
        """Let somebody join."""
        return add_person(self.session, self.workspace_id, name, roles=roles or ("reviewer",), **access)

    def put(self, **body: Any) -> Item:
        """Put something in line."""
        return add_item(self.session, self.workspace_id, **body)

    def take(self, person_id: UUID) -> Claim:
        """Let somebody claim what comes next."""
        return take(self.session, self.workspace_id, person_id)

    def change(self, person_id: UUID, **change: Any) -> None:
        """Change somebody's access."""
        change_access(
            self.session,
            now=read_now(self.session),
            actor=COMMAND,
            workspace_id=self.workspace_id,
            person_id=person_id,
            change=AccessChange(**change),
        )

    def group(self, name: str, *members: UUID, **terms: Any) -> UUID:
        """Make a group."""
        return create_group(
            self.session,
            now=read_now(self.session),
            actor=COMMAND,
            workspace_id=self.workspace_id,
            terms=GroupTerms(name, members=members, **terms),
        ).id

    def needing(self, *skills: str) -> None:
        """Let everything that comes in need these skills."""
        rules = [{"name": "all", "when": "true", "outcome": "review", "skills": list(skills)}]
        add_policy(self.session, self.workspace_id, rules=rules)

    def acting(self, person_id: UUID) -> dict[str, Any]:
        """Return who acts, for a service of the flow out."""
        return {"actor": Actor("person", person_id), "workspace_id": self.workspace_id, "person_id": person_id}


Make = Callable[[Scene], Item]


@dataclass(frozen=True)
class Deadlock:
    """What does not move, and what the doctor has to say: `ada` of her, `queue` and `item` of those."""

    make: Make
    ada: str
    queue: frozenset[str]
    item: frozenset[str]


DEADLOCKS: Final[dict[str, Deadlock]] = {}


def _deadlock(ada: str, queue: str, item: str) -> Callable[[Make], Make]:
    def keep(make: Make) -> Make:
        DEADLOCKS[make.__name__] = Deadlock(make, ada, frozenset(queue.split()), frozenset(item.split()))
        return make

    return keep


@_deadlock("nothing_waiting", "nothing_waiting", "closed")
def everything_is_decided(scene: Scene) -> Item:
    item = scene.put()
    hand_in(scene.session, scene.take(scene.ada), APPROVE)
    return item


@_deadlock("claimed_by_others", "nothing_waiting claimed_by_others", "claimed_by_others")
def a_colleague_has_it(scene: Scene) -> Item:
    item = scene.put()
    scene.take(scene.person("bob"))
    return item


@_deadlock("held_by_others", "nothing_waiting held_by_others", "held_by_others")
def a_colleague_keeps_it(scene: Scene) -> Item:
    item, bob = scene.put(), scene.person("bob")
    hold(scene.session, **scene.acting(bob), claim_id=scene.take(bob).id)
    return item


@_deadlock("reserved_for_others", "nothing_waiting reserved_for_others", "reserved_for_others")
def it_is_kept_ready_for_a_colleague(scene: Scene) -> Item:
    item = scene.put()
    reserve_ahead(scene.session, **scene.acting(scene.person("bob")))
    return item


@_deadlock("lease_overdue", "nothing_waiting lease_overdue", "lease_overdue")
def a_lease_ran_out_and_nobody_swept(scene: Scene) -> Item:
    item = scene.put()
    run_out(scene.session, scene.take(scene.person("bob")), 60)
    return item


@_deadlock("other_queue", "nobody_eligible other_queue", "nobody_eligible")
def nobody_works_the_queue(scene: Scene) -> Item:
    scene.change(scene.ada, queues=["finance"])
    return scene.put()


@_deadlock("other_queue", "nobody_eligible other_queue", "nobody_eligible")
def a_group_narrows_her_to_another_queue(scene: Scene) -> Item:
    scene.group("night", scene.ada, queues=("night",))
    return scene.put()


@_deadlock("queue_paused", "queue_paused", "queue_paused")
def the_queue_is_paused(scene: Scene) -> Item:
    item = scene.put()
    set_queue(scene.session, scene.workspace_id, paused=True)
    return item


@_deadlock("missing_skill", "nobody_eligible missing_skill", "nobody_eligible")
def nobody_has_the_skill(scene: Scene) -> Item:
    scene.needing("refunds")
    return scene.put()


@_deadlock("missing_skill", "nobody_present missing_skill", "nobody_present")
def only_somebody_absent_has_the_skill(scene: Scene) -> Item:
    scene.group("clerks", scene.person("bob"), skills=("refunds",))
    scene.needing("refunds")
    return scene.put()


@_deadlock("voted_already", "nobody_eligible voted_already", "nobody_eligible")
def two_have_to_approve_and_there_is_one(scene: Scene) -> Item:
    item = scene.put(approvals_required=2)
    hand_in(scene.session, scene.take(scene.ada), APPROVE)
    return item


@_deadlock("editor", "nobody_eligible editor voted_already", "nobody_eligible")
def each_edited_it_and_nobody_else_can_approve(scene: Scene) -> Item:
    item, bob = scene.put(approvals_required=2), scene.person("bob")
    hand_in(scene.session, scene.take(scene.ada), correct("Basel"))
    hand_in(scene.session, scene.take(bob), correct("Thun"))
    return item


@_deadlock("sender", "nobody_eligible sender", "nobody_eligible")
def she_skipped_what_goes_to_others(scene: Scene) -> Item:
    set_queue(scene.session, scene.workspace_id, skip_policy="others")
    item = scene.put()
    put_back(scene.session, scene.take(scene.ada), "skip")
    return item


@_deadlock("requester", "nobody_eligible requester", "nobody_eligible")
def she_asked_for_it_herself(scene: Scene) -> Item:
    return scene.put(requested_by={"agent": "bot", "on_behalf_of": "ada@example.org"})


@_deadlock("key_owner", "nobody_eligible key_owner", "nobody_eligible")
def her_own_key_sent_it(scene: Scene) -> Item:
    return scene.put(key_owner=scene.ada)


@_deadlock("excluded", "nobody_eligible excluded", "nobody_eligible")
def her_group_is_excluded(scene: Scene) -> Item:
    scene.group("finance", scene.ada)
    return scene.put(excluded=["finance"])


@_deadlock("not_candidate", "nobody_present not_candidate", "nobody_present")
def others_are_the_candidates(scene: Scene) -> Item:
    scene.person("bob")
    return scene.put(candidates={"users": ["bob@example.org"]})


@_deadlock("not_candidate", "nobody_eligible not_candidate", "nobody_eligible")
def the_candidates_are_nobody_here(scene: Scene) -> Item:
    return scene.put(candidates={"users": ["user:42"]})


@_deadlock("not_candidate", "nobody_eligible not_candidate excluded", "nobody_eligible")
def the_only_candidate_is_excluded(scene: Scene) -> Item:
    scene.person("bob")
    return scene.put(candidates={"users": ["bob@example.org"]}, excluded=["bob@example.org"])


@_deadlock("assigned_to_others", "nobody_present assigned_to_others", "nobody_present assigned_to_others")
def it_was_given_to_somebody_absent(scene: Scene) -> Item:
    item, lena = scene.put(), scene.person("lena", "lead")
    scene.person("bob")
    who: dict[str, Any] = {"actor": Actor("person", lena), "workspace_id": scene.workspace_id, "by": lena}
    return assign_item(scene.session, **who, item_id=item.id, to="bob@example.org")


@_deadlock("for_lead", "nobody_eligible for_lead", "nobody_eligible")
def only_a_lead_may_and_there_is_none(scene: Scene) -> Item:
    item = scene.put()
    item.for_lead = True
    scene.session.flush()
    return item


@_deadlock("at_capacity", "nobody_present at_capacity held_by_others", "nobody_present")
def she_has_her_hands_full(scene: Scene) -> Item:
    scene.put()
    scene.change(scene.ada, capacity=1)
    hold(scene.session, **scene.acting(scene.ada), claim_id=scene.take(scene.ada).id)
    return scene.put()


@_deadlock("paused", "nobody_present paused", "nobody_present")
def she_paused_and_nobody_else_is_there(scene: Scene) -> Item:
    pause_reviewer(scene.session, now=read_now(scene.session), **scene.acting(scene.ada), reason="break")
    return scene.put()


@_deadlock("disabled", "nobody_eligible disabled", "nobody_eligible")
def she_is_disabled(scene: Scene) -> Item:
    disable_person(session=scene.session, now=read_now(scene.session), actor=COMMAND, person_id=scene.ada)
    return scene.put()


@_deadlock("no_review_right", "nobody_eligible no_review_right", "nobody_eligible")
def her_role_may_not_review(scene: Scene) -> Item:
    scene.change(scene.ada, roles=["finance"])
    return scene.put()


@_deadlock("missing_skill", "nobody_eligible missing_skill past_due", "nobody_eligible past_due timer_overdue")
def its_time_is_up_and_no_sweeper_runs(scene: Scene) -> Item:
    scene.needing("refunds")
    item = scene.put(deadline="PT1H", on_timeout="reject")
    return let_pass(scene.session, item, seconds=timedelta(hours=2).total_seconds())
