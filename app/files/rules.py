"""What a file may be, and whether its bytes are what they are said to be.

Promise: nothing is accepted under an image's name that a browser could read as a page, and no image that unpacks to
more than MOST_PIXELS. Pure. Called by the service of files and by the views that show them.
"""

import re
import unicodedata
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from app.kernel.errors import Fault, Invalid, UnsupportedMedia
from app.kernel.ids import NoSuchId, parse

FILE_BYTES: Final = 10 * 1024 * 1024
#: Unpacked, four bytes each; more would stall the browser of whoever opens the item.
MOST_PIXELS: Final = 40_000_000
NAME_LENGTH: Final = 200
_IMAGES: Final = {"image/gif": "GIF", "image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
_TEXTS: Final = frozenset({"text/csv", "text/markdown", "text/plain"})
_PDF: Final = "application/pdf"
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
# Documents of offices are ZIP archives; what is in them is the business of the program that opens them.
_ARCHIVES: Final = frozenset(
    {f"{_OFFICE}.presentationml.presentation", f"{_OFFICE}.spreadsheetml.sheet", f"{_OFFICE}.wordprocessingml.document"}
)
#: No SVG and no HTML: a browser would run what is in them.
MEDIA_TYPES: Final = tuple(sorted({*_IMAGES, *_TEXTS, *_ARCHIVES, _PDF}))


class FileTypeNotTaken(UnsupportedMedia):
    """Files of this media type are not taken."""


class NotWhatItSays(Invalid):
    """The bytes are not a file of that media type."""


class TooManyPixels(Invalid):
    """The image is larger than a reviewer's browser should have to unpack."""


@dataclass(frozen=True)
class Seen:
    """What was read off a file's bytes: width and height in pixels, of an image only."""

    width: int | None = None
    height: int | None = None


def is_image(media_type: str) -> bool:
    """Say whether a page may show it as a picture."""
    return media_type in _IMAGES


def is_text(media_type: str) -> bool:
    """Say whether a page may show its beginning as text."""
    return media_type in _TEXTS


def look_at(media_type: str, body: bytes) -> Seen:
    """Hold a file's bytes against its media type.

    Raises:
        FileTypeNotTaken: it is none of MEDIA_TYPES.
        NotWhatItSays: the bytes are of another kind, or none at all.
        TooManyPixels: an image of more than MOST_PIXELS.
    """
    if media_type not in MEDIA_TYPES:
        raise FileTypeNotTaken(f"Files of this media type are not taken. Taken are {', '.join(MEDIA_TYPES)}.")
    if not body:
        raise NotWhatItSays("The file is empty.")
    if media_type in _IMAGES:
        return _look_at_image(media_type, body)
    if media_type in _TEXTS:
        _check_text(body)
    elif not body.startswith(b"%PDF-" if media_type == _PDF else b"PK\x03\x04"):
        raise NotWhatItSays
    return Seen()


def _check_text(body: bytes) -> None:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise NotWhatItSays("A text has to be UTF-8.") from error
    if "\x00" in text:
        raise NotWhatItSays("A text may not contain NUL.")


def _look_at_image(media_type: str, body: bytes) -> Seen:
    """Read an image's head only: nothing is unpacked here."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415  # megabytes in each process; few ever see a file

    try:
        with Image.open(BytesIO(body), formats=[_IMAGES[media_type]]) as image:
            width, height = image.size
    except Image.DecompressionBombError as error:
        raise TooManyPixels from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise NotWhatItSays from error
    if width * height > MOST_PIXELS:
        raise TooManyPixels(f"The image has {width * height:,} pixels; at most {MOST_PIXELS:,} are taken.")
    return Seen(width, height)


def clean_name(text: str) -> str:
    """Return a file's name without folders, controls and what turns the order of letters; "file" when nothing is left.

    The name is what a reviewer's browser saves it under.
    """
    last = re.split(r"[/\\]", text)[-1]
    kept = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip(" .")
    return kept[:NAME_LENGTH] or "file"


def file_named(block: Any) -> str | None:
    """Return the id that a context block of type image or file names, None when it names none."""
    if not isinstance(block, dict) or block.get("type") not in {"image", "file"}:
        return None
    value = block.get("value")
    try:
        parse("file", value if isinstance(value, str) else "")
    except NoSuchId:
        return None
    return str(value)


def no_such_file(place: int) -> Fault:
    """Return what is said of a block that names a file which is not there."""
    return Fault(f"/context/{place}/value", "is no file of this workspace; send it to POST /files first")
