"""Every setting of an installation, read once from the environment and an optional .env file.

A frozen value with units in its names. Only the edges read it (factory, command line, worker runner); domains get
plain values. A name that starts with PROOFDESK_ and is not known is an error, so that a typing slip is not silent.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

MIN_SECRET_LENGTH: Final = 32
DEFAULT_RATE_LIMIT: Final = "6000/minute"
_FALLBACKS: Final = "PROOFDESK_SECRET_KEY_FALLBACKS"
_KNOWN: Final = frozenset(
    {
        "PROOFDESK_DATA_DIR",
        "PROOFDESK_BASE_URL",
        "PROOFDESK_ALLOWED_HOSTS",
        "PROOFDESK_TRUSTED_PROXIES",
        "PROOFDESK_SMTP_URL",
        "PROOFDESK_MAIL_FROM",
        "PROOFDESK_RATE_LIMIT",
        "PROOFDESK_ALLOW_PRIVATE_ENDPOINTS",
        _FALLBACKS,
        # Of the commands that speak to a service as any program does.
        "PROOFDESK_URL",
        "PROOFDESK_API_KEY",
    }
)
_PLACEHOLDERS: Final = ("change", "secret", "default", "example", "password")
_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class BadSetting(ValueError):
    """A setting is missing, unknown or unusable; the text names it and says what it takes."""


@dataclass(frozen=True)
class Settings:
    """What one process needs to know about its installation."""

    database_url: str
    redis_url: str
    secret_key: str
    secret_key_fallbacks: tuple[str, ...] = ()
    log_level: str = "INFO"
    base_url: str = "http://127.0.0.1:8080"
    allowed_hosts: tuple[str, ...] = ()
    trusted_proxies: int = 0
    rate_limit_per_minute: int | None = 6000
    allow_private_endpoints: bool = False
    smtp_url: str | None = None
    mail_from: str | None = None

    @property
    def secure(self) -> bool:
        """Say whether people reach this installation by https."""
        return self.base_url.startswith("https://")

    @property
    def hosts(self) -> frozenset[str]:
        """Return the host names that a request may ask for, lower case, without a port."""
        own = urlsplit(self.base_url).hostname or ""
        loopback = {"127.0.0.1", "localhost", "::1"} if not self.secure else set()
        return frozenset({own.lower(), *loopback, *(h.lower() for h in self.allowed_hosts)})


def read_dotenv(path: Path) -> dict[str, str]:
    """Read KEY=VALUE lines; quotes around a value are taken off, comments and empty lines passed over.

    Raises:
        BadSetting: a line is neither.
    """
    values: dict[str, str] = {}
    if not path.is_file():
        return values
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.strip().removeprefix("export ")
        if not text or text.startswith("#"):
            continue
        name, sign, value = text.partition("=")
        if not sign:
            raise BadSetting(f"{path} line {number}: expected NAME=VALUE")
        values[name.strip()] = value.strip().strip("\"'")
    return values


def environment() -> dict[str, str]:
    """Return .env of the working directory overlaid by the process's environment."""
    return {**read_dotenv(Path(".env")), **os.environ}


def check_names(values: Mapping[str, str]) -> None:
    """Refuse PROOFDESK_ names that mean nothing.

    Raises:
        BadSetting: naming the first unknown one.
    """
    unknown = sorted(name for name in values if name.startswith("PROOFDESK_") and name not in _KNOWN)
    if unknown:
        raise BadSetting(f"{unknown[0]} is not a setting; known are {', '.join(sorted(_KNOWN))}")


def _flag(name: str, text: str) -> bool:
    folded = text.strip().lower()
    if folded in {"1", "on", "true", "yes"}:
        return True
    if folded in {"", "0", "off", "false", "no"}:
        return False
    raise BadSetting(f"{name} takes on or off, not {text!r}")


def _rate(text: str) -> int | None:
    if text.strip().lower() == "off":
        return None
    number, _, unit = text.partition("/")
    if not number.strip().isdigit() or int(number) < 1 or unit.strip() != "minute":
        raise BadSetting(f"PROOFDESK_RATE_LIMIT takes N/minute or off, not {text!r}")
    return int(number)


