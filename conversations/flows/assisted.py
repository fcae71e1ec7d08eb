"""Assisted: an officer's form is filled in; the officer chooses how the person confirms it."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.assisted_facts import AssistedFact
from conversations.assisting import (
    AskForSignature,
    ConfirmOnPaper,
    DropForm,
    EditForm,
    HandOverForm,
    OfferCode,
)
from conversations.effects import Effect
from conversations.facts import Facts
from conversations.flow import Flow
from conversations.messages import Json, Lines, Say, Value
from conversations.session import Choice
from conversations.step import Context, answered
from conversations.steps import Choose, Upload

ENDS = ("chat", "edit", "drop")  # after these there is nothing more to choose


def _form(subject: str, facts: Facts) -> AssistedFact | None:
    return next((one for one in facts.rounds.assisted if str(one.id) == subject), None)


def _alive(subject: str, facts: Facts) -> bool:
    form = _form(subject, facts)
    return form is not None and form.waits


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
            "way",
            options=_ways,
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
            also=("back",),
            counted=False,
        ),
    ),
    alive=_alive,
)
