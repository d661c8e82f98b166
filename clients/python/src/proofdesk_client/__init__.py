"""Plug a program into Proofdesk: send outputs and tool calls of models, and go on when a person has decided.

    from proofdesk_client import Client

    client = Client("http://127.0.0.1:8080", "pd_...")
    sent = client.submit({"task_type": "addresses", "output": {"city": "Pariss"}, "confidence": 0.6})
    print(client.wait(sent.id).decision)

Needs httpx and nothing else. AsyncClient has the same calls for asyncio; `gate` guards a function; `read_webhook`
checks a webhook; `grants` checks the grant of an approved call offline.
"""

from proofdesk_client.approval import (
    AlreadyRun,
    Answered,
    Blocked,
    Cancelled,
    NotApproved,
    OtherArguments,
    Rejected,
    TimedOut,
)
from proofdesk_client.async_client import AsyncClient
from proofdesk_client.canonical import args_sha256, canonical, derive_key
from proofdesk_client.client import Client
from proofdesk_client.errors import NotYetDecided, ProofdeskError, Refused, Unreachable
from proofdesk_client.gate import gate
from proofdesk_client.model import Action, Claim, Decision, Entry, Submission, Vote
from proofdesk_client.webhooks import Webhook, WebhookRefused, read_webhook

__all__ = [
    "Action",
    "AlreadyRun",
    "Answered",
    "AsyncClient",
    "Blocked",
    "Cancelled",
    "Claim",
    "Client",
    "Decision",
    "Entry",
    "NotApproved",
    "NotYetDecided",
    "OtherArguments",
    "ProofdeskError",
    "Refused",
    "Rejected",
    "Submission",
    "TimedOut",
    "Unreachable",
    "Vote",
    "Webhook",
    "WebhookRefused",
    "args_sha256",
    "canonical",
    "derive_key",
    "gate",
    "read_webhook",
]
