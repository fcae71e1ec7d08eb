"""Acts on assisted forms: an officer fills in a form with a person, who confirms or takes it over.

A form belongs to one side at any time: to its officer while it is written or waits, to the person
once it is taken over or sent. The row is locked by each act, so of two that come together one wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import func, select

from casework import mending, referring, visits
from casework.act import Act
from casework.cases import new_case
from casework.cases import submit as submit_case
from casework.course import STILL_THERE
from conversations import services
from conversations.assisting import subject_of
from conversations.events import News
from conversations.form import kept
from conversations.messages import Json, Say, Value
from conversations.service import Visit as VisitStage
from models import assisted, audit, identity, link, participant
from models import case as cases
from models import person as people
from models import task as tasks
from models.assisted import Assisted, AssistedState, Way
from models.attachment import Attachment
from models.audit import AuditEntry
from models.case import Case
from models.infrastructure import signing
from models.infrastructure.encryption import readable
from models.infrastructure.quotas import LINK_CODES
from models.lifecycle import NotAllowed, VisitState
from models.officer import Officer
from models.participant import ParticipantRole
from models.person import Person
from models.visit import Visit

SIGNING = "signature"  # the purpose of the tokens of signature pages
SIGNING_LIFE = timedelta(minutes=30)

_MISTYPED = "person.mistyped_form"


# -- the officer -----------------------------------------------------------------------------------


def begin(
    act: Act, visit_id: int | None, known: Mapping[str, Json], *, other: bool = False
) -> None:
    """Open a form in the officer's chat: with a visit's host, or with somebody met on the road.

    With `other`, the form is for somebody else at the visit, who has no chat of their own.
    A form that this officer has begun with the person goes on; another officer's is not touched.

    Raises:
        NotAllowed: the visit is another officer's, not proved by its code, or opens no form.
    """
    me = act.officer()
    answers = dict(known)
    if visit_id is None:
        service, person_id = _on_the_road(), _somebody(act)
    else:
        visit, service = _at_the_door(act, visit_id)
        case = act.tx.get_one(Case, visit.case_id)
        person_id = _somebody(act) if other else visit.host_id or case.person_id
        answers |= _known(case, service)
    form = assisted.open_of_person(act.tx, person_id)
    if form is not None and form.officer_id != me.id:
        begun_by = act.tx.get_one(Officer, form.officer_id)
        act.reply("assisted.by_another", name=begun_by.name, badge=begun_by.badge)
        return
    if form is None:
        form = Assisted(service=service, officer_id=me.id, person_id=person_id, visit_id=visit_id)
        act.tx.add(form)
        act.tx.flush()
        act.note("form.begun", f"form:{form.id}", visit=visit_id)
    elif form.state == AssistedState.WAITING:
        act.tell(act.who().id, News.FORM_WAITS, form.id, opens="assisted")
        return
    _open(act, act.who().id, form, answers, form.person_id)


def leave_to_them(act: Act, visit_id: int, public_url: str) -> None:
    """Show a code with which the host goes on alone, with what is known of the place.

    Raises:
        NotAllowed: as `begin`.
    """
    visit, service = _at_the_door(act, visit_id)
    case = act.tx.get_one(Case, visit.case_id)
    person_id = visit.host_id or case.person_id
    form = assisted.open_of_person(act.tx, person_id)
    if form is None:
        form = Assisted(
            service=service,
            officer_id=act.officer().id,
            person_id=person_id,
            visit_id=visit_id,
            state=AssistedState.WAITING.value,
            answers=_known(case, service),
        )
        act.tx.add(form)
        act.tx.flush()
        act.note("form.begun", f"form:{form.id}", visit=visit_id)
    offer_code(act, form.id, public_url)


def propose(act: Act, form_id: int, answers: Mapping[str, Json]) -> None:
    """Keep what was filled in, for the person to confirm."""
    form = _mine(act, form_id, AssistedState.WRITING)
    if form.mends is not None:
        mending.propose(act, form, answers)
        return
    form.answers = dict(answers)
    form.move(AssistedState.WAITING)
    act.note("form.filled_in", f"form:{form.id}")
    act.tell(act.who().id, News.FORM_WAITS, form.id, opens="assisted")


def edit(act: Act, form_id: int) -> None:
    """Give a form that waits back to its officer's conversation."""
    form = _mine(act, form_id, AssistedState.WAITING)
    answers = form.answers or {}
    form.move(AssistedState.WRITING)
    _open(act, act.who().id, form, answers, form.person_id)


