"""Where the service is and who asks: from what was given, else from the environment."""

import os
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

PREFIX: Final = "/api/v1"


def connection(url: str | None, api_key: str | None) -> dict[str, Any]:
    """Return the settings of an httpx client for the API at this address.

    Raises:
        ValueError: address or key is neither given nor in the environment.
    """
    root = url or _environment("PROOFDESK_URL", "the address of the service, such as http://127.0.0.1:8080")
    key = api_key or _environment("PROOFDESK_API_KEY", "an API key; `proofdesk key create` makes one")
    return {
        "base_url": root.rstrip("/") + PREFIX,
        "headers": {
            "Authorization": f"Bearer {key}",
            "Accept": "application/json",
            "User-Agent": f"proofdesk-client/{_version()}",
        },
        "follow_redirects": False,
    }


def _environment(name: str, what: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ValueError(f"Give {what}, or set {name}.")
    return value


def _version() -> str:
    try:
        return version("proofdesk-client")
    except PackageNotFoundError:
        return "0"
