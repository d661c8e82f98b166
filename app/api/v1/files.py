"""/api/v1/files: send a file that a submission's context shows, and read it back.

Scopes: submit to send, read to read. Nothing is fetched from anywhere: a program sends the bytes.
"""

from typing import Any

from flask import Response, request
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.shapes.files import ANY_BYTES, FileBytes, FileOut, FileQuery
from app.api.v1.shapes.parts import IdPath, Problem
from app.edge.context import db, now, principal, strict_request, workspace_id
from app.edge.guard import allow
from app.edge.headers import to_be_saved
from app.edge.requests import Taken, takes
from app.files.models import File
from app.files.queries import get_file, read_bytes
from app.files.rules import FILE_BYTES, MEDIA_TYPES
from app.files.service import keep_file
from app.kernel.ids import parse, show
from app.kernel.instants import instant_text

api = APIBlueprint(
    "files",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="files")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 404: Problem, 422: Problem},
)


@api.post("/files", responses={200: FileOut, 201: FileOut})
@allow("submit")
@takes(Taken(body_bytes=FILE_BYTES, raw=True))
def post(query: FileQuery, raw: FileBytes) -> Response:  # noqa: ARG001  # described by being named
    """Send a file: its bytes as the body, its media type as Content-Type, at most 10 MiB.

    Its id is the `value` of a context block of type `image` or `file`. The same bytes under the same media type are
    kept once: sending them again answers 200 and the file that is there.
    """
    file, is_new = keep_file(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        key_id=principal().key_id,
        media_type=request.mimetype,
        name=query.name,
        body=strict_request().raw_body,
    )
    return answer(_document(file), 201 if is_new else 200)


@api.get("/files/<id>", responses={200: FileOut})
@allow("read")
def get(path: IdPath) -> Response:
    """Read what is known of a file."""
    return answer(_document(_file(path)))


@api.get(
    "/files/<id>/content", responses={200: {"content": dict.fromkeys(MEDIA_TYPES, ANY_BYTES), "description": "bytes"}}
)
@allow("read")
def get_content(path: IdPath) -> Response:
    """Read the bytes of a file."""
    file = _file(path)
    return to_be_saved(read_bytes(db(), file_id=file.id), media_type=file.media_type, name=file.name)


def _file(path: IdPath) -> File:
    return get_file(db(), workspace_id=workspace_id(), file_id=parse("file", path.id))


def _document(file: File) -> dict[str, Any]:
    return {
        "id": show("file", file.id),
        "sha256": file.sha256.hex(),
        "media_type": file.media_type,
        "name": file.name,
        "bytes": file.bytes,
        "width": file.width,
        "height": file.height,
        "created_at": instant_text(file.created_at),
    }
