"""The demo's stories, played automatically: an owner asks, an officer brings the permit.

They use the demo page's own endpoints, as three people with three phones do.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Awaitable, Callable
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

NAME = "Siti Aminah"
TRADE = "warung nasi uduk depan rumah"


class StepMissed(OperatorError):
    """A step of the story did not happen within its time; the message names it."""


def demo(data: Path, *, host: str, port: int, story: str | None) -> int:
    """Run the demo until it is stopped, or play one of `STORIES` once."""
    folder = data / ("play" if story else "demo")
    with city(folder, host=host, port=port, fresh=story is not None) as running:
        if story:
            asyncio.run(play(running, folder, story))
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


async def play(running: City, folder: Path, story: str) -> Path:
    """Play one of `STORIES` and print the messages; return the permit's file.

    Raises:
        StepMissed: a step did not happen.
    """
    async with aiohttp.ClientSession() as http:
        owner = Phone("Pemilik", "demo-owner", running.url, http)
        officer = Phone("Petugas", "demo-officer", running.url, http)
        supervisor = Phone("Pengawas", "demo-supervisor", running.url, http)
        phones = (owner, officer, supervisor)
        for phone in phones:
            phone.others = [one for one in phones if one is not phone]
        await _join(officer, running.officer_invitation)
        await _join(supervisor, running.supervisor_invitation)
        await STORIES[story](owner, officer)
        permit = await _receive(owner, folder)
        for phone in phones:
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
    others: list[Phone] = field(default_factory=list)  # looked at as well, while this one waits

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
                    for phone in (self, *self.others):
                        await phone.look()
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


# -- the stories -----------------------------------------------------------------------------------


async def _short(owner: Phone, officer: Phone) -> None:
    """The owner says what, where and when; the officer fills the form in at the stall."""
    await _begin(owner, "quick")
    await _answer(owner, TRADE)
    await _send_place(owner)
    await owner.tap("window", "")
    await _meet(officer, owner)
    await officer.tap("wish", "now")
    await officer.tap("whom", "host")
    await officer.tap("read_out", "yes")
    await _answer(officer, NAME)
    await _name_business(officer)
    await _describe_place(officer)
    await _say_figures(officer)
    await _identify(officer, before="confirm")
    await officer.tap("confirm", "send")
    await officer.tap("way", "chat")
    await owner.tap("confirm", "send")
    await _hand_over(officer)


async def _long(owner: Phone, officer: Phone) -> None:
    """The owner fills the form in at home; the officer comes with the permit."""
    await _begin(owner, "self")
    await _answer(owner, NAME)
    await _answer(owner, TRADE)
    await _name_business(owner)
    await _send_place(owner)
    await _describe_place(owner)
    await owner.wait("the question about figures", lambda b: b)
    await owner.photograph()
    await _say_figures(owner)
    await _identify(owner, before="preferred_days")
    await owner.tap("preferred_days", "any")
    await owner.tap("confirm", "send")
    await owner.tap("window", "")
    await _meet(officer, owner)
    await _hand_over(officer)


#: The stories by the names that `izin demo --play` takes; the first is the usual one.
STORIES: dict[str, Callable[[Phone, Phone], Awaitable[None]]] = {"short": _short, "long": _long}


# -- their parts -----------------------------------------------------------------------------------


async def _begin(owner: Phone, way: str) -> None:
    """The owner's first message, consent, and choice of a way."""
    await owner.say("Halo")
    await owner.tap("menu", next(iter(services.load())))
    await owner.tap("consent", "yes")
    await owner.tap("way", way)


async def _send_place(owner: Phone) -> None:
    """Send a pin, and confirm its kelurahan."""
    await owner.wait("the question about the place", _wishes("location"))
    await owner.locate(-6.2706, 106.8023)
    await owner.tap("place", "")


async def _name_business(writer: Phone) -> None:
    await writer.tap("trade", "")
    await _answer(writer, "Warung Bu Siti")


async def _describe_place(writer: Phone) -> None:
    await _answer(writer, "Jalan Damai no. 12, RT 005/003, dekat musala")
    await writer.tap("premises", "home")


async def _say_figures(writer: Phone) -> None:
    await _answer(writer, "modal 5 juta, sebulan 6 juta, sendiri")
    await writer.tap("papers", "none")


async def _answer(phone: Phone, words: str) -> None:
    """Wait for the bot's question, then send an answer."""
    await phone.wait(f"the question before {words!r}", lambda b: b)
    await phone.say(words)


async def _identify(writer: Phone, *, before: str) -> None:
    """The KTP's data are written on the secure page, not in the chat; then a step follows."""
    await writer.tap("identity", "page")
    link = await writer.wait("the link to the identity page", _identity_page)
    born = date(1990, 5, 17)
    async with writer.http.get(link) as answer:
        page = await answer.text()
    form = {
        **dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)),
        "name": NAME,
        "nik": f"317407{born.day + 40:02d}{born:%m%y}0012",
        "day": str(born.day),
        "month": str(born.month),
        "year": str(born.year),
        "address": "Jalan Damai no. 12",
    }
    await writer.wait(f"the question {before!r}", _asks(before))
    writer.used = len(writer.bubbles)  # it is asked again with the news from the page
    async with writer.http.post(link, data=form) as answer:
        if answer.status >= 400:
            raise StepMissed(f"The identity page was answered with {answer.status}.")
    print(f"  ({writer.who} fills in the secure page)\n", flush=True)


async def _meet(officer: Phone, owner: Phone) -> None:
    """The officer's part, from the offer to the code at the door."""
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


async def _hand_over(officer: Phone) -> None:
    """The officer looks at the KTP and the place, and hands the permit over."""
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


def _identity_page(bubble: Json) -> str | None:
    found = re.search(r"https?://\S+/identitas/\S+", str(bubble.get("text", "")))
    return found[0] if found else None


def _print(who: str, bubble: Json) -> None:
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
