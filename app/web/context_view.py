"""What a program sent beside the output, as the desk shows it: chats in turns, diffs by line, JSON indented, files by
name, images as they are, the rest as text. On request text is rendered as Markdown, or everything is shown raw.

Promise: nothing is fetched, nothing can be followed by accident, and the raw view leaves no character unseen, because
all that is not ASCII is escaped. Pure. Called by the review pages.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from markupsafe import Markup

from app.submissions.rules.received import Received
from app.web.as_text import as_text
from app.web.markdown import markdown

VIEWS: Final = ("text", "markdown", "raw")
MOST_LINES: Final = 5_000
# Of all texts together: what is hard to parse takes up to 15 us a character.
MOST_MARKDOWN: Final = 100_000
_OF_SIGN: Final = {"+": "added", "-": "removed", "@": "place"}
_AS_TEXT: Final = frozenset({"chat", "json", "diff", "link", "image", "file"})


def context_of(
    received: Received, view: str = "text", files: Mapping[str, Mapping[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """Return the blocks of the first region, in the order in which they are to be read.

    Each is {kind, title, text, turns, lines, links, html, file}: `turns` [{role, text, html}] of a chat, `lines`
    [{kind, text}] of a diff, `links` addresses that may be opened, `html` rendered Markdown or None, `file` what
    `files` holds under the id that a block names, or None.

    Args:
        view: One of VIEWS; "markdown" only when the texts are not too long for that.
        files: Those that the context shows, by the outside form of their ids.
    """
    shown = _raw if view == "raw" else partial(_shown, view=view, files=files or {})
    return [shown(part) for part in _parts(received)]


def evidence_places(received: Received) -> tuple[int, ...]:
    """Return the places among the blocks of those that are evidence, not what the program asks of the reviewer."""
    return tuple(n for n, part in enumerate(_parts(received)) if not part.asked)


def is_too_long(received: Received) -> bool:
    """Say whether the texts together are too long to be rendered as Markdown."""
    return sum(len(text) for part in _parts(received) for text in _texts(part)) > MOST_MARKDOWN


@dataclass(frozen=True)
class _Part:
    """One thing to read: `value` as it is shown, `sent` as the program sent it."""

    kind: str
    title: str | None
    value: Any
    sent: Any
    links: tuple[Any, ...] = ()
    asked: bool = False

    @property
    def is_chat(self) -> bool:
        return self.kind == "chat" and isinstance(self.value, list)


def _parts(received: Received) -> Iterator[_Part]:
    if received.instructions:
        yield _Part("text", "Instructions", received.instructions, received.instructions, asked=True)
    for block in received.context:
        kind, value = block["type"], block.get("value")
        yield _Part(kind, block.get("title"), value, value, (value,) if kind == "link" else ())
    for pointer, proofs in received.evidence.items():
        if proofs:
            said = "\n\n".join(_proof(one) for one in proofs)
            title = f"Evidence for {pointer or 'the whole'}"
            yield _Part("text", title, said, proofs, tuple(one.get("url") for one in proofs))


def _raw(part: _Part) -> dict[str, Any]:
    text = json.dumps(part.sent, indent=2)
    title = part.title or part.kind
    return {"kind": "json", "title": title, "text": text, "turns": [], "lines": [], "links": [], "file": None}


def _shown(part: _Part, *, view: str, files: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    kind, text = part.kind, as_text(part.value)
    turns = _turns(part.value, view) if part.is_chat else []
    lines = _lines(text) if kind == "diff" else []
    return {
        "kind": "text" if (kind == "chat" and not turns) or (kind == "diff" and not lines) else kind,
        "title": part.title,
        "text": text,
        "turns": turns,
        "lines": lines,
        "links": list(part.links),
        "html": _html(kind, part.value, view),
        "file": files.get(part.value) if kind in {"image", "file"} and isinstance(part.value, str) else None,
    }


def _texts(part: _Part) -> list[str]:
    """Return what of a part would be rendered."""
    values = [turn["text"] for turn in _turns(part.value, "text")] if part.is_chat else [part.value]
    return [one for one in values if _is_rendered("turn" if part.is_chat else part.kind, one)]


def _is_rendered(kind: str, value: Any) -> bool:
    return isinstance(value, str) and kind not in _AS_TEXT


def _html(kind: str, value: Any, view: str) -> Markup | None:
    return markdown(value) if view == "markdown" and _is_rendered(kind, value) else None


def _turns(value: list[Any], view: str) -> list[dict[str, Any]]:
    turns = []
    for turn in value:
        said = turn.get("text", turn.get("content", "")) if isinstance(turn, dict) else turn
        role = str(turn.get("role", "")) if isinstance(turn, dict) else ""
        turns.append({"role": role, "text": as_text(said), "html": _html("turn", said, view)})
    return turns


def _lines(text: str) -> list[dict[str, str]]:
    """Return the lines of a unified diff with what each is, or nothing when there are too many."""
    lines = text.split("\n")
    if len(lines) > MOST_LINES:
        return []
    return [{"kind": _kind_of(line), "text": line} for line in lines]


def _kind_of(line: str) -> str:
    # The two lines that name the files begin with signs too.
    return "place" if line.startswith(("+++ ", "--- ")) else _OF_SIGN.get(line[:1], "same")


def _proof(one: Mapping[str, Any]) -> str:
    known = [one[name] for name in ("source", "quote", "url") if one.get(name)]
    more = [f"{name}: {as_text(value)}" for name, value in one.items() if name not in {"source", "quote", "url"}]
    return "\n".join([*known, *more])
