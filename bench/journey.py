"""A reviewer's journey in a real Chromium: fifty real items of the demonstration, judged by keyboard alone.

Each gets the verdict that its set has for it. Counted are the keys that are pressed and the milliseconds from the last
of them until the next item is shown, and until its keys act; a person's reading and thinking is not imitated. A
correction is typed over its whole field, which is more than a person would. Beside it stands how long the same browser
takes to open a page of the same server that holds nothing.
"""

import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any, Final
from uuid import UUID

from playwright.sync_api import Page, sync_playwright
from sqlalchemy import text

from app.audit.rules import COMMAND
from app.identity.service import create_key, make_sign_in_link
from app.kernel.clock import read_now
from app.kernel.db import Database
from app.kernel.ids import parse
from app.submissions.service import make_findable
from bench.crowd import Tally
from bench.fill import Ground
from bench.wire import Wire
from demo.sets import Row, rows_of, setup_of

ITEMS: Final = 50
#: So many of each set, in turn; the other set proposes actions, which no key corrects.
SETS: Final = ("address_fields", "short_answers")
#: Before everything that waits.
FIRST: Final = 100
MOST_TABS: Final = 40
PAUSE_SECONDS: Final = 1.5
_READY: Final = "form[data-ready]"
# Both ends are told by the browser's own clock, so that the driver's looking is not counted: the last key before the
# item was left, the first frame with the next one in it, and the moment at which its keys were live.
_WATCH: Final = """
const now = () => performance.timeOrigin + performance.now();
addEventListener("keydown", (event) => {
  sessionStorage.setItem("pressed", performance.timeOrigin + event.timeStamp);
}, true);
let seen;
new MutationObserver(() => {
  const form = document.getElementById("decide");
  if (!form) return;
  if (form.dataset.claim !== seen) {
    seen = form.dataset.claim;
    window.shownAt = window.usableAt = undefined;
    // A task after the frame's beginning: by then it was drawn.
    requestAnimationFrame(() => { setTimeout(() => { window.shownAt = now(); }); });
  }
  if ("ready" in form.dataset) window.usableAt ??= now();
}).observe(document, { subtree: true, childList: true, attributes: true });
"""
_PRESSED: Final = 'Number(sessionStorage.getItem("pressed"))'
_BOTH: Final = "window.shownAt !== undefined && window.usableAt !== undefined"
# From then on the item can be read and its fields take text.
_SHOWN: Final = "window.shownAt - " + _PRESSED
# From then on keys of one letter act: never sooner than a key that was struck twice would be struck again, or that
# would decide an item which nobody has seen.
_USABLE: Final = "Math.max(window.shownAt, window.usableAt) - " + _PRESSED
_BARE: Final = 'performance.getEntriesByType("navigation")[0].domComplete'
_FLAGS: Final = ("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking")


def prepare(database: Database, ground: Ground, port: int) -> str:
    """Put the items at the head of the line, in the queue of the backlog; return a sign-in link for its reviewer.

    Raises:
        RuntimeError: one of them is refused or does not wait.
    """
    reviewer = ground.reviewers[0]
    with database.unit_of_work() as session:
        now = read_now(session)
        scopes = ["admin", "submit"]
        key = create_key(session, now=now, actor=COMMAND, workspace_id=ground.workspace_id, scopes=scopes).text
        token = make_sign_in_link(session, now=now, actor=COMMAND, person_id=reviewer.person_id)
    wire = Wire(port, key)
    for name in SETS:
        _post(wire, "/task-types", {**setup_of(name).task_type, "queue": "line 0", "undo_seconds": 0}, 201)
    for row in _rows():
        sent = _post(wire, "/submissions", {**row.submission, "priority": FIRST}, 201)
        if sent["status"] != "waiting":
            raise RuntimeError(f"it does not wait: {sent}")
    wire.close()
    return f"/login/link/{token}"


def make_all_findable(database: Database) -> None:
    """Do what a worker has done long since where so many wait."""
    count = 1
    while count:
        with database.unit_of_work() as session:
            count = make_findable(session, limit=1_000)


def _rows() -> Iterator[Row]:
    return islice(chain.from_iterable(zip(*map(rows_of, SETS), strict=False)), ITEMS)


def _post(wire: Wire, path: str, body: Mapping[str, Any], wanted: int) -> Any:
    status, answer = wire.post(path, body)
    if status != wanted:
        raise RuntimeError(f"{path}: {status} {answer}")
    return answer


