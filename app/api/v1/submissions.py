"""/api/v1/submissions: send an output and learn at once whether it passes, waits or is blocked; read it; cancel it.

Scopes: submit to send and cancel, read to read.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response, request
from flask_openapi3 import APIBlueprint, Tag
from pydantic import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from app.api.v1.answers import answer, from_bytes
from app.api.v1.shapes.parts import Anything, IdPath, Problem
from app.api.v1.shapes.submissions import BatchIn, BatchOut, SubmissionIn, SubmissionQuery, SubmissionsQuery
from app.edge.context import db, now, principal, strict_request, workspace_id
from app.edge.guard import allow
from app.edge.problems import error_document
from app.edge.requests import BATCH_BYTES, BODY_BYTES, BodyTooLarge, Taken, takes
from app.edge.waiting import NotYet, may_wait
from app.intake.service import Accepted, Sender, rules_document, submit, submit_each
from app.kernel.errors import Fault, Invalid, ServiceError
from app.kernel.ids import parse, show
from app.kernel.instants import instant_text
from app.kernel.seconds import seconds_text
from app.kernel.strict_json import encode
from app.queue.queries import item_states
from app.queue.rules import CANCELLED, CLAIMED, HELD, RESERVED, WAITING
from app.review.queries import find_decision
from app.review.rules.document import decision_document
from app.review.service import cancel
from app.submissions.models import Submission
from app.submissions.queries import Filter, get_submission, get_task_type, list_submissions, read_content
from app.submissions.service import Kept, answer_once

api = APIBlueprint(
    "submissions",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="submissions")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 404: Problem, 422: Problem},
)
KEY_LENGTH = 255
# What a program reads of an item that is still open; one that is decided and not final yet looks like one at work.
_AT_WORK = {WAITING: WAITING, RESERVED: WAITING, HELD: HELD}


class BadIdempotencyKey(Invalid):
    """An Idempotency-Key has 1 to 255 visible ASCII characters."""


@api.post("/submissions", responses={201: Anything})
@allow("submit")
def post(body: SubmissionIn) -> Response:  # noqa: ARG001  # its shape is checked by being named
    """Submit an output or proposed actions. `Idempotency-Key` makes a retry safe for 7 days."""
    return _once("/submissions", _accept)


@api.post("/submissions/batch", responses={200: BatchOut, 413: Problem})
@allow("submit")
@takes(Taken(BATCH_BYTES, parts_of="submissions"))
def post_batch(body: BatchIn) -> Response:  # noqa: ARG001  # its shape is checked by being named
    """Submit up to 1,000 at once, each for itself; those that are right are kept, all in one transaction.

    An element is kept as its exact bytes in the body and may have as many as a body of its own. `Idempotency-Key`
    makes a retry of the whole batch safe for 7 days.
    """
    return _once("/submissions/batch", _accept_each)


def _once(path: str, work: Callable[[], Kept]) -> Response:
    """Return the answer of the work, or the one kept for this Idempotency-Key."""
    idempotency_key = _idempotency_key()
    if idempotency_key is None:
        kept = work()
    else:
        kept = answer_once(
            db(),
            now=now(),
            key_id=_key_id(),
            idempotency_key=idempotency_key,
            request=f"POST {path}\n".encode() + strict_request().raw_body,
            work=work,
        )
    response = from_bytes(kept.body, kept.status_code)
    if kept.submission_id is not None:
        response.headers["Location"] = f"/api/v1/submissions/{show('submission', kept.submission_id)}"
    if kept.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _accept() -> Kept:
    accepted = submit(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        key_id=_key_id(),
        key_owner=principal().person_id,
        body=strict_request().raw_body,
        document=strict_request().document,
    )
    return Kept(201, encode(_accepted_document(accepted)), accepted.submission_id)


def _accept_each() -> Kept:
    results: list[dict[str, Any] | None] = []
    elements = []
    for part, document in strict_request().parts:
        error = _element_error(part, document)
        results.append(None if error is None else {"error": error_document(error)})
        if error is None:
            elements.append((part, document))
    sender = Sender(principal().actor, workspace_id(), _key_id(), principal().person_id)
    outcomes = iter(submit_each(db(), now=now(), sender=sender, elements=elements))
    answers = [_outcome_document(next(outcomes)) if result is None else result for result in results]
    return Kept(200, encode({"results": answers}), None)


def _element_error(part: bytes, document: Any) -> ServiceError | ValidationError | None:
    """Return what the door would have said to this element alone; None when nothing."""
    if len(part) > BODY_BYTES:
        return BodyTooLarge()
    try:
        SubmissionIn.model_validate(document)
    except ValidationError as error:
        return error
    return None


def _outcome_document(outcome: Accepted | ServiceError) -> dict[str, Any]:
    if isinstance(outcome, ServiceError):
        return {"error": error_document(outcome)}
    return _accepted_document(outcome)


def _key_id() -> UUID:
    actor_id = principal().actor.id
    assert actor_id is not None, "only keys submit"  # noqa: S101  # the scope is never a person's
    return actor_id


def _idempotency_key() -> str | None:
    text = request.headers.get("Idempotency-Key")
    if text is None:
        return None
    # The header is a structured string in the IETF draft, bare almost everywhere else; both name the same key.
    key = text[1:-1] if len(text) >= 2 and text[0] == text[-1] == '"' else text
    if not 1 <= len(key) <= KEY_LENGTH or not all("!" <= c <= "~" for c in key):
        raise BadIdempotencyKey(faults=[Fault("Idempotency-Key", "must have 1 to 255 visible ASCII characters")])
    return key


def _accepted_document(accepted: Accepted) -> dict[str, Any]:
    wait = accepted.expected_wait
    expected = {} if wait is None else {"expected_wait_seconds": seconds_text(wait // timedelta(milliseconds=1))}
    return {
        "id": show("submission", accepted.submission_id),
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


@api.get("/submissions/<id>", responses={200: Anything})
@allow("read")
def get(path: IdPath, query: SubmissionQuery) -> AnyResponse:
    """Read a submission with its decision; `wait` holds the answer until the decision is final."""
    submission_id = parse("submission", path.id)
    submission = get_submission(db(), workspace_id=workspace_id(), submission_id=submission_id)
    if not _is_final(submission) and may_wait(query.wait, topic=submission_id.hex):
        raise NotYet
    response = answer(_full_document(submission))
    response.add_etag()
    return response.make_conditional(request)


@api.get("/submissions", responses={200: Anything})
@allow("read")
def get_all(query: SubmissionsQuery) -> Response:
    """List submissions, the newest first, without their content."""
    wanted = Filter(**query.model_dump(exclude={"limit", "cursor"}))
    page = list_submissions(db(), workspace_id=workspace_id(), wanted=wanted, cursor=query.cursor, limit=query.limit)
    states = item_states(db(), submission_ids=[s.id for s in page.rows])
    rows = [_brief_document(s, states.get(s.id)) for s in page.rows]
    return answer({"data": rows, "has_more": page.has_more, "next_cursor": page.next_cursor})


@api.post("/submissions/<id>/cancel", responses={200: Anything, 409: Problem})
@allow("submit")
def post_cancel(path: IdPath) -> Response:
    """Take a submission back that nobody has decided."""
    submission = cancel(
        db(), actor=principal().actor, workspace_id=workspace_id(), submission_id=parse("submission", path.id)
    )
    return answer(_brief_document(submission, None))


def _is_final(submission: Submission) -> bool:
    """Say whether programs may see the outcome: it is there, and nobody can take it back any more."""
    # A program that takes its submission back reads so in the same answer, which began before that was written.
    return submission.status == CANCELLED or (submission.final_at is not None and submission.final_at <= now())


def _brief_document(submission: Submission, item_state: str | None) -> dict[str, Any]:
    """Return a submission without content. Until its outcome is final, the status says what the item is doing."""
    working = None if _is_final(submission) else _AT_WORK.get(item_state or "", CLAIMED)
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


def _full_document(submission: Submission) -> dict[str, Any]:
    """Return a submission with its content, and its decision once that is final."""
    received, key = read_content(db(), submission_id=submission.id)
    task_type = get_task_type(db(), workspace_id=workspace_id(), task_type_id=submission.task_type_id)
    state = item_states(db(), submission_ids=[submission.id]).get(submission.id)
    decision = find_decision(db(), submission_id=submission.id, key=key) if _is_final(submission) else None
    return {
        **_brief_document(submission, state),
        "task_type": task_type.name,
        "task_type_version": task_type.version,
        "output": received.output,
        "field_confidence": received.field_confidence,
        "actions": [{"call_id": a.call_id, "name": a.name, "args": a.args, "risk": a.risk} for a in received.actions],
        "context": list(received.context),
        "requested_by": received.requested_by,
        "metadata": received.metadata,
        "endpoint": received.endpoint,
        "decision": None if decision is None else decision_document(decision, with_grants=True),
        "superseded_by": None if decision is None or decision.supersedes is None else show("decision", decision.id),
    }
