"""What programs and reviewers see of items that several people judge: no more than they may."""

from typing import Any

import pytest

from tests.factories.site import ADDRESS_SCHEMA, Answered, Site


def define(site: Site, **more: Any) -> None:
    sent = {"name": "addresses", "output_schema": ADDRESS_SCHEMA, "reason_codes": ["wrong_city"], **more}
    answer = site.call("POST", "/task-types", sent)
    assert answer.status == 201, answer.body


def take(site: Site, who: str) -> dict[str, Any]:
    taken = site.call("POST", "/claims", {}, key=who)
    assert taken.status in {200, 201}, taken.body
    return dict(taken.body)


def vote(site: Site, who: str, **verdict: Any) -> Answered:
    taken = take(site, who)
    proof = {"token": taken["claim"]["token"], "content_sha256": taken["item"]["content_sha256"]}
    return site.call("POST", f"/claims/{taken['claim']['id']}/decision", {**proof, **verdict}, key=who)


@pytest.fixture
def drawn(site: Site) -> str:
    """A submission that is judged by two people who do not see each other, and Bob, Cyd and the lead Lea."""
    define(site, double_review_rate=1, max_reviewers=2)
    site.add_person("bob", ["reviewer"])
    site.add_person("lea", ["lead"])
    return str(site.submit(None).body["id"])


def test_a_task_type_says_how_many_judge(site: Site) -> None:
    define(site, rejections_required=2, double_review_rate=0.05, max_reviewers=4, unskippable=True)
    (kept,) = site.call("GET", "/task-types").body["data"]
    told = {key: kept[key] for key in ("rejections_required", "double_review_rate", "max_reviewers", "unskippable")}
    assert told == {
        "rejections_required": 2,
        "double_review_rate": 0.05,
        "max_reviewers": 4,
        "unskippable": True,
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rejections_required", 0),
        ("rejections_required", 11),
        ("double_review_rate", 1.01),
        ("double_review_rate", -0.1),
        ("max_reviewers", 1),
        ("max_reviewers", 11),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(site: Site, field: str, value: float) -> None:
    answer = site.call("POST", "/task-types", {"name": "t", field: value})
    assert (answer.status, [e["pointer"] for e in answer.body["errors"]]) == (422, [f"/{field}"])


def test_the_second_reviewer_is_shown_nothing_of_the_first(site: Site, drawn: str) -> None:
    first = vote(site, "ada", verb="correct", output={"city": "Lyon"}, note="psst")
    taken = take(site, "bob")
    assert taken["item"]["output"] == {"city": "Paris", "zip": "75001"}
    assert (taken["item"]["review_mode"], taken["item"]["corrected_before"], taken["draft"]) == ("blind", False, None)
    assert "answers" not in taken
    assert not any(word in str(taken) for word in ("Lyon", "psst", "ada"))
    second = vote(site, "bob", verb="correct", output={"city": "Lyon"})
    assert (
        (second.status, second.body)
        == (first.status, first.body)
        == (200, {"id": None, "status": "voted", "late": False})
    )
    whole = site.call("GET", f"/submissions/{drawn}?wait=5", key="read").body
    assert (whole["status"], len(whole["decision"]["votes"])) == ("corrected", 2)


def test_the_lead_reads_the_answers_without_names(site: Site, drawn: str) -> None:
    vote(site, "ada", verb="correct", output={"city": "Lyon"}, note="psst")
    vote(site, "bob", verb="reject", message="No.", reason_codes=["wrong_city"])
    taken = take(site, "lea")
    assert taken["item"]["adjudicating"] is True
    assert {frozenset(one) for one in taken["answers"]} == {
        frozenset({"label", "verb", "output", "actions", "reason_codes", "message"})
    }
    assert {(a["verb"], a["message"], tuple(a["reason_codes"])) for a in taken["answers"]} == {
        ("correct", None, ()),
        ("reject", "No.", ("wrong_city",)),
    }
    assert [a["label"] for a in taken["answers"]] == ["A", "B"]
    assert "psst" not in str(taken)
    assert take(site, "lea")["answers"] == taken["answers"]
    decided = vote(site, "lea", verb="reject", message="No.").body
    (letter,) = [a["label"] for a in taken["answers"] if a["verb"] == "reject"]
    assert (decided["status"], decided["adjudication"]) == ("rejected", {"answers": 2, "adopted": letter})
    assert [v["adjudicates"] for v in decided["votes"]] == [False, False, True]


def test_a_rejection_that_is_not_the_last_says_what_is_missing(site: Site) -> None:
    define(site, rejections_required=2)
    site.submit(None)
    assert vote(site, "ada", verb="reject", message="No.").body == {
        "id": None,
        "status": "waiting",
        "late": False,
        "approvals": 0,
        "approvals_required": 1,
        "rejections": 1,
        "rejections_required": 2,
    }
