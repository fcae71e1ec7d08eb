"""Twilio's webhooks for WhatsApp: signature check, parsing of messages and status reports.

Twilio adds fields without notice, so unknown fields are ignored. A sender who hides the number has
in `From` an id that WhatsApp creates for us; any other sender has the number in `From` and that id
in `ExternalUserId`.

Source: https://www.twilio.com/docs/messaging/guides/webhook-request
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl

from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import (
    HMAC_SHA1,
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)

from bot.channels.base import InboundMessage, Media, read_token
from bot.channels.bounds import degrees, digits, identifier, reference, words
from bot.errors import Forged, Malformed
from conversations.events import Event, Located, Said, Started, Tapped, Unreadable, Uploaded

NAME = "whatsapp"
PATH = "/webhooks/whatsapp"
STATUS_PATH = f"{PATH}/status"

MAX_MEDIA = 10  # of one message; NumMedia
MAX_FIELDS = 500  # of one delivery: Twilio sends about forty

_PREFIX = "whatsapp:"
_ROW = re.compile(r"[0-9]{1,18}")  # a row's id fits a bigint


@dataclass(frozen=True, slots=True)
class Report:
    """Twilio's status report on the message of an outbox row."""

    outbox_id: int
    sid: str
    status: str
    code: int | None  # Twilio's error code, if it failed


class Signature:
    """Verifies that a request comes from Twilio."""

    def __init__(self, public_url: str, *, auth_token: str, shared_key: str | None = None) -> None:
        """Twilio signs with the account's token, or with the shared key (SHA-256) if there is one.

        `public_url` is the prefix of the URLs that were configured at Twilio. The request's `Host`
        is ignored, since its sender can choose it.
        """
        self._public_url = public_url.rstrip("/")
        self._token = RequestValidator(auth_token)
        self._shared_key = RequestValidator(shared_key) if shared_key else None

    def check(
        self, path_and_query: str, fields: ImmutableMultiDict[str, str], headers: Mapping[str, str]
    ) -> None:
        """Verify a request's signature.

        Raises:
            Forged: the signature is missing or wrong.
        """
        algorithm = get_signature_algorithm(headers.get(SIGNATURE_SETTINGS_HEADER, "")).upper()
        validator = self._token if algorithm == HMAC_SHA1 else self._shared_key
        if validator is None:
            raise Forged(f"signed by {algorithm}, and TWILIO_SHARED_KEY is not set")
        given = headers.get(SIGNATURE_HEADER, "")
        url = self._public_url + path_and_query
        if not given.isascii() or not validator.validate(url, fields, given, algorithm):
            raise Forged("wrong or no signature")


def fields(body: bytes) -> ImmutableMultiDict[str, str]:
    """Parse a request's form; keeps empty fields, since they are signed too.

    Raises:
        Malformed: the body is not a form.
    """
    try:
        pairs = parse_qsl(
            body.decode(),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:
        raise Malformed("not a form") from None  # the cause would quote the body
    return ImmutableMultiDict(pairs)


def read(form: Mapping[str, str]) -> list[InboundMessage]:
    """Parse a message; each of several photos is one item, a message of another channel is none.

    Raises:
        Malformed: a field that Twilio promises is missing or of another shape.
    """
    sid, sender = identifier(form.get("MessageSid")), form.get("From", "")
    if sid is None or not sender:
        raise Malformed("a message without MessageSid or From")
    if not sender.startswith(_PREFIX):
        return []
    address = identifier(sender.removeprefix(_PREFIX))
    if address is None:
        raise Malformed("a message whose From is no address")
    other = identifier(form.get("ExternalUserId", "").removeprefix(_PREFIX))
    alias = other if other != address else None
    content = _content(form)
    if len(content) == 1:
        [(event, media)] = content
        return [InboundMessage(NAME, address, sid, event, media, alias=alias)]
    return [
        InboundMessage(NAME, address, f"{sid}:{number}", event, media, alias=alias)
        for number, (event, media) in enumerate(content)
    ]


def read_report(outbox_id: str, form: Mapping[str, str]) -> Report:
    """Parse a status report on the message of an outbox row.

    Raises:
        Malformed: the row, the message's SID or the status is missing.
    """
    status = form.get("MessageStatus", "") or form.get("SmsStatus", "")
    if form.get("EventType", "").upper() == "READ":  # sent instead of a status
        status = "read"
    sid, state = identifier(form.get("MessageSid")), identifier(status)
    if not _ROW.fullmatch(outbox_id) or sid is None or state is None:
        raise Malformed("a status without its message")
    return Report(int(outbox_id), sid, state, digits(form.get("ErrorCode", "")))


def _content(form: Mapping[str, str]) -> Sequence[tuple[Event, Media | None]]:
    kind = identifier(form.get("MessageType", "").lower()) or ""
    body = words(form.get("Body", "").strip())
    tapped = form.get("ListId") or form.get("ButtonPayload")
    if tapped:
        label = words(form.get("ListTitle") or form.get("ButtonText") or body)
        return [(_tap(tapped, label), None)]
    if form.get("Latitude") and form.get("Longitude"):
        return [(_pin(form["Latitude"], form["Longitude"]), None)]
    if kind == "reaction":  # its Body is the emoji
        return [(Unreadable(kind), None)]
    if files := _files(form):
        return [_file(form, number, kind, body) for number in range(files)]
    if body:
        return [(_words(body), None)]
    return [(Unreadable(kind or "unknown"), None)]


def _tap(payload: str, label: str) -> Event:
    """Parse a tap: our own button has a token, a template's button only its label."""
    found = read_token(payload)
    if found is None:
        return Said(label) if label else Tapped("", "", "", 0, "")
    question, value = found
    return Tapped(question.flow, question.subject, question.step, question.version, value)


def _pin(latitude: str, longitude: str) -> Event:
    try:
        lat, lon = degrees(float(latitude), 90), degrees(float(longitude), 180)
    except ValueError:
        raise Malformed("a location that is no number") from None
    if lat is None or lon is None:
        raise Malformed("a location outside the globe")
    return Located(lat, lon)


def _files(form: Mapping[str, str]) -> int:
    count = digits(form.get("NumMedia", "") or "0")
    if count is None:
        raise Malformed("a message whose NumMedia is no number")
    return min(count, MAX_MEDIA)


def _file(
    form: Mapping[str, str], number: int, kind: str, caption: str
) -> tuple[Event, Media | None]:
    url = reference(form.get(f"MediaUrl{number}"))
    content_type = form.get(f"MediaContentType{number}", "").lower()
    if url is None:
        raise Malformed(f"a message without MediaUrl{number}")
    unreadable = _unreadable(kind, content_type)
    if unreadable is not None:
        return Unreadable(unreadable), None
    sent_as: Literal["photo", "document", "voice"] = "document"
    if content_type.startswith("image/") and kind != "document":
        sent_as = "photo"
    elif content_type.startswith("audio/"):
        sent_as = "voice"
    return Uploaded(0, sent_as, caption if number == 0 else ""), Media(url, sent_as)


def _unreadable(kind: str, content_type: str) -> str | None:
    """Return the kind of an unsupported file; None if supported. A sticker is a WEBP picture."""
    family, _, form = content_type.partition("/")
    if kind == "sticker" or (form == "webp" and kind != "document"):
        return "sticker"
    if "vcard" in form or form == "directory":
        return "contact"
    return "video" if family == "video" else None


def _words(text: str) -> Event:
    """Parse a text; "/start" starts the chat, as Telegram's start button does."""
    command, _, payload = text.partition(" ")
    return Started(payload.strip()) if command.lower() == "/start" else Said(text)
