"""Owners who apply for a permit, all with the same words, and who must all hear the same.

One of them goes first, while nothing is wrong: what they heard is what everybody must hear,
whatever happens in between. Their answers are real messages, taps, pins and photos.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

from demo.sample_photo import draw
from tests.providers.bot_api import Bubble, FakeBotApi, Promise

PATIENCE = 40.0  # seconds an owner waits for what comes next

#: What each of them does: words, a pin, a photo, or a tap on the button with this value ("": the
#: first one).
SCRIPT: tuple[tuple[str, str], ...] = (
    ("say", "/start"),
    ("tap", "business_permit"),
    ("tap", "yes"),
    ("tap", "self"),
    ("say", "Siti Aminah"),
    ("say", "nasi uduk depan rumah"),
    ("tap", ""),
    ("say", "belum ada"),
    ("pin", ""),
    ("tap", ""),
    ("say", "Jalan Damai 12, RT 005/003"),
    ("tap", "home"),
    ("photo", ""),
    ("say", "5jt, 6 juta, 1"),
    ("tap", "none"),
    ("tap", "door"),
    ("tap", "any"),
    ("tap", "send"),
)
BEFORE_PHOTO = 12  # the steps up to the photo, whose answer waits two seconds for more photos
#: What may be said at any point of a case, and changes nothing: how its answer begins.
ASIDES = {"bantuan": "Layanan ini gratis", "status": "Permohonan Bapak/Ibu:"}

_NUMBER = re.compile(r"\d{2}-\d{6}")
_DAY = re.compile(r"\b(Senin|Selasa|Rabu|Kamis|Jumat|Sabtu|Minggu), \d+ \w+ \d{4}")


@dataclass(frozen=True, slots=True)
class Told:
    """One message of the bot's, in as many bubbles as it takes.

    What takes keys away and asks with buttons comes in two, since a bubble holds one keyboard. If
    that failed between the two, it ends with the first, and comes again. A question without buttons
    comes in one, and gives an example.
    """

    bubbles: tuple[Bubble, ...]

    @property
    def id(self) -> int:
        """The number under which the database knows it, if it is whole."""
        return self.bubbles[-1].id

    @property
    def text(self) -> str:
        """All its words."""
        return "\n".join(bubble.text for bubble in self.bubbles)

    @property
    def at(self) -> float:
        """When it had come, in monotonic seconds."""
        return self.bubbles[-1].at

    @property
    def whole(self) -> bool:
        """Whether it is not cut short."""
        return not self.bubbles[-1].clears or "Contoh:" in self.bubbles[-1].text

    def repeats(self, other: Told) -> bool:
        """Whether the reader sees the same again, or the beginning or the whole of the same."""
        return all(one == before for one, before in zip(self.bubbles, other.bubbles, strict=False))


@dataclass(slots=True)
class Golden:
    """What is heard after each step when nothing is wrong."""

    heard: list[list[str]] = field(default_factory=list)


class Owner:
    """One of them: how far they are, and what they have heard."""

    def __init__(self, api: FakeBotApi, number: int, golden: Golden) -> None:
        self.person = api.user(number, f"Siti {number}")
        self.step = 0
        self.asides: dict[int, list[str]] = {}  # what else was said, by the steps done before it
        self.asked_aside = 0  # how often something was said at the same time as something else
        self._api, self._golden = api, golden

    def act(self) -> Promise[None]:
        """Do the next step; kept when the bot has accepted it."""
        kind, value = SCRIPT[self.step]
        self.step += 1
        match kind:
            case "say":
                return self.person.say(value)
            case "pin":
                return self.person.send_location(-6.2706, 106.8023)
            case "photo":
                return self.person.send_photo(_photo() + b"%d" % self.person.id)  # nobody else's
            case _:
                return self._tap(value)

    def ask_aside(self) -> None:
        """Say something besides, to be answered before or after what else is said.

        It is never the same twice running, whose answers could look like one that came twice.
        """
        self.person.say(list(ASIDES)[self.asked_aside % len(ASIDES)])
        self.asked_aside += 1

    def walk(self, to: int, patience: float = PATIENCE) -> Future[None]:
        """Go on, waiting for what must be heard after each step, until `to` steps are done."""
        return self._api.spawn(self._walk(to, patience))

    async def _walk(self, to: int, patience: float) -> None:
        await self.hear(patience)
        while self.step < to:
            self.act()
            await self.hear(patience)

    async def hear(self, patience: float) -> None:
        """Wait for all that is to be heard by now (in the API's thread)."""
        queued = len(self._owed()) + self.asked_aside
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        while len(self.said) < queued:
            try:
                await self.person.heard(until - loop.time())
            except TimeoutError:
                chat = self.person.chat
                why = f"{self.person.name} waited {patience:.0f} s after step {self.step}"
                raise AssertionError(f"{why}\n{chat}") from None

    def _owed(self) -> list[str]:
        """What must have been heard by now."""
        heard = enumerate(self._golden.heard[: self.step], start=1)
        return [t for step, texts in heard for t in (*texts, *self.asides.get(step, ()))]

    @property
    def told(self) -> list[Told]:
        """All messages of the bot's."""
        found: list[Told] = []
        for bubble in tuple(self.person.bubbles):
            if found and not found[-1].whole and not bubble.clears:
                found[-1] = Told((*found[-1].bubbles, bubble))
            else:
                found.append(Told((bubble,)))
        return found

    @property
    def _runs(self) -> list[list[Told]]:
        """All messages; each with what only repeats it."""
        runs: list[list[Told]] = []
        for one in self.told:
            if runs and one.repeats(runs[-1][-1]):
                runs[-1].append(one)
            else:
                runs.append([one])
        return runs

    @property
    def said(self) -> list[Told]:
        """What the bot said to its end, without what it only repeated."""
        wholes = ([one for one in run if one.whole] for run in self._runs)
        return [found[0] for found in wholes if found]

    @property
    def doubled(self) -> list[tuple[Told, Told]]:
        """What the bot said twice running, if only in part: the first and the second time."""
        return [pair for run in self._runs for pair in pairwise(run)]

    def check(self) -> None:
        """See that nothing was lost or broken off, and all came in order."""
        for run in self._runs:
            assert any(one.whole for one in run), f"broken off: {run[0].text}\n{self.person.chat}"
        texts = [plain(one.text) for one in self.said]
        answers = tuple(ASIDES.values()) if self.asked_aside else ()
        heard = [text for text in texts if not text.startswith(answers)]
        queued = self._owed()
        if heard[: len(queued)] != queued or len(texts) - len(heard) != self.asked_aside:
            raise AssertionError(
                f"{self.person.name} heard, in {self.step} steps,\n{self.person.chat}\n"
                f"--- but was owed\n" + "\n".join(queued)
            )

    def _tap(self, value: str) -> Promise[None]:
        bubble = next(b for one in reversed(self.said) for b in one.bubbles if b.buttons)
        keys = [button for row in bubble.buttons for button in row]
        fitting = [k for k in keys if value in {"", (k.data or "").rpartition("|")[2]}]
        assert fitting, f"no button {value!r} in step {self.step}\n{self.person.chat}"
        return self.person.tap(fitting[0].label, on=bubble)


def heard(owners: Sequence[Owner]) -> int:
    """How many messages have arrived, if only in part."""
    return sum(len(owner.told) for owner in owners)


def steps(owners: Sequence[Owner]) -> int:
    """How many steps have been done."""
    return sum(owner.step for owner in owners)


def plain(text: str) -> str:
    """A text without what differs from owner to owner, or from day to day."""
    return _DAY.sub("DAY", _NUMBER.sub("NUMBER", text))


@cache
def _photo() -> bytes:
    return draw("Warung Bu Siti", 3)
