"""People, and the addresses under which the channels know them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    UniqueConstraint,
    exists,
    func,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Code
from models.infrastructure.database import packed, pipeline
from models.infrastructure.encryption import (
    Encrypted,
    Unreadable,
    decrypt_searchable,
    encrypt_searchable,
    open_text,
    seal,
)
from models.infrastructure.wire import Execute
from models.personal import Keep, Linking, Personal, on_linking, personal

WHATSAPP = "whatsapp"  # the channel whose addresses are telephone numbers
VEILED = (WHATSAPP, "telegram")  # channels whose addresses are encrypted under INDEX_KEY
NAME, PHONE = "people.name", "people.phone"  # what their words are bound to


class Person(Base):
    """Somebody the bot speaks with; that they are an officer or a supervisor, `officers` tells."""

    __tablename__ = "people"
    __table_args__ = (
        Index("ix_people_merged", "merged_into", postgresql_where="merged_into IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    locale: Mapped[Code] = mapped_column(default="id")
    name: Mapped[str | None] = mapped_column(
        Encrypted(NAME), info=personal(Personal.NAME, Keep.PERSON)
    )
    phone: Mapped[str | None] = mapped_column(
        Encrypted(PHONE), info=personal(Personal.REACH, Keep.PERSON)
    )  # E.164, shared by them
    created_at: Mapped[datetime] = mapped_column(default=func.now())
    opted_out_at: Mapped[datetime | None]  # since then only answers to their own messages
    merged_into: Mapped[int | None] = mapped_column(
        ForeignKey("people.id"), info=on_linking(Linking.MERGED)
    )  # who turned out to be the same person, and has all that was theirs


class Address(Base):
    """Where a channel reaches a person: opaque text, encrypted (`veiled`) for real channels.

    An answer goes to the address that it answers, news to the one that was heard from last.
    """

    __tablename__ = "addresses"
    __table_args__ = (UniqueConstraint("channel", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id"), index=True, info=on_linking(Linking.MOVES)
    )
    channel: Mapped[Code]
    address: Mapped[str] = mapped_column(info=personal(Personal.REACH, Keep.PERSON))
    heard_at: Mapped[datetime | None]  # when they last wrote from there; None if never
    unreachable_at: Mapped[datetime | None]  # the channel said so; cleared when heard again


def encrypted(channel: str, address: str) -> str:
    """A provider's address, such as a number, as `addresses` keeps it; equal ones stay equal."""
    return encrypt_searchable(address, f"addresses.{channel}")


def unveiled(channel: str, address: str) -> str:
    """The provider's own address behind one that `veiled` gave.

    Raises:
        ValueError: it was not made by `veiled`, or with another INDEX_KEY.
    """
    return decrypt_searchable(address, f"addresses.{channel}")


def veil_numbers(connection: Connection, channel: str) -> int:
    """Encrypt a channel's addresses that are still numbers; gives how many. Idempotent.

    One whose encrypted twin exists is left alone: both may have people.
    """
    changed, last = 0, 0
    while rows := connection.execute(_NUMBERS, {"channel": channel, "last": last}).all():
        last = rows[-1].id
        given = packed([{"id": row.id, "address": encrypted(channel, row.address)} for row in rows])
        changed += connection.execute(_VEIL, {"channel": channel, "rows": given}).rowcount
    return changed


_NUMBERS = text("""
    SELECT id, address FROM addresses
     WHERE channel = :channel AND id > :last AND address ~ '^-?[0-9]{1,19}$' ORDER BY id LIMIT 5000
""")
_VEIL = text("""
    UPDATE addresses SET address = new.address
      FROM json_to_recordset(CAST(:rows AS json)) AS new (id bigint, address text)
     WHERE addresses.id = new.id
       AND NOT EXISTS (SELECT 1 FROM addresses AS twin
                        WHERE twin.channel = :channel AND twin.address = new.address)
""")


def reachable() -> ColumnElement[bool]:
    """Whether a `Person` of the statement has an address at which they can be written to."""
    return exists().where(Address.person_id == Person.id, Address.unreachable_at.is_(None))


@dataclass(slots=True)
class LockedPerson:
    """A (locked) person in their turn; what a turn may change about them is kept by `save`.

    A name or phone that can't be read is None here; `save` leaves the stored one as it is unless
    the turn gives another.
    """

    id: int
    locale: str
    name: str | None
    phone: str | None
    opted_out_at: datetime | None
    unreadable: frozenset[str] = frozenset()  # of "name", "phone"


def mark_unreachable(tx: Session, address_ids: Iterable[int]) -> None:
    """Note that channels can't reach these addresses; not those that write at this moment."""
    still = select(Address.id).where(Address.id.in_(list(address_ids))).order_by(Address.id)
    silent = still.with_for_update(key_share=True, skip_locked=True)
    tx.execute(update(Address).where(Address.id.in_(silent)).values(unreachable_at=func.now()))


def whatsapp_number(address: str) -> str | None:
    """The telephone number (E.164) behind an address on WhatsApp; None where it is hidden."""
    try:
        own = unveiled(WHATSAPP, address)
    except ValueError:
        return None
    return own if _E164.fullmatch(own) else None


_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)


def numbers_of(tx: Session, ids: Iterable[int]) -> dict[int, str]:
    """The numbers that people write from on WhatsApp, by person; the last one heard from."""
    rows = tx.execute(
        select(Address.person_id, Address.address)
        .where(Address.person_id.in_(list(ids)), Address.channel == WHATSAPP)
        .order_by(Address.heard_at.nulls_first(), Address.id)
    )
    numbers = ((person_id, whatsapp_number(address)) for person_id, address in rows)
    return {person_id: number for person_id, number in numbers if number is not None}


