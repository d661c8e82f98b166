"""Function calls and questions of the HumanLayer SDK, as submissions with one action.

The SDK runs its function with the arguments it had, so a reviewer may approve or reject, and not edit. It has no word
for a time-out: that is a no whose comment says that nobody answered. A call id that is sent again is the same call.
Scopes: submit to send, read to read.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.humanlayer.shapes import CallPath, ContactIn, ContactOut, FunctionCallIn, FunctionCallOut
from app.api.v1.answers import answer
from app.api.v1.shapes.parts import Problem
from app.api.v1.submission_documents import is_final
from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import allow
from app.intake.service import submit
from app.kernel.db import lock_name
from app.kernel.errors import Conflict, NotFound
from app.kernel.instants import instant_text
from app.kernel.strict_json import encode
from app.review.queries import find_decision
from app.review.rules.document import DecisionFacts
from app.submissions.models import Submission
from app.submissions.queries import find_newest_by_external_id, read_content, task_type_exists
from app.submissions.rules.received import Received
from app.submissions.service import TaskTypeDefinition, define_task_type

api = APIBlueprint(
    "humanlayer",
    __name__,
    url_prefix="/api/humanlayer/v1",
    abp_tags=[Tag(name="humanlayer", description="the routes of the HumanLayer SDK")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem},
)
TASK_TYPE: Final = "humanlayer"
APPROVAL: Final = "approval"
CONTACT: Final = "contact"
_UNANSWERED: Final = {
    "expired": "Nobody answered in time. This is a time-out, not a rejection.",
    "cancelled": "The request was cancelled before anybody answered.",
}


class NoSuchCall(NotFound):
    """There is no such call in this workspace."""


class OtherCall(Conflict):
    """This call id is in use for another call."""


@api.post("/function_calls", responses={200: FunctionCallOut})
@allow("submit")
def post_function_call(body: FunctionCallIn) -> Response:
    """Ask for approval of a function call; the same call id again is the same call."""
    spec = _kept_spec(body.spec.model_dump())
    action = {"name": body.spec.fn, "args": body.spec.kwargs, "allowed": ["approve", "reject"]}
    return answer(_call(_keep(APPROVAL, body, spec, action, spec.get("reject_options"))))


@api.get("/function_calls/<call_id>", responses={200: FunctionCallOut})
@allow("read")
def get_function_call(path: CallPath) -> Response:
    """Read a function call; `status.approved` is null until the decision is final."""
    return answer(_call(_find(APPROVAL, path.call_id)))


@api.post("/contact_requests", responses={200: ContactOut})
@allow("submit")
def post_contact_request(body: ContactIn) -> Response:
    """Ask a person; the same call id again is the same question."""
    spec = _kept_spec(body.spec.model_dump())
    args = {"message": body.spec.msg} | ({"subject": body.spec.subject} if body.spec.subject else {})
    action = {"name": "contact_human", "args": args, "allowed": ["respond", "reject"]}
    return answer(_contact(_keep(CONTACT, body, spec, action, spec.get("response_options"))))


@api.get("/contact_requests/<call_id>", responses={200: ContactOut})
@allow("read")
def get_contact_request(path: CallPath) -> Response:
    """Read a question; `status.response` is null until there is an answer."""
    return answer(_contact(_find(CONTACT, path.call_id)))


def _kept_spec(spec: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of a spec: everything but the token of a chat bot, which nobody needs to read here."""
    channel = spec.get("channel")
    if isinstance(channel, dict) and isinstance(channel.get("slack"), dict):
        slack = {name: value for name, value in channel["slack"].items() if name != "bot_token"}
        return {**spec, "channel": {**channel, "slack": slack}}
    return spec


