"""Letters to lenders, made to order: signed, and on their way to the lender."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from casework import signing as casework_signing
from models import document, dossier
from models.case import Case
from models.infrastructure import signing as tokens
from models.infrastructure.storage import Storage
from models.infrastructure.wib import WIB
from models.lifecycle import CaseState, VisitState
from tests import world as make
from tests.clock import now
from tests.workers.verification.samples import CIPETE_UTARA

LENDER = "Koperasi Melati Jaya"
#: What nobody but the owner, the officer at the visit and the lender's desk may read: every sum of
#: the case, as it is written and as it is stored.
SUMS = {"instalment": 1_270_000, "before": 8_140_000, "now": 3_390_000, "can_pay": 615_000}
ANSWERS: dict[str, Any] = {
    "owner_name": "Siti Aminah Nurbaya",
    "trade": {"words": "jual nasi uduk"},
    "place": {"kelurahan": CIPETE_UTARA, "pin": None},
    "street": "Jl. Damai 3",
    "lender_kind": "cooperative",
    "lender": {"name": LENDER},
    "branch": "Blok A",
    "product": "working",
    "since": "2025-03",
    "remaining": "to_25",
    "arrears": "to_3",
    **SUMS,
    "reason": ["sick"],
    "told": "Suami saya dirawat.",
    "wish": ["smaller"],
    "others": "none",
    "talked": "no",
    "deliver": "owner",
}
PDF = b"%PDF-1.7 the letter"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter: its case and owner, and what its slip holds."""

    case: int
    owner: int
    number: str
    code: str
    pin: str


def letter(
    tx: Session, storage: Storage | None = None, *, stage: str = "awaiting", number: int = 1
) -> Letter:
    """A letter whose case waits at a stage; signed, and typeset if there is a store."""
    owner = make.person(tx, ANSWERS["owner_name"])
    case = make.case(
        tx,
        owner,
        ANSWERS,
        number=f"26-{number:06d}",
        service="credit_relaxation",
        state=CaseState.WAITING,
    )
    case.stage = stage
    row = dossier.open_for(tx, case.id)
    if stage != "reading":
        row.signed_at, row.signed_how = now(), "paper"
        row.delivered_how = "owner"
    if stage == "awaiting":
        row.delivered_at = now()
    issued = document.issue(
        tx,
        kind="relief_letter",
        prefix="KK",
        area="",
        case_id=case.id,
        person_id=owner,
        issued_on=now().astimezone(WIB).date(),
        valid_years=None,
    )
    if storage is not None:
        issued.path = f"letters/{issued.issued_on.year}/{issued.number}.pdf"
        storage.write(issued.path, PDF)
    tx.flush()
    return Letter(case.id, owner, issued.number, row.desk_code, row.pin)


def case_of(tx: Session, one: Letter) -> Case:
    return tx.get_one(Case, one.case)


def leaks(text: str) -> list[str]:
    """What of a letter's content stands in a text that should hold nothing of it."""
    grouped = [f"{value:,}".replace(",", dot) for value in SUMS.values() for dot in (".", ",")]
    said = [
        *map(str, SUMS.values()),
        *grouped,
        "Aminah",
        "Nurbaya",
        "Siti",
        LENDER,
        "Damai",
        "uduk",
    ]
    return [one for one in (*said, "tunggak", "dirawat") if one in text]


@dataclass(frozen=True, slots=True)
class Signing:
    """A visit at which an officer is, to have a letter signed; and a token of its page."""

    letter: Letter
    visit: int
    officer: int  # the person behind the officer
    token: str


def signing(tx: Session, storage: Storage | None = None, badge: str = "0417") -> Signing:
    """An officer has arrived at the owner of a letter, and proved the code."""
    one = letter(tx, storage, stage="reading")
    officer = make.staff(tx, badge)
    case = case_of(tx, one)
    visit = make.visit(tx, case, state=VisitState.ARRIVED, officer_id=officer.id)
    case.stage = visit.purpose = casework_signing.PURPOSE
    visit.code_proved_at = now()
    tx.flush()
    return Signing(one, visit.id, officer.person_id or 0, token_of(visit.id))


def token_of(visit_id: int, ends: timedelta = casework_signing.LIFE) -> str:
    return tokens.sign([visit_id, int((now() + ends).timestamp())], casework_signing.LETTER)
