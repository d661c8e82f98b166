"""An agent of the OpenAI Agents SDK whose refunds wait for a person.

pip install "proofdesk-client[openai-agents]"
PROOFDESK_URL=... PROOFDESK_API_KEY=pd_... OPENAI_API_KEY=... python openai_agent.py
"""

import asyncio
from typing import Any

from agents import Agent, RunConfig, Runner, function_tool

from proofdesk_client import AsyncClient
from proofdesk_client.adapters.openai_agents import Approvals
from proofdesk_client.calls import Review


@function_tool(needs_approval=True)
def refund(order: str, amount: int) -> str:
    """Pay money back to the customer."""
    return f"paid {amount} for {order}"


async def main(client: AsyncClient, model: Any, question: str) -> str:
    """Let the agent answer; its calls of `refund` go to the desk."""
    agent: Agent[Any] = Agent("till", model=model, tools=[refund])
    desk = Approvals(client, Review(task_type="refunds", run="ticket-17", action={"risk": {"level": "high"}}))
    config = RunConfig(tracing_disabled=True)
    result = await Runner.run(agent, question, run_config=config)
    while result.interruptions:
        result = await Runner.run(agent, await desk.settle(result), run_config=config)
    return str(result.final_output)


async def _run() -> str:
    async with AsyncClient() as client:
        return await main(client, "gpt-5", "Order o-17 came broken. Please refund the 70 euro.")


if __name__ == "__main__":
    print(asyncio.run(_run()))
