"""The data directory: who may use it, who uses it now, and the secret key it keeps.

Promise: one supervisor at a time, told by a lock that the kernel drops with the process, so a stale file or a reused
process id never looks like a running instance. Files with secrets are readable by their owner only. It starts and
stops nothing. Called by the stack, and by commands that look for a running instance.
"""

import fcntl
import json
import os
import secrets
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from app.kernel.errors import Conflict, NotFound

LOCK = "lock"
STATE = "running.json"
SECRET_KEY = "secret_key"  # noqa: S105  # the file's name
SECRET_KEY_BYTES = 48
# Root's servers run as another user, who must be able to pass through but not to look around.
ROOT_MODE = 0o711
OWN_MODE = 0o700
LOCK_SECONDS = 0.5


class AlreadyRunning(Conflict):
    """Another instance uses this data directory."""


class NotRunning(NotFound):
    """No instance is running with this data directory."""


class DataDirUnreachable(Conflict):
    """The data directory cannot be used by us or by the user that the private servers run as."""


@dataclass(frozen=True)
class Running:
    """A running instance. A URL is None when that server was given from outside; `web_url` until it serves."""

    supervisor_pid: int
    database_url: str | None
    redis_url: str | None
    web_url: str | None = None


def default_data_dir() -> Path:
    """Where data go unless told: /var/lib/proofdesk for root, the XDG data home for others."""
    if os.geteuid() == 0:
        return Path("/var/lib/proofdesk")
    base = Path(os.environ.get("XDG_DATA_HOME", ""))
    # The XDG specification has relative paths ignored.
    return (base if base.is_absolute() else Path.home() / ".local" / "share") / "proofdesk"


def make_data_dir(data_dir: Path) -> Path:
    """Make the directory unless it exists and return its real path. Raises DataDirUnreachable."""
    try:
        data_dir.mkdir(mode=ROOT_MODE if os.geteuid() == 0 else OWN_MODE, parents=True, exist_ok=True)
        real = data_dir.resolve(strict=True)
    except OSError as error:
        raise DataDirUnreachable(f"The data directory cannot be made: {error}") from error
    if not os.access(real, os.W_OK | os.X_OK):
        raise DataDirUnreachable(f"{real} belongs to somebody else; choose another data directory.")
    return real


def make_secret_key(data_dir: Path) -> str:
    """Return this installation's secret key, made once and kept. Raises DataDirUnreachable."""
    path = make_data_dir(data_dir) / SECRET_KEY
    if not path.exists():
        draft = _written(path, secrets.token_urlsafe(SECRET_KEY_BYTES))
        try:
            # Unlike a rename, a link loses against another process that was quicker.
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    try:
        return path.read_text().strip()
    except OSError as error:
        raise DataDirUnreachable(f"The secret key cannot be read: {error}") from error


def hold(data_dir: Path) -> int:
    """Take the directory for this process and return the open lock; closing it, or dying, gives it back.

    Raises AlreadyRunning.
    """
    handle = os.open(data_dir / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    # Someone who asks whether we run holds the lock for a moment, too.
    deadline = time.monotonic() + LOCK_SECONDS
    while not _try_lock(handle, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            os.close(handle)
            raise AlreadyRunning(f"Another instance already uses {data_dir}.")
        # Nobody tells when a lock comes free; short against the seconds that a start takes.
        time.sleep(0.02)
    (data_dir / STATE).unlink(missing_ok=True)
    return handle


def find_running(data_dir: Path) -> Running | None:
    """Return the instance that runs with `data_dir`; None when there is none, or none that is ready.

    Raises DataDirUnreachable when the directory may not be read.
    """
    try:
        handle = os.open(data_dir / LOCK, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as error:
        raise DataDirUnreachable(f"{data_dir} belongs to somebody else.") from error
    try:
        if _try_lock(handle, fcntl.LOCK_SH):
            return None
        return Running(**json.loads((data_dir / STATE).read_text()))
    except FileNotFoundError:
        return None
    finally:
        os.close(handle)


def require_running(data_dir: Path) -> Running:
    """Like `find_running`, but raises NotRunning when there is none."""
    running = find_running(data_dir)
    if running is None:
        raise NotRunning(f"Nothing is running with the data directory {data_dir}. Start it with `proofdesk up`.")
    return running


def note_running(data_dir: Path, running: Running) -> None:
    """Say in the data directory that `running` serves from it. The caller holds the lock."""
    path = data_dir / STATE
    _written(path, json.dumps(asdict(running))).replace(path)


def _try_lock(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _written(path: Path, text: str) -> Path:
    """Write `text` to a private draft beside `path`, flushed to disk, for the caller to move into place."""
    handle, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
