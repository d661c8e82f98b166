"""The pages of queues, the floor and the set-up: who may open them, what they show, and what they refuse."""

import re
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from app.edge.unit_of_work import ProofdeskApp
from app.kernel.clock import read_now
from app.kernel.ids import show
from app.queue.rules.diagnosis import SAYS
from app.queue.rules.eligibility import MISSING_SKILL, PAUSED
from app.review.service import measure_loads
from tests.factories.site import BASE, Site, make_site

HOURS = {"name": "office", "zone": "Europe/Berlin", "hours_mon": "9-12, 13:00-17:30", "country": "de"}
ALL_DAY = {"mon": [["00:00", "24:00"]]}
PAGES = {
    "/queue": {"rita", "lea", "audra", "adam"},
    "/floor": {"lea"},
    "/admin/queues": {"lea", "adam"},
    "/admin/calendars": {"lea", "adam"},
    "/admin/people": {"lea", "adam"},
    "/admin/groups": {"lea", "adam"},
    "/admin/skills": {"lea", "adam"},
}
ROLES = {"rita": "reviewer", "lea": "lead", "audra": "auditor", "adam": "admin", "fin": "finance"}


class Browser:
    """A signed-in person's browser without scripts."""

    def __init__(self, site: Site, short: str) -> None:
        self._client: Client = site.app.test_client()
        self.post(site.sign_in_path(short))

    def get(self, path: str) -> TestResponse:
        return self._client.get(path, base_url=BASE)

    def post(self, path: str, **form: Any) -> TestResponse:
        return self._client.post(path, data=form, base_url=BASE, headers={"Origin": BASE})

    def post_json(self, path: str, document: dict[str, Any]) -> TestResponse:
        """Post as a page's script does."""
        return self._client.post(path, json=document, base_url=BASE, headers={"Origin": BASE})


@pytest.fixture
def lead(site: Site) -> Browser:
    site.add_person("lea", ["lead"])
    return Browser(site, "lea")


def _count(site: Site) -> None:
    with site.app.database.unit_of_work() as session:
        measure_loads(session, now=read_now(session))


def test_each_page_opens_for_those_it_is_for(site: Site) -> None:
    for short, role in ROLES.items():
        site.add_person(short, [role])
        browser = Browser(site, short)
        for path, who in PAGES.items():
            assert browser.get(path).status_code == (200 if short in who else 403), (short, path)


def test_a_reviewer_sees_her_own_queues_and_nobody_by_name(site: Site) -> None:
    site.define_addresses()
    site.submit()
    made = site.call("POST", "/queues", {"name": "night"}).body
    site.add_person("rita", ["reviewer"], queues=["default"])
    site.call("POST", "/claims", {}, key="ada")
    _count(site)
    browser = Browser(site, "rita")
    shown = browser.get("/queue").text
    assert ("default" in shown, "night" in shown) == (True, False)
    assert browser.get(f"/queue/{made['id']}").status_code == 404
    path = next(part for part in shown.split('"') if part.startswith("/queue/q_"))
    one = browser.get(path).text
    assert "▶ open" in one
    assert "Ada" not in one


def test_another_workspace_is_not_there(app: ProofdeskApp, site: Site, lead: Browser) -> None:
    other = make_site(app, "Other")
    queue = other.call("POST", "/queues", {"name": "theirs"}).body["id"]
    group = other.call("POST", "/groups", {"name": "theirs"}).body["id"]
    person = show("person", other.people["ada"])
    calendar = other.call("POST", "/calendars", {"name": "c", "zone": "UTC", "hours": {"mon": [["09:00", "17:00"]]}})
    there = [f"/queue/{queue}", f"/admin/queues/{queue}", f"/admin/groups/{group}", f"/admin/people/{person}"]
    for path in [*there, f"/admin/calendars/{calendar.body['id']}"]:
        assert lead.get(path).status_code == 404, path
    for path in [*there[1:], f"/admin/calendars/{calendar.body['id']}", f"/admin/groups/{group}/remove"]:
        assert lead.post(path, name="mine").status_code == 404, path
    other.define_addresses()
    other.submit()
    taken = other.call("POST", "/claims", {}, key="ada").body
    assert lead.post(f"/floor/items/{taken['item']['id']}/assign", to="everybody").status_code == 404


def test_the_floor_shows_who_has_what_and_takes_it_away(site: Site, lead: Browser) -> None:
    site.define_addresses()
    site.submit()
    taken = site.call("POST", "/claims", {}, key="ada").body
    shown = lead.get("/floor").text
    assert "▶ open" in shown
    assert taken["item"]["id"] in shown
    path = f"/floor/items/{taken['item']['id']}/assign"
    assert lead.post(path, to="").status_code == 422
    assert lead.post(path, to="nobody@acme.example").status_code == 422
    assert lead.post(path, to=show("person", site.people["lea"])).status_code == 303
    assert "→ given by name" in lead.get("/floor").text
    assert site.call("POST", "/claims", {}, key="lea").body["item"]["id"] == taken["item"]["id"]


