"""Who asks for a call is asked for a number only where it is needed, and as they can give it."""

import pytest

from conversations import flows
from conversations.parsers import phone
from tests.conversations.transcript import Chat

FLOWS = flows.load()
ASKS = ("izin saya mau diperpanjang", "bicara dengan orang", "data saya")


def chat(*so: str) -> Chat:
    one = Chat(FLOWS)
    for line in so:
        one.heard(line)
    one.heard("> halo")
    return one


def asking(one: Chat, asks: str) -> str:
    """What is answered to who asks for a call."""
    return "\n".join(one.heard(f"> {asks}"))


@pytest.mark.parametrize("asks", ASKS)
@pytest.mark.parametrize("step", [None, "owner_name", "premises", "capital"])
def test_on_whatsapp_nobody_is_asked_for_the_number_they_write_from(
    asks: str, step: str | None
) -> None:
    one = chat("~ whatsapp", "~ phone +6281200000051 of-chat")
    if step:
        one.heard(f"~ asked business_permit {step}")
    said = asking(one, asks)
    assert "nomor WhatsApp ini, +6281200000051" in said
    assert "Kontak" not in said


@pytest.mark.parametrize("asks", ASKS)
def test_who_hides_their_number_is_asked_to_type_it(asks: str) -> None:
    said = asking(chat("~ whatsapp"), asks)
    assert "ketik nomor HP" in said
    assert "Kontak" not in said


@pytest.mark.parametrize("asks", ASKS)
def test_on_telegram_a_contact_or_a_number_is_asked_for(asks: str) -> None:
    said = asking(chat(), asks)
    assert "kirim kontak" in said
    assert "ketik nomor HP" in said


@pytest.mark.parametrize("asks", ASKS)
def test_a_number_that_is_known_is_not_asked_for(asks: str) -> None:
    said = asking(chat("~ phone +6281234567890"), asks)
    assert "akan ditelepon di +6281234567890" in said
    assert "Kontak" not in said


TYPED = (
    "081200000051",
    "0812-0000-0051",
    "0812 0000 0051",
    "+62 812 0000 0051",
    "6281200000051",
    "nomor saya 081200000051",
    "HP: 0812.0000.0051",
    "ini no wa saya 081200000051 pak",
    "o812oooooo51",
    "(0812) 0000 0051",
)


@pytest.mark.parametrize("typed", TYPED)
@pytest.mark.parametrize("step", [None, "owner_name", "street", "premises", "place_photo"])
def test_a_typed_number_is_kept_and_handed_on(typed: str, step: str | None) -> None:
    one = chat()
    if step:
        one.heard(f"~ asked business_permit {step}")
    one.heard("> bicara dengan orang")
    shown = one.heard(f"> {typed}")
    assert shown[:2] == ["! RememberPhone phone +6281200000051", "! CallPerson about phone"]
    if step:
        assert one.session is not None and one.session.asked is not None
        assert one.session.asked.step == step


@pytest.mark.parametrize("typed", TYPED[:4])
def test_a_number_is_kept_after_a_card_that_cannot_be_read(typed: str) -> None:
    one = chat("~ whatsapp")
    one.heard("~ asked business_permit street")
    one.heard("~ sent contact")
    assert one.heard(f"> {typed}")[0] == "! RememberPhone phone +6281200000051"


@pytest.mark.parametrize("typed", ["0812", "08120000005123456", "+628", "0912000051"])
def test_a_number_that_cannot_be_one_is_not_kept(typed: str) -> None:
    one = chat()
    one.heard("> bicara dengan orang")
    assert not any("RememberPhone" in line for line in one.heard(f"> {typed}"))


@pytest.mark.parametrize(
    ("said", "capital"),
    [("5000000", 5_000_000), ("85000000", 85_000_000), ("812000000", 812_000_000)],
)
def test_a_sum_is_no_number_to_call(said: str, capital: int) -> None:
    one = chat()
    one.heard("~ asked business_permit capital")
    one.heard("> bicara dengan orang")
    shown = one.heard(f"> {said}")
    assert not any("RememberPhone" in line for line in shown)
    assert one.session is not None and one.session.draft is not None
    assert one.session.draft.answers["capital"] == capital


def test_a_contact_is_kept_when_no_question_is_open_and_as_the_first_word() -> None:
    one = Chat(FLOWS)
    assert one.heard("~ contact +6281200000051")[0] == "! RememberPhone phone +6281200000051"
    one = chat()
    one.session = None
    assert one.heard("~ contact +6281200000051")[0] == "! RememberPhone phone +6281200000051"


@pytest.mark.parametrize(
    "text", ["5 juta", "RT 5 RW 3", "Gang Mawar no 7", "482915", "besok jam 10", "12345", "halo"]
)
def test_other_words_are_no_number(text: str) -> None:
    assert not phone.is_one(text)
