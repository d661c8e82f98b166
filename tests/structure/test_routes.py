"""Every route says who may call it, every change leaves an event, and the published description tells no less."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
from werkzeug.routing import Rule

from app.edge.guard import PUBLIC, SIGNED_IN
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
    "login.show",
    "login.show_link",
    "login.sign_in",
    "login.use_link",
}
API = "/api/v1"
# A standard says where it lies (RFC 8615); programs read it like any other call.
DESCRIBED = (API, "/api/humanlayer/v1", "/.well-known/")
UNDESCRIBED = {"health.get_openapi"}


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


def test_the_description_has_every_api_route(shape: ProofdeskApp) -> None:
    routes = {
        (_described(rule), method)
        for rule in _rules(shape)
        if rule.rule.startswith(DESCRIBED) and rule.endpoint not in UNDESCRIBED
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {(path, method) for path, method, _ in _operations(shape.api_doc)} == routes


def test_the_description_asks_for_a_key_exactly_where_the_route_does(shape: ProofdeskApp) -> None:
    open_paths = {_described(rule) for rule in _rules(shape) if rule.endpoint in OPEN_TO_ALL}
    keyless = {path for path, _, operation in _operations(shape.api_doc) if not operation.get("security")}
    assert keyless == {path for path in open_paths if path.startswith(DESCRIBED)} - {f"{API}/openapi.json"}
    assert shape.api_doc["components"]["securitySchemes"] == {"key": {"type": "http", "scheme": "bearer"}}


def test_the_description_is_a_whole(shape: ProofdeskApp) -> None:
    document = shape.api_doc
    assert document["openapi"].startswith("3.1.")
    names = [operation["operationId"] for _, _, operation in _operations(document)]
    assert len(set(names)) == len(names)
    assert [name for name in _references(document) if _find(document, name) is None] == []
    for path, method, operation in _operations(document):
        in_path = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
        assert in_path == {part[1:-1] for part in path.split("/") if part.startswith("{")}, (path, method)
        assert operation["responses"], (path, method)


def test_every_schema_of_the_description_is_one(shape: ProofdeskApp) -> None:
    schemas = shape.api_doc["components"]["schemas"]
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
