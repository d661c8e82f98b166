"""/docs/api, /openapi.json, /problems: the API to read, for people and for programs. Nobody has to sign in.

The page is made from the same document that programs get, without a script.
"""

from collections import defaultdict
from typing import Any, Final

import orjson
from flask import Blueprint, Response, current_app, render_template

from app.edge.guard import PUBLIC, allow
from app.edge.problem_types import problem_types
from app.kernel.errors import NotFound

page = Blueprint("docs_pages", __name__)
_METHODS: Final = ("get", "post", "put", "patch", "delete")


class NoSuchProblem(NotFound):
    """No problem of this name is ever answered."""


def description() -> dict[str, Any]:
    """Return the description of the API."""
    document: dict[str, Any] = current_app.extensions["description"]()
    return document


@page.get("/openapi.json")
@allow(PUBLIC)
def get_openapi() -> Response:
    """Give the description where tools look for it."""
    return Response(orjson.dumps(description()), mimetype="application/json")


@page.get("/docs/api")
@allow(PUBLIC)
def show_api() -> str:
    """Show every call with its parameters, its body, and an example of what it answers."""
    document = description()
    by_tag: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                by_tag[operations[method]["tags"][0]].append(_call(document, path, method, operations[method]))
    return render_template("docs/api.html", info=document["info"], tags=dict(sorted(by_tag.items())))


def _call(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    answers = []
    for status, answer in sorted(operation["responses"].items()):
        content = answer.get("content", {}).get("application/json", {})
        answers.append({"status": status, "text": answer["description"], "example": _shown(content.get("example"))})
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "text": operation.get("description", ""),
        "scopes": [scope for need in operation.get("security", ()) for scope in need.get("key", ())],
        "public": not operation.get("security"),
        "parameters": operation.get("parameters", []),
        "fields": [] if body is None else _fields(document, body["schema"]),
        "sent": None if body is None else _shown(body.get("example")),
        "answers": answers,
    }


def _fields(document: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the members of a body: name, kind, whether it has to be there, and its text."""
    whole = _resolved(document, schema)
    return [
        {
            "name": name,
            "kind": _kind(document, part),
            "needed": name in whole.get("required", ()),
            "text": _resolved(document, part).get("description", ""),
        }
        for name, part in whole.get("properties", {}).items()
    ]


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = document["components"]["schemas"][name] if name else schema
    return found


def _kind(document: dict[str, Any], schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return _kind(document, _resolved(document, schema))
    if "anyOf" in schema:
        kinds = [_kind(document, part) for part in schema["anyOf"]]
        return " or ".join(dict.fromkeys(kind for kind in kinds if kind != "null"))
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {_kind(document, schema.get('items', {}))}"
    return str(kind if isinstance(kind, str) else " or ".join(kind))


def _shown(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


@page.get("/problems")
@allow(PUBLIC)
def show_problems() -> str:
    """Show every type of problem."""
    return render_template("docs/problems.html", problems=list(problem_types().values()), chosen=None)


@page.get("/problems/<name>")
@allow(PUBLIC)
def show_problem(name: str) -> str:
    """Show what a type of problem means: where the `type` of an answer leads."""
    found = problem_types().get(name)
    if found is None:
        raise NoSuchProblem
    return render_template("docs/problems.html", problems=[found], chosen=found)
