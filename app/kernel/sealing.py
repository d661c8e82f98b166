"""Sealed bytes: what models and people wrote lies encrypted, so that destroying a key erases it.

Each submission has a data key of its own; the data key is wrapped by a key derived from the installation's secret.
AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D); the wrapping key comes from HKDF-SHA256 (RFC 5869).
The `purpose` is bound as associated data: bytes sealed as one thing cannot be opened as another.
"""

import hmac
import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy.orm import Session

_NONCE: Final = 12
_KEY: Final = "proofdesk.vault"
DATA_KEY: Final = "data key"


class CannotOpen(Exception):
    """The secret is not the one that sealed this, or the bytes were changed: nothing a request can mend."""


def _seal(key: bytes, plain: bytes, purpose: str) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, purpose.encode())


def _open(key: bytes, sealed: bytes, purpose: str) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], purpose.encode())
    except (InvalidTag, ValueError) as error:
        # What is too short to hold a nonce is refused before it is tried.
        raise CannotOpen(purpose) from error


def _wrapping_key(secret: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=b"proofdesk vault").derive(secret.encode())


class Vault:
    """Wraps and opens with a key derived from the installation's secret.

    Args:
        secret: What seals, and opens.
        fallbacks: Other secrets of this installation that still open, while one takes the place of another.
    """

    def __init__(self, secret: str, fallbacks: Sequence[str] = ()) -> None:
        self._key = _wrapping_key(secret)
        self._fallbacks = [_wrapping_key(other) for other in fallbacks]
        self._secret = secret.encode()
        self._derived: dict[str, bytes] = {}

    def derive(self, purpose: str) -> bytes:
        """Return a 32-byte key for one other purpose, for example the draw of audits."""
        found = self._derived.get(purpose)
        if found is None:
            found = HKDF(SHA256(), length=32, salt=None, info=purpose.encode()).derive(self._secret)
            self._derived[purpose] = found
        return found

    def seal(self, plain: bytes, *, purpose: str) -> bytes:
        """Seal a small secret under the installation's own key."""
        return _seal(self._key, plain, purpose)

    def open(self, sealed: bytes, *, purpose: str) -> bytes:
        """Open what `seal` made.

        Raises:
            CannotOpen: another secret sealed it, or it was changed.
        """
        for key in (self._key, *self._fallbacks):
            with suppress(CannotOpen):
                return _open(key, sealed, purpose)
        raise CannotOpen(purpose)

    def rewrap(self, sealed: bytes, *, purpose: str) -> bytes | None:
        """Return the same sealed under the present secret, or None when it lies under it already.

        Raises:
            CannotOpen: none of the secrets sealed it, or it was changed.
        """
        try:
            _open(self._key, sealed, purpose)
        except CannotOpen:
            return self.seal(self.open(sealed, purpose=purpose), purpose=purpose)
        return None

    def new_data_key(self) -> "DataKey":
        """Return a fresh data key, wrapped for keeping."""
        raw = os.urandom(32)
        return DataKey(raw, self.seal(raw, purpose=DATA_KEY))

    def unwrap(self, wrapped: bytes) -> "DataKey":
        """Return the data key that was kept as `wrapped`."""
        return DataKey(self.open(wrapped, purpose=DATA_KEY), wrapped)


class DataKey:
    """The key of one submission's contents; `wrapped` is the form that is kept."""

    def __init__(self, raw: bytes, wrapped: bytes) -> None:
        self._raw = raw
        self.wrapped = wrapped

    def seal(self, plain: bytes, *, purpose: str) -> bytes:
        """Seal bytes that belong to this submission."""
        return _seal(self._raw, plain, purpose)

    def open(self, sealed: bytes, *, purpose: str) -> bytes:
        """Open what `seal` made.

        Raises:
            CannotOpen: another key sealed it, or it was changed.
        """
        return _open(self._raw, sealed, purpose)

    def mark(self, plain: bytes, *, purpose: str) -> bytes:
        """Return a digest that is equal for equal bytes of this submission and tells nothing without its key."""
        key = HKDF(SHA256(), length=32, salt=None, info=f"mark {purpose}".encode()).derive(self._raw)
        return hmac.digest(key, plain, "sha256")


def keep_vault(session: Session, vault: Vault) -> None:
    """Let the services of this session seal and open."""
    session.info[_KEY] = vault


def vault_of(session: Session) -> Vault:
    """Return the vault of this session's unit of work."""
    vault: Vault = session.info[_KEY]
    return vault
