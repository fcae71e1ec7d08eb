"""Stages of a course at which somebody outside the office acts: begun, and asked after."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.act import Act
from conversations.events import News
from conversations.messages import Say
from conversations.service import Waiting
from models import calendar, dossier, task
from models.case import Case
from models.document import Document
from models.dossier import Dossier
from models.infrastructure.encryption import readable
from models.infrastructure.wib import WIB
from models.officer import Officer
from models.visit import Visit, VisitReport

FOLLOW_UP, TO_DESK = "follow_up", "letter_to_desk"  # kinds of tasks
MORNING = timedelta(hours=1)  # of the working day, when people are asked


def begin(act: Act, case: Case, stage: Waiting) -> None:
    """Begin a (locked) case's stage, which has a deadline and is asked after."""
    row = dossier.open_for(act.tx, case.id)
    row.asked = 0
    if stage.signed:
        _sign(act, case, row)
    letter = of_case(act.tx, case.id)
    if stage.signed or (stage.shows and letter.path is not None):
        again = f"document:{letter.id}:{case.answers_version}"
        key = signed_key(letter.id) if stage.signed else again
        task.plan(act.tx, "document", letter.id, key)
    days = calendar.load(act.tx)
    case.due_at = morning(days, act.at, stage.within.days)
    if stage.asks:
        due_at = morning(days, act.at, stage.asks[0])
        task.plan(act.tx, FOLLOW_UP, case.id, run_key(case), due_at=due_at)


def about(case: Case) -> Say:
    """Return the first line of all news of a letter: neutral, since others may see the phone."""
    return Say("notices.about_letter", {"number": case.number})


def run_key(case: Case) -> str:
    """Return the key of the task that asks the owner again at a case's present stage."""
    return f"{FOLLOW_UP}:{case.id}:{case.stage}:{int(case.moved_at.timestamp() * 1000)}"


def signed_key(document_id: int) -> str:
    """Return the key of the task that typesets a letter as it was signed."""
    return f"document:{document_id}:signed"


def morning(days: calendar.Calendar, at: datetime, after: int) -> datetime:
    """Return an hour after the office opens, some working days later."""
    on = days.working_days_after(at, after)
    return datetime.combine(on, calendar.OPENS, WIB) + MORNING


def due(days: calendar.Calendar, case: Case, stage: Waiting, at: datetime) -> int:
    """Return how many of the times to ask again at a (locked) case's stage are past."""
    return sum(morning(days, case.moved_at, after) <= at for after in stage.asks)


def of_case(tx: Session, case_id: int) -> Document:
    """Return the letter of a case.

    Raises:
        sqlalchemy.exc.NoResultFound: none was issued.
    """
    return tx.scalars(select(Document).where(Document.case_id == case_id)).one()


def _sign(act: Act, case: Case, row: Dossier) -> None:
    """Note how the letter was signed at the visit that has just ended, and who carries it."""
    visit, report = act.tx.execute(
        select(Visit, VisitReport.answers)
        .join(VisitReport, VisitReport.visit_id == Visit.id)
        .where(Visit.case_id == case.id)
        .order_by(Visit.id.desc())
        .limit(1)
    ).one()
    row.signed_at, row.signed_how = act.at, str(report.get("sign") or "paper")
    photo = report.get("signed_page")
    if row.signed_how == "paper" and isinstance(photo, dict) and photo.get("ids"):
        row.signature_id = photo["ids"][0]
    row.delivered_how = str((readable(case.answers) or {}).get("deliver") or "owner")
    if row.delivered_how == "officer":
        row.carrier_id = visit.officer_id
        officer = act.tx.get_one(Officer, visit.officer_id)
        act.tell(officer.person_id, News.STAGE_BEGAN, case.id, opens="delivery")
    elif row.delivered_how == "desk":
        task.plan(act.tx, TO_DESK, case.id, f"{TO_DESK}:{case.id}")
    act.ledger.consent(case.person_id, passes_on(case))
    act.note("letter.signed", f"case:{case.id}", how=row.signed_how)


def passes_on(case: Case) -> str:
    """Return the purpose to which the owner of a letter agrees: to pass it to that lender."""
    lender = (readable(case.answers) or {}).get("lender")
    named = str(lender.get("id") or "") if isinstance(lender, dict) else ""
    return f"pass_to_lender:{named or case.number}"
