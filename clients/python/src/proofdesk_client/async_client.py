"""The client for asyncio: the calls of Client, which says what each does, to be awaited.

Safe between tasks of one loop. It sends the key where it was told to and nowhere else: redirects are not followed.
"""

from asyncio import sleep
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from proofdesk_client import flows
from proofdesk_client.connection import connection
from proofdesk_client.errors import Refused
from proofdesk_client.flows import HOLD_SECONDS, Progress
from proofdesk_client.model import Claim, Decision, Entry, Submission
from proofdesk_client.requests import Flow

T = TypeVar("T")


class AsyncClient:
    """Speaks to one Proofdesk with one API key. Close it, or use it in an `async with` block."""

    def __init__(
        self, url: str | None = None, api_key: str | None = None, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """Take address and key from PROOFDESK_URL and PROOFDESK_API_KEY where they are not given."""
        self._http = httpx.AsyncClient(**connection(url, api_key), transport=transport)

    async def submit(self, document: Mapping[str, Any], *, idempotency_key: str | None = None) -> Submission:
        """Send an output or proposed actions; learn at once whether it passed, waits or was blocked, and why."""
        return await self.follow(flows.submit(document, idempotency_key))

    async def submit_many(self, documents: Sequence[Mapping[str, Any]]) -> list[Submission | Refused]:
        """Send many, a thousand a call, each for itself; return what became of each, in their order."""
        return [r for batch in flows.batches(documents) for r in await self.follow(flows.submit_batch(batch, None))]

    async def get(self, submission_id: str) -> Submission:
        """Read a submission as it stands now."""
        return await self.follow(flows.read(submission_id))

    async def find(self, **query: Any) -> AsyncIterator[Submission]:
        """Yield submissions without their contents, the newest first."""
        cursor: str | None = None
        while True:
            page, cursor = await self.follow(flows.find({**query, "cursor": cursor}))
            for submission in page:
                yield submission
            if cursor is None:
                return

    async def wait(
        self, submission_id: str, timeout: float | None = None, *, progress: Progress | None = None
    ) -> Submission:
        """Return a submission once nothing more will be decided; by default wait for ever."""
        return await self.follow(flows.wait(submission_id, timeout, progress))

    async def send_file(self, body: bytes, *, media_type: str, name: str = "file") -> str:
        """Send a file and return its id, the `value` of a context block of type `image` or `file`.

        Args:
            body: Its bytes, at most 10 MiB.
            media_type: For example `image/png`; the service holds the bytes against it.
            name: What a reviewer saves it as.
        """
        return await self.follow(flows.send_file(body, media_type, name))

    async def cancel(self, submission_id: str) -> Submission:
        """Take a submission back that nobody has decided."""
        return await self.follow(flows.cancel(submission_id))

    async def usage(self, submission_id: str, document: Mapping[str, Any]) -> Any:
        """Report calls of language models that came later; one with a known response id counts once."""
        return await self.follow(flows.report(submission_id, "usage", document))

    async def outcome(self, submission_id: str, document: Mapping[str, Any]) -> Any:
        """Report what was learnt later of a submission."""
        return await self.follow(flows.report(submission_id, "outcome", document))

    async def claim(self, *, queue: str | None = None, item: str | None = None) -> Claim | None:
        """Take the next item to judge it, as the person of the key; None when there is nothing."""
        return await self.follow(flows.claim(queue, item))

    async def decide(self, claim: Claim, **verdict: Any) -> Decision | None:
        """Hand in a verdict on what the claim showed; None while other votes are missing."""
        return await self.follow(flows.decide(claim, verdict))

    async def feed(self, after: int = 0, *, forever: bool = True) -> AsyncIterator[Entry]:
        """Yield every final decision in order, those after `after` first; keep the last `seq` to go on with."""
        while True:
            entries, after, has_more = await self.follow(flows.feed(after, HOLD_SECONDS if forever else 0))
            for entry in entries:
                yield entry
            if not (has_more or forever):
                return

    async def redeem(self, grant: str, args_sha256: str) -> None:
        """Use the grant of an approved call up, right before running it with arguments of this digest."""
        await self.follow(flows.redeem(grant, args_sha256))

    async def follow(self, flow: Flow[T]) -> T:
        """Carry out a flow: send what it says, when it says so."""
        try:
            request = next(flow)
            while True:
                await sleep(request.pause)
                try:
                    response = await self._http.request(
                        request.method,
                        request.path,
                        content=request.body,
                        params=request.query,
                        headers=request.headers,
                        timeout=request.timeout,
                    )
                except httpx.TransportError as error:
                    request = flow.throw(error)
                else:
                    request = flow.send(response)
        except StopIteration as end:
            done: T = end.value
            return done

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
