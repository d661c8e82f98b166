"""A data directory whose path is longer than a socket's may be, made once and used by run after run."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.embedded.killing import instance, wait_ready


@contextmanager
def folder_for_anyone() -> Iterator[Path]:
    """A folder that every user can enter; pytest's own are closed to the user that root's servers run as."""
    folder = Path(tempfile.mkdtemp(prefix="pd-embedded-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """An empty folder that every user can enter."""
    with folder_for_anyone() as folder:
        yield folder


@pytest.fixture(scope="session")
def data_dir() -> Iterator[Path]:
    """The one that the tests share: that each finds it usable after the one before is itself the promise."""
    with folder_for_anyone() as folder:
        yield folder / ("long" * 15) / ("longer" * 10)


@pytest.fixture
def running(data_dir: Path) -> Iterator[Path]:
    """The data directory with an instance running on it."""
    with instance(data_dir) as process:
        wait_ready(process)
        yield data_dir
