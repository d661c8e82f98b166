"""OpenAI Agents SDK: tools with `needs_approval` are decided at the desk.

    desk = Approvals(client, Review(task_type="refunds", run="ticket-17"))
    result = await Runner.run(agent, question)
    while result.interruptions:
        result = await Runner.run(agent, await desk.settle(result))

The SDK cannot run a call with other arguments than the model gave. A call that a reviewer edited is refused with the
arguments to call again with; when the model does so, that call is let through without asking a second time. Keep the
same Approvals for the whole run, for it remembers what was edited; another one asks again.
"""

import json
from typing import Any

from agents import RunResult, RunResultStreaming, RunState

from proofdesk_client import AsyncClient, args_sha256
from proofdesk_client.calls import Call, Review


class Approvals:
    """Settles the interruptions of one run of an agent."""

    def __init__(self, client: AsyncClient, review: Review) -> None:
        self._client = client
        self._review = review
        self._edited: set[tuple[str, str]] = set()

    async def settle(self, result: RunResult | RunResultStreaming) -> RunState[Any]:
        """Return the state to go on with; raises as `Review.verdicts` does."""
        state = result.to_state()
        asked = []
        for item in result.interruptions:
            call = Call(str(item.qualified_name), json.loads(item.arguments or "{}"), item.call_id)
            if (call.name, args_sha256(call.args)) in self._edited:
                self._edited.remove((call.name, args_sha256(call.args)))
                state.approve(item)
            else:
                asked.append((item, call))
        if not asked:
            return state
        calls = [call for _, call in asked]
        step = [call.call_id for call in calls]
        sent = await self._client.follow(self._review.send(calls, step=step, ref={"framework": "openai-agents"}))
        verdicts = await self._client.follow(self._review.verdicts(sent, calls))
        for (item, call), verdict in zip(asked, verdicts, strict=True):
            if verdict.verb == "approve":
                state.approve(item)
            elif verdict.verb == "edit":
                self._edited.add((call.name, args_sha256(verdict.args)))
                again = f"Call {call.name} again, with exactly these arguments: {json.dumps(verdict.args)}"
                state.reject(item, rejection_message=f"A reviewer approved this with other arguments. {again}")
            else:
                state.reject(item, rejection_message=verdict.message)
        return state
