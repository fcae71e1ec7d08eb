"""Answers: passes events and picks to the open step, and acts on what it accepts or refuses."""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs

from conversations import lexicon
from conversations.commands import Typed
from conversations.effects import (
    CallPerson,
    Help,
    OfferPortrait,
    RememberPhone,
)
from conversations.engine import (
    asides,
    desk,
    drafts,
    echoing,
    erasing,
    first_page,
    leading,
    meeting,
    orders,
    questions,
    uploads,
    whereabouts,
)
from conversations.engine.builder import TurnBuilder, worded
from conversations.engine.joining import parts
from conversations.engine.meanings import GATHERED, Parts, Several
from conversations.events import (
    Event,
    Located,
    Said,
    SharedContact,
    Uploaded,
)
from conversations.flow import Flow, summary
from conversations.mending import same
from conversations.messages import (
    Json,
    Say,
)
from conversations.parsers import Refused
from conversations.parsers.evasions import evasion
from conversations.phrases import Command
from conversations.session import Choice, Draft
from conversations.step import LEFT, Prompt, Stay, Step, Wrong
from conversations.steps import QUIET
from conversations.ticketing import KeepFile


def give(turn: TurnBuilder, event: Event) -> None:
    """Pass an event to the open step."""
    step = turn.asked_step()
    draft = turn.session.draft
    if isinstance(event, Uploaded) and not (step is not None and step.takes_photos):
        _late_photo(turn, event)
        return
    if isinstance(event, Uploaded) and step is not None:
        _mark(turn, step, event)
    if isinstance(event, Located) and any(
        one.located(turn, event) for one in (desk, meeting, whereabouts)
    ):
        return
    if step is None or draft is None:
        _answer_no_step(turn, event)
        return
    found = parts(turn, event.text) if isinstance(event, Said) else None
    if found is not None:
        give_parts(turn, found)
        return
    try:
        if isinstance(event, Said):
            answer = turn.read(step, _amended(step, draft, event))
        else:
            answer = step.hear(event, turn.context(draft))
    except Stay as stay:
        _stay(turn, step, stay)
    except Refused as refusal:
        named = (
            isinstance(event, Said)
            and (turn.at_a_page() or not turn.flows.by_id[draft.flow].interrupts)
            and first_page.open_named(turn, event.text)
        )
        if not named:
            _refuse(turn, step, refusal)
    else:
        answer_step(turn, step, answer)


def _answer_no_step(turn: TurnBuilder, event: Event) -> None:
    """Answer an event where no question of a form is open."""
    if isinstance(event, Said) and asides.refuse_beneath(turn, event.text):
        return
    if turn.session.asked is None or turn.session.asked.flow != "common":
        first_page.answer(turn, None, "")
    else:
        drafts.digress(turn, questions.pick_one(turn))


def _amended(step: Step, draft: Draft, said: Said) -> Said:
    """Return the words for a question that is asked anew: "no 13" amends the address there."""
    if draft.editing != step.id or step.id not in draft.answers:
        return said
    return replace(said, text=step.amended(draft.answers[step.id], said.text))


def keep_contact(turn: TurnBuilder, event: SharedContact) -> None:
    """Store the person's own number; a contact of another person is not stored."""
    if event.own:
        keep_number(turn, event.phone)
    else:
        drafts.digress(turn, Say("common.contact_of_another"))


def keep_number(turn: TurnBuilder, number: str) -> None:
    """Store the number to call the person at, in E.164, and ask for the call.

    With a complaint open, the supervisor who answers it has the number.
    """
    turn.effects.append(RememberPhone(number))
    if asides.complains(turn):
        drafts.digress(turn, Say("common.number_noted", {"phone": number}))
        return
    turn.effects.append(CallPerson(Help.PHONE))
    turn.session = structs.replace(turn.session, calling=False)
    drafts.digress(turn, Say("common.contact_received", {"phone": number}))


def _late_photo(turn: TurnBuilder, event: Uploaded) -> None:
    """Keep a photo that was not asked for, if a step of the form takes it.

    An officer may write below it that it shows the officer.
    """
    meant = desk.read(turn, event.caption) if event.caption else None
    if meant is not None and meant.matter == "portrait":
        turn.lasting = True
        turn.effects.append(OfferPortrait(event.attachment_id))
        drafts.digress(turn, Say("own_portrait.done"))
        return
    found, waits = turn.photo_step(event.attachment_id), uploads.ticket(turn)
    if found is None and waits is not None:
        uploads.add(turn, waits, event)
        return
    if found is None:
        drafts.digress(turn, Say("common.photo_not_now"))
        return
    step, kept = found
    _mark(turn, step, event)
    draft = turn.open_draft()
    full = draft.answers.get(step.id) == kept
    answers = {**draft.answers, step.id: kept}
    turn.session = structs.replace(turn.session, draft=structs.replace(draft, answers=answers))
    turn.lasting, turn.after = True, QUIET
    key = "common.photos_enough" if full else "common.photo_added"
    drafts.digress(turn, Say(key, {"n": len(kept["ids"])}))


