"""Calls the act of each effect, in the turn's own transaction.

Nothing is sent here: a message is an outbox row, news for another person a row of that person's
inbox, work a task row.
"""

from __future__ import annotations

from typing import assert_never

from bot import letters, supervising
from bot.chat_urls import OurChats
from casework import (
    assisting,
    cases,
    documents,
    door,
    erasing,
    files,
    meeting,
    mending,
    objections,
    own_data,
    people,
    portraits,
    posters,
    referring,
    reporters,
    reports,
    stuck,
    tickets,
    visits,
)
from casework.act import Act
from conversations import services
from conversations.assisting import (
    AskForSignature,
    Assisting,
    BeginForm,
    ConfirmOnPaper,
    DropForm,
    EditForm,
    HandOverForm,
    OfferCode,
    ProposeForm,
    RefuseForm,
    TakeBackForm,
    TakeOver,
)
from conversations.dossiers import AboutLetter
from conversations.effects import (
    AboutCase,
    AboutMyData,
    AboutPerson,
    AboutPlace,
    AboutVisit,
    AcceptOffer,
    AgreePlace,
    Arrive,
    AskForMyData,
    Assign,
    Called,
    CallPerson,
    ChooseWindow,
    ConfirmOfficer,
    Correct,
    CountPoster,
    Decide,
    DeclineOffer,
    DenyOfficer,
    Depart,
    Effect,
    EraseMyData,
    FailVisit,
    FinishVisit,
    ForgetWords,
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
    SendPlace,
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
from conversations.mending import BeginMend, ConfirmMend, Mending, RefuseMend
from conversations.referrals import (
    AboutReferral,
    DecideReferral,
    IsSamePlace,
    LeaveToThem,
    LeaveUnsafe,
    MayTell,
    PostponeVisit,
    SendToAll,
    ShowReporters,
    TellMore,
    TellOnward,
)
from conversations.supervision import Supervising
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
from models.window import Window


def carry_out(act: Act, effect: Effect, public_url: str, chats: OurChats) -> None:
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
        supervising.carry_out(act, effect, chats)
    elif isinstance(effect, Assisting | Mending | AboutReferral | AboutLetter):
        _with_others(act, effect, public_url)
    elif isinstance(effect, FromOfficer):
        _from_officer(act, effect)
    else:
        match effect:
            case Reply(message, after, fleeting):
                act.enqueue(message, after=after, fleeting=fleeting)
            case Submit():
                _submit(act, effect, public_url)
            case ShowDocument(number):
                documents.show(act, number)
            case AskForMyData() | EraseMyData():
                _about_my_data(act, effect)
            case _:
                _about_place(act, effect)


def _about_place(act: Act, effect: AboutPlace | ForgetWords) -> None:
    match effect:
        case ForgetWords():
            people.forget_words(act.tx, act.cause)
        case AgreePlace(visit_id, pin, told):
            meeting.agree_place(act, visit_id, pin, told)
        case SendPlace(visit_id, here):
            meeting.send_place(act, visit_id, here)
        case _:
            assert_never(effect)


def _about_referrals(act: Act, effect: AboutReferral, public_url: str) -> None:
    match effect:
        case DecideReferral(case_id, go):
            referring.decide(act, case_id, go=go)
        case SendToAll(case_id):
            referring.send_all(act, case_id)
        case ShowReporters(case_id, why):
            reporters.show(act, case_id, why)
        case IsSamePlace(visit_id, other_id, same):
            referring.is_same(act, visit_id, other_id, same=same)
        case LeaveToThem(visit_id):
            assisting.leave_to_them(act, visit_id, public_url)
        case LeaveUnsafe(visit_id):
            reports.leave_unsafe(act, visit_id)
        case MayTell(visit_id):
            referring.may_tell(act, visit_id)
        case PostponeVisit(visit_id, on, part):
            referring.postpone(act, visit_id, Window(on, part))
        case TellMore(case_id, landmarks, place, opens):
            referring.tell_more(act, case_id, landmarks, place, opens)
        case TellOnward(visit_id, place):
            referring.tell_onward(act, visit_id, place)
        case _:
            assert_never(effect)


def _submit(act: Act, effect: Submit, public_url: str) -> None:
    if effect.form is not None:
        assisting.submit(act, effect.form, effect.answers)
    elif services.load()[effect.service].about_others:
        referring.refer(act, effect.service, effect.answers, public_url)
    else:
        cases.submit(act, effect.service, effect.answers, effect.whom)


def _about_my_data(act: Act, effect: AboutMyData) -> None:
    match effect:
        case AskForMyData(within, question):
            own_data.ask(act, within, question)
        case EraseMyData():
            erasing.ask(act)
        case _:
            assert_never(effect)


def _with_others(
    act: Act, effect: Assisting | Mending | AboutReferral | AboutLetter, public_url: str
) -> None:
    if isinstance(effect, AboutReferral):
        _about_referrals(act, effect, public_url)
    elif isinstance(effect, AboutLetter):
        letters.carry_out(act, effect, public_url)
    else:
        _assisting(act, effect, public_url)


def _assisting(act: Act, effect: Assisting | Mending, public_url: str) -> None:
    match effect:
        case BeginForm(visit_id, other, known):
            assisting.begin(act, visit_id, known, other=other)
        case ProposeForm(form_id, answers):
            assisting.propose(act, form_id, answers)
        case EditForm(form_id):
            assisting.edit(act, form_id)
        case HandOverForm(form_id):
            assisting.hand_over(act, form_id)
        case TakeBackForm(form_id):
            assisting.take_back(act, form_id)
        case OfferCode(form_id):
            assisting.offer_code(act, form_id, public_url)
        case TakeOver(code):
            assisting.take_over(act, code)
        case AskForSignature(form_id):
            assisting.ask_for_signature(act, form_id, public_url)
        case ConfirmOnPaper(form_id, attachment_id):
            assisting.confirm_on_paper(act, form_id, attachment_id)
        case DropForm(form_id):
            assisting.drop(act, form_id)
        case RefuseForm(form_id):
            assisting.refuse(act, form_id)
        case _:
            _mending(act, effect)


def _mending(act: Act, effect: Mending) -> None:
    match effect:
        case BeginMend(visit_id, kind, said):
            mending.begin(act, visit_id, kind, said)
        case ConfirmMend(form_id):
            mending.confirm(act, form_id)
        case RefuseMend(form_id):
            mending.refuse(act, form_id)
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
        case Arrive(visit_id, km, why, words, pin):
            visits.arrive(act, visit_id, km, why, words, pin)
        case FinishVisit(visit_id, purpose, outcome, answers):
            visits.finish(act, visit_id, purpose, outcome, answers)
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
        case ChooseWindow(case_id, on, part, pin, told):
            visits.book(act, case_id, on, part, pin, told)
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
        case Called(person_id):
            people.called(act, person_id)
        case _:
            _about_chat(act, effect)


def _about_chat(act: Act, effect: CountPoster | Link | OfferLink) -> None:
    match effect:
        case CountPoster(area_code):
            posters.count(act, area_code)
        case OfferLink():
            people.offer_link(act)
        case Link(code):
            people.link_chats(act, code)
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
