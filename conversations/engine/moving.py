"""Moving: what follows when an owner asks in words for another time of a visit."""

from __future__ import annotations

from conversations.commands import Typed
from conversations.engine import answers, drafts, orders
from conversations.engine.builder import TurnBuilder
from conversations.engine.matters import Matter
from conversations.engine.meanings import AnswerElsewhere, Aside
from conversations.engine.precedence import fills_in
from conversations.engine.reading import bare_number, choices_named
from conversations.events import Said
from conversations.lexicon import lists
from conversations.messages import Say
from conversations.parsers import Refused, dates, times
from conversations.parsers.asking import asks_whether
from conversations.phrases import Command, Intent
from conversations.session import Choice, Draft
from conversations.step import Prompt, Step
from conversations.wording import window_words
from conversations.words import standardised

FLOW = "visit_window"
FEW_OF_TIME = 3  # words of a message that names a time where a place is asked for


def heard(turn: TurnBuilder, raised: Matter | None, text: str) -> Matter | None:
    """Return another time as the matter of an owner who is away on a day, and awaits a visit.

    "Besok ga jualan" then closes no business. An open question for a first time reads the day.
    """
    if turn.facts.me.desk != "owner" or fills_in(turn):
        return raised
    if raised is not None and raised.intent is not Intent.CLOSE_BUSINESS:
        return raised
    draft = turn.session.draft
    chooses = draft is not None and draft.flow == FLOW
    if (chooses and raised is None) or not (turn.facts.mine.visits or _open(turn)):
        return raised
    if not _is_away(turn, text):
        return raised
    return None if chooses else Matter(Intent.RESCHEDULE)


def _is_away(turn: TurnBuilder, text: str) -> bool:
    """Whether words exclude days, and do not end a business for good."""
    named = dates.read(text, turn.facts.today)
    away = named is not None and named.kind == "not"
    return away and _FOR_GOOD.search(standardised(text)) is None


_FOR_GOOD = lists.any_of("moving", "for_good")


def time_named(turn: TurnBuilder, text: str) -> AnswerElsewhere | Aside | None:
    """Return what words mean that name a time for a visit, where nothing else is asked."""
    if not (_at_requests(turn) or _asks_for_place(turn, text)):
        return None
    waits = _window_to_choose(turn)
    if (waits is None and not turn.facts.mine.visits) or not _names_time(turn, text):
        return None
    return AnswerElsewhere(waits) if waits is not None else Aside(Intent.RESCHEDULE)


def _at_requests(turn: TurnBuilder) -> bool:
    """Whether an owner is at the first page, at the page of their requests, or at no question."""
    flow = turn.flow(turn.session.draft)
    at_page = turn.at_home() or turn.session.asked is None
    at_page = at_page or (flow is not None and flow.status is not None)
    return turn.facts.me.desk == "owner" and at_page


def _asks_for_place(turn: TurnBuilder, text: str) -> bool:
    """Whether a few words stand at the question where a visit takes place: "rabu sore aja"."""
    step = turn.asked_step()
    at_place = step is not None and step.takes_place and not fills_in(turn)
    return at_place and turn.facts.me.desk == "owner" and len(text.split()) <= FEW_OF_TIME


def _window_to_choose(turn: TurnBuilder) -> Draft | None:
    """Return the question for a time that waits for its answer, if it is the only one."""
    mine = turn.facts.mine
    flow, waiting = turn.flows.by_id["visit_window"], [str(case.id) for case in mine.cases]
    waiting = [case for case in waiting if flow.open_to(case, turn.facts)]
    alone = len(waiting) == 1 and not mine.visits
    return turn.draft_of(flow, waiting[0]) if alone else None


def _names_time(turn: TurnBuilder, text: str) -> bool:
    """Whether words name a day or an hour: "kamis sore aja"."""
    if bare_number(text) or choices_named(turn, text):
        return False
    if dates.read(text, turn.facts.today) is not None:
        return True
    hours = times.read(text)
    return bool(times.parts(standardised(text))) or (hours is not None and hours.kind == "times")


