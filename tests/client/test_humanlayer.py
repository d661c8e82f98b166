"""The unmodified HumanLayer SDK against our routes: its programs wait for a person and get what they always got."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.client.reviewer import Reviewer
from tests.factories.site import Answered, Site

PROGRAM = Path(__file__).with_name("humanlayer_program.py")
BASE = "/api/humanlayer/v1"
CALL: dict[str, Any] = {"run_id": "r", "call_id": "call-1", "spec": {"fn": "refund", "kwargs": {"amount": 15}}}
QUESTION: dict[str, Any] = {"run_id": "r", "call_id": "q-1", "spec": {"msg": "Shall I?"}}
Start = Callable[[str], str]


@pytest.fixture
def start(url: str, site: Site) -> Start:
    """Runs the program and returns what it printed."""

    def run(what: str) -> str:
        environment = {
            **os.environ,
            "HUMANLAYER_API_BASE": f"{url}{BASE}",
            "HUMANLAYER_API_KEY": site.keys["all"],
        }
        done = subprocess.run(
            [sys.executable, str(PROGRAM), what],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        printed: str = json.loads(done.stdout)
        return printed

    return run


@pytest.mark.parametrize(
    ("what", "verdict", "printed"),
    [
        ("approve", {"verb": "approve"}, "paid 15 to jo"),
        ("approve", {"verb": "reject", "message": "Not today."}, "User denied refund with message: Not today."),
        ("approve", {"verb": "reject"}, "User denied refund with message: Rejected."),
        ("ask", {"verb": "respond", "message": "Ask Bo."}, "Ask Bo."),
        ("ask", {"verb": "reject"}, "Nobody wants to answer this."),
    ],
)
def test_a_program_gets_what_a_person_decides(
    start: Start, ada: Reviewer, what: str, verdict: dict[str, Any], printed: str
) -> None:
    with ThreadPoolExecutor(1) as beside:
        program = beside.submit(start, what)
        ada.judges(**verdict)
        assert program.result(60) == printed


def sent(site: Site, path: str, body: dict[str, Any], *, key: str = "all") -> Answered:
    return site.call("POST", path, body, key=key, api=BASE)


def read(site: Site, path: str, *, key: str = "all") -> Answered:
    return site.call("GET", path, key=key, api=BASE)


def test_the_same_call_id_is_the_same_call_and_never_another(site: Site) -> None:
    first = sent(site, "/function_calls", CALL)
    assert first.status == 200
    assert first.body["status"]["approved"] is None
    assert sent(site, "/function_calls", CALL).body == first.body
    other = {**CALL, "spec": {"fn": "refund", "kwargs": {"amount": 1500}}}
    assert sent(site, "/function_calls", other).status == 409
    assert read(site, "/contact_requests/call-1").status == 404
    assert len(site.call("GET", "/submissions?task_type=humanlayer").body["data"]) == 1


def test_two_tries_at_once_are_one_call(site: Site) -> None:
    with ThreadPoolExecutor(4) as crowd:
        answers = [crowd.submit(sent, site, "/function_calls", CALL) for _ in range(4)]
        assert {answer.result().status for answer in answers} == {200}
    assert len(site.call("GET", "/submissions?task_type=humanlayer").body["data"]) == 1


def test_arguments_cannot_be_edited_because_the_program_would_not_see_it(site: Site) -> None:
    sent(site, "/function_calls", CALL)
    taken = site.call("POST", "/claims", {}, key="ada").body
    proof = {"token": taken["claim"]["token"], "content_sha256": taken["item"]["content_sha256"]}
    edit = {"call_id": "c1", "verb": "edit", "args": {"amount": 1}}
    refused = site.call("POST", f"/claims/{taken['claim']['id']}/decision", {**proof, "actions": [edit]}, key="ada")
    assert refused.status == 422


def test_a_call_that_was_cancelled_is_a_no_that_says_so(site: Site) -> None:
    sent(site, "/function_calls", CALL)
    (row,) = site.call("GET", "/submissions?task_type=humanlayer").body["data"]
    assert site.call("POST", f"/submissions/{row['id']}/cancel", {}).status == 200
    status = read(site, "/function_calls/call-1").body["status"]
    assert (status["approved"], status["comment"]) == (
        False,
        "The request was cancelled before anybody answered.",
    )


def test_an_option_is_named_when_the_whole_answer_is_one(site: Site) -> None:
    options = [{"name": "yes", "title": "Go on"}, {"name": "no"}]
    sent(site, "/contact_requests", {**QUESTION, "spec": {"msg": "Shall I?", "response_options": options}})
    taken = site.call("POST", "/claims", {}, key="ada").body
    assert taken["item"]["context"][0]["value"] == "yes: Go on\nno"
    proof = {"token": taken["claim"]["token"], "content_sha256": taken["item"]["content_sha256"]}
    verdict = {"verb": "respond", "message": " go ON "}
    assert site.call("POST", f"/claims/{taken['claim']['id']}/decision", {**proof, **verdict}, key="ada").status == 200
    status = read(site, "/contact_requests/q-1").body["status"]
    assert (status["response"], status["response_option_name"]) == (" go ON ", "yes")


def test_the_token_of_a_chat_bot_is_not_kept(site: Site) -> None:
    slack = {"channel_or_user_id": "C1", "bot_token": "xoxb-secret"}
    answer = sent(site, "/function_calls", {**CALL, "spec": {**CALL["spec"], "channel": {"slack": slack}}})
    assert "xoxb" not in answer.raw.decode()
    assert answer.body["spec"]["channel"]["slack"]["channel_or_user_id"] == "C1"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/function_calls", {}),
        ("/function_calls", {**CALL, "call_id": ""}),
        ("/function_calls", {**CALL, "spec": {"fn": "f", "kwargs": []}}),
        ("/contact_requests", {**QUESTION, "spec": {"msg": 7}}),
    ],
)
def test_what_the_sdk_would_not_send_is_refused(site: Site, path: str, body: dict[str, Any]) -> None:
    assert sent(site, path, body).status == 422


def test_scopes_are_asked_for(site: Site) -> None:
    assert sent(site, "/function_calls", CALL, key="ada").status == 403
    assert read(site, "/function_calls/none").status == 404
