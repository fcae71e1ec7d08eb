"""Hearing: handles an event as an answer, a command, another matter, or news."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from msgspec import structs

from conversations.commands import read as read_command
from conversations.effects import UseLanguage
from conversations.engine import (
    answers,
    asides,
    coming,
    desk,
    drafts,
    first_page,
    fragments,
    moving,
    news,
    objecting,
    orders,
    precedence,
    questions,
    reassuring,
    recordings,
    rounds_in_form,
    whereabouts,
)
from conversations.engine.builder import TurnBuilder, same, worded
from conversations.engine.interruption import asks_whose, before_news
from conversations.engine.meanings import (
    Answer,
    AnswerElsewhere,
    Aside,
    AtDesk,
    BeforeNews,
    Between,
    Correction,
    Explain,
    FoundAt,
    Heard,
    Meaning,
    MovedOn,
    Objection,
    Order,
    OwnNumber,
    Parts,
    PassedBy,
    Pick,
    PickElsewhere,
    Remark,
    Resume,
    Several,
    Stale,
    Story,
    Unclear,
    Unread,
    Whose,
)
from conversations.engine.understanding import asks_something, several, understand
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
from conversations.messages import (
    Say,
)
from conversations.phrases import Command
from conversations.session import ChatSession, Choice, Draft
from conversations.step import Prompt
from conversations.tongue import tongue, whole_tongue

#: Meanings that change no answer of the open form.
_Reply: TypeAlias = (
    Unread
    | OwnNumber
    | Aside
    | Between
    | Explain
    | Unclear
    | Resume
    | MovedOn
    | Objection
    | FoundAt
    | Story
)


def take(turn: TurnBuilder, event: Event) -> None:
    settled = drafts.catch_up(turn)
    if isinstance(event, Happened):
        turn.lasting = True
        news.take(turn, event)
        return
    if settled and not isinstance(event, Started | Tapped):
        turn.says += settled
    turn.used_key = isinstance(event, Located | SharedContact)
    if isinstance(event, Said):
        turn.said = event.text
        _detect_language(turn, event.text)
    if not turn.session.greeted:
        _first_contact(turn, event)
        return
    _tell_withheld(turn, event)
    match event:
        case Started(payload):
            orders.start(turn, payload)
        case Withheld(message=message):
            turn.message = message
            turn.not_understood()
            owner = turn.facts.me.desk == "owner"
            drafts.digress(turn, Say("common.withheld" if owner else "common.withheld.staff"))
        case Unreadable(kind):
            if kind == "contact":
                turn.session = structs.replace(turn.session, calling=True)
            key = f"common.unreadable.{kind}"
            known = turn.flows.catalogue.has(key)
            drafts.digress(turn, Say(worded(turn, key) if known else "common.unreadable"))
        case Uploaded(kind="voice"):
            recordings.take(turn, event)
        case SharedContact():
            answers.keep_contact(turn, event)
        case _:
            _hear(turn, event)


def _tell_withheld(turn: TurnBuilder, event: Event) -> None:
    """Say that a number in the message was not kept; the rest of the message is read."""
    if isinstance(event, Said | Uploaded) and event.withheld:
        turn.lasting = True
        turn.says.append(Say("common.number_withheld"))


def _detect_language(turn: TurnBuilder, text: str) -> None:
    """Set the language from the first words that show one, whatever the device's language is.

    Later a whole sentence of the other language sets it: "halo" alone tells little. Names and
    places show none, so answers to steps that take them are skipped.
    """
    step = turn.asked_step()
    free = step is None or not step.takes_words
    if free and not turn.session.tongue_known:
        detected = tongue(text)
    else:  # an address is Indonesian in any language
        whole = whole_tongue(text)
        detected = whole if free or whole == "en" else None
    if detected is None:
        return
    command = read_command(text)
    if command is not None and command.command in _OF_NO_LANGUAGE:
        return
    turn.session = structs.replace(turn.session, tongue_known=True)
    if detected != turn.facts.me.locale:
        turn.effects.append(UseLanguage(detected))
        turn.speak(detected)


def _first_contact(turn: TurnBuilder, event: Event) -> None:
    """Greet the person; an owner's first question also offers the other language."""
    _greet(turn, event)
    choice = Choice("language", Say("common.language_button"), "language", "command")
    if turn.prompt is None or turn.facts.me.desk != "owner":
        return
    if not any(
        shown.act == "command" and shown.answer == "language" for shown in turn.session.shown
    ):
        turn.prompt = structs.replace(turn.prompt, choices=(*turn.prompt.choices, choice))
        turn.session = structs.replace(turn.session, shown=(*turn.session.shown, choice))


