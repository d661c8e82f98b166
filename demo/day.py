"""A day of review in little: simulated reviewers work waiting items over the public interface.

Each reviewer is a thread with a key of its own. They claim, read (real time passes, shortened), send beats, and
decide as the set's verdict says; now and then one skips an item or gives it back. An item that is not the
demonstration's is passed over, never decided. Called by the command line; the same seed gives the same habits, though
who meets which item is left to the service.
"""

import math
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any, Final

from demo.client import Client, Refused
from demo.decisions import decision_body
from demo.fill import Report, quiet
from demo.sets import queues, verdict_on

SKIP_SHARE: Final = 0.04
RELEASE_SHARE: Final = 0.03
PAUSE_SECONDS: Final = 0.035
_PAUSE_SPREAD: Final = 0.6
_LONGEST_PAUSES: Final = 8
_WAIT_FOR_OTHERS_SECONDS: Final = 0.05
_MOST_STRANGERS: Final = 3
_LOST_STATUSES: Final = (409, 410)


@dataclass(frozen=True)
class DaySummary:
    """What the reviewers did. `by_verb` counts decisions, `by_reviewer` decisions of each.

    `lost` are decisions that came too late, `strangers` items that the demonstration knows no verdict on.
    """

    decisions: int
    by_verb: Mapping[str, int]
    by_reviewer: Mapping[str, int]
    skipped: int
    released: int
    lost: int
    strangers: int
    elapsed_seconds: float


def run_day(
    base_url: str,
    *,
    reviewers: Sequence[tuple[str, str]],
    decisions: int = 50,
    scale: int = 1,
    seed: int = 1,
    pause_seconds: float = PAUSE_SECONDS,
    report: Report = quiet,
) -> DaySummary:
    """Let `reviewers` (name, key with scopes review and read) make `decisions` times `scale` decisions.

    They work the queues of `demo.sets.queues()`. The day ends when the decisions are made or nothing waits.
    `pause_seconds` is the median pause between two beats of reading.
    `report(done, total, what)` is called after each decision, by one thread at a time.

    Raises:
        CallFailed: the service refused something that it should take, or did not answer.
    """
    started = time.monotonic()
    day = _Day(decisions * scale, report)
    with ThreadPoolExecutor(max_workers=len(reviewers), thread_name_prefix="reviewer") as pool:
        works = [pool.submit(_Reviewer(day, name, key, base_url, seed, pause_seconds).work) for name, key in reviewers]
        try:
            for work in as_completed(works):
                work.result()
        finally:
            day.stop()  # whatever ended it, an interrupt too: nobody begins another item
    return day.summary(time.monotonic() - started)


class _Day:
    """What the reviewers share: how many decisions are left, who is busy, and the tally."""

    def __init__(self, wanted: int, report: Report) -> None:
        self._lock = threading.Lock()
        self._report = report
        self._wanted = wanted
        self._left = wanted
        self._stopped = False
        self._busy = 0
        self._verbs: Counter[str] = Counter()
        self._people: Counter[str] = Counter()
        self._others: Counter[str] = Counter()

    def begin(self) -> bool:
        """Reserve one decision; False when all are taken."""
        with self._lock:
            if self._stopped or self._left <= 0:
                return False
            self._left -= 1
            self._busy += 1
            return True

    def give_back(self, what: str | None = None) -> bool:
        """Return the reserved decision, counting why; True while somebody else is at work."""
        with self._lock:
            self._left += 1
            self._busy -= 1
            if what:
                self._others[what] += 1
            return self._busy > 0

    def decided(self, name: str, verb: str, task_type: str) -> None:
        """Count a decision and report it."""
        with self._lock:
            self._busy -= 1
            self._verbs[verb] += 1
            self._people[name] += 1
            self._report(self._verbs.total(), self._wanted, f"{name}: {verb} {task_type}")

    def stop(self) -> None:
        """Let nobody begin another item."""
        with self._lock:
            self._stopped = True

    def summary(self, elapsed_seconds: float) -> DaySummary:
        """The tally so far."""
        with self._lock:
            return DaySummary(
                decisions=self._verbs.total(),
                by_verb=dict(self._verbs),
                by_reviewer=dict(self._people),
                skipped=self._others["skip"],
                released=self._others["release"],
                lost=self._others["lost"],
                strangers=self._others["stranger"],
                elapsed_seconds=elapsed_seconds,
            )


