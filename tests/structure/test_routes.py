"""Every route says who may call it, every change leaves an event, and the published description tells no less."""

import inspect
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
from werkzeug.routing import Rule

from app.api.description import CHANGES
from app.edge.guard import PUBLIC, SIGNED_IN
from app.edge.problem_types import problem_types
from app.edge.unit_of_work import ProofdeskApp
from app.identity.rules import PERMISSIONS
from tests.structure.leaves import LEAVES, LEAVES_NOTHING
from tests.structure.source import modules

SAFE = {"GET", "HEAD", "OPTIONS"}
OPEN_TO_ALL = {
    "grants.get_keys",
    "health.get_live",
    "health.get_openapi",
    "health.get_ready",
    "docs_pages.get_openapi",
    "docs_pages.show_api",
    "docs_pages.show_problem",
    "docs_pages.show_problems",
    "login.show",
    "login.show_link",
    "login.give_code",
    "login.sign_in",
    "login.use_link",
}
API = "/api/v1"
# A standard says where it lies (RFC 8615); programs read it like any other call.
DESCRIBED = (API, "/api/humanlayer/v1", "/.well-known/")
UNDESCRIBED = {"health.get_openapi"}
ANYTHING = {"$ref": "#/components/schemas/Anything"}


def _rules(app: ProofdeskApp) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def _needs(app: ProofdeskApp, endpoint: str) -> Any:
    return getattr(app.view_functions[endpoint], "needs", None)


def test_every_route_says_what_it_needs(shape: ProofdeskApp) -> None:
    known = {PUBLIC, SIGNED_IN, *PERMISSIONS}
    assert [rule.rule for rule in _rules(shape) if _needs(shape, rule.endpoint) not in known] == []


def test_only_these_routes_are_open_to_everybody(shape: ProofdeskApp) -> None:
    assert {rule.endpoint for rule in _rules(shape) if _needs(shape, rule.endpoint) == PUBLIC} == OPEN_TO_ALL


def test_no_page_is_reached_by_key_and_no_api_call_by_mere_sign_in(shape: ProofdeskApp) -> None:
    api = [rule for rule in _rules(shape) if rule.rule.startswith(API)]
    assert [rule.rule for rule in api if _needs(shape, rule.endpoint) == SIGNED_IN] == []
    pages = [rule for rule in _rules(shape) if not rule.rule.startswith(API)]
    assert [rule.rule for rule in pages if getattr(shape.view_functions[rule.endpoint], "by_session", None)] == []


def _changing(app: ProofdeskApp) -> set[str]:
    return {rule.endpoint for rule in _rules(app) if (rule.methods or set()) - SAFE}


def test_every_change_leaves_an_event_or_says_why_not(shape: ProofdeskApp) -> None:
    assert _changing(shape) == LEAVES.keys() | LEAVES_NOTHING.keys()
    assert LEAVES.keys() & LEAVES_NOTHING.keys() == set()


def test_a_route_that_changes_something_is_never_a_get(shape: ProofdeskApp) -> None:
    both = [rule.rule for rule in _rules(shape) if (rule.methods or set()) - SAFE and "GET" in (rule.methods or set())]
    assert both == []


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def _described(rule: Rule) -> str:
    return rule.rule.replace("<", "{").replace(">", "}")


def _place(shape: ProofdeskApp, path: str, method: str) -> str:
    """Return the name of the view that answers a described call."""
    (found,) = {r.endpoint for r in _rules(shape) if _described(r) == path and method.upper() in (r.methods or ())}
    return str(found)


def described(shape: ProofdeskApp) -> dict[str, Any]:
    """Return the description that programs get."""
    document: dict[str, Any] = shape.extensions["description"]()
    return document


