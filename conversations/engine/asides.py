"""Asides: answers a matter beside the open question, which then is shown again."""

from __future__ import annotations

from datetime import datetime

from msgspec import structs

from conversations import directory
from conversations.commands import Typed
from conversations.effects import Help
from conversations.engine import drafts, orders, questions
from conversations.engine.builder import TurnBuilder
from conversations.engine.gathering import gather
from conversations.engine.meanings import Aside
from conversations.facts import WIB
from conversations.lexicon import lists
from conversations.lifecycle import CaseState, VisitState
from conversations.long_numbers import refuse_numbers
from conversations.messages import Say
from conversations.phrases import Command, Intent
from conversations.service import Service
from conversations.session import Choice, Draft
from conversations.step import Wrong
from conversations.wording import window_words
from conversations.words import standardised

# The engine's own questions: is it a complaint, shall supervisors call, is it about somebody else's
# business, or about a loan? All but the second are also the matters that open a service's form.
COMPLAINT, CALL, REFERRAL, CREDIT = "complaint", "call", "referral", "credit"

#: Intents that are carried out as commands.
ORDERS = {
    Intent.STATUS: Command.STATUS,
    Intent.HUMAN: Command.HUMAN,
    Intent.HELP: Command.HELP,
    Intent.STOP: Command.STOP,
    Intent.CANCEL: Command.CANCEL,
    Intent.BACK: Command.BACK,
    Intent.RESTART: Command.RESTART,
    Intent.RESEND_PERMIT: Command.SEND_DOCUMENT,
}
#: Matters that the office handles by telephone: supervisors are told which one it is.
_CALLED = {
    Intent.RENEW: Help.RENEW,
    Intent.CHANGE_AFTER_PERMIT: Help.CHANGE,
    Intent.CLOSE_BUSINESS: Help.CLOSE,
    Intent.COOPERATIVE: Help.COOPERATIVE,
    Intent.DISTRESS: Help.DISTRESS,
    Intent.NOT_HANDED: Help.NOT_HANDED,
    Intent.SEIZED: Help.SEIZED,
}
#: Of these, supervisors are told at once, whatever words told of them.
_AT_ONCE = frozenset({Intent.DISTRESS, Intent.NOT_HANDED, Intent.SEIZED})
STORY = "story"  # what somebody told before it was certain that a supervisor is to hear it
LEAST_STORY = 4  # words; fewer only name the matter
#: Words about a complaint that was made before.
_ASKED_AFTER = lists.any_of("complaint", "asked_after")
_PAYS = lists.any_of("complaint", "pays")
_SURE = 1.5  # weight of words that leave no doubt which matter it is


def answer(turn: TurnBuilder, aside: Aside) -> None:
    """Answer a matter, or carry out what it asks for."""
    meant = aside.intent
    matter = f"{meant.lower()}.{aside.part}" if aside.part else meant.lower()
    key = f"common.intent.{matter}"
    match meant:
        case Intent.COMPLAINT | Intent.REFERRAL | Intent.CREDIT | Intent.DISTRESS if _opens(
            turn, aside, key
        ):
            return
        case Intent.THANKS if turn.facts.me.desk == "supervisor" and turn.at_home():
            turn.says.append(Say(key))
        case Intent.HELP if _has_only_requests(turn):
            orders.obey(turn, Typed(Command.STATUS))  # "terus gimana?" asks how it stands
        case Intent.HOW_LONG | Intent.REQUIREMENTS if not aside.part and _awaited(turn):
            of_visit = turn.flows.catalogue.overridden(_OF_VISIT[meant].key, _awaited(turn))
            drafts.digress(turn, Say(of_visit))
        case Intent.WHERE_IS_OFFICER:
            _tell_where_officer_is(turn, key)
        case Intent.CODE_AGAIN:
            _tell_code(turn, key)
        case Intent.OFFICER_LOOKS:
            _tell_how_officer_is_known(turn, key, aside.part)
        case _ if meant in ORDERS:
            orders.obey(turn, Typed(ORDERS[meant]))
        case _ if meant in _CALLED and not is_certain(aside):
            _ask_whether_to_call(turn, _CALLED[meant])
        case _ if meant in _CALLED:
            how = Say(key, orders.how_to_call(turn))
            orders.call(turn, _CALLED[meant], how, words=turn.said)
        case _:
            drafts.digress(turn, Say(key), *directory.lines(turn.facts.directory, matter))


def _opens(turn: TurnBuilder, aside: Aside, key: str) -> bool:
    """Open the form of a matter that has one, or stop the open form; False for any other matter."""
    match aside.intent:
        case Intent.COMPLAINT if turn.facts.mine.tickets and _ASKED_AFTER.search(
            turn.said.casefold()
        ):
            orders.obey(turn, Typed(Command.STATUS))
        case Intent.COMPLAINT:
            hear_complaint(turn, sure=aside.sure)
        case Intent.REFERRAL:
            _hear_of_another(turn, sure=is_certain(aside))
        case Intent.CREDIT if not aside.part:
            _hear_of_loan(turn)
        case Intent.DISTRESS if turn.facts.me.desk == "owner" and not turn.at_home():
            _hear_despair(turn, key)
        case _:
            return False
    return True


