"""Send one request to one endpoint, and nowhere else.

The host is resolved once, every address of the answer is checked, and the connection goes to one of exactly those;
TLS is checked against the host's name. No redirects, no proxies from the environment, no more than 15 seconds in all
however slowly the other side drips, no more than 64 kB read. Whatever goes wrong comes back as a word, never as an
exception. Called by the workers, from several threads at once.
"""

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from functools import cache
from queue import Empty, SimpleQueue
from typing import Final, NamedTuple

import structlog

from app.adapters.kept_connections import Connection, Deadlines, KeptConnections
from app.delivery.rules.addresses import is_inside, is_public
from app.delivery.rules.retries import Answer, read_retry_after
from app.delivery.rules.urls import EndpointRefused, Target, check_url
from app.kernel.clock import host_now, monotonic_ms

MAX_ANSWER_BYTES: Final = 65_536
OWN_HEADERS: Final = {
    "Content-Type": "application/json",
    "User-Agent": "Proofdesk-Webhooks/1",
    "Accept-Encoding": "identity",
}

# The words for why there is no answer; they are kept with the try and shown to admins.
URL_REFUSED: Final = "url refused"
UNRESOLVED: Final = "host not found"
ADDRESS_REFUSED: Final = "address refused"
UNREACHABLE: Final = "not reachable"
BAD_TLS: Final = "TLS failed"
TIMED_OUT: Final = "timed out"
BROKEN: Final = "connection broken"
FAILED: Final = "failed"

_log = structlog.get_logger(__name__)

Resolver = Callable[[str, int], list[str]]


class Limits(NamedTuple):
    """How long each part of a try may take, in seconds; `total` counts from its very start."""

    resolve: float = 5.0
    connect: float = 5.0
    total: float = 15.0


DEFAULT_LIMITS: Final = Limits()


class _NoAnswer(Exception):
    """The try ended without a status; the text is the word for it."""


class _Stale(Exception):
    """A kept connection had been ended by the other side before it saw the request whole."""


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host in the order in which the system prefers them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@cache
def default_tls() -> ssl.SSLContext:
    """Return the context that trusts what this machine trusts; with all its authorities it weighs several MB."""
    return ssl.create_default_context()


