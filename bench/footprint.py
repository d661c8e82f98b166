"""How much memory the web server and the worker take together, after they have worked.

Counted is the proportional share (PSS) of every process of both: what several share is counted once.
"""

import os
from pathlib import Path
from typing import Final

import psutil

MEBIBYTE: Final = 2**20


def pss_mib() -> float:
    """Return what the children of this process and their children take, in MiB."""
    total = 0
    for child in psutil.Process(os.getpid()).children(recursive=True):
        if _is_ours(child):
            total += _pss(child.pid)
    return total / MEBIBYTE


def _is_ours(child: psutil.Process) -> bool:
    """Say whether it belongs to web server or worker; the servers of the bench and its reviewers do not."""
    try:
        words = " ".join(child.cmdline())
        parents = [" ".join(parent.cmdline()) for parent in child.parents()]
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
    return any(name in text for text in (words, *parents) for name in ("wsgi:app", "-m app worker"))


def _pss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
