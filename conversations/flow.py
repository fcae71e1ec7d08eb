"""A flow: a public service as a form, declared in one file and worded in one catalogue.

The words of a step stand in the flow's catalogue under the step's id:

    [step]               the question
    [step.label]         the line in the summary, if the step is part of one
    [step.<option>]      a choice
    [step.<option>.end]  what is said when a choice ends the flow
    [step.said]          an echo of the answer, if one is wanted: {answer}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from typing import Literal, Protocol, TypeAlias

from conversations.effects import Effect
from conversations.events import Event, Located, Said, Uploaded
from conversations.facts import City, Facts, Role
from conversations.messages import Json, Lines, Say, Value, Wish
from conversations.parsers import Parser, Reading, Refused
from conversations.parsers.place import kelurahan
from conversations.session import Answers, Offer

When: TypeAlias = Callable[[Answers, Facts], bool]
Then: TypeAlias = Callable[["Context", Json], tuple[Effect, ...]]

LEFT: Json = {"left": True}  # the answer is left to the officer who comes
QUIET = timedelta(seconds=2)  # after a photo, before counting back: albums arrive one by one
SAME_PLACE_KM = 5  # the largest kelurahan reach 4 km from their centroid


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
    offers: tuple[Offer, ...] = ()
    wish: Wish | None = None


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


class Step(Protocol):
    """One question of a flow."""

    @property
    def id(self) -> str: ...
    @property
    def when(self) -> When: ...
    @property
    def then(self) -> Then: ...
    @property
    def counted(self) -> bool:
        """Whether it is one of "3 of 12", and part of the summary."""
        ...

    @property
    def numeric(self) -> bool:
        """Whether a bare number is an answer rather than a pick from a list."""
        ...

    @property
    def rests(self) -> bool:
        """Whether other matters may come between: the person waits here, perhaps for days."""
        ...

    @property
    def ends(self) -> tuple[Json, ...]:
        """Answers that close the flow."""
        ...

    def prompt(self, context: Context) -> Prompt: ...

    def read(self, event: Event, context: Context) -> Json:
        """Give the answer in an event.

        Raises:
            Refused: it is none. Stay: it is not all yet.
        """
        ...

    def complete(self, answer: Json) -> bool:
        """Whether a stored answer is all that is asked."""
        ...

    def show(self, answer: Json, context: Context) -> Value:
        """The answer as it stands in the summary."""
        ...

    def words(self, flow: str) -> tuple[str, ...]:
        """The keys this step needs in the catalogue."""
        ...


@dataclass(frozen=True, slots=True)
class Ask:
    """A question answered in words. `options` are buttons for usual answers: value -> answer."""

    id: str
    parse: Parser
    options: Mapping[str, Json] = field(default_factory=dict)
    when: When = always
    then: Then = nothing
    counted: bool = True
    numeric: bool = False
    can_leave: bool = False  # after three refusals it may be left to the officer
    none_of_these: bool = False  # readings may all be wrong
    rests: bool = False
    ends: tuple[Json, ...] = ()
    shows: Callable[[Json, Facts], Value] | None = None
    params: Callable[[Context], Mapping[str, Value]] | None = None

    def prompt(self, context: Context) -> Prompt:
        offers = tuple(
            Offer(value, Say(context.key(self.id, value)), answer)
            for value, answer in self.options.items()
        )
        params = self.params(context) if self.params else {}
        return Prompt(Say(context.key(self.id), params), offers)

    def read(self, event: Event, context: Context) -> Json:
        if isinstance(event, Said):
            return self.parse(event.text, context.facts)
        raise Refused("words_please")

    def complete(self, answer: Json) -> bool:
        return True

    def show(self, answer: Json, context: Context) -> Value:
        if answer == LEFT:
            return Say("common.left")
        for value, stored in self.options.items():
            if stored == answer:
                return Say(context.key(self.id, value))
        if self.shows:
            return self.shows(answer, context.facts)
        return str(answer)

    def words(self, flow: str) -> tuple[str, ...]:
        return _words(flow, self.id, tuple(self.options), self.counted, self.ends)


@dataclass(frozen=True, slots=True)
class Choose:
    """A question with a few answers: fixed ones, or such as follow from the facts.

    `means` says which option a plain "ya" or "tidak" picks; `also` are ways out that are offered
    last; `stays` are options that do something and leave the question open.
    """

    id: str
    options: tuple[str, ...] | Callable[[Context], tuple[Offer, ...]]
    when: When = always
    then: Then = nothing
    counted: bool = True
    numeric: bool = False
    rests: bool = False
    ends: tuple[Json, ...] = ()
    means: Mapping[str, Literal["yes", "no"]] = field(
        default_factory=lambda: {"yes": "yes", "no": "no"}
    )
    stays: Mapping[str, Then] = field(default_factory=dict)
    shows: Callable[[Json, Facts], Value] | None = None
    params: Callable[[Context], Mapping[str, Value]] | None = None

    def prompt(self, context: Context) -> Prompt:
        params = self.params(context) if self.params else {}
        return Prompt(Say(context.key(self.id), params), self._offers(context))

    def _offers(self, context: Context) -> tuple[Offer, ...]:
        if not isinstance(self.options, tuple):
            return self.options(context)
        return tuple(
            Offer(
                option,
                Say(context.key(self.id, option)),
                option,
                means=self.means.get(option, ""),
            )
            for option in self.options
        )

    def read(self, event: Event, context: Context) -> Json:
        raise Refused("pick_one")

    def picked(self, answer: Json, context: Context) -> None:
        """Give way to an option that leaves the question open.

        Raises:
            Stay: it is one.
        """
        if isinstance(answer, str) and answer in self.stays:
            raise Stay(effects=self.stays[answer](context, answer))

    def complete(self, answer: Json) -> bool:
        return True

    def show(self, answer: Json, context: Context) -> Value:
        if self.shows:
            return self.shows(answer, context.facts)
        return Say(context.key(self.id, str(answer)))

    def words(self, flow: str) -> tuple[str, ...]:
        options = self.options if isinstance(self.options, tuple) else ()
        return _words(flow, self.id, options, self.counted, self.ends)


@dataclass(frozen=True, slots=True)
class Locate:
    """A place in Jakarta: a pin, from which three kelurahan are offered, or a kelurahan's name.

    The answer is {"kelurahan": code, "pin": [lat, lon] or None}. The nearest centroid is the right
    kelurahan for 79 % of pins and among the nearest three for 97 %: so it is always confirmed, and
    when none of the three is right (code None) the name is asked while the pin is kept.
    """

    id: str
    when: When = always
    then: Then = nothing
    counted: bool = True
    numeric: bool = False
    rests: bool = False
    ends: tuple[Json, ...] = ()

    def prompt(self, context: Context) -> Prompt:
        if self.id in context.answers and not self.complete(context.answers[self.id]):
            return Prompt(Say(context.key(self.id, "by_name")))
        return Prompt(Say(context.key(self.id)), wish="location")

    def read(self, event: Event, context: Context) -> Json:
        if isinstance(event, Located):
            raise self._near(event, context.facts)
        if not isinstance(event, Said):
            raise Refused("place_please")
        try:
            return self._pinned(kelurahan()(event.text, context.facts), context)
        except Refused as refusal:
            pinned = (replace(r, answer=self._pinned(r.answer, context)) for r in refusal.readings)
            raise Refused(refusal.reason, refusal.params, readings=tuple(pinned)) from None

    def _near(self, pin: Located, facts: Facts) -> Refused:
        """Ask which of the nearest kelurahan it is."""
        if not facts.places.in_jakarta(pin.lat, pin.lon):
            return Refused("outside_jakarta")
        here = [round(pin.lat, 6), round(pin.lon, 6)]
        near = facts.places.nearest(pin.lat, pin.lon, limit=3)
        return Refused(
            "confirm_place",
            {"place": place_name(near[0].code, facts)},
            readings=(
                *(Reading(p.code, p.name, {"kelurahan": p.code, "pin": here}) for p in near),
                Reading("other", Say("common.other_kelurahan"), {"kelurahan": None, "pin": here}),
            ),
        )

    def _pinned(self, named: Json, context: Context) -> Json:
        """A kelurahan's name with the pin that was sent before, unless that is of another place."""
        earlier = context.answers.get(self.id)
        pin: Json = earlier.get("pin") if isinstance(earlier, dict) else None
        code = named["kelurahan"]
        if pin and context.facts.places.distance_km(pin[0], pin[1], code) > SAME_PLACE_KM:
            pin = None
        return {"kelurahan": code, "pin": pin}

    def complete(self, answer: Json) -> bool:
        return answer["kelurahan"] is not None

    def show(self, answer: Json, context: Context) -> Value:
        return place_name(answer["kelurahan"], context.facts)

    def words(self, flow: str) -> tuple[str, ...]:
        return _words(flow, self.id, ("by_name",), self.counted, self.ends)


