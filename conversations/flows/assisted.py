"""Assisted: an officer's form is filled in; the officer chooses how the person confirms it."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.assisted_facts import AssistedFact
from conversations.assisting import (
    OFFICER,
    PERSON,
    AskForSignature,
    ConfirmOnPaper,
    DropForm,
    EditForm,
    HandOverForm,
    OfferCode,
    TakeBackForm,
)
from conversations.effects import Effect
from conversations.facts import Facts
from conversations.flow import Flow
from conversations.messages import Json, Lines, Say, Value
from conversations.session import Answers, Choice
from conversations.step import Context, answered
from conversations.steps import Choose, Upload

ENDS = ("chat", "edit", "drop")  # after these there is nothing more to choose
SIDE = "side"  # an answer prefilled from the form: whose it is


def _form(subject: str, facts: Facts) -> AssistedFact | None:
    return next((one for one in facts.rounds.assisted if str(one.id) == subject), None)


def _alive(subject: str, facts: Facts) -> bool:
    form = _form(subject, facts)
    return form is not None and form.handed


def _prefill(subject: str, facts: Facts) -> Answers:
    """Tell on whose side the form is."""
    form = _form(subject, facts)
    return {SIDE: PERSON if form is not None and form.taken else OFFICER}


def _is_handed(answers: Answers, facts: Facts) -> bool:
    """The form is on the person's phone."""
    return answers.get(SIDE) == PERSON


def _is_mine(answers: Answers, facts: Facts) -> bool:
    """The form is the officer's."""
    return not _is_handed(answers, facts)


def _untouched(context: Context) -> bool:
    form = _form(context.subject, context.facts)
    return form is not None and form.untouched


def _with_the_person(context: Context) -> Mapping[str, Value]:
    form = _form(context.subject, context.facts)
    name = (form.name if form is not None else "") or Say("assisted.somebody")
    untouched = form is not None and form.untouched
    how = Say("assisted.handed.untouched") if untouched else Say("assisted.handed.begun")
    return {"name": name, "how": how}


def _take_back(context: Context, answer: Json) -> tuple[Effect, ...]:
    return (TakeBackForm(int(context.subject)),) if answer == "other_way" else ()


def _ways(context: Context) -> tuple[Choice, ...]:
    form = _form(context.subject, context.facts)
    chat = ("chat",) if form is not None and form.hosted else ()
    signed = ("signature", "paper") if form is not None and form.complete else ()
    ways = (*chat, "code", *signed, "edit", "drop")
    return tuple(Choice(way, Say(context.key("way", way)), way) for way in ways)


def _summary(context: Context) -> Mapping[str, Value]:
    form = _form(context.subject, context.facts)
    if form is None:
        return {"state": "", "lines": ""}
    name: dict[str, Value] = {"name": form.name or Say("assisted.somebody")}
    if not form.complete:
        return {"state": Say("assisted.way.unfinished", name), "lines": ""}
    return {"state": Say("assisted.way.ready", name), "lines": Lines(form.brief)}


def _way(context: Context, answer: Json) -> tuple[Effect, ...]:
    form_id = int(context.subject)
    match answer:
        case "chat":
            return (HandOverForm(form_id),)
        case "edit":
            return (EditForm(form_id),)
        case "drop":
            return (DropForm(form_id),)
        case _:
            return ()


def _code(context: Context, answer: Json) -> tuple[Effect, ...]:
    return (OfferCode(int(context.subject)),)


def _signature(context: Context, answer: Json) -> tuple[Effect, ...]:
    return (AskForSignature(int(context.subject)),)


def _sheet(context: Context, answer: Json) -> tuple[Effect, ...]:
    ids = answer["ids"] if isinstance(answer, dict) else []
    return tuple(ConfirmOnPaper(int(context.subject), int(one)) for one in ids[:1])


FLOW = Flow(
    id="assisted",
    only="officer",
    form=False,
    steps=(
        Choose(
            "handed",
            options=("other_way", "later"),
            when=_is_handed,
            then=_take_back,
            offers={"other_way": _untouched},
            ends=("other_way", "later"),
            counted=False,
            rests=True,
            params=_with_the_person,
        ),
        Choose(
            "way",
            options=_ways,
            when=_is_mine,
            then=_way,
            stays={"code": _code, "signature": _signature},
            ends=ENDS,
            counted=False,
            rests=True,
            params=_summary,
        ),
        Upload(
            "sheet",
            at_most=1,
            when=answered("way", "paper"),
            then=_sheet,
            returns="way",
            counted=False,
        ),
    ),
    prefill=_prefill,
    alive=_alive,
    given=frozenset({SIDE}),
)
