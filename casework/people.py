"""Acts of and about a person: consent, name, language, help, identity page, joining and linking."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import tickets, visits
from casework.act import Act
from casework.documents import may_check
from casework.news import window_of
from conversations import events
from conversations.effects import Help
from conversations.events import News, Withheld
from conversations.messages import Say, Value
from models import helper, identity, inbox, link, officer, portrait, unreached
from models import person as people
from models.case import Case
from models.lifecycle import NotAllowed
from models.visit import Visit

# -- what a person says of themselves --------------------------------------------------------------


def give_consent(act: Act, purpose: str, whom: int | None = None) -> None:
    """Record consent that personal data is kept and used for a purpose.

    `whom` is the person who consents, if an officer at their door records it.
    """
    person_id = act.for_whom(whom)
    act.ledger.consent(person_id, purpose)
    act.note("consent.given", f"person:{person_id}", purpose=purpose)


def forget_words(tx: Session, cause: str) -> None:
    """Keep nothing of the message of a turn; the `cause` of its acts names the inbox's row."""
    _, row_id, _ = cause.split(":")
    inbox.forget(tx, int(row_id), events.to_json(Withheld()))


def use_language(act: Act, locale: str) -> None:
    """Set the language in which the person is written to."""
    act.who().locale = locale
    act.ledger.change(act.who())


def remember_name(act: Act, name: str, whom: int | None = None) -> None:
    """Store a person's name; `whom` is that person, if it is not the one who acts."""
    person_id = act.for_whom(whom)
    one = act.who() if act.is_of(person_id) else people.lock(act.tx, [person_id])[0]
    one.name = name
    act.ledger.change(one)


def remember_phone(act: Act, phone: str) -> None:
    """Store the number to call the person at (E.164), and tell it to who was asked to call."""
    me = act.who()
    if me.phone == phone:
        return
    me.phone = phone
    act.ledger.change(me)
    tickets.tell_again(act, Help.TALK, _called(act))


def opt_out(act: Act) -> None:
    """Send the person replies only, and no notices."""
    act.who().opted_out_at = act.at
    act.ledger.change(act.who())
    act.note("person.opted_out", act.actor)


def opt_in(act: Act) -> None:
    """Send the person notices again."""
    act.who().opted_out_at = None
    act.ledger.change(act.who())
    act.note("person.opted_in", act.actor)


# -- help ------------------------------------------------------------------------------------------


def ask_for_help(act: Act, about: Help, flow: str = "", words: str = "") -> None:
    """Open a ticket on what the person asks for, and tell supervisors; repeats are counted.

    `words` are the person's own. Distress is told at any hour.
    """
    act.note("person.asked_for_help", act.actor, about=about, flow=flow)
    params = _caller(act)
    match about:
        case Help.DISTRESS:
            say = Say("notices.person_in_distress", params)
        case Help.TALK | Help.PHONE:
            say = _called(act)
        case _:
            matter = Say(f"notices.caller.matter.{about}")
            say = Say("notices.person_asks", {**params, "matter": matter})
    kind = Help.TALK if about is Help.PHONE else about  # a number is given to be called at
    tickets.ask(act, tickets.Matter(kind, say, words, at_once=about is Help.DISTRESS))


def _called(act: Act) -> Say:
    return Say("notices.person_called", _caller(act))


def _caller(act: Act) -> dict[str, Value]:
    """Return what supervisors read of the person who acts: name, phone, number of the request."""
    me = act.who()
    latest = act.tx.scalars(
        select(Case)
        .where(Case.person_id == me.id, Case.service.not_in(tickets.answered()))
        .order_by(Case.id.desc())
        .limit(1)
    ).one_or_none()
    return {
        "name": me.name or Say("notices.caller.no_name"),
        "phone": phone_of(act),
        "number": latest.number if latest else Say("notices.caller.no_number"),
    }


def phone_of(act: Act) -> Value:
    """Return the number to call the person who acts, or a sentence that none is known."""
    me = act.who()
    if me.phone:
        return me.phone
    number = people.numbers_of(act.tx, [me.id]).get(me.id)
    if number:
        return Say("notices.caller.phone_of_chat", {"phone": number})
    return Say("notices.caller.no_phone")


