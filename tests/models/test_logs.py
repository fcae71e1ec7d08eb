"""What is logged holds no identity number, no phone, no token and no link, whoever logs it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from models.logs import scrub

NIK = "3174075705900012"
TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw-"
LINK = "https://izin.example/identitas/mC9wD3xk_-42abcdEFGHijkl"


@pytest.mark.parametrize(
    "secret",
    [
        NIK,
        "3174 0757 0590 0012",
        "3174.0757.0590.0012",
        "3174-0757-0590-0012",
        "081234567890",
        "0812-3456-7890",
        "0812 3456 789",
        "+6281234567890",
        "+62 812-3456-7890",
        "6281234567890",
        "whatsapp:+6281234567890",
        TOKEN,
        TOKEN.replace(":", "%3A"),
        f"https://api.telegram.org/bot{TOKEN}/sendMessage",
        LINK,
    ],
)
def test_secrets_are_taken_out_of_a_line(secret: str) -> None:
    kept = scrub(f'{{"event": "oops {secret}", "n": 7}}')
    digits = "".join(c for c in secret if c.isdigit())
    assert digits[-6:] not in "".join(c for c in kept if c.isdigit())
    assert TOKEN[-20:] not in kept and LINK[-20:] not in kept
    assert '"n": 7' in kept


@pytest.mark.parametrize(
    "line",
    [
        '{"timestamp": "2026-11-23T08:08:08.812345Z", "application": "26-004512"}',
        '{"task": 8123456, "permit": "IUMK-2026-3174-000123", "took": 0.81234}',
        "sqlalchemy.exc.OperationalError: connection to 127.0.0.1, port 5432 failed",
        '{"attachment": 812, "person": 80, "size": 20971520}',
    ],
)
def test_what_is_no_secret_stays(line: str) -> None:
    assert scrub(line) == line


PROGRAM = f"""
import logging, sys
import structlog
from models import logs

logs.configure("INFO")
log = structlog.get_logger("ours")
log.info("nik {NIK}", number="{NIK}", nested={{"phone": ["0812-3456-7890"]}})
logging.getLogger("foreign").warning("POST %s", "https://api.telegram.org/bot{TOKEN}/getMe")
logging.getLogger("foreign.debug").debug("not at this level")
logging.getLogger("httpx").info("GET {LINK}")

def inner():
    raise ValueError("{NIK} and {LINK}")

for logger in (log, logging.getLogger("foreign")):
    try:
        inner()
    except ValueError as error:
        logger.exception("failed for +6281234567890")
try:
    try:
        inner()
    except ValueError as error:
        raise RuntimeError("{TOKEN}") from error
except RuntimeError:
    log.error("chained", exc_info=True)
inner()
"""


@pytest.fixture(scope="module")
def written() -> list[str]:
    """The lines that a process with these logs writes, up to its sudden end."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 1 and not done.stdout
    return done.stderr.splitlines()


def test_every_line_is_json_with_its_level_and_its_logger(written: list[str]) -> None:
    lines = [json.loads(line) for line in written]
    assert [(line["level"], line["logger"]) for line in lines] == [
        ("info", "ours"),
        ("warning", "foreign"),
        ("error", "ours"),
        ("error", "foreign"),
        ("error", "ours"),
        ("critical", "uncaught"),
    ]
    assert all("timestamp" in line for line in lines)


def test_tracebacks_and_foreign_loggers_are_scrubbed_as_well(written: list[str]) -> None:
    everything = "\n".join(written)
    for secret in (NIK, TOKEN, "mC9wD3xk", "81234567890", "0812-3456-7890"):
        assert secret not in everything
    assert everything.count("Traceback") >= 4, "what went wrong can still be read"
    assert "ValueError: [nik] and https://izin.example/identitas/[token]" in everything
