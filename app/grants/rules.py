"""What a grant says, and how it is written and read.

A grant is a JWT (RFC 7519) signed with EdDSA (RFC 8037): it names one call of one decision, the digest of the approved
arguments, and until when it may be used. Whoever owns the tool can check it offline with the published key; that it is
used once only the service can say. Called by the service of this domain.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.kernel.errors import Fault, Invalid
from app.kernel.ids import NoSuchId, parse, show

ALGORITHM: Final = "EdDSA"
TYPE: Final = "proofdesk-grant+jwt"
ISSUER: Final = "proofdesk"
# Long enough for a webhook that is tried again for 75 hours and an agent that wakes up after a weekend.
DEFAULT_GRANT_MS: Final = 7 * 86_400_000
SHORTEST_GRANT_MS: Final = 60_000
LONGEST_GRANT_MS: Final = 30 * 86_400_000
# Two names of 200 characters, each of which may take twelve bytes as JSON writes it, and a third more in base64.
MAX_GRANT_LENGTH: Final = 8_192
_CLAIMS: Final = ("aud", "sub", "decision", "call_id", "name", "args_sha256", "nbf", "exp", "jti")


class BadGrant(Invalid):
    """This is not a grant that this service has signed."""


@dataclass(frozen=True)
class Grant:
    """Permission to run one call once, with the arguments of this digest, from `starts_at` until before `ends_at`."""

    id: UUID
    workspace_id: UUID
    submission_id: UUID
    decision_id: UUID
    call_id: str
    name: str
    args_sha256: bytes
    starts_at: datetime
    ends_at: datetime


def grant_id(*, decision_id: UUID, call_id: str) -> UUID:
    """Return the id of the grant for a call of a decision: the same however often it is asked for.

    The first 128 bits of a SHA-256, marked as a custom UUID (RFC 9562 section 5.8).
    """
    raw = bytearray(sha256(decision_id.bytes + call_id.encode()).digest()[:16])
    raw[6] = (raw[6] & 0x0F) | 0x80
    raw[8] = (raw[8] & 0x3F) | 0x80
    return UUID(bytes=bytes(raw))


def write_grant(grant: Grant, *, private: bytes, kid: str) -> str:
    """Return the signed form of a grant.

    Args:
        private: The 32 bytes of an Ed25519 private key.
    """
    claims = {
        "iss": ISSUER,
        "aud": show("workspace", grant.workspace_id),
        "sub": show("submission", grant.submission_id),
        "decision": show("decision", grant.decision_id),
        "call_id": grant.call_id,
        "name": grant.name,
        "args_sha256": grant.args_sha256.hex(),
        "nbf": _seconds(grant.starts_at),
        "exp": _seconds(grant.ends_at),
        "jti": show("grant", grant.id),
    }
    key = Ed25519PrivateKey.from_private_bytes(private)
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": kid, "typ": TYPE})


def read_kid(text: str) -> str:
    """Return the name of the key that a grant says it is signed with; nothing is checked yet.

    Raises:
        BadGrant: the text is not in the form of a grant.
    """
    try:
        header = jwt.get_unverified_header(text)
    except jwt.InvalidTokenError as error:
        raise bad_grant("is not a signed token") from error
    kid = header.get("kid")
    if header.get("alg") != ALGORITHM or header.get("typ") != TYPE or not isinstance(kid, str):
        raise bad_grant("is a token, but not a grant")
    return kid


def read_grant(text: str, *, public: bytes) -> Grant:
    """Return what a grant says once its signature holds; when it may be used is for the caller to compare.

    Args:
        public: The 32 bytes of the Ed25519 public key that its `kid` names.

    Raises:
        BadGrant: the signature is not of this key, or a claim is missing or not in its form.
    """
    key = Ed25519PublicKey.from_public_bytes(public)
    # The database's clock decides what is too early or too late, not this machine's.
    options: Any = {"require": list(_CLAIMS), "verify_exp": False, "verify_nbf": False, "verify_aud": False}
    try:
        claims = jwt.decode(text, key, algorithms=[ALGORITHM], issuer=ISSUER, options=options)
        return _read_claims(claims)
    except (jwt.InvalidTokenError, NoSuchId, ValueError) as error:
        raise bad_grant("is not signed by this service") from error


def _read_claims(claims: Mapping[str, Any]) -> Grant:
    return Grant(
        id=parse("grant", claims["jti"]),
        workspace_id=parse("workspace", claims["aud"]),
        submission_id=parse("submission", claims["sub"]),
        decision_id=parse("decision", claims["decision"]),
        call_id=claims["call_id"],
        name=claims["name"],
        args_sha256=bytes.fromhex(claims["args_sha256"]),
        starts_at=datetime.fromtimestamp(claims["nbf"], UTC),
        ends_at=datetime.fromtimestamp(claims["exp"], UTC),
    )


def bad_grant(detail: str) -> BadGrant:
    """Return the error that says what is wrong with the grant of a request."""
    return BadGrant(faults=[Fault("/grant", detail)])


def published(public: bytes, *, kid: str) -> dict[str, str]:
    """Return a public key as a JSON Web Key (RFC 7517, RFC 8037)."""
    key = Ed25519PublicKey.from_public_bytes(public)
    shown: dict[str, str] = jwt.algorithms.OKPAlgorithm.to_jwk(key, as_dict=True)
    return {"kty": shown["kty"], "crv": shown["crv"], "x": shown["x"], "kid": kid, "use": "sig", "alg": ALGORITHM}


def _seconds(at: datetime) -> int:
    """Return whole seconds since 1970, rounded down, which is how tokens write instants."""
    return int(at.timestamp() // 1)
