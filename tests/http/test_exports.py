"""What is taken away of costs: a workbook, hours, journal entries, and the lines that a number is made of."""

import csv
import io
import zipfile
from base64 import b64encode
from decimal import Decimal
from hashlib import sha256
from html import unescape
from typing import Any
from xml.etree import ElementTree

import pytest

from app.kernel.ids import show
from app.reports.cost_query import GROUPS
from tests.factories.site import Answered, Site, make_site
from tests.http.test_rates import costs, judge
from tests.http.test_setup_pages import Browser

SINCE = "2020-01-01T00:00:00Z"
CELL = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}c"
EVIL = '=HYPERLINK("http://evil.example")'


@pytest.fixture
def worked(site: Site) -> Site:
    """Three verdicts of Ada at 60 euros an hour, one of Bob for a dollar, and ninety seconds that a lead added."""
    site.define_addresses()
    site.add_person("bob", ["reviewer"], vendor="=Acme")
    site.add_person("zoe", ["lead"])
    site.call("POST", "/rate-cards", {"currency": "EUR", "base": "60", "valid_from": SINCE})
    vendor = {"vendor": "=Acme", "currency": "USD", "unit": "item", "base": "1", "valid_from": SINCE}
    assert site.call("POST", "/rate-cards", vendor).status == 201
    for who in ("ada", "ada", "ada", "bob"):
        judge(site, who)
    ada = show("person", site.people["ada"])
    added = {"person": ada, "at": "2026-03-06T12:00:00Z", "seconds": "90", "note": "x"}
    assert site.call("POST", "/adjustments/time", added, key="zoe").status == 201
    return site


def get(site: Site, path: str) -> Answered:
    answer = site.call("GET", f"/reports/{path}", key="reports")
    assert answer.status == 200, answer.body
    return answer


def table(site: Site, path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(get(site, path).raw.decode())))


def total(rows: list[dict[str, str]], name: str, currency: str) -> Decimal:
    return sum((Decimal(row[name] or 0) for row in rows if row["currency"] == currency), Decimal(0))


@pytest.mark.parametrize("path", ["costs.csv", "costs.xlsx", "payroll.csv", "journal.csv"])
def test_each_file_says_what_it_is_and_what_its_bytes_come_to(worked: Site, path: str) -> None:
    answer = get(worked, f"{path}?tz=Europe/Berlin&as_of=2190-01-01T00:00:00Z")
    digest = b64encode(sha256(answer.raw).digest()).decode()
    assert answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    assert (answer.headers["Proofdesk-Time-Zone"], answer.headers["Proofdesk-Rule"]) == ("Europe/Berlin", "1")
    assert answer.headers["Proofdesk-As-Of"] == "2190-01-01T00:00:00.000Z"
    assert f'filename="proofdesk-{path}"' in answer.headers["Content-Disposition"]


def test_a_workbook_has_numbers_as_numbers_and_no_formula(worked: Site) -> None:
    worked.call("POST", "/task-types", {"name": EVIL})
    worked.call("POST", "/submissions", {"task_type": EVIL, "output": "x", "confidence": 1.0})
    taken = worked.call("POST", "/claims", {}, key="ada").body["claim"]["id"]
    worked.call("POST", f"/claims/{taken}/release", {}, key="ada")
    book = zipfile.ZipFile(io.BytesIO(get(worked, "costs.xlsx?group_by=task_type,outcome").raw))
    sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314  # our own bytes
    cells = list(sheet.iter(CELL))
    assert not [cell for cell in cells if cell.find(CELL[:-1] + "f") is not None]
    assert "<hyperlink" not in ElementTree.tostring(sheet, encoding="unicode")
    numbers = {cell.get("r"): cell[0].text for cell in cells if cell.get("t") is None and len(cell)}
    whole = costs(worked)["total"]
    assert {str(whole["decisions"]), str(whole["items"])} <= set(numbers.values())
    assert "HYPERLINK" in book.read("xl/sharedStrings.xml").decode()
    assert "SHA-256 of the report as JSON" in book.read("xl/sharedStrings.xml").decode()


