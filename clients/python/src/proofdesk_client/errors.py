"""What can go wrong, each with a name of its own. `str()` of any of them is a sentence for a person or a model."""

from collections.abc import Mapping
from typing import Any

from proofdesk_client.model import Submission


class ProofdeskError(Exception):
    """Whatever this package raises on purpose."""


class Unreachable(ProofdeskError):
    """No answer came, however often it was tried. What was asked may have been done, or not."""


class Refused(ProofdeskError):
    """The service said no. `problem` is its answer (RFC 9457), `name` the last word of the problem's type."""

    def __init__(self, asked: str, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = problem
        self.name = str(problem.get("type", "")).rpartition("/")[2]
        reason = problem.get("detail") or problem.get("title") or "no reason given"
        faults = "; ".join(f"{f.get('pointer', '')} {f.get('detail', '')}" for f in problem.get("errors") or ())
        super().__init__(f"{asked}: {status} {reason}" + (f" ({faults})" if faults else ""))


class NotYetDecided(ProofdeskError):
    """The time that a caller wanted to wait is over. The submission still waits, and so may the caller, again."""

    def __init__(self, submission: Submission) -> None:
        self.submission = submission
        super().__init__(f"{submission.id} is not decided yet ({submission.status}).")
