"""An act: who does something, when and why, and how others are told of it.

Every function of this package that changes a case, a visit, a document or a person takes an `Act`
first. It asks for the rights, moves the row through `models.lifecycle`, writes the audit entry and
enqueues what people are told, all in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import news
from conversations import messages
from conversations.events import News
from conversations.messages import Message, Say, Value
from models import audit, consent, officer
from models import person as people
from models.base import now
from models.case import Case
from models.infrastructure.database import pipeline
from models.lifecycle import NotAllowed, VisitState
from models.officer import Officer
from models.outbox import Lane, NewMessage, enqueue
from models.person import LockedPerson
from models.visit import Visit

#: Notices of a visit that is being made: sent at any hour, others wait for the morning.
_UNDER_WAY = frozenset({"on_the_way", "arrived", "handed_over", "visit_done", "visit_failed"})


class Ledger(Protocol):
    """Takes the rows that acts write; the bot gathers those of many turns into one statement."""

    def enqueue(self, queued: NewMessage, message: Message) -> None: ...

    def note(self, entry: audit.Entry) -> None: ...

    def consent(self, person_id: int, purpose: str) -> None: ...

    def change(self, person: LockedPerson) -> None: ...

    def noted(self) -> Iterable[audit.Entry]:
        """Entries that are gathered and not yet written."""
        ...


@dataclass(frozen=True, slots=True)
class Rows:
    """The ledger of jobs and commands: every row is written at once."""

    tx: Session

    def enqueue(self, queued: NewMessage, message: Message) -> None:
        enqueue(self.tx, [queued])

    def note(self, entry: audit.Entry) -> None:
        audit.note(self.tx, entry.actor, entry.action, entry.subject, **entry.details)

    def consent(self, person_id: int, purpose: str) -> None:
        with pipeline(self.tx) as execute:
            consent.give(execute, [(person_id, purpose)])

    def change(self, person: LockedPerson) -> None:
        with pipeline(self.tx) as execute:
            people.save(execute, [person])

    def noted(self) -> Iterable[audit.Entry]:
        return ()


@dataclass(frozen=True, slots=True)
class Act:
    """One act of a person, a job or an operator.

    `cause` names what led to it, such as "turn:81:0": a notice of the same cause to the same
    person is sent once. `person` is the (locked) person who acts; None for jobs and operators:
    they supervise every area, have no case or visit of their own, and are sent no replies.
    `address_id` is where the person wrote from.
    """

    tx: Session
    actor: str
    at: datetime
    cause: str
    ledger: Ledger
    person: LockedPerson | None = None
    address_id: int | None = None
    lane: Lane = Lane.REPLY
    greets: bool = False  # the person's first conversation begins with it

    # -- the audit and messages ------------------------------------------------------------------

    def note(self, action: str, subject: str, **details: Any) -> None:
        """Add an audit entry; `details` hold no personal data."""
        self.ledger.note(audit.Entry(self.actor, action, subject, details))

    def enqueue(
        self,
        message: Message,
        *,
        after: timedelta = timedelta(0),
        fleeting: bool = False,
    ) -> None:
        """Enqueue a message to the person who acts; jobs and operators are sent none."""
        if self.person is None:
            return
        reply = self.lane is Lane.REPLY
        queued = NewMessage(
            person_id=self.person.id,
            dedupe_key=self.cause,
            message=messages.to_json(message),
            lane=self.lane,
            after=after,
            provisional=bool(after),
            address_id=self.address_id,
            greeting=self.greets and reply,
            fleeting=fleeting and reply,
        )
        self.ledger.enqueue(queued, message)

    def reply(self, key: str, /, **params: Value) -> None:
        """Answer the person who acts."""
        self.enqueue(Message((Say(key, params),)))

    def notify(self, to: int | None, key: str, /, **params: Value) -> None:
        """Enqueue a notice to somebody; to the person who acts, it is a reply.

        Somebody without a chat (None) is sent none.
        """
        if to is None:
            return
        if self.is_of(to):
            self.reply(key, **params)
            return
        message = Message((Say(key, params),))
        queued = NewMessage(
            person_id=to,
            dedupe_key=f"{self.cause}:{to}",
            message=messages.to_json(message),
            lane=Lane.NOTICE,
            urgent=key.rpartition(".")[2] in _UNDER_WAY,
        )
        self.ledger.enqueue(queued, message)

    def tell(
        self,
        person_id: int | None,
        what: News,
        subject: int,
        *parts: Say,
        opens: str = "",
        can_wait: bool = True,
    ) -> None:
        """Give somebody's conversation news of this act, about which it may ask.

        Somebody without a chat (None) is told none.
        """
        if person_id is None:
            return
        other = not self.is_of(person_id)
        news.tell(
            self.tx,
            person_id,
            what,
            subject,
            *parts,
            fact=f"{what}:{subject}:{self.cause}",
            opens=opens,
            unasked=other,
            can_wait=other and can_wait,
        )

    def tell_supervisors(
        self, area_code: str | None, what: News, subject: int, *parts: Say, opens: str = ""
    ) -> None:
        """Give this news to the supervisors of an area."""
        for person_id in news.supervisors(self.tx, area_code, f"{what}:{subject}"):
            self.tell(person_id, what, subject, *parts, opens=opens)

    # -- rights ----------------------------------------------------------------------------------

    def is_of(self, person_id: int) -> bool:
        """Whether this person acts."""
        return self.person is not None and self.person.id == person_id

    def for_whom(self, whom: int | None) -> int:
        """The person whom an act is about: the one who acts, or the host of their open visit.

        Raises:
            NotAllowed: it is somebody else, and no officer stands at their door.
        """
        me = self.who().id
        if whom is None or whom == me:
            return me
        at_the_door = select(Visit.id).where(
            Visit.host_id == whom,
            Visit.officer_id == self.officer().id,
            Visit.state == VisitState.ARRIVED,
        )
        if self.tx.scalars(at_the_door).first() is None:
            raise NotAllowed(f"{self.actor} may not speak for person {whom}")
        return whom

    def my_case(self, case_id: int) -> Case:
        """A case of the person who acts; whatever a forged tap may name, no other is touched.

        Raises:
            NotAllowed: it is somebody else's.
        """
        case = self.tx.get_one(Case, case_id)
        if not self.is_of(case.person_id):
            raise NotAllowed(f"case {case_id} is not {self.actor}'s")
        return case

    def must_supervise(self, area_code: str | None) -> None:
        """Refuse who does not supervise this area; jobs and operators may.

        Raises:
            NotAllowed: a person acts who does not supervise it.
        """
        if self.person is None:
            return
        if not officer.may_supervise(self.tx, self.person.id, area_code):
            raise NotAllowed(f"{self.actor} does not supervise {area_code}")

    def must_be_office(self) -> None:
        """Refuse every person: only jobs and operators do this.

        Raises:
            NotAllowed: a person acts.
        """
        if self.person is not None:
            raise NotAllowed(f"{self.actor} is a person")

    def officer(self) -> Officer:
        """The officer who acts.

        Raises:
            NotAllowed: no officer acts.
        """
        me = officer.of_person(self.tx, self.person.id) if self.person else None
        if me is None or me.role != "officer":
            raise NotAllowed(f"{self.actor} is no officer")
        return me

    def who(self) -> LockedPerson:
        """The person who acts.

        Raises:
            NotAllowed: a job or an operator acts.
        """
        if self.person is None:
            raise NotAllowed(f"{self.actor} is no person")
        return self.person


def by_office(tx: Session, actor: str, cause: str) -> Act:
    """An act of a job or an operator: `actor` is the audit's word for it."""
    return Act(tx, actor, now(tx), cause, Rows(tx))
