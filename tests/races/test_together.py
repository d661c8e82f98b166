"""Submissions that come at one moment share a transaction, and none of them is answered in another way for it."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Event
from time import monotonic, sleep
from typing import Any

import pytest
from sqlalchemy import event, func, select

from app.api.v1.together import take_in
from app.audit.models import Event as AuditEvent
from app.audit.rules import COMMAND
from app.edge.limits import Limiter, Quota
from app.factory import create_app
from app.identity.service import create_key, revoke_key
from app.kernel.clock import read_now
from app.kernel.combining import Combiner
from app.kernel.db import Database
from app.settings import Settings
from app.submissions.models import Submission
from tests.conftest import SECRET
from tests.factories.servers import Servers
from tests.factories.site import Answered, Site, make_site
from tests.races.crowd import assert_sound

WAIT = 30
PARIS = {"task_type": "addresses", "output": {"city": "Paris"}, "confidence": 0.5}


class Crossing:
    """Holds up the first submission until all others wait, so that they are taken in together."""

    def __init__(self, site: Site) -> None:
        self.site, self.begun, self.let_go = site, Event(), Event()
        self.groups: list[int] = []
        self.combiner = Combiner[Any, Any](self._work, most=64)
        site.app.extensions["submitting"] = self.combiner

    def _work(self, many: Sequence[Any]) -> list[Any]:
        self.groups.append(len(many))
        self.begun.set()
        assert self.let_go.wait(WAIT)
        limiter: Limiter = self.site.app.extensions["limiter"]
        return list(take_in(self.site.app.database, limiter, many))

    def send(self, *calls: Callable[[], Answered], joining: int | None = None) -> list[Answered]:
        """Make the calls while another is held up; as many as said join, the others never reach it."""
        with ThreadPoolExecutor(1 + len(calls)) as pool:
            first = pool.submit(self.site.call, "POST", "/submissions", PARIS)
            assert self.begun.wait(WAIT)
            made = [pool.submit(call) for call in calls]
            until = monotonic() + WAIT
            while len(self.combiner) < (len(calls) if joining is None else joining):
                assert monotonic() < until
                sleep(0.001)
            self.let_go.set()
            assert first.result(WAIT).status == 201
            return [future.result(WAIT) for future in made]


class TwoCalls:
    """Lets two calls of each key through."""

    def __init__(self) -> None:
        self.seen = Counter[str]()

    def count(self, key: str, at: datetime) -> Quota:  # noqa: ARG002  # the clock is for limits that wear off
        """Count one call of a key."""
        self.seen[key] += 1
        return Quota(2, max(0, 2 - self.seen[key]), 60, 0 if self.seen[key] <= 2 else 7)


@pytest.fixture
def site(crowded: Database, database_url: str, servers: Servers) -> Site:
    """A workspace of an app without a limit of calls, with a task type."""
    settings = Settings(database_url, servers.redis_url, SECRET, rate_limit_per_minute=None)
    site = make_site(create_app(settings, database=crowded))
    site.define_addresses()
    return site


def submitting(site: Site, body: Any = PARIS, key: str | None = "all", **headers: str) -> Callable[[], Answered]:
    """Return the call that submits this."""
    return lambda: site.call("POST", "/submissions", body, key=key, **headers)


def count(site: Site) -> int:
    """Return how many submissions there are."""
    with site.app.database.unit_of_work() as session:
        return session.scalars(select(func.count()).select_from(Submission)).one()


def test_who_come_at_one_moment_share_a_transaction_and_each_gets_an_own_answer(site: Site) -> None:
    crossing = Crossing(site)
    cities = [f"Town {n}" for n in range(20)]
    answers = crossing.send(*[submitting(site, {**PARIS, "output": {"city": city}}) for city in cities])
    assert crossing.groups == [1, 20]
    assert {answer.status for answer in answers} == {201}
    shown = [site.call("GET", answer.headers["Location"].removeprefix("/api/v1")).body for answer in answers]
    assert [body["output"]["city"] for body in shown] == cities
    assert [body["id"] for body in shown] == [answer.body["id"] for answer in answers]
    with site.app.database.unit_of_work() as session:
        kinds = Counter(session.scalars(select(AuditEvent.type)))
    assert kinds["submission.received"] == 21
    assert_sound(site.app.database)


def test_a_fault_in_one_is_the_answer_to_that_one_alone(site: Site) -> None:
    crossing = Crossing(site)
    wrong = {"task_type": "nope", "output": 1}
    answers = crossing.send(submitting(site), submitting(site, wrong), submitting(site))
    assert [answer.status for answer in answers] == [201, 422, 201]
    assert answers[1].body["errors"] == site.call("POST", "/submissions", wrong).body["errors"]
    assert count(site) == 3


def test_what_is_no_submission_never_joins(site: Site) -> None:
    answers = Crossing(site).send(
        submitting(site, {"task_type": "addresses"}),
        submitting(site, b"{"),
        submitting(site, key=None),
        submitting(site, Idempotency_Key="\u00e9"),
        joining=0,
    )
    assert [answer.status for answer in answers] == [422, 400, 401, 422]


def test_keys_that_may_not_submit_are_told_so_beside_those_that_may(site: Site) -> None:
    with site.app.database.unit_of_work() as session:
        now = read_now(session)
        made = create_key(session, now=now, actor=COMMAND, workspace_id=site.workspace_id, scopes=["submit"])
        revoke_key(session, now=now, actor=COMMAND, workspace_id=site.workspace_id, key_id=made.key_id)
        reader = create_key(session, now=now, actor=COMMAND, workspace_id=site.workspace_id, scopes=["read"])
    keys = ["all", made.text, reader.text, "pd_nonsense", "all"]
    answers = Crossing(site).send(*[submitting(site, key=key) for key in keys])
    assert [answer.status for answer in answers] == [201, 401, 403, 401, 201]


def test_two_workspaces_share_a_transaction_and_nothing_else(site: Site) -> None:
    other = make_site(site.app, "Other")
    other.define_addresses()
    crossing = Crossing(site)
    answers = crossing.send(submitting(site), submitting(other), submitting(site))
    assert crossing.groups == [1, 3]
    paths = [answer.headers["Location"].removeprefix("/api/v1") for answer in answers]
    assert [site.call("GET", path).status for path in paths] == [200, 404, 200]
    assert [other.call("GET", path).status for path in paths] == [404, 200, 404]
    assert_sound(site.app.database)


def test_one_idempotency_key_makes_one_submission_whoever_comes_together(site: Site) -> None:
    crossing = Crossing(site)
    london = {**PARIS, "output": {"city": "London"}}
    bodies = [PARIS, PARIS, london, PARIS]
    answers = crossing.send(*[submitting(site, body, Idempotency_Key="k") for body in bodies])
    made = [answer for answer in answers if answer.status == 201]
    assert sorted(answer.status for answer in answers) in ([201, 201, 201, 422], [201, 422, 422, 422])
    assert len({answer.raw for answer in made}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in made) == 1
    assert count(site) == 2
    again = crossing.send(*[submitting(site, body, Idempotency_Key="k") for body in (PARIS, london)])
    assert sorted(answer.status for answer in again) == [201, 422]
    assert count(site) == 3
    assert_sound(site.app.database)


def test_a_key_whose_calls_are_used_up_holds_up_itself_alone(site: Site) -> None:
    other = make_site(site.app, "Other")
    other.define_addresses()
    site.app.extensions["limiter"] = TwoCalls()
    answers = Crossing(site).send(submitting(site), submitting(site), submitting(site), submitting(other))
    assert sorted(answer.status for answer in answers[:3]) == [201, 429, 429]
    assert {answer.headers.get("Retry-After") for answer in answers[:3]} == {None, "7"}
    assert answers[3].status == 201


def test_when_the_shared_transaction_fails_each_is_done_alone_and_nothing_twice(site: Site) -> None:
    crossing = Crossing(site)
    engine = site.app.database.engine

    def fail(*_: Any) -> None:
        if len(crossing.groups) == 2:
            crossing.groups.append(0)
            raise ConnectionError("the connection broke at the commit")

    event.listen(engine, "commit", fail)
    try:
        answers = crossing.send(*[submitting(site, Idempotency_Key=f"k{n}") for n in range(5)])
    finally:
        event.remove(engine, "commit", fail)
    assert crossing.groups == [1, 5, 0]
    assert {answer.status for answer in answers} == {201}
    assert count(site) == 6
    assert_sound(site.app.database)
