"""What a decision lets a program run, and what it tells the model when it lets nothing.

Called by the gate and by the adapters of frameworks, before anything runs.
"""

from proofdesk_client import flows
from proofdesk_client.canonical import args_sha256
from proofdesk_client.errors import ProofdeskError, Refused
from proofdesk_client.model import Action, Submission
from proofdesk_client.requests import Flow


class NotApproved(ProofdeskError):
    """The call may not run. `str()` says so to the model, with what the reviewer had to say."""

    def __init__(self, submission: Submission, text: str) -> None:
        self.submission = submission
        super().__init__(text)


class Rejected(NotApproved):
    """A reviewer said no."""


class Answered(NotApproved):
    """A reviewer answered in place of the call: `str()` is the answer alone."""


class Blocked(NotApproved):
    """The policy does not allow it; nobody was asked."""


class TimedOut(NotApproved):
    """Nobody decided in time."""


class Cancelled(NotApproved):
    """The submission was taken back."""


class AlreadyRun(ProofdeskError):
    """The approved call was run before, or was about to be; it is not run again."""


class OtherArguments(ProofdeskError):
    """What came as approved does not have the digest that was approved; nothing was run."""


def allowed_action(submission: Submission, name: str) -> Action:
    """Return the action of a final submission that may run.

    Raises:
        NotApproved: none may.
        OtherArguments: it is another call, or its arguments are not those of its digest.
    """
    decision = submission.decision
    if decision is None or not any(action.run for action in decision.actions):
        raise refusal(submission)
    action = next(action for action in decision.actions if action.run)
    check_action(submission, action, name)
    return action


def check_action(submission: Submission, action: Action, name: str) -> None:
    """Fail unless this is the call that was approved.

    Raises:
        OtherArguments: it is another call, or its arguments are not those of its digest.
    """
    if action.name != name or action.args_sha256 != args_sha256(action.args):
        raise OtherArguments(f"{submission.id}: what came as approved for {name} is not what was approved.")


def redeem(action: Action) -> Flow[None]:
    """Use up the grant of an action that is about to run.

    Raises:
        AlreadyRun: somebody did before.
    """
    if action.grant is None or action.args_sha256 is None:
        raise OtherArguments(f"{action.name} came without a grant.")
    try:
        yield from flows.redeem(action.grant, action.args_sha256)
    except Refused as refused:
        if refused.name == "already-redeemed":
            raise AlreadyRun(f"{action.name} was run before with this approval; it is not run again.") from refused
        raise


def refusal(submission: Submission, action: Action | None = None) -> NotApproved:
    """Return why a final submission, or this action of it, may not run, in words for the model."""
    decision = submission.decision
    message = _message(submission, action)
    said = f" {message}" if message else ""
    if submission.status == "blocked":
        why = "; ".join(submission.reasons)
        return Blocked(
            submission, f"The policy does not allow this call{f': {why}' if why else ''}. Do not try it again."
        )
    if submission.status == "cancelled":
        return Cancelled(submission, "The request for approval was taken back. The call was not made.")
    if submission.status == "expired" or (decision is not None and decision.decided_by_kind == "timeout"):
        return TimedOut(submission, f"Nobody decided in time, so the call was not made; it was not rejected.{said}")
    if submission.status == "answered" if action is None else action.verb == "respond":
        return Answered(submission, message or "The call was not made.")
    return Rejected(submission, f"A reviewer rejected this call; it was not made. Do not try it again.{said}")


def _message(submission: Submission, action: Action | None) -> str:
    """Return what the reviewer had to say to the model on this action, or on all."""
    decision = submission.decision
    if decision is None:
        return ""
    if action is not None:
        return (action.message or decision.message or "").strip()
    said = [decision.message, *(one.message for one in decision.actions)]
    return next((text for text in said if text), "").strip()
