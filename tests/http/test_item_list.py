"""The list of items: narrowed, found by words, paged, saved as views, and only what each may see."""

import re
from typing import Any, Final

import pytest
from sqlalchemy import text

from app.edge.unit_of_work import ProofdeskApp
from app.submissions.service import make_findable
from tests.factories.site import BASE, Site, make_site

ITEM: Final = re.compile(r'href="/items/(it_[0-9a-f]{32})"')


class Reader:
    """Somebody's browser."""

    def __init__(self, site: Site, short: str) -> None:
        self.client = site.app.test_client()
        self.client.post(site.sign_in_path(short), base_url=BASE, headers={"Origin": BASE})

    def get(self, path: str, status: int = 200) -> str:
        """Read a page."""
        answer = self.client.get(path, base_url=BASE)
        assert answer.status_code == status, path
        return answer.get_data(as_text=True)

    def post(self, path: str, **form: Any) -> Any:
        """Post a form."""
        return self.client.post(path, data=form, base_url=BASE, headers={"Origin": BASE})

    def found(self, query: str = "") -> list[str]:
        """Return the items that a query shows, in order."""
        return list(dict.fromkeys(ITEM.findall(self.get(f"/items?{query}"))))


def index(site: Site) -> int:
    """Make everything findable that came in."""
    with site.app.database.unit_of_work() as session:
        return make_findable(session, limit=1_000)


@pytest.fixture
def site(app: ProofdeskApp) -> Site:
    """A workspace with a lead."""
    made = make_site(app)
    made.define_addresses()
    made.add_person("lea", ["lead"])
    return made


def test_words_are_found_in_output_context_and_args_and_phrases_in_order(site: Site) -> None:
    site.submit(output={"city": "Zürich"})
    site.submit(context=[{"type": "text", "title": "Letter", "value": "the quick brown fox, Zurich"}])
    site.submit(actions=[{"name": "pay", "args": {"to": "brown quick"}}])
    assert index(site) == 3
    lea = Reader(site, "lea")
    args, context, output = lea.found()
    assert lea.found("q=zurich") == [context, output]
    assert lea.found("q=quick") == [args, context]
    assert lea.found("q=%22quick+brown%22") == [context]
    assert lea.found("q=quick+zurich") == [context]
    assert lea.found("q=absent") == []
    assert index(site) == 0


def test_no_word_lies_in_the_open_and_a_workspace_finds_only_its_own(site: Site) -> None:
    other = make_site(site.app, "Other")
    other.define_addresses()
    other.add_person("lea", ["lead"])
    for one in (site, other):
        one.submit(output={"city": "Timbuktu"})
    index(site)
    with site.app.database.unit_of_work() as session:
        kept = [str(row) for row in session.scalars(text("SELECT words FROM search_entries"))]
    assert len(kept) == len(set(kept)) == 2
    assert "timbuktu" not in "".join(kept)
    assert len(Reader(site, "lea").found("q=timbuktu")) == 1


@pytest.mark.parametrize("asked", ["%26", "'", "a'%3B--", "%3A*", "%00", "%22", "é" * 200, "a" * 5_000, "%EF%BF%BF"])
def test_no_question_breaks_the_page(site: Site, asked: str) -> None:
    site.submit()
    index(site)
    assert Reader(site, "lea").client.get(f"/items?q={asked}", base_url=BASE).status_code in {200, 400}


def test_what_came_in_later_is_found_although_a_newer_one_was_first(site: Site) -> None:
    first = site.submit(output={"city": "Early"}).body["id"]
    site.submit(output={"city": "Late"})
    index(site)
    with site.app.database.unit_of_work() as session:
        # As if its transaction had committed after the newer one's.
        gone = text("DELETE FROM search_entries WHERE submission_id = CAST(:id AS uuid)")
        session.execute(gone, {"id": first.removeprefix("sub_")})
    assert index(site) == 1
    assert len(Reader(site, "lea").found("q=early")) == 1


