"""`Act`: the actor, time and cause of a change, with its rights, audit entries and messages.

Every function of this package that changes a case, a visit, a document or a person takes an `Act`
first. It checks rights, moves the row through `models.lifecycle`, writes the audit entry and
enqueues messages, all in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import news
from conversations import messages
from conversations.events import News
from conversations.messages import Json, Message, Say, Value
from models import assisted, audit, consent, officer, poster
from models import person as people
from models.base import now
from models.case import Case, Submitted
from models.infrastructure.database import pipeline
from models.lifecycle import NotAllowed, VisitState
from models.officer import Officer
from models.outbox import Lane, NewMessage, enqueue
from models.person import LockedPerson
from models.visit import UNDER_WAY, Visit

#: Notices that are about a visit in progress: sent at any hour, like all of an act `about` one.
_OF_VISITS_UNDER_WAY = frozenset(
    {
        "on_the_way",
        "officer_in_time",
        "officer_late",
        "place_sent_now",
        "arrived",
        "says_arrived",
        "handed_over",
        "visit_done",
        "visit_failed",
        "owner_confirms",
        "owner_denies",
    }
)


class Ledger(Protocol):
    """Accepts the rows that acts write; the bot batches those of many turns into one statement."""

    def enqueue(self, queued: NewMessage, message: Message) -> None: ...

    def note(self, entry: audit.Entry) -> None: ...

    def consent(self, person_id: int, purpose: str) -> None: ...

    def change(self, person: LockedPerson) -> None: ...

    def count_poster(self, area_code: str, on: date) -> None: ...

    def noted(self) -> Iterable[audit.Entry]:
        """Return the audit entries that are collected and not yet written."""
        ...

    def submitted(self, cause: str) -> Submitted | None:
        """Return the case of an act if it was inserted with those of others, else None."""
        ...


@dataclass(frozen=True, slots=True)
class Rows:
    """The ledger of jobs and commands: writes every row immediately."""

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

    def count_poster(self, area_code: str, on: date) -> None:
        with pipeline(self.tx) as execute:
            poster.count(execute, {(area_code, on): 1})

    def noted(self) -> Iterable[audit.Entry]:
        return ()

    def submitted(self, cause: str) -> Submitted | None:
        return None


@dataclass(frozen=True, slots=True)
class Act:
    """One act of a person, a job or an operator.

    `cause` identifies the trigger, such as "turn:81:0", and is the dedupe key of messages: a
    person receives a notice once per cause. `person` is the (locked) person who acts; None for
    jobs and operators, who supervise every area, have no case or visit of their own and receive
    no replies. `address_id` is the address that the person wrote from.
    """

    tx: Session
    actor: str
    at: datetime
    cause: str
    ledger: Ledger
    person: LockedPerson | None = None
    address_id: int | None = None
    lane: Lane = Lane.REPLY
    greets: bool = False  # the reply begins the person's first conversation
    at_once: bool = False  # nothing that it tells waits for the morning

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
        """Enqueue a message to the person who acts; do nothing for jobs and operators."""
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

    def reply(self, key: str, picture: str | None = None, /, **params: Value) -> None:
        """Answer the person who acts; `picture` is the path of a photo to show."""
        self.enqueue(Message((Say(key, params),), picture=picture))

    def notify(
        self, to: int | None, key: str, picture: str | None = None, /, **params: Value
    ) -> None:
        """Enqueue a notice to a person; a reply if it is the person who acts.

        Does nothing for None (a person without a chat).
        """
        if to is None:
            return
        if self.is_of(to):
            self.reply(key, picture, **params)
            return
        message = Message((Say(key, params),), picture=picture)
        queued = NewMessage(
            person_id=to,
            dedupe_key=f"{self.cause}:{to}",
            message=messages.to_json(message),
            lane=Lane.NOTICE,
            urgent=self.at_once or key.rpartition(".")[2] in _OF_VISITS_UNDER_WAY,
        )
        self.ledger.enqueue(queued, message)

    def tell(
        self,
        person_id: int | None,
        what: News,
        subject: int | str,
        *parts: Say,
        opens: str = "",
        can_wait: bool = True,
        form: Mapping[str, Json] | None = None,
    ) -> None:
        """Add news of this act to a person's inbox; their conversation may ask about it.

        Does nothing for None (a person without a chat).
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
            can_wait=other and can_wait and not self.at_once,
            form=form,
        )

    def tell_supervisors(
        self,
        area_code: str | None,
        what: News,
        subject: int,
        *parts: Say,
        opens: str = "",
        can_wait: bool = True,
    ) -> None:
        """Add this news to the inboxes of an area's supervisors."""
        for person_id in news.supervisors(self.tx, area_code, f"{what}:{subject}"):
            self.tell(person_id, what, subject, *parts, opens=opens, can_wait=can_wait)

    def about(self, visit: Visit | None) -> Act:
        """Return this act for what it tells of a visit: of one that is under way, at any hour.

        It may be evening when an officer comes, and whoever waits at the door can't wait till
        morning. Call it before the visit is moved to its end.
        """
        under_way = visit is not None and visit.state in UNDER_WAY
        return replace(self, at_once=True) if under_way else self

    def for_office(self) -> Act:
        """Return this act as one of the office: what follows from it by itself."""
        return replace(self, actor=news.ACTOR, person=None, address_id=None, lane=Lane.NOTICE)

    # -- rights ----------------------------------------------------------------------------------

    def is_of(self, person_id: int) -> bool:
        """Whether this is the person who acts."""
        return self.person is not None and self.person.id == person_id

    def for_whom(self, whom: int | None) -> int:
        """Return the person an act is about: the one who acts, or whom the officer helps.

        Raises:
            NotAllowed: it is another person, and the officer neither fills in a form with them nor
                has arrived at their door.
        """
        me = self.who().id
        if whom is None or whom == me:
            return me
        mine = self.officer().id
        at_the_door = select(Visit.id).where(
            Visit.host_id == whom, Visit.officer_id == mine, Visit.state == VisitState.ARRIVED
        )
        helped = any(one.person_id == whom for one in assisted.of_officer(self.tx, mine))
        if not helped and self.tx.scalars(at_the_door).first() is None:
            raise NotAllowed(f"{self.actor} may not speak for person {whom}")
        return whom

    def my_case(self, case_id: int) -> Case:
        """Return a case of the person who acts; a forged tap can't reach another person's case.

        Raises:
            NotAllowed: it is another person's case.
        """
        case = self.tx.get_one(Case, case_id)
        if not self.is_of(case.person_id):
            raise NotAllowed(f"case {case_id} is not {self.actor}'s")
        return case

    def must_supervise(self, area_code: str | None) -> None:
        """Check that the person who acts supervises this area; jobs and operators always do.

        Raises:
            NotAllowed: the person does not supervise it.
        """
        if self.person is None:
            return
        if not officer.may_supervise(self.tx, self.person.id, area_code):
            raise NotAllowed(f"{self.actor} does not supervise {area_code}")

    def must_be_office(self) -> None:
        """Check that a job or an operator acts.

        Raises:
            NotAllowed: a person acts.
        """
        if self.person is not None:
            raise NotAllowed(f"{self.actor} is a person")

    def officer(self) -> Officer:
        """Return the officer who acts.

        Raises:
            NotAllowed: no officer acts.
        """
        me = officer.of_person(self.tx, self.person.id) if self.person else None
        if me is None or me.role != "officer":
            raise NotAllowed(f"{self.actor} is no officer")
        return me

    def supervisor(self) -> Officer:
        """Return the supervisor or head who acts.

        Raises:
            NotAllowed: no supervisor acts.
        """
        me = officer.of_person(self.tx, self.person.id) if self.person else None
        if me is None or me.role == "officer":
            raise NotAllowed(f"{self.actor} is no supervisor")
        return me

    def who(self) -> LockedPerson:
        """Return the person who acts.

        Raises:
            NotAllowed: a job or an operator acts.
        """
        if self.person is None:
            raise NotAllowed(f"{self.actor} is no person")
        return self.person


def by_office(tx: Session, actor: str, cause: str) -> Act:
    """Return an act by a job or an operator; `actor` is stored in the audit log."""
    return Act(tx, actor, now(tx), cause, Rows(tx))
