"""Differs: the step at which an officer picks what to correct, and sees what will be printed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass

from conversations.assisting import form_of
from conversations.events import Event
from conversations.mending import changed
from conversations.messages import Json, Lines, Say
from conversations.parsers import Refused
from conversations.session import Answers, Choice
from conversations.step import Context, Prompt, Step


def changes(
    steps: Iterable[Step], held: Answers, new: Answers, context: Context
) -> tuple[Say, ...]:
    """Return a line for each answer that changes: its label, the old and the new one."""
    return tuple(
        Say(
            "mending.change",
            {
                "label": Say(context.key(step.id, "label")),
                "old": step.show(held[step.id], context)
                if step.id in held
                else Say("mending.nothing"),
                "new": step.show(new[step.id], context),
            },
        )
        for step in steps
        if step.id in new
    )


@dataclass(frozen=True, slots=True)
class Differs(Step):
    """The question what differs from a case: the steps that may be mended, until all are."""

    _: KW_ONLY
    steps: tuple[Step, ...]
    counted: bool = False

    def prompt(self, context: Context) -> Prompt:
        form = context.facts.rounds.form(form_of(context.subject))
        mendable, held = (form.mendable, form.held) if form is not None else ((), {})
        items = tuple(
            Choice(step, Say(context.key(step, "label")), step, "edit") for step in mendable
        )
        drop = Choice("drop", Say(context.key(self.id, "drop")), "drop", means="no")
        new = changed(held, context.answers, mendable)
        if not new:
            return Prompt(Say(context.key(self.id)), (*items, drop))
        lines = Lines(changes(self.steps, held, new, context))
        send = Choice("send", Say(context.key(self.id, "send")), "send", means="yes")
        return Prompt(
            Say(context.key(self.id, "changed"), {"changes": lines}), (send, *items, drop)
        )

    def read(self, event: Event, context: Context) -> Json:
        raise Refused("pick_one")

    def phrased(self, say: Say, summary: Callable[[], Lines]) -> Say:
        return Say(say.key, {**say.params, "summary": summary()}) if say.params else say

    def words(self, flow: str) -> tuple[str, ...]:
        parts = ("", ".changed", ".send", ".drop", ".drop.end")
        return (*(f"{flow}.{self.id}{part}" for part in parts), "mending.change", "mending.nothing")

    @property
    def takes_words(self) -> bool:
        return False
