"""A service that speaks the public interface's shapes and nothing else. No product code is behind it.

It is strict about what it receives (keys and their scopes, tokens, hashes, verbs, order of beats) and can be busy,
lose a race, or lose an answer on demand. Served over HTTP by fake_server.py.
"""

import hashlib
import re
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

JSON = dict[str, Any]


def _words(text: str) -> set[str]:
    return set(text.split())


TASK_TYPE_KEYS = _words(
    "name output_schema guidelines reason_codes sla on_timeout approvals_required queue undo_seconds claim_seconds"
)
POLICY_KEYS = _words("task_type threshold field_thresholds required_fields high_risk_actions audit_rate rules tests")
SUBMISSION_KEYS = _words(
    "task_type external_id output confidence field_confidence context actions model prompt usage endpoint metadata"
)
RATE_KEYS = _words("person currency unit base burden overhead valid_from")
DECISION_KEYS = _words("token content_sha256 verb output message note reason_codes actions")
BEAT_KEYS = _words("seq client_mono_ms state last_input_age_ms")


class Problem(Exception):
    """An answer that is not a success."""

    def __init__(self, status: int, detail: str, pointer: str | None = None) -> None:
        self.status = status
        self.body: JSON = {"type": "about:blank", "title": "Refused", "status": status, "detail": detail}
        if pointer:
            self.body["errors"] = [{"pointer": pointer, "detail": detail}]
        super().__init__(detail)


def need(condition: object, detail: str, *, status: int = 422, pointer: str | None = None) -> None:
    """Refuse unless the condition holds."""
    if not condition:
        raise Problem(status, detail, pointer)


