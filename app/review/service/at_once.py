"""The common verdict in three statements: the only vote an item needs, in time, under a live claim.

It does what deciding does step by step and leaves the same rows; a test holds the two against each other. Whatever is
not the common case is left to the steps: nothing has been written by then, and the locks are those that they take.
Called by deciding.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.costs.rules import Payee, Rate, change_instants, price, rate_at
from app.feed.service import look_soon
from app.grants.service import Granted, sign_grants
from app.identity.rules import Terms, person_lock, prices_lock
from app.kernel.ids import new_id, show
from app.kernel.sealing import DataKey, vault_of
from app.kernel.strict_json import decode, encode
from app.queue.rules import CLAIMED
from app.review.rules.answers import comparable
from app.review.rules.document import DecisionFacts, VoteFacts
from app.review.rules.verdict import Outcome, Verdict, judge
from app.review.service.case import body_of, seal_body
from app.review.service.closing import Announced, announce
from app.review.statements import DECIDE, EVIDENCE, LOCK_CASE
from app.submissions.rules.received import Received, read_received
from app.timekeeping.rules import Beat, ClaimTime, Segment, segments


@dataclass(frozen=True)
class Asked:
    """A verdict as it is handed in: by whom, under which claim and token, on which content."""

    actor: Actor
    workspace_id: UUID
    person_id: UUID
    claim_id: UUID
    token: int
    content_sha256: bytes
    verdict: Verdict
    at_desk: bool


def digest_of(asked: Asked) -> bytes:
    """Return the digest by which the same verdict, handed in again, is known."""
    return sha256(encode([asdict(asked.verdict), asked.content_sha256.hex()])).digest()


def decide_at_once(session: Session, *, asked: Asked) -> DecisionFacts | None:
    """Hand in a verdict that decides by itself; return the decision, or None when this is not the common case.

    Raises:
        VerdictRefused: the verdict does not fit; the faults say where.
    """
    # What is pending in the session is about the same rows.
    session.flush()
    whose = {"workspace": asked.workspace_id, "person": asked.person_id, "claim": asked.claim_id}
    locks = {"person_lock": person_lock(asked.person_id), "prices_lock": prices_lock(asked.workspace_id)}
    case = session.execute(LOCK_CASE, {**whose, **locks}).one_or_none()
    if case is None or not _is_common(case, asked):
        return None
    times = {"since": case.claimed_at, "until": case.at, "known_at": case.posted_at}
    known = session.execute(EVIDENCE, {**whose, **times}).one()
    payee, rates = _paid(known, asked.person_id)
    if known.beside or _by_the_item(rates, payee, case.at):
        return None
    key = vault_of(session).unwrap(case.data_key)
    received = read_received(decode(key.open(case.body, purpose="submission")))
    outcome = judge(received, asked.verdict, output_schema=case.output_schema, reason_codes=case.reason_codes)
    final_at = case.at + timedelta(milliseconds=case.undo_ms if asked.at_desk else 0)
    time_and_money, active_ms = _post(case, known, asked.claim_id, payee, rates)
    decision_id = new_id()
    granted = Granted(asked.workspace_id, case.submission_id, decision_id, final_at, case.grant_ms)
    grants = sign_grants(session, now=case.at, granted=granted, actions=outcome.actions)
    facts = _facts(case, outcome, asked, id=decision_id, active_ms=active_ms, final_at=final_at, grants=grants)
    session.execute(
        DECIDE,
        {
            **whose,
            **time_and_money,
            "closed_until": known.closed_until,
            **_written(case, key, outcome, asked, facts),
            "at": case.at,
            "posted_at": case.posted_at,
            "actor_kind": asked.actor.kind,
            "actor_id": asked.actor.id,
            "details": _details(case, outcome, asked),
            "decision": facts.id,
            "status": facts.status,
            "final_at": final_at,
            "active_ms": active_ms,
        },
    )
    # Rows that the session has read are not what they were.
    session.expire_all()
    look_soon(session)
    if case.endpoint_id is not None:
        announce(session, now=case.at, key=key, told=_told(case, asked, received, facts))
    return facts


def _is_common(case: Row[Any], asked: Asked) -> bool:
    """Say whether this verdict counts, is in time, and decides whatever it says."""
    live = case.ended_at is None and case.state == CLAIMED and case.expires_at > case.at
    alone = case.approvals_required == 1 and case.rejections_required == 1 and not case.voters
    open_to_all = case.review_mode == "open" and not case.adjudicating
    current = asked.token == case.token == case.newest_token and asked.content_sha256 == case.content_sha256
    return live and alone and open_to_all and current


def _paid(known: Row[Any], person_id: UUID) -> tuple[Payee, list[Rate]]:
    """Return a person as she is paid, and the rates that may hold for her."""
    terms = tuple(
        Terms(frozenset(one["roles"]), one["vendor"], datetime.fromisoformat(one["since"])) for one in known.terms or ()
    )
    whom = (known.rate_ids, known.rate_people, known.rate_roles, known.rate_vendors)
    money = (known.currencies, known.units, known.bases, known.burdens, known.overheads)
    dates = (known.valid_from, known.valid_to, known.recorded_at)
    rates = [Rate(*values) for values in zip(*(column or () for column in (*whom, *money, *dates)), strict=True)]
    return Payee(person_id, terms), rates


def _by_the_item(rates: list[Rate], payee: Payee, at: datetime) -> bool:
    """Say whether whoever hands in a verdict now is paid by the item, for which there is another entry."""
    rate = rate_at(rates, payee, at, at)
    return rate is not None and rate.unit == "item"


def _post(
    case: Row[Any], known: Row[Any], claim_id: UUID, payee: Payee, rates: list[Rate]
) -> tuple[dict[str, Any], int]:
    """Return a claim's time and its price, as columns of rows to insert, and its active milliseconds."""
    heard = (known.seqs, known.received, known.monos, known.states, known.ages)
    beats = tuple(Beat(*values) for values in zip(*(column or () for column in heard), strict=True))
    entries = segments(
        ClaimTime(claim_id, case.claimed_at, max(case.claimed_at, case.at), beats, case.cap_ms),
        posted=list(zip(known.starts or (), known.ends or (), strict=True)),
        cuts=change_instants(rates, payee, case.claimed_at, case.at),
    )
    ids = [new_id() for _ in entries]
    spent = {
        "entries": ids,
        "kinds": [s.kind for s in entries],
        "starts": [s.starts_at for s in entries],
        "ends": [s.ends_at for s in entries],
        "ms": [s.ms for s in entries],
        "blurred": [s.blurred for s in entries],
    }
    active = [(id_, s) for id_, s in zip(ids, entries, strict=True) if s.kind == "active"]
    return spent | _prices(active, rates, payee, case.posted_at), sum(s.ms for _, s in active)


