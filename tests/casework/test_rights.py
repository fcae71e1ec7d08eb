"""Rights: every act is refused to a stranger, to another owner, and to staff of another area.

The acts are found by walking the room: a new one without a case here fails.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

import casework
from bot.chat_urls import NO_CHATS
from casework import (
    alarms,
    assisting,
    badges,
    call_list,
    cases,
    confiding,
    days,
    desk_page,
    digests,
    documents,
    door,
    dossiers,
    erasing,
    files,
    flags,
    handing_on,
    identities,
    inviting,
    lender_answers,
    lenders,
    linking,
    meeting,
    mending,
    objections,
    overview,
    own_data,
    people,
    portraits,
    posters,
    recruiting,
    referring,
    reminding,
    reporters,
    reports,
    signing,
    staff,
    stuck,
    tickets,
    visits,
)
from casework.act import Act, Rows
from conversations import services
from conversations.effects import Concern, Help
from conversations.messages import Message, Say
from conversations.service import Waiting
from models import (
    assisted,
    dossier,
    finding,
    helper,
    identity,
    link,
    participant,
    portrait,
    ticket,
    unreached,
)
from models import window as windows
from models.assisted import Assisted, AssistedState
from models.attachment import VOICE, Attachment
from models.case import Case
from models.document import Document
from models.dossier import Dossier
from models.flag import Flag
from models.infrastructure.wib import WIB
from models.lifecycle import CaseState, NotAllowed, VisitState
from models.link import LinkCode
from models.officer import Officer
from models.outbox import OutboundMessage
from models.participant import Participant, ParticipantRole
from models.person import LockedPerson
from models.portrait import Portrait, PortraitState
from models.ticket import Ticket
from models.unreached import CallReason
from models.visit import CODE_TRIES, Offer, Visit
from models.working_hours import NEVER, read
from tests import world as make
from tests.clock import now

HERE_NOW = (-6.2706, 106.8023)
HERE, ELSEWHERE = "31.74", "31.72"  # Jakarta Selatan, where the case is, and Jakarta Utara


@dataclass(frozen=True, slots=True)
class World:
    """A case and its visit, and who may act on them or may not; actors by what they are."""

    tx: Session
    case: Case
    visit: Visit
    officer: Officer
    colleague: Officer
    permit: Document
    offer: Offer
    link_code_id: int
    actors: Mapping[str, int | None]  # people by id; None is the office

    def by(self, who: str) -> Act:
        person_id = self.actors[who]
        speaker = LockedPerson(person_id, "id", who, None, None) if person_id is not None else None
        actor = f"person:{person_id}" if speaker else "operator"
        return Act(self.tx, actor, now(), f"test:{who}", Rows(self.tx), speaker)


SURE = Message((Say("supervising.revoke.yes"),))  # a question that follows a preview
OTHERS = ("stranger", "another owner", "officer elsewhere", "supervisor elsewhere")


@dataclass(frozen=True, slots=True)
class Right:
    """How an act is called, by whom it is allowed, and where its rows have to stand for it."""

    call: Callable[[World, Act], object]
    by: str
    case: CaseState = CaseState.UNDER_WAY
    visit: VisitState = VisitState.ACCEPTED


_C, _V = CaseState, VisitState


def give_identity(world: World, act: Act) -> None:
    who = world.case.person_id
    token = identity.link(act.tx, person_id=who, holder_id=who)
    found = identity.open_link(act.tx, token)
    assert found is not None
    identities.give(
        act,
        found,
        name="Siti Aminah",
        nik="3174015203870001",
        born_on=date(1987, 3, 12),
        address="Jl. Damai 3",
        attachment_id=None,
        slip=None,
    )


def waits(world: World) -> Portrait:
    """A portrait that the officer has sent, and that is ready to be seen."""
    photo = Attachment(person_id=world.officer.person_id or 0, channel="chat", kind="photo")
    world.tx.add(photo)
    world.tx.flush()
    state = PortraitState.ASKED
    row = portrait.begin(world.tx, world.officer.id, state, attachment_id=photo.id)
    row.path = portrait.path_of(row)
    return row


def rejected(world: World, act: Act) -> Act:
    """Let the case have been rejected, with a day until which its owner may object."""
    params = {"until": "2099-12-31", "by": None}
    refusal = finding.Finding(finding.REFUSAL, finding.Outcome.OK, "other", params=params)
    finding.write(world.tx, world.case.id, world.case.answers_version, [refusal])
    return act


def today(w: World) -> int:
    """Let the visit be today; return its id."""
    w.visit.on = now().astimezone(WIB).date()
    w.tx.flush()
    return w.visit.id


def spent(w: World) -> int:
    """Type wrong codes until the owner is asked; return the visit's id."""
    w.visit.officer_id, w.visit.code_proved_at = w.officer.id, None
    w.visit.code_tries = CODE_TRIES
    w.tx.flush()
    return w.visit.id


def met(w: World) -> int:
    """Let the officer have met the owner; return the visit's id."""
    w.visit.officer_id, w.visit.code_proved_at = w.officer.id, now()
    w.tx.flush()
    return w.visit.id


def corrected(w: World) -> int:
    """The id of corrections at the door that wait for the owner."""
    row = Assisted(
        service=w.case.service,
        officer_id=w.officer.id,
        person_id=w.case.person_id,
        visit_id=met(w),
        mends=w.case.id,
        state=AssistedState.WAITING,
        answers={**w.case.answers, "street": "Jalan Melati 5"},
    )
    w.tx.add(row)
    w.tx.flush()
    return row.id


