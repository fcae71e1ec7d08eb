"""Orders: carries out commands, at any point of the conversation."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from conversations import assisting, form, posters
from conversations.assisting import ProposeForm, TakeOver
from conversations.commands import Typed, read
from conversations.effects import (
    AskForMyData,
    CallPerson,
    CountPoster,
    Effect,
    Help,
    Join,
    OfferLink,
    OptIn,
    OptOut,
    Reply,
    SendDocument,
    ShowDocument,
    ShowOfficer,
    UseLanguage,
)
from conversations.engine import confirming, drafts, erasing, questions
from conversations.engine.builder import TurnBuilder
from conversations.events import Event, Said, Started
from conversations.facts import CaseFact
from conversations.lexicon import lists
from conversations.lifecycle import CaseState
from conversations.messages import (
    Say,
    Value,
)
from conversations.phrases import Command
from conversations.session import Choice, Draft
from conversations.step import Context
from conversations.words import standardised

CANCEL = "cancel"  # the engine's own question
CODE_PAYLOAD = "k-"  # of the landing page of a code
JOIN_PAYLOAD = "join-"
LEAST_WORDS = 6  # of a message that tells more than that somebody wants to talk
FROM_POSTER = "from_poster"  # the page on which a service is chosen
OFFICER_PAYLOAD = "officer"  # of the front page's link to the check of a badge


def start(turn: TurnBuilder, payload: str) -> None:
    if payload.startswith(JOIN_PAYLOAD):
        _join(turn, payload)
    elif payload == OFFICER_PAYLOAD:
        obey(turn, Typed(Command.CHECK_OFFICER))
    elif payload.startswith(CODE_PAYLOAD):
        turn.effects.append(TakeOver(payload.removeprefix(CODE_PAYLOAD).upper()))
    elif (area_code := poster_of(Started(payload))) is not None:
        begin_at_poster(turn, area_code)
    elif turn.worth_resuming(turn.session.draft):
        questions.ask_to_resume(turn)
    else:
        drafts.go_home(turn)


def is_order(payload: str) -> bool:
    """Whether a deep link asks for more than to open the chat."""
    return payload == OFFICER_PAYLOAD or payload.startswith((JOIN_PAYLOAD, CODE_PAYLOAD))


def poster_of(event: Event) -> str | None:
    """Return the area at whose poster a chat begins, "" if its code is none; None for others."""
    if isinstance(event, Started) and event.payload.startswith(posters.PAYLOAD):
        return posters.area_code(event.payload.removeprefix(posters.PAYLOAD)) or ""
    typed = read(event.text) if isinstance(event, Said) else None
    return typed.argument if typed is not None and typed.command is Command.POSTER else None


def begin_at_poster(turn: TurnBuilder, area_code: str) -> None:
    """Count a chat that begins at a poster, and offer what posters lead to.

    An unknown area, as of an old poster, and staff get what they get without a poster; so does a
    person with an open form.
    """
    owner = turn.facts.me.desk == "owner"
    if not owner or turn.facts.places.get(area_code) is None:
        start(turn, "")
        return
    turn.effects.append(CountPoster(area_code))
    offered = turn.facts.mine.posters
    if turn.worth_resuming(turn.session.draft):
        questions.ask_to_resume(turn)
    elif len(offered) > 1:
        drafts.open_flow(turn, FROM_POSTER, "")
    elif offered:
        drafts.open_flow(turn, offered[0], "")
    else:
        drafts.go_home(turn)


def _join(turn: TurnBuilder, payload: str) -> None:
    turn.effects.append(Join(payload.removeprefix(JOIN_PAYLOAD)))
    drafts.park(turn)


def call(turn: TurnBuilder, about: Help, say: Say, flow: str = "", *, words: str = "") -> None:
    """Ask the office to call this person, with the person's words, and say so."""
    turn.effects.append(CallPerson(about, flow, words))
    turn.session = structs.replace(turn.session, calling=True)
    drafts.digress(turn, say)


def how_to_call(turn: TurnBuilder) -> dict[str, Value]:
    """Return the number that will be called, or how to give one in this chat."""
    known = turn.facts.me.phone
    if known is None:
        return {
            "call": Say(
                "common.call.contact" if turn.facts.me.shares_contact else "common.call.type"
            )
        }
    given = "common.call.chat" if turn.facts.me.phone_of_chat else "common.call.given"
    return {"call": Say(given, {"phone": known})}


