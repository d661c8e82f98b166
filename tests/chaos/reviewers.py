"""Reviewers at the API who do with an item whatever can be done with it."""

import random
import threading
import time
from collections import Counter, defaultdict
from typing import Any

import httpx

from tests.chaos.service import persist

REVIEWERS = 5
# One who sent an item on, one who corrected it, and one who approves that.
LEADS = 3
CLAIM_SECONDS = 5
OUTCOMES = {"approved", "corrected", "rejected"}
# What a reviewer does with an item, by weight.
ACTS = {
    "judge": 80,
    "skip": 3,
    "release": 3,
    "hold": 4,
    "handover": 4,
    "second-opinion": 3,
    "escalate": 3,
    "let run out": 0.5,
}


class Crowd:
    """What all reviewers together know: what is decided, and which items somebody did not simply judge."""

    def __init__(self, wanted: set[str]) -> None:
        self.wanted = wanted
        self.decided: dict[str, set[str]] = defaultdict(set)
        self.did: Counter[str] = Counter()
        self._taken: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    @property
    def done(self) -> bool:
        """Say whether everything is decided."""
        return self.wanted <= set(self.decided)

    def first_to(self, what: str, item: str) -> bool:
        """Say whether nobody has done this with an item before.

        Who sends one on or corrects it may not have it again: if all did, nobody would be left to judge it.
        """
        with self._lock:
            fresh = (what, item) not in self._taken
            self._taken.add((what, item))
        return fresh


class Reviewer:
    """One person at the API, by her key: she draws what to do with each item that she gets."""

    def __init__(self, client: httpx.Client, number: int, crowd: Crowd) -> None:
        self.client = client
        self.number = number
        self.crowd = crowd
        self.kept: list[str] = []
        self.draw = random.Random(number)  # noqa: S311  # a seed, so that a failure can be run again

    def work(self, stop: threading.Event) -> None:
        """Work until everything is decided."""
        while not stop.is_set():
            wanted = {"item": self.kept.pop()} if self.kept and self.draw.random() < 0.5 else {}
            answer = persist(self.client, "POST", "/claims", json=wanted)
            # What she kept may have been somebody else's after an answer that was lost.
            assert answer.status_code in ({200, 201, 409} if wanted else {200, 201}), answer.text
            taken = answer.json()
            if answer.status_code == 409 or taken["claim"] is None:
                if self.crowd.done and not self.kept:
                    return
                time.sleep(0.05)
                continue
            self._do(taken["claim"], taken["item"])

    def _do(self, claim: dict[str, Any], item: dict[str, Any]) -> None:
        path, act = f"/claims/{claim['id']}", self.draw.choices(list(ACTS), list(ACTS.values()))[0]
        if act != "judge" and not self.crowd.first_to("pass", item["id"]):
            act = "judge"
        self.crowd.did[act] += 1
        if act == "judge":
            self._judge(path, claim, item)
        elif act == "let run out":
            time.sleep(CLAIM_SECONDS + 1)
        else:
            to = {"handover": {"to": f"r{(self.number + 1) % REVIEWERS}@chaos.example"}}
            body = {"second-opinion": {"note": "Is this right?"}, **to}.get(act, {})
            answer = persist(self.client, "POST", f"{path}/{act}", json=body)
            # After a lost answer the claim has ended already; her colleague may not be one who may have it.
            assert answer.status_code in {200, 409, 422}, answer.text
            if act == "hold":
                self.kept.append(item["id"])

    def _judge(self, path: str, claim: dict[str, Any], item: dict[str, Any]) -> None:
        persist(self.client, "POST", f"{path}/beats", json={"seq": 1, "client_mono_ms": 1, "state": "active"})
        verb = self.draw.choices(["approve", "correct", "reject"], [6, 2, 1])[0]
        if verb == "correct" and not self.crowd.first_to("correct", item["id"]):
            verb = "approve"
        corrected = {"output": f"{item['id']}, mended"} if verb == "correct" else {}
        verdict = {"token": claim["token"], "content_sha256": item["content_sha256"], "verb": verb, **corrected}
        answer = persist(self.client, "POST", f"{path}/decision", json=verdict)
        assert answer.status_code in {200, 409}, answer.text
        self.crowd.did[verb] += 1
        if answer.status_code == 200 and answer.json()["status"] in OUTCOMES:
            self.crowd.decided[item["submission_id"]].add(answer.json()["status"])
