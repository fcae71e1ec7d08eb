"""Events of a conversation: a person said or sent something, or the city has news."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Literal, TypeAlias, get_type_hints

from conversations.messages import Json, Say, say_to_json


@dataclass(frozen=True, slots=True)
class Said:
    """Words. `edited` is true if they replace an earlier message.

    `message` is the message's id within its chat; an edit has the id of the message that it
    corrects. It is "" if the channel gives none. `withheld` is true if `words.MARK` stands in the
    text for an identity number.
    """

    text: str
    edited: bool = False
    message: str = ""
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Tapped:
    """A tap on a button, with the question it answers."""

    flow: str
    subject: str
    step: str
    version: int
    value: str


@dataclass(frozen=True, slots=True)
class Located:
    """A pin, in degrees (WGS 84); `live` is true for a location that moves with the person."""

    lat: float
    lon: float
    live: bool = False


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A photo, a voice message or other recording, or a file that was sent as a document.

    `withheld` is true if its caption held an identity number.
    """

    attachment_id: int
    kind: Literal["photo", "document", "voice"]
    caption: str = ""
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class SharedContact:
    """A phone number in E.164; `own` is true when it is the sender's."""

    phone: str
    own: bool


@dataclass(frozen=True, slots=True)
class Started:
    """The person opened the chat, perhaps by a deep link that carried `payload`."""

    payload: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message that can't be used, such as a sticker or a video."""

    kind: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """The person sent an identity number and hardly a word; nothing of it was stored.

    `message` is the message's id, as in `Said`.
    """

    kind: Literal["nik"] = "nik"
    message: str = ""


class News(StrEnum):
    """Kinds of news; the engine handles two of them, the others only carry sentences."""

    ATTACHMENT_REFUSED = "attachment_refused"
    CODE_SPENT = "code_spent"
    DAY_CLOSED = "day_closed"
    DOCUMENT_REVOKED = "document_revoked"
    DOCUMENT_SENT = "document_sent"
    DUTY_ENDED = "duty_ended"
    FINDING_OFFICER = "finding_officer"
    FIX_NEEDED = "fix_needed"
    FORM_ENDED = "form_ended"
    FORMS_UNUSUAL = "forms_unusual"
    FORM_OPENED = "form_opened"
    FORM_WAITS = "form_waits"
    IDENTITY_GIVEN = "identity_given"
    IN_REVIEW = "in_review"
    JOINED = "joined"
    LENDER_ANSWERED = "lender_answered"
    LETTER_DELIVERED = "letter_delivered"
    LETTER_REMINDER = "letter_reminder"
    MEETING_PLACE = "meeting_place"
    MEND_WAITS = "mend_waits"
    MESSAGE_CLOSED = "message_closed"
    OFFER_PASSED = "offer_passed"
    OFFICER_CHANGES = "officer_changes"
    OFFICER_REPORTS = "officer_reports"
    PLACE_NOT_FOUND = "place_not_found"
    PORTRAIT_WAITS = "portrait_waits"
    REMINDER = "reminder"
    REVIEW_NEEDED = "review_needed"
    SESSION_SET_ASIDE = "session_set_aside"
    STAGE_BEGAN = "stage_began"
    STAGE_WAITS = "stage_waits"
    SUPERVISOR_AWAY = "supervisor_away"
    TICKET_ANSWERED = "ticket_answered"
    TICKET_OPENED = "ticket_opened"
    TEMPLATE_REFUSED = "template_refused"
    TURN_SET_ASIDE = "turn_set_aside"
    UNREACHED = "unreached"
    VERIFIED = "verified"
    VISIT_CANCELLED = "visit_cancelled"
    VISIT_GOES_ON = "visit_goes_on"
    VISIT_OFFERED = "visit_offered"
    VISIT_OVERDUE = "visit_overdue"
    VISIT_UNASSIGNED = "visit_unassigned"
    WINDOW_MISSED = "window_missed"
    WINDOW_PASSED = "window_passed"


@dataclass(frozen=True, slots=True)
class Happened:
    """News from the city about `subject`, such as a case that needs a new photo.

    `what` is a `News`; rows of another version may hold one that this version does not know.
    """

    what: str
    subject: str
    params: Mapping[str, Json] = field(default_factory=dict)


Event: TypeAlias = (
    Said | Tapped | Located | Uploaded | SharedContact | Started | Unreadable | Withheld | Happened
)

_KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        Said,
        Tapped,
        Located,
        Uploaded,
        SharedContact,
        Started,
        Unreadable,
        Withheld,
        Happened,
    )
}
_NAMES = {kind: [field.name for field in fields(kind)] for kind in _KINDS.values()}
_MAY_BE_TEXTS = {
    kind: [name for name, shape in get_type_hints(kind).items() if shape not in (int, float, bool)]
    for kind in _KINDS.values()
}


def to_json(event: Event) -> Json:
    """Return the event as plain JSON, which `from_json` reads."""
    kind = type(event)
    return {"event": kind.__name__, **{name: getattr(event, name) for name in _NAMES[kind]}}


def from_json(data: Json) -> Event:
    """Read what `to_json` wrote; fields that a later version added are ignored.

    Raises:
        ValueError: the kind is unknown to this version.
    """
    kind = _KINDS.get(data.get("event", ""))
    if kind is None:
        raise ValueError(f"not an event: {data.get('event')!r}")
    known = _NAMES[kind]
    return kind(**{name: value for name, value in data.items() if name in known})


def texts(event: Event) -> list[str]:
    """Return every text in the event."""
    values = [getattr(event, name) for name in _MAY_BE_TEXTS[type(event)]]
    return [value for value in values if isinstance(value, str)]


def news(
    what: News,
    subject: int | str,
    *parts: Say,
    opens: str = "",
    unasked: bool = False,
    form: Mapping[str, Json] | None = None,
) -> Json:
    """Return news as JSON: sentences to say, and the flow about the subject that it opens, if any.

    `unasked` news does not answer an act of the person; it is not sent to people who opted out.
    `form` is the draft that is opened: its `answers`, for `whom` it is, perhaps a step to `edit`.
    """
    params = {"parts": [say_to_json(part) for part in parts], "opens": opens, "unasked": unasked}
    given = {} if form is None else {"form": dict(form)}
    return to_json(Happened(what.value, str(subject), {**params, **given}))