def drop(act: Act, form_id: int) -> None:
    """End a form that the person does not want."""
    form = _mine(act, form_id, AssistedState.WRITING, AssistedState.WAITING)
    if form.mends is not None:
        mending.give_up(act, form)
        return
    form.move(AssistedState.OVER)
    act.note("form.dropped", f"form:{form.id}")
    act.reply("assisted.dropped")


def hand_over(act: Act, form_id: int) -> None:
    """Give a form to the person's chat; the officer's right to change it ends."""
    form = _mine(act, form_id, AssistedState.WAITING)
    if form.mends is not None:
        act.reply("mending.stays")
        return
    person = act.tx.get_one(Person, form.person_id)
    if person.opted_out_at is not None or not people.has_chat(act.tx, person.id, reached=True):
        act.reply("assisted.not_in_chat")
        act.tell(act.who().id, News.FORM_WAITS, form.id, opens="assisted")
        return
    _give(act, form, form.person_id)


def take_back(act: Act, form_id: int) -> None:
    """Take back a form that was handed over, while its person has not touched it.

    Raises:
        NotAllowed: it is another officer's, or the person has another open form.
    """
    form = assisted.lock(act.tx, form_id)
    another = assisted.open_of_person(act.tx, form.person_id)
    if form.officer_id != act.officer().id or another is not None:
        raise NotAllowed(f"form {form_id} is not {act.actor}'s to take back")
    if form.state != AssistedState.TAKEN or not assisted.untouched(act.tx, form):
        act.reply("assisted.not_taken_back")
        return
    form.move(AssistedState.WAITING)
    act.note("form.taken_back", f"form:{form.id}")
    act.tell(act.who().id, News.FORM_WAITS, form.id, opens="assisted")


