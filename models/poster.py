"""Posters: how many chats began at those of an area, a row for each area and day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Code
from models.infrastructure.database import packed
from models.infrastructure.wire import Execute


class PosterCount(Base):
    """The chats that began at posters of one area on one day; it names no person."""

    __tablename__ = "poster_counts"

    area_code: Mapped[Code] = mapped_column(primary_key=True)
    on: Mapped[date] = mapped_column(primary_key=True)
    chats: Mapped[int]


def count(execute: Execute, chats: Mapping[tuple[str, date], int]) -> None:
    """Add numbers of chats, by area and day, to the pipeline.

    Rows are locked in one order, so that two batches of turns don't deadlock.
    """
    rows = [
        {"area_code": area_code, "on": on.isoformat(), "chats": number}
        for (area_code, on), number in chats.items()
    ]
    if rows:
        execute(_COUNT, {"rows": packed(rows)})


def counts(tx: Session, since: date) -> Sequence[PosterCount]:
    """Return the counts from `since` on, by day and area."""
    rows = select(PosterCount).where(PosterCount.on >= since)
    return tx.scalars(rows.order_by(PosterCount.on, PosterCount.area_code)).all()


_COUNT = """
    INSERT INTO poster_counts (area_code, "on", chats)
    SELECT area_code, "on", chats
      FROM json_to_recordset(%(rows)s) AS new (area_code text, "on" date, chats bigint)
     ORDER BY area_code, "on"
    ON CONFLICT (area_code, "on") DO UPDATE SET chats = poster_counts.chats + excluded.chats
"""
