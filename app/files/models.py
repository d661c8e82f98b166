"""Tables of files: the sealed bytes, and which submissions show them.

Read and written by app/files only; the flow in adds the references of what it takes in.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, instant


class File(Base):
    """A file of a workspace: the same bytes under the same media type are kept once."""

    __tablename__ = "files"
    __table_args__ = (UniqueConstraint("workspace_id", "sha256", "media_type"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    key_id: Mapped[UUID | None] = mapped_column(ForeignKey("api_keys.id"))
    sha256: Mapped[bytes] = mapped_column(LargeBinary, comment="of the bytes as they arrived")
    media_type: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text, comment="as it was called first")
    bytes: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int | None] = mapped_column(Integer, comment="in pixels, of an image")
    height: Mapped[int | None] = mapped_column(Integer, comment="in pixels, of an image")
    created_at: Mapped[datetime] = mapped_column(instant())


class FileContent(Base):
    """The sealed bytes of a file and the wrapped key that opens them, apart, so that lists do not carry them."""

    __tablename__ = "file_contents"

    file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id"), primary_key=True)
    data_key: Mapped[bytes] = mapped_column(LargeBinary)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class Attachment(Base):
    """A submission shows a file. Whoever may see the submission may see the file."""

    __tablename__ = "attachments"

    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submissions.id"), primary_key=True)
    file_id: Mapped[UUID] = mapped_column(ForeignKey("files.id"), primary_key=True, index=True)
