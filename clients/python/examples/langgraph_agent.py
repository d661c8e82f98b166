"""A LangChain agent whose refunds wait for a person.

pip install "proofdesk-client[langgraph]" langchain langchain-openai
PROOFDESK_URL=... PROOFDESK_API_KEY=pd_... OPENAI_API_KEY=... python langgraph_agent.py
"""

from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langgraph.checkpoint.memory import InMemorySaver

from proofdesk_client import Client
from proofdesk_client.adapters.langgraph import resume
from proofdesk_client.calls import Review


def refund(order: str, amount: int) -> str:
    """Pay money back to the customer."""
    return f"paid {amount} for {order}"


def main(client: Client, model: Any, question: str) -> str:
    """Let the agent answer; its calls of `refund` go to the desk."""
    middleware: list[Any] = [HumanInTheLoopMiddleware({"refund": True}, interrupt_mode="per_call")]
    agent: Any = create_agent(model, [refund], middleware=middleware, checkpointer=InMemorySaver())
    thread: Any = {"configurable": {"thread_id": "ticket-17"}}
    review = Review(task_type="refunds", run="ticket-17", action={"risk": {"level": "high"}})
    result = agent.invoke({"messages": [("user", question)]}, thread, version="v2")
    while result.interrupts:
        result = agent.invoke(resume(client, result.interrupts, review), thread, version="v2")
    return str(result.value["messages"][-1].content)


if __name__ == "__main__":
    with Client() as client:
        print(main(client, "openai:gpt-5", "Order o-17 came broken. Please refund the 70 euro."))
