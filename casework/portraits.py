"""Acts on an officer's portrait: put by an operator, or sent by the officer and agreed to."""

from __future__ import annotations

from casework import news
from casework.act import Act
from conversations.events import News
from conversations.messages import Say, Value
from models import officer, portrait
from models.attachment import Attachment
from models.lifecycle import NotAllowed
from models.officer import Officer
from models.portrait import Portrait, PortraitState, Unsuitable


def put(act: Act, row: Officer) -> Portrait:
    """Use a new portrait of an officer; the caller writes the file to its `path`."""
    act.must_be_office()
    made = portrait.begin(act.tx, row.id, PortraitState.USED)
    made.path = portrait.path_of(made)
    act.note("portrait.put", f"officer:{row.id}", portrait=made.id)
    act.notify(row.person_id, "notices.portrait_used", made.path)
    return made


def offer(act: Act, attachment_id: int) -> None:
    """Offer a photo of the officer who acts as their portrait.

    Raises:
        NotAllowed: somebody else sent the photo.
    """
    me = act.officer()
    sent = act.tx.get(Attachment, attachment_id)
    if sent is None or not act.is_of(sent.person_id):
        raise NotAllowed(f"attachment {attachment_id} is not {act.actor}'s")
    state = PortraitState.ASKED
    row = portrait.begin(act.tx, me.id, state, attachment_id=attachment_id)
    act.note("portrait.offered", f"officer:{me.id}", portrait=row.id)
    portrait.plan(act.tx, row, state)


def ask(act: Act, row: Portrait, one: Officer) -> None:
    """Ask the supervisors of the officer's areas whether a portrait may be used."""
    act.must_be_office()
    say = Say("notices.portrait_waits", _named(one))
    fact = f"{News.PORTRAIT_WAITS}:{row.id}"
    areas = officer.areas_of(act.tx, one.id)
    people = [who for area in areas for who in news.supervisors(act.tx, area, fact)]
    for person_id in dict.fromkeys(people):
        act.tell(person_id, News.PORTRAIT_WAITS, row.id, say, opens="portrait")


def reject(act: Act, row: Portrait, one: Officer, reason: Unsuitable) -> None:
    """Refuse a file that can't be a portrait, and tell the officer why."""
    act.must_be_office()
    portrait.end(act.tx, one.id, PortraitState.REFUSED, [PortraitState.ASKED])
    act.note("portrait.unsuitable", f"officer:{one.id}", portrait=row.id, reason=reason)
    act.notify(one.person_id, f"notices.portrait_unsuitable.{reason}")


def decide(act: Act, portrait_id: int, *, agreed: bool) -> None:
    """Agree to a portrait or refuse it; does nothing if it is settled already.

    Raises:
        NotAllowed: the person who acts supervises none of the officer's areas.
    """
    me = act.supervisor()
    found = portrait.waiting(act.tx, portrait_id)
    if found is None:
        return
    row, one = found
    areas = officer.areas_of(act.tx, one.id)
    if not any(officer.may_supervise(act.tx, act.who().id, area) for area in areas):
        raise NotAllowed(f"{act.actor} does not supervise officer {one.id}")
    portrait.decide(act.tx, row, by=me.id, agreed=agreed)
    done = "agreed" if agreed else "refused"
    act.note(f"portrait.{done}", f"officer:{one.id}", portrait=row.id)
    if agreed:
        act.notify(one.person_id, "notices.portrait_used", row.path)
    else:
        act.notify(one.person_id, "notices.portrait_refused")


def withdraw(act: Act) -> None:
    """End the portraits of the officer who acts; supervisors hear of one that owners saw."""
    me = act.officer()
    portrait.lock(act.tx, me.id)
    seen = portrait.shown_for(act.tx, me.id) is not None
    if not portrait.end(act.tx, me.id, PortraitState.OVER):
        act.reply("own_portrait.none")
        return
    act.note("portrait.withdrawn", f"officer:{me.id}")
    act.reply("own_portrait.withdrawn")
    if not seen:
        return
    say = Say("notices.portrait_withdrawn", _named(me))
    for area in officer.areas_of(act.tx, me.id):
        act.tell_supervisors(area, News.OFFICER_REPORTS, me.id, say)


def end(act: Act, row: Officer) -> None:
    """End an officer's portraits: nobody sees them any more, and their files are erased."""
    if portrait.end(act.tx, row.id, PortraitState.OVER):
        act.note("portrait.over", f"officer:{row.id}")


def _named(one: Officer) -> dict[str, Value]:
    return {"name": one.name, "badge": one.badge}
