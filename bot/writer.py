"""Writes the effects of a batch of turns; what nearly every turn writes is written at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from bot.chat_urls import NO_CHATS, OurChats
from bot.effects import carry_out
from casework.act import Act
from casework.cases import new_case
from conversations import messages, services
from conversations.effects import Effect, Submit
from conversations.messages import Message, Say
from models import audit, consent, person, poster
from models.case import NewCase, Submitted, submit
from models.infrastructure import quiet
from models.infrastructure.wire import Execute, Results
from models.outbox import GATHERED, LEASE, Lane, NewMessage, enqueue_and_lease
from models.person import LockedPerson


@dataclass(slots=True)
class Writer:
    """Writes the effects of a batch of turns; the ledger of their acts.

    Rows that nearly every turn writes are collected, and written by one statement at the end.
    """

    tx: Session
    public_url: str
    now: datetime
    chats: OurChats = NO_CHATS
    queued: list[NewMessage] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)  # queued ones, by dedupe key
    consents: list[tuple[int, str]] = field(default_factory=list)  # person, purpose
    notes: list[audit.Entry] = field(default_factory=list)
    changed: dict[int, LockedPerson] = field(default_factory=dict)
    posters: Counter[tuple[str, date]] = field(default_factory=Counter)  # chats, by area and day
    newcomers: set[int] = field(default_factory=set)  # their first turn is in this batch
    waiting: dict[int, int] = field(default_factory=dict)  # pending fleeting replies, by person
    most_waiting: int = GATHERED  # pending fleeting replies, at most, to one person
    replaceable: set[int] = field(default_factory=set)  # people with a queued replaceable message
    cases: dict[str, Submitted] = field(default_factory=dict)  # inserted together, by cause

    def submit_together(self, turns: Iterable[tuple[int, int, tuple[Effect, ...]]]) -> None:
        """Insert the cases of several turns in one round trip; `write` tells their people.

        `turns` are (person id, inbox row id, effects).
        """
        new: dict[str, NewCase] = {}
        for person_id, turn_id, effects in turns:
            for index, effect in enumerate(effects):
                if isinstance(effect, Submit) and _is_own(effect):
                    case = new_case(person_id, effect.service, effect.answers)
                    new[_cause(turn_id, index)] = case
        if new:
            self.cases |= zip(new, submit(self.tx, list(new.values())), strict=True)

    def write(
        self,
        speaker: LockedPerson,
        turn_id: int,
        effects: tuple[Effect, ...],
        *,
        address_id: int | None = None,
        unasked: bool = False,
    ) -> None:
        """Write one turn's effects, in order; `turn_id` is the inbox row that the turn took.

        `address_id` is the address of that row; the replies go there. For a person who opted out, a
        reply to `unasked` news is a notice, which the sender drops.
        """
        lane = Lane.NOTICE if unasked and speaker.opted_out_at is not None else Lane.REPLY
        for index, effect in enumerate(effects):
            act = Act(
                self.tx,
                f"person:{speaker.id}",
                self.now,
                _cause(turn_id, index),
                self,
                speaker,
                address_id,
                lane,
                speaker.id in self.newcomers,
            )
            carry_out(act, effect, self.public_url, self.chats)

    def enqueue(self, queued: NewMessage, message: Message) -> None:
        """Queue a message; a reply replaces the person's pending provisional message.

        A fleeting reply beyond `most_waiting` becomes one that says that all was received, and
        replaces the pending ones; so does each later one, until one of them is sent.
        """
        if queued.fleeting:
            waits = self.waiting.get(queued.person_id, 0) + 1
            if waits > self.most_waiting:
                waits = GATHERED
                queued, message = _gathered(queued, message)
            self.waiting[queued.person_id] = waits
        if queued.lane is Lane.REPLY and queued.person_id in self.replaceable:
            self.queued = [o for o in self.queued if not _is_replaced(o, queued)]
        if queued.provisional or queued.fleeting:
            self.replaceable.add(queued.person_id)
        self.queued.append(queued)
        self.messages[queued.dedupe_key] = message

    def note(self, entry: audit.Entry) -> None:
        """Add an audit entry."""
        self.notes.append(entry)

    def noted(self) -> Iterable[audit.Entry]:
        """The audit entries of the batch so far."""
        return self.notes

    def submitted(self, cause: str) -> Submitted | None:
        """The case of an act, if it was inserted with those of other turns."""
        return self.cases.get(cause)

    def consent(self, person_id: int, purpose: str) -> None:
        """Add a consent."""
        self.consents.append((person_id, purpose))

    def change(self, person: LockedPerson) -> None:
        """Save the person's changed columns after a turn."""
        self.changed[person.id] = person

    def count_poster(self, area_code: str, on: date) -> None:
        """Count a chat that began at a poster."""
        self.posters[area_code, on] += 1

    def close(self, execute: Execute, *, leasing: Container[int] = ()) -> Results | None:
        """Write the collected rows in a pipeline; return the result of `enqueue_and_lease`."""
        if self.consents:
            consent.give(execute, self.consents)
        if self.notes:
            audit.write(execute, self.notes)
        if self.changed:
            person.save(execute, self.changed.values())
        if self.posters:
            poster.count(execute, self.posters)
        if not self.queued:
            return None
        return enqueue_and_lease(
            execute, self.queued, lease=LEASE, leasing=leasing, hours=quiet.of(self.tx)
        )


def _cause(turn_id: int, index: int) -> str:
    return f"turn:{turn_id}:{index}"


def _is_own(effect: Submit) -> bool:
    """Whether somebody sends a form of their own, which opens a case of theirs."""
    service = services.load()[effect.service]
    return effect.whom is None and not (service.answered or service.about_others)


def _gathered(queued: NewMessage, message: Message) -> tuple[NewMessage, Message]:
    """Prefix a reply with the sentence that all was received, so that it stands for the others."""
    message = replace(message, parts=(Say("common.all_received"), *message.parts))
    written = messages.to_json(message)
    return replace(queued, message=written, provisional=True, gathers=True), message


def _is_replaced(queued: NewMessage, reply: NewMessage) -> bool:
    if queued.person_id != reply.person_id:
        return False
    return reply.gathers if queued.fleeting else queued.provisional
