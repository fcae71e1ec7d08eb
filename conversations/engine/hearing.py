"""Hearing: an event is taken, for the open question, a command, or another matter."""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs

from conversations.commands import Typed
from conversations.commands import read as read_command
from conversations.effects import (
    Help,
    UseLanguage,
)
from conversations.engine import answers, drafts, news, orders, questions, understanding
from conversations.engine.builder import TurnBuilder, same
from conversations.events import (
    Event,
    Happened,
    Located,
    Said,
    SharedContact,
    Started,
    Tapped,
    Unreadable,
    Uploaded,
    Withheld,
)
from conversations.flow import Flow
from conversations.messages import (
    Question,
    Say,
)
from conversations.parsers.choice import pick as pick_label
from conversations.phrases import Command, Intent
from conversations.session import ChatSession, Choice, Interrupted
from conversations.step import Prompt
from conversations.tongue import tongue

MAX_SAID = 1500  # characters; no question asks for a letter


def take(turn: TurnBuilder, event: Event) -> None:
    settled = drafts.catch_up(turn)
    if isinstance(event, Happened):
        turn.lasting = True
        news.take(turn, event)
        return
    if settled and not isinstance(event, Started | Tapped):
        turn.says.append(Say("common.gone"))
    if isinstance(event, Said):
        _hear_tongue(turn, event.text)
    if not turn.session.greeted:
        _first_contact(turn, event)
        return
    match event:
        case Started(payload):
            orders.start(turn, payload)
        case Withheld():
            drafts.digress(turn, Say("common.withheld"))
        case Unreadable(kind):
            if kind == "contact":
                turn.session = structs.replace(turn.session, calling=True)
            key = f"common.unreadable.{kind}"
            known = turn.flows.catalogue.has(key)
            drafts.digress(turn, Say(key if known else "common.unreadable"))
        case Tapped():
            _tapped(turn, event)
        case Said():
            _said(turn, event)
        case SharedContact():
            answers.keep_contact(turn, event)
        case Located() | Uploaded() if _belongs_before_news(turn, event):
            pass
        case _:
            answers.give(turn, event)


def _hear_tongue(turn: TurnBuilder, text: str) -> None:
    """Answer in the language of the first words that tell one, whatever the device says.

    Names and places tell nothing: they are not asked.
    """
    step = turn.asked_step()
    free = step is None or not step.takes_words
    heard = tongue(text) if free and not turn.session.tongue_known else None
    if heard is None:
        return
    command = read_command(text)
    if command is not None and command.command in _OF_NO_LANGUAGE:
        return
    turn.session = structs.replace(turn.session, tongue_known=True)
    if heard != turn.facts.me.locale:
        turn.effects.append(UseLanguage(heard))
        turn.speak(heard)


def _first_contact(turn: TurnBuilder, event: Event) -> None:
    """Greet an owner; whatever is asked first, the other language is offered as well."""
    _greet(turn, event)
    choice = Choice("language", Say("common.language_button"), "language", "command")
    if turn.prompt is None or turn.facts.me.desk != "owner":
        return
    if not any(
        shown.act == "command" and shown.answer == "language" for shown in turn.session.shown
    ):
        turn.prompt = replace(turn.prompt, choices=(*turn.prompt.choices, choice))
        turn.session = structs.replace(turn.session, shown=(*turn.session.shown, choice))


def _greet(turn: TurnBuilder, event: Event) -> None:
    turn.session = structs.replace(turn.session, greeted=True)
    turn.lasting = True
    if isinstance(event, Started) and event.payload.startswith(orders.JOIN_PAYLOAD):
        orders.join(turn, event.payload)
        return
    typed = read_command(event.text) if isinstance(event, Said) else None
    if typed is not None and typed.command in _ANSWERED_BEFORE_GREETING:
        orders.obey(turn, typed)
        return
    if turn.facts.me.desk == "owner":
        turn.says.append(Say("welcome.hello"))
    if isinstance(event, Withheld | SharedContact) or (
        isinstance(event, Said) and understanding.means(event.text)
    ):
        take(turn, event)
    elif not (isinstance(event, Said) and answers.open_named(turn, event.text)):
        drafts.go_home(turn)


