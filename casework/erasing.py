"""Erasing a person: asked for in chat or by an operator, done by a job, and told at the end.

The act takes two steps. First all rows are erased, as their columns declare, and the chat is given
to a new person without a past, who gets the last message. When that was sent, the chat's address
goes as well, unless somebody has written in it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import cases, dossiers, lenders, tickets
from casework.act import Act
from casework.documents import holder
from casework.redaction import Pin, Redaction, leaves, pins_in, replaced_in
from conversations import messages, services
from conversations.facts import City
from conversations.messages import Json, Message, Say
from conversations.service import DocumentKind, Service
from models import case as rows_of_cases
from models import erasure, identity, officer, outbox
from models import person as people
from models.attachment import Attachment, AttachmentState
from models.case import Case
from models.document import Document
from models.infrastructure.encryption import readable
from models.infrastructure.wib import WIB
from models.lifecycle import OPEN_CASES
from models.outbox import Lane, NewMessage
from models.person import Person

ASKED, ERASED = "person.erasure_asked", "person.erased"  # in the audit
GRACE = timedelta(minutes=1)  # for the answer to be sent, and repeated deliveries to be known
VISIT_PAUSE = timedelta(minutes=5)  # between two looks whether a visit is over
FILES_PAUSE, FILES_PATIENCE = timedelta(seconds=20), timedelta(minutes=30)  # for their download
SHEET_PAUSE = timedelta(minutes=1)  # for a document that is not typeset yet
LAST_PAUSE, LAST_PATIENCE = timedelta(seconds=15), timedelta(minutes=45)  # for the last message

Hindrance = Literal["staff", "visit"]


@dataclass(frozen=True, slots=True)
class Erased:
    """The rows and files that were erased, and the documents that were kept."""

    rows: Mapping[str, int]  # by table
    files: int
    withdrawn: tuple[str, ...]  # numbers of cases
    documents: tuple[str, ...]  # numbers of documents, which are kept


@dataclass(frozen=True, slots=True)
class Step:
    """The result of `go_on`: when to call it again, if not all is done, and what was erased now."""

    again_at: datetime | None
    erased: Erased | None = None


# -- asked for -------------------------------------------------------------------------------------


def ask(act: Act) -> None:
    """Erase the person who acts within the hour; open requests are withdrawn at once."""
    me = act.who()
    ids = erasure.ids_of(act.tx, me.id)
    hindered = hindrance(act.tx, ids)
    if hindered is not None:
        act.reply(f"common.erase.{hindered}")
        return
    asked_at = act.tx.scalar(select(Person.erase_asked_at).where(Person.id == me.id))
    if asked_at is None:
        _withdraw(act, ids)
        act.note(ASKED, act.actor)
        erasure.ask(act.tx, me.id, f"erase:{me.id}:{act.cause}", after=GRACE)
    by = (asked_at or act.at) + erasure.WITHIN
    act.reply("notices.erasing", by=by.astimezone(WIB).time().replace(second=0, microsecond=0))


def ask_for(act: Act, person_id: int) -> None:
    """Erase a person for an operator, who has checked that it is their wish, and calls `go_on`.

    The task goes on with it if that fails.
    """
    act.must_be_office()
    act.note(ASKED, f"person:{person_id}")
    erasure.ask(act.tx, person_id, f"erase:{person_id}:{act.at.isoformat()}", after=GRACE)


def hindrance(tx: Session, ids: Sequence[int]) -> Hindrance | None:
    """Return why these people can't be erased now: they are staff, or a visit is under way."""
    if officer.of_people(tx, ids):
        return "staff"
    return "visit" if erasure.under_way(tx, ids) else None


def _withdraw(act: Act, ids: Sequence[int]) -> tuple[str, ...]:
    """Withdraw the open cases of these (locked) people; officers are told. Return the numbers."""
    found = act.tx.execute(
        select(Case.id, Case.person_id).where(Case.person_id.in_(ids), Case.state.in_(OPEN_CASES))
    ).all()
    numbers = []
    for row in rows_of_cases.lock(act.tx, [case_id for case_id, _ in found]):
        (owner,) = people.lock(act.tx, [row.person_id])
        # the cause is the dedupe key of what an officer of two such cases is told
        theirs = replace(act, person=owner, cause=f"{act.cause}:{row.id}")
        (tickets.drop if row.service in tickets.answered() else cases.withdraw)(theirs, row.id)
        numbers.append(row.number)
    return tuple(numbers)


