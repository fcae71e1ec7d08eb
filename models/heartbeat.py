"""Heartbeats of processes that have no port for a health check."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Code
from models.infrastructure.liveness import ALIVE, STALE


class Heartbeat(Base):
    """The last sign of life of one kind of process."""

    __tablename__ = "heartbeats"

    name: Mapped[Code] = mapped_column(primary_key=True)
    beat_at: Mapped[datetime]
    #: How often its loop failed and was started again, in all processes of this kind.
    restarts: Mapped[int] = mapped_column(default=0, server_default="0")


def beat(tx: Session, name: str) -> None:
    """Record that a process of this kind is alive."""
    statement = insert(Heartbeat).values(name=name, beat_at=func.now())
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=[Heartbeat.name], set_={"beat_at": statement.excluded.beat_at}
        )
    )


def restarted(tx: Session, name: str) -> None:
    """Count a restart of the loop of a process of this kind."""
    statement = insert(Heartbeat).values(name=name, beat_at=func.now(), restarts=1)
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=[Heartbeat.name], set_={"restarts": Heartbeat.restarts + 1}
        )
    )


def restarts(tx: Session) -> dict[str, int]:
    """Return how often the loops of each kind of process were restarted."""
    return {name: count for name, count in tx.execute(select(Heartbeat.name, Heartbeat.restarts))}


def alive(tx: Session, name: str) -> bool:
    """Whether a process of this kind sent a heartbeat within `STALE`."""
    given = {"stale": STALE, "name": name}
    row = tx.connection().exec_driver_sql(ALIVE, given).first()
    return row is not None and bool(row[0])
