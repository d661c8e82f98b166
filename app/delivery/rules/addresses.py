"""Which network addresses a delivery may connect to.

An endpoint is a stranger's address, asked for from inside our network, so only what is public by an allowlist passes:
IPv4 that is global, IPv6 inside 2000::/3 without the blocks that lead back to IPv4 or to nobody. Works on resolved
addresses alone and knows nothing of names. Called by the URL rules and, for every answer of the resolver, by the
sender.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

# IANA IPv4 special-purpose registry: blocks that some Python versions count as global.
_REFUSED_V4: Final = (
    IPv4Network("192.0.0.0/24"),  # protocol assignments
    IPv4Network("192.88.99.0/24"),  # retired relays to 6to4
)
_UNICAST_V6: Final = IPv6Network("2000::/3")
# IANA IPv6 special-purpose registry. Teredo and 6to4 carry an IPv4 address that the v4 rule would not see.
_REFUSED_V6: Final = (
    IPv6Network("2001::/23"),
    IPv6Network("2001:db8::/32"),
    IPv6Network("2002::/16"),
    IPv6Network("3fff::/20"),
)
_INSIDE: Final = (
    IPv4Network("127.0.0.0/8"),
    IPv4Network("10.0.0.0/8"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
    IPv6Network("::1/128"),
    IPv6Network("fc00::/7"),
)


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # A zone names one of our own interfaces; nothing public needs it.
    return None if getattr(address, "scope_id", None) else address


def is_public(text: str) -> bool:
    """Say whether this is the text of an address on the public internet."""
    address = _read(text)
    if isinstance(address, IPv4Address):
        plain = address.is_global and not address.is_multicast and not address.is_reserved
        return plain and not any(address in block for block in _REFUSED_V4)
    if isinstance(address, IPv6Address):
        return address in _UNICAST_V6 and not any(address in block for block in _REFUSED_V6)
    return False


def is_inside(text: str) -> bool:
    """Say whether this is the text of a loopback or private address (RFC 1918, RFC 4193).

    Link-local addresses are not: clouds hand out their machines' credentials there.
    """
    address = _read(text)
    return address is not None and any(address in block for block in _INSIDE if block.version == address.version)
