"""One person's phone on the demo page, used as its reader would; prints all its messages."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import aiohttp

from bot.channels.base import read_token
from conversations.messages import Json
from models.infrastructure.errors import OperatorError

T = TypeVar("T")

PATIENCE = 30.0  # seconds for one step
LOOK = 0.15  # seconds between polls of a phone


class StepMissed(OperatorError):
    """A step of the story did not happen within its time; the message names it."""


@dataclass(slots=True)
class Phone:
    """One person's phone on the demo page; prints all its messages."""

    who: str
    address: str
    url: str
    http: aiohttp.ClientSession
    bubbles: list[Json] = field(default_factory=list)
    used: int = 0  # bubbles up to here have been answered
    others: list[Phone] = field(default_factory=list)  # looked at as well, while this one waits

    async def say(self, words: str) -> None:
        """Send a text."""
        await self._post("say", {"text": words})

    async def tap(self, step: str, value: str) -> None:
        """Wait for a question's button, and tap it; an empty value taps the first."""
        token = await self.wait(f"the question {step!r}", lambda b: button(b, step, value))
        await self._post("tap", {"token": token})

    async def locate(self, lat: float, lon: float) -> None:
        """Send a pin."""
        await self._post("location", {"lat": lat, "lon": lon})

    async def let_pass(self) -> None:
        """Let time pass, for everybody, to the next reminder of a letter."""
        self.used = len(self.bubbles)
        async with self.http.post(f"{self.url}/demo/later", json={}) as answer:
            if answer.status >= 400:
                raise StepMissed(f"No reminder is ahead: the page answered with {answer.status}.")
            passed = (await answer.json())["days"]
        print(f"  (time passes: {passed} days)\n", flush=True)
        await self.look()

    async def photograph(self) -> None:
        """Send a sample photo."""
        async with self.http.get(f"{self.url}/demo/sample.jpg") as answer:
            picture = await answer.read()
        form = aiohttp.FormData()
        form.add_field("id", str(uuid.uuid4()))
        form.add_field("photo", picture, filename="foto.jpg", content_type="image/jpeg")
        await self._send("photo", data=form)

    async def wait(self, what: str, find: Callable[[Json], T | None]) -> T:
        """Wait for a new bubble from the bot for which `find` returns a value; return the value.

        Raises:
            StepMissed: no such bubble arrived in time.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    for phone in (self, *self.others):
                        await phone.look()
                    for bubble in reversed(self.bubbles[self.used :]):
                        found = find(bubble) if _is_from_bot(bubble) else None
                        if found is not None:
                            return found
                    await asyncio.sleep(LOOK)
        except TimeoutError as error:
            raise StepMissed(
                f"{self.who} waited {PATIENCE:.0f} s for {what}, and it did not come."
            ) from error

    async def look(self) -> None:
        """Fetch new bubbles, and print them."""
        last = self.bubbles[-1]["id"] if self.bubbles else 0
        url = f"{self.url}/demo/{self.address}/messages?after={last}"
        async with self.http.get(url) as answer:
            answer.raise_for_status()
            for bubble in await answer.json():
                self.bubbles.append(bubble)
                _print(self.who, bubble)

    async def _post(self, act: str, body: dict[str, Json]) -> None:
        await self._send(act, json={"id": str(uuid.uuid4()), **body})

    async def _send(self, act: str, **body: Json) -> None:
        self.used = len(self.bubbles)
        async with self.http.post(f"{self.url}/demo/{self.address}/{act}", **body) as answer:
            if answer.status >= 400:
                raise StepMissed(f"{self.who}: {act} was answered with {answer.status}")
        await self.look()


def button(bubble: Json, step: str, value: str) -> str | None:
    """Return the token of a question's button; of the first if `value` is empty."""
    for choice in bubble.get("choices", ()):
        read = read_token(choice["token"])
        if read is not None and read[0].step == step and value in {"", read[1]}:
            return str(choice["token"])
    return None


def asks(*steps: str) -> Callable[[Json], str | None]:
    """Return a test whether a bubble asks one of these questions; it gives the question."""
    return lambda b: next((step for step in steps if button(b, step, "")), None)


def wishes(wish: str) -> Callable[[Json], Json | None]:
    """Return a test whether a bubble wishes for a location, a photo or the like."""
    return lambda b: b if b.get("wish") == wish else None


def finds(pattern: str) -> Callable[[Json], str | None]:
    """Return a search in a bubble's text, which gives its groups, joined, or all that it found."""

    def find(bubble: Json) -> str | None:
        found = re.search(pattern, str(bubble.get("text", "")))
        return ("".join(found.groups()) or found[0]) if found else None

    return find


def _is_from_bot(bubble: Json) -> bool:
    return bool(bubble["sent"]) and "later" not in bubble


def _print(who: str, bubble: Json) -> None:
    if "later" in bubble:
        return
    sign = "<" if bubble["sent"] else ">"
    lines = str(bubble.get("text", "")).splitlines() or [_without_words(bubble)]
    print(f"{who:9} {sign} {lines[0]}")
    for line in lines[1:]:
        print(f"{'':12}{line}")
    for choice in bubble.get("choices", ()):
        print(f"{'':12}[{choice['label']}]")
    if bubble["sent"] and "photo" in bubble:
        print(f"{'':12}(gambar)")
    if "document" in bubble:
        print(f"{'':12}({bubble['document']['name']})")
    print(flush=True)


def _without_words(bubble: Json) -> str:
    shown = {"started": "(Mulai)", "photo": "(foto)", "location": "(lokasi)"}
    return next((words for name, words in shown.items() if name in bubble), "…")
