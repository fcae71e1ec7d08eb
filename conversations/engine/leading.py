"""Leading: goes on in another form instead of the open one, and hears the wish for it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import structs

from conversations import lexicon
from conversations.assisting import BY, OFFICER
from conversations.commands import Typed
from conversations.engine import drafts
from conversations.engine.builder import TurnBuilder
from conversations.engine.gathering import gather, sells
from conversations.engine.matters import Matter, matter, raised_in
from conversations.engine.meanings import Pick, Several
from conversations.engine.reading import choices_named, left_to_officer
from conversations.flow import Flow
from conversations.lexicon import lists
from conversations.messages import Json
from conversations.phrases import Command, Intent
from conversations.service import Service
from conversations.session import Choice, Draft
from conversations.steps import Choose
from conversations.words import standardised


def follow(turn: TurnBuilder, choice: Choice) -> None:
    """Open the flow of a choice, or go on in its form instead of the open one."""
    if choice.act == "lead":
        lead(turn, str(choice.answer))
    else:
        flow_id, subject = choice.answer
        drafts.open_flow(turn, flow_id, subject)


def lead(turn: TurnBuilder, form: str) -> None:
    """Go on in this form; the open draft is dropped, and the answers to their common steps stay."""
    if begin(turn, form):
        drafts.go_on(turn)


def heard(turn: TurnBuilder, raised: Matter | None, text: str) -> Matter | None:
    """Return a matter that was raised, unless it is a wish for a form that can't be changed to."""
    wanted = takes_up(text)
    if wanted:
        raised = matter(wanted)  # "eh jadi, datangi saya" asks after nobody
    if raised is None or raised.intent not in (Intent.COME_TO_ME, Intent.BY_MYSELF):
        return raised
    if raised.intent is Intent.BY_MYSELF:
        return raised if by_officer(turn) else None
    draft = turn.session.draft
    if draft is not None and (draft.subject or draft.on_behalf is not None) and open_form(turn):
        return None
    leaves = left_to_officer(turn, text) is not None
    return None if leaves or by_officer(turn) or helper(turn) is None else raised


def takes_up(text: str) -> str | None:
    """Return what follows words that want what was given up after all; None for other words."""
    found = _TAKES_UP.match(standardised(text))
    return standardised(text)[found.end() :] if found is not None else None


_TAKES_UP = re.compile(
    rf"\W*(?:{lists.one_of('leading', 'takes_up')})\b(?: (?:pak|bu|mas|mbak|kak|bang|deh|dong|ya))*"
    r"(?:\W*$|\W*[,.;]\W*|(?= (?:tolong |minta )?datang\w*))"
)


def wishes(turn: TurnBuilder, text: str) -> bool:
    """Whether words tell facts with the wish that an officer comes, which are heard together."""
    raised = heard(turn, raised_in(turn, text), text)
    return raised is not None and raised.intent is Intent.COME_TO_ME


def hands_over(turn: TurnBuilder, text: str) -> Typed | None:
    """Return that an officer's form is to be handed over: "serahin ke hp ibunya aja"."""
    draft = turn.session.draft
    if draft is None or draft.on_behalf is None or draft.answers.get(BY) != OFFICER:
        return None
    listed = lexicon.options("assisted", "any_time")
    ranked = listed.rank(text) if listed is not None else []
    return Typed(Command.HAND_OVER) if ranked and ranked[0].weight > 1 else None


def helper(turn: TurnBuilder) -> Service | None:
    """Return the service by which an officer comes to fill in the open form, or any form."""
    services, offered = turn.flows.services, turn.facts.mine.services
    form = open_form(turn)
    found = services.helper_of(form.id, offered) if form is not None else None
    return found or next((services[one] for one in offered if services[one].opens), None)


def told(turn: TurnBuilder, form: Flow, text: str) -> Mapping[str, Json]:
    """Return the answers to a short form in one message; what is sold must be named as sold."""
    found = gather(form, text, turn.facts, at_least=1)
    certain = len(found) > 1 or found.keys() & {"place", "landmark"} or sells(text)
    return found if certain else {}


def told_ahead(turn: TurnBuilder, text: str, raised: Matter | None) -> Several | Pick | None:
    """Return the facts told at a question that they imply the answer to: "lanjut?"."""
    step, form = turn.asked_step(), open_form(turn)
    if step is None or form is None or not step.implied or turn.session.clarifying:
        return None
    named = choices_named(turn, text)
    beside = raised is not None and raised.intent not in (Intent.REFERRAL, Intent.YES)
    if beside or (named and named[0].answer != step.implied):
        return None
    found = told(turn, form, text)
    if found:
        return Several(form.id, {step.id: step.implied, **found})
    yes = next((one for one in turn.session.shown if one.answer == step.implied), None)
    return Pick(yes) if yes is not None and raised is not None else None


def open_form(turn: TurnBuilder) -> Flow | None:
    """Return the form that is open, if one is."""
    flow = turn.flow(turn.session.draft)
    return flow if flow is not None and flow.form else None


def by_officer(turn: TurnBuilder) -> Service | None:
    """Return the service of the open form, if an officer fills in the rest of another one."""
    form = open_form(turn)
    service = turn.flows.services.get(form.id) if form is not None else None
    return service if service is not None and service.opens and not service.about_others else None


def begin(turn: TurnBuilder, form: str) -> bool:
    """Replace the open draft by one of this form; False if the form is closed to the person."""
    flow, draft = turn.flows.by_id[form], turn.session.draft
    if not flow.open_to("", turn.facts):
        drafts.open_flow(turn, form, "")
        return False
    held = dict(turn.draft_of(flow, "").answers)
    if draft is not None and not draft.subject and draft.on_behalf is None:
        held |= {s: a for s, a in draft.answers.items() if flow.step(s) is not None}
    held |= _in_this_form(flow)
    parked = tuple(
        one
        for one in turn.session.parked
        if one.flow != form
        and (one.flow, one.subject) != ((draft.flow, draft.subject) if draft is not None else None)
    )
    turn.session = structs.replace(
        turn.session,
        draft=Draft(form, "", held),
        parked=parked,
        asked=None,
        shown=(),
        clarifying=False,
        refusals=0,
        refused="",
        interrupted=None,
    )
    return True


def _in_this_form(flow: Flow) -> dict[str, Json]:
    """Return the answers by which a form is filled in itself, where another way is offered."""
    chosen: dict[str, Json] = {}
    for step in flow.steps:
        if step.forks and isinstance(step, Choose) and isinstance(step.options, tuple):
            chosen[step.id] = next(o for o in step.options if o not in step.leads)
    return chosen
