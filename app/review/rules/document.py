"""Decisions as programs read them: one shape for answers, webhooks and exports.

`args` of an action is always complete, so a program that ignores the verbs and runs what says `run` is right;
`args_sha256` is the digest of their canonical bytes (RFC 8785).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.kernel.ids import show
from app.kernel.instants import instant_text
from app.kernel.jcs import args_sha256
from app.kernel.patches import make_patch
from app.kernel.seconds import seconds_text
from app.kernel.strict_json import encode
from app.submissions.rules.received import Received


@dataclass(frozen=True)
class VoteFacts:
    """One vote, as far as programs see it."""

    person_id: UUID
    verb: str
    at: datetime
    active_ms: int
    late: bool
    channel: str
    adjudicates: bool = False


@dataclass(frozen=True)
class DecisionFacts:
    """One decision, its opened body, and its votes."""

    id: UUID
    status: str
    decided_by_kind: str
    decided_at: datetime
    final_at: datetime
    late: bool
    content_sha256: bytes
    superseded_by: UUID | None
    body: dict[str, Any]
    votes: Sequence[VoteFacts]
    supersedes: UUID | None = None


@dataclass(frozen=True)
class Figures:
    """By which policy a submission was routed, and what it cost until now: amounts as decimal text by currency."""

    policy_version: int | None
    rules: Sequence[str]
    human: Mapping[str, str]
    unpriced_ms: int
    llm: Mapping[str, str]


def submission_document(
    *,
    submission_id: UUID,
    external_id: str | None,
    task_type: str,
    status: str,
    content_sha256: bytes,
    received: Received,
    decision: DecisionFacts | None,
    figures: Figures,
) -> dict[str, Any]:
    """Return what a program needs to act on an outcome, JSON-ready; the data of a webhook and of the feed."""
    return {
        "id": show("submission", submission_id),
        "external_id": external_id,
        "task_type": task_type,
        "status": status,
        "content_sha256": content_sha256.hex(),
        "ref": dict(received.ref),
        "metadata": dict(received.metadata),
        "decision": None if decision is None else program_document(decision, received=received, figures=figures),
    }


def webhook_body(kind: str, at: datetime, data: Mapping[str, Any]) -> bytes:
    """Return the body of a webhook (Standard Webhooks 1.0.0): made once, sent unchanged on every try."""
    return encode({"type": kind, "timestamp": instant_text(at), "data": data})


def program_document(decision: DecisionFacts, *, received: Received, figures: Figures) -> dict[str, Any]:
    """Return a final decision for a program that may run what was approved: with grants, what was changed, and costs.

    Args:
        received: What the program sent, in the model's own words.
    """
    changed = decision.status == "corrected" and received.has_output
    return {
        **decision_document(decision, with_grants=True),
        # RFC 6902, from the submitted output to the one that was decided.
        "patch": make_patch(received.output, decision.body["output"]) if changed else [],
        "policy": {"version": figures.policy_version, "rules": list(figures.rules)},
        "cost": {
            "human": [{"amount": amount, "currency": code} for code, amount in sorted(figures.human.items())],
            "unpriced_seconds": seconds_text(figures.unpriced_ms),
            "llm": [{"amount": amount, "currency": code} for code, amount in sorted(figures.llm.items())],
        },
    }


def decision_document(decision: DecisionFacts, *, with_grants: bool = False) -> dict[str, Any]:
    """Return a decision, JSON-ready.

    Args:
        with_grants: For a program that may run what was approved, once nobody can take it back any more.
    """
    body = decision.body
    grants = body.get("grants", {}) if with_grants else {}
    return {
        "id": show("decision", decision.id),
        "status": decision.status,
        "decided_by_kind": decision.decided_by_kind,
        "decided_at": instant_text(decision.decided_at),
        "final_at": instant_text(decision.final_at),
        "late": decision.late,
        "content_sha256": decision.content_sha256.hex(),
        "output": body["output"],
        "actions": [
            {**a, "args_sha256": args_sha256(a["args"]).hex(), "grant": grants.get(a["call_id"])}
            for a in body["actions"]
        ],
        "message": body["message"],
        "note": body["note"],
        "reason_codes": body["reason_codes"],
        "adjudication": body.get("adjudication"),
        "votes": [
            {
                "by": show("person", v.person_id),
                "verb": v.verb,
                "at": instant_text(v.at),
                "active_seconds": seconds_text(v.active_ms),
                "late": v.late,
                "channel": v.channel,
                "adjudicates": v.adjudicates,
            }
            for v in decision.votes
        ],
        "supersedes": None if decision.supersedes is None else show("decision", decision.supersedes),
        "superseded_by": None if decision.superseded_by is None else show("decision", decision.superseded_by),
    }