@dataclass(frozen=True, slots=True)
class Upload:
    """One or more photos. The answer is {"ids": [attachment ids], "done": bool}."""

    id: str
    at_most: int = 3
    when: When = always
    then: Then = nothing
    counted: bool = True
    numeric: bool = False
    rests: bool = False
    ends: tuple[Json, ...] = ()
    also: tuple[str, ...] = ()

    def prompt(self, context: Context) -> Prompt:
        also = tuple(Offer(o, Say(context.key(self.id, o)), o) for o in self.also)
        return Prompt(Say(context.key(self.id)), also, wish="photo")

    def read(self, event: Event, context: Context) -> Json:
        held = self._ids(context.answers.get(self.id))
        if isinstance(event, Said) and held:
            raise Refused("photo_or_done", {"n": len(held)}, readings=(self._done(held),))
        if not isinstance(event, Uploaded):
            raise Refused("photo_please")
        ids = [*held, event.attachment_id]
        if len(ids) >= self.at_most:
            return {"ids": ids, "done": True}
        raise Stay(
            answer={"ids": ids, "done": False},
            say=Say("common.photos_received", {"n": len(ids)}),
            after=QUIET,
        )

    def add(self, answer: Json, attachment_id: int) -> Json | None:
        """A complete answer with one more photo, or None when there is no room."""
        ids = self._ids(answer)
        if not ids or len(ids) >= self.at_most:
            return None
        return {"ids": [*ids, attachment_id], "done": True}

    def done(self, answer: Json) -> tuple[Offer, ...]:
        """What is offered while more photos may come."""
        reading = self._done(self._ids(answer))
        return (Offer(reading.value, reading.label, reading.answer, means="yes"),)

    def _done(self, ids: list[int]) -> Reading:
        return Reading("done", Say("common.done"), {"ids": ids, "done": True})

    def _ids(self, answer: Json) -> list[int]:
        return list(answer["ids"]) if isinstance(answer, dict) and "ids" in answer else []

    def complete(self, answer: Json) -> bool:
        return not isinstance(answer, dict) or bool(answer.get("done"))

    def show(self, answer: Json, context: Context) -> Value:
        return Say("common.photos", {"n": len(self._ids(answer))})

    def words(self, flow: str) -> tuple[str, ...]:
        return _words(flow, self.id, self.also, self.counted, self.ends)