def _hear_despair(turn: TurnBuilder, key: str) -> None:
    """Stop asking and call a person; what was filled in is kept, and taken up when they want to."""
    fills_in = _fills_in(turn)
    drafts.park(turn)
    orders.call(turn, Help.DISTRESS, Say(key, orders.how_to_call(turn)), words=turn.said)
    turn.prompt = None
    drafts.park(turn)
    if fills_in:
        turn.says.append(Say("common.intent.distress.kept"))


def _has_only_requests(turn: TurnBuilder) -> bool:
    """Whether the person has requests and fills in no form."""
    flow = turn.flow(turn.session.draft)
    return bool(turn.facts.mine.cases) and (flow is None or not flow.form)


def settle(turn: TurnBuilder, answer: str) -> bool:
    """Carry out the answer to a question of this module; False if it is another question's."""
    called = next((i for i, about in _CALLED.items() if answer == f"{CALL}:{about}"), None)
    if called is None and answer not in ("complain", "ask", REFERRAL, CREDIT):
        return False
    drafts.go_on(turn)
    if answer == "ask":
        turn.says.append(Say("common.not_told"))
        return True
    turn.prompt = None
    if answer in (REFERRAL, CREDIT):
        _open_form(turn, answer, "", told=turn.told(STORY))
    elif called is None:
        _open_form(turn, COMPLAINT, turn.told(STORY))
    else:
        about = Say(f"common.intent.{called.lower()}", orders.how_to_call(turn))
        orders.call(turn, _CALLED[called], about, words=turn.told(STORY))
    return True


def _fills_in(turn: TurnBuilder) -> bool:
    """Whether a form is open that would have to wait."""
    flow = turn.flow(turn.session.draft)
    return flow is not None and flow.form


def is_certain(aside: Aside) -> bool:
    """Whether supervisors are told without asking the person."""
    return aside.intent in _AT_ONCE or aside.sure or aside.weight >= _SURE


def _ask_whether_to_call(turn: TurnBuilder, about: Help) -> None:
    """Ask before a supervisor is told of a matter that few words hint at."""
    turn.tell(STORY, turn.said)
    turn.ask_own(
        CALL,
        (
            Choice("call", Say("common.call.yes"), f"{CALL}:{about}", means="yes"),
            Choice("ask", Say("common.call.no"), "ask", means="no"),
        ),
        matter=Say(f"notices.caller.matter.{about}"),
    )


def _hear_of_another(turn: TurnBuilder, *, sure: bool) -> None:
    """Open the form about somebody else's business; ask first in the middle of another form."""
    if sure and not _fills_in(turn):
        _open_form(turn, REFERRAL, "")
    else:
        _ask_whether(turn, REFERRAL)


def _ask_whether(turn: TurnBuilder, opened_by: str) -> None:
    """Ask before the form of another service takes the place of the open one."""
    turn.tell(STORY, turn.said)
    turn.ask_own(
        opened_by,
        (
            Choice(opened_by, Say(f"common.{opened_by}.yes"), opened_by, means="yes"),
            Choice("ask", Say(f"common.{opened_by}.no"), "ask", means="no"),
        ),
    )


def _hear_of_loan(turn: TurnBuilder) -> None:
    """Open the form that asks a lender for relief; ask first in the middle of another form.

    Somebody whose letter is under way is told how it stands.
    """
    service, refused = _opened_by(turn, CREDIT), refuse_numbers(turn.said)
    if refused is not None:
        turn.effects += refused.effects
        turn.says.append(Say(f"refusals.{refused.reason}"))
    if turn.facts.mine.open_case(service.id) is not None:
        orders.obey(turn, Typed(Command.STATUS))
    elif _fills_in(turn):
        _ask_whether(turn, CREDIT)
    else:
        _open_form(turn, CREDIT, "", told="" if refused is not None else turn.said)


def belongs_to_form(turn: TurnBuilder, intent: Intent) -> bool:
    """Whether a matter is the one that the open form, or the case that is asked after, is about."""
    draft = turn.session.draft
    if draft is None or intent is not Intent.CREDIT:
        return False
    case = turn.facts.case(draft.subject)
    return _opened_by(turn, CREDIT).id in (draft.flow, case.service if case is not None else "")


def refuse_beneath(turn: TurnBuilder, text: str) -> bool:
    """Refuse words at a question of the engine's own as the form does; False if it does not."""
    step = questions.beneath(turn)
    met = step.heeds(text) if step is not None and step.heeds is not None else None
    if not isinstance(met, Wrong):
        return False
    turn.effects += met.effects
    drafts.digress(turn, Say(f"refusals.{met.reason}", met.params))
    return True


def hear_complaint(turn: TurnBuilder, *, sure: bool) -> None:
    """Open the form of a complaint, or ask first; with the form open, add to its story."""
    if complains(turn):
        add_to_story(turn)
    elif sure:
        _open_form(turn, COMPLAINT, turn.said)
    else:
        ask_whether_a_complaint(turn)