def let_pass(tx: Session, channel: str, address: str, time: timedelta) -> bool:
    """Make it so much longer ago that they wrote from there: the demo does not wait for a day.

    Gives whether they ever wrote.
    """
    there = Address.channel == channel, Address.address == address
    aged = update(Address).where(*there).values(heard_at=Address.heard_at - time)
    return tx.scalar(aged.returning(Address.id)) is not None


def meet(tx: Session, channel: str, addresses: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Find or make the people behind addresses: address -> person id.

    `addresses` holds (address, locale to begin with). Safe when two processes meet the same person.
    """
    wanted = dict(addresses)
    given = [
        {"channel": channel, "address": address, "locale": wanted[address]}
        for address in sorted(wanted)
    ]
    with pipeline(tx) as execute:
        execute(_MEET, {"strangers": packed(given)})
        found = execute(_FIND, {"channel": channel, "addresses": packed(list(wanted))})
    return {address: person_id for address, person_id in found.rows}


#: Makes the people behind (channel, address, locale) that nobody has met, and their addresses; one
#: that another process makes at the same time is left to it. `strangers` is the CTE that says who.
MAKE = """
    strange AS MATERIALIZED (
      SELECT nextval('people_id_seq') AS id, channel, address, locale
        FROM (SELECT DISTINCT ON (channel, address) * FROM strangers
               WHERE NOT EXISTS (SELECT 1 FROM addresses
                                  WHERE addresses.channel = strangers.channel
                                    AND addresses.address = strangers.address)
               ORDER BY channel, address) AS unknown
    ), met AS (
      INSERT INTO addresses (person_id, channel, address, heard_at)
      SELECT id, channel, address, now() FROM strange ORDER BY channel, address
      ON CONFLICT DO NOTHING
      RETURNING id, person_id, channel, address
    ), made AS (
      INSERT INTO people (id, locale, created_at)
      SELECT strange.id, locale, now() FROM strange JOIN met ON met.person_id = strange.id
    )
"""
_MEET = f"""
    WITH strangers AS (
      SELECT * FROM json_to_recordset(%(strangers)s) AS s (channel text, address text, locale text)
    ), {MAKE}
    SELECT
"""
_FIND = """
    SELECT address, person_id FROM addresses
     WHERE channel = %(channel)s AND address IN
      (SELECT value FROM json_array_elements_text(%(addresses)s))
"""

#: Ids of people who are named by id, or by where they wrote from: `asked` is (id).
ASKED = """
    asked (id) AS (
      SELECT coalesce(merged_into, id) FROM people WHERE id IN
        (SELECT CAST(value AS bigint) FROM json_array_elements_text(%(people)s))
       UNION
      SELECT person_id
        FROM json_to_recordset(%(addresses)s) AS one (channel text, address text)
        JOIN addresses USING (channel, address)
    )
"""


def asked(ids: Iterable[int], addresses: Iterable[tuple[str, str]] = ()) -> Mapping[str, str]:
    """The parameters of `ASKED`: people by id, and by (channel, address)."""
    where = [{"channel": channel, "address": address} for channel, address in addresses]
    return {"people": packed(list(ids)), "addresses": packed(where)}


def lock(tx: Session, ids: Iterable[int]) -> list[LockedPerson]:
    """Lock people in id order, so that two turns never wait for each other in a circle.

    `FOR NO KEY UPDATE`: others may still write rows that refer to them.
    """
    with pipeline(tx) as execute:
        rows = execute(LOCK, asked(ids))
    return [speaker(row) for row in rows.rows]


LOCK = f"""
    WITH {ASKED}
    SELECT id, locale, name, phone, opted_out_at, merged_into FROM people
     WHERE id IN (SELECT id FROM asked) ORDER BY id FOR NO KEY UPDATE
"""


def speaker(
    row: tuple[int, str, bytes | None, bytes | None, datetime | None, int | None],
) -> LockedPerson:
    """A row of `LOCK`."""
    person_id, locale, stored_name, stored_phone, opted_out_at, _ = row
    name, phone = _read(stored_name, NAME), _read(stored_phone, PHONE)
    one = LockedPerson(person_id, locale, None, None, opted_out_at)
    if isinstance(name, Unreadable):
        one.unreadable |= {"name"}
    else:
        one.name = name
    if isinstance(phone, Unreadable):
        one.unreadable |= {"phone"}
    else:
        one.phone = phone
    return one


def _read(stored: bytes | None, bound_to: str) -> str | Unreadable | None:
    return None if stored is None else open_text(stored, bound_to)


def save(execute: Execute, changed: Iterable[LockedPerson]) -> None:
    """Keep what turns changed about people."""
    rows = [
        {
            "id": one.id,
            "locale": one.locale,
            "name": None if one.name is None else seal(one.name.encode(), NAME),
            "phone": None if one.phone is None else seal(one.phone.encode(), PHONE),
            "opted_out_at": one.opted_out_at and one.opted_out_at.isoformat(),
            "keep_name": one.name is None and "name" in one.unreadable,
            "keep_phone": one.phone is None and "phone" in one.unreadable,
        }
        for one in changed
    ]
    if rows:
        execute(_SAVE, {"rows": packed(rows)})


_SAVE = """
    UPDATE people
       SET locale = new.locale, opted_out_at = new.opted_out_at,
           name = CASE WHEN keep_name THEN people.name ELSE decode(new.name, 'base64') END,
           phone = CASE WHEN keep_phone THEN people.phone ELSE decode(new.phone, 'base64') END
      FROM json_to_recordset(%(rows)s)
           AS new (id bigint, locale text, name text, phone text, opted_out_at timestamptz,
                   keep_name boolean, keep_phone boolean)
     WHERE people.id = new.id
"""
