"""Permits: numbered without gaps, whatever fails and whoever hands over at the same time."""

from __future__ import annotations

import asyncio
import io
import threading
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy.orm import Session

from conversations.effects import FinishVisit
from conversations.events import Said
from conversations.masking import masked
from models import check
from models import visit as visits
from models.audit import AuditEntry
from models.document import Document, _years_later
from models.infrastructure.quotas import CHECKS
from models.infrastructure.wib import WIB
from models.lifecycle import CaseState, VisitState
from models.visit import Visit
from tests import letters, world
from tests.bot.town import OFFICER, OWNER, Town, words, write_effect
from tests.clock import now


async def at_the_door(town: Town, count: int) -> list[tuple[int, int]]:
    """So many visits of as many officers, each proved by its code: (officer's person, visit)."""
    ready = []
    for number in range(count):
        address = f"officer-{number}"
        officer_id = await town.staff(address, str(100 + number))
        case_id = town.apply(f"owner-{number}", number=f"26-{number:06d}")
        visit_id = town.want(case_id)
        town.change(
            Visit,
            visit_id,
            officer_id=officer_id,
            state=VisitState.ARRIVED,
            code="482915",
            code_proved_at=now(),
        )
        ready.append((town.meet(address), visit_id))
    return ready


def hand_over(tx: Session, person_id: int, visit_id: int) -> None:
    """As the turn of an officer writes it."""
    visits.lock(tx, [visit_id])
    effect = FinishVisit(visit_id, "hand_over", "handed_over", {})
    write_effect(tx, person_id, effect, turn_id=1000 + visit_id)


async def test_officers_who_hand_over_at_once_give_numbers_without_gaps(town: Town) -> None:
    ready = await at_the_door(town, 6)
    start = threading.Barrier(len(ready))

    def work(person_id: int, visit_id: int) -> None:
        with Session(town.engine) as tx, tx.begin():
            start.wait(10)
            hand_over(tx, person_id, visit_id)

    threads = [threading.Thread(target=work, args=one) for one in ready]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    given = Counter(number.split("-")[1] for number in town.documents())  # two years, at New Year
    assert given.total() == 6
    assert sorted(town.documents()) == [
        f"IUMK-{year}-3174-{n:06d}" for year in sorted(given) for n in range(1, given[year] + 1)
    ]


async def test_a_hand_over_that_is_undone_gives_its_number_back(town: Town) -> None:
    first, second = await at_the_door(town, 2)
    with Session(town.engine) as tx:
        hand_over(tx, *first)
        tx.rollback()
    town.write(lambda tx: hand_over(tx, *second))
    town.write(lambda tx: hand_over(tx, *first))
    assert [number[-6:] for number in town.documents()] == ["000001", "000002"]


async def test_each_year_and_each_kota_counts_for_itself(town: Town) -> None:
    first = town.apply("a", number="26-1")
    owner_id = town.meet("a")

    def issued(kota: str, on: date, case_id: int) -> str:
        return town.write(
            lambda tx: (
                world.issue(
                    tx,
                    case_id=case_id,
                    person_id=owner_id,
                    kota_code=kota,
                    issued_on=on,
                ).number
            )
        )

    second, third = town.apply("a", number="26-2"), town.apply("a", number="26-3")
    fourth = town.apply("a", number="26-4")
    assert issued("31.74", date(2026, 12, 31), first) == "IUMK-2026-3174-000001"
    assert issued("31.71", date(2026, 12, 31), second) == "IUMK-2026-3171-000001"
    assert issued("31.74", date(2027, 1, 1), third) == "IUMK-2027-3174-000001"
    assert issued("31.74", date(2027, 1, 2), fourth) == "IUMK-2027-3174-000002"
    assert issued("31.74", date(2028, 1, 2), first) == "IUMK-2026-3174-000001", "one each"


def test_a_permit_given_on_a_leap_day_ends_on_the_day_before_march() -> None:
    assert _years_later(date(2028, 2, 29), 5) == date(2033, 2, 28)


