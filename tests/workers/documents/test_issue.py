"""From the permit's row to the document in the owner's chat."""

from __future__ import annotations

import io
from datetime import date

import pytest
from pypdf import PdfReader
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from conversations import messages
from models import identity, task
from models.case import Case
from models.document import Document
from models.infrastructure.storage import Storage
from models.lifecycle import CaseState
from models.outbox import OutboundMessage
from models.task import Task
from tests import world as make
from tests.world import news, work_off
from workers import jobs
from workers.context import Context


@pytest.fixture
def issued(tx: Session) -> Document:
    """A permit as the bot issues it at the door."""
    owner = make.person(tx)
    case = make.case(tx, owner, make.answers(1, capital={"left": True}), state=CaseState.DONE)
    row = make.issue(
        tx,
        case_id=case.id,
        person_id=owner,
        kota_code="31.74",
        issued_on=date(2026, 11, 24),
    )
    task.plan(tx, "document", row.id, f"document:{row.id}")
    tx.commit()
    return row


def text_of(storage: Storage, row: Document) -> str:
    assert row.path is not None
    (page,) = PdfReader(io.BytesIO(storage.read(row.path))).pages
    return " ".join(page.extract_text().split())


def test_the_owner_gets_the_document_and_is_asked_how_it_was(
    city: Engine, tx: Session, storage: Storage, issued: Document
) -> None:
    work_off(city)
    tx.refresh(issued)
    assert issued.path == "permits/2026/IUMK-2026-3174-000001.pdf"
    queued = tx.scalars(select(OutboundMessage)).one()
    message = messages.from_json(queued.message)
    assert queued.person_id == issued.person_id
    assert (message.document, message.filename) == (issued.path, "IUMK-2026-3174-000001.pdf")
    assert message.parts[0].params == {
        "number": issued.number,
        "valid_until": date(2031, 11, 24),
    }
    assert news(tx, issued.person_id) == [("document_sent", [], "rating")]


def test_the_sheet_says_what_was_answered(
    city: Engine, tx: Session, storage: Storage, issued: Document
) -> None:
    work_off(city)
    tx.refresh(issued)
    text = text_of(storage, issued)
    for said in ("Siti Aminah", "Warung Bu Siti", "56101", "Cipete Utara", "Jakarta Selatan"):
        assert said in text


def test_until_it_is_said_who_issues_permits_they_are_marked_as_samples(
    city: Engine, tx: Session, storage: Storage, issued: Document
) -> None:
    work_off(city)
    tx.refresh(issued)
    assert "CONTOH" in text_of(storage, issued)


def test_the_sheet_names_the_office_and_the_signer_of_the_settings(
    city: Engine, tx: Session, storage: Storage, issued: Document
) -> None:
    jobs.use(
        Context(city, storage, "https://izin.example", "Unit Pelayanan Cilandak", "Kepala Unit")
    )
    work_off(city)
    tx.refresh(issued)
    text = text_of(storage, issued)
    assert "Unit Pelayanan Cilandak" in text and "Kepala Unit" in text
    assert "CONTOH" not in text


@pytest.mark.parametrize(("premises", "printed"), [("mobile", True), ("home", False)])
def test_where_somebody_lives_is_not_pinned_on_the_sheet(
    city: Engine, tx: Session, storage: Storage, issued: Document, premises: str, printed: bool
) -> None:
    case = tx.get_one(Case, issued.case_id)
    case.answers = case.answers | {"premises": premises}
    tx.commit()
    work_off(city)
    tx.refresh(issued)
    assert ("106.802" in text_of(storage, issued)) is printed


def test_with_an_identity_the_name_is_the_cards_and_the_nik_is_masked(
    city: Engine, tx: Session, storage: Storage, issued: Document
) -> None:
    token = identity.link(tx, person_id=issued.person_id, holder_id=issued.person_id)
    tx.flush()
    link = identity.open_link(tx, token)
    assert link is not None
    identity.give(
        tx,
        link,
        name="Siti Aminah binti Umar",
        nik="3174015203870001",
        born_on=date(1987, 3, 12),
        address="Jl. Damai 3",
        ktp_attachment_id=None,
    )
    tx.commit()
    work_off(city)
    tx.refresh(issued)
    text = text_of(storage, issued)
    assert "Siti Aminah binti Umar" in text
    assert "3174015203870001" not in text
    assert "3174••••••••0001" in text


def test_issuing_twice_sends_the_same_document_once(
    city: Engine, tx: Session, storage: Storage, issued: Document
) -> None:
    work_off(city)
    tx.refresh(issued)
    assert issued.path is not None
    first = storage.read(issued.path)
    tx.scalars(select(Task)).one().done_at = None
    tx.commit()
    work_off(city)
    assert storage.read(issued.path) == first
    assert len(tx.scalars(select(OutboundMessage)).all()) == 1
    assert len(news(tx, issued.person_id)) == 1
