"""The source tree as its own tests see it: every module parsed once, every file that belongs to the repository."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CODE = ("app", "workers", "demo", "bench", "migrations", "dev", "clients", "tests")
PRODUCT = ("app", "workers", "demo", "clients")


@dataclass(frozen=True)
class Module:
    """One Python file. `path` is relative to the root, `name` dotted."""

    path: str
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Return the dotted name."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def package(self) -> str:
        """Return the name of the package right below the top, for example `queue` of app/queue/rules.py."""
        return self.name.split(".")[1] if "." in self.name else ""

    @property
    def lines(self) -> int:
        """Return how many lines the file has."""
        return self.text.count("\n")


@cache
def _read(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    return Module(str(path.relative_to(ROOT)), text, ast.parse(text))


def modules(*roots: str) -> list[Module]:
    """Return every module below these folders of the tree, in order of path."""
    return [_read(path) for root in roots for path in sorted((ROOT / root).rglob("*.py"))]


@cache
def repository_files() -> tuple[Path, ...]:
    """Return every file of the repository; in a tree without one, every file of the folders that hold the product."""
    if (ROOT / ".git").exists():
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        found = [ROOT / name for name in listed.split("\0") if name]
    else:
        found = [path for folder in (*CODE, "docs") for path in (ROOT / folder).rglob("*")]
    return tuple(path for path in found if path.is_file() and "__pycache__" not in path.parts)


def functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function of a module, methods and inner ones too."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@cache
def _imports(path: str) -> tuple[ast.ImportFrom, ...]:
    return tuple(node for node in ast.walk(_read(ROOT / path).tree) if isinstance(node, ast.ImportFrom))


def names_imported_from(module: Module, wanted: str) -> dict[str, str]:
    """Return the names that a module imports from `wanted`, each under the name that it has here."""
    return {
        alias.asname or alias.name: alias.name
        for node in _imports(module.path)
        if node.module == wanted
        for alias in node.names
    }
