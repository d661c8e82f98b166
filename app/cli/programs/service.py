"""The service as these commands reach it: PROOFDESK_URL, else the private installation here; and PROOFDESK_API_KEY.

A lost connection and a service that is busy are tried again; what may not arrive twice carries an Idempotency-Key.
"""

import time
from collections.abc import Mapping
from typing import Any, Final

import click
import orjson
import urllib3

from app.cli.connect import complete
from app.kernel.errors import ServiceError
from app.settings import environment

_TRIES: Final = 6
# However long a service asks for, somebody sits at the terminal.
_LONGEST_PAUSE_SECONDS: Final = 30.0
_PATIENCE: Final = urllib3.Timeout(connect=5.0, read=120.0)
_AGAIN: Final = frozenset({429, 502, 503, 504})


class Service:
    """One key's way to the service."""

    def __init__(self, url: str, key: str) -> None:
        self._base = f"{url.rstrip('/')}/api/v1"
        self._headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        self._pool = urllib3.PoolManager(timeout=_PATIENCE, retries=False)

    def get(self, path: str, **query: Any) -> Any:
        """Read something.

        Raises:
            click.ClickException: the service refuses it, or does not answer.
        """
        return self._ask("GET", path, fields={name: str(value) for name, value in query.items()})

    def post(self, path: str, body: bytes, *, idempotency_key: str) -> Any:
        """Send something, once however often it is sent.

        Raises:
            click.ClickException: the service refuses it, or does not answer.
        """
        headers = {"Content-Type": "application/json", "Idempotency-Key": idempotency_key}
        return self._ask("POST", path, body=body, headers=headers)

    def _ask(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> Any:
        said = "no answer"
        for n in range(_TRIES):
            try:
                answer = self._pool.request(
                    method, self._base + path, headers={**self._headers, **(headers or {})}, redirect=False, **more
                )
            except urllib3.exceptions.HTTPError as error:
                said, pause = str(error), 2.0**n / 2
            else:
                if answer.status < 300:
                    return orjson.loads(answer.data)
                said, pause = _said(answer), float(answer.headers.get("Retry-After") or 2.0**n / 2)
                if answer.status not in _AGAIN:
                    break
            if n < _TRIES - 1:
                # A command on its own thread: nobody else waits for it, and Ctrl-C ends the pause.
                time.sleep(min(pause, _LONGEST_PAUSE_SECONDS))
        raise click.ClickException(f"{method} {path}: {said}")


def _said(answer: urllib3.BaseHTTPResponse) -> str:
    try:
        problem = orjson.loads(answer.data)
        return f"{answer.status} {problem.get('detail', '')}"
    except (orjson.JSONDecodeError, AttributeError):
        return f"{answer.status}"


def service_here() -> Service:
    """Return the service that the environment names.

    Raises:
        click.ClickException: there is no key, or no service.
    """
    values = environment()
    key = values.get("PROOFDESK_API_KEY", "").strip()
    if not key:
        raise click.ClickException("PROOFDESK_API_KEY is not set; make one with `proofdesk key create`")
    url = values.get("PROOFDESK_URL", "").strip()
    if not url:
        try:
            url = complete(values)["PROOFDESK_BASE_URL"]
        except (ServiceError, KeyError) as error:
            raise click.ClickException("PROOFDESK_URL is not set, and no private installation runs here") from error
    return Service(url, key)
