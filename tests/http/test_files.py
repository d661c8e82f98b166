"""Files: taken when they are what they say, kept once, shown beside the output, given to whoever may see it."""

from io import BytesIO
from typing import Any, Final

import pytest
from PIL import Image

from app.edge.unit_of_work import ProofdeskApp
from app.files.rules import FILE_BYTES, MEDIA_TYPES
from tests.factories.site import BASE, Answered, Site, make_site

ZIP: Final = b"PK\x03\x04" + b"\x00" * 30
OFFICE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30)) -> bytes:
    """Return an image of one colour."""
    held = BytesIO()
    Image.new("RGB", size, "teal").save(held, kind)
    return held.getvalue()


@pytest.fixture
def site(app: ProofdeskApp) -> Site:
    """A workspace that reviews addresses."""
    made = make_site(app)
    made.define_addresses()
    return made


def send(site: Site, body: bytes, media_type: str = "image/png", name: str = "a.png", key: str = "submit") -> Answered:
    """Send a file."""
    return site.call("POST", f"/files?name={name}", body, key=key, Content_Type=media_type)


def shown_at_the_desk(site: Site) -> tuple[Any, str]:
    """Take the next item as Ada; return her browser and the page."""
    browser = site.app.test_client()
    browser.post(site.sign_in_path("ada"), base_url=BASE, headers={"Origin": BASE})
    page = browser.post("/review/take", base_url=BASE, headers={"Origin": BASE}, follow_redirects=True)
    assert page.status_code == 200
    return browser, page.get_data(as_text=True)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_an_image_is_kept_once_and_measured(site: Site, kind: str) -> None:
    body = picture(kind)
    first, again = (send(site, body, f"image/{kind.lower()}") for _ in range(2))
    assert (first.status, again.status) == (201, 200)
    assert first.body == again.body
    assert (first.body["width"], first.body["height"], first.body["bytes"]) == (40, 30, len(body))
    read = site.call("GET", f"/files/{first.body['id']}/content", key="read")
    assert read.raw == body
    assert site.call("GET", f"/files/{first.body['id']}", key="read").body == first.body
    assert read.headers["Content-Disposition"] == "attachment; filename=a.png"
    assert read.headers["Content-Security-Policy"].startswith("default-src 'none'; sandbox")
    assert read.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (picture("JPEG"), "image/png", 422),
        (b"<svg onload='alert(1)'/>", "image/svg+xml", 415),
        (b"<script>alert(1)</script>", "text/html", 415),
        (b"<script>alert(1)</script>", "image/gif", 422),
        (b"\xff\xfe", "text/plain", 422),
        (b"a\x00b", "text/csv", 422),
        (b"", "text/plain", 422),
        (b"no", "application/pdf", 422),
        (b"%PDF-1.7", "application/pdf", 201),
        (ZIP, OFFICE, 201),
        (b"%PDF-1.7", OFFICE, 422),
        (b"{}", "application/json", 415),
        (b"a=b", "application/x-www-form-urlencoded", 415),
        (b"x" * (FILE_BYTES + 1), "text/plain", 413),
        (b"x" * FILE_BYTES, "text/plain", 201),
    ],
)
def test_only_what_it_says_it_is(site: Site, body: bytes, media_type: str, status: int) -> None:
    assert send(site, body, media_type).status == status


def test_an_image_that_unpacks_to_too_much_is_refused(site: Site) -> None:
    bomb = bytearray(picture())
    # Width and height in the head of a PNG: 60,000 by 60,000.
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    refused = send(site, bytes(bomb))
    assert refused.status == 422
    assert refused.body["type"].endswith(("too-many-pixels", "not-what-it-says"))
    honest = send(site, picture(size=(9_000, 5_000)))
    assert (honest.status, honest.body["type"].rpartition("/")[2]) == (422, "too-many-pixels")


def test_a_name_is_a_name_and_no_path(site: Site) -> None:
    for name, kept in {
        "../../etc/passwd": "passwd",
        "a%E2%80%AEgpj.exe": "agpj.exe",
        "%2F": "file",
        "x" * 200: "x" * 200,
    }.items():
        assert send(site, f"about {name}".encode(), "text/plain", name).body["name"] == kept
    assert send(site, b"long", "text/plain", "x" * 201).status == 422


def test_a_context_shows_it_to_whoever_judges_and_to_nobody_else(site: Site) -> None:
    image = send(site, picture()).body
    text = send(site, "name,age\nZoë,7\u202e".encode(), "text/csv", "t.csv").body
    blocks = [
        {"type": "image", "title": "Scan", "value": image["id"]},
        {"type": "file", "title": "Table", "value": text["id"]},
        {"type": "image", "title": "Elsewhere", "value": "https://evil.example/x.png"},
    ]
    assert site.submit(context=blocks).status == 201
    site.add_person("eve", ["reviewer"], queues=["other"])
    site.add_person("fin", ["finance"])
    for short in ("eve", "fin"):
        other = site.app.test_client()
        other.post(site.sign_in_path(short), base_url=BASE, headers={"Origin": BASE})
        assert other.get(f"/files/{image['id']}", base_url=BASE).status_code == 404
    browser, page = shown_at_the_desk(site)
    assert f'src="/files/{image["id"]}"' in page
    assert "evil.example" not in [part.partition('"')[0] for part in page.split('src="')]
    assert "Zoë,7" in page
    given = browser.get(f"/files/{image['id']}", base_url=BASE)
    assert (given.status_code, given.data) == (200, picture())
    assert given.headers["Content-Disposition"].startswith("attachment")
    unshown = send(site, b"of no submission", "text/plain").body
    assert browser.get(f"/files/{unshown['id']}", base_url=BASE).status_code == 404
    stranger = make_site(site.app, "Other")
    assert stranger.call("GET", f"/files/{image['id']}", key="read").status == 404


def test_whoever_could_take_it_may_look_and_not_once_somebody_else_has_it(site: Site) -> None:
    image = send(site, picture()).body["id"]
    site.submit(context=[{"type": "image", "value": image}])
    site.add_person("eve", ["reviewer"])
    eve = site.app.test_client()
    eve.post(site.sign_in_path("eve"), base_url=BASE, headers={"Origin": BASE})
    assert eve.get(f"/files/{image}", base_url=BASE).status_code == 200
    assert site.call("POST", "/claims", {}, key="ada").body["claim"] is not None
    assert eve.get(f"/files/{image}", base_url=BASE).status_code == 404


def test_a_file_that_is_not_there_is_refused_with_its_place(site: Site) -> None:
    stranger = make_site(site.app, "Other")
    theirs = send(stranger, picture()).body["id"]
    blocks = [{"type": "text", "value": "x"}, {"type": "image", "value": theirs}]
    refused = site.submit(context=blocks)
    assert refused.status == 422
    assert [one["pointer"] for one in refused.body["errors"]] == ["/context/1/value"]
    element = {"task_type": "addresses", "output": {"city": "Paris"}, "context": blocks}
    (answer,) = site.call("POST", "/submissions/batch", {"submissions": [element]}).body["results"]
    assert answer["error"]["status"] == 422


def test_a_key_without_the_scope_neither_sends_nor_reads(site: Site) -> None:
    assert send(site, picture(), key="read").status == 403
    sent = send(site, picture()).body["id"]
    for path in (f"/files/{sent}", f"/files/{sent}/content"):
        assert site.call("GET", path, key="submit").status == 403


def test_the_description_names_every_media_type(site: Site) -> None:
    body = site.app.extensions["description"]()["paths"]["/api/v1/files"]["post"]["requestBody"]["content"]
    assert sorted(body) == list(MEDIA_TYPES)