def _void_letters(act: Act, ids: Sequence[int]) -> None:
    """Revoke these people's letters to lenders, and let their files be erased."""
    waits = [one.id for one in services.load().values() if one.waits]
    theirs = select(Case).where(Case.person_id.in_(ids), Case.service.in_(waits))
    for case in act.tx.scalars(theirs):
        dossiers.void(act, case)


# -- done ------------------------------------------------------------------------------------------


def removable(tx: Session, person_id: int) -> list[str]:
    """Return the paths of files to delete before `go_on`; none while it must wait."""
    person = tx.get(Person, person_id)
    if person is None or person.erased_at is not None or person.erase_asked_at is None:
        return []
    ids = erasure.ids_of(tx, person.merged_into or person.id)
    if hindrance(tx, ids) is not None:
        return []
    return erasure.only_theirs(tx, erasure.files(tx, ids))


def go_on(act: Act, person_id: int, removed: frozenset[str]) -> Step:
    """Erase a person, or end what is begun; `removed` are the files that the store has lost.

    For jobs and operators. Idempotent.
    """
    act.must_be_office()
    merged_into = act.tx.scalar(select(Person.merged_into).where(Person.id == person_id))
    ids = erasure.ids_of(act.tx, merged_into or person_id)
    others = erasure.others(act.tx, ids)
    locked = {one.id: one for one in erasure.lock(act.tx, {*ids, *others})}
    theirs = [locked[i] for i in ids]
    person = locked[merged_into or person_id]
    if all(one.erase_asked_at is None for one in theirs):
        return Step(None)
    if person.erased_at is not None:
        return Step(_end(act, theirs, person))
    hindered = hindrance(act.tx, ids)
    if hindered == "staff":  # they joined since then
        _settled(theirs)
        return Step(None)
    files = erasure.files(act.tx, ids)
    again_at = act.at + VISIT_PAUSE if hindered else _wait(act, theirs, ids, files, removed)
    if again_at is not None:
        return Step(again_at)
    return Step(act.at + LAST_PAUSE, _erase(act, theirs, person, files, others))


def _wait(
    act: Act,
    theirs: Sequence[Person],
    ids: Sequence[int],
    files: Sequence[Attachment],
    removed: frozenset[str],
) -> datetime | None:
    """Return when to try again, if something is still being written; None if nothing is."""
    since = min(one.erase_asked_at for one in theirs if one.erase_asked_at is not None)
    fetched = any(row.state == AttachmentState.PENDING for row in files)
    if fetched and act.at - since < FILES_PATIENCE:
        return act.at + FILES_PAUSE
    unwritten = select(Document.id).where(
        Document.person_id.in_(ids), Document.path.is_(None), Document.revoked_at.is_(None)
    )
    if act.tx.scalar(unwritten.limit(1)) is not None:
        return act.at + SHEET_PAUSE
    return act.at if set(erasure.only_theirs(act.tx, files)) - removed else None


def _erase(
    act: Act,
    theirs: Sequence[Person],
    person: Person,
    files: Sequence[Attachment],
    others: Sequence[int],
) -> Erased:
    """Erase all rows of these (locked) people, and tell their chat."""
    tx, ids = act.tx, [one.id for one in theirs]
    stored = len({row.path for row in files if row.path is not None})
    withdrawn = _withdraw(act, ids)
    named = _names(tx, theirs, files)
    _void_letters(act, ids)
    documents = _reduce(tx, ids)
    found = erasure.rows(tx, ids, files)
    heir_id = erasure.hand_chats_on(tx, ids, person)
    for one in theirs:
        one.erased_at = act.at
    if heir_id is not None:
        body = messages.to_json(Message((Say("notices.erased"),)))
        key = erasure.farewell_key(person.id)
        outbox.enqueue(tx, [NewMessage(heir_id, key, body, Lane.REPLY)])
    _redact(tx, others, named)
    act.note(ERASED, f"person:{person.id}", rows=found, files=stored, documents=len(documents))
    return Erased(found, stored, withdrawn, documents)


def _end(act: Act, theirs: Sequence[Person], person: Person) -> datetime | None:
    """Delete the chat's address once the last message was sent, or could not be for long."""
    last = erasure.farewell(act.tx, person.id)
    if last is not None:
        is_open = last.sent_at is None and last.failed_at is None
        if is_open and act.at - last.created_at < LAST_PATIENCE:
            return act.at + LAST_PAUSE
        erasure.end_chat(act.tx, last.person_id)
    _settled(theirs)
    return None


