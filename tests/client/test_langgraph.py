"""Interrupts of real graphs, in all three schemas, are answered with what was decided at the desk."""

from collections.abc import Sequence
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain.agents.middleware.human_in_the_loop import InterruptMode
from langchain_core.messages import AIMessage, ToolCall
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Interrupt, interrupt
from typing_extensions import TypedDict

from proofdesk_client import AlreadyRun, Answered, AsyncClient, Cancelled, Client, NotYetDecided
from proofdesk_client.adapters.langgraph import aresume, resume
from proofdesk_client.calls import Call, Review
from tests.client.looping import run_async
from tests.client.reviewer import Reviewer
from tests.client.scripted import ScriptedChat
from tests.factories.site import Site

THREAD: Any = {"configurable": {"thread_id": "t-1"}}
REVIEW = Review(task_type="refunds", run="t-1", action={"risk": {"level": "high"}}, timeout=20)
ORDER = {"order": "o-1", "amount": 70}


class Desk:
    """An agent that refunds and writes letters, each only when it may."""

    def __init__(self, *calls: tuple[str, dict[str, Any]], mode: InterruptMode, allowed: Sequence[Any] = ()) -> None:
        self.done: list[tuple[str, Any]] = []

        def refund(order: str, amount: int) -> str:
            """Pay money back."""
            self.done.append((order, amount))
            return f"paid {amount}"

        def letter(text: str) -> str:
            """Send a letter."""
            self.done.append(("letter", text))
            return "sent"

        asked = [ToolCall(name=name, args=args, id=f"call-{n}") for n, (name, args) in enumerate(calls)]
        model = ScriptedChat(turns=[AIMessage("", tool_calls=asked), AIMessage("Done.")])
        gated: Any = {"allowed_decisions": list(allowed)} if allowed else True
        review = HumanInTheLoopMiddleware({"refund": gated, "letter": gated}, interrupt_mode=mode)
        self.agent: Any = create_agent(model, [refund, letter], middleware=[review], checkpointer=InMemorySaver())

    def start(self) -> Any:
        """Run up to the first interrupts."""
        return self.agent.invoke({"messages": [("user", "Mend it.")]}, THREAD, version="v2")

    def go_on(self, client: Client, result: Any, review: Review = REVIEW) -> list[str]:
        """Run to the end; return what the tools' messages say."""
        while result.interrupts:
            result = self.agent.invoke(resume(client, result.interrupts, review), THREAD, version="v2")
        return [message.content for message in result.value["messages"] if message.type == "tool"]


@pytest.mark.parametrize("mode", ["batched", "per_call"])
class TestMiddleware:
    def test_an_approved_call_runs(self, client: Client, ada: Reviewer, mode: InterruptMode) -> None:
        desk = Desk(("refund", ORDER), mode=mode)
        ada.judges("approve")
        assert desk.go_on(client, desk.start()) == ["paid 70"]
        assert desk.done == [("o-1", 70)]

    def test_an_edited_call_runs_as_it_was_edited(self, client: Client, ada: Reviewer, mode: InterruptMode) -> None:
        desk = Desk(("refund", ORDER), mode=mode)
        ada.judges_by(lambda claim: {"actions": [{**_id(claim), "verb": "edit", "args": {**ORDER, "amount": 7}}]})
        (told,) = desk.go_on(client, desk.start())
        assert told.endswith("paid 7")
        assert desk.done == [("o-1", 7)]

    def test_a_rejected_call_does_not_run_and_the_model_learns_why(
        self, client: Client, ada: Reviewer, mode: InterruptMode
    ) -> None:
        desk = Desk(("refund", ORDER), mode=mode)
        ada.judges("reject", message="The order is older than a year.")
        (told,) = desk.go_on(client, desk.start())
        assert "older than a year" in told
        assert desk.done == []

    def test_a_reviewer_may_answer_in_place_of_the_tool(
        self, client: Client, ada: Reviewer, mode: InterruptMode
    ) -> None:
        desk = Desk(("letter", {"text": "Hello"}), mode=mode)
        ada.judges_by(lambda claim: {"actions": [{**_id(claim), "verb": "respond", "message": "I rang her up."}]})
        assert desk.go_on(client, desk.start()) == ["I rang her up."]
        assert desk.done == []

    def test_each_of_several_calls_gets_its_own_verdict(
        self, client: Client, ada: Reviewer, mode: InterruptMode
    ) -> None:
        desk = Desk(("refund", ORDER), ("letter", {"text": "Hello"}), mode=mode)

        def judge(claim: Any) -> dict[str, Any]:
            verbs = {"refund": {"verb": "approve"}, "letter": {"verb": "reject", "message": "No letters."}}
            return {"actions": [{"call_id": a["call_id"], **verbs[a["name"]]} for a in claim.item["actions"]]}

        for _ in range(1 if mode == "batched" else 2):
            ada.judges_by(judge)
        told = desk.go_on(client, desk.start())
        assert len(told) == 2
        assert "paid 70" in told
        assert any("No letters." in text for text in told)
        assert desk.done == [("o-1", 70)]

    def test_the_desk_offers_no_more_verbs_than_the_graph_takes(self, client: Client, mode: InterruptMode) -> None:
        desk = Desk(("refund", ORDER), mode=mode, allowed=["approve", "reject"])
        with pytest.raises(NotYetDecided) as raised:
            resume(client, desk.start().interrupts, Review("refunds", "t-1", timeout=0))
        (action,) = client.get(raised.value.submission.id).document["actions"]
        assert action["allowed"] == ["approve", "reject"]

    def test_a_run_that_is_begun_again_asks_nobody_twice_and_runs_once(
        self, client: Client, ada: Reviewer, mode: InterruptMode
    ) -> None:
        desk = Desk(("refund", ORDER), mode=mode)
        result = desk.start()
        for _ in range(3):
            with pytest.raises(NotYetDecided):
                resume(client, result.interrupts, Review("refunds", "t-1", {"risk": {"level": "high"}}, timeout=0))
        ada.judges("approve")
        assert desk.go_on(client, result) == ["paid 70"]
        assert len(list(client.find(task_type="refunds"))) == 1
        with pytest.raises(AlreadyRun):
            resume(client, result.interrupts, REVIEW)


