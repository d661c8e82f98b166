"""Calls in any order by people of two workspaces, right and wrong, with odd bodies: refused or done, never a 500.

The draws have a seed, so that a failure can be run again. What is in the database afterwards still tells one story.
"""

import random
from collections import Counter
from typing import Any

import pytest

from app.edge.unit_of_work import ProofdeskApp
from app.reports.invariants import check_invariants
from app.review.service import expire_claims, tend_items
from tests.factories.site import Answered, Site, make_site

SWEEP_EVERY = 200
ODD: list[Any] = [None, "", 0, -1, True, [], {}, "x" * 5_000, "\u202e", "\u0000", 2**60, 1e300, {"a": [[[]]]}]
GIVING_BACK = ("skip", "release", "hold", "handover", "second-opinion", "escalate")


class Crowd:
    """Everybody of two workspaces, who call whatever comes to mind."""

    def __init__(self, sites: list[Site], seed: int) -> None:
        self.sites = sites
        self.draw = random.Random(seed)  # noqa: S311  # lots, not secrets
        self.seen: dict[int, dict[str, list[Any]]] = {n: {} for n in range(len(sites))}
        self.statuses: Counter[int] = Counter()

    def note(self, home: int, kind: str, value: Any) -> None:
        """Remember something that may be used later, by others too."""
        self.seen[home].setdefault(kind, []).append(value)

    def some(self, home: int, kind: str) -> tuple[Any, bool]:
        """Return something seen before, and whether it belongs elsewhere; odd when nothing was."""
        where = home if self.draw.random() < 0.8 else 1 - home
        found = self.seen[where].get(kind)
        if not found:
            return "cl_" + "0" * 32, False
        return self.draw.choice(found[-6:]), where != home

    def spoil(self, body: dict[str, Any]) -> Any:
        """Return a body as it is, mostly."""
        if self.draw.random() < 0.9:
            return body
        name = self.draw.choice([*body, "unknown"])
        return self.draw.choice([{**body, name: self.draw.choice(ODD)}, self.draw.choice(ODD), b"{", b"\xff"])

    def call(self, home: int, who: str, method: str, path: str, body: Any, *, foreign: bool = False) -> Answered:
        """Call, and hold that nothing breaks and that nothing of another workspace is there."""
        answer = self.sites[home].call(method, path, body, key=who)
        self.statuses[answer.status] += 1
        assert answer.status < 500, (who, method, path, body, answer.body)
        if foreign:
            assert answer.status in {400, 401, 403, 404, 422}, (who, method, path, answer.status, answer.body)
        return answer

    def act(self) -> None:
        """Do one thing."""
        home = self.draw.randrange(2)
        self.draw.choice([self.submit, self.take, self.take, self.judge, self.judge, self.give_back, self.lead])(home)

    def who(self) -> str:
        """Return who acts: mostly somebody who may."""
        return self.draw.choice(["ada", "ada", "bob", "bob", "lea", "fin", "submit", "read", "admin", "nobody"])

    def submit(self, home: int) -> None:
        """Submit, read, or take back."""
        kind = self.draw.choice(["plain", "pair", "blind"])
        body = {"task_type": kind, "output": "text", "priority": self.draw.choice([0, 50, 100])}
        answer = self.call(home, "submit", "POST", "/submissions", self.spoil(body))
        if answer.status == 201:
            self.note(home, "submission", answer.body["id"])
        if self.draw.random() < 0.2:
            submission, foreign = self.some(home, "submission")
            self.call(home, "submit", "POST", f"/submissions/{submission}/cancel", {}, foreign=foreign)

    def take(self, home: int) -> None:
        """Take the next item, a particular one, or have one kept ready."""
        who = self.who()
        if self.draw.random() < 0.2:
            method = self.draw.choice(["POST", "DELETE"])
            body = self.spoil({}) if method == "POST" else None
            self.call(home, who, method, "/claims/reservation", body)
            return
        item, foreign = self.some(home, "item")
        by_name = self.draw.random() < 0.3
        body = self.spoil({"item": item} if by_name else {})
        answer = self.call(home, who, "POST", "/claims", body)
        claim = answer.body.get("claim") if answer.status < 300 else None
        if claim:
            assert not (
                foreign and by_name and isinstance(body, dict) and body.get("item") == item and answer.status == 201
            )
            self.note(home, "claim", {**claim, "who": who, "sha": answer.body["item"]["content_sha256"]})
            self.note(home, "item", answer.body["item"]["id"])

    def judge(self, home: int) -> None:
        """Hand in a verdict under a claim, mostly one's own, sometimes with another token or content."""
        claim, foreign = self.some(home, "claim")
        if isinstance(claim, str):
            return
        who = claim["who"] if self.draw.random() < 0.85 else self.who()
        verb = self.draw.choice(["approve", "approve", "correct", "reject", "respond"])
        body: dict[str, Any] = {"token": claim["token"], "content_sha256": claim["sha"], "verb": verb}
        if verb == "correct":
            body["output"] = "better"
        if verb == "respond":
            body["message"] = "Ask."
        if self.draw.random() < 0.1:
            body["token"] = self.draw.choice([0, -1, claim["token"] + 1, "1"])
        answer = self.call(home, who, "POST", f"/claims/{claim['id']}/decision", self.spoil(body), foreign=foreign)
        decision = answer.body.get("id") if answer.status == 200 else None
        if decision:
            self.note(home, "decision", {"id": decision, "sha": claim["sha"]})

    def give_back(self, home: int) -> None:
        """End a claim in another way, beat, or save a draft."""
        claim, foreign = self.some(home, "claim")
        if isinstance(claim, str):
            return
        who = claim["who"] if self.draw.random() < 0.85 else self.who()
        act = self.draw.choice([*GIVING_BACK, "beats", "draft"])
        bodies: dict[str, dict[str, Any]] = {
            "handover": {
                "to": f"{self.draw.choice(['ada', 'bob', 'lea', 'fin'])}@{self.sites[home].name.lower()}.example"
            },
            "second-opinion": {"note": "Is it?"},
            "beats": {"seq": self.draw.randrange(99), "client_mono_ms": 1, "state": "active", "last_input_age_ms": 0},
            "draft": {"draft": {"output": "half"}},
        }
        body = self.spoil(bodies.get(act, {}))
        self.call(home, who, "POST", f"/claims/{claim['id']}/{act}", body, foreign=foreign)

    def lead(self, home: int) -> None:
        """Assign, put back, undo, overturn, or pause."""
        who = self.draw.choice(["lea", "lea", "ada", "fin", "submit"])
        act = self.draw.choice(["assign", "unhold", "undo", "supersede", "presence"])
        if act == "presence":
            self.call(home, who, "PUT", "/presence", self.spoil({"paused": self.draw.random() < 0.3}))
        elif act in {"assign", "unhold"}:
            item, foreign = self.some(home, "item")
            to = self.draw.choice([None, f"ada@{self.sites[home].name.lower()}.example", "p_" + "0" * 32])
            body = self.spoil({"to": to}) if act == "assign" else None
            self.call(home, who, "POST", f"/items/{item}/{act}", body, foreign=foreign)
        else:
            decision, foreign = self.some(home, "decision")
            if isinstance(decision, str):
                return
            body = {"content_sha256": decision["sha"], "verb": "reject", "reason": "audit"}
            sent = self.spoil(body) if act == "supersede" else None
            answer = self.call(home, who, "POST", f"/decisions/{decision['id']}/{act}", sent, foreign=foreign)
            if act == "supersede" and answer.status == 200:
                self.note(home, "decision", {"id": answer.body["id"], "sha": decision["sha"]})