def objected(world: World, act: Act) -> int:
    """The id of an open objection to the rejected case."""
    rejected(world, act)
    row = make.case(world.tx, world.case.person_id, make.answers(1), number="26-000009")
    row.service, row.same_as, row.state = "help", world.case.number, CaseState.UNDER_WAY
    row.stage = "answer"
    world.tx.add(Ticket(case_id=row.id, about="objection", answer_by=now(), close_by=now()))
    world.tx.flush()
    return row.id


def sent(world: World) -> int:
    """A recording that the owner sent with a complaint; the case is that complaint."""
    world.case.service = "complaint"
    row = Attachment(person_id=world.case.person_id, channel="chat", kind=VOICE)
    world.tx.add(row)
    world.tx.flush()
    return row.id


def form(w: World, state: AssistedState = AssistedState.WAITING) -> int:
    """A form that the officer fills in with the owner; return its id."""
    row = Assisted(service="business_permit", officer_id=w.officer.id, state=state)
    row.person_id, row.answers = w.case.person_id, make.answers(1)
    w.tx.add(row)
    w.tx.flush()
    return row.id


def handed_in(w: World) -> Assisted:
    """A form that the officer filled in, and of which the case came."""
    row = w.tx.get_one(Assisted, form(w, AssistedState.SENT))
    row.case_id = w.case.id
    w.tx.flush()
    return row


def flagged(w: World) -> int:
    """What is to be looked at of the officer's forms; return its id."""
    row = Flag(officer_id=w.officer.id, kind="quick", forms=[handed_in(w).id], measure=1)
    row.area_code = w.case.area_code
    w.tx.add(row)
    w.tx.flush()
    return row.id


def sheet(w: World) -> int:
    """A photo of the officer's; return its id."""
    photo = Attachment(person_id=w.officer.person_id or 0, channel="chat", kind="photo")
    w.tx.add(photo)
    w.tx.flush()
    return photo.id


def letter_visit(w: World) -> Visit:
    """Let the visit be one at which a letter is signed."""
    w.visit.purpose = signing.PURPOSE
    return w.visit


def place_told(w: World) -> int:
    """Let the case be about a place that somebody told of; return its visit's id."""
    w.case.service, w.case.stage, w.visit.purpose = "referral", "help", "help"
    w.case.answers = {"trade": {"words": "nasi uduk"}, "place": w.case.answers["place"]}
    w.visit.host_id = None
    w.tx.flush()
    return w.visit.id


def told_case(w: World) -> int:
    """Let the case be about a place that somebody told of; return its id."""
    place_told(w)
    return w.case.id


def lost_case(w: World) -> int:
    """Let the officer have told of a place that was not found; return its case's id."""
    told_case(w)
    w.visit.failure, w.visit.state = "not_found", VisitState.FAILED
    w.tx.flush()
    again = make.visit(w.tx, w.case)
    again.failure, again.state = "not_found", VisitState.FAILED
    w.case.state = CaseState.CANCELLED
    w.tx.flush()
    participant.add(w.tx, w.case.id, ParticipantRole.REPORTER, w.officer.person_id or 0)
    told = update(Participant).where(Participant.case_id == w.case.id)
    w.tx.execute(told.values(told_at=now()))
    return w.case.id


def head(w: World, act: Act) -> Act:
    """Let a supervisor of the area look after the whole city."""
    if act.person is not None and act.person.id == w.actors["supervisor"]:
        me = act.supervisor()
        me.role = "head"
        w.tx.flush()
    return act


def helps(w: World) -> int:
    """Let the visit be one at which the officer helps; return its id."""
    w.case.service, w.case.stage, w.visit.purpose = "assistance", "help", "help"
    w.tx.flush()
    return w.visit.id


def helper_id(w: World) -> int:
    """A helper of the area; return their number."""
    number, token = helper.invite(w.tx, HERE)
    helper.join(w.tx, token, w.case.person_id)
    w.tx.flush()
    return number


LETTER = "credit_relaxation"


def letter(w: World, stage: str) -> Dossier:
    """Let the case be a letter to a lender, which has reached this stage."""
    w.case.service, w.case.stage, w.permit.kind = LETTER, stage, "relief_letter"
    w.case.answers = {
        "business": {
            "name": "Siti Aminah",
            "trade": "nasi uduk",
            "place": w.case.answers["place"],
            "street": "Jl. Damai 3",
            "permit": "",
        },
        "lender_kind": "bank",
        "lender": {"name": "BRI"},
        "deliver": "owner",
    }
    row = dossier.open_for(w.tx, w.case.id)
    row.signed_at = now()
    w.tx.flush()
    return row


def letter_case(w: World, stage: str) -> int:
    """Let the case be a letter at this stage; return its id."""
    letter(w, stage)
    return w.case.id


def letter_ticket(w: World) -> int:
    """The id of a ticket on the letter, whose lender's answer is awaited."""
    letter(w, "awaiting")
    row = make.case(w.tx, w.case.person_id, make.answers(1), number="26-000009")
    row.service, row.state, row.stage = "help", CaseState.UNDER_WAY, "answer"
    row.answers = {"about": "letter_silent", "words": "", "visit_of": w.case.number}
    w.tx.add(Ticket(case_id=row.id, about="letter_silent", answer_by=now(), close_by=now()))
    w.tx.flush()
    return row.id


