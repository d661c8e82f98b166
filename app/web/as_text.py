"""A value of JSON as the text that a person reads. Called by the pages that show what programs and models wrote."""

from typing import Any

import orjson


def as_text(value: Any) -> str:
    """Return a text as it is, and anything else as indented JSON."""
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
