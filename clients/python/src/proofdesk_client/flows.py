"""What can be asked of the service, step by step: one flow for each, carried out by Client and AsyncClient alike.

Nothing here sleeps or sends. Paths are below /api/v1.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import ceil
from secrets import token_hex
from time import monotonic
from typing import Any, Final, TypeAlias

import httpx

from proofdesk_client.errors import NotYetDecided, Refused
from proofdesk_client.model import Claim, Decision, Entry, Submission
from proofdesk_client.requests import LONGEST_PAUSE, Flow, Request, ask, encode, get, post, send

# What `wait` tells about its progress: the submission as it stands, and the seconds waited so far.
Progress: TypeAlias = Callable[[Submission, float], None]

HOLD_SECONDS: Final = 25
# Whoever waits for a person does not give up because the service is being moved.
OUTAGE_SECONDS: Final = 900.0
# Ten megabytes over a slow line.
FILE_SECONDS: Final = 120.0
BATCH_SIZE: Final = 1_000
BATCH_BYTES: Final = 15 * 2**20


def submit(document: Mapping[str, Any], idempotency_key: str | None) -> Flow[Submission]:
    """Send a submission; without a key it gets one, so that at least a lost answer duplicates nothing."""
    return Submission.read(
        (yield from ask(post("/submissions", document, idempotency_key=idempotency_key or token_hex())))
    )


def submit_batch(
    documents: Sequence[Mapping[str, Any]], idempotency_key: str | None
) -> Flow[list[Submission | Refused]]:
    """Send up to a thousand at once, each for itself; return what became of each, in their order."""
    body = {"submissions": list(documents)}
    request = post("/submissions/batch", body, idempotency_key=idempotency_key or token_hex())
    results = (yield from ask(request))["results"]
    return [_result(str(request), result) for result in results]


def _result(asked: str, result: Mapping[str, Any]) -> Submission | Refused:
    problem = result.get("error")
    return Submission.read(result) if problem is None else Refused(asked, problem.get("status", 422), problem)


def batches(documents: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Cut a long row of submissions into bodies that the service takes."""
    start = size = 0
    for place, document in enumerate(documents):
        more = len(encode(document)) + 1
        if place > start and (place - start == BATCH_SIZE or size + more > BATCH_BYTES):
            yield documents[start:place]
            start, size = place, 0
        size += more
    if start < len(documents):
        yield documents[start:]


def read(submission_id: str) -> Flow[Submission]:
    """Read a submission as it stands."""
    return Submission.read((yield from ask(get(f"/submissions/{submission_id}"))))


def wait(submission_id: str, timeout: float | None, progress: Progress | None) -> Flow[Submission]:
    """Return a submission once it is final.

    The service holds each call until there is something to say. Where it has no room for that and answers at once,
    the pauses grow from 1 s to 30 s, and an unchanged submission costs a 304 without a body.

    Raises:
        NotYetDecided: it is not final after `timeout` seconds.
    """
    begun, pause, etag = monotonic(), 0.0, ""
    submission: Submission | None = None
    while True:
        # What is left once the pause before this call is over.
        left = float("inf") if timeout is None else timeout - (monotonic() - begun) - pause
        hold = max(0, ceil(min(HOLD_SECONDS, left)))
        asked = monotonic()
        response = yield from send(
            get(
                f"/submissions/{submission_id}",
                {"wait": hold},
                headers={"If-None-Match": etag} if etag else {},
                pause=pause,
                timeout=hold + 30.0,
                patience=max(0.0, min(OUTAGE_SECONDS, left)),
            )
        )
        if submission is None or response.status_code != httpx.codes.NOT_MODIFIED:
            submission, etag = Submission.read(response.json()), response.headers.get("ETag", "")
        if submission.is_final:
            return submission
        waited = monotonic() - begun
        if timeout is not None and waited >= timeout:
            raise NotYetDecided(submission)
        if progress is not None:
            progress(submission, waited)
        was_held = monotonic() - asked - pause >= hold / 2
        pause = 0.0 if was_held else min(max(1.0, 2 * pause), LONGEST_PAUSE)
        if timeout is not None:
            pause = min(pause, timeout - waited)


def send_file(body: bytes, media_type: str, name: str) -> Flow[str]:
    """Send a file and return its id; the same bytes twice are one file."""
    headers = {"Content-Type": media_type}
    request = Request("POST", "/files", body, {"name": name}, headers, harmless=True, timeout=FILE_SECONDS)
    sent: str = (yield from ask(request))["id"]
    return sent


def cancel(submission_id: str) -> Flow[Submission]:
    """Take a submission back that nobody has decided."""
    return Submission.read((yield from ask(post(f"/submissions/{submission_id}/cancel", {}, harmless=True))))


def report(submission_id: str, what: str, document: Mapping[str, Any]) -> Flow[Any]:
    """Say later what a submission took (usage) or came to (outcome)."""
    return (yield from ask(post(f"/submissions/{submission_id}/{what}", document)))


def find(query: Mapping[str, Any]) -> Flow[tuple[list[Submission], str | None]]:
    """Return a page of submissions without their contents, and the cursor of the next page."""
    page = yield from ask(get("/submissions", query))
    return [Submission.read(row) for row in page["data"]], page["next_cursor"] if page["has_more"] else None


def claim(queue: str | None, item: str | None) -> Flow[Claim | None]:
    """Take an item to judge it; None when there is nothing."""
    wanted = {name: value for name, value in (("queue", queue), ("item", item)) if value is not None}
    taken = yield from ask(post("/claims", wanted, harmless=True))
    return None if taken["claim"] is None else Claim.read(taken)


def decide(claim: Claim, verdict: Mapping[str, Any]) -> Flow[Decision | None]:
    """Hand in a verdict on what the claim showed."""
    proof = {"token": claim.token, "content_sha256": claim.item["content_sha256"]}
    answer = yield from ask(post(f"/claims/{claim.id}/decision", {**proof, **verdict}, harmless=True))
    return None if answer["id"] is None else Decision.read(answer)


def feed(after: int, hold: int) -> Flow[tuple[list[Entry], int, bool]]:
    """Return a page of the feed, the number to go on after, and whether there is more."""
    page = yield from ask(
        get("/decisions", {"after": after, "wait": hold}, timeout=hold + 30.0, patience=OUTAGE_SECONDS)
    )
    return [Entry.read(entry) for entry in page["data"]], page["next_after"], page["has_more"]


def redeem(grant: str, args_sha256: str) -> Flow[None]:
    """Use a grant up, for arguments of this digest; a lost answer is asked for again, and is no second use."""
    body = {"grant": grant, "args_sha256": args_sha256}
    yield from ask(post("/grants/redeem", body, idempotency_key=token_hex()))
