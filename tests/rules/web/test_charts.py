"""Bars stand in proportion, the largest first, and say what the table says."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.web.charts import ROW_HEIGHT, Row, horizontal_bars

AMOUNTS = st.lists(st.decimals(-1000, 10**9, places=6), max_size=30)


def rows(*values: str) -> list[Row]:
    """Return rows named after their values."""
    return [Row(value, Decimal(value), f"{value} EUR") for value in values]


class TestHorizontalBars:
    def test_draws_the_largest_first_over_the_full_width(self) -> None:
        chart = horizontal_bars(rows("5", "20", "10"), title="Cost")
        assert [(bar.label, bar.width) for bar in chart.bars] == [("20", "100.00%"), ("10", "50.00%"), ("5", "25.00%")]

    def test_gives_each_bar_a_row_of_its_own(self) -> None:
        chart = horizontal_bars(rows("1", "2"), title="Cost")
        assert chart.height == 2 * ROW_HEIGHT
        assert [bar.bar_y - bar.text_y for bar in chart.bars] == [6, 6]

    def test_draws_no_bar_for_nothing_or_less(self) -> None:
        assert [bar.width for bar in horizontal_bars(rows("0", "-3"), title="Cost").bars] == ["0.00%", "0.00%"]

    def test_says_its_message_in_words(self) -> None:
        assert horizontal_bars(rows("5", "20"), title="Cost").desc == "Largest: 20, 20 EUR. Smallest shown: 5, 5 EUR."
        assert horizontal_bars(rows("5"), title="Cost").desc == "Largest: 5, 5 EUR."
        assert horizontal_bars([], title="Cost").desc == "There is nothing to draw."

    def test_says_how_many_rows_stand_in_the_table_only(self) -> None:
        chart = horizontal_bars(rows("1", "2", "3"), title="Cost", limit=2)
        assert len(chart.bars) == 2
        assert chart.desc.endswith("1 more stands in the table only.")

    def test_cuts_a_long_label_and_keeps_the_full_one(self) -> None:
        (bar,) = horizontal_bars([Row("x" * 60, Decimal(1), "1")], title="Cost").bars
        assert bar.label == "x" * 43 + "…"
        assert bar.full_label == "x" * 60

    @given(AMOUNTS)
    def test_never_draws_beyond_the_chart(self, values: list[Decimal]) -> None:
        chart = horizontal_bars([Row("a", value, "") for value in values], title="Cost")
        assert all(0 <= Decimal(bar.width.removesuffix("%")) <= 100 for bar in chart.bars)