@dataclass(frozen=True, slots=True)
class Review:
    """Check-answers: all that was said in one list; send it, or change any one of them."""

    id: str
    when: When = always
    then: Then = nothing
    counted: bool = False
    numeric: bool = False
    rests: bool = False
    ends: tuple[Json, ...] = ()

    def prompt(self, context: Context) -> Prompt:
        return Prompt(
            Say(context.key(self.id)),
            (
                Offer("send", Say(context.key(self.id, "send")), "send", means="yes"),
                Offer("change", Say(context.key(self.id, "change")), None, "which", means="no"),
            ),
        )

    def read(self, event: Event, context: Context) -> Json:
        raise Refused("pick_one")

    def complete(self, answer: Json) -> bool:
        return True

    def show(self, answer: Json, context: Context) -> Value:
        return ""

    def words(self, flow: str) -> tuple[str, ...]:
        return (f"{flow}.{self.id}", f"{flow}.{self.id}.send", f"{flow}.{self.id}.change")


@dataclass(frozen=True, slots=True)
class Ending:
    """What a finished flow brings about, and what is said."""

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
    """A form, or a desk: its questions in order, and what follows when all are answered.

    `prefill` gives the answers that the record already holds about a subject; they win over what
    the session remembers. `alive` says whether a subject may still be spoken about. `worded` names
    the catalogue of steps that stand in another than the flow's own.
    """

    id: str
    steps: tuple[Step, ...]
    finish: Callable[[Context], Ending] = _no_ending
    prefill: Callable[[str, Facts], Answers] = _no_answers
    alive: Callable[[str, Facts], bool] = _any_subject
    numbered: bool = False  # its questions are told as "3 of 12"
    home: Role | None = None  # whose first page it is
    only: Role | None = None  # who may use it, if not everybody
    status: Role | None = None  # whose page it is that says how things stand
    interrupts: bool = True  # news about it may come between other questions
    form: bool = True  # its answers are worth keeping when something else comes up
    worded: Mapping[str, str] = field(default_factory=dict)  # step -> catalogue
    given: frozenset[str] = frozenset()  # answers that `prefill` gives and no step asks for

    def open_to(self, subject: str, facts: Facts) -> bool:
        """Whether this person may speak about this subject, and there is something to say."""
        allowed = self.only is None or self.only in facts.me.roles
        return allowed and self.alive(subject, facts)

    def step(self, step_id: str) -> Step | None:
        """The step with this id in today's version of the flow."""
        return next((step for step in self.steps if step.id == step_id), None)

    def open_step(self, context: Context) -> Step | None:
        """The next question: the first that applies and is unanswered."""
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
        """What is wrong with the declaration, all at once."""
        ids = [step.id for step in self.steps]
        found = [f"{self.id}: two steps are called {i!r}" for i in {*ids} if ids.count(i) > 1]
        if "|" in self.id or "." in self.id:
            found.append(f"{self.id}: a flow's id may hold neither '|' nor '.'")
        for step in self.steps:
            condition = step.when
            if isinstance(condition, Answered) and condition.step not in ids[: ids.index(step.id)]:
                found.append(f"{self.id}.{step.id}: {condition.step!r} is not asked before it")
        return found


