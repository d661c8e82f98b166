"""Tables as CSV for spreadsheets (RFC 4180): every cell quoted, and none a formula, whatever somebody wrote.

Called by what reports give away as files.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

# A spreadsheet takes a cell that begins so for a formula; an apostrophe makes it text again.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)


def safe_cell(text: str) -> str:
    """Return a cell that no spreadsheet runs as a formula; a number below zero stays one."""
    bare = text.lstrip("\ufeff \x00\u00a0")
    return f"'{text}" if bare.startswith(_FORMULA) and _NUMBER.fullmatch(text) is None else text


def csv_table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table with a head as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue()
