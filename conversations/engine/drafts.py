"""Drafts: opens, parks, resumes and closes them, and shows the page that follows."""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs

from conversations import assisting
from conversations.assisting import DropForm, ProposeForm, RefuseForm
from conversations.effects import (
    AboutCase,
    AboutVisit,
    Assign,
    Called,
    Decide,
    Effect,
    Submit,
    Withdraw,
)
from conversations.engine import confirming, questions
from conversations.engine.builder import TurnBuilder, same, worded
from conversations.flow import Flow, summary
from conversations.messages import (
    Say,
)
from conversations.referrals import DecideReferral, LeaveUnsafe, PostponeVisit, SendToAll
from conversations.session import Answers, Draft
from conversations.step import Prompt
from conversations.supervision import DecidePortrait, SeeFlag
from conversations.ticketing import AnswerTicket

MAX_PARKED = 4  # parked drafts of one person; the oldest is dropped


def catch_up(turn: TurnBuilder) -> tuple[Say, ...]:
    """Update drafts from the database; return what is said if the open one is dropped as settled.

    For example, a visit is cancelled while its officer is asked about it, or its day comes.
    """
    draft = turn.session.draft
    flow = turn.flow(draft)
    settled = draft is not None and not turn.alive(draft)
    if settled:
        turn.session = structs.replace(
            turn.session, draft=None, asked=None, shown=(), clarifying=False, refusals=0
        )
    elif draft is not None and flow is not None:
        held = flow.prefill(draft.subject, turn.facts)
        given = {step: held[step] for step in flow.given & held.keys()}
        known = {**held, **draft.answers, **given}
        if known != draft.answers:
            turn.session = structs.replace(
                turn.session, draft=structs.replace(draft, answers=known)
            )
    alive = tuple(parked for parked in turn.session.parked if turn.alive(parked))
    if alive != turn.session.parked:
        turn.session = structs.replace(turn.session, parked=alive)
    return _closed(turn, flow, draft.subject) if settled and draft is not None else ()


def _closed(turn: TurnBuilder, flow: Flow | None, subject: str) -> tuple[Say, ...]:
    """Return what is said of a matter that is not open any more."""
    says = flow.closed(subject, turn.facts) if flow is not None else ()
    return says or (Say("common.gone"),)


def stale(turn: TurnBuilder, *says: Say) -> None:
    """Say that a button counts no more, and what stays as it is."""
    digress(turn, Say("common.stale"), *says)


def go_on(turn: TurnBuilder) -> None:
    """Ask the next open question, or finish the flow."""
    draft = turn.session.draft
    flow = turn.flow(draft)
    if draft is None or flow is None:
        go_home(turn)
        return
    context = turn.context(draft)
    step = flow.step(draft.editing) if draft.editing else None
    step = step or flow.open_step(context)
    if step is not None:
        questions.ask(turn, flow, draft, step)
        return
    ending = flow.finish(context)
    turn.lasting = True
    turn.effects += ending.effects
    turn.says += ending.says
    for effect in ending.effects:
        if isinstance(effect, Submit):
            turn.tell("submitted", effect.service)
        if isinstance(effect, Withdraw):
            turn.tell("given_up", turn.facts.the_case(str(effect.case_id)).service)
        if isinstance(effect, Decide):
            case = turn.facts.desk.the_case(str(effect.case_id))
            turn.tell("decided", f"{effect.decision} {case.number}")
        if isinstance(effect, Assign):
            turn.tell("assigned", str(effect.officer_id))
        if isinstance(effect, AnswerTicket):
            turn.tell("ticket", str(effect.case_id))
    close(turn)


def close(turn: TurnBuilder) -> None:
    """Close the open draft, and resume the form that it interrupted."""
    _forget_settled(turn)
    turn.session = structs.replace(
        turn.session,
        draft=None,
        asked=None,
        shown=(),
        clarifying=False,
        refusals=0,
        refused="",
        interrupted=None,
    )
    alive = tuple(d for d in turn.session.parked if turn.alive(d))
    forms = (d for d in reversed(alive) if turn.flows.by_id[d.flow].form)
    form = next(forms, None) if turn.facts.me.desk == "owner" else None
    parked = tuple(d for d in alive if d is not form)
    turn.session = structs.replace(turn.session, parked=parked, draft=form)
    if form is not None:
        turn.says.append(Say("common.back_to_it"))
        go_on(turn)
    elif turn.facts.me.desk != "owner":
        go_home(turn)