def window_words(on: date, starts: time, ends: time) -> Say:
    """A day and its hours: `Rabu, 25 November 2026, 08.00-10.30 WIB`."""
    return Say("common.window", {"day": on, "starts": starts, "ends": ends})


def place_name(code: str, city: City) -> str:
    """A kelurahan as people say it: `Cipete Utara, Kebayoran Baru`."""
    return ", ".join(dict.fromkeys(area_names(code, city).values())) or code


def area_names(code: str, city: City) -> dict[str, str]:
    """The names of a kelurahan and its kecamatan, as far as they are known."""
    areas = {"kelurahan": city.places.get(code), "kecamatan": city.places.kecamatan_of(code)}
    return {level: area.name for level, area in areas.items() if area is not None}


def short_day(on: date) -> Say:
    """A day as it fits a button: `Rab 25 Nov`."""
    weekday, month = f"common.weekday.{on.isoweekday()}", f"common.month.{on.month}"
    return Say("common.short_day", {"weekday": Say(weekday), "day": on.day, "month": Say(month)})


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


def _words(
    flow: str, step: str, options: tuple[str, ...], counted: bool, ends: tuple[Json, ...]
) -> tuple[str, ...]:
    keys = [f"{flow}.{step}", *(f"{flow}.{step}.{option}" for option in options)]
    if counted:
        keys.append(f"{flow}.{step}.label")
    keys += [f"{flow}.{step}.{value}.end" for value in ends if isinstance(value, str)]
    return tuple(keys)
