"""Take in together what is submitted at the same moment: one transaction for all that waits for its turn.

Only what is plain goes this way. What has anything wrong with its key, its shape or its Idempotency-Key is left to the
view, which does it alone and says what is wrong; so is every submission of a transaction that failed. An answer is the
same whichever way it came. Called by the unit of work before the view would run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import Response, current_app, g, request
from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.api.v1.idempotency import answer_kept, read_idempotency_key, whole_request
from app.api.v1.shapes.submissions import SubmissionIn
from app.api.v1.submission_documents import kept_submission
from app.edge.context import strict_request
from app.edge.guard import RateExceeded, read_bearer
from app.edge.limits import Limiter, Quota
from app.identity.rules import Principal
from app.identity.service import BadKey, open_by_key
from app.intake.service import Sender, submit_each
from app.kernel.combining import Combiner
from app.kernel.db import Database
from app.kernel.errors import ServiceError
from app.submissions.service import Asked, Kept, answer_each_once

# What one transaction takes; more would hold up the first of them for the last.
MOST: Final = 64


@dataclass(frozen=True)
class _Sent:
    """A submission whose shape is right, with the key that sends it."""

    key: str
    body: bytes
    document: Mapping[str, Any]
    idempotency_key: str | None
    request: bytes


@dataclass(frozen=True)
class _Taken:
    """Who sent it, what is left to that key, and the answer; None when it has to be done alone."""

    principal: Principal
    quota: Quota
    answer: Kept | ServiceError | None = None


Submitting = Combiner[_Sent, _Taken]


def make_combiner(database: Database, limiter: Limiter) -> Submitting:
    """Return what the threads of a process submit through."""
    return Combiner(lambda many: take_in(database, limiter, many), most=MOST)


def submit_together() -> Response | None:
    """Answer this request together with others of its moment; None when the view has to do it alone.

    Raises:
        RateExceeded: the key has made too many calls.
        ServiceError: what the view would have said.
    """
    sent = _read()
    combiner: Submitting = current_app.extensions["submitting"]
    taken = None if sent is None else combiner.do(sent)
    if taken is None:
        return None
    g.principal, g.quota, g.counted = taken.principal, taken.quota, True
    if taken.quota.wait_seconds:
        raise RateExceeded(retry_after_seconds=taken.quota.wait_seconds)
    if isinstance(taken.answer, ServiceError):
        raise taken.answer
    return None if taken.answer is None else answer_kept(taken.answer)


def _read() -> _Sent | None:
    """Return what this request sends; None when anything is unusual about it."""
    document = strict_request().document
    try:
        SubmissionIn.model_validate(document)
        key, name = read_bearer(request.headers.get("Authorization")), read_idempotency_key()
    except (ValidationError, ServiceError):
        return None
    if key is None:
        return None
    # A copy of the body, which only a kept answer has to be compared with.
    request_bytes = b"" if name is None else whole_request("/submissions")
    return _Sent(key, strict_request().raw_body, document, name, request_bytes)


def take_in(database: Database, limiter: Limiter, many: Sequence[_Sent]) -> list[_Taken | None]:
    """Submit all of these in one transaction; None for each that has to be done alone."""
    taken: list[_Taken | None] = [None] * len(many)
    with database.unit_of_work() as session:
        for key in dict.fromkeys(sent.key for sent in many):
            places = [place for place, sent in enumerate(many) if sent.key == key]
            try:
                opened = open_by_key(session, text=key)
            except BadKey:
                continue
            if not opened.principal.may("submit"):
                continue
            quotas = {place: limiter.count(str(opened.principal.actor.id), opened.at) for place in places}
            granted = [place for place in places if not quotas[place].wait_seconds]
            answers = _submit(session, opened.at, opened.principal, [many[place] for place in granted])
            by_place = dict(zip(granted, answers, strict=True))
            for place in places:
                taken[place] = _Taken(opened.principal, quotas[place], by_place.get(place))
    return taken


def _submit(
    session: Session, now: datetime, principal: Principal, many: Sequence[_Sent]
) -> list[Kept | ServiceError | None]:
    """Submit what one key sent; those with an Idempotency-Key once."""
    sender = Sender(principal.actor, principal.workspace_id, principal.key_id, principal.person_id)

    def work(places: Sequence[int]) -> list[Kept | ServiceError]:
        elements = [(many[place].body, many[place].document) for place in places]
        outcomes = submit_each(session, now=now, sender=sender, elements=elements)
        return [o if isinstance(o, ServiceError) else kept_submission(o) for o in outcomes]

    asked = [
        None if sent.idempotency_key is None else Asked(principal.key_id, sent.idempotency_key, sent.request)
        for sent in many
    ]
    return answer_each_once(session, now=now, many=asked, work=work)
