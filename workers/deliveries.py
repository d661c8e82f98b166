"""Hand over what is due: take rows in one short transaction, send outside of any, record many in a short one.

Each row is leased before it is sent and recorded after; whatever dies in between is sent again when the lease has run
out, with the same id and the same bytes. One slow endpoint never takes all places, and of one that has not answered
quickly lately no rows are taken ahead.
Run by the loops of the listener and the sweeper; `drain` is the job that a committed decision asks for.
"""

from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta
from random import SystemRandom
from typing import Final, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.delivery.rules.retries import DELIVERED, Answer, is_taken
from app.delivery.rules.signing import sign
from app.delivery.service import (
    BODY_PURPOSE,
    Leased,
    end_leases,
    open_secret,
    record_attempt,
    record_deliveries,
    take_due,
)
from app.kernel.clock import host_now, monotonic_ms
from app.kernel.sealing import CannotOpen
from app.notifications.service import tell_endpoint_disabled
from app.submissions.queries import data_keys
from workers.task import Tools

SLOTS: Final = 16
# An endpoint with this many under way gets no further place until one is free again.
BUSY_ENDPOINT: Final = 8
# Rows that are taken ahead of the places, so that a trip to the database serves many.
AHEAD: Final = 64
# An endpoint that answers within this may have so many rows waiting for its places.
QUICK_MS: Final = 250
RECORD_AT_ONCE: Final = 32
# Nothing waits longer than this for company on a trip to the database.
_LONG_MS: Final = 50
# With less than this left of its lease a row is given back and not begun: a try may take a quarter of a minute.
_LEAST_LEASE: Final = timedelta(seconds=20)
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
    with ThreadPoolExecutor(SLOTS, thread_name_prefix="send") as pool:
        sending = _Sending(tools, pool)
        try:
            while sending.go_on():
                pass
        finally:
            # When the database went away in between, what was answered is still worth recording.
            sending.end()
        return sending.tries