def _said(turn: TurnBuilder, event: Said) -> None:
    if event.edited and (not event.message or event.message != turn.session.refused):
        drafts.digress(turn, Say("common.edited"))
        return
    turn.message = event.message
    if len(event.text) > MAX_SAID:
        turn.not_understood()
        drafts.digress(turn, Say("common.too_long"))
        return
    if answers.tells_number(turn, event.text):
        return
    if _belongs_before_news(turn, event):
        return
    match understanding.read(turn, event):
        case understanding.Order(typed):
            orders.obey(turn, typed)
        case understanding.Pick(choice):
            _pick(turn, choice)
        case understanding.Aside(meant):
            _aside(turn, meant)
        case understanding.Remark(meant):
            answers.idle(turn, meant, event.text)
        case understanding.Unclear():
            turn.not_understood()
            drafts.digress(turn, Say("refusals.pick_one"))
        case understanding.Resume():
            questions.ask_to_resume(turn)
        case understanding.Answer():
            answers.give(turn, event)


def _aside(turn: TurnBuilder, meant: Intent) -> None:
    """Answer what touches on something else, and show the open question again."""
    if meant is Intent.COMPLAINT:
        orders.call(turn, Help.COMPLAINT, Say("common.intent.complaint", orders.how_to_call(turn)))
    elif meant is Intent.RESCHEDULE and turn.facts.mine.visits:
        orders.obey(turn, Typed(Command.STATUS))
    elif meant in understanding.ORDERS:
        orders.obey(turn, Typed(understanding.ORDERS[meant]))
    else:
        drafts.digress(turn, Say(f"common.intent.{meant.lower()}"))


def _pick(turn: TurnBuilder, choice: Choice) -> None:
    """Take what was picked; two choices say which of two questions words were for."""
    held = turn.session.interrupted
    if held is not None:
        turn.session = structs.replace(turn.session, interrupted=None)
    if choice.act == "before":
        before = understanding.before_news(turn, held) if held is not None else None
        if before is None:
            drafts.stale(turn)
        else:
            _go_back(turn, before, Said(str(choice.answer)))
    elif choice.act == "now":
        answers.give(turn, Said(str(choice.answer)))
    else:
        answers.pick(turn, choice)


def _belongs_before_news(turn: TurnBuilder, event: Said | Located | Uploaded) -> bool:
    """Take what answers the question that news interrupted, if it fits that one better.

    They may not have seen the news when they wrote. What fits both is asked back.
    """
    held = turn.session.interrupted
    if held is None:
        return False
    if any(choice.act == "before" for choice in turn.session.shown):
        return _says_which(turn, held, event)
    turn.session = structs.replace(turn.session, interrupted=None)
    if isinstance(event, Said) and not understanding.may_answer(turn, event.text):
        return False
    before = understanding.before_news(turn, held)
    if before is None:
        return _comes_late(turn, held, event)
    then, now = understanding.fit(turn.at(before), event), understanding.fit(turn, event)
    if then > now:
        _go_back(turn, before, event)
        return True
    if then == now > 0 and isinstance(event, Said) and understanding.in_doubt(turn, held):
        _ask_whose(turn, held, before, event.text)
        return True
    return False


def _says_which(turn: TurnBuilder, held: Interrupted, event: Said | Located | Uploaded) -> bool:
    """Take words that settle by themselves which question they are for."""
    before = understanding.before_news(turn, held)
    if before is None or understanding.fit(turn, event):
        return False
    if isinstance(event, Said) and not understanding.may_answer(turn, event.text):
        return False
    if not understanding.fit(turn.at(before), event):
        return False
    _go_back(turn, before, event)
    return True


def _go_back(turn: TurnBuilder, before: ChatSession, event: Event) -> None:
    """Take an event for an answer to the question before the news; the news can wait."""
    news = turn.session.draft
    turn.session = structs.replace(before, interrupted=None)
    match event:
        case Said():
            _said(turn, event)
        case Tapped():
            _tapped(turn, event)
        case _:
            answers.give(turn, event)
    if news is not None and (before.draft is None or not same(news, before.draft)):
        turn.says.append(Say("common.news_waits"))


