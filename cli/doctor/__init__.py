"""`izin doctor`: checks everything the product needs, and says how to fix each problem."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from ipaddress import ip_network

from bot.settings import Settings
from cli.base import is_public
from cli.doctor.city import city_lines
from cli.doctor.database import database_lines
from cli.doctor.line import Line
from cli.doctor.servers import redis_lines, storage_lines, telegram_lines, whatsapp_lines
from models.infrastructure import encryption, logs
from models.infrastructure.wib import WIB
from workers.settings import Settings as WorkerSettings

PATIENCE = 5  # seconds


def add(parser: ArgumentParser) -> None:
    """Add the arguments to the parser."""
    parser.set_defaults(act=_doctor)


def _doctor(given: Namespace) -> int:
    logs.configure("ERROR")
    return report(os.environ)


def report(environment: Mapping[str, str]) -> int:
    """Print each line at once; return 1 if any of them is a FAIL, else 0."""
    failed = False
    for line in examine(environment):
        print(line, flush=True)
        failed |= line.state == "FAIL"
    return int(failed)


def examine(
    environment: Mapping[str, str], *, patience: int = PATIENCE, today: date | None = None
) -> Iterator[Line]:
    """Check one part after another; a failing part does not stop the checks of others.

    `patience` is the timeout in seconds to connect to a server, and for each of its answers;
    `today` is this host's date in Jakarta if it is not given.
    """
    rooms = (Settings, WorkerSettings)
    problems = [problem for room in rooms for problem in room.problems(environment)]
    if problems:
        for problem in dict.fromkeys(problems):  # both classes read the common settings
            yield Line("FAIL", "settings", problem)
        return
    settings = Settings.from_environment(environment)
    issuing = WorkerSettings.from_environment(environment)
    encryption.use(settings.key_ring)
    yield from _settings(settings, issuing)
    yield from city_lines(settings.city_file, today or datetime.now(WIB).date())
    yield from database_lines(settings, patience)
    yield from redis_lines(settings.redis_url.reveal(), patience)
    yield from storage_lines(settings.storage_url)
    yield from telegram_lines(settings, patience)
    yield from whatsapp_lines(settings, patience)


def _settings(settings: Settings, issuing: WorkerSettings) -> Iterator[Line]:
    yield Line("ok", "settings", "all are valid")
    if not settings.public_url.startswith("https://"):
        yield Line(
            "warn",
            "settings",
            f"PUBLIC_URL is {settings.public_url}: identity numbers would be sent unencrypted, and "
            "Telegram delivers to https only. Put a proxy with a certificate in front, and set the "
            "https address.",
        )
    if not is_public(settings.public_url):
        yield Line(
            "warn",
            "settings",
            f"PUBLIC_URL is {settings.public_url}, which leads nowhere outside this network: links "
            "in messages (privacy, identity page, check of a permit) do not open on people's "
            "phones. Set the address by which phones reach izin serve.",
        )
    if not _loopback(settings.host) and all(
        _loopback(proxy) for proxy in settings.trusted_proxies.split(",")
    ):
        yield Line(
            "warn",
            "settings",
            f"HOST is {settings.host}, and no proxy outside this machine is trusted: all visitors "
            "behind a proxy would share one rate limit. Set TRUSTED_PROXIES to the address or "
            "network that the proxy's requests come from.",
        )
    if issuing.permit_office is None or issuing.permit_signer is None:
        yield Line(
            "warn",
            "settings",
            "CONTOH (sample) is printed on every permit. Set PERMIT_OFFICE and PERMIT_SIGNER.",
        )
    if settings.metrics_token is None:
        yield Line(
            "warn",
            "settings",
            "/metrics is off, so nothing can be monitored. Set METRICS_TOKEN, and give it to "
            "Prometheus.",
        )


def _loopback(host: str) -> bool:
    """Whether a host, address or network is loopback."""
    try:
        return ip_network(host).is_loopback
    except ValueError:
        return host == "localhost"
