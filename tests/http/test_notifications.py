"""How people and chats are told, from outside: choices, hooks, and the way from a mail's link to the item."""

import re
from uuid import UUID

import pytest
from sqlalchemy import select, text

from app.kernel.ids import show
from app.notifications.models import ChatHook, Notice
from app.queue.models import Item
from tests.factories.site import BASE, Site, make_site
from tests.http.walker import CHAT_HOOK, PASSWORD

DEFAULT = dict.fromkeys(("handed_over", "due_soon", "breached", "escalated", "endpoint_disabled"), "at_once")


def item_path(site: Site) -> str:
    """Put an address in line and return the path of its item."""
    site.define_addresses()
    submission = site.submit().body["id"]
    with site.app.database.unit_of_work() as session:
        wanted = select(Item.id).where(Item.submission_id == UUID(submission.removeprefix("sub_")))
        return f"/items/{show('item', session.scalars(wanted).one())}"


def test_without_a_choice_the_defaults_hold_and_a_choice_is_kept(site: Site) -> None:
    first = site.call("GET", "/me/notifications", key="ada")
    assert first.status == 200
    assert first.body == {
        "modes": {**DEFAULT, "waiting": "hourly"},
        "zone": "UTC",
        "daily_at": "09:00",
        "quiet_from": None,
        "quiet_until": None,
        "mail": False,
    }
    chosen = {
        "modes": {"waiting": "off"},
        "zone": "America/New_York",
        "daily_at": "07:15",
        "quiet_from": "22:00",
        "quiet_until": "06:30",
    }
    put = site.call("PUT", "/me/notifications", chosen, key="ada")
    assert put.status == 200
    assert put.body == {**chosen, "modes": {**DEFAULT, "waiting": "off"}, "mail": False}
    assert site.call("GET", "/me/notifications", key="ada").body == put.body


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"modes": {"gossip": "off"}}, "/modes/gossip"),
        ({"modes": {"waiting": "never"}}, "/modes/waiting"),
        ({"modes": {"waiting": 1}}, "/modes/waiting"),
        ({"modes": []}, "/modes"),
        ({"zone": "Mars"}, "/zone"),
        ({"zone": "../../etc/passwd"}, "/zone"),
        ({"zone": "a" * 10_000}, "/zone"),
        ({"daily_at": "25:00"}, "/daily_at"),
        ({"daily_at": "09:00Z"}, "/daily_at"),
        ({"daily_at": None}, "/daily_at"),
        ({"quiet_from": "22:00"}, "/quiet_from"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "/quiet_from"),
        ({"surprise": 1}, "/surprise"),
    ],
)
def test_a_choice_that_means_nothing_is_refused_at_its_place(site: Site, body: object, pointer: str) -> None:
    refused = site.call("PUT", "/me/notifications", body, key="ada")
    assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, pointer)


def test_a_key_without_a_person_or_scope_chooses_nothing(site: Site) -> None:
    assert site.call("GET", "/me/notifications", key="all").status == 403
    assert site.call("PUT", "/me/notifications", {}, key="read").status == 403
    assert site.call("GET", "/me/notifications", key=None).status == 401


def test_a_hook_is_kept_sealed_and_shown_masked(site: Site) -> None:
    site.define_addresses()
    site.submit()
    made = site.call("POST", "/chat-hooks", {**CHAT_HOOK, "queues": ["default"]})
    assert made.status == 201
    assert made.body["url"] == "https://chat.example.com/…cret"
    assert (made.body["queues"], made.body["kinds"], made.body["latest_message"]) == (["default"], ["due_soon"], None)
    listed = site.call("GET", "/chat-hooks")
    assert listed.body["data"] == [made.body]
    with site.app.database.unit_of_work() as session:
        sealed = session.scalars(select(ChatHook.url)).one()
        assert sealed is not None
        assert b"services" not in sealed
        trail = "".join(session.scalars(text("SELECT details::text FROM events")))
    assert "services" not in trail


