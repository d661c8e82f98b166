"""What a program sent beside the output is shown as what it is, and nothing of it can be followed by accident."""

from typing import Any

import pytest

from app.submissions.rules.received import Received
from app.web.context_view import MOST_LINES, MOST_MARKDOWN, context_of, is_too_long
from app.web.links import leads_to
from app.web.markdown import markdown


def received(*context: dict[str, Any], **more: Any) -> Received:
    empty: dict[str, Any] = {"external_id": None, "output": None, "confidence": None, "field_confidence": {}}
    empty |= {"actions": (), "model": {}, "prompt": {}, "usage": {}, "endpoint": None, "metadata": {}}
    return Received(task_type="t", has_output=False, context=context, **empty, **more)


def test_instructions_come_first_and_evidence_last() -> None:
    shown = context_of(
        received(
            {"type": "text", "value": "the mail"},
            instructions="Look closely.",
            evidence={"/city": [{"quote": "in Paris"}]},
        )
    )
    assert [(part["title"], part["text"]) for part in shown] == [
        ("Instructions", "Look closely."),
        (None, "the mail"),
        ("Evidence for /city", "in Paris"),
    ]


def test_a_diff_is_told_line_by_line() -> None:
    (part,) = context_of(received({"type": "diff", "value": "--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new\n same"}))
    assert [line["kind"] for line in part["lines"]] == ["place", "place", "place", "removed", "added", "same"]
    (long,) = context_of(received({"type": "diff", "value": "+\n" * MOST_LINES}))
    assert (long["kind"], long["lines"]) == ("text", [])


def test_the_raw_view_leaves_no_character_unseen() -> None:
    (part,) = context_of(received({"type": "chat", "value": [{"role": "user", "text": "pay \u202enow"}]}), "raw")
    assert part["text"].isascii()
    assert "\\u202e" in part["text"]
    assert '"role": "user"' in part["text"]


def test_markdown_is_rendered_only_when_asked_for() -> None:
    block = {"type": "markdown", "value": "# Title\n\nsome **bold** text"}
    assert context_of(received(block))[0]["html"] is None
    (part,) = context_of(received(block), "markdown")
    assert '<p class="heading">Title</p>' in part["html"]
    assert "<strong>bold</strong>" in part["html"]


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("<img src=x onerror=alert(1)>", "<img"),
        ("![cat](https://evil.example/x.png)", "<img"),
        ("[click](https://evil.example)", "href"),
        ("[click](javascript:alert(1))", "href"),
        ("<https://evil.example>", "href"),
        ("`<b>` and\n\n    <i>\n", "<b>"),
        ("```<x onclick=1>\n<y>\n```", "<y>"),
        ("pay \u202e00.05$", "\u202e"),
        ("a [li\u200bnk](https://x.example '\u202e')", "\u202e"),
    ],
)
def test_nothing_in_markdown_acts_or_deceives(text: str, never: str) -> None:
    shown = markdown(text)
    assert never not in shown


def test_a_link_in_markdown_tells_its_address_and_an_image_its_place() -> None:
    assert "<code>https://evil.example</code> “good.example”" in str(markdown("[good.example](https://evil.example)"))
    assert "<code>https://x.example/a.png</code> (image “cat”)" in str(markdown("![cat](https://x.example/a.png)"))


def test_texts_that_are_too_long_together_are_known() -> None:
    half = "x" * (MOST_MARKDOWN // 2)
    chat = {"type": "chat", "value": [{"role": "user", "text": half}]}
    assert not is_too_long(received({"type": "text", "value": half}, chat))
    assert is_too_long(received({"type": "text", "value": half + "x"}, chat))


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://example.com", "example.com"),
        ("HTTP://Example.com:8080/a?b=c#d", "example.com:8080"),
        ("https://example.com@evil.example/", None),
        ("https://example.com\\@evil.example/", None),
        ("https://ex\u0430mple.com/", None),
        ("https://example.com/\u202egnp.exe", None),
        ("https://example.com/a b", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//example.com", None),
        ("https:///example.com", None),
        ("https://-x.example", None),
        ("https://example.com/" + "a" * 2_000, None),
        (7, None),
    ],
)
def test_only_an_address_that_reads_one_way_may_be_opened(address: object, host: str | None) -> None:
    assert leads_to(address) == host
