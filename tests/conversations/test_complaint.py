"""A complaint is told in one's own words: nothing of the story is taken for something else."""

from __future__ import annotations

import pytest

from conversations import flows
from tests.conversations.transcript import Chat

FLOWS = flows.load()


def telling() -> Chat:
    """Somebody who is asked what happened."""
    one = Chat(FLOWS)
    one.heard("> halo")
    assert "Apa yang terjadi?" in "\n".join(one.heard("> lapor pungli"))
    return one


@pytest.mark.parametrize(
    "story",
    [
        "petugasnya minta 50 ribu buat bensin, katanya kalau ga dikasih ga jadi datang",
        "kunjungan saya dibatalin petugas gara-gara saya ga mau bayar",
        "bagaimana ini pak, petugas tanya status saya lalu minta uang",
        "saya tanya kenapa harus bayar, dia bilang sudah aturan",
        "he said no money no permit, then he left",
        "petugas minta nomor hp istri saya 081200000051 terus ngajak ketemu",
        "satpol pp sama petugas datang bareng minta setoran tiap minggu",
    ],
)
def test_a_story_is_the_answer_whatever_else_its_words_could_mean(story: str) -> None:
    one = telling()
    assert "petugas yang mana" in "\n".join(one.heard(f"> {story}"))
    assert one.session is not None and one.session.draft is not None
    assert one.session.draft.answers == {"what": story}


@pytest.mark.parametrize("said", ["batal", "ga jadi", "ga jadi lapor", "batalin aja", "menu"])
def test_a_few_words_let_it_be(said: str) -> None:
    one = telling()
    assert "petugas yang mana" not in "\n".join(one.heard(f"> {said}"))


@pytest.mark.parametrize("said", ["rumah saya kebakaran tolong", "saya mau bunuh diri saja"])
def test_an_emergency_comes_first(said: str) -> None:
    one = telling()
    heard = "\n".join(one.heard(f"> {said}"))
    assert "petugas yang mana" not in heard


@pytest.mark.parametrize("said", ["5 juta", "besok siang bisa", "kode nya ilang", "mau lapor"])
def test_no_description_of_an_officer_is_made_of_other_words(said: str) -> None:
    one = telling()
    one.heard("> tadi pagi ada yang minta uang ke saya")
    one.heard(f"> {said}")
    assert one.session is not None and one.session.draft is not None
    assert "officer" not in one.session.draft.answers


@pytest.mark.parametrize("letters", [1499, 4000])
def test_a_long_story_is_kept_whole(letters: int) -> None:
    one = telling()
    story = ("minta uang " * 400)[:letters].strip()
    one.heard(f"> {story}")
    assert one.session is not None and one.session.draft is not None
    assert one.session.draft.answers["what"] == story


def test_a_story_beyond_every_limit_is_answered() -> None:
    one = telling()
    heard = "\n".join(one.heard("> " + "minta uang " * 400))
    assert "terlalu panjang" in heard.lower() or "panjang" in heard


@pytest.mark.parametrize("word", ["pungli", "marah", "duit"])
def test_one_word_is_no_story(word: str) -> None:
    one = telling()
    heard = "\n".join(one.heard(f"> {word}"))
    assert "petugas yang mana" not in heard
    assert one.session is not None and one.session.draft is not None
    assert one.session.draft.answers == {}


def test_five_thousand_letters_are_answered_and_none_is_kept() -> None:
    one = telling()
    heard = "\n".join(one.heard("> " + ("minta uang " * 500)[:5000].strip()))
    assert "terlalu panjang" in heard
    assert one.session is not None and one.session.draft is not None
    assert one.session.draft.answers == {}