def test_hours_are_those_of_the_report(worked: Site) -> None:
    rows = table(worked, "payroll.csv")
    whole = {one["currency"]: one["cost"] for one in costs(worked)["total"]["by_currency"]}
    assert {name: round(total(rows, "cost", name), 2) for name in whole} == {n: Decimal(c) for n, c in whole.items()}
    assert sum(Decimal(row["active_seconds"]) for row in rows) == Decimal(costs(worked)["total"]["active_seconds"])
    (added,) = [row for row in rows if row["day"] == "2026-03-06"]
    assert (added["adjusted_seconds"], added["hours"], added["cost"]) == ("90.000", "0.025000", "1.500000")
    bob = [row for row in rows if row["name"] == "Bob"]
    assert sum(int(row["items"]) for row in bob) == 1
    assert {row["vendor"] for row in bob} == {"'=Acme"}


def test_journal_entries_balance_and_come_to_the_report(worked: Site) -> None:
    rows = table(worked, "journal.csv?debit_account=6300&credit_account=3100")
    for currency, cost in ((one["currency"], one["cost"]) for one in costs(worked)["total"]["by_currency"]):
        assert total(rows, "debit", currency) == total(rows, "credit", currency) == Decimal(cost)
    assert {row["account"] for row in rows} == {"6300", "3100"}
    names = [row["external_id"] for row in rows]
    assert len(set(names)) == len(names) > 0
    assert [row["external_id"] for row in table(worked, "journal.csv")] == names
    assert any(row["memo"] == "Review time outside of items" for row in rows)


@pytest.mark.parametrize("word", GROUPS)
def test_every_number_opens_to_lines_that_come_to_it(worked: Site, word: str) -> None:
    for row in costs(worked, group_by=word)["rows"]:
        if row["cost"] is None:
            continue
        lines: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = get(worked, f"ledger?{word}={row['group'][word] or ''}&limit=2{cursor}").body
            lines += page["data"]
            if not page["has_more"]:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert len({line["id"] for line in lines}) == len(lines) > 0
        amounts = [Decimal(line["cost"]) for line in lines if line["currency"] == row["currency"]]
        assert round(sum(amounts, Decimal(0)), 2) == Decimal(row["cost"])
        if row["active_seconds"] != "0.000":
            assert sum(Decimal(line["seconds"]) for line in lines) == Decimal(row["active_seconds"])


def test_a_number_opens_on_the_page_too(worked: Site) -> None:
    worked.add_person("fin", ["finance"])
    fin = Browser(worked, "fin")
    page = unescape(fin.get("/reports/costs?group_by=person").text)
    ada = show("person", worked.people["ada"])
    assert f"/reports/ledger?tz=UTC&person={ada}" in page
    lines = unescape(fin.get(f"/reports/ledger?tz=UTC&person={ada}").text)
    assert ("Person: " in lines, "no item" in lines, "adjustment" in lines, "/items/" in lines) == (
        True,
        True,
        True,
        False,
    )
    worked.add_person("audra", ["auditor"])
    assert "/items/it_" in Browser(worked, "audra").get("/reports/ledger").text
    assert Browser(worked, "bob").get("/reports/ledger").status_code == 403


@pytest.mark.parametrize("asked", ["day=2026-02-30", "cursor=x", "limit=0", "tz=Mars", "person=p_1"])
def test_what_cannot_be_opened_is_refused(worked: Site, asked: str) -> None:
    assert worked.call("GET", f"/reports/ledger?{asked}", key="reports").status == 422


def test_time_without_a_price_is_a_line_without_one(site: Site) -> None:
    site.define_addresses()
    judge(site)
    (line,) = get(site, "ledger").body["data"]
    assert (line["cost"], line["currency"], line["rate_card"]) == (None, None, None)
    assert line["unpriced_seconds"] == line["seconds"] != "0.000"
    assert table(site, "payroll.csv")[0]["cost"] == ""
    assert table(site, "journal.csv") == []


def test_nobody_opens_another_workspaces_lines(worked: Site) -> None:
    other = make_site(worked.app, "Other")
    ada = show("person", worked.people["ada"])
    assert get(other, f"ledger?person={ada}").body["data"] == []
    assert table(other, "payroll.csv") == table(other, "journal.csv") == []


def test_how_long_reviews_take_stands_on_the_page_and_in_the_report(worked: Site) -> None:
    (row,) = get(worked, "handling").body["rows"]
    assert (row["group"], row["reviews"]) == ({"outcome": "approved"}, 4)
    assert worked.call("GET", "/reports/handling?group_by=person", key="reports").status == 422
    worked.add_person("fin", ["finance"])
    assert "How long reviews take" in Browser(worked, "fin").get("/reports/costs").text
