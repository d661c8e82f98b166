"""Submissions as programs read them: the answer at once, a line of a list, and the whole with its decision."""

from datetime import timedelta
from typing import Any

from app.costs.models import LlmCall
from app.costs.queries import list_calls
from app.edge.context import db, now
from app.intake.service import Accepted, rules_document
from app.kernel.ids import show
from app.kernel.instants import instant_text
from app.kernel.jcs import args_sha256
from app.kernel.seconds import seconds_text
from app.kernel.strict_json import encode
from app.queue.rules import CANCELLED, CLAIMED, HELD, RESERVED, WAITING
from app.review.queries import find_decision, read_beside, read_figures
from app.review.rules.document import program_document
from app.submissions.models import LaterOutcome, Submission
from app.submissions.queries import OpenSubmission, list_outcomes
from app.submissions.rules.received import Action
from app.submissions.service import Kept

# What a program reads of an item that is still open; one that is decided and not final yet looks like one at work.
_AT_WORK = {WAITING: WAITING, RESERVED: WAITING, HELD: HELD}


def accepted_document(accepted: Accepted) -> dict[str, Any]:
    wait = accepted.expected_wait
    expected = {} if wait is None else {"expected_wait_seconds": seconds_text(wait // timedelta(milliseconds=1))}
    what = (
        {"dry_run": True, "queue": accepted.queue}
        if accepted.dry
        else {"id": show("submission", accepted.submission_id)}
    )
    return {
        **what,
        "status": accepted.status,
        "content_sha256": accepted.sha256.hex(),
        "route": {
            "outcome": accepted.route.outcome,
            "rules": rules_document(accepted.route),
            "policy_version": accepted.policy_version,
            "inclusion_probability": float(accepted.route.inclusion_probability),
        },
        **expected,
    }


def kept_submission(accepted: Accepted) -> Kept:
    """Return the answer to a submission, as it is kept for a retry."""
    body = encode(accepted_document(accepted))
    return Kept(200, body, None) if accepted.dry else Kept(201, body, accepted.submission_id)


def is_final(submission: Submission) -> bool:
    """Say whether programs may see the outcome: it is there, and nobody can take it back any more."""
    # A program that takes its submission back reads so in the same answer, which began before that was written.
    return submission.status == CANCELLED or (submission.final_at is not None and submission.final_at <= now())


def brief_document(submission: Submission, item_state: str | None) -> dict[str, Any]:
    """Return a submission without content. Until its outcome is final, the status says what the item is doing."""
    working = None if is_final(submission) else _AT_WORK.get(item_state or "", CLAIMED)
    return {
        "id": show("submission", submission.id),
        "external_id": submission.external_id,
        "status": working or submission.status,
        "content_sha256": submission.content_sha256.hex(),
        "confidence": None if submission.confidence is None else float(submission.confidence),
        "model": {
            "provider": submission.model_provider,
            "name": submission.model_name,
            "version": submission.model_version,
        },
        "prompt": {"id": submission.prompt_id, "version": submission.prompt_version},
        "route": {
            "outcome": submission.route_outcome,
            "rules": submission.route_rules,
            "policy_version": submission.policy_version,
            "inclusion_probability": float(submission.inclusion_probability),
        },
        "created_at": instant_text(submission.created_at),
    }


def full_document(opened: OpenSubmission) -> dict[str, Any]:
    """Return a submission with its content, and its decision once that is final."""
    submission, task_type, received, key = opened.submission, opened.task_type, opened.received, opened.key
    final, beside = is_final(submission), read_beside(db(), submission_id=submission.id)
    decision = find_decision(db(), submission_id=submission.id, key=key) if final else None
    decided = None
    if decision is not None:
        figures = read_figures(db(), submission_ids=[submission.id])[submission.id]
        decided = program_document(decision, received=received, figures=figures)
    calls = list_calls(db(), submission_id=submission.id) if beside.has_calls else []
    later = list_outcomes(db(), submission_id=submission.id, key=key) if beside.has_outcomes else []
    return {
        **brief_document(submission, beside.item_state),
        "task_type": task_type.name,
        "task_type_version": task_type.version,
        "title": received.title,
        "instructions": received.instructions,
        "output": received.output,
        "field_confidence": received.field_confidence,
        "evidence": received.evidence,
        "actions": [_action_document(action) for action in received.actions],
        "context": list(received.context),
        "requested_by": received.requested_by,
        "usage": received.usage,
        "llm_calls": [_call_document(call) for call in calls],
        "ref": received.ref,
        "trace": received.trace,
        "sensitive": list(received.sensitive),
        "metadata": received.metadata,
        "endpoint": received.endpoint,
        "decision": decided,
        "superseded_by": None if decision is None or decision.supersedes is None else show("decision", decision.id),
        "outcomes": [_outcome_document(outcome, words) for outcome, words in later],
    }


def _action_document(action: Action) -> dict[str, Any]:
    return {
        "call_id": action.call_id,
        "kind": action.kind,
        "name": action.name,
        "args": action.args,
        "args_sha256": args_sha256(action.args).hex(),
        "args_schema": action.args_schema,
        "description": action.description,
        "preview": action.preview,
        "allowed": list(action.allowed),
        "risk": action.risk,
    }


def _call_document(call: LlmCall) -> dict[str, Any]:
    cost = None if call.amount is None else {"amount": f"{call.amount:f}", "currency": call.currency}
    listed = call.list_amount
    by_list = None if listed is None else {"amount": f"{listed:f}", "currency": call.list_currency}
    return {
        "provider": call.provider,
        "response_id": call.response_id,
        "model": call.model,
        "purpose": call.purpose,
        "status": call.status,
        "attempt": call.attempt,
        "input_tokens": call.input_tokens,
        "cached_input_tokens": call.cached_input_tokens,
        "cache_write_input_tokens": call.cache_write_input_tokens,
        "output_tokens": call.output_tokens,
        "reasoning_tokens": call.reasoning_tokens,
        "latency_ms": call.latency_ms,
        "cost": cost,
        "list_cost": by_list,
        "called_at": None if call.called_at is None else instant_text(call.called_at),
    }


def _outcome_document(outcome: LaterOutcome, words: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": show("outcome", outcome.id),
        "correct": outcome.correct,
        "label": outcome.label,
        "output": words["output"],
        "note": words["note"],
        "observed_at": None if outcome.observed_at is None else instant_text(outcome.observed_at),
        "recorded_at": instant_text(outcome.recorded_at),
    }
