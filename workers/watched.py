"""Keys and restarts that workers and dispatchers write to the database: they serve no page."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from models import heartbeat, keys
from models.infrastructure.loops import Pauses

PAUSE = 1.0  # seconds between two tries while the database is down

_log = structlog.get_logger(__name__)


def enter_keys(engine: Engine, wait: Callable[[float], bool]) -> None:
    """Check that the keys can decrypt the database, and register them; wait while it is down.

    `wait(seconds)` sleeps, and returns True when this process should end.

    Raises:
        models.keys.WrongKeys: they cannot decrypt it.
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
    """Log and count a failure of a process's loop; return the seconds to wait before a restart."""
    seconds = pauses.after(error)
    try:
        with Session(engine) as tx, tx.begin():
            heartbeat.restarted(tx, pauses.name)
    except SQLAlchemyError as db_error:
        _log.warning("database_away", error=type(db_error).__name__)
    return seconds
