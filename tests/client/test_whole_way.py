"""Send, wait, be decided, read: both clients, over a real connection."""

import inspect
from typing import Any

import pytest

from proofdesk_client import AsyncClient, Client, NotYetDecided, Refused, Submission, derive_key, flows
from tests.client.looping import run_async
from tests.client.reviewer import Reviewer
from tests.factories.site import Site

ADDRESS: dict[str, Any] = {"task_type": "addresses", "output": {"city": "Pariss"}, "confidence": 0.6}


def test_a_correction_comes_back_to_the_program(client: Client, ada: Reviewer) -> None:
    sent = client.submit(ADDRESS)
    assert (sent.status, sent.is_final, sent.decision) == ("waiting", False, None)
    assert sent.reasons
    ada.judges("correct", output={"city": "Paris"}, message="One s.")
    done = client.wait(sent.id, timeout=20)
    assert done.decision is not None
    assert (done.status, done.decision.output, done.decision.message) == ("corrected", {"city": "Paris"}, "One s.")
    assert [vote.verb for vote in done.decision.votes] == ["correct"]


def test_what_passes_needs_no_waiting(client: Client) -> None:
    sent = client.submit({**ADDRESS, "field_confidence": {"/city": 0.99}, "confidence": 0.99})
    assert (sent.status, client.wait(sent.id).status) == ("passed", "passed")


def test_one_who_does_not_want_to_wait_longer_may_come_back(client: Client, ada: Reviewer) -> None:
    sent = client.submit(ADDRESS)
    with pytest.raises(NotYetDecided) as raised:
        client.wait(sent.id, timeout=0)
    assert raised.value.submission.id == sent.id
    ada.judges("approve")
    assert client.wait(sent.id, timeout=20).status == "approved"


def test_a_program_hears_how_its_waiting_goes(client: Client, ada: Reviewer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "HOLD_SECONDS", 1)
    sent = client.submit(ADDRESS)
    heard: list[float] = []

    def progress(submission: Submission, seconds: float) -> None:
        assert submission.id == sent.id
        heard.append(seconds)
        if len(heard) == 1:
            ada.judges("approve")

    assert client.wait(sent.id, timeout=20, progress=progress).status == "approved"
    assert heard == sorted(heard)
    assert heard[0] >= 1


def test_the_same_key_is_the_same_submission(client: Client) -> None:
    key = derive_key("run-1", "step-2", ADDRESS)
    assert client.submit(ADDRESS, idempotency_key=key).id == client.submit(ADDRESS, idempotency_key=key).id
    assert client.submit(ADDRESS).id != client.submit(ADDRESS).id


def test_what_is_wrong_is_said_with_its_place(client: Client) -> None:
    with pytest.raises(Refused, match=r"422.*/colour is not a known key") as raised:
        client.submit({**ADDRESS, "colour": "red"})
    assert raised.value.status == 422


def test_a_file_is_sent_ahead_and_shown(client: Client) -> None:
    first, again = (client.send_file(b"The letter.", media_type="text/plain", name="letter.txt") for _ in range(2))
    assert first == again
    block = {"type": "file", "title": "Letter", "value": first}
    assert client.submit({**ADDRESS, "context": [block]}).status == "waiting"
    with pytest.raises(Refused, match="context/0/value"):
        client.submit({**ADDRESS, "context": [{**block, "value": f"file_{'0' * 32}"}]})


def test_what_is_taken_back_is_cancelled(client: Client) -> None:
    sent = client.submit(ADDRESS)
    assert client.cancel(sent.id).status == "cancelled"
    assert client.wait(sent.id).status == "cancelled"


def test_submissions_are_found_page_by_page(client: Client) -> None:
    sent = [client.submit({**ADDRESS, "external_id": "a"}).id for _ in range(3)]
    client.submit(ADDRESS)
    assert [s.id for s in client.find(external_id="a", limit=2)] == sent[::-1]
    assert client.get(sent[0]).document["output"] == {"city": "Pariss"}


def test_the_same_with_asyncio(url: str, site: Site, ada: Reviewer) -> None:
    async def run() -> list[Submission]:
        async with AsyncClient(url, site.keys["all"]) as client:
            sent = await client.submit(ADDRESS)
            ada.judges("reject", message="No such street.")
            done = await client.wait(sent.id, timeout=20)
            return [done, *[s async for s in client.find()]]

    done, listed = run_async(run)
    assert (done.status, listed.id) == ("rejected", done.id)
    assert done.decision is not None
    assert done.decision.message == "No such street."


def test_both_clients_can_do_the_same() -> None:
    def calls(kind: type) -> dict[str, list[str]]:
        public = {n: f for n, f in vars(kind).items() if inspect.isfunction(f) and not n.startswith("_")}
        return {
            n.removeprefix("a"): list(inspect.signature(f).parameters) for n, f in public.items() if "close" not in n
        }

    assert calls(AsyncClient) == calls(Client)


def test_a_program_without_address_or_key_is_told_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROOFDESK_API_KEY", raising=False)
    with pytest.raises(ValueError, match="PROOFDESK_API_KEY"):
        Client("http://127.0.0.1:8080")
