"""The table of transitions is sound: every state is reached, every step has one name, nothing leaves an end."""

from app.queue.rules import CLAIMED, STATES, TRANSITIONS, WAITING


def test_every_step_has_a_name_of_its_own() -> None:
    acts = [transition.act for transition in TRANSITIONS]
    assert len(set(acts)) == len(acts)


def test_every_state_is_reached_from_the_first() -> None:
    reached = {WAITING}
    while more := {t.after for t in TRANSITIONS if t.before in reached} - reached:
        reached |= more
    assert reached == set(STATES)


def test_only_open_states_are_left() -> None:
    assert {t.before for t in TRANSITIONS} == {WAITING, CLAIMED}


def test_a_claim_ends_exactly_when_its_item_leaves_the_claimed_state() -> None:
    assert [t.act for t in TRANSITIONS if (t.before == CLAIMED) != (t.claim_outcome is not None)] == []
