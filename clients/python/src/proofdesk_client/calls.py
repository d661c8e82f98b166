"""Tool calls that a framework holds back until somebody has decided, whatever framework it is.

An adapter reads the calls that its framework holds back, sends them with `Review.send`, and turns the verdicts of
`Review.verdicts` into the answer that its framework goes on with. What may run was approved with these very arguments,
and its grant is used up by then: of two programs that go on with the same calls, one may run them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from proofdesk_client import flows
from proofdesk_client.approval import check_action, redeem, refusal
from proofdesk_client.canonical import derive_key
from proofdesk_client.flows import Progress
from proofdesk_client.model import Action, Submission
from proofdesk_client.requests import Flow

VERBS: Final = ("approve", "edit", "reject", "respond")


@dataclass(frozen=True)
class Call:
    """A tool call as the model made it, and the verbs that the framework understands."""

    name: str
    args: Mapping[str, Any]
    call_id: str | None = None
    description: str | None = None
    allowed: Sequence[str] = VERBS

    def document(self, more: Mapping[str, Any]) -> dict[str, Any]:
        """Return it as an action of a submission."""
        own = {"call_id": self.call_id, "description": self.description, "allowed": list(self.allowed)}
        known = {name: value for name, value in own.items() if value}
        return {**more, "name": self.name, "args": dict(self.args), **known}


@dataclass(frozen=True)
class Verdict:
    """What became of a call: `args` to run it with after approve and edit, `message` for the model after the others."""

    verb: str
    args: dict[str, Any]
    message: str
    by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Review:
    """How the calls of an agent come to the desk.

    `run` names the run of the agent, for example its thread: the same calls of the same run are one submission for
    7 days, however often the run is begun again. `action` describes every call (risk, preview, args_schema), `more` the
    submission around them (context, requested_by, deadline, metadata). `timeout` in seconds: NotYetDecided is raised
    when it is over, and the same calls can be asked about again, which goes on waiting; 0 asks once.
    """

    task_type: str
    run: str
    action: Mapping[str, Any] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)
    timeout: float | None = None
    progress: Progress | None = None

    def send(self, calls: Sequence[Call], *, step: Any, ref: Mapping[str, Any]) -> Flow[Submission]:
        """Send calls that belong together, and return the submission as it stands.

        Args:
            step: Tells them from other calls of the run; a JSON value.
            ref: Where the framework goes on; it comes back with the decision.
        """
        actions = [call.document(self.action) for call in calls]
        document = {**self.more, "task_type": self.task_type, "actions": actions, "ref": dict(ref)}
        return (yield from flows.submit(document, derive_key("calls", self.task_type, self.run, step, actions)))

    def verdicts(self, sent: Submission, calls: Sequence[Call]) -> Flow[list[Verdict]]:
        """Wait, and return the verdict on each call, in their order; the grants of those that may run are used up.

        Raises:
            NotYetDecided: they are not decided after `timeout` seconds.
            AlreadyRun: one that may run was run before.
            NotApproved: one may not run, and its framework knows no way to say so.
        """
        final = sent if sent.is_final else (yield from flows.wait(sent.id, self.timeout, self.progress))
        decided = {} if final.decision is None else {action.call_id: action for action in final.decision.actions}
        actions = [decided.get(call.call_id or f"c{number}") for number, call in enumerate(calls, start=1)]
        # All are looked at before the first grant is used up, so that what cannot go on uses up none.
        verdicts = [_verdict_on(final, action, call) for action, call in zip(actions, calls, strict=True)]
        for action, verdict in zip(actions, verdicts, strict=True):
            if action is not None and verdict.verb in {"approve", "edit"}:
                yield from redeem(action)
        return verdicts


def _verdict_on(final: Submission, action: Action | None, call: Call) -> Verdict:
    """Return what a final submission says on one of its calls."""
    args = dict(call.args)
    if final.status == "passed":
        return Verdict("approve", args, "")
    by = () if final.decision is None else tuple(vote.by for vote in final.decision.votes)
    if action is None or not action.run:
        error = refusal(final, action)
        answered = action is not None and action.verb == "respond"
        verb = "respond" if answered or "reject" not in call.allowed else "reject"
        if verb not in call.allowed:
            raise error
        return Verdict(verb, args, str(error), by)
    check_action(final, action, call.name)
    return Verdict("approve" if action.args == args else "edit", action.args, action.message or "", by)
