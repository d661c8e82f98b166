"""When a call is sent again, and how a wait goes on: the flows themselves, without a service and without a pause."""

from typing import Any

import httpx
import pytest

from proofdesk_client import NotYetDecided, Refused, Unreachable, flows
from proofdesk_client import requests as asking
from proofdesk_client.requests import Flow, Request, get, post, send

OK = httpx.Response(200, json={})
BUSY = httpx.Response(503, json={"detail": "Busy."})
LOST = httpx.ReadError("gone")
NO_WAY = httpx.ConnectError("refused")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> "Clock":
    """A clock that goes only while a flow pauses or is held."""
    clock = Clock()
    for module in (asking, flows):
        monkeypatch.setattr(module, "monotonic", lambda: clock.seconds)
    return clock


class Clock:
    """Seconds that go by when they are told to."""

    def __init__(self) -> None:
        self.seconds = 0.0


def drive(
    flow: Flow[Any], clock: Clock, *answers: httpx.Response | Exception, held: float = 0.0
) -> tuple[Any, list[Request]]:
    """Give a flow these answers, each after `held` seconds; return its result and what it sent."""
    sent = [next(flow)]
    for answer in answers:
        clock.seconds += sent[-1].pause + held
        try:
            sent.append(flow.throw(answer) if isinstance(answer, Exception) else flow.send(answer))
        except StopIteration as end:
            return end.value, sent
    raise AssertionError(f"it wants to send {sent[-1]} as well")


@pytest.mark.parametrize("trouble", [NO_WAY, LOST, BUSY, httpx.Response(429), httpx.Response(502), httpx.Response(504)])
def test_what_may_arrive_twice_is_sent_again(clock: Clock, trouble: Any) -> None:
    for request in (get("/submissions/sub_1"), post("/submissions", {}, idempotency_key="k")):
        _, sent = drive(send(request), clock, trouble, OK)
        assert sent[0] == request
        assert sent[1].pause > 0


@pytest.mark.parametrize("trouble", [NO_WAY, BUSY, httpx.Response(429)])
def test_what_may_not_is_sent_again_only_where_nothing_was_done(clock: Clock, trouble: Any) -> None:
    _, sent = drive(send(post("/grants/redeem", {})), clock, trouble, OK)
    assert len(sent) == 2


@pytest.mark.parametrize(
    ("trouble", "kind"), [(LOST, Unreachable), (httpx.Response(502), Refused), (httpx.Response(504), Refused)]
)
def test_and_else_the_caller_learns_that_nobody_knows(clock: Clock, trouble: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        drive(send(post("/grants/redeem", {})), clock, trouble)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422, 500, 301])
def test_a_refusal_is_final(clock: Clock, status: int) -> None:
    with pytest.raises(Refused) as raised:
        drive(send(get("/x")), clock, httpx.Response(status, json={"type": "http://x/problems/no-such-thing"}))
    assert (raised.value.status, raised.value.name) == (status, "no-such-thing")


def test_a_call_that_is_still_being_worked_on_is_asked_for_again(clock: Clock) -> None:
    running = httpx.Response(409, json={"type": "http://x/problems/still-running"})
    _, sent = drive(send(post("/submissions", {}, idempotency_key="k")), clock, running, OK)
    assert len(sent) == 2


def test_the_service_says_how_long_to_leave_it_alone(clock: Clock) -> None:
    _, sent = drive(send(get("/x")), clock, httpx.Response(429, headers={"Retry-After": "7"}), OK)
    assert sent[1].pause == 7


def test_pauses_grow_until_patience_ends(clock: Clock) -> None:
    flow, pauses = send(get("/x", patience=60)), []
    request = next(flow)

    def try_for_ever() -> None:
        nonlocal request
        while True:
            pauses.append(request.pause)
            clock.seconds += request.pause
            request = flow.throw(NO_WAY)

    with pytest.raises(Unreachable, match="GET /x: no answer"):
        try_for_ever()
    assert clock.seconds <= 60
    assert 6 <= len(pauses) <= 12
    assert max(pauses) <= 30


def answered(status: str, **headers: str) -> httpx.Response:
    """Return the answer to reading a submission."""
    return httpx.Response(200, json={"id": "sub_1", "status": status}, headers=headers)


def test_a_held_wait_asks_again_at_once(clock: Clock) -> None:
    final, sent = drive(
        flows.wait("sub_1", None, None),
        clock,
        answered("waiting", ETag='"a"'),
        httpx.Response(304),
        answered("passed"),
        held=25,
    )
    assert final.status == "passed"
    assert [r.pause for r in sent] == [0, 0, 0]
    assert [r.headers.get("If-None-Match") for r in sent] == [None, '"a"', '"a"']
    assert [r.query["wait"] for r in sent] == [25, 25, 25]


def test_where_there_is_no_room_to_be_held_the_pauses_grow_to_half_a_minute(clock: Clock) -> None:
    answers = [answered("waiting")] * 8
    _, sent = drive(flows.wait("sub_1", None, None), clock, *answers, answered("approved"))
    assert [r.pause for r in sent] == [0, 1, 2, 4, 8, 16, 30, 30, 30]


@pytest.mark.parametrize("held", [0.0, 25.0])
def test_a_wait_ends_when_it_was_told_to(clock: Clock, held: float) -> None:
    flow = flows.wait("sub_1", 60.0, None)
    request = next(flow)

    def wait_for_ever() -> None:
        nonlocal request
        while clock.seconds < 1_000:
            clock.seconds += request.pause + min(held, request.query["wait"])
            request = flow.send(answered("waiting"))

    with pytest.raises(NotYetDecided):
        wait_for_ever()
    assert clock.seconds == 60


def test_a_wait_outlives_an_outage_of_the_service(clock: Clock) -> None:
    troubles: list[httpx.Response | Exception] = [NO_WAY, BUSY, LOST] * 5
    final, sent = drive(flows.wait("sub_1", None, None), clock, answered("waiting"), *troubles, answered("approved"))
    assert final.status == "approved"
    assert clock.seconds > 120
    assert len(sent) == 17
