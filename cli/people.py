"""`izin people`: erases the data of a person who asked for it elsewhere than in the chat."""

from __future__ import annotations

import argparse
from argparse import ArgumentParser

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.settings import Settings
from casework import erasing
from casework.act import by_office
from cli.base import ACTOR, Refusal
from conversations import reference
from conversations.parsers import phone
from models import case as cases
from models import erasure, person
from models.document import Document
from models.infrastructure.encryption import readable
from models.infrastructure.storage import Storage
from models.person import ENCRYPTED, WHATSAPP, Address, Person
from models.startup import read_settings, transaction

WORD = "erase"  # what the operator types to confirm
_WHY = {
    "staff": "This person is an officer or a supervisor. End their work first: izin officers end",
    "visit": "An officer is on the way to this person, or there. Try again when the visit is over.",
}


def add(parser: ArgumentParser) -> None:
    """Add the subcommands to the parser."""
    acts = parser.add_subparsers(required=True, metavar="ACT")
    erase = acts.add_parser("erase", help="Erase a person's data, and tell their chat")
    erase.set_defaults(act=_erase)
    erase.add_argument(
        "who", help="a case's number, a telephone number, or a chat: telegram:123456789"
    )
    erase.add_argument("--yes", action="store_true", help="do not ask to confirm")


def _erase(given: argparse.Namespace) -> int:
    settings = read_settings(Settings)
    with transaction(settings) as tx:
        person_id = _find(tx, given.who)
        _show(tx, person_id)
    if not given.yes and input(f"Type {WORD} to erase all of it: ").strip() != WORD:
        raise Refusal("Nothing was erased.")
    with transaction(settings) as tx:
        erasing.ask_for(by_office(tx, ACTOR, "erase"), person_id)
    storage, done = Storage(settings.storage_url), None
    with transaction(settings) as tx:
        paths = erasing.removable(tx, person_id)
    for path in paths:
        storage.delete(path)
    with transaction(settings) as tx:
        act = by_office(tx, ACTOR, f"erase:{person_id}")
        done = erasing.go_on(act, person_id, frozenset(paths)).erased
    if done is None:
        print("It waits for a file or a document that is being written; a worker goes on with it.")
        return 0
    for number in done.withdrawn:
        print(f"withdrawn\tcase {number}")
    for table, n in sorted(done.rows.items()):
        print(f"erased\t{table}\t{n}")
    print(f"deleted\tfiles\t{len(paths)}")
    for number in done.documents:
        print(f"kept\tdocument {number}, with what is printed on it")
    print("A worker sends the last message, and then deletes the chat's address.")
    return 0


def _show(tx: Session, person_id: int) -> None:
    """Print whose data will be erased, by number and never by name.

    Raises:
        Refusal: it can't be erased now.
    """
    ids = erasure.ids_of(tx, person_id)
    hindered = erasing.hindrance(tx, ids)
    if hindered is not None:
        raise Refusal(_WHY[hindered])
    theirs = select(cases.Case.number, cases.Case.state).where(cases.Case.person_id.in_(ids))
    print(f"person {person_id}")
    for number, state in tx.execute(theirs.order_by(cases.Case.id)):
        print(f"case {number}\t{state}")
    issued = select(Document.number).where(Document.person_id.in_(ids)).order_by(Document.id)
    for number in tx.scalars(issued):
        print(f"document {number}\tstays on record")


def _find(tx: Session, who: str) -> int:
    """Return the person of a case, a telephone number or a chat.

    Raises:
        Refusal: there is none, or several.
    """
    channel, colon, address = who.partition(":")
    number, said = reference.case_number(who), phone.read(who)
    found: set[int] = set()
    if colon and channel.isalpha():
        found = _at(tx, channel, address.strip())
    elif said:  # before a case's number: "0812…" could be one of 2008
        found = _at(tx, WHATSAPP, said) or _with_phone(tx, said)
    elif number is not None:
        case = cases.by_number(tx, number)
        found = {case.person_id} if case is not None else set()
    else:
        raise Refusal(
            f"{who!r} is no case's number, telephone number or chat. Examples: 26-000123, "
            "0812 3456 7890, telegram:123456789"
        )
    rows = tx.scalars(select(Person).where(Person.id.in_(found)))
    ids = {row.merged_into or row.id for row in rows if row.erased_at is None}
    if len(ids) != 1:
        many = "Several people have" if ids else "Nobody is known by"
        raise Refusal(f"{many} {who!r}.")
    return ids.pop()


def _at(tx: Session, channel: str, address: str) -> set[int]:
    stored = person.encrypted(channel, address) if channel in ENCRYPTED else address
    of = select(Address.person_id).where(Address.channel == channel, Address.address == stored)
    return set(tx.scalars(of))


def _with_phone(tx: Session, said: str) -> set[int]:
    """Return the people who gave this number. Their numbers can only be compared one by one."""
    rows = tx.execute(select(Person.id, Person.phone).where(Person.phone.is_not(None)))
    return {person_id for person_id, number in rows if readable(number) == said}
