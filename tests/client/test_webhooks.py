"""A receiver accepts what the service and the official library sign, and nothing else."""

from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook as Official

from app.delivery.rules.signing import sign, write_secret
from proofdesk_client import WebhookRefused, read_webhook

SECRET = write_secret(bytes(range(32)))
NEW_SECRET = write_secret(bytes(range(1, 33)))
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOW = AT.timestamp()
BODY = b'{"type":"submission.decided","timestamp":"2026-03-02T09:00:00Z","data":{"id":"sub_1","status":"passed"}}'
HEADERS = sign([SECRET], webhook_id="msg_1", at=AT, body=BODY)


def test_what_the_service_signs_is_read() -> None:
    said = read_webhook(BODY, HEADERS, SECRET, now=NOW)
    assert (said.id, said.type, said.at, said.submission.id) == ("msg_1", "submission.decided", AT, "sub_1")


def test_what_the_official_library_signs_is_read() -> None:
    headers = {**HEADERS, "webhook-signature": Official(SECRET).sign("msg_1", AT, BODY.decode())}
    assert read_webhook(BODY, {n.title(): v for n, v in headers.items()}, SECRET, now=NOW).id == "msg_1"


def test_while_a_secret_is_changed_either_will_do() -> None:
    new = sign([NEW_SECRET], webhook_id="msg_1", at=AT, body=BODY)["webhook-signature"]
    both = {**HEADERS, "webhook-signature": f"{HEADERS['webhook-signature']} {new}"}
    assert read_webhook(BODY, both, NEW_SECRET, now=NOW)
    assert read_webhook(BODY, HEADERS, NEW_SECRET, SECRET, now=NOW)


@pytest.mark.parametrize("seconds", [-299, 299])
def test_clocks_may_differ_a_little(seconds: int) -> None:
    assert read_webhook(BODY, HEADERS, SECRET, now=NOW + seconds)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_what_is_too_old_or_too_new_is_refused(seconds: int) -> None:
    with pytest.raises(WebhookRefused, match="five minutes"):
        read_webhook(BODY, HEADERS, SECRET, now=NOW + seconds)


@pytest.mark.parametrize(
    ("body", "change"),
    [
        (BODY + b" ", {}),
        (BODY, {"webhook-id": "msg_2"}),
        (BODY, {"webhook-timestamp": str(int(NOW) + 1)}),
        (BODY, {"webhook-timestamp": "now"}),
        (BODY, {"webhook-signature": ""}),
        (BODY, {"webhook-signature": HEADERS["webhook-signature"].replace("v1,", "v2,")}),
        (BODY, {"webhook-signature": "v1,\xe9"}),
        (BODY, {"webhook-id": ""}),
    ],
)
def test_what_was_changed_on_the_way_is_refused(body: bytes, change: dict[str, str]) -> None:
    with pytest.raises(WebhookRefused):
        read_webhook(body, {**HEADERS, **change}, SECRET, now=NOW)


def test_without_a_secret_nothing_is_right() -> None:
    with pytest.raises(WebhookRefused):
        read_webhook(BODY, HEADERS, now=NOW)
    with pytest.raises(WebhookRefused):
        read_webhook(BODY, HEADERS, NEW_SECRET, now=NOW)
