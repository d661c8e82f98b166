"""Who is told about an item, what an answer to a message means, and how a hook's address is shown."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.delivery.rules.retries import Answer
from app.delivery.rules.urls import EndpointRefused
from app.notifications.rules.audience import AT_MOST, Colleague, Standing, choose, is_concerned, may_take
from app.notifications.rules.hooks import HookRefused, check_kinds, mask
from app.notifications.rules.kinds import BREACHED, DUE, DUE_SOON, ESCALATED, HANDED_OVER, PARKED, SENT, WAITING
from app.notifications.rules.retries import WAITS_SECONDS, Tried, judge, read_answer

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ADA, BEN, GROUP = (UUID(int=n) for n in (1, 2, 3))
ITEM = Standing(
    item_id=UUID(int=9),
    task_type="address",
    queue="default",
    state="waiting",
    due_at=NOW,
    zone=None,
    skills=frozenset({"tax"}),
    voters=frozenset(),
    barred=frozenset(),
    candidates=None,
    for_lead=False,
    assigned_to=None,
    holder=None,
)


def person(person_id: UUID = ADA, **parts: Any) -> Colleague:
    """Return somebody who knows taxes and works every queue."""
    values: dict[str, Any] = {
        "name": "Ada",
        "email": "ada@acme.example",
        "groups": frozenset(),
        "skills": frozenset({"tax"}),
        "queues": frozenset(),
        "lead": False,
        **parts,
    }
    return Colleague(person_id=person_id, **values)


def test_whoever_fits_may_take_it() -> None:
    assert may_take(ITEM, person())
    assert may_take(replace(ITEM, candidates=frozenset({GROUP})), person(groups=frozenset({GROUP})))
    assert may_take(replace(ITEM, assigned_to=ADA), person(queues=frozenset({"other"})))


@pytest.mark.parametrize(
    ("item", "who"),
    [
        (ITEM, person(skills=frozenset())),
        (ITEM, person(queues=frozenset({"other"}))),
        (replace(ITEM, voters=frozenset({ADA})), person()),
        (replace(ITEM, barred=frozenset({GROUP})), person(groups=frozenset({GROUP}))),
        (replace(ITEM, candidates=frozenset({BEN})), person()),
        (replace(ITEM, for_lead=True), person()),
        (replace(ITEM, assigned_to=BEN), person()),
        (replace(ITEM, state="claimed", holder=BEN), person()),
        (replace(ITEM, state="decided"), person()),
    ],
)
def test_whoever_does_not_fit_may_not_and_is_not_told_that_it_is_due(item: Standing, who: Colleague) -> None:
    assert not may_take(item, who)
    assert not is_concerned(DUE_SOON, item, who)


def test_only_the_holder_is_told_that_what_she_holds_is_due() -> None:
    held = replace(ITEM, state="held", holder=BEN)
    assert [p.person_id for p in choose(DUE_SOON, held, [person(), person(BEN)])] == [BEN]


def test_leads_of_the_queue_and_the_holder_learn_of_a_breach_and_leads_alone_of_an_escalation() -> None:
    claimed = replace(ITEM, state="claimed", holder=BEN)
    people = [person(lead=True), person(BEN), person(GROUP, lead=True, queues=frozenset({"other"}))]
    assert [p.person_id for p in choose(BREACHED, claimed, people)] == [BEN, ADA]
    assert [p.person_id for p in choose(ESCALATED, claimed, people)] == [ADA]


def test_a_hand_over_concerns_its_person_until_she_took_it_or_it_was_taken_from_her() -> None:
    handed = replace(ITEM, assigned_to=ADA)
    assert is_concerned(HANDED_OVER, handed, person())
    assert not is_concerned(HANDED_OVER, handed, person(BEN))
    assert not is_concerned(HANDED_OVER, replace(handed, state="claimed", holder=ADA), person())
    assert not is_concerned(HANDED_OVER, ITEM, person())


def test_those_who_are_there_come_first_and_not_everybody_is_told() -> None:
    crowd = [person(UUID(int=100 + n), seen_at=NOW - timedelta(minutes=n)) for n in range(AT_MOST)]
    away = person(ADA, paused=True, seen_at=NOW)
    never = person(BEN)
    told = choose(DUE_SOON, ITEM, [never, away, *reversed(crowd)])
    assert told == crowd


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Answer(200, 1), SENT),
        (Answer(204, 1), SENT),
        (Answer(302, 1), DUE),
        (Answer(429, 1), DUE),
        (Answer(500, 1), DUE),
        (Answer(None, 1, problem="timed out"), DUE),
        (Answer(None, 1, problem="url refused"), PARKED),
        (Answer(400, 1), PARKED),
        (Answer(404, 1), PARKED),
        (Answer(410, 1), PARKED),
    ],
)
def test_each_answer_of_a_chat_has_its_meaning(answer: Answer, state: str) -> None:
    assert judge(read_answer(answer), tries=1, draw=0.5).state == state
    assert read_answer(answer).gone == (answer.status_code in {404, 410})


def test_tries_grow_apart_and_end() -> None:
    failed = Tried(sent=False, problem="failed")
    waits = [judge(failed, tries=n, draw=0.5).wait_seconds for n in range(1, len(WAITS_SECONDS))]
    assert waits == list(WAITS_SECONDS[1:])
    assert judge(failed, tries=len(WAITS_SECONDS), draw=0.5).state == PARKED
    assert judge(replace(failed, retry_after_seconds=900), tries=1, draw=0.5).wait_seconds == 900
    assert judge(replace(failed, retry_after_seconds=10**9), tries=1, draw=0.5).wait_seconds == 86_400


def test_a_hooks_address_is_shown_without_its_secret() -> None:
    url = "https://hooks.chat.example/services/T000/B000/XXXXXXXXXXXXXXXXXXXXabcd"
    assert mask(url, allow_private=False) == "https://hooks.chat.example/…abcd"
    assert mask("https://chat.example/h/12345678", allow_private=False) == "https://chat.example/…"
    with pytest.raises(EndpointRefused):
        mask("http://10.0.0.1/hook", allow_private=False)


def test_a_hook_has_kinds_and_known_ones_only() -> None:
    assert check_kinds([WAITING, HANDED_OVER, WAITING]) == [HANDED_OVER, WAITING]
    for bad in ([], ["gossip"]):
        with pytest.raises(HookRefused):
            check_kinds(bad)
