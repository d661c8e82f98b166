"""The MCP server, asked by a real MCP client, and started as the command that the package installs."""

import os
import sys
from typing import Any

from mcp import Client as McpClient
from mcp import StdioServerParameters
from mcp.client.stdio import stdio_client

from proofdesk_client import AsyncClient
from proofdesk_client.adapters.mcp import make_server
from tests.client.looping import run_async
from tests.client.reviewer import Reviewer
from tests.factories.site import Site

REFUND = {"task_type": "refunds", "actions": [{"name": "refund", "args": {"amount": 70}, "risk": {"level": "high"}}]}


def call(url: str, site: Site, *calls: tuple[str, dict[str, Any]], hold: float = 20) -> list[Any]:
    """Call tools of the server, one after the other; later calls get the submission of the first."""

    async def run() -> list[Any]:
        answers: list[Any] = []
        async with AsyncClient(url, site.keys["all"]) as client, McpClient(make_server(client, hold=hold)) as mcp:
            for name, arguments in calls:
                known = {} if not answers else {"submission_id": answers[0]["submission_id"]}
                result = await mcp.call_tool(name, {**known, **arguments})
                answers.append(result.content if result.is_error else result.structured_content)
        return answers

    return run_async(run)


def test_a_request_waits_and_is_told_what_was_decided(url: str, site: Site, ada: Reviewer) -> None:
    ada.judges("approve")
    (answer,) = call(url, site, ("request_review", REFUND))
    assert answer["decided"] is True
    assert answer["status"] == "approved"
    (action,) = answer["decision"]["actions"]
    assert (action["run"], action["args"]) == (True, {"amount": 70})
    assert action["grant"]


def test_what_is_not_decided_yet_can_be_asked_for_again(url: str, site: Site, ada: Reviewer) -> None:
    waiting, again = call(url, site, ("request_review", REFUND), ("get_decision", {}), hold=0)
    assert waiting["decided"] is again["decided"] is False
    assert again["submission_id"] == waiting["submission_id"]
    ada.judges("reject", message="No.")
    (answer,) = call(url, site, ("get_decision", {"submission_id": waiting["submission_id"]}))
    assert (answer["status"], answer["decision"]["message"]) == ("rejected", "No.")


def test_an_output_with_context_is_shown_to_the_reviewer(url: str, site: Site, ada: Reviewer) -> None:
    request = {
        "task_type": "addresses",
        "output": {"city": "Pariss"},
        "confidence": 0.2,
        "context": "From a **letter**",
    }
    ada.judges("correct", output={"city": "Paris"})
    (answer,) = call(url, site, ("request_review", request))
    assert answer["decision"]["output"] == {"city": "Paris"}
    kept = site.call("GET", f"/submissions/{answer['submission_id']}").body
    assert kept["context"] == [{"type": "markdown", "title": "context", "value": "From a **letter**"}]


def test_one_request_id_is_asked_about_once(url: str, site: Site) -> None:
    once = {**REFUND, "request_id": "r-1"}
    first, second = call(url, site, ("request_review", once), ("request_review", once), hold=0)
    assert first["submission_id"] == second["submission_id"]


def test_what_the_service_refuses_is_an_error_of_the_tool(url: str, site: Site) -> None:
    (answer,) = call(url, site, ("request_review", {"task_type": "nope", "output": 1}))
    assert "nope" in str(answer) or "task_type" in str(answer)


def test_a_submission_that_is_not_there_is_said_so(url: str, site: Site) -> None:
    (answer,) = call(url, site, ("get_decision", {"submission_id": f"sub_{'0' * 32}"}))
    assert "404" in str(answer)


def test_the_installed_command_speaks_over_standard_input_and_output(url: str, site: Site, ada: Reviewer) -> None:
    environment = {**os.environ, "PROOFDESK_URL": url, "PROOFDESK_API_KEY": site.keys["all"]}
    command = "from proofdesk_client.adapters.mcp import main; main()"
    server = StdioServerParameters(command=sys.executable, args=["-c", command], env=environment)

    async def run() -> Any:
        async with McpClient(stdio_client(server)) as mcp:
            names = {tool.name for tool in (await mcp.list_tools()).tools}
            return names, (await mcp.call_tool("request_review", REFUND)).structured_content

    ada.judges("approve")
    names, answer = run_async(run)
    assert names == {"request_review", "get_decision"}
    assert answer["status"] == "approved"
