"""The image and the compose file name what is there, and hand on settings that the service knows."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from app.settings import check_names, read_settings
from tests.howto.house import House
from tests.howto.pages import commands
from tests.structure.source import ROOT

DEPLOY = ROOT / "deploy"
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def _fill_in(node: Any, values: Mapping[str, str]) -> Any:
    """Put values into every text as compose does: `${NAME}`, `${NAME:-default}`, `${NAME:?needed}`."""

    def put(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        if not values.get(name) and kind == "?":
            raise KeyError(name)
        return values.get(name) or (rest if kind == "-" else "")

    if isinstance(node, dict):
        return {name: _fill_in(part, values) for name, part in node.items()}
    if isinstance(node, list):
        return [_fill_in(part, values) for part in node]
    return _VARIABLE.sub(put, node) if isinstance(node, str) else node


def _services(values: Mapping[str, str]) -> dict[str, Any]:
    document = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    services: dict[str, Any] = _fill_in(document["services"], values)
    return services


def test_the_settings_of_the_page_start_web_and_worker(house: House) -> None:
    (house.folder / "deploy").mkdir()
    (make_settings,) = commands("docker")
    house.run(make_settings)
    made = dict(line.split("=", 1) for line in (house.folder / "deploy" / ".env").read_text().split())
    services = _services(made)
    for part in ("web", "worker", "migrate"):
        assert read_settings(services[part]["environment"]).secret_key == made["SECRET_KEY"]
        assert services[part]["read_only"], part
    assert services["web"]["ports"] == ["127.0.0.1:8080:8080"]
    assert "ports" not in services["postgres"] | services["valkey"]


def test_each_part_waits_for_what_it_needs() -> None:
    services = _services({"SECRET_KEY": "x", "POSTGRES_PASSWORD": "x"})
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= set(services), name
    assert services["web"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_every_command_of_the_containers_is_one_of_ours(house: House) -> None:
    for service in _services({"SECRET_KEY": "x", "POSTGRES_PASSWORD": "x"}).values():
        if str(service["image"]).startswith("proofdesk"):
            house.run(f"proofdesk {service['command'][0]} --help")


def test_what_the_image_copies_is_there_and_its_secrets_are_not() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    assert {".env", ".git", ".venv"} <= set(ignored)
    needed = (
        "pyproject.toml",
        "constraints.txt",
        "README.md",
        "LICENSE",
        "app",
        "workers",
        "migrations",
        "demo",
        "wsgi.py",
    )
    assert [name for name in needed if name in ignored or not (ROOT / name).exists()] == []


def test_every_setting_of_the_example_is_known() -> None:
    lines = (DEPLOY / "proofdesk.env.example").read_text(encoding="utf-8").splitlines()
    pairs = [line.lstrip("#").split("=", 1) for line in lines if re.match(r"#?[A-Z_]+=", line)]
    check_names(dict(pairs))
    assert {"DATABASE_URL", "REDIS_URL", "SECRET_KEY"} <= {name for name, _ in pairs}
