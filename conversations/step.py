"""A step: one question of a flow, its context, and the outcomes of an answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import timedelta
from typing import TypeAlias

import msgspec

from conversations.effects import Effect
from conversations.events import Event, Said
from conversations.facts import Facts
from conversations.messages import InputKind, Json, Lines, Say, Value
from conversations.parsers import Refused
from conversations.session import Answers, Choice

When: TypeAlias = Callable[[Answers, Facts], bool]
Then: TypeAlias = Callable[["Context", Json], tuple[Effect, ...]]
#: Returns answers to later questions that the words of an answer hold.
Tells: TypeAlias = Callable[["Context", Json, str], Answers]
#: Returns how words are met that no question of a form takes, such as an accusation; else None.
Heed: TypeAlias = Callable[[str], "Refused | Stay | None"]

LEFT: Json = {"left": True}  # the answer is left to the officer who comes


class Context(msgspec.Struct, frozen=True):
    """The context of a step: its flow and subject, the answers so far, and the facts.

    `whom` is the person whom the form is about, if that is not the sender; `worded` is the flow's
    `Flow.worded`.
    """

    flow: str
    subject: str
    answers: Answers
    facts: Facts
    whom: int | None = None
    worded: Mapping[str, str] = msgspec.field(default_factory=dict)

    def key(self, step: str, *parts: str) -> str:
        """Return a catalogue key of this step."""
        return ".".join((self.worded.get(step, self.flow), step, *parts))


class Prompt(msgspec.Struct, frozen=True):
    """A question as it is shown: its sentence, its choices, and the input that is asked for.

    `picture` is the path of a photo, which is shown once while the matter is open.
    """

    say: Say
    choices: tuple[Choice, ...] = ()
    wish: InputKind | None = None
    picture: str | None = None


class Wrong(Refused):
    """The answer was understood and is wrong, which has effects: a wrong door code.

    With `last`, there is no further try: the flow is closed.
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
    """The event was accepted, and the question stays open: a first photo, a link sent again.

    With `asks`, the question is shown again after what is said.
    """

    def __init__(
        self,
        *,
        answer: Json = None,
        say: Say | None = None,
        effects: tuple[Effect, ...] = (),
        after: timedelta = timedelta(0),
        asks: bool = False,
    ) -> None:
        super().__init__()
        self.answer, self.say, self.effects, self.after = answer, say, effects, after
        self.asks = asks


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
    """Return the condition that an earlier step was answered with one of these values."""
    return Answered(step, values)


@dataclass(frozen=True, slots=True)
class Step(ABC):
    """One question of a flow, with its condition, its prompt and how an event is read.

    `then` returns the immediate effects of an answer. A `numeric` step reads a bare number as an
    answer rather than as a pick from a list. A step that `rests` may stay open for days, so other
    matters may interrupt it. One that `confirms` shows what will be sent: only a tap on its last
    showing counts. `ends` are answers that close the flow. An `optional` step is asked
    only to change or to mend its answer, which is taken when the person gives it. Words that
    it `heeds` come before its answers, and before anything else that they mean. Words that tell
    answers to later steps imply the answer `implied` to this one; those of an answer may also
    hold what it `tells`.
    """

    id: str
    _: KW_ONLY
    when: When = always
    then: Then = nothing
    counted: bool = True  # one of "3 of 12", and part of the summary
    numeric: bool = False
    story: bool = False
    rests: bool = False
    confirms: bool = False
    ends: tuple[Json, ...] = ()
    can_leave: bool = False  # after several refusals it may be left to the officer
    optional: bool = False
    forks: bool = False  # asks how to fill the form in: never of somebody else, nor in a case
    leads: Mapping[str, str] = field(default_factory=dict)  # choice -> the form it goes on in
    heeds: Heed | None = None
    implied: str = ""
    tells: Tells | None = None

    @abstractmethod
    def prompt(self, context: Context) -> Prompt:
        """Return the question as it is shown."""

    @abstractmethod
    def read(self, event: Event, context: Context) -> Json:
        """Return the answer in an event.

        Raises:
            Refused: there is none. Stay: the answer is not complete yet.
        """

    def hear(self, event: Event, context: Context) -> Json:
        """Return the answer in an event, unless the step heeds its words.

        Raises:
            Refused, Stay: as `read`, or what the step heeds.
        """
        met = self.heeds(event.text) if self.heeds is not None and isinstance(event, Said) else None
        if met is not None:
            raise met
        return self.read(event, context)

    def amended(self, answer: Json, words: str) -> str:
        """Return words that correct a part of an answer, completed by its other parts."""
        return words

    def phrased(self, say: Say, summary: Callable[[], Lines]) -> Say:
        """Return the question's sentence; `summary` returns all answers, a line each."""
        return say

    def picked(self, answer: Json, context: Context) -> Json:
        """Return the answer of a pick.

        Raises:
            Stay: the pick has effects and leaves the question open.
        """
        return answer

    def complete(self, answer: Json) -> bool:
        """Whether a stored answer is complete."""
        return True

    def show(self, answer: Json, context: Context) -> Value:
        """Return the answer as the summary shows it."""
        return ""

    def words(self, flow: str) -> tuple[str, ...]:
        """Return the keys that this step needs in the catalogue."""
        return words_of(flow, self.id, (), self.counted, self.ends)

    @property
    def takes_words(self) -> bool:
        """Whether free words are an answer, such as a name; such words show no language."""
        return True

    @property
    def takes_place(self) -> bool:
        """Whether a location is an answer."""
        return False

    @property
    def takes_photos(self) -> bool:
        """Whether a photo is an answer."""
        return False

    def bars(self, text: str) -> bool:
        """Whether this step alone reads the words, whatever else they mean: an accusation."""
        return self.heeds is not None and self.heeds(text) is not None

    def understands(self, refusal: Refused) -> bool:
        """Whether refused words are for this step, although they have another meaning as well."""
        return False

    def while_open(self, answer: Json) -> tuple[Choice, ...]:
        """Return the choices shown while an answer is not complete."""
        return ()

    @property
    def takes_sound(self) -> bool:
        """Whether the photos of this step may be recordings as well."""
        return False

    def with_photo(self, answer: Json, attachment_id: int) -> Json | None:
        """Return the answer with a photo that was not asked for; unchanged if it is full.

        None if the step takes no such photo.
        """
        return None

    def without_photo(self, answer: Json, attachment_id: int) -> Json | None:
        """Return the answer without an unusable photo; None if nothing is left."""
        return None

    def holds_photo(self, answer: Json, attachment_id: int) -> bool:
        """Whether a photo is part of an answer."""
        return False


def lead(step: Step, value: str, context: Context) -> Choice:
    """Return the choice that goes on in another form."""
    return Choice(value, Say(context.key(step.id, value)), step.leads[value], "lead")


def words_of(
    flow: str, step: str, options: tuple[str, ...], counted: bool, ends: tuple[Json, ...]
) -> tuple[str, ...]:
    """Return a step's keys: its question, options, label, and the replies that end the flow."""
    keys = [f"{flow}.{step}", *(f"{flow}.{step}.{option}" for option in options)]
    if counted:
        keys.append(f"{flow}.{step}.label")
    keys += [f"{flow}.{step}.{value}.end" for value in ends if isinstance(value, str)]
    return tuple(keys)
