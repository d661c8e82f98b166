"""Pydantic AI: tools that need approval, and questions to a person, are decided at the desk.

    agent = Agent(model, capabilities=[HandleDeferredToolCalls(reviewed(client, task_type="refunds"))])

    @agent.tool_plain(requires_approval=True)
    def refund(order: str, amount: int) -> str: ...

Without the capability a run ends with DeferredToolRequests; `settle` turns them into the results that the next run
goes on with. Calls that some other program has to carry out (kind external) are left to it.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic_ai import DeferredToolRequests, DeferredToolResults, RunContext, ToolApproved, ToolDenied
from pydantic_ai.exceptions import ToolFailed
from pydantic_ai.messages import ToolCallPart

from proofdesk_client import AsyncClient
from proofdesk_client.calls import Call, Review, Verdict
from proofdesk_client.requests import Flow


def reviewed(
    client: AsyncClient, *, task_type: str, run: str | None = None, **how: Any
) -> Callable[[RunContext[Any], DeferredToolRequests], Awaitable[DeferredToolResults]]:
    """Return a handler of deferred calls; `how` as in Review, and the run is the agent's own where none is named."""

    async def handle(context: RunContext[Any], requests: DeferredToolRequests) -> DeferredToolResults:
        return await settle(client, requests, Review(task_type, run or str(context.run_id), **how))

    return handle


async def settle(client: AsyncClient, requests: DeferredToolRequests, review: Review) -> DeferredToolResults:
    """Return the results of those calls that are for a person; raises as `Review.verdicts` does."""
    return await client.follow(_settle(requests, review))


def _settle(requests: DeferredToolRequests, review: Review) -> Flow[DeferredToolResults]:
    asked = [part for part in requests.calls if requests.kind(part.tool_call_id) == "question"]
    calls = [_call(part, "approve", "edit", "reject") for part in requests.approvals]
    calls += [_call(part, "respond", "reject") for part in asked]
    results = DeferredToolResults()
    if not calls:
        return results
    sent = yield from review.send(calls, step=[call.call_id for call in calls], ref={"framework": "pydantic-ai"})
    for call, verdict in zip(calls, (yield from review.verdicts(sent, calls)), strict=True):
        kept = results.calls if "respond" in call.allowed else results.approvals
        kept[str(call.call_id)] = _result(call, verdict)
        results.answered_by[str(call.call_id)] = ", ".join(verdict.by) or "policy"
    return results


def _call(part: ToolCallPart, *allowed: str) -> Call:
    return Call(part.tool_name, part.args_as_dict(raise_if_invalid=True), part.tool_call_id, None, allowed)


def _result(call: Call, verdict: Verdict) -> Any:
    match verdict.verb:
        case "approve" | "edit":
            return ToolApproved(override_args=verdict.args if verdict.verb == "edit" else None)
        case "respond":
            return verdict.message
    return ToolFailed(verdict.message) if "respond" in call.allowed else ToolDenied(verdict.message)