def test_a_calendar_is_looked_at_before_it_is_kept(site: Site, lead: Browser) -> None:
    looked = lead.post("/admin/calendars", **HOURS, act="look")
    assert (looked.status_code, "not saved yet" in looked.text) == (200, True)
    assert site.call("GET", "/calendars").body["data"] == []
    assert lead.post("/admin/calendars", **HOURS, act="save").status_code == 303
    (kept,) = site.call("GET", "/calendars").body["data"]
    assert (kept["hours"], kept["country"]) == ({"mon": [["09:00", "12:00"], ["13:00", "17:30"]]}, "DE")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"zone": "Nowhere"}, "zone"),
        ({"hours_mon": "9-"}, "hours_mon"),
        ({"hours_mon": ""}, "hours"),
        ({"country": "ZZ"}, "country"),
        ({"subdivision": "Atlantis"}, "subdivision"),
        ({"closed_days": "24.12.2026"}, "closed_days"),
    ],
)
@pytest.mark.parametrize("act", ["look", "save"])
def test_what_is_no_calendar_is_said_at_its_field(lead: Browser, changes: dict[str, str], field: str, act: str) -> None:
    answer = lead.post("/admin/calendars", **{**HOURS, **changes}, act=act)
    assert answer.status_code == 422
    assert f'id="{field}-fault"' in answer.text


def test_a_queue_is_made_and_worked_otherwise(site: Site, lead: Browser) -> None:
    made = lead.post("/admin/queues", name="night")
    path = made.headers["Location"].partition("?")[0]
    form = {"half_life": "2 h", "soon": "90 min", "lapse": "1 d", "skip_policy": "lead", "value_order": "1"}
    steps = {"skip_reasons": "unclear\nlanguage", "after.0": "30 min", "drop.0": "law", "after.3": "2 h"}
    assert lead.post(path, **form, **steps, **{"candidates.3": "1"}).status_code == 303
    (queue,) = site.call("GET", "/queues").body["data"]
    assert (queue["value_order"], queue["half_life_seconds"], queue["due_soon_seconds"]) == (True, 7_200, 5_400)
    assert (queue["skip_policy"], queue["skip_reasons"]) == ("lead", ["unclear", "language"])
    assert [(r["after_seconds"], r["drop"], r["candidates"]) for r in queue["relaxations"]] == [
        (1_800, ["law"], False),
        (7_200, [], True),
    ]
    refused = lead.post(path, **{**form, "soon": "soon"})
    assert (refused.status_code, 'id="soon-fault"' in refused.text) == (422, True)
    assert lead.post("/admin/queues", name="night").status_code == 422


def test_roles_are_left_alone_by_whoever_does_not_administer(site: Site, lead: Browser) -> None:
    path = f"/admin/people/{show('person', site.people['ada'])}"
    assert lead.post(path, roles="admin", skills_more="law\nGerman", capacity="2").status_code == 303
    read = site.call("GET", f"/people/{show('person', site.people['ada'])}").body
    assert (read["roles"], read["skills"], read["capacity"]) == (["reviewer", "finance"], ["law", "German"], 2)
    for capacity in ("0", "many", "1000"):
        assert lead.post(path, capacity=capacity).status_code == 422
    site.add_person("adam", ["admin"])
    assert Browser(site, "adam").post(path, roles="reviewer").status_code == 303
    assert site.call("GET", f"/people/{show('person', site.people['ada'])}").body["roles"] == ["reviewer"]


def test_a_persons_page_says_why_she_gets_nothing(site: Site, lead: Browser) -> None:
    path = f"/admin/people/{show('person', site.people['ada'])}"
    assert "Why Ada" in lead.get(path).text
    site.define_addresses(rules=[{"name": "legal", "when": "true", "outcome": "review", "skills": ["law"]}])
    site.submit()
    assert SAYS[MISSING_SKILL] in lead.get(path).text
    assert lead.post(path, skills_more="law").status_code == 303
    able = lead.get(path).text
    assert (SAYS[MISSING_SKILL] in able, "gets the next item she asks for" in able) == (False, True)
    assert site.call("PUT", "/presence", {"state": "paused", "reason": "meeting"}, key="ada").status == 200
    paused = lead.get(path).text
    assert (SAYS[PAUSED] in paused, "(meeting)" in paused, "Why Ada" in paused) == (True, True, True)


