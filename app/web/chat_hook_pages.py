"""/admin/chat-hooks: chat channels that are told about work. For whoever administers.

The address of a hook is a password: it is typed once and never shown again.
"""

from typing import Any, Final

from flask import Blueprint, current_app, render_template, url_for
from werkzeug.wrappers import Response

from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import allow
from app.kernel.ids import parse, show
from app.notifications.models import ChatHook
from app.notifications.queries.outbox import get_hook, latest_try, list_hooks
from app.notifications.rules.kinds import KINDS, WAITING
from app.notifications.rules.wording import TITLES
from app.notifications.service import disable_hook, register_hook, send_trial
from app.web.access import known_queues
from app.web.onward import to
from app.web.settings_forms import refused, ticked, typed, unknown_fields

page = Blueprint("chat_hook_pages", __name__)
_FIELDS: Final = ("name", "url", "kinds", "queues")


@page.get("/admin/chat-hooks")
@allow("admin")
def show_all() -> str:
    """Show the channels that are told, with the form for one more."""
    return _page({"name": "", "kinds": [kind for kind in KINDS if kind != WAITING], "queues": []}, {})


def _page(values: dict[str, Any], faults: dict[str, str]) -> str:
    return render_template(
        "admin/chat_hooks.html",
        hooks=[_shown(hook) for hook in list_hooks(db(), workspace_id=workspace_id())],
        values=values,
        kinds=[{"id": kind, "name": TITLES[kind]} for kind in KINDS],
        queues=known_queues(),
        faults=faults,
        problems=unknown_fields(faults, _FIELDS),
    )


def _shown(hook: ChatHook) -> dict[str, Any]:
    latest, shown = latest_try(db(), hook_id=hook.id), show("chat_hook", hook.id)
    return {
        "name": hook.name,
        "address": hook.shown_url,
        "kinds": [TITLES[kind] for kind in hook.kinds],
        "queues": hook.queues,
        "disabled_at": hook.disabled_at,
        "disabled_why": hook.disabled_why,
        "latest": latest,
        "try_url": url_for("chat_hook_pages.try_out", hook_id=shown),
        "disable_url": url_for("chat_hook_pages.disable", hook_id=shown),
    }


@page.post("/admin/chat-hooks")
@allow("admin")
def add() -> Response | tuple[str, int]:
    """Let a chat channel be told."""
    values: dict[str, Any] = {"name": typed("name"), "kinds": ticked("kinds"), "queues": ticked("queues")}
    faults = refused(
        lambda: register_hook(
            db(),
            now=now(),
            actor=principal().actor,
            workspace_id=workspace_id(),
            name=values["name"],
            url=typed("url"),
            kinds=values["kinds"],
            queues=values["queues"],
            allow_private=current_app.config["ALLOW_PRIVATE_ENDPOINTS"],
        )
    )
    if faults is not None:
        return _page(values, faults), 422
    return to("chat_hook_pages.show_all", outcome="channel")


@page.post("/admin/chat-hooks/<hook_id>/test")
@allow("admin")
def try_out(hook_id: str) -> Response:
    """Have one message sent that says nothing but that it is a trial."""
    send_trial(db(), now=now(), actor=principal().actor, hook=_hook(hook_id))
    return to("chat_hook_pages.show_all", outcome="tried")


@page.post("/admin/chat-hooks/<hook_id>/disable")
@allow("admin")
def disable(hook_id: str) -> Response:
    """Tell a channel nothing more and destroy its address."""
    hook = _hook(hook_id, lock=True)
    if hook.disabled_at is None:
        disable_hook(db(), now=now(), actor=principal().actor, hook=hook, why="disabled by an admin")
    return to("chat_hook_pages.show_all", outcome="changed")


def _hook(hook_id: str, *, lock: bool = False) -> ChatHook:
    return get_hook(db(), workspace_id=workspace_id(), hook_id=parse("chat_hook", hook_id), lock=lock)
