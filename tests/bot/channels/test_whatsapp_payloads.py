"""What is sent on WhatsApp, message by message, and that all that we say fits into its limits."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.base import token
from bot.channels.telegram import payloads as telegram_payloads
from bot.channels.telegram.payloads import MAX_CAPTION, MAX_DATA
from bot.channels.texts import units
from bot.channels.whatsapp.payloads import (
    MAX_BODY,
    MAX_ID,
    MAX_ITEM,
    MAX_ITEMS,
    MAX_REPLIES,
    MAX_REPLY,
    MAX_TEXT,
    MAX_VARIABLES,
    Payload,
    Pick,
    Shape,
    floor,
    render,
)
from bot.errors import Rejected
from conversations import catalogue, flows
from conversations.catalogue import LOCALES, Catalogue
from conversations.messages import Button, Message, Question, Say
from tests.conversations.test_transcripts import TRANSCRIPTS
from tests.conversations.transcript import PLAYED, Chat

WORDS = Catalogue(
    {
        "t.any": {"id": "{text}", "en": "{text}"},
        "t.yes": {"id": "Ya", "en": "Yes"},
        "whatsapp.choose": {"id": "Pilih", "en": "Choose"},
        "whatsapp.send_location": {"id": "Tekan 📎.", "en": "Press 📎."},
    }
)
PLACE = Question("business_permit", "", "place", 7)
YES = Button("yes", Say("t.yes"))


def says(text: str, *choices: Button, **more: object) -> Message:
    return Message((Say("t.any", {"text": text}),), choices, PLACE, **more)  # type: ignore[arg-type]


def choices(*labels: str) -> tuple[Button, ...]:
    return tuple(Button(str(number), label) for number, label in enumerate(labels, 1))


def pick(*labels: str, button: str = "") -> Pick:
    given = enumerate(labels, 1)
    return Pick(tuple((token(PLACE, str(number)), label) for number, label in given), button)


RENDERED: dict[str, tuple[Message, list[Payload]]] = {
    "words": (says("Halo"), [Payload("Halo")]),
    "up to three short choices are buttons": (
        says("Setuju?", *choices("Ya", "Tidak", "x" * 20)),
        [Payload("Setuju?", pick("Ya", "Tidak", "x" * 20))],
    ),
    "more are a list": (
        says("Di mana?", *choices("a", "b", "c", "d")),
        [Payload("Di mana?", pick("a", "b", "c", "d", button="Pilih"))],
    ),
    "so are longer ones": (
        says("Di mana?", *choices("x" * 24)),
        [Payload("Di mana?", pick("x" * 24, button="Pilih"))],
    ),
    "an emoji counts as two": (
        says("Di mana?", *choices("x" * 19 + "🏠")),
        [Payload("Di mana?", pick("x" * 19 + "🏠", button="Pilih"))],
    ),
    "what fits on no button has numbers": (
        says("Di mana?", *choices("x" * 25, "b")),
        [Payload(f"Di mana?\n\n1. {'x' * 25}\n2. b")],
    ),
    "so has what is more than a list takes": (
        says("Di mana?", *choices(*"abcdefghijk")),
        [
            Payload(
                "Di mana?\n\n"
                + "\n".join(f"{n}. {label}" for n, label in enumerate("abcdefghijk", 1))
            )
        ],
    ),
    "and two choices that look alike": (
        says("Di mana?", *choices("Kebayoran", "Kebayoran")),
        [Payload("Di mana?\n\n1. Kebayoran\n2. Kebayoran")],
    ),
    "a wish for the location says how": (
        says("Di mana?", wish="location"),
        [Payload("Di mana?\n\nTekan 📎.")],
    ),
    "a file comes after its words": (
        says("Ini izinnya.", document="permits/2026/A.pdf"),
        [Payload("Ini izinnya."), Payload("", filename="A.pdf")],
    ),
    "under the name that it is given": (
        says("", document="permits/2026/A.pdf", filename="Izin.pdf"),
        [Payload("", filename="Izin.pdf")],
    ),
    "a long text is cut between sentences": (
        says(f"{'a' * 1500}. {'b' * 200}"),
        [Payload(f"{'a' * 1500}."), Payload("b" * 200)],
    ),
    "with buttons it is cut shorter": (
        says(f"{'a' * 1000}. {'b' * 200}", YES),
        [Payload(f"{'a' * 1000}."), Payload("b" * 200, Pick(((token(PLACE, "yes"), "Ya"),)))],
    ),
}


@pytest.mark.parametrize("label", RENDERED)
def test_a_message_is_rendered_so(label: str) -> None:
    message, expected = RENDERED[label]
    assert render(message, "id", WORDS) == expected


def test_choices_without_a_question_are_rejected() -> None:
    with pytest.raises(Rejected, match="'yes' belongs to no question"):
        render(Message((Say("t.any", {"text": "?"}),), (YES,)), "id", WORDS)


def test_the_shape_holds_the_lines_and_the_message_the_words() -> None:
    [payload] = render(says("Satu\n\n  dua\ttiga", *choices("Ya", "Tidak")), "id", WORDS)
    assert payload.shape == Shape((True, False, True), 2, as_list=False)
    assert payload.shape.types == {
        "twilio/quick-reply": {
            "body": "{{1}}\n\n{{2}}",
            "actions": [
                {"type": "QUICK_REPLY", "title": "{{3}}", "id": "{{4}}"},
                {"type": "QUICK_REPLY", "title": "{{5}}", "id": "{{6}}"},
            ],
        }
    }
    assert payload.variables == {
        "1": "Satu",
        "2": "dua tiga",
        "3": "Ya",
        "4": "business_permit||place|7|1",
        "5": "Tidak",
        "6": "business_permit||place|7|2",
    }
    assert payload.shape.samples.keys() == payload.variables.keys()
    other = Payload("lain\n\nkata", pick("A", "B"))
    assert other.shape is not None and other.shape.key == payload.shape.key
    for different in (Payload("lain", pick("A", "B")), Payload("lain\n\nkata", pick("A"))):
        assert different.shape is not None and different.shape.key != payload.shape.key


@given(st.text(st.sampled_from("ab.! \n\t🏠é"), max_size=40).map(lambda text: text * 100))
def test_no_word_is_lost_and_nothing_is_too_long(text: str) -> None:
    sent = render(says(text, YES), "id", WORDS)
    shown = "".join(one.shown + "".join(one.pick.labels if one.pick else ()) for one in sent)
    numbered = re.sub(r"1\. Ya$", "Ya", shown)
    assert "".join(numbered.split()) == "".join(text.split()) + "Ya"
    assert all(fits(payload) for payload in sent)


# All that we say


def everything_said() -> list[tuple[str, Message]]:
    """Every message of every transcript, with where it is said."""
    all_flows = flows.load()
    said: list[tuple[str, Message]] = []
    for path in sorted(TRANSCRIPTS.rglob("*.chat")):
        chat = Chat(all_flows)
        for line in path.read_text().splitlines():
            if line.startswith(PLAYED):
                chat.heard(line)
        said += [(f"{path.parent.name}/{path.stem}", message) for message in chat.sent]
    return said


@pytest.mark.slow
@pytest.mark.parametrize("locale", LOCALES)
def test_everything_that_we_say_fits_into_both_chats(locale: str) -> None:
    words = catalogue.load()
    said = everything_said()
    assert len(said) > 200
    shapes = set()
    for place, message in said:
        for payload in render(message, locale, words):
            assert fits(payload), f"{place}: {payload}"
            assert all(fits(one) for one in floor(payload)), f"{place}: {payload}"
            shapes.add(payload.shape)
        for sent in telegram_payloads.render(message, locale, words):
            most = MAX_CAPTION if sent.filename else telegram_payloads.MAX_TEXT
            assert units(sent.text) <= most, f"{place}: {sent}"
            for data in re.findall(r'"callback_data": "([^"]*)"', _markup(sent)):
                assert len(json.loads(f'"{data}"').encode()) <= MAX_DATA
    assert len(shapes) < 160, "few shapes serve all messages"


def _markup(sent: telegram_payloads.Payload) -> str:
    return json.dumps(sent.markup)


def fits(payload: Payload) -> bool:
    if payload.filename is not None:
        return not payload.text and payload.pick is None
    if payload.pick is None:
        return units(payload.text) <= MAX_TEXT
    variables = payload.variables.values()
    longest = MAX_ITEM if payload.pick.button else MAX_REPLY
    return (
        0 < units(payload.shown) <= MAX_BODY
        and len(payload.pick.choices) <= (MAX_ITEMS if payload.pick.button else MAX_REPLIES)
        and all(units(label) <= longest for label in payload.pick.labels)
        and units(payload.pick.button) <= MAX_REPLY
        and all(len(value) <= MAX_ID for value, _ in payload.pick.choices)
        and len(variables) <= MAX_VARIABLES
        and sum(map(units, variables)) <= MAX_TEXT
        and not any(re.search(r"[\n\t]| {5}|^$", value) for value in variables)
    )