def _open_form(turn: TurnBuilder, opened_by: str, story: str, *, told: str = "") -> None:
    """Open the form of the service for a matter, with what was told already.

    A story is its first answer; what is `told` of somebody else's business holds several.
    """
    service = _opened_by(turn, opened_by)
    step = service.form.steps[0]
    parked = next((one for one in turn.session.parked if one.flow == service.id), None)
    answers = dict(parked.answers) if parked is not None else {}
    answers = {**gather(service.form, told, turn.facts, at_least=1), **answers}
    if len(story.split()) >= LEAST_STORY:
        before = answers.get(step.id)
        answers[step.id] = f"{before}\n{story}" if before else story
    drafts.switch_to(turn, Draft(service.id, "", answers))
    drafts.go_on(turn)


def _opened_by(turn: TurnBuilder, opened_by: str) -> Service:
    return next(one for one in turn.flows.services.values() if one.opened_by == opened_by)


def complains(turn: TurnBuilder) -> bool:
    """Whether the form of a complaint is open."""
    draft = turn.session.draft
    service = turn.flows.services.get(draft.flow) if draft is not None else None
    return service is not None and service.opened_by == COMPLAINT


def add_to_story(turn: TurnBuilder) -> None:
    """Add to the story what is told while another question of its form is open."""
    draft = turn.open_draft()
    step = turn.flows.services[draft.flow].form.steps[0]
    if step.id in draft.answers and len(turn.said.split()) >= LEAST_STORY:
        before = draft.answers[step.id]
        story = f"{before}\n{turn.said}" if before else turn.said  # none if it was told aloud
        answers = {**draft.answers, step.id: story}
        turn.session = structs.replace(turn.session, draft=structs.replace(draft, answers=answers))
    drafts.digress(turn, Say("common.complaint.open"))


def tell_more(turn: TurnBuilder, text: str) -> None:
    """Keep words that go on with the story, at "do you want to complain?"."""
    before = turn.told(STORY)
    turn.tell(STORY, f"{before}\n{text}" if before else text)
    drafts.digress(turn, Say("common.complaint.told_later"))


def ask_whether_a_complaint(turn: TurnBuilder) -> None:
    """Ask before a supervisor is told: a question is often mistaken for a complaint."""
    if _PAYS.search(standardised(turn.said)):
        turn.says.append(Say("common.complaint.pays"))
    turn.tell(STORY, turn.said)
    turn.ask_own(
        COMPLAINT,
        (
            Choice("complain", Say("common.complaint.yes"), "complain", means="yes"),
            Choice("ask", Say("common.complaint.no"), "ask", means="no"),
        ),
    )


#: Sentences about a visit that is awaited, in the place of those about a form.
_OF_VISIT = {
    Intent.HOW_LONG: Say("common.intent.how_long.visit"),
    Intent.REQUIREMENTS: Say("common.intent.requirements.visit"),
}


def _awaited(turn: TurnBuilder) -> str:
    """Return the service for which somebody is to come; "" if nobody is, or a form is open."""
    flow, mine = turn.flow(turn.session.draft), turn.facts.mine
    if flow is not None and flow.form:
        return ""
    visited = [visit.service for visit in mine.visits]
    chosen = [case.service for case in mine.cases if case.state == CaseState.ACCEPTED]
    return next(iter(visited + chosen), "")


def _tell_where_officer_is(turn: TurnBuilder, key: str) -> None:
    visit = next(iter(turn.facts.mine.visits), None)
    if visit is None:
        drafts.digress(turn, Say("common.intent.no_visit"))
        return
    ended = datetime.combine(visit.on, visit.ends, WIB)
    if visit.state != VisitState.ARRIVED and turn.facts.now > ended:
        window = window_words(visit.on, visit.starts, visit.ends)
        drafts.digress(turn, Say("common.intent.where_is_officer.late", {"window": window}))
        return
    state = Say(f"common.visit_state.{visit.state}", {"officer": visit.officer_name or "-"})
    window = window_words(visit.on, visit.starts, visit.ends)
    drafts.digress(turn, Say(key, {"state": state, "window": window}))


def _tell_how_officer_is_known(turn: TurnBuilder, key: str, part: str) -> None:
    named = next((v.officer_name for v in turn.facts.mine.visits if v.officer_name), None)
    who = part in ("", "alone")
    coming = (Say("common.coming", {"officer": named}),) if named and who else ()
    drafts.digress(turn, *coming, Say(key))


def _tell_code(turn: TurnBuilder, key: str) -> None:
    visit = next((v for v in turn.facts.mine.visits if v.code and v.state in _WITH_CODE), None)
    if visit is None:
        drafts.digress(turn, Say("common.intent.no_code"))
        return
    if visit.code_spent:
        drafts.open_flow(turn, "officer_there", str(visit.id))
        return
    window = window_words(visit.on, visit.starts, visit.ends)
    drafts.digress(turn, Say(key, {"code": visit.code or "", "window": window}))


#: States of a visit in which its host holds a code.
_UNDER_WAY = frozenset({VisitState.ON_THE_WAY, VisitState.ARRIVED})
_WITH_CODE = _UNDER_WAY | {VisitState.ACCEPTED}
