"""Interruptions of the OpenAI Agents SDK are settled at the desk, with a model that says what it was told to say."""

import json
from typing import Any

import pytest
from agents import Agent, RunConfig, Runner, function_tool

from proofdesk_client import AsyncClient, NotYetDecided
from proofdesk_client.adapters.openai_agents import Approvals
from proofdesk_client.calls import Review
from tests.client.looping import run_async
from tests.client.reviewer import Reviewer
from tests.client.scripted import ScriptedAgentModel
from tests.factories.site import Site

REVIEW = Review(task_type="refunds", run="ticket-17", timeout=20)
ORDER = {"order": "o-1", "amount": 70}
LESS = {"order": "o-1", "amount": 7}


class Desk:
    """An agent that pays refunds when it may."""

    def __init__(self, url: str, site: Site, *turns: list[dict[str, Any]]) -> None:
        self.url, self.key = url, site.keys["all"]
        self.paid: list[tuple[str, int]] = []
        self.model = ScriptedAgentModel(list(turns))

        @function_tool(needs_approval=True)
        def refund(order: str, amount: int) -> str:
            self.paid.append((order, amount))
            return f"paid {amount}"

        self.agent: Agent[Any] = Agent("till", model=self.model, tools=[refund])

    def run(self, review: Review = REVIEW) -> Any:
        """Run the agent to its end; return its output."""

        async def run() -> Any:
            async with AsyncClient(self.url, self.key) as client:
                approvals = Approvals(client, review)
                result = await Runner.run(self.agent, "Mend it.", run_config=RunConfig(tracing_disabled=True))
                while result.interruptions:
                    state = await approvals.settle(result)
                    result = await Runner.run(self.agent, state, run_config=RunConfig(tracing_disabled=True))
                return result.final_output

        return run_async(run)


def test_an_approved_call_runs(url: str, site: Site, ada: Reviewer) -> None:
    desk = Desk(url, site, [ORDER])
    ada.judges("approve")
    assert desk.run() == "Done."
    assert desk.paid == [("o-1", 70)]


def test_a_rejected_call_does_not_run_and_the_model_learns_why(url: str, site: Site, ada: Reviewer) -> None:
    desk = Desk(url, site, [ORDER])
    ada.judges("reject", message="The order is older than a year.")
    assert desk.run() == "Done."
    assert desk.paid == []
    assert "older than a year" in desk.model.told[0]


def test_an_answer_in_place_of_the_call_reaches_the_model_alone(url: str, site: Site, ada: Reviewer) -> None:
    desk = Desk(url, site, [ORDER])
    ada.judges(actions=[{"call_id": "call-1", "verb": "respond", "message": "It was paid on Monday."}])
    desk.run()
    assert desk.paid == []
    assert desk.model.told == ["It was paid on Monday."]


def test_an_edited_call_is_made_again_and_let_through_once(url: str, site: Site, ada: Reviewer) -> None:
    desk = Desk(url, site, [ORDER], [LESS])
    ada.judges(actions=[{"call_id": "call-1", "verb": "edit", "args": LESS}])
    assert desk.run() == "Done."
    assert desk.paid == [("o-1", 7)]
    assert json.dumps(LESS) in desk.model.told[0]
    assert len(site.call("GET", "/submissions").body["data"]) == 1


def test_who_makes_the_edited_call_a_second_time_is_asked_about_again(url: str, site: Site, ada: Reviewer) -> None:
    desk = Desk(url, site, [ORDER], [LESS], [LESS])
    ada.judges(actions=[{"call_id": "call-1", "verb": "edit", "args": LESS}])
    ada.judges("reject")
    desk.run()
    assert desk.paid == [("o-1", 7)]


def test_each_of_several_calls_gets_its_own_verdict(url: str, site: Site, ada: Reviewer) -> None:
    desk = Desk(url, site, [ORDER, {"order": "o-2", "amount": 1}])
    ada.judges(
        actions=[{"call_id": "call-1", "verb": "reject", "message": "No."}, {"call_id": "call-2", "verb": "approve"}]
    )
    desk.run()
    assert desk.paid == [("o-2", 1)]


def test_what_nobody_decides_in_time_is_said_and_can_be_asked_for_again(url: str, site: Site, ada: Reviewer) -> None:
    with pytest.raises(NotYetDecided):
        Desk(url, site, [ORDER]).run(Review("refunds", "ticket-17", timeout=0))
    ada.judges("approve")
    desk = Desk(url, site, [ORDER])
    assert desk.run() == "Done."
    assert desk.paid == [("o-1", 70)]
    assert len(site.call("GET", "/submissions").body["data"]) == 1
