"""Messages, and what Telegram is given for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

from bot.channels.base import read_token
from bot.channels.telegram.payloads import MAX_CAPTION, MAX_TEXT, Payload, render
from bot.errors import Rejected
from conversations.catalogue import Catalogue
from conversations.messages import Button, Json, Message, Question, Say

CATALOGUE = Catalogue(
    {
        "t.ask": {"id": "Di mana tempat usahanya?", "en": "Where is the business?"},
        "t.thanks": {"id": "Terima kasih.", "en": "Thank you."},
        "t.any": {"id": "{text}", "en": "{text}"},
        "t.yes": {"id": "Ya", "en": "Yes"},
        "t.no": {"id": "Tidak", "en": "No"},
        "t.mobile": {"id": "Keliling / gerobak", "en": "Mobile / cart"},
        "common.send_location": {"id": "Kirim lokasi", "en": "Send location"},
        "common.send_contact": {"id": "Kirim nomor", "en": "Send number"},
    }
)
QUESTION = Question("business_permit", "", "place", 7)
YES, NO = Button("yes", Say("t.yes")), Button("no", Say("t.no"))
MOBILE = Button("mobile", Say("t.mobile"))


def any_text(text: str) -> tuple[Say, ...]:
    return (Say("t.any", {"text": text}),)


# Keyboards as the library would write them.


def inline(*rows: list[tuple[str, str]]) -> Json:
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(label, callback_data=data) for label, data in row] for row in rows]
    ).to_dict()


def typed(*rows: list[KeyboardButton]) -> Json:
    return ReplyKeyboardMarkup(rows, resize_keyboard=True, one_time_keyboard=True).to_dict()


REMOVED = ReplyKeyboardRemove().to_dict()


ASK = (Say("t.thanks"), Say("t.ask"))
ASKED = "Terima kasih.\n\nDi mana tempat usahanya?"

RENDERED: dict[str, tuple[Message, list[Payload]]] = {
    "a notice leaves the keyboard as it is": (
        Message((Say("t.thanks"),)),
        [Payload("Terima kasih.")],
    ),
    "what clears takes an old keyboard away": (
        Message(ASK, clears=True),
        [Payload(ASKED, REMOVED)],
    ),
    "short choices stand side by side": (
        Message(ASK, (YES, NO), QUESTION),
        [
            Payload(
                ASKED,
                inline(
                    [
                        ("Ya", "business_permit||place|7|yes"),
                        ("Tidak", "business_permit||place|7|no"),
                    ]
                ),
            )
        ],
    ),
    "one long choice gives each a row": (
        Message(ASK, (YES, MOBILE), QUESTION),
        [
            Payload(
                ASKED,
                inline(
                    [("Ya", "business_permit||place|7|yes")],
                    [("Keliling / gerobak", "business_permit||place|7|mobile")],
                ),
            )
        ],
    ),
    "a name is a label": (
        Message(ASK, (Button("31.74", "Cipete Utara"),), QUESTION),
        [Payload(ASKED, inline([("Cipete Utara", "business_permit||place|7|31.74")]))],
    ),
    "a wish for the place": (
        Message(ASK, question=QUESTION, wish="location"),
        [Payload(ASKED, typed([KeyboardButton("Kirim lokasi", request_location=True)]))],
    ),
    "a wish for the number": (
        Message(ASK, question=QUESTION, wish="contact"),
        [Payload(ASKED, typed([KeyboardButton("Kirim nomor", request_contact=True)]))],
    ),
    "choices stand below a wish": (
        Message(ASK, (YES, NO, MOBILE), QUESTION, wish="location"),
        [
            Payload(
                ASKED,
                typed(
                    [KeyboardButton("Kirim lokasi", request_location=True)],
                    [KeyboardButton("Ya")],
                    [KeyboardButton("Tidak")],
                    [KeyboardButton("Keliling / gerobak")],
                ),
            )
        ],
    ),
    "a wish for a photo needs no button": (
        Message(ASK, (YES,), QUESTION, wish="photo"),
        [Payload(ASKED, inline([("Ya", "business_permit||place|7|yes")]))],
    ),
    "a document with its caption": (
        Message((Say("t.thanks"),), document="permits/81.pdf", filename="Izin Usaha.pdf"),
        [Payload("Terima kasih.", None, "Izin Usaha.pdf")],
    ),
    "a document without a name is called as it is stored": (
        Message((Say("t.thanks"),), document="permits/81.pdf"),
        [Payload("Terima kasih.", None, "81.pdf")],
    ),
    "a caption as long as may be": (
        Message(any_text("x" * MAX_CAPTION), document="a.pdf"),
        [Payload("x" * MAX_CAPTION, None, "a.pdf")],
    ),
    "a longer text goes before its document, the keyboard under it": (
        Message(any_text("🏠" * (MAX_CAPTION // 2) + "x"), (YES,), QUESTION, document="a.pdf"),
        [
            Payload("🏠" * (MAX_CAPTION // 2) + "x"),
            Payload("", inline([("Ya", "business_permit||place|7|yes")]), "a.pdf"),
        ],
    ),
    "what people write is not read as a format": (
        Message(any_text("<b>Warung *Bu* [Siti](x) {a}</b>")),
        [Payload("<b>Warung *Bu* [Siti](x) {a}</b>")],
    ),
    "a text as long as may be": (
        Message(any_text("🏠" * (MAX_TEXT // 2))),
        [Payload("🏠" * (MAX_TEXT // 2))],
    ),
    "a text is cut between paragraphs, the keyboard is under the last": (
        Message(
            (
                *any_text("a" * 3000),
                *any_text(f"{'b' * 500}. {'b' * 500}.\n{'b' * 500}"),
            ),
            (YES,),
            QUESTION,
        ),
        [
            Payload("a" * 3000),
            Payload(
                f"{'b' * 500}. {'b' * 500}.\n{'b' * 500}",
                inline([("Ya", "business_permit||place|7|yes")]),
            ),
        ],
    ),
    "else between lines": (
        Message(any_text(f"{'a' * 3000}. b\n{'c' * 500} {'c' * 1000}")),
        [Payload(f"{'a' * 3000}. b"), Payload(f"{'c' * 500} {'c' * 1000}")],
    ),
    "else between sentences": (
        Message(any_text(f"{'a' * 3000}. {'c' * 500} {'c' * 1000}")),
        [Payload(f"{'a' * 3000}."), Payload(f"{'c' * 500} {'c' * 1000}")],
    ),
    "else between words": (
        Message(any_text(f"{'a' * 3000} {'c' * 1096} d")),
        [Payload(f"{'a' * 3000}"), Payload(f"{'c' * 1096} d")],
    ),
    "a word that ends where the limit is stays whole": (
        Message(any_text(f"{'a' * 3000} {'c' * 1095} d")),
        [Payload(f"{'a' * 3000} {'c' * 1095}"), Payload("d")],
    ),
    "an endless word is cut, but no sign of it": (
        Message(any_text("x" + "🏠" * 2048)),
        [Payload("x" + "🏠" * 2047), Payload("🏠")],
    ),
}


@pytest.mark.parametrize("label", RENDERED)
def test_a_message_is_rendered_so(label: str) -> None:
    message, expected = RENDERED[label]
    assert render(message, "id", CATALOGUE) == expected


def test_a_message_is_rendered_in_the_readers_language() -> None:
    message = Message(ASK, (YES,), QUESTION, wish="location")
    [payload] = render(message, "en", CATALOGUE)
    assert payload.text == "Thank you.\n\nWhere is the business?"
    assert [row[0]["text"] for row in payload.markup["keyboard"]] == ["Send location", "Yes"]


@given(st.text(st.sampled_from("ab.! \n🏠é"), max_size=40).map(lambda text: text * 300))
def test_cutting_loses_nothing_but_blanks_and_keeps_the_limit(text: str) -> None:
    parts = [payload.text for payload in render(Message(any_text(text)), "id", CATALOGUE)]
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(len(part.encode("utf-16-le")) // 2 <= MAX_TEXT for part in parts)
    assert all(parts) or not text.strip()


def test_the_longest_data_that_fits_comes_back() -> None:
    value = "x" * (64 - len("business_permit||place|7|"))
    [payload] = render(Message(ASK, (Button(value, "a"),), QUESTION), "id", CATALOGUE)
    data = payload.markup["inline_keyboard"][0][0]["callback_data"]
    assert isinstance(data, str)
    assert read_token(data) == (QUESTION, value)


@pytest.mark.parametrize("value", ["x" * 40, "é" * 20])
def test_data_over_64_bytes_is_rejected_by_name(value: str) -> None:
    with pytest.raises(Rejected, match=f"business_permit..place.7.{value}.*Telegram takes 64"):
        render(Message(ASK, (Button(value, "a"),), QUESTION), "id", CATALOGUE)


def test_choices_without_a_question_are_rejected() -> None:
    with pytest.raises(Rejected, match="'yes' belongs to no question"):
        render(Message(ASK, (YES,)), "id", CATALOGUE)
