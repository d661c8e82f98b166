"""A small HTTP client for the service: one key, JSON in, JSON out.

It keeps a refusal's own words, waits when the service asks for it, and makes a call again when the connection was
lost. A repeated call carries the same Idempotency-Key; calls without one are those that do no harm when they arrive
twice (claiming, beats, verdicts, definitions). It knows no product rule and is safe between threads.
Called by fill.py and day.py.
"""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode

import urllib3

_BUSY: Final = (429, 503)
_LONGEST_PAUSE_SECONDS: Final = 30.0


class CallFailed(Exception):
    """The service did not do what was asked. `str()` is a sentence for a person."""


class Refused(CallFailed):
    """The service answered with an error. `status` is the HTTP status, `problem` the answer's own members."""

    def __init__(self, method: str, path: str, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = problem
        reason = problem.get("detail") or problem.get("title") or "no reason given"
        faults = "; ".join(f"{f.get('pointer', '')}: {f.get('detail', '')}" for f in problem.get("errors") or ())
        super().__init__(f"{method} {path}: {status} {reason}" + (f" ({faults})" if faults else ""))


class Unreachable(CallFailed):
    """No answer came, however often it was tried."""


@dataclass(frozen=True)
class Answer:
    """A successful answer. `replayed` is true when the service gave back what it had answered before."""

    status: int
    body: Any
    replayed: bool


class Client:
    """Calls below `/api/v1` of a service, with one API key. Close it, or use it as a context manager."""

    def __init__(
        self, base_url: str, key: str, *, tries: int = 8, pause_seconds: float = 0.05, at_once: int = 8
    ) -> None:
        """`pause_seconds` is the first pause before another try and doubles; `at_once` bounds open connections."""
        self._root = base_url.rstrip("/") + "/api/v1"
        self._headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        self._tries = tries
        self._pause_seconds = pause_seconds
        self._pool = urllib3.PoolManager(
            num_pools=1,
            maxsize=at_once,
            block=True,
            retries=False,
            timeout=urllib3.Timeout(connect=5.0, read=30.0),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._pool.clear()

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """Return the body of a GET.

        Raises:
            Refused: the service said no.
            Unreachable: it did not answer.
        """
        return self._call("GET", path + (f"?{urlencode(query)}" if query else ""), None, None).body

    def pages(self, path: str, query: Mapping[str, str] | None = None) -> Iterator[Any]:
        """Yield every row of a list, page after page. Raises as `get` does."""
        asked = dict(query or {})
        while True:
            page = self.get(path, asked)
            yield from page["data"]
            if not page.get("has_more"):
                return
            asked["cursor"] = page["next_cursor"]

    def post(self, path: str, body: Mapping[str, Any], *, idempotency_key: str | None = None) -> Answer:
        """POST a body. Without a key, call only what does no harm twice. Raises as `get` does."""
        return self._call("POST", path, body, idempotency_key)

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None, key: str | None) -> Answer:
        headers = dict(self._headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        if key is not None:
            headers["Idempotency-Key"] = key
        data = None if body is None else json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        pause, tries_left = self._pause_seconds, self._tries
        while True:
            tries_left -= 1
            try:
                response = self._pool.request(method, self._root + path, body=data, headers=headers, redirect=False)
            except urllib3.exceptions.HTTPError as error:
                if tries_left == 0:
                    raise Unreachable(f"{method} {path}: no answer from {self._root} ({error})") from error
                asked = 0.0
            else:
                if response.status not in _BUSY or tries_left == 0:
                    return _read(method, path, response)
                asked = _asked_pause(response)
            time.sleep(max(pause, asked))
            pause *= 2


def _asked_pause(response: urllib3.BaseHTTPResponse) -> float:
    asked = response.headers.get("Retry-After", "")
    return min(float(asked), _LONGEST_PAUSE_SECONDS) if asked.isdecimal() else 0.0


def _read(method: str, path: str, response: urllib3.BaseHTTPResponse) -> Answer:
    try:
        body = json.loads(response.data) if response.data else None
    except ValueError:
        body = None
    if not 200 <= response.status < 300:
        raise Refused(method, path, response.status, body if isinstance(body, dict) else {})
    return Answer(response.status, body, response.headers.get("Idempotent-Replayed") == "true")
