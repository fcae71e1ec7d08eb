"""Calls the act of each effect, in the turn's own transaction.

Nothing is sent here: a message is an outbox row, news for another person a row of that person's
inbox, work a task row.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from sqlalchemy.orm import Session

from casework import (
    cases,
    documents,
    door,
    erasing,
    files,
    handing_on,
    objections,
    overview,
    own_data,
    people,
    portraits,
    reports,
    stuck,
    tickets,
    visits,
)
from casework.act import Act
from casework.cases import new_case
from conversations import messages, services
from conversations.effects import (
    AboutCase,
    AboutMyData,
    AboutPerson,
    AboutVisit,
    AcceptOffer,
    Arrive,
    AskForMyData,
    Assign,
    Called,
    CallPerson,
    ChooseWindow,
    ConfirmOfficer,
    Correct,
    Decide,
    DeclineOffer,
    DenyOfficer,
    Depart,
    Effect,
    EraseMyData,
    FailVisit,
    FinishVisit,
    FromOfficer,
    GiveConsent,
    Join,
    Link,
    MistypeCode,
    OfferLink,
    OfferPortrait,
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
    SpendCode,
    Submit,
    TellAbsence,
    TellConcern,
    TellLate,
    UseLanguage,
    Withdraw,
    WithdrawPortrait,
)
from conversations.messages import Message, Say
from conversations.supervision import (
    DecidePortrait,
    EndOfficer,
    HandVisitsOn,
    Preview,
    RevokeDocument,
    ShowCase,
    ShowComplaints,
    ShowFigures,
    ShowLate,
    ShowPhotos,
    ShowUnvisited,
    ShowVisits,
    ShowWhereabouts,
    Supervising,
    TellHeads,
)
from conversations.ticketing import (
    AboutTicket,
    AddFile,
    AddToTicket,
    AnswerTicket,
    CloseMessage,
    CloseTicket,
    DecideObjection,
    DropTicket,
    EndVisit,
    KeepFile,
    ObjectTo,
    RetryMessage,
    TakeTicket,
)
from models import audit, consent, person
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
    queued: list[NewMessage] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)  # queued ones, by dedupe key
    consents: list[tuple[int, str]] = field(default_factory=list)  # person, purpose
    notes: list[audit.Entry] = field(default_factory=list)
    changed: dict[int, LockedPerson] = field(default_factory=dict)
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
                if isinstance(effect, Submit) and effect.whom is None and _is_form(effect):
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
            carry_out(act, effect, self.public_url)

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

    def close(self, execute: Execute, *, leasing: Container[int] = ()) -> Results | None:
        """Write the collected rows in a pipeline; return the result of `enqueue_and_lease`."""
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


def _cause(turn_id: int, index: int) -> str:
    return f"turn:{turn_id}:{index}"


def _is_form(effect: Submit) -> bool:
    """Whether what is sent is not answered in words, as a complaint is."""
    return not services.load()[effect.service].answered


def _gathered(queued: NewMessage, message: Message) -> tuple[NewMessage, Message]:
    """Prefix a reply with the sentence that all was received, so that it stands for the others."""
    message = replace(message, parts=(Say("common.all_received"), *message.parts))
    written = messages.to_json(message)
    return replace(queued, message=written, provisional=True, gathers=True), message


def _is_replaced(queued: NewMessage, reply: NewMessage) -> bool:
    if queued.person_id != reply.person_id:
        return False
    return reply.gathers if queued.fleeting else queued.provisional


def carry_out(act: Act, effect: Effect, public_url: str) -> None:
    """Call the act of one effect; `public_url` is the base URL of our pages."""
    if isinstance(effect, AboutVisit):
        _about_visit(act, effect, public_url)
    elif isinstance(effect, AboutCase):
        _about_case(act, effect)
    elif isinstance(effect, AboutPerson):
        _about_person(act, effect)
    elif isinstance(effect, AboutTicket):
        _about_ticket(act, effect)
    elif isinstance(effect, Supervising):
        _supervising(act, effect)
    elif isinstance(effect, FromOfficer):
        _from_officer(act, effect)
    else:
        match effect:
            case Reply(message, after, fleeting):
                act.enqueue(message, after=after, fleeting=fleeting)
            case Submit(service, answers, whom):
                cases.submit(act, service, answers, whom)
            case ShowDocument(number):
                documents.show(act, number)
            case AskForMyData() | EraseMyData():
                _about_my_data(act, effect)
            case _:
                assert_never(effect)


def _about_my_data(act: Act, effect: AboutMyData) -> None:
    match effect:
        case AskForMyData(within, question):
            own_data.ask(act, within, question)
        case EraseMyData():
            erasing.ask(act)
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
        case Arrive(visit_id, km, why, words):
            visits.arrive(act, visit_id, km, why, words)
        case FinishVisit(visit_id, outcome, answers):
            visits.finish(act, visit_id, outcome, answers)
        case FailVisit(visit_id, reason):
            visits.fail(act, visit_id, reason)
        case Assign(visit_id, officer_id):
            visits.assign(act, visit_id, officer_id)
        case SendIdentityLink(visit_id, whom):
            people.send_identity_link(act, public_url, visit_id, whom)
        case _:
            _about_code(act, effect)


def _about_code(
    act: Act, effect: ConfirmOfficer | DenyOfficer | MistypeCode | ProveCode | SpendCode
) -> None:
    match effect:
        case MistypeCode(visit_id):
            door.mistype_code(act, visit_id)
        case SpendCode(visit_id):
            door.spend_code(act, visit_id)
        case ProveCode(visit_id):
            door.prove_code(act, visit_id)
        case ConfirmOfficer(visit_id):
            door.confirm_officer(act, visit_id)
        case DenyOfficer(visit_id):
            door.deny_officer(act, visit_id)
        case _:
            assert_never(effect)


def _from_officer(act: Act, effect: FromOfficer) -> None:
    match effect:
        case TellLate(visit_id, minutes):
            reports.late(act, visit_id, minutes)
        case TellConcern(about, visit_id, words):
            reports.concern(act, about, visit_id, words)
        case TellAbsence(days, words):
            reports.absent(act, days, words)
        case OfferPortrait(attachment_id):
            portraits.offer(act, attachment_id)
        case WithdrawPortrait():
            portraits.withdraw(act)
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
            cases.reject(act, effect.case_id, effect.why, effect.reason)
        case "return":
            cases.send_back(act, effect.case_id, effect.steps, effect.reason)


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
        case CallPerson(about, flow, words):
            people.ask_for_help(act, about, flow, words)
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


def _about_ticket(act: Act, effect: AboutTicket) -> None:
    match effect:
        case TakeTicket(case_id):
            tickets.take(act, case_id)
        case AnswerTicket(case_id, words):
            tickets.answer(act, case_id, words)
        case CloseTicket(case_id, words, founded):
            tickets.close(act, case_id, words, founded=founded)
        case DecideObjection(case_id, words, upheld):
            objections.decide(act, case_id, words, upheld=upheld)
        case AddToTicket(case_id, words):
            tickets.add(act, case_id, words)
        case DropTicket(case_id):
            tickets.drop(act, case_id)
        case ObjectTo(case_id, words):
            objections.object_to(act, case_id, words)
        case AddFile(case_id, attachment_id):
            files.add(act, case_id, attachment_id)
        case KeepFile(attachment_id):
            files.keep(act, attachment_id)
        case _:
            _about_stuck(act, effect)


def _about_stuck(act: Act, effect: CloseMessage | EndVisit | RetryMessage) -> None:
    match effect:
        case RetryMessage(row_id):
            stuck.retry(act, row_id)
        case CloseMessage(row_id, words):
            stuck.close(act, row_id, words)
        case EndVisit(visit_id):
            stuck.end_visit(act, visit_id)
        case _:
            assert_never(effect)


def _supervising(act: Act, effect: Supervising) -> None:
    match effect:
        case ShowVisits(on):
            overview.show_visits(act, on)
        case ShowLate():
            overview.show_late(act)
        case ShowComplaints(since):
            overview.show_complaints(act, since)
        case ShowFigures(since, until):
            overview.show_figures(act, since, until)
        case ShowUnvisited(days):
            overview.show_unvisited(act, days)
        case ShowCase(number):
            overview.show_case(act, number)
        case ShowPhotos(number):
            overview.show_photos(act, number)
        case ShowWhereabouts(officer_id):
            overview.show_whereabouts(act, officer_id)
        case Preview():
            _preview(act, effect)
        case _:
            _change(act, effect)


def _preview(act: Act, preview: Preview) -> None:
    match preview.act, preview.subject:
        case "hand_on", (giver, taker):
            handing_on.preview_visits(act, int(giver), int(taker), preview.question)
        case "end", (officer,):
            handing_on.preview_end(act, int(officer), preview.question)
        case "revoke", (number,):
            documents.preview_revocation(act, number, preview.question)
        case _:
            raise ValueError(f"nothing is known of a preview of {preview.act}")


def _change(
    act: Act,
    effect: DecidePortrait | HandVisitsOn | EndOfficer | RevokeDocument | TellHeads,
) -> None:
    match effect:
        case DecidePortrait(portrait_id, agreed):
            portraits.decide(act, portrait_id, agreed=agreed)
        case HandVisitsOn(giver, taker):
            handing_on.hand_on(act, giver, taker)
        case EndOfficer(officer):
            handing_on.end(act, officer)
        case RevokeDocument(number, reason):
            documents.revoke_numbered(act, number, reason)
        case TellHeads(about, words):
            people.tell_heads(act, about, words)
        case _:
            assert_never(effect)