def _keep(
    kind: str, sent: FunctionCallIn | ContactIn, spec: dict[str, Any], action: dict[str, Any], options: Any
) -> Submission:
    """Submit a call that is not there yet, and return its submission."""
    run_id, call_id = sent.run_id, sent.call_id
    # Two tries of one call may come at once.
    lock_name(db(), f"humanlayer {workspace_id()} {call_id}")
    ref = {"framework": "humanlayer", "kind": kind, "run_id": run_id, "call_id": call_id, "spec": spec}
    known = find_newest_by_external_id(db(), workspace_id=workspace_id(), task_type=TASK_TYPE, external_id=call_id)
    if known is not None:
        if read_content(db(), submission_id=known.id)[0].ref != ref:
            raise OtherCall
        return known
    if not task_type_exists(db(), workspace_id=workspace_id(), name=TASK_TYPE):
        definition = TaskTypeDefinition(name=TASK_TYPE, output_schema={})
        define_task_type(db(), now=now(), actor=principal().actor, workspace_id=workspace_id(), definition=definition)
    document = {
        "task_type": TASK_TYPE,
        "external_id": call_id,
        "actions": [{"call_id": "c1", "kind": kind, **action}],
        "context": [{"type": "text", "title": "Options", "value": _options_text(options)}] if options else [],
        "requested_by": {"agent": run_id},
        "ref": ref,
    }
    submit(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        key_id=principal().actor.id,
        key_owner=principal().person_id,
        body=encode(document),
        document=document,
    )
    return _find(kind, call_id)


def _options_text(options: list[dict[str, Any]]) -> str:
    return "\n".join(
        ": ".join(str(part) for part in (one["name"], one.get("title") or one.get("description")) if part)
        for one in options
    )


def _find(kind: str, call_id: str) -> Submission:
    found = find_newest_by_external_id(db(), workspace_id=workspace_id(), task_type=TASK_TYPE, external_id=call_id)
    if found is None or read_content(db(), submission_id=found.id)[0].ref.get("kind") != kind:
        raise NoSuchCall
    return found


def _call(submission: Submission) -> dict[str, Any]:
    received, decision, said = _read(submission)
    verb = None if decision is None else decision.body["actions"][0]["verb"]
    approved = verb == "approve" if decision is not None else (None if said is None else False)
    comment = _comment(decision) if decision is not None else said
    return {
        **_same(received),
        "status": {
            **_times(submission, decision, said),
            "approved": approved,
            # The SDK takes no rejection without a comment.
            "comment": comment or ("Rejected." if approved is False else None),
            "reject_option_name": _option(received.ref["spec"].get("reject_options"), comment)
            if not approved
            else None,
        },
    }


def _contact(submission: Submission) -> dict[str, Any]:
    received, decision, said = _read(submission)
    response = _comment(decision) if decision is not None else said
    if decision is not None and not response:
        response = "Nobody wants to answer this."
    return {
        **_same(received),
        "status": {
            **_times(submission, decision, said),
            "response": response,
            "response_option_name": _option(received.ref["spec"].get("response_options"), response),
        },
    }


def _read(submission: Submission) -> tuple[Received, DecisionFacts | None, str | None]:
    """Return what was sent, its decision if that is final, and what is said when it ended without one."""
    received, key = read_content(db(), submission_id=submission.id)
    if not is_final(submission):
        return received, None, None
    decision = find_decision(db(), submission_id=submission.id, key=key)
    if decision is not None:
        return received, decision, None
    passed = "A policy let it pass." if submission.status == "passed" else "A policy blocked it."
    return received, None, _UNANSWERED.get(submission.status, passed)


def _comment(decision: DecisionFacts) -> str | None:
    comment: str | None = decision.body["actions"][0].get("message") or decision.body["message"]
    return comment


def _same(received: Received) -> dict[str, Any]:
    return {name: received.ref[name] for name in ("run_id", "call_id", "spec")}


def _times(submission: Submission, decision: DecisionFacts | None, said: str | None) -> dict[str, Any]:
    ended: datetime | None = submission.final_at if said is not None else None
    responded_at = decision.final_at if decision is not None else ended
    return {
        "requested_at": instant_text(submission.created_at),
        "responded_at": None if responded_at is None else instant_text(responded_at),
    }


def _option(options: list[Mapping[str, Any]] | None, text: str | None) -> str | None:
    """Return the option that a person named by its name or title, if the whole answer is just that."""
    said = (text or "").strip().casefold()
    for one in options or ():
        if said and said in {str(one["name"]).casefold(), str(one.get("title") or "").casefold()}:
            return str(one["name"])
    return None
