"""Walks up to any changing route of a site and makes the call that changes something there.

Each function is named by its route; what it needs it prepares through `walker` and then calls `walker.go`, so that only
the events of that last call are looked at.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import text

from app.kernel.ids import show
from tests.factories.site import BASE, Site

ADDRESS: Final = {"task_type": "addresses", "output": {"city": "Paris", "zip": "75001"}, "confidence": 0.5}
CHAT_HOOK: Final = {"name": "desk", "url": "https://chat.example.com/services/T0/B0/secret", "kinds": ["due_soon"]}
PASSWORD: Final = "umber-kettle-quorum-74"
Walk = Callable[["Walker"], None]
WALKS: Final[dict[str, Walk]] = {}


class Walker:
    """Makes calls of one site and knows which events came since the last look."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._browser = site.app.test_client()
        self._before = 0
        site.add_person("zoe", ["lead"])

    def go(self) -> None:
        """Forget the events so far."""
        with self.site.app.database.unit_of_work() as session:
            self._before = session.scalar(text("SELECT coalesce(max(number), 0) FROM events")) or 0

    def events(self) -> set[str]:
        """Return the types of the events since `go`."""
        with self.site.app.database.unit_of_work() as session:
            found = text("SELECT type FROM events WHERE number > :before")
            return set(session.scalars(found, {"before": self._before}))

    def api(
        self,
        path: str,
        body: Any = None,
        *,
        method: str = "POST",
        key: str = "all",
        api: str = "/api/v1",
        **headers: str,
    ) -> Any:
        """Call the API and return the body of its answer."""
        answer = self.site.call(method, path, body if method == "DELETE" else body or {}, key=key, api=api, **headers)
        assert answer.status < 300, (path, answer.body)
        return answer.body

    def read(self, path: str, pattern: str) -> str:
        """Return the first group of a pattern on a page."""
        shown = self._browser.get(path, base_url=BASE).get_data(as_text=True)
        found = re.search(pattern, shown)
        assert found is not None, shown
        return found[1]

    def page(self, path: str, **form: Any) -> str:
        """Post a form with the browser; return the page that answers."""
        answer = self._browser.post(path, data=form, base_url=BASE, headers={"Origin": BASE})
        assert answer.status_code < 400, (path, answer.status_code, answer.get_data(as_text=True)[-2000:])
        return answer.get_data(as_text=True)

    def sign_in(self, short: str = "ada") -> None:
        """Sign the browser in by a link, as Ada unless somebody else is named."""
        self.page(self.site.sign_in_path(short))

    def link(self) -> str:
        """Return a fresh link for Ada."""
        return self.site.sign_in_path("ada")

    def own_session(self) -> str:
        """Return the path that ends the session that Ada's browser has."""
        shown = self._browser.get("/account", base_url=BASE).get_data(as_text=True)
        found = re.search(r"/account/sessions/ses_[0-9a-f]+/end", shown)
        assert found is not None, shown
        return found[0]

    def submit(self) -> str:
        """Submit an output that waits and return its id."""
        self.site.define_addresses()
        return str(self.api("/submissions", ADDRESS)["id"])

    def claim(self) -> tuple[str, dict[str, Any]]:
        """Take an item as Ada; return the claim's id and the proof of what was shown."""
        claim_id, _, proof = self.claim_of_item()
        return claim_id, proof

    def claim_of_item(self) -> tuple[str, str, dict[str, Any]]:
        """Take an item as Ada; return the claim's id, the item's, and the proof of what was shown."""
        self.submit()
        taken = self.api("/claims", key="ada")
        proof = {"token": taken["claim"]["token"], "content_sha256": taken["item"]["content_sha256"]}
        return taken["claim"]["id"], taken["item"]["id"], proof

    def decide_at_the_desk(self) -> str:
        """Approve something at the desk that can be undone for an hour; return the decision's id."""
        self.api("/task-types", {"name": "plain", "undo_seconds": 3600})
        self.api("/submissions", {"task_type": "plain", "output": "Paris"})
        taken = self.api("/claims", key="ada")
        proof = {"token": taken["claim"]["token"], "content_sha256": taken["item"]["content_sha256"]}
        self.sign_in()
        self.page(f"/review/{taken['claim']['id']}/decide", **proof, verb="approve")
        return self.newest_decision()

    def granted(self) -> str:
        """Return the grant of an approved action."""
        self.api("/task-types", {"name": "refunds"})
        sent = self.api("/submissions", {"task_type": "refunds", "actions": [{"name": "refund", "args": {"eur": 5}}]})
        taken = self.api("/claims", key="ada")
        proof = {"token": taken["claim"]["token"], "content_sha256": taken["item"]["content_sha256"]}
        self.api(f"/claims/{taken['claim']['id']}/decision", {**proof, "verb": "approve"}, key="ada")
        read = self.api(f"/submissions/{sent['id']}", method="GET")
        grant: str = read["decision"]["actions"][0]["grant"]
        return grant

    def parked(self) -> tuple[str, str]:
        """Have a delivery given up; return its endpoint and it."""
        endpoint = self.api("/endpoints", {"url": "https://example.com/hook"})["id"]
        self.site.define_addresses()
        self.api("/submissions", {**ADDRESS, "endpoint": endpoint})
        taken = self.api("/claims", key="ada")
        claim_id = taken["claim"]["id"]
        proof = {"token": taken["claim"]["token"], "content_sha256": taken["item"]["content_sha256"]}
        self.api(f"/claims/{claim_id}/decision", {**proof, "verb": "approve"}, key="ada")
        with self.site.app.database.unit_of_work() as session:
            session.execute(text("UPDATE deliveries SET state = 'parked'"))
        (row,) = self.api("/deliveries", method="GET")["data"]
        return endpoint, row["id"]

    def newest_decision(self) -> str:
        """Return the id of the newest decision."""
        with self.site.app.database.unit_of_work() as session:
            return show("decision", session.scalars(text("SELECT id FROM decisions ORDER BY id DESC LIMIT 1")).one())