def concerns(turn: TurnBuilder, aside: Aside) -> bool:
    """Whether somebody asks for another time, and has a visit or may choose one."""
    return aside.intent is Intent.RESCHEDULE and bool(turn.facts.mine.visits or _open(turn))


def ask(turn: TurnBuilder, text: str) -> None:
    """Ask for the new time of the only request, or show the page that has a button for each."""
    draft, waiting = turn.session.draft, _open(turn)
    if draft is not None and draft.flow == FLOW:
        drafts.digress(turn, Say("visit_window.how"))
    elif len(waiting) == 1:
        _choose(turn, waiting[0], text)
    elif not waiting:
        drafts.digress(turn, Say("common.reschedule_late"))
    else:
        _show_requests(turn, waiting)


def _open(turn: TurnBuilder) -> list[str]:
    """Return the requests whose time may be chosen or changed, even if no other one is free."""
    flow, mine = turn.flows.by_id[FLOW], turn.facts.mine
    return [
        str(case.id)
        for case in mine.cases
        if flow.open_to(str(case.id), turn.facts) or mine.agreed(case.id) is not None
    ]


def _choose(turn: TurnBuilder, case: str, text: str) -> None:
    """Show the choice; a time that the words name is asked back before anything is moved.

    The words may only tell what does not suit: "rabu saya tidak bisa".
    """
    drafts.open_flow(turn, FLOW, case)
    old = _agreed(turn, case)
    step = turn.asked_step()
    if step is None or turn.at_home():
        return  # no other time is free, which was said
    try:
        answer = turn.read(step, Said(text))
    except Refused as refusal:
        some = 1 < len(refusal.readings) < len(turn.facts.mine.choosable(int(case)))
        some = some and all(reading.answer != "keep" for reading in refusal.readings)
        named = dates.read(text, turn.facts.today)
        wanted = asks_whether(text) or not _UNABLE.search(standardised(text))
        wanted = wanted or (named is not None and named.kind == "not")
        if wanted and (some or refusal.reason in _NOT_THEN):
            turn.prompt = None
            if refusal.readings and old is not None:
                turn.says.append(Say("visit_window.until", {"window": old}))
            answers.give(turn, Said(text))
        return
    if answer != "keep":
        _ask_back(turn, step, str(answer), old)


#: Refusals of a time that was named, but at which there is no window.
_NOT_THEN = frozenset({"no_such_window", "no_such_part", "nearest_window"})


def _agreed(turn: TurnBuilder, case: str) -> Say | None:
    """Return the time that is agreed, in words; None if there is none."""
    visit = turn.facts.mine.agreed(int(case))
    return window_words(visit.on, visit.starts, visit.ends) if visit is not None else None


#: Words beside a time that does not suit.
_UNABLE = lists.any_of("moving", "unable")


def _ask_back(turn: TurnBuilder, step: Step, answer: str, old: Say | None) -> None:
    """Ask whether this is the new time."""
    context = turn.context(turn.open_draft())
    offered = {choice.answer: choice for choice in step.prompt(context).choices}
    label = offered[answer].label if answer in offered else step.show(answer, context)
    yes = Choice(answer, label if isinstance(label, Say) else str(label), answer, means="yes")
    no = Choice("none", Say("common.not_this"), None, "again", means="no")
    asked = Prompt(Say("common.meant", {"choice": yes.label}), (yes, no))
    if old is not None:
        other = Choice("other", Say("visit_window.other"), None, "again")
        say = Say("visit_window.sure", {"window": old, "choice": yes.label})
        asked = Prompt(say, (yes, offered["keep"], other))
    turn.show(step.id, asked, clarifying=True)


def _show_requests(turn: TurnBuilder, waiting: list[str]) -> None:
    """Show the page of the requests, and how the time of one is changed."""
    mine, flow = turn.facts.mine, turn.flows.by_id[FLOW]
    if any(mine.choosable(int(case)) for case in waiting):
        turn.says.append(Say("common.reschedule_here"))
    else:
        turn.says += (say for case in waiting for say in flow.closed(case, turn.facts))
    orders.obey(turn, Typed(Command.STATUS))
