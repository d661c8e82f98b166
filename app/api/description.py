"""The description of the API (OpenAPI 3.1), whole: what flask-openapi3 reads off the routes, and what only we know.

Adds to each operation its scope, the answers that it gives with an example, the problems it may answer with, and the
headers that are read and sent. Schemas of answers that no class describes come from answers.json, which is made from
answers that were given (dev/answers.py); every test of the API holds the answers against them.
"""

from collections.abc import Iterable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

from app.api.v1.shapes.files import ANY_BYTES
from app.edge.guard import PUBLIC, SIGNED_IN
from app.edge.unit_of_work import ProofdeskApp

_KEPT: Final = Path(__file__).parent / "answers.json"
_PROBLEM: Final = {"$ref": "#/components/schemas/Problem"}
_SAYS: Final = {
    "400": "The bytes are not what they claim to be",
    "401": "No key, or one that does not count",
    "403": "The key lacks the scope",
    "404": "No such thing in this workspace",
    "409": "The state of the thing does not allow it",
    "412": "It was changed since it was read",
    "413": "Larger than the limit",
    "415": "Another media type than application/json, or an encoding",
    "422": "A value does not fit; `errors` names each place",
    "429": "Over the key's limit; come back after Retry-After",
    "503": "The database is away; nothing was kept, come back after Retry-After",
}
_EVERYWHERE: Final = ("400", "401", "403", "422", "429", "503")
_WITH_BODY: Final = ("413", "415")
_HEADERS: Final = {
    "RateLimit": "what is left of the key's limit: r calls, t seconds until it begins anew",
    "RateLimit-Policy": "the key's limit: q calls in w seconds",
}
_ETAG: Final = {"ETag": "tells this state of the thing from others"}
# What changes settings in place, unless they are not any more what a tag says; a test compares it with the views.
CHANGES: Final = (
    "calendars.put",
    "calendars.delete",
    "endpoints.patch",
    "endpoints.delete",
    "groups.put",
    "groups.delete",
    "my_notifications.put",
    "people.patch",
    "queues.put",
)
# Whose answers are tagged: whatever shows such settings, and a submission.
_TAGGED: Final = frozenset(
    f"{name.partition('.')[0]}.{verb}" for name in (*CHANGES, "submissions") for verb in ("get", "post", "put", "patch")
) - {"submissions.post"}
# Header, what it is for, and what it looks like.
_KEY: Final = ("Idempotency-Key", "makes a retry safe for 7 days", "^[!-~]{1,255}$")
_READ_HEADERS: Final[dict[str, tuple[str, str, str]]] = {
    "grants.post_redeem": _KEY,
    "submissions.post": _KEY,
    "submissions.post_batch": _KEY,
    "submissions.get": ("If-None-Match", "an ETag; answered with 304 when nothing has changed", ".*"),
    **dict.fromkeys(CHANGES, ("If-Match", "the ETag of what was read; 412 when it was changed since", ".*")),
    "decision_feed.get_stream": ("Last-Event-ID", "the id of the last event that was read", "^[0-9]{1,15}$"),
}
ABOUT: Final = """Human review of model outputs, with its price.

Give a key as `Authorization: Bearer pd_...`; its scopes decide what it may call. Bodies are JSON in UTF-8, strict: no
duplicate keys, no NaN, nothing unknown. Money is decimal text, durations end in `_seconds` and are decimal text,
instants are RFC 3339 in UTC, ids carry a prefix. Errors are problems (RFC 9457) whose `type` leads to a page that
explains them. Lists answer `{data, has_more, next_cursor}`; pass `next_cursor` as `cursor`, or follow the Link header.

A key may make {limit} calls a minute; a body has at most 1 MiB, a batch 16 MiB."""


@cache
def kept_answers() -> dict[str, Any]:
    """Return schemas and examples of answers by operation, `METHOD path`, and status."""
    found: dict[str, Any] = orjson.loads(_KEPT.read_bytes())
    return found