def _prices(active: list[tuple[UUID, Segment]], rates: list[Rate], payee: Payee, at: datetime) -> dict[str, Any]:
    """Return what active time costs; without a rate it is unpriced, never free."""
    holding = [rate_at(rates, payee, s.starts_at, at) for _, s in active]
    pairs = list(zip(active, holding, strict=True))
    return {
        "priced": [id_ for id_, _ in active],
        "rates": [None if rate is None else rate.id for rate in holding],
        "currencies": [None if rate is None else rate.currency for rate in holding],
        "amounts": [None if rate is None else price(s.ms, rate) for (_, s), rate in pairs],
        "unpriced": [s.ms if rate is None else 0 for (_, s), rate in pairs],
    }


def _details(case: Row[Any], outcome: Outcome, asked: Asked) -> str:
    """Return what the trail says of the step."""
    facts = {
        "version": case.version + 1,
        "claim": show("claim", asked.claim_id),
        "token": case.token,
        "verb": outcome.verb,
        "vote_needed": 0,
        "status": outcome.status,
    }
    return orjson.dumps(facts).decode()


def _written(case: Row[Any], key: DataKey, outcome: Outcome, asked: Asked, facts: DecisionFacts) -> dict[str, Any]:
    """Return what is kept of the verdict's words, sealed, and of what it was about."""
    return {
        "item": case.item_id,
        "submission": case.submission_id,
        "token": case.token,
        "content": case.content_sha256,
        "vote": new_id(),
        "verb": outcome.verb,
        "answer": key.mark(comparable(outcome, asked.verdict.message), purpose="answer"),
        "reasons": list(asked.verdict.reason_codes),
        "request": digest_of(asked),
        "vote_body": seal_body(key, body_of(asked.verdict, outcome)),
        "decision_body": seal_body(key, facts.body),
    }


def _facts(
    case: Row[Any],
    outcome: Outcome,
    asked: Asked,
    *,
    id: UUID,  # noqa: A002  # the decision's, as its document calls it
    active_ms: int,
    final_at: datetime,
    grants: dict[str, str],
) -> DecisionFacts:
    return DecisionFacts(
        id=id,
        status=outcome.status,
        decided_by_kind="human",
        decided_at=case.at,
        final_at=final_at,
        late=False,
        content_sha256=case.content_sha256,
        superseded_by=None,
        body=body_of(asked.verdict, outcome, grants=grants),
        votes=[VoteFacts(asked.person_id, outcome.verb, case.at, active_ms, late=False, channel=case.channel)],
    )


def _told(case: Row[Any], asked: Asked, received: Received, facts: DecisionFacts) -> Announced:
    return Announced(
        workspace_id=asked.workspace_id,
        endpoint_id=case.endpoint_id,
        submission_id=case.submission_id,
        external_id=case.external_id,
        task_type=case.task_type,
        content_sha256=case.content_sha256,
        received=received,
        decision=facts,
    )
