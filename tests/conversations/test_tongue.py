"""The first words decide the language, not the telephone's."""

import pytest

from conversations import flows
from conversations.tongue import tongue
from tests.conversations.transcript import Chat

FLOWS = flows.load()
INDONESIAN = (
    "Halo pak, saya mau bikin izin usaha warung",
    "assalamualaikum",
    "gmn cara daftar nya min",
    "mau urus ijin",
    "pagi bu",
    "gue mo bikin ijin jualan",
    "berapa biayanya?",
    "lapor pungli",
    "sy jual nasi uduk, butuh izin",
    "minta tolong",
    "permisi mau tanya",
    "izin",
)
ENGLISH = (
    "Hello, I want to apply for a business permit",
    "I need a license for my food stall",
    "how much does it cost?",
    "good morning, can you help me please",
    "permit",
    "where is the form",
    "do you speak english",
    "I'd like to open a shop",
    "what do I need",
    "help me please",
    "is it free",
    "business permit please",
)


@pytest.mark.parametrize("words", INDONESIAN)
@pytest.mark.parametrize("started", [False, True])
def test_indonesian_words_on_an_english_telephone_are_answered_in_indonesian(
    words: str, *, started: bool
) -> None:
    chat = Chat(FLOWS)
    chat.heard("~ english")
    if started:
        chat.heard("~ start")
    shown = chat.heard(f"> {words}")
    assert shown[0] == "! UseLanguage locale id"
    assert chat.facts.me.locale == "id"
    assert "Bapak/Ibu" in "\n".join(shown) or started


@pytest.mark.parametrize("words", ENGLISH)
@pytest.mark.parametrize("started", [False, True])
def test_english_words_on_an_indonesian_telephone_are_answered_in_english(
    words: str, *, started: bool
) -> None:
    chat = Chat(FLOWS)
    if started:
        chat.heard("~ start")
    assert chat.heard(f"> {words}")[0] == "! UseLanguage locale en"


@pytest.mark.parametrize("words", ["ok", "P", "Siti Aminah", "123", "👍", "menu", "Jl. Melati 3"])
@pytest.mark.parametrize("locale", ["id", "en"])
def test_words_that_tell_nothing_leave_the_telephones_language(words: str, locale: str) -> None:
    chat = Chat(FLOWS)
    if locale == "en":
        chat.heard("~ english")
    shown = chat.heard(f"> {words}")
    assert not any("UseLanguage" in line for line in shown)
    assert tongue(words) is None


@pytest.mark.parametrize("words", [*INDONESIAN, *ENGLISH, "ok", "izin", "cek petugas"])
def test_the_first_message_offers_the_other_language(words: str) -> None:
    chat = Chat(FLOWS)
    chat.heard(f"> {words}")
    labels = [FLOWS.catalogue.say(c.label, chat.facts.me.locale) for c in chat.sent[-1].choices]
    other = "English" if chat.facts.me.locale == "id" else "Bahasa Indonesia"
    assert other in labels
    chat.heard(f"~ tap {other}")
    assert chat.facts.me.locale == ("en" if other == "English" else "id")


def test_a_language_that_was_chosen_is_kept() -> None:
    chat = Chat(FLOWS)
    chat.heard("~ start")
    chat.heard("> english")
    assert not any("UseLanguage" in line for line in chat.heard("> mau bikin izin"))


@pytest.mark.parametrize(
    "answer", ["Abdul mau", "saya sendiri", "Gang Mawar dekat warung pak Haji"]
)
def test_answers_of_the_form_change_no_language(answer: str) -> None:
    chat = Chat(FLOWS)
    chat.heard("~ english")
    chat.heard("~ consented")
    chat.heard("~ start")
    chat.heard("> 1")
    chat.heard("> fill it in myself")
    assert not any("UseLanguage" in line for line in chat.heard(f"> {answer}"))


@pytest.mark.parametrize(
    ("greeting", "words", "locale"),
    [
        ("halo", "My phone is very old, it cannot open the link. What do I do?", "en"),
        ("halo", "I submitted this last week and nobody has told me anything", "en"),
        ("good morning", "saya mau tanya pak, petugas datang ke warung saya kapan ya", "id"),
    ],
)
def test_a_whole_sentence_of_the_other_language_is_answered_in_it(
    greeting: str, words: str, locale: str
) -> None:
    chat = Chat(FLOWS)
    chat.heard(f"> {greeting}")
    assert chat.facts.me.locale != locale
    assert chat.heard(f"> {words}")[0] == f"! UseLanguage locale {locale}"


@pytest.mark.parametrize(
    "words", ["is it free", "status", "please cek permohonan saya dong kok belum ada update ya"]
)
def test_a_few_words_or_a_mixed_sentence_change_no_language(words: str) -> None:
    chat = Chat(FLOWS)
    chat.heard("> halo, mau bikin izin usaha")
    assert not any("UseLanguage" in line for line in chat.heard(f"> {words}"))