def _greet(turn: TurnBuilder, event: Event) -> None:
    turn.session = structs.replace(turn.session, greeted=True)
    turn.lasting = True
    if isinstance(event, Started) and orders.is_order(event.payload):
        orders.start(turn, event.payload)
        return
    typed = read_command(event.text) if isinstance(event, Said) else None
    if typed is not None and typed.command in _ANSWERED_BEFORE_GREETING:
        _tell_withheld(turn, event)
        orders.obey(turn, typed)
        return
    if turn.facts.me.desk == "owner":
        turn.says.append(Say("welcome.hello"))
    if (area_code := orders.poster_of(event)) is not None:
        orders.begin_at_poster(turn, area_code)
        return
    if isinstance(event, Withheld | SharedContact) or (
        isinstance(event, Said)
        and (
            asks_something(event.text)
            or desk.read(turn, event.text) is not None
            or objecting.rejected(turn, event.text) is not None
        )
    ):
        take(turn, event)
        return
    _tell_withheld(turn, event)
    if isinstance(event, Said):
        found = several(turn, event.text)  # no other matter is raised
        if found is not None:
            answers.confirm_several(turn, found)
        elif not first_page.open_named(turn, event.text):
            drafts.go_home(turn)
    else:
        drafts.go_home(turn)


def _hear(turn: TurnBuilder, event: Heard) -> None:
    """Act on the meaning of an event."""
    if isinstance(event, Said):
        turn.message = event.message
        event = fragments.joined(turn, event)
    meaning = (
        objecting.heard(turn, event) or rounds_in_form.heard(turn, event) or understand(turn, event)
    )
    if _settles_interruption(turn, event, meaning):
        turn.session = structs.replace(turn.session, interrupted=None)
    _act_on(turn, meaning, event)
    if isinstance(event, Said):
        fragments.keep(turn, event)


def _settles_interruption(turn: TurnBuilder, event: Heard, meaning: Meaning) -> bool:
    """Whether an event ends the time in which the interrupted question can be answered.

    A tap does not, since it names its question; nor do words that were not read as an answer.
    """
    is_read = not isinstance(event, Tapped) and not isinstance(meaning, Unread | OwnNumber)
    return is_read and turn.session.interrupted is not None and not asks_whose(turn)


def _act_on(turn: TurnBuilder, meaning: Meaning, event: Heard) -> None:
    match meaning:
        case Answer():
            answers.give(turn, event)
        case Pick(choice):
            _pick(turn, choice)
        case PickElsewhere(draft, step_id, choices, choice):
            drafts.switch_to(turn, draft)
            turn.put(turn.question(draft, step_id), choices)
            _pick(turn, choice)
        case AnswerElsewhere(draft):
            drafts.switch_to(turn, draft)
            drafts.go_on(turn)
            turn.prompt = None
            answers.give(turn, event)
        case Order(typed):
            orders.obey(turn, typed)
        case BeforeNews(before):
            _go_back(turn, before, event)
        case Whose():
            _ask_whose(turn, meaning)
        case Stale(says):
            drafts.stale(turn, *says)
        case PassedBy():
            desk.let_pass(turn)
            _hear(turn, event)
        case Remark(intent):
            first_page.answer(turn, intent, event.text if isinstance(event, Said) else "")
        case AtDesk():
            _answer_staff(turn, meaning)
        case Several() | Parts() | Correction():
            _fill_in(turn, meaning)
        case _:
            _reply(turn, meaning, event.text if isinstance(event, Said) else "")


def _answer_staff(turn: TurnBuilder, meant: AtDesk) -> None:
    if not rounds_in_form.answer(turn, meant):
        desk.answer(turn, meant)


def _fill_in(turn: TurnBuilder, meaning: Several | Parts | Correction) -> None:
    """Take answers to other questions than the open one, or to more than it."""
    match meaning:
        case Several():
            answers.confirm_several(turn, meaning)
        case Parts():
            answers.give_parts(turn, meaning)
        case Correction(step_id, words):
            answers.correct(turn, step_id, words)
        case _:
            assert_never(meaning)


