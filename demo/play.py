"""The demo's story, played automatically: an owner applies, an officer brings the permit.

It uses the demo page's own endpoints, as three people with three phones do.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeVar

import aiohttp

from bot.channels.base import read_token
from conversations import services
from conversations.messages import Json
from demo.city import City, city
from models.infrastructure.errors import OperatorError

T = TypeVar("T")

PATIENCE = 30.0  # seconds for one step
LOOK = 0.15  # seconds between polls of a phone


class StepMissed(OperatorError):
    """A step of the story did not happen within its time; the message names it."""


def demo(data: Path, *, host: str, port: int, by_itself: bool) -> int:
    """Run the demo until it is stopped, or play the story once."""
    folder = data / ("play" if by_itself else "demo")
    with city(folder, host=host, port=port, fresh=by_itself) as running:
        if by_itself:
            asyncio.run(play(running, folder))
        else:
            asyncio.run(_run_until_stopped(running))
    return 0


async def _run_until_stopped(running: City) -> None:
    async with aiohttp.ClientSession() as http:
        await _join(Phone("Petugas", "demo-officer", running.url, http), running.officer_invitation)
        await _join(
            Phone("Pengawas", "demo-supervisor", running.url, http), running.supervisor_invitation
        )
    print(f"\n  {running.url}/demo\n\nThree phones: an owner's, an officer's, a supervisor's.")
    print(f"The QR code of the officer's badge leads to {running.url}{running.badge}")
    print("Stop with Ctrl-C; the data is kept for the next run.", flush=True)
    await asyncio.Event().wait()


async def play(running: City, folder: Path) -> Path:
    """Play the story and print the messages; return the permit's file.

    Raises:
        StepMissed: a step did not happen.
    """
    async with aiohttp.ClientSession() as http:
        owner = Phone("Pemilik", "demo-owner", running.url, http)
        officer = Phone("Petugas", "demo-officer", running.url, http)
        supervisor = Phone("Pengawas", "demo-supervisor", running.url, http)
        await _join(officer, running.officer_invitation)
        await _join(supervisor, running.supervisor_invitation)
        await _apply(owner)
        await _identify(owner)
        await _choose_window(owner)
        await _visit(officer, owner)
        permit = await _receive(owner, folder)
        for phone in (owner, officer, supervisor):
            await phone.look()
    print(f"\nThe permit lies at {permit}", flush=True)
    return permit


@dataclass(slots=True)
class Phone:
    """One person's phone on the demo page; prints all its messages."""

    who: str
    address: str
    url: str
    http: aiohttp.ClientSession
    bubbles: list[Json] = field(default_factory=list)
    used: int = 0  # bubbles up to here have been answered

    async def say(self, words: str) -> None:
        """Send a text."""
        await self._post("say", {"text": words})

    async def tap(self, step: str, value: str) -> None:
        """Wait for a question's button, and tap it; an empty value taps the first."""
        token = await self.wait(f"the question {step!r}", lambda b: _button(b, step, value))
        await self._post("tap", {"token": token})

    async def locate(self, lat: float, lon: float) -> None:
        """Send a pin."""
        await self._post("location", {"lat": lat, "lon": lon})

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
                    await self.look()
                    for bubble in reversed(self.bubbles[self.used :]):
                        found = find(bubble) if bubble["sent"] else None
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


async def _join(phone: Phone, invitation: str) -> None:
    """Accept the invitation, as its link does."""
    await phone.look()
    if not phone.bubbles:
        await phone.say(f"/start join-{invitation}")
        await phone.wait("the desk", lambda b: b if "choices" in b else None)


