"""/api/v1/chat-hooks: chat channels that are told about work. Scope: admin.

A hook is an incoming webhook as Slack and its like have them. Its URL is a password and is never shown again.
"""

from typing import Any

from flask import Response, current_app
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.shapes.notifications import ChatHookIn
from app.api.v1.shapes.parts import Anything, IdPath, Problem
from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import allow
from app.kernel.ids import parse, show
from app.kernel.instants import instant_text
from app.notifications.models import ChatHook
from app.notifications.queries.outbox import get_hook, latest_try, list_hooks
from app.notifications.service import disable_hook, register_hook, send_trial

api = APIBlueprint(
    "chat_hooks",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="notifications")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem},
)


@api.post("/chat-hooks", responses={201: Anything})
@allow("admin")
def post(body: ChatHookIn) -> Response:
    """Let a chat channel be told."""
    hook = register_hook(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        name=body.name,
        url=body.url,
        kinds=body.kinds,
        queues=body.queues,
        allow_private=current_app.config["ALLOW_PRIVATE_ENDPOINTS"],
    )
    return answer(_document(hook), 201)


@api.get("/chat-hooks", responses={200: Anything})
@allow("admin")
def get_all() -> Response:
    """List chat hooks, their URLs masked, with what became of the latest message to each."""
    rows = [_document(hook) for hook in list_hooks(db(), workspace_id=workspace_id())]
    return answer({"data": rows, "has_more": False, "next_cursor": None})


@api.get("/chat-hooks/<id>", responses={200: Anything})
@allow("admin")
def get(path: IdPath) -> Response:
    """Read one chat hook."""
    return answer(_document(get_hook(db(), workspace_id=workspace_id(), hook_id=parse("chat_hook", path.id))))


@api.delete("/chat-hooks/<id>", responses={200: Anything})
@allow("admin")
def delete(path: IdPath) -> Response:
    """Tell a channel nothing more and destroy its URL."""
    hook = get_hook(db(), workspace_id=workspace_id(), hook_id=parse("chat_hook", path.id), lock=True)
    disable_hook(db(), now=now(), actor=principal().actor, hook=hook, why="disabled by an admin")
    return answer(_document(hook))


@api.post("/chat-hooks/<id>/test", responses={202: Anything})
@allow("admin")
def post_trial(path: IdPath) -> Response:
    """Have one message sent that says nothing but that it is a trial; what became of it stands with the hook."""
    hook = get_hook(db(), workspace_id=workspace_id(), hook_id=parse("chat_hook", path.id))
    send_trial(db(), now=now(), actor=principal().actor, hook=hook)
    return answer(_document(hook), 202)


def _document(hook: ChatHook) -> dict[str, Any]:
    latest = latest_try(db(), hook_id=hook.id)
    return {
        "id": show("chat_hook", hook.id),
        "name": hook.name,
        "url": hook.shown_url,
        "kinds": hook.kinds,
        "queues": hook.queues,
        "created_at": instant_text(hook.created_at),
        "disabled_at": None if hook.disabled_at is None else instant_text(hook.disabled_at),
        "disabled_why": hook.disabled_why,
        "latest_message": None
        if latest is None
        else {
            "state": latest.state,
            "trial": latest.trial,
            "tries": latest.tries,
            "made_at": instant_text(latest.made_at),
            "problem": latest.problem,
        },
    }
