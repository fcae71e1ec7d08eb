"""My ticket: what a person waits for: how it stands, the last answer, and their own words to it."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.effects import Effect
from conversations.facts import Facts, TicketFact
from conversations.flow import Ending, Flow
from conversations.messages import Lines, Say, Value
from conversations.parsers.note import story
from conversations.session import Choice
from conversations.step import Context, answered
from conversations.steps import Ask, Choose
from conversations.ticketing import LONGEST, AddToTicket, DropTicket, state


def _ticket(context: Context) -> TicketFact:
    return context.facts.the_ticket(context.subject)


def _page(context: Context) -> Mapping[str, Value]:
    one = _ticket(context)
    answers = [remark for remark in one.remarks if remark.by is not None]
    said = Say("my_ticket.no_answer")
    if answers:
        said = Say("my_ticket.answer", {"words": answers[-1].words, "at": answers[-1].at})
    return {"lines": Lines((state(one), said))}


def _acts(context: Context) -> tuple[Choice, ...]:
    one = _ticket(context)
    acts = () if one.closed else ("add", "drop")
    return (
        *(Choice(act, Say(context.key("show", act)), act) for act in acts),
        Choice("enough", Say(context.key("show", "enough")), "enough"),
    )


def _finish(context: Context) -> Ending:
    case_id, number = int(context.subject), {"number": _ticket(context).number}
    effect: Effect
    if context.answers["show"] == "add":
        effect = AddToTicket(case_id, str(context.answers["words"]))
        return Ending((effect,), (Say("my_ticket.added", number),))
    effect = DropTicket(case_id)
    return Ending((effect,), (Say("my_ticket.dropped", number),))


def _alive(subject: str, facts: Facts) -> bool:
    return facts.ticket(subject) is not None


FLOW = Flow(
    id="my_ticket",
    form=False,
    steps=(
        Choose(
            "show",
            options=_acts,
            params=_page,
            counted=False,
            rests=True,
            ends=("enough",),
        ),
        Ask(
            "words",
            parse=story(at_most=LONGEST, at_least=1),
            story=True,
            when=answered("show", "add"),
            counted=False,
        ),
        Choose(
            "sure",
            options=("yes", "no"),
            when=answered("show", "drop"),
            counted=False,
            ends=("no",),
        ),
    ),
    finish=_finish,
    alive=_alive,
)
