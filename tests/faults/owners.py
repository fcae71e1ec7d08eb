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

from tests.providers.bot_api import Bubble, FakeBotApi, Promise
from web.sample_photo import draw

PATIENCE = 40.0  # seconds an owner waits for what comes next

#: What each of them does: words, a pin, a photo, or a tap on the button with this value ("": the
#: first one).
SCRIPT: tuple[tuple[str, str], ...] = (
    ("say", "/start"),
    ("tap", "business_permit"),
    ("tap", "yes"),
    ("say", "Siti Aminah"),
    ("say", "nasi uduk depan rumah"),
    ("tap", ""),
    ("say", "belum ada"),
    ("pin", ""),
    ("tap", ""),
    ("say", "005/003"),
    ("say", "Jalan Damai 12"),
    ("tap", "home"),
    ("photo", ""),
    ("tap", "done"),
    ("say", "5jt"),
    ("say", "6 juta"),
    ("say", "1"),
    ("tap", "none"),
    ("tap", "door"),
    ("tap", "any"),
    ("tap", "any"),
    ("tap", "send"),
)
BEFORE_PHOTO = 12  # the steps up to the photo, whose answer waits two seconds for more photos
#: What may be said at any point of an application, and changes nothing: how its answer begins.
ASIDES = {"bantuan": "Ini layanan izin usaha", "status": "Permohonan Bapak/Ibu:"}

_NUMBER = re.compile(r"\d{2}-\d{6}")
_DAY = re.compile(r"\b(Senin|Selasa|Rabu|Kamis|Jumat|Sabtu|Minggu), \d+ \w+ \d{4}")


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
        owed = len(self._owed()) + self.asked_aside
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        while len(self.said) < owed:
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
    def said(self) -> list[Bubble]:
        """What the bot said, without what it only repeated."""
        bubbles = tuple(self.person.bubbles)
        return [b for before, b in zip((None, *bubbles), bubbles, strict=False) if b != before]

    @property
    def doubled(self) -> list[tuple[Bubble, Bubble]]:
        """What the bot said twice running: the first and the second time."""
        return [(before, b) for before, b in pairwise(tuple(self.person.bubbles)) if b == before]

    def check(self) -> None:
        """See that nothing was lost, and all came in order."""
        texts = [plain(bubble.text) for bubble in self.said]
        answers = tuple(ASIDES.values()) if self.asked_aside else ()
        heard = [text for text in texts if not text.startswith(answers)]
        owed = self._owed()
        if heard[: len(owed)] != owed or len(texts) - len(heard) != self.asked_aside:
            raise AssertionError(
                f"{self.person.name} heard, in {self.step} steps,\n{self.person.chat}\n"
                f"--- but was owed\n" + "\n".join(owed)
            )

    def _tap(self, value: str) -> Promise[None]:
        bubble = next(bubble for bubble in reversed(self.said) if bubble.buttons)
        keys = [button for row in bubble.buttons for button in row]
        fitting = [k for k in keys if value in {"", (k.data or "").rpartition("|")[2]}]
        assert fitting, f"no button {value!r} in step {self.step}\n{self.person.chat}"
        return self.person.tap(fitting[0].label, on=bubble)


def heard(owners: Sequence[Owner]) -> int:
    """How many messages have arrived."""
    return sum(len(owner.person.bubbles) for owner in owners)


def steps(owners: Sequence[Owner]) -> int:
    """How many steps have been done."""
    return sum(owner.step for owner in owners)


def plain(text: str) -> str:
    """A text without what differs from owner to owner, or from day to day."""
    return _DAY.sub("DAY", _NUMBER.sub("NUMBER", text))


@cache
def _photo() -> bytes:
    return draw("Warung Bu Siti", 3)
