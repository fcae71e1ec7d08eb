"""Words at a question that mean something else as well: goods, courtesies, last of a list."""

from __future__ import annotations

from datetime import date

import pytest

from conversations import flows
from conversations.effects import ChooseWindow, Effect, Reply
from conversations.engine.builder import TurnBuilder
from conversations.engine.matters import matter
from conversations.engine.meanings import Answer, Aside, Pick
from conversations.engine.turn import advance
from conversations.events import Happened, Said
from conversations.messages import Say
from conversations.phrases import Intent
from conversations.session import ChatSession
from tests.conversations import city
from tests.conversations.test_understanding import CHOOSING, FLOWS, OWNER, after, at, means

DAYS = (city.WEDNESDAY, date(2026, 11, 26))
FREE = city.facts(
    consents=frozenset({"applying"}),
    cases=(city.case(81, "accepted"),),
    windows=tuple(city.Hours(day, part) for day in DAYS for part in ("morning", "afternoon")),
)
NEWS = Happened("verified", "81", {"opens": "visit_window", "parts": []})


def said_at(step: str, text: str) -> ChatSession:
    """The session after words at a question."""
    return advance(FLOWS, at(step).session, Said(text), OWNER).session


def chosen(text: str) -> list[Effect]:
    turn = after([NEWS], FREE)
    effects = advance(FLOWS, turn.session, Said(text), FREE).effects
    return [effect for effect in effects if isinstance(effect, ChooseWindow)]


@pytest.mark.parametrize(
    "said",
    [
        "jual racun tikus", "jual alat pemadam kebakaran", "kembang api",
        "jual petasan, kembang api", "sewa tenda darurat", "jual alarm kebakaran",
        "jual jantung pisang", "kunci anti maling", "bengkel mobil tabrakan", "racun serangga",
        "jual lampu emergency", "alat pemadam kebakaran",
    ],
)  # fmt: skip
def test_goods_call_for_no_help(said: str) -> None:
    raised = matter(said)
    assert raised is None or raised.intent is not Intent.EMERGENCY
    assert isinstance(means(at("trade"), Said(said)), Answer)


@pytest.mark.parametrize(
    "said",
    [
        "kebakaran!!", "pemadam kebakaran", "toko baju kebakaran", "jualan saya kebakaran",
        "tolong kebakaran", "jualan kebakaran", "saya jual bakso, gerobak kebakaran",
        "toko kembang api kebakaran", "anak saya minum racun tikus",
        "jual pulsa, dirampok barusan", "jual kembang api kebakaran!!",
    ],
)  # fmt: skip
def test_a_call_for_help_is_heard_whatever_is_sold(said: str) -> None:
    meaning = means(at("trade"), Said(said))
    assert isinstance(meaning, Aside) and meaning.intent is Intent.EMERGENCY


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("trade", "kartu ucapan terima kasih"),
        ("trade", "assalamualaikum saya jual bakso"),
        ("owner_name", "sukma"),
        ("owner_name", "lapor sitepu"),
        ("owner_name", "uda"),
        ("preferred_days", "ga bisa senin, bisanya kamis"),
        ("capital", "ga sampe 5 juta"),
        ("workers", "sama temen"),
    ],
)
def test_an_answer_with_another_meaning_is_an_answer(step: str, said: str) -> None:
    assert isinstance(means(at(step), Said(said)), Answer)


@pytest.mark.parametrize(
    ("step", "said", "intent"),
    [
        ("trade", "terima kasih", Intent.THANKS),
        ("capital", "makasih ya", Intent.THANKS),
        ("owner_name", "lapor pungli", Intent.COMPLAINT),
        ("preferred_days", "petugas tidak datang senin", Intent.WHERE_IS_OFFICER),
        ("capital", "ga bisa bayar, takut pajak", Intent.FEAR),
    ],
)
def test_another_matter_stays_one(step: str, said: str, intent: Intent) -> None:
    meaning = means(at(step), Said(said))
    assert isinstance(meaning, Aside) and meaning.intent is intent


@pytest.mark.parametrize(
    "said",
    ["paling akhir", "yg terakhir", "terakhir aja", "yang paling bawah", "the last one", "last"],
)
def test_the_last_of_a_list_is_its_last_window(said: str) -> None:
    assert chosen(said) == [ChooseWindow(81, DAYS[1], "afternoon")]


@pytest.mark.parametrize(
    ("said", "on", "part"),
    [
        ("yang pertama", DAYS[0], "morning"),
        ("rabu yang terakhir", DAYS[0], "afternoon"),
        ("kamis paling pagi", DAYS[1], "morning"),
        ("rabu pagi eh kamis sore", DAYS[1], "afternoon"),
    ],
)
def test_a_window_is_named_by_its_place_or_corrected(said: str, on: date, part: str) -> None:
    assert chosen(said) == [ChooseWindow(81, on, part)]


@pytest.mark.parametrize("said", ["rabu pagi eh kamis", "rabu pagi eh sore", "ga ada yang cocok"])
def test_no_window_is_chosen_that_was_taken_back(said: str) -> None:
    assert chosen(said) == []


def test_a_bare_last_of_two_buttons_is_the_last() -> None:
    meaning = means(after([NEWS], CHOOSING), Said("yg terakhir"))
    assert isinstance(meaning, Pick) and str(meaning.choice.value).endswith("afternoon")


