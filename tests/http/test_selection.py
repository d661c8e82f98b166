"""A selection is seen, judged alike, each item for itself, and can be taken back."""

import re
from typing import Any, Final

import pytest
from sqlalchemy import text

from app.edge.unit_of_work import ProofdeskApp
from tests.factories.site import Site, make_site
from tests.http.test_item_list import Reader

SHOWN: Final = re.compile(r'name="item" value="(it_[0-9a-f]+)"')
DIGEST: Final = re.compile(r'name="(sha256\.it_[0-9a-f]+)" value="([0-9a-f]{64})"')


@pytest.fixture
def site(app: ProofdeskApp) -> Site:
    """A workspace whose decisions can be undone for an hour."""
    made = make_site(app)
    made.call("POST", "/task-types", {"name": "notes", "undo_seconds": 3600})
    return made


def send(site: Site, *texts: str, **more: Any) -> None:
    """Submit notes that wait."""
    for one in texts:
        assert site.call("POST", "/submissions", {"task_type": "notes", "output": one, **more}).status == 201


def preview(ada: Reader, items: list[str]) -> tuple[int, str, dict[str, str]]:
    """Select items; return the status, the page, and the digests of what it shows."""
    answer = ada.post("/items/selection", item=items)
    page = answer.get_data(as_text=True)
    return answer.status_code, page, dict(DIGEST.findall(page))


def decisions(site: Site) -> list[str]:
    """Return the outcome of every submission, in order."""
    return [row["status"] for row in reversed(site.call("GET", "/submissions").body["data"])]


def test_each_becomes_a_decision_of_its_own_and_the_clock_has_run(site: Site) -> None:
    send(site, "one", "two", "three")
    ada = Reader(site, "ada")
    items = ada.found()
    status, page, digests = preview(ada, items)
    assert status == 200
    assert all(word in page for word in ("one", "two", "three", "<review-clock"))
    judged = ada.post(
        "/items/selection/decide", item=SHOWN.findall(page), verb="approve", note="Same letter.", **digests
    )
    assert "3 of 3 judged" in judged.get_data(as_text=True)
    with site.app.database.unit_of_work() as session:
        assert session.scalar(text("SELECT count(*) FROM decisions WHERE decided_by_kind = 'human'")) == 3
        assert session.scalar(text("SELECT count(*) FROM events WHERE type = 'item.decide'")) == 3
        longest, *others = session.scalars(text("SELECT active_ms FROM votes ORDER BY active_ms DESC")).all()
        first = session.scalar(text("SELECT item_id FROM votes ORDER BY active_ms DESC LIMIT 1"))
    assert longest > max(others)
    assert items[0] == f"it_{first.hex}"
    assert ada.found("state=decided") == items


def test_all_can_be_taken_back(site: Site) -> None:
    send(site, "one", "two")
    ada = Reader(site, "ada")
    _, page, digests = preview(ada, ada.found())
    judged = ada.post("/items/selection/decide", item=SHOWN.findall(page), verb="reject", **digests).get_data(
        as_text=True
    )
    made = re.findall(r'name="decision" value="(dec_[0-9a-f]+)"', judged)
    assert len(made) == 2
    site.add_person("eve", ["reviewer"])
    Reader(site, "eve").post("/items/selection/undo", decision=made)
    assert len(ada.found("state=decided")) == 2
    back = ada.post("/items/selection/undo", decision=[*made, "dec_x"])
    assert back.location.endswith("partly_undone")
    assert ada.post("/items/selection/undo", decision=made).location.endswith("all_undone")
    assert ada.found("state=decided") == []


def test_what_she_may_not_take_or_is_of_high_risk_is_left_out_with_its_reason(site: Site) -> None:
    site.call("POST", "/policies", {"task_type": "notes", "high_risk_actions": ["pay"]})
    drafted = site.call("POST", "/policies", {"task_type": "notes", "high_risk_actions": ["pay"]}).body["id"]
    site.call("POST", f"/policies/{drafted}/publish")
    send(site, "plain", confidence=0.1)
    send(site, "hers", requested_by={"on_behalf_of": "ada@acme.example"}, actions=[{"name": "look", "args": {}}])
    send(site, "risky", actions=[{"name": "pay", "args": {}}])
    site.add_person("lea", ["lead"])
    items = Reader(site, "lea").found()
    ada = Reader(site, "ada")
    _, page, digests = preview(ada, items)
    assert "It is of high risk" in page
    assert page.count('name="sha256.') == len(digests) <= len(items) - 1
    risky = items[0]
    assert f"sha256.{risky}" not in digests