def _mark(turn: TurnBuilder, step: Step, event: Uploaded) -> None:
    """Ask for a file to be kept as what is sent with a complaint, if the step is for that."""
    if step.takes_sound:
        turn.effects.append(KeepFile(event.attachment_id))


def pick(turn: TurnBuilder, choice: Choice) -> None:
    """Carry out a choice that was shown."""
    draft, step = turn.session.draft, turn.asked_step()
    match choice.act:
        case "open" | "lead":
            leading.follow(turn, choice)
        case "command":
            orders.obey(turn, Typed(Command(choice.answer), ""))
        case "edit":
            _edit(turn, choice.answer)
        case "which":
            _ask_which(turn)
        case "again":
            _ask_again(turn)
        case "desk":
            desk.act(turn, choice.answer)
        case "answer":
            if turn.session.asked and turn.session.asked.step == GATHERED:
                _settle_gathered(turn, choice)
            elif turn.session.asked and turn.session.asked.flow == "common":
                _settle_own_question(turn, str(choice.answer))
            elif step is not None and draft is not None:
                try:
                    answer = step.picked(choice.answer, turn.context(draft))
                except Stay as stay:
                    _stay(turn, step, stay)
                else:
                    _leave_others(turn, step, answer)
                    answer_step(turn, step, answer)
            else:
                drafts.stale(turn)


def _leave_others(turn: TurnBuilder, step: Step, answer: Json) -> None:
    """Leave all steps of a joint question to the officer, if its first one is."""
    draft = turn.open_draft()
    flow, context = turn.flows.by_id[draft.flow], turn.context(draft)
    if answer != LEFT or not flow.asks_jointly(step, context):
        return
    for one in flow.steps:
        if one.can_leave and one.id in flow.answerable(step, context):
            draft = draft.answered(one.id, LEFT)
    turn.session = structs.replace(turn.session, draft=draft)


def give_parts(turn: TurnBuilder, given: Parts) -> None:
    """Keep the answers that were read of one message, and ask back about the part refused."""
    draft = turn.open_draft()
    flow = turn.flows.by_id[draft.flow]
    for step_id, answer in given.answers.items():
        draft = draft.answered(step_id, answer)
    turn.session = structs.replace(
        turn.session, draft=draft, refusals=0, clarifying=False, refused=""
    )
    context = turn.context(draft)
    steps = [step for step in flow.steps if step.id in given.answers]
    for step in steps:
        turn.effects += step.then(context, given.answers[step.id])
    echoing.echo(turn, context, steps)
    for step in steps:
        echoing.say_about(turn, context, step, given.answers[step.id])
    refused = flow.step(given.refused[0]) if given.refused else None
    if refused is None or given.refused is None:
        drafts.go_on(turn)
        return
    turn.put(turn.question(draft, refused.id), ())
    _refuse(turn, refused, given.refused[1], of_several=True)


def answer_step(turn: TurnBuilder, step: Step, answer: Json) -> None:
    """Store the answer of the open step, with its effects, and go on."""
    draft = turn.open_draft()
    held = echoing.is_held(turn, step, answer)
    if held:
        echoing.say_as_it_is(turn, step, answer)
        answer = draft.answers[step.id]
    draft = draft.answered(step.id, answer)
    if step.tells is not None and turn.said:
        told = step.tells(turn.context(draft), answer, turn.said)
        draft = structs.replace(draft, answers={**told, **draft.answers})
    turn.session = structs.replace(
        turn.session, draft=draft, refusals=0, clarifying=False, refused=""
    )
    context = turn.context(draft)
    turn.effects += step.then(context, answer)
    if step.complete(answer) and not held:
        echoing.echo(turn, context, [step])
    echoing.say_about(turn, context, step, answer)
    if answer in step.ends:
        turn.lasting = True
        turn.says.append(Say(context.key(step.id, str(answer), "end")))
        drafts.close(turn)
    else:
        drafts.go_on(turn)


