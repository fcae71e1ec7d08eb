"""Housekeeping: restarts stuck work and deletes expired rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from casework import digests, tickets
from casework.act import by_office
from casework.news import window_of
from conversations import services
from conversations.events import News
from conversations.messages import Say
from models import alias, assisted, flag, referrals, task, ticket
from models import case as cases
from models.aside import SessionAside
from models.audit import AuditEntry
from models.base import now
from models.case import Case
from models.document import Document
from models.identity import IdentityLink
from models.inbox import InboxMessage
from models.infrastructure.retention import forget
from models.infrastructure.wib import WIB
from models.lifecycle import CaseState, VisitState
from models.link import LinkCode
from models.outbox import OutboundMessage
from models.person import Person
from models.portrait import Portrait, unfinished
from models.task import Task
from models.visit import Offer, Visit
from models.window import Window
from models.working_hours import Part
from workers import drafts, evidence, letters
from workers.context import ACTOR, Context, Settle
from workers.settings import Kept
from workers.visits.offers import NOBODY_YET

STUCK = timedelta(minutes=10)  # in a state without an open task
OVERDUE = timedelta(hours=2)  # after the end of a visit's window
LONG_OVERDUE = timedelta(days=7)  # after the visit's day: it was reported before
LINKS_KEPT = timedelta(days=1)  # after they expired or were used
TASKS_KEPT = timedelta(days=30)  # after they were done or given up
SITES_KEPT = timedelta(days=30)  # after the day of the visit
INVITED = TASKS_KEPT - timedelta(days=1)  # the task that invited an owner is kept at least so long
FORGOTTEN = 10_000  # rows of one table that one run of `tidy` deletes; the next runs a second later

_IN_OFFICERS_HANDS = (VisitState.ACCEPTED, VisitState.ON_THE_WAY, VisitState.ARRIVED)


def sweep(tx: Session, run: Task) -> datetime | None:
    """Plan missing tasks of waiting rows, and handle visits whose time is over."""
    _verify_again(tx, run)
    _open_windows_again(tx)
    _offer_again(tx, run)
    _expire_again(tx, run)
    _issue_again(tx, run)
    _erase_again(tx, run)
    _finish_portraits(tx, run)
    _give_windows_up(tx, run)
    _report_overdue(tx)
    _escalate(tx, run)
    return None


def digest(tx: Session, run: Task) -> datetime | None:
    """Tell supervisors in the morning what waits for them."""
    digests.tell_held(by_office(tx, ACTOR, run.run_key))
    return None


def tidy(context: Context, _: int) -> Settle:
    """Delete expired rows, in batches to keep locks short, and files of closed complaints.

    Raises:
        OSError: the file store is unavailable.
    """
    return partial(_tidy, kept=context.kept, erased=evidence.erase(context))


def _tidy(tx: Session, run: Task, *, kept: Kept, erased: Sequence[int]) -> datetime | None:
    moment = now(tx)
    evidence.forget(tx, erased)
    links = or_(
        IdentityLink.expires_at < moment - LINKS_KEPT, IdentityLink.used_at < moment - LINKS_KEPT
    )
    tx.execute(delete(IdentityLink).where(links))
    tx.execute(delete(LinkCode).where(LinkCode.expires_at < moment - LINKS_KEPT))
    tx.execute(delete(SessionAside).where(SessionAside.set_aside_at < moment - drafts.KEPT))
    assisted.tidy(tx)
    flag.tidy(tx)
    referrals.tidy(tx, [one.id for one in services.load().values() if one.about_others])
    alias.forget(tx, moment - kept.aliases)
    _forget_sites(tx, moment)
    letters.tidy(tx, moment)
    inbox_closed = func.coalesce(InboxMessage.taken_at, InboxMessage.set_aside_at)
    outbox_closed = func.coalesce(OutboundMessage.sent_at, OutboundMessage.failed_at)
    task_closed = func.coalesce(Task.done_at, Task.failed_at)
    more = [
        forget(tx, InboxMessage.id, inbox_closed, moment - kept.messages, limit=FORGOTTEN),
        forget(tx, OutboundMessage.id, outbox_closed, moment - kept.messages, limit=FORGOTTEN),
        forget(tx, Task.id, task_closed, moment - TASKS_KEPT, limit=FORGOTTEN),
        forget(tx, AuditEntry.id, AuditEntry.at, moment - kept.audit, limit=FORGOTTEN),
    ]
    return moment if any(more) or len(erased) == evidence.AT_ONCE else None


def _forget_sites(tx: Session, moment: datetime) -> None:
    """Erase the sites of closed visits, and officers' locations, SITES_KEPT after the day."""
    until = (moment - SITES_KEPT).date()
    closed = (VisitState.DONE, VisitState.FAILED, VisitState.CANCELLED)
    over = Visit.state.in_(closed), Visit.on.between(until - SITES_KEPT, until)
    kept = or_(Visit.site.is_not(None), Visit.officer_pin.is_not(None))
    tx.execute(update(Visit).where(*over, kept).values(site=None, officer_pin=None))