def test_what_the_policy_blocks_is_rejected_in_the_graph(client: Client, site: Site) -> None:
    policy = {
        "task_type": "refunds",
        "rules": [{"name": "no letters", "when": "actions.exists(a, a.name == 'letter')", "outcome": "block"}],
    }
    made = site.call("POST", "/policies", policy)
    assert site.call("POST", f"/policies/{made.body['id']}/publish").status == 200
    plain = Review("refunds", "t-1", timeout=20)
    desk = Desk(("letter", {"text": "Hello"}), mode="batched")
    (told,) = desk.go_on(client, desk.start(), plain)
    assert "The policy does not allow this call" in told
    passes = Desk(("refund", ORDER), mode="batched")
    assert passes.go_on(client, passes.start(), plain) == ["paid 70"]


def test_a_call_that_cannot_be_refused_in_the_graph_uses_up_no_grant_of_another(client: Client, ada: Reviewer) -> None:
    calls = [Call("refund", ORDER), Call("letter", {"text": "Hello"}, allowed=["approve"])]
    sent = client.follow(REVIEW.send(calls, step="s", ref={}))
    client.cancel(sent.id)
    with pytest.raises(Cancelled):
        client.follow(REVIEW.verdicts(sent, calls))
    both = [Call("refund", ORDER), Call("letter", {"text": "Hello"}, allowed=["approve", "respond"])]
    sent = client.follow(REVIEW.send(both, step="t", ref={}))
    ada.judges(
        actions=[
            {"call_id": "c1", "verb": "approve"},
            {"call_id": "c2", "verb": "respond", "message": "I rang her up."},
        ]
    )
    only_approve = [both[0], Call("letter", {"text": "Hello"}, allowed=["approve"])]
    with pytest.raises(Answered):
        client.follow(REVIEW.verdicts(sent, only_approve))
    assert [verdict.verb for verdict in client.follow(REVIEW.verdicts(sent, both))] == ["approve", "respond"]


class State(TypedDict):
    """Of the older kind of graph."""

    answer: Any


def old_graph(**config: bool) -> Any:
    """Return a graph that asks as the first Agent Inbox did."""
    asked = {
        "action_request": {"action": "refund", "args": ORDER},
        "config": {f"allow_{verb}": config.get(verb, False) for verb in ("accept", "edit", "respond", "ignore")},
        "description": "A refund",
    }
    graph = StateGraph(State)
    graph.add_node("ask", lambda _: {"answer": interrupt([asked])[0]})
    graph.add_edge(START, "ask")
    graph.add_edge("ask", END)
    return graph.compile(checkpointer=InMemorySaver())


EDIT = {"actions": [{"call_id": "c1", "verb": "edit", "args": {**ORDER, "amount": 7}}]}


@pytest.mark.parametrize(
    ("allowed", "verdict", "answer"),
    [
        ({"accept": True}, {"verb": "approve"}, {"type": "accept", "args": None}),
        (
            {"edit": True},
            EDIT,
            {"type": "edit", "args": {"action": "refund", "args": {**ORDER, "amount": 7}}},
        ),
        ({"ignore": True}, {"verb": "reject"}, {"type": "ignore", "args": None}),
        (
            {"respond": True},
            {"actions": [{"call_id": "c1", "verb": "respond", "message": "Ask again."}]},
            {"type": "response", "args": "Ask again."},
        ),
    ],
)
def test_the_older_schema_is_answered_as_agent_inbox_does(
    client: Client, ada: Reviewer, allowed: dict[str, bool], verdict: dict[str, Any], answer: dict[str, Any]
) -> None:
    graph = old_graph(**allowed)
    result = graph.invoke({"answer": None}, THREAD, version="v2")
    ada.judges(**verdict)
    done = graph.invoke(resume(client, result.interrupts, REVIEW), THREAD, version="v2")
    assert done.value["answer"] == answer


def test_the_asynchronous_twin_does_the_same(url: str, site: Site, ada: Reviewer) -> None:
    graph = old_graph(accept=True)

    async def run() -> Any:
        result = await graph.ainvoke({"answer": None}, THREAD, version="v2")
        async with AsyncClient(url, site.keys["all"]) as client:
            return await graph.ainvoke(await aresume(client, result.interrupts, REVIEW), THREAD, version="v2")

    ada.judges("approve")
    assert run_async(run).value["answer"] == {"type": "accept", "args": None}


@pytest.mark.parametrize("value", ["Shall I?", {"question": "Shall I?"}, []])
def test_an_interrupt_of_another_kind_is_refused_before_anything_is_sent(client: Client, value: Any) -> None:
    with pytest.raises(TypeError, match="no request for approval"):
        resume(client, [Interrupt(value, "i-1")], REVIEW)
    assert list(client.find(task_type="refunds")) == []


def _id(claim: Any) -> dict[str, Any]:
    return {"call_id": claim.item["actions"][0]["call_id"]}