def test_another_content_than_was_shown_is_not_decided(site: Site) -> None:
    send(site, "one", "two")
    ada = Reader(site, "ada")
    _, page, digests = preview(ada, ada.found())
    first, second = SHOWN.findall(page)
    digests[f"sha256.{second}"] = "0" * 64
    said = ada.post("/items/selection/decide", item=[first, second], verb="approve", **digests).get_data(as_text=True)
    assert "1 of 2 judged" in said
    assert "✕ Not judged" in said
    assert len(ada.found("state=decided")) == 1


def test_what_somebody_took_meanwhile_keeps_no_other_back(site: Site) -> None:
    send(site, "one", "two", "three")
    site.add_person("eve", ["reviewer"])
    ada = Reader(site, "ada")
    _, page, digests = preview(ada, ada.found())
    taken = site.call("POST", "/claims", {}, key="eve").body["item"]["id"]
    said = ada.post("/items/selection/decide", item=SHOWN.findall(page), verb="approve", **digests).get_data(
        as_text=True
    )
    assert "2 of 3 judged" in said
    assert ada.found("state=claimed") == [taken]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 422),
        ({"item": ["it_x", "q_" + "0" * 32]}, 422),
        ({"item": ["it_" + "0" * 32]}, 422),
    ],
)
def test_a_selection_of_nothing_says_so(site: Site, form: dict[str, Any], status: int) -> None:
    assert Reader(site, "ada").post("/items/selection", **form).status_code == status


def test_it_is_bounded_and_asks_for_a_verb(site: Site) -> None:
    batch = [{"task_type": "notes", "output": f"{n}"} for n in range(26)]
    site.call("POST", "/submissions/batch", {"submissions": batch})
    ada = Reader(site, "ada")
    items = ada.found()
    assert ada.post("/items/selection", item=items).status_code == 422
    assert ada.post("/items/selection/decide", item=items[:2], verb="correct").status_code == 422
    assert ada.found("state=decided") == []


def test_the_first_may_be_left_out_and_nothing_else_is_decided_in_its_place(site: Site) -> None:
    # Near-duplicates may be the very same bytes: then no digest tells one from another.
    send(site, "same", "same", "same")
    ada = Reader(site, "ada")
    _, page, digests = preview(ada, ada.found())
    first, *others = SHOWN.findall(page)
    claim = re.search(r'name="claim" value="(cl_[0-9a-f]+)"', page)
    assert claim is not None
    judged = ada.post("/items/selection/decide", item=others, verb="approve", claim=claim[1], **digests)
    assert "2 of 2 judged" in judged.get_data(as_text=True)
    assert ada.found("state=decided") == others
    assert ada.found("state=waiting") == [first]
    with site.app.database.unit_of_work() as session:
        assert session.scalar(text("SELECT count(*) FROM time_entries WHERE claim_id IS NOT NULL")) >= 1


def test_what_is_open_at_the_desk_is_never_decided_in_anothers_place(site: Site) -> None:
    send(site, "same", "same")
    ada = Reader(site, "ada")
    ada.post("/review/take")
    (open_one,) = ada.found("state=claimed")
    (waiting,) = ada.found("state=waiting")
    _, _, digests = preview(ada, [open_one])
    digests = {f"sha256.{waiting}": next(iter(digests.values()))}
    judged = ada.post("/items/selection/decide", item=[waiting], verb="approve", **digests).get_data(as_text=True)
    assert "0 of 1 judged" in judged
    assert "another item open" in judged
    assert ada.found("state=decided") == []


def test_what_is_sensitive_is_judged_at_the_desk(site: Site) -> None:
    sent = {"task_type": "notes", "output": {"iban": "DE00"}, "sensitive": ["/iban"]}
    assert site.call("POST", "/submissions", sent).status == 201
    ada = Reader(site, "ada")
    _, page, digests = preview(ada, ada.found())
    assert "sensitive" in page
    assert digests == {}
    assert "DE00" not in page


def test_an_item_at_the_desk_comes_first(site: Site) -> None:
    send(site, "one", "two")
    ada = Reader(site, "ada")
    items = ada.found()
    ada.post("/review/take")
    status, page, _ = preview(ada, [items[0]])
    assert status == 409
    assert "another item open" in page


def test_an_auditor_selects_nothing(site: Site) -> None:
    send(site, "one")
    site.add_person("aud", ["auditor"])
    auditor = Reader(site, "aud")
    assert 'name="item"' not in auditor.get("/items")
    assert auditor.post("/items/selection", item=auditor.found()).status_code == 403
