"""Hostile items in a real browser: whatever a model or a program wrote is text, and what could deceive is marked.

Every payload stands in every place of a submission: 40 by 10. `make test` opens every fourth payload at the desk, in
all three views; `make soak` opens them all there, and all 400 on their items' pages. The page's own fixture fails on
any script error, any report of the content security policy, and any request to elsewhere.
"""

from typing import Any, Final

import pytest
from playwright.sync_api import Page

from tests.browser.signing_in import sign_in
from tests.factories.site import Site

pytestmark = pytest.mark.browser
RUN: Final = "window.ran = true"
#: Harmless as text; each would run, load, style or leave if a page took it for more.
ACTIVE: Final = (
    f"<script>{RUN}</script>",
    f"</textarea><script>{RUN}</script>",
    f"<img src=x onerror='{RUN}'>",
    f"<svg/onload='{RUN}'>",
    f"<svg><animate onbegin='{RUN}' attributeName=x dur=1s>",
    f"<details open ontoggle='{RUN}'>",
    f"<math><mtext></style><img src onerror='{RUN}'>",
    f"<iframe srcdoc='<script>{RUN}</script>'></iframe>",
    "<iframe src='https://evil.example/'></iframe>",
    "<img src='https://evil.example/pixel.png'>",
    "<link rel=stylesheet href='https://evil.example/x.css'>",
    "<style>@import 'https://evil.example/x.css'; * {display: none !important}</style>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<base href='https://evil.example/'>",
    "<form action='https://evil.example/'><button>Approve</button></form>",
    "<object data='https://evil.example/x.swf'></object>",
    f"[click](javascript:{RUN})",
    f"[click](  JaVaScRiPt&#58;{RUN})",
    "![pixel](https://evil.example/p.png)",
    "<https://evil.example/>",
    '[a]: https://evil.example/ "t"\n[a]',
    f"`<script>{RUN}</script>`",
    f"{{{{ 7*7 }}}} {{% for x in y %}} ${{{RUN}}} <%= {RUN} %>",
    f"'\"><script>{RUN}</script>",
    f"\"onmouseover='{RUN}' autofocus onfocus='{RUN}' x=\"",
    "<!--<script>--><![CDATA[ ]]>",
    "\u2028\u2029 line separators",
    "\x1b[31mred\x1b[0m \x07",
    "%00%0a%0dSet-Cookie: x=y",
    "<plaintext>everything after this",
)
#: Each holds something that a reader cannot see, or takes for something else.
SPOOFS: Final = (
    "pay \u202e001 EUR\u202c now",
    "ac\u200bme",
    "\u2066hidden\u2069 order",
    "pаypal.example",
    "te\U000e0041\U000e0042xt",
    "a\u00adb\u2060c",
    "\ufeffstart",
    "ｐａｙ \u3164",
    "Α\u0392C Bank",
    "x\u180ey",
)
PAYLOADS: Final = (*ACTIVE, *SPOOFS)


def places(text: str) -> list[dict[str, Any]]:
    """Return a submission for each place where a text may stand."""
    plain = {"task_type": "notes", "output": "Fine."}
    action = {"name": "pay", "args": {"to": "Ada"}}
    return [
        {**plain, "output": text},
        {**plain, "output": {text[:100]: "name of a field"}},
        {**plain, "context": [{"type": "text", "title": "Letter", "value": text}]},
        {**plain, "context": [{"type": "markdown", "title": text[:200], "value": f"# {text}\n\n{text}"}]},
        {**plain, "context": [{"type": "chat", "value": [{"role": text, "text": text}]}]},
        {**plain, "context": [{"type": "diff", "value": f"--- a\n+++ b\n-{text}\n+{text}"}]},
        {**plain, "context": [{"type": "link", "value": text}, {"type": "image", "value": text}]},
        {**plain, "instructions": text, "title": text[:200], "evidence": {"": [{"quote": text, "url": text}]}},
        {"task_type": "notes", "actions": [{**action, "args": {"to": text, text[:100]: 1}, "preview": text}]},
        {**plain, "external_id": text[:200], "model": {"provider": text[:200], "name": text[:200]}},
    ]


def send(site: Site, submission: dict[str, Any]) -> None:
    """Submit it; whatever it is, it is taken."""
    sent = site.call("POST", "/submissions", submission)
    assert sent.status == 201, (submission, sent.body)


def holds_text_only(page: Page, *, spoof: bool) -> None:
    """Hold the page against its promise."""
    assert page.evaluate("window.ran") is None
    assert page.evaluate("[...document.scripts].every(one => new URL(one.src).origin === location.origin)")
    assert (
        page.locator("iframe, object, embed, base, meta[http-equiv], style, [onerror], [onload], [style]").count() == 0
    )
    outside = (
        "[...document.querySelectorAll('[src], link')].filter(one => !(one.src || one.href).startsWith(origin)).length"
    )
    assert page.evaluate(outside) == 0
    # Nothing leads away that has not been opened first.
    assert page.locator("a[href^='http']:visible, a[href^='javascript' i], form[action^='http']").count() == 0
    if spoof:
        assert page.locator("[data-suspicious]").count() > 0


def judge_each(page: Page, site: Site, payloads: tuple[str, ...]) -> None:
    """Open an item with each payload at the desk, in all views, and approve it."""
    site.call("POST", "/task-types", {"name": "notes"})
    sign_in(page, site)
    for number, text in enumerate(payloads):
        # The last place is a name that the program gave, and no part of the desk's views.
        send(site, places(text)[number % 9])
        page.goto("/")
        page.get_by_role("button", name="Take the next item").click()
        page.wait_for_selector("form[data-ready]")
        for view in ("Markdown", "Raw", "Text"):
            button = page.get_by_role("group", name="View of the context").get_by_role("button", name=view)
            if button.count():
                button.click()
                page.wait_for_selector("form[data-ready]")
            # What is raw shows every such character as its code.
            holds_text_only(page, spoof=text in SPOOFS and view != "Raw")
        page.get_by_role("button", name="Approve").first.click()
        page.wait_for_url("**/?*")


def test_some_payloads_at_the_desk_in_all_views(page: Page, site: Site) -> None:
    judge_each(page, site, PAYLOADS[::4])


@pytest.mark.soak
def test_each_payload_at_the_desk_in_all_views(page: Page, site: Site) -> None:
    judge_each(page, site, PAYLOADS)


@pytest.mark.soak
def test_four_hundred_items_on_their_pages(page: Page, site: Site) -> None:
    site.call("POST", "/task-types", {"name": "notes"})
    site.add_person("lea", ["lead"])
    spoofs = []
    for text in PAYLOADS:
        for submission in places(text):
            send(site, submission)
            spoofs.append(text in SPOOFS)
    assert len(spoofs) == 400
    sign_in(page, site, "lea")
    links: list[str] = []
    page.goto("/items")
    while True:
        links += [str(one.get_attribute("href")) for one in page.locator("tbody th a").all()]
        older = page.get_by_role("link", name="Older")
        if not older.count():
            break
        older.click()
    assert len(links) == 400
    for link, spoof in zip(reversed(links), spoofs, strict=True):
        page.goto(link)
        # A model's name stands in the list only.
        holds_text_only(page, spoof=spoof)
