"""LangGraph and LangChain: answer the interrupts of a graph with what was decided at the desk.

    review = Review(task_type="refunds", run=thread_id)
    result = graph.invoke(inputs, config, version="v2")
    while result.interrupts:
        result = graph.invoke(resume(client, result.interrupts, review), config, version="v2")

Knows the three schemas of interrupts: HumanInTheLoopMiddleware with all calls of a turn in one (batched) or each in
its own (per_call), and the older one of Agent Inbox. All are sent before the first is waited for.
"""

from collections.abc import Iterable
from typing import Any, Final

from langgraph.types import Command, Interrupt

from proofdesk_client import AsyncClient, Client
from proofdesk_client.calls import VERBS, Call, Review, Verdict
from proofdesk_client.requests import Flow

_INBOX: Final = {"allow_accept": "approve", "allow_edit": "edit", "allow_respond": "respond"}


def resume(client: Client, interrupts: Iterable[Interrupt[Any]], review: Review) -> Command[Any]:
    """Return what the graph goes on with; raises as `Review.verdicts` does."""
    return Command(resume=client.follow(_answers(interrupts, review)))


async def aresume(client: AsyncClient, interrupts: Iterable[Interrupt[Any]], review: Review) -> Command[Any]:
    """Do as `resume` does, for asyncio."""
    return Command(resume=await client.follow(_answers(interrupts, review)))


def _answers(interrupts: Iterable[Interrupt[Any]], review: Review) -> Flow[dict[str, Any]]:
    sent = []
    for one in interrupts:
        calls = _calls(one)
        ref = {"framework": "langgraph", "thread_id": review.run, "interrupt_id": one.id}
        sent.append((one, calls, (yield from review.send(calls, step=one.id, ref=ref))))
    answers = {}
    for one, calls, submission in sent:
        answers[one.id] = _answer(one.value, calls, (yield from review.verdicts(submission, calls)))
    return answers


def _calls(interrupt: Interrupt[Any]) -> list[Call]:
    match interrupt.value:
        case {"action_requests": requests, "review_configs": configs}:
            verbs = {config["action_name"]: config["allowed_decisions"] for config in configs}
            return [Call(r["name"], r["args"], None, r.get("description"), verbs[r["name"]]) for r in requests]
        case {"type": "tool_approval", "tool_call_id": call_id, "name": name, "args": args, "description": description}:
            return [Call(name, args, call_id, description, _published(interrupt.response_schema))]
        case [{"action_request": _}, *_] as requests:
            return [_from_inbox(request) for request in requests]
        case {"action_request": _} as request:
            return [_from_inbox(request)]
    raise TypeError(f"{interrupt.value!r:.200} is no request for approval that this adapter knows")


def _from_inbox(request: Any) -> Call:
    asked, allowed = request["action_request"], [verb for allow, verb in _INBOX.items() if request["config"][allow]]
    return Call(asked["action"], asked["args"], None, request.get("description"), [*allowed, "reject"])


def _published(schema: Any) -> list[str]:
    """Return the verbs that the schema of an answer has branches for."""
    branches = [schema, *schema["$defs"].values()] if "$defs" in schema else [schema]
    kinds = [branch.get("properties", {}).get("type", {}).get("const") for branch in branches]
    return [verb for verb in VERBS if verb in kinds]


def _answer(value: Any, calls: list[Call], verdicts: list[Verdict]) -> Any:
    if isinstance(value, list) or "action_request" in value:
        return [_inbox_answer(*both) for both in zip(calls, verdicts, strict=True)]
    decisions = [_decision(*both) for both in zip(calls, verdicts, strict=True)]
    return decisions[0] if value.get("type") == "tool_approval" else {"decisions": decisions}


def _decision(call: Call, verdict: Verdict) -> dict[str, Any]:
    edited = {"edited_action": {"name": call.name, "args": verdict.args}}
    more = {"approve": {}, "edit": edited}.get(verdict.verb, {"message": verdict.message})
    return {"type": verdict.verb, **more}


def _inbox_answer(call: Call, verdict: Verdict) -> dict[str, Any]:
    if verdict.verb == "reject" and "respond" not in call.allowed:
        return {"type": "ignore", "args": None}
    edited = {"action": call.name, "args": verdict.args}
    args: Any = {"approve": None, "edit": edited}.get(verdict.verb, verdict.message)
    return {"type": {"approve": "accept", "edit": "edit"}.get(verdict.verb, "response"), "args": args}
