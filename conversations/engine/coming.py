"""Coming: what follows when somebody wants an officer to come and fill in the form, or does not."""

from __future__ import annotations

from conversations.commands import Typed
from conversations.effects import ForgetWords
from conversations.engine import answers, asides, drafts, orders, questions
from conversations.engine.builder import TurnBuilder
from conversations.engine.gathering import gather
from conversations.engine.leading import begin, by_officer, helper, lead, open_form, told
from conversations.engine.meanings import Aside, Several
from conversations.engine.precedence import ACCUSES
from conversations.long_numbers import refuse_numbers
from conversations.messages import Say
from conversations.parsers.referred import accuses
from conversations.phrases import Command, Intent
from conversations.session import Choice

MUCH = 3  # answers of a form that words leave only once they are confirmed


def answer(turn: TurnBuilder, aside: Aside) -> bool:
    """Go on in the form that is wished for; False for any other matter."""
    if aside.intent is Intent.COME_TO_ME:
        come(turn)
    elif aside.intent is Intent.BY_MYSELF:
        by_myself(turn)
    elif aside.intent is Intent.REFERRAL:
        return of_another(turn, aside)
    elif aside.intent is Intent.CREDIT and not aside.part:
        return of_loan(turn)
    else:
        return False
    return True


def come(turn: TurnBuilder) -> None:
    """Ask only where and what, since the person wants an officer to come and fill in the rest."""
    offered, mine = helper(turn), turn.facts.mine
    if offered is None:
        drafts.digress(turn)
        return
    asked = mine.open_case(offered.id)
    if asked is None and (mine.visits or mine.open_case(offered.opens) is not None):
        orders.obey(turn, Typed(Command.STATUS))  # somebody comes already
        return
    form = open_form(turn)
    if form is not None and form.id == offered.opens and len(turn.open_draft().answers) > MUCH:
        choice = Choice("helped", Say("common.helped"), offered.id, "lead")
        questions.ask_between(turn, (choice,))  # much is filled in already
        return
    found = told(turn, offered.form, turn.said)
    if found and asked is None:
        if form is not None and form.id == offered.opens:
            begin(turn, offered.id)
        answers.confirm_several(turn, Several(offered.id, found))
    elif form is not None and form.id == offered.opens and asked is None:
        lead(turn, offered.id)
    else:
        drafts.open_flow(turn, offered.id, "")


def of_another(turn: TurnBuilder, aside: Aside) -> bool:
    """Confirm what is told of somebody else's business; an accusation is forgotten.

    False if nothing is told but the wish.
    """
    if aside.part == ACCUSES or accuses(turn.said):
        turn.effects.append(ForgetWords())
        drafts.digress(turn, Say("referral.purpose.complaint.end"))
        return True
    services = turn.flows.services.values()
    service = next((one for one in services if one.opened_by == asides.REFERRAL), None)
    if service is None or open_form(turn) is not None or not asides.is_certain(aside):
        return False
    found = gather(service.form, turn.said, turn.facts)
    if found:
        answers.confirm_several(turn, Several(service.id, found))
    return bool(found)


def of_loan(turn: TurnBuilder) -> bool:
    """Confirm what is told of a loan; False if nothing is told, or another form is open."""
    services = turn.flows.services.values()
    service = next((one for one in services if one.opened_by == asides.CREDIT), None)
    if service is None or open_form(turn) is not None or refuse_numbers(turn.said) is not None:
        return False
    if turn.facts.mine.open_case(service.id) is not None:
        return False
    found = gather(service.form, turn.said, turn.facts)
    if found:
        answers.confirm_several(turn, Several(service.id, found))
    return bool(found)


def by_myself(turn: TurnBuilder) -> None:
    """Go on in the whole form, which the person wants to fill in without an officer."""
    service = by_officer(turn)
    if service is not None:
        lead(turn, service.opens)
