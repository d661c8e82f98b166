"""The feed over HTTP: every final decision once, in order, as soon as there is one, and again from anywhere."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import httpx
import pytest
from redis import Redis

from app.adapters.redis_bell import ring
from app.edge.unit_of_work import ProofdeskApp
from app.factory import create_app
from app.feed.service import number_due
from app.kernel.clock import monotonic_ms, read_now
from app.kernel.db import Database
from app.settings import Settings
from tests.conftest import SECRET
from tests.factories.cutting import line_to
from tests.factories.servers import Servers
from tests.factories.serving import serving
from tests.factories.site import Site, make_site


def decide(site: Site, count: int = 1) -> list[str]:
    """Have outputs submitted and approved; return the submissions' ids."""
    ids: list[str] = []
    for _ in range(count):
        ids.append(site.submit(0.5, metadata={"n": len(ids)}).body["id"])
        taken = site.call("POST", "/claims", {}, key="ada").body
        proof = {"token": taken["claim"]["token"], "content_sha256": taken["item"]["content_sha256"]}
        done = site.call("POST", f"/claims/{taken['claim']['id']}/decision", {"verb": "approve", **proof}, key="ada")
        assert done.status == 200, done.body
    return ids


def put_in_order(database: Database, redis_url: str) -> None:
    """Do what the sequencer does."""
    with database.unit_of_work() as session:
        numbered = number_due(session, now=read_now(session), limit=1_000)
    with Redis.from_url(redis_url) as redis:
        ring(redis, [one.hex for one in (*numbered.workspaces, *numbered.submissions)])


@pytest.fixture
def reviewed(site: Site) -> Site:
    """A workspace with a task type and reviewers."""
    site.define_addresses()
    return site


def test_pages_follow_each_other_and_say_what_a_webhook_would(
    reviewed: Site, database: Database, servers: Servers
) -> None:
    ids = decide(reviewed, 5)
    assert reviewed.call("GET", "/decisions").body == {"data": [], "next_after": 0, "has_more": False}
    put_in_order(database, servers.redis_url)
    first = reviewed.call("GET", "/decisions?limit=3").body
    assert (first["has_more"], first["next_after"], [e["seq"] for e in first["data"]]) == (True, 3, [1, 2, 3])
    rest = reviewed.call("GET", f"/decisions?after={first['next_after']}").body
    assert (rest["has_more"], rest["next_after"]) == (False, 5)
    entries = first["data"] + rest["data"]
    assert [e["data"]["id"] for e in entries] == ids
    whole = reviewed.call("GET", f"/submissions/{ids[2]}").body
    assert entries[2]["type"] == "submission.decided"
    assert entries[2]["at"] == whole["decision"]["final_at"]
    assert entries[2]["data"]["decision"] == whole["decision"]
    assert entries[2]["data"]["metadata"] == {"n": 2}
    assert reviewed.call("GET", "/decisions?after=5").body == {"data": [], "next_after": 5, "has_more": False}


def test_another_workspace_reads_its_own_feed_only(
    reviewed: Site, app: ProofdeskApp, database: Database, servers: Servers
) -> None:
    decide(reviewed, 2)
    put_in_order(database, servers.redis_url)
    other = make_site(app, "Other")
    assert other.call("GET", "/decisions").body["data"] == []


def test_a_page_waits_for_an_entry_and_a_submission_for_its_decision_without_holding_a_connection(
    reviewed: Site, database: Database, servers: Servers
) -> None:
    waiting = reviewed.submit(0.5).body["id"]
    with ThreadPoolExecutor(2) as crowd:
        page = crowd.submit(reviewed.call, "GET", "/decisions?wait=20")
        read = crowd.submit(reviewed.call, "GET", f"/submissions/{waiting}?wait=20")
        threading.Event().wait(0.3)
        assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # of QueuePool
        taken = reviewed.call("POST", "/claims", {}, key="ada").body
        proof = {"token": taken["claim"]["token"], "content_sha256": taken["item"]["content_sha256"]}
        reviewed.call("POST", f"/claims/{taken['claim']['id']}/decision", {"verb": "approve", **proof}, key="ada")
        began_ms = monotonic_ms()
        put_in_order(database, servers.redis_url)
        assert [e["data"]["id"] for e in page.result(20).body["data"]] == [waiting]
        assert read.result(20).body["status"] == "approved"
        # The bell woke them: by themselves they would have looked again five seconds later.
        assert monotonic_ms() - began_ms < 4_500


@pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=0", "limit=201", "wait=56", "cursor=1", "after=9e9"])
def test_a_bad_question_is_refused(site: Site, query: str) -> None:
    assert site.call("GET", f"/decisions?{query}").status == 422


@pytest.fixture
def address(app: ProofdeskApp) -> Iterator[str]:
    """The app behind a real server."""
    with serving(app) as url:
        yield url


