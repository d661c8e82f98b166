"""The API to read: for tools at one address, for people on a page without a script, and each problem on its own."""

from urllib.parse import urlsplit

import orjson
import pytest

from app.edge.unit_of_work import ProofdeskApp
from tests.factories.site import BASE, Site


def page(app: ProofdeskApp, path: str) -> tuple[int, str]:
    answer = app.test_client().get(path, base_url=BASE)
    return answer.status_code, answer.get_data(as_text=True)


def test_tools_find_the_same_description_at_both_addresses(app: ProofdeskApp, site: Site) -> None:
    document = orjson.loads(page(app, "/openapi.json")[1])
    assert document == site.call("GET", "/openapi.json", key=None).body
    assert document["servers"] == [{"url": "http://127.0.0.1:8080"}]


def test_the_page_shows_every_call_and_runs_nothing(app: ProofdeskApp) -> None:
    status, text = page(app, "/docs/api")
    assert status == 200
    document = app.extensions["description"]()
    for path, operations in document["paths"].items():
        for method in operations:
            assert f"{method.upper()} {path}" in text
    assert "<script" not in text.partition("<main")[2]


@pytest.mark.parametrize(
    ("method", "path", "body", "name"),
    [
        ("GET", "/nowhere", None, "not-found"),
        ("PATCH", "/submissions", {}, "method-not-allowed"),
        ("POST", "/submissions", {}, "shape"),
        ("GET", f"/submissions/sub_{'0' * 32}", None, "no-such-submission"),
        ("POST", "/submissions", b"{", "bad-json"),
    ],
)
def test_the_type_of_a_problem_leads_to_a_page(
    app: ProofdeskApp, site: Site, method: str, path: str, body: object, name: str
) -> None:
    problem = site.call(method, path, body)
    assert problem.headers["Content-Type"] == "application/problem+json"
    address = urlsplit(problem.body["type"])
    assert address.path == f"/problems/{name}"
    status, text = page(app, address.path)
    assert status == 200
    assert f"<dd>{problem.status}</dd>" in text
    assert page(app, "/problems")[0] == 200
    assert page(app, "/problems/never-heard-of")[0] == 404
