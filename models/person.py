"""People, and the addresses under which the channels know them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, now
from models.encryption import Encrypted


class Person(Base):
    """Somebody the bot speaks with; that they are an officer or a supervisor, `officers` tells."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    locale: Mapped[str] = mapped_column(default="id")
    name: Mapped[str | None] = mapped_column(Encrypted("people.name"))
    phone: Mapped[str | None] = mapped_column(Encrypted("people.phone"))  # E.164, shared by them
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_heard_at: Mapped[datetime] = mapped_column(default=now)
    opted_out_at: Mapped[datetime | None]  # since then only answers to their own messages
    unreachable_at: Mapped[datetime | None]  # the channel said so; cleared when heard again
    last_channel: Mapped[str] = mapped_column(
        default="telegram"
    )  # notices go where they spoke last


class Address(Base):
    """Where a channel reaches a person: opaque text, such as a Telegram chat id."""

    __tablename__ = "addresses"
    __table_args__ = (UniqueConstraint("channel", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    channel: Mapped[str]
    address: Mapped[str]


def meet(tx: Session, channel: str, addresses: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Find or make the people behind addresses: address -> person id.

    `addresses` holds (address, locale to begin with). Safe when two processes meet the same person.
    """
    wanted = dict(addresses)
    known = _find(tx, channel, list(wanted))
    for address in sorted(set(wanted) - set(known)):
        person = Person(locale=wanted[address], last_channel=channel)
        tx.add(person)
        tx.flush()
        made = tx.execute(
            insert(Address)
            .values(person_id=person.id, channel=channel, address=address)
            .on_conflict_do_nothing()
            .returning(Address.person_id)
        ).scalar_one_or_none()
        if made is None:  # another process was quicker; its row is visible now
            tx.delete(person)
            tx.flush()
            known |= _find(tx, channel, [address])
        else:
            known[address] = made
    return known


def _find(tx: Session, channel: str, addresses: list[str]) -> dict[str, int]:
    rows = tx.execute(_FIND, {"channel": channel, "addresses": addresses})
    return {address: person_id for address, person_id in rows}


_FIND = text(
    "SELECT address, person_id FROM addresses"
    " WHERE channel = :channel AND address = ANY(CAST(:addresses AS text[]))"
)


def lock(tx: Session, ids: Iterable[int]) -> Sequence[Person]:
    """Lock people in id order, so that two turns never wait for each other in a circle.

    `FOR NO KEY UPDATE`: others may still write rows that refer to them.
    """
    return tx.scalars(
        select(Person)
        .where(Person.id.in_(sorted(set(ids))))
        .order_by(Person.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
