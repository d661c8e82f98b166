"""Hold each answer of the API against its description; and write answers down, to describe them from."""

import os
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

import jsonschema_rs
import orjson
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from app.edge.unit_of_work import ProofdeskApp

RECORD: Final = os.environ.get("RECORD_ANSWERS")


def fits(app: ProofdeskApp, method: str, url: str, sent: Any, answer: TestResponse) -> None:
    """Fail when a good answer is not as it is described."""
    if not 200 <= answer.status_code < 300 or answer.content_type != "application/json":
        return
    rule = _rule(app, method, urlsplit(url).path)
    if rule is None or rule.endswith("/openapi.json"):
        return
    body = orjson.loads(answer.data)
    if RECORD:
        record = {"rule": rule, "method": method, "status": answer.status_code, "sent": sent, "body": body}
        with open(f"{RECORD}.{os.getpid()}", "ab") as file:  # noqa: PTH123  # appended to by several processes
            file.write(orjson.dumps(record, default=lambda _: None) + b"\n")
        return
    schema = _schemas(app).get((rule, method.lower(), str(answer.status_code)))
    assert schema is not None, f"{method} {rule} is not described to answer {answer.status_code}"
    schema.validate(body)


def _rule(app: ProofdeskApp, method: str, path: str) -> str | None:
    try:
        rule, _ = app.url_map.bind("127.0.0.1").match(path, method=method, return_rule=True)
    except HTTPException:
        return None
    return "/".join(f"{{{p[1:-1].split(':')[-1]}}}" if p.startswith("<") else p for p in rule.rule.split("/"))


def _schemas(app: ProofdeskApp) -> dict[tuple[str, str, str], Any]:
    document = app.extensions["description"]()
    return _compiled(orjson.dumps(document["paths"]), orjson.dumps(document["components"]))


@cache
def _compiled(paths: bytes, components: bytes) -> dict[tuple[str, str, str], Any]:
    """Return a validator for every answer that is described; `$ref` leads into the document's components."""
    shared = orjson.loads(components)
    return {
        (path, method, status): jsonschema_rs.validator_for(
            {**answer["content"]["application/json"]["schema"], "components": shared}
        )
        for path, operations in orjson.loads(paths).items()
        for method, operation in operations.items()
        for status, answer in operation["responses"].items()
        if "application/json" in answer.get("content", {})
    }
