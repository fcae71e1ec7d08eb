"""Deliveries whose values have another type, size or sign: refused, or heard without the value."""

from __future__ import annotations

import math
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import fields as fields_of
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.base import InboundMessage, read_token
from bot.channels.bounds import BIGINT, MAX_ID, MAX_REFERENCE, MAX_WORDS
from bot.channels.telegram import updates as telegram_updates
from bot.channels.whatsapp import updates as whatsapp_updates
from bot.errors import Malformed
from conversations import events
from conversations.events import Located, SharedContact, Tapped
from tests.bot.channels import test_telegram_updates as telegram
from tests.bot.channels import test_whatsapp_updates as whatsapp

MESSAGE = {
    "MessageSid": whatsapp.SID,
    "From": f"whatsapp:{whatsapp.PHONE}",
    "ExternalUserId": f"whatsapp:{whatsapp.BSUID}",
    "MessageType": "text",
    "Body": "Halo",
}
FORMS = [
    MESSAGE,
    {**MESSAGE, "Latitude": "-6.27", "Longitude": "106.8"},
    {**MESSAGE, "ButtonPayload": "business_permit||premises|7|home", "ButtonText": "Di rumah"},
    {**MESSAGE, "ListId": "business_permit||trade|3|56103", "ListTitle": "Nasi uduk"},
    {**MESSAGE, "NumMedia": "1", **dict(parse_qsl(whatsapp.file(0, "image/jpeg")))},
]
REPORT = {"MessageSid": whatsapp.SID, "MessageStatus": "failed", "ErrorCode": "63016"}

STRANGE: list[Any] = [
    True,
    False,
    None,
    0,
    -1,
    2**31,
    2**63,
    -(2**63) - 1,
    10**30,
    int("9" * 400),
    1.5,
    1e308,
    math.inf,
    math.nan,
    "",
    "0",
    "-1",
    "9" * 30,
    "9" * 5_000,
    "٣",
    "²",
    "NaN",
    "1e999",
    "a\0b",
    "\0",
    "\ud800",
    "warung\udfffdepan",
    "x" * 12_000,
    "é" * 3_000,
    "🍌" * (MAX_WORDS + 1),
    "a|b|c|" + "9" * 5_000 + "|e",
    "a|b|c|-1|e",
    "a|b|c|١|e",
    "a|b|c|1|" + "e" * 5_000,
    [],
    [[]],
    {},
    {"id": True},
]
TEXTS = [value for value in STRANGE if isinstance(value, str)]


