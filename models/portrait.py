"""Portraits of officers: owners see who comes, with the appointment and the check of a badge."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, ForeignKey, Index, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models import task
from models.base import Base, Code
from models.infrastructure import pictures
from models.officer import STAFF, Officer
from models.personal import Keep, Personal, personal

WITHIN = (800, 800)  # pixels, at most
LEAST = 300  # pixels of the shorter side: a face can be recognised

Unsuitable = Literal["no_picture", "too_large", "too_small"]


class PortraitState(StrEnum):
    """States of a portrait."""

    ASKED = "asked"  # sent by the officer, and no supervisor has agreed yet
    USED = "used"  # shown to owners
    REFUSED = "refused"
    OVER = "over"  # replaced, or the officer's work ended


class Portrait(Base):
    """One portrait of one officer; its file is erased when it is refused or over.

    `path` is relative to STORAGE_URL: None before the file is made, and after it is erased.
    `decided_by_id` is the supervisor who agreed or refused; None if an operator put it.
    """

    __tablename__ = "portraits"
    __table_args__ = (
        Index("uq_portraits_asked", "officer_id", unique=True, postgresql_where="state = 'asked'"),
        Index("uq_portraits_used", "officer_id", unique=True, postgresql_where="state = 'used'"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    officer_id: Mapped[int] = mapped_column(ForeignKey("officers.id"), index=True)
    state: Mapped[Code]
    path: Mapped[str | None] = mapped_column(info=personal(Personal.FILE, Keep.PORTRAIT, STAFF))
    attachment_id: Mapped[int | None]  # the photo as the officer sent it, until that is erased
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("officers.id"))
    made_at: Mapped[datetime] = mapped_column(default=func.now())
    decided_at: Mapped[datetime | None]
    over_at: Mapped[datetime | None]


class PortraitRow(NamedTuple):
    """A portrait that waits for a supervisor, with its officer."""

    id: int
    name: str
    badge: str
    path: str


class NotSuitable(Exception):
    """The file can't be a portrait; `reason` is the end of a catalogue key."""

    def __init__(self, reason: Unsuitable) -> None:
        super().__init__(reason)
        self.reason = reason


def made_of(content: bytes) -> bytes:
    """Return the portrait in a file: a JPEG of a limited size, without metadata.

    Raises:
        NotSuitable: it is no picture, or of a wrong size.
    """
    try:
        if min(pictures.read(content, "L", (64, 64)).size) < LEAST:
            raise NotSuitable("too_small")
        return pictures.shown(content, WITHIN)
    except pictures.TooLarge as error:
        raise NotSuitable("too_large") from error
    except pictures.Unreadable as error:
        raise NotSuitable("no_picture") from error


def path_of(portrait: Portrait) -> str:
    """Return where the file of a portrait lies; no two portraits share one."""
    return f"portraits/{portrait.id}.jpg"


def shown_for(tx: Session, officer_id: int) -> str | None:
    """Return the path of the officer's portrait that owners see; None if there is none."""
    return tx.scalar(
        select(Portrait.path).where(
            Portrait.officer_id == officer_id, Portrait.state == PortraitState.USED
        )
    )


def begin(
    tx: Session, officer_id: int, state: PortraitState, *, attachment_id: int | None = None
) -> Portrait:
    """Add a portrait; one of the officer's in the same state is over."""
    lock(tx, officer_id)
    end(tx, officer_id, PortraitState.OVER, [state])
    row = Portrait(officer_id=officer_id, state=state, attachment_id=attachment_id)
    if state == PortraitState.USED:
        row.decided_at = func.now()
    tx.add(row)
    tx.flush()
    return row


def lock(tx: Session, officer_id: int) -> None:
    """Lock an officer, so that their portraits are changed one after the other."""
    tx.execute(select(Officer.id).where(Officer.id == officer_id).with_for_update())


def waiting(tx: Session, portrait_id: int) -> tuple[Portrait, Officer] | None:
    """Lock a portrait that waits for a supervisor, and its officer; None if it is settled."""
    row = tx.get(Portrait, portrait_id)
    if row is None:
        return None
    one = tx.get_one(Officer, row.officer_id, with_for_update=True)
    tx.refresh(row)
    ready = row.state == PortraitState.ASKED and row.path is not None and one.active
    return (row, one) if ready else None


def waiting_in(tx: Session, team: ColumnElement[bool], *, limit: int) -> Sequence[PortraitRow]:
    """Return the portraits of a team (`Scope.team`) that wait for a supervisor, oldest first."""
    rows = tx.execute(
        select(Portrait.id, Officer.name, Officer.badge, Portrait.path)
        .join(Officer, Officer.id == Portrait.officer_id)
        .where(Portrait.state == PortraitState.ASKED, Portrait.path.is_not(None), team)
        .order_by(Portrait.id)
        .limit(limit)
    )
    return [PortraitRow(number, name, badge, path or "") for number, name, badge, path in rows]


def decide(tx: Session, row: Portrait, *, by: int, agreed: bool) -> None:
    """Use or refuse a (locked) portrait that waits; one that is used then replaces the earlier."""
    if agreed:
        end(tx, row.officer_id, PortraitState.OVER, [PortraitState.USED])
        row.state = PortraitState.USED
    else:
        end(tx, row.officer_id, PortraitState.REFUSED, [PortraitState.ASKED])
    row.decided_by_id, row.decided_at = by, func.now()
    tx.flush()


def end(
    tx: Session,
    officer_id: int,
    state: PortraitState,
    among: Sequence[PortraitState] = (PortraitState.ASKED, PortraitState.USED),
) -> int:
    """End the officer's portraits among these states, and plan their erasure; return how many."""
    rows = tx.scalars(
        select(Portrait)
        .where(Portrait.officer_id == officer_id, Portrait.state.in_(among))
        .with_for_update()
    ).all()
    for row in rows:
        row.state, row.over_at = state, func.now()
        plan(tx, row, state)
    tx.flush()
    return len(rows)


def plan(tx: Session, row: Portrait, why: str) -> None:
    """Plan the task that makes the file of a portrait, or erases it."""
    task.plan(tx, "portrait", row.id, f"portrait:{row.id}:{why}")


def unfinished() -> ColumnElement[bool]:
    """A condition: a file of the portrait is to be made or erased."""
    ended = Portrait.state.in_([PortraitState.REFUSED, PortraitState.OVER])
    return Portrait.attachment_id.is_not(None) | (ended & Portrait.path.is_not(None))


def without(tx: Session) -> Sequence[Officer]:
    """Return the officers who joined and have no portrait that owners see, by badge."""
    used = select(Portrait.officer_id).where(Portrait.state == PortraitState.USED)
    return tx.scalars(
        select(Officer)
        .where(Officer.active, Officer.role == "officer", Officer.person_id.is_not(None))
        .where(Officer.id.not_in(used))
        .order_by(Officer.badge)
    ).all()
