"""Logs without personal data: one JSON line per event, scrubbed just before it is rendered.

LOG_LEVEL applies to our own packages (`ROOMS`); libraries log at INFO or above, since at DEBUG some
quote whole messages. An error's message is logged only if it can't quote a person.
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

#: Errors of unavailable servers; their messages name hosts and timeouts.
_OUTAGES = (
    OSError,
    psycopg.OperationalError,
    redis.RedisError,
    sqlalchemy.exc.OperationalError,
)


def scrub(line: str) -> str:
    """Mask identity and phone numbers, tokens, accounts, WhatsApp addresses and secret links.

    A Twilio token has no recognizable form: never pass one to a log.
    """
    line = _IDENTITY_NUMBER.sub("[nik]", line)
    line = _PHONE.sub("[phone]", line)
    line = _TOKEN.sub("[token]", line)
    line = _ACCOUNT.sub("[account]", line)
    line = _WHATSAPP.sub(r"whatsapp\1[phone]", line)
    return _PAGE.sub(r"\1[token]", line)


def _scrubbed(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Scrub every value of an event before it is rendered, so that numbers stay numbers."""
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
    """Return an error's type, and as much of its message as can be logged.

    The messages of our own errors and of unavailable servers name fields, numbers and hosts, never
    a person's words. For other errors of PostgreSQL, the SQLSTATE and the constraint or table are
    returned; for all others, only the type.
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
    """Return "file:line" of the innermost frame of our own code, or of any if there is none."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    return f"{PurePath(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "?"


def _traceback(error: BaseException) -> Iterator[str]:
    """Yield the traceback of an error and its causes, with messages as `told` returns them."""
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
    """Keep only the first line of asyncio's events: the others contain an error's message."""
    if event.get("logger") == "asyncio":
        event["event"] = str(event["event"]).partition("\n")[0]
    return event


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Log an error that ends the process; Python's own traceback would print its message."""
    if not issubclass(kind, KeyboardInterrupt):
        logging.getLogger("uncaught").critical(kind.__name__, exc_info=(kind, error, trace))


def _log_uncaught_in_thread(given: threading.ExceptHookArgs) -> None:
    if given.exc_value is not None:
        _log_uncaught(given.exc_type, given.exc_value, given.exc_traceback)


def configure(level: str) -> None:
    """Configure this process's logs, which go to standard error."""
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
    logging.raiseExceptions = False  # or logging would print a record that it failed to write
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