def _forget_settled(turn: TurnBuilder) -> None:
    """Remove from the facts what this turn's effects will change, so the next page omits it."""
    visits = {
        effect.visit_id
        for effect in turn.effects
        if isinstance(effect, AboutVisit | LeaveUnsafe | PostponeVisit)
    }
    cases = {
        effect.case_id for effect in turn.effects if isinstance(effect, AboutCase | DecideReferral)
    }
    if any(isinstance(effect, SendToAll) for effect in turn.effects):
        cases |= {case.id for case in turn.facts.desk.cases if case.told}
    called = {effect.called_id for effect in turn.effects if isinstance(effect, Called)}
    seen = {effect.portrait_id for effect in turn.effects if isinstance(effect, DecidePortrait)}
    flags = {effect.flag_id for effect in turn.effects if isinstance(effect, SeeFlag)}
    over = {effect.form_id for effect in turn.effects if isinstance(effect, DropForm)}
    filled = {effect.form_id for effect in turn.effects if isinstance(effect, ProposeForm)}
    if not (visits or cases or called or seen or flags or over or filled):
        return
    mine, rounds, desk = turn.facts.mine, turn.facts.rounds, turn.facts.desk
    turn.facts = replace(
        turn.facts,
        mine=replace(mine, visits=tuple(v for v in mine.visits if v.id not in visits)),
        rounds=replace(
            rounds,
            visits=tuple(v for v in rounds.visits if v.id not in visits),
            assisted=tuple(
                replace(form, waits=True) if form.id in filled else form
                for form in rounds.assisted
                if form.id not in over
            ),
        ),
        desk=replace(
            desk,
            cases=tuple(c for c in desk.cases if c.id not in cases),
            visits=tuple(v for v in desk.visits if v.id not in visits),
            calls=tuple(c for c in desk.calls if c.id not in called),
            flags=tuple(f for f in desk.flags if f.id not in flags),
            portraits=tuple(p for p in desk.portraits if p.id not in seen),
        ),
    )


def digress(turn: TurnBuilder, *says: Say) -> None:
    """Say something, and show the open question again unchanged."""
    turn.says += map(turn.varied, says)
    asked, draft = turn.session.asked, turn.session.draft
    if asked is None:
        go_home(turn)
    elif asked.flow == "common":
        turn.prompt = Prompt(_own_question(turn, asked.step), turn.session.shown)
    elif draft is not None and not turn.session.clarifying:
        step = turn.asked_step()
        flow = turn.flows.by_id[draft.flow]
        if step is None:
            go_on(turn)
        elif step.id in draft.answers and (choices := step.while_open(draft.answers[step.id])):
            turn.show(step.id, Prompt(Say("common.more_photos"), choices))
        else:
            questions.ask(turn, flow, draft, step, refusals=turn.session.refusals)
    else:
        turn.prompt = Prompt(Say("common.pick_shown"), turn.session.shown)


def _own_question(turn: TurnBuilder, step: str) -> Say:
    """Return a question of the engine itself, to ask it once more; a list is made anew."""
    if step == confirming.DESK:
        return confirming.sentence(turn.session.shown)
    draft, flow = turn.session.draft, turn.flow(turn.session.draft)
    named = next((choice.answer for choice in turn.session.shown), None)
    if not isinstance(named, list) or draft is None or flow is None:
        return Say(worded(turn, f"common.{step}"))
    some = {step_id: draft.answers[step_id] for step_id in named if step_id in draft.answers}
    return Say(f"common.{step}", {"lines": summary(flow, turn.context(Draft(flow.id, "", some)))})


def emptied(turn: TurnBuilder, draft: Draft) -> Draft:
    """Return a form as it was opened: empty, or with the answers of the case that it mends."""
    form = turn.facts.rounds.form(assisting.form_of(draft.subject))
    answers: Answers = {}
    if form is not None:
        answers = {**form.held, **turn.flows.by_id[draft.flow].prefill(draft.subject, turn.facts)}
    return structs.replace(draft, answers=answers, editing=None)