class HttpSender:
    """Sends with the rules of this installation, and keeps connections that ended well for what goes there next."""

    def __init__(
        self,
        *,
        allow_private: bool,
        tls: ssl.SSLContext | None = None,
        resolver: Resolver = resolve,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._allow_private = allow_private
        self._tls = tls or default_tls()
        self._resolver = resolver
        self._limits = limits
        self._kept = KeptConnections()
        self._deadlines = Deadlines()

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post the body once and say what came of it."""
        start_ms = monotonic_ms()
        status, asked, problem = None, None, None
        try:
            status, asked = self._post(url, headers, body, start_ms)
        except _NoAnswer as failure:
            problem = str(failure)
        except Exception:
            # A stranger's bytes must not end the work on everybody else's deliveries.
            _log.exception("try failed in an unknown way")
            problem = FAILED
        return Answer(status, monotonic_ms() - start_ms, asked, problem)

    def _post(self, url: str, headers: Mapping[str, str], body: bytes, start_ms: int) -> tuple[int, int | None]:
        try:
            target = check_url(url, allow_private=self._allow_private)
        except EndpointRefused as error:
            raise _NoAnswer(URL_REFUSED) from error
        kept = self._kept.take(_place(target))
        if kept is not None:
            with suppress(_Stale):
                return self._exchange(kept, target, headers, body, start_ms)
        return self._exchange(self._open(target), target, headers, body, start_ms)

    def _open(self, target: Target) -> Connection:
        """Connect to an address of the target, all of which may be called. Nothing is sent."""
        addresses = self._resolve(target)
        if not addresses or not all(self._may_call(target, address) for address in addresses):
            raise _NoAnswer(ADDRESS_REFUSED if addresses else UNRESOLVED)
        plain = _connect(addresses, target.port, self._limits.connect)
        connection = Connection(http.client.HTTPConnection(target.host, target.port), plain.dup())
        connection.http.sock = plain
        return connection

    def _exchange(
        self, connection: Connection, target: Target, headers: Mapping[str, str], body: bytes, start_ms: int
    ) -> tuple[int, int | None]:
        left = max(self._limits.total - (monotonic_ms() - start_ms) / 1000, 0.001)
        may_serve_again = False
        try:
            with self._deadlines.watch(connection.twin, left) as late:
                try:
                    self._secure(connection, target, left)
                    answer, whole = _talk(connection, target, {**OWN_HEADERS, **headers}, body, late)
                except (OSError, http.client.HTTPException) as error:
                    timed_out = late.is_set() or isinstance(error, TimeoutError)
                    if connection.used and not timed_out and isinstance(error, ConnectionError):
                        raise _Stale from error
                    broken = BAD_TLS if isinstance(error, ssl.SSLError) else BROKEN
                    raise _NoAnswer(TIMED_OUT if timed_out else broken) from error
                may_serve_again = whole and not late.is_set()
        finally:
            if may_serve_again:
                self._kept.give(_place(target), connection)
            else:
                connection.close()
        return answer

    def _may_call(self, target: Target, address: str) -> bool:
        inside = self._allow_private and is_inside(address)
        return inside or (not target.inside_only and is_public(address))

    def _resolve(self, target: Target) -> list[str]:
        # The system's resolver takes no deadline, so it works in a thread that may be left behind.
        results: SimpleQueue[list[str]] = SimpleQueue()

        def look_up() -> None:
            try:
                results.put(self._resolver(target.host, target.port))
            except (OSError, UnicodeError):
                results.put([])

        threading.Thread(target=look_up, name="resolve", daemon=True).start()
        try:
            return results.get(timeout=self._limits.resolve)
        except Empty as error:
            raise _NoAnswer(UNRESOLVED) from error

    def _secure(self, connection: Connection, target: Target, left: float) -> None:
        connection.http.sock.settimeout(left)
        if target.scheme == "https" and not connection.used:
            connection.http.sock = self._tls.wrap_socket(connection.http.sock, server_hostname=target.host)


def _place(target: Target) -> tuple[str, str, int]:
    """Return what two targets share that one connection may serve."""
    return target.scheme, target.host, target.port


def _connect(addresses: list[str], port: int, seconds: float) -> socket.socket:
    deadline_ms = monotonic_ms() + int(seconds * 1000)
    for address in addresses:
        left = (deadline_ms - monotonic_ms()) / 1000
        if left <= 0:
            break
        with suppress(OSError):
            connected = socket.create_connection((address, port), timeout=left)
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connected
    raise _NoAnswer(UNREACHABLE)


def _talk(
    connection: Connection, target: Target, headers: Mapping[str, str], body: bytes, late: threading.Event
) -> tuple[tuple[int, int | None], bool]:
    """Send the request and read the answer; return what it says, and whether the connection may serve again."""
    # Whoever hangs up while we still send may have answered before.
    with suppress(BrokenPipeError, ConnectionResetError):
        connection.http.request("POST", target.path, body, {"Host": target.authority, **headers})
    with closing(connection.http.getresponse()) as response:
        # Headers that were cut off look like headers that ended.
        if late.is_set():
            raise TimeoutError
        whole = _drain(response)
        said = response.status, read_retry_after(response.headers.get("Retry-After"), now=host_now())
        return said, whole and not response.will_close


def _drain(response: http.client.HTTPResponse) -> bool:
    """Read the rest, within bounds, and say whether it came whole."""
    # The status has come and stands, whatever happens to the rest; reading some of it lets the other side end well.
    with suppress(OSError, http.client.HTTPException):
        response.read(MAX_ANSWER_BYTES)
        return response.isclosed()
    return False
