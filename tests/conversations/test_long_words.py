"""As many letters as a channel lets through, all alike: they are read, and nobody waits for it.

A pattern that tries every way to cut a long word takes minutes, and the whole bot with it.
"""

from __future__ import annotations

import pytest

from conversations import flows
from conversations.engine.understanding import MAX_SAID
from tests.conversations.transcript import Chat

LONGEST = 4096  # characters of a message on Telegram
PIECES = (
    "a", "a ", "1", "1 ", "?", "a?", "a,", "1.", "1-", ". ", "ya ", "tidak ", "saya ", "nya",
    "apa ", "rt 1 ", "di ", "5 juta ", "besok ", "jam 8 ", "nama ", "(", "0 ", "aA",
)  # fmt: skip
STEPS = (
    "consent", "owner_name", "trade", "place", "street", "premises", "capital", "papers",
    "identity", "preferred_days", "confirm",
)  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_long_words_are_read_at_a_question(step: str) -> None:
    for piece in PIECES:
        _is_read(piece, "~ owner Siti", f"~ asked business_permit {step}")


@pytest.mark.parametrize("step", STEPS)
def test_long_words_are_read_behind_a_fragment(step: str) -> None:
    for piece in PIECES:
        _is_read(piece, "~ owner Siti", f"~ asked business_permit {step}", "> besok")


@pytest.mark.parametrize("before", [(), ("> /start",), ("> mau izin usaha",), ("> lapor pungli",)])
def test_long_words_are_read_from_a_stranger(before: tuple[str, ...]) -> None:
    for piece in PIECES:
        _is_read(piece, *before)


def _is_read(piece: str, *before: str) -> None:
    for length in (MAX_SAID, LONGEST):
        chat = Chat(flows.load())
        for line in before:
            chat.heard(line)
        chat.heard(f"> {(piece * length)[:length]}")
        assert chat.session is not None
