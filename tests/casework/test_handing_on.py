"""Visits go to a colleague, an officer leaves, a permit is revoked: by a supervisor in chat."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from casework import documents, handing_on, people
from conversations.messages import Message, Say
from models import absence
from models import officer as officers
from models.document import Document
from models.lifecycle import NotAllowed, VisitState
from models.officer import Officer
from models.visit import Offer, Visit
from tests import world as make
from tests.casework.test_overview import DAY, HERE, Desk, at, visit
from tests.casework.test_overview import desk as desk

ASK = Message((Say("supervising.end.yes"),))


def taker(desk: Desk, badge: str = "0418") -> Officer:
    return make.staff(desk.tx, badge, areas=(HERE,))


def test_accepted_and_offered_visits_are_offered_to_the_colleague(desk: Desk) -> None:
    dewi = taker(desk)
    accepted = visit(desk, "26-000001", VisitState.ACCEPTED)
    offered = visit(desk, "26-000002", VisitState.OFFERED)
    going = visit(desk, "26-000003", VisitState.ON_THE_WAY)
    desk.tx.get_one(Visit, accepted).code = "482915"
    handing_on.preview_visits(desk.by(desk.boss, at("07.00")), desk.joko.id, dewi.id, ASK)
    shown = desk.last(desk.boss)
    assert "yang bisa dipindah: 2." in shown and "Tidak ikut dipindah: 1." in shown
    assert shown.endswith("Ya, akhiri"), "the question follows"
    handing_on.hand_on(desk.by(desk.boss, at("07.01")), desk.joko.id, dewi.id)
    desk.tx.flush()
    for id in (accepted, offered):
        row = desk.tx.get_one(Visit, id)
        assert (row.state, row.officer_id, row.code) == (VisitState.OFFERED, dewi.id, None)
        made = desk.tx.scalars(select(Offer).where(Offer.visit_id == id)).all()
        assert [(offer.officer_id, offer.answer) for offer in made] == [(dewi.id, None)]
    assert desk.tx.get_one(Visit, going).officer_id == desk.joko.id
    host = desk.tx.get_one(Visit, accepted).host_id
    assert [keys for _, keys, _ in make.news(desk.tx, host)] == [["notices.officer_changes"]]
    assert make.news(desk.tx, desk.tx.get_one(Visit, offered).host_id) == []
    told = [keys for _, keys, _ in make.news(desk.tx, desk.joko.person_id)]
    assert told == [["notices.visit_given_on"]] * 2
    assert [opens for _, _, opens in make.news(desk.tx, dewi.person_id)] == ["visit"] * 2
    assert "2 kunjungan sudah ditawarkan" in desk.last(desk.boss)


def test_an_offer_of_before_is_renewed_and_the_givers_is_withdrawn(desk: Desk) -> None:
    dewi, id = taker(desk), visit(desk, "26-000001", VisitState.OFFERED)
    for one, answer in ((dewi, "declined"), (desk.joko, None)):
        row = Offer(visit_id=id, officer_id=one.id, expires_at=at("12.00"), answer=answer)
        desk.tx.add(row)
    desk.tx.flush()
    handing_on.hand_on(desk.by(desk.boss, at("07.00")), desk.joko.id, dewi.id)
    made = desk.tx.scalars(select(Offer).where(Offer.visit_id == id).order_by(Offer.id)).all()
    assert [offer.answer for offer in made] == [None, "withdrawn"]


def test_nothing_to_give_is_said_without_a_question(desk: Desk) -> None:
    dewi = taker(desk)
    handing_on.preview_visits(desk.by(desk.boss, at("07.00")), desk.joko.id, dewi.id, ASK)
    assert desk.last(desk.boss) == "Petugas 0419 (0419) tidak punya kunjungan yang bisa dipindah."
    unjoined = make.staff(desk.tx, "0420", areas=(HERE,), joined=False)
    handing_on.preview_visits(desk.by(desk.boss, at("07.01")), desk.joko.id, unjoined.id, ASK)
    assert "belum menekan Mulai" in desk.last(desk.boss)


def test_an_officer_of_wider_areas_is_not_ended_by_one_supervisor(desk: Desk) -> None:
    wide = make.staff(desk.tx, "0421", areas=(HERE, "31.72"))
    handing_on.preview_end(desk.by(desk.boss, at("07.00")), wide.id, ASK)
    assert "izin officers end 0421" in desk.last(desk.boss)
    with pytest.raises(NotAllowed):
        handing_on.end(desk.by(desk.boss, at("07.01")), wide.id)
    visit(desk, "26-000001", VisitState.ACCEPTED)
    handing_on.preview_end(desk.by(desk.boss, at("07.02")), desk.joko.id, ASK)
    assert "punya 1 kunjungan terbuka" in desk.last(desk.boss)
    handing_on.end(desk.by(desk.boss, at("07.03")), desk.joko.id)
    assert not desk.joko.active and "1 kunjungan dicarikan" in desk.last(desk.boss)


def test_a_supervisor_is_not_ended_by_a_supervisor(desk: Desk) -> None:
    other = make.staff(desk.tx, "S9", role="supervisor", areas=(HERE,))
    with pytest.raises(NotAllowed):
        handing_on.end(desk.by(desk.boss, at("07.00")), other.id)
    assert other.active


def permit(desk: Desk) -> Document:
    owner = make.person(desk.tx)
    case = make.case(desk.tx, owner, make.answers(1), number="26-000001")
    return make.issue(desk.tx, case_id=case.id, person_id=owner, kota_code=HERE, issued_on=DAY)


def test_a_permit_is_revoked_once_and_its_owner_told_why(desk: Desk) -> None:
    row = permit(desk)
    documents.preview_revocation(desk.by(desk.boss, at("07.00")), row.number, ASK)
    assert "Atas nama: Siti Aminah" in desk.last(desk.boss)
    documents.revoke_numbered(desk.by(desk.boss, at("07.01")), row.number, "datanya palsu")
    assert row.revoked_because == "datanya palsu"
    assert [keys for _, keys, _ in make.news(desk.tx, row.person_id)]
    before = row.revoked_at
    documents.revoke_numbered(desk.by(desk.boss, at("07.02")), row.number, "lagi")
    assert (row.revoked_at, row.revoked_because) == (before, "datanya palsu")
    documents.preview_revocation(desk.by(desk.boss, at("07.03")), row.number, ASK)
    assert "sudah dicabut pada" in desk.last(desk.boss)


def test_a_permit_of_another_area_is_not_shown(desk: Desk) -> None:
    row = permit(desk)
    documents.preview_revocation(desk.by(desk.far_boss, at("07.00")), row.number, ASK)
    assert "Siti" not in desk.last(desk.far_boss) and "di luar wilayah" in desk.last(desk.far_boss)
    documents.preview_revocation(desk.by(desk.boss, at("07.01")), "IUMK-2026-3174-009999", ASK)
    assert "tidak ada" in desk.last(desk.boss)


def test_the_heads_are_told_who_is_away_and_when(desk: Desk) -> None:
    people.tell_heads(desk.by(desk.boss, at("07.00")), "away", "minggu depan saya libur")
    assert "Tidak ada kepala" in desk.last(desk.boss)
    head = make.staff(desk.tx, "H1", role="head", areas=("31",))
    people.tell_heads(desk.by(desk.boss, at("07.01")), "away", "minggu depan saya libur")
    assert desk.last(desk.boss) == "Kepala sudah dikabari."
    told = [keys for _, keys, _ in make.news(desk.tx, head.person_id)]
    assert told == [["notices.supervisor_away"]]
    assert officers.heads(desk.tx) == [head.person_id]


def test_the_heads_are_told_of_misconduct_in_the_supervisors_words(desk: Desk) -> None:
    head = make.staff(desk.tx, "H1", role="head", areas=("31",))
    people.tell_heads(desk.by(desk.boss, at("07.00")), "misconduct", "Rahmat minta 200rb")
    people.tell_heads(desk.by(desk.boss, at("07.01")), "talk", "")
    told = [keys for _, keys, _ in make.news(desk.tx, head.person_id)]
    assert told == [["notices.supervisor_misconduct"], ["notices.supervisor_talk"]]


def test_a_colleague_who_is_absent_on_a_day_of_these_visits_is_named_with_the_day(
    desk: Desk,
) -> None:
    dewi = taker(desk)
    visit(desk, "26-000001", VisitState.ACCEPTED)
    absence.add(desk.tx, dewi.id, [DAY, DAY + timedelta(days=1)])
    handing_on.preview_visits(desk.by(desk.boss, at("07.00")), desk.joko.id, dewi.id, ASK)
    shown = desk.last(desk.boss)
    assert "(0418) sudah mencatat tidak masuk pada Rabu, 25 November 2026." in shown
