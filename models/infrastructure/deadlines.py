"""Deadlines of tickets: the time within which a supervisor answers, and closes the ticket.

They are a setting of the bot, passed to its `Database`; `of(tx)` returns them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_INFO = "deadlines"  # key in `Session.info`


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Working days of the office, counted from the day on which a ticket is opened."""

    answer_days: int = 1  # until the first answer
    close_days: int = 5  # until the ticket is closed; never before `answer_days`

    @property
    def info(self) -> dict[str, Any]:
        """The `info` of a SQLAlchemy session with these deadlines."""
        return {_INFO: self}


USUAL = Deadlines()


def of(tx: Session) -> Deadlines:
    """Return the deadlines of this transaction; `USUAL` if it was opened without any."""
    found: Deadlines = tx.info.get(_INFO, USUAL)
    return found
