"""Questions: asks a step's question, with its number and its ways out."""

from __future__ import annotations

from dataclasses import replace
from functools import partial, reduce

from msgspec import structs

from conversations import lexicon, paper
from conversations.assisting import BY, corrects
from conversations.engine.builder import TurnBuilder
from conversations.flow import Flow, summary
from conversations.mending import DIFFERS, MENDING
from conversations.messages import (
    Lines,
    Say,
)
from conversations.phrases import Command
from conversations.session import Choice, Draft
from conversations.step import LEFT, Context, Prompt, Step

REFUSALS_BEFORE_HELP = 2  # then "leave it to the officer" and "talk to us" are offered
NAMED = 6  # choices that are named in a sentence
RESUME = "resume"  # the engine's own question, of the flow "common"


def ask(turn: TurnBuilder, flow: Flow, draft: Draft, step: Step, *, refusals: int = 0) -> None:
    """Ask a step's question; after several refusals, with more ways out."""
    context = turn.context(draft)
    prompt = step.prompt(context)
    choices = list(prompt.choices)
    if refusals >= REFUSALS_BEFORE_HELP:
        if step.can_leave:
            choices.append(Choice("leave", Say("common.leave_it"), LEFT))
        choices += _helped(turn, draft, step)
        choices.append(Choice("human", Say("common.talk_to_us"), Command.HUMAN, "command"))
    mends = draft.answers.get(BY) == MENDING
    if draft.on_behalf is not None and not mends:  # the person can go on in their own chat
        hand_over = Choice("hand_over", Say("assisted.hand_over"), Command.HAND_OVER, "command")
        choices.append(hand_over)
    asked = joint_key(flow, step, context)
    say = step.phrased(Say(asked) if asked else prompt.say, partial(_summary, turn, flow, context))
    if mends and step.id != DIFFERS:
        say = Say("mending.ask", {"question": say})
    number = flow.place_of(step, context)
    filled_in = not mends and not corrects(draft.subject)
    if flow.numbered and filled_in and number is not None:
        say = Say("common.numbered", {"n": number[0], "total": number[1], "question": say})
    shown = structs.replace(prompt, say=say, choices=tuple(choices))
    turn.show(step.id, shown, refusals=refusals)


def _helped(turn: TurnBuilder, draft: Draft, step: Step) -> list[Choice]:
    """Return the choice to have the whole form filled in by an officer, if there is such a way."""
    helper = turn.flows.services.helper_of(draft.flow, turn.facts.mine.services)
    offered = helper is not None and helper.id not in step.leads.values()
    if helper is None or not offered or draft.subject or draft.on_behalf is not None:
        return []
    return [Choice("helped", Say("common.helped"), helper.id, "lead")]


def _summary(turn: TurnBuilder, flow: Flow, context: Context) -> Lines:
    """Return all answers, a line each; those of a service's form as they will be printed."""
    service = turn.flows.services.get(flow.id)
    return paper.review(service, flow, context) if service else summary(flow, context)


def joint_key(flow: Flow, step: Step, context: Context) -> str:
    """Return the key of the question that asks for several steps; "" if this one is asked alone."""
    return context.key(step.id, "joined") if flow.asks_jointly(step, context) else ""


def why_key(turn: TurnBuilder) -> str:
    """Return the key of the open question's explanation; "" if it has none."""
    step, draft = turn.asked_step(), turn.session.draft
    flow = turn.flow(draft)
    if step is None or draft is None or flow is None:
        return ""
    context = turn.context(draft)
    key = f"{joint_key(flow, step, context) or context.key(step.id)}.why"
    return key if turn.flows.catalogue.has(key) else ""


def pick_one(turn: TurnBuilder) -> Say:
    """Return the sentence for words that name no choice; it names the choices.

    It is never the same twice in a row.
    """
    shown, step, draft = turn.session.shown, turn.asked_step(), turn.session.draft
    if step is not None and draft is not None and any(choice.act == "edit" for choice in shown):
        shown = step.prompt(turn.context(draft)).choices  # the step's own question follows
    labels: list[Say | str] = [choice.label for choice in shown[:NAMED]]
    if not labels:
        return Say("refusals.pick_one")
    if turn.facts.me.numbered:
        labels = [
            Say("common.number_of", {"n": n, "choice": label}) for n, label in enumerate(labels, 1)
        ]
    named = reduce(lambda said, label: Say("common.list", {"said": said, "next": label}), labels)
    again = turn.session.refusals % 2 == 1
    if turn.facts.me.numbered:
        key = "common.pick_number_again" if again else "common.pick_number"
    else:
        key = "common.pick_from_again" if again else "common.pick_from"
    return Say(key, {"options": named})


def refused_again(refusals: int) -> Say:
    """Return a sentence for an answer that is refused as the last one was; it alternates."""
    if refusals % 2:
        return Say("common.unread_still")
    return Say("common.unread_again")


def choose(turn: TurnBuilder, refusals: int) -> Say:
    """Return the sentence for words that name nothing on a first page; it alternates."""
    if refusals % 2 == 0:
        return Say("common.choose_from_menu")
    desk = turn.facts.me.desk
    return Say("common.choose_again" if desk == "owner" else "common.choose_again.staff")


def ask_to_resume(turn: TurnBuilder) -> None:
    """Ask whether to go on with the open form, or from its beginning."""
    turn.ask_own(
        RESUME,
        (
            Choice("continue", Say("common.resume.continue"), "continue", means="yes"),
            Choice("restart", Say("common.resume.restart"), "restart", means="no"),
        ),
    )


def ask_between(turn: TurnBuilder, choices: tuple[Choice, ...]) -> None:
    """Ask which of the choices was meant that the words name alike, or if it is the only one."""
    asked = turn.session.asked
    if asked is None:
        return
    turn.not_understood()
    say = Say("common.between")
    if len(choices) == 1:
        (choice,) = choices
        say = Say("common.meant", {"choice": choice.label})
        no = Choice("none", Say("common.not_this"), None, "again", means="no")
        choices = (structs.replace(choice, means="yes"), no)
    again = replace(asked, version=turn.session.version + 1)  # perhaps a question of our own
    turn.put(again, choices, clarifying=True)
    turn.prompt = Prompt(say, choices)


def beneath(turn: TurnBuilder) -> Step | None:
    """Return the next question of the open form, at a question of the engine's own."""
    asked, draft, flow = turn.session.asked, turn.session.draft, turn.flow(turn.session.draft)
    if asked is None or asked.flow != "common" or draft is None or flow is None:
        return None
    return flow.open_step(turn.context(draft))


def answer_named(turn: TurnBuilder, text: str) -> tuple[Choice, ...]:
    """Return the answer to be changed that the words name, at "which one is to be changed?"."""
    draft = turn.session.draft
    edits = {choice.value: choice for choice in turn.session.shown if choice.act == "edit"}
    flow = draft.flow if draft is not None else ""
    if not edits:  # answers of a case that was sent
        for choice in turn.session.shown:
            of_case = str(getattr(choice.label, "key", "")).removesuffix(f".{choice.value}.label")
            if of_case in turn.flows.by_id:
                edits[choice.value], flow = choice, of_case
    words = lexicon.answers(flow) if edits else None
    ranked = words.rank(text) if words is not None else []
    return tuple(edits[one.name] for one in ranked[:1] if one.name in edits)
