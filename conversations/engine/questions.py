"""Questions: asks a step's question, with its number and its ways out."""

from __future__ import annotations

from functools import partial, reduce

from conversations.engine.builder import TurnBuilder
from conversations.flow import Flow, summary
from conversations.messages import (
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
        choices.append(Choice("human", Say("common.talk_to_us"), Command.HUMAN, "command"))
    asked = joint_key(flow, step, context)
    say = step.phrased(Say(asked) if asked else prompt.say, partial(summary, flow, context))
    number = flow.place_of(step, context)
    if flow.numbered and not draft.subject and number is not None:
        say = Say("common.numbered", {"n": number[0], "total": number[1], "question": say})
    turn.show(step.id, Prompt(say, tuple(choices), prompt.wish), refusals=refusals)


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

    The second time in a row it is another one.
    """
    labels = [choice.label for choice in turn.session.shown[:NAMED]]
    if not labels:
        return Say("refusals.pick_one")
    named = reduce(lambda said, label: Say("common.list", {"said": said, "next": label}), labels)
    if turn.session.refusals:
        return Say("common.pick_from_again", {"options": named})
    return Say("common.pick_from", {"options": named})


def ask_to_resume(turn: TurnBuilder) -> None:
    """Ask whether to go on with the open form, or from its beginning."""
    turn.ask_own(
        RESUME,
        (
            Choice("continue", Say("common.resume.continue"), "continue", means="yes"),
            Choice("restart", Say("common.resume.restart"), "restart", means="no"),
        ),
    )
