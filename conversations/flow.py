"""A flow: a form or a page in chat, declared in one file, with its words in one catalogue.

The words of a step are in the flow's catalogue under the step's id:

    [step]               the question
    [step.label]         the line in the summary, if the step is part of one
    [step.<option>]      a choice
    [step.<option>.end]  the reply when a choice ends the flow
    [step.said]          an echo of the answer (optional): {answer}
    [step.joined]        the question for several steps at once; `step` is the first of them
    [step.joined.why]    its explanation
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field

from conversations.assisting import corrects
from conversations.effects import Effect
from conversations.facts import Facts, Role
from conversations.messages import Lines, Say
from conversations.parsers import Split
from conversations.session import Answers
from conversations.step import (
    Answered,
    Context,
    Step,
    always,
)


@dataclass(frozen=True, slots=True)
class Ending:
    """The effects and the sentences of a finished flow."""

    effects: tuple[Effect, ...] = ()
    says: tuple[Say, ...] = ()


@dataclass(frozen=True, slots=True)
class Joined:
    """Steps whose answers may come in one message, next to each other in the flow.

    They are asked in one question while none of them is answered; what is left is asked alone.
    """

    steps: tuple[str, ...]
    split: Split


def _no_ending(context: Context) -> Ending:
    return Ending()


def _no_answers(subject: str, facts: Facts) -> Answers:
    return {}


def _nothing(subject: str, facts: Facts) -> tuple[Say, ...]:
    return ()


def _any_subject(subject: str, facts: Facts) -> bool:
    return True


def _no_steps(subject: str, facts: Facts) -> frozenset[str]:
    return frozenset()


def _applying(steps: Iterable[Step], context: Context) -> list[Step]:
    """Return the steps whose questions apply; it is asked of each step of a form in each turn."""
    answers, facts = context.answers, context.facts
    ours = not context.subject and context.whom is None
    return [
        one
        for one in steps
        if (ours or not one.forks) and (one.when is always or one.when(answers, facts))
    ]


@dataclass(frozen=True, slots=True)
class Flow:
    """A form or a page: its questions in order, and the ending when all are answered.

    `prefill` returns the answers that the database already holds about a subject; a draft that is
    opened takes them instead of its own. `alive` tells whether a subject is still open, and `mends`
    which optional steps are asked about it. `left` returns what is said to a person who leaves it
    without an answer: what stays as it is. `closed` returns why a subject can't be opened, if there
    is more to say than that it is settled. `worded` maps steps to the catalogue of their words, if
    it is not the flow's own.
    """

    id: str
    steps: tuple[Step, ...]
    finish: Callable[[Context], Ending] = _no_ending
    prefill: Callable[[str, Facts], Answers] = _no_answers
    alive: Callable[[str, Facts], bool] = _any_subject
    mends: Callable[[str, Facts], frozenset[str]] = _no_steps
    left: Callable[[str, Facts], tuple[Say, ...]] = _nothing
    closed: Callable[[str, Facts], tuple[Say, ...]] = _nothing
    together: tuple[Joined, ...] = ()
    numbered: bool = False  # its questions are shown as "3 of 12"
    home: Role | None = None  # the role whose first page it is
    only: Role | None = None  # the only role that may use it; None: everybody
    status: Role | None = None  # the role whose status page it is
    interrupts: bool = True  # news about it may interrupt other questions
    form: bool = True  # its answers are kept when another flow interrupts it
    worded: Mapping[str, str] = field(default_factory=dict)  # step -> catalogue
    given: frozenset[str] = frozenset()  # answers of `prefill` that no step asks for: they hold
    _steps: Mapping[str, Step] = field(init=False, repr=False, compare=False)  # by id
    _joined: Mapping[str, Joined] = field(init=False, repr=False, compare=False)  # by step
    _counted: tuple[Step, ...] = field(init=False, repr=False, compare=False)
    _corrigible: tuple[Step, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        set_field = object.__setattr__  # the flow is frozen
        set_field(self, "_steps", {step.id: step for step in reversed(self.steps)})
        set_field(self, "_joined", {one: j for j in reversed(self.together) for one in j.steps})
        set_field(self, "_corrigible", tuple(step for step in self.steps if not step.forks))
        set_field(self, "_counted", tuple(s for s in self.steps if s.counted and not s.optional))

    @property
    def corrigible(self) -> tuple[Step, ...]:
        """The steps whose answers words may correct: those about how to fill it in are none."""
        return self._corrigible

    def open_to(self, subject: str, facts: Facts) -> bool:
        """Whether this person may use the flow, and the subject is still open."""
        allowed = self.only is None or self.only in facts.me.roles
        return allowed and self.alive(subject, facts)

    def step(self, step_id: str) -> Step | None:
        """Return the step with this id; None if this version of the flow has none."""
        return self._steps.get(step_id)

    def open_step(self, context: Context) -> Step | None:
        """Return the next question: the first that applies and has no complete answer."""
        answers = context.answers
        for step in self.steps:
            if step.id in answers and step.complete(answers[step.id]):
                continue
            if _applying((step,), context) and self.asks(step, context):
                return step
        return None

    def asks(self, step: Step, context: Context) -> bool:
        """Whether a step is asked of itself, which an optional one is only to mend it."""
        return not step.optional or step.id in self.mends(context.subject, context.facts)

    def joined(self, step_id: str) -> Joined | None:
        """Return the steps that are asked together with this one, if any."""
        return self._joined.get(step_id)

    def asks_jointly(self, step: Step, context: Context) -> bool:
        """Whether the question of this step asks for the steps after it as well."""
        joined = self.joined(step.id)
        if joined is None or corrects(context.subject) or joined.steps[0] != step.id:
            return False
        return len(self._required(joined)) > 1 and not context.answers.keys() & {*joined.steps}

    def answerable(self, step: Step, context: Context) -> tuple[str, ...]:
        """Return the steps that an answer to this one may answer too, itself included."""
        joined = self.joined(step.id)
        if joined is None or corrects(context.subject) or step.optional:
            return (step.id,)
        required = self._required(joined)
        return tuple(
            one
            for one in joined.steps
            if one == step.id or one not in context.answers or one not in required
        )

    def _required(self, joined: Joined) -> tuple[str, ...]:
        return tuple(s.id for s in self.steps if s.id in joined.steps and not s.optional)

    def place_of(self, step: Step, context: Context) -> tuple[int, int] | None:
        """Return a question's number, and how many there are; None if it is not counted."""
        counted = [one.id for one in _applying(self._counted, context)]
        if step.id not in counted:
            return None
        firsts = [one for one in counted if (j := self.joined(one)) is None or j.steps[0] == one]
        joined = self.joined(step.id)
        return firsts.index(joined.steps[0] if joined else step.id) + 1, len(firsts)

    def applying(self, context: Context) -> tuple[Step, ...]:
        """The questions that apply, answered or not."""
        return tuple(_applying(self.steps, context))

    def words(self) -> tuple[str, ...]:
        """All keys this flow needs in its catalogue."""
        own = tuple(
            key for step in self.steps for key in step.words(self.worded.get(step.id, self.id))
        )
        asked = [f"{self.id}.{j.steps[0]}" for j in self.together if len(self._required(j)) > 1]
        return own + tuple(f"{key}.{part}" for key in asked for part in ("joined", "joined.why"))

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
        for joined in self.together:
            if "|".join(joined.steps) not in "|".join(ids):
                found.append(f"{self.id}: {' and '.join(joined.steps)} do not follow each other")
        return found


def summary(flow: Flow, context: Context, *, but: Container[str] = ()) -> Lines:
    """The answers, a line each, `but` those of some steps."""
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
            if step.counted and step.id in context.answers and step.id not in but
        )
    )