class Stream:
    """A reader of the stream, which keeps the events that it got."""

    def __init__(self, url: str, key: str, **headers: str) -> None:
        self._client = httpx.Client(timeout=40)
        request = self._client.build_request("GET", url, headers={"Authorization": f"Bearer {key}", **headers})
        self.response = self._client.send(request, stream=True)
        self._lines = self.response.iter_lines()

    def events(self, count: int) -> list[dict[str, Any]]:
        """Return the next events: id, event and data of each."""
        found: list[dict[str, Any]] = []
        event: dict[str, Any] = {}
        while len(found) < count:
            line = next(self._lines)
            name, _, text = line.partition(": ")
            if not line and event.get("data"):
                found.append({**event, "data": json.loads(event["data"])})
                event = {}
            elif name:
                event[name] = text
        return found

    def close(self) -> None:
        """Go away."""
        self.response.close()
        self._client.close()


def test_a_stream_goes_on_where_it_was_broken_off(
    reviewed: Site, database: Database, servers: Servers, address: str
) -> None:
    ids = decide(reviewed, 3)
    put_in_order(database, servers.redis_url)
    url, key = f"{address}/api/v1/decisions/stream", reviewed.keys["all"]
    stream = Stream(url, key)
    assert stream.response.headers["Content-Type"].startswith("text/event-stream")
    first = stream.events(2)
    stream.close()
    assert [(e["id"], e["event"]) for e in first] == [("1", "submission.decided"), ("2", "submission.decided")]
    again = Stream(url, key, **{"Last-Event-ID": first[-1]["id"]})
    (third,) = again.events(1)
    assert (third["id"], third["data"]["data"]["id"]) == ("3", ids[2])
    (late,) = decide(reviewed)
    put_in_order(database, servers.redis_url)
    (fourth,) = again.events(1)
    assert (fourth["id"], fourth["data"]["data"]["id"]) == ("4", late)
    assert fourth["data"] == reviewed.call("GET", "/decisions?after=3").body["data"][0]
    again.close()


def test_a_stream_begins_nowhere_but_at_a_number(reviewed: Site, address: str) -> None:
    for bad in ("x", "-1", "9" * 30):
        stream = Stream(f"{address}/api/v1/decisions/stream", reviewed.keys["all"], **{"Last-Event-ID": bad})
        assert stream.response.status_code == 422
        stream.close()


def test_streams_take_the_places_of_those_who_wait_and_give_them_back(
    reviewed: Site, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A reader that has gone is noticed when something is said to it.
    monkeypatch.setattr("app.edge.streaming.KEEP_ALIVE_MS", 200)
    url, key = f"{address}/api/v1/decisions/stream", reviewed.keys["all"]
    streams = [Stream(url, key) for _ in range(8)]
    assert [s.response.status_code for s in streams] == [200] * 8
    refused = Stream(url, key)
    assert (refused.response.status_code, refused.response.headers["Retry-After"]) == (503, "1")
    for stream in [*streams, refused]:
        stream.close()
    deadline_ms = monotonic_ms() + 40_000
    while (again := Stream(url, key)).response.status_code == 503 and monotonic_ms() < deadline_ms:
        again.close()
        threading.Event().wait(0.5)
    assert again.response.status_code == 200
    again.close()


@pytest.mark.parametrize("mended", [False, True])
def test_a_redis_that_goes_away_while_somebody_waits_costs_a_moment_and_no_entry(
    database: Database, database_url: str, servers: Servers, mended: bool
) -> None:
    with line_to(servers.redis_url) as line:
        settings = Settings(database_url, line.url, SECRET, rate_limit_per_minute=None)
        site = make_site(create_app(settings, database=database))
        site.define_addresses()
        with ThreadPoolExecutor(2) as crowd:
            page = crowd.submit(site.call, "GET", "/decisions?wait=20")
            threading.Event().wait(0.5)
            line.cut()
            waiting = site.submit(0.5).body["id"]
            read = crowd.submit(site.call, "GET", f"/submissions/{waiting}?wait=20")
            if mended:
                line.mend()
            threading.Event().wait(0.5)
            taken = site.call("POST", "/claims", {}, key="ada").body
            proof = {"token": taken["claim"]["token"], "content_sha256": taken["item"]["content_sha256"]}
            verdict = {"verb": "approve", **proof}
            site.call("POST", f"/claims/{taken['claim']['id']}/decision", verdict, key="ada")
            began_ms = monotonic_ms()
            with database.unit_of_work() as session:
                # Nobody rings: what rang goes over the same line.
                number_due(session, now=read_now(session), limit=1_000)
            assert [e["data"]["id"] for e in page.result(20).body["data"]] == [waiting]
            assert read.result(20).body["status"] == "approved"
            assert monotonic_ms() - began_ms < 10_000


@pytest.mark.soak
def test_a_quiet_stream_says_every_15_seconds_that_it_lives(reviewed: Site, address: str) -> None:
    stream = Stream(f"{address}/api/v1/decisions/stream", reviewed.keys["all"])
    lines = iter(stream.response.iter_lines())
    said: list[int] = []
    while len(said) < 3:
        if next(lines).startswith(":"):
            said.append(monotonic_ms())
    stream.close()
    assert all(14_000 <= later - earlier <= 17_000 for earlier, later in pairwise(said))
