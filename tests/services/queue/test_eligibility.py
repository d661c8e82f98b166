"""Whatever an item asks and whoever somebody is: the doctor has no reason exactly when the line hands the item out."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND, Actor
from app.identity.service import AccessChange, GroupTerms, change_access, create_group
from app.kernel.clock import read_now
from app.queue.models import Item, Queue
from app.reports.doctor import diagnose_item, diagnose_person, diagnose_queue
from app.review.service import NothingToClaim, pause_reviewer, take_item
from tests.factories.people import add_person
from tests.factories.work import add_item, add_task_type

SKILLS: Final = ("refunds", "german")
WHO: Final = ("ada", "bob", "group")
SOME: Final = st.lists(st.sampled_from(WHO), unique=True)
ITEMS: Final = st.fixed_dictionaries(
    {
        "skills": st.lists(st.sampled_from(SKILLS), unique=True),
        "for_lead": st.booleans(),
        "candidates": st.none() | SOME,
        "barred": SOME,
        "voters": st.lists(st.sampled_from(("ada", "bob")), unique=True),
        "skipped_by": st.lists(st.sampled_from(("ada", "bob")), unique=True),
        "assigned_to": st.none() | st.sampled_from(("ada", "bob")),
    }
)
PEOPLE: Final = st.fixed_dictionaries(
    {
        "roles": st.sampled_from((["reviewer"], ["lead"])),
        "skills": st.lists(st.sampled_from(SKILLS), unique=True),
        "queues": st.sampled_from(([], ["default"], ["finance"])),
        "grouped": st.booleans(),
        "group_skills": st.lists(st.sampled_from(SKILLS), unique=True),
        "paused": st.booleans(),
    }
)
# Most things are usually as they should be; otherwise nearly no case would hand anything out.
QUEUE_PAUSED: Final = st.sampled_from((False, False, False, True))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=ITEMS, who=PEOPLE, queue_paused=QUEUE_PAUSED)
def test_the_doctor_and_the_line_agree(
    session: Session, workspace: UUID, wanted: dict[str, Any], who: dict[str, Any], queue_paused: bool
) -> None:
    attempt = session.begin_nested()
    add_task_type(session, workspace)
    ada, bob = add_person(session, workspace), add_person(session, workspace, "bob")
    ids = {"ada": ada, "bob": bob, "group": _let_be(session, workspace, ada, who)}
    item = _put(session, workspace, ids, wanted, queue_paused=queue_paused)
    asked: dict[str, Any] = {"now": read_now(session), "workspace_id": workspace}
    of_ada = diagnose_person(session, **asked, person_id=ada)
    of_item = diagnose_item(session, **asked, item_id=item.id)
    of_queue = diagnose_queue(session, **asked, queue_id=item.queue_id)
    against = next(p.reasons for p in of_item.people if p.member.id == ada)
    taken = take_item(session, workspace_id=workspace, person_id=ada, actor=Actor("person", ada), channel="api")
    refused = isinstance(taken, NothingToClaim)
    assert bool(against) == refused == (of_ada.free == 0)
    if isinstance(taken, NothingToClaim):
        (counted,) = {word for word, n in taken.why.items() if n and word != "waiting"}
        assert counted in against
        assert of_ada.reasons[counted] == 1
    assert of_queue.state.waiting == 1
    attempt.rollback()
    session.expire_all()


def _let_be(session: Session, workspace: UUID, ada: UUID, who: dict[str, Any]) -> UUID:
    """Let Ada be as described; return the group that she may be in."""
    now = read_now(session)
    change = AccessChange(roles=who["roles"], skills=who["skills"], queues=who["queues"])
    change_access(session, now=now, actor=COMMAND, workspace_id=workspace, person_id=ada, change=change)
    terms = GroupTerms("clerks", skills=tuple(who["group_skills"]), members=(ada,) if who["grouped"] else ())
    group = create_group(session, now=now, actor=COMMAND, workspace_id=workspace, terms=terms)
    if who["paused"]:
        pause_reviewer(session, now=now, actor=Actor("person", ada), workspace_id=workspace, person_id=ada)
    return group.id


def _put(
    session: Session, workspace: UUID, ids: dict[str, UUID], wanted: dict[str, Any], *, queue_paused: bool
) -> Item:
    """Put one item in line that asks for what is wanted."""
    item = add_item(session, workspace)
    item.skills, item.for_lead = wanted["skills"], wanted["for_lead"]
    item.candidates = None if wanted["candidates"] is None else [ids[one] for one in wanted["candidates"]]
    item.barred = [ids[one] for one in wanted["barred"]]
    item.bar_reasons = {ids[one].hex: "excluded" for one in wanted["barred"]}
    item.voters, item.skipped_by = ([ids[one] for one in wanted[name]] for name in ("voters", "skipped_by"))
    if wanted["assigned_to"] is not None:
        item.assigned_to = ids[wanted["assigned_to"]]
        item.assigned_until = read_now(session) + timedelta(hours=1)
    if queue_paused:
        session.get_one(Queue, item.queue_id).paused_at = read_now(session)
    session.flush()
    return item
