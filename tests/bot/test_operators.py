"""What operators order at the command line, and what officers and owners then see in chat."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import create_engine, inspect, select, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from conversations.events import Started
from models import identity, officer
from models.audit import AuditEntry
from models.case import Case
from models.document import Document
from models.identity import IdentityLink
from models.infrastructure.wib import WIB
from models.lifecycle import CaseState, VisitState
from models.officer import Officer
from models.visit import Visit
from tests import hostile_pictures as hostile
from tests import world
from tests.bot.conftest import Izin
from tests.bot.town import BOSS, OFFICER, OTHER, OWNER, Town, words
from tests.clock import now
from tests.workers.verification.samples import encoded, scene

PROMISED = (VisitState.ACCEPTED, VisitState.ON_THE_WAY, VisitState.ARRIVED)


async def visited(town: Town, state: VisitState, *, badge: str = "0417") -> int:
    """A visit in this state, of an officer who has accepted it or is asked."""
    await town.staff(OFFICER, badge)
    visit_id = town.want(town.apply())
    await town.work()
    if state in PROMISED:
        await town.tap("accept", OFFICER)
        town.change(Visit, visit_id, state=state)
    assert town.visit(visit_id).state == state
    return visit_id


def audited(town: Town, action: str) -> list[AuditEntry]:
    return town.read(
        lambda tx: list(tx.scalars(select(AuditEntry).filter_by(action=action, actor="command")))
    )


# -- officers ------------------------------------------------------------------------------------


async def test_a_photo_of_an_officer_is_shown_to_owners_and_replaced(
    town: Town, izin: Izin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_URL", f"file://{tmp_path}")
    await town.staff(OFFICER, "0417")
    given = tmp_path / "rahmat.png"
    exif = Image.Exif()
    exif[0x010E] = "Jalan Damai 3"
    given.write_bytes(encoded(scene(1600, 2000), "PNG", exif=exif))
    for number in (1, 2):
        status, out, _ = await izin("officers", "photo", "417", str(given))
        assert status == 0 and "0417 (Petugas 0417)" in out
        await town.work()
        with Image.open(tmp_path / f"portraits/{number}.jpg") as picture:
            assert (picture.format, picture.size) == ("JPEG", (640, 800))
            assert not picture.getexif()
    assert not (tmp_path / "portraits/1.jpg").exists()
    assert words("notices.portrait_used") in town.heard(OFFICER)
    assert [row.details["portrait"] for row in audited(town, "portrait.put")] == [1, 2]
    town.meet(OTHER)
    await town.say("cek petugas 0417", OTHER)
    assert town.desk.chat.sent[OTHER][-1][1].picture == "portraits/2.jpg"
    status, _, _ = await izin("officers", "role", "0417", "--role", "supervisor")
    await town.work()
    assert status == 0 and not (tmp_path / "portraits/2.jpg").exists()


@pytest.mark.parametrize(
    ("badge", "content", "why"),
    [
        ("0417", b"hello", "no photo that can be opened"),
        ("0417", encoded(scene(1000, 299)), "too small"),
        ("0417", hostile.png(12_000, 12_000), "too many pixels"),
        ("0417", None, "can't be read"),
        ("0003", encoded(scene(640, 640)), "only officers visit"),
        ("0999", encoded(scene(640, 640)), "Nobody has the badge 0999"),
    ],
)
async def test_what_is_no_portrait_is_refused(
    town: Town,
    izin: Izin,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    badge: str,
    content: bytes | None,
    why: str,
) -> None:
    monkeypatch.setenv("STORAGE_URL", f"file://{tmp_path}")
    await town.staff(OFFICER, "0417")
    await town.staff(BOSS, "0003", role="supervisor")
    given = tmp_path / "photo.jpg"
    if content is not None:
        given.write_bytes(content)
    status, _, told = await izin("officers", "photo", badge, str(given))
    assert status != 0 and why in told
    assert not (tmp_path / "portraits").exists() and not audited(town, "portrait.put")


@pytest.mark.parametrize("state", [VisitState.OFFERED, *PROMISED])
async def test_who_ends_has_no_rights_and_the_visit_goes_to_another(
    town: Town, izin: Izin, state: VisitState
) -> None:
    visit_id = await visited(town, state)
    await town.staff(OTHER, "0418")
    code = town.visit(visit_id).code
    status, out, _ = await izin("officers", "end", "417")
    assert status == 0 and "0417 (Petugas 0417) has ended" in out and ": 1." in out
    visit = town.visit(visit_id)
    assert (visit.state, visit.officer_id, visit.code) == (VisitState.WANTED, None, None)
    await town.quiet()
    await town.work()
    assert [answer for _, answer in town.offers(visit_id)] == ["withdrawn", None]
    assert town.visit(visit_id).state == VisitState.OFFERED
    changes = words("notices.officer_changes", **town.when(visit_id))
    assert (changes in town.heard(OWNER)) == (state in PROMISED)
    assert words("notices.duty_ended", badge="0417") in town.heard(OFFICER)
    said = await town.say("menu", OFFICER)
    assert "Siti" not in said and "Kunjungan" not in said, "they are an owner like any other"
    if code:
        await town.say(code, OFFICER)
        assert town.visit(visit_id).code_proved_at is None
    for address in (OWNER, "stranger"):
        said = await town.say("cek petugas 0417", address)
        assert words("notices.officer_ended", badge="0417") in said
    (entry,) = audited(town, "officer.ended")
    assert entry.subject == "officer:1" and entry.details == {}
    moved = town.read(
        lambda tx: list(tx.scalars(select(AuditEntry).filter_by(action="visit.moved")))
    )
    assert any(one.details.get("reason") == "officer_ended" for one in moved)


@pytest.mark.parametrize("button", ["accept", "decline"])
async def test_a_button_of_one_who_ended_does_nothing(town: Town, izin: Izin, button: str) -> None:
    visit_id = await visited(town, VisitState.OFFERED)
    tap = town.button(button, OFFICER)
    await izin("officers", "end", "0417")
    await town.say(tap, OFFICER)
    visit = town.visit(visit_id)
    assert (visit.state, visit.officer_id) == (VisitState.WANTED, None)


async def test_a_visit_that_has_begun_is_given_up_and_the_owner_chooses_anew(
    town: Town, izin: Izin
) -> None:
    visit_id = await visited(town, VisitState.ON_THE_WAY)
    town.change(Visit, visit_id, on=date(2026, 1, 5))
    await izin("officers", "end", "0417")
    await town.work()
    assert town.visit(visit_id).state == VisitState.CANCELLED
    assert town.case(1).state == CaseState.ACCEPTED


async def test_an_invitation_of_one_who_ended_and_links_they_hold_work_no_more(
    town: Town, izin: Izin
) -> None:
    token = town.invite("0417")
    await izin("officers", "end", "0417")
    said = await town.say(Started(f"join-{token}"), OFFICER)
    assert words("notices.invitation_invalid") in said
    await town.staff(OTHER, "0418")
    owner_id, holder_id = town.meet(OWNER), town.meet(OTHER)
    held, own = town.write(
        lambda tx: (
            identity.link(tx, person_id=owner_id, holder_id=holder_id),
            identity.link(tx, person_id=owner_id, holder_id=owner_id),
        )
    )
    await izin("officers", "end", "0418")
    assert town.read(lambda tx: identity.open_link(tx, held)) is None
    assert town.read(lambda tx: identity.open_link(tx, own)) is not None


async def test_to_end_twice_is_harmless_and_a_new_invitation_begins_anew(
    town: Town, izin: Izin
) -> None:
    await town.staff(OFFICER, "0417")
    await izin("officers", "end", "0417")
    status, out, _ = await izin("officers", "end", "0417")
    assert status == 0 and "had ended already" in out
    assert len(audited(town, "officer.ended")) == 1
    await town.quiet()
    assert town.heard(OFFICER).count(words("notices.duty_ended", badge="0417")) == 1
    status, out, _ = await izin(
        "officers", "invite", "--name", "Dewi", "--badge", "0417", "--areas", "31.74"
    )
    assert status == 0
    assert town.read(lambda tx: officer.of_person(tx, town.meet(OFFICER))) is None
    await town.say(Started(out.split()[-1].removeprefix("/start ")), OTHER)
    known = words("notices.officer_known", name="Dewi", badge="0417")
    assert known in await town.say("cek petugas 417", "stranger")


async def test_the_last_supervisor_to_end_is_pointed_out(town: Town, izin: Izin) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    status, _, err = await izin("officers", "end", "s1")
    assert status == 0 and "No supervisor is left" in err


async def test_other_areas_give_back_only_visits_outside_them(town: Town, izin: Izin) -> None:
    inside = await visited(town, VisitState.ACCEPTED)
    outside = town.want(town.apply("another", number="26-000002"))
    town.change(Visit, outside, area_code="31.71.01.1001")
    town.change(Visit, outside, officer_id=1, state=VisitState.ACCEPTED, code="482915")
    status, out, _ = await izin("officers", "areas", "0417", "--areas", "31.74,31.72.01")
    assert status == 0 and "works in 31.72.01,31.74." in out and ": 1." in out
    assert town.visit(inside).state == VisitState.ACCEPTED
    assert (town.visit(outside).state, town.visit(outside).code) == (VisitState.WANTED, None)
    await town.quiet()
    cancelled = words("notices.visit_cancelled", number="26-000002", **town.when(outside))
    assert cancelled in town.heard(OFFICER)
    assert words("notices.officer_changes", **town.when(outside)) in town.heard("another")
    (entry,) = audited(town, "officer.areas_changed")
    assert entry.details == {"before": ["31.74"], "areas": ["31.72.01", "31.74"]}


@pytest.mark.parametrize("invited", [False, True])
@pytest.mark.parametrize("state", [VisitState.OFFERED, *PROMISED])
async def test_an_officer_who_becomes_supervisor_gives_visits_back(
    town: Town, izin: Izin, state: VisitState, invited: bool
) -> None:
    visit_id = await visited(town, state)
    if invited:
        command = ["invite", "--name", "Rahmat", "--badge", "0417", "--areas", "31.74"]
    else:
        command = ["role", "0417"]
    status, out, _ = await izin("officers", *command, "--role", "supervisor")
    assert status == 0 and ": 1." in out
    assert (town.visit(visit_id).state, town.visit(visit_id).officer_id) == (
        VisitState.WANTED,
        None,
    )
    await town.quiet()
    changes = words("notices.officer_changes", **town.when(visit_id))
    assert (changes in town.heard(OWNER)) == (state in PROMISED)
    name = "Rahmat" if invited else "Petugas 0417"
    assert words("notices.officer_known", name=name, badge="0417") in await town.say(
        "cek petugas 0417"
    )
    (entry,) = audited(town, "officer.role_changed")
    assert entry.details == {"before": "officer", "role": "supervisor"}


async def test_an_invitation_renewed_as_it_was_leaves_visits_alone(town: Town, izin: Izin) -> None:
    visit_id = await visited(town, VisitState.ACCEPTED)
    again = ["--name", "Rahmat", "--badge", "no. 0417", "--areas", "31.74"]
    status, out, _ = await izin("officers", "invite", *again)
    assert status == 0 and "Open visits" not in out
    assert town.visit(visit_id).state == VisitState.ACCEPTED


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("end 0999", "Nobody has the badge 0999"),
        ("end ,", "at least one letter or digit"),
        ("areas 0417 --areas 99.99", "No such area: 99.99"),
        ("areas 0418 --areas 31.74", "0418 (Petugas 0418) has ended"),
        ("role 0417 --role officer", "has the role officer already"),
        ("invite --name A --badge 0500", "--areas is missing"),
        ("invite --name A --badge 0500 --role head --areas 31.74", "leave --areas out"),
        ("invite --name A --areas 31.74 --badge 417", "0417 is the badge of Petugas 0417 already"),
        ("invite --name A --areas 31.74 --badge 3174075705900012", "A NIK is none"),
        ("invite --name A --areas 31.74 --badge abc", "can't be read as a badge"),
        ("invite --name A --areas 31.74 --badge -", "can't be read as a badge"),
        ("invite --name A --areas 31.74 --badge=", "can't be read as a badge"),
    ],
)
async def test_what_cannot_be_done_is_said(town: Town, izin: Izin, command: str, said: str) -> None:
    await town.staff(OFFICER, "0417")
    await town.staff(OTHER, "0418")
    town.change(Officer, 2, active=False)
    status, _, err = await izin("officers", *command.split())
    assert status == 1
    assert said in err and "Traceback" not in err


async def test_a_head_decides_in_every_area(town: Town, izin: Izin) -> None:
    status, out, _ = await izin(
        "officers", "invite", "--name", "Dewi", "--badge", "H1", "--role", "head"
    )
    assert status == 0
    (payload,) = re.findall(r"join-\S+", out)
    await town.say(Started(payload), BOSS)
    await town.staff(OTHER, "S2", role="supervisor", areas=("31.72",))
    visit_id = town.want(town.apply())  # in 31.74, where nobody can be asked
    await town.work()
    await town.quiet()
    assert town.visit(visit_id).state == VisitState.UNASSIGNED
    officer_id = await town.staff(OFFICER, "0417")
    await town.say("menu", BOSS)
    await town.tap(f"assign-{visit_id}", BOSS)
    await town.tap(str(officer_id), BOSS)
    assert town.visit(visit_id).officer_id == officer_id


async def test_a_head_has_no_areas_to_change(town: Town, izin: Izin) -> None:
    await town.staff(BOSS, "H1", role="head", areas=("31",))
    status, out, err = await izin("officers", "areas", "h1", "--areas", "31.74")
    assert (status, out) == (1, "")
    assert "H1 (Petugas H1) is a head" in err and "izin officers role H1 --role supervisor" in err
    assert town.read(lambda tx: officer.areas_of(tx, 1)) == ["31"]
    assert not audited(town, "officer.areas_changed")


@pytest.mark.parametrize("badge", ["198503152010011004", "19850315 201001 1 004", "JP-12", "jp 7"])
async def test_whoever_is_invited_can_be_asked_for(town: Town, izin: Izin, badge: str) -> None:
    status, _, _ = await izin(
        "officers", "invite", "--name", "Rahmat", "--badge", badge, "--areas", "31.74"
    )
    assert status == 0
    assert "Rahmat" in await town.say(f"cek petugas {badge}", "stranger")


# -- documents -------------------------------------------------------------------------------------


def issued(town: Town) -> str:
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
    town.change(Document, 1, path="permits/1.pdf")
    return number


@pytest.mark.parametrize("typed", ["{}", "iumk 2026 3174 1", "https://izin.example/izin/{}"])
async def test_a_revoked_permit_is_said_to_be(town: Town, izin: Izin, typed: str) -> None:
    number = issued(town)
    await town.say("halo")
    reason = "usahanya sudah pindah"
    status, out, _ = await izin("documents", "revoke", typed.format(number), "--reason", reason)
    assert status == 0 and f"{number} is revoked" in out
    await town.quiet()
    on = now().astimezone(WIB).date()
    told = words("business_permit.notices.document_taken_back", number=number, on=on, reason=reason)
    assert told in town.heard(OWNER)
    until = date(2031, 11, 23)
    said = await town.say(f"cek izin {number}", "stranger")
    assert (
        words(
            "business_permit.notices.document_revoked",
            number=number,
            holder="Siti A*****",
            until=until,
            on=on,
        )
        in said
    )
    assert reason not in said
    (entry,) = audited(town, "document.revoked")
    assert entry.subject == "document:1" and reason not in str(entry.details)
    status, _, err = await izin("documents", "revoke", number, "--reason", "lagi")
    assert status == 1 and "already" in err
    assert town.read(lambda tx: tx.get_one(Document, 1)).revoked_because == reason


@pytest.mark.parametrize(
    ("number", "reason", "said"),
    [
        ("IUMK-2026-3174-000999", "x", "There is no document IUMK-2026-3174-000999"),
        ("0417", "x", "can't be read"),
        ("", "x", "can't be read"),
        ("{}", "  ", "at least a word"),
        ("{}", "x" * 201, "200 characters at most"),
    ],
)
async def test_a_permit_that_cannot_be_revoked_is_left_alone(
    town: Town, izin: Izin, number: str, reason: str, said: str
) -> None:
    known = issued(town)
    status, _, err = await izin("documents", "revoke", number.format(known), "--reason", reason)
    assert status == 1 and said in err
    assert town.read(lambda tx: tx.get_one(Document, 1)).revoked_at is None


# -- identity ------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["26-000001", "26 000001", "No. 26-1", "26000001."])
async def test_a_new_link_is_made_and_the_old_one_ends(town: Town, izin: Izin, typed: str) -> None:
    town.apply(identity="page", state=CaseState.SUBMITTED)
    owner_id = town.meet(OWNER)
    old = town.write(lambda tx: identity.link(tx, person_id=owner_id, holder_id=owner_id))
    status, out, err = await izin("identity", "link", typed)
    assert status == 0 and "24 hours" in err
    token = re.fullmatch(r"https://izin\.example/identitas/(\S+)\n", out)
    assert token is not None
    with Session(town.engine) as tx:
        assert identity.open_link(tx, old) is None
        found = identity.open_link(tx, token[1])
        assert found is not None and (found.person_id, found.holder_id) == (owner_id, owner_id)
    (entry,) = audited(town, "identity.link_made")
    assert entry.subject == "case:1" and entry.details == {"ended": 1}


@pytest.mark.parametrize(
    ("number", "columns", "said"),
    [
        ("26-000009", {}, "There is no case 26-000009"),
        ("x", {}, "is no case's number"),
        ("26-000001", {"state": CaseState.CANCELLED}, "26-000001 is cancelled"),
        ("26-000001", {"state": CaseState.DONE}, "26-000001 is done"),
        ("26-000001", {"identity": "door"}, "shows the KTP to the officer"),
    ],
)
async def test_where_no_identity_is_needed_no_link_is_made(
    town: Town, izin: Izin, number: str, columns: dict[str, str], said: str
) -> None:
    town.apply(**{"identity": "page", **columns})  # type: ignore[arg-type]
    status, _, err = await izin("identity", "link", number)
    assert status == 1 and said in err
    assert town.read(lambda tx: tx.scalars(select(IdentityLink)).all()) == []


async def test_an_identity_that_was_given_needs_no_link(town: Town, izin: Izin) -> None:
    case_id = town.apply(identity="page")
    town.identify(town.meet(OWNER))
    status, _, err = await izin("identity", "link", "26-000001")
    assert status == 1 and "was given already" in err
    town.change(Case, case_id, state=CaseState.NEEDS_FIX)
    assert (await izin("identity", "link", "26-000001"))[0] == 0


# -- migrations ----------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", ["0000deadbeef", "f" * 12, "a_newer_one"])
async def test_migrate_on_a_newer_database_says_a_sentence(
    izin: Izin, empty_database: str, monkeypatch: pytest.MonkeyPatch, revision: str
) -> None:
    newer = create_engine(empty_database, poolclass=NullPool)
    with newer.begin() as tx:
        tx.execute(text("CREATE TABLE alembic_version (version_num text PRIMARY KEY)"))
        tx.execute(text("INSERT INTO alembic_version VALUES (:v)"), {"v": revision})
    monkeypatch.setenv("DATABASE_URL", empty_database)
    status, out, err = await izin("migrate")
    assert (status, out) == (1, "")
    assert revision in err and "newer one" in err
    assert "Traceback" not in err and "{" not in err
    assert inspect(newer).get_table_names() == ["alembic_version"], "nothing was touched"


# -- people who are erased -------------------------------------------------------------------------


async def test_a_person_is_erased_once_and_by_nobody_who_mistypes_the_word(
    town: Town, izin: Izin, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.apply(number="26-000001")
    for word, status in (("ya", 1), ("erase", 0)):
        monkeypatch.setattr("builtins.input", lambda _, word=word: word)
        code, printed, refused = await izin("people", "erase", "26-000001")
        assert code == status, refused
        assert "case 26-000001\taccepted" in printed
        assert ("withdrawn\tcase 26-000001" in printed) == (status == 0)
    assert town.case(1).answers == {}
    code, _, refused = await izin("people", "erase", "26-000001", "--yes")
    assert (code, "Nobody is known" in refused) == (1, True)
    await town.work()
    assert town.heard().count(words("notices.erased")) == 1


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ("26-000099", "Nobody is known"),
        ("0812 3456 7890", "Nobody is known"),
        ("telegram:12", "Nobody is known"),
        ("siti", "no case's number"),
        (f"chat:{OFFICER}", "officer or a supervisor"),
    ],
)
async def test_who_is_not_known_or_on_duty_is_not_erased(
    town: Town, izin: Izin, who: str, why: str
) -> None:
    await town.staff(OFFICER, "0417")
    code, _, refused = await izin("people", "erase", who, "--yes")
    assert code == 1 and why in refused


async def test_nobody_is_erased_while_an_officer_is_there(town: Town, izin: Izin) -> None:
    officer_id = await town.staff(OFFICER, "0417")
    visit_id = town.want(town.apply())
    town.change(Visit, visit_id, state=VisitState.ARRIVED, officer_id=officer_id)
    code, _, refused = await izin("people", "erase", f"chat:{OWNER}", "--yes")
    assert code == 1 and "when the visit is over" in refused
    assert town.visit(visit_id).state == VisitState.ARRIVED


@pytest.mark.parametrize("sheet", ["sheet", "cash-book"])
async def test_sheets_are_written_for_print(izin: Izin, tmp_path: Path, sheet: str) -> None:
    out = tmp_path / "lembar.pdf"
    assert await izin("officers", sheet, "--out", str(out)) == (0, f"{out}\n", "")
    assert out.read_bytes().startswith(b"%PDF")
    status, _, said = await izin("officers", sheet, "--out", str(tmp_path / "no" / "x.pdf"))
    assert status == 1 and "can't be written" in said


async def test_helpers_are_invited_for_an_area_listed_and_ended(izin: Izin) -> None:
    status, link, told = await izin("helpers", "invite", "--area", "31.74.05.1001")
    assert status == 0 and "join-" in link and "works once" in told
    status, listed, _ = await izin("helpers", "list")
    assert listed.split("\t")[1:] == ["31.74.05.1001", "has not joined\n"]
    number = listed.split("\t")[0]
    assert (await izin("helpers", "end", number))[0] == 0
    assert (await izin("helpers", "end", number))[0] == 1
    assert (await izin("helpers", "invite", "--area", "31.99"))[0] == 1
