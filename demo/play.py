"""The demo, with a page for people, or with its stories played automatically."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp

from conversations.messages import Json
from demo.city import City, city
from demo.phone import Phone
from demo.stories import STORIES, Phones

EVERY = "all"  # plays one story after another


def demo(data: Path, *, host: str, port: int, story: str | None) -> int:
    """Run the demo until it is stopped, or play one of `STORIES` once, or `EVERY` one."""
    if story is None:
        with city(data / "demo", host=host, port=port, fresh=False) as running:
            asyncio.run(_run_until_stopped(running))
        return 0
    for name in STORIES if story == EVERY else (story,):
        folder = data / "play"
        with city(folder, host=host, port=port, fresh=True) as running:
            asyncio.run(play(running, folder / name, name))
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
    """Play one of `STORIES` and print the messages; return its document's file.

    Raises:
        StepMissed: a step did not happen.
    """
    print(f"\n-- {story} --\n", flush=True)
    async with aiohttp.ClientSession() as http:
        phones = Phones(
            owner=Phone("Pemilik", "demo-owner", running.url, http),
            officer=Phone("Petugas", "demo-officer", running.url, http),
            supervisor=Phone("Pengawas", "demo-supervisor", running.url, http),
            neighbour=Phone("Tetangga", "demo-owner-2", running.url, http),
            slip=running.slip,
        )
        everybody = phones.everybody()
        for phone in everybody:
            phone.others = [one for one in everybody if one is not phone]
        await _join(phones.officer, running.officer_invitation)
        await _join(phones.supervisor, running.supervisor_invitation)
        held = await STORIES[story](phones)
        document = await _save(phones.owner, held, folder)
        for phone in everybody:
            await phone.look()
    print(f"\nThe document lies at {document}", flush=True)
    return document


async def _join(phone: Phone, invitation: str) -> None:
    """Accept the invitation, as its link does."""
    await phone.look()
    if not phone.bubbles:
        await phone.say(f"/start join-{invitation}")
        await phone.wait("the desk", lambda b: b if "choices" in b else None)


async def _save(owner: Phone, held: Json, folder: Path) -> Path:
    """Save the document of one of the owner's bubbles."""
    async with owner.http.get(f"{owner.url}{held['url']}") as answer:
        answer.raise_for_status()
        content = await answer.read()
    folder.mkdir(exist_ok=True)
    document = folder.resolve() / str(held["name"])
    document.write_bytes(content)
    return document
