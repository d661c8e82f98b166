"""The printed cost report: the service's own figures, and text only ever as text."""

import io

from rich.console import Console

from demo.report import print_cost_report

FIGURES = {"decisions": 3, "items": 3, "active_seconds": "12.345", "unpriced_seconds": "0"}


def printed(report: dict[str, object]) -> str:
    """What stands on a wide terminal."""
    console = Console(file=io.StringIO(), width=140, color_system=None)
    print_cost_report(console, report)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_rows_total_and_date_are_printed_as_given() -> None:
    rows = [{"group": {"task_type": "translations", "model": "[bold]x"}, **FIGURES, "cost": "0.10", "currency": "EUR"}]
    text = printed({"rows": rows, "total": {**FIGURES, "cost": "0.10", "currency": "EUR"}, "as_of": "2026-03-02"})
    assert "Task type" in text
    assert "[bold]x" in text
    assert "12.345" in text
    assert text.index("translations") < text.index("Total")
    assert "As of 2026-03-02" in text


def test_an_unpriced_cost_is_a_dash_and_not_a_zero() -> None:
    text = printed({"rows": [], "total": {**FIGURES, "cost": None, "currency": None}, "as_of": None})
    assert "–" in text
    assert "As of" not in text


def test_money_of_several_currencies_stands_below_the_total_and_is_not_added_up() -> None:
    money = [{"currency": "EUR", "cost": "1.00"}, {"currency": "JPY", "cost": "200"}]
    rows = [{"group": {"day": "2026-03-02"}, **FIGURES, **part} for part in money]
    text = printed({"rows": rows, "total": {**FIGURES, "cost": None, "currency": None, "by_currency": money}})
    assert text.count("JPY") == text.count("EUR") == 2
    assert text.count("Total") == 1
    assert "201" not in text