def signing_visit(w: World) -> int:
    """Let the visit be one at which the letter is signed; return its id."""
    letter(w, "signing")
    w.visit.purpose = "signing"
    w.tx.flush()
    return w.visit.id


def stage_of(w: World) -> Waiting:
    """The stage at which the case waits."""
    found = services.load()[LETTER].stage(w.case.stage)
    assert isinstance(found, Waiting)
    return found


def refused(w: World) -> Dossier:
    """A letter that the lender refused."""
    row = letter(w, "awaiting")
    row.outcome, row.answered_at = "refused", now()
    return row


def reminded(w: World) -> Dossier:
    """A letter that was granted, and whose owner wants reminders."""
    row = letter(w, "trust")
    row.outcome, row.answered_at, row.reminders = "longer", now(), 0
    return row


def carried(w: World) -> int:
    """The id of a letter that the officer carries to the lender."""
    row = letter(w, "delivery")
    row.carrier_id, row.delivered_how = w.officer.id, "officer"
    w.tx.flush()
    return w.case.id


_A = AssistedState
CASES: dict[Callable[..., object], Right] = {
    assisting.ask_for_signature: Right(
        lambda w, act: assisting.ask_for_signature(act, form(w), "https://izin.example"), "officer"
    ),
    assisting.begin: Right(
        lambda w, act: assisting.begin(act, helps(w), {}), "officer", visit=_V.ARRIVED
    ),
    assisting.confirm_by_signature: Right(
        lambda w, act: assisting.confirm_by_signature(act, assisted.lock(w.tx, form(w)), sheet(w)),
        "office",
    ),
    assisting.confirm_on_paper: Right(
        lambda w, act: assisting.confirm_on_paper(act, form(w), sheet(w)), "officer"
    ),
    assisting.drop: Right(lambda w, act: assisting.drop(act, form(w)), "officer"),
    assisting.edit: Right(lambda w, act: assisting.edit(act, form(w)), "officer"),
    assisting.hand_over: Right(lambda w, act: assisting.hand_over(act, form(w)), "officer"),
    assisting.leave_to_them: Right(
        lambda w, act: assisting.leave_to_them(act, helps(w), "https://izin.example"),
        "officer",
        visit=_V.ARRIVED,
    ),
    assisting.offer_code: Right(
        lambda w, act: assisting.offer_code(act, form(w), "https://izin.example"), "officer"
    ),
    assisting.propose: Right(
        lambda w, act: assisting.propose(act, form(w, _A.WRITING), {}), "officer"
    ),
    assisting.refuse: Right(lambda w, act: assisting.refuse(act, form(w, _A.TAKEN)), "owner"),
    assisting.submit: Right(
        lambda w, act: assisting.submit(act, form(w, _A.TAKEN), make.answers(1)), "owner"
    ),
    assisting.take_back: Right(
        lambda w, act: assisting.take_back(act, form(w, _A.TAKEN)), "officer"
    ),
    badges.printed: Right(lambda w, act: badges.printed(act, w.officer, lost=True), "office"),
    cases.correct: Right(
        lambda w, act: cases.correct(act, w.case.id, {"capital": 1}), "owner", _C.NEEDS_FIX
    ),
    cases.withdraw: Right(lambda w, act: cases.withdraw(act, w.case.id), "owner"),
    cases.accept: Right(lambda w, act: cases.accept(act, w.case.id), "supervisor", _C.IN_REVIEW),
    cases.reject: Right(
        lambda w, act: cases.reject(act, w.case.id, "other", "no"), "supervisor", _C.IN_REVIEW
    ),
    cases.send_back: Right(
        lambda w, act: cases.send_back(act, w.case.id, ["capital"], "how much?"),
        "supervisor",
        _C.IN_REVIEW,
    ),
    days.close: Right(lambda w, act: days.close(act, w.visit.on, "holiday", move=False), "office"),
    days.give_up: Right(lambda w, act: days.give_up(act, w.visit.id), "office"),
    lenders.put: Right(lambda w, act: lenders.put(act, []), "office"),
    desk_page.fetch: Right(lambda w, act: desk_page.fetch(act, "BCD234", "123456"), "office"),
    desk_page.look: Right(lambda w, act: desk_page.look(act, "BCD234"), "office"),
    desk_page.press: Right(lambda w, act: desk_page.press(act, "BCD234", "longer", 0), "office"),
    documents.revoke: Right(lambda w, act: documents.revoke(act, w.permit, "moved"), "supervisor"),
    documents.revoke_numbered: Right(
        lambda w, act: documents.revoke_numbered(act, w.permit.number, "moved"), "supervisor"
    ),
    documents.send_again: Right(lambda w, act: documents.send_again(act, w.case.id), "owner"),
    erasing.ask_for: Right(lambda w, act: erasing.ask_for(act, w.case.person_id), "office"),
    erasing.go_on: Right(
        lambda w, act: erasing.go_on(act, w.case.person_id, frozenset()), "office"
    ),
    linking.join: Right(lambda w, act: linking.join(act, w.link_code_id), "office"),
    mending.begin: Right(lambda w, act: mending.begin(act, met(w)), "officer", visit=_V.ARRIVED),
    mending.confirm: Right(
        lambda w, act: mending.confirm(act, corrected(w)), "owner", visit=_V.ARRIVED
    ),
    mending.refuse: Right(
        lambda w, act: mending.refuse(act, corrected(w)), "owner", visit=_V.ARRIVED
    ),
    mending.somebody_else: Right(
        lambda w, act: mending.somebody_else(act, w.case.person_id, w.officer.person_id or 0),
        "office",
        visit=_V.ARRIVED,
    ),
    people.called: Right(lambda w, act: people.called(act, w.case.person_id), "supervisor"),
    people.send_identity_link: Right(
        lambda w, act: people.send_identity_link(act, "https://izin.example", w.visit.id),
        "officer",
    ),
    portraits.ask: Right(lambda w, act: portraits.ask(act, waits(w), w.officer), "office"),
    portraits.decide: Right(
        lambda w, act: portraits.decide(act, waits(w).id, agreed=True), "supervisor"
    ),
    portraits.offer: Right(
        lambda w, act: portraits.offer(act, waits(w).attachment_id or 0), "officer"
    ),
    portraits.put: Right(lambda w, act: portraits.put(act, w.officer), "office"),
    portraits.reject: Right(
        lambda w, act: portraits.reject(act, waits(w), w.officer, "too_small"), "office"
    ),
    reports.concern: Right(
        lambda w, act: reports.concern(act, Concern.DANGER, w.visit.id, "ada anjing"), "officer"
    ),
    call_list.call_back: Right(lambda w, act: call_list.call_back(act, handed_in(w)), "office"),
    flags.look: Right(lambda w, act: flags.look(act, handed_in(w)), "office"),
    flags.see: Right(lambda w, act: flags.see(act, flagged(w), "satu pasar"), "supervisor"),
    digests.tell_held: Right(lambda w, act: digests.tell_held(act), "office"),
    alarms.tell_again: Right(lambda w, act: alarms.tell_again(act, w.case.id), "office"),
    referring.book: Right(
        lambda w, act: (place_told(w), referring.book(act, w.case)),
        "office",
        _C.ACCEPTED,
        _V.FAILED,
    ),
    referring.decide: Right(
        lambda w, act: referring.decide(act, told_case(w), go=True),
        "supervisor",
        _C.IN_REVIEW,
        _V.FAILED,
    ),
    referring.is_same: Right(
        lambda w, act: referring.is_same(act, place_told(w), w.case.id, same=False), "officer"
    ),
    referring.may_tell: Right(lambda w, act: referring.may_tell(act, place_told(w)), "officer"),
    referring.postpone: Right(
        lambda w, act: referring.postpone(
            act, place_told(w), windows.Window(w.visit.on + timedelta(days=1), w.visit.part)
        ),
        "officer",
        visit=_V.ARRIVED,
    ),
    referring.settle: Right(
        lambda w, act: referring.settle(act, w.tx.get_one(Case, told_case(w))),
        "office",
        _C.SUBMITTED,
        _V.FAILED,
    ),
    referring.tell_onward: Right(
        lambda w, act: referring.tell_onward(
            act, place_told(w), {"kelurahan": "31.74.05.1001", "pin": None}
        ),
        "officer",
    ),
    reporters.show: Right(
        lambda w, act: reporters.show(head(w, act), told_case(w), "abuse"), "supervisor"
    ),
    reports.leave_unsafe: Right(
        lambda w, act: reports.leave_unsafe(act, place_told(w)), "officer", visit=_V.ARRIVED
    ),
    reports.late: Right(lambda w, act: reports.late(act, w.visit.id, 30), "officer"),
    handing_on.end: Right(lambda w, act: handing_on.end(act, w.officer.id), "supervisor"),
    handing_on.hand_on: Right(
        lambda w, act: handing_on.hand_on(act, w.officer.id, w.colleague.id), "supervisor"
    ),
    recruiting.end: Right(lambda w, act: recruiting.end(act, helper_id(w)), "supervisor"),
    recruiting.invite: Right(
        lambda w, act: recruiting.invite(act, f"{HERE}.05", "kader RW 05", NO_CHATS), "supervisor"
    ),
    referring.tell_more: Right(
        lambda w, act: referring.tell_more(act, lost_case(w), ["belakang masjid"], None, None),
        "officer",
    ),
    signing.ask: Right(
        lambda w, act: signing.ask(act, letter_visit(w).id, "https://izin.example"),
        "officer",
        visit=_V.ARRIVED,
    ),
    signing.sign: Right(
        lambda w, act: signing.sign(act, letter_visit(w), sheet(w)), "office", visit=_V.ARRIVED
    ),
    staff.end: Right(lambda w, act: staff.end(act, w.officer), "supervisor"),
    staff.keep_hours: Right(lambda w, act: staff.keep_hours(act, w.officer, read(NEVER)), "office"),
    staff.move: Right(lambda w, act: staff.move(act, w.officer, [ELSEWHERE]), "office"),
    staff.promote: Right(lambda w, act: staff.promote(act, w.officer, "supervisor"), "office"),
    visits.accept: Right(
        lambda w, act: visits.accept(act, w.visit.id), "officer", visit=_V.OFFERED
    ),
    visits.arrive: Right(
        lambda w, act: visits.arrive(act, w.visit.id, 0.1), "officer", visit=_V.ON_THE_WAY
    ),
    visits.assign: Right(
        lambda w, act: visits.assign(act, w.visit.id, w.officer.id),
        "supervisor",
        visit=_V.UNASSIGNED,
    ),
    visits.book: Right(
        lambda w, act: visits.book(act, w.case.id, w.visit.on, w.visit.part),
        "owner",
        _C.ACCEPTED,
        _V.FAILED,
    ),
    inviting.invite: Right(lambda w, act: inviting.invite(act, w.case), "office", _C.ACCEPTED),
    meeting.agree_place: Right(
        lambda w, act: meeting.agree_place(act, w.visit.id, None, "depan SD 01"), "owner"
    ),
    meeting.send_place: Right(
        lambda w, act: meeting.send_place(act, today(w), HERE_NOW), "owner", visit=_V.ON_THE_WAY
    ),
    visits.decline: Right(lambda w, act: visits.decline(act, w.visit.id, "far"), "officer"),
    visits.depart: Right(lambda w, act: visits.depart(act, w.visit.id), "officer"),
    visits.expire_offer: Right(
        lambda w, act: visits.expire_offer(act, w.case, w.visit, w.offer),
        "office",
        visit=_V.OFFERED,
    ),
    visits.fail: Right(
        lambda w, act: visits.fail(act, w.visit.id, "nobody_home"), "officer", visit=_V.ARRIVED
    ),
    visits.finish: Right(
        lambda w, act: visits.finish(act, w.visit.id, "hand_over", "handed_over", {}),
        "officer",
        visit=_V.ARRIVED,
    ),
    visits.hand_to_supervisors: Right(
        lambda w, act: visits.hand_to_supervisors(act, w.case, w.visit),
        "office",
        visit=_V.WANTED,
    ),
    identities.give: Right(give_identity, "office"),
    cases.identity_given: Right(
        lambda w, act: cases.identity_given(act, w.case.person_id), "office"
    ),
    stuck.end_visit: Right(lambda w, act: stuck.end_visit(act, w.visit.id), "supervisor"),
    objections.object_to: Right(
        lambda w, act: objections.object_to(rejected(w, act), w.case.id, "tidak setuju"),
        "owner",
        _C.REJECTED,
    ),
    objections.decide: Right(
        lambda w, act: objections.decide(act, objected(w, act), "tetap", upheld=True),
        "supervisor",
        _C.REJECTED,
    ),
    tickets.open_objection: Right(
        lambda w, act: tickets.open_objection(act, w.case, "tidak setuju", None), "owner"
    ),
    tickets.tell_readers: Right(
        lambda w, act: tickets.tell_readers(
            act, w.case, w.tx.get_one(Ticket, w.case.id), Say("notices.ticket_dropped")
        ),
        "owner",
    ),
    tickets.add: Right(lambda w, act: tickets.add(act, w.case.id, "lagi"), "owner"),
    tickets.answer: Right(lambda w, act: tickets.answer(act, w.case.id, "ya"), "supervisor"),
    tickets.close: Right(lambda w, act: tickets.close(act, w.case.id, "ya"), "supervisor"),
    files.add: Right(lambda w, act: files.add(act, w.case.id, sent(w)), "owner"),
    files.keep: Right(lambda w, act: files.keep(act, sent(w)), "owner"),
    files.pass_on: Right(lambda w, act: files.pass_on(act, sent(w)), "office"),
    tickets.drop: Right(lambda w, act: tickets.drop(act, w.case.id), "owner"),
    tickets.escalate: Right(
        lambda w, act: tickets.escalate(act, *ticket.lock(act.tx, w.case.id)), "office"
    ),
    tickets.take: Right(lambda w, act: tickets.take(act, w.case.id), "supervisor"),
    door.confirm_officer: Right(
        lambda w, act: door.confirm_officer(act, spent(w)), "owner", visit=_V.ARRIVED
    ),
    door.deny_officer: Right(
        lambda w, act: door.deny_officer(act, spent(w)), "owner", visit=_V.ARRIVED
    ),
    door.mistype_code: Right(lambda w, act: door.mistype_code(act, w.visit.id), "officer"),
    door.spend_code: Right(
        lambda w, act: door.spend_code(act, w.visit.id), "officer", visit=_V.ARRIVED
    ),
    visits.applicant_at: Right(lambda w, act: visits.applicant_at(act, w.visit.id), "officer"),
    door.prove_code: Right(lambda w, act: door.prove_code(act, w.visit.id), "officer"),
    confiding.forget: Right(
        lambda w, act: confiding.forget(act, signing_visit(w), "forget:9:0"),
        "office",
        visit=_V.DONE,
    ),
    dossiers.approve: Right(
        lambda w, act: dossiers.approve(act, letter_case(w, "reading")),
        "owner",
        _C.WAITING,
        _V.DONE,
    ),
    dossiers.change: Right(
        lambda w, act: dossiers.change(act, letter_case(w, "reading"), "lender"),
        "owner",
        _C.WAITING,
        _V.DONE,
    ),
    dossiers.deliver: Right(
        lambda w, act: dossiers.deliver(act, carried(w), "Bu Rina"),
        "officer",
        _C.WAITING,
        _V.DONE,
    ),
    dossiers.follow_up: Right(
        lambda w, act: (letter(w, "awaiting"), dossiers.follow_up(act, w.case, stage_of(w))),
        "office",
        _C.WAITING,
        _V.DONE,
    ),
    dossiers.to_desk: Right(
        lambda w, act: dossiers.to_desk(act, w.tx.get_one(Case, letter_case(w, "delivery"))),
        "office",
        _C.WAITING,
        _V.DONE,
    ),
    lender_answers.at_desk: Right(
        lambda w, act: lender_answers.at_desk(act, letter(w, "awaiting").desk_code, "longer"),
        "office",
        _C.WAITING,
        _V.DONE,
    ),
    lender_answers.desk_case: Right(
        lambda w, act: lender_answers.desk_case(act, letter(w, "awaiting").desk_code),
        "office",
        _C.WAITING,
        _V.DONE,
    ),
    lender_answers.record: Right(
        lambda w, act: lender_answers.record(act, letter_ticket(w), "refused", "papers"),
        "supervisor",
        _C.WAITING,
        _V.DONE,
    ),
    lender_answers.tell: Right(
        lambda w, act: lender_answers.tell(act, letter_case(w, "awaiting"), "must_come"),
        "owner",
        _C.WAITING,
        _V.DONE,
    ),
    reminding.answer: Right(
        lambda w, act: reminding.answer(act, reminded(w).case_id, "stop"),
        "owner",
        _C.WAITING,
        _V.DONE,
    ),
    reminding.remind: Right(
        lambda w, act: reminding.remind(act, w.case, reminded(w)), "office", _C.WAITING, _V.DONE
    ),
    reminding.say_second: Right(
        lambda w, act: reminding.say_second(act, w.case, refused(w)), "office", _C.DONE, _V.DONE
    ),
    signing.ask: Right(
        lambda w, act: signing.ask(act, signing_visit(w), "https://izin.example"),
        "officer",
        visit=_V.ARRIVED,
    ),
    signing.sign: Right(
        lambda w, act: signing.sign(act, w.tx.get_one(Visit, signing_visit(w)), sheet(w)),
        "office",
        visit=_V.ARRIVED,
    ),
    visits.rate: Right(lambda w, act: visits.rate(act, w.case.id, 5), "owner"),
    visits.window_passed: Right(
        lambda w, act: visits.window_passed(act, w.case, w.visit), "office", visit=_V.UNASSIGNED
    ),
}

