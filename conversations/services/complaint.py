"""Complaint: a person tells what happened, and a supervisor answers."""

from __future__ import annotations

from collections.abc import Mapping

from conversations import reference
from conversations.facts import City, Facts
from conversations.form import form
from conversations.lexicon import lists
from conversations.messages import Json, Say, Value
from conversations.parsers import Refused
from conversations.parsers.evasions import evasion
from conversations.parsers.hesitation import later
from conversations.parsers.note import note, story
from conversations.service import Answer, Service
from conversations.session import Answers, Choice
from conversations.step import Context
from conversations.steps import Ask, Choose, Upload
from conversations.words import standardised

ID = "complaint"
LONGEST = 4000  # characters of what happened
SHOWN = 3  # officers of open visits who are offered
_FIXED = ("last", "unknown", "none")
_DESCRIBES = lists.any_of("complaint", "describes")
_BRIEF = 80  # characters of what happened in one line


def _officers(context: Context) -> tuple[Choice, ...]:
    """Offer the officers of one's open visits; without one, the officer who came last."""
    known = {
        v.officer_badge: v.officer_name
        for v in context.facts.mine.visits
        if v.officer_badge and v.officer_name
    }
    named = tuple(
        Choice(
            badge,
            Say("complaint.officer.named", {"name": name, "badge": badge}),
            {"badge": badge, "name": name},
        )
        for badge, name in list(known.items())[:SHOWN]
    )
    came = not named and bool(context.facts.mine.cases)
    fixed = _FIXED if came else _FIXED[1:]
    return (*named, *(Choice(one, Say(context.key("officer", one)), one) for one in fixed))


def _described(text: str, context: Context) -> Json:
    """Return the officer of an open visit by a part of the name, a badge, or a description.

    Raises:
        Refused: ``story_later`` if it is told later; ``pick_one`` if the words do neither.
    """
    if later(text):
        raise Refused("story_later")
    words = set(standardised(text).split())
    for one in _officers(context):
        if isinstance(one.answer, dict) and words & set(one.answer["name"].lower().split()):
            return one.answer
    badge = reference.badge(text)
    if badge is not None:
        return {"badge": badge, "name": ""}
    if evasion(text) is not None:
        return "unknown"
    if _DESCRIBES.search(standardised(text)):
        return {"words": note(at_most=300)(text, context.facts)}
    raise Refused("pick_one")


def _officer_shown(answer: Json, facts: Facts) -> Value:
    if not isinstance(answer, dict):
        return Say(f"complaint.officer.{answer}")
    if "words" in answer:
        return str(answer["words"])
    if not answer["name"]:
        return Say("complaint.officer.badge", {"badge": answer["badge"]})
    return Say("complaint.officer.named", {"name": answer["name"], "badge": answer["badge"]})


def _told(answer: Json, facts: Facts) -> Value:
    """Return the story; one that was told aloud has no words."""
    return str(answer) or Say("complaint.what.aloud")


def _number(context: Context) -> Mapping[str, Value]:
    phone = context.facts.me.phone
    if phone is None:
        return {"number": Say("complaint.may_call.unknown")}
    return {"number": Say("complaint.may_call.at", {"phone": phone})}


FORM = form(
    ID,
    (
        Ask("what", parse=story(at_most=LONGEST), story=True, shows=_told, spoken=""),
        Upload("proof", at_most=5, optional=True, can_leave=True, sound=True),
        Choose("officer", options=_officers, reads=_described, shows=_officer_shown),
        Choose("may_call", options=("yes", "no"), params=_number),
    ),
    consents=(),
)


def _about(answers: Answers, city: City) -> Value:
    words = " ".join(str(answers.get("what", "")).split())
    if not words and "what" in answers:
        return Say("complaint.what.aloud")
    return words if len(words) <= _BRIEF else words[: _BRIEF - 1].rstrip() + "…"


def _brief(answers: Answers, city: City) -> tuple[Say, ...]:
    return ()


def _holder(answers: Answers) -> str:
    return ""


SERVICE = Service(
    id=ID,
    form=FORM,
    menu=90,
    called=(),
    course=(Answer("answer"),),
    holder=_holder,
    about=_about,
    brief=_brief,
    asked_by=frozenset(),  # it stands in no menu
    opened_by="complaint",
    consents=(),
)