class _Sending:
    """What is taken, under way and answered of one run."""

    def __init__(self, tools: Tools, pool: ThreadPoolExecutor) -> None:
        self.tries = 0
        self._tools = tools
        self._pool = pool
        self._ready: deque[Parcel] = deque()
        self._under_way: dict[Future[Answer], Leased] = {}
        self._answered: list[tuple[Leased, Answer]] = []
        self._taken_ms = self._recorded_ms = monotonic_ms()
        # How long each endpoint took for its latest answer, if that was a good one.
        self._took_ms: dict[UUID, int] = {}

    def go_on(self) -> bool:
        """Do a little of each; say whether there is more."""
        if self._is_time_to_take():
            self._take()
        self._begin()
        if self._under_way:
            # The short wait lets rows that became due meanwhile use the places that are free.
            done, _ = wait(self._under_way, timeout=_LOOK_AGAIN_SECONDS, return_when=FIRST_COMPLETED)
            self._answered += [(self._under_way.pop(future), future.result()) for future in done]
        if self._answered and self._is_time_to_record():
            self._record()
        return bool(self._under_way or self._ready or self._answered)

    def end(self) -> None:
        """Wait for what is under way, and record every answer."""
        done, _ = wait(self._under_way)
        self._answered += [(self._under_way.pop(future), future.result()) for future in done]
        if self._answered:
            self._record()

    def _is_time_to_take(self) -> bool:
        # Also with enough at hand: what is due elsewhere must not wait until a long backlog is sent.
        long_ago = monotonic_ms() - self._taken_ms > _LONG_MS
        return not self._tools.stop.is_set() and (len(self._ready) <= AHEAD // 2 or long_ago)

    def _take(self) -> None:
        """Lease what is due: of quick endpoints ahead of their places, of all others a few, which go first."""
        under_way = Counter(leased.endpoint_id for leased in self._under_way.values())
        busy = [endpoint_id for endpoint_id, count in under_way.items() if count >= BUSY_ENDPOINT]
        quick = [endpoint_id for endpoint_id, took_ms in self._took_ms.items() if took_ms <= QUICK_MS]
        ahead = AHEAD - len(self._ready)
        places = BUSY_ENDPOINT - sum(parcel.leased.endpoint_id not in quick for parcel in self._ready)
        with self._tools.unit_of_work() as (session, now):
            others = take_due(session, now=now, limit=places, skip_endpoints=[*quick, *busy]) if places > 0 else []
            many = take_due(session, now=now, limit=ahead, only_endpoints=quick) if quick and ahead > 0 else []
            first, unusable = _open_each(session, others)
            then, unusable_too = _open_each(session, many)
        self._ready = deque([*first, *self._ready, *then])
        self._answered += [(one, Answer(None, 0, problem=CANNOT_OPEN)) for one in (*unusable, *unusable_too)]
        self._taken_ms = monotonic_ms()

    def _begin(self) -> None:
        """Begin what has a place; let go of what may not be begun any more."""
        counts = Counter(leased.endpoint_id for leased in self._under_way.values())
        now = host_now()
        stop = self._tools.stop.is_set()
        self._let_go([p for p in self._ready if stop or p.leased.leased_until - now < _LEAST_LEASE])
        later = deque[Parcel]()
        for parcel in self._ready:
            leased = parcel.leased
            if len(self._under_way) < SLOTS and counts[leased.endpoint_id] < BUSY_ENDPOINT:
                counts[leased.endpoint_id] += 1
                self._under_way[self._pool.submit(_try, self._tools, parcel)] = leased
                self.tries += 1
            else:
                later.append(parcel)
        self._ready = later

    def _let_go(self, parcels: Sequence[Parcel]) -> None:
        """Give back what was taken and not begun."""
        if parcels:
            gone = {parcel.leased.id for parcel in parcels}
            self._ready = deque(parcel for parcel in self._ready if parcel.leased.id not in gone)
            with self._tools.unit_of_work() as (session, now):
                end_leases(session, now=now, leased=[parcel.leased for parcel in parcels])

    def _is_time_to_record(self) -> bool:
        # A failure may let its endpoint rest, and then nothing more is begun there.
        failed = any(not is_taken(answer.status_code) for _, answer in self._answered)
        long_ago = monotonic_ms() - self._recorded_ms > _LONG_MS
        return failed or not self._ready or long_ago or len(self._answered) >= RECORD_AT_ONCE

    def _record(self) -> None:
        for leased, answer in self._answered:
            self._took_ms[leased.endpoint_id] = answer.duration_ms
        failed = {leased.endpoint_id for leased, answer in self._answered if not is_taken(answer.status_code)}
        for endpoint_id in failed:
            self._took_ms.pop(endpoint_id, None)
        # Not leased, they take part in the rest that their endpoint may get.
        self._let_go([parcel for parcel in self._ready if parcel.leased.endpoint_id in failed])
        answered, self._answered = self._answered, []
        recorded = _record_taken(self._tools, [(leased, a) for leased, a in answered if is_taken(a.status_code)])
        for leased, answer in answered:
            if leased.id not in recorded:
                _record(self._tools, leased, answer)
        self._recorded_ms = monotonic_ms()


def _open_each(session: Session, leased: Sequence[Leased]) -> tuple[list[Parcel], list[Leased]]:
    """Open secrets and bodies; what cannot be opened is handed back apart."""
    keys = data_keys(session, submission_ids={one.submission_id for one in leased})
    parcels: list[Parcel] = []
    unusable: list[Leased] = []
    for one in leased:
        try:
            secrets = tuple(open_secret(session, endpoint_id=one.endpoint_id, sealed=sealed) for sealed in one.secrets)
            body = keys[one.submission_id].open(one.body, purpose=BODY_PURPOSE)
            parcels.append(Parcel(one, secrets, body))
        except (CannotOpen, KeyError):
            unusable.append(one)
    return parcels, unusable


def _try(tools: Tools, parcel: Parcel) -> Answer:
    headers = sign(parcel.secrets, webhook_id=parcel.leased.webhook_id, at=host_now(), body=parcel.body)
    return tools.sender(parcel.leased.url, headers, parcel.body)


def _record_taken(tools: Tools, taken: Sequence[tuple[Leased, Answer]]) -> set[UUID]:
    """Record what was taken, all at once; return what was, for the rest is recorded one by one."""
    if len(taken) < 2:
        return set()
    try:
        with tools.unit_of_work() as (session, now):
            recorded = record_deliveries(session, now=now, taken=taken)
    except DBAPIError as error:
        _log.warning("answers not recorded yet", count=len(taken), error=str(error.orig))
        return set()
    for leased, answer in taken:
        if leased.id in recorded:
            _tell(leased, answer, DELIVERED)
    return recorded


def _record(tools: Tools, leased: Leased, answer: Answer) -> None:
    # What was answered is worth some patience: forgotten, it would be sent a second time.
    for pause in _RECORD_PAUSES_SECONDS:
        try:
            with tools.unit_of_work() as (session, now):
                recorded = record_attempt(session, now=now, leased=leased, answer=answer, draw=_random.random())
                if recorded.gave_up:
                    told = {"workspace_id": leased.workspace_id, "endpoint_id": leased.endpoint_id}
                    tell_endpoint_disabled(session, now=now, **told)
        except DBAPIError as error:
            _log.warning("answer not recorded yet", webhook_id=leased.webhook_id, error=str(error.orig))
            tools.stop.wait(pause)
        else:
            _tell(leased, answer, recorded.state)
            return
    _log.error("answer lost, the delivery will be tried again", webhook_id=leased.webhook_id)


def _tell(leased: Leased, answer: Answer, state: str) -> None:
    _log.info(
        "delivery tried",
        webhook_id=leased.webhook_id,
        status=answer.status_code,
        problem=answer.problem,
        duration_ms=answer.duration_ms,
        state=state,
    )
