"""docker-compose.yml tells the truth: each of our services, run as written, becomes healthy."""

import re
import subprocess
import sys
import time
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.at import bare_environment
from tests.processes import KEY, PATIENCE, ROOT, free_port, running

SECRET = re.compile("PASSWORD|TOKEN|SECRET|KEY")
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
SERVERS = ("postgres", "redis")  # others' images; the other services are ours
ENVIRONMENT = {
    "POSTGRES_PASSWORD": "p",
    "REDIS_PASSWORD": "r",
    "PUBLIC_URL": "http://localhost",
    "ENCRYPTION_KEYS": f"k1:{KEY}",
    "INDEX_KEY": KEY,
}


def compose(environment: Mapping[str, str]) -> dict[str, Any]:
    """The services, with variables filled in as docker compose does; KeyError if one is missing."""

    def fill(found: re.Match[str]) -> str:
        name, sign, rest = found.groups()
        if sign == "-":
            return environment.get(name) or rest
        return environment[name]

    def filled(node: Any) -> Any:
        match node:
            case dict():
                return {key: filled(value) for key, value in node.items()}
            case list():
                return [filled(value) for value in node]
            case str():
                return VARIABLE.sub(fill, node)
        return node

    written = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    services: dict[str, Any] = filled(written["services"])
    return services


def ours() -> list[str]:
    """Our own services that go on running."""
    return [name for name in compose(ENVIRONMENT) if name not in (*SERVERS, "migrate")]


def test_nothing_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name, sign, rest in VARIABLE.findall(text):
        if SECRET.search(name):
            assert sign == "?" or not rest, f"{name} has a default"
    for name in ENVIRONMENT:
        with pytest.raises(KeyError, match=name):
            compose({other: value for other, value in ENVIRONMENT.items() if other != name})


def test_the_proxy_on_the_machine_is_trusted_and_nobody_else() -> None:
    """Requests to a published port come from the gateway of the containers' network."""
    written = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    [network] = written["networks"]["default"]["ipam"]["config"]
    assert compose(ENVIRONMENT)["web"]["environment"]["TRUSTED_PROXIES"] == network["gateway"]
    assert ip_address(network["gateway"]) in ip_network(network["subnet"])


def test_every_service_restarts_and_tells_its_health() -> None:
    services = compose(ENVIRONMENT)
    for name, service in services.items():
        assert service["restart"] in {"unless-stopped", "on-failure"}
        assert "healthcheck" in service or name == "migrate"
        assert set(service.get("depends_on", ())) <= set(services)
        for key in ("DATABASE_URL", "REDIS_URL"):
            if key in service["environment"]:
                assert urlsplit(service["environment"][key]).hostname in SERVERS


@pytest.mark.processes
@pytest.mark.parametrize("name", ours())
def test_a_service_of_ours_becomes_healthy(
    name: str, empty_database: str, redis_url: str, tmp_path: Path
) -> None:
    services = compose(ENVIRONMENT)
    port = free_port()
    here = {
        "DATABASE_URL": empty_database,
        "REDIS_URL": redis_url,
        "STORAGE_URL": f"file://{tmp_path}",
        "HOST": "127.0.0.1",
        "PORT": str(port),
    }

    def environment(service: str) -> dict[str, str]:
        written: dict[str, str] = services[service]["environment"]
        moved = {key: here.get(key, value) for key, value in written.items()}
        return {**bare_environment(), **moved}

    migrated = subprocess.run(
        izin(services["migrate"]["command"]),
        env=environment("migrate"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert migrated.returncode == 0, migrated.stderr
    kind, *check = services[name]["healthcheck"]["test"]
    assert kind == "CMD"
    check = [part.replace("127.0.0.1:8000", f"127.0.0.1:{port}") for part in check]
    check = [sys.executable, *check[1:]] if check[0] == "python" else izin(check[1:])
    with running(izin(services[name]["command"]), environment(name), tmp_path / "log") as process:
        deadline = time.monotonic() + PATIENCE
        while subprocess.run(
            check, env=environment(name), capture_output=True, check=False
        ).returncode:
            assert process.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline, (tmp_path / "log").read_text()


def izin(arguments: list[str]) -> list[str]:
    """The command `izin`, as the image has it."""
    launcher = "from cli.main import main; raise SystemExit(main())"
    assert launcher in (ROOT / "Dockerfile").read_text()
    return [sys.executable, "-c", launcher, *arguments]