def _stay(turn: TurnBuilder, step: Step, stay: Stay) -> None:
    draft = turn.open_draft()
    turn.effects += stay.effects
    if stay.say is not None and stay.asks:
        drafts.digress(turn, stay.say)
        return
    if stay.answer is None:
        if stay.say is not None:
            turn.says.append(stay.say)
        return  # the effects reply; the question stays open
    turn.lasting = True
    kept = {**draft.answers, step.id: stay.answer}
    turn.session = structs.replace(
        turn.session, draft=structs.replace(draft, answers=kept), refusals=0
    )
    choices = step.while_open(stay.answer)
    turn.show(step.id, Prompt(stay.say or step.prompt(turn.context(draft)).say, choices))
    turn.after = stay.after


def _refuse(turn: TurnBuilder, step: Step, refusal: Refused, *, of_several: bool = False) -> None:
    """Say why words were no answer, or ask which of their readings was meant."""
    draft = turn.open_draft()
    say = Say(f"refusals.{refusal.reason}", refusal.params)
    if refusal.reason == "pick_one":
        say = questions.pick_one(turn)
    if isinstance(refusal, Wrong):
        turn.effects += refusal.effects
        if refusal.last:
            turn.says.append(say)
            drafts.close(turn)
            return
    turn.not_understood()
    if refusal.readings and of_several and step.numeric:
        label = Say(turn.context(draft).key(step.id, "label"))
        say = Say("common.line", {"label": label, "answer": say})
    if refusal.readings:
        first, *others = refusal.readings
        sure = refusal.reason in _CONFIRMED or not others
        choices = [
            Choice(first.value, first.label, first.answer, means="yes" if sure else ""),
            *(
                Choice(r.value, r.label, r.answer, means="no" if r.value == "other" else "")
                for r in others
            ),
        ]
        if refusal.reason in _DENIED or (not sure and others):
            confirms = refusal.reason in _CONFIRMED
            no = Say("common.not_this") if confirms else Say("common.none_of_these")
            choices.append(Choice("none", no, None, "again", means="no"))
        turn.show(step.id, Prompt(say, tuple(choices)), clarifying=True)
        return
    turn.said_nothing = not isinstance(refusal, Wrong)
    refusals = turn.session.refusals + 1
    if step.can_leave and evasion(turn.said) == "unknown":
        refusals = max(refusals, questions.REFUSALS_BEFORE_HELP)  # the officer can fill it in
    why = f"{refusal.reason} {refusal.params}"
    if refusals > 1 and why == turn.session.refused_for and refusal.reason != "pick_one":
        say = questions.refused_again(refusals)
    turn.session = structs.replace(turn.session, refusals=refusals, refused_for=why)
    turn.says.append(say)
    questions.ask(turn, turn.flows.by_id[draft.flow], draft, step, refusals=refusals)


def confirm_several(turn: TurnBuilder, several: Several) -> None:
    """Show the facts of one message in a list, and ask whether they are right."""
    flow = turn.flows.by_id[several.flow]
    draft = turn.session.draft  # of somebody else, if an officer fills it in
    if draft is None or draft.flow != flow.id:
        draft = turn.draft_of(flow, "")
    drafts.switch_to(turn, structs.replace(draft, answers={**draft.answers, **several.answers}))
    turn.lasting = True
    _ask_gathered(turn, flow, list(several.answers))


def _ask_gathered(turn: TurnBuilder, flow: Flow, steps: list[str]) -> None:
    """Ask whether the answers to these steps are right."""
    held = turn.open_draft().answers
    turn.ask_own(
        GATHERED,
        (
            Choice("right", Say("common.gathered.right"), steps, means="yes"),
            Choice("wrong", Say("common.gathered.wrong"), steps, means="no"),
        ),
        lines=summary(flow, turn.context(Draft(flow.id, "", {step: held[step] for step in steps}))),
    )


def _settle_gathered(turn: TurnBuilder, choice: Choice) -> None:
    """Go on with confirmed facts; else ask which of them is wrong."""
    draft = turn.open_draft()
    flow = turn.flows.by_id[draft.flow]
    context = turn.context(draft)
    for step in flow.steps:
        if step.id in choice.answer and step.id in draft.answers:
            turn.effects += step.then(context, draft.answers[step.id])
    drafts.go_on(turn)
    if choice.value == "wrong":
        _ask_which(turn)


def explain(turn: TurnBuilder) -> None:
    """Say what the open question means and why it is asked."""
    drafts.digress(turn, Say(questions.why_key(turn)))


