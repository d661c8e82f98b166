"""The documents say what the code says: generated pages are fresh, the map leaves nothing out, no link is dead."""

import re

import pytest

from app.kernel.db import CONNECT_SETTINGS
from dev.docs import DOCS, PAGES
from tests.structure.source import ROOT, repository_files

_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
_DECISION = re.compile(r"(\d{3})-[a-z0-9-]+\.md")


@pytest.mark.parametrize("page", PAGES)
def test_a_generated_page_is_the_one_that_the_code_makes_now(page: str) -> None:
    assert (DOCS / page).read_text(encoding="utf-8") == PAGES[page](), "run `make docs`"


def _packages() -> set[str]:
    """Return every folder at the top, and every package of the app."""
    files = [path.relative_to(ROOT).parts for path in repository_files()]
    tops = {parts[0] for parts in files if len(parts) > 1}
    return tops - {"app"} | {"/".join(parts[:2]) for parts in files if parts[0] == "app" and len(parts) > 2}


def test_the_map_has_a_line_for_every_package_and_every_kind_of_test() -> None:
    page = (DOCS / "map.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([^`]+)`", "".join(re.findall(r"^\| [^|]+ \|", page, re.MULTILINE))))
    shown_with_pages = {"app/templates", "app/static"}
    assert sorted(_packages() - named - shown_with_pages) == []
    assert sorted(name for name in named if not (ROOT / name).exists()) == []
    kinds = {path.name for path in (ROOT / "tests").iterdir() if (path / "__init__.py").exists()}
    (line,) = [line for line in page.splitlines() if line.startswith("| `tests`")]
    assert sorted(kind for kind in kinds if f"`{kind}`" not in line) == []


def test_no_link_within_the_documents_is_dead() -> None:
    dead = [
        f"{page.name}: {target}"
        for page in [ROOT / "README.md", *DOCS.rglob("*.md")]
        for target in _LINK.findall(page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert dead == []


def test_the_commands_of_every_guide_are_run_by_a_test() -> None:
    tests = {path.stem for path in (ROOT / "tests" / "howto").glob("test_*.py")}
    guides = [page for page in (DOCS / "howto").glob("*.md") if "```sh" in page.read_text(encoding="utf-8")]
    assert sorted(page.name for page in guides if f"test_{page.stem.replace('-', '_')}" not in tests) == []


def test_decisions_are_numbered_without_a_gap() -> None:
    pages = sorted(path.name for path in (DOCS / "decisions").glob("*.md"))
    numbers = [int(found[1]) for name in pages if (found := _DECISION.fullmatch(name))]
    assert numbers == list(range(1, len(pages) + 1))


def test_the_guide_to_pgbouncer_sets_for_the_role_what_each_connection_would_ask_for() -> None:
    page = (DOCS / "howto" / "pgbouncer.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^ALTER ROLE .* SET (\w+) = ", page, re.MULTILINE)) == set(CONNECT_SETTINGS)
