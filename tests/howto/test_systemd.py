"""The units are sound, and what the page installs runs outside of this tree."""

import re
import shutil
import sysconfig
from pathlib import Path

import httpx
import pytest

from tests.howto.house import House
from tests.howto.pages import commands
from tests.howto.serving import web
from tests.structure.source import ROOT, repository_files

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_is_one_that_systemd_takes_and_that_is_shut_off_from_the_machine(unit: Path, house: House) -> None:
    name = unit.name.replace("@", "@a")
    text = unit.read_text(encoding="utf-8").replace("/opt/proofdesk/bin/proofdesk", "/bin/true")
    (house.folder / name).write_text(text.replace("User=proofdesk", "User=daemon"), encoding="utf-8")
    assert house.run(f"systemd-analyze verify --man=no ./{name} 2>&1") == ""
    said = house.run(f"systemd-analyze security --offline=true --no-pager ./{name}")
    (exposure,) = re.findall(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert float(exposure) < 2.5


def test_what_the_page_installs_serves_from_anywhere(house: House) -> None:
    install, first_people = commands("systemd")
    tree, prefix = house.folder / "tree", house.folder / "opt"
    for path in repository_files():
        target = tree / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    # The libraries are those of this run, so that the test needs no network; pip spells "off" for isolation as 0.
    offline = {"PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PREFIX": str(prefix)}
    House(tree, {**house.environment, **offline, "PYTHONPATH": ""}).run(install)
    (libraries,) = prefix.glob("lib/python3*/site-packages")
    (libraries / "libraries_of_this_run.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    shutil.rmtree(tree)
    installed = house.with_settings(PATH=f"{prefix}/bin:{house.environment['PATH']}", PYTHONPATH="")
    where = installed.run("python -c 'import app, wsgi; print(app.__file__)'", code=0)
    assert str(libraries) in where
    installed.run(first_people)
    with web(installed, "installed") as socket, httpx.Client(transport=httpx.HTTPTransport(uds=socket)) as client:
        assert "Proofdesk" in client.get("http://127.0.0.1/login").text
