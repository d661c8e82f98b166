"""Check a grant where the tool is, without asking the service: `pip install 'proofdesk-client[grants]'`.

Whoever owns a tool need not trust the agent that calls it. That a grant is used once only the service can say: redeem
it (`Client.redeem`) where it has to be once.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

import httpx
import jwt

from proofdesk_client.canonical import args_sha256
from proofdesk_client.errors import ProofdeskError

TYPE: Final = "proofdesk-grant+jwt"
_CLAIMS: Final = ["aud", "sub", "decision", "call_id", "name", "args_sha256", "nbf", "exp", "jti"]
LEEWAY_SECONDS: Final = 30
# A key that is revoked is gone from what is published; one that is not known may be new.
KEEP_KEYS_SECONDS: Final = 300
ASK_AGAIN_SECONDS: Final = 10


class GrantRefused(ProofdeskError):
    """This call was not approved, or not with these arguments, or its time is over."""


@dataclass(frozen=True)
class Grant:
    """Permission to run one call once. `id` is the one to remember where the tool itself keeps count."""

    id: str
    submission_id: str
    decision_id: str
    call_id: str
    name: str
    args_sha256: str


class GrantVerifier:
    """Checks grants of one workspace with the keys that its service publishes. Safe between threads."""

    def __init__(self, url: str, workspace: str, *, transport: httpx.BaseTransport | None = None) -> None:
        """`url` is the address of the service, `workspace` the id of the workspace, ws_..."""
        self._url = url.rstrip("/") + "/.well-known/jwks.json"
        self._workspace = workspace
        self._transport = transport
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._asked_at = -math.inf

    def verify(self, grant: str, *, name: str, args: Mapping[str, Any]) -> Grant:
        """Return what a grant says, if it lets this tool be called with these arguments now.

        Raises:
            GrantRefused: it does not.
            httpx.HTTPError: the keys are not known yet and the service cannot be reached.
        """
        try:
            header = jwt.get_unverified_header(grant)
            if header.get("typ") != TYPE:
                raise GrantRefused("This is no grant.")
            claims = jwt.decode(
                grant,
                self._key(str(header.get("kid"))),
                algorithms=["EdDSA"],
                audience=self._workspace,
                issuer="proofdesk",
                leeway=LEEWAY_SECONDS,
                options={"require": _CLAIMS},
            )
        except jwt.InvalidTokenError as error:
            raise GrantRefused(f"This grant does not hold: {error}.") from error
        if claims["name"] != name or claims["args_sha256"] != args_sha256(args):
            raise GrantRefused(f"This grant is for other arguments than these, or for another tool than {name}.")
        return Grant(
            claims["jti"], claims["sub"], claims["decision"], claims["call_id"], claims["name"], claims["args_sha256"]
        )

    def _key(self, kid: str) -> jwt.PyJWK:
        age = monotonic() - self._asked_at
        if age > (KEEP_KEYS_SECONDS if kid in self._keys else ASK_AGAIN_SECONDS):
            self._ask()
        if kid not in self._keys:
            raise GrantRefused("This grant is signed with a key that the service does not publish.")
        return self._keys[kid]

    def _ask(self) -> None:
        self._asked_at = monotonic()
        try:
            with httpx.Client(transport=self._transport) as http:
                answer = http.get(self._url).raise_for_status()
        except httpx.HTTPError:
            # Whoever has keys goes on with them; that is what checking offline is for.
            if not self._keys:
                self._asked_at = -math.inf
                raise
        else:
            self._keys = {str(key.key_id): key for key in jwt.PyJWKSet.from_dict(answer.json()).keys}
