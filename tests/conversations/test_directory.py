"""Facts of the city file belong to answers, and only what is filled in is said."""

from __future__ import annotations

import pytest

from conversations import catalogue, directory
from conversations.catalogue import LOCALES
from conversations.facts import Directory
from conversations.messages import Message
from models.reference import city_file
from tests.conversations.city import DIRECTORY
from web import front

MATTERS = sorted({*directory.OF_OURS, *directory.AUTHORITIES})


def said(known: Directory, matter: str, locale: str = "id") -> str:
    return catalogue.load().text(Message(directory.lines(known, matter)), locale)


def test_every_fact_of_the_file_belongs_to_an_answer_or_a_page_and_no_other_is_asked_for() -> None:
    office = {f"office.{name}" for some in directory.OF_OURS.values() for name in some}
    authorities = [one for some in directory.AUTHORITIES.values() for one in some]
    assert {*authorities} == {*city_file.AUTHORITIES}
    contacts = {f"{one}.{name}" for one in authorities for name in directory.CONTACT}
    pages = {*front.OFFICE, *front.DATA, *front.COMPLAINTS}
    assert office | contacts | pages == set(city_file.KEYS)


@pytest.mark.parametrize("matter", MATTERS)
def test_without_a_fact_nothing_is_said(matter: str) -> None:
    assert directory.lines({}, matter) == ()


@pytest.mark.parametrize("matter", ["cost", "emergency", "other_authority.other"])
def test_other_answers_have_no_facts(matter: str) -> None:
    assert directory.lines(DIRECTORY, matter) == ()


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("matter", MATTERS)
def test_every_filled_fact_is_said_in_the_reader_s_language(matter: str, locale: str) -> None:
    text = said(DIRECTORY, matter, locale)
    ours = [f"office.{name}" for name in directory.OF_OURS.get(matter, ())]
    others = [
        f"{one}.{name}"
        for one in directory.AUTHORITIES.get(matter, ())
        for name in directory.CONTACT
    ]
    for key in (*ours, *others):
        if key in DIRECTORY:
            assert DIRECTORY[key][locale] in text
    assert len(text.split("\n")) == len(ours) + len(directory.AUTHORITIES.get(matter, ()))


def test_one_fact_is_one_line() -> None:
    phone = {"bpom.phone": {"id": "1500-999", "en": "1500-999"}}
    assert said(phone, "other_authority.food") == "BPOM: 1500-999"
    hours = {"office.hours": {"id": "Senin {07.30}", "en": "Monday {07.30}"}}
    assert said(hours, "office") == "Jam buka kantor: Senin {07.30}"
    assert said(hours, "office", "en") == "Office hours: Monday {07.30}"
    assert said(hours, "doubt") == ""
