"""Words made comparable: what nobody sees is gone, and what looks alike is alike."""

import sys
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.commands import Typed
from conversations.commands import read as read_command
from conversations.phrases import Command
from conversations.words import is_latin, tidy
from workers.documents.typesetting import DRAWN

# Default-ignorable code points of each block that has some, and category Cf's.
UNSEEN = (
    "\u00ad\u034f\u061c\u070f\u17b4\u180b\u180e\u200b\u200d\u200e\u200f\u202a\u202e\u2060\u2064\u2066"
    "\u2067\u2068\u2069\u206f\ufe00\ufe0f\ufeff\ufff0\ufff9\U000110bd\U0001bca0\U0001d173\U000e0001"
    "\U000e0041\U000e007f\U000e0100\U000e0fff"
)
EMPTY = "\u115f\u1160\u3164\uffa0\u2800"  # take the room of a letter


@pytest.mark.parametrize("unseen", UNSEEN)
def test_a_sign_that_nobody_sees_changes_nothing(unseen: str) -> None:
    assert tidy(f"{unseen}04{unseen}17{unseen}") == "0417"
    assert read_command(f"cek petugas {unseen}0417{unseen}") == Typed(Command.CHECK_OFFICER, "0417")


@pytest.mark.parametrize("empty", EMPTY)
def test_a_letter_without_ink_is_a_blank(empty: str) -> None:
    assert tidy(empty * 2) == ""
    assert tidy(f"Siti{empty}Aminah") == "Siti Aminah"


def test_no_format_character_of_unicode_is_left() -> None:
    formats = [chr(code) for code in range(sys.maxunicode) if category(chr(code)) == "Cf"]
    assert len(formats) > 150
    assert [hex(ord(sign)) for sign in formats if tidy(f"a{sign}b") != "ab"] == []


@pytest.mark.parametrize("sign", "‘’‛`´ʹʻʼʽʾʿ′＇\ua78b\ua78c")
def test_every_apostrophe_is_the_plain_one(sign: str) -> None:
    assert tidy(f"Sa{sign}diyah") == "Sa'diyah"


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("5️⃣", "5"),
        ("5\u20e3", "5"),
        ("1️⃣2️⃣ desember", "12 desember"),
        ("🔟", "10"),
        ("❷", "2"),
        ("③", "3"),
        ("٣٤", "34"),
        ("५", "5"),
        ("𝟗", "9"),
        ("2½", "2 1⁄2"),
        ("2️⃣½", "2 1⁄2"),
        ("1⅓", "1 1⁄3"),
        ("½", "1⁄2"),
        ("a\u0301", "á"),
        ("a\u200b\u0301", "á"),
        ("x\ud800y", "x y"),
    ],
)
def test_digits_fractions_and_marks_are_read_as_they_look(said: str, read: str) -> None:
    assert tidy(said) == read


@given(st.text())
def test_what_is_tidy_stays_as_it_is(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)


@pytest.mark.slow
def test_a_latin_letter_is_one_that_a_permit_can_show() -> None:
    every = (chr(code) for code in range(0x30000) if chr(code).isalpha())
    letters = [letter for letter in every if tidy(letter) == letter]
    drawn = [letter for letter in letters if DRAWN.match(letter)]
    assert [letter for letter in letters if is_latin(letter)] == drawn
