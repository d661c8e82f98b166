"""The client for ordinary code: every call returns when it is done.

Safe between threads. It sends the key to the address it was given and nowhere else: redirects are not followed.
"""

from collections.abc import Iterator, Mapping, Sequence
from time import sleep
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


class Client:
    """Speaks to one Proofdesk with one API key. Close it, or use it in a `with` block."""

    def __init__(
        self, url: str | None = None, api_key: str | None = None, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        """Take address and key from PROOFDESK_URL and PROOFDESK_API_KEY where they are not given."""
        self._http = httpx.Client(**connection(url, api_key), transport=transport)

    def submit(self, document: Mapping[str, Any], *, idempotency_key: str | None = None) -> Submission:
        """Send an output or proposed actions; learn at once whether it passed, waits or was blocked, and why.

        Args:
            document: The body of POST /submissions.
            idempotency_key: The same key with the same document is the same submission for 7 days (`derive_key`).
                Without one, a lost answer duplicates nothing, but calling this again does.
        """
        return self.follow(flows.submit(document, idempotency_key))

    def submit_many(self, documents: Sequence[Mapping[str, Any]]) -> list[Submission | Refused]:
        """Send many, a thousand a call, each for itself; return what became of each, in their order."""
        return [r for batch in flows.batches(documents) for r in self.follow(flows.submit_batch(batch, None))]

    def get(self, submission_id: str) -> Submission:
        """Read a submission as it stands now."""
        return self.follow(flows.read(submission_id))

    def find(self, **query: Any) -> Iterator[Submission]:
        """Yield submissions without their contents, the newest first.

        Args:
            query: What they are narrowed to: status, task_type, external_id, model, since, until.
        """
        cursor: str | None = None
        while True:
            page, cursor = self.follow(flows.find({**query, "cursor": cursor}))
            yield from page
            if cursor is None:
                return

    def wait(self, submission_id: str, timeout: float | None = None, *, progress: Progress | None = None) -> Submission:
        """Return a submission once nothing more will be decided; by default wait for ever.

        Args:
            timeout: Seconds after which NotYetDecided is raised; the submission goes on waiting.
            progress: Called about every 25 seconds with the submission as it stands and the seconds waited.
        """
        return self.follow(flows.wait(submission_id, timeout, progress))

    def send_file(self, body: bytes, *, media_type: str, name: str = "file") -> str:
        """Send a file and return its id, the `value` of a context block of type `image` or `file`.

        Args:
            body: Its bytes, at most 10 MiB.
            media_type: For example `image/png`; the service holds the bytes against it.
            name: What a reviewer saves it as.
        """
        return self.follow(flows.send_file(body, media_type, name))

    def cancel(self, submission_id: str) -> Submission:
        """Take a submission back that nobody has decided."""
        return self.follow(flows.cancel(submission_id))

    def usage(self, submission_id: str, document: Mapping[str, Any]) -> Any:
        """Report calls of language models that came later; one with a known response id counts once."""
        return self.follow(flows.report(submission_id, "usage", document))

    def outcome(self, submission_id: str, document: Mapping[str, Any]) -> Any:
        """Report what was learnt later of a submission."""
        return self.follow(flows.report(submission_id, "outcome", document))

    def claim(self, *, queue: str | None = None, item: str | None = None) -> Claim | None:
        """Take the next item to judge it, as the person of the key; None when there is nothing."""
        return self.follow(flows.claim(queue, item))

    def decide(self, claim: Claim, **verdict: Any) -> Decision | None:
        """Hand in a verdict: verb, output, actions, message, note, reason_codes. None while other votes are missing."""
        return self.follow(flows.decide(claim, verdict))

    def feed(self, after: int = 0, *, forever: bool = True) -> Iterator[Entry]:
        """Yield every final decision in order, those after `after` first; keep the last `seq` to go on after a crash.

        Args:
            forever: Wait for the next decision; else end when there is none.
        """
        while True:
            entries, after, has_more = self.follow(flows.feed(after, HOLD_SECONDS if forever else 0))
            yield from entries
            if not (has_more or forever):
                return

    def redeem(self, grant: str, args_sha256: str) -> None:
        """Use the grant of an approved call up, right before running it with arguments of this digest."""
        self.follow(flows.redeem(grant, args_sha256))

    def follow(self, flow: Flow[T]) -> T:
        """Carry out a flow: send what it says, when it says so."""
        try:
            request = next(flow)
            while True:
                sleep(request.pause)
                try:
                    response = self._http.request(
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

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