def test_a_trial_is_sent_later_and_stands_with_the_hook(site: Site) -> None:
    hook = site.call("POST", "/chat-hooks", CHAT_HOOK).body["id"]
    tried = site.call("POST", f"/chat-hooks/{hook}/test", {})
    assert (tried.status, tried.body["latest_message"]["state"]) == (202, "due")
    gone = site.call("DELETE", f"/chat-hooks/{hook}")
    assert (gone.status, gone.body["disabled_why"]) == (200, "disabled by an admin")
    assert site.call("POST", f"/chat-hooks/{hook}/test", {}).status == 409
    assert site.call("DELETE", f"/chat-hooks/{hook}").status == 200


def test_a_channel_can_be_told_of_a_queue_that_is_paused(site: Site) -> None:
    made = site.call("POST", "/queues", {"name": "night", "paused": True})
    assert made.status == 201, made.body
    hooked = site.call("POST", "/chat-hooks", {**CHAT_HOOK, "queues": ["night"]})
    assert (hooked.status, hooked.body.get("queues")) == (201, ["night"])


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"url": "http://chat.example.com/x"}, "/url"),
        ({"url": "https://user:pass@chat.example.com/x"}, "/url"),
        ({"url": "https://169.254.169.254/x"}, "/url"),
        ({"url": "https://chat.example.com/x\r\nHost: evil"}, "/url"),
        ({"kinds": []}, "/kinds"),
        ({"kinds": ["gossip"]}, "/kinds/0"),
        ({"queues": ["nowhere"]}, "/queues/0"),
        ({"name": "a\nb"}, "/name"),
        ({"name": ""}, "/name"),
    ],
)
def test_a_hook_that_breaks_a_rule_is_refused(site: Site, changes: dict[str, object], pointer: str) -> None:
    refused = site.call("POST", "/chat-hooks", {**CHAT_HOOK, **changes})
    assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, pointer)


def test_another_workspaces_hooks_and_items_do_not_exist(site: Site) -> None:
    other = make_site(site.app, "Other")
    hook = other.call("POST", "/chat-hooks", CHAT_HOOK).body["id"]
    path = item_path(other)
    for method, where in (("GET", ""), ("DELETE", ""), ("POST", "/test")):
        assert site.call(method, f"/chat-hooks/{hook}{where}", {} if method == "POST" else None).status == 404
    browser = site.app.test_client()
    browser.post(site.sign_in_path("ada"), base_url=BASE, headers={"Origin": BASE})
    assert browser.get(path, base_url=BASE).status_code == 404
    assert browser.get("/items/it_none", base_url=BASE).status_code == 404


def test_hooks_are_for_admins(site: Site) -> None:
    for method in ("GET", "POST"):
        assert site.call(method, "/chat-hooks", CHAT_HOOK if method == "POST" else None, key="ada").status == 403


def test_a_link_leads_to_its_item_after_a_sign_in_by_password_and_the_button_takes_it(site: Site) -> None:
    path = item_path(site)
    browser = site.app.test_client()
    browser.post(site.sign_in_path("ada"), base_url=BASE, headers={"Origin": BASE})
    browser.post("/account/password", data={"new_password": PASSWORD}, base_url=BASE, headers={"Origin": BASE})
    browser.post("/logout", base_url=BASE, headers={"Origin": BASE})
    sent_on = browser.get(path, base_url=BASE)
    assert sent_on.status_code == 302
    form = browser.get(sent_on.headers["Location"], base_url=BASE).get_data(as_text=True)
    wanted = re.search(r'name="next" value="([^"]*)"', form)
    assert wanted is not None
    data = {"email": "ada@acme.example", "password": PASSWORD, "next": wanted[1]}
    signed_in = browser.post("/login", data=data, base_url=BASE, headers={"Origin": BASE})
    assert (signed_in.status_code, signed_in.headers["Location"]) == (303, path)
    shown = browser.get(path, base_url=BASE).get_data(as_text=True)
    assert "Paris" not in shown
    button = re.search(r'action="(/review/take\?item=it_[0-9a-f]+)"', shown)
    assert button is not None
    assert browser.post(button[1], base_url=BASE, headers={"Origin": BASE}).headers["Location"] == "/review"
    assert "Go on with it at the desk" in browser.get(path, base_url=BASE).get_data(as_text=True)


