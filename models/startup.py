"""Start of a process: reads settings, configures logs, and sets and checks keys."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from models import keys
from models.infrastructure import database, encryption, logs
from models.infrastructure.settings import Settings

log = structlog.get_logger(__name__)

S = TypeVar("S", bound=Settings)


def read_settings(kind: type[S]) -> S:
    """Read a package's settings; configure this process's logs and encryption keys by them."""
    settings = kind.from_environment(os.environ)
    logs.configure(settings.log_level)
    encryption.use(settings.key_ring)
    return settings


@contextmanager
def transaction(settings: Settings) -> Iterator[Session]:
    """Open one transaction, with the quiet hours of the settings."""
    with database.session(settings.database_url.reveal(), quiet=settings.quiet) as tx:
        yield tx


def enter_keys(settings: Settings) -> None:
    """Check this process's keys against the database, and enter them; skip if it is unavailable.

    Raises:
        WrongKeys: the keys can't read the database.
    """
    try:
        with transaction(settings) as tx:
            keys.enter(tx)
    except SQLAlchemyError as error:  # the bot waits for the database, and checks again
        log.warning("keys.database_away", error=type(error).__name__)
