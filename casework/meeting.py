"""Meeting: owners tell where the officer will find them, beforehand or on the day of the visit."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

from casework.act import Act
from casework.visits import PROMISED, Pin, spot
from conversations.lifecycle import MOVABLE
from conversations.messages import Say, Value
from models import visit as visits
from models.case import Case
from models.infrastructure.wib import WIB
from models.lifecycle import NotAllowed, VisitState
from models.officer import Officer
from models.reference import area
from models.visit import Visit


def agree_place(act: Act, visit_id: int, pin: Pin | None, words: str) -> None:
    """Set the place of the person's own visit, before its officer has set off."""
    visit = _own(act, visit_id)
    if visit.state not in MOVABLE:
        raise NotAllowed(f"visit {visit.id} is {visit.state}: its place is agreed")
    _move(act, visit, pin, words)


def send_place(act: Act, visit_id: int, pin: Pin) -> None:
    """Move the person's own visit of today to where they are now, and tell its officer at once.

    Raises:
        NotAllowed: no officer comes today.
    """
    visit = _own(act, visit_id)
    if visit.state not in PROMISED or visit.on != _today(act):
        raise NotAllowed(f"visit {visit.id} is {visit.state}, on {visit.on}")
    _move(act, visit, pin, "")
    act.reply("notices.place_known")


def _own(act: Act, visit_id: int) -> Visit:
    (visit,) = visits.lock(act.tx, [visit_id])
    if visit.host_id is None or not act.is_of(visit.host_id):
        raise NotAllowed(f"visit {visit_id} is not to {act.actor}")
    return visit


def _move(act: Act, visit: Visit, pin: Pin | None, words: str) -> None:
    """Set the place of a (locked) visit, and tell the officer who comes.

    Raises:
        NotAllowed: the pin is not in Jakarta.
    """
    told = spot(visit.area_code, pin, words)
    code = told.area_code
    visit.site = asdict(told)
    act.note("visit.place_told", f"visit:{visit.id}", area=code)
    comes = act.tx.get(Officer, visit.officer_id) if visit.officer_id else None
    if comes is None or visit.state not in PROMISED:
        return  # the offer shows it
    kelurahan = area.load().get(code)
    where: dict[str, Value] = {
        "number": act.tx.get_one(Case, visit.case_id).number,
        "place": kelurahan.name if kelurahan else "-",
    }
    if pin is None:
        act.notify(comes.person_id, "notices.place_told", words=words, **where)
        return
    shown = Say("visit.map", {"lat": str(pin[0]), "lon": str(pin[1])})
    going = visit.state in (VisitState.ON_THE_WAY, VisitState.ARRIVED)
    key = "notices.place_sent_now" if going else "notices.place_sent"
    act.notify(comes.person_id, key, map=shown, **where)


def _today(act: Act) -> date:
    return act.at.astimezone(WIB).date()
