"""The owner of a tool checks a grant without asking the service for more than its public keys."""

from typing import Any

import httpx
import pytest

from app.audit.rules import COMMAND
from app.edge.unit_of_work import ProofdeskApp
from app.grants.queries import current_key
from app.grants.service import revoke_key, rotate_key
from app.kernel.clock import host_now
from app.kernel.ids import show
from proofdesk_client import Action, Client
from proofdesk_client import grants as checking
from proofdesk_client.grants import GrantRefused, GrantVerifier
from tests.client.reviewer import Reviewer
from tests.factories.site import Site

ARGS: dict[str, Any] = {"order": "o-1", "amount": 20}


@pytest.fixture
def approved(client: Client, ada: Reviewer) -> Action:
    """An approved refund."""
    sent = client.submit({"task_type": "refunds", "actions": [{"name": "refund", "args": ARGS}]})
    ada.judges("approve")
    decision = client.wait(sent.id, timeout=20).decision
    assert decision is not None
    return decision.actions[0]


@pytest.fixture
def verifier(url: str, site: Site) -> GrantVerifier:
    """The owner of a tool, who knows the address of the service and the workspace."""
    return GrantVerifier(url, show("workspace", site.workspace_id))


def test_the_approved_call_is_let_in(approved: Action, verifier: GrantVerifier) -> None:
    grant = verifier.verify(approved.grant or "", name="refund", args={"amount": 20.0, "order": "o-1"})
    assert (grant.call_id, grant.name, grant.args_sha256) == ("c1", "refund", approved.args_sha256)


@pytest.mark.parametrize(("name", "args"), [("refund", {**ARGS, "amount": 21}), ("wire", ARGS)])
def test_another_call_is_not(approved: Action, verifier: GrantVerifier, name: str, args: dict[str, Any]) -> None:
    with pytest.raises(GrantRefused, match="other arguments"):
        verifier.verify(approved.grant or "", name=name, args=args)


@pytest.mark.parametrize("change", ["signature", "text"])
def test_what_the_service_did_not_sign_is_refused(approved: Action, verifier: GrantVerifier, change: str) -> None:
    forged = {"signature": (approved.grant or "")[:-4] + "AAAA", "text": "what you want"}[change]
    with pytest.raises(GrantRefused):
        verifier.verify(forged, name="refund", args=ARGS)


def test_a_grant_of_another_workspace_is_refused(approved: Action, url: str) -> None:
    with pytest.raises(GrantRefused, match="Audience"):
        GrantVerifier(url, "ws_" + "0" * 32).verify(approved.grant or "", name="refund", args=ARGS)


def test_a_grant_ends(approved: Action, verifier: GrantVerifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "LEEWAY_SECONDS", -8 * 86_400)
    with pytest.raises(GrantRefused):
        verifier.verify(approved.grant or "", name="refund", args=ARGS)


def test_keys_are_asked_for_once_and_kept_through_an_outage(
    approved: Action, url: str, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [0.0]
    monkeypatch.setattr(checking, "monotonic", lambda: seconds[0])
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if len(asked) > 1:
            raise httpx.ConnectError("away")
        return httpx.get(str(request.url))

    verifier = GrantVerifier(url, show("workspace", site.workspace_id), transport=httpx.MockTransport(answer))
    for now in (0.0, 299.0, 301.0, 302.0):
        seconds[0] = now
        assert verifier.verify(approved.grant or "", name="refund", args=ARGS)
    assert asked == ["/.well-known/jwks.json"] * 2


def test_a_revoked_key_counts_no_more(
    approved: Action, verifier: GrantVerifier, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert verifier.verify(approved.grant or "", name="refund", args=ARGS)
    _revoke(site.app)
    monkeypatch.setattr(checking, "KEEP_KEYS_SECONDS", -1)
    monkeypatch.setattr(checking, "ASK_AGAIN_SECONDS", -1)
    with pytest.raises(GrantRefused, match="does not publish"):
        verifier.verify(approved.grant or "", name="refund", args=ARGS)


def _revoke(app: ProofdeskApp) -> None:
    with app.database.unit_of_work() as session:
        key = current_key(session)
        assert key is not None
        rotate_key(session, now=host_now(), actor=COMMAND)
        revoke_key(session, now=host_now(), actor=COMMAND, key_id=key.id)
