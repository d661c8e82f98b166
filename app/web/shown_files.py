"""/files/<id>, and what the views of a context say of files: size, digest, the beginning of a text.

Promise: a file is given to whoever may see what it belongs to, and to nobody else; it comes from here as something to
save, and from nowhere else. Called by the review pages.
"""

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.edge.context import db, now, person_id, principal, workspace_id
from app.edge.guard import SIGNED_IN, allow
from app.edge.headers import to_be_saved
from app.files.models import File
from app.files.queries import NoSuchFile, find_files, get_file, is_shown_by, list_showing, read_bytes
from app.files.rules import file_named, is_image, is_text
from app.kernel.ids import parse, show
from app.queue.queries import find_items_of, find_live_claim, get_item
from app.submissions.rules.received import Received
from app.web.takeable import takeable

page = Blueprint("shown_files", __name__)
MOST_TEXT: Final = 20_000
# Each of them is opened for its beginning.
MOST_OPENED: Final = 5
# One scan may belong to many submissions; those that came last wait.
MOST_SHOWING: Final = 20
_STEP: Final = 1024


@page.get("/files/<file_id>")
@allow(SIGNED_IN)
def get(file_id: str) -> AnyResponse:
    """Give a file of a submission that this person may see.

    Raises:
        NoSuchFile: also when she may not see it, which is the same to her.
    """
    file = get_file(db(), workspace_id=workspace_id(), file_id=parse("file", file_id))
    if not (principal().may("read") or _is_at_her_desk(file) or _could_be(file)):
        raise NoSuchFile
    return to_be_saved(read_bytes(db(), file_id=file.id), media_type=file.media_type, name=file.name)


def _is_at_her_desk(file: File) -> bool:
    claim = find_live_claim(db(), workspace_id=workspace_id(), person_id=person_id())
    if claim is None or claim.expires_at <= now():
        return False
    item = get_item(db(), workspace_id=workspace_id(), item_id=claim.item_id)
    return is_shown_by(db(), file_id=file.id, submission_id=item.submission_id)


def _could_be(file: File) -> bool:
    """Say whether she could take something that shows it: so a selection is seen before it is judged."""
    if not principal().may("review"):
        return False
    showing = list_showing(db(), file_id=file.id, limit=MOST_SHOWING)
    items = find_items_of(db(), submission_ids=showing)
    return bool(takeable([item for item in items if not item.high_risk]))


def files_of(*received: Received) -> dict[str, Mapping[str, Any]]:
    """Return what the pages say of the files that contexts show, by the outside form of their ids.

    Each is {name, media_type, size, sha256, width, height, url, is_image, text, cut}: `text` is the beginning of a
    text, or None, and `cut` says that there is more.
    """
    named = {text for one in received for block in one.context if (text := file_named(block))}
    found = find_files(db(), workspace_id=workspace_id(), file_ids={parse("file", text) for text in named})
    opened = [file.id for file in found.values() if is_text(file.media_type)][:MOST_OPENED]
    return {show("file", file.id): _said(file, opened=file.id in opened) for file in found.values()}


def _said(file: File, *, opened: bool) -> Mapping[str, Any]:
    text = read_bytes(db(), file_id=file.id).decode() if opened else None
    return {
        "name": file.name,
        "media_type": file.media_type,
        "size": size_text(file.bytes),
        "sha256": file.sha256.hex(),
        "width": file.width,
        "height": file.height,
        "url": url_for("shown_files.get", file_id=show("file", file.id)),
        "is_image": is_image(file.media_type),
        "text": None if text is None else text[:MOST_TEXT],
        "cut": text is not None and len(text) > MOST_TEXT,
    }


def size_text(count: int) -> str:
    """Return a number of bytes for people: 512 B, 3.4 KiB, 1.0 MiB."""
    if count < _STEP:
        return f"{count} B"
    kib = count / _STEP
    return f"{kib:.1f} KiB" if kib < _STEP else f"{kib / _STEP:.1f} MiB"
