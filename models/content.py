"""Content that was made at a provider once, and is used by all processes again and again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Code


class Content(Base):
    """A resource at the provider: its id there, under a hash of what it is made of."""

    __tablename__ = "contents"

    key: Mapped[Code] = mapped_column(primary_key=True)
    provider_id: Mapped[Code]
    made_at: Mapped[datetime] = mapped_column(default=func.now())


def find(tx: Session, key: str) -> str | None:
    """The provider's id of what has this key."""
    return tx.scalar(select(Content.provider_id).where(Content.key == key))


def keep(tx: Session, key: str, provider_id: str) -> str:
    """Remember what was made; gives the id that counts, another's if that was quicker."""
    tx.execute(
        insert(Content)
        .values(key=key, provider_id=provider_id, made_at=func.now())
        .on_conflict_do_nothing()
    )
    return tx.scalars(select(Content.provider_id).where(Content.key == key)).one()


def forget(tx: Session, key: str, provider_id: str) -> None:
    """It is gone at the provider; what was made in its place meanwhile stays."""
    tx.execute(delete(Content).where(Content.key == key, Content.provider_id == provider_id))
