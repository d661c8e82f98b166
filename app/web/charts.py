"""Geometry of the one chart that reports use: horizontal bars, drawn as SVG by a template macro.

Promise: bar lengths are in proportion to the values from a common zero, and the text beside a bar is the caller's
own, so that chart and table never say different things. Widths are percentages: text keeps its size on any screen.
Knows nothing of money or time. Called by report pages; pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

ROW_HEIGHT = 36
BAR_HEIGHT = 8
LABEL_BASELINE = 14
BAR_TOP = 20
LABEL_LENGTH = 44


@dataclass(frozen=True)
class Bar:
    """One bar: heights and offsets in CSS pixels, `width` in percent of the chart as text."""

    label: str
    full_label: str
    value_text: str
    note: str
    width: str
    text_y: int
    bar_y: int


@dataclass(frozen=True)
class BarChart:
    """What the macro draws. `title` names the chart, `desc` says its message in one sentence for a listener."""

    title: str
    desc: str
    height: int
    bar_height: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Row:
    """One value of the chart with the text to show for it; `note` is a word of warning, such as "unpriced"."""

    label: str
    value: Decimal
    value_text: str
    note: str = ""


def horizontal_bars(rows: Sequence[Row], *, title: str, limit: int = 12) -> BarChart:
    """The `limit` largest rows as bars, largest first; a negative value draws no bar. Ties keep their order."""
    shown = sorted(rows, key=lambda row: -row.value)[:limit]
    largest = max((row.value for row in shown), default=Decimal(0))
    bars = tuple(_bar(row, place, largest) for place, row in enumerate(shown))
    return BarChart(title, _sentence(shown, len(rows)), len(bars) * ROW_HEIGHT, BAR_HEIGHT, bars)


def _bar(row: Row, place: int, largest: Decimal) -> Bar:
    share = row.value * 100 / largest if largest > 0 and row.value > 0 else Decimal(0)
    label = row.label if len(row.label) <= LABEL_LENGTH else row.label[: LABEL_LENGTH - 1] + "…"
    top = place * ROW_HEIGHT
    return Bar(
        label=label,
        full_label=row.label,
        value_text=row.value_text,
        note=row.note,
        width=f"{share:.2f}%",
        text_y=top + LABEL_BASELINE,
        bar_y=top + BAR_TOP,
    )


def _sentence(shown: Sequence[Row], count: int) -> str:
    if not shown:
        return "There is nothing to draw."
    first = f"Largest: {shown[0].label}, {shown[0].value_text}."
    if count == 1:
        return first
    last = f" Smallest shown: {shown[-1].label}, {shown[-1].value_text}."
    more = count - len(shown)
    rest = f" {more} more {'stands' if more == 1 else 'stand'} in the table only." if more else ""
    return first + last + rest
