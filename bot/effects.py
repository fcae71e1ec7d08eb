"""Effects to acts: one case for each, all in the turn's own transaction.

Nothing here speaks: a message is a row of the outbox, news for somebody else a row of their inbox,
work a task row.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from sqlalchemy.orm import Session

from casework import cases, documents, people, visits
from casework.act import Act
from conversations import messages
from conversations.effects import (
    AboutCase,
    AboutPerson,
    AboutVisit,
    AcceptOffer,
    Arrive,
    Assign,
    Called,
    CallPerson,
    ChooseWindow,
    Correct,
    Decide,
    DeclineOffer,
    Depart,
    Effect,
    FailVisit,
    FinishVisit,
    GiveConsent,
    Join,
    LeaveWindow,
    Link,
    MistypeCode,
    OfferLink,
    OptIn,
    OptOut,
    ProveCode,
    RateVisit,
    RememberName,
    RememberPhone,
    Reply,
    SendDocument,
    SendIdentityLink,
    ShowDocument,
    ShowOfficer,
    Submit,
    UseLanguage,
    Withdraw,
)
from conversations.messages import Message, Say
from models import audit, consent, person
from models.infrastructure import quiet
from models.infrastructure.wire import Execute, Results
from models.outbox import GATHERED, LEASE, Lane, NewMessage, enqueue_and_lease
from models.person import LockedPerson


@dataclass(slots=True)
class Writer:
    """Writes the effects of a batch of turns; the ledger of their acts.

    Rows that nearly every turn writes are gathered, and written by one statement at the end.
    """

    tx: Session
    public_url: str
    now: datetime
    queued: list[NewMessage] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)  # what is owed, by its dedupe key
    consents: list[tuple[int, str]] = field(default_factory=list)  # person, purpose
    notes: list[audit.Entry] = field(default_factory=list)
    changed: dict[int, LockedPerson] = field(default_factory=dict)
    newcomers: set[int] = field(default_factory=set)  # whose conversation begins with this batch
    waiting: dict[int, int] = field(default_factory=dict)  # fleeting replies not sent, by person
    most_waiting: int = GATHERED
    yielding: set[int] = field(default_factory=set)  # to whom something is owed that may give way

    def write(
        self,
        speaker: LockedPerson,
        turn_id: int,
        effects: tuple[Effect, ...],
        *,
        address_id: int | None = None,
        unasked: bool = False,
    ) -> None:
        """Write one turn's effects, in order; `turn_id` is the inbox row it answers.

        `address_id` is where that came from, and where the answers go. For somebody who opted out,
        a reply to `unasked` news is a notice, which the sender drops.
        """
        lane = Lane.NOTICE if unasked and speaker.opted_out_at is not None else Lane.REPLY
        for index, effect in enumerate(effects):
            act = Act(
                self.tx,
                f"person:{speaker.id}",
                self.now,
                f"turn:{turn_id}:{index}",
                self,
                speaker,
                address_id,
                lane,
                speaker.id in self.newcomers,
            )
            carry_out(act, effect, self.public_url)

    def enqueue(self, queued: NewMessage, message: Message) -> None:
        """Owe a message; an unsent provisional one of the same person gives way to a reply.

        One fleeting reply more than may wait says that all was received, and takes the place of
        those that wait; so does each after it, until it is sent.
        """
        if queued.fleeting:
            waits = self.waiting.get(queued.person_id, 0) + 1
            if waits > self.most_waiting:
                waits = GATHERED
                queued, message = _gathered(queued, message)
            self.waiting[queued.person_id] = waits
        if queued.lane is Lane.REPLY and queued.person_id in self.yielding:
            self.queued = [o for o in self.queued if not _gives_way(o, queued)]
        if queued.provisional or queued.fleeting:
            self.yielding.add(queued.person_id)
        self.queued.append(queued)
        self.messages[queued.dedupe_key] = message

    def note(self, entry: audit.Entry) -> None:
        """Add an audit entry."""
        self.notes.append(entry)

    def noted(self) -> Iterable[audit.Entry]:
        """The audit entries of the batch so far."""
        return self.notes

    def consent(self, person_id: int, purpose: str) -> None:
        """Note a consent."""
        self.consents.append((person_id, purpose))

    def change(self, person: LockedPerson) -> None:
        """Save what a turn changed about a person."""
        self.changed[person.id] = person

    def close(self, execute: Execute, *, leasing: Container[int] = ()) -> Results | None:
        """Write what is gathered, in a pipeline; gives what `enqueue_and_lease` leased."""
        if self.consents:
            consent.give(execute, self.consents)
        if self.notes:
            audit.write(execute, self.notes)
        if self.changed:
            person.save(execute, self.changed.values())
        if not self.queued:
            return None
        return enqueue_and_lease(
            execute, self.queued, lease=LEASE, leasing=leasing, hours=quiet.of(self.tx)
        )


def _gathered(queued: NewMessage, message: Message) -> tuple[NewMessage, Message]:
    """A reply for all that its person has said, before the open question that it asks."""
    message = replace(message, parts=(Say("common.all_received"), *message.parts))
    written = messages.to_json(message)
    return replace(queued, message=written, provisional=True, gathers=True), message


def _gives_way(queued: NewMessage, to: NewMessage) -> bool:
    if queued.person_id != to.person_id:
        return False
    return to.gathers if queued.fleeting else queued.provisional


def carry_out(act: Act, effect: Effect, public_url: str) -> None:
    """Do what one effect of a turn says; `public_url` is where our pages are."""
    if isinstance(effect, AboutVisit):
        _about_visit(act, effect, public_url)
    elif isinstance(effect, AboutCase):
        _about_case(act, effect)
    elif isinstance(effect, AboutPerson):
        _about_person(act, effect)
    else:
        match effect:
            case Reply(message, after, fleeting):
                act.enqueue(message, after=after, fleeting=fleeting)
            case Submit(service, answers, whom):
                cases.submit(act, service, answers, whom)
            case ShowDocument(number):
                documents.show(act, number)
            case _:
                assert_never(effect)


def _about_visit(act: Act, effect: AboutVisit, public_url: str) -> None:
    match effect:
        case AcceptOffer(visit_id):
            visits.accept(act, visit_id)
        case DeclineOffer(visit_id, reason):
            visits.decline(act, visit_id, reason)
        case Depart(visit_id):
            visits.depart(act, visit_id)
        case Arrive(visit_id, km):
            visits.arrive(act, visit_id, km)
        case MistypeCode(visit_id):
            visits.mistype_code(act, visit_id)
        case ProveCode(visit_id):
            visits.prove_code(act, visit_id)
        case FinishVisit(visit_id, outcome, answers):
            visits.finish(act, visit_id, outcome, answers)
        case FailVisit(visit_id, reason):
            visits.fail(act, visit_id, reason)
        case Assign(visit_id, officer_id):
            visits.assign(act, visit_id, officer_id)
        case LeaveWindow(visit_id):
            visits.leave(act, visit_id)
        case SendIdentityLink(visit_id, whom):
            people.send_identity_link(act, public_url, visit_id, whom)
        case _:
            assert_never(effect)


def _about_case(act: Act, effect: AboutCase) -> None:
    match effect:
        case Correct(case_id, answers):
            cases.correct(act, case_id, answers)
        case Withdraw(case_id):
            cases.withdraw(act, case_id)
        case ChooseWindow(case_id, on, part):
            visits.book(act, case_id, on, part)
        case RateVisit(case_id, stars):
            visits.rate(act, case_id, stars)
        case SendDocument(case_id):
            documents.send_again(act, case_id)
        case Decide():
            _decide(act, effect)
        case _:
            assert_never(effect)


def _decide(act: Act, effect: Decide) -> None:
    match effect.decision:
        case "approve":
            cases.accept(act, effect.case_id)
        case "reject":
            cases.reject(act, effect.case_id, effect.reason)
        case "return":
            cases.send_back(act, effect.case_id, effect.step, effect.reason)


def _about_person(act: Act, effect: AboutPerson) -> None:
    match effect:
        case GiveConsent(purpose, whom):
            people.give_consent(act, purpose, whom)
        case UseLanguage(locale):
            people.use_language(act, locale)
        case RememberName(name, whom):
            people.remember_name(act, name, whom)
        case RememberPhone(phone):
            people.remember_phone(act, phone)
        case OptOut():
            people.opt_out(act)
        case OptIn():
            people.opt_in(act)
        case CallPerson(about, flow):
            people.ask_for_help(act, about, flow)
        case ShowOfficer(badge):
            people.show_officer(act, badge)
        case Join(token):
            people.join_staff(act, token)
        case OfferLink():
            people.offer_link(act)
        case Link(code):
            people.link_chats(act, code)
        case Called(person_id):
            people.called(act, person_id)
        case _:
            assert_never(effect)
