"""Deferred tools of Pydantic AI are decided at the desk, with a model that says what it was told to say."""

from typing import Any

import pytest
from pydantic_ai import Agent, CallDeferred, DeferredToolRequests
from pydantic_ai.capabilities import HandleDeferredToolCalls
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from app.kernel.ids import show
from proofdesk_client import AsyncClient, NotYetDecided
from proofdesk_client.adapters.pydantic_ai import reviewed, settle
from proofdesk_client.calls import Review
from tests.client.looping import run_async
from tests.client.reviewer import Reviewer
from tests.factories.site import Site

ORDER = {"order": "o-1", "amount": 70}


class Desk:
    """An agent that pays refunds when it may, asks people, and has other programs do things."""

    def __init__(self, url: str, site: Site, *calls: tuple[str, dict[str, Any]]) -> None:
        self.url, self.key = url, site.keys["all"]
        self.paid: list[tuple[str, int]] = []
        self.told: list[Any] = []
        self.calls = calls

    def _say(self, messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
        self.told = [part.content for message in messages for part in message.parts if isinstance(part, ToolReturnPart)]
        if self.told:
            return ModelResponse([TextPart("Done.")])
        return ModelResponse([ToolCallPart(name, args, f"call-{n}") for n, (name, args) in enumerate(self.calls)])

    def agent(self, *capabilities: Any) -> Agent[None, Any]:
        """Return the agent; what no capability settles ends its run."""
        agent = Agent(
            FunctionModel(self._say), output_type=[str, DeferredToolRequests], capabilities=list(capabilities)
        )

        @agent.tool_plain(requires_approval=True)
        def refund(order: str, amount: int) -> str:
            self.paid.append((order, amount))
            return f"paid {amount}"

        @agent.tool_plain
        def ask_user(question: str) -> str:
            raise CallDeferred(kind="question")

        @agent.tool_plain
        def render(page: str) -> str:
            raise CallDeferred

        return agent

    def run(self, **how: Any) -> Any:
        """Run the agent to its end with the desk at its side; return its output."""

        async def run() -> Any:
            async with AsyncClient(self.url, self.key) as client:
                handler = reviewed(client, task_type="refunds", timeout=20, **how)
                return (await self.agent(HandleDeferredToolCalls(handler)).run("Mend it.")).output

        return run_async(run)


def test_an_approved_call_runs(url: str, site: Site, ada: Reviewer) -> None:
    desk = Desk(url, site, ("refund", ORDER))
    ada.judges("approve")
    assert desk.run() == "Done."
    assert desk.paid == [("o-1", 70)]
    assert desk.told == ["paid 70"]


def test_an_edited_call_runs_as_it_was_edited(url: str, site: Site, ada: Reviewer) -> None:
    desk = Desk(url, site, ("refund", ORDER))
    ada.judges(actions=[{"call_id": "call-0", "verb": "edit", "args": {**ORDER, "amount": 7}}])
    assert desk.run() == "Done."
    assert desk.paid == [("o-1", 7)]


def test_a_rejected_call_does_not_run_and_the_model_learns_why(url: str, site: Site, ada: Reviewer) -> None:
    desk = Desk(url, site, ("refund", ORDER))
    ada.judges("reject", message="The order is older than a year.")
    desk.run()
    assert desk.paid == []
    assert "older than a year" in desk.told[0]


def test_a_question_is_answered_by_a_person(url: str, site: Site, ada: Reviewer) -> None:
    desk = Desk(url, site, ("ask_user", {"question": "Which order?"}), ("refund", ORDER))
    ada.judges(
        actions=[
            {"call_id": "call-0", "verb": "respond", "message": "The blue one."},
            {"call_id": "call-1", "verb": "approve"},
        ]
    )
    desk.run()
    assert sorted(desk.told) == ["The blue one.", "paid 70"]


def test_what_another_program_has_to_do_is_left_to_it(url: str, site: Site) -> None:
    requests = Desk(url, site, ("render", {"page": "p-1"})).run()
    assert [call.tool_name for call in requests.calls] == ["render"]
    assert site.call("GET", "/submissions").body["data"] == []


def test_a_parked_run_goes_on_later_with_what_was_decided(url: str, site: Site, ada: Reviewer) -> None:
    desk = Desk(url, site, ("refund", ORDER))

    async def run() -> Any:
        parked = await desk.agent().run("Mend it.")
        async with AsyncClient(url, site.keys["all"]) as client:
            for _ in range(2):
                with pytest.raises(NotYetDecided):
                    await settle(client, parked.output, Review("refunds", "r-1", timeout=0))
            ada.judges("approve")
            results = await settle(client, parked.output, Review("refunds", "r-1", timeout=20))
        done = await desk.agent().run(message_history=parked.all_messages(), deferred_tool_results=results)
        return results.answered_by, done.output

    answered_by, output = run_async(run)
    assert output == "Done."
    assert desk.paid == [("o-1", 70)]
    assert answered_by == {"call-0": show("person", site.people["ada"])}
