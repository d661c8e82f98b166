"""Connections to endpoints: cut off when their time is up, and kept for the next message to the same place.

A connection stays at the address that was checked when it was made, so keeping it saves the look-up and the handshake
and opens no door. It is kept only after an answer that came whole, for a short time, and few for each place.
Called by the sender, from several threads at once.
"""

import http.client
import select
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final
from weakref import finalize

KEEP_SECONDS: Final = 15.0
KEEP_AT_MOST: Final = 8


@dataclass
class Connection:
    """One connection that is open; `used` once an answer came over it. `twin` is the same one, to end it from outside:
    TLS takes over the first descriptor."""

    http: http.client.HTTPConnection
    twin: socket.socket
    used: bool = False

    def close(self) -> None:
        """End it; what is on its way is lost."""
        with suppress(OSError):
            self.http.close()
        self.twin.close()

    @property
    def is_quiet(self) -> bool:
        """Say whether the other side has neither ended it nor said anything unasked."""
        poll = select.poll()
        poll.register(self.twin, select.POLLIN)
        return not poll.poll(0)


class KeptConnections:
    """Idle connections by place, the newest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[object, list[tuple[float, Connection]]] = defaultdict(list)
        # Whoever sends no more keeps nothing open.
        finalize(self, _close_all, self._idle)

    def take(self, place: object) -> Connection | None:
        """Return a connection to this place that still stands, if there is one."""
        while True:
            with self._lock:
                since, connection = self._idle[place].pop() if self._idle.get(place) else (0.0, None)
            if connection is None:
                return None
            if time.monotonic() - since < KEEP_SECONDS and connection.is_quiet:
                return connection
            connection.close()

    def give(self, place: object, connection: Connection) -> None:
        """Keep a connection whose answer came whole."""
        connection.used = True
        now = time.monotonic()
        with self._lock:
            self._idle[place].append((now, connection))
            spare = self._idle[place][:-KEEP_AT_MOST]
            del self._idle[place][:-KEEP_AT_MOST]
            for other, kept in list(self._idle.items()):
                # The oldest come first.
                while kept and now - kept[0][0] >= KEEP_SECONDS:
                    spare.append(kept.pop(0))
                if not kept:
                    del self._idle[other]
        for _, old in spare:
            old.close()


def _close_all(idle: dict[object, list[tuple[float, Connection]]]) -> None:
    for kept in idle.values():
        for _, connection in kept:
            connection.close()


class Deadlines:
    """Ends connections whose time is up, with one thread for all of them.

    A timeout on the socket would begin anew with every byte.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watched: dict[int, tuple[float, socket.socket, threading.Event]] = {}
        self._number = 0
        self._wakes_at = 0.0
        self._thread: threading.Thread | None = None

    @contextmanager
    def watch(self, twin: socket.socket, seconds: float) -> Iterator[threading.Event]:
        """Yield an event that is set when the time was up and the connection ended."""
        late = threading.Event()
        ends_at = time.monotonic() + max(seconds, 0.0)
        with self._changed:
            self._number += 1
            number = self._number
            self._watched[number] = (ends_at, twin, late)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            elif ends_at < self._wakes_at:
                self._changed.notify()
        try:
            yield late
        finally:
            with self._changed:
                self._watched.pop(number, None)

    def _run(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for number, (ends_at, twin, late) in list(self._watched.items()):
                    if ends_at <= now:
                        late.set()
                        with suppress(OSError):
                            twin.shutdown(socket.SHUT_RDWR)
                        del self._watched[number]
                if not self._watched and self._wakes_at <= now:
                    self._thread = None
                    return
                self._wakes_at = min((entry[0] for entry in self._watched.values()), default=now + KEEP_SECONDS)
                self._changed.wait(self._wakes_at - now)