#: About nobody's row but the actor's own: anybody may, about themselves.
OWN: dict[Callable[..., object], Callable[[Act], object]] = {
    cases.submit: lambda act: cases.submit(act, "business_permit", make.answers(1)),
    erasing.ask: erasing.ask,
    own_data.ask: lambda act: own_data.ask(act, 3, SURE),
    documents.show: lambda act: documents.show(act, "IUMK-2026-3174-000001"),
    assisting.take_over: lambda act: assisting.take_over(act, "BCD234"),
    people.ask_for_help: lambda act: people.ask_for_help(act, Help.TALK),
    referring.refer: lambda act: referring.refer(
        act,
        "referral",
        {"trade": {"words": "nasi uduk"}, "place": {"kelurahan": "31.74.05.1001", "pin": None}},
        "https://izin.example",
    ),
    referring.accept_invitation: lambda act: referring.accept_invitation(act, "BCD234"),
    people.give_consent: lambda act: people.give_consent(act, "applying"),
    people.join_staff: lambda act: people.join_staff(act, "not-a-token"),
    people.link_chats: lambda act: people.link_chats(act, "123456"),
    people.offer_link: people.offer_link,
    people.opt_in: people.opt_in,
    people.opt_out: people.opt_out,
    people.remember_name: lambda act: people.remember_name(act, "Joko"),
    people.remember_phone: lambda act: people.remember_phone(act, "+628123456789"),
    people.show_officer: lambda act: people.show_officer(act, "0417"),
    people.use_language: lambda act: people.use_language(act, "en"),
    posters.count: lambda act: posters.count(act, HERE),
    tickets.ask: lambda act: tickets.ask(act, tickets.Matter("talk", Say("notices.person_called"))),
    tickets.complain: lambda act: tickets.complain(act, "complaint", {"what": "minta uang"}),
}
#: Questions about a supervisor's own areas: any supervisor may ask; nothing of others is shown.
ASKED: dict[Callable[..., object], Callable[[World, Act], object]] = {
    documents.preview_revocation: lambda w, act: documents.preview_revocation(
        act, w.permit.number, SURE
    ),
    handing_on.preview_end: lambda w, act: handing_on.preview_end(act, w.officer.id, SURE),
    handing_on.preview_visits: lambda w, act: handing_on.preview_visits(
        act, w.officer.id, w.colleague.id, SURE
    ),
    recruiting.preview_end: lambda w, act: recruiting.preview_end(act, helper_id(w), SURE),
    recruiting.show: lambda w, act: recruiting.show(act) if helper_id(w) else None,
    overview.show_case: lambda w, act: overview.show_case(act, w.case.number),
    overview.show_complaints: lambda w, act: overview.show_complaints(act, now().date()),
    overview.show_figures: lambda w, act: overview.show_figures(act, w.visit.on, w.visit.on),
    overview.show_late: lambda w, act: overview.show_late(act),
    overview.show_photos: lambda w, act: overview.show_photos(act, w.case.number),
    overview.show_unvisited: lambda w, act: overview.show_unvisited(act, 0),
    overview.show_visits: lambda w, act: overview.show_visits(act, w.visit.on),
    stuck.close: lambda w, act: stuck.close(act, 0, "ya"),
    stuck.retry: lambda w, act: stuck.retry(act, 0),
    overview.show_whereabouts: lambda w, act: overview.show_whereabouts(act, w.officer.id),
    referring.send_all: lambda w, act: referring.send_all(act, told_case(w)),
    overview.team_member: lambda w, act: overview.team_member(act, w.officer.id),
    people.tell_heads: lambda w, act: people.tell_heads(act, "away", "libur"),
}
#: About the actor's own work: any officer may, and nobody else.
OF_OFFICERS: dict[Callable[..., object], Callable[[Act], object]] = {
    portraits.withdraw: portraits.withdraw,
    reports.absent: lambda act: reports.absent(act, [date(2026, 12, 3)], "demam"),
}
#: Parts of acts, on rows that are locked; who calls them has asked for the right. Jobs and acts do.
PARTS = {
    "alarms.plan",
    "handing_on.withdraw",
    "referring.hold",
    "reporters.add",
    "reporters.hear",
    "reporters.may_add",
    "reporters.keep_quiet",
    "visits.book_for",
    "confiding.plan",
    "course.accept",
    "course.advance",
    "course.ask_again",
    "course.find",
    "course.to_review",
    "course.wait_at",
    "documents.hand_to_officer",
    "documents.issue",
    "dossiers.void",
    "dossiers.withdraw",
    "files.send",
    "mending.give_up",
    "mending.may_be_asked",
    "mending.passed",
    "mending.propose",
    "mending.stands",
    "mending.stopped",
    "mending.take_over",
    "documents.may_check",
    "people.phone_of",
    "overview.looks_after",
    "portraits.end",
    "reminding.begin",
    "reminding.end",
    "reminding.plan_second",
    "tickets.goes_on",
    "tickets.mine",
    "tickets.tell_again",
    "tickets.wait",
    "visits.call_off",
    "visits.cancel",
    "visits.give_window_up",
    "visits.of_officer",
    "visits.offer_to",
    "visits.seek_officer",
    "visits.take_back",
    "waiting.begin",
}


