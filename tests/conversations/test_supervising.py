"""A supervisor's words: names, days and numbers in them, and choices that come too late."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from conversations import flows
from conversations.effects import Decide, OptOut, Reply
from conversations.engine import deciding, when
from conversations.engine.naming import officers_named
from conversations.engine.turn import Turn, advance
from conversations.events import Said, Tapped
from conversations.facts import Facts
from conversations.messages import Question, Say
from conversations.session import ChatSession, Choice, Draft
from conversations.supervision import EndOfficer, Preview, ShowFigures, ShowPhotos
from tests.conversations import city

FLOWS = flows.load()
WEDNESDAY = date(2026, 11, 25)
TEAM = (
    city.officer(1, "Joko Susilo", "0419"),
    city.officer(2, "Dewi Lestari", "JP-12"),
    city.officer(3, "Dewi Anggraini", "0420"),
    city.officer(4, "Sari", "0421"),
)


def supervisor(**known: object) -> Facts:
    attention = (city.case(81, "in_review", reasons=("above_micro",)), city.case(82, "in_review"))
    told = {"attention": attention, "officers": TEAM, **known}
    return city.facts(role="supervisor", name="Ratna", **told)


def said(words: str, session: ChatSession | None = None, facts: Facts | None = None) -> Turn:
    begun = session or ChatSession(greeted=True, tongue_known=True)
    return advance(FLOWS, begun, Said(words), facts or supervisor())


def keys(turn: Turn) -> list[str]:
    return [p.key for e in turn.effects if isinstance(e, Reply) for p in e.message.parts]


@pytest.mark.parametrize(
    ("words", "mentions"),
    [
        ("joko lagi dimana", [{1}]),
        ("pak jiko di mana", [{1}]),
        ("dewi dimana", [{2, 3}]),
        ("dewi lestari dimana", [{2}]),
        ("dewi anggraeni dimana", [{3}]),
        ("kunjungan 419 kasih ke jp-12", [{1}, {2}]),
        ("kunjungan hari ini dari siapa", []),
        ("sari di mana", [{4}]),
        ("jok di mana", []),
    ],
)
def test_officers_are_found_by_name_or_badge(words: str, mentions: list[set[int]]) -> None:
    """One wrong letter is forgiven, unless the word is a common one: "hari" is not Sari."""
    found = officers_named(words, TEAM)
    assert [{one.id for one in mention.officers} for mention in found] == mentions


@pytest.mark.parametrize(
    ("words", "since", "until"),
    [
        ("laporan minggu ini", date(2026, 11, 23), WEDNESDAY),
        ("laporan", date(2026, 11, 23), WEDNESDAY),
        ("rekap minggu lalu", date(2026, 11, 16), date(2026, 11, 22)),
        ("laporan bulan ini", date(2026, 11, 1), WEDNESDAY),
        ("statistik bulan kemarin", date(2026, 10, 1), date(2026, 10, 31)),
        ("laporan hari ini", WEDNESDAY, WEDNESDAY),
        ("laporan kemarin", date(2026, 11, 24), date(2026, 11, 24)),
        ("laporan bulan oktober", date(2026, 10, 1), date(2026, 10, 31)),
        ("laporan 1-15 nov", date(2026, 11, 1), date(2026, 11, 15)),
        ("rekap desember", date(2025, 12, 1), date(2025, 12, 31)),
        ("rekap 20 nov", date(2026, 11, 20), date(2026, 11, 20)),
        ("laporan november", date(2026, 11, 1), WEDNESDAY),
        ("laporan 7 hari terakhir", date(2026, 11, 19), WEDNESDAY),
    ],
)
def test_a_report_is_of_the_days_that_are_named(words: str, since: date, until: date) -> None:
    assert when.period(words, WEDNESDAY, otherwise="week") == (since, until)


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("yang belum dikunjungi 3 hari", 3),
        ("belum dikunjungi 5hr", 5),
        ("mangkrak dua minggu", 14),
        ("nunggu seminggu", 7),
        ("belum dikunjungi", when.WAITING),
        ("not visited for 4 days", 4),
        ("belum dikunjungi 99999 hari", when.MOST),
    ],
)
def test_days_are_read_from_the_words(words: str, days: int) -> None:
    assert when.days(words) == days


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("cari 26-004512 dong", "26-004512"),
        ("status 26/4512?", "26-004512"),
        ("izin IUMK-2026-3174-000001 asli?", None),
        ("yang belum dikunjungi 3 hari", None),
    ],
)
def test_a_cases_number_is_found_in_a_sentence(words: str, number: str | None) -> None:
    assert deciding.number_in(words) == number


def test_a_choice_comes_too_late_for_an_officer_who_left() -> None:
    asked = said("joko keluar")
    assert [type(effect) for effect in asked.effects] == [Preview]
    ended = said("ya", asked.session)
    assert EndOfficer(1) in ended.effects
    several = said("dewi keluar")
    left = replace(supervisor(), desk=replace(supervisor().desk, officers=TEAM[:2]))
    late = said("dewi anggraini 0420", several.session, left)
    assert "common.gone" in keys(late)
    assert not any(isinstance(effect, Preview | EndOfficer) for effect in late.effects)


def test_a_choice_comes_too_late_for_a_case_that_is_decided() -> None:
    asked = said("tolak karena datanya palsu")
    assert keys(asked) == ["supervising.which_case.reject"]
    decided = supervisor(attention=(city.case(82, "in_review"),))
    late = said("26-004512 Siti Aminah", asked.session, decided)
    assert "common.gone" in keys(late)
    assert not any(isinstance(effect, Decide) for effect in late.effects)


def test_free_words_at_a_confirmation_are_heard_as_what_they_say() -> None:
    asked = said("joko keluar")
    passed = said("foto 26-004512", asked.session)
    assert passed.effects[0] == ShowPhotos("26-004512")
    assert keys(passed) == ["common.desk.not_done"]
    later = said("ya", passed.session)
    assert not any(isinstance(effect, EndOfficer) for effect in later.effects)


@pytest.mark.parametrize(
    "words",
    [
        "ya tapi besok aja", "iya tapi tanya pemiliknya dulu", "boleh ga sih?",
        "ok nanti saya kabari", "setuju", "kenapa ya", "tunggu bentar", "yes but not yet",
    ],
)  # fmt: skip
def test_hesitation_at_a_confirmation_does_nothing_and_asks_again(words: str) -> None:
    asked = said("joko keluar")
    held = said(words, asked.session)
    assert keys(held) == ["common.desk.held", "supervising.end"]
    assert EndOfficer(1) in said("ya", held.session).effects


@pytest.mark.parametrize("words", ["ya", "oke lanjut", "ya akhiri aja sekarang", "1", "Ya, akhiri"])
def test_a_plain_yes_carries_out(words: str) -> None:
    assert EndOfficer(1) in said(words, said("joko keluar").session).effects


@pytest.mark.parametrize("words", ["stop", "jangan kirim dulu"])
def test_stop_at_a_confirmation_is_a_no_and_takes_nobody_off_messages(words: str) -> None:
    stopped = said(words, said("joko keluar").session)
    assert keys(stopped)[0] in ("common.desk.dropped", "common.desk.held")
    assert not any(isinstance(effect, EndOfficer | OptOut) for effect in stopped.effects)


def test_stop_of_staff_is_confirmed() -> None:
    asked = said("stop")
    assert keys(asked) == ["common.desk.stop"]
    assert OptOut() in said("ya", asked.session).effects


@pytest.mark.parametrize(
    "words", ["ga tau alasannya apa", "eh salah, tolak", "kenapa?", "bentar ya"]
)
def test_a_reason_gives_a_reason(words: str) -> None:
    asked = said("tempat tidak boleh", said("tolak 26-004512").session)
    again = said(words, asked.session)
    assert keys(again)[-1] == "review.reason"
    assert again.session.draft is not None and "reason" not in again.session.draft.answers


@pytest.mark.parametrize(
    "words",
    ["yg ditolak brp", "how many rejected", "yg udah disetujui brp", "ada yg minta perbaikan ga"],
)
def test_a_question_for_a_number_decides_nothing(words: str) -> None:
    told = said(words)
    assert any(isinstance(effect, ShowFigures) for effect in told.effects)
    assert told.session.draft is None or told.session.draft.flow != "review"


def test_visits_are_not_given_to_the_officer_who_gives_them() -> None:
    asked = said("kunjungan joko kasih ke sari")
    assert "supervising.same_officer" in keys(said("eh bukan, ke joko", asked.session))


@pytest.mark.parametrize(
    ("words", "danger"),
    [("warga ngamuk bawa golok", "danger"), ("joko dikeroyok", "danger_officer")],
)
def test_danger_is_met_with_112(words: str, danger: str) -> None:
    assert keys(said(words))[-1] == f"supervising.{danger}"


def test_the_reason_step_takes_words_as_they_are() -> None:
    """A reason may hold any word that is a matter elsewhere."""
    asked = said("dokumen tidak cocok", said("tolak 26-004512").session)
    assert keys(asked) == ["review.reason"]
    sure = said("petugas telat dan fotonya dari orang lain", asked.session)
    assert keys(sure) == ["review.letter"]
    assert sure.session.draft is not None
    assert sure.session.draft.answers["reason"] == "petugas telat dan fotonya dari orang lain"


@pytest.mark.parametrize("words", ["tolak", "reject", "ditolak aja", "x", "...", "tolak tolak"])
def test_words_that_only_repeat_the_decision_are_no_reason(words: str) -> None:
    asked = said("tempat tidak boleh", said("tolak 26-004512").session)
    again = said(words, asked.session)
    assert again.session.draft is not None and "reason" not in again.session.draft.answers
    assert not any(isinstance(effect, Decide) for effect in again.effects)


def test_a_tap_below_an_earlier_letter_sends_nothing() -> None:
    first = said("tolak 26-004512 karena kiosnya di atas trotoar")
    asked = first.session.asked
    assert asked is not None and asked.step == "letter"
    other = said("alasannya kiosnya menutup jalan warga", first.session)
    old = Tapped("review", asked.subject, "letter", asked.version, "yes")
    late = advance(FLOWS, other.session, old, supervisor())
    assert not any(isinstance(effect, Decide) for effect in late.effects)
    sent = said("ya, kirim", late.session)
    assert [one.reason for one in sent.effects if isinstance(one, Decide)] == [
        "kiosnya menutup jalan warga"
    ]


def test_a_session_of_an_earlier_version_is_asked_for_the_reason_on_the_list() -> None:
    """Its open question, `sure`, is no step any more: a yes to it rejects nothing."""
    draft = Draft("review", "81", {"decision": "reject", "reason": "modalnya terlalu besar"})
    yes = Choice("yes", Say("review.sure.yes"), "yes", means="yes")
    asked = Question("review", "81", "sure", 7)
    held = ChatSession(draft=draft, asked=asked, shown=(yes,), version=7, since=7, greeted=True)
    turn = said("ya", held)
    assert not any(isinstance(effect, Decide) for effect in turn.effects)
    assert keys(turn)[-1] == "review.why"