def given_up(draft: Draft | None) -> tuple[Effect, ...]:
    """Return that an assisted form is dropped by its officer, or refused by the person."""
    form_id = assisting.form_of(draft.subject) if draft is not None else None
    if draft is None or form_id is None:
        return ()
    return (RefuseForm(form_id) if draft.on_behalf is None else DropForm(form_id),)


def leave(turn: TurnBuilder, *, to_menu: bool = False) -> None:
    """Go to the first page, or back to the interrupted form; the open draft is kept."""
    draft, flow = turn.session.draft, turn.flow(turn.session.draft)
    if draft is not None and flow is not None and turn.alive(draft):
        turn.says += flow.left(draft.subject, turn.facts)
    interrupting = flow is not None and not flow.form and not flow.home
    if interrupting and not to_menu and any(turn.alive(d) for d in turn.session.parked):
        close(turn)
        return
    if turn.worth_resuming(draft):
        turn.lasting = True
        turn.says.append(Say("common.kept"))
    park(turn)
    go_home(turn)


def go_home(turn: TurnBuilder) -> None:
    """Show the first page of this person's role; drop forms without an answer."""
    turn.session = structs.replace(
        turn.session, parked=tuple(d for d in turn.session.parked if d.answers)
    )
    if turn.session.draft is not None and not turn.session.draft.answers:
        turn.session = structs.replace(turn.session, draft=None, asked=None, shown=())
    flow = turn.flows.home(turn.facts.me.desk)
    switch_to(turn, Draft(flow.id))
    go_on(turn)


def open_flow(turn: TurnBuilder, flow_id: str, subject: str) -> None:
    """Begin a flow, or resume its draft."""
    flow = turn.flows.by_id.get(flow_id)
    if flow is not None and not subject and _stands(turn, flow):
        return
    if flow is None or not flow.open_to(subject, turn.facts):
        turn.says += (say for say in _closed(turn, flow, subject) if say not in turn.says)
        go_home(turn)
        return
    draft = turn.draft_of(flow, subject)
    switch_to(turn, draft)
    if turn.worth_resuming(draft) and not flow.prefill(subject, turn.facts):
        questions.ask_to_resume(turn)
    else:
        go_on(turn)


def _stands(turn: TurnBuilder, flow: Flow) -> bool:
    """Show how the open case stands of a service that is asked for once; False if there is none.

    Its time may be chosen, or changed.
    """
    service, mine = turn.flows.services.get(flow.id), turn.facts.mine
    case = mine.open_case(flow.id) if service is not None and service.once else None
    if case is None:
        return False
    window = turn.flows.by_id["visit_window"]
    turn.says.append(Say("common.asked_once", {"number": case.number}))
    if window.open_to(str(case.id), turn.facts):
        open_flow(turn, window.id, str(case.id))
    else:
        page = next(one for one in turn.flows.by_id.values() if one.status == "owner")
        park(turn)
        open_flow(turn, page.id, "")
    return True


def switch_to(turn: TurnBuilder, draft: Draft) -> None:
    """Make a draft the open one, and park another one that was open."""
    current = turn.session.draft
    if current is not None and not same(current, draft):
        park(turn)
    turn.session = structs.replace(
        turn.session,
        draft=draft,
        parked=tuple(d for d in turn.session.parked if not same(d, draft)),
        clarifying=False,
        refusals=0,
    )


def park(turn: TurnBuilder) -> None:
    draft = turn.session.draft
    flow = turn.flow(draft)
    others = tuple(d for d in turn.session.parked if draft is None or not same(d, draft))
    if draft is None or flow is None or not _worth_keeping(flow, draft, len(others)):
        turn.session = structs.replace(turn.session, draft=None, asked=None, shown=())
        return
    turn.session = structs.replace(
        turn.session,
        draft=None,
        asked=None,
        shown=(),
        parked=(*others, structs.replace(draft, editing=None))[-MAX_PARKED:],
    )


def _worth_keeping(flow: Flow, draft: Draft, others: int) -> bool:
    """Whether a draft is parked rather than dropped: it has answers, or is a form just begun.

    A form without an answer never displaces a parked draft.
    """
    if not draft.answers:
        return flow.form and not draft.subject and others < MAX_PARKED
    return flow.form or bool(draft.subject)
