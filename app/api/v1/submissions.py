"""/api/v1/submissions: send an output and learn at once whether it passes, waits or is blocked; read it; cancel it.

Scopes: submit to send and cancel, read to read.
"""

from typing import Any

from flask import Response, request
from flask_openapi3 import APIBlueprint, Tag
from pydantic import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from app.api.v1.answers import answer
from app.api.v1.idempotency import once
from app.api.v1.shapes.model_use import UsageIn, UsageOut
from app.api.v1.shapes.parts import Anything, IdPath, Problem
from app.api.v1.shapes.submissions import (
    BatchIn,
    BatchOut,
    OutcomeIn,
    OutcomeOut,
    SubmissionIn,
    SubmissionQuery,
    SubmissionsQuery,
)
from app.api.v1.submission_documents import (
    accepted_document,
    brief_document,
    full_document,
    is_final,
    kept_submission,
)
from app.api.v1.together import submit_together
from app.edge.context import db, now, principal, strict_request, workspace_id
from app.edge.guard import allow
from app.edge.problems import error_document
from app.edge.requests import BATCH_BYTES, BODY_BYTES, BodyTooLarge, Taken, takes
from app.edge.unit_of_work import joins
from app.edge.waiting import NotYet, may_wait
from app.intake.service import Accepted, Sender, report_calls, submit, submit_each
from app.kernel.errors import ServiceError
from app.kernel.ids import parse, show
from app.kernel.instants import instant_text
from app.kernel.strict_json import encode
from app.queue.queries import item_states
from app.review.service import cancel
from app.submissions.queries import Filter, get_submission, list_submissions, open_submission
from app.submissions.service import Kept, record_outcome

api = APIBlueprint(
    "submissions",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="submissions")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 404: Problem, 422: Problem},
)


@api.post("/submissions", responses={201: Anything})
@allow("submit")
@joins(submit_together)
def post(body: SubmissionIn) -> Response:  # noqa: ARG001  # its shape is checked by being named
    """Submit an output or proposed actions. `Idempotency-Key` makes a retry safe for 7 days."""
    return once("/submissions", _accept)


@api.post("/submissions/batch", responses={200: BatchOut, 413: Problem})
@allow("submit")
@takes(Taken(BATCH_BYTES, parts_of="submissions"))
def post_batch(body: BatchIn) -> Response:  # noqa: ARG001  # its shape is checked by being named
    """Submit up to 1,000 at once, each for itself; those that are right are kept, all in one transaction.

    An element is kept as its exact bytes in the body and may have as many as a body of its own. `Idempotency-Key`
    makes a retry of the whole batch safe for 7 days.
    """
    return once("/submissions/batch", _accept_each)


def _accept() -> Kept:
    accepted = submit(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        key_id=principal().key_id,
        key_owner=principal().person_id,
        body=strict_request().raw_body,
        document=strict_request().document,
    )
    return kept_submission(accepted)


def _accept_each() -> Kept:
    results: list[dict[str, Any] | None] = []
    elements = []
    for part, document in strict_request().parts:
        error = _element_error(part, document)
        results.append(None if error is None else {"error": error_document(error)})
        if error is None:
            elements.append((part, document))
    sender = Sender(principal().actor, workspace_id(), principal().key_id, principal().person_id)
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
    return accepted_document(outcome)


@api.get("/submissions/<id>", responses={200: Anything})
@allow("read")
def get(path: IdPath, query: SubmissionQuery) -> AnyResponse:
    """Read a submission with its decision; `wait` holds the answer until the decision is final."""
    submission_id = parse("submission", path.id)
    asked = {"workspace_id": workspace_id(), "submission_id": submission_id}
    # Who waits looks again and again, and needs no content for that.
    if query.wait and not is_final(get_submission(db(), **asked)) and may_wait(query.wait, topic=submission_id.hex):
        raise NotYet
    response = answer(full_document(open_submission(db(), **asked)))
    response.add_etag()
    return response.make_conditional(request)


@api.get("/submissions", responses={200: Anything})
@allow("read")
def get_all(query: SubmissionsQuery) -> Response:
    """List submissions, the newest first, without their content."""
    wanted = Filter(**query.model_dump(exclude={"limit", "cursor"}))
    page = list_submissions(db(), workspace_id=workspace_id(), wanted=wanted, cursor=query.cursor, limit=query.limit)
    states = item_states(db(), submission_ids=[s.id for s in page.rows])
    rows = [brief_document(s, states.get(s.id)) for s in page.rows]
    return answer({"data": rows, "has_more": page.has_more, "next_cursor": page.next_cursor})


@api.post("/submissions/<id>/cancel", responses={200: Anything, 409: Problem})
@allow("submit")
def post_cancel(path: IdPath) -> Response:
    """Take a submission back that nobody has decided."""
    submission = cancel(
        db(), actor=principal().actor, workspace_id=workspace_id(), submission_id=parse("submission", path.id)
    )
    return answer(brief_document(submission, None))


@api.post("/submissions/<id>/usage", responses={200: UsageOut})
@allow("submit")
def post_usage(path: IdPath, body: UsageIn) -> Response:  # noqa: ARG001  # its shape is checked by being named
    """Report calls of language models that came later; one that is known by provider and response id counts once."""
    submission_id = parse("submission", path.id)
    kept = report_calls(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        submission_id=submission_id,
        calls=strict_request().document["llm_calls"],
    )
    return answer({"added": kept.added, "known": kept.known})


@api.post("/submissions/<id>/outcome", responses={201: OutcomeOut})
@allow("submit")
def post_outcome(path: IdPath, body: OutcomeIn) -> Response:
    """Report what was learnt later: whether it was right, and what would have been. Nothing is replaced by it."""
    outcome = record_outcome(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        key_id=principal().key_id,
        submission_id=parse("submission", path.id),
        correct=body.correct,
        label=body.label,
        words={"output": strict_request().document.get("output"), "note": body.note},
        observed_at=body.observed_at,
    )
    return answer({"id": show("outcome", outcome.id), "recorded_at": instant_text(outcome.recorded_at)}, 201)
