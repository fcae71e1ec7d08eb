"""Verify a case: load the evidence, run the checks, and act on their findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import applicants, course, mending, referring
from casework.act import Act, by_office
from casework.mending import SOMEBODY_ELSE
from conversations.events import News
from conversations.mending import same_name
from conversations.messages import Say, Value
from models import assisted, attachment, finding, identity, visit
from models import case as cases
from models.assisted import AssistedState
from models.attachment import Attachment, AttachmentState
from models.base import now
from models.case import Case
from models.finding import Finding, FindingRow, Outcome
from models.infrastructure.storage import Storage
from models.infrastructure.wib import WIB
from models.lifecycle import CaseState
from models.officer import Officer
from models.reference import area, business_type
from models.task import Task
from workers.context import ACTOR, Context, Settle
from workers.verification import examine, photo, resting_on
from workers.verification.evidence import MAX_FIXES, Evidence, Identity, PhotoEvidence

PATIENCE = timedelta(minutes=2)  # for photos that are not fetched from the provider yet
SOON = timedelta(seconds=5)

# Findings that no check returns. Each is about one version of the answers only.
SECOND_LOOK = Finding("second_look", Outcome.NEEDS_A_PERSON, "returned_item_answered")
NOT_CHECKED = Finding("verification", Outcome.NEEDS_A_PERSON, "checks_failed")
PHOTO_NOT_FETCHED = Finding(photo.NAME, Outcome.NEEDS_A_PERSON, "photo_not_fetched")

SUPERVISOR = "supervisor"  # written by the bot: a supervisor returned an item to the owner
APPROVAL = "approval"  # written by the bot: a supervisor approved; covers all earlier findings


class Unavailable(Exception):
    """A check is unavailable; the task is retried, and after the last try a person looks."""


@dataclass(frozen=True, slots=True)
class Examined:
    """The findings about one version of the answers; `waits` when photos are not fetched yet."""

    version: int
    findings: tuple[Finding, ...] = ()
    waits: bool = False
    scheduled: bool = False  # a visit is planned: only findings on mended answers move the case
    mended: frozenset[str] = frozenset()  # names of the findings on answers mended at the door


@dataclass(frozen=True, slots=True)
class _Gathered:
    """The loaded rows of a case; photo files are read later, since that is slow."""

    version: int
    names: tuple[str, ...]  # of the checks to run
    evidence: Evidence
    photos: tuple[tuple[str, PhotoEvidence], ...]  # each with its path in the store
    pending: int  # photos that are not fetched from the provider yet
    patient: bool  # PATIENCE is not over: wait for them
    fixes: Mapping[str, int]


def prepare(context: Context, case_id: int) -> Settle:
    """Run a case's checks without a lock.

    Raises:
        OSError: the file store is unavailable.
        Unavailable: a check could not judge.
    """
    return partial(_settle, examined=_examine(context, case_id))


def gave_up(tx: Session, task: Task) -> None:
    """Send the case to a person after the task's last try failed."""
    (case,) = cases.lock(tx, [task.subject_id])
    if case.state == CaseState.SUBMITTED:
        _write(tx, case, [NOT_CHECKED])
        told = course.service_of(case).about_others
        (referring.hold if told else course.to_review)(_act(tx, case), case)
    elif case.state == CaseState.UNDER_WAY:
        _write(tx, case, [NOT_CHECKED])
        form = assisted.mending(tx, case.id)
        checking = form is not None and form.state == AssistedState.CHECKING
        if form is not None and checking and mending.stopped(_act(tx, case), form, case):
            course.to_review(_act(tx, case), case)


def _examine(context: Context, case_id: int) -> Examined | None:
    """Run the checks; None when the case needs no verification any more."""
    with context.session() as tx:
        case = tx.get(Case, case_id)
        if case is None:
            return None
        if case.state != CaseState.SUBMITTED:
            mended = assisted.checking(tx, case.id)
            under_way = mended or case.state == CaseState.UNDER_WAY
            return _examine_under_way(tx, case, mended=mended) if under_way else None
        seen = _gather(tx, case)
    if photo.NAME not in seen.names:
        return Examined(seen.version, examine(seen.evidence, seen.names, fixes=seen.fixes))
    if seen.pending and seen.patient:
        return Examined(seen.version, waits=True)
    evidence = replace(seen.evidence, photos=_read(context.storage, seen.photos))
    findings = examine(evidence, seen.names, fixes=seen.fixes)
    if seen.pending and not seen.photos:
        findings = tuple(PHOTO_NOT_FETCHED if f.check == photo.NAME else f for f in findings)
    unavailable = [f.check for f in findings if f.outcome is Outcome.UNAVAILABLE]
    if unavailable:
        raise Unavailable(", ".join(unavailable))
    return Examined(seen.version, findings)


