"""Several: a question with more than one answer, tapped one by one or told in one message."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass
from functools import reduce

from conversations import lexicon
from conversations.events import Event, Said
from conversations.lexicon import lists
from conversations.messages import Json, Say, Value
from conversations.parsers import Refused
from conversations.session import Choice
from conversations.step import Context, Prompt, Step, words_of
from conversations.words import standardised

DONE = "done"  # the choice, and whether the answer is complete
ALL = "all"  # in the lexicon: every option that is offered


@dataclass(frozen=True, slots=True)
class Several(Step):
    """A question that one or more of its options answer, in the order in which they were told.

    The answer is {"picked": [options], "done": bool}. After a tap the other options are offered,
    until the person is done or has picked `at_most`; words are a complete answer. An option in
    `alone` is picked alone.
    """

    _: KW_ONLY
    options: tuple[str, ...] | Callable[[Context], tuple[Choice, ...]]
    at_most: int
    alone: frozenset[str] = frozenset()

    def prompt(self, context: Context) -> Prompt:
        held = self._open(context)
        left = self._offered(context)
        if not held:
            return Prompt(Say(context.key(self.id)), left)
        left = tuple(one for one in left if one.value not in {*held, *self.alone})
        done = Choice(DONE, Say("common.several.done"), DONE, means="no")
        told = Say("common.several", {"picked": self._named(held, context)})
        return Prompt(told, (done, *left))

    def _offered(self, context: Context) -> tuple[Choice, ...]:
        if not isinstance(self.options, tuple):
            return self.options(context)
        return tuple(Choice(one, Say(context.key(self.id, one)), one) for one in self.options)

    def read(self, event: Event, context: Context) -> Json:
        if not isinstance(event, Said):
            raise Refused("pick_one")
        told = self._told(event.text, context)
        if not told:
            raise Refused("pick_one")
        return self._answer([*self._open(context), *told], done=True)

    def _told(self, text: str, context: Context) -> list[str]:
        """Return the options that words name, in their order.

        All of them for "semua", but for those behind "kecuali".
        """
        named, *excepted = lists.any_of("several", "except").split(standardised(text))
        told = self._named_in(named, context)
        if told != [ALL] and not (excepted and not told):
            return [one for one in told if one != ALL]
        barred = self.alone.union(*(self._named_in(one, context) for one in excepted))
        return [one.value for one in self._offered(context) if one.value not in barred]

    def _named_in(self, text: str, context: Context) -> list[str]:
        listed = lexicon.options(context.flow, self.id)
        ranked = listed.rank(text) if listed is not None else []
        said = " ".join(lexicon.words(text))
        offered = {ALL, *(choice.value for choice in self._offered(context))}
        named = [one for one in ranked if one.name in offered]
        # "buku" of "buku angsuran" names no other book
        named = [one for one in named if not any(one.evidence < other.evidence for other in named)]

        def place(one: lexicon.Ranked) -> int:
            """Where its own words stand; "anak sakit" is told by its last one."""
            own = one.evidence.difference(*(o.evidence for o in named if o is not one))
            found = [at for word in one.evidence if (at := said.find(word)) >= 0]
            if own:
                return max((said.find(word) for word in own), default=len(said))
            return min(found, default=len(said))

        return [one.name for one in sorted(named, key=place)]

    def picked(self, answer: Json, context: Context) -> Json:
        held = self._open(context)
        if answer == DONE:
            return self._answer(held, done=True)
        return self._answer([*held, str(answer)], done=answer in self.alone)

    def _open(self, context: Context) -> list[str]:
        """Return what was picked so far; nothing of an answer that is given anew."""
        held = context.answers.get(self.id)
        return picked(held) if isinstance(held, dict) and not held["done"] else []

    def _answer(self, told: Iterable[str], *, done: bool) -> Json:
        first = list(dict.fromkeys(told))
        if len(first) > 1:
            first = [one for one in first if one not in self.alone]
        kept = first[: self.at_most]
        return {"picked": kept, "done": done or len(kept) == self.at_most}

    def complete(self, answer: Json) -> bool:
        return not isinstance(answer, dict) or bool(answer["done"])  # an officer's visit may fail

    def show(self, answer: Json, context: Context) -> Value:
        return self._named(picked(answer), context)

    def _named(self, options: Iterable[str], context: Context) -> Value:
        labels = {choice.value: choice.label for choice in self._offered(context)}
        named: Iterable[Value] = (labels.get(one, one) for one in options)
        return reduce(lambda said, one: Say("common.list", {"said": said, "next": one}), named)

    def words(self, flow: str) -> tuple[str, ...]:
        options = self.options if isinstance(self.options, tuple) else ()
        return words_of(flow, self.id, options, self.counted, self.ends)

    @property
    def takes_words(self) -> bool:
        return False


def picked(answer: Json) -> list[str]:
    """Return the options of an answer."""
    return [str(one) for one in answer["picked"]] if isinstance(answer, dict) else []
