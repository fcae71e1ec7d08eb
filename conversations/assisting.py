"""Assisted forms: an officer fills in a service's form with somebody, who then confirms it.

The draft of such a form has the subject "assisted:" and the form's id, in the officer's
conversation and in that of the person who takes it over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from conversations.messages import Json

PREFIX = "assisted:"
BY, READ_OUT = "assisted", "read_out"  # answers: who writes the form down, and the consent
OFFICER, PERSON = "officer", "person"  # answers of BY
PURPOSE = "assisted"  # of the consent: that an officer writes the answers down


def subject_of(form_id: int) -> str:
    """Return the subject of a form's draft."""
    return f"{PREFIX}{form_id}"


def form_of(subject: str) -> int | None:
    """Return the form that a draft is about; None if it is no assisted one."""
    number = subject.removeprefix(PREFIX)
    return int(number) if number != subject and number.isdecimal() else None


def corrects(subject: str) -> bool:
    """Whether a form's draft corrects a case that was sent; else it is filled in anew."""
    return bool(subject) and form_of(subject) is None


@dataclass(frozen=True, slots=True)
class BeginForm:
    """The officer begins a form with the host of a visit, or with somebody met on the road.

    With `other`, it is for somebody else than the host: people share telephones. `known` are
    answers that need not be asked.
    """

    visit_id: int | None = None
    other: bool = False
    known: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProposeForm:
    """The officer has filled in a form: the person is to confirm it."""

    form_id: int
    answers: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class EditForm:
    """The officer goes on with a form that waits for its confirmation."""

    form_id: int


@dataclass(frozen=True, slots=True)
class HandOverForm:
    """The officer gives a form to the person's own chat, where they go on with it."""

    form_id: int


@dataclass(frozen=True, slots=True)
class TakeBackForm:
    """The officer takes back a form that was handed over, which the person has not touched."""

    form_id: int


@dataclass(frozen=True, slots=True)
class OfferCode:
    """The officer asks for a code with which the person takes the form over."""

    form_id: int


@dataclass(frozen=True, slots=True)
class TakeOver:
    """The person typed the code of a form, or opened its link."""

    code: str


@dataclass(frozen=True, slots=True)
class AskForSignature:
    """The officer asks for the page on which the person signs."""

    form_id: int


@dataclass(frozen=True, slots=True)
class ConfirmOnPaper:
    """The officer sent a photo of the sheet that the person signed."""

    form_id: int
    attachment_id: int


@dataclass(frozen=True, slots=True)
class DropForm:
    """The officer ends a form: the person does not want it."""

    form_id: int


@dataclass(frozen=True, slots=True)
class RefuseForm:
    """The person does not want the form that they took over."""

    form_id: int


Assisting: TypeAlias = (
    AskForSignature
    | BeginForm
    | ConfirmOnPaper
    | DropForm
    | EditForm
    | HandOverForm
    | OfferCode
    | ProposeForm
    | RefuseForm
    | TakeBackForm
    | TakeOver
)
