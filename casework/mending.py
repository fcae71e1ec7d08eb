"""Acts on what differs at the door: an officer corrects answers of a case, its owner confirms them.

Until then nothing of the case changes; afterwards what depends on the answers is verified again,
and the visit goes on or ends. The form is an `Assisted` one that `mends` the case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from sqlalchemy import select

from casework import course, visits
from casework.act import Act
from casework.cases import columns
from conversations import services
from conversations.assisting import subject_of
from conversations.events import News
from conversations.mending import changed
from conversations.messages import Json, Say, Value
from models import assisted, lifecycle
from models import case as cases
from models import person as people
from models import visit as visit_rows
from models.assisted import Assisted, AssistedState, Way
from models.case import Case
from models.finding import Finding, Outcome
from models.infrastructure.encryption import readable
from models.lifecycle import CaseState, NotAllowed, VisitState
from models.officer import Officer
from models.person import Person
from models.visit import Visit

#: Another person than the one whose identity was verified: a supervisor decides.
SOMEBODY_ELSE = Finding("holder", Outcome.NEEDS_A_PERSON, "somebody_else")
#: Why a visit ended whose corrections need the owner or a supervisor: a key of the catalogue.
ENDED = "data_wrong"


# -- the officer -----------------------------------------------------------------------------------


def begin(act: Act, visit_id: int, kind: str = "", said: str = "") -> None:
    """Open the case's form in the officer's chat, to correct what differs.

    `kind` and the words `said` tell what the officer said that differs. Corrections that were begun
    go on.

    Raises:
        NotAllowed: the visit is another officer's, not proved by its code, or nothing of its case
            is mended at the door.
    """
    me, visit = visits.of_officer(act, visit_id)
    case = act.tx.get_one(Case, visit.case_id)
    proved = visit.host_id is None or visit.code_proved_at is not None
    if visit.state != VisitState.ARRIVED or not proved or not course.service_of(case).mendable:
        raise NotAllowed(f"nothing is mended at visit {visit_id}")
    form = assisted.mending(act.tx, case.id)
    if form is not None and (form.visit_id, form.officer_id) != (visit.id, me.id):
        form.move(AssistedState.OVER)  # left from a visit that ended
        act.tx.flush()
        form = None
    if form is not None and form.state == AssistedState.CHECKING:
        act.reply("mending.being_checked")
        return
    if form is not None and form.state == AssistedState.WAITING:
        act.tell(act.who().id, News.MEND_WAITS, form.id, opens="mending")
        return
    if form is None:
        form = Assisted(
            service=case.service,
            officer_id=me.id,
            person_id=case.person_id,
            visit_id=visit.id,
            mends=case.id,
        )
        act.tx.add(form)
        act.tx.flush()
        act.note("form.begun", f"form:{form.id}", visit=visit_id, mends=case.id)
    steps = course.service_of(case).mendable.get(kind, ())
    _open(act, form, case.answers, *steps if len(steps) == 1 else (), said=said)


def propose(act: Act, form: Assisted, answers: Mapping[str, Json]) -> None:
    """Keep an officer's corrections in a (locked) form, and ask the owner whether they are right.

    An owner who can't be reached in chat signs instead.
    """
    case, _ = _standing(act, form)
    new = changed(case.answers, answers, course.service_of(case).mended)
    if not new:
        give_up(act, form)
        return
    form.answers = {**case.answers, **new}
    form.move(AssistedState.WAITING)
    act.note("form.filled_in", f"form:{form.id}")
    if may_be_asked(act, form):
        act.tell(form.person_id, News.MEND_WAITS, form.id, opens="mended", can_wait=False)
    act.tell(act.who().id, News.MEND_WAITS, form.id, opens="mending")


def give_up(act: Act, form: Assisted) -> None:
    """End an officer's (locked) form; the case stays as it is, and the visit goes on."""
    form.move(AssistedState.OVER)
    act.note("form.dropped", f"form:{form.id}")
    kept = Say("mending.dropped")
    act.tell(act.who().id, News.VISIT_GOES_ON, form.visit_id or 0, kept, opens="visit")


def may_be_asked(act: Act, form: Assisted) -> bool:
    """Whether the owner can confirm corrections in their own chat."""
    owner = act.tx.get_one(Person, form.person_id)
    return owner.opted_out_at is None and people.has_chat(act.tx, owner.id, reached=True)


# -- the owner -------------------------------------------------------------------------------------


def confirm(act: Act, form_id: int) -> None:
    """Take the corrections over into the case, since its owner says that they are right."""
    form = _asked(act, form_id)
    take_over(act, form, Way.OWN_PHONE)
    act.reply("mended.confirmed")


def refuse(act: Act, form_id: int) -> None:
    """Give the corrections back to the officer, since the owner says that they are not right."""
    form = _asked(act, form_id)
    answers = form.answers or {}
    form.move(AssistedState.WRITING)
    act.note("form.refused", f"form:{form.id}")
    _open(act, form, answers, says=(Say("mending.refused", _of(act, form)),))
    act.reply("mended.refused")


def take_over(act: Act, form: Assisted, way: Way, evidence_id: int | None = None) -> None:
    """Take a (locked) form's corrections over into the case, and verify what depends on them."""
    case, visit = _standing(act, form)
    officer = act.tx.get_one(Officer, form.officer_id)
    new = changed(case.answers, form.answers or {}, course.service_of(case).mended)
    case.answers = {**case.answers, **new}
    for name, code in columns(case.service, case.answers).items():
        setattr(case, name, code)
    case.answers_version += 1
    case.changed = sorted({*new, *({"identity"} & {*(case.changed or ())})})
    by = dict.fromkeys(new, f"officer:{officer.id}")
    case.answered_by = {**(case.answered_by or {}), **by}
    site = visits.site_of(case)
    if site is not None:
        visit.site = asdict(site)
    form.way, form.evidence_id = way.value, evidence_id
    form.move(AssistedState.CHECKING)
    act.note("case.mended", f"case:{case.id}", way=way.value, steps=sorted(new), form=form.id)
    cases.plan_verification(act.tx, case)
    agreed = Say("mending.confirmed", _of(act, form))
    act.tell(officer.person_id, News.FORM_ENDED, form.id, agreed, can_wait=False)


