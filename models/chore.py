"""Chores: periodic jobs that one process, the first to claim it, does for all."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Code, now


class Chore(Base):
    """One chore: when it is due next, and when it was done last."""

    __tablename__ = "chores"

    name: Mapped[Code] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


def take(tx: Session, name: str, *, lease: timedelta, every: timedelta) -> bool:
    """Lease a due chore to this process; True when it got the lease.

    A chore due more than twice `every` from now counts as due: the database's clock was set back.
    """
    given = insert(Chore).values(name=name, due_at=func.now() + lease)
    taken = given.on_conflict_do_update(
        index_elements=[Chore.name],
        set_={"due_at": given.excluded.due_at},
        where=or_(Chore.due_at <= func.now(), Chore.due_at > func.now() + 2 * every),
    )
    return tx.scalar(taken.returning(Chore.name)) is not None


def done(tx: Session, name: str, *, every: timedelta) -> None:
    """Mark a chore as done now and due again after `every`."""
    tx.execute(
        update(Chore)
        .where(Chore.name == name)
        .values(due_at=func.now() + every, done_at=func.now())
    )


def last(tx: Session, name: str) -> timedelta | None:
    """Return how long ago a chore was done; None if never."""
    done_at = tx.scalar(select(Chore.done_at).where(Chore.name == name))
    return now(tx) - done_at if done_at is not None else None
