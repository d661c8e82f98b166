"""Read files. Called by the flow in, the API and the pages that show them."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.files.models import Attachment, File, FileContent
from app.kernel.errors import NotFound
from app.kernel.sealing import vault_of


class NoSuchFile(NotFound):
    """There is no such file in this workspace."""


def get_file(session: Session, *, workspace_id: UUID, file_id: UUID) -> File:
    """Return what is known of a file of this workspace.

    Raises:
        NoSuchFile: also when it is another workspace's.
    """
    found = session.scalar(select(File).where(File.id == file_id, File.workspace_id == workspace_id))
    if found is None:
        raise NoSuchFile
    return found


def find_files(session: Session, *, workspace_id: UUID, file_ids: Collection[UUID]) -> dict[UUID, File]:
    """Return those of these files that this workspace has, by id."""
    if not file_ids:
        return {}
    rows = session.scalars(select(File).where(File.workspace_id == workspace_id, File.id.in_(file_ids)))
    return {row.id: row for row in rows}


def read_bytes(session: Session, *, file_id: UUID) -> bytes:
    """Return the bytes of a file that `get_file` has found."""
    content = session.scalars(select(FileContent).where(FileContent.file_id == file_id)).one()
    return vault_of(session).unwrap(content.data_key).open(content.body, purpose="file")


def is_shown_by(session: Session, *, file_id: UUID, submission_id: UUID) -> bool:
    """Say whether a submission shows a file."""
    return session.get(Attachment, (submission_id, file_id)) is not None


def list_showing(session: Session, *, file_id: UUID, limit: int) -> Sequence[UUID]:
    """Return the newest submissions that show a file, at most `limit`."""
    shown = select(Attachment.submission_id).where(Attachment.file_id == file_id)
    return session.scalars(shown.order_by(Attachment.submission_id.desc()).limit(limit)).all()
