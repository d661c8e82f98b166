"""Shapes of files: what is said with one, and what is known of it."""

from typing import Annotated, Any, Final

from flask_openapi3 import RawModel
from pydantic import BaseModel, Field

from app.api.v1.shapes.parts import Query
from app.files.rules import MEDIA_TYPES, NAME_LENGTH


class FileQuery(Query):
    """What a file is called."""

    name: Annotated[str, Field(max_length=NAME_LENGTH)] = "file"


#: Bytes have no schema (OpenAPI 3.1, "Considerations for Binary Data"); their media type says what they are.
ANY_BYTES: Final[dict[str, Any]] = {"schema": {}}


class FileBytes(RawModel):
    """The bytes of the file, as they are."""

    mimetypes = list(MEDIA_TYPES)  # noqa: RUF012  # the base class declares it for its instances


class FileOut(BaseModel):
    """What is known of a file. Width and height in pixels, of an image."""

    id: str
    sha256: str
    media_type: str
    name: str
    bytes: int
    width: int | None
    height: int | None
    created_at: str
