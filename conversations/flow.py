"""A flow: a form or a page in chat, declared in one file, with its words in one catalogue.

The words of a step are in the flow's catalogue under the step's id:

    [step]               the question
    [step.label]         the line in the summary, if the step is part of one
    [step.<option>]      a choice
    [step.<option>.end]  the reply when a choice ends the flow
    [step.said]          an echo of the answer (optional): {answer}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from conversations.effects import Effect
from conversations.facts import Facts, Role
from conversations.messages import Lines, Say
from conversations.session import Answers
from conversations.step import (
    Answered,
    Context,
    Step,
)


@dataclass(frozen=True, slots=True)
class Ending:
    """The effects and the sentences of a finished flow."""

    effects: tuple[Effect, ...] = ()
    says: tuple[Say, ...] = ()


def _no_ending(context: Context) -> Ending:
    return Ending()


def _no_answers(subject: str, facts: Facts) -> Answers:
    return {}


def _any_subject(subject: str, facts: Facts) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Flow:
    """A form or a page: its questions in order, and the ending when all are answered.

    `prefill` returns the answers that the database already holds about a subject; a draft that is
    opened takes them instead of its own. `alive` tells whether a subject is still open. `worded`
    maps steps to the catalogue of their words, if it is not the flow's own.
    """

    id: str
    steps: tuple[Step, ...]
    finish: Callable[[Context], Ending] = _no_ending
    prefill: Callable[[str, Facts], Answers] = _no_answers
    alive: Callable[[str, Facts], bool] = _any_subject
    numbered: bool = False  # its questions are shown as "3 of 12"
    home: Role | None = None  # the role whose first page it is
    only: Role | None = None  # the only role that may use it; None: everybody
    status: Role | None = None  # the role whose status page it is
    interrupts: bool = True  # news about it may interrupt other questions
    form: bool = True  # its answers are kept when another flow interrupts it
    worded: Mapping[str, str] = field(default_factory=dict)  # step -> catalogue
    given: frozenset[str] = frozenset()  # answers of `prefill` that no step asks for

    def open_to(self, subject: str, facts: Facts) -> bool:
        """Whether this person may use the flow, and the subject is still open."""
        allowed = self.only is None or self.only in facts.me.roles
        return allowed and self.alive(subject, facts)

    def step(self, step_id: str) -> Step | None:
        """Return the step with this id; None if this version of the flow has none."""
        return next((step for step in self.steps if step.id == step_id), None)

    def open_step(self, context: Context) -> Step | None:
        """Return the next question: the first that applies and has no complete answer."""
        for step in self.steps:
            if step.when(context.answers, context.facts):
                if step.id not in context.answers:
                    return step
                if not step.complete(context.answers[step.id]):
                    return step
        return None

    def applying(self, context: Context) -> tuple[Step, ...]:
        """The questions that apply, answered or not."""
        return tuple(s for s in self.steps if s.when(context.answers, context.facts))

    def words(self) -> tuple[str, ...]:
        """All keys this flow needs in its catalogue."""
        return tuple(
            key for step in self.steps for key in step.words(self.worded.get(step.id, self.id))
        )

    def problems(self) -> list[str]:
        """Problems of the declaration, all at once."""
        ids = [step.id for step in self.steps]
        found = [f"{self.id}: two steps are called {i!r}" for i in {*ids} if ids.count(i) > 1]
        if "|" in self.id or "." in self.id:
            found.append(f"{self.id}: a flow's id may hold neither '|' nor '.'")
        for step in self.steps:
            condition = step.when
            if isinstance(condition, Answered) and condition.step not in ids[: ids.index(step.id)]:
                found.append(f"{self.id}.{step.id}: {condition.step!r} is not asked before it")
        return found


def summary(flow: Flow, context: Context) -> Lines:
    """The answers, a line each."""
    return Lines(
        tuple(
            Say(
                "common.line",
                {
                    "label": Say(context.key(step.id, "label")),
                    "answer": step.show(context.answers[step.id], context),
                },
            )
            for step in flow.applying(context)
            if step.counted and step.id in context.answers
        )
    )
