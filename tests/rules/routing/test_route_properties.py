"""What holds for every policy and submission: order means nothing, and no rule ever lifts another."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.routing.rules.route import Route
from tests.rules.routing.policies import policy, route, rule

STRENGTH = {"pass": 0, "review": 1, "block": 2}
CONDITIONS = [
    "true",
    "false",
    "confidence < 0.5",
    "confidence >= 0.5",
    "output.n > 3",
    "output.absent == 1",
    "output.n",
]

rules = st.lists(
    st.builds(
        rule,
        st.sampled_from(CONDITIONS),
        st.sampled_from(list(STRENGTH)),
        queue=st.sampled_from([None, "finance", "legal"]),
        priority=st.none() | st.integers(0, 100),
        approvals_required=st.none() | st.integers(1, 10),
        skills=st.lists(st.sampled_from(["a", "b", "c"]), max_size=2),
        deadline=st.sampled_from([None, "PT1H", "P1D", "PT5M"]),
    ),
    max_size=6,
)
submissions = st.fixed_dictionaries(
    {
        "output": st.fixed_dictionaries({"n": st.integers(0, 6) | st.booleans()}),
        "confidence": st.none() | st.floats(0, 1),
    }
)
checks = st.fixed_dictionaries({}, optional={"threshold": st.floats(0, 1), "audit_rate": st.floats(0, 1)})
draws = st.floats(0, 1, exclude_max=True)


def named(written: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rules with names of their own."""
    return [{**one, "name": f"{one['name']} {n}"} for n, one in enumerate(written)]


def terms(decided: Route) -> tuple[object, ...]:
    """What must not depend on the order of the rules; the queue may, being the first's."""
    return (
        decided.outcome,
        decided.priority,
        decided.approvals_required,
        decided.skills,
        decided.deadline_ms,
        decided.inclusion_probability,
        frozenset(decided.fired),
    )


@given(rules, submissions, checks, draws, st.randoms())
def test_the_order_of_rules_has_no_effect(
    written: list[dict[str, Any]], submission: dict[str, Any], parts: dict[str, Any], draw: float, shuffler: Any
) -> None:
    ordered = named(written)
    shuffled = shuffler.sample(ordered, len(ordered))
    one = route(policy(rules=ordered, **parts), audit_draw=draw, **submission)
    other = route(policy(rules=shuffled, **parts), audit_draw=draw, **submission)
    assert terms(one) == terms(other)


@given(rules, rules, submissions, checks, draws)
def test_adding_rules_never_makes_a_route_weaker(
    written: list[dict[str, Any]],
    added: list[dict[str, Any]],
    submission: dict[str, Any],
    parts: dict[str, Any],
    draw: float,
) -> None:
    before = route(policy(rules=named(written), **parts), audit_draw=draw, **submission)
    after = route(policy(rules=named(written + added), **parts), audit_draw=draw, **submission)
    assert STRENGTH[after.outcome] >= STRENGTH[before.outcome]


@given(rules, submissions, checks, draws)
def test_the_probability_fits_the_reasons(
    written: list[dict[str, Any]], submission: dict[str, Any], parts: dict[str, Any], draw: float
) -> None:
    decided = route(policy(rules=named(written), **parts), audit_draw=draw, **submission)
    rate = Decimal(repr(parts.get("audit_rate", 0.0)))
    audited = any(fired.kind == "audit" for fired in decided.fired)
    expected = {"block": Decimal(0), "pass": rate, "review": rate if audited else Decimal(1)}
    assert decided.inclusion_probability == expected[decided.outcome]
    if decided.outcome == "pass":
        assert Decimal(draw) >= rate
    if audited:
        assert Decimal(draw) < rate


@given(submissions, checks)
def test_the_same_facts_take_the_same_route(submission: dict[str, Any], parts: dict[str, Any]) -> None:
    compiled = policy(rules=[rule("output.n > 3")], **parts)
    assert route(compiled, **submission) == route(compiled, **submission)
