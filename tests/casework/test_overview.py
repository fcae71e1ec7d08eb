"""A supervisor asks about the areas: figures and lists are of those areas, and of that day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import overview, tickets
from casework.act import Act, Rows
from conversations import catalogue, messages
from conversations.messages import Json, Message, Say
from conversations.ticketing import MOST_FILES
from models import case as cases
from models.audit import AuditEntry
from models.case import Case
from models.infrastructure.storage import Storage
from models.infrastructure.wib import WIB
from models.lifecycle import CaseState, VisitState
from models.officer import Officer
from models.outbox import OutboundMessage
from models.person import LockedPerson
from models.window import Window
from tests import world as make

DAY = date(2026, 11, 25)  # a Wednesday
MORNING = Window(DAY, "morning")  # 08.00 to 10.30
HERE, ELSEWHERE = "31.74", "31.72"  # Jakarta Selatan, where all cases are, and Jakarta Utara


@dataclass(slots=True)
class Desk:
    """The supervisors of two areas, and what they are told."""

    tx: Session
    boss: Officer
    far_boss: Officer
    joko: Officer
    asked: int = 0

    def by(self, who: Officer, at: datetime, *, address_id: int | None = None) -> Act:
        assert who.person_id is not None
        self.asked += 1
        speaker = LockedPerson(who.person_id, "id", who.name, None, None)
        cause = f"test:{self.asked}"
        actor = f"person:{who.person_id}"
        return Act(self.tx, actor, at, cause, Rows(self.tx), speaker, address_id)

    def told(self, who: Officer) -> list[Message]:
        """All messages to somebody, oldest first."""
        self.tx.flush()
        rows = self.tx.scalars(
            select(OutboundMessage)
            .where(OutboundMessage.person_id == who.person_id)
            .order_by(OutboundMessage.id)
        )
        return [messages.from_json(row.message) for row in rows]

    def last(self, who: Officer) -> str:
        return catalogue.load().text(self.told(who)[-1], "id")


def at(clock: str, day: date = DAY) -> datetime:
    return datetime.combine(day, datetime.strptime(clock, "%H.%M").time(), WIB)  # noqa: DTZ007


@pytest.fixture
def desk(tx: Session) -> Iterator[Desk]:
    boss = make.staff(tx, "S1", role="supervisor", areas=(HERE,))
    far_boss = make.staff(tx, "S2", role="supervisor", areas=(ELSEWHERE,))
    yield Desk(tx, boss, far_boss, make.staff(tx, "0419", areas=(HERE,)))


def visit(desk: Desk, number: str, state: VisitState, on: Window = MORNING) -> int:
    """A visit of Joko to somebody new."""
    owner = make.person(desk.tx, f"Pemilik {number}")
    case = make.case(desk.tx, owner, make.answers(1), number=number)
    return make.visit(desk.tx, case, on=on, state=state, officer_id=desk.joko.id).id


def test_visits_of_a_day_are_counted_by_state_in_own_areas(desk: Desk) -> None:
    visit(desk, "26-000001", VisitState.DONE)
    visit(desk, "26-000002", VisitState.ACCEPTED)
    visit(desk, "26-000003", VisitState.CANCELLED)
    visit(desk, "26-000004", VisitState.ACCEPTED, Window(DAY + timedelta(days=1), "morning"))
    overview.show_visits(desk.by(desk.boss, at("09.00")), DAY)
    said = desk.last(desk.boss)
    assert "2026: 2." in said
    assert "- selesai: 1" in said and "- sudah diterima, belum berangkat: 1" in said
    overview.show_visits(desk.by(desk.far_boss, at("09.00")), DAY)
    assert "Belum ada kunjungan" in desk.last(desk.far_boss)


@pytest.mark.parametrize(
    ("state", "clock", "said"),
    [
        (VisitState.ACCEPTED, "07.59", None),
        (VisitState.ACCEPTED, "08.20", "Belum berangkat, 20 menit sejak jam mulai"),
        (VisitState.ACCEPTED, "10.45", "Lewat 15 menit, belum berangkat"),
        (VisitState.ON_THE_WAY, "08.20", None),
        (VisitState.ON_THE_WAY, "11.30", "Lewat 60 menit, di jalan"),
        (VisitState.ARRIVED, "11.30", None),
        (VisitState.DONE, "11.30", None),
    ],
)
def test_lateness_follows_from_window_and_clock(
    desk: Desk, state: VisitState, clock: str, said: str | None
) -> None:
    visit(desk, "26-000001", state)
    overview.show_late(desk.by(desk.boss, at(clock)))
    told = desk.last(desk.boss)
    if said is None:
        assert told == "Tidak ada kunjungan yang terlambat sekarang."
    else:
        assert said in told and "Petugas 0419 (0419): 26-000001, Siti Aminah" in told


def test_a_visit_of_yesterday_that_is_not_reported_is_late(desk: Desk) -> None:
    visit(desk, "26-000001", VisitState.ARRIVED)
    overview.show_late(desk.by(desk.boss, at("07.00", DAY + timedelta(days=1))))
    assert "25 November 2026 belum dilaporkan" in desk.last(desk.boss)


def test_an_officer_is_where_the_newest_stop_is(desk: Desk) -> None:
    done, going = (
        visit(desk, "26-000001", VisitState.DONE),
        visit(desk, "26-000002", VisitState.ON_THE_WAY),
    )
    assert done < going
    overview.show_whereabouts(desk.by(desk.boss, at("09.00")), desk.joko.id)
    said = desk.last(desk.boss)
    assert "Petugas 0419 (0419) hari ini" in said
    assert "(26-000002): di jalan" in said and "(26-000001): selesai" in said
    overview.show_whereabouts(desk.by(desk.far_boss, at("09.00")), desk.joko.id)
    assert "tidak bekerja di wilayah" in desk.last(desk.far_boss)
    tomorrow = DAY + timedelta(days=1)
    overview.show_whereabouts(desk.by(desk.boss, at("09.00", tomorrow)), desk.joko.id)
    assert "tidak punya kunjungan hari ini" in desk.last(desk.boss)


def test_a_case_is_shown_with_its_visit_and_not_to_another_area(desk: Desk) -> None:
    visit(desk, "26-000001", VisitState.ACCEPTED)
    overview.show_case(desk.by(desk.boss, at("09.00")), "26-000001")
    said = desk.last(desk.boss)
    assert "Siti Aminah" in said and "belum berangkat. Petugas: Petugas 0419 (0419)." in said
    overview.show_case(desk.by(desk.far_boss, at("09.00")), "26-000001")
    assert desk.last(desk.far_boss) == (
        "Permohonan 26-000001 di luar wilayah Bapak/Ibu, jadi tidak bisa ditampilkan."
    )
    overview.show_case(desk.by(desk.boss, at("09.00")), "26-000099")
    assert "tidak ada" in desk.last(desk.boss)
    looked = select(AuditEntry).where(AuditEntry.action == "case.looked_up")
    assert len(desk.tx.scalars(looked).all()) == 1


def test_cases_without_a_visit_are_listed_by_age(desk: Desk) -> None:
    for number, days in (("26-000001", 5), ("26-000002", 2), ("26-000003", 9)):
        owner = make.person(desk.tx)
        case = make.case(desk.tx, owner, make.answers(1), number=number)
        case.state, case.submitted_at = CaseState.ACCEPTED, at("09.00") - timedelta(days=days)
    case.state = CaseState.DONE
    overview.show_unvisited(desk.by(desk.boss, at("09.00")), 3)
    said = desk.last(desk.boss)
    assert "belum dikunjungi: 1." in said and "26-000001" in said and ": 5 hari," in said
    overview.show_unvisited(desk.by(desk.far_boss, at("09.00")), 3)
    assert "Tidak ada permohonan" in desk.last(desk.far_boss)


def test_complaints_are_listed_with_their_number_and_state(desk: Desk) -> None:
    owner, early = make.person(desk.tx, "Budi"), make.person(desk.tx, "Ani")
    make.case(desk.tx, owner, make.answers(1), number="26-000001")
    make.case(desk.tx, early, make.answers(2), number="26-000002")
    told: dict[str, Json] = {"what": "minta uang", "officer": "unknown", "may_call": "yes"}
    complain(desk, owner, told, "08.30")
    complain(desk, owner, told, "08.40")
    complain(desk, early, told, "23.00", DAY - timedelta(days=1))
    overview.show_complaints(desk.by(desk.boss, at("09.00")), DAY)
    said = desk.last(desk.boss)
    assert "dari Budi, soal petugas yang belum diketahui; belum dijawab." in said
    assert "Disampaikan lagi 1 kali." in said and "Ani" not in said
    overview.show_complaints(desk.by(desk.far_boss, at("09.00")), DAY)
    assert "Belum ada pengaduan" in desk.last(desk.far_boss)


def complain(desk: Desk, person_id: int, told: dict[str, Json], time: str, day: date = DAY) -> None:
    """File a complaint at a time of a day."""
    desk.asked += 1
    speaker = LockedPerson(person_id, "id", None, None, None)
    moment, cause = at(time, day), f"test:{desk.asked}"
    act = Act(desk.tx, f"person:{person_id}", moment, cause, Rows(desk.tx), speaker)
    tickets.complain(act, "complaint", told)
    newest = select(Case).filter_by(person_id=person_id, service="complaint")
    for case in desk.tx.scalars(newest):
        case.submitted_at = min(case.submitted_at, moment)


def test_figures_are_of_the_days_that_are_asked_for(desk: Desk) -> None:
    visit(desk, "26-000001", VisitState.DONE)
    visit(desk, "26-000002", VisitState.FAILED, Window(DAY - timedelta(days=7), "morning"))
    owner = make.person(desk.tx)
    for number, state, day in (
        ("26-000003", CaseState.DONE, DAY),
        ("26-000004", CaseState.REJECTED, DAY - timedelta(days=7)),
    ):
        moved = at("10.00", day)
        case = make.case(
            desk.tx, owner, make.answers(1), number=number, state=state, moved_at=moved
        )
        case.submitted_at = moved - timedelta(hours=1)
    monday = DAY - timedelta(days=2)
    for other in ("26-000001", "26-000002"):
        row = cases.by_number(desk.tx, other)
        assert row is not None
        row.submitted_at = row.moved_at = at("07.00", monday - timedelta(days=1))
    overview.show_figures(desk.by(desk.boss, at("12.00")), monday, DAY)
    said = desk.last(desk.boss)
    for line in (
        "masuk: 1",
        "terbit: 1",
        "ditolak: 0",
        "kunjungan selesai: 1",
        "kunjungan gagal: 0",
        "pengaduan: 0",
    ):
        assert line in said
    overview.show_figures(desk.by(desk.far_boss, at("12.00")), monday, DAY)
    assert "masuk: 0" in desk.last(desk.far_boss)


def test_photos_are_sent_one_by_one(desk: Desk, storage: Storage) -> None:
    owner = make.person(desk.tx)
    first, second = (make.stored_photo(desk.tx, storage, owner) for _ in range(2))
    given = make.answers(first.id, place_photo={"ids": [first.id, second.id], "done": True})
    make.case(desk.tx, owner, given, number="26-000001")
    overview.show_photos(desk.by(desk.boss, at("09.00")), "26-000001")
    sent = desk.told(desk.boss)
    assert [message.picture for message in sent] == [first.path, second.path]
    overview.show_photos(desk.by(desk.far_boss, at("09.02")), "26-000001")
    assert [message.picture for message in desk.told(desk.far_boss)] == [None]


def test_a_head_sees_the_whole_city(desk: Desk) -> None:
    head = make.staff(desk.tx, "H1", role="head", areas=("31",))
    visit(desk, "26-000001", VisitState.DONE)
    overview.show_visits(desk.by(head, at("09.00")), DAY)
    assert "- selesai: 1" in desk.last(head)


@pytest.mark.parametrize("look", [overview.show_case, overview.show_photos])
def test_a_complaint_about_a_supervisor_is_found_by_heads_alone(
    desk: Desk, look: Callable[[Act, str], None]
) -> None:
    head = make.staff(desk.tx, "H1", role="head", areas=("31",))
    owner = make.person(desk.tx, "Budi")
    make.case(desk.tx, owner, make.answers(1), number="26-000001")
    officer: Json = {"badge": "S1", "name": ""}
    complain(desk, owner, {"what": "minta uang", "officer": officer, "may_call": "yes"}, "08.30")
    number = desk.tx.scalars(select(Case.number).filter_by(service="complaint")).one()
    for boss in (desk.boss, make.staff(desk.tx, "S3", role="supervisor", areas=(HERE,))):
        look(desk.by(boss, at("09.00")), number)
        assert desk.last(boss) == no_case(number)
    look(desk.by(head, at("09.00")), number)
    assert desk.last(head) != no_case(number)


def no_case(number: str) -> str:
    return catalogue.load().say(Say("supervising.no_such_case", {"number": number}), "id")


def test_all_files_of_a_complaint_are_shown(desk: Desk, storage: Storage) -> None:
    owner = make.person(desk.tx, "Budi")
    make.case(desk.tx, owner, make.answers(1), number="26-000001")
    complain(desk, owner, {"what": "minta uang", "officer": "unknown", "may_call": "no"}, "08.30")
    case = desk.tx.scalars(select(Case).filter_by(service="complaint")).one()
    overview.show_photos(desk.by(desk.boss, at("08.40")), case.number)
    assert "tidak punya foto atau rekaman" in desk.last(desk.boss)
    files = [make.stored_photo(desk.tx, storage, owner) for _ in range(MOST_FILES)]
    files[0].path = "attachments/aa/voice.ogg"
    case.answers = {**case.answers, "proof": {"ids": [one.id for one in files], "done": True}}
    overview.show_photos(desk.by(desk.boss, at("09.00")), case.number)
    sent = desk.told(desk.boss)[-MOST_FILES:]
    assert [one.document or one.picture for one in sent] == [one.path for one in files]
    assert desk.last(desk.boss) == f"{case.number}, foto atau rekaman 10 dari 10"
