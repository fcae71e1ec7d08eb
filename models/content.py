"""Content resources that were created at the provider once and are shared by all processes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Code


class Content(Base):
    """A resource at the provider; `key` is a hash of its content, `provider_id` its id there."""

    __tablename__ = "contents"

    key: Mapped[Code] = mapped_column(primary_key=True)
    provider_id: Mapped[Code]
    made_at: Mapped[datetime] = mapped_column(default=func.now())


def find(tx: Session, key: str) -> str | None:
    """Return the provider's id of the resource with this key."""
    return tx.scalar(select(Content.provider_id).where(Content.key == key))


def keep(tx: Session, key: str, provider_id: str) -> str:
    """Store a created resource; return the stored id, another process's if that was first."""
    tx.execute(
        insert(Content)
        .values(key=key, provider_id=provider_id, made_at=func.now())
        .on_conflict_do_nothing()
    )
    return tx.scalars(select(Content.provider_id).where(Content.key == key)).one()


def forget(tx: Session, key: str, provider_id: str) -> None:
    """Delete a resource that is gone at the provider; keeps one that has replaced it."""
    tx.execute(delete(Content).where(Content.key == key, Content.provider_id == provider_id))
