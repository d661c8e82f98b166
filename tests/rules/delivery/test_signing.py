"""Signatures against the receivers' own library, the reference implementation of Standard Webhooks."""

import base64
from datetime import UTC, datetime, timedelta
from email.utils import formatdate, parsedate_to_datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.delivery.rules.signing import sign, write_secret

SECRET = write_secret(bytes(range(32)))
BODY = '{"type":"submission.decided","data":{"text":"é \U0001f600"}}'.encode()
ID = "msg_0123456789abcdef0123456789abcdef"


def _now() -> datetime:
    # The library reads the real clock, so the test must too.
    return parsedate_to_datetime(formatdate(usegmt=True)).astimezone(UTC)


def test_a_secret_is_the_prefix_and_32_bytes_in_base64() -> None:
    assert SECRET == "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def test_the_signature_of_a_known_message_is_the_published_one() -> None:
    # The example of the specification's libraries.
    headers = sign(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        webhook_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=datetime.fromtimestamp(1614265330, UTC),
        body=b'{"test": 2432232314}',
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("seconds", [-290, 0, 290])
def test_the_official_library_accepts_a_message_within_five_minutes(seconds: int) -> None:
    headers = sign([SECRET], webhook_id=ID, at=_now() + timedelta(seconds=seconds), body=BODY)
    assert Webhook(SECRET).verify(BODY, headers) == {
        "type": "submission.decided",
        "data": {"text": "é \U0001f600"},
    }


@pytest.mark.parametrize("seconds", [-310, 310])
def test_the_official_library_refuses_a_message_outside_of_them(seconds: int) -> None:
    headers = sign([SECRET], webhook_id=ID, at=_now() + timedelta(seconds=seconds), body=BODY)
    with pytest.raises(WebhookVerificationError, match="timestamp"):
        Webhook(SECRET).verify(BODY, headers)


def test_the_official_library_refuses_another_secret() -> None:
    other = write_secret(base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="))
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        Webhook(other).verify(BODY, sign([SECRET], webhook_id=ID, at=_now(), body=BODY))


@pytest.mark.parametrize("changed", [BODY + b" ", BODY.replace(b"decided", b"expired")])
def test_the_official_library_refuses_a_changed_body(changed: bytes) -> None:
    headers = sign([SECRET], webhook_id=ID, at=_now(), body=BODY)
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        Webhook(SECRET).verify(changed, headers)


def test_the_official_library_refuses_a_changed_id() -> None:
    headers = sign([SECRET], webhook_id=ID, at=_now(), body=BODY)
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        Webhook(SECRET).verify(BODY, {**headers, "webhook-id": ID.replace("0", "1")})
