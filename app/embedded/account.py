"""Which user the private servers run as, and what that user can reach.

PostgreSQL refuses to run as root, so root's servers run as `nobody`, or as the owner of a cluster that exists.
Nothing here changes the rights of a directory that is not ours. Called by the stack and by the search for binaries.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from app.kernel.errors import NotFound


class NoServerAccount(NotFound):
    """Root cannot run PostgreSQL, and this machine has no user `nobody` to run it as."""


@dataclass(frozen=True)
class Account:
    """A user that servers run as, when it is not the one who runs us."""

    uid: int
    gid: int
    name: str

    @property
    def uid_gid(self) -> tuple[int, int]:
        """The pair that a process becomes."""
        return self.uid, self.gid


def server_account(cluster: Path) -> Account | None:
    """Return who runs the servers whose PostgreSQL data lies in `cluster`; None means whoever runs us.

    Root takes the owner of an existing cluster, so that the person who made it can still start it without root.
    Raises NoServerAccount.
    """
    if os.geteuid() != 0:
        return None
    try:
        owner = cluster.stat().st_uid
        entry = pwd.getpwuid(owner) if owner != 0 else pwd.getpwnam("nobody")
    except FileNotFoundError:
        entry = _nobody()
    except KeyError as error:
        raise NoServerAccount from error
    return Account(uid=entry.pw_uid, gid=entry.pw_gid, name=entry.pw_name)


def _nobody() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("nobody")
    except KeyError as error:
        raise NoServerAccount from error


def can_enter(account: Account | None, *paths: Path) -> bool:
    """Whether `account` can enter or run every one of `paths` (folders and programs). None asks for ourselves.

    The kernel is asked as that user, since mode bits alone do not tell about access lists or mounts.
    """
    if account is None:
        return all(os.access(path, os.X_OK) for path in paths)
    answer = subprocess.run(
        ["/bin/sh", "-c", 'for path; do test -x "$path" || exit 1; done', "sh", *map(str, paths)],
        cwd="/",
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return answer.returncode == 0


def give(path: Path, account: Account | None) -> None:
    """Make `account` the owner of `path` and all below it; does nothing for None."""
    if account is None:
        return
    for parent, folders, files in os.walk(path):
        for name in (*folders, *files):
            os.lchown(Path(parent) / name, account.uid, account.gid)
    os.lchown(path, account.uid, account.gid)