@dataclass
class _Reviewer:
    """One simulated person with a key and habits of their own."""

    day: _Day
    name: str
    key: str
    base_url: str
    seed: int
    pause_seconds: float
    met: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    strangers: int = 0
    queues: deque[str] = field(default_factory=lambda: deque(queues()))

    def work(self) -> None:
        """Take item after item until the day is done or nothing waits."""
        self.rng = random.Random(f"{self.seed}:{self.name}")  # noqa: S311  # habits, no secret
        self.rng.shuffle(self.queues)
        with Client(self.base_url, self.key, at_once=1) as client:
            while self.strangers < _MOST_STRANGERS and self.day.begin():
                claimed = self._claim(client)
                if claimed is not None:
                    self._work_on(client, claimed)
                elif self.day.give_back():
                    time.sleep(_WAIT_FOR_OTHERS_SECONDS)  # a colleague may put an item back
                else:
                    return

    def _claim(self, client: Client) -> Mapping[str, Any] | None:
        """Ask queue after queue, with another one first each time, so that a short day sees every kind of work."""
        for _ in range(len(self.queues)):
            self.queues.rotate()
            claimed: Mapping[str, Any] = client.post("/claims", {"queue": self.queues[0]}).body
            if claimed["claim"] is not None:
                return claimed
        return None

    def _work_on(self, client: Client, claimed: Mapping[str, Any]) -> None:
        """Handle an item. To lose one is life; the same claim lost twice would be a fault, here or there."""
        claim_id = claimed["claim"]["id"]
        try:
            self._handle(client, claimed)
        except Refused as refusal:
            if refusal.status not in _LOST_STATUSES or claim_id in self.lost:
                raise
            self.lost.add(claim_id)
            self.day.give_back("lost")

    def _handle(self, client: Client, claimed: Mapping[str, Any]) -> None:
        """Read one item and decide it, or put it back."""
        claim, item = claimed["claim"], claimed["item"]
        verdict = verdict_on(self._external_id(client, item))
        if verdict is None:
            self.strangers += 1
            self._put_back(client, claim, "skip", "stranger")
            return
        self.strangers = 0
        self._read(client, claim["id"])
        mood = 1.0 if item["id"] in self.met else self.rng.random()
        self.met.add(item["id"])
        if mood < SKIP_SHARE:
            self._put_back(client, claim, "skip", "skip")
        elif mood < SKIP_SHARE + RELEASE_SHARE:
            self._put_back(client, claim, "release", "release")
        else:
            self._decide(client, claimed, verdict)

    def _external_id(self, client: Client, item: Mapping[str, Any]) -> str:
        known = item.get("external_id")
        if known is None:
            known = client.get(f"/submissions/{item['submission_id']}").get("external_id")
        return str(known or "")

    def _read(self, client: Client, claim_id: str) -> None:
        """Let some time pass, with beats in between as a page would send them."""
        started = time.monotonic()
        for seq in range(1, self.rng.randint(2, 4) + 1):
            pause = self.rng.lognormvariate(math.log(self.pause_seconds), _PAUSE_SPREAD)
            pause = min(pause, self.pause_seconds * _LONGEST_PAUSES)
            time.sleep(pause)
            idle = self.rng.random() < 0.1
            beat = {
                "seq": seq,
                "client_mono_ms": round((time.monotonic() - started) * 1000),
                "state": "idle" if idle else "active",
                "last_input_age_ms": round(pause * 1000 * (1.0 if idle else self.rng.random())),
            }
            client.post(f"/claims/{claim_id}/beats", beat)

    def _put_back(self, client: Client, claim: Mapping[str, Any], step: str, reason: str) -> None:
        path = f"/claims/{claim['id']}/{step}"
        client.post(path, {"reason": reason})
        self.day.give_back(reason)

    def _decide(self, client: Client, claimed: Mapping[str, Any], verdict: Mapping[str, Any]) -> None:
        path = f"/claims/{claimed['claim']['id']}/decision"
        client.post(path, decision_body(claimed, verdict))
        self.day.decided(self.name, verdict["verb"], str(claimed["item"]["task_type"]))