@pytest.mark.parametrize(
    "said",
    [
        "register my shop", "i own a cafe", "i want to register my business",
        "i have a small shop", "i run a food stall", "mau daftar", "daftarin warung saya",
        "mau bikin izin",
    ],
)  # fmt: skip
def test_asking_to_apply_opens_the_only_form(said: str) -> None:
    facts = city.changed(OWNER, services=("business_permit",))
    session = advance(flows.load(), ChatSession(greeted=True), Said(said), facts).session
    assert session.draft is not None and session.draft.flow == "business_permit"


@pytest.mark.parametrize("said", ["daftar koperasi", "i own a car", "register", "cafe mana"])
def test_other_words_open_no_form(said: str) -> None:
    facts = city.changed(OWNER, services=("business_permit",))
    session = advance(flows.load(), ChatSession(greeted=True), Said(said), facts).session
    assert session.draft is None or session.draft.flow != "business_permit"


@pytest.mark.parametrize(
    "said",
    ["at the door", "in person", "when they arrive", "i'll show it", "at my house", "di pintu"],
)
def test_the_ktp_may_be_shown_at_the_door_in_other_words(said: str) -> None:
    meaning = means(at("identity"), Said(said))
    assert isinstance(meaning, Pick) and meaning.choice.value == "door"


def test_windows_in_either_part_that_suits_come_first() -> None:
    answers = {**city.ANSWERS, "preferred_part": ["morning", "afternoon"]}
    hours = (city.Hours(DAYS[0], part) for part in ("midday", "afternoon", "morning"))
    facts = city.facts(
        consents=frozenset({"applying"}),
        cases=(city.case(81, "accepted", answers=answers),),
        windows=tuple(hours),
    )
    shown = [choice.value.partition(".")[2] for choice in after([NEWS], facts).session.shown]
    assert shown == ["afternoon", "morning", "midday", ""]


@pytest.mark.parametrize("said", ["malam", "malem aja pak", "jam 7 malem", "habis magrib"])
def test_an_evening_is_no_greeting_but_a_time(said: str) -> None:
    session = said_at("preferred_days", said)
    assert session.draft is not None and session.draft.answers["preferred_part"] == "evening"


@pytest.mark.parametrize("said", ["jam 9 malem", "jam 20.30"])
def test_at_night_no_officer_comes(said: str) -> None:
    session = said_at("preferred_days", said)
    assert session.asked is not None and session.asked.step == "preferred_part"
    assert session.draft is not None and "preferred_part" not in session.draft.answers


@pytest.mark.parametrize(
    ("wish", "there", "first"),
    [
        ("evening", ("morning", "afternoon", "evening"), ["evening", "morning", "afternoon"]),
        ("afternoon", ("morning", "afternoon", "evening"), ["afternoon", "evening", "morning"]),
        ("evening", ("morning", "midday", "afternoon"), ["afternoon", "morning", "midday"]),
        ("morning", ("evening", "afternoon", "morning"), ["morning", "evening", "afternoon"]),
        ("any", ("morning", "evening"), ["morning", "evening"]),
    ],
)
def test_evenings_come_first_for_who_wants_one_and_else_what_is_nearest(
    wish: str, there: tuple[str, ...], first: list[str]
) -> None:
    answers = {**city.ANSWERS, "preferred_part": wish}
    facts = city.facts(
        consents=frozenset({"applying"}),
        cases=(city.case(81, "accepted", answers=answers),),
        windows=tuple(city.Hours(DAYS[0], part) for part in there),
    )
    turn = advance(flows.load(), ChatSession(greeted=True), NEWS, facts)
    assert [one.value.partition(".")[2] for one in turn.session.shown] == [*first, ""]
    replies = [one.message for one in turn.effects if isinstance(one, Reply)]
    said = [part for one in replies for part in one.parts]
    asked = next(part for part in said if part.key == "visit_window.window")
    unmet = asked.params["keeps"] == Say("visit_window.no_evening")
    assert unmet is (wish == "evening" and "evening" not in there)


def test_as_many_windows_are_shown_as_a_list_holds() -> None:
    parts = ("morning", "midday", "afternoon", "evening")
    windows = [city.Hours(day, part) for day in DAYS for part in parts]
    facts = city.facts(
        consents=frozenset({"applying"}),
        cases=(city.case(81, "accepted"),),
        windows=tuple(windows),
    )
    shown = after([NEWS], facts).session.shown
    assert len(windows) > len(shown) and len(shown) <= 8


def test_two_parts_of_the_day_are_shown_and_both_come_first() -> None:
    turn = TurnBuilder(FLOWS, said_at("preferred_days", "pagi atau sore"), OWNER)
    draft = turn.open_draft()
    assert draft.answers["preferred_part"] == ["morning", "afternoon"]
    step = FLOWS.by_id["business_permit"].step("preferred_part")
    assert step is not None
    shown = step.show(draft.answers["preferred_part"], turn.context(draft))
    assert (
        isinstance(shown, Say)
        and turn.flows.catalogue.say(shown, "id") == "Pagi, 08.00-10.30 WIB; Sore, 13.00-16.00 WIB"
    )
