"""An approved action may be run once, with the approved arguments, while its decision stands; anybody can check it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from typing import Any

import jwt
import pytest

from app.audit.rules import COMMAND
from app.edge.unit_of_work import ProofdeskApp
from app.grants.queries import current_key
from app.grants.service import revoke_key, rotate_key
from app.kernel.clock import host_now, read_now
from app.review.service import redeeming
from tests.factories.site import Answered, Site, make_site

REFUND: dict[str, Any] = {"call_id": "c1", "name": "refund", "args": {"amount": 120, "to": "jo"}}
MAIL: dict[str, Any] = {"call_id": "c2", "name": "send_mail", "args": {"to": "a@example.com"}}
EDITED = {"amount": 20, "to": "jo"}


def decided(site: Site, **described: Any) -> dict[str, Any]:
    """Return the decision that edits a refund and rejects a mail, as programs read it."""
    assert site.call("POST", "/task-types", {"name": "refunds", **described}).status == 201
    sent = site.call("POST", "/submissions", {"task_type": "refunds", "actions": [REFUND, MAIL]}).body
    taken = site.call("POST", "/claims", {}, key="ada").body
    verdict = {
        "token": taken["claim"]["token"],
        "content_sha256": taken["item"]["content_sha256"],
        "actions": [{"call_id": "c1", "verb": "edit", "args": EDITED}, {"call_id": "c2", "verb": "reject"}],
    }
    handed = site.call("POST", f"/claims/{taken['claim']['id']}/decision", verdict, key="ada")
    # Whoever judges needs no permission to run.
    assert [action["grant"] for action in handed.body["actions"]] == [None, None]
    read: dict[str, Any] = site.call("GET", f"/submissions/{sent['id']}").body
    return read


def redeem(site: Site, grant: str, **more: Any) -> Answered:
    return site.call("POST", "/grants/redeem", {"grant": grant, **more})


def the_grant(read: dict[str, Any]) -> str:
    run, stay = read["decision"]["actions"]
    assert (run["run"], stay["run"], stay["grant"]) == (True, False, None)
    grant: str = run["grant"]
    return grant


def test_a_grant_is_checked_offline_with_the_published_key_and_bound_to_the_arguments(site: Site) -> None:
    read = decided(site)
    grant = the_grant(read)
    keys = jwt.PyJWKSet.from_dict(site.app.test_client().get("/.well-known/jwks.json").json or {})
    claims = jwt.decode(
        grant, keys[jwt.get_unverified_header(grant)["kid"]], algorithms=["EdDSA"], options={"verify_aud": False}
    )
    canonical = b'{"amount":20,"to":"jo"}'
    assert claims["args_sha256"] == read["decision"]["actions"][0]["args_sha256"] == sha256(canonical).hexdigest()
    assert (claims["sub"], claims["call_id"], claims["name"]) == (read["id"], "c1", "refund")
    assert claims["exp"] - claims["nbf"] == 7 * 86_400


def test_a_grant_is_used_once(site: Site) -> None:
    grant = the_grant(decided(site))
    first = redeem(site, grant, args=EDITED)
    assert (first.status, first.body["call_id"]) == (200, "c1")
    again = redeem(site, grant, args=EDITED)
    assert (again.status, again.body["redeemed_at"]) == (409, first.body["redeemed_at"])


def test_a_retry_whose_answer_was_lost_gets_it_again_and_nobody_else_does(site: Site) -> None:
    grant = the_grant(decided(site))
    body = {"grant": grant, "args": EDITED}
    first = site.call("POST", "/grants/redeem", body, Idempotency_Key="k-1")
    again = site.call("POST", "/grants/redeem", body, Idempotency_Key="k-1")
    assert (first.status, again.status, again.body) == (200, 200, first.body)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert site.call("POST", "/grants/redeem", body, Idempotency_Key="k-2").status == 409


def test_of_many_who_use_a_grant_at_once_one_may(site: Site) -> None:
    grant = the_grant(decided(site))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: redeem(site, grant).status, range(8)))
    assert sorted(answers) == [200, *[409] * 7]


def test_other_arguments_are_refused_and_the_grant_stays_unused(site: Site) -> None:
    grant = the_grant(decided(site))
    assert redeem(site, grant, args=REFUND["args"]).status == 409
    assert redeem(site, grant, args_sha256="0" * 64).status == 409
    both = redeem(site, grant, args=EDITED, args_sha256="0" * 64)
    assert (both.status, both.body["errors"][0]["detail"]) == (
        422,
        "give the arguments or their digest, not both",
    )
    assert redeem(site, grant, args={"to": "jo", "amount": 20.0}).status == 200


def test_the_longest_names_fit_into_a_grant(site: Site) -> None:
    name = "\U0001f600" * 200
    assert site.call("POST", "/task-types", {"name": "refunds"}).status == 201
    action = {"call_id": name, "name": name}
    sent = site.call("POST", "/submissions", {"task_type": "refunds", "actions": [action]}).body
    taken = site.call("POST", "/claims", {}, key="ada").body
    proof = {"token": taken["claim"]["token"], "content_sha256": taken["item"]["content_sha256"], "verb": "approve"}
    assert site.call("POST", f"/claims/{taken['claim']['id']}/decision", proof, key="ada").status == 200
    (shown,) = site.call("GET", f"/submissions/{sent['id']}").body["decision"]["actions"]
    assert redeem(site, shown["grant"]).status == 200


@pytest.mark.parametrize("change", ["signature", "none", "text", "unknown key", "other type"])
def test_what_this_service_did_not_sign_is_refused(site: Site, change: str) -> None:
    head, body, signature = the_grant(decided(site)).split(".")
    foreign = jwt.encode({"sub": "x"}, "k" * 32, algorithm="HS256")
    forged = {
        "signature": f"{head}.{body}.{signature[:-4]}AAAA",
        "none": jwt.encode({"sub": "x"}, "", algorithm="none"),
        "text": "what you want",
        "unknown key": foreign,
        "other type": f"{foreign.split('.')[0]}.{body}.{signature}",
    }[change]
    refused = redeem(site, forged)
    assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, "/grant")


def test_another_workspace_does_not_know_the_grant(app: ProofdeskApp, site: Site) -> None:
    assert redeem(make_site(app, "Bolt"), the_grant(decided(site))).status == 404


@pytest.mark.parametrize(("hours", "status"), [(-1, 409), (1, 200), (24 * 7 - 1, 200), (24 * 7 + 1, 410)])
def test_a_grant_begins_when_its_decision_is_final_and_ends_a_week_later(
    site: Site, monkeypatch: pytest.MonkeyPatch, hours: int, status: int
) -> None:
    grant = the_grant(decided(site))
    monkeypatch.setattr(redeeming, "read_now", lambda session: read_now(session) + timedelta(hours=hours))
    assert redeem(site, grant).status == status


def test_an_overturned_decision_grants_nothing(site: Site) -> None:
    site.add_person("lea", ["lead"])
    read = decided(site)
    verdict = {
        "content_sha256": read["content_sha256"],
        "verb": "reject",
        "message": "No refund at all.",
        "reason": "The audit found it.",
    }
    answered = site.call("POST", f"/decisions/{read['decision']['id']}/supersede", verdict, key="lea")
    assert answered.status == 200, answered.body
    refused = redeem(site, the_grant(read))
    assert (refused.status, refused.body["superseded_by"]) == (409, answered.body["id"])


def test_a_task_type_says_how_long_its_grants_last(site: Site) -> None:
    claims = jwt.decode(the_grant(decided(site, grant_seconds=60)), options={"verify_signature": False})
    assert claims["exp"] - claims["nbf"] == 60


def test_keys_rotate_and_a_revoked_one_counts_no_more(site: Site) -> None:
    grant = the_grant(decided(site))
    with site.app.database.unit_of_work() as session:
        old = current_key(session)
        assert old is not None
        rotate_key(session, now=host_now(), actor=COMMAND)
    assert len((site.app.test_client().get("/.well-known/jwks.json").json or {})["keys"]) == 2
    with site.app.database.unit_of_work() as session:
        revoke_key(session, now=host_now(), actor=COMMAND, key_id=old.id)
    assert len((site.app.test_client().get("/.well-known/jwks.json").json or {})["keys"]) == 1
    assert redeem(site, grant).status == 422
