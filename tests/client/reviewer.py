"""A reviewer who judges beside the test: what comes next gets the verdict she was told."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from proofdesk_client import Claim, Client
from tests.workers.processes import eventually


class Reviewer:
    """Judges in a thread of her own; leaving the block hands on what went wrong there."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._pool = ThreadPoolExecutor(1)
        self._verdicts: list[Future[Claim]] = []

    def judges(self, verb: str | None = None, **verdict: Any) -> None:
        """Take the next item as soon as there is one, and hand in this verdict."""
        self._verdicts.append(self._pool.submit(self._judge, lambda _: {"verb": verb, **verdict}))

    def judges_by(self, verdict: Callable[[Claim], dict[str, Any]]) -> None:
        """Take the next item as soon as there is one, and hand in a verdict on it."""
        self._verdicts.append(self._pool.submit(self._judge, verdict))

    def _judge(self, verdict: Callable[[Claim], dict[str, Any]]) -> Claim:
        taken: list[Claim] = []

        def take() -> bool:
            claim = self.client.claim()
            if claim is not None:
                taken.append(claim)
            return claim is not None

        assert eventually(take, within_seconds=20), "nothing came"
        said = {name: value for name, value in verdict(taken[0]).items() if value is not None}
        self.client.decide(taken[0], **said)
        return taken[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown()
        for verdict in self._verdicts:
            verdict.result()