def _examine_under_way(tx: Session, case: Case, *, mended: bool) -> Examined | None:
    """Run the checks that depend on what changed while a visit is planned or made.

    About the identity the owner is not asked again: the officer sees the KTP and the findings.
    """
    changed = frozenset(case.changed or ())
    answered = changed - {"identity"} if mended else frozenset()
    if not answered and "identity" not in changed:
        return None
    seen = _evidence(tx, case)
    of_identity = resting_on({"identity"} & changed, of=_checks(case))
    of_mended = resting_on(answered, of=_checks(case))
    asked_enough = dict.fromkeys({*of_identity} - {*of_mended}, MAX_FIXES)
    findings = examine(seen, {*of_identity, *of_mended}, fixes={**_fixes(tx, case), **asked_enough})
    if _is_somebody_else(case, answered, seen):
        findings = (*findings, SOMEBODY_ELSE)
    concludes = frozenset({*of_mended, SOMEBODY_ELSE.check}) if answered else frozenset()
    return Examined(case.answers_version, findings, scheduled=True, mended=concludes)


def _is_somebody_else(case: Case, mended: Collection[str], seen: Evidence) -> bool:
    """Whether the holder's name was mended to another one than that of the verified identity."""
    renamed = not set(course.service_of(case).named_in).isdisjoint(mended)
    return (
        renamed and seen.identity is not None and not same_name(seen.owner_name, seen.identity.name)
    )


def _gather(tx: Session, case: Case) -> _Gathered:
    judged = {row.check: row for row in finding.latest(tx, [case.id])}
    photos, pending = _photos(tx, case)
    return _Gathered(
        version=case.answers_version,
        names=_due(case, judged),
        evidence=_evidence(tx, case),
        photos=photos,
        pending=pending,
        patient=now(tx) - case.moved_at < PATIENCE,
        fixes=_fixes(tx, case),
    )


def _due(case: Case, judged: Mapping[str, FindingRow]) -> tuple[str, ...]:
    """Return the checks without a finding, and those whose answers changed since their finding."""
    checks = _checks(case)
    anew = resting_on(case.changed or (), of=checks)
    return tuple(
        name
        for name in checks
        if name not in judged
        or (name in anew and judged[name].answers_version < case.answers_version)
    )


def _checks(case: Case) -> tuple[str, ...]:
    """Return the checks that the case's service declares."""
    return course.service_of(case).checks


def _fixes(tx: Session, case: Case) -> Mapping[str, int]:
    """Count, by check, the requests that the owner answered."""
    return Counter(
        tx.scalars(
            select(FindingRow.check).where(
                FindingRow.case_id == case.id,
                FindingRow.outcome == Outcome.FIX_BY_OWNER,
                FindingRow.answers_version < case.answers_version,
            )
        )
    )


def _evidence(tx: Session, case: Case) -> Evidence:
    answers: Mapping[str, Any] = case.answers
    person_id = applicants.of(tx, case)
    known = identity.of_people(tx, [person_id]).get(person_id)
    same_person = {person_id, *(identity.same_person(tx, known) if known else ())}
    trade, place = answers.get("trade") or {}, answers.get("place") or {}
    turnover = _sum(answers.get("turnover"))
    pin, today = place.get("pin"), now(tx).astimezone(WIB).date()
    return Evidence(
        today=today,
        flags=course.service_of(case).flags(answers, today),
        owner_name=course.service_of(case).holder(answers),
        trade_code=trade.get("code") or "",
        trade_version=trade.get("version") or "",
        trade_text=trade.get("words", ""),
        kind=business_type.load().get(trade.get("code") or ""),
        business_name=answers.get("business_name"),
        kelurahan_code=place.get("kelurahan", ""),
        pin=(pin[0], pin[1]) if pin else None,
        premises=answers.get("premises"),
        areas=area.load(),
        capital=_sum(answers.get("capital")),
        turnover_year=None if turnover is None else 12 * turnover,
        workers=_sum(answers.get("workers")),
        identity=_identity(known) if known and _rests_on_page(case) else None,
        photos=(),
        same_person_open=tuple(cases.open_twins(tx, case, sorted(same_person))),
    )


def _rests_on_page(case: Case) -> bool:
    """Whether the identity page is used: by the owner's choice, or by the officer at the door."""
    at_the_door = case.state == CaseState.UNDER_WAY
    return at_the_door or case.answers.get("identity") == "page"


def _sum(answer: Any) -> int | None:
    """Return a number, or None when the owner left it to the officer."""
    return answer if isinstance(answer, int) else None


def _identity(row: identity.Identity) -> Identity:
    return Identity(row.name, row.nik, date.fromisoformat(row.born_on), row.address)


def _photos(tx: Session, case: Case) -> tuple[tuple[tuple[str, PhotoEvidence], ...], int]:
    """Return the stored photos of the place with their paths, and the number not fetched yet.

    An id counts only if the owner sent the photo.
    """
    answer = case.answers.get("place_photo")
    ids = answer.get("ids", []) if isinstance(answer, dict) else []
    rows = tx.scalars(
        select(Attachment)
        .where(Attachment.id.in_(ids), Attachment.person_id == case.person_id)
        .order_by(Attachment.id)
    ).all()
    stored = tuple(
        (row.path, PhotoEvidence(b"", row.sha256 or "", attachment.seen_elsewhere(tx, row)))
        for row in rows
        if row.state == AttachmentState.STORED and row.path
    )
    return stored, sum(row.state == AttachmentState.PENDING for row in rows)


