"""Walks up to the changing routes of the floor, of the pages of those who run queues, and of how people are told."""

import re
from typing import Any, Final

from app.kernel.ids import show
from app.web.desk_keys import USUAL
from tests.http.authenticator import Browser
from tests.http.walker import CHAT_HOOK, Walker, walk_to

WEEK: Final = {f"hours_{day}": "09:00-17:00" for day in ("mon", "tue", "wed", "thu", "fri")}
HOURS: Final = {"name": "office", "zone": "Europe/Berlin", "country": "DE", "act": "save", **WEEK}
SETTINGS: Final = {"half_life": "4 h", "soon": "1 h", "lapse": "4 h", "skip_policy": "others"}


def _calendar(walker: Walker) -> str:
    """Return the path of the one calendar, made by a lead at her browser."""
    walker.sign_in("zoe")
    walker.page("/admin/calendars", **HOURS)
    (made,) = walker.site.call("GET", "/calendars").body["data"]
    return f"/admin/calendars/{made['id']}"


def _post(walker: Walker, path: str, who: str = "zoe", **form: Any) -> None:
    walker.sign_in(who)
    walker.go()
    walker.page(path, **form)


@walk_to("floor.assign")
def _give(walker: Walker) -> None:
    _, item_id, _ = walker.claim_of_item()
    _post(walker, f"/floor/items/{item_id}/assign", to="everybody")


@walk_to("queue_settings.add")
def _add_queue(walker: Walker) -> None:
    _post(walker, "/admin/queues", name="night")


@walk_to("rate_pages.add")
def _add_rate(walker: Walker) -> None:
    amounts = {"base": "30", "burden": "1", "overhead": "0"}
    _post(walker, "/admin/rates", "ada", whom="", currency="EUR", unit="hour", valid_from="2026-01-01", **amounts)


@walk_to("rate_pages.add_exchange")
def _add_exchange(walker: Walker) -> None:
    said = {"exchange_base": "EUR", "date": "2026-03-06", "source": "ECB", "rates": "USD 1.0832"}
    _post(walker, "/admin/rates/exchange", "ada", **said)


@walk_to("queue_settings.change")
def _change_queue(walker: Walker) -> None:
    made = walker.api("/queues", {"name": "night"})
    _post(walker, f"/admin/queues/{made['id']}", **SETTINGS)


@walk_to("calendar_pages.add")
def _add_calendar(walker: Walker) -> None:
    _post(walker, "/admin/calendars", **HOURS)


@walk_to("calendar_pages.change")
def _change_calendar(walker: Walker) -> None:
    _post(walker, _calendar(walker), **{**HOURS, "country": "AT"})


@walk_to("calendar_pages.remove")
def _remove_calendar(walker: Walker) -> None:
    _post(walker, f"{_calendar(walker)}/remove")


@walk_to("group_pages.add")
def _add_group(walker: Walker) -> None:
    _post(walker, "/admin/groups", name="experts", skills_more="law")


@walk_to("group_pages.change")
def _change_group(walker: Walker) -> None:
    made = walker.api("/groups", {"name": "experts"})
    _post(walker, f"/admin/groups/{made['id']}", name="lawyers")


@walk_to("group_pages.remove")
def _remove_group(walker: Walker) -> None:
    made = walker.api("/groups", {"name": "experts"})
    _post(walker, f"/admin/groups/{made['id']}/remove")


@walk_to("access.change_person")
def _change_access(walker: Walker) -> None:
    _post(walker, f"/admin/people/{show('person', walker.site.people['ada'])}", skills_more="law", capacity="3")


@walk_to("access.change_skill")
def _change_skill(walker: Walker) -> None:
    _post(walker, "/admin/skills/one?skill=law", people=[show("person", walker.site.people["ada"])])


@walk_to("desk_keys.choose")
def _choose_desk_keys(walker: Walker) -> None:
    walker.sign_in()
    walker.go()
    walker.page("/account/keys", **{**USUAL, "approve": "j"})


@walk_to("account.choose_notifications")
def _choose_notifications(walker: Walker) -> None:
    walker.sign_in()
    walker.go()
    walker.page("/account/notifications", zone="Europe/Zurich", daily_at="08:30")


@walk_to("my_notifications.put")
def _put_notifications(walker: Walker) -> None:
    walker.go()
    walker.api("/me/notifications", {"zone": "Asia/Tokyo"}, method="PUT", key="ada")


@walk_to("chat_hooks.delete")
def _disable_hook(walker: Walker) -> None:
    made = walker.api("/chat-hooks", CHAT_HOOK)
    walker.go()
    walker.api(f"/chat-hooks/{made['id']}", method="DELETE")


@walk_to("chat_hooks.post_trial")
def _try_hook(walker: Walker) -> None:
    made = walker.api("/chat-hooks", CHAT_HOOK)
    walker.go()
    walker.api(f"/chat-hooks/{made['id']}/test")


def _with_second_factor(walker: Walker) -> Browser:
    browser = Browser(walker.site)
    browser.turn_on()
    return browser


@walk_to("second_factor_pages.turn_on")
def _turn_second_factor_on(walker: Walker) -> None:
    walker.go()
    _with_second_factor(walker)


@walk_to("second_factor_pages.turn_off")
def _turn_second_factor_off(walker: Walker) -> None:
    browser = _with_second_factor(walker)
    walker.go()
    browser.post("/account/second-factor/off", code=browser.codes[0])


@walk_to("second_factor_pages.renew")
def _renew_recovery_codes(walker: Walker) -> None:
    browser = _with_second_factor(walker)
    walker.go()
    browser.post("/account/second-factor/codes", code=browser.codes[0])


@walk_to("login.give_code")
def _sign_in_with_a_code(walker: Walker) -> None:
    browser = _with_second_factor(walker)
    proof = browser.password_step()
    walker.go()
    browser.post("/login/code", proof=proof, code=browser.codes[0])


@walk_to("item_list_page.save")
def _save_a_view(walker: Walker) -> None:
    _post(walker, "/items/views?state=held", name="Kept")


@walk_to("item_list_page.remove")
def _remove_a_view(walker: Walker) -> None:
    walker.sign_in("zoe")
    walker.page("/items/views?state=held", name="Kept")
    path = walker.read("/items", r'action="(/items/views/[^"]+/remove)"')
    walker.go()
    walker.page(path)


def _selection(walker: Walker) -> dict[str, str]:
    """Let Ada select what waits; return the form that judges it."""
    walker.api("/task-types", {"name": "plain", "undo_seconds": 3600})
    walker.api("/submissions", {"task_type": "plain", "output": "Paris"})
    walker.sign_in()
    return {"item": walker.read("/items", 'name="item" value="([^"]+)"')}


@walk_to("selection.preview")
def _see_a_selection(walker: Walker) -> None:
    form = _selection(walker)
    walker.go()
    walker.page("/items/selection", **form)


def _judge_selection(walker: Walker) -> None:
    form = _selection(walker)
    seen = walker.page("/items/selection", **form)
    digest = re.search(r'name="(sha256[^"]+)" value="([^"]+)"', seen)
    assert digest is not None
    walker.go()
    walker.page("/items/selection/decide", **form, **{digest[1]: digest[2]}, verb="approve")


@walk_to("selection.judge")
def _judge_a_selection(walker: Walker) -> None:
    _judge_selection(walker)


@walk_to("selection.take_back")
def _take_a_selection_back(walker: Walker) -> None:
    _judge_selection(walker)
    decision = walker.newest_decision()
    walker.go()
    walker.page("/items/selection/undo", decision=decision)
