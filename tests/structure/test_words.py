"""The repository speaks of the product alone: no place to download from, no machine's paths, no notes of its making."""

import re
from pathlib import Path

import pytest

from tests.structure.source import ROOT, repository_files

# Written so that no pattern matches itself.
FORBIDDEN = {
    "a place to download packages from": r"pypi[.]org|pythonhosted[.]org|registry[.]npmjs|anaconda[.]org",
    "a network that serves scripts": r"unpkg[.]com|jsdelivr[.]net|cdnjs[.]|googleapis[.]com",
    "a path of one machine": r"(?<![\w.])[/](work|root|home/\w+|Users/\w+)[/]",
    "a note about how the code was made": (
        r"\bissue [#]\d|\bissues[ ]show\b|(DESIGN|CONTRACT)[.]md|\bshared[/](research|data)\b"
    ),
    "an unfinished thought": r"\b(TO[D]O|FIX[M]E|HA[C]K)\b",
}
BINARY = {".png", ".ico", ".woff2", ".gz", ".zip"}
# What models and people wrote is quoted as it is.
QUOTED = ("demo/data/",)


def _texts() -> list[Path]:
    return [
        path
        for path in repository_files()
        if path.suffix not in BINARY and not str(path.relative_to(ROOT)).startswith(QUOTED)
    ]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    found = []
    for path in _texts():
        text = path.read_text(encoding="utf-8")
        if pattern.search(text):
            lines = [n for n, line in enumerate(text.splitlines(), start=1) if pattern.search(line)]
            found.append(f"{path.relative_to(ROOT)}:{lines[0]}")
    assert found == []


def test_the_lock_names_versions_only() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert [line for line in lines if "://" in line or "==" not in line] == []
