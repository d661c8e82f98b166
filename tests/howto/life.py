"""Some life in an installation, over HTTP as programs and reviewers bring it."""

from dataclasses import dataclass, replace
from typing import Any

import httpx

from tests.howto.house import House

CITY = {"task_type": "city", "output": {"city": "Pariss"}, "confidence": 0.5}


@dataclass(frozen=True)
class Life:
    """A workspace with a task type, an endpoint, a chat channel, and what speaks to it."""

    house: House
    socket: str
    admin_key: str
    review_key: str

    def at(self, socket: str) -> "Life":
        """Return the same, spoken to over another web server."""
        return replace(self, socket=socket)

    def call(self, method: str, path: str, body: Any = None, *, key: str | None = None, code: int = 201) -> Any:
        """Call the API over the web server's socket, and return what it answered."""
        with httpx.Client(transport=httpx.HTTPTransport(uds=self.socket), timeout=20) as client:
            answer = client.request(
                method,
                f"http://127.0.0.1/api/v1{path}",
                json=body,
                headers={"Authorization": f"Bearer {key or self.admin_key}"},
            )
        assert answer.status_code == code, answer.text
        return answer.json()

    def submit(self, **more: Any) -> str:
        """Submit an output that waits for a person; return its id."""
        made: str = self.call("POST", "/submissions", {**CITY, **more})["id"]
        return made

    def decide(self) -> None:
        """Let the reviewer correct the next item."""
        taken = self.call("POST", "/claims", {}, key=self.review_key)
        claim, seen = taken["claim"], {"content_sha256": taken["item"]["content_sha256"]}
        verdict = {"token": claim["token"], "verb": "correct", "output": {"city": "Paris"}}
        self.call("POST", f"/claims/{claim['id']}/decision", {**seen, **verdict}, key=self.review_key, code=200)


def bring_life(house: House, socket: str) -> Life:
    """Make a workspace called Acme, and have four outputs submitted and two of them corrected."""
    house.run(
        "proofdesk workspace create Acme && proofdesk person create ada@acme.example --workspace Acme --role reviewer"
    )
    keys = house.run(
        "proofdesk key create --workspace Acme --scopes admin,submit,read\n"
        "proofdesk key create --workspace Acme --scopes review --person ada@acme.example"
    )
    admin, review = [line for line in keys.split() if line.startswith("pd_")]
    life = Life(house, socket, admin, review)
    life.call("POST", "/task-types", {"name": "city", "output_schema": {"type": "object"}})
    policy = life.call("POST", "/policies", {"task_type": "city", "threshold": 0.85, "audit_rate": 0})
    life.call("POST", f"/policies/{policy['id']}/publish", code=200)
    endpoint = life.call("POST", "/endpoints", {"url": "http://127.0.0.1:9/", "types": ["submission.decided"]})["id"]
    life.call("POST", "/chat-hooks", {"name": "c", "url": "http://127.0.0.1:9/hook", "kinds": ["waiting"]})
    for _ in range(4):
        life.submit(endpoint=endpoint)
    life.decide()
    life.decide()
    return life
