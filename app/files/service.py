"""Keep files, each once, and note which submissions show them. Called by the API and by the flow in."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.files.models import Attachment, File, FileContent
from app.files.rules import clean_name, look_at
from app.kernel.db import lock_name
from app.kernel.ids import new_id
from app.kernel.rewrapping import Wrapped
from app.kernel.sealing import DATA_KEY, vault_of

#: What of this domain lies under the installation's secret; bytes lie under the data key.
WRAPPED: Final = (Wrapped(FileContent.data_key, lambda _: DATA_KEY),)


def keep_file(
    session: Session,
    *,
    now: datetime,
    actor: Actor,
    workspace_id: UUID,
    key_id: UUID | None,
    media_type: str,
    name: str,
    body: bytes,
) -> tuple[File, bool]:
    """Keep a file, or find the one that has these bytes already.

    Args:
        media_type: As the program says; the bytes are held against it.
        name: As the program calls it; cleaned.

    Returns:
        The file, and whether it is new.

    Raises:
        FileTypeNotTaken, NotWhatItSays, TooManyPixels: it is not taken.
    """
    seen = look_at(media_type, body)
    digest = sha256(body).digest()
    # Two that send the same at once would both find nothing.
    lock_name(session, f"file {workspace_id} {digest.hex()}")
    wanted = select(File).where(File.workspace_id == workspace_id, File.sha256 == digest, File.media_type == media_type)
    found = session.scalar(wanted)
    if found is not None:
        return found, False
    file = File(
        id=new_id(),
        workspace_id=workspace_id,
        key_id=key_id,
        sha256=digest,
        media_type=media_type,
        name=clean_name(name),
        bytes=len(body),
        width=seen.width,
        height=seen.height,
        created_at=now,
    )
    _write(session, file, body)
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=workspace_id,
        type="file.kept",
        subject_kind="file",
        subject_id=file.id,
        details={"sha256": digest.hex(), "media_type": media_type, "bytes": len(body)},
    )
    return file, True


def _write(session: Session, file: File, body: bytes) -> None:
    """Write a file and its bytes, sealed under a data key of their own."""
    session.add(file)
    session.flush()
    key = vault_of(session).new_data_key()
    session.add(FileContent(file_id=file.id, data_key=key.wrapped, body=key.seal(body, purpose="file")))
    session.flush()


def attach(session: Session, *, shown: Iterable[tuple[UUID, UUID]]) -> None:
    """Note which submissions show which files: (submission, file), both of one workspace."""
    rows = [{"submission_id": submission_id, "file_id": file_id} for submission_id, file_id in dict.fromkeys(shown)]
    if rows:
        session.execute(insert(Attachment), rows)
