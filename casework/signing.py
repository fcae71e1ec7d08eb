"""Acts on the signature of a letter: the page is asked for, and its owner has signed there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import visits
from casework.act import Act
from conversations.events import News
from conversations.messages import Say
from models import dossier
from models.case import Case
from models.document import Document
from models.infrastructure import signing
from models.infrastructure.encryption import readable
from models.lifecycle import NotAllowed, VisitState
from models.officer import Officer
from models.visit import Visit

PATH = "/tanda-tangan-surat"
LETTER = "letter"  # what a token is for
LIFE = timedelta(minutes=30)
PURPOSE = "signing"


@dataclass(frozen=True, slots=True)
class ToSign:
    """A letter that may be signed on the page, while its officer is there."""

    visit_id: int
    case_id: int
    person_id: int
    number: str
    lender: str  # with its branch
    version: int  # of what was told for it
    officer: Officer


def ask(act: Act, visit_id: int, public_url: str) -> None:
    """Send the officer at the door the page on which the owner of the letter signs.

    Raises:
        NotAllowed: the officer is not there, or the visit is for something else.
    """
    _, visit = visits.of_officer(act, visit_id)
    _must_sign(visit)
    token = signing.sign([visit.id, int((act.at + LIFE).timestamp())], LETTER)
    act.reply("signing.link", url=f"{public_url}{PATH}/{token}")


def to_sign(tx: Session, visit_id: int) -> ToSign | None:
    """Return what is signed at a visit; None if its officer is not there (any more)."""
    visit = tx.get(Visit, visit_id)
    if visit is None or not _may_sign(visit):
        return None
    officer = tx.get(Officer, visit.officer_id or 0)
    case = tx.get_one(Case, visit.case_id)
    letter = tx.scalars(select(Document).where(Document.case_id == case.id)).one_or_none()
    if officer is None or not officer.active or letter is None or letter.revoked_at is not None:
        return None
    answers = readable(case.answers) or {}
    names = ((answers.get("lender") or {}).get("name"), answers.get("branch"))
    lender = ", ".join(str(name) for name in names if name)
    return ToSign(
        visit.id,
        case.id,
        case.person_id,
        letter.number,
        lender,
        case.answers_version,
        officer,
    )


def sign(act: Act, visit: Visit, evidence_id: int) -> None:
    """Take what was drawn on the page at a (locked) visit; a later drawing replaces it.

    Raises:
        NotAllowed: the officer has left, or the visit is for something else.
    """
    act.must_be_office()
    _must_sign(visit)
    dossier.open_for(act.tx, visit.case_id).signature_id = evidence_id
    act.note("letter.drawn", f"case:{visit.case_id}")
    officer = act.tx.get_one(Officer, visit.officer_id)
    drawn = Say("signing.drawn")
    act.tell(officer.person_id, News.VISIT_GOES_ON, visit.id, drawn, opens="visit", can_wait=False)


def _must_sign(visit: Visit) -> None:
    if not _may_sign(visit):
        raise NotAllowed(f"nobody signs at visit {visit.id}")


def _may_sign(visit: Visit) -> bool:
    return visit.purpose == PURPOSE and visit.state == VisitState.ARRIVED
