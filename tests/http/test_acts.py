"""The acts on items over the API: what a program reads meanwhile, what is refused, and in which words."""

from typing import Any

from tests.factories.site import Site

ADDRESS = {"task_type": "addresses", "output": {"city": "Paris", "zip": "75001"}, "confidence": 0.5}


def submitted(site: Site) -> str:
    site.define_addresses()
    return str(site.call("POST", "/submissions", ADDRESS).body["id"])


def taken(site: Site) -> dict[str, Any]:
    answer = site.call("POST", "/claims", {}, key="ada")
    assert answer.status == 201, answer.body
    body: dict[str, Any] = answer.body
    return body


def status_of(site: Site, submission_id: str) -> str:
    return str(site.call("GET", f"/submissions/{submission_id}").body["status"])


def test_a_program_reads_what_its_item_is_doing(site: Site) -> None:
    submission_id = submitted(site)
    ready = site.call("POST", "/claims/reservation", {}, key="ada")
    assert (ready.status, status_of(site, submission_id)) == (201, "waiting")
    claim = taken(site)
    assert claim["item"]["id"] == ready.body["reservation"]["item"]
    assert status_of(site, submission_id) == "claimed"
    assert site.call("POST", f"/claims/{claim['claim']['id']}/hold", {}, key="ada").status == 200
    assert status_of(site, submission_id) == "held"


def test_what_is_held_is_claimed_by_its_id(site: Site) -> None:
    submitted(site)
    claim = taken(site)
    site.call("POST", f"/claims/{claim['claim']['id']}/hold", {"note": "Asked the customer."}, key="ada")
    again = site.call("POST", "/claims", {"item": claim["item"]["id"]}, key="ada")
    assert (again.status, again.body["claim"]["token"]) == (201, claim["claim"]["token"] + 1)
    assert [n["text"] for n in again.body["notes"]] == ["Asked the customer."]


def test_a_hand_over_is_refused_with_the_reason(site: Site) -> None:
    submitted(site)
    path = f"/claims/{taken(site)['claim']['id']}/handover"
    for to, reason in [("eve@acme.example", "is nobody of this workspace"), ("ada@acme.example", "is yourself")]:
        refused = site.call("POST", path, {"to": to}, key="ada")
        assert refused.status == 422
        (error,) = refused.body["errors"]
        assert error["pointer"] == "/to"
        assert error["detail"].startswith(reason)


def test_what_is_final_is_overturned_once_and_by_nobody_who_judged_it(site: Site) -> None:
    site.add_person("zoe", ["lead"])
    submission_id = submitted(site)
    claim = taken(site)
    proof = {"content_sha256": claim["item"]["content_sha256"]}
    verdict = {**proof, "token": claim["claim"]["token"], "verb": "approve"}
    decision = site.call("POST", f"/claims/{claim['claim']['id']}/decision", verdict, key="ada").body
    path = f"/decisions/{decision['id']}"
    assert site.call("POST", f"{path}/undo", {}, key="ada").status == 409
    overturn = {**proof, "verb": "reject", "reason": "An audit found it wrong."}
    assert site.call("POST", f"{path}/supersede", overturn, key="ada").status == 403
    new = site.call("POST", f"{path}/supersede", overturn, key="zoe")
    assert (new.status, new.body["supersedes"], new.body["status"]) == (200, decision["id"], "rejected")
    assert site.call("POST", f"{path}/supersede", overturn, key="zoe").status == 409
    shown = site.call("GET", f"/submissions/{submission_id}").body
    assert (shown["status"], shown["superseded_by"]) == ("rejected", new.body["id"])


def test_an_endpoint_hears_of_everything_unless_it_chooses(site: Site) -> None:
    made = site.call("POST", "/endpoints", {"url": "https://example.com/hook"})
    assert made.body["types"] == ["submission.decided", "submission.superseded", "submission.expired"]
