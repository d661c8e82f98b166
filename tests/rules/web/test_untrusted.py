"""Untrusted text stands on the page as text, whole, and with everything that could deceive made visible."""

import re
import time
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment

from app.web.untrusted import add_to, suspicious_count, suspicious_findings, untrusted, untrusted_inline

CHIP = re.compile(r'<span class="chip" data-suspicious title="([^"]*)">([^<]*)</span>')


def chips(text: str) -> list[str]:
    """The labels of the chips in the text, in order."""
    return [unescape(label) for _, label in CHIP.findall(str(untrusted(text)))]


class TestSpoofs:
    @pytest.mark.parametrize(
        ("text", "labels"),
        [
            ("pay \u202e00.05$\u202c now", ["U+202E", "U+202C"]),
            ("zero\u200bwidth", ["U+200B"]),
            ("pay\u200dpal", ["U+200D"]),
            ("10\u00a0000", ["U+00A0"]),
            ("harmless\rdelete all", ["U+000D"]),
            ("\x1b[31mred", ["U+001B"]),
            ("new\u2028line", ["U+2028"]),
            ("soft\u00adhyphen", ["U+00AD"]),
            ("fill\u3164er", ["U+3164"]),
            ("own \ue000 glyph", ["U+E000"]),
            ("\ufeffmark", ["U+FEFF"]),
            ("not\U000e1234hing", ["U+E1234"]),
            ("select\ufe0f", ["U+FE0F"]),
            ("p\u0430ypal", ["\u0430 U+0430"]),
            ("\u0440\u0430\u0443\u0440\u0430l", ["l U+006C"]),
            ("ask \u0430pple", ["\u0430 U+0430"]),
            ("Gr\u0435\u0435k", ["\u0435\u0435 U+0435"]),
            ("s\u03bfme", ["\u03bf U+03BF"]),
            ("\U0001d429\U0001d41a", ["\U0001d429\U0001d41a U+1D429 U+1D41A"]),
        ],
    )
    def test_stand_there_as_labelled_chips(self, text: str, labels: list[str]) -> None:
        assert chips(text) == labels

    def test_are_named(self) -> None:
        assert 'title="U+202E RIGHT-TO-LEFT OVERRIDE"' in untrusted("a\u202eb")

    def test_hidden_in_tag_characters_are_read_out(self) -> None:
        hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "send all")
        assert chips(f"Hello{hidden}!")[0].startswith("hidden text “send all”")
        assert suspicious_count(f"Hello{hidden}!") == 8

    def test_hidden_in_variation_selectors_are_one_chip(self) -> None:
        assert chips("x" + "".join(chr(0xE0100 + n) for n in range(40))) == [
            "U+E0100 U+E0101 U+E0102 U+E0103 U+E0104 U+E0105 … ×40"
        ]

    def test_written_in_zero_width_bits_are_one_chip(self) -> None:
        assert chips("a" + "\u200b\u200c" * 16 + "b") == ["U+200B U+200C ×32"]

    def test_stacking_marks_keep_four_and_count_the_rest(self) -> None:
        assert chips("Z" + "\u0301" * 200) == ["U+0301 ×196"]

    def test_marks_without_a_letter_are_shown(self) -> None:
        assert chips("\u0301a") == ["U+0301"]
        assert chips("a \u0301") == ["U+0301"]

    def test_words_made_wholly_of_look_alikes_are_shown_in_latin_text(self) -> None:
        assert suspicious_count("the \u0430\u0440\u0440\u04cf\u0435 shop is open") == 5

    def test_padding_that_hides_text_is_measured(self) -> None:
        assert chips("look here" + " " * 400 + "and there") == ["400 spaces"]
        assert chips("look here" + "\n" * 50 + "and there") == ["50 line breaks"]


class TestHonestText:
    @pytest.mark.parametrize(
        "text",
        [
            "Plain text,\twith a tab\nand lines\r\nof both kinds.",
            "naïve café, Việt Nam, e\u0301 and ü",
            "family 👨\u200d👩\u200d👧 on fire ❤️\u200d🔥 doctor 👩🏽\u200d⚕️ key 1️⃣ ☎︎",
            "Москва, сухо и хорошо",
            "Αθήνα και Πάτρα",
            "日本語のLatin混在、ｶﾀｶﾅ",
            "नमस्ते, क्\u200dष",
            "می\u200cخواهم بروم",
            "مرحبا بالعالم with English",
            "שָׁלוֹם",
            "    indented code\n        deeper",
            "α and β decay, 5 µm, 3 Ω",
        ],
    )
    def test_bears_no_chip(self, text: str) -> None:
        assert chips(text) == []
        assert suspicious_count(text) == 0
        assert suspicious_findings(text) == ()

    def test_is_shown_as_it_is(self) -> None:
        assert untrusted("a < b & c") == '<div class="untrusted" data-untrusted dir="auto">a &lt; b &amp; c</div>'


class TestMarkup:
    @settings(deadline=None)
    @given(st.text(max_size=60))
    def test_never_comes_from_the_text(self, text: str) -> None:
        inside = str(untrusted_inline(text))
        bare = CHIP.sub("", inside.removeprefix('<bdi class="untrusted-inline" data-untrusted dir="auto">'))
        assert "<" not in bare.removesuffix("</bdi>")

    @settings(deadline=None)
    @given(st.text(st.characters(max_codepoint=0x24FF, exclude_categories=["Cs"]), max_size=60))
    def test_counts_what_the_findings_list(self, text: str) -> None:
        assert suspicious_count(text) == sum(found.count for found in suspicious_findings(text))
        assert (suspicious_count(text) > 0) == bool(chips(text))

    def test_of_a_long_text_is_a_named_region_that_scrolls(self) -> None:
        shown = untrusted("x" * 200_000, 'The "log"')
        assert 'role="region" tabindex="0" aria-label="The &#34;log&#34;, 200,000 characters"' in shown
        assert "x" * 200_000 in shown

    def test_survives_a_lone_surrogate(self) -> None:
        assert chips("a\ud800b") == ["U+D800"]

    def test_is_known_to_templates(self) -> None:
        environment = Environment(autoescape=True)
        add_to(environment)
        shown = environment.from_string("{{ text | untrusted_inline }}{{ suspicious_count(text) }}")
        assert shown.render(text="<\u200b").endswith("</bdi>1")


@pytest.mark.parametrize(
    "unit", ["x", " ", "\u200b", "a\u0301", "\u0430b ", "\u200b\u0430", "\u202e x", "1\ufe0f", "\U000e0041"]
)
def test_takes_time_in_proportion_to_the_length(unit: str) -> None:
    def took(length: int) -> float:
        text = unit * (length // len(unit))
        started = time.process_time()
        untrusted(text)
        return time.process_time() - started

    took(10_000)
    # Quadratic work would take a hundred times as long; the bound leaves room for a busy machine.
    assert took(100_000) < 40 * max(took(10_000), 0.005)
