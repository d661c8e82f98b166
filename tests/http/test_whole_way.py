"""One output goes the whole way: submitted, routed, claimed, corrected, timed, priced, reported, read back."""

from decimal import Decimal

from tests.factories.site import Answered, Site


def _work(site: Site, key: str = "ada") -> tuple[str, dict[str, object]]:
    taken = site.call("POST", "/claims", {}, key=key)
    assert taken.status == 201, taken.body
    claim, item = taken.body["claim"], taken.body["item"]
    return claim["id"], {"token": claim["token"], "content_sha256": item["content_sha256"]}


def test_a_corrected_output_is_read_back_with_its_decision_and_stands_in_the_report(site: Site) -> None:
    site.define_addresses()
    rate = {"currency": "EUR", "unit": "hour", "base": "36000.00", "valid_from": "2026-01-01T00:00:00Z"}
    assert site.call("POST", "/rate-cards", rate).status == 201
    sent = site.submit(0.5, external_id="a-1", model={"provider": "x", "name": "m-1"})
    assert (sent.status, sent.body["status"]) == (201, "waiting")
    claim_id, proof = _work(site)
    beat = {"seq": 1, "client_mono_ms": 10.5, "state": "active", "last_input_age_ms": 3}
    assert site.call("POST", f"/claims/{claim_id}/beats", beat, key="ada").status == 200
    corrected = {"city": "Lyon", "zip": "69001"}
    verdict = {**proof, "verb": "correct", "output": corrected, "reason_codes": ["wrong_city"]}
    decided = site.call("POST", f"/claims/{claim_id}/decision", verdict, key="ada")
    assert (decided.status, decided.body["status"], decided.body["late"]) == (200, "corrected", False)
    read = site.call("GET", f"/submissions/{sent.body['id']}?wait=5").body
    assert (read["status"], read["decision"]["output"]) == ("corrected", corrected)
    assert read["content_sha256"] == read["decision"]["content_sha256"] == sent.body["content_sha256"]
    report = site.call("GET", "/reports/costs?group_by=model,outcome").body
    (row,) = report["rows"]
    assert row["group"] == {"model": "m-1", "outcome": "corrected"}
    # At 10 money a second the cost is ten times the seconds, to the cent.
    assert Decimal(row["cost"]) == (Decimal(row["active_seconds"]) * 10).quantize(Decimal("0.01"))
    assert (report["total"]["decisions"], report["total"]["cost"]) == (1, row["cost"])


def test_the_same_verdict_again_gets_the_same_answer_and_another_one_a_conflict(site: Site) -> None:
    site.define_addresses()
    site.submit()
    claim_id, proof = _work(site)
    first = site.call("POST", f"/claims/{claim_id}/decision", {**proof, "verb": "approve"}, key="ada")
    again = site.call("POST", f"/claims/{claim_id}/decision", {**proof, "verb": "approve"}, key="ada")
    assert (first.status, again.status, again.body) == (200, 200, first.body)
    other = site.call("POST", f"/claims/{claim_id}/decision", {**proof, "verb": "reject"}, key="ada")
    assert other.status == 409


def test_an_older_token_learns_who_won_and_keeps_its_text(site: Site) -> None:
    site.define_addresses()
    site.add_person("ben", ["reviewer"])
    site.submit()
    claim_id, proof = _work(site)
    assert site.call("POST", f"/claims/{claim_id}/release", {}, key="ada").status == 200
    bens, bens_proof = _work(site, "ben")
    assert site.call("POST", f"/claims/{bens}/decision", {**bens_proof, "verb": "approve"}, key="ben").status == 200
    late = site.call("POST", f"/claims/{claim_id}/decision", {**proof, "verb": "reject", "message": "no"}, key="ada")
    assert (late.status, late.body["winner"]["status"]) == (409, "approved")
    assert late.body["draft"]


def test_nobody_is_told_nothing_without_a_reason(site: Site) -> None:
    site.define_addresses()
    site.add_person("ben", ["reviewer"])
    site.submit()
    _work(site)
    empty = site.call("POST", "/claims", {}, key="ben").body
    assert (empty["claim"], empty["why"]["claimed_by_others"]) == (None, 1)


def test_an_answer_is_given_once_for_one_idempotency_key(site: Site) -> None:
    site.define_addresses()
    first = _submit(site, "k-1", 0.5)
    again = _submit(site, "k-1", 0.5)
    assert (again.status, again.body) == (201, first.body)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert _submit(site, "k-1", 0.6).status == 422
    assert len(site.call("GET", "/submissions").body["data"]) == 1


def _submit(site: Site, key: str, confidence: float) -> Answered:
    body = {"task_type": "addresses", "output": {"city": "Paris"}, "confidence": confidence}
    return site.call("POST", "/submissions", body, Idempotency_Key=key)


def test_lists_go_page_by_page_without_a_gap(site: Site) -> None:
    site.define_addresses()
    sent = [site.submit().body["id"] for _ in range(5)]
    seen, cursor = [], ""
    while True:
        page = site.call("GET", f"/submissions?limit=2{cursor}").body
        seen += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == sent[::-1]


def test_what_still_waits_can_be_taken_back_and_what_is_decided_cannot(site: Site) -> None:
    site.define_addresses()
    first, second = site.submit().body["id"], site.submit().body["id"]
    assert site.call("POST", f"/submissions/{second}/cancel", {}).body["status"] == "cancelled"
    claim_id, proof = _work(site)
    site.call("POST", f"/claims/{claim_id}/decision", {**proof, "verb": "approve"}, key="ada")
    assert site.call("POST", f"/submissions/{first}/cancel", {}).status == 409


def test_the_report_as_csv_adds_up_and_defuses_formulas(site: Site) -> None:
    site.call("POST", "/task-types", {"name": "=cmd()", "output_schema": {}})
    site.call("POST", "/submissions", {"task_type": "=cmd()", "output": "x"})
    claim_id, _ = _work(site)
    site.call("POST", f"/claims/{claim_id}/skip", {}, key="ada")
    table = site.call("GET", "/reports/costs.csv?group_by=task_type").body
    assert '"\'=cmd()"' in table
    assert table.splitlines()[-1].startswith('"total"')


def test_work_without_a_rate_is_unpriced_and_not_free(site: Site) -> None:
    site.define_addresses()
    site.submit()
    claim_id, _ = _work(site)
    site.call("POST", f"/claims/{claim_id}/skip", {}, key="ada")
    (row,) = site.call("GET", "/reports/costs").body["rows"]
    assert row["cost"] is None
    assert row["unpriced_seconds"] == row["active_seconds"] != "0.000"
