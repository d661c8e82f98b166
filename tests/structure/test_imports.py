"""The contracts of pyproject.toml hold, they leave no package out, and what they cannot see is checked here."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.structure.source import ROOT, Module, modules, names_imported_from

DOORS = ("app/api", "app/web", "app/cli", "app/edge", "app/adapters", "workers")
WRITING = {"insert", "update", "delete"}
OWNERS_OF_TABLES = sorted(path.parent.name for path in (ROOT / "app").glob("*/models.py"))


def test_the_contracts_hold(tmp_path: Path) -> None:
    program = "import sys; from importlinter.cli import lint_imports_command as run; sys.exit(run())"
    options = ["--cache-dir", str(tmp_path), "--config", str(ROOT / "pyproject.toml")]
    done = subprocess.run(
        [sys.executable, "-c", program, *options], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_every_package_has_its_place_among_the_layers() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (arrows,) = [contract for contract in contracts if contract["id"] == "arrows"]
    placed = {name.strip() for layer in arrows["layers"] for name in layer.split("|")}
    packages = {f"app.{p.stem}" for p in (ROOT / "app").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert packages - {"app.__init__"} | {"workers", "demo"} == placed


def _model_names(module: Module, *, foreign_to: str | None = None) -> set[str]:
    return {
        name
        for owner in OWNERS_OF_TABLES
        if owner != foreign_to
        for name in names_imported_from(module, f"app.{owner}.models")
    }


def _annotations(tree: ast.Module) -> set[ast.AST]:
    """Return every node that stands inside an annotation."""
    tops: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            tops.append(node.annotation)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            tops.append(node.returns)
    return {inner for top in tops for inner in ast.walk(top)}


@pytest.mark.parametrize("module", modules(*DOORS), ids=lambda m: m.name)
def test_a_door_names_the_type_of_a_row_and_nothing_more(module: Module) -> None:
    names = _model_names(module)
    harmless = _annotations(module.tree) if names else set()
    used = [
        f"{module.path}:{node.lineno} {node.id}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Name) and node.id in names and node not in harmless
    ]
    assert used == []


def test_a_table_is_written_by_its_own_domain_only() -> None:
    foreign = []
    for module in modules("app", "workers"):
        names = _model_names(module, foreign_to=module.package)
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            made = node.func.id in names
            first = node.args[0] if node.args else None
            written = node.func.id in WRITING and isinstance(first, ast.Name) and first.id in names
            if made or written:
                foreign.append(f"{module.path}:{node.lineno}")
    assert foreign == []


def test_no_rule_makes_an_id() -> None:
    rules = [m for m in modules("app") if ".rules" in m.name]
    assert [m.path for m in rules if "new_id" in names_imported_from(m, "app.kernel.ids")] == []


def test_a_step_of_the_schema_does_not_know_the_models_of_today() -> None:
    steps = modules("migrations/versions")
    imported = [
        f"{step.path}: {node.module}"
        for step in steps
        for node in ast.walk(step.tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in {"app", "workers", "migrations"}
    ]
    assert steps
    assert imported == []
