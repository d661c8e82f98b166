"""Our own styles and scripts, under a path that names their version, so that a browser asks for each but once.

The version is a digest of all of them: modules import each other by relative paths and stay together. Any version is
answered with the files of this one, because a page of another may be open while the service is being upgraded; only
the right one is kept.
"""

from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, send_from_directory

_FOREVER: Final = "public, max-age=31536000, immutable"
_LENGTH: Final = 12


def digest_of(folder: Path) -> str:
    """Return a digest of all files of a folder, with their names."""
    digest = sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:_LENGTH]


def install(app: Flask) -> None:
    """Serve the app's static folder; `url_for("static", filename=...)` names the version by itself."""
    folder = Path(app.root_path) / "static"
    current = digest_of(folder)

    def static(version: str, filename: str) -> Response:
        response = send_from_directory(folder, filename)
        response.headers["Cache-Control"] = _FOREVER if version == current else "no-cache"
        return response

    app.add_url_rule("/static/<version>/<path:filename>", endpoint="static", view_func=static)

    @app.url_defaults
    def name_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values.setdefault("version", current)
