"""A step: one question, where it is asked, and what may come of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import timedelta
from typing import TypeAlias

from conversations.effects import Effect
from conversations.events import Event
from conversations.facts import Facts
from conversations.messages import InputKind, Json, Lines, Say, Value
from conversations.parsers import Refused
from conversations.session import Answers, Choice

When: TypeAlias = Callable[[Answers, Facts], bool]
Then: TypeAlias = Callable[["Context", Json], tuple[Effect, ...]]

LEFT: Json = {"left": True}  # the answer is left to the officer who comes


@dataclass(frozen=True, slots=True)
class Context:
    """Where a step is asked: its flow and subject, the answers so far, and the facts.

    `whom` is the person whom the form is about, where that is not the one who writes; `worded` is
    the flow's.
    """

    flow: str
    subject: str
    answers: Answers
    facts: Facts
    whom: int | None = None
    worded: Mapping[str, str] = field(default_factory=dict)

    def key(self, step: str, *parts: str) -> str:
        """A key of the catalogue that words this step."""
        return ".".join((self.worded.get(step, self.flow), step, *parts))


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question as it is put: its words, what may be picked, and what may be sent."""

    say: Say
    choices: tuple[Choice, ...] = ()
    wish: InputKind | None = None


class Wrong(Refused):
    """The answer was understood and is wrong, with consequences: a door code that does not fit.

    With `last` there is no further try: the flow is left.
    """

    def __init__(
        self,
        reason: str,
        params: Mapping[str, Value],
        *,
        effects: tuple[Effect, ...],
        last: bool = False,
    ) -> None:
        super().__init__(reason, params)
        self.effects, self.last = effects, last


class Stay(Exception):
    """The event was taken, and the question stays open: a first photo, a link sent again."""

    def __init__(
        self,
        *,
        answer: Json = None,
        say: Say | None = None,
        effects: tuple[Effect, ...] = (),
        after: timedelta = timedelta(0),
    ) -> None:
        super().__init__()
        self.answer, self.say, self.effects, self.after = answer, say, effects, after


def always(answers: Answers, facts: Facts) -> bool:
    """In every case."""
    return True


def nothing(context: Context, answer: Json) -> tuple[Effect, ...]:
    """No effect."""
    return ()


@dataclass(frozen=True, slots=True)
class Answered:
    """A condition on an earlier step: it was answered with one of these values."""

    step: str
    values: tuple[Json, ...]

    def __call__(self, answers: Answers, facts: Facts) -> bool:
        return answers.get(self.step) in self.values

    def __str__(self) -> str:
        return f"{self.step} = {' / '.join(map(str, self.values))}"


def answered(step: str, *values: Json) -> Answered:
    """Ask only if an earlier step was answered so."""
    return Answered(step, values)


@dataclass(frozen=True, slots=True)
class Step(ABC):
    """One question of a flow, which answers for itself: what it waits for, and what an answer is.

    `then` is what an answer brings about at once. A `numeric` step takes a bare number for an
    answer rather than for a pick from a list. Other matters may come between where it `rests`: the
    person waits there, perhaps for days. `ends` are answers that close the flow.
    """

    id: str
    _: KW_ONLY
    when: When = always
    then: Then = nothing
    counted: bool = True  # one of "3 of 12", and part of the summary
    numeric: bool = False
    rests: bool = False
    ends: tuple[Json, ...] = ()
    can_leave: bool = False  # after several refusals it may be left to the officer

    @abstractmethod
    def prompt(self, context: Context) -> Prompt:
        """The question as it is put."""

    @abstractmethod
    def read(self, event: Event, context: Context) -> Json:
        """Give the answer in an event.

        Raises:
            Refused: it is none. Stay: it is not all yet.
        """

    def phrased(self, say: Say, summary: Callable[[], Lines]) -> Say:
        """The question in its words; `summary` gives all answers, a line each."""
        return say

    def picked(self, answer: Json, context: Context) -> Json:
        """The answer in a pick.

        Raises:
            Stay: it does something and leaves the question open.
        """
        return answer

    def complete(self, answer: Json) -> bool:
        """Whether a stored answer is all that is asked."""
        return True

    def show(self, answer: Json, context: Context) -> Value:
        """The answer as it stands in the summary."""
        return ""

    def words(self, flow: str) -> tuple[str, ...]:
        """The keys this step needs in the catalogue."""
        return words_of(flow, self.id, (), self.counted, self.ends)

    @property
    def takes_words(self) -> bool:
        """Whether free words are an answer, such as a name: they tell no language."""
        return True

    @property
    def takes_photos(self) -> bool:
        """Whether a photo is an answer."""
        return False

    def asks_whether_a_name(self, refusal: Refused) -> bool:
        """Whether a refusal means: the words may be a name, though they mean something else."""
        return False

    def while_open(self, answer: Json) -> tuple[Choice, ...]:
        """Choices while more may come to an answer that is not complete yet."""
        return ()

    def with_photo(self, answer: Json, attachment_id: int) -> Json | None:
        """An answer with a photo that comes late; None where there is no room for one."""
        return None

    def without_photo(self, answer: Json, attachment_id: int) -> Json | None:
        """The rest of an answer whose photo is unusable; None where nothing is left."""
        return None

    def holds_photo(self, answer: Json, attachment_id: int) -> bool:
        """Whether a photo is part of an answer."""
        return False


def words_of(
    flow: str, step: str, options: tuple[str, ...], counted: bool, ends: tuple[Json, ...]
) -> tuple[str, ...]:
    """The keys of a step: its question, its options, its label, and what ends the flow."""
    keys = [f"{flow}.{step}", *(f"{flow}.{step}.{option}" for option in options)]
    if counted:
        keys.append(f"{flow}.{step}.label")
    keys += [f"{flow}.{step}.{value}.end" for value in ends if isinstance(value, str)]
    return tuple(keys)