def obey(turn: TurnBuilder, typed: Typed) -> None:
    match typed.command:
        case Command.MENU:
            drafts.leave(turn, to_menu=True)
        case Command.BACK:
            _back(turn)
        case Command.RESTART if turn.worth_resuming(turn.session.draft):
            questions.ask_to_resume(turn)
        case Command.CANCEL | Command.RESTART:
            _cancel(turn)
        case Command.HELP:
            drafts.digress(turn, Say(f"common.help.{turn.facts.me.desk}"))
        case Command.STATUS:
            _status(turn)
        case Command.HUMAN:
            _talk(turn)
        case Command.STOP if turn.facts.me.desk != "owner":
            _ask_whether_to_stop(turn)
        case Command.STOP:
            turn.effects.append(OptOut())
            turn.says.append(Say("common.opted_out"))
        case Command.START:
            if turn.facts.me.opted_out:
                turn.effects.append(OptIn())
                turn.says.append(Say("common.opted_in"))
            start(turn, "")
        case Command.LANGUAGE:
            _language(turn, typed.argument)
        case _:
            _obey_request(turn, typed)


def _talk(turn: TurnBuilder) -> None:
    """Have this person called; a supervisor is offered to tell the heads."""
    if turn.facts.me.desk == "supervisor":
        yes = confirming.choice("yes", Say("supervising.talk.yes"), "talk", means="yes")
        confirming.ask(turn, Say("supervising.talk"), yes, confirming.no())
        return
    flow = turn.session.asked.flow if turn.session.asked else ""
    words = turn.said if len(turn.said.split()) >= LEAST_WORDS else ""
    call(turn, Help.TALK, Say("common.person_called", how_to_call(turn)), flow, words=words)


def _ask_whether_to_stop(turn: TurnBuilder) -> None:
    """Ask staff whether they want no more messages, since their work arrives as messages."""
    yes = confirming.choice("yes", Say("common.desk.stop.yes"), confirming.STOP, means="yes")
    confirming.ask(turn, Say("common.desk.stop"), yes, confirming.no())


def _obey_request(turn: TurnBuilder, typed: Typed) -> None:
    """Carry out a command that asks the office for something."""
    match typed.command:
        case Command.MY_DATA:
            _ask_for_my_data(turn)
        case Command.ERASE_DATA:
            erasing.ask(turn)
        case Command.SEND_DOCUMENT:
            _send_document(turn)
        case Command.CHECK_OFFICER:
            if not typed.argument:
                turn.tell("badge", "asked")  # the next words may be a badge alone
            _look_up(turn, typed, ShowOfficer, "common.badge_please", "common.badge_unread")
        case Command.LINK:
            _link(turn, typed.argument)
        case Command.TAKE_OVER:
            turn.effects.append(TakeOver(typed.argument))
        case Command.HAND_OVER:
            _hand_over(turn)
        case Command.POSTER:
            begin_at_poster(turn, typed.argument)
        case Command.CHECK_DOCUMENT:
            if typed.argument and turn.facts.me.desk != "owner":
                turn.tell("document", typed.argument)  # "cabut aja" is about it
            _look_up(turn, typed, ShowDocument, "common.number_please", "common.number_unread")
        case _:
            raise ValueError(f"nothing is known of the command {typed.command}")


def _hand_over(turn: TurnBuilder) -> None:
    """Keep what an officer has filled in so far, and let the officer choose how it is handed over.

    Outside such a form there is nothing to hand over.
    """
    draft = turn.session.draft
    form_id = assisting.form_of(draft.subject) if draft is not None else None
    if draft is None or form_id is None or draft.on_behalf is None:
        drafts.stale(turn)
        return
    turn.effects.append(ProposeForm(form_id, form.written(draft.answers)))
    drafts.close(turn)


def _ask_for_my_data(turn: TurnBuilder) -> None:
    """Let the office say what it holds, and ask for the copy; the open question follows."""
    turn.session = structs.replace(turn.session, calling=True)
    drafts.digress(turn, Say("common.my_data", how_to_call(turn)))
    turn.flush()
    reply = turn.effects.pop()  # the act says more before it
    turn.says, turn.prompt = [], None
    if isinstance(reply, Reply):
        turn.effects.append(AskForMyData(turn.facts.my_data_days, reply.message))


def _link(turn: TurnBuilder, code: str) -> None:
    if turn.facts.me.desk != "owner":
        drafts.digress(turn, Say("common.link_not_staff"))
    elif code:
        drafts.open_flow(turn, "link", code)
    else:
        turn.effects.append(OfferLink())
        drafts.digress(turn)


def _look_up(
    turn: TurnBuilder, typed: Typed, effect: Callable[[str], Effect], please: str, unread: str
) -> None:
    if typed.argument:
        turn.effects.append(effect(typed.argument))
    elif typed.unread:
        drafts.digress(turn, Say(unread, {"typed": typed.unread}))
    else:
        drafts.digress(turn, Say(please))


