"""Other names by which a provider knows who writes: one person stays one, under any of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Code
from models.person import Address
from models.personal import Keep, Personal, personal


class Alias(Base):
    """A lasting name, such as an id that outlives a hidden number, and the address it stands for.

    An address stands for one name at most: a number that was given to somebody else is theirs.
    """

    __tablename__ = "aliases"
    __table_args__ = (
        UniqueConstraint("channel", "address"),
        Index("ix_aliases_made_at", "made_at"),
    )

    channel: Mapped[Code] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True, info=personal(Personal.REACH, Keep.ALIASES))
    address: Mapped[str] = mapped_column(info=personal(Personal.REACH, Keep.ALIASES))
    made_at: Mapped[datetime] = mapped_column(default=func.now(), server_default=func.now())


def resolve(tx: Session, channel: str, address: str, name: str | None) -> str:
    """The address under which somebody is kept who wrote from `address` and has a lasting `name`.

    It is the first they were heard from. Where no `name` is told, `address` may itself be one.
    Safe when two processes ask at once.
    """
    known = _known(tx, channel, name or address)
    if known is not None or name is None:
        return known or address
    met = select(Address.id).where(Address.channel == channel, Address.address == name)
    first = name if tx.scalar(met) is not None else address
    for wanted in (first, name):  # the address is not theirs if another name stands for it
        tx.execute(
            insert(Alias)
            .values(channel=channel, name=name, address=wanted)
            .on_conflict_do_nothing()
        )
        known = _known(tx, channel, name)
        if known is not None:
            return known
    return name


def _known(tx: Session, channel: str, name: str) -> str | None:
    return tx.scalar(select(Alias.address).where(Alias.channel == channel, Alias.name == name))


def forget(tx: Session, before: datetime) -> None:
    """Delete names whose address was last heard from before a time, or never since then.

    A sender under such a name is a stranger afterwards, or known by the number beside it.
    """
    heard_at = (  # a scalar, not EXISTS: that would be joined, and both tables read as a whole
        select(Address.heard_at)
        .where(Address.channel == Alias.channel, Address.address == Alias.address)
        .scalar_subquery()
    )
    over = func.coalesce(heard_at, Alias.made_at) < before
    tx.execute(
        delete(Alias).where(Alias.made_at < before, over),
        execution_options={"synchronize_session": False},
    )
