"""A small world in the database: people, staff, cases, visits and documents, made to order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from conversations import services
from models import document, window
from models import officer as officers
from models.attachment import Attachment, AttachmentState
from models.case import Case
from models.document import Document
from models.inbox import InboxMessage
from models.infrastructure.storage import Storage
from models.lifecycle import CaseState, VisitState
from models.officer import Officer, StaffRole
from models.person import Address, Person
from models.task import Task
from models.visit import Visit
from models.window import Window
from models.working_hours import OFFICE
from tests.clock import now
from tests.workers.verification.samples import CIPETE_UTARA, encoded, photo, scene
from workers import jobs

PIN = [-6.2612, 106.8023]  # in Cipete Utara


def person(tx: Session, name: str = "Siti Aminah") -> int:
    """Somebody the bot knows."""
    row = Person(name=name)
    tx.add(row)
    tx.flush()
    tx.add(Address(person_id=row.id, channel="chat", address=f"person {row.id}", heard_at=now()))
    tx.flush()
    return row.id


def silence(tx: Session, person_id: int | None, why: str) -> None:
    """Let nobody write to somebody, for one of two reasons: `unreachable_at`, `opted_out_at`."""
    if why == "opted_out_at":
        tx.execute(update(Person).where(Person.id == person_id).values(opted_out_at=now()))
    else:
        theirs = update(Address).where(Address.person_id == person_id)
        tx.execute(theirs.values(unreachable_at=now()))


def staff(
    tx: Session,
    badge: str,
    *,
    role: StaffRole = "officer",
    areas: tuple[str, ...] = ("31.74",),
    capacity: int = 3,
    joined: bool = True,
    hours: str = OFFICE,
) -> Officer:
    """An officer or a supervisor who has taken up the invitation (or not)."""
    token = officers.invite(
        tx, role=role, name=f"Petugas {badge}", badge=badge, areas=areas, capacity=capacity
    )
    if joined:
        officers.join(tx, token, person(tx, f"Petugas {badge}"))
    row = tx.scalars(select(Officer).where(Officer.badge == badge)).one()
    row.hours = hours
    tx.flush()
    return row


def stored_photo(
    tx: Session, storage: Storage, owner_id: int, content: bytes | None = None
) -> Attachment:
    """A photo of the place that the bot has fetched."""
    image = photo(encoded(scene()) if content is None else content)
    row = Attachment(
        person_id=owner_id,
        channel="telegram",
        kind="photo",
        state=AttachmentState.STORED,
        sha256=image.sha256,
        path=f"photos/{image.sha256}.jpg",
    )
    storage.write(f"photos/{image.sha256}.jpg", image.content)
    tx.add(row)
    tx.flush()
    return row


def answers(photo_id: int, **changed: Any) -> dict[str, Any]:
    """The answers of a sound case for a business permit."""
    sound: Mapping[str, Any] = {
        "owner_name": "Siti Aminah",
        "trade": {"code": "56101", "version": "2025", "words": "jual nasi uduk"},
        "business_name": "Warung Bu Siti",
        "place": {"kelurahan": CIPETE_UTARA, "pin": PIN},
        "rt_rw": "005/003",
        "street": "Jl. Damai 3",
        "premises": "fixed",
        "place_photo": {"ids": [photo_id], "done": True},
        "capital": 5_000_000,
        "turnover": 6_000_000,
        "workers": 1,
        "papers": "none",
        "identity": "door",
        "preferred_days": "any",
        "preferred_part": "any",
    }
    return {**sound, **changed}


def case(
    tx: Session,
    owner_id: int,
    given: Mapping[str, Any],
    *,
    number: str = "26-000001",
    service: str = "business_permit",
    state: CaseState = CaseState.SUBMITTED,
    moved_at: datetime | None = None,
) -> Case:
    """A case as the bot writes it."""
    stage = services.load()[service].course[0].id
    row = Case(
        number=number,
        person_id=owner_id,
        service=service,
        state=state,
        answers=dict(given),
        area_code=given["place"].get("kelurahan"),
        same_as=services.load()[service].same_as(given),
        stage=stage if state in {CaseState.ACCEPTED, CaseState.UNDER_WAY, CaseState.DONE} else "",
        moved_at=moved_at or now(),
    )
    tx.add(row)
    tx.flush()
    return row


def visit(
    tx: Session,
    of: Case,
    *,
    on: Window | None = None,
    state: VisitState = VisitState.WANTED,
    officer_id: int | None = None,
    moved_at: datetime | None = None,
) -> Visit:
    """A visit that the owner has chosen the window of; its case is under way."""
    chosen = on or next_week()
    of.state, of.stage = CaseState.UNDER_WAY, services.load()[of.service].course[0].id
    row = Visit(
        case_id=of.id,
        purpose=of.stage,
        host_id=of.person_id,
        officer_id=officer_id,
        state=state,
        area_code=of.area_code or "",
        on=chosen.on,
        part=chosen.part,
        moved_at=moved_at or now(),
    )
    tx.add(row)
    tx.flush()
    return row


def next_week() -> Window:
    """A morning some working days ahead, with another working day in the same week."""
    in_three_days = now() + timedelta(days=3)
    days = sorted({w.on for w in window.coming(in_three_days)})
    on = next(day for day in days if _week(day) in {_week(other) for other in days if other > day})
    return Window(on, "morning")


def same_week(on: date) -> date:
    """The next working day after `on`, in the same week."""
    days = sorted({w.on for w in window.coming(now()) if w.on > on})
    return next(day for day in days if _week(day) == _week(on))


def _week(day: date) -> tuple[int, int]:
    return day.isocalendar()[:2]


def work_off(engine: Engine, *, until: datetime | None = None) -> list[str]:
    """Do all tasks that are due until `until` (now), each once; gives their kinds."""
    done: dict[int, str] = {}
    while True:
        with Session(engine) as tx:
            row = tx.scalars(
                select(Task)
                .where(
                    Task.done_at.is_(None),
                    Task.failed_at.is_(None),
                    Task.due_at <= (until or now()),
                    Task.id.not_in(list(done)),
                )
                .order_by(Task.due_at, Task.id)
                .limit(1)
            ).one_or_none()
        if row is None:
            return list(done.values())
        jobs.run(row.id)
        done[row.id] = row.kind


def news(tx: Session, person_id: int | None) -> list[tuple[str, list[str], str]]:
    """What a person was told: (what, the sentences' keys, the flow it opens), oldest first."""
    rows = tx.scalars(
        select(InboxMessage).where(InboxMessage.person_id == person_id).order_by(InboxMessage.id)
    )
    return [
        (
            row.event["what"],
            [key for key, _ in row.event["params"]["parts"]],
            row.event["params"]["opens"],
        )
        for row in rows
    ]


def issue(
    tx: Session, *, case_id: int, person_id: int, kota_code: str, issued_on: date
) -> Document:
    """A business permit, as it is issued at the door."""
    kind = services.load().kind("iumk")
    return document.issue(
        tx,
        kind=kind.id,
        prefix=kind.prefix,
        area=kota_code,
        case_id=case_id,
        person_id=person_id,
        issued_on=issued_on,
        valid_years=kind.valid_years,
    )


def officer_of(tx: Session, person_id: int) -> Officer:
    """The officer that a person is."""
    found = officers.of_person(tx, person_id)
    assert found is not None
    return found
