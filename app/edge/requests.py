"""Requests as they are read here: bounded, strict, and their exact bytes kept.

A body is read and decoded before a database transaction begins, so that a slow client holds no connection.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from app.kernel.errors import Fault, Invalid, Malformed, TooLarge, UnsupportedMedia
from app.kernel.strict_json import decode, decode_parts

View = TypeVar("View", bound=Callable[..., Any])
BODY_BYTES: Final = 1024 * 1024
BATCH_BYTES: Final = 16 * BODY_BYTES
FORM_BYTES: Final = 64 * 1024
# A form that holds the output or the arguments of an item, each byte of which may be posted as three.
DESK_FORM_BYTES: Final = 4 * BODY_BYTES
FORM_FIELDS: Final = 2_000
_JSON: Final = ("application/json", "application/problem+json")
_FORM: Final = "application/x-www-form-urlencoded"


class WrongMediaType(UnsupportedMedia):
    """This call takes application/json."""


class EncodedBody(UnsupportedMedia):
    """Bodies are read as they are; send them without a Content-Encoding."""


class BodyTooLarge(TooLarge):
    """The body is larger than this call takes."""


class RepeatedParameter(Malformed):
    """A query parameter was given more than once."""


class NotAnObject(Invalid):
    """The body must be a JSON object."""


class EscapedKey(Invalid):
    """The one key of this body must be written without escapes."""


@dataclass(frozen=True)
class Taken:
    """How the body of a call is read: its most bytes, as JSON and as a form, the key of the array whose elements keep
    their own bytes, and whether it is a file of any media type, which the view looks at.
    """

    body_bytes: int = BODY_BYTES
    form_bytes: int = FORM_BYTES
    parts_of: str | None = None
    raw: bool = False


USUALLY: Final = Taken()
DESK_FORM: Final = Taken(body_bytes=DESK_FORM_BYTES, form_bytes=DESK_FORM_BYTES)


def takes(taken: Taken) -> Callable[[View], View]:
    """Declare that a view takes another body than most."""

    def declare(view: View) -> View:
        vars(view).update(taken=taken)
        return view

    return declare


class StrictRequest(Request):
    """A request whose JSON body was decoded once, strictly, by `read_body`."""

    max_content_length = BODY_BYTES
    max_form_memory_size = FORM_BYTES
    max_form_parts = FORM_FIELDS

    raw_body: bytes = b""
    document: Any = None
    parts: list[tuple[bytes, Any]]

    def read_body(self, taken: Taken = USUALLY) -> None:
        """Read and check what the client sent.

        Raises:
            WrongMediaType, EncodedBody, BodyTooLarge, RepeatedParameter, NotAnObject, EscapedKey.
            BadJSON: the bytes are not JSON as this service reads it.
        """
        self._check_query()
        if self.method in {"GET", "HEAD", "OPTIONS"}:
            return
        if self.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            raise EncodedBody
        try:
            if self.mimetype == _FORM:
                self._read_form(taken)
            else:
                self._read_json(taken)
        except RequestEntityTooLarge as error:
            raise BodyTooLarge from error

    def _check_query(self) -> None:
        repeated = [name for name, values in self.args.lists() if len(values) > 1]
        if repeated:
            raise RepeatedParameter(f"The query parameter {repeated[0][:100]} was given more than once.")
        if any("\x00" in text for pair in self.args.items() for text in pair):
            raise Malformed("A query parameter contains a NUL character.")

    def _read_form(self, taken: Taken) -> None:
        if self.path.startswith("/api/"):
            raise WrongMediaType
        if (self.content_length or 0) > taken.form_bytes:
            raise BodyTooLarge
        self.max_content_length = self.max_form_memory_size = taken.form_bytes
        self.form  # noqa: B018  # reading it is what enforces the bounds

    def _read_json(self, taken: Taken) -> None:
        self.max_content_length = taken.body_bytes
        self.raw_body = self.get_data(cache=True)
        if not self.raw_body or taken.raw:
            return
        if self.mimetype not in _JSON:
            raise WrongMediaType
        charset = self.mimetype_params.get("charset", "utf-8").lower()
        if charset not in {"utf-8", "utf8"}:
            raise WrongMediaType("JSON is read as UTF-8 only.")
        if taken.parts_of is not None:
            self._read_parts(taken.parts_of)
            return
        self.document = decode(self.raw_body)
        if not isinstance(self.document, dict):
            raise NotAnObject(faults=[Fault("", "must be an object")])

    def _read_parts(self, key: str) -> None:
        """Read the elements of an array with their bytes; a body that has another shape is left to the view's."""
        parts = decode_parts(self.raw_body, key=key)
        if parts is not None:
            self.parts, self.document = parts, {key: [value for _, value in parts]}
            return
        self.document = decode(self.raw_body)
        if not isinstance(self.document, dict):
            raise NotAnObject(faults=[Fault("", "must be an object")])
        if self.document.keys() == {key} and isinstance(self.document[key], list):
            raise EscapedKey(faults=[Fault("", f"write the key {key} without escapes")])

    def get_json(self, *_args: Any, **_kwargs: Any) -> Any:
        """Return the decoded body; an empty one reads as an empty object."""
        return {} if self.document is None else self.document
