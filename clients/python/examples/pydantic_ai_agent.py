"""A Pydantic AI agent whose refunds wait for a person.

pip install "proofdesk-client[pydantic-ai]" "pydantic-ai-slim[openai]"
PROOFDESK_URL=... PROOFDESK_API_KEY=pd_... OPENAI_API_KEY=... python pydantic_ai_agent.py
"""

import asyncio
from typing import Any

from pydantic_ai import Agent
from pydantic_ai.capabilities import HandleDeferredToolCalls

from proofdesk_client import AsyncClient
from proofdesk_client.adapters.pydantic_ai import reviewed


async def main(client: AsyncClient, model: Any, question: str) -> str:
    """Let the agent answer; its calls of `refund` go to the desk."""
    desk = HandleDeferredToolCalls[None](reviewed(client, task_type="refunds", action={"risk": {"level": "high"}}))
    agent = Agent(model, capabilities=[desk])

    @agent.tool_plain(requires_approval=True)
    def refund(order: str, amount: int) -> str:
        """Pay money back to the customer."""
        return f"paid {amount} for {order}"

    return (await agent.run(question)).output


async def _run() -> str:
    async with AsyncClient() as client:
        return await main(client, "openai:gpt-5", "Order o-17 came broken. Please refund the 70 euro.")


if __name__ == "__main__":
    print(asyncio.run(_run()))