@pytest.fixture
def world(tx: Session) -> World:
    owner, another = make.person(tx), make.person(tx, "Budi")
    staff_here = make.staff(tx, "0417", areas=(HERE,))
    beside = make.staff(tx, "0416", areas=(HERE,))
    there = make.staff(tx, "0418", areas=(ELSEWHERE,))
    make.staff(tx, "S2", role="supervisor", areas=(ELSEWHERE,))
    boss = make.staff(tx, "S1", role="supervisor", areas=(HERE,))
    far_boss = make.staff(tx, "S3", role="supervisor", areas=(ELSEWHERE,))
    case = make.case(tx, owner, make.answers(1))
    theirs = make.case(tx, another, make.answers(2), number="26-000002")
    row = make.visit(tx, case, officer_id=staff_here.id)
    make.visit(tx, theirs, officer_id=there.id, state=VisitState.ACCEPTED)
    made = Offer(visit_id=row.id, officer_id=staff_here.id, expires_at=now() + timedelta(hours=4))
    tx.add(made)
    given = make.issue(
        tx,
        case_id=case.id,
        person_id=owner,
        kota_code=HERE,
        issued_on=now().date(),
    )
    row.code_proved_at = now()
    link.offer(tx, owner)
    (code_id,) = tx.scalars(select(LinkCode.id))
    unreached.note(tx, owner, CallReason.DISTURBED)
    tx.add(Ticket(case_id=case.id, about="talk", answer_by=now(), close_by=now()))
    tx.flush()
    actors = {
        "owner": owner,
        "officer": staff_here.person_id,
        "supervisor": boss.person_id,
        "head": make.staff(tx, "H1", role="head", areas=("31",)).person_id,
        "office": None,
        "stranger": make.person(tx, "Joko"),
        "another owner": another,
        "officer elsewhere": there.person_id,
        "supervisor elsewhere": far_boss.person_id,
    }
    return World(tx, case, row, staff_here, beside, given, made, code_id, actors)


