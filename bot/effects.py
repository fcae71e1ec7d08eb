"""Effects to rows: one case for each, all in the turn's own transaction.

Nothing here speaks: a message is a row of the outbox, news for somebody else a row of their inbox,
work a task row.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, assert_never

from sqlalchemy import select
from sqlalchemy.orm import Session

from conversations import events, messages
from conversations.effects import (
    AcceptOffer,
    Arrive,
    Assign,
    Called,
    CallPerson,
    ChooseWindow,
    Correct,
    Decide,
    DeclineOffer,
    Depart,
    Effect,
    FailVisit,
    GiveConsent,
    HandOver,
    Join,
    LeaveWindow,
    Link,
    MistypeCode,
    OfferLink,
    OptIn,
    OptOut,
    ProveCode,
    RateVisit,
    RememberName,
    RememberPhone,
    Reply,
    SendIdentityLink,
    SendPermit,
    ShowOfficer,
    ShowPermit,
    Submit,
    UseLanguage,
    Withdraw,
)
from conversations.flow import window_words
from conversations.messages import Json, Message, Say, Value
from models import application as applications
from models import (
    audit,
    calendar,
    check,
    consent,
    finding,
    help_request,
    identity,
    inbox,
    lifecycle,
    link,
    officer,
    permit,
    quiet,
    task,
    unreached,
)
from models import offer as offers
from models import person as people
from models import visit as visits
from models import window as windows
from models.application import Application
from models.base import WIB
from models.encryption import readable
from models.lifecycle import ApplicationState, VisitState
from models.officer import Officer
from models.outbox import GATHERED, LEASE, Lane, Owed, owe_and_lease
from models.permit import Permit
from models.person import Speaker
from models.visit import MAX_FAILED_VISITS, Visit, VisitReport
from models.wire import Results, Run

WORKING_DAYS_TO_VISIT = 3  # promised; counted from the day the application is sent
#: States of a visit in which its owner may still ask for another time, or take all back.
MOVABLE = frozenset(
    {VisitState.WANTED, VisitState.OFFERED, VisitState.UNASSIGNED, VisitState.ACCEPTED}
)

#: Told at any hour: the visit is being made.
_UNDER_WAY = frozenset(
    {
        "notices.on_the_way",
        "notices.arrived",
        "notices.handed_over",
        "notices.visit_failed",
    }
)


@dataclass(slots=True)
class Writer:
    """Writes the effects of a batch of turns.

    What nearly every turn writes is gathered, for one statement for all of them in the end.
    """

    tx: Session
    public_url: str
    now: datetime
    owed: list[Owed] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)  # what is owed, by its dedupe key
    consents: list[int] = field(default_factory=list)
    notes: list[audit.Entry] = field(default_factory=list)
    changed: dict[int, Speaker] = field(default_factory=dict)
    newcomers: set[int] = field(default_factory=set)  # whose conversation begins with this batch
    waiting: dict[int, int] = field(default_factory=dict)  # fleeting replies not sent, by person
    most_waiting: int = GATHERED
    yielding: set[int] = field(default_factory=set)  # to whom something is owed that may give way

    def write(
        self,
        speaker: Speaker,
        turn_id: int,
        effects: tuple[Effect, ...],
        *,
        address_id: int | None = None,
        unasked: bool = False,
    ) -> None:
        """Write one turn's effects, in order; `turn_id` is the inbox row it answers.

        `address_id` is where that came from, and where the answers go. What is said on `unasked`
        news is a notice to those who opted out: the sender drops it.
        """
        lane = Lane.NOTICE if unasked and speaker.opted_out_at is not None else Lane.REPLY
        for index, effect in enumerate(effects):
            _Act(self, speaker, f"turn:{turn_id}:{index}", lane, address_id).write(effect)

    def owe(self, owed: Owed, message: Message) -> None:
        """Owe a message; an unsent provisional one of the same person gives way to a reply.

        One fleeting reply more than may wait says that all was received, and takes the place of
        those that wait; so does each after it, until it is sent.
        """
        if owed.fleeting:
            waits = self.waiting.get(owed.person_id, 0) + 1
            if waits > self.most_waiting:
                waits = GATHERED
                owed, message = _gathered(owed, message)
            self.waiting[owed.person_id] = waits
        if owed.lane is Lane.REPLY and owed.person_id in self.yielding:
            self.owed = [o for o in self.owed if not _gives_way(o, owed)]
        if owed.provisional or owed.fleeting:
            self.yielding.add(owed.person_id)
        self.owed.append(owed)
        self.messages[owed.dedupe_key] = message

    def close(self, run: Run, *, leasing: Container[int] = ()) -> Results | None:
        """Write what is gathered, on a trip; gives what `owe_and_lease` leased."""
        if self.consents:
            consent.give(run, self.consents)
        if self.notes:
            audit.write(run, self.notes)
        if self.changed:
            people.save(run, self.changed.values())
        if not self.owed:
            return None
        return owe_and_lease(run, self.owed, lease=LEASE, leasing=leasing, hours=quiet.of(self.tx))


def _gathered(owed: Owed, message: Message) -> tuple[Owed, Message]:
    """A reply for all that its person has said, before the open question that it asks."""
    message = replace(message, parts=(Say("common.all_received"), *message.parts))
    written = messages.to_json(message)
    return replace(owed, message=written, provisional=True, gathers=True), message


def _gives_way(owed: Owed, to: Owed) -> bool:
    if owed.person_id != to.person_id:
        return False
    return to.gathers if owed.fleeting else owed.provisional


@dataclass(slots=True)
class _Act:
    """One effect of one person's turn; `key` names it for dedupe."""

    writer: Writer
    person: Speaker
    key: str
    lane: Lane  # of what is said to this person
    address_id: int | None  # where they speak; None when it is news that they hear

    @property
    def tx(self) -> Session:
        return self.writer.tx

    @property
    def actor(self) -> str:
        return f"person:{self.person.id}"

    def write(self, effect: Effect) -> None:
        match effect:
            case Reply(message, after, fleeting):
                self._owe(message, after=after, fleeting=fleeting)
            case GiveConsent():
                self.writer.consents.append(self.person.id)
                self._note("consent.given", self.actor)
            case UseLanguage(locale):
                self.person.locale = locale
                self._changed()
            case RememberName(name):
                self.person.name = name
                self._changed()
            case RememberPhone(phone):
                self.person.phone = phone
                self._changed()
            case OptOut():
                self.person.opted_out_at = self.writer.now
                self._changed()
                self._note("person.opted_out", self.actor)
            case OptIn():
                self.person.opted_out_at = None
                self._changed()
                self._note("person.opted_in", self.actor)
            case CallPerson(about):
                self._call_person(about)
            case SendIdentityLink(visit_id):
                self._send_identity_link(visit_id)
            case Submit():
                self._submit(effect)
            case Correct():
                self._correct(effect)
            case Withdraw(application_id):
                self._withdraw(application_id)
            case ChooseWindow():
                self._choose_window(effect)
            case LeaveWindow(visit_id):
                self._leave_window(visit_id)
            case RateVisit(application_id, stars):
                self._rate(application_id, stars)
            case SendPermit(application_id):
                self._send_permit(application_id)
            case ShowOfficer(badge):
                self._show_officer(badge)
            case ShowPermit(number):
                self._show_permit(number)
            case Join(token):
                self._join(token)
            case AcceptOffer(visit_id):
                self._accept(self._my_visit(visit_id))
            case DeclineOffer(visit_id, reason):
                self._decline(self._my_visit(visit_id), reason)
            case Depart(visit_id):
                self._depart(self._my_visit(visit_id))
            case Arrive(visit_id, km):
                self._arrive(self._my_visit(visit_id), km)
            case MistypeCode(visit_id):
                self._my_visit(visit_id).code_tries += 1
                self._note("visit.code_mistyped", f"visit:{visit_id}")
            case ProveCode(visit_id):
                self._my_visit(visit_id).code_proved_at = self.writer.now
                self._note("visit.code_proved", f"visit:{visit_id}")
            case HandOver():
                self._hand_over(effect)
            case FailVisit(visit_id, reason):
                self._fail_visit(self._my_visit(visit_id), reason)
            case Decide():
                self._decide(effect)
            case Assign(visit_id, officer_id):
                self._assign(visit_id, officer_id)
            case OfferLink():
                self._offer_link()
            case Link(code):
                self._say(f"notices.link_{link.take(self.tx, code, self.person.id)}")
            case Called(person_id):
                self._called(person_id)
            case _:
                assert_never(effect)

    def _note(self, action: str, subject: str, **details: Any) -> None:
        """Note this person's act; `details` hold no personal data."""
        self.writer.notes.append(audit.Entry(self.actor, action, subject, details))

    def _changed(self) -> None:
        self.writer.changed[self.person.id] = self.person

    # -- speaking ------------------------------------------------------------------------------

    def _owe(
        self,
        message: Message,
        *,
        to: int | None = None,
        after: timedelta = timedelta(0),
        urgent: bool = False,
        fleeting: bool = False,
    ) -> None:
        """Owe a message to this person, or a notice to somebody else."""
        other = to is not None and to != self.person.id
        self.writer.owe(
            Owed(
                person_id=to if to is not None else self.person.id,
                dedupe_key=f"{self.key}:{to}" if other else self.key,
                message=messages.to_json(message),
                lane=Lane.NOTICE if other else self.lane,
                after=after,
                provisional=bool(after),
                address_id=None if other else self.address_id,
                urgent=urgent,
                greeting=not other and self._greets(),
                fleeting=fleeting and self.lane is Lane.REPLY,
            ),
            message,
        )

    def _greets(self) -> bool:
        return self.lane is Lane.REPLY and self.person.id in self.writer.newcomers

    def _say(self, key: str, /, **params: Value) -> None:
        self._owe(Message((Say(key, params),)))

    def _notify(self, to: int, key: str, /, **params: Value) -> None:
        """Tell somebody else; what is no part of a visit under way waits for the morning."""
        self._owe(Message((Say(key, params),)), to=to, urgent=key in _UNDER_WAY)

    def _tell(
        self,
        person_id: int,
        what: str,
        subject: int,
        opens: str,
        *parts: Say,
        can_wait: bool = True,
    ) -> None:
        """Give somebody's conversation news that it may ask about."""
        unasked = person_id != self.person.id
        news = events.news(what, subject, *parts, opens=opens, unasked=unasked)
        fact = f"{self.key}:{what}"
        inbox.tell(self.tx, person_id, fact, news, can_wait=unasked and can_wait)

    def _tell_supervisors(
        self, area_code: str | None, what: str, subject: int, opens: str, *parts: Say
    ) -> None:
        for person_id in officer.supervisors_of(self.tx, area_code):
            self._tell(person_id, what, subject, opens, *parts)

    # -- owners --------------------------------------------------------------------------------

    def _call_person(self, about: str) -> None:
        """Tell supervisors, once a day for each kind of request; repeats are counted."""
        self._note("person.asked_for_help", self.actor, about=about)
        repeats = help_request.count(self.tx, self.person.id, about, self.writer.now)
        if repeats is None:
            return
        latest = self.tx.scalars(
            select(Application)
            .where(Application.person_id == self.person.id)
            .order_by(Application.id.desc())
            .limit(1)
        ).one_or_none()
        params: dict[str, Value] = {
            "name": self.person.name or Say("notices.caller.no_name"),
            "phone": self._phone(),
            "number": latest.number if latest else Say("notices.caller.no_number"),
        }
        match about:
            case "complaint":
                say = Say("notices.person_complains", params)
            case "my_data":
                say = Say("notices.person_wants_data", params)
            case "erase_data":
                say = Say("notices.person_wants_erasure", params)
            case _:
                say = Say("notices.person_called", params)
        again = [Say("notices.caller.asked_before", {"n": repeats})] if repeats else []
        area = latest.kelurahan_code if latest else None
        self._tell_supervisors(area, "person_called", self.person.id, "", say, *again)

    def _phone(self) -> Value:
        """Where a supervisor can call this person, as far as it is known."""
        if self.person.phone:
            return self.person.phone
        number = people.numbers_of(self.tx, [self.person.id]).get(self.person.id)
        return (
            Say("notices.caller.phone_of_chat", {"phone": number})
            if number
            else Say("notices.caller.no_phone")
        )

    def _send_identity_link(self, visit_id: int | None) -> None:
        owner_id = self._my_visit(visit_id).owner_id if visit_id is not None else self.person.id
        token = identity.link(self.tx, person_id=owner_id, holder_id=self.person.id)
        url = f"{self.writer.public_url}/identitas/{token}"
        hours = int(identity.LINK_LIFE.total_seconds() // 3600)
        if visit_id is None:
            self._say("notices.identity_link", url=url, hours=hours)
        else:
            self._say("notices.identity_link_officer", url=url, hours=hours)
        self._note("identity.link_sent", f"person:{owner_id}")

    def _submit(self, effect: Submit) -> None:
        answers = dict(effect.answers)
        application_id, number = applications.submit(
            self.tx, self.person.id, effect.service, answers, **_columns(answers)
        )
        self._note("application.sent", f"application:{application_id}")
        self._say(
            f"{effect.service}.submitted",
            number=number,
            by=calendar.load(self.tx).working_days_after(self.writer.now, WORKING_DAYS_TO_VISIT),
        )

    def _correct(self, effect: Correct) -> None:
        application = self._my_application(effect.application_id)
        if not effect.answers:
            return  # the page was filled in meanwhile, and nothing else was asked
        application.answers = {**application.answers, **effect.answers}
        for name, code in _columns(application.answers).items():
            setattr(application, name, code)
        applications.corrected(self.tx, application, list(effect.answers), actor=self.actor)

    def _withdraw(self, application_id: int) -> None:
        application = self._my_application(application_id)
        visit = visits.open_of_application(self.tx, application.id)
        if visit is not None:
            self._cancel_visit(visit)
        lifecycle.move(self.tx, application, ApplicationState.CANCELLED, actor=self.actor)

    def _choose_window(self, effect: ChooseWindow) -> None:
        application = self._my_application(effect.application_id)
        window = windows.Window(effect.on, effect.part)
        kelurahan = application.kelurahan_code or ""  # none was verified without one
        if not windows.take(self.tx, kelurahan, window, self.writer.now):
            gone = Say("notices.window_gone")
            self._tell(self.person.id, "verified", application.id, "visit_window", gone)
            return
        visit = Visit(
            application_id=application.id,
            owner_id=application.person_id,
            kelurahan_code=kelurahan,
            on=window.on,
            part=window.part,
        )
        self.tx.add(visit)
        self.tx.flush()
        lifecycle.move(self.tx, application, ApplicationState.SCHEDULED, actor=self.actor)
        visits.plan_offer(self.tx, visit)
        self._say("notices.window_chosen", window=_window(visit))

    def _leave_window(self, visit_id: int) -> None:
        visit = self._visit(visit_id)
        application = self._my_application(visit.application_id)
        self._cancel_visit(visit)
        lifecycle.move(self.tx, application, ApplicationState.VERIFIED, actor=self.actor)
        applications.plan_windows(self.tx, application)

    def _cancel_visit(self, visit: Visit) -> None:
        if visit.state not in MOVABLE:
            raise lifecycle.NotAllowed(f"visit {visit.id} is {visit.state}: too late to move it")
        for offer in visits.offers_of(self.tx, [visit.id]):
            if offer.answer is None:
                offer.answer, offer.answered_at = "withdrawn", self.writer.now
        lifecycle.move(self.tx, visit, VisitState.CANCELLED, actor=self.actor)
        comes = self.tx.get(Officer, visit.officer_id) if visit.officer_id else None
        if comes is not None and comes.person_id is not None:
            number = self._application(visit.application_id).number
            self._notify(
                comes.person_id,
                "notices.visit_cancelled",
                number=number,
                window=_window(visit),
            )

    def _rate(self, application_id: int, stars: int) -> None:
        report = self.tx.scalars(
            select(VisitReport)
            .join(Visit, Visit.id == VisitReport.visit_id)
            .where(Visit.application_id == application_id, Visit.state == VisitState.HANDED_OVER)
        ).one_or_none()
        if report is not None:
            report.rating = stars

    def _send_permit(self, application_id: int) -> None:
        found = self.tx.scalars(
            select(Permit).where(Permit.application_id == application_id)
        ).one_or_none()
        if found is not None and found.revoked_at is not None:
            self._say(
                "notices.permit_taken_back",
                number=found.number,
                on=_day(found.revoked_at),
                reason=found.revoked_because or "-",
            )
            return
        if found is None or found.path is None:
            self._say("notices.permit_soon")
            return
        self._owe(
            Message(
                (Say("notices.permit_again", {"number": found.number}),),
                document=found.path,
                filename=f"{found.number}.pdf",
            )
        )
        self._note("permit.sent_again", f"permit:{found.id}")

    # -- anyone --------------------------------------------------------------------------------

    def _may_check(self) -> bool:
        """Count one check of a number; after too many, say so instead of answering."""
        now = [n for n in self.writer.notes if (n.actor, n.action) == (self.actor, check.CHECKED)]
        if check.lately(self.tx, self.person.id) + len(now) >= check.MOST:
            self._say("notices.checks_too_often", minutes=int(check.WITHIN.total_seconds() // 60))
            return False
        self._note(check.CHECKED, self.actor)
        return True

    def _show_officer(self, badge: str) -> None:
        if not self._may_check():
            return
        bearers = officer.with_badge(self.tx, badge)
        active = [one for one in bearers if one.active]
        coming = self.tx.scalars(
            select(Visit).where(
                Visit.owner_id == self.person.id,
                Visit.officer_id.in_([one.id for one in active]),
                Visit.state.in_([VisitState.ACCEPTED, VisitState.ON_THE_WAY, VisitState.ARRIVED]),
            )
        ).first()
        if not bearers:
            self._say("notices.officer_unknown", badge=badge)
        elif not active:
            self._say("notices.officer_ended", badge=bearers[0].badge)
        elif coming is None:
            self._say("notices.officer_known", name=active[0].name, badge=active[0].badge)
        else:
            comes = next(one for one in active if one.id == coming.officer_id)
            self._say(
                "notices.officer_yours",
                name=comes.name,
                badge=comes.badge,
                window=_window(coming),
            )

    def _show_permit(self, number: str) -> None:
        if not self._may_check():
            return
        found = permit.by_number(self.tx, number)
        if found is None:
            self._say("notices.permit_unknown", number=number)
            return
        application = self.tx.get_one(Application, found.application_id)
        params: dict[str, Value] = {
            "number": found.number,
            "holder": permit.masked(
                str((readable(application.answers) or {}).get("owner_name", "-"))
            ),
            "until": found.valid_until,
        }
        if found.revoked_at is not None:
            self._say("notices.permit_revoked", on=_day(found.revoked_at), **params)
        elif found.valid_until < _day(self.writer.now):
            self._say("notices.permit_expired", **params)
        else:
            self._say("notices.permit_valid", **params)

    def _join(self, token: str) -> None:
        open_one = applications.open_of(self.tx, self.person.id)
        if open_one is not None and officer.invited(self.tx, token):
            self._say("notices.join_has_application", number=open_one.number)
            return
        joined = officer.join(self.tx, token, self.person.id)
        me = joined or officer.of_person(self.tx, self.person.id)
        if me is None:
            self._say("notices.invitation_invalid")
            return
        desk = "supervisor_desk" if me.role == "supervisor" else "officer_desk"
        hello = [Say("notices.joined", {"name": me.name, "badge": me.badge})] if joined else []
        self._tell(self.person.id, "joined", me.id, desk, *hello)  # or tapped the link once more

    def _offer_link(self) -> None:
        if officer.of_person(self.tx, self.person.id) is not None:
            raise lifecycle.NotAllowed(f"{self.actor} is staff: they join by invitation")
        code = link.offer(self.tx, self.person.id)
        minutes = int(link.LIFE.total_seconds() // 60)
        self._say("notices.link_code", code=f"{code[:3]}-{code[3:]}", minutes=minutes)
        self._note("link.offered", self.actor)

    # -- officers ------------------------------------------------------------------------------

    def _accept(self, visit: Visit) -> None:
        me = self._me()
        for offer in visits.offers_of(self.tx, [visit.id]):
            if offer.officer_id == me.id and offer.answer is None:
                offer.answer, offer.answered_at = "accepted", self.writer.now
        visit.officer_id = me.id
        visit.code, visit.code_tries, visit.code_proved_at = visits.new_code(), 0, None
        lifecycle.move(self.tx, visit, VisitState.ACCEPTED, actor=self.actor)
        self._notify(visit.owner_id, "notices.officer_comes", **self._who_comes(visit))

    def _decline(self, visit: Visit, reason: str) -> None:
        me = self._me()
        accepted = visit.state == VisitState.ACCEPTED
        for offer in visits.offers_of(self.tx, [visit.id]):
            if offer.officer_id == me.id:
                offer.answer, offer.reason = "declined", reason
                offer.answered_at = self.writer.now
        visit.officer_id, visit.code = None, None
        lifecycle.move(self.tx, visit, VisitState.WANTED, actor=self.actor, reason=reason)
        visits.plan_offer(self.tx, visit)
        if accepted:
            self._notify(visit.owner_id, "notices.officer_changes", window=_window(visit))

    def _depart(self, visit: Visit) -> None:
        lifecycle.move(self.tx, visit, VisitState.ON_THE_WAY, actor=self.actor)
        self._notify(visit.owner_id, "notices.on_the_way", **self._who_comes(visit))

    def _arrive(self, visit: Visit, km: float | None) -> None:
        lifecycle.move(self.tx, visit, VisitState.ARRIVED, actor=self.actor)
        self._note("visit.arrived", f"visit:{visit.id}", km=km)
        self._notify(visit.owner_id, "notices.arrived", **self._who_comes(visit))

    def _hand_over(self, effect: HandOver) -> None:
        visit = self._my_visit(effect.visit_id)
        application = self._application(visit.application_id)
        if visit.code_proved_at is None:
            raise lifecycle.NotAllowed(f"visit {visit.id} was not proved by its code")
        self.tx.add(
            VisitReport(
                visit_id=visit.id,
                ktp_seen=effect.ktp_seen,
                place_as_described=effect.place_as_described,
                photo_id=effect.photo_id,
            )
        )
        lifecycle.move(self.tx, visit, VisitState.HANDED_OVER, actor=self.actor)
        lifecycle.move(self.tx, application, ApplicationState.PERMITTED, actor=self.actor)
        issued = permit.issue(
            self.tx,
            application_id=application.id,
            person_id=application.person_id,
            kota_code=".".join(visit.kelurahan_code.split(".")[:2]),
            issued_on=self.writer.now.astimezone(WIB).date(),
        )
        self._note("permit.issued", f"permit:{issued.id}")
        task.plan(self.tx, "permit", issued.id, f"permit:{issued.id}")
        self._say("notices.handed_over_officer", number=issued.number)
        self._notify(visit.owner_id, "notices.handed_over", number=issued.number)

    def _fail_visit(self, visit: Visit, reason: str) -> None:
        application = self._application(visit.application_id)
        visit.failure = reason
        lifecycle.move(self.tx, visit, VisitState.FAILED, actor=self.actor, reason=reason)
        application.failed_visits += 1
        self._notify(
            visit.owner_id,
            "notices.visit_failed",
            reason=Say(f"notices.visit_failed.{reason}"),
        )
        if application.failed_visits < MAX_FAILED_VISITS:
            lifecycle.move(self.tx, application, ApplicationState.VERIFIED, actor=self.actor)
            applications.plan_windows(self.tx, application)
            return
        self._find(application, "visits", "needs_a_person", "visits_failed")
        lifecycle.move(self.tx, application, ApplicationState.IN_REVIEW, actor=self.actor)
        say = Say("notices.review_needed", {"number": application.number})
        self._tell_supervisors(
            application.kelurahan_code, "review_needed", application.id, "review", say
        )

    # -- supervisors ---------------------------------------------------------------------------

    def _decide(self, effect: Decide) -> None:
        (application,) = applications.lock(self.tx, [effect.application_id])
        self._supervise(application.kelurahan_code)
        match effect.decision:
            case "approve":
                self._find(application, "approval", "ok", "")
                lifecycle.move(self.tx, application, ApplicationState.VERIFIED, actor=self.actor)
                applications.plan_windows(self.tx, application)
            case "reject":
                lifecycle.move(self.tx, application, ApplicationState.REJECTED, actor=self.actor)
                self._notify(
                    application.person_id,
                    "notices.rejected",
                    number=application.number,
                    reason=effect.reason or "-",
                )
            case "return":
                self._return(application, effect)

    def _return(self, application: Application, effect: Decide) -> None:
        self._find(application, "supervisor", "fix_by_owner", "returned", step=effect.step)
        lifecycle.move(self.tx, application, ApplicationState.NEEDS_FIX, actor=self.actor)
        say = Say("findings.returned", {"reason": effect.reason or "-"})
        self._tell(application.person_id, "fix_needed", application.id, application.service, say)

    def _find(
        self,
        application: Application,
        check: str,
        outcome: str,
        reason: str,
        *,
        step: str | None = None,
    ) -> None:
        """Write what a person found, about the present answers."""
        row = {
            "application_id": application.id,
            "check": check,
            "answers_version": application.answers_version,
            "outcome": outcome,
            "reason": reason,
            "step": step,
            "params": {},
        }
        finding.write(self.tx, [row])

    def _assign(self, visit_id: int, officer_id: int) -> None:
        (visit,) = visits.lock(self.tx, [visit_id])  # the facts of supervisors lock nothing
        self._supervise(visit.kelurahan_code)
        chosen = self.tx.get_one(Officer, officer_id)
        if chosen.person_id is None or not chosen.active or chosen.person_id == visit.owner_id:
            raise lifecycle.NotAllowed(f"officer {chosen.id} can't be asked about visit {visit_id}")
        made = offers.offer_to(self.tx, visit, chosen, at=self.writer.now, actor=self.actor)
        can_wait = quiet.of(self.tx).can_wait(made.expires_at, self.writer.now)
        self._tell(chosen.person_id, "visit_offered", visit.id, "visit", can_wait=can_wait)

    def _called(self, person_id: int) -> None:
        for row in unreached.of_person(self.tx, person_id):
            self._supervise(row.area_code)
            row.called_at = self.writer.now
            self._note("person.called", f"person:{person_id}", reason=row.reason)

    # -- rows ----------------------------------------------------------------------------------

    def _application(self, application_id: int) -> Application:
        return self.tx.get_one(Application, application_id)

    def _visit(self, visit_id: int) -> Visit:
        visit = self.tx.get(Visit, visit_id)
        if visit is None:
            (visit,) = visits.lock(self.tx, [visit_id])
        return visit

    def _my_application(self, application_id: int) -> Application:
        """An application of this person; whatever a forged tap may name, no other is touched."""
        application = self._application(application_id)
        if application.person_id != self.person.id:
            raise lifecycle.NotAllowed(f"application {application_id} is not {self.actor}'s")
        return application

    def _my_visit(self, visit_id: int) -> Visit:
        """A visit that is offered to this officer, or theirs."""
        visit = self._visit(visit_id)
        if visit.officer_id != self._me().id:
            raise lifecycle.NotAllowed(f"visit {visit_id} is not {self.actor}'s")
        return visit

    def _me(self) -> Officer:
        me = officer.of_person(self.tx, self.person.id)
        if me is None or me.role != "officer":
            raise lifecycle.NotAllowed(f"{self.actor} is no officer")
        return me

    def _supervise(self, area_code: str | None) -> None:
        """See to it that this person supervises an area."""
        if self.person.id not in officer.supervisors_of(self.tx, area_code):
            raise lifecycle.NotAllowed(f"{self.actor} does not supervise {area_code}")

    def _who_comes(self, visit: Visit) -> dict[str, Value]:
        comes, code = self._me(), visit.code or ""
        return {
            "name": comes.name,
            "badge": comes.badge,
            "window": _window(visit),
            "code": f"{code[:3]} {code[3:]}",
        }


def _day(at: datetime) -> date:
    """The day it is in Jakarta."""
    return at.astimezone(WIB).date()


def _window(visit: Visit) -> Say:
    starts, ends = windows.hours(visit.on, windows.Part(visit.part))
    return window_words(visit.on, starts, ends)


def _columns(answers: Mapping[str, Json]) -> dict[str, str | None]:
    """What of an application's answers stands in plain columns, since queries need it."""
    place, trade = answers.get("place"), answers.get("trade")
    return {
        "kelurahan_code": place.get("kelurahan") if isinstance(place, dict) else None,
        "trade_code": trade.get("code") if isinstance(trade, dict) else None,
    }