def stands(act: Act, form: Assisted) -> bool:
    """Whether a form's officer is still at the door, so that the owner may confirm it there."""
    try:
        _standing(act, form)
    except NotAllowed:
        return False
    return True


# -- the office, once what changed is verified -----------------------------------------------------


def passed(act: Act, form: Assisted) -> None:
    """Let the visit go on, at which a (locked) case was mended: the new answers are sound."""
    form.move(AssistedState.SENT)
    officer = act.tx.get_one(Officer, form.officer_id)
    visit = act.tx.get_one(Visit, form.visit_id)
    act.note("form.sent", f"form:{form.id}", case=form.mends)
    if visit.state == VisitState.ARRIVED and visit.officer_id == officer.id:
        said = Say("mending.passed", _of(act, form))
        act.tell(
            officer.person_id, News.VISIT_GOES_ON, visit.id, said, opens="visit", can_wait=False
        )


def stopped(act: Act, form: Assisted, case: Case) -> bool:
    """End the visit at which a (locked) case was mended: the owner or a supervisor comes first.

    It does not count as a failed visit of the case. Return whether the case has to be moved; it
    need not if it is closed, or in review already.
    """
    form.move(AssistedState.SENT)
    act.note("form.stopped", f"form:{form.id}", case=case.id)
    visit = visit_rows.open_of_case(act.tx, case.id)
    if visit is not None and visit.id == form.visit_id and visit.state == VisitState.ARRIVED:
        _end(act, visit)
        officer = act.tx.get_one(Officer, form.officer_id)
        said = Say("mending.stopped", _of(act, form))
        act.tell(officer.person_id, News.FORM_ENDED, form.id, said, can_wait=False)
    elif visit is not None:
        visits.call_off(act, visit, ENDED)
    if case.state == CaseState.ACCEPTED:
        lifecycle.move(act.tx, case, CaseState.SUBMITTED, actor=act.actor)
    return case.state in (CaseState.SUBMITTED, CaseState.UNDER_WAY)


def somebody_else(act: Act, person_id: int, officer_person_id: int) -> None:
    """End the visit at which an officer typed the identity of another person than the verified one.

    The (locked) case goes to a supervisor.
    """
    act.must_be_office()
    of = select(Case).where(Case.person_id == person_id, Case.state == CaseState.UNDER_WAY)
    for case in act.tx.scalars(of).all():
        visit = visit_rows.open_of_case(act.tx, case.id)
        officer = act.tx.get(Officer, (visit.officer_id or 0) if visit is not None else 0)
        there = visit is not None and visit.state == VisitState.ARRIVED
        if visit is None or officer is None or not there or officer.person_id != officer_person_id:
            continue
        _end(act, visit)
        course.find(act, case, SOMEBODY_ELSE)
        course.to_review(act, case)
        said = Say("mending.stopped", {"number": case.number})
        act.tell(officer_person_id, News.FORM_ENDED, visit.id, said, can_wait=False)


def _end(act: Act, visit: Visit) -> None:
    visit.failure = ENDED
    lifecycle.move(act.tx, visit, VisitState.FAILED, actor=act.actor, reason=ENDED)


# -- both ------------------------------------------------------------------------------------------


def _open(
    act: Act,
    form: Assisted,
    answers: Mapping[str, Json],
    *edit: str,
    says: tuple[Say, ...] = (),
    said: str = "",
) -> None:
    """Open a form in its officer's chat, perhaps at one of its steps; `said` are their words."""
    officer = act.tx.get_one(Officer, form.officer_id)
    draft: dict[str, Json] = {"answers": dict(answers), "whom": form.person_id}
    act.tell(
        officer.person_id,
        News.FORM_OPENED,
        subject_of(form.id),
        *says,
        opens=form.service,
        can_wait=False,
        form=draft | ({"edit": edit[0]} if edit else {}) | ({"said": said} if said else {}),
    )


def _asked(act: Act, form_id: int) -> Assisted:
    """Lock and return a form that waits for the person who acts.

    Raises:
        NotAllowed: it is about another person's case, or waits no more.
    """
    form = assisted.lock(act.tx, form_id)
    if not act.is_of(form.person_id) or form.mends is None or form.state != AssistedState.WAITING:
        raise NotAllowed(f"form {form_id} is {form.state}, or does not wait for {act.actor}")
    return form


def _standing(act: Act, form: Assisted) -> tuple[Case, Visit]:
    """Lock and return the case and the visit of a form whose officer is still at the door.

    Raises:
        NotAllowed: the case or the visit has moved on.
    """
    (case,) = cases.lock(act.tx, [form.mends or 0])
    (visit,) = visit_rows.lock(act.tx, [form.visit_id or 0])
    officer = act.tx.get_one(Officer, form.officer_id)
    there = visit.state == VisitState.ARRIVED and visit.officer_id == officer.id
    if case.state != CaseState.UNDER_WAY or not there or not officer.active:
        raise NotAllowed(f"visit {visit.id} of case {case.id} is over for officer {officer.id}")
    return case, visit


def _of(act: Act, form: Assisted) -> dict[str, Value]:
    case = act.tx.get_one(Case, form.mends)
    answers = readable(case.answers) or {}
    return {"name": services.load()[case.service].holder(answers), "number": case.number}