async def issue(town: Town, **changed: object) -> str:
    case_id = town.apply(state=CaseState.DONE)
    number = town.write(
        lambda tx: (
            world.issue(
                tx,
                case_id=case_id,
                person_id=town.meet(OWNER),
                kota_code="31.74",
                issued_on=date(2026, 11, 23),
            ).number
        )
    )
    town.change(Document, 1, **changed)
    return number


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"valid_until": date(2999, 1, 1)}, "permit_valid"),
        ({"valid_until": date(2020, 1, 1)}, "permit_expired"),
        ({"valid_until": date(2999, 1, 1), "revoked_at": now()}, "permit_revoked"),
    ],
)
async def test_anybody_may_ask_whether_a_permit_is_real(
    town: Town, changed: dict[str, Any], key: str
) -> None:
    number = await issue(town, **changed)
    said = await town.say(f"cek izin {number.lower()}", "stranger")
    until, revoked_at = changed["valid_until"], changed.get("revoked_at", now())
    on = revoked_at.astimezone(WIB).date()
    assert words(f"notices.{key}", number=number, holder="Siti A*****", until=until, on=on) in said
    assert "Aminah" not in said


async def test_a_check_in_chat_names_the_holder_as_the_sheet_does(town: Town) -> None:
    number = await issue(town)
    town.identify(town.meet(OWNER), "DEWI LESTARI")
    said = await town.say(f"cek izin {number}", "stranger")
    assert "Dewi L******" in said and "Siti" not in said


async def test_a_check_in_chat_of_a_letter_to_a_lender_names_nobody(town: Town) -> None:
    row = town.write(letters.letter)
    said = await town.say(f"cek dokumen {row.number}", "stranger")
    assert f"{row.number} benar disusun lewat layanan ini" in said and not letters.leaks(said)
    town.change(Document, 1, revoked_at=now(), revoked_because="-")
    said = await town.say(f"cek dokumen {row.number}", "stranger")
    assert "sudah ditarik pada" in said and not letters.leaks(said)
    assert not letters.leaks(str([one.message for one in town.messages("stranger")]))


async def test_a_permit_is_valid_on_its_last_day_in_jakarta(town: Town) -> None:
    number = await issue(town, valid_until=now().astimezone(WIB).date())
    assert "masih berlaku" in await town.say(f"cek izin {number}")
    town.change(Document, 1, valid_until=now().astimezone(WIB).date() - timedelta(days=1))
    said = await town.say(f"cek izin {number}")
    assert "masih berlaku" not in said and "habis masa berlakunya" in said


async def test_a_number_that_was_never_given_is_unknown(town: Town) -> None:
    said = await town.say("cek izin IUMK-2026-3174-000999", "stranger")
    assert words("business_permit.notices.document_unknown", number="IUMK-2026-3174-000999") in said


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Siti Aminah", "Siti A*****"),
        ("Suharto", "S******"),
        ("O'Neil", "O*****"),
        ("H. Suharto", "H. S******"),
        ("H. Ahmad Fauzi", "H. Ahmad F****"),
        ("HJ Siti Nur Aini", "HJ Siti N** A***"),
        ("Dr. Hj. Siti Aminah", "Dr. Hj. Siti A*****"),
        ("K.H. Abdul Rahman", "K.H. Abdul R*****"),
        ("Ibu Siti", "Ibu S***"),
        ("R.A. Kartini", "R.A. K******"),
        ("M. Fatih Akbar", "M. Fatih A****"),
        ("Haji", "H***"),
        ("-", "-"),
        ("", ""),
        ("Muhammad Al Fatih", "Muhammad A* F****"),
        ("Nur A", "Nur A*"),
    ],
)
def test_a_holders_name_is_masked(name: str, shown: str) -> None:
    assert masked(name) == shown


async def test_the_permit_is_sent_again_to_its_owner_alone(town: Town) -> None:
    number = await issue(town, path="permits/1.pdf")
    town.desk.media.storage.write("permits/1.pdf", b"%PDF-1.7")
    await town.say("halo")
    said = await town.say("kirim ulang izin")
    assert words("business_permit.notices.document_again", number=number) in said
    assert town.desk.chat.sent[OWNER][-1][1].document == "permits/1.pdf"
    said = await town.say("kirim ulang izin", "stranger")
    assert number not in said


