"""What a mail or a chat message says: the kind of work, its queue, when it is due, why, and where to go.

Never what a model or a program wrote: names of task types, queues and people are all that others could have chosen,
and they arrive as plain visible characters, inert in a mail and in a chat. Called by the service that writes messages.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from app.notifications.rules.kinds import BREACHED, DUE_SOON, ENDPOINT_DISABLED, ESCALATED, HANDED_OVER, KINDS, WAITING

# Lines of one kind in one message; the rest is a number.
LINES: Final = 20
MAX_NAME: Final = 100
TITLES: Final = {
    HANDED_OVER: "Handed over",
    DUE_SOON: "Due soon",
    BREACHED: "Overdue",
    ESCALATED: "Escalated",
    WAITING: "Work waits",
    ENDPOINT_DISABLED: "Endpoint given up",
}
_COUNTED: Final = {
    HANDED_OVER: "handed over",
    DUE_SOON: "due soon",
    BREACHED: "overdue",
    ESCALATED: "escalated",
    WAITING: "waiting",
    ENDPOINT_DISABLED: "endpoint disabled",
}


@dataclass(frozen=True)
class Line:
    """One thing to tell. `zone` is the queue's own, for readers who have none.

    `waiting` counts the items of a queue, with `more` when there are more than were counted. Of an endpoint, `queue`
    is its host, `due_at` since when it is disabled, and `why` says why.
    """

    kind: str
    queue: str
    due_at: datetime
    url: str
    zone: str = "UTC"
    task_type: str = ""
    by: str | None = None
    to: str | None = None
    waiting: int = 0
    more: bool = False
    why: str = ""


@dataclass(frozen=True)
class Letter:
    """A mail, ready to be sent; `message_id` is the same on every try."""

    message_id: str
    to_name: str
    to_email: str
    subject: str
    text: str
    settings_url: str


def plain(text: str) -> str:
    """Return a name as visible characters on one line, cut to a length that leaves room for others."""
    kept = "".join(c if unicodedata.category(c)[0] not in "CZ" or c == " " else " " for c in text)
    one_line = " ".join(kept.split())
    return one_line if len(one_line) <= MAX_NAME else f"{one_line[: MAX_NAME - 1]}…"


def when(at: datetime, zone: str) -> str:
    """Return a moment as the clock there shows it, with the zone's name."""
    return f"{at.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M} ({zone})"


def _counted(line: Line) -> str:
    number = f"more than {line.waiting}" if line.more else str(line.waiting)
    one = line.waiting == 1 and not line.more
    return f"{number} item{'' if one else 's'}"


def _grouped(lines: Sequence[Line]) -> list[tuple[str, list[Line]]]:
    by_due = sorted(lines, key=lambda line: line.due_at)
    found = [(kind, [line for line in by_due if line.kind == kind]) for kind in KINDS]
    return [(kind, group) for kind, group in found if group]


def subject(lines: Sequence[Line]) -> str:
    """Return a mail's subject: how many of what, for example `2 due soon, 1 handed over`."""
    parts = []
    for kind, group in _grouped(lines):
        number = sum(line.waiting for line in group) if kind == WAITING else len(group)
        plus = "+" if any(line.more for line in group) else ""
        parts.append(f"{number}{plus} {_COUNTED[kind]}")
    return f"[Proofdesk] {', '.join(parts)}"


def mail_text(lines: Sequence[Line], *, name: str, workspace: str, zone: str, settings_url: str) -> str:
    """Return a mail's text; times are those of the person's zone."""
    parts = [f"Hello {plain(name)},"]
    for kind, group in _grouped(lines):
        shown = [_mail_line(line, zone) for line in group[:LINES]]
        rest = [f"- and {len(group) - LINES} more"] if len(group) > LINES else []
        title = f"{TITLES[kind]} to you" if kind == HANDED_OVER else TITLES[kind]
        parts.append("\n".join([f"{title}:", *shown, *rest]))
    parts.append(
        f"You get this because of what you chose, or left as it was, in {plain(workspace)}.\n"
        f"Change what is sent and when: {settings_url}"
    )
    return "\n\n".join(parts) + "\n"


def _mail_line(line: Line, zone: str) -> str:
    due = when(line.due_at, zone)
    if line.kind == WAITING:
        return f"- {plain(line.queue)}: {_counted(line)} that you may take, the first due {due}\n  {line.url}"
    if line.kind == ENDPOINT_DISABLED:
        return f"- {plain(line.queue)}: {plain(line.why)}, {due}; what waits for it is kept\n  {line.url}"
    by = f" by {plain(line.by)}" if line.by else ""
    what = f"{plain(line.task_type)} in {plain(line.queue)}{by}"
    return f"- {what}, due {due}\n  {line.url}"


def chat_text(lines: Sequence[Line]) -> str:
    """Return a chat message in the markup that Slack and its like read."""
    parts = []
    for kind, group in _grouped(lines):
        shown = [_chat_line(line) for line in group[:LINES]]
        rest = [f"• and {len(group) - LINES} more"] if len(group) > LINES else []
        parts.append("\n".join([f"*{TITLES[kind]}*", *shown, *rest]))
    return "\n".join(parts)


def _chat_line(line: Line) -> str:
    due = escape(when(line.due_at, line.zone))
    link = f"<{line.url}|Open>"
    if line.kind == WAITING:
        return f"• {quoted(line.queue)}: {_counted(line)}, the first due {due} {link}"
    if line.kind == ENDPOINT_DISABLED:
        return f"• {quoted(line.queue)}: {quoted(line.why)}, {due} {link}"
    people = (f" to {quoted(line.to)}" if line.to else "") + (f" by {quoted(line.by)}" if line.by else "")
    return f"• {quoted(line.task_type)} in {quoted(line.queue)}{people}, due {due} {link}"


def escape(text: str) -> str:
    """Return a text in which nothing is a link or a mention to a chat (the three characters that Slack names)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def quoted(name: str) -> str:
    """Return a name as code, in which a chat reads no markup, no link and no `@channel`."""
    return f"`{escape(plain(name).replace('`', chr(39)))}`"
