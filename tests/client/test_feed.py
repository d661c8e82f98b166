"""The package's ways to many: batches, the feed from any place, and what is reported later."""

import asyncio

from app.kernel.db import Database
from proofdesk_client import AsyncClient, Client, Entry, Refused, Submission
from tests.client.looping import run_async
from tests.client.ordering import put_in_order
from tests.client.reviewer import Reviewer
from tests.factories.servers import Servers
from tests.factories.site import Site

REFUND = {"task_type": "refunds", "output": {"eur": 5}}


def test_many_are_sent_and_each_has_its_own_answer(client: Client) -> None:
    sent = client.submit_many([REFUND, {"task_type": "nothing"}, REFUND])
    assert [type(one) for one in sent] == [Submission, Refused, Submission]
    refused = sent[1]
    assert isinstance(refused, Refused)
    assert refused.status == 422


def test_the_feed_is_read_to_its_end_and_on_from_any_place(
    client: Client, ada: Reviewer, database: Database, servers: Servers
) -> None:
    for _ in range(3):
        ada.judges("approve")
        client.wait(client.submit(REFUND).id, timeout=20)
    put_in_order(database, servers)
    entries = list(client.feed(forever=False))
    assert [entry.seq for entry in entries] == [1, 2, 3]
    assert entries[0].submission.decision is not None
    assert list(client.feed(2, forever=False)) == entries[2:]


def test_the_asyncio_feed_goes_on_with_what_is_decided_later(
    client: Client, url: str, site: Site, ada: Reviewer, database: Database, servers: Servers
) -> None:
    async def first() -> Entry:
        async with AsyncClient(url, site.keys["all"]) as asking:
            reading = asking.feed().__aiter__()
            waiting = asyncio.ensure_future(anext(reading))
            await asyncio.sleep(0.3)
            ada.judges("approve")
            await asyncio.to_thread(client.wait, client.submit(REFUND).id, timeout=20)
            await asyncio.to_thread(put_in_order, database, servers)
            found: Entry = await asyncio.wait_for(waiting, 20)
            await reading.aclose()  # type: ignore[attr-defined]  # a generator has it
            return found

    assert run_async(first).type == "submission.decided"


def test_calls_and_outcomes_are_reported_later(client: Client) -> None:
    sent = client.submit(REFUND)
    call = {"provider": "acme", "response_id": "r-1"}
    assert client.usage(sent.id, {"llm_calls": [call, call]}) == {"added": 1, "known": 1}
    assert client.outcome(sent.id, {"correct": True})["id"].startswith("out_")
    assert client.get(sent.id).document["outcomes"][0]["correct"] is True