async def test_a_permit_that_is_not_typeset_yet_is_promised(town: Town) -> None:
    await issue(town)
    assert words("business_permit.notices.document_soon") in await town.say("kirim ulang izin")


async def test_the_whole_way_from_the_hand_over_to_the_rating(town: Town) -> None:
    """The document goes out, the rating is asked for, and rows stand where they should."""
    await town.staff(OFFICER, "101")
    visit_id = town.want(town.apply())
    await town.work()
    await town.tap("accept", OFFICER)
    town.change(Visit, visit_id, state=VisitState.ARRIVED, code_proved_at=now())
    town.identify(town.meet(OWNER), "DEWI LESTARI")
    await town.say("menu", OFFICER)
    await town.tap(f"visit-{visit_id}", OFFICER)
    await town.tap("seen", OFFICER)
    await town.tap("as_described", OFFICER)
    await town.photo_from(OFFICER)
    seen = town.desk.chat.texts(OFFICER)[-1]
    told = seen[seen.index("Dicetak di izin:") : seen.index("Skala: Usaha mikro")].splitlines()
    assert "Nama: Dewi Lestari" in told
    await town.tap("yes", OFFICER, step="hand_over")
    await town.work()
    (number,) = town.documents()
    assert words("business_permit.notices.handed_over", number=number) in town.heard(OWNER)
    documents = [message.document for _, message in town.desk.chat.sent[OWNER] if message.document]
    year = town.read(lambda tx: tx.get_one(Document, 1)).issued_on.year
    assert documents == [f"permits/{year}/{number}.pdf"]
    (page,) = PdfReader(io.BytesIO(town.desk.media.storage.read(documents[0]))).pages
    printed = " ".join(page.extract_text().split())
    for line in told[1:]:
        assert line.partition(": ")[2] in printed, "the sheet says what the officer read"
    assert "Rp" not in printed
    await town.tap("4")
    rating = town.read(lambda tx: tx.get_one(visits.VisitReport, visit_id)).rating
    assert rating == 4
    assert town.case(1).state == CaseState.DONE


async def test_a_revoked_permit_is_not_sent_again(town: Town) -> None:
    number = await issue(
        town, path="permits/1.pdf", revoked_at=now(), revoked_because="usahanya pindah"
    )
    said = await town.say("kirim ulang izin")
    on = now().astimezone(WIB).date()
    told = words(
        "business_permit.notices.document_taken_back",
        number=number,
        on=on,
        reason="usahanya pindah",
    )
    assert told in said
    assert not any(message.document for _, message in town.desk.chat.sent[OWNER])


@pytest.mark.parametrize("what", ["cek izin IUMK-2026-3174-{:06d}", "cek petugas {:04d}"])
async def test_numbers_cannot_be_tried_one_after_the_other_in_chat(town: Town, what: str) -> None:
    too_often = words("notices.checks_too_often", minutes=10)
    stranger = town.meet("stranger")

    def checked(ago: timedelta, times: int) -> None:
        at = now() - ago
        who = f"person:{stranger}"
        town.write(
            lambda tx: tx.add_all(
                AuditEntry(at=at, actor=who, action=check.CHECKED, subject=who, details={})
                for _ in range(times)
            )
        )

    checked(timedelta(minutes=9), CHECKS.at_most - 2)
    checked(timedelta(minutes=11), CHECKS.at_most)
    for n in (901, 902):
        said = await town.say(what.format(n), "stranger")
        assert str(n) in said and too_often not in said
    for n in (903, 904, 905):
        said = await town.say(what.format(n), "stranger")
        assert too_often in said and f"{n}" not in said
    assert too_often not in await town.say(what.format(906)), "others are not held up"


async def test_checks_of_one_batch_are_counted_too(town: Town) -> None:
    events = [
        town.desk.heard(Said(f"cek izin IUMK-2026-3174-{n:06d}"), "stranger")
        for n in range(CHECKS.at_most + 20)
    ]
    await asyncio.gather(*(town.desk.turns.take([event]) for event in events))
    await town.quiet()
    said = "\n".join(town.desk.chat.texts("stranger"))
    assert said.count("tidak ada di catatan kami") == CHECKS.at_most
    assert said.count(words("notices.checks_too_often", minutes=10)) == 20
