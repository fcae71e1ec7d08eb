"""People, and their addresses in the channels."""

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
    readable,
    seal,
)
from models.infrastructure.wire import Execute
from models.personal import Erasing, Keep, Linking, Personal, on_linking, personal

WHATSAPP = "whatsapp"  # the channel whose addresses are telephone numbers
ENCRYPTED = (WHATSAPP, "telegram")  # channels whose addresses are encrypted under INDEX_KEY
NAME, PHONE = "people.name", "people.phone"  # the associated data of their encryption


class Person(Base):
    """A person who chats with the bot; those in `officers` are staff."""

    __tablename__ = "people"
    __table_args__ = (
        Index("ix_people_merged", "merged_into", postgresql_where="merged_into IS NOT NULL"),
        Index(
            "ix_people_erase_asked_at",
            "erase_asked_at",
            postgresql_where="erase_asked_at IS NOT NULL",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    locale: Mapped[Code] = mapped_column(default="id")
    name: Mapped[str | None] = mapped_column(
        Encrypted(NAME), info=personal(Personal.NAME, Keep.PERSON, Erasing.EMPTIED)
    )
    phone: Mapped[str | None] = mapped_column(
        Encrypted(PHONE), info=personal(Personal.REACH, Keep.PERSON, Erasing.EMPTIED)
    )  # E.164, shared by them
    created_at: Mapped[datetime] = mapped_column(default=func.now())
    opted_out_at: Mapped[datetime | None]  # if set, they get only replies to their own messages
    merged_into: Mapped[int | None] = mapped_column(
        ForeignKey("people.id"), info=on_linking(Linking.MERGED)
    )  # the same person's other row, which has all rows of this one
    erase_asked_at: Mapped[datetime | None]  # set until all of the erasure is done
    #: Their rows are erased: the row stands for what is kept, and its chat has another one.
    erased_at: Mapped[datetime | None]


class Address(Base):
    """A person's address in a channel: opaque text, encrypted in `ENCRYPTED` channels.

    A reply goes to the address of the message it answers, a notice to the last one written from.
    """

    __tablename__ = "addresses"
    __table_args__ = (UniqueConstraint("channel", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id"), index=True, info=on_linking(Linking.MOVES)
    )
    channel: Mapped[Code]
    address: Mapped[str] = mapped_column(info=personal(Personal.REACH, Keep.PERSON, Erasing.LAST))
    #: When they last wrote from there, up to a minute earlier; None if never. The newest of a
    #: person's addresses is the one they wrote from last.
    heard_at: Mapped[datetime | None]
    unreachable_at: Mapped[datetime | None]  # reported by the channel; cleared when they write


def encrypted(channel: str, address: str) -> str:
    """Encrypt a provider's address, such as a number, as `addresses` stores it; deterministic."""
    return encrypt_searchable(address, f"addresses.{channel}")


def decrypted(channel: str, address: str) -> str:
    """Decrypt an address that `encrypted` returned.

    Raises:
        ValueError: `encrypted` did not make it, or with another INDEX_KEY.
    """
    return decrypt_searchable(address, f"addresses.{channel}")


def encrypt_addresses(connection: Connection, channel: str) -> int:
    """Encrypt a channel's addresses that are still numbers; return how many. Idempotent.

    A number whose encrypted form exists as well is left as it is: they may belong to two people.
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
    """SQL condition: the statement's `Person` has an address that is not unreachable."""
    return exists().where(Address.person_id == Person.id, Address.unreachable_at.is_(None))


def has_chat(tx: Session, person_id: int, *, reached: bool = False) -> bool:
    """Whether a person has a chat with us; with `reached`, one that messages reach."""
    theirs = select(Address.id).where(Address.person_id == person_id)
    if reached:
        theirs = theirs.where(Address.unreachable_at.is_(None))
    return tx.scalar(theirs.limit(1)) is not None


@dataclass(slots=True)
class LockedPerson:
    """A (locked) person during a turn; `save` writes what the turn changed.

    A name or phone that can't be read is None here; `save` keeps the stored one unless the turn
    sets another.
    """

    id: int
    locale: str
    name: str | None
    phone: str | None
    opted_out_at: datetime | None
    unreadable: frozenset[str] = frozenset()  # of "name", "phone"


def mark_unreachable(tx: Session, address_ids: Iterable[int]) -> None:
    """Mark addresses as unreachable, except those that a turn has locked: they just wrote."""
    still = select(Address.id).where(Address.id.in_(list(address_ids))).order_by(Address.id)
    silent = still.with_for_update(key_share=True, skip_locked=True)
    tx.execute(update(Address).where(Address.id.in_(silent)).values(unreachable_at=func.now()))


def whatsapp_number(address: str) -> str | None:
    """Return the telephone number (E.164) of an address on WhatsApp; None if it is hidden."""
    try:
        own = decrypted(WHATSAPP, address)
    except ValueError:
        return None
    return own if _E164.fullmatch(own) else None


_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)


def numbers_of(tx: Session, ids: Iterable[int]) -> dict[int, str]:
    """Return by person the WhatsApp number that they last wrote from."""
    rows = tx.execute(
        select(Address.person_id, Address.address)
        .where(Address.person_id.in_(list(ids)), Address.channel == WHATSAPP)
        .order_by(Address.heard_at.nulls_first(), Address.id)
    )
    numbers = ((person_id, whatsapp_number(address)) for person_id, address in rows)
    return {person_id: number for person_id, number in numbers if number is not None}


def names_of(tx: Session, ids: Iterable[int]) -> dict[int, str]:
    """Return the names that these people gave, by their ids; without those who gave none."""
    wanted = [*ids]
    rows = tx.execute(select(Person.id, Person.name).where(Person.id.in_(wanted))) if wanted else ()
    return {person_id: name for person_id, stored in rows if (name := readable(stored))}


def let_pass(tx: Session, channel: str, address: str, time: timedelta) -> bool:
    """Move an address's `heard_at` back by `time`, so that the demo need not wait for a day.

    Return whether the address exists.
    """
    there = Address.channel == channel, Address.address == address
    aged = update(Address).where(*there).values(heard_at=Address.heard_at - time)
    return tx.scalar(aged.returning(Address.id)) is not None


def meet(tx: Session, channel: str, addresses: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Find or create the people of addresses; return address -> person id.

    `addresses` holds (address, locale of a new person). Safe under concurrent calls.
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


#: CTEs that create the people of unknown addresses, from a CTE `strangers` (channel, address,
#: locale). An address that another process creates at the same time is left to that process.
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

#: A CTE `asked` (id): the people given by id or by address; merged people by the id that was kept.
#: Erased people are not found by their id. LIMIT: without statistics the planner takes nearly
#: everybody for erased, and would read the few others before it looks at the ids.
ASKED = """
    asked (id) AS (
      SELECT coalesce(merged_into, found.id)
        FROM json_array_elements_text(%(people)s) AS given,
             LATERAL (SELECT id, merged_into FROM people
                       WHERE id = CAST(value AS bigint) AND erased_at IS NULL LIMIT 1) AS found
       UNION
      SELECT person_id
        FROM json_to_recordset(%(addresses)s) AS one (channel text, address text)
        JOIN addresses USING (channel, address)
    )
"""


def asked(ids: Iterable[int], addresses: Iterable[tuple[str, str]] = ()) -> Mapping[str, str]:
    """Return the parameters of `ASKED`: people by id, and by (channel, address)."""
    where = [{"channel": channel, "address": address} for channel, address in addresses]
    return {"people": packed(list(ids)), "addresses": packed(where)}


def lock(tx: Session, ids: Iterable[int]) -> list[LockedPerson]:
    """Lock people in id order, so that two turns never deadlock.

    `FOR NO KEY UPDATE`: other transactions may still insert rows that refer to them.
    """
    with pipeline(tx) as execute:
        rows = execute(LOCK, asked(ids))
    return [speaker(row) for row in rows.rows]


LOCK = f"""
    WITH {ASKED}
    SELECT id, locale, name, phone, opted_out_at,
           merged_into IS NOT NULL OR erased_at IS NOT NULL
      FROM people
     WHERE id IN (SELECT id FROM asked) ORDER BY id FOR NO KEY UPDATE
"""


def speaker(
    row: tuple[int, str, bytes | None, bytes | None, datetime | None, bool],
) -> LockedPerson:
    """Return the person of a row of `LOCK`."""
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
    """Add to the pipeline: save the people's changed columns after their turns."""
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