def _secret(name: str, text: str) -> str:
    if len(text) < MIN_SECRET_LENGTH or len(set(text)) < 8:
        raise BadSetting(f"{name} needs at least {MIN_SECRET_LENGTH} characters, and not one repeated")
    if any(word in text.lower() for word in _PLACEHOLDERS):
        raise BadSetting(f"{name} looks like a placeholder; make one with `openssl rand -hex 32`")
    return text


def _needed(values: Mapping[str, str], name: str) -> str:
    text = values.get(name, "").strip()
    if not text:
        raise BadSetting(f"{name} is not set")
    return text


def _several(values: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Return what a setting lists between commas."""
    return tuple(part.strip() for part in values.get(name, "").split(",") if part.strip())


def _database_url(text: str) -> str:
    scheme, mark, rest = text.partition("://")
    if not mark or scheme not in {"postgres", "postgresql", "postgresql+psycopg"}:
        raise BadSetting("DATABASE_URL must be a postgresql:// URL")
    return f"postgresql+psycopg://{rest}"


def _mail(values: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Return the mail server and the sender, both or neither."""
    url = values.get("PROOFDESK_SMTP_URL", "").strip() or None
    sender = values.get("PROOFDESK_MAIL_FROM", "").strip() or None
    if url is None:
        return None, sender
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known or parts.path not in {"", "/"} or parts.query not in {"", "starttls=1"}:
        raise BadSetting("PROOFDESK_SMTP_URL takes smtp://user:password@host:587?starttls=1, or smtps://")
    clear = parts.scheme == "smtp" and not parts.query
    if clear and parts.username and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
        raise BadSetting("PROOFDESK_SMTP_URL would send a password in the clear; add ?starttls=1, or use smtps://")
    if sender is None:
        raise BadSetting("PROOFDESK_MAIL_FROM is not set; mails need a sender, for example desk@example.org")
    if sender.count("@") != 1 or any(not c.isprintable() or c in ' <>,;:"()[]\\' for c in sender):
        raise BadSetting("PROOFDESK_MAIL_FROM takes one plain address, for example desk@example.org")
    return url, sender


def read_settings(values: Mapping[str, str]) -> Settings:
    """Return the settings that an environment describes.

    Raises:
        BadSetting: one is missing, unknown or unusable.
    """
    check_names(values)
    level = values.get("LOG_LEVEL", "INFO").upper()
    if level not in _LEVELS:
        raise BadSetting(f"LOG_LEVEL takes one of {', '.join(_LEVELS)}")
    base_url = values.get("PROOFDESK_BASE_URL", "http://127.0.0.1:8080").rstrip("/")
    if urlsplit(base_url).scheme not in {"http", "https"} or not urlsplit(base_url).hostname:
        raise BadSetting("PROOFDESK_BASE_URL must be an http:// or https:// URL")
    proxies = values.get("PROOFDESK_TRUSTED_PROXIES", "0")
    if not proxies.isdigit():
        raise BadSetting("PROOFDESK_TRUSTED_PROXIES is the number of proxies in front, for example 1")
    smtp_url, mail_from = _mail(values)
    return Settings(
        database_url=_database_url(_needed(values, "DATABASE_URL")),
        redis_url=_needed(values, "REDIS_URL"),
        secret_key=_secret("SECRET_KEY", _needed(values, "SECRET_KEY")),
        secret_key_fallbacks=tuple(_secret(_FALLBACKS, text) for text in _several(values, _FALLBACKS)),
        log_level=level,
        base_url=base_url,
        allowed_hosts=_several(values, "PROOFDESK_ALLOWED_HOSTS"),
        trusted_proxies=int(proxies),
        rate_limit_per_minute=_rate(values.get("PROOFDESK_RATE_LIMIT", DEFAULT_RATE_LIMIT)),
        allow_private_endpoints=_flag(
            "PROOFDESK_ALLOW_PRIVATE_ENDPOINTS", values.get("PROOFDESK_ALLOW_PRIVATE_ENDPOINTS", "")
        ),
        smtp_url=smtp_url,
        mail_from=mail_from,
    )