@dataclass
class FakeService:
    """Everything that it was told, by kind, for the tests to look at."""

    scopes: dict[str, set[str]]
    page: int = 200
    task_types: list[JSON] = field(default_factory=list)
    definitions: int = 0
    policies: list[JSON] = field(default_factory=list)
    rate_cards: list[JSON] = field(default_factory=list)
    submissions: dict[str, JSON] = field(default_factory=dict)
    waiting: deque[str] = field(default_factory=deque)
    claims: dict[str, JSON] = field(default_factory=dict)
    decisions: dict[str, JSON] = field(default_factory=dict)
    put_back: list[str] = field(default_factory=list)
    beats: list[JSON] = field(default_factory=list)
    answers: dict[tuple[str, str], tuple[bytes, int, Any]] = field(default_factory=dict)
    lose_answers: int = 0
    lose_only: str = ""
    busy_answers: int = 0
    lose_races: int = 0
    claim_tells_external_id: bool = True
    lock: threading.RLock = field(default_factory=threading.RLock)
    url: str = ""

    def routes(self) -> list[tuple[str, str, str, Callable[..., tuple[int, Any]]]]:
        """What is served, as method, path, scope and function; everything else is 404."""
        return [
            ("POST", r"/task-types", "admin", self.define),
            ("GET", r"/task-types", "admin", partial(self.rows, self.task_types)),
            ("POST", r"/policies", "admin", self.draft),
            ("POST", r"/policies/(\w+)/publish", "admin", self.publish),
            ("GET", r"/policies", "admin", partial(self.rows, self.policies)),
            ("POST", r"/rate-cards", "admin", self.rate),
            ("GET", r"/rate-cards", "admin", partial(self.rows, self.rate_cards)),
            ("POST", r"/submissions", "submit", self.submit),
            ("GET", r"/submissions", "read", self.listed),
            ("GET", r"/submissions/(\w+)", "read", self.shown),
            ("POST", r"/claims", "review", self.claim),
            ("POST", r"/claims/(\w+)/beats", "review", self.beat),
            ("POST", r"/claims/(\w+)/(skip|release)", "review", self.back),
            ("POST", r"/claims/(\w+)/decision", "review", self.decide),
        ]

    def rows(self, kept: list[JSON], call: JSON) -> tuple[int, Any]:
        """A list as one page; it takes no query."""
        self.known(call["query"], set())
        return 200, {"data": kept, "has_more": False, "next_cursor": None}

    def define(self, call: JSON) -> tuple[int, Any]:
        """POST /task-types."""
        body = self.known(call["body"], TASK_TYPE_KEYS)
        self.definitions += 1
        self.task_types = [row for row in self.task_types if row["name"] != body["name"]] + [body]
        return 201, body

    def draft(self, call: JSON) -> tuple[int, Any]:
        """POST /policies."""
        body = self.known(call["body"], POLICY_KEYS)
        self.policies.insert(0, {"id": f"pol{len(self.policies)}", "version": 1, "published_at": None, **body})
        return 201, self.policies[0]

    def publish(self, _call: JSON, policy_id: str) -> tuple[int, Any]:
        """POST /policies/{id}/publish."""
        [policy] = [row for row in self.policies if row["id"] == policy_id]
        need(policy["published_at"] is None, "This policy is published already.", status=409)
        policy["published_at"] = "2026-03-02T09:00:00Z"
        return 200, policy

    def rate(self, call: JSON) -> tuple[int, Any]:
        """POST /rate-cards."""
        body = self.known(call["body"], RATE_KEYS)
        for amount in ("base", "burden", "overhead"):
            need(re.fullmatch(r"\d+(\.\d+)?", body[amount]), "Money is decimal text.", pointer=f"/{amount}")
        self.rate_cards.append(body)
        return 201, body

    def submit(self, call: JSON) -> tuple[int, Any]:
        """POST /submissions: what is sure enough passes, the rest waits."""
        body = self.known(call["body"], SUBMISSION_KEYS)
        need(any(p["task_type"] == body["task_type"] and p["published_at"] for p in self.policies), "No policy.")
        new = f"sub{len(self.submissions)}"
        status = "passed" if "output" in body and (body.get("confidence") or 0) >= 0.9 else "waiting"
        digest = hashlib.sha256(call["bytes"]).hexdigest()
        self.submissions[new] = {"body": body, "content_sha256": digest, "status": status}
        if status == "waiting":
            self.waiting.append(new)
        return 201, {"id": new, "status": status, "content_sha256": digest, "route": {"outcome": "review"}}

    def listed(self, call: JSON) -> tuple[int, Any]:
        """GET /submissions, in pages."""
        self.known(call["query"], {"task_type", "limit", "cursor"})
        task_type, start = call["query"].get("task_type"), int(call["query"].get("cursor", "0"))
        found = [
            {"id": i, "external_id": kept["body"].get("external_id"), "status": kept["status"]}
            for i, kept in self.submissions.items()
            if kept["body"]["task_type"] == task_type
        ]
        more = len(found) > start + self.page
        page = {"data": found[start : start + self.page], "has_more": more}
        return 200, page | {"next_cursor": str(start + self.page) if more else None}

    def shown(self, _call: JSON, submission_id: str) -> tuple[int, Any]:
        """GET /submissions/{id}."""
        return 200, {"id": submission_id, **self.submissions[submission_id]["body"]}

    def claim(self, call: JSON) -> tuple[int, Any]:
        """POST /claims: the caller's live claim, else the first that waits."""
        for claim in self.claims.values():
            if claim["holder"] == call["key"] and claim["live"]:
                return 200, claim["answer"]
        names = [row["name"] for row in self.task_types if row["queue"] == call["body"].get("queue", row["queue"])]
        line = [i for i in self.waiting if self.submissions[i]["body"]["task_type"] in names]
        if not line:
            return 200, {"claim": None, "why": {"held_by_others": 0}}
        submission_id = line[0]
        self.waiting.remove(submission_id)
        kept = self.submissions[submission_id]
        new = f"clm{len(self.claims)}"
        item = {key: kept["body"].get(key) for key in ("task_type", "output", "actions", "context")}
        item |= {"id": f"itm{submission_id}", "submission_id": submission_id}
        item |= {"content_sha256": kept["content_sha256"], "route": {}, "guidelines": "", "schema": {}}
        if self.claim_tells_external_id:
            item["external_id"] = kept["body"]["external_id"]
        answer = {"claim": {"id": new, "token": len(self.claims) + 1, "expires_at": ""}, "item": item}
        self.claims[new] = {"holder": call["key"], "live": True, "answer": answer, "seq": 0, "mono": -1}
        return 201, answer

    def held(self, call: JSON, claim_id: str) -> JSON:
        """The caller's claim."""
        claim = self.claims[claim_id]
        need(claim["holder"] == call["key"], "Somebody else's claim.", status=404)
        need(claim["live"], "This claim has ended.", status=409)
        return claim

    def beat(self, call: JSON, claim_id: str) -> tuple[int, Any]:
        """POST /claims/{id}/beats."""
        claim, body = self.held(call, claim_id), self.known(call["body"], BEAT_KEYS)
        need(body.keys() == BEAT_KEYS and all(type(body[k]) is int for k in BEAT_KEYS - {"state"}), "Not a beat.")
        need(body["seq"] > claim["seq"] and body["client_mono_ms"] >= claim["mono"], "Beats went back in time.")
        need(body["state"] in ("active", "idle", "hidden", "blurred"), "No such state.", pointer="/state")
        need(body["last_input_age_ms"] >= 0, "Input from the future.", pointer="/last_input_age_ms")
        claim["seq"], claim["mono"] = body["seq"], body["client_mono_ms"]
        self.beats.append(body)
        return 200, {"expires_at": "", "active_seconds": "0.1"}

    def back(self, call: JSON, claim_id: str, step: str) -> tuple[int, Any]:
        """POST /claims/{id}/skip and /release: back to the head of the line."""
        claim = self.held(call, claim_id)
        self.known(call["body"], {"reason"})
        claim["live"] = False
        self.put_back.append(step)
        self.waiting.appendleft(claim["answer"]["item"]["submission_id"])
        return 200, {}

    def decide(self, call: JSON, claim_id: str) -> tuple[int, Any]:
        """POST /claims/{id}/decision; the same verdict again is answered the same."""
        if self.claims[claim_id].get("verdict") == call["bytes"]:
            return 200, {"status": "approved"}
        claim, body = self.held(call, claim_id), self.known(call["body"], DECISION_KEYS)
        item, kept = claim["answer"]["item"], self.submissions[claim["answer"]["item"]["submission_id"]]
        need(body["token"] == claim["answer"]["claim"]["token"], "Old token.", status=409)
        need(body["content_sha256"] == kept["content_sha256"], "Other content.", status=409)
        claim["live"] = False
        if self.lose_races:
            self.lose_races -= 1
            raise Problem(409, "Somebody else decided.")
        self.check_verbs(body, item)
        need(item["submission_id"] not in self.decisions, "Decided twice.", status=409)
        self.decisions[item["submission_id"]] = body
        claim["verdict"] = call["bytes"]
        return 200, {"status": "approved"}

    def check_verbs(self, body: JSON, item: JSON) -> None:
        """A verb for an output, or one for each action; a correction is complete."""
        if item["actions"] is None:
            need(body.get("verb") in ("approve", "correct", "reject", "respond"), "No verb.", pointer="/verb")
            need(("output" in body) == (body["verb"] == "correct"), "A correction needs an output.")
            return
        need("verb" not in body, "Actions are decided one by one.", pointer="/verb")
        calls = {action["call_id"] for action in item["actions"]}
        need({vote["call_id"] for vote in body["actions"]} == calls, "Not every action.", pointer="/actions")
        for vote in body["actions"]:
            need(vote.keys() <= {"call_id", "verb", "args", "message"}, "Unknown key.", pointer="/actions")
            need(("args" in vote) == (vote["verb"] == "edit"), "An edit needs arguments.", pointer="/actions")

    def known(self, body: Any, keys: set[str]) -> JSON:
        """The body, refused when it has keys that the interface does not know."""
        need(isinstance(body, dict), "Not an object.")
        for key in body:
            need(key in keys, f"Unknown key {key}.", pointer=f"/{key}")
        return dict(body)

    def handle(self, method: str, path: str, call: JSON) -> tuple[int, Any, bool]:
        """Answer a call; the last value says that the answer was given before."""
        with self.lock:
            if self.busy_answers:
                self.busy_answers -= 1
                raise Problem(429, "Too many requests.")
            for wanted, pattern, scope, function in self.routes():
                if wanted == method and (match := re.fullmatch(pattern, path)):
                    need(scope in self.scopes.get(call["key"], ()), f"Needs scope {scope}.", status=403)
                    work = partial(function, call, *match.groups())
                    return self.once(call, work) if path == "/submissions" else (*work(), False)
        raise Problem(404, "There is no such thing.")

    def once(self, call: JSON, function: Callable[[], tuple[int, Any]]) -> tuple[int, Any, bool]:
        """Honour an Idempotency-Key; only submissions have one."""
        name = (call["key"], call["idempotency_key"])
        if call["idempotency_key"] and name in self.answers:
            sent, status, body = self.answers[name]
            need(sent == call["bytes"], "Another body under this key.")
            return status, body, True
        status, body = function()
        if call["idempotency_key"]:
            self.answers[name] = (call["bytes"], status, body)
        return status, body, False
