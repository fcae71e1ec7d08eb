"""Logs without personal data: one JSON line an event, scrubbed when all that it says is known.

LOG_LEVEL says how much our own rooms tell; libraries never tell more than INFO, since at DEBUG some
quote whole messages. An error's own words are kept only where they can't quote a person.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import PurePath
from types import TracebackType
from typing import Any

import psycopg
import redis
import sqlalchemy.exc
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

ROOMS = ("bot", "casework", "cli", "conversations", "demo", "models", "web", "workers")

_IDENTITY_NUMBER = re.compile(r"(?<!\d)\d(?:[ .-]?\d){15}(?!\d)")
_PHONE = re.compile(r"(?<!\d)(?:\+?62[ .-]?|0)8(?:[ .-]?\d){7,11}(?!\d)")
_TOKEN = re.compile(r"(?<!\d)\d{6,12}(?::|%3A)[A-Za-z0-9_-]{30,}")
_ACCOUNT = re.compile(r"(?<!\w)(?:AC|SK)[0-9a-f]{32}(?!\w)")
_WHATSAPP = re.compile(r"whatsapp(:|%3A)(?:(?:\+|%2B)?\d{5,}|ID\.\w+)")
_PAGE = re.compile(r"(/(?:identitas|berkas)/)[A-Za-z0-9_.-]+")

#: Errors of servers that are away, whose words name hosts and time limits.
_OUTAGES = (
    OSError,
    psycopg.OperationalError,
    redis.RedisError,
    sqlalchemy.exc.OperationalError,
)


def scrub(line: str) -> str:
    """Take identity and phone numbers, names in WhatsApp, accounts and secret links out of a line.

    A token of Twilio's looks like any other text: it is never handed to a log.
    """
    line = _IDENTITY_NUMBER.sub("[nik]", line)
    line = _PHONE.sub("[phone]", line)
    line = _TOKEN.sub("[token]", line)
    line = _ACCOUNT.sub("[account]", line)
    line = _WHATSAPP.sub(r"whatsapp\1[phone]", line)
    return _PAGE.sub(r"\1[token]", line)


def _scrubbed(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Scrub every value of a line; done before it is written, so that numbers stay numbers."""
    return {key: _clean(value) for key, value in event.items()}


def _clean(value: Any) -> Any:
    match value:
        case str():
            return scrub(value)
        case bool() | float() | None:
            return value
        case int():
            kept = scrub(str(value))
            return value if kept == str(value) else kept
        case dict():
            return {scrub(str(key)): _clean(one) for key, one in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_clean(one) for one in value]
        case _:
            return scrub(repr(value))


def told(error: BaseException) -> str:
    """An error's type, and what of its words can be logged.

    Our own errors name fields and numbers, never what a person wrote; so do those of servers that
    are away. Of what PostgreSQL refused, the rule is named; others' words are left out.
    """
    kind = type(error)
    if kind.__module__.partition(".")[0] in ROOMS or isinstance(error, _OUTAGES):
        return f"{kind.__name__}: {error}"
    cause = error.orig if isinstance(error, sqlalchemy.exc.DBAPIError) else error
    if isinstance(cause, psycopg.Error):
        rule = cause.diag.constraint_name or cause.diag.table_name or "-"
        return f"{kind.__name__}: {cause.sqlstate} {rule}"
    return kind.__name__


def place(error: BaseException) -> str:
    """Where an error was raised, in our own code if it is in the trace: file and line."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    return f"{PurePath(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "?"


def _traceback(error: BaseException) -> Iterator[str]:
    """An error with what led to it: the places, and of the words what `told` gives."""
    if error.__cause__ is not None:
        yield from _traceback(error.__cause__)
        yield "\nwhich led to\n"
    elif error.__context__ is not None and not error.__suppress_context__:
        yield from _traceback(error.__context__)
        yield "\nand meanwhile\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{told(error)}\n"
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield "one of them:\n"
            yield from _traceback(one)


def _render(exc_info: structlog.typing.ExcInfo) -> str:
    return "".join(_traceback(exc_info[1])).rstrip()


def _first_line(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Of asyncio's lines keep the first: in the others stand an error's words."""
    if event.get("logger") == "asyncio":
        event["event"] = str(event["event"]).partition("\n")[0]
    return event


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """An error that ends the process goes the same way: a bare traceback would quote it."""
    if not issubclass(kind, KeyboardInterrupt):
        logging.getLogger("uncaught").critical(kind.__name__, exc_info=(kind, error, trace))


def _log_uncaught_in_thread(given: threading.ExceptHookArgs) -> None:
    if given.exc_value is not None:
        _log_uncaught(given.exc_type, given.exc_value, given.exc_traceback)


def configure(level: str) -> None:
    """Send this process's logs to standard error."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(_render),
    ]
    threshold = logging.getLevelNamesMapping()[level]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _scrubbed,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            foreign_pre_chain=[*shared, _first_line],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(threshold, logging.INFO), force=True)
    for room in ROOMS:
        logging.getLogger(room).setLevel(threshold)
    for chatty in ("httpx", "httpcore", "uvicorn.access", "aiohttp.access", "twilio"):
        logging.getLogger(chatty).setLevel(max(threshold, logging.WARNING))
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # a line that can't be written would be printed with its words
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
