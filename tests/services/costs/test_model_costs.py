"""What models cost: by the list as it was known, what a provider reported before it, and beside review in reports."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND
from app.costs.models import LlmCall
from app.costs.rules import Tier
from app.costs.rules.price_lists import Listed
from app.costs.service import Kept, PriceRefused, keep_calls, price_unpriced, record_prices
from app.kernel.clock import read_now
from app.reports.cost_query import CostQuery
from app.reports.costs import CostReport, read_costs
from app.submissions.models import Submission
from tests.factories.people import add_person, add_rate
from tests.factories.reviewing import begin_earlier, hand_in, put_back, take
from tests.factories.work import add_item, add_task_type, send

CHEAP = Tier(0, Decimal("2.5"), Decimal(10))
CALL = {"provider": "openai", "model": "gpt-x", "input_tokens": 1_000_000, "output_tokens": 100_000}


@pytest.fixture
def submission(session: Session, workspace: UUID) -> UUID:
    """A submission that waits."""
    add_task_type(session, workspace)
    return add_item(session, workspace).submission_id


def keep(session: Session, workspace: UUID, submission: UUID, *calls: Mapping[str, Any]) -> None:
    now = read_now(session)
    keep_calls(session, now=now, workspace_id=workspace, calls=[(submission, call) for call in calls])


def listed(session: Session, workspace: UUID, tier: Tier = CHEAP, *, since: datetime | None = None) -> Kept:
    prices = [Listed("openai", "gpt-x", "equals", (tier,))]
    day = since or read_now(session) - timedelta(days=7)
    return record_prices(
        session, actor=COMMAND, workspace_id=workspace, prices=prices, valid_from=day, source="the vendor's page"
    )


def amounts(session: Session) -> list[tuple[Decimal | None, Decimal | None]]:
    calls = session.scalars(select(LlmCall).order_by(LlmCall.id).execution_options(populate_existing=True))
    return [(call.amount, call.list_amount) for call in calls]


def report(session: Session, workspace: UUID, *words: str, **asked: Any) -> CostReport:
    query = CostQuery(words, since=None, until=None, tz="UTC", **{"as_of": read_now(session), **asked})
    return read_costs(session, workspace_id=workspace, query=query)


def test_a_call_is_priced_once_by_the_list_and_keeps_what_was_reported(
    session: Session, workspace: UUID, submission: UUID
) -> None:
    listed(session, workspace)
    keep(session, workspace, submission, CALL, {**CALL, "cost": {"amount": "3.1", "currency": "USD"}})
    assert amounts(session) == [(None, Decimal("3.5")), (Decimal("3.1"), Decimal("3.5"))]
    listed(session, workspace, Tier(0, Decimal(5), Decimal(10)))
    assert amounts(session) == [(None, Decimal("3.5")), (Decimal("3.1"), Decimal("3.5"))]
    total = report(session, workspace).total
    assert (total.llm_cost, total.llm_unpriced) == ({"USD": Decimal("6.60")}, 0)


def test_a_failed_call_that_was_billed_counts_and_an_unknown_model_is_told(
    session: Session, workspace: UUID, submission: UUID
) -> None:
    listed(session, workspace)
    keep(session, workspace, submission, {**CALL, "status": "error"}, {**CALL, "model": "unheard-of"})
    total = report(session, workspace).total
    assert (total.llm_cost, total.llm_unpriced) == ({"USD": Decimal("3.50")}, 1)


def test_what_had_no_price_gets_one_with_the_list_and_a_report_as_of_before_stays(
    session: Session, workspace: UUID, submission: UUID
) -> None:
    keep(session, workspace, submission, *[CALL] * 3)
    before = read_now(session)
    listed(session, workspace)
    assert price_unpriced(session, workspace_id=workspace) == (3, None)
    assert price_unpriced(session, workspace_id=workspace) == (0, None)
    assert report(session, workspace).total.llm_cost == {"USD": Decimal("10.50")}
    then = report(session, workspace, as_of=before).total
    assert (then.llm_cost, then.llm_unpriced) == ({}, 3)


def test_a_call_goes_by_the_price_of_its_day(session: Session, workspace: UUID, submission: UUID) -> None:
    now = read_now(session)
    listed(session, workspace)
    listed(session, workspace, Tier(0, Decimal(5), Decimal(10)), since=now - timedelta(days=1))
    old = (now - timedelta(days=3)).isoformat()
    keep(session, workspace, submission, {**CALL, "called_at": old}, CALL)
    assert [by_list for _, by_list in amounts(session)] == [Decimal("3.5"), Decimal("6")]


def test_the_same_list_again_adds_nothing_and_a_changed_price_one(session: Session, workspace: UUID) -> None:
    today = read_now(session)
    assert listed(session, workspace) == Kept(1, 0)
    assert listed(session, workspace, since=today) == Kept(0, 1)
    assert listed(session, workspace, Tier(0, Decimal(5), Decimal(10)), since=today) == Kept(1, 0)
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text("UPDATE llm_prices SET currency = 'EUR'"))


@pytest.mark.parametrize("tiers", [(Tier(5, Decimal(1), None),), (CHEAP, CHEAP), (Tier(0, None, None),)])
def test_tiers_that_do_not_rise_from_nothing_or_say_nothing_are_refused(
    session: Session, workspace: UUID, tiers: tuple[Tier, ...]
) -> None:
    with pytest.raises(PriceRefused):
        record_prices(
            session,
            actor=COMMAND,
            workspace_id=workspace,
            prices=[Listed(None, "m", "equals", tiers)],
            valid_from=read_now(session),
            source="x",
        )


def test_attributes_of_a_span_are_a_call(session: Session, workspace: UUID, submission: UUID) -> None:
    listed(session, workspace)
    span = {
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-x-latest",
        "gen_ai.response.model": "gpt-x",
        "gen_ai.response.id": "r1",
        "gen_ai.usage.input_tokens": 1_000_000,
        "gen_ai.usage.output_tokens": 100_000,
        "gen_ai.usage.cache_read.input_tokens": 10,
        "gen_ai.usage.cache_creation.input_tokens": 20,
        "gen_ai.usage.reasoning.output_tokens": 30,
        "server.address": "example.org",
        "error.type": "timeout",
    }
    keep(session, workspace, submission, span, span)
    (call,) = session.scalars(select(LlmCall))
    assert (call.provider, call.model, call.response_id, call.status) == ("openai", "gpt-x", "r1", "error")
    assert (call.cached_input_tokens, call.cache_write_input_tokens, call.reasoning_tokens) == (10, 20, 30)
    assert call.list_amount == Decimal("3.5")


def test_usage_as_a_whole_counts_where_no_call_came_with_a_cost(
    session: Session, workspace: UUID, submission: UUID
) -> None:
    listed(session, workspace)
    keep(session, workspace, submission, CALL)
    session.execute(update(Submission).values(llm_amount=Decimal(2), llm_currency="USD"))
    assert report(session, workspace).total.llm_cost == {"USD": Decimal("2.00")}
    keep(session, workspace, submission, {**CALL, "cost": {"amount": "1", "currency": "USD"}})
    assert report(session, workspace).total.llm_cost == {"USD": Decimal("4.50")}


def test_the_parts_are_the_whole_and_every_group_adds_up(session: Session, workspace: UUID, submission: UUID) -> None:
    add_rate(session, workspace)
    listed(session, workspace)
    keep(session, workspace, submission, CALL, {**CALL, "model": "unheard-of"})
    ada = add_person(session, workspace, "ada")
    put_back(session, begin_earlier(session, take(session, workspace, ada), 50))
    hand_in(session, take(session, workspace, ada))
    send(session, workspace, confidence=1.0)
    whole = report(session, workspace)
    parts = {(part.name, part.currency): part.cost for part in whole.parts}
    assert {name for name, _ in parts} >= {"llm", "unproductive"}
    assert sum(cost for (_, currency), cost in parts.items() if currency == "EUR") == whole.total.cost["EUR"]
    for words in (("task_type",), ("model", "outcome"), ("queue", "day"), ("rule",), ("prompt_version",)):
        cut = report(session, workspace, *words)
        assert (cut.total.llm_cost, cut.total.llm_unpriced) == ({"USD": Decimal("3.50")}, 1)
        assert cut.total.accepted == sum(row.accepted for row in cut.rows) == whole.total.accepted
    assert report(session, workspace, "person").total.llm_cost == {}
