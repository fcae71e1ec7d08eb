"""Aliases: a sender's other names at a provider, so that each of them leads to one person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Code
from models.person import Address
from models.personal import Erasing, Keep, Personal, personal


class Alias(Base):
    """A sender's lasting name, such as an id behind a hidden number, and the address it maps to.

    At most one name maps to an address: a number may pass to another sender later.
    """

    __tablename__ = "aliases"
    __table_args__ = (
        UniqueConstraint("channel", "address"),
        Index("ix_aliases_made_at", "made_at"),
    )

    channel: Mapped[Code] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(
        primary_key=True, info=personal(Personal.REACH, Keep.ALIASES, Erasing.LAST)
    )
    address: Mapped[str] = mapped_column(info=personal(Personal.REACH, Keep.ALIASES, Erasing.LAST))
    made_at: Mapped[datetime] = mapped_column(default=func.now(), server_default=func.now())


def resolve(tx: Session, channel: str, address: str, name: str | None) -> str:
    """Return the address under which the sender with this `address` and lasting `name` is stored.

    It is the first address that the sender wrote from. Without a `name`, `address` may itself be a
    lasting name. Safe under concurrent calls.
    """
    known = _known(tx, channel, name or address)
    if known is not None or name is None:
        return known or address
    by_name = select(Address.id).where(Address.channel == channel, Address.address == name)
    first = name if tx.scalar(by_name) is not None else address
    for wanted in (first, name):  # the name itself, if another name already maps to the address
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
    """Delete names made before a time whose address sent nothing since then.

    Afterwards a sender with such a name is unknown, or known by the number sent with it.
    """
    heard_at = (  # a scalar subquery: EXISTS is planned as a join that reads both tables whole
        select(Address.heard_at)
        .where(Address.channel == Alias.channel, Address.address == Alias.address)
        .scalar_subquery()
    )
    unused = func.coalesce(heard_at, Alias.made_at) < before
    tx.execute(
        delete(Alias).where(Alias.made_at < before, unused),
        execution_options={"synchronize_session": False},
    )