def walk_to(endpoint: str) -> Callable[[Walk], Walk]:
    def keep(walk: Walk) -> Walk:
        WALKS[endpoint] = walk
        return walk

    return keep


def direct(endpoint: str, path: str, body: dict[str, Any]) -> None:
    """Note a route that needs nothing before its call."""

    def walk(walker: Walker) -> None:
        walker.go()
        walker.api(path, body)

    WALKS[endpoint] = walk


direct("chat_hooks.post", "/chat-hooks", CHAT_HOOK)
direct("people.post", "/people", {"email": "eve@acme.example", "roles": ["reviewer"]})
direct("keys.post", "/keys", {"scopes": ["read"]})
direct("endpoints.post", "/endpoints", {"url": "https://example.com/hook"})
direct("task_types.post", "/task-types", {"name": "plain"})
direct("rate_cards.post", "/rate-cards", {"currency": "EUR", "base": "30", "valid_from": "2026-01-01T00:00:00Z"})
_ECB: Final = {"base": "EUR", "date": "2026-03-06", "source": "ECB", "rates": {"USD": "1.0832"}}
direct("rate_cards.post_exchange_rates", "/exchange-rates", _ECB)

direct("queues.post", "/queues", {"name": "night", "value_order": True})
HOURS: Final = {"name": "office", "zone": "Europe/Berlin", "hours": {"mon": [["09:00", "17:00"]]}, "country": "DE"}
direct("calendars.post", "/calendars", HOURS)


@walk_to("calendars.put")
def _change_calendar(walker: Walker) -> None:
    made = walker.api("/calendars", HOURS)
    walker.go()
    walker.api(f"/calendars/{made['id']}", {**HOURS, "zone": "Europe/Vienna"}, method="PUT")


@walk_to("calendars.delete")
def _remove_calendar(walker: Walker) -> None:
    made = walker.api("/calendars", HOURS)
    walker.go()
    walker.api(f"/calendars/{made['id']}", method="DELETE")


@walk_to("queues.put")
def _change_queue(walker: Walker) -> None:
    made = walker.api("/queues", {"name": "night"})
    walker.go()
    walker.api(f"/queues/{made['id']}", {"name": "night", "paused": True}, method="PUT")


direct("groups.post", "/groups", {"name": "experts", "skills": ["law"]})


@walk_to("groups.put")
def _change_group(walker: Walker) -> None:
    made = walker.api("/groups", {"name": "experts"})
    walker.go()
    walker.api(f"/groups/{made['id']}", {"name": "lawyers"}, method="PUT")


@walk_to("groups.delete")
def _delete_group(walker: Walker) -> None:
    made = walker.api("/groups", {"name": "experts"})
    walker.go()
    walker.api(f"/groups/{made['id']}", method="DELETE")


@walk_to("people.patch")
def _change_access(walker: Walker) -> None:
    made = walker.api("/people", {"email": "eve@acme.example", "roles": ["reviewer"]})
    walker.go()
    walker.api(f"/people/{made['id']}", {"capacity": 3}, method="PATCH")


@walk_to("presence.put")
def _pause(walker: Walker) -> None:
    walker.go()
    walker.api("/presence", {"state": "paused", "reason": "break"}, method="PUT", key="ada")