def test_a_skill_that_nobody_has_stands_out_and_is_given(site: Site, lead: Browser) -> None:
    site.define_addresses(rules=[{"name": "legal", "when": "true", "outcome": "review", "skills": ["law"]}])
    site.submit()
    assert "nobody, so they wait" in lead.get("/admin/skills").text
    ada = show("person", site.people["ada"])
    assert lead.post("/admin/skills/one?skill=law", people=[ada]).status_code == 303
    assert "nobody, so they wait" not in lead.get("/admin/skills").text
    assert site.call("GET", f"/people/{ada}").body["skills"] == ["law"]
    assert lead.post("/admin/skills/one?skill=law").status_code == 303
    assert site.call("GET", f"/people/{ada}").body["skills"] == []


def test_a_group_is_made_changed_and_taken_away(site: Site, lead: Browser) -> None:
    ada = show("person", site.people["ada"])
    assert lead.post("/admin/groups", name="Experts", skills_more="law", members=[ada, "nobody"]).status_code == 303
    (group,) = site.call("GET", "/groups").body["data"]
    assert (group["skills"], group["members"]) == (["law"], [ada])
    assert lead.post("/admin/groups", name="Experts").status_code == 422
    path = f"/admin/groups/{group['id']}"
    assert lead.post(path, name="Lawyers", skills=["law"]).status_code == 303
    assert lead.post(f"{path}/remove").status_code == 303
    assert site.call("GET", "/groups").body["data"] == []


@pytest.mark.parametrize("after", ["x", "1-", "1-" + "z" * 32, "-1-" + "0" * 32, "9" * 40 + "-" + "0" * 32])
def test_a_place_that_was_not_made_here_is_refused(site: Site, lead: Browser, after: str) -> None:
    made = site.call("POST", "/queues", {"name": "night"}).body
    assert lead.get(f"/queue/{made['id']}?after={after}").status_code == 422


def test_a_line_is_read_page_by_page(site: Site, lead: Browser) -> None:
    site.define_addresses()
    for _ in range(52):
        site.submit()
    (queue,) = site.call("GET", "/queues").body["data"]
    first = lead.get(f"/queue/{queue['id']}").text
    assert first.count('href="/items/it_') == 50
    path = next(part for part in first.split('"') if "after=" in part)
    assert lead.get(path).text.count('href="/items/it_') == 2


def _seen(page: TestResponse) -> str:
    (found,) = re.findall(r'name="seen" value="([0-9a-f]+)"', page.text)
    return str(found)


def test_nobody_overwrites_settings_that_she_has_not_seen(site: Site, lead: Browser) -> None:
    site.add_person("adam", ["admin"])
    other = Browser(site, "adam")
    office = {"name": "office", "zone": "UTC", "hours": ALL_DAY}
    made = {
        "/admin/groups": site.call("POST", "/groups", {"name": "night"}).body["id"],
        "/admin/queues": site.call("POST", "/queues", {"name": "finance"}).body["id"],
        "/admin/calendars": site.call("POST", "/calendars", office).body["id"],
        "/admin/people": show("person", site.people["ada"]),
    }
    queue = {"half_life": "4 h", "soon": "1 h", "lapse": "30 min", "skip_policy": "me_last"}
    forms: dict[str, list[dict[str, Any]]] = {
        "/admin/groups": [{"name": "late"}, {"name": "early"}],
        "/admin/queues": [{**queue, "skip_reasons": "late"}, {**queue, "skip_reasons": "early"}],
        "/admin/calendars": [{**HOURS, "name": "late"}, {**HOURS, "name": "early"}],
        "/admin/people": [{"skills_more": "late"}, {"skills_more": "early", "roles": "reviewer"}],
    }
    for place, thing in made.items():
        path = f"{place}/{thing}"
        seen = _seen(lead.get(path))
        assert seen == _seen(other.get(path))
        first, second = forms[place]
        assert lead.post(path, **first, seen=seen).status_code == 303, path
        refused = other.post(path, **second, seen=seen)
        assert refused.status_code == 422
        assert "Somebody else changed this" in refused.text
        assert "early" in refused.text
        assert "early" not in lead.get(path).text
        assert other.post(path, **second, seen=_seen(refused)).status_code == 303
        assert "early" in lead.get(path).text


def test_a_form_that_comes_back_for_another_reason_still_stands_over_what_was_first_shown(
    site: Site, lead: Browser
) -> None:
    path = f"/admin/groups/{site.call('POST', '/groups', {'name': 'night'}).body['id']}"
    seen = _seen(lead.get(path))
    assert lead.post(path, name="late", seen=seen).status_code == 303
    again = lead.post(path, name="", seen=seen)
    assert again.status_code == 422
    assert "late" in lead.get(path).text


