"""A browser of somebody who has an authenticator."""

import re
from typing import Any, Final

import pyotp

from app.kernel.clock import read_now
from tests.factories.site import BASE, Site
from tests.http.walker import PASSWORD

STEP: Final = 30


class Browser:
    """Ada's browser, which knows what her authenticator would."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.client = site.app.test_client()
        self.secret = ""
        self.codes: list[str] = []

    def post(self, path: str, **form: Any) -> Any:
        """Post a form."""
        return self.client.post(path, data=form, base_url=BASE, headers={"Origin": BASE})

    def get(self, path: str) -> str:
        """Read a page."""
        return str(self.client.get(path, base_url=BASE).get_data(as_text=True))

    def code(self, steps: int = 0) -> str:
        """Return the code so many steps from now, by the database's clock."""
        with self.site.app.database.unit_of_work() as session:
            return pyotp.TOTP(self.secret).at(int(read_now(session).timestamp()) + steps * STEP)

    def turn_on(self) -> None:
        """Set a password and turn the second factor on."""
        self.post(self.site.sign_in_path("ada"))
        assert self.post("/account/password", new_password=PASSWORD).status_code == 303
        page = self.get("/account/second-factor")
        typed = re.search(r'<p class="mono">([A-Z2-7 ]+)</p>', page)
        sealed = re.search(r'name="set_up" value="([^"]+)"', page)
        assert typed is not None
        assert sealed is not None
        self.secret = typed[1].replace(" ", "")
        answer = self.post("/account/second-factor/on", set_up=sealed[1], code=self.code())
        assert answer.status_code == 200, answer.get_data(as_text=True)
        self.codes = re.findall(r"<li>([a-z2-7]{4}(?:-[a-z2-7]{4}){3})</li>", answer.get_data(as_text=True))
        assert len(set(self.codes)) == 10

    def password_step(self) -> str:
        """Give the password in a fresh browser; return the proof of it."""
        self.client = self.site.app.test_client()
        answer = self.post("/login", email="ada@acme.example", password=PASSWORD, next="/queue")
        assert answer.status_code == 200
        assert self.client.get("/account", base_url=BASE).status_code in {302, 303}
        proof = re.search(r'name="proof" value="([^"]+)"', answer.get_data(as_text=True))
        assert proof is not None
        return proof[1]

    def is_in(self) -> bool:
        """Say whether the browser is signed in."""
        return self.client.get("/account", base_url=BASE).status_code == 200
