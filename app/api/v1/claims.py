"""/api/v1/claims: take an item, show signs of life, and hand in a verdict.

Scope: review. The call acts for the person of the key, or for whoever is signed in at the desk.
"""

from dataclasses import asdict
from hashlib import sha256
from typing import Any

import orjson
from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.doctor import leases_document
from app.api.v1.shapes.claims import BeatIn, ClaimIn, DecisionIn, DraftIn
from app.api.v1.shapes.parts import Anything, IdPath, Problem
from app.api.v1.verdicts import read_verdict
from app.edge.context import db, now, person_id, principal, strict_request, workspace_id
from app.edge.guard import allow
from app.edge.problems import problem
from app.kernel.ids import parse, show
from app.kernel.instants import instant_text
from app.kernel.seconds import seconds_text
from app.queue.models import Claim
from app.queue.rules import EXPIRED
from app.reports.doctor import look_at_leases
from app.review.queries import OpenClaim, open_claim
from app.review.rules.document import decision_document
from app.review.service import Handed, NothingToClaim, Overtaken, beat, decide, save_draft, take_item

api = APIBlueprint(
    "claims",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="claims")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem},
)


@api.post("/claims", responses={200: Anything, 201: Anything})
@allow("review", by_session=True)
def post(body: ClaimIn) -> Response:
    """Take the next item, or a particular one. Whoever holds one already gets that one back."""
    taken = take_item(
        db(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        person_id=person_id(),
        channel="api",
        queue=body.queue,
        item_id=None if body.item is None else parse("item", body.item),
    )
    if isinstance(taken, NothingToClaim):
        return answer({"claim": None, **nothing_document(taken)})
    claim, new = taken
    return answer(claim_document(open_claim(db(), claim=claim)), 201 if new else 200)


def nothing_document(nothing: NothingToClaim) -> dict[str, Any]:
    """Return why there is nothing, and when that may change."""
    leases = look_at_leases(
        db(), now=now(), workspace_id=workspace_id(), queues=frozenset(nothing.queues), besides=person_id()
    )
    due = nothing.next_due_at
    return {
        "why": nothing.why,
        "next_due_at": None if due is None else instant_text(due),
        **leases_document(leases),
        "capped": nothing.capped,
    }


def claim_document(opened: OpenClaim) -> dict[str, Any]:
    """Return what a claim shows to its holder."""
    submission, received = opened.submission, opened.received
    return {
        "claim": _lease(opened.claim),
        "item": {
            "id": show("item", opened.item.id),
            "submission_id": show("submission", submission.id),
            "external_id": submission.external_id,
            "task_type": opened.task_type.name,
            "output": received.output,
            "confidence": received.confidence,
            "field_confidence": received.field_confidence,
            "actions": [
                {
                    "call_id": a.call_id,
                    "name": a.name,
                    "args": a.args,
                    "args_schema": a.args_schema,
                    "description": a.description,
                    "preview": a.preview,
                    "allowed": list(a.allowed),
                    "risk": a.risk,
                }
                for a in received.actions
            ],
            "context": list(received.context),
            "requested_by": received.requested_by,
            "route": {
                "outcome": submission.route_outcome,
                "rules": submission.route_rules,
                "policy_version": submission.policy_version,
                "inclusion_probability": float(submission.inclusion_probability),
            },
            "content_sha256": submission.content_sha256.hex(),
            "corrected_before": opened.corrected_before,
            "approvals_required": opened.item.approvals_required,
            "rejections_required": opened.item.rejections_required,
            "review_mode": opened.item.review_mode,
            "adjudicating": opened.item.adjudicating,
            "due_at": instant_text(opened.item.due_at),
            "guidelines": opened.task_type.guidelines,
            "reason_codes": opened.task_type.reason_codes,
            "schema": orjson.loads(opened.task_type.output_schema),
        },
        "draft": opened.draft,
        "notes": [
            {"by": show("person", n.person_id), "kind": n.kind, "at": instant_text(n.at), "text": n.text}
            for n in opened.notes
        ],
    } | ({"answers": [asdict(a) for a in opened.answers]} if opened.answers else {})


def _lease(claim: Claim) -> dict[str, Any]:
    return {"id": show("claim", claim.id), "token": claim.token, "expires_at": instant_text(claim.expires_at)}


@api.post("/claims/<id>/beats", responses={200: Anything})
@allow("review", by_session=True)
def post_beat(path: IdPath, body: BeatIn) -> Response:
    """Show a sign of life. An active one renews the lease; the answer says how long it lasts and what has counted."""
    pulse = beat(
        db(),
        workspace_id=workspace_id(),
        person_id=person_id(),
        claim_id=parse("claim", path.id),
        seq=body.seq,
        client_mono_ms=int(body.client_mono_ms),
        state=body.state,
        last_input_age_ms=None if body.last_input_age_ms is None else int(body.last_input_age_ms),
    )
    return answer({"expires_at": instant_text(pulse.expires_at), "active_seconds": seconds_text(pulse.active_ms)})


@api.post("/claims/<id>/decision", responses={200: Anything, 410: Problem})
@allow("review", by_session=True)
def post_decision(path: IdPath, body: DecisionIn) -> Response:
    """Hand in a verdict. The same again is answered the same; after somebody else's, the text is kept as a draft."""
    handed = decide(
        db(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        person_id=person_id(),
        claim_id=parse("claim", path.id),
        token=body.token,
        content_sha256=bytes.fromhex(body.content_sha256),
        verdict=read_verdict(body),
        at_desk=principal().actor.kind == "person",
    )
    return overtaken_problem(handed) if isinstance(handed, Overtaken) else answer(handed_document(handed))


def handed_document(handed: Handed) -> dict[str, Any]:
    """Return the decision, or how many approvals and rejections there are of those it takes.

    Whoever judges independently of others learns that her vote is kept, and nothing of theirs.
    """
    if handed.decision is not None:
        return {**decision_document(handed.decision), "late": handed.late}
    if handed.blind:
        return {"id": None, "status": "voted", "late": handed.late}
    return {
        "id": None,
        "status": "waiting",
        "late": handed.late,
        "approvals": handed.approvals,
        "approvals_required": handed.approvals_required,
        "rejections": handed.rejections,
        "rejections_required": handed.rejections_required,
    }


def overtaken_problem(overtaken: Overtaken) -> Response:
    """Say who won, and where the text is; when the submission has expired there is nothing to win any more."""
    winner = None if overtaken.decision is None else decision_document(overtaken.decision)
    held_by = None if overtaken.held_by is None else show("person", overtaken.held_by)
    expired = overtaken.state == EXPIRED
    timed_out = overtaken.decision is not None and overtaken.decision.decided_by_kind == "timeout"
    why = "Its time was up before this came" if expired or timed_out else "Somebody else has this item by now"
    return problem(
        410 if expired else 409,
        f"{why}; what you wrote is kept as a draft.",
        name="Overtaken",
        extra={"state": overtaken.state, "winner": winner, "held_by": held_by, "draft": overtaken.draft_id.hex},
    )


@api.post("/claims/<id>/draft", responses={200: Anything})
@allow("review", by_session=True)
def post_draft(path: IdPath, body: DraftIn) -> Response:
    """Keep what was typed so far, also after the lease was lost."""
    save_draft(
        db(),
        now=now(),
        workspace_id=workspace_id(),
        person_id=person_id(),
        claim_id=parse("claim", path.id),
        body=body.draft,
    )
    digest = sha256(strict_request().raw_body).hexdigest()
    return answer({"saved_at": instant_text(now()), "sha256": digest})
