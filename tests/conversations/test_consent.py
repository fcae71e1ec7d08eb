"""Consent: given by words that agree and say nothing else, and by no others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conversations import flows
from tests.conversations.transcript import Chat

FLOWS = flows.load()


def consents(said: str) -> bool:
    """Whether words at the question for consent give it at once."""
    chat = Chat(FLOWS)
    chat.heard("> mau bikin izin")
    assert chat.session is not None and chat.session.asked is not None
    assert chat.session.asked.step == "consent"
    chat.heard(f"> {said}")
    return "applying" in chat.facts.me.consents


def test_the_question_names_no_page_where_pages_have_no_address() -> None:
    chat = Chat(FLOWS)
    chat.facts = replace(chat.facts, pages="")
    asked = "\n".join(chat.heard("> mau bikin izin"))
    assert "boleh diminta dihapus: ketik HAPUS DATA" in asked
    assert "privasi" not in asked


@pytest.mark.parametrize(
    "said",
    [
        "ya",
        "iya setuju",
        "mau dong",
        "mau bikin izin",
        "setuju bang",
        "boleh",
        "gas",
        "yaudah saya mau",
        "ok lah saya coba",
        "monggo",
        "nggih",
        "yo wis mulai wae",
        "sip lanjut",
        "ya mulai aja",
        "setuju mas, makasih",
        "saya setuju datanya dipakai",
        "yes i agree",
        "ok lets start",
        "go on then",
        "yep lets go",
        "of course",
        "fine",
        "ya pak saya mau urus izin usaha saya",
    ],
)
def test_whoever_agrees_has_consented(said: str) -> None:
    assert consents(said)


@pytest.mark.parametrize(
    "said",
    [
        "mau komplain petugasnya minta duit",
        "mau lapor, petugasnya minta 50rb",
        "mau pikir pikir dulu",
        "mau tanya dulu",
        "mau hapus data saya",
        "mau lihat dulu privasinya",
        "mau pulang dulu",
        "mau cek permohonan",
        "mau ketemu petugas",
        "mau cancel",
        "mau tidur",
        "pengen nangis",
        "ya ampun",
        "siap siap dulu",
        "setuju apanya",
        "oke tapi data saya dijual ga",
        "boleh minta nomor telepon kantor?",
        "i want to think about it",
        "want to complain",
        "yes but who reads it",
    ],
)
def test_a_wish_or_a_question_is_no_consent(said: str) -> None:
    assert not consents(said)