def describe(app: ProofdeskApp, *, base_url: str, limit: int | None) -> dict[str, Any]:
    """Return the whole description of this app's API."""
    document: dict[str, Any] = deepcopy(app.api_doc)
    document["info"]["description"] = ABOUT.replace("{limit}", "any number of" if limit is None else f"{limit:,}")
    document["servers"] = [{"url": base_url}]
    document["components"]["headers"] = {
        name: {"description": text, "schema": {"type": "string"}} for name, text in (_HEADERS | _ETAG).items()
    }
    by_place = _endpoints(app)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(app, path, method, operation, by_place[path, method])
            _loosen(document, operation)
    return document


def _loosen(document: dict[str, Any], operation: dict[str, Any]) -> None:
    """Say that a body may be left out where nothing in it is needed, and that a file's bytes may be any."""
    body = operation.get("requestBody")
    if body is None:
        return
    if "application/json" not in body["content"]:
        # The library says that bytes are a text, which would keep most of them out.
        body["content"] = dict.fromkeys(body["content"], ANY_BYTES)
        body["required"] = True
        return
    name = body["content"]["application/json"]["schema"].get("$ref", "").rpartition("/")[2]
    body["required"] = bool(document["components"]["schemas"].get(name, {}).get("required"))


def _endpoints(app: ProofdeskApp) -> dict[tuple[str, str], str]:
    """Return the view of each path and method as the description names them."""
    found: dict[tuple[str, str], str] = {}
    for rule in app.url_map.iter_rules():
        path = rule.rule.replace("<", "{").replace(">", "}")
        found |= {(path, method.lower()): rule.endpoint for method in rule.methods or ()}
    return found


def _complete(app: ProofdeskApp, path: str, method: str, operation: dict[str, Any], endpoint: str) -> None:
    view: Any = app.view_functions[endpoint]
    needs: str = view.needs  # the guard's note on it
    operation["operationId"] = endpoint.replace(".", "_")
    if needs != PUBLIC:
        operation["security"] = [{"key": [] if needs == SIGNED_IN else [needs]}]
        if view.by_loopback:
            # Whoever asks from this machine needs no key.
            operation["security"].append({})
        operation["description"] = f"{operation.get('description', '')}\n\nScope: {needs}.".strip()
    if endpoint in _READ_HEADERS:
        name, text, pattern = _READ_HEADERS[endpoint]
        schema = {"type": "string", "pattern": pattern}
        header = {"name": name, "in": "header", "required": False, "description": text, "schema": schema}
        operation.setdefault("parameters", []).append(header)
    kept = kept_answers().get(f"{method.upper()} {path}", {})
    _give_examples(operation, kept, headers=_HEADERS | _ETAG if endpoint in _TAGGED else _HEADERS)
    _add_problems(operation, needs, conditional=endpoint in CHANGES)


def _give_examples(operation: dict[str, Any], kept: dict[str, Any], *, headers: Iterable[str]) -> None:
    """Add schemas and examples of good answers, and of a body that leads to the first of them."""
    for status, known in kept.items():
        answer = operation["responses"].setdefault(status, {"description": "OK"})
        content = answer.setdefault("content", {}).setdefault("application/json", {})
        if content.get("schema") in (None, {"$ref": "#/components/schemas/Anything"}):
            content["schema"] = known["schema"]
        content["example"] = known["example"]
        answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    sent = next((known["sent"] for known in kept.values() if "sent" in known), None)
    if body is not None and sent is not None:
        body["example"] = sent


def _add_problems(operation: dict[str, Any], needs: str, *, conditional: bool) -> None:
    """Say which problems may come, under the media type that they have."""
    answers = operation["responses"]
    wanted = {status for status in answers if status >= "400"}
    if needs != PUBLIC:
        wanted |= set(_EVERYWHERE)
    if "requestBody" in operation:
        wanted |= set(_WITH_BODY)
    if conditional:
        wanted.add("412")
    for status in sorted(wanted - {"503"} if "503" in answers and needs == PUBLIC else wanted):
        content = {"application/problem+json": {"schema": _PROBLEM}}
        answers[status] = {"description": _SAYS.get(status, "Not done"), "content": content}