def _settled(theirs: Iterable[Person]) -> None:
    for one in theirs:
        one.erase_asked_at = None


# -- what is kept ----------------------------------------------------------------------------------


def _reduce(tx: Session, ids: Sequence[int]) -> tuple[str, ...]:
    """Drop the answers of these people's cases, but for what is printed on issued documents."""
    issued: dict[int, list[Document]] = {}
    of = select(Document).where(Document.person_id.in_(ids)).order_by(Document.id)
    for document in tx.scalars(of):
        issued.setdefault(document.case_id, []).append(document)
    city = lenders.known(tx)
    for case in tx.scalars(select(Case).where(Case.person_id.in_(ids))):
        kinds = [services.load().kind(one.kind) for one in issued.get(case.id, ())]
        answers = readable(case.answers) or {}
        if kinds:
            service = services.load()[case.service]
            case.answers = printed_only(service, kinds, holder(tx, case), answers, city)
        else:
            case.answers = about_only(services.load()[case.service], answers, city)
        case.same_as = None
    tx.flush()
    return tuple(one.number for some in issued.values() for one in some)


def about_only(service: Service, answers: Mapping[str, Json], city: City) -> dict[str, Json]:
    """Return the answers without which nobody could say what kind of case it is: codes of ours."""
    kept: dict[str, Json] = {}
    while True:
        try:
            service.about(kept, city)
        except KeyError as missing:
            step = str(missing.args[0])
            if step in kept or step not in answers:
                return kept
            kept[step] = answers[step]
        else:
            return kept


def printed_only(
    service: Service,
    kinds: Sequence[DocumentKind],
    name: str,
    answers: Mapping[str, Json],
    city: City,
) -> dict[str, Json]:
    """Return the answers without which these documents would say something else.

    The holder's name is kept as it is printed: the identity card's is erased.
    """
    kept = dict(answers)
    if name and service.named_in:
        kept[service.named_in[0]] = name

    def says(given: Mapping[str, Json]) -> Any:
        try:
            return service.holder(given), [kind.printed(given, city) for kind in kinds]
        except (KeyError, TypeError, ValueError, AttributeError):
            return None  # an answer that a line can't do without

    whole = says(kept)
    for step, answer in list(kept.items()):
        without = {key: value for key, value in kept.items() if key != step}
        if says(without) == whole:
            kept = without
            continue
        for part in list(answer) if isinstance(answer, dict) else ():
            smaller = {key: value for key, value in kept[step].items() if key != part}
            if says({**kept, step: smaller}) == whole:
                kept[step] = smaller
    return kept


# -- what others hold about them -------------------------------------------------------------------


def _names(tx: Session, theirs: Sequence[Person], files: Sequence[Attachment]) -> Redaction:
    """Return everything by which messages to others may name these people."""
    ids = [one.id for one in theirs]
    names, words, numbers, pins = set[str](), set[str](), set[str](), set[Pin]()
    words |= {row.sha256 for row in files if row.sha256}
    words |= {phone for one in theirs if (phone := readable(one.phone))}
    words |= set(people.numbers_of(tx, ids).values())
    names |= {name for one in theirs if (name := readable(one.name))}
    for known in identity.of_people(tx, ids).values():
        names |= {readable(known.name) or ""}
        words |= {readable(known.nik) or "", readable(known.address) or ""}
    for case in tx.scalars(select(Case).where(Case.person_id.in_(ids))):
        answers = readable(case.answers) or {}
        names |= {services.load()[case.service].holder(answers), holder(tx, case)}
        words |= set(leaves(answers))
        pins |= set(pins_in(answers))
        numbers |= {case.number}
    for _, _, _, told in erasure.held_by(tx, ids):
        words |= set(replaced_in(told))
    return Redaction.of(names, words, numbers, pins, ids)


def _redact(tx: Session, others: Sequence[int], named: Redaction) -> None:
    """Take these people's names and words out of what (locked) others have and were sent."""
    changed = [
        (column, key, row_id, less)
        for column, key, row_id, content in erasure.held_by(tx, others)
        if (less := named.without(content)) != content
    ]
    for column, key, row_id, less in changed:
        erasure.replace(tx, column, key, row_id, less)