def _idle(kind: str, subject: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """A condition: no open task of this kind is about this subject."""
    return ~exists().where(
        Task.kind == kind,
        Task.subject_id == subject,
        Task.done_at.is_(None),
        Task.failed_at.is_(None),
    )


def _plan_again(tx: Session, kind: str, ids: Iterable[int], run: Task) -> None:
    """Plan tasks with this sweep's run key, since their first run key may be used already."""
    for subject_id in ids:
        task.plan(tx, kind, subject_id, f"{kind}:{subject_id}:{run.run_key}")


def _verify_again(tx: Session, run: Task) -> None:
    ids = tx.scalars(
        select(Case.id).where(
            Case.state == CaseState.SUBMITTED,
            Case.moved_at < now(tx) - STUCK,
            _idle("verify", Case.id),
        )
    )
    _plan_again(tx, "verify", ids.all(), run)


def _open_windows_again(tx: Session) -> None:
    """Plan missing invitations; an owner who was invited and has not chosen is left alone."""
    moment = now(tx)
    invited = exists().where(
        Task.subject_id == Case.id,
        Task.kind == "open_windows",
        Task.created_at >= Case.moved_at,
    )
    rows = tx.scalars(
        select(Case).where(
            Case.state == CaseState.ACCEPTED,
            Case.moved_at.between(moment - INVITED, moment - STUCK),
            ~invited,
        )
    )
    for case in rows:
        cases.plan_windows(tx, case)


def _offer_again(tx: Session, run: Task) -> None:
    ids = tx.scalars(
        select(Visit.id).where(
            Visit.state == VisitState.WANTED,
            Visit.moved_at < now(tx) - STUCK,
            _idle("offer", Visit.id),
        )
    )
    _plan_again(tx, "offer", ids.all(), run)


def _expire_again(tx: Session, run: Task) -> None:
    ids = tx.scalars(
        select(Offer.id)
        .join(Visit, Visit.id == Offer.visit_id)
        .where(
            Visit.state == VisitState.OFFERED,
            Offer.answer.is_(None),
            Offer.expires_at < now(tx) - STUCK,
            _idle("expire_offer", Offer.id),
        )
    )
    _plan_again(tx, "expire_offer", ids.all(), run)


def _issue_again(tx: Session, run: Task) -> None:
    ids = tx.scalars(
        select(Document.id).where(
            Document.path.is_(None),
            Document.revoked_at.is_(None),
            Document.made_at < now(tx) - STUCK,
            _idle("document", Document.id),
        )
    )
    _plan_again(tx, "document", ids.all(), run)


def _erase_again(tx: Session, run: Task) -> None:
    ids = tx.scalars(
        select(Person.id).where(
            Person.erase_asked_at < now(tx) - STUCK,
            _idle("erase", Person.id),
        )
    )
    _plan_again(tx, "erase", ids.all(), run)


def _finish_portraits(tx: Session, run: Task) -> None:
    ids = tx.scalars(select(Portrait.id).where(unfinished(), _idle("portrait", Portrait.id)))
    _plan_again(tx, "portrait", ids.all(), run)


def _begun(
    tx: Session, states: Iterable[VisitState], *, since: timedelta | None = None
) -> Iterable[tuple[Visit, Window]]:
    """Visits in these states of today or before, at most `since` ago, with their windows, by id."""
    today = now(tx).astimezone(WIB).date()
    rows = select(Visit).where(Visit.state.in_(list(states)), Visit.on <= today).order_by(Visit.id)
    if since is not None:
        rows = rows.where(Visit.on >= today - since)
    return [(visit, Window(visit.on, Part(visit.part))) for visit in tx.scalars(rows)]


def _give_windows_up(tx: Session, run: Task) -> None:
    """Plan an offer task for visits without an officer at their start; it asks the owner again."""
    began = (visit.id for visit, window in _begun(tx, NOBODY_YET) if window.starts_at <= now(tx))
    _plan_again(tx, "offer", began, run)


def _report_overdue(tx: Session) -> None:
    for visit, window in _begun(tx, _IN_OFFICERS_HANDS, since=LONG_OVERDUE):
        if window.ends_at < now(tx) - OVERDUE:
            number = tx.get_one(Case, visit.case_id).number
            say = Say("notices.visit_overdue", {"number": number, "window": window_of(visit)})
            act = by_office(tx, ACTOR, "once").about(visit)
            act.tell_supervisors(
                visit.area_code, News.VISIT_OVERDUE, visit.id, say, opens="lost_visit"
            )


def _escalate(tx: Session, run: Task) -> None:
    """Tell the heads of tickets that are past a deadline, once for each."""
    for case, row in ticket.overdue(tx, now(tx)):
        tickets.escalate(by_office(tx, ACTOR, run.run_key), case, row)
