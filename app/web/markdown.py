"""Markdown as safe HTML: guidelines that an admin wrote, and what a model or a client wrote, on request.

Promise: no link can be followed and no image is fetched; of untrusted text a link shows its address, an image shows
where it lies, and every suspicious character is marked as in the plain view (see app/web/untrusted.py). HTML in the
text is text. What Markdown leaves out, such as definitions of links, is not shown; the plain view shows it.
Called by the views of the desk.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

from app.web.untrusted import marked

_TAGS: Final = {
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "em", "strong", "code", "pre", "blockquote"),
    *("table", "thead", "tbody", "tr", "th", "td", "br", "hr"),
}
_CLASSES: Final = {"span": {"class", "title", "data-suspicious"}, "p": {"class"}}


def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


_TRUSTED: Final = _parser()


def guidelines(text: str) -> Markup | str:
    """Return guidelines, which an admin wrote as Markdown, as safe HTML without links or images."""
    if not text.strip():
        return ""
    return Markup(nh3.clean(_TRUSTED.render(text), tags=_TAGS, attributes={}))  # noqa: S704  # just cleaned


def markdown(text: str) -> Markup:
    """Return untrusted text rendered as Markdown. The caller bounds its length."""
    cleaned = nh3.clean(_UNTRUSTED.render(text), tags=_TAGS | {"span"}, attributes=_CLASSES)
    return Markup('<div class="markdown" data-untrusted dir="auto">{}</div>').format(Markup(cleaned))  # noqa: S704  # just cleaned


def _rule(say: Callable[[Token], str]) -> Callable[..., str]:
    """Return a rule of the renderer that says something of a token."""

    def rule(_renderer: RendererHTML, tokens: Sequence[Token], at: int, *_: Any) -> str:
        return say(tokens[at])

    return rule


def _untrusted() -> MarkdownIt:
    parser = _parser()
    says: dict[str, Callable[[Token], str]] = {
        "text": lambda token: str(marked(token.content)),
        "code_inline": lambda token: f"<code>{marked(token.content)}</code>",
        "code_block": lambda token: f"<pre><code>{marked(token.content)}</code></pre>",
        "fence": lambda token: f"<pre><code>{marked(token.content)}</code></pre>",
        "link_open": lambda token: f"<code>{marked(str(token.attrGet('href')))}</code> “",
        "link_close": lambda _: "”",
        # A heading of the text is none of the page.
        "heading_open": lambda _: '<p class="heading">',
        "heading_close": lambda _: "</p>",
        "image": lambda token: f"<code>{marked(str(token.attrGet('src')))}</code> (image “{marked(token.content)}”)",
    }
    for name, say in says.items():
        parser.add_render_rule(name, _rule(say))
    return parser


_UNTRUSTED: Final = _untrusted()
