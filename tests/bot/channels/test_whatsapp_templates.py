"""Templates keep WhatsApp's rules, say what the catalogue says, and cover what comes unasked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time

import pytest

from bot.channels.whatsapp.templates import (
    MAX_BODY,
    Declared,
    Template,
    Templates,
    declared,
    problems,
    shortened,
)
from conversations import catalogue
from conversations.messages import Message, Say
from conversations.wording import window_words
from models.template import Approved, Standing, keep

WORDS = catalogue.load()
WINDOW = window_words(date(2026, 11, 25), time(8), time(10, 30))

#: Said in answer to somebody's own message, or a moment after it: the window is open.
ANSWERS = {
    "business_permit.notices.handed_over_officer",
    "business_permit.notices.document_again",
    "business_permit.notices.document_expired",
    "business_permit.notices.document_revoked",
    "business_permit.notices.document_soon",
    "business_permit.notices.document_unknown",
    "business_permit.notices.document_valid",
    "credit_relaxation.notices.document_again",
    "credit_relaxation.notices.document_revoked",
    "credit_relaxation.notices.document_soon",
    "credit_relaxation.notices.document_unknown",
    "credit_relaxation.notices.document_valid",
    "notices.code_renewed",
    "notices.officer_denied_owner",
    "notices.handed_over_officer",
    "notices.document_again",
    "notices.document_expired",
    "notices.document_revoked",
    "notices.document_soon",
    "notices.document_unknown",
    "notices.document_valid",
    "notices.checks_too_often",
    "notices.erasing",
    "notices.own_data",
    "notices.identity_link",
    "notices.identity_link_officer",
    "notices.invitation_invalid",
    "notices.joined",
    "notices.helper_joined",
    "notices.link_code",
    "notices.link_own",
    "notices.link_pending",
    "notices.link_refused_identity",
    "notices.link_refused_open",
    "notices.link_refused_staff",
    "notices.link_too_many",
    "notices.link_wrong",
    "notices.linked",
    "notices.officer_ended",
    "notices.officer_known",
    "notices.officer_unknown",
    "notices.officer_yours",
    "notices.visit_done_officer",
    "credit_relaxation.notices.visit_done_officer",
    "notices.to_be_printed",
    "business_permit.notices.to_be_printed",
    "notices.window_chosen",
    "assistance.notices.window_chosen",
    "notices.place_known",
    "notices.window_gone",
    "notices.window_kept",
}


def made(body: str, samples: Mapping[str, str] | None = None, **how: str) -> Declared:
    """A template of a sentence that has a number."""
    given = {"number": "26-004512"} if samples is None else samples
    return Declared(how.get("key", "notices.verified"), "id", body, given)


def of(message: Message, locale: str = "id") -> Template:
    found = Templates(WORDS).of(message, locale)
    assert found is not None
    return found


def say(key: str, /, **params: object) -> Message:
    return Message((Say(key, params),))  # type: ignore[arg-type]


def test_those_of_the_file_are_as_whatsapp_wants_them() -> None:
    assert problems(declared(), WORDS) == []
    assert len({(one.name, one.locale) for one in declared()}) == len(declared())


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (made(""), "no body"),
        (made("{{1}} sudah diperiksa."), "begins or ends"),
        (made("Sudah diperiksa: {{1}}."), "begins or ends"),
        (made("Nomor {{1}} {{2}} baik.", {"number": "1", "numbers": "2"}), "side by side"),
        (made("Nomor {{2}} baik."), "variables"),
        (made("Nomor {{1}} dan {{1}} baik."), "variables"),
        (made("Semuanya baik."), "variables"),
        (made("Nomor {{1}} {baik} sekali."), "brace"),
        (made("Nomor {{1}} baik. " + "a" * MAX_BODY), "characters"),
        (made("Nomor {{1}}\nbaik."), "line's end"),
        (made("Nomor {{1}} baik.", {"number": ""}), "sample"),
        (made("Nomor {{1}} baik.", {"number": "26\n004512"}), "sample"),
        (made("Nomor {{1}} baik.", {"nomor": "26-004512"}), "no {nomor}"),
        (made("Nomor {{1}} baik.", key="notices.nothing_like_it"), "no such key"),
        (made("Nomor {{1}} baik.", key="notices.Verified"), "a-z"),
    ],
)
def test_what_whatsapp_would_refuse_is_found(wrong: Declared, why: str) -> None:
    assert any(why in problem for problem in problems([wrong], WORDS))


def test_all_that_comes_unasked_has_a_template() -> None:
    """A notice that is new needs one, unless it only ever answers."""
    lines = {key for key in WORDS.entries if re.fullmatch(r"(\w+\.)?notices\.\w+", key)}
    news = {key for key in lines if Templates(WORDS).of(say(key), "id") is None}
    assert news == ANSWERS
    for key in (
        "findings.photo_blurred",
        "findings.returned",
        "visit.offer",
        "rating.stars",
        "mended.changes",
    ):
        assert of(say(key)).variables is not None


def test_a_template_that_whatsapp_approved_under_an_earlier_key_keeps_its_name() -> None:
    kept = {(one.name, one.locale) for one in declared() if one.was}
    assert kept == {
        ("notices_handed_over_4385a8", "id"),
        ("notices_handed_over_197cec", "en"),
        ("notices_permit_842ab8", "id"),
        ("notices_permit_d3d581", "en"),
        ("notices_permit_taken_back_2d0dc7", "id"),
        ("notices_permit_taken_back_287b4f", "en"),
    }
    number = {"number": "IUMK-2026-3174-000001"}
    own = of(Message((Say("business_permit.notices.handed_over", number),)))
    general = of(Message((Say("notices.handed_over", number),)))
    assert "Izin usaha" in own.words and "Dokumen" in general.words
    assert of(Message((Say("another.notices.handed_over", number),))).words == general.words


def test_the_first_sentence_decides_and_its_parameters_are_put_into_words() -> None:
    message = Message((Say("notices.window_passed", {"window": WINDOW, "number": "26-1"}),))
    found = of(message)
    assert found.variables == {"1": "Rabu, 25 November 2026, 08.00-10.30 WIB", "2": "26-1"}
    assert of(message, "en").variables["1"] == "Wednesday, 25 November 2026, 08.00-10.30 WIB"
    assert re.fullmatch(r"notices_window_passed_[0-9a-f]{6}", found.name)
    assert Templates(WORDS).of(Message((Say("common.again"), *message.parts)), "id") is None
    assert Templates(WORDS).of(Message(()), "id") is None


@pytest.mark.parametrize("key", ["person_called", "person_asks", "person_in_distress"])
def test_whoever_is_to_be_called_is_told_with_the_number(key: str) -> None:
    phone = Say("notices.caller.phone_of_chat", {"phone": "+6281234567890"})
    found = of(say(f"notices.{key}", name="Siti", number="26-1", matter="", phone=phone))
    assert "+6281234567890" in "".join(found.variables.values())


@pytest.mark.parametrize(
    ("reason", "mended"),
    [("di luar\nJakarta", "di luar Jakarta"), ("a      b\tc", "a b c"), ("  ", "-"), ("", "-")],
)
def test_values_that_whatsapp_refuses_are_mended(reason: str, mended: str) -> None:
    found = of(say("notices.document_taken_back", number="26-1", on="hari ini", reason=reason))
    assert found.variables == {"1": "26-1", "2": "hari ini", "3": mended}


def test_a_long_value_is_cut_so_that_all_fits() -> None:
    body = "Nomor {{1}}, alasan {{2}}, selesai."
    values = shortened(body, {"1": "26-1", "2": "a" * 3000})
    filled = body.replace("{{1}}", values["1"]).replace("{{2}}", values["2"])
    assert len(filled) <= MAX_BODY and values["1"] == "26-1" and values["2"].endswith("a…")


def test_other_words_are_another_template() -> None:
    one, other = made("Nomor {{1}} baik."), made("Nomor {{1}} sangat baik.")
    assert one.name != other.name and one.hash != other.hash


async def test_only_what_is_approved_as_it_stands_has_a_sid(db: object) -> None:
    from models.infrastructure.database import Database

    assert isinstance(db, Database)
    one = next(d for d in declared() if d.key == "notices.verified" and d.locale == "id")
    await db.do(lambda tx: keep(tx, Standing(one.name, "id", one.hash, "HX1", "pending")))
    templates = Templates(WORDS, db)
    message = say("notices.verified", number="26-1")

    async def sid() -> str | None:
        templates._asked_at = float("-inf")
        await templates.refresh()
        found = templates.of(message, "id")
        return found.content_sid if found is not None else None

    assert await sid() is None
    await db.do(lambda tx: keep(tx, Standing(one.name, "id", one.hash, "HX1", "approved")))
    assert await sid() == "HX1"
    assert Templates(WORDS, _approved={Approved(one.name, "id", "older words"): "HX0"}).of(
        message, "id"
    ) == Template(one.name, "id", None, {"1": "26-1"}, one.body)