def places(tree: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in a tree of JSON, the tree itself included."""
    yield way
    if isinstance(tree, dict | list):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from places(value, (*way, key))


def put(tree: Any, way: tuple[Any, ...], value: Any) -> Any:
    """The tree with another value at that place."""
    if not way:
        return value
    changed = deepcopy(tree)
    at = changed
    for key in way[:-1]:
        at = at[key]
    at[way[-1]] = value
    return changed


UPDATES = {
    f"{label}: {'.'.join(map(str, way))}": (update, way)
    for label, (update, _) in telegram.HEARD.items()
    for way in places(update)
}


@pytest.mark.parametrize("label", UPDATES)
def test_a_strange_value_in_an_update_is_refused_or_left_out(label: str) -> None:
    update, way = UPDATES[label]
    for value in STRANGE:
        try:
            heard = telegram_updates.read(put(update, way, value))
        except Malformed:
            continue
        for one in heard:
            assert_fit(one)


@given(st.data())
def test_any_value_in_an_update_is_refused_or_left_out(data: st.DataObject) -> None:
    update, way = data.draw(st.sampled_from(list(UPDATES.values())))
    odd = st.integers() | st.floats() | st.text() | st.booleans() | st.none()
    value = data.draw(odd | st.lists(odd) | st.dictionaries(st.text(), odd))
    try:
        heard = telegram_updates.read(put(update, way, value))
    except Malformed:
        return
    for one in heard:
        assert_fit(one)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: ",".join(form)[-40:])
@pytest.mark.parametrize("value", TEXTS, ids=lambda value: ascii(value[:20]))
def test_a_strange_value_in_a_form_is_refused_or_left_out(form: dict[str, str], value: str) -> None:
    for field in [*form, "NumMedia", "MediaUrl0", "MediaContentType0", "ButtonPayload", "ListId"]:
        for text in (value, f"whatsapp:{value}"):
            try:
                heard = whatsapp_updates.read({**form, field: text})
            except Malformed:
                continue
            for one in heard:
                assert_fit(one)


@pytest.mark.parametrize("value", TEXTS, ids=lambda value: ascii(value[:20]))
def test_a_strange_value_in_a_report_is_refused_or_left_out(value: str) -> None:
    for field in REPORT:
        try:
            report = whatsapp_updates.read_report("81", {**REPORT, field: value})
        except Malformed:
            assert field != "ErrorCode", "a code is not needed"
            continue
        assert report.code is None or 0 <= report.code <= BIGINT
        assert all(one.isascii() and one.isprintable() for one in (report.sid, report.status))
        assert 0 < len(report.sid) <= MAX_ID
        assert 0 < len(report.status) <= MAX_ID
    with pytest.raises(Malformed):
        whatsapp_updates.read_report(value.replace("0", "x") or "x", REPORT)


@given(st.text(st.characters(codec=None)))
def test_any_text_in_a_form_is_refused_or_left_out(value: str) -> None:
    raw = urlencode({**MESSAGE, "Body": value}, errors="surrogatepass").encode()
    try:
        heard = whatsapp_updates.read(whatsapp_updates.fields(raw))
    except Malformed:
        return
    for one in heard:
        assert_fit(one)


def test_words_are_cut_where_no_provider_goes_on() -> None:
    form = {**MESSAGE, "Body": "a" * (MAX_WORDS + 5)}
    [heard] = whatsapp_updates.read(form)
    assert heard.event == events.Said("a" * MAX_WORDS)


def test_a_size_that_is_none_is_left_out_and_its_photo_is_taken() -> None:
    for size in (True, -1, 10**30, "12", None, 1.5):
        photo = {"file_id": "AgAC", "width": 90, "height": 51, "file_size": size}
        [heard] = telegram_updates.read(telegram.message(photo=[photo]))
        assert heard.media is not None
        assert heard.media.size is None


def test_a_tap_whose_number_is_too_long_is_one_on_an_old_question() -> None:
    for number in ("9" * 10, "9" * 5_000, "-1", "²", "٣", " 1", "1.0", ""):
        assert read_token(f"a|b|c|{number}|e") is None
    assert read_token("a|b|c|999999999|e") is not None


def assert_fit(heard: InboundMessage) -> None:
    """What was heard can be written down: each value has its type, and its bounds."""
    for name in ("address", "provider_id", "tap_id", "alias"):
        value = getattr(heard, name)
        if value is not None:
            assert 0 < len(value) <= MAX_ID + 3, name  # a file's number goes behind an id
            assert value.isascii(), name
            assert value.isprintable(), name
    if heard.media is not None:
        assert 0 < len(heard.media.reference) <= MAX_REFERENCE
        size = heard.media.size
        assert size is None or (type(size) is int and 0 <= size <= BIGINT)
    event = heard.event
    for one in fields_of(event):
        value = getattr(event, one.name)
        if isinstance(value, str):
            value.encode()
            assert "\0" not in value
            assert len(value) <= MAX_WORDS
    if isinstance(event, Located):
        assert type(event.lat) is type(event.lon) is float
        assert -90 <= event.lat <= 90
        assert -180 <= event.lon <= 180
    if isinstance(event, Tapped):
        assert 0 <= event.version < 2**31
    if isinstance(event, SharedContact):
        assert len(event.phone) <= 16
        assert type(event.own) is bool
    assert (
        events.from_json(msgspec.json.decode(msgspec.json.encode(events.to_json(event)))) == event
    )
