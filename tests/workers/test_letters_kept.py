"""Letters to lenders are kept for a year after their case is over, and not longer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from casework import lender_answers
from models import task
from models.attachment import Attachment, AttachmentState
from models.case import Case
from models.document import Document
from models.dossier import Dossier, LenderAnswer
from models.infrastructure.storage import Storage
from models.lifecycle import CaseState
from tests import world
from tests.clock import now
from tests.letters_at import SERVICE, answers, by, letter, letter_of

YEAR = timedelta(days=365)


def over(tx: Session, storage: Storage, *, since: timedelta) -> Case:
    """A letter that the lender refused some time ago, with its files."""
    case = letter(tx, "awaiting")
    written = tx.scalars(select(Document)).one()
    written.path = f"letters/{written.issued_on.year}/{written.number}.pdf"
    storage.write(written.path, b"%PDF")
    photo = Attachment(person_id=case.person_id, channel="chat", kind="photo")
    photo.state, photo.path, photo.sha256 = AttachmentState.STORED, "attachments/r.jpg", "0" * 64
    tx.add(photo)
    tx.flush()
    storage.write("attachments/r.jpg", b"receipt")
    letter_of(tx, case).receipt_id = photo.id
    lender_answers.tell(by(tx, case.person_id), case.id, "refused", "papers")
    case.moved_at = now() - since
    tx.commit()
    return case


def tidy(tx: Session, city: Engine, times: int) -> None:
    for at in range(times):
        task.plan(tx, "tidy", 0, f"tidy:test:{at}")
        tx.commit()
        world.work_off(city)
    tx.expire_all()


def count(tx: Session, table: type[object]) -> int:
    return tx.scalar(select(func.count()).select_from(table)) or 0


def test_after_a_year_nothing_of_a_letter_is_left(
    tx: Session, city: Engine, storage: Storage
) -> None:
    case = over(tx, storage, since=YEAR + timedelta(days=1))
    paths = [path or "" for path in tx.scalars(select(Document.path))]
    tidy(tx, city, 2)
    assert count(tx, Dossier) == count(tx, LenderAnswer) == 0
    assert (case.answers, case.state) == ({}, CaseState.DONE)
    for path in (paths[0], "attachments/r.jpg"):
        with pytest.raises(FileNotFoundError):
            storage.read(path)
    tidy(tx, city, 3)
    assert tx.scalars(select(Document.path)).one() is None, "it is not typeset again"


def test_before_a_year_all_is_kept(tx: Session, city: Engine, storage: Storage) -> None:
    case = over(tx, storage, since=YEAR - timedelta(days=1))
    tidy(tx, city, 2)
    assert count(tx, Dossier) == count(tx, LenderAnswer) == 1
    assert case.answers["instalment"] == 873_651
    assert storage.read("attachments/r.jpg") == b"receipt"


def test_answers_of_a_case_without_a_letter_go_too(
    tx: Session, city: Engine, storage: Storage
) -> None:
    given = answers(instalment=873_651)
    case = world.case(tx, world.person(tx), given, service=SERVICE, state=CaseState.REJECTED)
    case.moved_at = now() - YEAR - timedelta(days=1)
    tx.commit()
    tidy(tx, city, 2)
    assert case.answers == {}
    assert count(tx, Dossier) == 0


def test_a_letter_that_is_under_way_is_kept(tx: Session, city: Engine, storage: Storage) -> None:
    case = letter(tx, "trust")
    case.moved_at = now() - 2 * YEAR
    tx.commit()
    tidy(tx, city, 1)
    assert count(tx, Dossier) == 1
    assert case.answers
