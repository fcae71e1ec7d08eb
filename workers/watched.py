"""Figures that workers and dispatchers write to the database, since they have no page."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from models import heartbeat, keys
from models.infrastructure.loops import Pauses

PAUSE = 1.0  # seconds between two looks for a database that is away

_log = structlog.get_logger(__name__)


def enter_keys(engine: Engine, wait: Callable[[float], bool]) -> None:
    """See that the keys read what is in the database, and enter them; wait for it if it is away.

    `wait` waits for so many seconds, and gives True when this process is to end.

    Raises:
        models.keys.WrongKeys: they do not.
    """
    while True:
        try:
            with Session(engine) as tx, tx.begin():
                keys.enter(tx)
        except SQLAlchemyError as error:
            _log.warning("keys.database_away", error=type(error).__name__)
        else:
            return
        if wait(PAUSE):
            return


def restarted(engine: Engine, pauses: Pauses, error: Exception) -> float:
    """Log and count that a process's loop failed; gives the seconds to wait before the next."""
    seconds = pauses.after(error)
    try:
        with Session(engine) as tx, tx.begin():
            heartbeat.restarted(tx, pauses.name)
    except SQLAlchemyError as away:
        _log.warning("database_away", error=type(away).__name__)
    return seconds
