"""The kinds of steps that forms and desks are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import timedelta
from typing import Literal

from msgspec import structs

from conversations.assisting import BY, OFFICER, PERSON
from conversations.events import Event, Located, Said, Uploaded
from conversations.facts import Facts
from conversations.messages import Json, Lines, Say, Value
from conversations.parsers import Parser, Reading, Refused, WithAnswers
from conversations.parsers.place import kelurahan
from conversations.session import Choice
from conversations.step import (
    LEFT,
    Context,
    Prompt,
    Stay,
    Step,
    Then,
    lead,
    words_of,
)
from conversations.wording import place_name

#: Before a reply to what may be only a part: a photo of an album, a few words of a sentence.
QUIET = timedelta(seconds=2)
SAME_PLACE_KM = 5  # the largest kelurahan reach 4 km from their centroid

#: Refusals of words that are for this question, although they have another meaning as well: a name
#: like "Terima Kasih Zega", a time like "malam".
_UNDERSTOOD = frozenset({"confirm_name", "which_name", "only_by_day"})


@dataclass(frozen=True, slots=True)
class Ask(Step):
    """A question answered in words. `options` are buttons for usual answers: value -> answer."""

    _: KW_ONLY
    parse: Parser
    options: Mapping[str, Json] = field(default_factory=dict)
    shows: Callable[[Json, Facts], Value] | None = None
    params: Callable[[Context], Mapping[str, Value]] | None = None
    amends: Callable[[Json, str], str] | None = None  # see `amended`
    spoken: Json = None  # the answer of a recording, which another step keeps; None: no answer
    whole: Callable[[Json], bool] = lambda answer: True  # whether an answer need not be asked again

    def prompt(self, context: Context) -> Prompt:
        held = context.answers.get(self.id)
        if held is not None and not self.complete(held):
            return self._prompt_again(held, context)
        choices = tuple(
            Choice(value, Say(context.key(self.id, value)), answer)
            for value, answer in self.options.items()
        )
        params = self.params(context) if self.params else {}
        return Prompt(Say(context.key(self.id), params), (*choices, *self._ways(context)))

    def _prompt_again(self, held: Json, context: Context) -> Prompt:
        """Ask which of its readings an answer means that was given in another form."""
        try:
            self._parsed(str(held["words"]), context)
        except Refused as refused:
            readings = refused.readings
            choices = tuple(Choice(r.value, r.label, r.answer) for r in readings)
            if choices:
                return Prompt(Say(f"refusals.{refused.reason}", refused.params), choices)
        return Prompt(Say(context.key(self.id)))

    def _ways(self, context: Context) -> tuple[Choice, ...]:
        """Return the choices that go on in another form, until the step has an answer."""
        ours = not context.subject and context.whom is None and self.id not in context.answers
        offered = context.facts.mine.services if ours else ()
        return tuple(
            lead(self, value, context) for value, form in self.leads.items() if form in offered
        )

    def complete(self, answer: Json) -> bool:
        return self.whole(answer)

    def read(self, event: Event, context: Context) -> Json:
        if isinstance(event, Said):
            return self._parsed(event.text, context)
        raise Refused("words_please")

    def _parsed(self, words: str, context: Context) -> Json:
        if isinstance(self.parse, WithAnswers):
            return self.parse.read(words, context.facts, context.answers)
        return self.parse(words, context.facts)

    def amended(self, answer: Json, words: str) -> str:
        return self.amends(answer, words) if self.amends is not None else words

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
        shown = (*self.options, *self.leads)
        return words_of(flow, self.id, shown, self.counted, self.ends)

    def understands(self, refusal: Refused) -> bool:
        return refusal.reason in _UNDERSTOOD


@dataclass(frozen=True, slots=True)
class Choose(Step):
    """A question with a few answers: fixed ones, or choices computed from the context.

    `means` tells which option a plain "ya" or "tidak" picks; `stays` are options that have effects
    and leave the question open. `offers` tells of fixed options whether they are offered; `beside`
    holds choices that are no answers, such as the way back.
    """

    _: KW_ONLY
    options: tuple[str, ...] | Callable[[Context], tuple[Choice, ...]]
    means: Mapping[str, Literal["yes", "no"]] = field(
        default_factory=lambda: {"yes": "yes", "no": "no"}
    )
    stays: Mapping[str, Then] = field(default_factory=dict)
    offers: Mapping[str, Callable[[Context], bool]] = field(default_factory=dict)
    beside: Mapping[str, Callable[[Context], Choice]] = field(default_factory=dict)
    shows: Callable[[Json, Facts], Value] | None = None
    params: Callable[[Context], Mapping[str, Value]] | None = None
    picture: Callable[[Context], str | None] | None = None
    reads: Callable[[str, Context], Json] | None = None  # words that name no label: "besok pagi"

    def prompt(self, context: Context) -> Prompt:
        params = self.params(context) if self.params else {}
        picture = self.picture(context) if self.picture else None
        say = Say(context.key(self.id), params)
        beside = (choice(context) for choice in self.beside.values())
        return Prompt(say, (*self._offers(context), *beside), picture=picture)

    def _offers(self, context: Context) -> tuple[Choice, ...]:
        if not isinstance(self.options, tuple):
            return self.options(context)
        return tuple(
            lead(self, option, context)
            if option in self.leads
            else Choice(
                option,
                Say(context.key(self.id, option)),
                option,
                means=self.means.get(option, ""),
            )
            for option in self.options
            if option not in self.offers or self.offers[option](context)
        )

    def read(self, event: Event, context: Context) -> Json:
        if self.reads is not None and isinstance(event, Said):
            return self.reads(event.text, context)
        raise Refused("pick_one")

    def picked(self, answer: Json, context: Context) -> Json:
        if isinstance(answer, str) and answer in self.stays:
            raise Stay(effects=self.stays[answer](context, answer))
        return answer

    def show(self, answer: Json, context: Context) -> Value:
        if self.shows:
            return self.shows(answer, context.facts)
        return Say(context.key(self.id, str(answer)))

    def words(self, flow: str) -> tuple[str, ...]:
        options = self.options if isinstance(self.options, tuple) else ()
        return words_of(flow, self.id, options, self.counted, self.ends)

    @property
    def takes_words(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Locate(Step):
    """A place in Jakarta: a pin, from which three kelurahan are offered, or a kelurahan's name.

    The answer is {"kelurahan": code, "pin": [lat, lon] or None}. The nearest centroid is the right
    kelurahan for 79 % of pins and among the nearest three for 97 %, so the person always confirms
    it. If none of the three is right (code None), the name is asked and the pin is kept.
    """

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
            pinned = tuple(
                structs.replace(r, answer=self._pinned(r.answer, context)) for r in refusal.readings
            )
            raise Refused(refusal.reason, refusal.params, readings=pinned) from None

    def _near(self, pin: Located, facts: Facts) -> Refused:
        """Return the refusal that asks which of the nearest kelurahan it is."""
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
        """Add the pin that was sent before to a named kelurahan, unless the pin is elsewhere."""
        earlier = context.answers.get(self.id)
        pin: Json = earlier.get("pin") if isinstance(earlier, dict) else None
        code = named["kelurahan"]
        if pin and context.facts.places.distance_km(pin[0], pin[1], code) > SAME_PLACE_KM:
            pin = None
        return {"kelurahan": code, "pin": pin}

    def complete(self, answer: Json) -> bool:
        return not isinstance(answer, dict) or answer["kelurahan"] is not None

    @property
    def takes_place(self) -> bool:
        return True

    def show(self, answer: Json, context: Context) -> Value:
        return place_name(answer["kelurahan"], context.facts)

    def words(self, flow: str) -> tuple[str, ...]:
        return words_of(flow, self.id, ("by_name",), self.counted, self.ends)


@dataclass(frozen=True, slots=True)
class Upload(Step):
    """One or more photos, or one of the options `also`.

    The answer is {"ids": [attachment ids], "done": bool}, or the option. With `can_leave`, it
    may be left out from the start. `returns` is the step that the choice "back" asks again.
    """

    _: KW_ONLY
    at_most: int = 3
    also: tuple[str, ...] = ()
    returns: str = ""
    sound: bool = False  # recordings as well

    def prompt(self, context: Context) -> Prompt:
        also = [Choice(o, Say(context.key(self.id, o)), o) for o in self.also]
        if self.can_leave:
            also.append(Choice("leave", Say(context.key(self.id, "leave")), LEFT))
        if self.returns:
            also.append(Choice("back", Say(context.key(self.id, "back")), self.returns, "edit"))
        return Prompt(Say(context.key(self.id)), tuple(also), wish="photo")

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
            say=Say(
                "common.files_received" if self.sound else "common.photos_received", {"n": len(ids)}
            ),
            after=QUIET,
        )

    def with_photo(self, answer: Json, attachment_id: int) -> Json | None:
        ids = self._ids(answer)
        if not (ids or self.optional):
            return None
        if len(ids) >= self.at_most:
            return answer
        return {"ids": [*ids, attachment_id], "done": True}

    def while_open(self, answer: Json) -> tuple[Choice, ...]:
        reading = self._done(self._ids(answer))
        return (Choice(reading.value, reading.label, reading.answer, means="yes"),)

    def _done(self, ids: list[int]) -> Reading:
        return Reading("done", Say("common.done"), {"ids": ids, "done": True})

    def _ids(self, answer: Json) -> list[int]:
        return list(answer["ids"]) if isinstance(answer, dict) and "ids" in answer else []

    def complete(self, answer: Json) -> bool:
        return not self._ids(answer) or bool(answer.get("done"))

    def show(self, answer: Json, context: Context) -> Value:
        if answer == LEFT:
            return Say("common.left")
        key = "common.files" if self.sound else "common.photos"
        return Say(key, {"n": len(self._ids(answer))})

    def words(self, flow: str) -> tuple[str, ...]:
        left = ("leave",) if self.can_leave else ()
        back = ("back",) if self.returns else ()
        return words_of(flow, self.id, (*self.also, *left, *back), self.counted, self.ends)

    @property
    def takes_photos(self) -> bool:
        return True

    @property
    def takes_sound(self) -> bool:
        return self.sound

    def without_photo(self, answer: Json, attachment_id: int) -> Json | None:
        ids = [one for one in self._ids(answer) if one != attachment_id]
        return {"ids": ids, "done": False} if ids else None

    def holds_photo(self, answer: Json, attachment_id: int) -> bool:
        return attachment_id in self._ids(answer)


@dataclass(frozen=True, slots=True)
class Review(Step):
    """A review of all answers in one list: send them, or change one."""

    counted: bool = False

    def phrased(self, say: Say, summary: Callable[[], Lines]) -> Say:
        return Say(say.key, {**say.params, "summary": summary()})

    def prompt(self, context: Context) -> Prompt:
        by = context.answers.get(BY)
        said = context.key(self.id) if by is None else f"assisted.confirm.{by}"
        send = context.key(self.id, "send") if by != OFFICER else "assisted.confirm.officer.send"
        choices: tuple[Choice, ...] = (
            Choice("send", Say(send), "send", means="yes"),
            Choice("change", Say(context.key(self.id, "change")), None, "which", means="no"),
        )
        if by == PERSON:  # the person may refuse what somebody else wrote down
            refuse = Choice("refuse", Say("assisted.confirm.refuse"), "cancel", "command")
            choices = (*choices, refuse)
        return Prompt(Say(said), choices)

    def read(self, event: Event, context: Context) -> Json:
        raise Refused("pick_one")

    def words(self, flow: str) -> tuple[str, ...]:
        return (f"{flow}.{self.id}", f"{flow}.{self.id}.send", f"{flow}.{self.id}.change")
