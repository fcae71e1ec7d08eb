"""What holds for every parser: any text is a value, a question or a refusal, and nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.readers import every, slowest
from conversations.parsers import Parser, Reading, Refused, address, dates, identity, name, numbers

MAX_TEXT = 4096  # characters; Bot API, sendMessage
EVERY = every()

_DIGITS = st.text(st.sampled_from("0123456789"), min_size=1, max_size=40)
_HUGE = st.sampled_from(("9", "0", "1", "٣", "⑩", "❾", "𝟗", "½", "5️⃣")).flatmap(
    lambda sign: st.sampled_from((1, 16, 400, MAX_TEXT)).map(lambda n: (sign * n)[:MAX_TEXT])
)
_SIGNS = st.text(
    st.sampled_from(
        "\u200b\u200d\u2066\u2068\u2069\u202e\u200f\u061c\ufe0f\u20e3\u0301\u0651\u0e34\u3164\u2800"
        "\U000e0041½¼⅓⁄²①⑩🔟👍🏽🇮🇩ﷺ陈هاใ\x00\x1b\ud800'\"-−/.,:;+*×@%$€?!_(){}[]|~ \n\t"
    ),
    min_size=1,
    max_size=60,
)
_LISTED = (
    "tgl tanggal desember 31-12-9999 01-01-0001 hari minggu bulan lagi lalu depan in days weeks"
    " sampai dan atau sebelum setelah mulai jangan jam pukul setengah kurang lewat pagi malam"
    " juta ribu rb jt m miliar triliun setengah koma puluh belas ratus se x kali dolar minus"
    " saya abdi nama pak ya mas nama: istri anak karyawan orang total rt rw rt/rw 0 +62 0062 08"
    " (0) eh bukan salah yang nomor cek petugas izin IUMK- 3174075705900012 1/2 2½ 5️⃣ 99999999"
)
_WORDS = st.sampled_from(_LISTED.split())
_PIECES = st.one_of(_DIGITS, _SIGNS, _WORDS, st.text(max_size=30))
_TEXTS = st.one_of(
    st.text(max_size=200),
    _HUGE,
    st.lists(_PIECES, max_size=30).map(lambda pieces: " ".join(pieces)[:MAX_TEXT]),
    st.lists(_PIECES, max_size=30).map(lambda pieces: "".join(pieces)[:MAX_TEXT]),
    st.builds(  # one token, over and over
        lambda pieces, between: (between.join(pieces) + between) * MAX_TEXT,
        st.lists(_PIECES, min_size=1, max_size=3),
        st.sampled_from(("", " ", "-", ", ")),
    ).map(lambda text: text[:MAX_TEXT]),
)


@pytest.mark.parametrize("reader", EVERY)
@given(text=_TEXTS)
def test_any_text_is_a_value_a_question_or_a_refusal(reader: str, text: str) -> None:
    try:
        EVERY[reader](text)
    except Refused as refused:
        assert refused.reason
        assert len({reading.value for reading in refused.readings}) == len(refused.readings)
        for reading in refused.readings:
            assert isinstance(reading, Reading)
            json.dumps(reading.answer)


@pytest.mark.slow
@pytest.mark.parametrize("reader", EVERY)
def test_time_grows_with_the_text_and_not_with_its_square(reader: str) -> None:
    """Every piece again and again is read; eight times the text may not take 64 times as long."""
    assert slowest(reader, EVERY[reader]).ratio < 24


def test_every_file_of_parsers_is_walked() -> None:
    made = {parser.rpartition(".")[0] for parser in EVERY}
    for module in (address, dates, identity, name, numbers):
        assert module.__name__.rpartition(".")[2] in made
    assert {"name.name", "name.business_name", "identity.nik", "dates.day", "note.note"} <= {*EVERY}


def test_a_parser_that_is_added_is_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    def shouted() -> Parser:
        return lambda text, facts: text.upper()

    shouted.__module__ = name.__name__
    monkeypatch.setattr(name, "shouted", shouted, raising=False)
    assert every()["name.shouted"]("a") == "A"