async def _apply(owner: Phone) -> None:
    """The owner's part, from the first message to the case's number."""
    await owner.say("Halo")
    await owner.tap("menu", next(iter(services.load())))
    await owner.tap("consent", "yes")
    await owner.tap("way", "self")
    for words in ("Siti Aminah", "nasi uduk depan rumah"):
        await _answered(owner, words)
    await owner.tap("trade", "")
    await _answered(owner, "Warung Bu Siti")
    await owner.wait("the question about the place", _wishes("location"))
    await owner.locate(-6.2706, 106.8023)
    await owner.tap("place", "")
    await _answered(owner, "Jalan Damai no. 12, RT 005/003, dekat musala")
    await owner.tap("premises", "home")
    await owner.wait("the question about figures", lambda b: b)
    await owner.photograph()
    await _answered(owner, "modal 5 juta, sebulan 6 juta, sendiri")
    await owner.tap("papers", "none")
    await owner.tap("identity", "page")
    await owner.tap("preferred_days", "any")
    await owner.tap("confirm", "send")


async def _answered(phone: Phone, words: str) -> None:
    """Wait for the bot's question, then send an answer."""
    await phone.wait(f"the question before {words!r}", lambda b: b)
    await phone.say(words)


async def _identify(owner: Phone) -> None:
    """The owner fills in the secure page, not the chat."""
    link = re.compile(r"https?://\S+/identitas/\S+")
    texts = [str(b.get("text", "")) for b in owner.bubbles if b["sent"]]
    found = next((m for text in texts if (m := link.search(text))), None)
    if found is None:
        raise StepMissed("The owner got no link to the identity page.")
    born = date(1990, 5, 17)
    async with owner.http.get(found[0]) as answer:
        page = await answer.text()
    form = {
        **dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)),
        "name": "Siti Aminah",
        "nik": f"317407{born.day + 40:02d}{born:%m%y}0012",
        "day": str(born.day),
        "month": str(born.month),
        "year": str(born.year),
        "address": "Jalan Damai no. 12",
    }
    async with owner.http.post(found[0], data=form) as answer:
        if answer.status >= 400:
            raise StepMissed(f"The identity page was answered with {answer.status}.")
    print("  (Siti Aminah fills in the secure page)", flush=True)


async def _choose_window(owner: Phone) -> None:
    await owner.tap("window", "")


async def _visit(officer: Phone, owner: Phone) -> None:
    """The officer's part, from the offer to the hand-over."""
    await officer.tap("offer", "accept")
    code = await owner.wait("the day's code", lambda b: _code(str(b.get("text", ""))))
    await owner.wait("the officer's picture", lambda b: b.get("photo"))
    await officer.tap("depart", "go")
    if await officer.wait("what follows departing", _asks("early", "arrive")) == "early":
        await officer.tap("early", "yes")
    await officer.wait("the question on arrival", _asks("arrive"))
    await officer.locate(-6.2707, 106.8024)
    await officer.wait("the question for the code", _asks("code"))
    await officer.say(code)
    await officer.tap("ktp", "seen")
    await officer.tap("place", "as_described")
    await officer.wait("the question for a photo", _wishes("photo"))
    await officer.photograph()
    await officer.tap("hand_over", "yes")


async def _receive(owner: Phone, folder: Path) -> Path:
    """The permit arrives in the owner's chat; the owner rates the service."""
    card = await owner.wait("the permit", lambda b: b.get("document"))
    async with owner.http.get(f"{owner.url}{card['url']}") as answer:
        answer.raise_for_status()
        content = await answer.read()
    permit = folder.resolve() / str(card["name"])
    permit.write_bytes(content)
    await owner.tap("stars", "5")
    return permit


def _button(bubble: Json, step: str, value: str) -> str | None:
    for choice in bubble.get("choices", ()):
        read = read_token(choice["token"])
        if read is not None and read[0].step == step and value in {"", read[1]}:
            return str(choice["token"])
    return None


def _asks(*steps: str) -> Callable[[Json], str | None]:
    return lambda b: next((step for step in steps if _button(b, step, "")), None)


def _wishes(wish: str) -> Callable[[Json], Json | None]:
    return lambda b: b if b.get("wish") == wish else None


def _code(text: str) -> str | None:
    found = re.search(r"(?<!\d)(\d{3}) (\d{3})(?!\d)", text)
    return found[1] + found[2] if found else None


def _print(who: str, bubble: Json) -> None:
    sign = "<" if bubble["sent"] else ">"
    lines = str(bubble.get("text", "")).splitlines() or ["(foto)" if "photo" in bubble else "…"]
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
