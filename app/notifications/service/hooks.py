"""Register, try and disable chat hooks.

A hook's URL lets whoever knows it write into the channel: it is sealed under the installation's key, shown only in
parts, never written to the trail, and destroyed when the hook is disabled. Only an admin's act makes an address
callable, by the rules of endpoints. Called by the chat-hooks API and the outbox.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.identity.rules import check_name
from app.kernel.errors import Conflict, Fault
from app.kernel.ids import new_id
from app.kernel.rewrapping import Wrapped
from app.kernel.sealing import vault_of
from app.notifications.models import ChatHook, Message
from app.notifications.rules.hooks import MAX_HOOKS, HookRefused, TooManyHooks, check_kinds, mask
from app.notifications.rules.kinds import DUE
from app.queue.queries import known_queues


class HookDisabled(Conflict):
    """This chat hook is disabled."""


def _purpose(hook_id: UUID) -> str:
    return f"chat hook {hook_id.hex}"


#: What of this domain lies under the installation's secret.
WRAPPED: Final = (Wrapped(ChatHook.url, _purpose),)


def register_hook(
    session: Session,
    *,
    now: datetime,
    actor: Actor,
    workspace_id: UUID,
    name: str,
    url: str,
    kinds: Sequence[str],
    queues: Sequence[str],
    allow_private: bool,
) -> ChatHook:
    """Let a chat channel be told.

    Args:
        kinds: What it is told about, at least one.
        queues: Of which queues; none means every queue, also those to come.
        allow_private: Whether this installation calls addresses on loopback and in private networks.

    Raises:
        EndpointRefused: the URL breaks a rule.
        BadName, HookRefused: the name, a kind or a queue cannot be used.
        TooManyHooks: there are enough.
    """
    shown = mask(url, allow_private=allow_private)
    named = list(dict.fromkeys(queues))
    _check_queues(session, workspace_id, named)
    _check_room(session, workspace_id)
    hook_id = new_id()
    hook = ChatHook(
        id=hook_id,
        workspace_id=workspace_id,
        name=check_name(name),
        url=vault_of(session).seal(url.encode(), purpose=_purpose(hook_id)),
        shown_url=shown,
        kinds=check_kinds(kinds),
        queues=named,
        created_at=now,
    )
    session.add(hook)
    session.flush()
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=workspace_id,
        type="chat_hook.registered",
        subject_kind="chat_hook",
        subject_id=hook_id,
        to_state="enabled",
        details={"kinds": hook.kinds, "queues": len(named)},
    )
    return hook


def _check_queues(session: Session, workspace_id: UUID, names: Sequence[str]) -> None:
    known = known_queues(session, workspace_id=workspace_id, names=names)
    unknown = [n for n, name in enumerate(names) if name not in known]
    if unknown:
        raise HookRefused(faults=[Fault(f"/queues/{n}", "is no queue of this workspace") for n in unknown])


def _check_room(session: Session, workspace_id: UUID) -> None:
    in_use = select(func.count()).where(ChatHook.workspace_id == workspace_id, ChatHook.disabled_at.is_(None))
    if (session.scalar(in_use) or 0) >= MAX_HOOKS:
        raise TooManyHooks


def open_url(session: Session, *, hook: ChatHook) -> str:
    """Return the URL of a hook that is not disabled.

    Raises:
        HookDisabled: its URL was destroyed.
        CannotOpen: another installation's secret sealed it.
    """
    if hook.url is None:
        raise HookDisabled
    return vault_of(session).open(hook.url, purpose=_purpose(hook.id)).decode()


def disable_hook(session: Session, *, now: datetime, actor: Actor, hook: ChatHook, why: str) -> None:
    """Tell a channel nothing more and destroy its URL. Does nothing when it is disabled already.

    Args:
        why: A few fixed words for the trail; nothing that a person typed.
    """
    if hook.disabled_at is not None:
        return
    hook.disabled_at, hook.disabled_why, hook.url = now, why, None
    session.flush()
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=hook.workspace_id,
        type="chat_hook.disabled",
        subject_kind="chat_hook",
        subject_id=hook.id,
        from_state="enabled",
        to_state="disabled",
        details={"why": why},
    )


def send_trial(session: Session, *, now: datetime, actor: Actor, hook: ChatHook) -> None:
    """Have the worker send one message to a hook that says nothing but that it is a trial.

    Raises:
        HookDisabled: nobody would be called.
    """
    if hook.disabled_at is not None:
        raise HookDisabled
    message = Message(
        id=new_id(),
        workspace_id=hook.workspace_id,
        hook_id=hook.id,
        trial=True,
        state=DUE,
        attempts=0,
        made_at=now,
        next_attempt_at=now,
    )
    session.add(message)
    session.flush()
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=hook.workspace_id,
        type="chat_hook.tried",
        subject_kind="chat_hook",
        subject_id=hook.id,
    )
