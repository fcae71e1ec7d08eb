"""What is logged holds no identity number, no phone, no token and no link, whoever logs it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from models.infrastructure.logs import scrub, told

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
        "whatsapp:+14155238886",
        "whatsapp%3A%2B14155238886",
        "whatsapp:ID.45667890123",
        "/Accounts/AC0123456789abcdef0123456789abcdef/Messages.json",
        "https://izin.example/berkas/mC9wD3xk_-42abcdEFGHijkl/Izin.pdf",
        "https://izin.example/berkas/WyJwZXJtaXRzIl0.mC9wD3xk_-42abcdEFGHijkl/Izin.pdf",
        "https://izin.example/berkas/.eJwZXJtaXRzIl0.mC9wD3xk_-42abcdEFGHijkl/Izin.pdf",
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
        '{"timestamp": "2026-11-23T08:08:08.812345Z", "case": "26-004512"}',
        '{"task": 8123456, "permit": "IUMK-2026-3174-000123", "took": 0.81234}',
        "sqlalchemy.exc.OperationalError: connection to 127.0.0.1, port 5432 failed",
        '{"attachment": 812, "person": 80, "size": 20971520}',
    ],
)
def test_what_is_no_secret_stays(line: str) -> None:
    assert scrub(line) == line


PROGRAM = f"""
import asyncio, logging, sys, threading, warnings
import structlog
from models.infrastructure import logs

logs.configure("INFO")
log = structlog.get_logger("ours")
log.info("nik {NIK}", number="{NIK}", nested={{"phone": ["0812-3456-7890"]}})
logging.getLogger("foreign").warning("POST %s", "https://api.telegram.org/bot{TOKEN}/getMe")
logging.getLogger("foreign.debug").debug("not at this level")
logging.getLogger("httpx").info("GET {LINK}")

class Forged(Exception):
    pass

Forged.__module__ = "bot.errors"

def inner():
    raise ValueError("Siti Aminah, {NIK}")

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
try:
    raise Forged("no secret at {LINK}")
except Forged:
    log.error("ours", exc_info=True)
try:
    open("/nowhere/at/all")
except OSError:
    log.error("away", exc_info=True)

async def unheard():
    asyncio.create_task(forgotten())
    await asyncio.sleep(0)

async def forgotten():
    inner()

asyncio.run(unheard())
thread = threading.Thread(target=inner)
thread.start()
thread.join()
warnings.warn("old")
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
        ("error", "ours"),
        ("error", "ours"),
        ("error", "asyncio"),
        ("critical", "uncaught"),
        ("warning", "py.warnings"),
        ("critical", "uncaught"),
    ]
    assert all("timestamp" in line for line in lines)


def test_tracebacks_and_foreign_loggers_are_scrubbed_as_well(written: list[str]) -> None:
    everything = "\n".join(written)
    for secret in (NIK, TOKEN, "mC9wD3xk", "81234567890", "0812-3456-7890"):
        assert secret not in everything
    assert everything.count("Traceback") >= 4, "what went wrong can still be read"
    assert everything.count("in inner") >= 6, "and where"


def test_of_an_error_only_words_that_cannot_quote_a_person_are_kept(written: list[str]) -> None:
    everything = "\n".join(written)
    assert "Siti" not in everything, "asyncio and threads among it"
    assert "ValueError" in everything
    assert "Forged: no secret at https://izin.example/identitas/[token]" in everything
    assert "FileNotFoundError: [Errno 2] No such file or directory" in everything


def test_what_postgresql_refused_is_told_by_its_rule_and_not_by_its_values(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("CREATE TEMP TABLE t (name text CONSTRAINT uq_t_name UNIQUE)"))
        insert = text("INSERT INTO t VALUES ('Siti')")
        connection.execute(insert)
        with pytest.raises(IntegrityError) as refused:
            connection.execute(insert)
    assert "Siti" in str(refused.value)
    assert told(refused.value) == "IntegrityError: 23505 uq_t_name"


@pytest.mark.processes
def test_numbers_stay_numbers_and_numbers_that_tell_do_not() -> None:
    program = f"""
import structlog
from models.infrastructure import logs
logs.configure("INFO")
log = structlog.get_logger("bot")
log.info("timed", seconds=0.0012345678901234567, at=1764032412.123456, task=12, ok=True, no=None)
log.info("told", nik={NIK}, deep={{"phones": (6281234567890, 7), "ids": frozenset([{NIK}])}})
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    timed, told = map(json.loads, done.stderr.splitlines())
    assert (timed["seconds"], timed["at"]) == (0.0012345678901234567, 1764032412.123456)
    assert (timed["task"], timed["ok"], timed["no"]) == (12, True, None)
    assert (told["nik"], told["deep"]) == ("[nik]", {"phones": ["[phone]", 7], "ids": ["[nik]"]})


@pytest.mark.processes
def test_libraries_do_not_tell_more_than_their_news_whatever_the_level() -> None:
    program = """
import logging, structlog
from models.infrastructure import logs
logs.configure("DEBUG")
structlog.get_logger("bot.turns").debug("ours")
logging.getLogger("telegram.Bot").debug("Siti says hello")
logging.getLogger("telegram.Bot").info("news")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert [json.loads(line)["event"] for line in done.stderr.splitlines()] == ["ours", "news"]
