"""A job travels as a name. Every name that the product asks for is served, and each is where its task really lives."""

import ast

from tests.structure.source import Module, modules
from workers.registry import TASKS


def _constants(module: Module) -> dict[str, object]:
    """Return the texts that a module gives a name at its top."""
    return {
        target.id: node.value.value
        for node in module.tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }


def _asked_for() -> list[tuple[str, object]]:
    found = []
    for module in modules("app", "workers"):
        constants = _constants(module)
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "request_job":
                (name,) = [keyword.value for keyword in node.keywords if keyword.arg == "name"]
                known = constants.get(name.id) if isinstance(name, ast.Name) else ast.literal_eval(name)
                found.append((f"{module.path}:{node.lineno}", known))
    return found


def test_every_job_that_is_asked_for_is_served() -> None:
    asked = _asked_for()
    assert asked
    assert [(where, name) for where, name in asked if name not in TASKS] == []


def test_every_task_lives_where_its_name_says() -> None:
    assert {name: f"{task.work.__module__}.{task.work.__qualname__}" for name, task in TASKS.items()} == {
        name: name for name in TASKS
    }