def name_of(act: Callable[..., object]) -> str:
    return f"{act.__module__.rpartition('.')[2]}.{act.__name__}"


def acts() -> dict[str, Callable[..., object]]:
    """Every public function of the room whose first parameter is an `Act`."""
    found: dict[str, Callable[..., object]] = {}
    for module in pkgutil.walk_packages(casework.__path__, "casework."):
        room = importlib.import_module(module.name)
        for name, one in inspect.getmembers(room, inspect.isfunction):
            first = next(iter(inspect.signature(one).parameters.values()), None)
            own = one.__module__ == module.name and not name.startswith("_")
            if own and first is not None and first.annotation == "Act":
                found[name_of(one)] = one
    return found


def test_every_act_has_a_case_here() -> None:
    cases_here = [*map(name_of, (*CASES, *OWN, *OF_OFFICERS, *ASKED)), *PARTS]
    assert sorted(acts()) == sorted(cases_here)


@pytest.mark.parametrize("who", OTHERS)
@pytest.mark.parametrize("act", CASES, ids=name_of)
def test_an_act_is_refused_to_others(world: World, act: Callable[..., object], who: str) -> None:
    case = CASES[act]
    world.case.state, world.visit.state = case.case, case.visit
    with pytest.raises(NotAllowed):
        case.call(world, world.by(who))