def _read(
    storage: Storage, photos: Iterable[tuple[str, PhotoEvidence]]
) -> tuple[PhotoEvidence, ...]:
    return tuple(replace(one, content=storage.read(path)) for path, one in photos)


def _settle(tx: Session, task: Task, *, examined: Examined | None) -> datetime | None:
    if examined is None:
        return None
    case = course.lock(tx, task.subject_id)
    current = case.answers_version == examined.version
    if examined.scheduled:
        if current and case.state != CaseState.SUBMITTED:
            _write(tx, case, examined.findings)
            _conclude_mending(tx, case, examined)
        return None
    if case.state != CaseState.SUBMITTED or not current:
        return None  # decided meanwhile, or answered again: the new answers have their own task
    if examined.waits:
        return now(tx) + SOON
    if course.service_of(case).about_others:
        referring.settle(_act(tx, case), case)
        return None
    rows = finding.latest(tx, [case.id])
    _write(tx, case, (*examined.findings, *_by_hand(case, rows)))
    _conclude(tx, case, finding.latest(tx, [case.id]))
    return None


def _conclude_mending(tx: Session, case: Case, examined: Examined) -> None:
    """Let a visit go on at which answers were mended, or end it; tell the officer what was found.

    If the owner has to answer again, or a supervisor has to decide, nothing is handed over.
    """
    form = assisted.mending(tx, case.id) if examined.mended else None
    if form is None or form.state != AssistedState.CHECKING:
        _show_the_officer(tx, case, examined.findings)
        return
    on_mended = [one for one in examined.findings if one.check in examined.mended]
    act = _act(tx, case)
    fixes = [one for one in on_mended if one.outcome is Outcome.FIX_BY_OWNER]
    if fixes and mending.stopped(act, form, case):
        course.ask_again(act, case, [_say(one.reason, one.params) for one in fixes])
    elif any(one.outcome is Outcome.NEEDS_A_PERSON for one in on_mended):
        if mending.stopped(act, form, case):
            course.to_review(act, case)
    elif not fixes:
        mending.passed(act, form)


def _show_the_officer(tx: Session, case: Case, findings: Collection[Finding]) -> None:
    """Repeat the officer's question, which now includes the findings."""
    coming = visit.open_of_case(tx, case.id)
    officer = tx.get(Officer, coming.officer_id) if coming and coming.officer_id else None
    found = any(one.outcome is Outcome.NEEDS_A_PERSON for one in findings)
    if found and officer is not None and officer.person_id is not None:
        owner = case.person_id
        act = _act(tx, case)
        act.tell(officer.person_id, News.IDENTITY_GIVEN, owner, can_wait=False)


def _by_hand(case: Case, rows: Iterable[FindingRow]) -> Iterable[Finding]:
    """Yield findings that no check returns: a supervisor looks at the answer to a returned item."""
    by_name = {row.check: row for row in rows}
    returned = by_name.get(SUPERVISOR)
    approved = _approved(by_name.values())
    answered = returned is not None and returned.outcome == Outcome.FIX_BY_OWNER
    if answered and returned is not None and returned.answers_version > approved:
        yield SECOND_LOOK
    elif SECOND_LOOK.check in by_name:
        yield Finding(SECOND_LOOK.check, Outcome.OK)
    if NOT_CHECKED.check in by_name:  # this time the checks succeeded
        yield Finding(NOT_CHECKED.check, Outcome.OK)


def _approved(rows: Iterable[FindingRow]) -> int:
    """Return the latest version of the answers that a supervisor approved; 0 if none."""
    return max((row.answers_version for row in rows if row.check == APPROVAL), default=0)


def _write(tx: Session, case: Case, findings: Collection[Finding]) -> None:
    course.find(_act(tx, case), case, *findings)


def _conclude(tx: Session, case: Case, rows: Iterable[FindingRow]) -> None:
    """Move the case as its findings require, and notify the people who act next."""
    mine = {*_checks(case), SECOND_LOOK.check, SOMEBODY_ELSE.check}
    approved = _approved(rows)
    open_rows = [row for row in rows if row.check in mine and row.answers_version > approved]
    fixes = [row for row in open_rows if row.outcome == Outcome.FIX_BY_OWNER]
    act = _act(tx, case)
    if fixes:
        course.ask_again(act, case, [_say(row.reason, row.params) for row in fixes])
    elif any(row.outcome == Outcome.NEEDS_A_PERSON for row in open_rows):
        course.to_review(act, case)
    else:
        course.accept(act, case)


def _act(tx: Session, case: Case) -> Act:
    """Return the act of verifying the current version of the answers."""
    return by_office(tx, ACTOR, f"verify:{case.id}:{case.answers_version}")


def _say(reason: str, params: Mapping[str, Any]) -> Say:
    return Say(f"findings.{reason}", _values(params))


def _values(params: Mapping[str, Any]) -> Mapping[str, Value]:
    """Format a finding's params for a sentence: decimals with a comma, as in Indonesia."""
    return {
        name: f"{value:g}".replace(".", ",") if isinstance(value, float) else value
        for name, value in params.items()
    }