def _send_document(turn: TurnBuilder) -> None:
    documented = next((case for case in turn.facts.mine.cases if case.documents), None)
    if documented is None:
        drafts.digress(turn, Say("common.no_permit"))
    else:
        turn.effects.append(SendDocument(documented.id))


def _language(turn: TurnBuilder, wanted: str) -> None:
    locale = wanted or ("en" if turn.facts.me.locale == "id" else "id")
    turn.effects.append(UseLanguage(locale))
    turn.speak("en" if locale == "en" else "id")
    turn.session = structs.replace(turn.session, tongue_known=True)
    drafts.digress(turn, Say("common.language_set"))


def _back(turn: TurnBuilder) -> None:
    draft, asked = turn.session.draft, turn.session.asked
    flow = turn.flow(draft)
    if draft is None or flow is None or asked is None:
        drafts.go_home(turn)
        return
    if asked.flow == "common":  # "cancel?", "continue?": back to the question before
        drafts.go_on(turn)
        return
    fixed = flow.prefill(draft.subject, turn.facts)
    steps = [s.id for s in flow.applying(turn.context(draft))]
    before = steps[: steps.index(asked.step)] if asked.step in steps else []
    if turn.session.clarifying:
        before.append(asked.step)
    asked_for = {s.id for s in flow.steps if flow.asks(s, turn.context(draft))}
    given = [s for s in before if s in draft.answers and s not in fixed and s in asked_for]
    earlier = given[-1] if given else None
    if earlier is None and not turn.session.clarifying:
        drafts.leave(turn)
        return
    turn.session = structs.replace(
        turn.session, draft=structs.replace(draft, editing=earlier), refusals=0
    )
    drafts.go_on(turn)


def _cancel(turn: TurnBuilder) -> None:
    draft = turn.session.draft
    flow = turn.flow(draft)
    if erasing.is_open(turn):
        erasing.keep(turn)
    elif confirming.is_open(turn):
        turn.says.append(Say("common.desk.dropped"))
        drafts.go_on(turn)
    elif draft is None or flow is None or flow.home:
        if turn.facts.me.desk == "owner" and any(_is_open(case) for case in turn.facts.mine.cases):
            _withdraw(turn)
            return
        turn.says.append(Say("common.nothing_to_cancel"))
        drafts.go_home(turn)
    elif flow.form and draft.answers:
        turn.ask_own(
            CANCEL,
            (
                Choice("drop", Say("common.cancel.drop"), "drop", means="yes"),
                Choice("keep", Say("common.cancel.keep"), "keep", means="no"),
            ),
        )
    elif flow.id == "visit_window" and not flow.left(draft.subject, turn.facts):
        _withdraw(turn)  # no time is agreed that could stay
    elif flow.left(draft.subject, turn.facts) and _OF_REQUEST.search(standardised(turn.said)):
        turn.says += flow.left(draft.subject, turn.facts)
        _withdraw(turn)
    else:
        if flow.form and not draft.subject:
            turn.tell("given_up", flow.id)
        drafts.leave(turn)


_OF_REQUEST = lists.any_of("orders", "request")


def _is_open(case: CaseFact) -> bool:
    return case.state not in {CaseState.DONE, CaseState.REJECTED, CaseState.CANCELLED}


def _withdraw(turn: TurnBuilder) -> None:
    """Ask whether the only request that was sent is taken back, or show them all."""
    flow = next(one for one in turn.flows.by_id.values() if one.status == "owner")
    step = flow.steps[0]
    shown = step.prompt(Context(flow.id, "", {}, turn.facts)).choices
    theirs = [one.value for one in shown if one.value.startswith("withdraw-")]
    if len(theirs) != 1:
        _status(turn)
        return
    drafts.park(turn)
    drafts.switch_to(turn, Draft(flow.id, "", {step.id: theirs[0]}))
    drafts.go_on(turn)


def _status(turn: TurnBuilder) -> None:
    flow = next((f for f in turn.flows.by_id.values() if f.status == "owner"), None)
    theirs = turn.facts.me.desk == "owner" or bool(turn.facts.mine.cases)
    if flow is None or not theirs:
        drafts.leave(turn, to_menu=True)
        return
    context = Context(flow.id, "", {}, turn.facts)
    page = flow.steps[0].prompt(context)
    nothing_to_do = all(choice.act == "command" for choice in page.choices)
    current = turn.flow(turn.session.draft)
    if nothing_to_do and current is not None and current.form:
        drafts.digress(turn, page.say)
        return
    drafts.park(turn)
    drafts.open_flow(turn, flow.id, "")
