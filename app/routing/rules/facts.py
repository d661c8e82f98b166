"""What a policy may know about a submission when it decides where that goes.

Facts are read from the body of a submission as it was decoded at the door: plain objects, arrays, texts and numbers.
The same reading serves live submissions and the tests written into a policy, so that a test cannot pass on something
that would never arrive. Called by the flow in and by the tests of a policy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from app.kernel.errors import Fault, Invalid
from app.kernel.pointers import PointerInvalid, build_pointer, parse_pointer

MAX_FAULTS: Final = 100
_MAPS: Final = ("model", "prompt", "metadata", "usage", "requested_by")


class FactsInvalid(Invalid):
    """The submission has a part that no rule could read."""


@dataclass(frozen=True)
class Facts:
    """One submission as its policy sees it.

    `output` means something only when `has_output`. Confidences are in [0, 1] or None. `field_confidence` is keyed by
    JSON Pointers into the output. `schema_faults` are sentences on where the output breaks its task type's schema.
    """

    task_type: str
    has_output: bool = False
    output: Any = None
    confidence: float | None = None
    field_confidence: Mapping[str, float | None] = field(default_factory=dict)
    actions: tuple[Mapping[str, Any], ...] = ()
    model: Mapping[str, Any] = field(default_factory=dict)
    prompt: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    usage: Mapping[str, Any] = field(default_factory=dict)
    requested_by: Mapping[str, Any] = field(default_factory=dict)
    external_id: str | None = None
    schema_faults: tuple[str, ...] = ()

    def with_schema_faults(self, schema_faults: tuple[str, ...]) -> "Facts":
        """Return the same facts with what the schema check found."""
        return replace(self, schema_faults=schema_faults) if schema_faults else self


def read_facts(submission: Mapping[str, Any], *, task_type: str) -> Facts:
    """Return the facts of a submission's body. A null output is no output; parts that rules never see are ignored.

    Raises:
        FactsInvalid: a part has the wrong form; the faults point into the submission.
    """
    faults: list[Fault] = []
    has_output = submission.get("output") is not None
    actions = _read_actions(submission.get("actions"), faults)
    if not has_output and not actions:
        faults.append(Fault("", "has neither an output nor actions"))
    external_id = submission.get("external_id")
    if external_id is not None and not isinstance(external_id, str):
        faults.append(Fault("/external_id", "must be a string"))
    maps = {name: _read_map(submission.get(name), f"/{name}", faults) for name in _MAPS}
    facts = Facts(
        task_type=task_type,
        has_output=has_output,
        output=submission.get("output"),
        confidence=_read_confidence(submission.get("confidence"), "/confidence", faults),
        field_confidence=_read_field_confidence(submission.get("field_confidence"), faults),
        actions=actions,
        external_id=external_id,
        model=maps["model"],
        prompt=maps["prompt"],
        metadata=maps["metadata"],
        usage=maps["usage"],
        requested_by=maps["requested_by"],
    )
    if faults:
        raise FactsInvalid(faults=faults[:MAX_FAULTS])
    return facts


def _read_confidence(value: Any, pointer: str, faults: list[Fault]) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        faults.append(Fault(pointer, "must be a number from 0 to 1, or null"))
        return None
    return float(value)


def _read_map(value: Any, pointer: str, faults: list[Fault]) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        faults.append(Fault(pointer, "must be an object"))
        return {}
    return value


def _read_field_confidence(value: Any, faults: list[Fault]) -> dict[str, float | None]:
    confidences = {}
    for pointer, confidence in _read_map(value, "/field_confidence", faults).items():
        place = build_pointer(("field_confidence", pointer))
        try:
            parse_pointer(pointer)
        except PointerInvalid as error:
            faults.append(Fault(place, error.detail))
        confidences[pointer] = _read_confidence(confidence, place, faults)
    return confidences


def _read_actions(value: Any, faults: list[Fault]) -> tuple[Mapping[str, Any], ...]:
    """Return the actions with what may be left out filled in, so that a rule need not ask for it first."""
    if value is None:
        return ()
    if not isinstance(value, list):
        faults.append(Fault("/actions", "must be an array"))
        return ()
    actions = []
    for position, action in enumerate(value):
        place = f"/actions/{position}"
        if not isinstance(action, dict) or not isinstance(action.get("name"), str):
            faults.append(Fault(place, "must be an object with a name"))
            continue
        given = {key: part for key, part in action.items() if part is not None}
        read = {"call_id": f"c{position + 1}", **given}
        read["args"] = _read_map(given.get("args"), f"{place}/args", faults)
        read["risk"] = _read_map(given.get("risk"), f"{place}/risk", faults)
        actions.append(read)
    return tuple(actions)