@walk_to("keys.delete")
def _revoke_key(walker: Walker) -> None:
    made = walker.api("/keys", {"scopes": ["read"]})
    walker.go()
    walker.api(f"/keys/{made['id']}", method="DELETE")


@walk_to("endpoints.delete")
def _disable_endpoint(walker: Walker) -> None:
    made = walker.api("/endpoints", {"url": "https://example.com/hook"})
    walker.go()
    walker.api(f"/endpoints/{made['id']}", method="DELETE")


@walk_to("policies.post")
def _draft_policy(walker: Walker) -> None:
    walker.api("/task-types", {"name": "plain"})
    walker.go()
    walker.api("/policies", {"task_type": "plain"})


@walk_to("policies.post_publish")
def _publish_policy(walker: Walker) -> None:
    walker.api("/task-types", {"name": "plain"})
    made = walker.api("/policies", {"task_type": "plain"})
    walker.go()
    walker.api(f"/policies/{made['id']}/publish")


@walk_to("submissions.post")
def _submit(walker: Walker) -> None:
    walker.submit()
    walker.go()
    walker.api("/submissions", ADDRESS)


@walk_to("submissions.post_batch")
def _submit_batch(walker: Walker) -> None:
    walker.submit()
    walker.go()
    walker.api("/submissions/batch", {"submissions": [ADDRESS]})


@walk_to("submissions.post_cancel")
def _cancel(walker: Walker) -> None:
    submission_id = walker.submit()
    walker.go()
    walker.api(f"/submissions/{submission_id}/cancel")


@walk_to("claims.post")
def _claim(walker: Walker) -> None:
    walker.submit()
    walker.go()
    walker.api("/claims", key="ada")


def _on_a_claim(endpoint: str, act: str, **body: Any) -> None:
    def walk(walker: Walker) -> None:
        claim_id, proof = walker.claim()
        walker.go()
        walker.api(f"/claims/{claim_id}/{act}", {**(proof if act == "decision" else {}), **body}, key="ada")

    WALKS[endpoint] = walk


def _at_the_desk(endpoint: str, act: str, **form: Any) -> None:
    def walk(walker: Walker) -> None:
        claim_id, proof = walker.claim()
        walker.sign_in()
        walker.go()
        walker.page(f"/review/{claim_id}/{act}", **proof, **form)

    WALKS[endpoint] = walk


_on_a_claim("claims.post_decision", "decision", verb="reject", message="No such place.")
_on_a_claim("giving_back.post_skip", "skip")
_on_a_claim("giving_back.post_release", "release")
_on_a_claim("giving_back.post_hold", "hold")
_on_a_claim("giving_back.post_handover", "handover", to="zoe@acme.example")
_on_a_claim("giving_back.post_second_opinion", "second-opinion", note="Is this Paris, Texas?")
_on_a_claim("giving_back.post_escalate", "escalate")
_on_a_claim("claims.post_draft", "draft", draft={"note": "half a"})
_on_a_claim("claims.post_beat", "beats", seq=1, client_mono_ms=1, state="active", last_input_age_ms=1)
_at_the_desk("review.hand_in", "decide", verb="reject", message="No such place.")
_at_the_desk("desk_acts.skip", "skip")
_at_the_desk("desk_acts.release", "release")
_at_the_desk("desk_acts.keep", "hold")
_at_the_desk("desk_acts.keep_and_pause", "pause", reason="break")
_at_the_desk("desk_acts.give_to", "handover", hand_to="zoe@acme.example")
_at_the_desk("desk_acts.ask_another", "second-opinion", act_note="Is this Paris, Texas?")
_at_the_desk("desk_acts.pass_up", "escalate")
_at_the_desk("review.keep_draft", "draft", note="half a")


@walk_to("review.take")
def _take(walker: Walker) -> None:
    walker.submit()
    walker.sign_in()
    walker.go()
    walker.page("/review/take")


@walk_to("login.use_link")
def _use_link(walker: Walker) -> None:
    link = walker.link()
    walker.go()
    walker.page(link)


@walk_to("login.sign_in")
def _sign_in(walker: Walker) -> None:
    walker.sign_in()
    walker.page("/account/password", new_password=PASSWORD)
    walker.go()
    walker.page("/login", email="ada@acme.example", password=PASSWORD)


@walk_to("login.sign_out")
def _sign_out(walker: Walker) -> None:
    walker.sign_in()
    walker.go()
    walker.page("/logout")


@walk_to("account.set_own_password")
def _set_password(walker: Walker) -> None:
    walker.sign_in()
    walker.go()
    walker.page("/account/password", new_password=PASSWORD)


@walk_to("account.end_session")
def _end_session(walker: Walker) -> None:
    walker.sign_in()
    path = walker.own_session()
    walker.go()
    walker.page(path)
