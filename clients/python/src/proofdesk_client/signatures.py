"""A Python function as a tool: its arguments by name, and the JSON Schema that says which ones it takes.

Called by the gate.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

_TYPES: Final = {str: "string", int: "integer", float: "number", bool: "boolean", list: "array", dict: "object"}
_BY_NAME: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Signature:
    """The parameters of a function that can be called with named arguments alone."""

    def __init__(self, function: Callable[..., Any]) -> None:
        """Read a function.

        Raises:
            TypeError: it takes arguments without a name, which a reviewer could not be shown.
        """
        try:
            self._signature = inspect.signature(function, eval_str=True)
        except NameError:
            # Its annotations name what is only there for the type checker.
            self._signature = inspect.signature(function)
        nameless = [p.name for p in self._signature.parameters.values() if p.kind not in _BY_NAME]
        if nameless:
            raise TypeError(f"{function.__qualname__} takes {', '.join(nameless)} without a name; name every argument")

    def named(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the complete arguments of a call by name, defaults included."""
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return dict(bound.arguments)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the arguments, so that nobody can approve a call that the function cannot take."""
        parameters = self._signature.parameters.values()
        return {
            "type": "object",
            "properties": {p.name: _type(p.annotation) for p in parameters},
            "required": [p.name for p in parameters if p.default is p.empty],
            "additionalProperties": False,
        }


def _type(annotation: Any) -> dict[str, Any]:
    name = _TYPES.get(annotation)
    return {} if name is None else {"type": name}
