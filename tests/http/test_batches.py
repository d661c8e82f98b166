"""Many submissions in one body: each for itself, with its own bytes, as it would have been alone."""

from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import func, select

from app.submissions.models import Submission
from app.submissions.queries import read_content
from tests.factories.site import Answered, Site, make_site

PARIS = b'{"task_type":"addresses","output":{"city":"Paris"},"confidence":0.5}'
# The same to a reader, other bytes: spaces, an escape, digits that a float would write in another way.
ODD = (
    b'{ "task_type" : "addresses",\n\t"output":{"city":"Z\\u00fcrich \xc3\xa9"}, "confidence": 0.950,'
    b' "field_confidence":{"/city":1.0} }'
)


def batch(site: Site, *elements: bytes, **headers: str) -> Answered:
    body = b'{"submissions":[' + b",".join(elements) + b"]}"
    return site.call("POST", "/submissions/batch", body, **headers)


def count(site: Site) -> int:
    with site.app.database.unit_of_work() as session:
        return session.scalars(select(func.count()).select_from(Submission)).one()


def alike(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in {"id", "instance"}}


def test_each_is_answered_as_it_would_have_been_alone(site: Site) -> None:
    site.define_addresses()
    elements = [
        PARIS,
        ODD,
        b'{"task_type":"addresses","output":{"town":"Paris"}}',
        b'{"task_type":"nope","output":1}',
        b'{"task_type":"addresses"}',
        b'{"task_type":"addresses","output":1,"endpoint":"ep_nope"}',
        b'{"task_type":"addresses","output":1,"wrong":true}',
        b'{"task_type":"addresses","output":1,"candidates":{"groups":["nobody"]}}',
        PARIS,
    ]
    answer = batch(site, *elements)
    assert answer.status == 200
    results = answer.body["results"]
    alone = [site.call("POST", "/submissions", element) for element in elements]
    assert [alike(r.get("error", r)) for r in results] == [alike(a.body) for a in alone]
    assert ["error" in r for r in results] == [a.status != 201 for a in alone]
    assert [r.get("status") for r in results][:2] == ["waiting", "passed"]
    assert results[0]["id"] != results[-1]["id"]


def test_an_element_is_kept_as_its_exact_bytes(site: Site) -> None:
    site.define_addresses()
    results = batch(site, b" " + PARIS, b"\n" + ODD + b"\t ").body["results"]
    assert [r["content_sha256"] for r in results] == [sha256(part).hexdigest() for part in (PARIS, ODD)]
    alone = site.call("POST", "/submissions", ODD).body["content_sha256"]
    assert results[1]["content_sha256"] == alone
    read = site.call("GET", f"/submissions/{results[1]['id']}").body
    assert read["output"] == {"city": "Zürich é"}


def test_what_waits_can_be_claimed_and_decided(site: Site) -> None:
    site.define_addresses()
    sent = [r["id"] for r in batch(site, *[PARIS] * 5).body["results"]]
    for submission_id in sent:
        taken = site.call("POST", "/claims", {}, key="ada").body
        verdict = {
            "token": taken["claim"]["token"],
            "content_sha256": taken["item"]["content_sha256"],
            "verb": "approve",
        }
        assert site.call("POST", f"/claims/{taken['claim']['id']}/decision", verdict, key="ada").status in {200, 201}
        # They are served in the order in which they stood in the body.
        assert site.call("GET", f"/submissions/{submission_id}").body["status"] == "approved"


def test_a_retry_of_a_batch_keeps_nothing_twice(site: Site) -> None:
    site.define_addresses()
    first = batch(site, PARIS, PARIS, b"1", Idempotency_Key="k")
    again = batch(site, PARIS, PARIS, b"1", Idempotency_Key="k")
    assert (again.raw, again.headers["Idempotent-Replayed"]) == (first.raw, "true")
    assert batch(site, PARIS, Idempotency_Key="k").status == 422
    assert count(site) == 2


