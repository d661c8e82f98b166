"""The proxy's sample: it is one that nginx takes, people come by TLS only, and nobody can say that he is another."""

import pytest

from tests.howto.house import House
from tests.howto.pages import commands
from tests.howto.proxied import NGINX, SITE, at_site, proxied, taking_over

pytestmark = pytest.mark.skipif(NGINX is None, reason="needs nginx")


def test_the_site_is_reached_by_tls_and_a_visitor_cannot_choose_the_host(house: House) -> None:
    house = at_site(house)
    (check,) = commands("proxy")
    with taking_over(house, "a"), proxied(house) as proxy, proxy.client() as client:
        house.run(check.replace("nginx -t", f"{NGINX} -t -c {house.folder}/nginx.conf"))
        page = client.get("/login", headers={"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"})
        assert page.status_code == 200
        assert "max-age=" in page.headers["Strict-Transport-Security"]
        assert client.get("/login", headers={"Host": "evil.example"}).status_code == 400
        moved = client.get(f"{proxy.plain_url}/login")
        assert (moved.status_code, moved.headers["Location"]) == (301, f"https://{SITE}/login")
