"""Bad input gets a clear error, never a 500, and nothing of it is kept."""

import pytest

from tests.factories.site import BASE, Site, make_site

GOOD = b'{"task_type":"addresses","output":{"city":"Paris"},"confidence":0.5}'

MALFORMED = {
    "nothing": b"",
    "half": GOOD[:20],
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "deep_inside": b'{"task_type":"addresses","output":' + b"[" * 70 + b"]" * 70 + b"}",
    "twice": b'{"task_type":"a","task_type":"b","output":1}',
    "nan": b'{"task_type":"addresses","output":1,"confidence":NaN}',
    "infinity": b'{"task_type":"addresses","output":1,"confidence":1e999}',
    "huge_integer": b'{"task_type":"addresses","output":9007199254740993}',
    "huge_number": b'{"task_type":"addresses","output":[' + b",".join([b"1e131071"] * 1000) + b"]}",
    "nul": b'{"task_type":"addresses","output":"a\\u0000b"}',
    "surrogate": b'{"task_type":"addresses","output":"\\ud800"}',
    "raw_surrogate": b'{"task_type":"addresses","output":"\xed\xa0\x80"}',
    "latin": '{"task_type":"addresses","output":"é"}'.encode("latin-1"),
    "utf16": GOOD.decode().encode("utf-16"),
    "bom": b"\xef\xbb\xbf" + GOOD,
    "not_object": b"[1]",
    "text": b'"{}"',
    "null": b"null",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_body_that_is_not_ours_is_refused_with_a_problem(site: Site, name: str) -> None:
    site.define_addresses()
    answer = site.call("POST", "/submissions", MALFORMED[name])
    assert answer.status in {400, 422}, answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.body["detail"]
    assert site.call("GET", "/submissions").body["data"] == []


WRONG = {
    "unknown key": ({"outputs": 1}, "/outputs"),
    "confidence above one": ({"confidence": 1.01}, "/confidence"),
    "confidence as text": ({"confidence": "0.5"}, "/confidence"),
    "confidence as truth": ({"confidence": True}, "/confidence"),
    "field that is no pointer": ({"field_confidence": {"city": 0.5}}, "/field_confidence"),
    "name too long": ({"external_id": "x" * 201}, "/external_id"),
    "too much metadata": ({"metadata": {str(n): n for n in range(65)}}, "/metadata"),
    "unknown endpoint": ({"endpoint": "ep_nope"}, "/endpoint"),
    "unknown task type": ({"task_type": "nope"}, "/task_type"),
    "action without a name": ({"actions": [{"args": {}}]}, "/actions/0/name"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_fault_is_pointed_at(site: Site, name: str) -> None:
    site.define_addresses()
    wrong, pointer = WRONG[name]
    answer = site.submit(**wrong)  # type: ignore[arg-type]  # wrong on purpose
    assert answer.status == 422
    assert pointer in {e["pointer"] for e in answer.body["errors"]}


def test_the_limit_of_a_body_is_one_mebibyte_to_the_byte(site: Site) -> None:
    site.define_addresses()
    head, tail = b'{"task_type":"addresses","output":"', b'"}'
    fill = 1024 * 1024 - len(head) - len(tail)
    assert site.call("POST", "/submissions", head + b"x" * fill + tail).status == 201
    assert site.call("POST", "/submissions", head + b"x" * (fill + 1) + tail).status == 413


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content_Encoding": "gzip"}, 415),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "application/json; charset=utf-16"}, 415),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
        ({"Idempotency_Key": "x" * 256}, 422),
        ({"Idempotency_Key": "a b"}, 422),
        ({"Host": "evil.example"}, 400),
    ],
)
def test_a_header_that_promises_something_else_is_refused(site: Site, headers: dict[str, str], status: int) -> None:
    site.define_addresses()
    assert site.call("POST", "/submissions", GOOD, **headers).status == status


@pytest.mark.parametrize(
    "path",
    [
        "/submissions?limit=0",
        "/submissions?limit=1&limit=2",
        "/submissions?cursor=%00",
        "/submissions?cursor=abc",
        "/submissions?since=yesterday",
        "/submissions?since=10000-01-01T00:00:00Z",
        "/submissions?nope=1",
        "/submissions/sub_1",
        "/submissions/%00",
        "/submissions/sub_" + "0" * 32 + "?wait=56",
        "/reports/costs?group_by=nope",
        "/reports/costs?tz=Mars/Olympus",
        "/audit?cursor=-1",
        "/audit?limit=1e9",
    ],
)
def test_a_query_that_means_nothing_is_a_clear_no(site: Site, path: str) -> None:
    assert site.call("GET", path).status in {400, 404, 422}


def test_keys_open_only_what_their_scope_says(site: Site) -> None:
    site.define_addresses()
    wanted = {
        ("POST", "/submissions"): "submit",
        ("GET", "/submissions"): "read",
        ("GET", "/reports/costs"): "reports",
        ("GET", "/audit"): "audit",
        ("GET", "/people"): "admin",
    }
    for (method, path), scope in wanted.items():
        for key in ("submit", "read", "reports", "audit", "admin", "ada"):
            body = {"task_type": "addresses", "output": {"city": "x"}} if method == "POST" else None
            status = site.call(method, path, body, key=key).status
            allowed = key == scope or (key == "ada" and scope == "read")
            assert (status < 300) == allowed, (method, path, key, status)
            assert allowed or status == 403
    for unknown in (None, "nonsense", "pd_" + "0" * 16 + "_" + "x" * 43):
        assert site.call("GET", "/submissions", key=unknown).status == 401


def test_another_workspace_does_not_exist(site: Site) -> None:
    site.define_addresses()
    other = make_site(site.app, "Other")
    submission = site.submit().body["id"]
    claim = site.call("POST", "/claims", {}, key="ada").body["claim"]["id"]
    endpoint = site.call("POST", "/endpoints", {"url": "http://127.0.0.1:9/x"}).body["id"]
    task_type = site.call("GET", "/task-types").body["data"][0]["id"]
    policy = site.call("GET", "/policies").body["data"][0]["id"]
    person = site.call("GET", "/people").body["data"][0]["id"]
    for method, path, key in [
        ("GET", f"/submissions/{submission}", "all"),
        ("POST", f"/submissions/{submission}/cancel", "all"),
        ("POST", f"/claims/{claim}/skip", "ada"),
        ("DELETE", f"/endpoints/{endpoint}", "all"),
        ("GET", f"/task-types/{task_type}", "all"),
        ("GET", f"/policies/{policy}", "all"),
        ("POST", f"/policies/{policy}/publish", "all"),
        ("GET", f"/people/{person}", "all"),
    ]:
        assert other.call(method, path, {} if method == "POST" else None, key=key).status == 404, path
    assert other.call("GET", "/submissions").body["data"] == []


def test_a_change_from_another_site_is_refused(site: Site) -> None:
    client = site.app.test_client()
    link = site.sign_in_path("ada")
    assert client.get(link, base_url=BASE).status_code == 200
    assert client.post(link, base_url=BASE, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post(link, base_url=BASE).status_code == 403
    assert client.post(link, base_url=BASE, headers={"Origin": BASE}).status_code == 303
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://evil"}, {}):
        assert client.post("/review/take", base_url=BASE, headers=headers).status_code == 403
        beat = client.post("/api/v1/claims", base_url=BASE, headers=headers, json={})
        assert beat.status_code == 403


def test_a_saved_cookie_is_dead_after_signing_out(site: Site) -> None:
    client, same = site.app.test_client(), {"Sec-Fetch-Site": "same-origin"}
    signed_in = client.post(site.sign_in_path("ada"), base_url=BASE, headers=same)
    name, _, token = signed_in.headers["Set-Cookie"].split(";")[0].partition("=")
    assert "HttpOnly" in signed_in.headers["Set-Cookie"]
    thief = site.app.test_client()
    thief.set_cookie(name, token, domain="127.0.0.1")
    assert thief.get("/account", base_url=BASE).status_code == 200
    client.post("/logout", base_url=BASE, headers=same)
    assert thief.get("/account", base_url=BASE).status_code == 302


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "/\t/evil.example", "https://evil.example", "////evil", "/login"]
)
def test_signing_in_never_leads_to_another_site(site: Site, target: str) -> None:
    client, same = site.app.test_client(), {"Sec-Fetch-Site": "same-origin"}
    client.post(site.sign_in_path("ada"), base_url=BASE, headers=same)
    password = {"new_password": "lantern-quartz-zebra-77!"}
    assert client.post("/account/password", base_url=BASE, headers=same, data=password).status_code == 303
    form = {"email": "ada@acme.example", "password": password["new_password"], "next": target}
    answer = site.app.test_client().post("/login", base_url=BASE, headers=same, data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_every_answer_carries_the_headers_that_keep_browsers_in_line(site: Site) -> None:
    client = site.app.test_client()
    for path in ("/login", "/nope", "/api/v1/healthz", "/api/v1/nope", "/static/other/base.css"):
        with client.get(path, base_url=BASE) as answer:
            headers = answer.headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_beats_and_verdicts_of_a_hostile_client_never_break_the_service(site: Site) -> None:
    site.define_addresses()
    site.submit()
    claim = site.call("POST", "/claims", {}, key="ada").body["claim"]["id"]
    for body in (
        {"seq": -1, "client_mono_ms": 1, "state": "active"},
        {"seq": 2**53, "client_mono_ms": 1, "state": "active"},
        {"seq": 1, "client_mono_ms": -5, "state": "active"},
        {"seq": 1, "client_mono_ms": 1, "state": "asleep"},
        {"seq": 1, "client_mono_ms": 1, "state": "active", "last_input_age_ms": -1},
        {"seq": "1", "client_mono_ms": 1, "state": "active"},
    ):
        assert site.call("POST", f"/claims/{claim}/beats", body, key="ada").status in {400, 422}
    top = {"seq": 2**53 - 1, "client_mono_ms": 2**53 - 1, "state": "active", "last_input_age_ms": 2**53 - 1}
    assert site.call("POST", f"/claims/{claim}/beats", top, key="ada").status == 200
    wrong: list[dict[str, object]] = [{}, {"token": 0}, *({"token": 1, "content_sha256": s} for s in ("zz", "0" * 64))]
    for verdict in wrong:
        assert site.call("POST", f"/claims/{claim}/decision", verdict, key="ada").status in {409, 422}
