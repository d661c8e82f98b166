"""Two workspaces: whatever one has, no key and no person of the other reads, changes or learns of.

Made from the map of routes, so a route that is new is asked too. Bodies are the examples of the description.
"""

import re
from typing import Any, Final

import pytest
from werkzeug.routing import Rule

from app.api.description import kept_answers
from app.edge.unit_of_work import ProofdeskApp
from tests.factories.described import RECORD
from tests.factories.site import BASE, Site, make_site

CANARY: Final = "canary-7f3a"
_ID: Final = re.compile(r"\b[a-z]+_[0-9a-f]{32}\b")
# Its answers would be examples, and then the canary would be in the description of every workspace.
pytestmark = pytest.mark.skipif(RECORD is not None, reason="answers are being written down")
# Roles of people, each with a browser; keys with every scope, and of a reviewer.
ROLES: Final = ("reviewer", "lead", "finance", "auditor", "admin")
# Of the installation, not of a workspace.
SHARED: Final = frozenset({"metrics.get", "health.get_openapi", "grants.get_keys"})


def fill(site: Site) -> set[str]:
    """Have one of everything in a workspace; return every id that its own keys can see."""
    site.define_addresses()
    site.add_person("lea", ["lead", "reviewer"])
    endpoint = site.call("POST", "/endpoints", {"url": f"https://{CANARY}.example/hook"}).body["id"]
    site.call("POST", "/groups", {"name": CANARY})
    site.call("POST", "/calendars", {"name": CANARY, "zone": "UTC", "hours": {"mon": [["09:00", "17:00"]]}})
    site.call("POST", "/chat-hooks", {"name": CANARY, "url": "https://hooks.example.org/1", "kinds": ["waiting"]})
    site.call(
        "POST",
        "/rate-cards",
        {"currency": "EUR", "unit": "hour", "base": "30.00", "valid_from": "2026-01-01T00:00:00Z"},
    )
    for n in range(3):
        site.submit(0.5, external_id=f"{CANARY}-{n}", endpoint=endpoint, metadata={"note": CANARY})
    site.call("POST", "/submissions", {"task_type": "addresses", "output": {"city": CANARY}, "confidence": 0.4})
    taken = site.call("POST", "/claims", {}, key="ada").body
    proof = {"token": taken["claim"]["token"], "content_sha256": taken["item"]["content_sha256"], "verb": "approve"}
    assert site.call("POST", f"/claims/{taken['claim']['id']}/decision", proof, key="ada").status == 200
    assert site.call("POST", "/claims", {}, key="lea").body["claim"] is not None
    seen: set[str] = set()
    for rule in rules(site.app):
        if "GET" in (rule.methods or ()) and not rule.arguments and rule.endpoint not in SHARED:
            for key in ("all", "ada", "lea"):
                seen |= ids(site.call("GET", rule.rule, key=key, api="").raw.decode("utf-8", "replace"))
    return seen


def rules(app: ProofdeskApp) -> list[Rule]:
    """Return every route of the API that answers at once."""
    return [r for r in app.url_map.iter_rules() if r.rule.startswith("/api/") and not r.rule.endswith("/stream")]


def ids(text: str) -> set[str]:
    """Return what looks like an id."""
    return set(_ID.findall(text))


@pytest.fixture
def two(app: ProofdeskApp) -> tuple[Site, set[str], Site]:
    """A workspace with one of everything and its ids, and a stranger beside it."""
    site = make_site(app, "Acme")
    own = fill(site)
    stranger = make_site(app, "Other")
    stranger.define_addresses()
    stranger.add_person("lea", ["lead", "reviewer"])
    assert {one.partition("_")[0] for one in own} >= {"sub", "it", "ep", "grp", "cal", "hook", "rate", "key", "p", "q"}
    return site, own, stranger


def test_a_strangers_keys_learn_nothing_of_it(two: tuple[Site, set[str], Site]) -> None:
    _, own, stranger = two
    leaks, asked = [], 0
    for rule in rules(stranger.app):
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            body = _example(rule, method)
            for path in _paths(rule, own) if rule.arguments else [rule.rule]:
                for key in ("all", "ada", "lea"):
                    if not rule.arguments and method != "GET":
                        continue
                    asked += 1
                    answer = stranger.call(method, path, body, key=key, api="")
                    said = answer.raw.decode("utf-8", "replace")
                    gone = answer.status in {403, 404, 405} or (answer.status == 422 and method != "GET")
                    if rule.arguments and not gone and answer.status != 401:
                        leaks.append(f"{method} {path} {key}: {answer.status}")
                    if CANARY in said or (ids(said) - ids(path)) & own:
                        leaks.append(f"{method} {path} {key} says something")
    assert leaks == []
    assert asked > 500


def test_a_strangers_pages_show_nothing_of_it(two: tuple[Site, set[str], Site]) -> None:
    _, own, stranger = two
    leaks, asked = [], 0
    for role in ROLES:
        stranger.add_person(f"x{role}", [role])
        browser = stranger.app.test_client()
        browser.post(stranger.sign_in_path(f"x{role}"), base_url=BASE, headers={"Origin": BASE})
        for rule in stranger.app.url_map.iter_rules():
            if rule.rule.startswith(("/api/", "/static", "/login", "/.well-known")) or "GET" not in (
                rule.methods or ()
            ):
                continue
            for path in _paths(rule, own) if rule.arguments else [rule.rule]:
                asked += 1
                answer = browser.get(path, base_url=BASE)
                said = answer.get_data(as_text=True)
                if rule.arguments and answer.status_code not in {403, 404} and "problems" not in path:
                    leaks.append(f"{role} {path}: {answer.status_code}")
                if CANARY in said or (ids(said) - ids(path)) & own:
                    leaks.append(f"{role} {path} shows something")
    assert leaks == []
    assert asked > 200


def _paths(rule: Rule, own: set[str]) -> list[str]:
    """Return a route's paths with ids of the other workspace, one of each kind, in the place of its arguments."""
    kinds = {one.partition("_")[0]: one for one in sorted(own)}
    (name, *others) = sorted(rule.arguments)
    assert not others, rule.rule
    return [re.sub(r"<[^>]+>", one, rule.rule) for one in kinds.values() if name]


def _example(rule: Rule, method: str) -> Any:
    path = rule.rule.replace("<", "{").replace(">", "}")
    kept = kept_answers().get(f"{method} {path}", {})
    return next((known["sent"] for known in kept.values() if "sent" in known), None if method == "GET" else {})