def test_the_description_has_every_api_route(shape: ProofdeskApp) -> None:
    routes = {
        (_described(rule), method)
        for rule in _rules(shape)
        if rule.rule.startswith(DESCRIBED) and rule.endpoint not in UNDESCRIBED
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {(path, method) for path, method, _ in _operations(described(shape))} == routes


def test_the_description_asks_for_a_key_exactly_where_the_route_does(shape: ProofdeskApp) -> None:
    open_paths = {_described(rule) for rule in _rules(shape) if rule.endpoint in OPEN_TO_ALL}
    keyless = {path for path, _, operation in _operations(described(shape)) if not operation.get("security")}
    assert keyless == {path for path in open_paths if path.startswith(DESCRIBED)} - {f"{API}/openapi.json"}
    assert described(shape)["components"]["securitySchemes"] == {"key": {"type": "http", "scheme": "bearer"}}


def test_the_description_is_a_whole(shape: ProofdeskApp) -> None:
    document = described(shape)
    assert document["openapi"].startswith("3.1.")
    names = [operation["operationId"] for _, _, operation in _operations(document)]
    assert len(set(names)) == len(names)
    assert [name for name in _references(document) if _find(document, name) is None] == []
    for path, method, operation in _operations(document):
        in_path = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
        assert in_path == {part[1:-1] for part in path.split("/") if part.startswith("{")}, (path, method)
        assert operation["responses"], (path, method)


def test_every_schema_of_the_description_is_one(shape: ProofdeskApp) -> None:
    schemas = described(shape)["components"]["schemas"]
    dialect = "https://json-schema.org/draft/2020-12/schema"
    assert [name for name, one in schemas.items() if not jsonschema_rs.meta.is_valid({"$schema": dialect, **one})] == []
    assert schemas


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _find(document: Any, reference: str) -> Any:
    for part in reference.removeprefix("#/").split("/"):
        document = document.get(part) if isinstance(document, dict) else None
    return document


def test_every_event_of_the_table_is_recorded_somewhere() -> None:
    text = "".join(module.text for module in modules("app"))
    acts = {kind for kind in LEAVES.values() if not kind.startswith("item.")}
    assert [kind for kind in acts if f'"{kind}"' not in text] == []


def test_every_call_says_what_it_answers_with_an_example_and_which_scope_it_takes(shape: ProofdeskApp) -> None:
    wrong = []
    for path, method, operation in _operations(described(shape)):
        needs = _needs(shape, _place(shape, path, method))
        scopes = [scope for one in operation.get("security", []) for scope in one.get("key", [])]
        if scopes != ([] if needs in {PUBLIC, SIGNED_IN} else [needs]):
            wrong.append(f"{method} {path}: scopes")
        for status, answer in operation["responses"].items():
            if path == f"{API}/readyz" and status == "503":
                continue  # it says the same as when it is ready
            if status >= "400":
                wrong += (
                    [f"{method} {path}: {status}"] if list(answer["content"]) != ["application/problem+json"] else []
                )
            elif "application/json" in answer.get("content", {}):
                content = answer["content"]["application/json"]
                wrong += [f"{method} {path}: {status} has no example"] if "example" not in content else []
                wrong += [f"{method} {path}: {status} says nothing"] if content["schema"] in ({}, ANYTHING) else []
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is not None and "example" not in body and needs != SIGNED_IN:
            wrong.append(f"{method} {path}: no example of a body")
    assert wrong == []


def test_every_example_fits_its_schema(shape: ProofdeskApp) -> None:
    document = described(shape)
    wrong = []
    for path, method, operation in _operations(document):
        contents = [operation.get("requestBody", {}).get("content", {}).get("application/json", {})]
        contents += [
            answer.get("content", {}).get("application/json", {}) for answer in operation["responses"].values()
        ]
        for content in contents:
            if "example" in content:
                schema = {**content["schema"], "components": document["components"]}
                if not jsonschema_rs.is_valid(schema, content["example"]):
                    wrong.append(f"{method} {path}")
    assert wrong == []


def test_every_type_of_problem_has_a_page_to_lead_to(shape: ProofdeskApp) -> None:
    types = problem_types()
    assert {"shape", "not-found", "method-not-allowed", "missing-scope", "rate-exceeded", "step-not-allowed"} <= set(
        types
    )
    assert [name for name, one in types.items() if not one.text or one.name != name] == []


def test_the_description_says_if_match_exactly_where_a_change_is_checked(shape: ProofdeskApp) -> None:
    checks = {"check_unchanged", "_endpoint_to_change"}
    found = {
        name for name, view in shape.view_functions.items() if checks & set(inspect.unwrap(view).__code__.co_names)
    }
    assert found == set(CHANGES)
