"""The commands that a page shows, so that a test runs the very text that a reader copies."""

import re
from pathlib import Path
from textwrap import dedent
from typing import Final

HOWTO: Final = Path(__file__).resolve().parents[2] / "docs" / "howto"
_BLOCK: Final = re.compile(r"^ *```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def commands(page: str) -> list[str]:
    """Return the `sh` blocks of a page, in order. What only a whole server can run stands in `console` blocks."""
    return [dedent(block) for block in _BLOCK.findall((HOWTO / f"{page}.md").read_text(encoding="utf-8"))]
