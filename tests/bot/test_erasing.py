"""Erasing in chat: asked twice, done by a task, told at the end; whatever comes in between."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.errors import TryLater, Unreachable
from casework import erasing
from casework.act import by_office
from conversations.effects import EraseMyData
from conversations.events import SharedContact, Uploaded
from models import attachment, erasure, task
from models.alias import Alias
from models.assisted import Assisted
from models.attachment import Attachment
from models.audit import AuditEntry
from models.browser import BrowserMessage
from models.conversation import Conversation
from models.document import Document
from models.inbox import InboxMessage
from models.infrastructure.storage import Storage
from models.infrastructure.wib import WIB
from models.lifecycle import CaseState, VisitState
from models.outbox import OutboundMessage
from models.person import Address, Person
from models.task import Task
from models.ticket import Remark, Ticket
from models.visit import Visit
from tests import world
from tests.bot.town import BOSS, OFFICER, OTHER, OWNER, Town, today, words, write_effect
from tests.clock import now
from tests.workers.verification.samples import encoded, scene

WHAT, SURE = words("common.erase.what"), words("common.erase_sure")
ERASED, UNDER_WAY = words("notices.erased"), words("common.erase.visit")


async def confirm(town: Town, address: str = OWNER) -> str:
    """Ask for it and say yes twice; gives the last answer."""
    assert WHAT in await town.say("hapus data", address)
    assert SURE in await town.say("ya, lanjutkan", address)
    return await town.say("hapus data saya", address)


def hasten(town: Town) -> None:
    """Let the pauses of the task be over."""
    town.write(lambda tx: tx.execute(update(Task).where(Task.kind == "erase").values(due_at=now())))


async def end(town: Town, times: int = 3) -> None:
    for _ in range(times):
        hasten(town)
        await town.work()


def count(town: Town, what: type[object], *where: object) -> int:
    rows = select(func.count()).select_from(what).where(*where)  # type: ignore[arg-type]
    return town.read(lambda tx: tx.execute(rows).scalar_one())


def tasks(town: Town) -> int:
    return count(town, Task, Task.kind == "erase")


async def test_after_two_yeses_all_is_erased_and_the_chat_is_told(town: Town) -> None:
    await town.say("halo")
    person_id = town.person()
    town.apply(state=CaseState.REJECTED)
    answer = await confirm(town)
    assert "paling lama pukul" in answer
    assert count(town, Address) == 1, "nothing is erased before the task"
    await end(town)
    assert town.heard().count(ERASED) == 1
    one = town.read(lambda tx: tx.get_one(Person, person_id))
    assert (one.name, one.phone, one.erase_asked_at) == (None, None, None)
    assert one.erased_at is not None
    for table in (Address, InboxMessage, OutboundMessage, Conversation):
        assert count(town, table) == 0, table
    assert count(town, Person) == 1, "the chat's new row is gone as well"
    assert town.case(1).answers == {}
    noted = (erasing.ASKED, erasing.ERASED)
    assert count(town, AuditEntry, AuditEntry.action.in_(noted)) == 2


async def test_who_does_not_say_yes_twice_keeps_everything(town: Town) -> None:
    await town.say("halo")
    noes = (("tidak jadi", ""), ("batal", ""), ("ya", "jangan dihapus"), ("ya", "batal"))
    for first, second in noes:
        await town.say("hapus data")
        said = await town.say(first)
        if second:
            assert SURE in said
            said = await town.say(second)
        assert words("common.erase.not_done") in said
    assert SURE in (await town.say("hapus data"), await town.say("lanjut"))[1]
    assert ERASED not in await town.say("ya tapi nanti aja deh")
    assert tasks(town) == 0


async def test_whoever_asks_twice_is_erased_once(town: Town) -> None:
    await town.say("halo")
    first, again = await confirm(town), await confirm(town)
    assert first == again, "the same hour"
    assert tasks(town) == 1
    await end(town)
    assert town.heard().count(ERASED) == 1


async def test_two_yeses_at_once_are_one(town: Town) -> None:
    await town.say("hapus data")
    await town.say("ya")
    yes = town.button("yes", step="erase_sure")
    await town.at_once((yes, OWNER), (yes, OWNER))
    assert tasks(town) == 1


async def test_open_requests_are_withdrawn_at_once_and_their_officer_is_told(town: Town) -> None:
    officer_id = await town.staff(OFFICER, "0417")
    case_id = town.apply()
    visit_id = town.want(case_id)
    await town.work()
    await town.tap("accept", OFFICER)
    assert "kunjungannya ikut dibatalkan" in await town.say("hapus data")
    await town.say("ya")
    await town.say("hapus data saya")
    assert (town.case(case_id).state, town.visit(visit_id).state) == ("cancelled", "cancelled")
    told = words("notices.visit_cancelled", number="26-000001", **town.when(visit_id))
    assert told in town.heard(OFFICER)
    await end(town)
    visit = town.visit(visit_id)
    assert (visit.site, visit.code, visit.officer_id) == (None, None, officer_id)
    held = town.read(lambda tx: [row.message for row in tx.scalars(select(OutboundMessage))])
    assert held and "Siti" not in str(held), "nor in what the officer was sent"


@pytest.mark.parametrize("state", [VisitState.ON_THE_WAY, VisitState.ARRIVED])
async def test_while_an_officer_is_on_the_way_or_there_the_visit_must_end_first(
    town: Town, state: VisitState
) -> None:
    officer_id = await town.staff(OFFICER, "0417")
    case_id = town.apply()
    visit_id = town.want(case_id, today())
    town.change(Visit, visit_id, state=state, officer_id=officer_id)
    assert UNDER_WAY in await town.say("hapus data")
    town.change(Visit, visit_id, state=VisitState.ACCEPTED)
    await town.say("hapus data")
    await town.say("ya")
    town.change(Visit, visit_id, state=state)
    assert UNDER_WAY in await town.say("hapus data saya"), "he left between the two questions"
    assert tasks(town) == 0
    assert town.visit(visit_id).state == state


async def test_the_task_waits_for_a_visit_that_began_meanwhile(town: Town) -> None:
    officer_id = await town.staff(OFFICER, "0417")
    await town.say("halo")
    await confirm(town)
    case_id = town.apply()
    visit_id = town.want(case_id, today())
    town.change(Visit, visit_id, state=VisitState.ARRIVED, officer_id=officer_id)
    await end(town, 1)
    assert town.visit(visit_id).state == VisitState.ARRIVED and count(town, Address) == 2
    town.change(Visit, visit_id, state=VisitState.FAILED)
    await end(town)
    assert ERASED in town.heard() and town.case(case_id).state == CaseState.CANCELLED


@pytest.mark.parametrize(("address", "role"), [(OFFICER, "officer"), (BOSS, "supervisor")])
async def test_staff_are_told_plainly_and_their_rows_stay(
    town: Town, address: str, role: str
) -> None:
    officer_id = await town.staff(address, "0417", role=role)  # type: ignore[arg-type]
    assert words("common.erase.staff") in await town.say("hapus data", address)
    assert tasks(town) == 0
    await confirm_as_forged(town, address)
    assert tasks(town) == 0 and officer_id


async def confirm_as_forged(town: Town, address: str) -> None:
    """The act itself refuses staff, whatever the conversation allows."""
    person_id = town.person(address)
    town.write(lambda tx: write_effect(tx, person_id, EraseMyData()))
    await town.quiet()
    assert words("common.erase.staff") in town.heard(address)


async def test_somebody_who_opted_out_is_erased_and_told(town: Town) -> None:
    await town.say("stop")
    await confirm(town)
    await end(town)
    assert ERASED in town.heard()
    assert count(town, Address) == 0


async def test_words_that_come_while_the_task_runs_belong_to_somebody_new(town: Town) -> None:
    await town.say("halo")
    old = town.person()
    await confirm(town)
    with Session(town.engine) as tx:
        tx.begin()
        act = by_office(tx, "worker", "test")
        assert erasing.go_on(act, old, frozenset()).erased is not None
        heard = asyncio.create_task(town.desk.turns.take([town.desk.heard("rahasia saya", OWNER)]))
        await asyncio.sleep(0.5)  # it waits for the lock
        assert not heard.done()
        tx.commit()
        await heard
    await town.quiet()
    new = town.person()
    assert new != old
    for table in (InboxMessage, Conversation, OutboundMessage):
        assert count(town, table, table.person_id == old) == 0
        assert count(town, table, table.person_id == new) > 0
    await end(town)
    assert town.person() == new, "whoever writes again keeps the chat"
    assert "Apa yang bisa dibantu" in town.heard()


async def test_a_photo_that_is_being_fetched_is_waited_for_and_deleted(
    town: Town, tmp_path: Path
) -> None:
    await town.say("halo")
    await town.say("mau izin")
    town.desk.chat.files[f"file-{OWNER}"] = encoded(scene(64, 48))
    await town.say(Uploaded(0, "photo"))
    await confirm(town)
    await end(town, 1)
    assert count(town, Address) == 1, "it waits"
    await town.desk.media.fetch_due()
    assert list(tmp_path.rglob("*.jpg")) + list(tmp_path.rglob("*.png"))
    await end(town)
    assert ERASED in town.heard()
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


async def test_a_photo_that_is_never_fetched_does_not_hold_it_up(town: Town) -> None:
    await town.say("halo")
    await town.say(Uploaded(0, "photo"))
    await confirm(town)
    long_ago = now() - erasing.FILES_PATIENCE
    town.write(lambda tx: tx.execute(update(Person).values(erase_asked_at=long_ago)))
    await end(town)
    assert ERASED in town.heard()
    (row,) = town.read(lambda tx: tx.scalars(select(Attachment)).all())
    assert (row.state, row.refusal, row.reference) == ("refused", "erased", None)


async def test_a_file_that_others_sent_as_well_stays_theirs(town: Town) -> None:
    storage = town.desk.media.storage
    storage.write("attachments/x.jpg", b"the same picture")
    town.photo(OWNER), town.photo(OTHER)
    await town.say("halo")
    await confirm(town)
    await end(town)
    assert storage.read("attachments/x.jpg") == b"the same picture"
    paths = town.read(lambda tx: tx.scalars(select(Attachment.path).order_by(Attachment.id)).all())
    assert list(paths) == [None, "attachments/x.jpg"]


async def test_a_document_that_is_not_typeset_yet_is_waited_for(town: Town) -> None:
    case_id = town.apply(state=CaseState.DONE)
    person_id = town.person()
    town.identify(person_id, "SITI AMINAH BINTI X")
    issued = town.write(
        lambda tx: (
            world.issue(
                tx, case_id=case_id, person_id=person_id, kota_code="31.74", issued_on=now().date()
            ).number
        )
    )
    assert issued in await town.say("hapus data")
    await town.say("ya")
    await town.say("hapus data saya")
    await end(town, 1)
    assert count(town, Address) == 1
    town.write(lambda tx: tx.execute(update(Document).values(path="permits/x.pdf")))
    await end(town)
    kept = town.case(case_id).answers
    assert kept["owner_name"] == "Siti Aminah binti X", "as it is printed"
    assert kept["trade"] == {"code": "56101"}
    assert "pin" not in kept["place"]
    assert not {"capital", "turnover", "workers", "place_photo", "identity"} & kept.keys()
    shown = await town.say(f"cek izin {issued}", OTHER)
    assert issued in shown and "Siti A" in shown


async def test_a_task_that_fails_or_is_given_up_is_planned_again(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.say("halo")
    storage = town.desk.media.storage
    storage.write("attachments/x.jpg", b"a picture")
    town.photo()
    await confirm(town)
    with monkeypatch.context() as broken:
        broken.setattr(erasing, "_redact", lambda *given: 1 / 0)
        await end(town, 1)
    assert not storage.exists("attachments/x.jpg")
    assert count(town, Address) == 1, "all or nothing of the rows"
    town.write(lambda tx: tx.execute(update(Task).values(failed_at=now(), done_at=None)))
    long_ago = now() - erasure.WITHIN - timedelta(minutes=1)
    town.write(lambda tx: tx.execute(update(Person).values(erase_asked_at=long_ago)))
    assert town.read(lambda tx: len(erasure.unfinished(tx, before=erasure.WITHIN))) == 1
    town.write(lambda tx: task.plan(tx, "sweep", 0, "sweep:1"))
    await town.work()
    await end(town)
    assert ERASED in town.heard()
    assert town.read(lambda tx: erasure.unfinished(tx)) == []


async def test_a_chat_that_blocks_the_bot_is_forgotten_without_the_last_message(town: Town) -> None:
    await town.say("halo")
    await confirm(town)
    town.desk.chat.fails = [Unreachable("blocked")] * 3
    await end(town)
    assert ERASED not in town.heard()
    assert count(town, Address) == count(town, OutboundMessage) == 0


async def test_a_provider_that_is_down_is_waited_for_and_not_for_ever(town: Town) -> None:
    await town.say("halo")
    await confirm(town)
    town.desk.chat.fails = [TryLater("chat", after=timedelta(hours=1))] * 5
    await end(town)
    assert count(town, Address) == 1
    long_ago = now() - erasing.LAST_PATIENCE
    made = update(OutboundMessage).where(OutboundMessage.dedupe_key.startswith("erased:"))
    town.write(lambda tx: tx.execute(made.values(created_at=long_ago)))
    await end(town)
    assert count(town, Address) == 0


async def test_a_linked_chat_is_erased_with_the_other(town: Town) -> None:
    await town.say("halo", OWNER)
    await town.say("halo", OTHER)
    older, newer = town.person(OWNER), town.person(OTHER)
    town.write(lambda tx: tx.execute(update(Address).values(person_id=older)))
    town.change(Person, newer, merged_into=older)
    await confirm(town, OTHER)
    await end(town)
    assert count(town, Address) == count(town, InboxMessage) == 0
    assert town.read(lambda tx: tx.get_one(Person, newer).erased_at) is not None


async def test_other_names_of_the_chat_and_what_a_page_shows_of_it_go_last(town: Town) -> None:
    await town.say("halo")

    def more(tx: Session) -> None:
        tx.add(Alias(channel="chat", name="ID.99", address=OWNER))
        tx.add(Alias(channel="chat", name="ID.98", address=OTHER))
        tx.add(BrowserMessage(address=OWNER, sent=False, payload={"text": "rahasia"}))

    town.write(more)
    await confirm(town)
    await end(town)
    assert count(town, BrowserMessage) == 0
    assert town.read(lambda tx: list(tx.scalars(select(Alias.name)))) == ["ID.98"]


async def test_news_about_somebody_who_was_erased_goes_nowhere(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    case_id = town.apply(state=CaseState.DONE)
    person_id = town.person()
    number = town.write(
        lambda tx: (
            world.issue(
                tx, case_id=case_id, person_id=person_id, kota_code="31.74", issued_on=now().date()
            ).number
        )
    )
    town.write(lambda tx: tx.execute(update(Document).values(path="permits/x.pdf")))
    await confirm(town)
    await end(town)
    await town.say(f"cabut izin {number} karena usahanya sudah tutup", BOSS)
    await town.say("ya", BOSS)
    assert count(town, InboxMessage, InboxMessage.person_id == person_id) == 0


async def test_data_saya_tells_what_is_held_and_has_a_number_and_a_day(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    town.apply()
    town.identify(town.person())
    await town.say(SharedContact("+6281234567890", own=True))
    told = await town.say("data saya")
    for part in ("1 permohonan", "1 pengaduan atau", "Data KTP", "1 foto", "Isi chat ini"):
        assert part in told, told
    assert "tidak kami kirim sekarang" in told
    assert "+6281234567890" in told
    (number,) = re.findall(r"dengan nomor (26-\d+)", told)
    within = town.read(lambda tx: tx.scalars(select(Ticket).filter_by(about="my_data")).one())
    assert within.close_by - now() < timedelta(days=3)
    assert words("common.day", day=within.close_by.astimezone(WIB).date()) in told
    assert "minta salinan datanya" in town.heard(BOSS)
    again = await town.say("data saya")
    assert number in again, "the same request"
    assert town.read(lambda tx: tx.get_one(Ticket, within.case_id).times) == 2


async def test_what_waits_for_an_answer_is_closed_and_its_words_are_gone(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    await town.say("halo")
    await town.say("bicara dengan orang")
    (case_id,) = town.read(lambda tx: tx.scalars(select(Ticket.case_id)).all())
    case = town.case(case_id)
    town.write(
        lambda tx: tx.add(Remark(case_id=case_id, words="rahasia saya di Gang Melati nomor tujuh"))
    )
    assert f"{case.number}, yang menunggu jawaban" in await town.say("hapus data")
    await town.say("ya")
    await town.say("hapus data saya")
    assert town.read(lambda tx: tx.get_one(Ticket, case_id).closed_at) is not None
    await end(town)
    assert count(town, Remark) == 0
    assert town.case(case_id).answers == {"about": "talk"}, "a code of ours, which names the kind"
    assert "Siti" not in await town.say("menu", BOSS)


@pytest.mark.parametrize("on_paper", [False, True])
async def test_a_signature_goes_with_who_signed(town: Town, tmp_path: Path, on_paper: bool) -> None:
    """The photo of a sheet is the officer's until it is handed on; it goes as well."""
    await town.say("halo")
    await town.say("halo", OFFICER)
    signer, taker = town.person(), town.person(OFFICER)

    def signed(tx: Session) -> str:
        officer = world.staff(tx, "0999")
        kind, mime = ("photo", "image/jpeg") if on_paper else ("signature", "image/png")
        path = f"signatures/one.{mime.rpartition('/')[2]}"
        evidence_id = attachment.of_page(tx, taker if on_paper else signer, kind, mime, b"x", path)
        form = Assisted(
            service="business_permit",
            officer_id=officer.id,
            person_id=signer,
            state="sent",
            way="paper" if on_paper else "signature",
            evidence_id=evidence_id,
        )
        tx.add(form)
        return path

    path = town.write(signed)
    storage = Storage(tmp_path.as_uri())
    storage.write(path, b"x")
    await confirm(town)
    await end(town)
    assert town.heard().count(ERASED) == 1
    assert not storage.exists(path)
    assert count(town, Assisted) == 0
    assert count(town, Attachment, Attachment.path.is_not(None)) == 0
