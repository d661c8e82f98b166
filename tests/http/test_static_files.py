"""Styles and scripts are asked for once: their path names a version, and only the right one is kept."""

import re
from pathlib import Path

from app.edge.static_files import digest_of
from app.edge.unit_of_work import ProofdeskApp
from tests.factories.site import BASE


def test_a_page_names_the_version_and_a_browser_keeps_it(app: ProofdeskApp) -> None:
    client = app.test_client()
    page = client.get("/login", base_url=BASE).get_data(as_text=True)
    found = re.search(r'href="(/static/[0-9a-f]{12}/base\.css)"', page)
    assert found is not None
    with client.get(found[1], base_url=BASE) as kept:
        assert (kept.status_code, kept.headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
        body = kept.data
    with client.get("/static/000000000000/base.css", base_url=BASE) as other:
        assert (other.status_code, other.headers["Cache-Control"], other.data) == (200, "no-cache", body)


def test_nothing_outside_of_the_folder_is_given(app: ProofdeskApp) -> None:
    client = app.test_client()
    for path in ("/static/v/../../settings.py", "/static/v/..%2f..%2fsettings.py", "/static/v/", "/static/base.css"):
        assert client.get(path, base_url=BASE).status_code == 404


def test_any_change_of_a_file_or_its_name_is_another_version(tmp_path: Path) -> None:
    seen = {digest_of(tmp_path)}
    for name, text in (("a.js", "1"), ("a.js", "2"), ("b.js", "2"), ("sub/c.js", "")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        seen.add(digest_of(tmp_path))
    assert len(seen) == 5
