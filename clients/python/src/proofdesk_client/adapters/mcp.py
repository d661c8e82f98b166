"""An MCP server with two tools: ask for a review, and read what was decided.

    PROOFDESK_URL=https://desk.example PROOFDESK_API_KEY=pd_... proofdesk-mcp

Speaks over standard input and output. A call is held for 25 seconds, because clients give up after a minute; what is
not decided by then is asked for again with `get_decision`. The grant in a decision is for the program that carries
the action out: it redeems it before it does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from proofdesk_client import AsyncClient, NotYetDecided, Refused, Submission

HOLD_SECONDS = 25.0
Named = Annotated[str, Field(description="what kind of work it is at the desk, for example refunds")]
Output = Annotated[Any, Field(description="what a model wrote and a person is to check")]
Actions = Annotated[list[dict[str, Any]] | None, Field(description='proposed calls: [{"name": ..., "args": {...}}]')]
Context = Annotated[str | None, Field(description="what the reviewer needs to know, as Markdown")]
Once = Annotated[str | None, Field(description="names this request; the same name is never asked about twice")]


def make_server(client: AsyncClient, *, hold: float = HOLD_SECONDS) -> MCPServer:
    """Return the server, whose tools speak to Proofdesk through this client."""
    server: MCPServer = MCPServer("proofdesk", instructions="Ask a person before you do what cannot be undone.")

    @server.tool()
    async def request_review(
        *,
        task_type: Named,
        output: Output = None,
        actions: Actions = None,
        context: Context = None,
        confidence: float | None = None,
        request_id: Once = None,
    ) -> dict[str, Any]:
        """Ask a person to check an output or to allow actions. Do nothing with them before `decided` is true."""
        blocks = None if context is None else [{"type": "markdown", "title": "context", "value": context}]
        given = {"output": output, "actions": actions, "context": blocks, "confidence": confidence}
        document = {"task_type": task_type, **{name: value for name, value in given.items() if value is not None}}
        with _refusals_told():
            sent = await client.submit(document, idempotency_key=request_id)
        return await get_decision(sent.id)

    @server.tool()
    async def get_decision(submission_id: str) -> dict[str, Any]:
        """Read what was decided; call it again while `decided` is false."""
        with _refusals_told():
            try:
                return _told(await client.wait(submission_id, hold))
            except NotYetDecided as error:
                return _told(error.submission)

    return server


@contextmanager
def _refusals_told() -> Iterator[None]:
    """Let the model read why the service says no, so that it can mend what it asked."""
    try:
        yield
    except Refused as refused:
        raise ToolError(str(refused)) from refused


def _told(submission: Submission) -> dict[str, Any]:
    told = {"submission_id": submission.id, "status": submission.status, "decided": submission.is_final}
    return {**told, "reasons": list(submission.reasons), "decision": submission.document.get("decision")}


def main() -> None:
    """Serve with address and key of PROOFDESK_URL and PROOFDESK_API_KEY."""
    make_server(AsyncClient()).run()
