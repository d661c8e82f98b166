"""Files and functions stay small, say what they are for, and have a name that says what is in them."""

import ast
from collections.abc import Callable
from statistics import median

from tests.structure.source import CODE, PRODUCT, Module, functions, modules

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_MEDIAN_FILE_LINES = 120
MAX_MEDIAN_FUNCTION_LINES = 12
# A step of the schema is one long list of tables, written by a generator and read once.
LONG_BY_NATURE = "migrations/versions/"
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "base"}
# Only these may end a transaction; everybody else works inside one.
COMMITTERS = ("app/kernel/", "app/edge/", "migrations/", "tests/")


def _all() -> list[Module]:
    return [module for module in modules(*CODE) if not module.path.startswith(LONG_BY_NATURE)]


def test_every_file_says_first_what_it_is_for() -> None:
    silent = [m.path for m in modules(*CODE) if not (ast.get_docstring(m.tree) or "").strip()]
    assert silent == []


def test_no_file_is_long() -> None:
    assert [(m.path, m.lines) for m in _all() if m.lines > MAX_FILE_LINES] == []


def test_no_function_is_long() -> None:
    long = [
        (module.path, function.name, (function.end_lineno or 0) - function.lineno + 1)
        for module in _all()
        for function in functions(module)
        if (function.end_lineno or 0) - function.lineno + 1 > MAX_FUNCTION_LINES
    ]
    assert long == []


def test_most_files_and_functions_fit_on_a_page(record_property: Callable[[str, object], None]) -> None:
    files = [module.lines for module in modules(*PRODUCT) if module.lines > 1]
    lengths = [(f.end_lineno or 0) - f.lineno + 1 for module in modules(*PRODUCT) for f in functions(module)]
    record_property("median lines of a file", median(files))
    record_property("median lines of a function", median(lengths))
    assert median(files) <= MAX_MEDIAN_FILE_LINES
    assert median(lengths) <= MAX_MEDIAN_FUNCTION_LINES


def test_no_file_is_named_after_nothing() -> None:
    assert [m.path for m in modules(*CODE) if m.name.rsplit(".", 1)[-1] in BANNED_NAMES] == []


def test_only_the_edge_and_the_kernel_end_a_transaction() -> None:
    found = [
        f"{module.path}:{call.lineno}"
        for module in modules(*CODE)
        if not module.path.startswith(COMMITTERS)
        for function in functions(module)
        for call in _endings(function)
    ]
    assert found == []


def _endings(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.Call]:
    """Return the calls that end a transaction; ending a savepoint that was opened here is none."""
    savepoints = {
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and ast.unparse(node.value).endswith(".begin_nested()")
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"commit", "rollback"}
        and not (isinstance(node.func.value, ast.Name) and node.func.value.id in savepoints)
    ]
