"""How a process begins: its settings read, its log and keys set."""

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
    """Read a room's settings, and let this process log and open the database as they say."""
    settings = kind.from_environment(os.environ)
    logs.configure(settings.log_level)
    encryption.use(settings.key_ring)
    return settings


@contextmanager
def transaction(settings: Settings) -> Iterator[Session]:
    """One transaction, which keeps the quiet hours that are set."""
    with database.session(settings.database_url.reveal(), quiet=settings.quiet) as tx:
        yield tx


def enter_keys(settings: Settings) -> None:
    """See that the keys read what is in the database, and enter them; later if it is away.

    Raises:
        WrongKeys: they do not.
    """
    try:
        with transaction(settings) as tx:
            keys.enter(tx)
    except SQLAlchemyError as error:  # the bot waits for it, and looks again
        log.warning("keys.database_away", error=type(error).__name__)