def offer_code(act: Act, form_id: int, public_url: str) -> None:
    """Show the officer a new code, for the person to take the form over; an earlier one is void."""
    form = _mine(act, form_id, AssistedState.WAITING)
    if form.mends is not None:
        act.reply("mending.stays")
        return
    code = assisted.give_code(form)
    shown = f"{code[:3]} {code[3:]}"
    minutes = int(assisted.LIFE.total_seconds() // 60)
    act.reply("assisted.code", code=shown, url=f"{public_url}/k/{code}", minutes=minutes)
    act.note("form.code_offered", f"form:{form.id}")


def ask_for_signature(act: Act, form_id: int, public_url: str) -> None:
    """Send the officer the page on which the person signs."""
    form = _mine(act, form_id, AssistedState.WAITING)
    ends = int((act.at + SIGNING_LIFE).timestamp())
    token = signing.sign([form.id, ends], SIGNING)
    minutes = int(SIGNING_LIFE.total_seconds() // 60)
    act.reply("assisted.signature", url=f"{public_url}/tanda-tangan/{token}", minutes=minutes)


def confirm_on_paper(act: Act, form_id: int, attachment_id: int) -> None:
    """Send a form that the person signed on paper; the officer took the photo of the sheet.

    Raises:
        NotAllowed: somebody else sent the photo.
    """
    form = _mine(act, form_id, AssistedState.WAITING)
    sheet = act.tx.get(Attachment, attachment_id)
    if sheet is None or not act.is_of(sheet.person_id):
        raise NotAllowed(f"attachment {attachment_id} is not {act.actor}'s")
    sheet.person_id = form.person_id
    _send(act, form, Way.PAPER, attachment_id)


# -- the person ------------------------------------------------------------------------------------


def take_over(act: Act, code: str) -> None:
    """Give a form to the person who typed its code; never to its officer.

    The form of a person with a chat goes to that person only, and one with another identity to
    nobody who has given their own.
    """
    me = act.who()
    if _tried(act) >= LINK_CODES.at_most:
        act.reply("notices.link_too_many")
        return
    form = assisted.with_code(act.tx, code)
    if form is None and referring.accept_invitation(act, code):
        return
    if form is None:
        audit.note(act.tx, act.actor, _MISTYPED, act.actor)
        act.tx.flush()
        act.reply("assisted.code_wrong")
        return
    if act.is_of(act.tx.get_one(Officer, form.officer_id).person_id or 0):
        act.reply("assisted.code_own")
        return
    if form.person_id != me.id:
        known = identity.of_people(act.tx, [form.person_id, me.id]).values()
        another = len({one.nik_index for one in known}) > 1  # two people on one phone
        if another or people.has_chat(act.tx, form.person_id):
            act.reply("assisted.code_of_another")
            return
        people.lock(act.tx, [form.person_id])
        link.move(act.tx, kept=me.id, gone=form.person_id)
        act.tx.refresh(form)
    _give(act, form, me.id)


def refuse(act: Act, form_id: int) -> None:
    """End a form that the person took over and does not want; its officer is told."""
    form = _taken(act, form_id)
    form.move(AssistedState.OVER)
    act.note("form.refused", f"form:{form.id}")
    officer = act.tx.get_one(Officer, form.officer_id)
    refused = Say("notices.form_refused", _of(act, form))
    act.tell(officer.person_id, News.FORM_ENDED, form.id, refused, can_wait=False)


def submit(act: Act, form_id: int, answers: Mapping[str, Json]) -> None:
    """Send a form that the person took over, as their own case."""
    form = _taken(act, form_id)
    helped = _still_there(act, form)
    case_id = submit_case(act, form.service, answers, helped=helped)
    if case_id is not None:
        _confirm(act, form, case_id, answers, Way.OWN_PHONE)


def _still_there(act: Act, form: Assisted) -> bool:
    """Whether the officer of a form is still with the person, as far as is known."""
    visit = act.tx.get(Visit, form.visit_id) if form.visit_id is not None else None
    recent = act.at - form.moved_at <= STILL_THERE
    return recent and (visit is None or visit.state == VisitState.ARRIVED)


def confirm_by_signature(act: Act, form: Assisted, evidence_id: int) -> bool:
    """Send a (locked) form whose page was signed; False if it does not wait any more."""
    act.must_be_office()
    if form.state != AssistedState.WAITING:
        return False
    if form.mends is not None and not mending.stands(act, form):
        return False
    _send(act, form, Way.SIGNATURE, evidence_id)
    return True


# -- both ------------------------------------------------------------------------------------------


def _send(act: Act, form: Assisted, way: Way, evidence_id: int) -> None:
    if form.mends is not None:
        mending.take_over(act, form, way, evidence_id)
        return
    answers = kept(form.answers or {})
    (row,) = cases.submit(act.tx, [new_case(form.person_id, form.service, answers)])
    act.note("case.sent", f"case:{row.id}")
    form.evidence_id = evidence_id
    _confirm(act, form, row.id, answers, way)


def _confirm(act: Act, form: Assisted, case_id: int, answers: Mapping[str, Json], way: Way) -> None:
    """Mark a form as sent, and each answer of its case with who gave it."""
    case = act.tx.get_one(Case, case_id)
    officer = act.tx.get_one(Officer, form.officer_id)
    written: Mapping[str, Json] = form.answers or {}
    by = f"officer:{officer.id}"
    case.answered_by = {
        step: by if step in written and written[step] == answer else "person"
        for step, answer in answers.items()
    }
    if officer.person_id is not None:
        participant.add(act.tx, case.id, ParticipantRole.HELPER, officer.person_id)
        _keep_photos(act, case, officer.person_id)
    form.way, form.case_id = way.value, case.id
    form.move(AssistedState.SENT)
    act.note("form.sent", f"form:{form.id}", way=way.value, case=case.id)
    tasks.plan(act.tx, "check_form", form.id, f"check_form:{form.id}")
    told = Say("notices.form_sent", {**_of(act, form), "number": case.number})
    act.tell(officer.person_id, News.FORM_ENDED, form.id, told, can_wait=False)


def _keep_photos(act: Act, case: Case, officer_person_id: int) -> None:
    """Make photos that the officer took for the application the applicant's own."""
    ids = [
        one
        for answer in case.answers.values()
        if isinstance(answer, dict)
        for one in answer.get("ids", ())
    ]
    for row in act.tx.scalars(select(Attachment).where(Attachment.id.in_(ids))):
        if row.person_id == officer_person_id:
            row.person_id = case.person_id


def _give(act: Act, form: Assisted, person_id: int) -> None:
    """Make a form the person's, and open it in their chat."""
    officer = act.tx.get_one(Officer, form.officer_id)
    form.move(AssistedState.TAKEN)
    act.note(assisted.TAKEN_OVER, f"form:{form.id}", person=person_id)
    comes: dict[str, Value] = {"name": officer.name, "badge": officer.badge}
    _open(act, person_id, form, kept(form.answers or {}), None, Say("notices.form_yours", comes))
    if officer.person_id is not None and not act.is_of(person_id):
        act.reply("assisted.handed_over", **_of(act, form))
    else:
        said = Say("notices.form_taken_over", _of(act, form))
        act.tell(officer.person_id, News.FORM_ENDED, form.id, said, can_wait=False)


def _open(
    act: Act,
    person_id: int,
    form: Assisted,
    answers: Mapping[str, Json],
    whom: int | None,
    *says: Say,
) -> None:
    act.tell(
        person_id,
        News.FORM_OPENED,
        subject_of(form.id),
        *says,
        opens=form.service,
        can_wait=False,
        form={"answers": dict(answers), "whom": whom},
    )


def _mine(act: Act, form_id: int, *states: AssistedState) -> Assisted:
    """Lock and return a form of the officer who acts.

    Raises:
        NotAllowed: it is another officer's, or in none of these states.
    """
    form = assisted.lock(act.tx, form_id)
    if form.officer_id != act.officer().id or form.state not in states:
        raise NotAllowed(f"form {form_id} is {form.state}, or not {act.actor}'s")
    return form


def _taken(act: Act, form_id: int) -> Assisted:
    """Lock and return a form that the person who acts has taken over.

    Raises:
        NotAllowed: it is another person's, sent or over.
    """
    form = assisted.lock(act.tx, form_id)
    if not act.is_of(form.person_id) or form.state != AssistedState.TAKEN:
        raise NotAllowed(f"form {form_id} is {form.state}, or not {act.actor}'s")
    return form


def _at_the_door(act: Act, visit_id: int) -> tuple[Visit, str]:
    """Return a visit of the officer who acts, and the service whose form it opens."""
    _, visit = visits.of_officer(act, visit_id)
    case = act.tx.get_one(Case, visit.case_id)
    stage = services.load()[case.service].stage(visit.purpose)
    proved = visit.host_id is None or visit.code_proved_at is not None
    if visit.state != VisitState.ARRIVED or not proved:
        raise NotAllowed(f"nobody is met yet at visit {visit_id}")
    if not isinstance(stage, VisitStage) or stage.opens is None:
        raise NotAllowed(f"visit {visit_id} opens no form")
    return visit, stage.opens


def _on_the_road() -> str:
    """Return the service whose form an officer fills in with somebody met on the road."""
    return services.load().opened()[0]


def _somebody(act: Act) -> int:
    """Create a person without a chat, and return their id."""
    person = Person()
    act.tx.add(person)
    act.tx.flush()
    return person.id


def _known(case: Case, service: str) -> dict[str, Json]:
    """Return the answers of a case that a service's form asks for as well."""
    steps = {step.id for step in services.load()[service].form.steps}
    return {step: answer for step, answer in case.answers.items() if step in steps}


def _of(act: Act, form: Assisted) -> dict[str, Value]:
    person = act.tx.get_one(Person, form.person_id)
    answers = form.answers or {}
    told = services.load()[form.service].holder(answers)
    return {"name": told or readable(person.name) or Say("assisted.somebody")}


def _tried(act: Act) -> int:
    """Return how many wrong codes the person typed lately."""
    tried = select(func.count()).where(
        AuditEntry.subject == act.actor,
        AuditEntry.action == _MISTYPED,
        AuditEntry.at > func.now() - LINK_CODES.within,
    )
    return int(act.tx.execute(tried).scalar_one())