def _answer_aside(turn: TurnBuilder, aside: Aside, text: str) -> None:
    if moving.concerns(turn, aside) and not precedence.keeps_away(text):
        moving.ask(turn, text)
    elif not (coming.answer(turn, aside) or reassuring.answer(turn, aside)):
        asides.answer(turn, aside)


def _reply(turn: TurnBuilder, meaning: _Reply, text: str) -> None:
    """Reply to a meaning that leaves the open question as it is."""
    match meaning:
        case Between(choices):
            questions.ask_between(turn, choices)
        case Explain():
            answers.explain(turn)
        case Unread(say, correctable):
            if correctable:
                turn.not_understood()
            drafts.digress(turn, say)
        case OwnNumber(phone):
            answers.keep_number(turn, phone)
        case Aside():
            _answer_aside(turn, meaning, text)
        case Objection(case, text):
            objecting.hear(turn, case, text)
        case FoundAt(place):
            whereabouts.ask(turn, place)
        case Story(text):
            asides.tell_more(turn, text)
        case Unclear():
            turn.not_understood()
            turn.said_nothing = True
            say = questions.pick_one(turn)
            turn.session = structs.replace(turn.session, refusals=turn.session.refusals + 1)
            drafts.digress(turn, say)
        case Resume():
            questions.ask_to_resume(turn)
        case MovedOn():
            drafts.digress(turn, Say("common.moved_on"))
        case _:
            assert_never(meaning)


def _pick(turn: TurnBuilder, choice: Choice) -> None:
    """Carry out a choice; "before" and "now" say which of two questions the words answer."""
    held = turn.session.interrupted
    if held is not None:
        turn.session = structs.replace(turn.session, interrupted=None)
    if choice.act == "before":
        before = before_news(turn, held) if held is not None else None
        if before is None:
            drafts.stale(turn)
        else:
            _go_back(turn, before, Said(str(choice.answer)))
    elif choice.act == "now":
        answers.give(turn, Said(str(choice.answer)))
    elif choice.act == "desk" and rounds_in_form.act(turn, *choice.answer[:3]):
        return
    else:
        answers.pick(turn, choice)


def _go_back(turn: TurnBuilder, before: ChatSession, event: Heard) -> None:
    """Handle an event as an answer to the question before the news; the news waits."""
    opened = turn.session.draft
    there = opened is not None and before.draft is not None and same(opened, before.draft)
    waits = None if there else opened
    parked = before.parked
    if waits is not None and _holds_more(turn, waits):
        parked = (*parked, structs.replace(waits, editing=None))[-drafts.MAX_PARKED :]
    turn.session = structs.replace(before, interrupted=None, parked=parked)
    _hear(turn, event)
    if waits is not None:
        turn.says.append(Say("common.news_waits"))


def _holds_more(turn: TurnBuilder, draft: Draft) -> bool:
    """Whether a form's draft holds answers that are in no case yet."""
    flow = turn.flow(draft)
    return (
        flow is not None and flow.form and draft.answers != flow.prefill(draft.subject, turn.facts)
    )


def _ask_whose(turn: TurnBuilder, whose: Whose) -> None:
    """Ask which of the two questions the words answer."""
    asked = turn.session.asked
    if asked is None:
        return
    before, now, say = desk.words_of_whose(turn, whose.held.subject)
    here = whose.now or Choice("now", now, whose.text, "now")
    label = before if whose.then is None else whose.then.label
    if label == here.label:
        here, label = structs.replace(here, label=now), before
    choices = (Choice("before", label, whose.text, "before"), here)
    turn.show(asked.step, Prompt(say, choices), clarifying=True)
    turn.session = structs.replace(turn.session, interrupted=whose.held)


#: Commands that people of any language type as instructed.
_OF_NO_LANGUAGE = frozenset({Command.LANGUAGE, Command.START, Command.STOP})


_ANSWERED_BEFORE_GREETING = frozenset(
    {
        Command.CHECK_OFFICER,
        Command.CHECK_DOCUMENT,
        Command.STOP,
        Command.START,
        Command.LINK,
        Command.TAKE_OVER,
    }
)
