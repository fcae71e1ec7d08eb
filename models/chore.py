"""Chores: what one process does for all of them every so often, whichever comes first."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Code, now


class Chore(Base):
    """When something is to be done next, and when it was done last."""

    __tablename__ = "chores"

    name: Mapped[Code] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


def take(tx: Session, name: str, *, lease: timedelta, every: timedelta) -> bool:
    """Take a chore that is due, for this process alone; after `lease` it is due again.

    A chore that is due later than any lease allows was put off before the clock was put back.
    """
    given = insert(Chore).values(name=name, due_at=func.now() + lease)
    taken = given.on_conflict_do_update(
        index_elements=[Chore.name],
        set_={"due_at": given.excluded.due_at},
        where=or_(Chore.due_at <= func.now(), Chore.due_at > func.now() + 2 * every),
    )
    return tx.scalar(taken.returning(Chore.name)) is not None


def done(tx: Session, name: str, *, every: timedelta) -> None:
    """Note that a chore was done, and when it is due again."""
    tx.execute(
        update(Chore)
        .where(Chore.name == name)
        .values(due_at=func.now() + every, done_at=func.now())
    )


def last(tx: Session, name: str) -> timedelta | None:
    """How long ago a chore was done; None if it never was."""
    done_at = tx.scalar(select(Chore.done_at).where(Chore.name == name))
    return now(tx) - done_at if done_at is not None else None