def prepare(app: ProofdeskApp, name: str) -> Site:
    """Make a workspace with reviewers, a lead and three kinds of work."""
    site = make_site(app, name)
    site.add_person("bob", ["reviewer"])
    site.add_person("lea", ["lead"])
    site.add_person("fin", ["finance"])
    site.keys["nobody"] = "pd_0000000000000000_" + "0" * 43
    site.keys["fin"] = site.keys["reports"]
    for kind, more in (("plain", {}), ("pair", {"approvals_required": 2}), ("blind", {"double_review_rate": 1})):
        described = {"name": kind, "undo_seconds": 3_600, "claim_seconds": 5, **more}
        assert site.call("POST", "/task-types", described).status == 201
    return site


def sweep(app: ProofdeskApp) -> None:
    """Do what time asks for, as the workers would: these calls take longer than a claim lasts."""
    with app.database.unit_of_work() as session:
        expire_claims(session=session, limit=1_000)
    with app.database.unit_of_work() as session:
        tend_items(session=session, limit=1_000)


@pytest.mark.parametrize(
    ("seed", "calls"), [(1, 300), *(pytest.param(seed, 5_000, marks=pytest.mark.soak) for seed in range(2, 8))]
)
def test_calls_in_any_order_never_break_anything(app: ProofdeskApp, seed: int, calls: int) -> None:
    crowd = Crowd([prepare(app, "Acme"), prepare(app, "Bolt")], seed)
    for n in range(calls):
        crowd.act()
        if n % SWEEP_EVERY == 0:
            sweep(app)
    assert {200, 201, 403, 404, 409, 422} <= set(crowd.statuses)
    sweep(app)
    with app.database.unit_of_work() as session:
        assert check_invariants(session) == []
