"""The table of transitions is sound: every state is reached, every step has one name, only open states are left."""

from app.queue.rules import CLAIMED, OPEN, STATES, TRANSITIONS, WAITING


def test_every_step_has_a_name_of_its_own() -> None:
    steps = [(transition.act, transition.before) for transition in TRANSITIONS]
    assert len(set(steps)) == len(steps)


def test_every_state_is_reached_from_the_first() -> None:
    reached = {WAITING}
    while more := {t.after for t in TRANSITIONS if t.before in reached} - reached:
        reached |= more
    assert reached == set(STATES)


def test_only_open_states_are_left_but_for_a_decision_that_somebody_takes_back_or_overturns() -> None:
    assert {t.before for t in TRANSITIONS if t.act not in {"undo", "supersede"}} == set(OPEN)


def test_a_claim_ends_exactly_when_its_item_leaves_the_claimed_state() -> None:
    leaves = [t for t in TRANSITIONS if t.before == CLAIMED and t.after != CLAIMED]
    assert [t.act for t in TRANSITIONS if (t in leaves) != (t.claim_outcome is not None)] == []


def test_every_claim_of_an_item_is_one_kind_of_event() -> None:
    assert {t.act for t in TRANSITIONS if t.after == CLAIMED and t.before != CLAIMED} == {"claim"}