def travel(database: Database, port: int, link: str) -> dict[str, float]:
    """Judge all of them; return keys for each item, and percentiles of the times in milliseconds.

    Raises:
        RuntimeError: something else was decided than was meant.
    """
    verdicts = {row.submission["external_id"]: row.verdict for row in _rows()}
    keys: list[int] = []
    tally = Tally()
    with _page(port) as page:
        page.goto(link)
        page.get_by_role("button", name=re.compile("sign in", re.IGNORECASE)).press("Enter")
        page.wait_for_url("**/")
        for _ in range(ITEMS):
            page.goto("/api/v1/healthz")
            tally.took["bare"].append(page.evaluate(_BARE))
        page.goto("/")
        page.get_by_role("button", name="Take the next item").press("Enter")
        page.wait_for_selector(_READY)
        for _ in range(ITEMS):
            claim = str(page.locator(_READY).get_attribute("data-claim"))
            pressed = _judge(page, verdicts[_external_id(database, claim)])
            # Whoever reads leaves the browser time to rest, and the desk to have the next item kept ready.
            time.sleep(PAUSE_SECONDS)
            page.keyboard.press(pressed[1])
            page.wait_for_selector(f'{_READY}:not([data-claim="{claim}"])')
            page.wait_for_function(_BOTH)
            tally.took["shown"].append(page.evaluate(_SHOWN))
            tally.took["usable"].append(page.evaluate(_USABLE))
            keys.append(pressed[0] + 1)
    _check(database, verdicts)
    return {**_figures(tally), "keys_per_item": sum(keys) / len(keys), "keys_most": float(max(keys))}


def _figures(tally: Tally) -> dict[str, float]:
    found = {}
    for kind, took in tally.took.items():
        ordered = sorted(took)
        for share in (50, 95, 99):
            found[f"{kind}_p{share}"] = ordered[min(len(ordered) - 1, len(ordered) * share // 100)]
    return found


def browser_path() -> str | None:
    """Return the Chromium of this machine, None when there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("BROWSER_PATH") or next((found for name in names if (found := shutil.which(name))), None)


@contextmanager
def _page(port: int) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=list(_FLAGS))
        page = browser.new_page(base_url=f"http://127.0.0.1:{port}", viewport={"width": 1280, "height": 800})
        page.add_init_script(_WATCH)
        yield page
        browser.close()


def _external_id(database: Database, claim: str) -> str:
    of_claim = text("""
        SELECT s.external_id FROM claims AS c JOIN items AS i ON i.id = c.item_id
          JOIN submissions AS s ON s.id = i.submission_id WHERE c.id = :claim
    """)
    claim_id: UUID = parse("claim", claim)
    with database.unit_of_work() as session:
        return str(session.scalar(of_claim, {"claim": claim_id}))


def _judge(page: Page, verdict: Mapping[str, Any]) -> tuple[int, str]:
    """Do all but the last key of a verdict; return how many were pressed, and which is the last."""
    if verdict["verb"] == "approve":
        return _leave_field(page), "a"
    output = verdict["output"]
    fields = output if isinstance(output, dict) else {None: output}
    pressed = sum(_correct(page, name, value) for name, value in fields.items())
    return pressed, "Control+Enter"


def _leave_field(page: Page) -> int:
    """Leave the field that has the focus, if one has, so that keys of one letter act."""
    if page.evaluate("document.activeElement.matches('[data-control]')"):
        page.keyboard.press("Escape")
        return 1
    return 0


def _correct(page: Page, name: str | None, value: str) -> int:
    """Type a value where another one stands; return how many keys that took."""
    control = page.locator("[data-control]").first if name is None else page.locator(f'[data-control][name$="/{name}"]')
    if control.input_value() == value:
        return 0
    tabs = 0
    while not control.evaluate("one => one === document.activeElement"):
        page.keyboard.press("Tab" if tabs else "e")
        tabs += 1
        if tabs > MOST_TABS:
            raise RuntimeError(f"{name} is not reached by Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type(value)
    return tabs + 1 + len(value)


def _check(database: Database, verdicts: Mapping[str, Mapping[str, Any]]) -> None:
    outcomes = text("SELECT external_id, status FROM submissions WHERE external_id = ANY(:ids)")
    words = {"approve": "approved", "correct": "corrected"}
    with database.unit_of_work() as session:
        for row in session.execute(outcomes, {"ids": list(verdicts)}):
            if row.status != words[verdicts[row.external_id]["verb"]]:
                raise RuntimeError(f"{row.external_id} is {row.status}")
