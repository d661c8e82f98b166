"""Tell people and chat channels: find what waits, spread news, put it together, send it, write down what came of it.

Everything but the sending happens in short transactions; each message is leased before it is sent and recorded after,
and whatever dies in between is sent again when the lease has run out. Needs no hint from Redis.
Run by a loop of the sweeper. Safe to run twice and anywhere.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from random import SystemRandom
from typing import Final, NamedTuple

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.kernel.strict_json import encode
from app.notifications.queries.outbox import next_telling_at
from app.notifications.rules.retries import Tried, read_answer
from app.notifications.rules.wording import Letter
from app.notifications.service import (
    LeasedMessage,
    Post,
    bundle,
    compose,
    look_for_work,
    record_try,
    spread,
    take_due,
)
from workers.task import Tools, is_alone

SLOTS: Final = 4
_BATCH: Final = 100
_ALONE: Final = "telling"
_RECORD_PAUSES_SECONDS: Final = (0.2, 0.5, 1.0, 2.0)

_log = structlog.get_logger(__name__)
_random = SystemRandom()


class Ready(NamedTuple):
    """A leased message and what it says."""

    leased: LeasedMessage
    content: Letter | Post


def next_telling(tools: Tools) -> Callable[[Session], datetime | None]:
    """Return how the loop asks when there is something to do."""
    return lambda session: next_telling_at(session, mail=tools.mailer is not None)


def tell(tools: Tools) -> int:
    """Do what is due now, until nothing is or the process is to stop; return the number of tries to send."""
    _prepare(tools)
    tries = 0
    while not tools.stop.is_set():
        leased, ready = _take(tools)
        if not leased:
            break
        with ThreadPoolExecutor(SLOTS, thread_name_prefix="tell") as pool:
            results = list(pool.map(lambda one: _send(tools, one.content), ready))
        for one, tried in zip(ready, results, strict=True):
            _record(tools, one.leased, tried)
        tries += len(ready)
    return tries


def _prepare(tools: Tools) -> None:
    """Turn what happened into messages. One place at a time, so that a burst becomes one message."""
    mail = tools.mailer is not None
    with tools.unit_of_work() as (session, now):
        if is_alone(session, _ALONE):
            look_for_work(session, now=now)
    for step in (spread, bundle):
        while not tools.stop.is_set():
            with tools.unit_of_work() as (session, now):
                done = step(session, now=now, mail=mail, limit=_BATCH) if is_alone(session, _ALONE) else 0
            if done < _BATCH:
                break


def _take(tools: Tools) -> tuple[list[LeasedMessage], list[Ready]]:
    """Lease a few messages, then write each with what still holds; those without anything left are settled."""
    with tools.unit_of_work() as (session, now):
        leased = take_due(session, now=now, mail=tools.mailer is not None, limit=SLOTS)
    ready = []
    for one in leased:
        with tools.unit_of_work() as (session, now):
            content = compose(session, now=now, message_id=one.id, base_url=tools.base_url)
        if content is not None:
            ready.append(Ready(one, content))
    return leased, ready


def _send(tools: Tools, content: Letter | Post) -> Tried:
    if isinstance(content, Post):
        return read_answer(tools.sender(content.url, {}, encode({"text": content.text})))
    if tools.mailer is None:
        return Tried(sent=False, problem="mail is off")
    return tools.mailer(content)


def _record(tools: Tools, leased: LeasedMessage, tried: Tried) -> None:
    # What came of it is worth some patience: forgotten, it would be sent a second time.
    for pause in _RECORD_PAUSES_SECONDS:
        try:
            with tools.unit_of_work() as (session, now):
                state = record_try(session, now=now, leased=leased, tried=tried, draw=_random.random())
        except DBAPIError as error:
            _log.warning("try not recorded yet", message_id=leased.id.hex, error=str(error.orig))
            tools.stop.wait(pause)
        else:
            _log.info("message tried", message_id=leased.id.hex, problem=tried.problem, state=state)
            return
    _log.error("try lost, the message will be sent again", message_id=leased.id.hex)