def test_a_thousand_go_in_and_one_more_does_not(site: Site) -> None:
    site.define_addresses()
    results = batch(site, *[PARIS] * 1_000).body["results"]
    assert len({r["id"] for r in results}) == count(site) == 1_000
    refused = batch(site, *[PARIS] * 1_001)
    assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, "/submissions")
    assert count(site) == 1_000


def test_an_element_may_be_as_large_as_a_body_of_its_own(site: Site) -> None:
    site.define_addresses()
    head, tail = b'{"task_type":"addresses","output":"', b'"}'
    largest = head + b"x" * (1024 * 1024 - len(head) - len(tail)) + tail
    results = batch(site, largest, largest.replace(b"x", b"xx", 1), PARIS).body["results"]
    assert [r.get("error", {}).get("status") for r in results] == [None, 413, None]
    full = b'{"submissions":[' + PARIS + b"]}"
    room = 16 * 1024 * 1024 - len(full)
    assert site.call("POST", "/submissions/batch", full + b" " * room).status == 200
    assert site.call("POST", "/submissions/batch", full + b" " * (room + 1)).status == 413


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"submissions":[]}', 422),
        (b'{"submissions":{}}', 422),
        (b'{"submissions":null}', 422),
        (b'{"submissions":[%s],"more":1}' % PARIS, 422),
        (b'{"more":1,"submissions":[%s]}' % PARIS, 422),
        (b'{"\\u0073ubmissions":[%s]}' % PARIS, 422),
        (b'{"submissions":[%s],"submissions":[]}' % PARIS, 400),
        (b'{"submissions":[%s' % PARIS, 400),
        (b'{"submissions":[%s,]}' % PARIS, 400),
        (b'{"submissions":[,%s]}' % PARIS, 400),
        (b'{"submissions":[%s %s]}' % (PARIS, PARIS), 400),
        (b'{"submissions":[%s]}]' % PARIS, 400),
        (b'{"submissions":[%s]}{}' % PARIS, 400),
        (b'{"submissions":[%s,{"a":1,"a":2}]}' % PARIS, 400),
        (b'{"submissions":[%s,"\\u0000"]}' % PARIS, 400),
        (b'{"submissions":[%s,NaN]}' % PARIS, 400),
        (b'{"submissions":[%s,"\xff"]}' % PARIS, 400),
        (b'{"submissions":[%s,' % PARIS + b"[" * 65 + b"]" * 65 + b"]}", 400),
    ],
)
def test_a_body_that_is_no_batch_is_refused_as_a_whole(site: Site, body: bytes, status: int) -> None:
    site.define_addresses()
    answer = site.call("POST", "/submissions/batch", body)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.body
    assert count(site) == 0


@pytest.mark.parametrize("element", [b"1", b"null", b'"text"', b"[]", b"[" * 64 + b"]" * 64])
def test_an_element_that_is_no_object_is_refused_alone(site: Site, element: bytes) -> None:
    site.define_addresses()
    results = batch(site, PARIS, element, PARIS).body["results"]
    assert results[1]["error"]["status"] == 422
    assert count(site) == 2


def test_nothing_of_another_workspace_can_be_named(site: Site) -> None:
    other = make_site(site.app, "Other")
    other.define_addresses()
    assert batch(site, PARIS).body["results"][0]["error"]["errors"][0]["pointer"] == "/task_type"


def test_a_key_that_may_not_submit_sends_no_batch(site: Site) -> None:
    site.define_addresses()
    assert site.call("POST", "/submissions/batch", {"submissions": []}, key="read").status == 403
    assert site.call("POST", "/submissions", b'{"submissions":[%s]}' % PARIS).status == 422


def test_the_sealed_bytes_open_again(site: Site) -> None:
    site.define_addresses()
    batch(site, *[ODD] * 4)
    with site.app.database.unit_of_work() as session:
        ids = session.scalars(select(Submission.id)).all()
        outputs = [read_content(session, submission_id=one)[0].output for one in ids]
    assert outputs == [{"city": "Zürich é"}] * 4