def tell_heads(act: Act, about: Literal["away", "misconduct", "talk"], words: str) -> None:
    """Tell the heads what a supervisor says: is away, reports an officer, or wants to talk."""
    me = act.supervisor()
    act.note(f"supervisor.{about}", f"officer:{me.id}")
    params: dict[str, Value] = {"name": me.name, "badge": me.badge, "words": words}
    say = Say(f"notices.supervisor_{about}", params)
    heads = [one for one in officer.heads(act.tx) if not act.is_of(one)]
    if about == "away":
        for person_id in heads:
            act.tell(person_id, News.SUPERVISOR_AWAY, me.id, say)
    else:
        tickets.ask(
            act, tickets.Matter(f"supervisor_{about}", say, words, heads_only=True), always=True
        )
    act.reply("supervising.heads_told" if heads else "supervising.no_heads")


def called(act: Act, person_id: int) -> None:
    """Record that a supervisor called a person whom chat messages did not reach."""
    for row in unreached.of_person(act.tx, person_id):
        act.must_supervise(row.area_code)
        row.called_at = act.at
        act.note("person.called", f"person:{person_id}", reason=row.reason)


# -- identity --------------------------------------------------------------------------------------


def send_identity_link(
    act: Act, public_url: str, visit_id: int | None, whom: int | None = None
) -> None:
    """Send an owner's single-use identity page: to them, or to the officer at the door.

    The owner is the applicant at the visit; without a visit, `whom` or the person who acts.
    """
    me = act.who()
    owner_id = visits.applicant_at(act, visit_id) if visit_id is not None else act.for_whom(whom)
    token = identity.link(act.tx, person_id=owner_id, holder_id=me.id)
    url = f"{public_url}/identitas/{token}"
    hours = int(identity.LINK_LIFE.total_seconds() // 3600)
    key = "notices.identity_link" if owner_id == me.id else "notices.identity_link_officer"
    act.reply(key, url=url, hours=hours)
    act.note("identity.link_sent", f"person:{owner_id}")


# -- staff, and two chats of one person ------------------------------------------------------------


def show_officer(act: Act, badge: str) -> None:
    """Say whether a badge is an officer's, and whether that officer comes to the person asking."""
    if not may_check(act):
        return
    bearers = officer.with_badge(act.tx, badge)
    active = [one for one in bearers if one.active]
    coming = act.tx.scalars(
        select(Visit).where(
            Visit.host_id == act.who().id,
            Visit.officer_id.in_([one.id for one in active]),
            Visit.state.in_(visits.PROMISED),
        )
    ).first()
    if not bearers:
        act.reply("notices.officer_unknown", badge=badge)
    elif not active:
        act.reply("notices.officer_ended", badge=bearers[0].badge)
    elif coming is None:
        face = portrait.shown_for(act.tx, active[0].id)
        act.reply("notices.officer_known", face, name=active[0].name, badge=active[0].badge)
    else:
        expected = next(one for one in active if one.id == coming.officer_id)
        act.reply(
            "notices.officer_yours",
            portrait.shown_for(act.tx, expected.id),
            name=expected.name,
            badge=expected.badge,
            window=window_of(coming),
        )


def join_staff(act: Act, token: str) -> None:
    """Accept an invitation to the staff, or to tell of places; the person's own cases go on."""
    me = act.who()
    joined = officer.join(act.tx, token, me.id)
    staff = joined or officer.of_person(act.tx, me.id)
    if staff is None:
        helps = helper.join(act.tx, token, me.id) is not None
        act.reply("notices.helper_joined" if helps else "notices.invitation_invalid")
        return
    desk = "officer_desk" if staff.role == "officer" else "supervisor_desk"
    params: dict[str, Value] = {"name": staff.name, "badge": staff.badge}
    hello = [Say("notices.joined", params)] if joined else []
    act.tell(me.id, News.JOINED, staff.id, *hello, opens=desk)  # also if the link is tapped again


def offer_link(act: Act) -> None:
    """Create a code that links another chat of the same person, and show it.

    Raises:
        NotAllowed: the person is staff.
    """
    me = act.who()
    if officer.of_person(act.tx, me.id) is not None:
        raise NotAllowed(f"{act.actor} is staff: they join by invitation")
    code = link.offer(act.tx, me.id)
    minutes = int(link.LIFE.total_seconds() // 60)
    act.reply("notices.link_code", code=f"{code[:3]}-{code[3:]}", minutes=minutes)
    act.note("link.offered", act.actor)


def link_chats(act: Act, code: str) -> None:
    """Accept the code of the person's other chat; a job then merges the two."""
    act.reply(f"notices.link_{link.take(act.tx, code, act.who().id)}")
