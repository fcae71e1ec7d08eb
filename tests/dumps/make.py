"""Make a dump of a lived-in database: `python -m tests.dumps.make tests/dumps/2026_11_26`.

About forty people: drafts at every step, cases and visits in every state, news and messages that
wait in both queues. `record.sql` is the database, `chats.json` what each chat was shown last: the
buttons that people may still tap. Made once for each version from which an upgrade is tested.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy import create_engine, make_url, select
from sqlalchemy.orm import Session

from casework import course, documents
from casework.act import Act, by_office
from casework.news import tell
from conversations import messages
from conversations.effects import (
    AcceptOffer,
    Arrive,
    Decide,
    Depart,
    Effect,
    FailVisit,
    FinishVisit,
    ProveCode,
    Withdraw,
)
from conversations.events import News, Uploaded
from conversations.messages import Say
from conversations.services import business_permit
from conversations.session import ChatSession
from demo.embedded import _programs, servers
from models import link, migrations, unreached
from models.case import Case
from models.conversation import Conversation
from models.document import Document
from models.finding import Finding, Outcome
from models.infrastructure import database, encryption
from models.infrastructure.key_ring import KeyRing
from models.infrastructure.quiet import OFF
from models.officer import Officer
from models.outbox import Lane
from models.unreached import CallReason
from models.visit import Visit
from tests.bot.conftest import KEY, desk_at
from tests.bot.town import Town, write_effect
from tests.workers.verification.samples import encoded, scene
from workers import jobs
from workers.context import Context

LAST = 4  # messages of each chat
TURNS = itertools.count(1_000_000)  # of acts that no delivery led to
OFFICERS, BOSS, HEAD = ("officer-1", "officer-2"), "supervisor", "head"

#: What is typed, or which button is tapped, at each step of the form.
TYPED = {
    "owner_name": "Siti Aminah",
    "business_name": "Warung Siti",
    "place": "Cipete Utara",
    "rt_rw": "005/003",
    "street": "Jl. Damai 3",
    "capital": "5 juta",
    "turnover": "6 juta",
    "workers": "1",
}
TAPPED = {
    "consent": "yes",
    "way": "self",
    "premises": "fixed",
    "papers": "none",
    "identity": "door",
    "preferred_days": "any",
    "preferred_part": "any",
    "confirm": "send",
}


async def answer(town: Town, address: str, step: str) -> None:
    """Answer the question that is open, which is this step's."""
    if step in TAPPED:
        await town.tap(TAPPED[step], address, step=step)
    elif step == "trade":
        await town.say("jual nasi uduk", address)
        if open_step(town, address) == step:
            await town.say("1", address)
    elif step == "place_photo":
        town.desk.chat.files[f"file-{address}"] = encoded(scene())
        await town.say(Uploaded(0, "photo"), address)
        await town.desk.media.fetch_due()
        await town.quiet()
        await town.say("sudah", address)
    else:
        await town.say(TYPED[step], address)
        if open_step(town, address) == step:
            await town.say("1", address)  # which of several was meant


def open_step(town: Town, address: str) -> str | None:
    """The step that this person was asked last."""
    person_id = town.person(address)
    stored = town.read(lambda tx: tx.get_one(Conversation, person_id).session)
    asked = ChatSession.from_json(stored).asked
    return asked.step if asked else None


async def fill_in(town: Town, address: str, *, until: str | None = None) -> None:
    """Fill the form in, up to the question of a step (or to its end)."""
    await town.say("halo", address)
    await town.say("izin usaha", address)
    while (step := open_step(town, address)) != until and step is not None:
        await answer(town, address, step)
        if step == "confirm":
            return


async def staff(town: Town) -> None:
    for number, address in enumerate(OFFICERS):
        await town.staff(address, f"041{number + 7}", capacity=20)
    await town.staff(BOSS, "S1", role="supervisor")
    await town.staff(HEAD, "H1", role="head", areas=("31",))


async def drafts(town: Town) -> None:
    """Somebody at every question of the form."""
    for step in business_permit.FORM.steps:
        if step.optional:
            continue
        await fill_in(town, f"draft-{step.id}", until=step.id)


async def verified(town: Town, address: str) -> int:
    """A case whose owner is asked when the officer shall come; gives its id."""
    await fill_in(town, address)
    case_id = newest(town, address)
    town.write(lambda tx: course.accept(office(tx), tx.get_one(Case, case_id)))
    await town.work()
    return case_id


async def visited(town: Town, address: str, *steps: Callable[[int], Effect]) -> int:
    """A case with a visit; `steps` are what the officer does, in order. Gives the visit's id."""
    case_id = await verified(town, address)
    await town.say("1", address)  # the first window
    visit_id = town.read(lambda tx: tx.scalars(select(Visit.id).filter_by(case_id=case_id)).one())
    if steps:
        await town.work()
    for step in steps:
        act(town, town.read(partial(comes, visit_id=visit_id)), step(visit_id))
        await town.quiet()
    return visit_id


def comes(tx: Session, visit_id: int) -> int:
    """The officer who is asked to make a visit, or makes it; as a person."""
    person_id = tx.get_one(Officer, tx.get_one(Visit, visit_id).officer_id).person_id
    assert person_id is not None
    return person_id


def act(town: Town, person_id: int, effect: Effect) -> None:
    """Do what one effect says, whatever the chat would allow."""
    town.write(partial(write_effect, person_id=person_id, effect=effect, turn_id=next(TURNS)))


