"""What a reviewer may say, and what comes out of it.

A verdict is read against the submission it is about: approve, correct, reject or respond for an output; approve, edit,
reject or respond for each action. The outcome carries complete arguments for every action, so that a program that
looks only at `run` and `args` is right.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from app.kernel.errors import Fault, Invalid
from app.kernel.strict_json import encode
from app.submissions.rules.received import Action, Received
from app.submissions.rules.schema import check_schema, schema_faults

DECIDER_KINDS: Final = ("human", "policy", "timeout")
DECISION_STATUSES: Final = ("approved", "corrected", "rejected", "answered")
OUTPUT_VERBS: Final = {"approve": "approved", "correct": "corrected", "reject": "rejected", "respond": "answered"}
ACTION_VERBS: Final = ("approve", "edit", "reject", "respond")
VOTE_VERBS: Final = tuple(OUTPUT_VERBS)


class VerdictRefused(Invalid):
    """This verdict does not fit what is reviewed."""


@dataclass(frozen=True)
class ActionVerdict:
    """What the reviewer says about one action; `args` only with edit."""

    call_id: str
    verb: str
    args: dict[str, Any] | None = None
    message: str | None = None


@dataclass(frozen=True)
class Verdict:
    """What a reviewer hands in: one verb for the whole, or one per action."""

    verb: str | None
    output: Any = None
    has_output: bool = False
    actions: tuple[ActionVerdict, ...] = ()
    message: str | None = None
    note: str | None = None
    reason_codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What a verdict comes to. `actions` holds every action, JSON-ready, with complete args."""

    status: str
    verb: str
    output: Any
    actions: list[dict[str, Any]] = field(default_factory=list)


def judge(received: Received, verdict: Verdict, *, output_schema: str, reason_codes: Sequence[str]) -> Outcome:
    """Return the outcome of a verdict on a submission.

    Raises:
        VerdictRefused: it does not fit; the faults say where.
    """
    faults = _reason_faults(verdict, reason_codes)
    faults += _shape_faults(received, verdict)
    if faults:
        raise VerdictRefused(faults=faults)
    verdicts = _spread(received.actions, verdict)
    faults = [f for n, v in enumerate(verdict.actions) for f in _action_faults(n, v, received.actions)]
    if verdict.has_output:
        faults += schema_faults(output_schema, verdict.output, below="/output")
    if faults:
        raise VerdictRefused(faults=faults)
    verb = verdict.verb or _overall(verdicts.values(), edited=verdict.has_output)
    return Outcome(
        status=OUTPUT_VERBS[verb],
        verb=verb,
        output=verdict.output if verdict.has_output else received.output,
        actions=[_settled(action, verdicts[action.call_id]) for action in received.actions],
    )


def _reason_faults(verdict: Verdict, known: Sequence[str]) -> list[Fault]:
    return [
        Fault(f"/reason_codes/{n}", "is not a reason code of this task type")
        for n, code in enumerate(verdict.reason_codes)
        if code not in known
    ]


def _shape_faults(received: Received, verdict: Verdict) -> list[Fault]:
    if (verdict.verb is None) == (not verdict.actions):
        return [Fault("/verb", "give either one verb or a verb for each of the actions")]
    if verdict.actions:
        return _cover_faults(received.actions, verdict.actions)
    if verdict.verb == "correct" and not received.has_output:
        return [Fault("/verb", "there is no output to correct; edit the actions")]
    if verdict.verb == "correct" and not verdict.has_output:
        return [Fault("/output", "a correction needs the corrected output")]
    if verdict.verb != "correct" and verdict.has_output:
        return [Fault("/output", f"{verdict.verb} takes no output; use correct to change it")]
    if verdict.verb == "respond" and not verdict.message:
        return [Fault("/message", "an answer needs its text")]
    return []


def _cover_faults(actions: Sequence[Action], verdicts: Sequence[ActionVerdict]) -> list[Fault]:
    if not actions:
        return [Fault("/actions", "this submission proposes no actions")]
    given = [v.call_id for v in verdicts]
    wanted = {a.call_id for a in actions}
    faults = [
        Fault(f"/actions/{n}/call_id", "is not an action of this submission, or is named twice")
        for n, call_id in enumerate(given)
        if call_id not in wanted or call_id in given[:n]
    ]
    missing = sorted(wanted - set(given))
    return faults + [Fault("/actions", f"says nothing about {call_id}") for call_id in missing]


def _spread(actions: Sequence[Action], verdict: Verdict) -> Mapping[str, ActionVerdict]:
    """Return a verdict per action; one verb for the whole speaks for each of them."""
    if verdict.actions:
        return {v.call_id: v for v in verdict.actions}
    verb = "approve" if verdict.verb == "correct" else str(verdict.verb)
    return {a.call_id: ActionVerdict(a.call_id, verb, message=verdict.message) for a in actions}


def _action_faults(position: int, verdict: ActionVerdict, actions: Sequence[Action]) -> list[Fault]:
    action = next(a for a in actions if a.call_id == verdict.call_id)
    at = f"/actions/{position}"
    if verdict.verb not in action.allowed:
        return [Fault(f"{at}/verb", f"this action allows {', '.join(action.allowed)}")]
    if (verdict.verb == "edit") != (verdict.args is not None):
        return [Fault(f"{at}/args", "edit needs the complete args, and only edit takes them")]
    if verdict.verb == "respond" and not verdict.message:
        return [Fault(f"{at}/message", "an answer needs its text")]
    if verdict.args is None or action.args_schema is None:
        return []
    schema_text = schema_of_args(action)
    return schema_faults(schema_text, verdict.args, below=f"{at}/args")


def schema_of_args(action: Action) -> str:
    """Return the schema of an action's args as text; one that cannot be used allows everything."""
    text = encode(action.args_schema or {}).decode()
    try:
        check_schema(text, pointer="/args_schema")
    except Invalid:
        return "{}"
    return text


def _overall(verdicts: Any, *, edited: bool) -> str:
    """Return the verb of the whole: all reject, else any edit, else any respond, else approve."""
    verbs = {v.verb for v in verdicts}
    if verbs == {"reject"}:
        return "reject"
    if "edit" in verbs or edited:
        return "correct"
    return "respond" if "respond" in verbs else "approve"


def _settled(action: Action, verdict: ActionVerdict) -> dict[str, Any]:
    return {
        "call_id": action.call_id,
        "name": action.name,
        "verb": verdict.verb,
        "run": verdict.verb in {"approve", "edit"},
        "args": action.args if verdict.args is None else verdict.args,
        "message": verdict.message,
    }


def settle_runs(
    actions: Sequence[dict[str, Any]], earlier: Sequence[Sequence[dict[str, Any]]], *, required: int
) -> list[dict[str, Any]]:
    """Return the actions of the last vote as all votes together settle them.

    An action runs only when `required` people let it run, also when the whole was ended early by an answer. Where an
    earlier vote refused one that the last would run, the refusal's verb and message stand.

    Args:
        earlier: The actions of the votes before, as far as they stand, each with the same calls.
    """
    before = [{a["call_id"]: a for a in vote} for vote in earlier]
    settled = []
    for action in actions:
        others = [vote[action["call_id"]] for vote in before]
        if action["run"] and 1 + sum(other["run"] for other in others) < required:
            refusal = next((other for other in others if not other["run"]), action)
            settled.append({**action, "run": False, "verb": refusal["verb"], "message": refusal["message"]})
        else:
            settled.append(action)
    return settled
