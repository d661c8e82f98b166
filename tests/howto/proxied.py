"""The proxy of deploy/nginx.conf, and web servers that take each other's place behind it."""

import shutil
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

import httpx
from cryptography import x509

from tests.howto.house import House, free_port
from tests.howto.serving import web
from tests.workers.certificates import Authority

SITE: Final = "desk.example.org"
NGINX: Final = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
_CONF: Final = Path(__file__).resolve().parents[2] / "deploy" / "nginx.conf"


def switch(house: House, name: str) -> None:
    """Move the proxy's link to the socket of a web server, as its unit does when it is ready."""
    house.run(f"ln -sf {name}.sock .{name} && mv -T .{name} web.sock")


@contextmanager
def taking_over(house: House, name: str) -> Iterator[None]:
    """Run a web server that the proxy asks as soon as it is ready."""
    with web(house, name):
        switch(house, name)
        yield


@dataclass(frozen=True)
class Proxy:
    """Where the proxy listens, with TLS and without, and whom to trust."""

    url: str
    plain_url: str
    trust: ssl.SSLContext

    def client(self, key: str = "none") -> httpx.Client:
        """Return a client that asks for the site's name at the proxy's address."""
        headers = {"Host": SITE, "Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.url, verify=self.trust, headers=headers, timeout=20)


def _sample(*, socket: Path, http: int, https: int, certificate: Path) -> str:
    """Return the sample as it stands in deploy/, with another socket, ports and certificate."""
    text = _CONF.read_text(encoding="utf-8")
    changes = {
        "/run/proofdesk/web.sock": str(socket),
        "listen 80;": f"listen 127.0.0.1:{http};",
        "listen 443 ssl;": f"listen 127.0.0.1:{https} ssl;",
        "    listen [::]:80;\n": "",
        "    listen [::]:443 ssl;\n": "",
        "/etc/ssl/proofdesk/fullchain.pem": str(certificate),
        "/etc/ssl/proofdesk/privkey.pem": str(certificate),
    }
    for old, new in changes.items():
        assert old in text, f"the sample has no {old!r}"
        text = text.replace(old, new)
    return text


@contextmanager
def proxied(house: House) -> Iterator[Proxy]:
    """Run nginx before the house's web server; yield where it is."""
    http, https, folder = free_port(), free_port(), house.folder
    authority = Authority(folder)
    authority.server(x509.DNSName(SITE), x509.IPAddress(IPv4Address("127.0.0.1")))
    sample = _sample(socket=folder / "web.sock", http=http, https=https, certificate=folder / "server.pem")
    spool = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; user root; pid {folder}/nginx.pid; error_log {folder}/nginx.log; worker_processes 1;\n"
        f"events {{ worker_connections 256; }}\nhttp {{ access_log off;\n{spool}{sample}}}\n",
        encoding="utf-8",
    )
    assert NGINX is not None
    house.run(f"{NGINX} -t -c {folder}/nginx.conf")
    with house.running(NGINX, "-c", f"{folder}/nginx.conf"):
        yield Proxy(f"https://127.0.0.1:{https}", f"http://127.0.0.1:{http}", authority.client())


def at_site(house: House) -> House:
    """Return the house with the settings that the page names."""
    return house.with_settings(
        PROOFDESK_BASE_URL=f"https://{SITE}", PROOFDESK_TRUSTED_PROXIES="1", PROOFDESK_RATE_LIMIT="off"
    )