@pytest.mark.parametrize("act", CASES, ids=name_of)
def test_an_act_is_allowed_to_whose_it_is(world: World, act: Callable[..., object]) -> None:
    """Without a chat: or the refusals above might have another reason."""
    case = CASES[act]
    world.case.state, world.visit.state = case.case, case.visit
    case.call(world, world.by(case.by))


def move(world: World, act: Act) -> None:
    """Move the visit, which is agreed, to another window."""
    free = windows.free(world.tx, world.visit.area_code, now())
    other = next(one for one in free if (one.on, one.part) != (world.visit.on, world.visit.part))
    visits.book(act, world.case.id, other.on, other.part)


@pytest.mark.parametrize("who", (*OTHERS, "officer", "supervisor", "office"))
def test_a_visit_is_not_moved_by_others(world: World, who: str) -> None:
    world.case.state, world.visit.state = CaseState.UNDER_WAY, VisitState.ACCEPTED
    with pytest.raises(NotAllowed):
        move(world, world.by(who))
    assert world.visit.state == VisitState.ACCEPTED


def test_a_visit_is_moved_by_its_owner(world: World) -> None:
    world.case.state, world.visit.state = CaseState.UNDER_WAY, VisitState.ACCEPTED
    move(world, world.by("owner"))
    assert world.visit.state == VisitState.CANCELLED
    assert world.case.state == CaseState.UNDER_WAY


