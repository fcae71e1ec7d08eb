"""Help: the officer meets an owner who asked for help, and fills in a service's form with them."""

from __future__ import annotations

from conversations.assisting import BeginForm
from conversations.effects import Effect
from conversations.messages import Json, Say
from conversations.script import FAILED, Script
from conversations.session import Answers, Choice
from conversations.step import Context, answered
from conversations.steps import Choose
from conversations.wording import form_choice

#: The outcome of the visit, by what the owner wishes.
OUTCOMES = {
    "now": "filled_in",
    "has_permit": "has_permit",
    "not_wanted": "not_wanted",
    "impossible": "impossible",
}


def _begin(context: Context, answer: Json) -> tuple[Effect, ...]:
    """Open the form, in the officer's chat."""
    visit = context.facts.rounds.the_visit(context.subject)
    return (BeginForm(visit.id, other=answer in ("other", "another")),)


def _filling(context: Context) -> tuple[Choice, ...]:
    """Return the forms that were begun at this visit, and how it goes on or ends."""
    begun = [one for one in context.facts.rounds.assisted if str(one.visit_id) == context.subject]
    ends = (
        Choice("another", Say("help.filling.another"), "another"),
        Choice("yes", Say("help.filling.yes"), "yes"),
        Choice(FAILED, Say("help.filling.failed"), FAILED),
    )
    return (*map(form_choice, begun), *ends)


def _outcome(answers: Answers) -> str:
    return OUTCOMES[str(answers["wish"])]


SCRIPT = Script(
    purpose="help",
    steps=(
        Choose("wish", options=(*OUTCOMES, FAILED), counted=False),
        Choose(
            "whom",
            options=("host", "other"),
            when=answered("wish", "now"),
            then=_begin,
            counted=False,
        ),
        Choose(
            "filling",
            options=_filling,
            when=answered("wish", "now"),
            counted=False,
            rests=True,
            stays={"another": _begin},
        ),
        Choose(
            "leaving",
            options=("yes", FAILED),
            when=answered("wish", *(wish for wish in OUTCOMES if wish != "now")),
            counted=False,
        ),
    ),
    outcome=_outcome,
)