def test_it_narrows_by_each_filter(site: Site) -> None:
    site.submit(external_id="a-1", model={"provider": "acme", "name": "m1"})
    site.submit(actions=[{"name": "pay", "args": {}, "risk": {"level": "high"}}])
    site.call("POST", "/task-types", {"name": "notes", "queue": "other"})
    site.call("POST", "/submissions", {"task_type": "notes", "output": "x"})
    lea = Reader(site, "lea")
    notes, risky, address = lea.found()
    assert lea.found("external_id=a-1") == lea.found("model=m1") == [address]
    assert lea.found("queue=other") == lea.found("task_type=notes") == [notes]
    assert lea.found("state=waiting&risk=high") == [risky]
    assert lea.found("state=claimed") == []
    assert lea.found("since=2000-01-01&until=2001-01-01") == []
    assert len(lea.found("since=2020-01-01")) == 3
    for broken in ("since=2026-13-01", "until=yesterday", "since=0001-01-01", "until=9999-12-31"):
        page = lea.get(f"/items?{broken}")
        assert "✕ Give a" in page
        assert not ITEM.findall(page)


def test_pages_lead_to_every_item_once(site: Site) -> None:
    for _ in range(3):
        batch = [{"task_type": "addresses", "output": {"city": "Paris"}} for _ in range(40)]
        site.call("POST", "/submissions/batch", {"submissions": batch})
    lea, seen, path = Reader(site, "lea"), [], "/items?state=waiting"
    while path:
        page = lea.get(path)
        seen += ITEM.findall(page)
        older = re.search(r'<a href="([^"]+)">Older', page)
        path = older[1].replace("&amp;", "&") if older else ""
    assert len(seen) == len(set(seen)) == 120
    assert seen == sorted(seen, reverse=True)


def test_a_reviewer_sees_her_queues_and_asks_for_no_words(site: Site) -> None:
    site.add_person("eve", ["reviewer"], queues=["other"])
    site.submit(output={"city": "Timbuktu"})
    index(site)
    eve, ada = Reader(site, "eve"), Reader(site, "ada")
    assert eve.found() == []
    assert len(ada.found()) == 1
    assert 'name="q"' not in ada.get("/items")
    assert len(ada.found("q=nowhere")) == 1
    site.add_person("fin", ["finance"])
    Reader(site, "fin").get("/items", status=403)


def test_a_view_is_saved_opened_replaced_and_removed(site: Site) -> None:
    lea, zoe = Reader(site, "lea"), site
    zoe.add_person("zoe", ["lead"])
    assert lea.post("/items/views?state=held&queue=default", name=" Kept ").status_code == 303
    page = lea.get("/items")
    assert '<a href="/items?state=held&amp;queue=default">Kept</a>' in page
    assert "Kept</a>" not in Reader(site, "zoe").get("/items")
    lea.post("/items/views?state=claimed", name="Kept")
    assert lea.get("/items").count("Kept</a>") == 1
    for name in ("", "  ", "x" * 201, "a\u202eb"):
        assert lea.post("/items/views?state=held", name=name).status_code == 422
    found = re.search(r'action="(/items/views/view_[0-9a-f]+/remove)"', lea.get("/items"))
    assert found is not None
    assert Reader(site, "zoe").post(found[1]).status_code == 404
    assert lea.post(found[1]).status_code == 303
    assert "Kept</a>" not in lea.get("/items")


def test_times_are_in_the_zone_that_the_reader_chose(site: Site) -> None:
    site.submit()
    lea = Reader(site, "lea")
    assert "Times in <a" in lea.get("/items")
    shown = re.search(r'<time datetime="([^"]+)"', lea.get("/items"))
    assert shown is not None
    assert shown[1].endswith("+00:00")
    site.add_person("fin", ["finance"])
    for short in ("lea", "fin"):
        kept = Reader(site, short).post("/account/notifications", zone="Asia/Kolkata", daily_at="09:00")
        assert kept.status_code == 303
    shown = re.search(r'<time datetime="([^"]+)"', lea.get("/items"))
    assert shown is not None
    assert shown[1].endswith("+05:30")
    assert "<option selected>Asia/Kolkata</option>" in Reader(site, "fin").get("/reports/costs")
