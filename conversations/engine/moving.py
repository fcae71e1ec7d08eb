"""Moving: what follows when an owner asks in words for another time of a visit."""

from __future__ import annotations

from conversations.commands import Typed
from conversations.engine import answers, drafts, orders
from conversations.engine.builder import TurnBuilder
from conversations.engine.meanings import Aside
from conversations.events import Said
from conversations.lexicon import lists
from conversations.messages import Say
from conversations.parsers import Refused
from conversations.parsers.asking import asks_whether
from conversations.phrases import Command, Intent
from conversations.session import Choice
from conversations.step import Prompt, Step
from conversations.wording import window_words
from conversations.words import standardised

FLOW = "visit_window"


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
        wanted = asks_whether(text) or not _UNABLE.search(standardised(text))
        if wanted and (some or refusal.reason in ("no_such_window", "nearest_window")):
            turn.prompt = None
            if refusal.readings and old is not None:
                turn.says.append(Say("visit_window.until", {"window": old}))
            answers.give(turn, Said(text))
        return
    if answer != "keep":
        _ask_back(turn, step, str(answer), old)


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
