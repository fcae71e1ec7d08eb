"""Logs without personal data: one JSON line an event, scrubbed after it is formatted."""

from __future__ import annotations

import logging
import re
import sys
from types import TracebackType

import structlog

_IDENTITY_NUMBER = re.compile(r"(?<!\d)\d(?:[ .-]?\d){15}(?!\d)")
_PHONE = re.compile(r"(?<!\d)(?:\+?62[ .-]?|0)8(?:[ .-]?\d){7,11}(?!\d)")
_TOKEN = re.compile(r"(?<!\d)\d{6,12}(?::|%3A)[A-Za-z0-9_-]{30,}")
_PAGE = re.compile(r"(/identitas/)[A-Za-z0-9_-]+")


def scrub(line: str) -> str:
    """Take identity numbers, phone numbers, the bot's token and single-use links out of a line."""
    line = _IDENTITY_NUMBER.sub("[nik]", line)
    line = _PHONE.sub("[phone]", line)
    line = _TOKEN.sub("[token]", line)
    return _PAGE.sub(r"\1[token]", line)


class _Scrubbed(structlog.stdlib.ProcessorFormatter):
    """Scrubs what is about to be written, foreign loggers' lines and tracebacks among it."""

    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record))


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """What ends the process goes the same way: a bare traceback would not be scrubbed."""
    if not issubclass(kind, KeyboardInterrupt):
        logging.getLogger("uncaught").critical(kind.__name__, exc_info=(kind, error, trace))


def configure(level: str) -> None:
    """Send this process's logs to standard error."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _Scrubbed(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            foreign_pre_chain=shared,
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    sys.excepthook = _log_uncaught
    for chatty in ("httpx", "httpcore", "uvicorn.access", "aiohttp.access", "PIL"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