def test_a_skill_is_not_taken_from_whoever_got_it_meanwhile(site: Site, lead: Browser) -> None:
    path = "/admin/skills/one?skill=tax"
    seen = _seen(lead.get(path))
    ada = show("person", site.people["ada"])
    assert site.call("PATCH", f"/people/{ada}", {"skills": ["tax"]}).status == 200
    refused = lead.post(path, seen=seen)
    assert "Somebody else changed this" in refused.text
    assert site.call("GET", f"/people/{ada}").body["skills"] == ["tax"]
    assert lead.post(path, seen=_seen(refused)).status_code == 303
    assert site.call("GET", f"/people/{ada}").body["skills"] == []


@pytest.fixture
def admin(site: Site) -> Browser:
    site.add_person("adam", ["admin"])
    return Browser(site, "adam")


def test_an_admin_adds_a_person_and_goes_on_to_what_she_may_work(site: Site, admin: Browser, lead: Browser) -> None:
    assert "Add somebody" not in lead.get("/admin/people").text
    assert lead.post("/admin/people", email="rita@acme.example", roles="reviewer").status_code == 403
    made = admin.post("/admin/people", email="Rita@acme.example", name="Rita <b>", roles=["reviewer", "lead"])
    assert made.status_code == 303
    page = admin.get(made.location)
    assert "Rita &lt;b&gt;" in page.text
    assert "Say below what she may work" in page.text
    refused = admin.post("/admin/people", email="nobody", name="X", roles="reviewer")
    assert refused.status_code == 422
    assert 'value="nobody"' in refused.text
    again = admin.post("/admin/people", email="rita@acme.example", roles="reviewer")
    assert again.status_code == 422
    people = site.call("GET", "/people").body["data"]
    assert [p["roles"] for p in people if p["email"] == "rita@acme.example"] == [["reviewer", "lead"]]


def test_a_chat_channel_is_told_tried_and_disabled_and_its_address_never_shown(site: Site, admin: Browser) -> None:
    url = "https://hooks.slack.com/services/T0/B0/secret-part"
    refused = admin.post("/admin/chat-hooks", name="", url="http://x", kinds="due_soon")
    assert refused.status_code == 422
    assert admin.post("/admin/chat-hooks", name="night <i>", url=url, kinds=["due_soon", "waiting"]).status_code == 303
    page = admin.get("/admin/chat-hooks").text
    assert "secret-part" not in page
    assert "night &lt;i&gt;" in page
    assert "Due soon, Work waits" in page
    (hook,) = site.call("GET", "/chat-hooks").body["data"]
    assert admin.post(f"/admin/chat-hooks/{hook['id']}/test").status_code == 303
    assert "on its way" in admin.get("/admin/chat-hooks").text
    for _ in range(2):
        assert admin.post(f"/admin/chat-hooks/{hook['id']}/disable").status_code == 303
    assert "disabled by an admin" in admin.get("/admin/chat-hooks").text


def test_a_key_is_made_shown_once_and_revoked(site: Site, lead: Browser) -> None:
    assert lead.get("/admin/keys").status_code == 403
    site.add_person("adam", ["admin"])
    admin = Browser(site, "adam")
    refused = admin.post("/admin/keys", name="", days="7")
    assert (refused.status_code, 'id="days-fault"' in refused.text) == (422, True)
    refused = admin.post("/admin/keys", name="nightly", scopes="review", days="30")
    assert (refused.status_code, 'id="person-fault"' in refused.text) == (422, True)
    ada = show("person", site.people["ada"])
    made = admin.post("/admin/keys", name="nightly <i>", scopes=["read", "review"], person=ada, days="30")
    assert made.status_code == 200
    (text,) = set(re.findall(r"pd_[0-9a-f]{16}_[A-Za-z0-9_-]{43}", made.text))
    assert site.call("GET", "/submissions", key=text).status == 200
    assert site.call("POST", "/submissions", {}, key=text).status == 403
    listed = admin.get("/admin/keys").text
    assert (text in listed, "nightly &lt;i&gt;" in listed, text[:19] in listed) == (False, True, True)
    key = next(k for k in site.call("GET", "/keys", key="admin").body["data"] if k["name"] == "nightly <i>")
    assert (key["scopes"], key["person"], key["expires_at"] is None) == (["read", "review"], ada, False)
    assert admin.post(f"/admin/keys/{key['id']}/revoke").status_code == 303
    assert site.call("GET", "/submissions", key=text).status == 401
    assert "✕ revoked" in admin.get("/admin/keys").text
