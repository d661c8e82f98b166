"""Hand over what is due: take rows in one short transaction, send outside of any, record each in a short one.

Each row is leased before it is sent and recorded after; whatever dies in between is sent again when the lease has run
out, with the same id and the same bytes. One slow endpoint never takes all places.
Run by the loops of the listener and the sweeper; `drain` is the job that a committed decision asks for.
"""

from collections import Counter
from collections.abc import Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from random import SystemRandom
from typing import Final, NamedTuple

import structlog
from sqlalchemy.exc import DBAPIError, NoResultFound
from sqlalchemy.orm import Session

from app.delivery.rules.retries import Answer
from app.delivery.rules.signing import sign
from app.delivery.service import BODY_PURPOSE, Leased, open_secret, record_attempt, take_due
from app.kernel.clock import host_now
from app.kernel.sealing import CannotOpen
from app.submissions.queries import data_key
from workers.task import Tools

SLOTS: Final = 8
# An endpoint with this many under way gets no further place until one is free again.
BUSY_ENDPOINT: Final = 4
_LOOK_AGAIN_SECONDS: Final = 0.5
_RECORD_PAUSES_SECONDS: Final = (0.2, 0.5, 1.0, 2.0)
CANNOT_OPEN: Final = "cannot be opened"

_log = structlog.get_logger(__name__)
_random = SystemRandom()


class Parcel(NamedTuple):
    """A leased delivery with its secrets and body opened."""

    leased: Leased
    secrets: tuple[str, ...]
    body: bytes


def drain(tools: Tools) -> None:
    """Have the deliveries loop of this process look at the outbox now."""
    tools.look_for_deliveries.set()


def send_due(tools: Tools) -> int:
    """Try everything that is due, until nothing is or the process is to stop; return the number of tries."""
    tries = 0
    under_way: dict[Future[Answer], Leased] = {}
    with ThreadPoolExecutor(SLOTS, thread_name_prefix="send") as pool:
        while True:
            _fill(tools, pool, under_way)
            if not under_way:
                return tries
            # The short wait lets rows that became due meanwhile use the places that are free.
            done, _ = wait(under_way, timeout=_LOOK_AGAIN_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                _record(tools, under_way.pop(future), future.result())
                tries += 1


def _fill(tools: Tools, pool: ThreadPoolExecutor, under_way: dict[Future[Answer], Leased]) -> None:
    while len(under_way) < SLOTS and not tools.stop.is_set():
        parcels, unusable = _take(tools, under_way.values())
        for leased in unusable:
            _record(tools, leased, Answer(None, 0, problem=CANNOT_OPEN))
        if not parcels and not unusable:
            return
        for parcel in parcels:
            under_way[pool.submit(_try, tools, parcel)] = parcel.leased


def _take(tools: Tools, under_way: Collection[Leased]) -> tuple[list[Parcel], list[Leased]]:
    counts = Counter(leased.endpoint_id for leased in under_way)
    busy = [endpoint_id for endpoint_id, count in counts.items() if count >= BUSY_ENDPOINT]
    parcels: list[Parcel] = []
    unusable: list[Leased] = []
    with tools.unit_of_work() as (session, now):
        limit = min(BUSY_ENDPOINT, SLOTS - len(under_way))
        for leased in take_due(session, now=now, limit=limit, skip_endpoints=busy):
            try:
                parcels.append(_open(session, leased))
            except (CannotOpen, NoResultFound):
                unusable.append(leased)
    return parcels, unusable


def _open(session: Session, leased: Leased) -> Parcel:
    secrets = tuple(open_secret(session, endpoint_id=leased.endpoint_id, sealed=one) for one in leased.secrets)
    key = data_key(session, submission_id=leased.submission_id)
    return Parcel(leased, secrets, key.open(leased.body, purpose=BODY_PURPOSE))


def _try(tools: Tools, parcel: Parcel) -> Answer:
    headers = sign(parcel.secrets, webhook_id=parcel.leased.webhook_id, at=host_now(), body=parcel.body)
    return tools.sender(parcel.leased.url, headers, parcel.body)


def _record(tools: Tools, leased: Leased, answer: Answer) -> None:
    # What was answered is worth some patience: forgotten, it would be sent a second time.
    for pause in _RECORD_PAUSES_SECONDS:
        try:
            with tools.unit_of_work() as (session, now):
                state = record_attempt(session, now=now, leased=leased, answer=answer, draw=_random.random())
        except DBAPIError as error:
            _log.warning("answer not recorded yet", webhook_id=leased.webhook_id, error=str(error.orig))
            tools.stop.wait(pause)
        else:
            _log.info(
                "delivery tried",
                webhook_id=leased.webhook_id,
                status=answer.status_code,
                problem=answer.problem,
                duration_ms=answer.duration_ms,
                state=state,
            )
            return
    _log.error("answer lost, the delivery will be tried again", webhook_id=leased.webhook_id)
