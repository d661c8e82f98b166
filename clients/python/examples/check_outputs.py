"""Send outputs of a model; go on with what was decided. What is sure enough passes at once.

PROOFDESK_URL=http://127.0.0.1:8080 PROOFDESK_API_KEY=pd_... python check_outputs.py
"""

from proofdesk_client import Client, derive_key

# What a model made of letters, with how sure it was.
EXTRACTED = [
    ("letter-1", {"city": "Paris", "zip": "75001"}, 0.98),
    ("letter-2", {"city": "Pariss"}, 0.41),
]


def main(client: Client) -> dict[str, object]:
    """Return the address of each letter as it is to be used; None where there is none."""
    sent = {
        letter: client.submit(
            {"task_type": "addresses", "external_id": letter, "output": output, "confidence": confidence},
            idempotency_key=derive_key("addresses", letter),  # beginning again sends nothing twice
        )
        for letter, output, confidence in EXTRACTED
    }
    addresses: dict[str, object] = {}
    for letter, output, _ in EXTRACTED:
        done = client.wait(sent[letter].id)
        addresses[letter] = output if done.status == "passed" else done.decision and done.decision.output
    return addresses


if __name__ == "__main__":
    with Client() as client:
        print(main(client))
