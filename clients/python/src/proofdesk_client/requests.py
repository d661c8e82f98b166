"""One call of the service: what is sent, when it is sent again, and what counts as an answer.

A flow yields requests and is given responses; whoever carries it out sleeps and sends (client.py, async_client.py),
so that everything is decided once for both. A call that could do harm when it arrives twice is sent again only where
it is certain that it did nothing: the connection was never made, or the service says that it is too busy.
"""

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from random import uniform
from time import monotonic
from typing import Any, Final, TypeAlias, TypeVar

import httpx

from proofdesk_client.errors import ProofdeskError, Refused, Unreachable

T = TypeVar("T")

FIRST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 30.0
PATIENCE: Final = 30.0
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
# Somebody said that nothing was done (429, 503), or a proxy cannot say (502, 504).
_NOTHING_DONE: Final = frozenset({429, 503})
_WHO_KNOWS: Final = frozenset({502, 504})


@dataclass(frozen=True)
class Request:
    """A call; `harmless` when it may arrive twice.

    Times in seconds: `pause` before it is sent, `timeout` for the answer, `patience` for all tries.
    """

    method: str
    path: str
    body: bytes | None = None
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    harmless: bool = False
    pause: float = 0.0
    timeout: float = 30.0
    patience: float = PATIENCE

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


Flow: TypeAlias = Generator[Request, httpx.Response, T]


def get(path: str, query: Mapping[str, Any] | None = None, **more: Any) -> Request:
    """Return a GET; what is None is left out of the query."""
    known = {name: value for name, value in (query or {}).items() if value is not None}
    return Request("GET", path, query=known, harmless=True, **more)


def post(path: str, body: Mapping[str, Any], *, idempotency_key: str | None = None, harmless: bool = False) -> Request:
    """Return a POST of JSON; with a key it may arrive twice."""
    headers = {"Content-Type": "application/json"}
    if idempotency_key is not None:
        headers["Idempotency-Key"] = idempotency_key
    return Request("POST", path, encode(body), headers=headers, harmless=harmless or idempotency_key is not None)


def encode(body: Mapping[str, Any]) -> bytes:
    """Return a body as JSON, with its keys in the order in which a reviewer is to see them."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def send(request: Request) -> Flow[httpx.Response]:
    """Send until there is an answer that stands.

    Raises:
        Refused: the service said no.
        Unreachable: nobody answered for as long as the request has patience.
    """
    give_up_at, pause = monotonic() + request.patience, FIRST_PAUSE
    while True:
        asked = 0.0
        try:
            response = yield request
        except httpx.TransportError as error:
            failure: ProofdeskError = Unreachable(f"{request}: no answer ({error or type(error).__name__})")
            again = request.harmless or isinstance(error, _NEVER_SENT)
        else:
            if response.is_success or response.status_code == httpx.codes.NOT_MODIFIED:
                return response
            failure = refusal(request, response)
            again, asked = _may_repeat(request, failure), _retry_after(response)
        wait = max(asked, pause * uniform(0.5, 1.0))  # noqa: S311  # spreads tries, keeps no secret
        if not again or monotonic() + wait > give_up_at:
            raise failure
        request = replace(request, pause=wait)
        pause = min(2 * pause, LONGEST_PAUSE)


def ask(request: Request) -> Flow[Any]:
    """Send, and return the JSON of the answer. Raises as `send` does."""
    response = yield from send(request)
    return response.json()


def refusal(request: Request, response: httpx.Response) -> Refused:
    """Return an answer that is none as an error."""
    try:
        problem = response.json()
    except ValueError:
        problem = None
    known = problem if isinstance(problem, dict) else {"detail": response.text[:200] or response.reason_phrase}
    return Refused(str(request), response.status_code, known)


def _may_repeat(request: Request, refused: Refused) -> bool:
    # The same call is still being worked on: its answer comes when it is done.
    running = refused.status == httpx.codes.CONFLICT and refused.name == "still-running"
    unknown = request.harmless and refused.status in _WHO_KNOWS
    return refused.status in _NOTHING_DONE or running or unknown


def _retry_after(response: httpx.Response) -> float:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else 0.0