@pytest.mark.parametrize("state", [VisitState.ON_THE_WAY, VisitState.ARRIVED])
def test_no_visit_is_moved_that_is_under_way(world: World, state: VisitState) -> None:
    world.case.state, world.visit.state = CaseState.UNDER_WAY, state
    with pytest.raises(NotAllowed):
        move(world, world.by("owner"))
    assert world.visit.state == state


BY_SUPERVISORS = [act for act, case in CASES.items() if case.by == "supervisor"]


@pytest.mark.parametrize("act", BY_SUPERVISORS, ids=name_of)
def test_a_head_supervises_the_whole_city(world: World, act: Callable[..., object]) -> None:
    case = CASES[act]
    world.case.state, world.visit.state = case.case, case.visit
    case.call(world, world.by("head"))


@pytest.mark.parametrize("act", OWN, ids=name_of)
def test_an_act_about_oneself_is_a_persons(world: World, act: Callable[..., object]) -> None:
    OWN[act](world.by("stranger"))
    world.tx.commit()
    with pytest.raises(NotAllowed):
        OWN[act](world.by("office"))


@pytest.mark.parametrize("who", ["stranger", "another owner", "officer"])
@pytest.mark.parametrize("act", ASKED, ids=name_of)
def test_only_a_supervisor_asks_about_areas(
    world: World, act: Callable[..., object], who: str
) -> None:
    with pytest.raises(NotAllowed):
        ASKED[act](world, world.by(who))


@pytest.mark.parametrize("act", ASKED, ids=name_of)
def test_a_supervisor_asks_about_areas(world: World, act: Callable[..., object]) -> None:
    ASKED[act](world, world.by("supervisor"))


def told(world: World) -> str:
    """All replies and notices, as text."""
    rows = world.tx.execute(select(OutboundMessage.message)).scalars().all()
    return str(rows)


@pytest.mark.parametrize("act", ASKED, ids=name_of)
def test_a_supervisor_elsewhere_is_shown_nothing(world: World, act: Callable[..., object]) -> None:
    """Not the owner, nor the officer, nor the question that would follow."""
    ASKED[act](world, world.by("supervisor elsewhere"))
    world.tx.flush()
    said = told(world)
    assert "Siti Aminah" not in said and "Petugas 0417" not in said
    assert SURE.parts[0].key not in said


@pytest.mark.parametrize("who", ["owner", "supervisor", "head", "office", "stranger"])
@pytest.mark.parametrize("act", OF_OFFICERS, ids=name_of)
def test_an_act_about_an_officers_work_is_an_officers(
    world: World, act: Callable[..., object], who: str
) -> None:
    OF_OFFICERS[act](world.by("officer elsewhere"))
    with pytest.raises(NotAllowed):
        OF_OFFICERS[act](world.by(who))


@pytest.mark.parametrize("room", ["bot", "web"])
def test_parts_of_acts_are_called_from_inside_only(room: str) -> None:
    root = Path(casework.__file__).parents[1]
    sources = [path.read_text() for path in (root / room).rglob("*.py")]
    assert sources
    assert [part for part in PARTS if any(f"{part}(" in source for source in sources)] == []


def test_a_letter_is_delivered_by_its_owner_or_its_carrier(world: World) -> None:
    """An officer of the same area who carries none of it may not."""
    world.case.state, world.visit.state = CaseState.WAITING, VisitState.DONE
    carried(world)
    dossier.open_for(world.tx, world.case.id).carrier_id = world.colleague.id
    with pytest.raises(NotAllowed):
        dossiers.deliver(world.by("officer"), world.case.id)
    dossiers.deliver(world.by("owner"), world.case.id)
    assert world.case.stage == "awaiting"


def test_a_supervisor_records_no_answer_to_their_own_letter(world: World) -> None:
    world.case.state, world.visit.state = CaseState.WAITING, VisitState.DONE
    ticket_id = letter_ticket(world)
    world.case.person_id = world.actors["supervisor"] or 0
    world.tx.flush()
    with pytest.raises(NotAllowed):
        lender_answers.record(world.by("supervisor"), ticket_id, "longer")