def newest(town: Town, address: str) -> int:
    person_id = town.person(address)
    rows = select(Case.id).filter_by(person_id=person_id).order_by(Case.id.desc())
    found = town.read(lambda tx: tx.scalars(rows.limit(1)).one_or_none())
    assert found is not None, town.heard(address)
    return found


def office(tx: Session) -> Act:
    return by_office(tx, "worker", f"dump:{next(TURNS)}")


def handed_over(visit_id: int) -> FinishVisit:
    return FinishVisit(
        visit_id, "hand_over", "handed_over", {"ktp": "seen", "place": "as_described"}
    )


def arrived(visit_id: int) -> Arrive:
    return Arrive(visit_id, 0.1)


def not_at_home(visit_id: int) -> FailVisit:
    return FailVisit(visit_id, "nobody")


AT_THE_DOOR = (AcceptOffer, Depart, arrived)


async def live(town: Town) -> None:
    """Let everybody come to where the dump finds them."""
    await staff(town)
    await drafts(town)
    boss = town.person(BOSS)

    for address in ("needs-fix", "in-review", "rejected", "accepted-by-hand"):
        await fill_in(town, address)
        case_id = newest(town, address)
        town.write(partial(review, case_id=case_id))
        await town.quiet()
        match address:
            case "needs-fix":
                act(town, boss, Decide(case_id, "return", ("capital",), reason="Modalnya berapa?"))
            case "rejected":
                act(town, boss, Decide(case_id, "reject", (), "place", "Di luar Jakarta"))
            case "accepted-by-hand":
                act(town, boss, Decide(case_id, "approve"))
        await town.work()

    await verified(town, "windows-offered")
    await fill_in(town, "cancelled")
    act(town, town.person("cancelled"), Withdraw(newest(town, "cancelled")))

    await visited(town, "accepted", AcceptOffer)
    await visited(town, "on-the-way", AcceptOffer, Depart)
    await visited(town, "arrived", *AT_THE_DOOR)
    await visited(town, "proved", *AT_THE_DOOR, ProveCode)
    await visited(town, "failed-once", *AT_THE_DOOR, not_at_home)
    await visited(town, "permit", *AT_THE_DOOR, ProveCode, handed_over)
    await visited(town, "permit-revoked", *AT_THE_DOOR, ProveCode, handed_over)
    await town.work()
    town.write(revoke_newest)
    await visited(town, "offered", *())
    await town.work()

    await town.say("english", "english")
    await town.say("berhenti", "opted-out")
    await fill_in(town, "page", until="identity")
    await town.tap("page", "page")
    await town.work()

    # From here on nothing is worked off or sent: it waits in the queues.
    await visited(town, "wanted")
    await fill_in(town, "submitted")
    submitted = town.person("submitted")
    town.write(lambda tx: unreached.note(tx, submitted, CallReason.UNREACHABLE))
    town.write(lambda tx: link.offer(tx, submitted))
    town.write(partial(wait, person_ids=[town.person(a) for a in ("permit", "draft-capital")]))
    town.enqueue("windows-offered", "common.again")
    town.enqueue("windows-offered", "common.again", lane=Lane.NOTICE)


def review(tx: Session, case_id: int) -> None:
    case, by = tx.get_one(Case, case_id), office(tx)
    course.find(by, case, Finding("photo", Outcome.NEEDS_A_PERSON, "photo_not_fetched"))
    course.to_review(by, case)


def revoke_newest(tx: Session) -> None:
    row = tx.scalars(select(Document).order_by(Document.id.desc()).limit(1)).one()
    documents.revoke(office(tx), row, "Usahanya pindah")


def wait(tx: Session, person_ids: list[int]) -> None:
    for person_id in person_ids:
        say = Say("notices.draft_waits")
        tell(tx, person_id, News.REMINDER, person_id, say, fact=f"reminder:{person_id}:dump")


def chats(town: Town) -> dict[str, list[dict[str, object]]]:
    """What stands at the end of each chat: the words and the buttons."""
    return {
        address: [{"words": words, **messages.to_json(message)} for words, message in sent[-LAST:]]
        for address, sent in town.desk.chat.sent.items()
    }


async def make(folder: Path, database_url: str, redis_url: str, work: Path) -> None:
    encryption.use(KeyRing.parse(f"k1:{KEY}", KEY))
    migrations.upgrade(database_url)
    engine = create_engine(database.driver_url(database_url))
    async with desk_at(database_url, redis_url, work / "files", OFF) as desk:
        jobs.use(Context(engine, desk.media.storage, "https://izin.example", quiet=OFF))
        town = Town(desk, engine, OFF)
        await live(town)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "chats.json").write_text(json.dumps(chats(town), indent=1, ensure_ascii=False))
    engine.dispose()
    plain = make_url(database_url).set(drivername="postgresql").render_as_string(False)
    sql = folder / "record.sql"
    program = str(_programs(work).postgres / "pg_dump")
    dump = [program, "--inserts", "--no-owner", "--no-privileges", f"--file={sql}", plain]
    subprocess.run(dump, check=True)
    lines = sql.read_text().splitlines(keepends=True)
    sql.write_text("".join(line for line in lines if not line.startswith("\\")))  # of psql


def main(folder: str) -> None:
    with tempfile.TemporaryDirectory() as work, servers(Path(work), fast=True) as running:
        asyncio.run(make(Path(folder), running.database_url, running.redis_url, Path(work)))


if __name__ == "__main__":
    main(*sys.argv[1:])
