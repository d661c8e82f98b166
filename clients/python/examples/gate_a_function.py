"""A function that runs only when a person, or the policy, has let it, and then with the approved arguments, once.

PROOFDESK_URL=http://127.0.0.1:8080 PROOFDESK_API_KEY=pd_... python gate_a_function.py
"""

from proofdesk_client import Client, NotApproved, gate


def main(client: Client) -> str:
    """Pay a refund, or say why not in words that a model understands."""

    @gate(client, task_type="refunds", risk={"level": "high", "reversible": False}, run="ticket-17")
    def refund(order: str, amount: str) -> str:
        """Pay money back to the customer."""
        return f"paid {amount} for {order}"

    try:
        return refund("o-17", amount="120.00")
    except NotApproved as refused:
        return str(refused)


if __name__ == "__main__":
    with Client() as client:
        print(main(client))