def _comes_late(turn: TurnBuilder, held: Interrupted, event: Event) -> bool:
    """Do not take for an answer what picks from a list that the news has settled."""
    if not isinstance(event, Said) or turn.facts.now - held.at > understanding.DOUBT:
        return False
    labels = [turn.flows.catalogue.say(o.label, turn.facts.me.locale) for o in held.shown]
    if pick_label(event.text, labels) is None or understanding.fit(turn, event) == 0:
        return False
    drafts.digress(turn, Say("common.moved_on"))
    return True


def _ask_whose(turn: TurnBuilder, held: Interrupted, before: ChatSession, text: str) -> None:
    """Ask which of the two questions words are for."""
    asked = turn.session.asked
    if asked is None:
        return
    here = understanding.choice_named(turn, text) or Choice(
        "now", Say("common.whose.now"), text, "now"
    )
    then = understanding.choice_named(turn.at(before), text)
    label = Say("common.whose.before") if then is None else then.label
    if label == here.label:
        here, label = replace(here, label=Say("common.whose.now")), Say("common.whose.before")
    choices = (Choice("before", label, text, "before"), here)
    turn.show(asked.step, Prompt(Say("common.whose"), choices), clarifying=True)
    turn.session = structs.replace(turn.session, interrupted=held)


def _tapped_before_news(turn: TurnBuilder, tap: Tapped) -> bool:
    """Take a tap on the question that news interrupted: a button names its question."""
    held = turn.session.interrupted
    before = understanding.before_news(turn, held) if held is not None else None
    if held is None or before is None or not _is_on(tap, held.asked, held.since):
        return False
    if not any(choice.value == tap.value for choice in held.shown):
        return False
    _go_back(turn, before, tap)
    return True


def _tapped(turn: TurnBuilder, tap: Tapped) -> None:
    asked = turn.session.asked
    if asked is not None and _is_on(tap, asked, turn.session.since):
        choice = next((o for o in turn.session.shown if o.value == tap.value), None)
        if choice is not None:
            _pick(turn, choice)
            return
    if _tapped_before_news(turn, tap):
        return
    flow = turn.flows.by_id.get(tap.flow)
    offered = tap.flow in turn.facts.mine.services
    begins = flow is not None and offered and not turn.draft_of(flow, tap.subject).answers
    if flow is not None and (flow.home in turn.facts.me.roles or tap.subject or begins):
        _tapped_elsewhere(turn, flow, tap)
    else:
        drafts.stale(turn)


def _tapped_elsewhere(turn: TurnBuilder, flow: Flow, tap: Tapped) -> None:
    """Take a tap on a menu, on a form's first question before it has an answer, or on another
    matter's open question; anything else is stale.
    """
    if not flow.open_to(tap.subject, turn.facts):
        drafts.stale(turn)
        return
    draft = turn.draft_of(flow, tap.subject)
    context = turn.context(draft)
    step = flow.open_step(context)
    if step is None or step.id != tap.step:
        drafts.stale(turn)
        return
    choices = step.prompt(context).choices
    choice = next((o for o in choices if o.value == tap.value), None)
    current = turn.session.draft
    if choice is None or (current is not None and same(current, draft) and flow.form):
        drafts.stale(turn)
        return
    drafts.switch_to(turn, draft)
    turn.put(turn.question(draft, step.id), choices)
    _pick(turn, choice)


def _is_on(tap: Tapped, asked: Question, since: int) -> bool:
    """Whether a tap is on a message that put this question."""
    same = (asked.flow, asked.subject, asked.step) == (tap.flow, tap.subject, tap.step)
    return same and tap.version >= since


#: Orders that people of any language type as they were told to.
_OF_NO_LANGUAGE = frozenset({Command.LANGUAGE, Command.START, Command.STOP})


_ANSWERED_BEFORE_GREETING = frozenset(
    {Command.CHECK_OFFICER, Command.CHECK_DOCUMENT, Command.STOP, Command.START, Command.LINK}
)
