"""Which URLs may be registered as endpoints, and how exactly a URL is read.

One strict reader serves the check and the sender, so that both see the same host: whatever two parsers could read
differently is refused. The promise is the one of the API's limits: https, no user info, backslash, fragment or
control character, ports 80, 443 and 8443, public addresses only. `allow_private` lifts the rules on scheme and port,
for loopback and private addresses alone. Called by registration and by the sender before every try.
"""

import re
from dataclasses import dataclass
from typing import Final

from app.delivery.rules.addresses import is_inside, is_public
from app.kernel.errors import Fault, Invalid

MAX_LENGTH: Final = 2_000
PORTS: Final = frozenset({80, 443, 8443})
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_LOCAL_SUFFIXES: Final = ("localhost", "local", "internal", "intranet", "lan", "home.arpa", "test")

# RFC 3986 without the fragment's mark; no IGNORECASE here, which would let the Kelvin sign pass for a k.
_LEGAL: Final = re.compile(r"[!$-;=?-\[\]_a-z~]+")
_SHAPE: Final = re.compile(
    r"(?P<scheme>[a-z]+)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?P<query>\?[^#]*)?", re.IGNORECASE
)
_AUTHORITY: Final = re.compile(
    r"(?P<host>\[[0-9a-f]*:[0-9a-f:.]*\]|[a-z0-9._-]+)(:(?P<port>[1-9][0-9]{0,4}))?", re.IGNORECASE
)
_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
# Resolvers read `127.1`, `0x7f000001` and `2130706433` as IPv4 addresses; as names they mean nothing.
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")


class EndpointRefused(Invalid):
    """This URL cannot be an endpoint."""

    def __init__(self, detail: str) -> None:
        super().__init__(faults=[Fault("/url", detail)])


@dataclass(frozen=True)
class Target:
    """A URL taken apart. `host` has no brackets and is lower case; `path` includes the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Return what the Host header says."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == _DEFAULT_PORTS[self.scheme] else f"{name}:{self.port}"

    @property
    def inside_only(self) -> bool:
        """Say whether only a loopback or private address may be called by this scheme and port."""
        return self.scheme != "https" or self.port not in PORTS


def _split(url: str) -> Target:
    if len(url) > MAX_LENGTH:
        raise EndpointRefused(f"is longer than {MAX_LENGTH} characters")
    if "#" in url:
        raise EndpointRefused("has a fragment")
    if not _LEGAL.fullmatch(url):
        raise EndpointRefused("holds a character that must be percent-encoded (or, in a host, written in punycode)")
    shape = _SHAPE.fullmatch(url)
    scheme = shape["scheme"].lower() if shape else ""
    if shape is None or scheme not in _DEFAULT_PORTS:
        raise EndpointRefused("is not an https:// URL")
    if "@" in shape["authority"]:
        raise EndpointRefused("has user information")
    authority = _AUTHORITY.fullmatch(shape["authority"])
    if authority is None:
        raise EndpointRefused("has no usable host or port")
    port = int(authority["port"] or _DEFAULT_PORTS[scheme])
    if port > 65_535:
        raise EndpointRefused("has no usable port")
    return Target(scheme, authority["host"].lower().strip("[]"), port, (shape["path"] or "/") + (shape["query"] or ""))


def _is_name(host: str) -> bool:
    labels = host.split(".")
    return len(host) <= 253 and all(map(_LABEL.fullmatch, labels)) and not _NUMBER.fullmatch(labels[-1])


def _is_local_name(host: str) -> bool:
    return "." not in host or host.endswith(tuple(f".{suffix}" for suffix in _LOCAL_SUFFIXES))


def check_url(url: str, *, allow_private: bool) -> Target:
    """Read an endpoint's URL.

    A name is judged by its form alone; what it resolves to is judged at every try.

    Args:
        allow_private: Take loopback and private addresses too, by http and on any port.

    Raises:
        EndpointRefused: saying what is wrong with it, at the pointer `/url`.
    """
    target = _split(url)
    named = _is_name(target.host)
    if not named and not is_public(target.host) and not is_inside(target.host):
        raise EndpointRefused("does not name a public host")
    inside = _is_local_name(target.host) if named else is_inside(target.host)
    if inside and not allow_private:
        raise EndpointRefused("does not name a public host")
    if inside:
        return target
    if target.scheme != "https":
        raise EndpointRefused("is not an https:// URL")
    if target.port not in PORTS:
        raise EndpointRefused(f"has a port other than {', '.join(map(str, sorted(PORTS)))}")
    return target
