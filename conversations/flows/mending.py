"""Mending: an officer's corrections wait for the owner, who answers in chat, or signs here."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.assisted_facts import AssistedFact
from conversations.assisting import AskForSignature, ConfirmOnPaper, DropForm, EditForm
from conversations.effects import Effect
from conversations.facts import Facts
from conversations.flow import Flow
from conversations.messages import Json, Lines, Say, Value
from conversations.step import Context, answered
from conversations.steps import Choose, Upload


def _form(subject: str, facts: Facts) -> AssistedFact | None:
    return next((one for one in facts.rounds.assisted if str(one.id) == subject), None)


def _alive(subject: str, facts: Facts) -> bool:
    form = _form(subject, facts)
    return form is not None and form.mends and form.waits


def _closed(subject: str, facts: Facts) -> tuple[Say, ...]:
    return (Say("mending.closed"),)


def _signs(context: Context) -> bool:
    """Whether the owner can't answer in their own chat."""
    form = _form(context.subject, context.facts)
    return form is not None and not form.hosted


def _summary(context: Context) -> Mapping[str, Value]:
    form = _form(context.subject, context.facts)
    name = form.name if form is not None else ""
    how = "signs" if _signs(context) else "asked"
    return {
        "changes": Lines(form.changes if form is not None else ()),
        "printed": Lines(form.brief if form is not None else ()),
        "how": Say(f"mending.how.{how}", {"name": name}),
    }


def _way(context: Context, answer: Json) -> tuple[Effect, ...]:
    form_id = int(context.subject)
    match answer:
        case "edit":
            return (EditForm(form_id),)
        case "drop":
            return (DropForm(form_id),)
        case _:
            return ()


def _signature(context: Context, answer: Json) -> tuple[Effect, ...]:
    return (AskForSignature(int(context.subject)),)


def _sheet(context: Context, answer: Json) -> tuple[Effect, ...]:
    ids = answer["ids"] if isinstance(answer, dict) else []
    return tuple(ConfirmOnPaper(int(context.subject), int(one)) for one in ids[:1])


FLOW = Flow(
    id="mending",
    only="officer",
    form=False,
    steps=(
        Choose(
            "way",
            options=("signature", "paper", "edit", "drop"),
            then=_way,
            stays={"signature": _signature},
            offers={"signature": _signs, "paper": _signs},
            ends=("edit", "drop"),
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
    alive=_alive,
    closed=_closed,
)
