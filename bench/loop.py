"""The loop of a reviewer over HTTP: next item, signs of life, verdict, as fast as the answers come.

Keys, limits, trail, ledger and checks are all on. Of 20 verdicts 16 approve, 3 correct and 1 rejects.
"""

import time
from dataclasses import dataclass
from typing import Any

from bench.crowd import Span, Tally, wait_until
from bench.wire import Wire


@dataclass(frozen=True)
class Shift:
    """One reviewer at one server; `beats` signs of life come between item and verdict."""

    port: int
    key: str
    beats: int


def review(shift: Shift, span: Span) -> list[Tally]:
    """Take items and judge them until the span ends; who is told that nothing waits stops."""
    desk = _Desk(Wire(shift.port, shift.key), span, Tally())
    wait_until(span.begins)
    number = 0
    while time.monotonic() < span.ends and desk.judge_next(shift.beats, number):
        number += 1
    desk.wire.close()
    return [desk.tally]


@dataclass(frozen=True)
class _Desk:
    """A reviewer's connection, and what is kept of her calls."""

    wire: Wire
    span: Span
    tally: Tally

    def judge_next(self, beats: int, number: int) -> bool:
        """Do one item; say whether there may be another."""
        taken = self._post("next", "/claims", {})
        if taken is None:
            return False
        if taken["claim"] is None:
            self.tally.empty += 1
            return False
        path = f"/claims/{taken['claim']['id']}"
        for seq in range(1, beats + 1):
            sign = {"seq": seq, "client_mono_ms": seq * 10, "state": "active", "last_input_age_ms": 0}
            if self._post("beat", f"{path}/beats", sign) is None:
                return False
        return self._post("decide", f"{path}/decision", _verdict(taken, number)) is not None

    def _post(self, kind: str, path: str, body: Any) -> Any:
        """Return the answer and keep how long it took; None for a refusal, which ends the run."""
        started = time.monotonic()
        status, answer = self.wire.post(path, body)
        self.tally.note(kind, self.span, started, time.monotonic())
        if status in {200, 201}:
            return answer
        self.tally.faults.append(f"{kind}: {status} {answer}")
        return None


def _verdict(taken: dict[str, Any], number: int) -> dict[str, Any]:
    shown = {"token": taken["claim"]["token"], "content_sha256": taken["item"]["content_sha256"]}
    if number % 20 == 0:
        return {**shown, "verb": "reject", "message": "Not an address."}
    if number % 20 in {5, 10, 15}:
        return {**shown, "verb": "correct", "output": {**taken["item"]["output"], "city": "Basel"}}
    return {**shown, "verb": "approve"}
