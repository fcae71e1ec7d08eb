"""A town to play in: owners and staff who talk with the bot, and rows made to order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from bot.writer import Writer
from conversations import catalogue, messages
from conversations.effects import Effect
from conversations.events import Event, Located, Started, Tapped, Uploaded
from conversations.messages import Say
from models import identity
from models import officer as officers
from models import person as people
from models import visit as visits
from models.attachment import Attachment, AttachmentState
from models.case import Case
from models.document import Document
from models.infrastructure.database import pipeline
from models.infrastructure.quiet import QuietHours
from models.infrastructure.wib import WIB
from models.lifecycle import CaseState
from models.officer import Officer, StaffRole
from models.outbox import NewMessage, OutboundMessage, enqueue
from models.person import Person
from models.task import Task
from models.visit import Offer, Visit
from models.window import Window
from models.working_hours import Part, hours
from tests import world
from tests.bot.conftest import Desk
from tests.clock import now
from tests.workers.verification.samples import encoded, scene

T = TypeVar("T")

NIK = "3174075705900012"  # a woman born on 17 May 1990: day + 40
OWNER, OFFICER, OTHER, BOSS = "owner", "officer", "other", "boss"  # addresses


@dataclass(slots=True)
class Town:
    """The desk with its database; jobs are worked off when asked."""

    desk: Desk
    engine: Engine
    hours: QuietHours

    # -- people ----------------------------------------------------------------------------------

    def meet(self, address: str = OWNER, name: str = "Siti Aminah") -> int:
        """Somebody with an address, who has agreed to everything before."""

        def met(tx: Session) -> int:
            (person_id,) = people.meet(tx, "chat", [(address, "id")]).values()
            tx.get_one(Person, person_id).name = name
            return person_id

        return self.write(met)

    def person(self, address: str = OWNER) -> int:
        """The id of somebody who was heard; nothing about them is changed."""
        found = select(people.Address.person_id).filter_by(channel="chat", address=address)
        return self.read(lambda tx: tx.scalars(found).one())

    def invite(
        self,
        badge: str,
        *,
        role: StaffRole = "officer",
        areas: tuple[str, ...] = ("31.74",),
        capacity: int = 3,
    ) -> str:
        name = f"Petugas {badge}"
        return self.write(
            lambda tx: officers.invite(
                tx, role=role, name=name, badge=badge, areas=areas, capacity=capacity
            )
        )

    async def staff(
        self,
        address: str,
        badge: str,
        *,
        role: StaffRole = "officer",
        areas: tuple[str, ...] = ("31.74",),
        capacity: int = 3,
    ) -> int:
        """An officer or supervisor who joined by the invitation's link; gives the officer's id."""
        token = self.invite(badge, role=role, areas=areas, capacity=capacity)
        await self.say(Started(f"join-{token}"), address)
        return self.read(lambda tx: tx.scalars(select(Officer.id).filter_by(badge=badge)).one())

    # -- rows ------------------------------------------------------------------------------------

    def apply(
        self,
        address: str = OWNER,
        *,
        state: CaseState = CaseState.ACCEPTED,
        number: str = "26-000001",
        **changed: Any,
    ) -> int:
        """A case of this owner; gives its id."""
        owner_id = self.meet(address)
        given = world.answers(self.photo(address), **changed)
        return self.write(lambda tx: world.case(tx, owner_id, given, state=state, number=number).id)

    def photo(self, address: str = OWNER) -> int:
        """A photo of theirs that is stored."""
        person_id = self.meet(address)

        def stored(tx: Session) -> int:
            row = Attachment(person_id=person_id, channel="chat", kind="photo")
            row.state, row.path, row.sha256 = AttachmentState.STORED, "attachments/x.jpg", "0" * 64
            tx.add(row)
            tx.flush()
            return row.id

        return self.write(stored)

    def want(self, case_id: int, on: Window | None = None) -> int:
        """A window chosen by the owner, and an officer to be sought; gives the visit's id."""

        def wanted(tx: Session) -> int:
            row = world.visit(tx, tx.get_one(Case, case_id), on=on)
            visits.plan_offer(tx, row)
            return row.id

        return self.write(wanted)

    def change(self, kind: type[T], row_id: int, **columns: Any) -> None:
        """Change a row as somebody elsewhere would."""

        def changed(tx: Session) -> None:
            row = tx.get_one(kind, row_id)
            for name, value in columns.items():
                setattr(row, name, value)

        self.write(changed)

    def enqueue(self, address: str, key: str = "common.again", **how: Any) -> int:
        """Owe a sentence to somebody, and give the message's id."""

        def queued(tx: Session) -> int:
            (person_id,) = people.meet(tx, "chat", [(address, "id")]).values()
            message = messages.to_json(messages.Message((Say(key, how.pop("params", {})),)))
            enqueue(
                tx,
                [
                    NewMessage(
                        person_id, f"test:{next(self.desk.ids)}", how.pop("message", message), **how
                    )
                ],
            )
            return max(tx.scalars(select(OutboundMessage.id)))

        return self.write(queued)

    # -- what happens ----------------------------------------------------------------------------

    async def say(self, event: Event | str, address: str = OWNER) -> str:
        """Say something; gives what was said to this address since."""
        before = len(self.desk.chat.texts(address))
        await self.desk.turns.take([self.desk.heard(event, address)])
        await self.quiet()
        return "\n".join(self.desk.chat.texts(address)[before:])

    async def tap(self, value: str, address: str = OWNER, *, step: str = "") -> str:
        """Tap the newest button with this value; gives what was said since."""
        return await self.say(self.button(value, address, step=step), address)

    def button(self, value: str, address: str = OWNER, *, step: str = "") -> Tapped:
        for _, message in reversed(self.desk.chat.sent[address]):
            asked = message.question
            fits = asked is not None and step in (asked.step, "")
            if asked and fits and value in [choice.value for choice in message.choices]:
                return Tapped(asked.flow, asked.subject, asked.step, asked.version, value)
        raise AssertionError(f"{address} has no button {value!r}: {self.heard(address)}")

    async def quiet(self) -> None:
        """Let the bot take all news and send everything that is due."""
        while await self.desk.turns.take_news():
            pass
        await self.desk.send_all()

    async def work(self, *, until: datetime | None = None) -> list[str]:
        """Let the workers do what is due (until then), and the bot tell of it."""
        done: list[str] = []
        while kinds := world.work_off(self.engine, until=until):
            done += kinds
            await self.quiet()
            if until is not None:
                break
        await self.quiet()
        return done

    async def arrive(self, address: str) -> str:
        """The officer sends their location, at the place of `world.request`."""
        lat, lon = world.PIN
        return await self.say(Located(lat, lon), address)

    async def photo_from(self, address: str) -> str:
        """Send a photo that is fetched and stored at once."""
        self.desk.chat.files[f"file-{address}"] = encoded(scene(64, 48))
        said = await self.say(Uploaded(0, "photo"), address)
        await self.desk.media.fetch_due()
        await self.quiet()
        return said

    async def at_once(self, *heard: tuple[Event | str, str]) -> None:
        """Several deliveries together: (event, address)."""
        taking = (self.desk.turns.take([self.desk.heard(*one)]) for one in heard)
        await asyncio.gather(*taking)
        await self.quiet()

    def expire_offers(self, visit_id: int) -> None:
        """Let the time to answer be over."""

        def over(tx: Session) -> None:
            for row in tx.scalars(select(Offer).filter_by(visit_id=visit_id)):
                row.expires_at = now()
            for task in tx.scalars(select(Task).filter_by(kind="expire_offer")):
                task.due_at = now()

        self.write(over)

    def identify(self, person_id: int, name: str = "Siti Aminah") -> None:
        """Their KTP is given on the page, as by themselves."""

        def given(tx: Session) -> None:
            token = identity.link(tx, person_id=person_id, holder_id=person_id)
            tx.flush()
            found = identity.open_link(tx, token)
            assert found is not None
            identity.give(
                tx,
                found,
                name=name,
                nik=NIK,
                born_on=date(1990, 5, 17),
                address="Jalan Damai 3",
                ktp_attachment_id=None,
            )

        self.write(given)

    # -- what is there ---------------------------------------------------------------------------

    def heard(self, address: str = OWNER) -> str:
        """All that was said to this address."""
        return "\n".join(self.desk.chat.texts(address))

    def case(self, case_id: int) -> Case:
        return self.read(lambda tx: tx.get_one(Case, case_id))

    def visit(self, visit_id: int) -> Visit:
        return self.read(lambda tx: tx.get_one(Visit, visit_id))

    def offers(self, visit_id: int) -> list[tuple[int, str | None]]:
        """Who was asked, in order: (officer id, answer)."""
        asked = select(Offer).filter_by(visit_id=visit_id).order_by(Offer.id)
        return self.read(lambda tx: [(row.officer_id, row.answer) for row in tx.scalars(asked)])

    def documents(self) -> list[str]:
        """The numbers of all documents, oldest first."""
        return self.read(lambda tx: list(tx.scalars(select(Document.number).order_by(Document.id))))

    def window(self, visit: Visit) -> dict[str, Any]:
        """The params of `common.window`."""
        starts, ends = hours(visit.on, Part(visit.part))
        return {"day": visit.on, "starts": starts, "ends": ends}

    def when(self, visit_id: int) -> dict[str, Any]:
        """The param `window` of a notice."""
        return {"window": Say("common.window", self.window(self.visit(visit_id)))}

    def messages(self, address: str) -> list[OutboundMessage]:
        """The outbox of one person, oldest first."""
        person_id = self.meet(address)
        rows = select(OutboundMessage).filter_by(person_id=person_id).order_by(OutboundMessage.id)
        return self.read(lambda tx: list(tx.scalars(rows)))

    def read(self, work: Callable[[Session], T]) -> T:
        with Session(self.engine, expire_on_commit=False, info=self.hours.info) as tx:
            return work(tx)

    def write(self, work: Callable[[Session], T]) -> T:
        with Session(self.engine, expire_on_commit=False, info=self.hours.info) as tx, tx.begin():
            return work(tx)


def write_effect(tx: Session, person_id: int, effect: Effect, *, turn_id: int = 10_000) -> None:
    """Write one effect as this person's turn does, whatever their conversation would allow."""
    (speaker,) = people.lock(tx, [person_id])
    writer = Writer(tx, "https://izin.example", now())
    writer.write(speaker, turn_id, (effect,))
    with pipeline(tx) as execute:
        writer.close(execute)


def words(key: str, **params: Any) -> str:
    """A sentence of the catalogue as an Indonesian reads it."""
    return catalogue.load().say(Say(key, params), "id")


def today() -> Window:
    """A window that begins today, whatever the hour."""
    return Window(now().astimezone(WIB).date(), "morning")


def forged(flow: str, subject: int | str, step: str, value: str, version: int = 0) -> Tapped:
    """A tap that no button of this person carries."""
    return Tapped(flow, str(subject), step, version, value)