def correct(turn: TurnBuilder, step_id: str, words: str) -> None:
    """Change an earlier answer by words that name it; without readable words, ask it again."""
    draft = turn.open_draft()
    flow = turn.flows.by_id[draft.flow]
    step = flow.step(step_id)
    if step is None:
        drafts.go_on(turn)
        return
    gathered = _gathered(turn)
    before = draft.answers.get(step_id)
    turn.session = structs.replace(
        turn.session, draft=structs.replace(draft, editing=step_id), clarifying=False, refusals=0
    )
    if not words:
        drafts.go_on(turn)
        return
    context = turn.context(draft)
    try:
        answer = read_again(turn, step, words)
    except Refused as refusal:
        turn.put(turn.question(draft, step_id), ())
        _refuse(turn, step, refusal)
        return
    turn.lasting = True
    said = {"label": Say(context.key(step_id, "label")), "new": step.show(answer, context)}
    if step_id in draft.answers and same(before, answer):
        turn.says.append(Say("common.as_it_is", said))
        answer = before
    elif step_id in draft.answers:
        turn.says.append(Say("common.corrected", {**said, "old": step.show(before, context)}))
    else:
        turn.says.append(Say("common.noted_ahead", said))
    turn.session = structs.replace(turn.session, draft=draft.answered(step_id, answer))
    if gathered:
        _ask_gathered(turn, flow, [*dict.fromkeys((*gathered, step_id))])
        return
    turn.effects += step.then(turn.context(turn.open_draft()), answer)
    drafts.go_on(turn)


def _gathered(turn: TurnBuilder) -> list[str]:
    """Return the steps whose answers are being confirmed; empty at any other question."""
    asked = turn.session.asked
    if asked is None or asked.step != GATHERED or not turn.session.shown:
        return []
    return [str(step_id) for step_id in turn.session.shown[0].answer]


def read_again(turn: TurnBuilder, step: Step, words: str) -> Json:
    """Read the new answer of a step; a step with options takes the one that the words name."""
    draft = turn.open_draft()
    context = turn.context(draft)
    listed = None if step.takes_words else lexicon.options(draft.flow, step.id)
    try:
        return step.hear(Said(step.amended(draft.answers.get(step.id), words)), context)
    except Refused as refusal:
        if listed is None or refusal.reason != "pick_one":
            raise
    offered = {choice.value: choice for choice in step.prompt(context).choices}
    ranked = [one for one in listed.rank(words) if one.name in offered]
    if not ranked:
        raise Refused("pick_one")
    return step.picked(offered[ranked[0].name].answer, context)


def _settle_own_question(turn: TurnBuilder, answer: str) -> None:
    draft = turn.session.draft
    if asides.settle(turn, answer) or erasing.settle(turn, answer):
        return
    if answer in {"restart", "drop"} and draft is not None:
        turn.session = structs.replace(turn.session, draft=drafts.emptied(turn, draft))
    if answer == "drop":
        turn.effects += drafts.given_up(draft)
        turn.lasting = True
        turn.says.append(Say(worded(turn, "common.cancelled")))
        if draft is not None and not draft.subject:
            turn.tell("given_up", draft.flow)
        drafts.close(turn)
        if turn.session.asked is None:
            drafts.go_home(turn)
    else:
        drafts.go_on(turn)


def _ask_which(turn: TurnBuilder) -> None:
    draft = turn.session.draft
    flow = turn.flow(draft)
    if draft is None or flow is None:
        drafts.stale(turn)
        return
    context = turn.context(draft)
    choices = tuple(
        Choice(step.id, Say(context.key(step.id, "label")), step.id, "edit")
        for step in flow.applying(context)
        if step.counted and step.id in draft.answers
    )
    step_id = turn.session.asked.step if turn.session.asked else flow.steps[-1].id
    turn.show(step_id, Prompt(Say("common.which"), choices), clarifying=True)


def _edit(turn: TurnBuilder, step_id: str) -> None:
    draft = turn.session.draft
    if draft is None:
        drafts.stale(turn)
        return
    turn.session = structs.replace(turn.session, draft=structs.replace(draft, editing=step_id))
    drafts.go_on(turn)


def _ask_again(turn: TurnBuilder) -> None:
    draft, step = turn.session.draft, turn.asked_step()
    if erasing.is_open(turn):
        erasing.keep(turn)
        return
    if draft is None or step is None:
        drafts.stale(turn)
        return
    turn.says.append(Say("common.again"))
    refusals = turn.session.refusals + 1
    questions.ask(turn, turn.flows.by_id[draft.flow], draft, step, refusals=refusals)


#: Refusals that ask "is it this?": a plain "ya" picks the first reading. It may be wrong, so a "no"
#: choice is added, but for those with choices of their own.
_ASKED_BACK = {"confirm_name", "confirm_business_name", "confirm_street", "confirm_sum"}
_ASKED_BACK |= {"confirm_window", "nearest_window", "soonest_window", "arrival_reason"}
_ASKED_BACK |= {"name_too_short"}
_CONFIRMED = frozenset(_ASKED_BACK | {"confirm_place", "photo_or_done"})
_DENIED = frozenset(_ASKED_BACK | {"which_trade"})