def test_a_link_leads_to_its_item_after_a_sign_in_by_a_one_time_link_too(site: Site) -> None:
    path = item_path(site)
    browser = site.app.test_client()
    browser.get(browser.get(path, base_url=BASE).headers["Location"], base_url=BASE)
    signed_in = browser.post(site.sign_in_path("ada"), base_url=BASE, headers={"Origin": BASE})
    assert (signed_in.status_code, signed_in.headers["Location"]) == (303, path)
    again = browser.post(site.sign_in_path("ada"), base_url=BASE, headers={"Origin": BASE})
    assert again.headers["Location"] == "/"


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example/items",
        "https://evil.example/",
        "/\t/evil.example",
        "////evil.example",
        "/\\evil.example",
        "/items/../../evil",
        "/login",
        "/nowhere",
        "javascript:alert(1)",
    ],
)
def test_nobody_is_led_elsewhere_after_signing_in(site: Site, wanted: str) -> None:
    browser = site.app.test_client()
    browser.get("/login", query_string={"next": wanted}, base_url=BASE)
    by_link = browser.post(site.sign_in_path("ada"), base_url=BASE, headers={"Origin": BASE})
    assert by_link.headers["Location"] == "/"
    other = site.app.test_client()
    other.set_cookie("proofdesk-next", wanted.replace("\t", "%09"), path="/login", domain="127.0.0.1")
    by_cookie = other.post(site.sign_in_path("ada"), base_url=BASE, headers={"Origin": BASE})
    assert by_cookie.headers["Location"] == "/"


def test_the_account_page_shows_the_choice_and_why_no_mail_comes(site: Site) -> None:
    browser = site.app.test_client()
    browser.post(site.sign_in_path("ada"), base_url=BASE, headers={"Origin": BASE})
    assert "sends no mail" in browser.get("/account", base_url=BASE).get_data(as_text=True)
    form = {"mode-waiting": "daily", "zone": "Europe/Zurich", "daily_at": "08:30", "quiet_from": "", "quiet_until": ""}
    kept = browser.post("/account/notifications", data=form, base_url=BASE, headers={"Origin": BASE})
    assert kept.status_code == 303
    assert site.call("GET", "/me/notifications", key="ada").body["modes"] == {**DEFAULT, "waiting": "daily"}
    for changes, sentence in (
        ({"zone": "Mars"}, "Choose a time zone"),
        ({"daily_at": "x"}, "Write a time"),
        ({"quiet_from": "22:00"}, "Give both times"),
        ({"mode-waiting": "<script>"}, "Choose one of the ways"),
    ):
        bad = browser.post("/account/notifications", data={**form, **changes}, base_url=BASE, headers={"Origin": BASE})
        assert (bad.status_code, sentence in bad.get_data(as_text=True)) == (422, True)
    assert browser.post("/account/notifications", data=form, base_url=BASE).status_code == 403


def test_a_hand_over_is_news_in_the_same_transaction(site: Site) -> None:
    site.add_person("ben", ["reviewer"])
    site.define_addresses()
    site.submit()
    claim = site.call("POST", "/claims", {}, key="ada").body["claim"]["id"]
    assert site.call("POST", f"/claims/{claim}/handover", {"to": "ben@acme.example"}, key="ada").status == 200
    with site.app.database.unit_of_work() as session:
        (notice,) = session.scalars(select(Notice))
        assert (notice.kind, notice.to_person_id, notice.by_person_id) == (
            "handed_over",
            site.people["ben"],
            site.people["ada"],
        )
